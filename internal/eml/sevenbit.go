package eml

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Alphabets that write everything in seven bits, which nobody else reads for us.

// fromUTF7 reads UTF-7 (RFC 2152). It is for text only: what is markup in it has
// already been taken for text, or will be by the sanitiser that comes last.
func fromUTF7(b []byte) string {
	var out strings.Builder
	for {
		before, rest, found := bytes.Cut(b, []byte{'+'})
		out.WriteString(strings.ToValidUTF8(string(before), "\uFFFD"))
		if !found {
			return out.String()
		}
		n := 0
		for n < len(rest) && base64Values[rest[n]]&notBase64 == 0 {
			n++
		}
		switch {
		case n == 0 && len(rest) > 0 && rest[0] == '-':
			out.WriteByte('+')
		case n == 0:
			out.WriteByte('+')
			b = rest
			continue
		default:
			out.WriteString(utf7Run(rest[:n]))
		}
		if b = rest[n:]; len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
}

// utf7Run decodes UTF-16 in base64.
func utf7Run(b []byte) string {
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(b)))
	n, _ := base64.RawStdEncoding.Decode(raw, b) // what could be read before an error counts
	var units []uint16
	for raw = raw[:n]; len(raw) >= 2; raw = raw[2:] {
		units = append(units, binary.BigEndian.Uint16(raw))
	}
	return string(utf16.Decode(units))
}

// shifted reads text that shifts out to a second alphabet and in again (ISO-2022-KR,
// ISO-2022-CN); second is that alphabet in eight bits.
func shifted(b []byte, second encoding.Encoding) string {
	out := make([]byte, 0, len(b))
	high := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x0e:
			high = true
		case c == 0x0f:
			high = false
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$': // which alphabet it is
			i += 3
		case c == '\n':
			high = false // each line begins anew
			out = append(out, c)
		case high && c > ' ' && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return decodeWith(second, out)
}

// sevenBit reads the alphabets of this file; ok is false for any other.
func sevenBit(b []byte, charset string) (s string, ok bool) {
	switch charset {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return fromUTF7(b), true
	case "iso-2022-kr", "csiso2022kr":
		return shifted(b, korean.EUCKR), true
	case "iso-2022-cn", "iso-2022-cn-ext":
		return shifted(b, simplifiedchinese.GBK), true
	}
	return "", false
}
