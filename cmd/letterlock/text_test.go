package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// hostile are texts that would give a terminal orders, and what is shown of them.
var hostile = []struct{ name, in, want string }{
	{"plain words", "Grüße, 你好, שלום", "Grüße, 你好, שלום"},
	{"colours", "\x1b[31mred\x1b[0m", "�[31mred�[0m"},
	{"the title of a window", "\x1b]0;owned\x07", "�]0;owned�"},
	{"an order of one byte in Latin-1", "a\u009b2Jb", "a�2Jb"},
	{"a second line", "Offer\r\nRevoked: True", "Offer��Revoked: True"},
	{"a column", "Offer\tTrue", "Offer�True"},
	{"columns of our table", "a\vb\fc\xffd", "a�b�c�d"},
	{"erasing", "abc\b\b\bxyz\x7f", "abc���xyz�"},
	{"text turned round", "invoice\u202excod.exe", "invoice�xcod.exe"},
	{"isolated text", "\u2066a\u2069", "�a�"},
	{"lines of Unicode", "a\u2028b\u2029c", "a�b�c"},
	{"words nobody sees", "a\u200bb\ufeffc\U000e0041d", "a�b�c�d"},
	{"a Persian word and a family", "می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"},
	{"half a character", "a\xe2\x80", "a�"},
}

func TestTextOfOthersGivesTheTerminalNoOrders(t *testing.T) {
	for _, tt := range hostile {
		if got := plain(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		var b strings.Builder
		table := newTable(&b, "SUBJECT", "NEXT")
		table.row(tt.in, "next")
		if err := table.end(); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(b.String(), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], tt.want+"  ") || !strings.HasSuffix(lines[1], "next") {
			t.Errorf("%s: in a table: %q", tt.name, b.String())
		}
	}
}

func TestJSONIsTheSameTextWithoutOrders(t *testing.T) {
	for _, tt := range hostile {
		var b strings.Builder
		if err := printJSON(&b, map[string]string{"subject": tt.in, "message_id": "<a&b@c.example>"}); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\n' && hidden(r) {
				t.Errorf("%s: %q in %q", tt.name, r, b.String())
			}
		}
		if !strings.Contains(b.String(), `"<a&b@c.example>"`) {
			t.Errorf("%s: the Message-ID cannot be copied: %s", tt.name, b.String())
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(b.String()), &back); err != nil {
			t.Errorf("%s: %v in %s", tt.name, err, b.String())
		}
		if want := string([]rune(tt.in)); back["subject"] != want {
			t.Errorf("%s: reads %q, want %q", tt.name, back["subject"], want)
		}
	}
}

func TestAnErrorIsASentenceAndAHint(t *testing.T) {
	known := &letterlock.Error{Code: letterlock.NotFound, Key: "no-account", Err: errors.New("nobody \x1b[1mhere")}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"of a server", known, "letterlock: error: nobody �[1mhere\nletterlock: hint: 'letterlock account list' shows all of them\n"},
		{"in the parser's list", errors.Join(known), "letterlock: error: nobody �[1mhere\nletterlock: hint: 'letterlock account list' shows all of them\n"},
		{"two", errors.Join(errors.New("one"), errors.New("two")), "letterlock: error: one\ntwo\n"},
		{"without words", &letterlock.Error{Code: letterlock.Busy}, "letterlock: error: busy\n"},
	}
	for _, tt := range tests {
		var b strings.Builder
		report(&b, tt.err)
		if b.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, b.String(), tt.want)
		}
	}
}

// TestAnErrorIsNoAnswer looks at what a program would read that asked for JSON.
func TestAnErrorIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"destroy --json", "trace --json --nonsense", "nonsense"} {
		cmd := exec.Command(binary, strings.Fields(typed)...)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err == nil || len(out) > 0 || !strings.Contains(errs.String(), "Usage: letterlock") || !strings.Contains(errs.String(), "letterlock: error: ") {
			t.Errorf("%q: %v, and on standard output %q, beside it %q", typed, err, out, errs.String())
		}
	}
}
