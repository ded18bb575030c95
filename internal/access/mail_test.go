package access_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"letterlock/internal/access"
	"letterlock/internal/eml"
)

// letterOf is a letter of a raw mail that never was in a database.
func letterOf(t *testing.T, raw []byte) *access.Letter {
	t.Helper()
	ix, err := eml.IndexOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &access.Letter{Index: ix, Raw: readerOf(raw)}
}

func readerOf(raw []byte) io.ReaderAt { return bytes.NewReader(raw) }

// files are the names and the bytes of the attachments of a mail.
func files(t *testing.T, l *access.Letter, m *access.Mail) (list []string) {
	t.Helper()
	for _, a := range m.Attachments() {
		b, err := io.ReadAll(l.File(a))
		if err != nil || int64(len(b)) != a.Size {
			t.Errorf("%s: %d bytes of %d, %v", a.Name, len(b), a.Size, err)
		}
		list = append(list, a.Name+": "+string(b[:min(len(b), 20)]))
	}
	return list
}

func TestWinmailIsUnpacked(t *testing.T) {
	raw, err := os.ReadFile("testdata/winmail.eml")
	if err != nil {
		t.Fatal(err)
	}
	for name, wrap := range map[string]string{"by itself": "%", "attached": "Subject: Fwd\r\nContent-Type: multipart/mixed; boundary=fwd\r\n\r\n--fwd\r\n\r\nsee\r\n--fwd\r\nContent-Type: message/rfc822\r\n\r\n%\r\n--fwd--\r\n"} {
		l := letterOf(t, []byte(strings.Replace(wrap, "%", string(raw), 1)))
		m := l.Own()
		if name == "attached" {
			if m, err = l.Mail(2); err != nil {
				t.Fatal(err)
			}
		}
		got := files(t, l, m)
		want := []string{"Terms of the offer.csv: a,b\r\n", "pic.png: \x89PNG", "Minutes.txt: Nobody came"}
		for i, w := range want {
			if len(got) != len(want) || !strings.HasPrefix(got[i], w) {
				t.Fatalf("%s: files %q, want %q", name, got, want)
			}
		}
		doc, err := m.Document(access.Showing{})
		if err != nil || !strings.Contains(string(doc.HTML), "The büyer agrees.") || !strings.Contains(string(doc.HTML), "data:image/png") || strings.Contains(string(doc.HTML), "<script") {
			t.Errorf("%s: %v\n%s", name, err, doc.HTML)
		}
		if !m.HasHTML() {
			t.Errorf("%s: the text in it is not known for HTML", name)
		}
	}
}

func TestWinmailThatCannotBeOpenedStaysAFile(t *testing.T) {
	l := letterOf(t, []byte("Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nsomething else"))
	if got := files(t, l, l.Own()); len(got) != 1 || got[0] != "winmail.dat: something else" {
		t.Errorf("files %q", got)
	}
}

func TestUuencodedFilesAreAttachments(t *testing.T) {
	l := letterOf(t, []byte("Subject: x\r\n\r\nHere it is.\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nBye.\r\n"))
	if got := files(t, l, l.Own()); len(got) != 1 || got[0] != "cat.txt: Cat" {
		t.Errorf("files %q", got)
	}
	doc, err := l.Own().Document(access.Showing{})
	if err != nil || !strings.Contains(string(doc.HTML), "Here it is.\nBye.") || strings.Contains(string(doc.HTML), "begin 644") {
		t.Errorf("%v\n%s", err, doc.HTML)
	}
}
