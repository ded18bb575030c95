package letterlock_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func TestMessageIDHasBothBracketsOrNone(t *testing.T) {
	for _, in := range []string{"<a.1@contoso.example>", "a.1@contoso.example", "  <a.1@contoso.example>\n",
		"Message-ID: <a.1@contoso.example>", "message-id:a.1@contoso.example"} {
		if got, err := letterlock.ParseMessageID(in); err != nil || got != "<a.1@contoso.example>" {
			t.Errorf("ParseMessageID(%q) = %q, %v", in, got, err)
		}
	}
	for name, in := range map[string]string{
		"empty": "", "brackets only": "<>", "one bracket": "<a@b", "a name alone": "Message-ID: ", "two names": "Message-ID: Message-ID: <a@b>", "the other": "a@b>", "two": "<<a@b>>", "a space": "<a b@c>",
		"a line end": "<a\r\nBcc: x@y>", "NUL": "<a\x00@b>", "bad UTF-8": "<a\xff@b>", "bidi": "<a\u202e@b>",
		"too long": strings.Repeat("a", 999), "one megabyte": strings.Repeat("a", 1<<20),
	} {
		if got, err := letterlock.ParseMessageID(in); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "message-id" || got != "" {
			t.Errorf("%s: ParseMessageID = %q, %v; want Invalid", name, got, err)
		}
	}
}
