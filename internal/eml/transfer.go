package eml

import "slices"

// A transfer undoes a transfer encoding, piece by piece. The indexer counts
// with it what a reader will get from it later, so the two always agree.
type transfer interface {
	// decode appends to dst what src adds to the decoded bytes.
	decode(dst, src []byte) []byte
	// end appends what was still open when the encoded bytes ended.
	end(dst []byte) []byte
}

// newTransfer returns nil for an encoding that changes nothing or is unknown.
func newTransfer(encoding string) transfer {
	switch encoding {
	case "base64":
		return new(base64Transfer)
	case "quoted-printable":
		return new(quotedTransfer)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return new(uuTransfer)
	}
	return nil
}

// A base64Transfer skips what is not base64, as RFC 2045 section 6.8 asks, and
// goes on after padding, because some programs encode in pieces.
type base64Transfer struct {
	acc uint32
	n   int // characters in acc
}

const (
	notBase64 = 0x80
	padding   = 0xc0
)

// base64Values holds the value of each base64 character. It never changes.
var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['='] = padding
	return t
}()

func (t *base64Transfer) decode(dst, src []byte) []byte {
	dst = slices.Grow(dst, len(src)/4*3+3)
	for len(src) > 0 {
		for t.n == 0 && len(src) >= 4 {
			a, b, c, d := base64Values[src[0]], base64Values[src[1]], base64Values[src[2]], base64Values[src[3]]
			if (a|b|c|d)&notBase64 != 0 {
				break
			}
			dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
			src = src[4:]
		}
		if len(src) == 0 {
			break
		}
		switch v := base64Values[src[0]]; v {
		case notBase64:
		case padding:
			dst = t.end(dst)
		default:
			t.acc = t.acc<<6 | uint32(v)
			if t.n++; t.n == 4 {
				dst = append(dst, byte(t.acc>>16), byte(t.acc>>8), byte(t.acc))
				t.acc, t.n = 0, 0
			}
		}
		src = src[1:]
	}
	return dst
}

func (t *base64Transfer) end(dst []byte) []byte {
	switch t.n {
	case 2:
		dst = append(dst, byte(t.acc>>4))
	case 3:
		dst = append(dst, byte(t.acc>>10), byte(t.acc>>2))
	}
	t.acc, t.n = 0, 0
	return dst
}

// A quotedTransfer leaves alone what is not quoted-printable.
type quotedTransfer struct {
	held   []byte // white space that may end a line, or the start of an escape
	skipLF bool   // a soft line break ended in CR; its LF is still to come
}

// blanks is how much white space is held back in case the line ends after it.
// A line of quoted-printable has at most 76 characters.
const blanks = 256

func (t *quotedTransfer) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		if len(t.held) == 0 && !t.skipLF {
			if n := plainRun(src); n > 0 {
				dst, src = append(dst, src[:n]...), src[n:]
				continue
			}
		}
		c := src[0]
		src = src[1:]
		skip := t.skipLF && c == '\n'
		t.skipLF = false
		switch {
		case skip:
		case len(t.held) > 0:
			dst = t.settle(dst, c)
		case c == '=' || c == ' ' || c == '\t':
			t.held = append(t.held, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// plainRun returns how many bytes at the start of src stand for themselves.
func plainRun(src []byte) int {
	n := 0
	for n < len(src) && src[n] != '=' && src[n] != '\r' && src[n] != '\n' {
		n++
	}
	for n > 0 && (src[n-1] == ' ' || src[n-1] == '\t') {
		n--
	}
	return n
}

// settle looks at the character after what is held.
func (t *quotedTransfer) settle(dst []byte, c byte) []byte {
	blank, lineEnd := c == ' ' || c == '\t', c == '\r' || c == '\n'
	switch {
	case t.held[0] != '=' && lineEnd: // white space that a mail system added
		t.held = t.held[:0]
		return append(dst, c)
	case t.held[0] == '=' && lineEnd && (len(t.held) == 1 || !isHex(t.held[1])):
		t.held, t.skipLF = t.held[:0], c == '\r'
		return dst
	case blank && len(t.held) < blanks && (len(t.held) == 1 || !isHex(t.held[1])):
		t.held = append(t.held, c)
		return dst
	case t.held[0] == '=' && len(t.held) == 1 && isHex(c):
		t.held = append(t.held, c)
		return dst
	case t.held[0] == '=' && len(t.held) == 2 && isHex(t.held[1]) && isHex(c):
		dst = append(dst, unhex(t.held[1])<<4|unhex(c))
		t.held = t.held[:0]
		return dst
	}
	dst = append(dst, t.held...)
	t.held = t.held[:0]
	if c == '=' || blank {
		t.held = append(t.held, c)
		return dst
	}
	return append(dst, c)
}

func (t *quotedTransfer) end(dst []byte) []byte {
	if len(t.held) > 1 && isHex(t.held[1]) {
		dst = append(dst, t.held...)
	}
	t.held = t.held[:0]
	return dst
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// A counter counts the decoded bytes of a body. It holds back the last line
// end, which is not part of the body when a boundary follows.
type counter struct {
	transfer transfer
	n        int64
	eol      []byte
	scratch  []byte
}

func (c *counter) reset(encoding string) {
	c.transfer, c.n, c.eol = newTransfer(encoding), 0, c.eol[:0]
}

func (c *counter) add(p []byte) {
	if c.transfer == nil {
		return
	}
	if len(c.eol) == 1 && c.eol[0] == '\r' && p[0] == '\n' {
		c.eol = append(c.eol, '\n')
		return // a line ends with LF, so p is no longer than that
	}
	if len(c.eol) > 0 {
		c.decode(c.eol)
		c.eol = c.eol[:0]
	}
	end := len(p)
	if p[end-1] == '\n' {
		end--
	}
	if end > 0 && p[end-1] == '\r' {
		end--
	}
	c.decode(p[:end])
	c.eol = append(c.eol, p[end:]...)
}

func (c *counter) decode(p []byte) {
	c.scratch = c.transfer.decode(c.scratch[:0], p)
	c.n += int64(len(c.scratch))
}

// sum ends the body and returns its size; withEOL counts the last line end too.
func (c *counter) sum(withEOL bool) int64 {
	if withEOL && len(c.eol) > 0 {
		c.decode(c.eol)
	}
	c.n += int64(len(c.transfer.end(c.scratch[:0])))
	return c.n
}
