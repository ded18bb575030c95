package eml

import "bytes"

// An open entity is a container whose end has not come yet.
type open struct {
	part     int
	boundary []byte // nil for a message inside a message
	digest   bool   // its parts are messages unless they say otherwise
	filled   bool   // its boundary has come at least once
	closed   bool   // its end boundary has come
}

// begin starts the entity whose header starts at offset at.
func (x *Indexer) begin(parent int, at int64, digest bool) error {
	p := Part{Parent: parent, Type: "text/plain", Start: at}
	if digest {
		p.Type = "message/rfc822"
	}
	if parent >= 0 {
		p.Depth = x.ix.Parts[parent].Depth + 1
	}
	if p.Depth > x.limits.Depth {
		return tooLarge("depth", x.limits.Depth)
	}
	if len(x.ix.Parts) >= x.limits.Parts {
		return tooLarge("parts", x.limits.Parts)
	}
	x.ix.Parts = append(x.ix.Parts, p)
	x.inHeader, x.head, x.lineFrom = true, x.head[:0], 0
	return nil
}

// headerLine looks at the line of a header that has just become whole.
func (x *Indexer) headerLine() error {
	line := x.head[x.lineFrom:]
	if maybeBoundary(line) {
		if found, err := x.boundary(line); found || err != nil {
			return err
		}
	}
	switch {
	case len(bytes.TrimRight(line, "\r\n")) == 0:
		x.head = x.head[:x.lineFrom]
		return x.endHeader(x.off)
	case x.lineFrom > 0 && (line[0] == ' ' || line[0] == '\t'), fieldName(line) != nil:
	case x.lineFrom == 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))):
		// The first line of a mailbox file, kept by whoever took the mail out of it.
	default:
		return x.cutHeader(bytes.Clone(line))
	}
	x.lineFrom = len(x.head)
	return nil
}

// cutHeader ends the header before line, which belongs to no field. Taking it
// as the first line of the body loses nothing; this is also what mail servers do.
func (x *Indexer) cutHeader(line []byte) error {
	x.ix.Defects |= HeaderCut
	if len(x.ix.Parts) == 1 {
		x.ix.Defects |= MailCut
	}
	x.head = x.head[:x.lineFrom]
	if err := x.endHeader(x.lineAt); err != nil {
		return err
	}
	if x.inHeader { // of a message inside this one
		x.head = append(x.head, line...)
		return x.headerLine()
	}
	x.fresh = true // the line was held back as a whole
	x.body(line)
	return nil
}

// endHeader makes a part of the header that ended, its body starting at offset at.
func (x *Indexer) endHeader(at int64) error {
	n := len(x.ix.Parts) - 1
	p := &x.ix.Parts[n]
	p.Body = at
	if n == 0 {
		x.ix.readHeader(x.head)
	}
	boundary := p.describe(x.head)
	x.inHeader = false
	switch {
	case p.multipart():
		if boundary == "" {
			x.ix.Defects |= NoBoundary
			p.Type = "text/plain"
			break
		}
		x.stack = append(x.stack, open{part: n, boundary: []byte(boundary), digest: p.Type == "multipart/digest"})
		x.leaf = -1
		return nil
	case p.message():
		x.stack = append(x.stack, open{part: n, filled: true, closed: true})
		return x.begin(n, at, false)
	}
	x.leaf = n
	x.count.reset(p.Encoding)
	return nil
}

// endHeaders ends the header we are in, and that of the empty message in it.
func (x *Indexer) endHeaders(at int64) error {
	for x.inHeader {
		if err := x.endHeader(at); err != nil {
			return err
		}
	}
	return nil
}

// boundary reports whether the line that starts at lineAt is the boundary of an
// open multipart, and if so closes what it closes.
func (x *Indexer) boundary(line []byte) (bool, error) {
	k, last := x.match(line)
	if k < 0 {
		return false, nil
	}
	if x.inHeader {
		x.head = x.head[:x.lineFrom]
		if err := x.endHeaders(x.lineAt); err != nil {
			return true, err
		}
	}
	// The line end before a boundary belongs to the boundary. RFC 2046 section 5.1.1.
	x.endLeaf(x.lineAt-x.eol, false)
	x.unwind(k+1, x.lineAt-x.eol)
	if last {
		x.stack[k].closed = true
		return true, nil
	}
	x.stack[k].filled, x.stack[k].closed = true, false
	return true, x.begin(x.stack[k].part, x.off, x.stack[k].digest)
}

// match finds the open multipart that line is a boundary of, the innermost
// first. One that has had its end boundary is asked last: when two nested
// multiparts use one boundary, the line is the outer one's then.
func (x *Indexer) match(line []byte) (k int, last bool) {
	line, ok := bytes.CutPrefix(line, []byte("--"))
	if !ok {
		return -1, false
	}
	line = bytes.TrimRight(line, " \t\r\n")
	ended := -1
	for k := len(x.stack) - 1; k >= 0; k-- {
		o := &x.stack[k]
		if o.boundary == nil || !bytes.HasPrefix(line, o.boundary) {
			continue
		}
		rest := line[len(o.boundary):]
		if len(rest) != 0 && string(rest) != "--" {
			continue
		}
		if !o.closed {
			return k, len(rest) != 0
		}
		if ended < 0 && len(rest) == 0 {
			ended = k
		}
	}
	return ended, false
}

// endLeaf ends the body we are in at offset end. At the end of the mail, its
// last line end is part of it.
func (x *Indexer) endLeaf(end int64, atEOF bool) {
	if x.leaf < 0 {
		return
	}
	p := &x.ix.Parts[x.leaf]
	p.End = max(p.Body, end)
	p.Size = p.End - p.Body
	if p.encoded() {
		p.Size = x.count.sum(atEOF)
	}
	x.leaf = -1
}

// unwind ends every open container from the k-th inwards at offset end.
func (x *Indexer) unwind(k int, end int64) {
	for _, o := range x.stack[k:] {
		p := &x.ix.Parts[o.part]
		p.End = max(p.Body, end)
		p.Size = p.End - p.Body
		if !o.closed {
			x.ix.Defects |= Unclosed
		}
		if !o.filled {
			// Not a container after all: show what is there rather than lose it.
			x.ix.Defects |= NoParts
			p.Type, p.Encoding = "text/plain", ""
		}
	}
	x.stack = x.stack[:k]
}
