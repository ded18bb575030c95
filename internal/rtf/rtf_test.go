package rtf

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode knows two codepages, which is what the tests need.
func decode(b []byte, page int) string {
	e := charmap.Windows1252
	if page == 1251 {
		e = charmap.Windows1251
	}
	s, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return string(s)
}

func unhexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompressionIsUndone(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"words of the preset", "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0", "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"},
		{"a reference into what it writes itself", "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"},
		{"not compressed", "0f000000030000004d454c4100000000616263", "abc"},
		{"cut off", "2d0000002b0000004c5a4675f1c5c7a703000a0072", "{\\rtf1\\ansi\\ansi"},
	}
	for _, tt := range tests {
		got, err := Decompress(unhexed(t, tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, bad := range []string{"", "00", "0f00000003000000000000000000000061"} {
		if _, err := Decompress(unhexed(t, bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestBodyIsTakenOut(t *testing.T) {
	tests := []struct {
		name, rich, want string
		html             bool
	}{
		{"HTML that was put in", `{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\generator x;}` +
			`{\*\htmltag64 <p class="a">}{\*\htmltag0 <b>}\htmlrtf {\b \htmlrtf0 1 < 2 & caf\'e9{\*\htmltag8 </b>}\htmlrtf }\htmlrtf0 {\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 {\*\htmltag72 </p>}}`,
			`<p class="a"><b>1 &lt; 2 &amp; café</b>&nbsp;</p>`, true},
		{"text that was put in", `{\rtf1\ansi\fromtext \deff0{\fonttbl{\f0 Arial;}}one\par two\line {\*\unknown three}four}`, "one\ntwo\nfour", false},
		{"rich text", `{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\stylesheet{x;}}\b bold\b0\tab \emdash\ldblquote x\rdblquote\~y\{z\}\\{\field{\*\fldinst HYPERLINK "javascript:x"}{\fldrslt link}}{\pict ffff}}`, "bold\t—“x”\u00a0y{z}\\link", false},
		{"alphabets of fonts", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f0 \'e4 {\f1 \'e4}\'e4}`, "ä дä", false},
		{"Unicode", `{\rtf1\uc1 \u8364 ?\u-10179 ?\u-8704 ?{\uc2 \u228 ??}\u228\'e4.}`, "€😀ää.", false},
		{"a tag where there is no HTML", `{\rtf1{\*\htmltag64 <script>}x}`, "x", false},
		{"braces without a partner", `}}{\rtf1 a}}{{{b`, "ab", false},
	}
	for _, tt := range tests {
		got := Read([]byte(tt.rich), decode)
		if got.Text != tt.want || got.HTML != tt.html {
			t.Errorf("%s: %q (HTML %t), want %q", tt.name, got.Text, got.HTML, tt.want)
		}
	}
}

func TestTimeAndSizeAreBounded(t *testing.T) {
	start := time.Now()
	bomb := append(unhexed(t, "00000000ffffffff4c5a467500000000"), []byte(strings.Repeat("\xff"+strings.Repeat("\x00\x0f", 8), 1<<17))...)
	out, err := Decompress(bomb)
	if err != nil || len(out) > MaxSize {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	for _, s := range []string{"{", "{\\b", "\\u1 ", "\\'", "}{", "\\f1\\fcharset204 "} {
		Read([]byte(strings.Repeat(s, MaxSize/4/len(s))), decode) // quadratic time would take minutes
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAlphabetsAreDecodedSoOftenAndNoMore(t *testing.T) {
	for _, s := range []string{"{\xe4}", "{\xe4\xf6}", "\\f1 \xe4\\f0 \xe4", "\\f2 \xe4\xe5\\f0 \xe4", "\xe4\\~"} {
		rich := "{\\rtf1\\ansi{\\fonttbl{\\f0 A;}{\\f1\\fcharset204 B;}{\\f2\\fcharset128 C;}}" + strings.Repeat(s, MaxSize/len(s)/8)
		n := 0
		body := Read([]byte(rich), func(b []byte, page int) string { n++; return decode(b, page) })
		if n > maxDecoded+3*256 || !strings.Contains(body.Text, "ä") {
			t.Errorf("%q again and again: decoded %d times", s, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\fromhtml1{\fonttbl{\f0\fcharset204 A;}}{\*\htmltag64 <p>}\u228 ?x\'e4\htmlrtf y\htmlrtf0}`))
	f.Add([]byte(`{\rtf1 a\par{\*\x b}c}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if body := Read(b, decode); !utf8.ValidString(body.Text) {
			t.Errorf("%q is not valid", body.Text)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte("\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125B2\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, _ := Decompress(b); len(out) > 9*len(b) {
			t.Errorf("%d bytes became %d", len(b), len(out))
		}
	})
}
