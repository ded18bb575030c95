package letterlock

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCalled is how many characters the name may have that a reader gives.
const MaxCalled = 80

// Why a name is none, as the Key of Invalid.
const (
	NoName   = "name-missing"
	LongName = "name-long"
)

// quotes are those that end a name where it is shown, and what looks like them.
const quotes = "\"\u201c\u201d\u201e\u201f\u2033\u2036\u02ba\u02ee\u02dd\u301d\u301e\u301f\uff02"

// mostMarks is how many marks one letter keeps. No script piles up more; others reach into
// the lines above and below.
const mostMarks = 4

// ParseCalled returns the name that a reader has typed as it is kept and shown to others:
// on one line, without anything that nobody sees or that turns the text around it, and
// without the quotation marks between which it is shown beside what we know. Invalid
// [NoName]: nothing is left, and [LongName]: too much is.
func ParseCalled(typed string) (string, error) {
	var b strings.Builder
	marks, joins := 0, false // joins: the last may be followed by a joiner, without which some names cannot be spelled
	for _, r := range strings.ToValidUTF8(typed, "") {
		switch {
		case r == '\u200c' || r == '\u200d':
			if joins {
				b.WriteRune(r)
			}
			joins = false
			continue
		case strings.ContainsRune(quotes, r):
			continue
		case unicode.IsSpace(r) || r == '\u2800': // Braille without a dot
			r = ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			continue
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		} else if marks > mostMarks {
			continue
		}
		joins = unicode.IsLetter(r) || unicode.IsMark(r)
		b.WriteRune(r)
		if b.Len() > utf8.UTFMax*4*MaxCalled {
			break // blanks, or a name that is too long anyhow
		}
	}
	name := strings.Trim(strings.Join(strings.Fields(b.String()), " "), "\u200c\u200d")
	seen := func(r rune) bool { return r != ' ' && !unicode.IsMark(r) && r != '\u200c' && r != '\u200d' }
	switch {
	case utf8.RuneCountInString(name) > MaxCalled:
		return "", &Error{Code: Invalid, Key: LongName}
	case !strings.ContainsFunc(name, seen):
		return "", &Error{Code: Invalid, Key: NoName}
	}
	return name, nil
}
