package eml

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

// FuzzWords reads encoded words of RFC 2047: those that Go writes, and anything.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "=?UTF-8*de?B?R3LDvMOfZQ==?=", "=?utf-8?q?a?==?utf-8?q?b?=", "=?=?q?=?=", "=?utf-8?q?a b?= c", "=?iso-2022-jp?b?GyRC?=",
		"\"=?utf-8?b?w?= =?utf-8?b?7w=?=\"", "=?utf-8?q?=0D=0ABcc:_x?=", "=?utf-7?q?+AAo-?=", "=?x-unknown?q?=FF?=", strings.Repeat("=?", 500), "Grüße, 你好", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := decodeWords(s); !utf8.ValidString(got) || len(got) > 4*len(s)+64 {
			t.Errorf("of %q it makes %q", s, got)
		}
		if s = strings.ToValidUTF8(s, ""); len(s) > 1000 || strings.Contains(s, "=?") || s != clean(s, 1000) {
			return // what is no text of a header is not written as words
		}
		for _, e := range []mime.WordEncoder{mime.QEncoding, mime.BEncoding} {
			if got := decodeWords(e.Encode("utf-8", s)); got != s {
				t.Errorf("%q, written as %q, is read as %q", s, e.Encode("utf-8", s), got)
			}
		}
	})
}

// FuzzParams reads parameters of RFC 2231: those that we write, and anything.
func FuzzParams(f *testing.F) {
	for _, s := range []string{`attachment; filename="a.pdf"`, "attachment; filename*=utf-8''%C3%BC.pdf", "a/b; x*0*=''%; x*1=y; x*99999999999=z", "a; b=c; b=d; ;;=;", `a; n="x\"y; z`,
		"text/plain; charset=utf-8 (comment)", "a; filename==?utf-8?q?x?=", "a; f*0=a; f*2=c", strings.Repeat("; a=b", 300), "a; x*=iso-8859-1'de'%FF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		value, p := params(s)
		if value != strings.ToLower(value) || len(p) > maxParams {
			t.Errorf("of %q it makes %q with %d parameters", s, value, len(p))
		}
		for name := range p {
			if name == "" || name != strings.ToLower(name) {
				t.Errorf("of %q it makes a parameter %q", s, name)
			}
		}
		name := FileName(s)
		_, p = params(strings.ReplaceAll("attachment"+fileParam(name), "\r\n", ""))
		if got := p["filename"]; got != name {
			t.Errorf("the name %q is written and read as %q", name, got)
		}
	})
}

// FuzzFileName makes names that are safe wherever a file is saved.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"report.pdf", "../../etc/passwd", `C:\boot.ini`, "a\x00.exe", "invoice\u202efdp.exe", ".", "..", " .hidden. ", "a\r\nSet-Cookie: x", strings.Repeat("界", 500) + ".tar.gz",
		"a." + strings.Repeat("x", 300), "CON", "x:y*z?", "\xff\xfe", "ｆｕｌｌ／ｗｉｄｔｈ", "a\u200b\ufeff.txt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := FileName(s)
		if !utf8.ValidString(name) || strings.ContainsAny(name, `/\<>:"|?*`) || utf8.RuneCountInString(name) > nameLimit || strings.Trim(name, ".") == "" && name != "" {
			t.Errorf("of %q it makes %q", s, name)
		}
		for _, r := range name {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || turns(r) {
				t.Errorf("of %q it makes %q, with %U", s, name, r)
			}
		}
		if again := FileName(name); again != name {
			t.Errorf("of %q it makes %q, and of that %q", s, name, again)
		}
	})
}

var transfers = []string{"base64", "quoted-printable", "x-uuencode", "8bit"}

// FuzzTransfer undoes transfer encodings, read at once and byte by byte.
func FuzzTransfer(f *testing.F) {
	f.Add([]byte("aGVsbG8=\r\nd29ybGQ\r\n=="), byte(0))
	f.Add([]byte("a=3D=\r\n=C3=BC =\r\n=0 = =ZZ"), byte(1))
	f.Add([]byte(uuencoded("a.bin", []byte("hello"))), byte(2))
	f.Add([]byte("begin 644 x\n\xff\xff\xff\nM\n"+strings.Repeat("M", 500)+"\nend"), byte(2))
	f.Add([]byte("begin\nbegin 1 x\n`\nbegin 644 y\n#86)C\nend\n"), byte(2))
	f.Add([]byte{0, 1, 2}, byte(3))
	f.Fuzz(func(t *testing.T, body []byte, way byte) {
		encoding := transfers[int(way)%len(transfers)]
		raw := fmt.Appendf(nil, "Content-Type: application/octet-stream\nContent-Transfer-Encoding: %s\n\n%s", encoding, body)
		ix := index(t, raw)
		got, err := io.ReadAll(ix.Open(bytes.NewReader(raw), 0))
		slow, err2 := io.ReadAll(iotest.OneByteReader(ix.Open(bytes.NewReader(raw), 0)))
		if err != nil || err2 != nil || !bytes.Equal(got, slow) || len(got) > len(body) || int64(len(got)) != ix.Parts[0].Size {
			t.Errorf("%s %q: %q (%v), slowly %q (%v), and it says %d bytes", encoding, body, got, err, slow, err2, ix.Parts[0].Size)
		}
		if encoding == "x-uuencode" {
			raw := []byte("Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-uuencode\n\n" + uuencoded("a.bin", body))
			if got, err := io.ReadAll(index(t, raw).Open(bytes.NewReader(raw), 0)); err != nil || !bytes.Equal(got, body) {
				t.Errorf("%q is encoded, and read as %q (%v)", body, got, err)
			}
		}
	})
}
