package eml

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func FuzzIndex(f *testing.F) {
	f.Add(sample, byte(3))
	f.Add(bytes.ReplaceAll(sample, []byte("\r\n"), []byte("\n")), byte(1))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/digest; boundary=--\r\n\r\n----\r\n\r\n------"), byte(2))
	f.Add([]byte("To: a(<\"=?\r\nContent-Type: a/b; x*0*=''%; name=\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n= \r\n=A"), byte(5))
	f.Add([]byte("-"), byte(1))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n-"), byte(1))
	f.Add([]byte("Content-Type: text/x-odd\n\nwords"), byte(9))
	f.Fuzz(func(t *testing.T, raw []byte, size byte) {
		limits := Limits{HeaderBytes: 4096, Depth: 5, Parts: 50}
		ix, err := indexBy(raw, len(raw), limits)
		again, errAgain := indexBy(raw, int(size), limits)
		if letterlock.KeyOf(err) != letterlock.KeyOf(errAgain) || !reflect.DeepEqual(ix, again) {
			t.Errorf("in writes of %d: %v %+v, at once %v %+v", size, errAgain, again, err, ix)
		}
		if err == nil {
			checkIndex(t, "fuzzed", ix, raw)
		}
	})
}

func FuzzCompose(f *testing.F) {
	f.Add("Quarterly report", "Ada", "text\n", "<p>", "report.pdf", "application/pdf", []byte("pdf"))
	f.Add("=?utf-8?q?a?= ü", `"Ada, (first)"`, "--x\r\n.\r\n", "", "ü\\/\".pdf", "text/plain; charset=utf-8", []byte{0})
	f.Add(" two  blanks ", "=?", "", "", strings.Repeat("界", 300), "message/rfc822", []byte("\r\n--"))
	f.Add("x\r\nBcc: y", "", "\xff", "\x00", "", "", []byte{})
	f.Fuzz(func(t *testing.T, subject, name, text, html, file, kind string, body []byte) {
		d := Draft{
			From: letterlock.Mailbox{Name: name, Address: "ada@contoso.example"}, Date: noon, Subject: subject, Text: text, HTML: html,
			Header: [][2]string{{"X-Note", subject}}, Files: seq(nil, File{Name: file, Type: kind, Body: bytes.NewReader(body)}),
		}
		var b bytes.Buffer
		if err := Compose(&b, d); err != nil {
			if !errors.Is(err, letterlock.Invalid) || b.Len() > 0 {
				t.Errorf("Compose = %v after %d bytes", err, b.Len())
			}
			return
		}
		raw := b.Bytes()
		ix := index(t, raw)
		checkIndex(t, "composed", ix, raw)
		if len(ix.Header.From) != 1 || len(ix.Header.Bcc) != 0 || ix.Header.From[0].Address != d.From.Address || ix.BareCR || ix.BareLF || ix.NUL {
			t.Errorf("the mail is not what was asked for: %+v\n%s", ix, raw)
		}
		if want := clean(strings.ToValidUTF8(subject, "\uFFFD"), subjectLimit); strings.TrimSpace(ix.Header.Subject) != strings.TrimSpace(want) {
			t.Errorf("subject %q, want %q\n%s", ix.Header.Subject, want, raw)
		}
		last := len(ix.Parts) - 1
		if got, _ := io.ReadAll(ix.Open(bytes.NewReader(raw), last)); !bytes.Equal(got, body) {
			t.Errorf("file %q, want %q\n%s", got, body, raw)
		}
	})
}
