package eml

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// Open returns the decoded bytes of a part, read from the raw mail that ix was
// made of. A message inside the mail and an unknown encoding come as they are.
// It uses the same small memory for a part of any size.
func (ix *Index) Open(raw io.ReaderAt, part int) io.Reader {
	p := &ix.Parts[part]
	src := io.NewSectionReader(raw, p.Body, p.End-p.Body)
	t := newTransfer(p.Encoding)
	if t == nil || p.multipart() {
		return src
	}
	return &decoder{src: src, transfer: t, in: make([]byte, min(p.End-p.Body, 32<<10))}
}

// A decoder reads through a transfer.
type decoder struct {
	src      io.Reader
	transfer transfer
	in       []byte
	out      []byte // decoded and not yet read
	buf      []byte // what out is a part of
	err      error
}

func (d *decoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 && d.err == nil {
		var n int
		if len(d.in) > 0 {
			n, d.err = d.src.Read(d.in)
		} else {
			d.err = io.EOF
		}
		d.buf = d.transfer.decode(d.buf[:0], d.in[:n])
		if d.err == io.EOF {
			d.buf = d.transfer.end(d.buf)
		}
		d.out = d.buf
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	if n == 0 && len(p) > 0 {
		return 0, d.err
	}
	return n, nil
}

// OpenText returns a text part as UTF-8, always valid, whatever the part says
// about itself; truncated reports that there was more than max bytes of it.
func (ix *Index) OpenText(raw io.ReaderAt, part int, max int64) (text string, truncated bool, err error) {
	p := &ix.Parts[part]
	b, err := io.ReadAll(io.LimitReader(ix.Open(raw, part), max+utf8.UTFMax))
	if err != nil {
		return "", false, err
	}
	charset := p.Charset
	if charset == "" && p.Type == "text/html" {
		charset = metaCharset(b)
	}
	if truncated = p.Size > max; truncated {
		b = wholeRunes(b)
	}
	text = toUTF8(b, charset)
	text = strings.TrimPrefix(text, "\uFEFF")
	if int64(len(text)) > max {
		text, truncated = cut(text, int(max)), true
	}
	return text, truncated, nil
}

// head is how much of a file tells whether it is text.
const head = 4 << 10

// OpenAsText is OpenText for a part that is labelled as something else; is reports
// whether its bytes are those of a text at all. Of one that is none no more than its
// beginning is read.
func (ix *Index) OpenAsText(raw io.ReaderAt, part int, most int64) (text string, is, truncated bool, err error) {
	file := ix.Open(raw, part)
	b, err := io.ReadAll(io.LimitReader(file, head))
	if err != nil {
		return "", false, false, err
	}
	charset, is := textIn(b)
	if !is {
		return "", false, false, nil
	}
	rest, err := io.ReadAll(io.LimitReader(file, max(0, most+utf8.UTFMax-int64(len(b)))))
	if err != nil {
		return "", false, false, err
	}
	b = append(b, rest...)
	if truncated = ix.Parts[part].Size > most; truncated {
		b = wholeRunes(b[:min(int64(len(b)), most)])
	}
	text = strings.TrimPrefix(toUTF8(b, charset), "\uFEFF")
	if int64(len(text)) > most {
		text, truncated = cut(text, int(most)), true
	}
	return text, true, truncated, nil
}

// textIn reports whether the beginning of a file is that of a text, and which charset
// its bytes speak of; "": UTF-8, or one that writes Latin letters as ASCII does.
// Programs write signs into logs that are no text, so a few do not count; what is
// compressed or encrypted has twice as many.
func textIn(b []byte) (charset string, is bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return "utf-16le", true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "utf-16be", true
	}
	var zeros [2]int // at even and at odd places
	controls := 0
	for i, c := range b {
		switch {
		case c == 0:
			zeros[i%2]++
		case c < ' ' && (c < '\t' || c > '\r') && c != 0x1b, c == 0x7f:
			controls++
		}
	}
	few := len(b) / 20
	switch most := len(b) / 4; { // of two bytes of a Latin letter one is zero
	case controls > few:
		return "", false
	case zeros[1] > most && zeros[0] <= few:
		return "utf-16le", true
	case zeros[0] > most && zeros[1] <= few:
		return "utf-16be", true
	}
	return "", controls+zeros[0]+zeros[1] <= few
}

// wholeRunes takes a character off the end of b that was cut in two.
func wholeRunes(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if b[i] >= utf8.RuneSelf && !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			return b
		}
	}
	return b
}

// cut returns at most n bytes of s, in whole characters.
func cut(s string, n int) string {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:min(n, len(s))]
}

// WithoutHidden returns the raw mail without its Hidden fields, for everybody
// who is not the sender.
func (ix *Index) WithoutHidden(raw io.ReaderAt) io.Reader {
	return ix.without(raw, ix.Hidden, nil)
}

// Clean is WithoutHidden for those who get the mail itself: with the subject as
// it is without the tag that asked for protection, and with the author written
// so that every program reads the same one, who is the account's.
func (ix *Index) Clean(raw io.ReaderAt, from letterlock.Mailbox, subject string) io.Reader {
	return ix.CleanWith(raw, from, subject, "")
}

// CleanWith is Clean with more words below those of the plain text. They are for
// mails that Compose has written, whose text is in quoted-printable; to others
// nothing is added.
func (ix *Index) CleanWith(raw io.ReaderAt, from letterlock.Mailbox, subject, below string) io.Reader {
	instead := make(map[Range][]byte)
	ranges := ix.Hidden
	if len(ix.Subject) > 0 {
		var line bytes.Buffer
		writeField(&line, "Subject", words(clean(subject, subjectLimit), len("Subject: ")))
		instead[ix.Subject[0]] = line.Bytes()
		ranges = merge(ranges, ix.Subject)
	}
	if len(ix.From) > 0 {
		var line bytes.Buffer
		author, err := mailboxTokens([]letterlock.Mailbox{from}, len("From: "))
		if err != nil { // a name that no header can hold: the address alone
			author = []string{string(from.Address)}
		}
		writeField(&line, "From", author)
		instead[ix.From[0]] = line.Bytes()
		ranges = merge(ranges, ix.From)
	}
	if part := ix.TextPart(); below != "" && part >= 0 && ix.Parts[part].Encoding == "quoted-printable" {
		end := ix.Parts[part].End
		instead[Range{end, end}] = quotedPrintable("\n" + below)
		ranges = merge(ranges, []Range{{end, end}})
	}
	return ix.without(raw, ranges, instead)
}

func quotedPrintable(text string) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, err := io.WriteString(w, strings.ToValidUTF8(text, "\uFFFD"))
	if err = errors.Join(err, w.Close()); err != nil {
		panic("eml: internal error: " + err.Error()) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}

// without leaves out ranges, and puts instead of some what stands in their place.
func (ix *Index) without(raw io.ReaderAt, ranges []Range, instead map[Range][]byte) io.Reader {
	var rs []io.Reader
	at := int64(0)
	for _, r := range ranges {
		if r[0] > at {
			rs = append(rs, io.NewSectionReader(raw, at, r[0]-at))
		}
		if line, ok := instead[r]; ok {
			rs = append(rs, bytes.NewReader(line))
		}
		at = r[1]
	}
	return io.MultiReader(append(rs, io.NewSectionReader(raw, at, ix.Size-at))...)
}

// merge joins two lists of ranges that are in order and do not overlap.
func merge(a, b []Range) []Range {
	var m []Range
	for len(a) > 0 && len(b) > 0 {
		if a[0][0] < b[0][0] {
			m, a = append(m, a[0]), a[1:]
		} else {
			m, b = append(m, b[0]), b[1:]
		}
	}
	return append(append(m, a...), b...)
}
