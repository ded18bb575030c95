package tnef

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A property is one value of MAPI: its number, its kind and its bytes.
type property struct {
	id   uint32
	kind uint32
	data []byte
}

// Kinds of property whose values have lengths of their own.
const (
	kindObject  = 0x000d
	kindString  = 0x001e
	kindUnicode = 0x001f
	kindBinary  = 0x0102
	multiple    = 0x1000
)

// sizes are those of the other kinds, in bytes, filled up to four.
var sizes = map[uint32]uint32{
	0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000a: 4, 0x000b: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}

// properties calls f with each property in b that it can read. Of one with several
// values, f gets the first.
func (d *decoder) properties(b []byte, f func(property)) {
	r := reader{b}
	for n := r.u32(); n > 0 && len(r.b) >= 4 && d.props < maxProps; n-- {
		d.props++
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 { // it has a name
			r.bytes(16)
			if r.u32() == 0 {
				r.u32()
			} else {
				r.padded(r.u32())
			}
		}
		data, ok := r.value(kind)
		if !ok {
			return
		}
		f(property{id: id, kind: kind &^ multiple, data: data})
	}
}

// value reads the value of a property, or several and returns the first.
func (r *reader) value(kind uint32) (first []byte, ok bool) {
	many := uint32(1)
	size, fixed := sizes[kind&^multiple]
	switch kind &^ multiple {
	case kindObject, kindString, kindUnicode, kindBinary:
		many = r.u32()
	default:
		if !fixed {
			return nil, false // what follows cannot be found
		}
		if kind&multiple != 0 {
			many = r.u32()
		}
	}
	for i := uint32(0); i < many && (len(r.b) > 0 || i == 0); i++ {
		length := size
		if !fixed {
			length = r.u32()
		}
		if v := r.padded(length); i == 0 {
			first = v
		}
	}
	return first, true
}

// padded takes n bytes, and what fills them up to four.
func (r *reader) padded(n uint32) []byte {
	v := r.bytes(n)
	r.bytes((4 - n%4) % 4)
	return v
}

// text is a property's value, for one that is text.
func (p property) text() string {
	switch p.kind {
	case kindUnicode:
		return text16(p.data)
	case kindString, kindBinary:
		return text8(p.data)
	}
	return ""
}

// text8 reads text in some eight-bit alphabet. Names are all that it is for.
func text8(b []byte) string {
	b = untilNUL(b)
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return string(s)
}

func untilNUL(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b
}
