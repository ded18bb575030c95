// Package rtf reads the rich text in which Outlook keeps the bodies of messages:
// it undoes its compression (MS-OXRTFCP), takes out of it the HTML that was put
// in (MS-OXRTFEX), or else the words.
//
// It reads once from the beginning to the end and keeps groups on a bounded
// stack, so it takes linear time and memory whatever it is given. What it returns
// was written by a stranger and is not safe to show by itself.
package rtf

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed is returned for what is no compressed rich text.
var ErrMalformed = errors.New("rtf: malformed")

// MaxSize bounds what Decompress returns, in bytes. A byte of input can ask for
// eight and a half.
const MaxSize = 8 << 20

const (
	compressed   = 0x75465a4c // "LZFu"
	uncompressed = 0x414c454d // "MELA"
	window       = 4096
)

// preset is what the window holds before anything was written: words of which
// every rich text has some.
const preset = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// Decompress returns the rich text in b, which is cut where b is.
func Decompress(b []byte) ([]byte, error) {
	if len(b) < 16 {
		return nil, ErrMalformed
	}
	raw := int(min(binary.LittleEndian.Uint32(b[4:]), MaxSize))
	kind := binary.LittleEndian.Uint32(b[8:])
	b = b[16:]
	switch kind {
	case uncompressed:
		return b[:min(raw, len(b))], nil
	case compressed:
		return inflate(b, raw), nil
	}
	return nil, ErrMalformed
}

// inflate writes at most limit bytes. Each bit of a control byte says whether a
// byte follows, or two that point back into the window.
func inflate(b []byte, limit int) []byte {
	var dict [window]byte
	at := copy(dict[:], preset)
	out := make([]byte, 0, min(limit, 4*len(b)))
	put := func(c byte) {
		out = append(out, c)
		dict[at] = c
		at = (at + 1) % window
	}
	for len(b) > 0 && len(out) < limit {
		control := b[0]
		b = b[1:]
		for bit := range 8 {
			if len(b) == 0 || len(out) >= limit {
				return out
			}
			if control&(1<<bit) == 0 {
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			ref := binary.BigEndian.Uint16(b)
			b = b[2:]
			from, n := int(ref>>4), int(ref&15)+2
			if from == at {
				return out // the end
			}
			for ; n > 0 && len(out) < limit; n-- {
				put(dict[from])
				from = (from + 1) % window
			}
		}
	}
	return out
}
