package picture

import (
	"encoding/binary"
	"io"
)

// A lossy reads through to a picture of lossy WebP, and fails at one that is stored
// without loss, be it the whole or how much shows through. Before such a picture
// comes, one number of sixteen bits asks for tables that take 180 MB, and nothing in
// a head says so.
type lossy struct {
	r    io.Reader
	head [12]byte // of the file, then of each chunk, which is shorter
	have int      // bytes of head that were seen
	file bool     // the head of the file was
	skip int64    // bytes of a chunk that are left
	peek bool     // the next byte says how a chunk of transparency is stored
	done bool
}

func (w *lossy) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	for _, b := range p[:n] {
		if w.done {
			break
		}
		if !w.step(b) {
			return 0, ErrNone
		}
	}
	return n, err
}

// step looks at one byte and reports whether to go on.
func (w *lossy) step(b byte) bool {
	if w.peek {
		const stored = 0 // as it is
		if w.peek = false; b&3 != stored {
			return false
		}
	}
	if w.skip > 0 {
		w.skip--
		return true
	}
	w.head[w.have] = b
	w.have++
	if !w.file {
		if w.have == len(w.head) {
			w.file, w.have = true, 0
		}
		return true
	}
	if w.have < 8 {
		return true
	}
	w.have = 0
	size := int64(binary.LittleEndian.Uint32(w.head[4:]))
	w.skip = size + size&1 // chunks begin at even places
	switch string(w.head[:4]) {
	case "VP8L":
		return false
	case "VP8 ":
		w.done = true
	case "ALPH":
		w.peek = size > 0
	}
	return true
}
