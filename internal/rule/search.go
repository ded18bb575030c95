package rule

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// piece is how much of a text is looked at before the time that it takes is.
const piece = 32 << 10

// reach is how far back a piece is looked at once more, so that what lies across two
// of them is found: for patterns, and for numbers.
const (
	patternReach = 8 << 10
	numberReach  = 128
)

// A term is a word or a phrase that a condition looks for.
type term struct {
	words []string
	shown string // as it was typed
	owner int    // which search of the set it belongs to
}

// A pattern is a regular expression that a condition looks for.
type pattern struct {
	re    *regexp.Regexp
	shown string
	owner int
}

// A search is all that is looked for in one kind of text, by all rules together: a
// text is gone through once, however many rules there are.
type search struct {
	byLast   map[string][]term // by their last word
	longest  int               // words of the longest phrase
	patterns []pattern
	data     [][]Data // by owner
	kinds    []Data   // all of them
	owners   int
}

// add has somebody look for values, or for data, and returns their number.
func (s *search) add(terms []term, patterns []pattern, data []Data) (owner int) {
	owner = s.owners
	s.owners++
	for _, t := range terms {
		t.owner = owner
		if s.byLast == nil {
			s.byLast = map[string][]term{}
		}
		last := t.words[len(t.words)-1]
		s.byLast[last] = append(s.byLast[last], t)
		s.longest = max(s.longest, len(t.words))
	}
	for _, p := range patterns {
		p.owner = owner
		s.patterns = append(s.patterns, p)
	}
	s.data = append(s.data, data)
	for _, k := range data {
		if !slices.Contains(s.kinds, k) {
			s.kinds = append(s.kinds, k)
		}
	}
	return owner
}

// A hunt is a search under way in the texts of one mail.
type hunt struct {
	*search
	found  []string // by owner: what was found first; empty: nothing yet
	data   []Data   // that was found
	last   []string // the words before, for phrases
	tail   string   // the end of what was looked at, for patterns
	seen   string   // likewise, without what nobody sees
	past   string   // likewise, folded, for numbers
	begun  bool     // past is not the text's beginning
	unread bool     // there was more than could be looked at
	words  splitter
}

func (s *search) begin() *hunt {
	h := &hunt{search: s, found: make([]string, s.owners)}
	h.words.taken = h.word
	return h
}

// look goes through a text, and once more if there are blanks in it that may stand for
// spaces. spend does a piece of work and reports that it did; it does none when the
// time is over, and then the hunt is unread.
func (h *hunt) look(text string, spend func(func()) bool) {
	if h.owners == 0 {
		return
	}
	h.lookOnce(text, spend)
	again := false
	if !h.unread {
		h.unread = text != "" && !spend(func() { text, again = spaced(text) })
	}
	if again {
		h.lookOnce(text, spend)
	}
}

func (h *hunt) lookOnce(text string, spend func(func()) bool) {
	h.last, h.words.word, h.tail, h.seen, h.past, h.begun = h.last[:0], h.words.word[:0], "", "", "", false
	for text != "" && !h.unread {
		end := cutAt(text, piece)
		h.unread = !h.lookAt(text[:end], end == len(text), spend)
		text = text[end:]
	}
	h.words.end()
}

// lookAt goes through a piece, and reports whether there was time for all of it.
func (h *hunt) lookAt(text string, last bool, spend func(func()) bool) bool {
	f := ""
	if h.byLast != nil || len(h.kinds) > len(h.data) {
		if !spend(func() { f = folded(text) }) {
			return false
		}
	}
	if h.byLast != nil && !spend(func() { h.words.add(f) }) {
		return false
	}
	return h.lookForData(f, last, spend) && h.lookForPatterns(text, spend)
}

func (h *hunt) lookForData(f string, last bool, spend func(func()) bool) bool {
	if len(h.kinds) == len(h.data) {
		return true // all of it is found, or nobody looks for any
	}
	window := h.past + f
	for _, k := range h.kinds {
		if slices.Contains(h.data, k) {
			continue
		}
		there := false
		if !spend(func() { there = finders[k](window, h.begun, last) }) {
			return false
		}
		if there {
			h.data = append(h.data, k)
		}
	}
	h.past, h.begun = tailOf(window, numberReach), true
	return true
}

func (h *hunt) lookForPatterns(text string, spend func(func()) bool) bool {
	if len(h.patterns) == 0 {
		return true
	}
	window, seen := h.tail+text, ""
	if !spend(func() { seen = h.seen + visible(text) }) || !h.match(window, spend) {
		return false
	}
	if seen != window && !h.match(seen, spend) {
		return false
	}
	h.tail, h.seen = tailOfLines(window), tailOfLines(seen)
	return true
}

func (h *hunt) match(window string, spend func(func()) bool) bool {
	for _, p := range h.patterns {
		if h.found[p.owner] != "" {
			continue
		}
		there := false
		if !spend(func() { there = p.re.MatchString(window) }) {
			return false
		}
		if there {
			h.found[p.owner] = p.shown
		}
	}
	return true
}

// tailOfLines is what a pattern looks at once more, from the beginning of a line where
// there is one: it may ask for that.
func tailOfLines(s string) string {
	s = tailOf(s, patternReach)
	if i := strings.IndexByte(s, '\n'); i >= 0 && i < len(s)/2 {
		return s[i+1:]
	}
	return s
}

// tailOf returns the last bytes of s, in whole characters.
func tailOf(s string, n int) string {
	at := max(0, len(s)-n)
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return s[at:]
}

func (h *hunt) word(w string) {
	if len(h.last) == h.longest {
		h.last = slices.Delete(h.last, 0, 1)
	}
	h.last = append(h.last, w)
	for _, t := range h.byLast[w] {
		if n := len(t.words); n <= len(h.last) && h.found[t.owner] == "" && slices.Equal(h.last[len(h.last)-n:], t.words) {
			h.found[t.owner] = t.shown
		}
	}
}

// dataOf returns the first kind of data that an owner looks for and that is there.
func (h *hunt) dataOf(owner int) Data {
	for _, k := range h.search.data[owner] {
		if slices.Contains(h.data, k) {
			return k
		}
	}
	return ""
}
