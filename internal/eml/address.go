package eml

import (
	"strings"

	"letterlock/internal/letterlock"
)

// nameRunes is the most characters of a display name.
const nameRunes = 200

// parseAddresses reads an address field as it comes in real mail: groups,
// comments, routes, semicolons for commas, encoded words in quotes. The second
// result holds what could not be read, decoded for people.
func parseAddresses(s string) (good []letterlock.Mailbox, bad []string) {
	p := addressParser{s: s}
	for p.i < len(p.s) {
		p.step()
	}
	p.finish()
	return p.good, p.bad
}

// An addressParser splits a list before it decodes anything, so that nothing
// hidden in an encoded word can add an address.
type addressParser struct {
	s string
	i int

	raw     strings.Builder // the item outside angle brackets and comments
	phrase  strings.Builder // the same without quotes
	comment string
	angle   string
	angled  bool
	at      bool // raw holds an @

	// Once an end was looked for and is not there, it is not looked for again.
	noQuote, noComment, noAngle, noWord bool

	good []letterlock.Mailbox
	bad  []string
}

func (p *addressParser) step() {
	c := p.s[p.i]
	if p.angled && strings.IndexByte(" \t,;(", c) < 0 {
		p.finish() // a comma was forgotten
	}
	switch c {
	case '"':
		if p.quoted() {
			return
		}
	case '(':
		if p.skipComment() {
			return
		}
	case '<':
		if p.inAngle() {
			return
		}
	case '=':
		if p.word() {
			return
		}
	case ',', ';':
		p.finish()
		p.i++
		return
	case '@':
		p.at = true
	case ':':
		if !p.angled && !p.at {
			p.reset() // the name of a group, or "mailto:"
			p.i++
			return
		}
	}
	p.raw.WriteByte(p.s[p.i])
	p.phrase.WriteByte(p.s[p.i])
	p.i++
}

// quoted takes a quoted string.
func (p *addressParser) quoted() bool {
	if p.noQuote {
		return false
	}
	for i := p.i + 1; i < len(p.s); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '"':
			whole := p.s[p.i : i+1]
			p.raw.WriteString(whole)
			p.phrase.WriteString(unescape(whole[1 : len(whole)-1]))
			p.i = i + 1
			return true
		}
	}
	p.noQuote = true
	return false
}

// skipComment takes a comment, which may hold others.
func (p *addressParser) skipComment() bool {
	if p.noComment {
		return false
	}
	depth := 0
	for i := p.i; i < len(p.s); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.comment = unescape(p.s[p.i+1 : i])
				p.i = i + 1
				return true
			}
		}
	}
	p.noComment = true
	return false
}

func (p *addressParser) inAngle() bool {
	if p.noAngle {
		return false
	}
	n := strings.IndexByte(p.s[p.i:], '>')
	if n < 0 {
		p.noAngle = true
		return false
	}
	p.angle, p.angled = p.s[p.i+1:p.i+n], true
	p.i += n + 1
	return true
}

// word takes an encoded word whole, because real ones hold raw commas.
func (p *addressParser) word() bool {
	if p.noWord || !strings.HasPrefix(p.s[p.i:], "=?") {
		return false
	}
	_, rest, ok := cutWord(p.s[p.i:])
	p.noWord = !ok && rest == ""
	if !ok {
		return false
	}
	whole := p.s[p.i : len(p.s)-len(rest)]
	if strings.IndexByte(whole, '<') >= 0 {
		p.noWord = true // the end that was found is another word's
		return false
	}
	p.raw.WriteString(whole)
	p.phrase.WriteString(whole)
	p.i += len(whole)
	return true
}

// finish makes a mailbox of the item that ends here.
func (p *addressParser) finish() {
	defer p.reset()
	spec, name := p.raw.String(), ""
	if p.angled {
		spec, name = p.angle, displayName(p.phrase.String())
	} else if before, after, ok := strings.Cut(spec, "<"); ok { // its > is missing
		spec, name = after, displayName(unescape(strings.Trim(before, `" `)))
	}
	if strings.TrimSpace(p.raw.String()) == "" && !p.angled {
		return
	}
	if name == "" {
		name = displayName(p.comment)
	}
	a, ok := address(spec)
	if !ok {
		whole := p.raw.String()
		if p.angled {
			whole += "<" + p.angle + ">"
		}
		p.bad = append(p.bad, clean(decodeWords(whole), nameRunes))
		return
	}
	if name == string(a) {
		name = ""
	}
	p.good = append(p.good, letterlock.Mailbox{Name: name, Address: a})
}

func (p *addressParser) reset() {
	p.raw.Reset()
	p.phrase.Reset()
	p.comment, p.angle, p.angled, p.at = "", "", false, false
}

// address reads an addr-spec with what may stand around it: a route, comments,
// white space, quotes of any kind.
func address(s string) (letterlock.Address, bool) {
	s = strings.TrimRight(strings.TrimSpace(s), ".")
	if strings.HasPrefix(s, "@") {
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	if a, err := letterlock.ParseAddress(s); err == nil {
		return a, true
	}
	if len(s) > 1000 {
		return "", false
	}
	s = strings.TrimPrefix(withoutComments(s), "mailto:")
	s = strings.Trim(s, " \t'<>")
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "", false
	}
	a, err := letterlock.ParseAddress(strings.TrimSpace(local) + "@" + strings.TrimSpace(domain))
	return a, err == nil
}

func withoutComments(s string) string {
	for {
		start := strings.LastIndexByte(s, '(')
		if start < 0 {
			return s
		}
		end := strings.IndexByte(s[start:], ')')
		if end < 0 {
			return s
		}
		s = s[:start] + s[start+end+1:]
	}
}

func displayName(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	s = strings.Join(strings.Fields(clean(decodeWords(s), nameRunes)), " ")
	if len(s) > 1 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return s
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
