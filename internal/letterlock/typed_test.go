package letterlock

import (
	"strings"
	"testing"
)

func TestTypedIsCutAndCleaned(t *testing.T) {
	tests := []struct{ name, typed, want string }{
		{"a Message-ID", "<offer 1@contoso.example>", "<offer 1@contoso.example>"},
		{"umlauts", "Grüße 日本", "Grüße 日本"},
		{"orders to a terminal", "a\x1b[2J\r\nb\tc", "a�[2J��b�c"},
		{"turned text", "a\u202eb\u2028c\u200bd", "a�b�c�d"},
		{"no UTF-8", "a\xffb", "a�b"},
		{"long", strings.Repeat("x", 300), strings.Repeat("x", 200) + "…"},
		{"cut through a character", strings.Repeat("x", 199) + "üü", strings.Repeat("x", 199) + "�…"},
		{"cut behind a character", strings.Repeat("ü", 101), strings.Repeat("ü", 100) + "…"},
	}
	for _, tt := range tests {
		if got := Typed(tt.typed); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
