package eml

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// decodeWords decodes the encoded words of RFC 2047 in s, wherever they stand:
// also inside quotes, without white space between them, with blanks inside, or
// cut in the middle of a character. What is none stays as it is.
func decodeWords(s string) string {
	if !utf8.ValidString(s) {
		s = toUTF8([]byte(s), "")
	}
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var run []byte // of words in one charset, decoded together
	charset, afterWord := "", false
	flush := func() {
		out.WriteString(toUTF8(run, charset))
		run = run[:0]
	}
	for {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, rest, ok := cutWord(s[i:])
		if !ok && rest == "" {
			break // no word ends after here, so none starts
		}
		if gap := s[:i]; !ok || !afterWord || strings.Trim(gap, " \t") != "" {
			flush()
			out.WriteString(gap)
		}
		if !ok {
			out.WriteString(s[i : i+2])
			s, afterWord = s[i+2:], false
			continue
		}
		if w.charset != charset {
			flush()
			charset = w.charset
		}
		run = w.decode(run)
		s, afterWord = rest, true
	}
	flush()
	out.WriteString(s)
	return out.String()
}

// A word is an encoded word.
type word struct {
	charset  string
	encoding byte // 'q' or 'b'
	text     string
}

// cutWord reads the encoded word that s starts with and returns what follows
// it. When it is none, rest is empty if nothing after it can be one either;
// without that, looking for the ends of many beginnings would take for ever.
func cutWord(s string) (w word, rest string, ok bool) {
	name, after, found := strings.Cut(s[2:min(len(s), 82)], "?")
	if !found || len(after) < 2 || after[1] != '?' {
		return word{}, s[2:], false
	}
	encoding := after[0] | 0x20
	if encoding != 'q' && encoding != 'b' {
		return word{}, s[2:], false
	}
	text, rest, found := strings.Cut(s[2+len(name)+3:], "?=")
	if !found {
		return word{}, "", false
	}
	name, _, _ = strings.Cut(name, "*") // RFC 2231 section 5: a language
	return word{charset: label(name), encoding: encoding, text: text}, rest, true
}

func (w word) decode(dst []byte) []byte {
	if w.encoding == 'b' {
		var t base64Transfer
		return t.end(t.decode(dst, []byte(w.text)))
	}
	for i := 0; i < len(w.text); i++ {
		c := w.text[i]
		switch {
		case c == '_':
			c = ' '
		case c == '=' && i+2 < len(w.text) && isHex(w.text[i+1]) && isHex(w.text[i+2]):
			c = unhex(w.text[i+1])<<4 | unhex(w.text[i+2])
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}

// label returns a charset name or encoding name in lower case, or "" for what
// cannot be one.
func label(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"'"))
	if len(s) > 40 {
		return ""
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return s
}

// clean returns s on one line, without control characters and without those
// that turn the direction of the text around them, at most limit characters long.
func clean(s string, limit int) string {
	if plain(s) && len(s) <= limit {
		return s
	}
	n := 0
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\u2028' || r == '\u2029':
			r = ' '
		case unicode.IsControl(r) || turns(r):
			return -1
		}
		if n++; n > limit {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
}

// Line returns what a stranger wrote on one line of so many characters at most,
// without control characters and without those that turn the direction of what
// follows. It is valid UTF-8, and not escaped for any use.
func Line(s string, most int) string { return clean(s, most) }

// turns reports whether r changes the direction of what follows: the explicit
// embeddings, overrides and isolates. The marks that right-to-left writers need
// are not among them.
func turns(r rune) bool {
	return '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069'
}

// plain reports whether s is printable ASCII without blanks at its ends.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}
