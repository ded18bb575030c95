package eml

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestLimitsStopAMailAsSoonAsItPassesThem(t *testing.T) {
	parts := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\n\r\n", 2000)
	deep := ""
	for i := range 30 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	tests := []struct {
		name   string
		mail   string
		limits Limits
		want   string
	}{
		{"size", strings.Repeat("x", 101), Limits{Size: 100}, "size"},
		{"exact size", strings.Repeat("x", 100), Limits{Size: 100}, ""},
		{"one long field", "Subject: " + strings.Repeat("x", 1_000_000), Limits{}, "header"},
		{"many fields", strings.Repeat("X: y\r\n", 100_000), Limits{}, "header"},
		{"a part's header", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: " + strings.Repeat("x", 300_000), Limits{}, "header"},
		{"parts", parts, Limits{}, "parts"},
		{"multiparts in multiparts", deep, Limits{}, "depth"},
		{"messages in messages", strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 30), Limits{}, "depth"},
		{"time", string(sample), Limits{CPU: 1}, "cpu"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := NewIndexer(tt.limits)
			_, err := io.WriteString(x, tt.mail)
			if got := letterlock.KeyOf(err); got != tt.want || tt.want != "" && !errors.Is(err, letterlock.TooLarge) {
				t.Errorf("Write = %v, want %q", err, tt.want)
			}
			if _, again := x.Close(); !errors.Is(again, err) {
				t.Errorf("Close = %v after %v", again, err)
			}
		})
	}
}

// TestHostileMailTakesNoLongerThanItsSize gives each attack enough material to
// take minutes if the work grew faster than the mail.
func TestHostileMailTakesNoLongerThanItsSize(t *testing.T) {
	nested := ""
	for i := range 19 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=%s%d\r\n\r\n--%[1]s%[2]d\r\n", strings.Repeat("b", 240), i)
	}
	field := func(name, s string) string {
		return name + ": " + strings.Repeat(s, 250_000/len(s)) + "\r\n\r\n"
	}
	attacks := map[string]string{
		"nested, never closed":    nested + strings.Repeat("x\r\n", 1_000_000),
		"dashes":                  nested + strings.Repeat("--"+strings.Repeat("b", 240)+"\r\n", 100_000),
		"short dashes":            nested + strings.Repeat("--\r\n", 1_000_000),
		"one line":                nested + strings.Repeat("-", 5_000_000),
		"word starts":             field("Subject", "=?a?q?"),
		"word starts, one end":    field("Subject", "=?a?q?") + "?=",
		"wrong word starts":       field("Subject", "=?a?x?") + "?=",
		"addresses":               field("To", "a@b.example,"),
		"comments":                field("To", "("),
		"closed comments":         field("To", "()("),
		"quotes":                  field("To", `\"`),
		"angles":                  field("To", "<"),
		"angles and words":        field("To", "=?a?q?<") + "?=",
		"colons":                  "To: " + strings.Repeat("x", 120_000) + "@" + strings.Repeat(":", 120_000) + "\r\n\r\n",
		"parameters":              field("Content-Type", "; a*1=b"),
		"parameter continuations": field("Content-Disposition", ";filename*0*=a"),
		"references":              field("References", "<"),
		"folds":                   field("Subject", "\r\n "),
		"fields":                  field("A", "\r\nB:"),
	}
	for name, mail := range attacks {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			ix, err := indexBy([]byte(mail), 32<<10, Limits{CPU: time.Hour})
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v for %d bytes", d, len(mail))
			}
			if err == nil {
				ix.Attachments()
			}
		})
	}
}
