package sanitize

import (
	"strings"
	"unicode"
)

// misleads reports whether the text of a link names a host, or a mail address,
// that is not where it leads. It errs on the side of saying so: all that happens
// is that the true host is shown too.
func misleads(shown, host string) bool {
	for word := range strings.FieldsSeq(strings.Map(fold, shown)) {
		if named, ok := hostIn(word); ok && !sameHost(named, host) {
			return true
		}
	}
	return false
}

// sameHost compares what a text names with a true host or, for mailto, with a
// true address.
func sameHost(named, host string) bool {
	local, namedDomain, namedMail := cutLast(named)
	_, domain, isMail := cutLast(host)
	if namedMail && isMail {
		return strings.EqualFold(named, host)
	}
	if namedMail && looksLikeHost(local) { // https://bank.example@evil.example/
		return false
	}
	ascii, ok := asciiHost(namedDomain)
	if !ok {
		return false
	}
	ascii = strings.TrimSuffix(ascii, ".")
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	return strings.TrimPrefix(ascii, "www.") == strings.TrimPrefix(domain, "www.")
}

// cutLast splits an address at its last @; a bare host is all domain.
func cutLast(s string) (local, domain string, isMail bool) {
	if i := strings.LastIndexByte(s, '@'); i > 0 {
		return s[:i], s[i+1:], true
	}
	return "", strings.TrimPrefix(s, "@"), false
}

// hostIn returns the first thing in a word that looks like a host, with the
// local part before it if it looks like a mail address.
func hostIn(word string) (string, bool) {
	for piece := range strings.FieldsFuncSeq(word, func(r rune) bool { return !inHost(r) }) {
		piece = strings.Trim(piece, ".-_")
		if _, domain, _ := cutLast(piece); looksLikeHost(domain) {
			return piece, true
		}
	}
	return "", false
}

func inHost(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(".-_@+", r)
}

// looksLikeHost wants two labels, the last of which could be a top-level domain,
// or the four numbers of an IPv4 address.
func looksLikeHost(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 || strings.Contains(s, "..") {
		return false
	}
	if only(s, "0123456789.") {
		return strings.Count(s, ".") == 3
	}
	top := s[dot+1:]
	if strings.HasPrefix(strings.ToLower(top), "xn--") {
		return true
	}
	letters := 0
	for _, r := range top {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return false
		}
		letters++
	}
	return letters >= 2
}

// fold turns the look-alikes of ASCII punctuation and letters into what they
// look like, and drops what cannot be seen.
func fold(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E: // full-width forms
		return r - 0xFF01 + '!'
	case r == '\u3002' || r == '\uFF61' || r == '\u2024': // other full stops
		return '.'
	case r == '\u00AD' || unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}
