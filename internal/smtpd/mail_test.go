package smtpd

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

var bareByte = regexp.MustCompile("(?s)\x00|\r[^\n]|\r$|^\n|[^\r]\n")

// pieces reads s in pieces of n bytes.
type pieces struct {
	s string
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(p.n, len(b))], p.s)
	p.s = p.s[n:]
	return n, nil
}

func FuzzMailReaderRefusesEveryBareByteHoweverItComes(f *testing.F) {
	for _, s := range []string{"", "a", "\r\n", "a\r\nb", "\n", "a\n", "\r", "a\r", "\r\r\n", "\r\n\r\n", "a\x00b", "a\r\n\n", "ab\rc\r\n", "\r\n.\r.\r\n"} {
		f.Add(s, 1)
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 1 || n > 1<<10 {
			t.Skip("pieces of no size")
		}
		m := &mailReader{from: &pieces{s, n}, wire: &wire{}, room: 1 << 20}
		got, err := io.ReadAll(m)
		// $ in Go is the end of the text only, and the text is looked at without flags of lines.
		if want := bareByte.MatchString(s); want != errors.Is(err, letterlock.Invalid) {
			t.Errorf("%q in pieces of %d: %v, want an error: %v", s, n, err, want)
		}
		if err == nil && string(got) != s {
			t.Errorf("%q was read as %q", s, got)
		}
		if _, again := m.Read(make([]byte, 1)); err != nil && again != err {
			t.Errorf("%q: a second Read gives %v after %v", s, again, err)
		}
	})
}

func FuzzDotScannerFindsTheLineThatLosesItsCR(f *testing.F) {
	for _, s := range []string{"\n.\r", "\n.\r\n", "\n.\rx", "\n\n.\rx", "\n.\n.\rx", "\n.\r\n.\r.", "\n..\rx", ".\rx"} {
		f.Add(s, 1)
		f.Add(s, 2)
	}
	lost := regexp.MustCompile("\n\\.\r[^\n]")
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 1 || n > 1<<10 {
			t.Skip("pieces of no size")
		}
		var d dotScanner
		got := false
		for rest := []byte(s); len(rest) > 0; rest = rest[min(n, len(rest)):] {
			got = d.scan(rest[:min(n, len(rest))]) || got
		}
		if want := lost.MatchString(s); got != want {
			t.Errorf("%q in pieces of %d: %v, want %v", s, n, got, want)
		}
	})
}

func TestMailReaderKeepsToTheSize(t *testing.T) {
	for size, want := range map[int]error{99: nil, 100: nil, 101: errSize} {
		m := &mailReader{from: strings.NewReader(strings.Repeat("x", size)), wire: &wire{}, room: 100}
		if _, err := io.Copy(io.Discard, m); err != want {
			t.Errorf("%d bytes where 100 are allowed: %v, want %v", size, err, want)
		}
	}
}

func BenchmarkMailReader(b *testing.B) {
	mail := bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), 1<<14)
	buffer := make([]byte, 32<<10)
	b.SetBytes(int64(len(mail)))
	for b.Loop() {
		m := &mailReader{from: bytes.NewReader(mail), wire: &wire{}, room: 1 << 30}
		// Without WriterTo and ReaderFrom, which would go round Read.
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, m, buffer); err != nil {
			b.Fatal(err)
		}
	}
}
