package tnef

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"letterlock/internal/cputime"
)

// attribute writes one attribute of a wrapping.
func attribute(level byte, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return binary.LittleEndian.AppendUint16(append(b, data...), 0)
}

func wrapping(attributes ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, signature)
	return append(append(b, 0, 0), bytes.Join(attributes, nil)...)
}

// prop writes one property, filled up to four bytes.
func prop(kind, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(id))
	if _, fixed := sizes[kind]; !fixed {
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	}
	b = append(b, data...)
	return append(b, make([]byte, (4-len(data)%4)%4)...)
}

func props(list ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(list))), bytes.Join(list, nil)...)
}

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// sample has a text, rich text, two files and an item with a file of its own.
func sample() []byte {
	inner := wrapping(
		attribute(1, attMAPIProps, props(prop(kindUnicode, propSubject, wide("Minutes")), prop(kindUnicode, propBody, wide("Nobody came")))),
		attribute(2, attAttachRend, nil), attribute(2, attAttachTitle, []byte("IN.TXT\x00")), attribute(2, attAttachData, []byte("deep")))
	named := append(binary.LittleEndian.AppendUint16(nil, 0x0003), 0x01, 0x80)
	named = append(named, make([]byte, 16)...)
	named = append(named, 1, 0, 0, 0, 6, 0, 0, 0, 'a', 0, 'b', 0, 0, 0, 0, 0, 9, 0, 0, 0)
	return wrapping(
		attribute(1, attOEMCodepage, []byte{0xe4, 4, 0, 0, 0, 0, 0, 0}),
		attribute(1, attSubject, []byte("Offer\x00")),
		attribute(1, attMAPIProps, props(named, prop(kindBinary, propRTF, []byte("rich")), prop(kindString, propBody, []byte("caf\xe9\x00")))),
		attribute(2, attAttachRend, make([]byte, 14)),
		attribute(2, attAttachTitle, []byte("LONGNA~1.PDF\x00")),
		attribute(2, attAttachData, []byte("%PDF")),
		attribute(2, attAttachment, props(prop(kindUnicode, propAttachLong, wide("A long näme.pdf")), prop(kindString, propAttachType, []byte("application/pdf\x00")), prop(kindUnicode, propAttachID, wide("x@y")))),
		attribute(2, attAttachRend, nil),
		attribute(2, attAttachment, props(prop(kindUnicode, propDisplayName, wide("Item")), prop(kindObject, propAttachData, append(make([]byte, 16), inner...)))),
	)
}

func TestWrappingIsUnpacked(t *testing.T) {
	m, err := Decode(sample())
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Offer" || string(m.Text) != "caf\xe9" || string(m.RTF) != "rich" || m.Codepage != 1252 || len(m.Files) != 2 {
		t.Fatalf("%+v", m)
	}
	f := m.Files[0]
	if f.Name != "A long näme.pdf" || f.Type != "application/pdf" || f.ContentID != "x@y" || string(f.Data) != "%PDF" {
		t.Errorf("the first file is %+v", f)
	}
	in := m.Files[1].Message
	if in == nil || m.Files[1].Name != "Item" || in.Subject != "Minutes" || string(in.Text) != "Nobody came" || in.Codepage != utf8Codepage {
		t.Fatalf("the item is %+v", m.Files[1])
	}
	if len(in.Files) != 1 || in.Files[0].Name != "IN.TXT" || string(in.Files[0].Data) != "deep" {
		t.Errorf("its files are %+v", in.Files)
	}
}

func TestWhatIsCutOffIsLeftOut(t *testing.T) {
	whole := sample()
	for n := range whole {
		m, err := Decode(whole[:n])
		if (m == nil) != errors.Is(err, ErrMalformed) {
			t.Fatalf("%d bytes: %v, %v", n, m, err)
		}
	}
	if _, err := Decode([]byte("no wrapping at all")); !errors.Is(err, ErrMalformed) {
		t.Errorf("something else: %v", err)
	}
}

func TestNothingGrowsBeyondItsLimits(t *testing.T) {
	many := wrapping(bytes.Repeat(attribute(2, attAttachRend, nil), 100_000))
	m, err := Decode(many)
	if err != nil || len(m.Files) != maxFiles {
		t.Errorf("%d files, %v", len(m.Files), err)
	}
	nested := []byte("x")
	for range 50 {
		nested = wrapping(attribute(2, attAttachRend, nil), attribute(2, attAttachment, props(prop(kindObject, propAttachData, append(make([]byte, 16), nested...)))))
	}
	depth := 0
	for m, _ = Decode(nested); m != nil && len(m.Files) > 0; m = m.Files[0].Message {
		depth++
	}
	if depth != maxDepth+1 {
		t.Errorf("%d levels are unpacked, want %d", depth, maxDepth+1)
	}
	lie := append(binary.LittleEndian.AppendUint32(nil, 1<<31), strings.Repeat("\x1e\x10\x00\x10\xff\xff\xff\xff", 1<<17)...)
	took := cputime.Of(func() { _, err = Decode(wrapping(attribute(1, attMAPIProps, lie))) })
	if err != nil || took > time.Second {
		t.Errorf("lies about lengths: %v after %v", err, took)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample())
	f.Add(wrapping())
	f.Add(sample()[:200])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		total := 0
		for _, file := range m.Files {
			total += len(file.Data)
		}
		if total > len(b)*maxFiles {
			t.Errorf("%d bytes became %d", len(b), total)
		}
	})
}
