package letterlock

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MinPart is how many characters of an address or a Message-ID can be looked for.
const MinPart = 3

// What one search asks of the index of words is bounded: once begun, nothing stops
// it. The beginning of a word is as dear as there are words that begin so.
const (
	maxWords = 50 // different ones
	minBegin = 3  // bytes, which is one character of many scripts
)

// maxField bounds what is looked for in one field, in bytes.
const maxField = 1000

// A Fault is why a Search cannot be understood in one of its fields.
type Fault struct {
	Field string // "sender", "recipient", "subject" or "message-id"
	Key   string // "part-short", "subject-words", or the field's name: nothing is like that
}

// Faults are what is wrong with the texts of s, one for each field at most.
func (s Search) Faults() (list []Fault) {
	for _, f := range []struct {
		field, typed string
		key          func(string) string
	}{
		{"sender", s.Sender, addressFault}, {"recipient", s.Recipient, addressFault},
		{"subject", s.Subject, subjectFault}, {"message-id", s.MessageID, messageIDFault},
	} {
		key := f.key(f.typed)
		if t := strings.TrimSpace(f.typed); len(t) > maxField || !utf8.ValidString(t) || strings.ContainsFunc(t, unicode.IsControl) {
			key = f.field
		}
		if key != "" {
			list = append(list, Fault{f.field, key})
		}
	}
	return list
}

func addressFault(typed string) string {
	if part := ParseSought(typed).Part; part != "" && utf8.RuneCountInString(part) < MinPart {
		return "part-short"
	}
	return ""
}

func messageIDFault(typed string) string {
	if strings.TrimSpace(typed) != "" && utf8.RuneCountInString(WithoutHeader(typed)) < MinPart {
		return "part-short"
	}
	return ""
}

func subjectFault(typed string) string {
	words := SubjectWords(typed)
	short := func(w SubjectWord) bool { return w.Begins && len(w.Text) < minBegin }
	switch {
	case slices.ContainsFunc(words, short):
		return "part-short"
	case len(words) > maxWords:
		return "subject-words"
	case len(words) == 0 && strings.TrimSpace(typed) != "":
		return "subject"
	}
	return ""
}

// A SubjectWord is a word that is looked for in subjects.
type SubjectWord struct {
	Text   string
	Begins bool // it stands for all that begin so
}

// SubjectWords are the words that were typed, each once. One that ends in * stands for all
// that begin so; what has no letter or number in it is none.
func SubjectWords(typed string) (list []SubjectWord) {
	known := make(map[SubjectWord]bool)
	for word := range strings.FieldsSeq(typed) {
		bare := strings.TrimRight(word, "*")
		w := SubjectWord{bare, bare != word}
		if known[w] || !strings.ContainsFunc(bare, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue
		}
		known[w] = true
		list = append(list, w)
	}
	return list
}
