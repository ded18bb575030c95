package rule

import (
	"io"
	"iter"
	"strings"

	"letterlock/internal/cputime"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/sanitize"
)

// Of returns a mail as rules look at it, read from its raw bytes when they do. Every
// part that is text is looked at, attachments and other mails inside this one
// included; HTML as it reads without its markup.
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
			if p.Size == 0 || !closed && !strings.HasPrefix(p.Type, "text/") {
				continue
			}
			if closed || left <= 0 || time <= 0 {
				yield(Text{Cut: true}, nil)
				return
			}
			var t Text
			var err error
			time -= cputime.Of(func() { t, err = textOf(ix, raw, i, left) })
			if !yield(t, err) || err != nil {
				return
			}
			left -= ix.Parts[i].Size
		}
	}
}

func textOf(ix *eml.Index, raw io.ReaderAt, part int, most int64) (Text, error) {
	text, cut, err := ix.OpenText(raw, part, most)
	if err != nil {
		return Text{}, err
	}
	switch p := &ix.Parts[part]; {
	case p.Type == "text/html":
		text = sanitize.ToText(text)
	case p.Flowed:
		text = eml.Unflow(text, p.DelSp)
	}
	return Text{Text: strings.ReplaceAll(text, "\r\n", "\n"), Cut: cut}, nil
}
