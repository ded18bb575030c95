package eml

import (
	"bytes"
	"iter"
	"strings"
)

// A field is one field of a header, as it stands there.
type field struct {
	name  string // in lower case
	value []byte // with its folds
	at    Range  // in the header, line end included
}

// fieldName returns the name that a line starts with, or nil. White space
// before the colon is obsolete but read by everybody (RFC 5322 section 4.5),
// so a "Bcc :" must be seen for what it is. A name with letters that no name
// may have is still taken for one: the header goes on after it.
func fieldName(line []byte) []byte {
	i := bytes.IndexByte(line, ':')
	if i < 1 {
		return nil
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c == 0x7f {
			return nil
		}
	}
	if len(name) == 0 {
		return nil
	}
	return name
}

// fields yields the fields of a header. Lines that belong to none are skipped.
func fields(head []byte) iter.Seq[field] {
	return func(yield func(field) bool) {
		for at := 0; at < len(head); {
			end := fieldEnd(head, at)
			if name := fieldName(head[at:end]); name != nil {
				colon := bytes.IndexByte(head[at:end], ':')
				f := field{name: lower(name), value: head[at+colon+1 : end], at: Range{int64(at), int64(end)}}
				if !yield(f) {
					return
				}
			}
			at = end
		}
	}
}

// Fields yields the name, in lower case, and the value, on one line, of each field
// that stands in a header or in anything written like one. The value is decoded no
// further, and not bounded.
func Fields(head []byte) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for f := range fields(head) {
			if !yield(f.name, f.text()) {
				return
			}
		}
	}
}

// fieldEnd returns the end of the line at offset at and of those that continue it.
func fieldEnd(head []byte, at int) int {
	for {
		i := bytes.IndexByte(head[at:], '\n')
		if i < 0 {
			return len(head)
		}
		at += i + 1
		if at == len(head) || head[at] != ' ' && head[at] != '\t' {
			return at
		}
	}
}

// lower returns the lower-case form of a field name. Those that matter here
// cost no memory.
func lower(name []byte) string {
	if len(name) > 64 {
		return string(bytes.ToLower(name))
	}
	var buf [64]byte
	b := buf[:len(name)]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	for _, known := range knownFields {
		if string(b) == known {
			return known
		}
	}
	return string(b)
}

var knownFields = [...]string{
	"from", "to", "cc", "bcc", "date", "subject", "sender", "reply-to", "message-id", "in-reply-to", "references", "received",
	"mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id", "content-location",
	"return-path", "dkim-signature", "user-agent", "x-mailer", "sensitivity", "auto-submitted", "list-id", "x-letterlock-protection",
}

// text returns the value of f on one line, without the white space around it.
func (f field) text() string {
	v := bytes.TrimSpace(f.value)
	if bytes.IndexByte(v, '\n') < 0 {
		return string(v)
	}
	// Unfolding takes out the line ends and leaves the white space after them.
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, string(toUTF8Bytes(v)))
}

// DecodedFields is Fields with the values decoded for people.
func DecodedFields(head []byte) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for f := range fields(head) {
			if !yield(f.name, decodeWords(f.text())) {
				return
			}
		}
	}
}
