package eml

import (
	"bytes"
	"strings"
)

// uuencoding is how files were sent in plain text before there was MIME. Some
// programs still write it, in the middle of a text or as a transfer encoding.

// A Uufile is a file that stood in a text.
type Uufile struct {
	Name string
	Data []byte
}

// maxUufiles is how many files are taken out of one text.
const maxUufiles = 100

// maxUubytes is how large they are together, at most. Blanks at the end of a line
// need not be there, and so a text can ask for twenty times its length.
const maxUubytes = 16 << 20

// SplitUU takes the files out of a text that was uuencoded into it and returns
// what is left. A block without its end, or with a line in it that does not belong
// there, is no file and stays. It takes linear time: a line is looked at twice at
// most.
func SplitUU(text string) (rest string, files []Uufile) {
	var b strings.Builder
	left := maxUubytes
	for text != "" {
		line, after := cutLine(text)
		if name, ok := uuBegin(line); ok && len(files) < maxUufiles {
			if data, tail, ok := uuBlock(after, left); ok {
				files = append(files, Uufile{name, data})
				left -= len(data)
				text = tail
				continue
			}
			// What was looked at in vain is passed over as a whole, so that many
			// beginnings without an end do not take for ever.
			n := len(after) - len(uuSkipped(after))
			b.WriteString(text[:len(text)-len(after)+n])
			text = after[n:]
			continue
		}
		b.WriteString(text[:len(text)-len(after)])
		text = after
	}
	return b.String(), files
}

// cutLine returns the first line, without its end, and what follows it.
func cutLine(s string) (line, after string) {
	line, after, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), after
}

// uuBegin reads "begin 644 name".
func uuBegin(line string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(line, "begin ")
	mode, name, _ := strings.Cut(rest, " ")
	if !ok || len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" || len(name) > 500 {
		return "", false
	}
	if name = FileName(decodeWords(strings.Trim(name, `" `))); name == "" {
		name = "attachment.bin"
	}
	return name, true
}

// uuBlock decodes the lines up to "end", into most bytes at most.
func uuBlock(s string, most int) (data []byte, after string, ok bool) {
	for s != "" {
		line, rest := cutLine(s)
		if line == "end" {
			return data, rest, true
		}
		if data, ok = uuLine(data, line); !ok || len(data) > most {
			return nil, "", false
		}
		s = rest
	}
	return nil, "", false
}

// uuSkipped returns what follows the lines that look encoded.
func uuSkipped(s string) string {
	for s != "" {
		line, rest := cutLine(s)
		if _, ok := uuLine(nil, line); !ok {
			return s
		}
		s = rest
	}
	return s
}

// uuLine decodes one line: a character that says how many bytes it holds, and four
// characters for every three of them. Blanks at its end may have been lost.
func uuLine(dst []byte, line string) ([]byte, bool) {
	line = strings.TrimRight(line, " ")
	if line == "" {
		return dst, true // a count of none, written as a blank
	}
	n := int(line[0]-' ') & 63
	line = line[1:]
	most := (n + 2) / 3 * 4
	if n > 45 || len(line) > most+1 { // some programs add a checksum
		return dst, false
	}
	var four [4]byte
	for i := 0; n > 0; i += 4 {
		for j := range four {
			four[j] = 0
			if i+j < len(line) {
				c := line[i+j]
				if c < ' ' || c > '`' {
					return dst, false
				}
				four[j] = (c - ' ') & 63
			}
		}
		three := [3]byte{four[0]<<2 | four[1]>>4, four[1]<<4 | four[2]>>2, four[2]<<6 | four[3]}
		dst = append(dst, three[:min(n, 3)]...)
		n -= 3
	}
	return dst, true
}

// A uuTransfer undoes uuencoding as a transfer encoding.
type uuTransfer struct {
	line []byte
	in   bool // between begin and end
	long bool // the line is too long to be one
	lent int  // bytes so far for which no characters stood there
}

// maxLent is how many bytes a mail may ask for by leaving out blanks at the ends of
// lines. Without a bound it could be twenty times as large as it is.
const maxLent = 1 << 20

// longestUU is more than any encoded line has.
const longestUU = 128

func (t *uuTransfer) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\n')
		piece := src
		if i >= 0 {
			piece = src[:i]
		}
		if len(t.line)+len(piece) > longestUU {
			t.long = true
		} else {
			t.line = append(t.line, piece...)
		}
		if i < 0 {
			return dst
		}
		dst, src = t.whole(dst), src[i+1:]
	}
	return dst
}

// whole takes the line that has just become whole.
func (t *uuTransfer) whole(dst []byte) []byte {
	line := strings.TrimSuffix(string(t.line), "\r")
	long := t.long
	t.line, t.long = t.line[:0], false
	switch {
	case long:
	case !t.in:
		_, t.in = uuBegin(line)
	case line == "end":
		t.in = false
	default:
		dst = t.data(dst, line)
	}
	return dst
}

// data decodes a line, and of one that asks for more than may be lent what is there.
func (t *uuTransfer) data(dst []byte, line string) []byte {
	was := len(dst)
	dst, _ = uuLine(dst, line)
	there := max(0, len(line)-1) * 3 / 4
	if lent := len(dst) - was - there; lent > 0 {
		if t.lent += lent; t.lent > maxLent {
			dst = dst[:was+there]
		}
	}
	return dst
}

func (t *uuTransfer) end(dst []byte) []byte {
	if len(t.line) > 0 {
		dst = t.whole(dst)
	}
	return dst
}
