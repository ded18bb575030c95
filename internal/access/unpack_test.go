package access_test

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
)

// tnefOf is a winmail.dat of these attributes: levels, numbers and bytes.
func tnefOf(attributes ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x223e9f78)
	b = append(b, 0, 0)
	for _, a := range attributes {
		b = append(b, a...)
	}
	return b
}

func attribute(level byte, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(append(b, data...), 0, 0)
}

// prop is a list of one MAPI property with bytes of any length.
func prop(kind, id uint16, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 1)
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(append(b, data...), make([]byte, (4-len(data)%4)%4)...)
}

// withWinmails is a mail with several winmail.dat.
func withWinmails(list ...[]byte) []byte {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n")
	for _, w := range list {
		b.WriteString("--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		b.WriteString(base64.StdEncoding.EncodeToString(w) + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return []byte(b.String())
}

func TestFewWinmailsOfOneMailAreUnpacked(t *testing.T) {
	many := tnefOf()
	for range 500 {
		many = append(append(many, attribute(2, 0x9002, nil)...), attribute(2, 0x800f, []byte("x"))...)
	}
	large := append(tnefOf(attribute(2, 0x9002, nil)), attribute(2, 0x800f, make([]byte, 12<<20))...)
	tests := []struct {
		name  string
		raw   []byte
		files int
	}{
		{"of many files", withWinmails(many, many, many, many, many, many, many, many, many, many), 4*500 + 6},
		{"of much", withWinmails(large, large, large, large), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := letterOf(t, tt.raw)
			list := l.Own().Attachments()
			if len(list) != tt.files {
				t.Errorf("%d files, want %d", len(list), tt.files)
			}
			last := list[len(list)-1]
			if last.Name != "winmail.dat" {
				t.Errorf("the last is %q, want it as it came", last.Name)
			}
			// What is asked for first makes no difference.
			if a, err := letterOf(t, tt.raw).Attachment(last.Part); err != nil || a != last {
				t.Errorf("asked for by itself it is %+v, %v; want %+v", a, err, last)
			}
		})
	}
}

// Compressed, rich text asks for eight times its length, and each item that is
// attached may have some.
func TestRichTextOfAttachedItemsIsBounded(t *testing.T) {
	rich := binary.LittleEndian.AppendUint32(nil, 0)
	rich = binary.LittleEndian.AppendUint32(rich, 8<<20)
	rich = binary.LittleEndian.AppendUint32(rich, 0x75465a4c)
	rich = append(rich, 0, 0, 0, 0)
	for _, word := range []string{`{\rtf1 x`, "xxxxxxxx", "xxxxxxxx"} {
		rich = append(append(rich, 0), word...)
	}
	at := 207 + 24 // where the window is written next
	for n := 0; n < 8<<20; n += 8 * 17 {
		rich = append(rich, 0xff)
		for range 8 {
			rich = binary.BigEndian.AppendUint16(rich, uint16((at+4096-17)%4096)<<4|15)
			at = (at + 17) % 4096
		}
	}
	w := tnefOf()
	for i := range 20 {
		item := tnefOf(attribute(1, 0x8004, []byte("item "+strconv.Itoa(i))), attribute(1, 0x9003, prop(0x0102, 0x1009, rich)))
		w = append(append(w, attribute(2, 0x9002, nil)...), attribute(2, 0x9005, prop(0x000d, 0x3701, append(make([]byte, 16), item...)))...)
	}
	total := int64(0)
	for _, a := range letterOf(t, withWinmails(w)).Own().Attachments() {
		total += a.Size
	}
	if total > 10<<20 {
		t.Errorf("%d MB of text became of %d MB", total>>20, len(w)>>20)
	}
	if total == 0 {
		t.Error("nothing was unpacked: this test proves nothing")
	}
}
