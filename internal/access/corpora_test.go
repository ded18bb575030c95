package access_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

// eachMail calls f with every mail of the shared corpora.
func eachMail(t *testing.T, f func(name string, raw []byte)) {
	t.Helper()
	root := filepath.FromSlash("../../../shared/corpora/mail")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora of real mail are not here: " + err.Error())
	}
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		f(path, raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 500 {
		t.Fatalf("only %d files in the corpora: this test would prove little", n)
	}
}

// patience is how long showing one mail may take.
const patience = 5 * time.Second

func TestEveryRealMailIsShown(t *testing.T) {
	inner := 0
	eachMail(t, func(name string, raw []byte) {
		ix, err := eml.IndexOf(raw)
		if err != nil {
			if letterlock.CodeOf(err) != letterlock.TooLarge {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		start := time.Now()
		l := &access.Letter{Index: ix, Raw: readerOf(raw)}
		inner += show(t, name, l, l.Own(), 0)
		if took := time.Since(start); took > patience {
			t.Errorf("%s: took %v", name, took)
		}
	})
	t.Logf("with %d mails attached to others", inner)
}

// show makes every document of a mail and reads every file of it, and of the mails
// attached to it, and returns how many those are.
func show(t *testing.T, name string, l *access.Letter, m *access.Mail, depth int) (inner int) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		if _, err := m.Document(access.Showing{Plain: plain}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	files(t, l, m)
	for _, a := range m.Attachments() {
		if !a.Mail || depth > 20 {
			continue
		}
		in, err := l.Mail(a.Part)
		if err != nil {
			t.Errorf("%s: part %d: %v", name, a.Part, err)
			continue
		}
		inner += 1 + show(t, name, l, in, depth+1)
	}
	return inner
}
