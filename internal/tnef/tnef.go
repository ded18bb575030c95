// Package tnef unpacks what Outlook wraps in one file, winmail.dat, for readers
// that it takes for Outlook as well (MS-OXTNEF).
//
// Its one consequence a caller must know: nothing of the input is copied but
// names, and nothing is believed. Every length is held against what is left, so
// a Message is never larger than the bytes it was made of, whatever they say.
package tnef

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// A Message is what was in one wrapping.
type Message struct {
	Subject  string
	Text     []byte // plain text in Codepage; empty: none
	HTML     []byte // in Codepage; empty: none
	RTF      []byte // compressed, see package rtf; empty: none
	Codepage int    // of Windows; 0: not said
	Files    []File
}

// A File is one attachment. Its names and types are as Outlook wrote them, valid
// UTF-8 and not escaped for any use.
type File struct {
	Name      string
	Type      string // media type; empty: not said
	ContentID string
	Data      []byte
	Message   *Message // an attached item of Outlook's; Data is empty then
}

// ErrMalformed is returned for what is no wrapping, or ends too early to hold
// anything.
var ErrMalformed = errors.New("tnef: malformed")

// Limits on one wrapping, nested ones included.
const (
	maxFiles = 500
	maxProps = 20_000
	maxDepth = 3 // of items attached to items
)

const signature = 0x223e9f78

// Attributes that are looked at, by the lower half of their number.
const (
	attSubject      = 0x8004
	attBody         = 0x800c
	attAttachData   = 0x800f
	attAttachTitle  = 0x8010
	attAttachRend   = 0x9002 // begins an attachment
	attMAPIProps    = 0x9003
	attAttachment   = 0x9005 // properties of the attachment
	attOEMCodepage  = 0x9007
	levelAttachment = 2
)

// Decode unpacks b. What is cut off or malformed after something could be read is
// left out.
func Decode(b []byte) (*Message, error) {
	d := decoder{}
	m := d.message(b, 0)
	if m == nil {
		return nil, ErrMalformed
	}
	return m, nil
}

// A decoder counts what all messages of one wrapping hold.
type decoder struct {
	files, props int
}

// message returns nil for what is none.
func (d *decoder) message(b []byte, depth int) *Message {
	r := reader{b}
	if depth > maxDepth || r.u32() != signature {
		return nil
	}
	r.u16() // a key that means nothing here
	m := &Message{}
	read := 0
	for len(r.b) >= 9 {
		level := r.bytes(1)[0]
		id := r.u32() & 0xffff
		size := r.u32()
		if size > uint32(len(r.b)) {
			break
		}
		data := r.bytes(size)
		r.u16() // a checksum; mail has better ones
		read++
		if level == levelAttachment {
			d.fileAttribute(m, id, data, depth)
		} else {
			d.attribute(m, id, data)
		}
	}
	if read == 0 {
		return nil
	}
	return m
}

func (d *decoder) attribute(m *Message, id uint32, data []byte) {
	switch id {
	case attSubject:
		m.Subject = text8(data)
	case attBody:
		m.Text = untilNUL(data)
	case attOEMCodepage:
		if r := (reader{data}); m.Codepage == 0 {
			m.Codepage = int(r.u32())
		}
	case attMAPIProps:
		d.properties(data, func(p property) { m.set(p) })
	}
}

func (d *decoder) fileAttribute(m *Message, id uint32, data []byte, depth int) {
	if id == attAttachRend {
		if d.files++; d.files <= maxFiles {
			m.Files = append(m.Files, File{})
		}
		return
	}
	if len(m.Files) == 0 || d.files > maxFiles {
		return
	}
	f := &m.Files[len(m.Files)-1]
	switch id {
	case attAttachTitle:
		if f.Name == "" {
			f.Name = text8(data)
		}
	case attAttachData:
		f.Data = data
	case attAttachment:
		d.properties(data, func(p property) { d.setFile(f, p, depth) })
	}
}

// Properties that are looked at.
const (
	propSubject      = 0x0037
	propBody         = 0x1000
	propRTF          = 0x1009
	propHTML         = 0x1013
	propDisplayName  = 0x3001
	propAttachData   = 0x3701
	propAttachName   = 0x3704
	propAttachLong   = 0x3707
	propAttachType   = 0x370e
	propAttachID     = 0x3712
	propInternetCode = 0x3fde
)

func (m *Message) set(p property) {
	switch p.id {
	case propSubject:
		m.Subject = p.text()
	case propBody:
		if s := p.text(); s != "" && p.kind == kindUnicode {
			m.Text, m.Codepage = []byte(s), utf8Codepage
		} else if len(m.Text) == 0 {
			m.Text = untilNUL(p.data)
		}
	case propRTF:
		m.RTF = p.data
	case propHTML:
		m.HTML = untilNUL(p.data)
	case propInternetCode:
		r := reader{p.data}
		if code := int(r.u32()); m.Codepage != utf8Codepage {
			m.Codepage = code
		}
	}
}

func (d *decoder) setFile(f *File, p property, depth int) {
	switch p.id {
	case propAttachLong:
		f.Name = p.text()
	case propAttachName, propDisplayName:
		if f.Name == "" {
			f.Name = p.text()
		}
	case propAttachType:
		f.Type = p.text()
	case propAttachID:
		f.ContentID = p.text()
	case propAttachData:
		if p.kind == kindObject && len(p.data) > 16 { // after the name of an interface
			if f.Message = d.message(p.data[16:], depth+1); f.Message == nil {
				f.Data = p.data[16:]
			}
		} else if len(p.data) > 0 {
			f.Data = p.data
		}
	}
}

const utf8Codepage = 65001

// A reader takes numbers off the front of b. What is not there is zero.
type reader struct{ b []byte }

func (r *reader) bytes(n uint32) []byte {
	if n > uint32(len(r.b)) {
		n = uint32(len(r.b))
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) u16() uint32 {
	b := r.bytes(2)
	if len(b) < 2 {
		return 0
	}
	return uint32(binary.LittleEndian.Uint16(b))
}

func (r *reader) u32() uint32 {
	b := r.bytes(4)
	if len(b) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// text16 reads UTF-16, up to its NUL.
func text16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
