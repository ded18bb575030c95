package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"
)

// hostile are strings that want to be more than a value.
var hostile = []struct{ name, text string }{
	{"new line", "x\ntime=2026-11-20T10:00:00Z level=ERROR msg=forged"},
	{"carriage return", "x\rforged"},
	{"next line", "x\u0085forged"},
	{"line separator", "x\u2028forged\u2029"},
	{"colour", "x\x1b[31mred"},
	{"colour without escape", "x\u009b31mred"},
	{"title", "x\x1b]0;title\x07"},
	{"delete", "x\x7f\b\b\b"},
	{"right to left", "x\u202egpj.exe\u2066"},
	{"tag", "x\U000e0041"},
	{"quotes", `x" level=ERROR msg="forged`},
	{"backslash", `x\" forged`},
	{"no UTF-8", "x\xff\x9b31m\xc3"},
	{"NUL", "x\x00y"},
}

// puts are the places in an entry where a string can stand.
var puts = []struct {
	name string
	put  func(l *slog.Logger, s string)
}{
	{"value", func(l *slog.Logger, s string) { l.Info("entry", "key", s) }},
	{"error", func(l *slog.Logger, s string) { l.Error("entry", "err", errors.New(s)) }},
	{"bytes", func(l *slog.Logger, s string) { l.Info("entry", "key", []byte(s)) }},
	{"struct", func(l *slog.Logger, s string) { l.Info("entry", "key", struct{ Name string }{s}) }},
	{"list", func(l *slog.Logger, s string) { l.Info("entry", "key", []string{s}) }},
	{"key", func(l *slog.Logger, s string) { l.Info("entry", s, 1) }},
	{"message", func(l *slog.Logger, s string) { l.Info(s) }},
	{"group", func(l *slog.Logger, s string) { l.WithGroup(s).Info("entry", "key", s) }},
	{"with", func(l *slog.Logger, s string) { l.With("key", s).Info("entry") }},
}

func TestNoStringBreaksOutOfItsLine(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		for _, p := range puts {
			for _, h := range hostile {
				t.Run(format+"/"+p.name+"/"+h.name, func(t *testing.T) {
					var out bytes.Buffer
					p.put(NewLogger(&out, format, slog.LevelInfo), h.text)
					checkLine(t, format, out.String())
				})
			}
		}
	}
}

func checkLine(t *testing.T, format, line string) {
	t.Helper()
	body, ended := strings.CutSuffix(line, "\n")
	if !ended || body == "" {
		t.Fatalf("no line: %q", line)
	}
	for _, r := range body {
		if !unicode.IsPrint(r) {
			t.Errorf("%+q is left in %q", r, line)
		}
	}
	if format == "json" {
		var entry map[string]any
		if err := json.Unmarshal([]byte(body), &entry); err != nil {
			t.Errorf("%v: %q", err, line)
		}
		if entry["level"] == nil || entry["msg"] == nil {
			t.Errorf("level or message is missing in %q", line)
		}
		return
	}
	if strings.Count(outsideQuotes(body), "level=") != 1 || strings.Count(outsideQuotes(body), "msg=") != 1 {
		t.Errorf("more than one level or message in %q", line)
	}
}

// outsideQuotes leaves out what stands in quotes, escapes considered.
func outsideQuotes(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func TestJSONSaysWhatWasGiven(t *testing.T) {
	for _, text := range []string{"Zoë 日本 🙂", "x\u009b31m\u202e\U000e0041\x1b\n\u0085", `"\`} {
		var out bytes.Buffer
		NewLogger(&out, "json", slog.LevelInfo).Info("entry", "key", text)
		var entry struct{ Key string }
		if err := json.Unmarshal(out.Bytes(), &entry); err != nil || entry.Key != text {
			t.Errorf("%+q came back as %+q, %v", text, entry.Key, err)
		}
	}
}

func TestTheLogKeepsItsLevel(t *testing.T) {
	var out bytes.Buffer
	l := NewLogger(&out, "text", slog.LevelInfo)
	l.Debug("quiet")
	l.Info("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
		t.Errorf("the log at info says %q", got)
	}
}
