package eml

import (
	"bytes"
	"io"

	"letterlock/internal/letterlock"
)

// maxDecoded bounds an attached mail that lies inside an encoding, because it has
// to be held in memory to be read. One that lies open may have any size.
const maxDecoded = 16 << 20

// IsMail reports whether a part is a mail of its own, attached to this one.
func (p *Part) IsMail() bool { return p.Type == "message/rfc822" || p.Type == "message/global" }

// LiesOpen reports whether the parts of an attached mail are parts of the Index
// around it as well: the part after the k-th is its first. Otherwise somebody has
// encoded it, which no standard allows and some programs do.
func (p *Part) LiesOpen() bool { return p.message() }

// Mail returns the mail that is attached as a part, as if it had come by itself:
// its Index, and its bytes. Of one that lies open nothing but its header is read.
// It is NotFound when the part is no mail, and TooLarge for an encoded one that
// passes a limit.
func (ix *Index) Mail(raw io.ReaderAt, part int) (*Index, io.ReaderAt, error) {
	if part < 0 || part >= len(ix.Parts) || !ix.Parts[part].IsMail() {
		return nil, nil, &letterlock.Error{Code: letterlock.NotFound}
	}
	if !ix.Parts[part].LiesOpen() {
		return ix.decodeMail(raw, part)
	}
	p, first := ix.Parts[part], ix.Parts[part+1]
	head := make([]byte, first.Body-first.Start)
	if _, err := io.ReadFull(io.NewSectionReader(raw, first.Start, first.Body-first.Start), head); err != nil {
		return nil, nil, err
	}
	in := &Index{Version: ix.Version, Size: p.End - p.Body, BareCR: ix.BareCR, BareLF: ix.BareLF, NUL: ix.NUL, Defects: ix.Defects}
	in.readHeader(head)
	for _, q := range ix.Parts[part+1:] {
		if q.Depth <= p.Depth {
			break
		}
		q.Parent, q.Depth = q.Parent-part-1, q.Depth-p.Depth-1
		// Of a mail that is cut off in a header, the last line end belongs to the
		// boundary after it.
		q.Start, q.Body, q.End = min(q.Start, p.End)-p.Body, min(q.Body, p.End)-p.Body, min(q.End, p.End)-p.Body
		in.Parts = append(in.Parts, q)
	}
	in.Parts[0].Parent = -1
	in.nameAttachments()
	return in, io.NewSectionReader(raw, p.Body, in.Size), nil
}

// decodeMail is Mail for a part that must be decoded first.
func (ix *Index) decodeMail(raw io.ReaderAt, part int) (*Index, io.ReaderAt, error) {
	if ix.Parts[part].Size > maxDecoded {
		return nil, nil, tooLarge("size", maxDecoded)
	}
	b, err := io.ReadAll(io.LimitReader(ix.Open(raw, part), maxDecoded))
	if err != nil {
		return nil, nil, err
	}
	in, err := IndexOf(b)
	if err != nil {
		return nil, nil, err
	}
	return in, bytes.NewReader(b), nil
}

// IndexOf makes the Index of a mail that is in memory.
func IndexOf(raw []byte) (*Index, error) {
	x := NewIndexer(Limits{})
	if _, err := x.Write(raw); err != nil {
		return nil, err
	}
	return x.Close()
}
