package rule

import (
	"io"
	"iter"
	"strings"

	"letterlock/internal/cputime"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

// Of returns a mail as rules look at it, read from its raw bytes when they do. Every
// part that is text is looked at, attachments and other mails inside this one
// included; HTML as it reads without its markup, with what it hides and without.
func Of(ix *eml.Index, raw io.ReaderAt, by letterlock.Address, to []letterlock.Address, limits Limits) (Mail, error) {
	m := Mail{Sender: by, Recipients: to, Subject: ix.Header.Subject, Size: ix.Size, Limits: limits.withDefaults()}
	head := make([]byte, ix.Parts[0].Body-ix.Parts[0].Start)
	if _, err := io.ReadFull(io.NewSectionReader(raw, ix.Parts[0].Start, int64(len(head))), head); err != nil {
		return Mail{}, err
	}
	for name, value := range eml.DecodedFields(head) {
		m.Fields = append(m.Fields, Field{Name: name, Value: value})
	}
	m.Texts = textsOf(ix, raw, m.Limits)
	return m, nil
}

// textsOf yields the texts of a mail. When their bytes are spent, or the time, what
// comes after is said to be there and not read.
func textsOf(ix *eml.Index, raw io.ReaderAt, l Limits) iter.Seq2[Text, error] {
	return func(yield func(Text, error) bool) {
		left, time := l.Bytes, l.CPU
		for i := range ix.Parts {
			p := &ix.Parts[i]
			closed := p.IsMail() && !p.LiesOpen() // an encoded mail, whose parts are none of this one
			if p.Size == 0 || !closed && !readable(p) {
				continue
			}
			if closed || left <= 0 || time <= 0 {
				yield(Text{Cut: true}, nil)
				return
			}
			var texts []Text
			var err error
			time -= cputime.Of(func() { texts, err = textOf(ix, raw, i, left) })
			if err != nil {
				yield(Text{}, err)
				return
			}
			for _, t := range texts {
				if !yield(t, nil) {
					return
				}
			}
			if len(texts) > 0 {
				left -= p.Size
			}
		}
	}
}

// textOf returns a part in each of the ways in which it can be read; none: it is no
// text. The last of them says whether there is more.
func textOf(ix *eml.Index, raw io.ReaderAt, part int, most int64) (texts []Text, err error) {
	p, is, cut, text := &ix.Parts[part], true, false, ""
	if isText(p) {
		text, cut, err = ix.OpenText(raw, part, most)
	} else {
		text, is, cut, err = ix.OpenAsText(raw, part, most)
	}
	if err != nil || !is {
		return nil, err
	}
	read := read(p, text)
	for i, s := range read {
		texts = append(texts, Text{Text: strings.ReplaceAll(s, "\r\n", "\n"), Cut: cut && i == len(read)-1})
	}
	return texts, nil
}
