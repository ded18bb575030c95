package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// A pattern is an address as PowerShell's cmdlets take it: with asterisks, each for any
// characters. Without one it is what our search takes: a whole address, "@" and a domain,
// or a part.
type pattern string

func patterns(typed []string) (list []pattern) {
	for _, t := range typed {
		list = append(list, pattern(strings.ToLower(strings.TrimSpace(t))))
	}
	return list
}

// orAny is a list with one pattern that fits all in the place of none.
func orAny(list []pattern) []pattern {
	if len(list) == 0 {
		return []pattern{""}
	}
	return list
}

// anyMatches reports whether one of the patterns, if there are any, fits an address.
func anyMatches(list []pattern, address string) bool {
	for _, p := range list {
		if p.matches(address) {
			return true
		}
	}
	return len(list) == 0
}

// all reports whether every address fits.
func (p pattern) all() bool { return strings.Trim(string(p), "*") == "" || p == "*@*" }

// matches reports whether an address fits, in capitals or small letters.
func (p pattern) matches(address string) bool {
	address = strings.ToLower(address)
	pieces := strings.Split(string(p), "*")
	if len(pieces) == 1 {
		if a, err := letterlock.ParseAddress(string(p)); err == nil {
			return strings.ToLower(string(a)) == address
		}
		if a, err := letterlock.ParseAddress("x" + string(p)); err == nil && strings.HasPrefix(string(p), "@") {
			return strings.HasSuffix(address, "@"+a.Domain())
		}
		return strings.Contains(address, string(p))
	}
	rest, ok := strings.CutPrefix(address, pieces[0])
	for _, piece := range pieces[1 : len(pieces)-1] {
		var found bool
		_, rest, found = strings.Cut(rest, piece)
		ok = ok && found
	}
	return ok && strings.HasSuffix(rest, pieces[len(pieces)-1])
}

// minPart is how much of an address a search needs, in characters.
const minPart = 3

// search is what our search is asked for: it finds all that fit, and perhaps more. Empty:
// it has to find all.
func (p pattern) search() string {
	if !strings.Contains(string(p), "*") {
		return string(p)
	}
	end := p[strings.LastIndex(string(p), "*")+1:]
	if at := strings.LastIndex(string(end), "@"); at >= 0 && at+1 < len(end) {
		return string(end[at:]) // its domain
	}
	// A part must not look like a whole address or a domain.
	longest := ""
	for _, piece := range strings.FieldsFunc(string(p), func(r rune) bool { return r == '*' || r == '@' }) {
		if n := utf8.RuneCountInString(piece); n >= minPart && n > utf8.RuneCountInString(longest) {
			longest = piece
		}
	}
	return longest
}

// A subjectFilter is a text that a subject contains, begins or ends with. Empty, it
// matches all.
type subjectFilter struct {
	text             string // in small letters
	anyHead, anyTail bool   // more may stand before it, and after it
}

// subjectFilterOf reads -SubjectFilterType.
func subjectFilterOf(how, text string) (f subjectFilter, err error) {
	if strings.TrimSpace(text) == "" {
		return f, misused("-SubjectFilterType goes with -Subject")
	}
	f.text = strings.ToLower(text)
	switch strings.ToLower(how) {
	case "contains":
		f.anyHead, f.anyTail = true, true
	case "startswith":
		f.anyTail = true
	case "endswith":
		f.anyHead = true
	default:
		return f, misused("-SubjectFilterType is Contains, StartsWith or EndsWith")
	}
	return f, nil
}

func (f subjectFilter) matches(subject string) bool {
	subject = strings.ToLower(subject)
	switch {
	case f.anyHead && f.anyTail:
		return strings.Contains(subject, f.text)
	case f.anyHead:
		return strings.HasSuffix(subject, f.text)
	}
	return strings.HasPrefix(subject, f.text)
}

// words are those of the text that are whole in every subject that matches, and the
// beginning of the last one where that may go on.
func (f subjectFilter) words() string {
	list := strings.Fields(f.text)
	if f.anyHead {
		list = list[1:]
	}
	var words []string
	for i, w := range list {
		if !strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue
		}
		if f.anyTail && i == len(list)-1 {
			if utf8.RuneCountInString(strings.TrimRight(w, "*")) < minPart {
				continue
			}
			w += "*"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
