package rule

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folded returns s as it is compared: without the difference of large and small
// letters, of wide and narrow ones, of one dash and another, and without characters
// that nobody sees, such as a soft hyphen.
func folded(s string) string {
	if ascii(s) {
		return strings.ToLower(visible(s))
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unseen(r):
			return -1
		case unicode.Is(unicode.Pd, r):
			return '-'
		}
		return r
	}, s)
	return cases.Fold().String(norm.NFKC.String(s))
}

// visible returns s without characters that nobody sees.
func visible(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, s)
}

// unseen reports whether a character is drawn as nothing, or as nothing but room. The
// first are those that Unicode calls Default_Ignorable_Code_Point: format characters,
// variation selectors and others; and control characters, which browsers leave out.
func unseen(r rune) bool {
	switch {
	case ' ' <= r && r < 0x7f, '\t' <= r && r <= '\r':
		return false
	case r < 0xa0:
		return r != 0x85 // which is an end of line
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || blank(r)
}

// blank reports whether a character is no space and still drawn as one: it may stand
// within a word, and in place of the space between two.
func blank(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u2800', '\U0001D159': // fillers of Hangul, Braille without a dot, a note without a head
		return true
	}
	return false
}

// spaced returns s with a space in the place of each blank, and whether there are any.
func spaced(s string) (string, bool) {
	if ascii(s) || !strings.ContainsFunc(s, blank) {
		return s, false
	}
	return strings.Map(func(r rune) rune {
		if blank(r) {
			return ' '
		}
		return r
	}, s), true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unspaced are scripts that put no space between words: each of their characters
// counts as a word, so that a word is found within a sentence.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// longWord is how many bytes of a word are kept: longer ones equal none.
const longWord = 4 * MaxValue

// A splitter finds the words of a text that comes in pieces.
type splitter struct {
	word  []byte
	taken func(word string)
}

// add takes the next piece, which is folded.
func (s *splitter) add(text string) {
	for _, r := range text {
		switch {
		case r >= utf8.RuneSelf && unicode.In(r, unspaced...):
			s.end()
			s.taken(string(r))
		case letter(r):
			if len(s.word) <= longWord {
				s.word = utf8.AppendRune(s.word, r)
			}
		default:
			s.end()
		}
	}
}

// end ends a word that is under way.
func (s *splitter) end() {
	if len(s.word) > 0 {
		s.taken(string(s.word))
		s.word = s.word[:0]
	}
}

func letter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// wordsOf returns the words of a short text.
func wordsOf(text string) (list []string) {
	s := splitter{taken: func(w string) { list = append(list, w) }}
	s.add(folded(text))
	s.end()
	return list
}

// cutAt is where the next piece of a text ends: at a line end near its greatest
// length, or a space, or else between two characters.
func cutAt(text string, most int) int {
	if len(text) <= most {
		return len(text)
	}
	for _, sign := range []byte("\n ") {
		if i := strings.LastIndexByte(text[:most], sign); i > most/2 {
			return i
		}
	}
	for most > 1 && !utf8.RuneStart(text[most]) {
		most--
	}
	return most
}
