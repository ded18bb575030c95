package eml

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// toUTF8 returns b, which is labelled with charset, as valid UTF-8. Labels lie:
// where there is none, or it promises ASCII, bytes that are UTF-8 are taken as
// UTF-8 and others as Windows-1252, which is what such mail was written in.
func toUTF8(b []byte, charset string) string {
	if isASCII(b) && asciiMeansItself(charset) {
		return string(b)
	}
	switch charset {
	case "", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "8bit", "7bit", "binary", "default":
		if utf8.Valid(b) {
			return string(b)
		}
		return decodeWith(charmap.Windows1252, b)
	case "utf-8", "utf8":
		return mostlyUTF8(b)
	}
	if s, ok := sevenBit(b, charset); ok {
		return s
	}
	e := lookup(charset)
	if e == nil {
		return mostlyUTF8(b)
	}
	if e == charmap.Windows1252 && utf8.Valid(b) {
		return string(b) // nobody writes what that would be in Windows-1252
	}
	s := decodeWith(e, b)
	if strings.ContainsRune(s, utf8.RuneError) && utf8.Valid(b) && !isASCII(b) {
		return string(b) // the label was wrong
	}
	return s
}

// ToUTF8 returns b, which is labelled with charset or with nothing, as valid UTF-8.
func ToUTF8(b []byte, charset string) string { return toUTF8(b, label(charset)) }

// asciiMeansItself reports whether ASCII bytes need no decoding in a charset.
// They do in those that switch between alphabets, use two bytes for every
// character, or come from a mainframe.
func asciiMeansItself(charset string) bool {
	for _, family := range []string{"us-ascii", "utf-8", "iso-8859-", "windows-125", "koi8-", "gb", "big5", "euc-"} {
		if strings.HasPrefix(charset, family) {
			return true
		}
	}
	return charset == ""
}

// toUTF8Bytes is toUTF8 without a label, free where b is valid already.
func toUTF8Bytes(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return []byte(toUTF8(b, ""))
}

// mostlyUTF8 reads b as UTF-8 unless nothing in it looks like that.
func mostlyUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r >= utf8.RuneSelf && n > 1 {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		rest = rest[n:]
	}
	return decodeWith(charmap.Windows1252, b)
}

func decodeWith(e encoding.Encoding, b []byte) string {
	s, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(string(s), "\uFFFD")
}

// spellings are names that no list has and some programs write.
var spellings = map[string]string{
	"cp932": "shift_jis", "ms932": "shift_jis", "cp936": "gbk", "ms936": "gbk", "cp949": "euc-kr", "ms949": "euc-kr", "cp950": "big5",
	"cp65001": "utf-8", "utf_8": "utf-8", "ansi": "windows-1252", "windows1252": "windows-1252", "win-1252": "windows-1252",
	"windows1251": "windows-1251", "win-1251": "windows-1251", "win1251": "windows-1251", "windows1250": "windows-1250", "win-1250": "windows-1250",
	"iso-8859-6-i": "iso-8859-6", "iso-8859-6-e": "iso-8859-6", "x-mac-roman": "macintosh", "unicode": "utf-16",
}

// lookup returns nil for a charset that nobody knows. The names of the web come
// first, because they are how mail programs mean them: "iso-8859-1" is
// Windows-1252, "gb2312" is GBK.
func lookup(charset string) encoding.Encoding {
	if usual, ok := spellings[charset]; ok {
		charset = usual
	}
	if charset == "utf-16" { // says itself in which order its bytes come
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	if e, err := htmlindex.Get(charset); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(charset); err == nil && e != nil {
		return e
	}
	return nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// metaCharset returns the charset that the beginning of a page names for
// itself, for HTML parts that carry no label.
func metaCharset(page []byte) string {
	page = bytes.ToLower(page[:min(len(page), 2048)])
	_, after, ok := bytes.Cut(page, []byte("charset="))
	if !ok {
		return ""
	}
	after = bytes.TrimLeft(after, `"' `)
	if i := bytes.IndexAny(after, "\"' ;/>\r\n"); i >= 0 {
		after = after[:i]
	}
	if name := string(after); !strings.HasPrefix(name, "utf-16") { // what could be read so far is not UTF-16
		return label(name)
	}
	return ""
}
