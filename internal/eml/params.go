package eml

import (
	"slices"
	"strconv"
	"strings"
)

// params reads the value of a Content-Type or Content-Disposition field: what
// stands before the first semicolon, in lower case, and the parameters. It
// understands RFC 2231 (continuations, charsets) and what programs write
// instead: no quotes, encoded words, a path with backslashes.
func params(s string) (value string, p map[string]string) {
	value, s, _ = strings.Cut(s, ";")
	value, _, _ = strings.Cut(strings.TrimSpace(value), "(")
	if i := strings.IndexAny(value, " \t"); i >= 0 {
		value = value[:i]
	}
	if s == "" {
		return strings.ToLower(value), nil
	}
	p = map[string]string{}
	var pieces []piece
	for range maxParams {
		if s == "" {
			break
		}
		var name, v string
		name, v, s = cutParam(s)
		if base, number, encoded, ok := splitName(name); ok {
			if base != "" {
				pieces = append(pieces, piece{base, number, encoded, v})
			}
		} else if _, known := p[name]; !known && name != "" {
			p[name] = v
		}
	}
	joinPieces(p, pieces)
	return strings.ToLower(value), p
}

// maxParams is how many parameters are read; a long file name takes thirty.
const maxParams = 100

// A piece is one part of a parameter of RFC 2231: name*0*=..., name*1=...
type piece struct {
	name    string
	number  int
	encoded bool
	value   string
}

// cutParam reads one parameter and returns what follows its semicolon.
func cutParam(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 || s[end] == ';' {
		_, rest, _ = strings.Cut(s, ";")
		return "", "", rest
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, s = cutQuoted(s[1:])
		_, rest, _ = strings.Cut(s, ";")
		return name, value, rest
	}
	value, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSpace(value), rest
}

// cutQuoted reads up to the closing quote. A backslash counts as an escape only
// before what must be escaped: elsewhere it is part of a path.
func cutQuoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// splitName takes the stars of RFC 2231 off a parameter's name.
func splitName(name string) (base string, number int, encoded, ok bool) {
	base, star, found := strings.Cut(name, "*")
	if !found {
		return name, 0, false, false
	}
	if star == "" {
		return base, -1, true, true // not in pieces, and before any that is
	}
	digits, encoded := strings.CutSuffix(star, "*")
	number, err := strconv.Atoi(digits)
	return base, number, encoded, err == nil && number >= 0
}

// joinPieces adds the parameters that came in pieces to p, in place of those
// that came whole: a program that writes both means the whole one for programs
// that cannot read the other.
func joinPieces(p map[string]string, pieces []piece) {
	slices.SortStableFunc(pieces, func(a, b piece) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return a.number - b.number
	})
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && pieces[n].name == pieces[0].name {
			n++
		}
		if pieces[0].number <= 0 {
			p[pieces[0].name] = join(pieces[:n])
		}
		pieces = pieces[n:]
	}
}

// join decodes the pieces of one parameter, up to the first that is missing.
func join(pieces []piece) string {
	charset := ""
	var b []byte
	for i, q := range pieces {
		if i > 0 && (q.number != i || pieces[0].number < 0) {
			break
		}
		v := q.value
		if q.encoded && i == 0 {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				charset, v = label(parts[0]), parts[2]
			}
		}
		if q.encoded {
			b = unpercent(b, v)
		} else {
			b = append(b, v...)
		}
	}
	return toUTF8(b, charset)
}

func unpercent(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}
