package smtpout

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// FuzzReply feeds what a relay might say before TLS. Nothing of it may be taken
// for more than one bounded line of visible text, or for an agreement to TLS that
// something follows.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		"220 hi\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n",
		"220 hi\r\n250 STARTTLS\r\n",
		"220 hi\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250 more\r\n",
		"550 5.7.1 \x1b[31mno\x00\u202e\r\n", "2", "22x hi\r\n", "220\r\n", "220-\r\n220 \r\n250\r\n", "\n\n", "-20 hi\r\n",
		"550 " + strings.Repeat("\xff", 1000) + "\r\n", strings.Repeat("220-x\r\n", 20_000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		w := newWire(mute{}, time.Second)
		w.ahead = said // all of it is there at once, and then the relay hangs up
		err := w.startTLS("mail.contoso.example", time.Second)
		if err == nil && len(said) <= 4096 && len(w.ahead) > 0 { // what does not fit TLS would read, and refuse
			t.Errorf("%q: an agreement with something after it", said)
		}
		if err != nil {
			if line := judge(connecting, err).Error(); len(line) > 3*maxReplyText || strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("%q became %q", said, line)
			}
		}
	})
}

// mute is a connection whose other side says nothing and hears nothing.
type mute struct{ net.Conn }

func (mute) Read([]byte) (int, error)         { return 0, io.EOF }
func (mute) Write(p []byte) (int, error)      { return len(p), nil }
func (mute) SetDeadline(time.Time) error      { return nil }
func (mute) SetWriteDeadline(time.Time) error { return nil }

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"5.1.1 no", "\x00\x1b\r\n\u202e", strings.Repeat("ü", 500), "\xff\xfe", "9.9.9 x", "5.1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := newReply(550, text)
		line := r.Error()
		if len(line) > maxReplyText+20 || !utf8.ValidString(line) {
			t.Errorf("%q became %q", text, line)
		}
		for _, c := range line {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
				t.Errorf("%q became %q with %U", text, line, c)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"bob@there.example", "a>b@c", "\"a>b\"@c", "a\r\n@b", "\"\\\"@b", "\"\"@b> X"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if !fits(address) {
			return
		}
		// Read as a server would: the bracket that ends the path is the last byte.
		quoted, escaped := false, false
		for i, c := range []byte(address + ">") {
			switch {
			case c < ' ' || c == 0x7f:
				t.Fatalf("%q has a control character", address)
			case escaped:
				escaped = false
			case quoted && c == '\\':
				escaped = true
			case c == '"':
				quoted = !quoted
			case c == '>' && !quoted && i < len(address):
				t.Fatalf("%q ends at %d", address, i)
			}
		}
		if quoted || escaped {
			t.Fatalf("%q does not end", address)
		}
	})
}
