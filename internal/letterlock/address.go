package letterlock

import (
	"errors"
	"iter"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// An Address is a mail address in its one canonical form, made once where it
// enters the program and compared byte for byte from then on. The domain is
// lower-case ASCII (A-labels); the local part is kept as written, because only
// its own mail system knows which spellings are the same mailbox.
type Address string

// strictDomain accepts only labels that are in the form IDNA would store. It
// maps nothing: a domain with characters that IDNA maps away (full-width
// letters, soft hyphens, ...) looks like another and is refused.
var strictDomain = idna.New(idna.ValidateForRegistration(), idna.VerifyDNSLength(true), idna.BidiRule())

var errAddress = errors.New("not a mail address")

// ParseAddress returns the canonical form of s, or Invalid. It accepts an
// addr-spec of RFC 5321 with the extensions of RFC 6531; address literals
// ([192.0.2.1]) and domains of a single label are refused.
func ParseAddress(s string) (Address, error) {
	fail := func() (Address, error) {
		return "", &Error{Code: Invalid, Key: "address", Err: errAddress}
	}
	if len(s) > 320 || !utf8.ValidString(s) {
		return fail()
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return fail()
	}
	local, ok := canonicalLocal(s[:at])
	if !ok {
		return fail()
	}
	domain, ok := canonicalDomain(s[at+1:])
	if !ok || len(local)+1+len(domain) > 254 {
		return fail()
	}
	return Address(local + "@" + domain), nil
}

func canonicalDomain(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
	if !strings.Contains(s, ".") || strings.HasSuffix(s, ".") {
		return "", false
	}
	// No top-level domain is a number: 192.0.2.1 is an address literal without
	// its brackets.
	if top := s[strings.LastIndexByte(s, '.')+1:]; strings.Trim(top, "0123456789") == "" {
		return "", false
	}
	d, err := strictDomain.ToASCII(s)
	return d, err == nil
}

// canonicalLocal keeps a dot-atom as it is and unquotes a quoted string whose
// quotes were not needed. RFC 5321 section 4.1.2, RFC 6531 section 3.3.
func canonicalLocal(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	if !strings.HasPrefix(s, `"`) {
		return s, isDotAtom(s)
	}
	if len(s) < 3 || !strings.HasSuffix(s, `"`) {
		return "", false
	}
	var b strings.Builder
	escaped := false
	for _, r := range s[1 : len(s)-1] {
		switch {
		case r < ' ' || r == 0x7f || r >= utf8.RuneSelf && !visible(r):
			return "", false
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			return "", false
		default:
			b.WriteRune(r)
		}
	}
	if escaped || b.Len() == 0 {
		return "", false
	}
	if isDotAtom(b.String()) {
		return b.String(), true
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(b.String()) + `"`
	return quoted, len(quoted) <= 64
}

func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if r < utf8.RuneSelf {
				if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~", r) {
					return false
				}
				continue
			}
			if !visible(r) {
				return false
			}
		}
	}
	return true
}

// visible reports whether a character beyond ASCII may stand in a local part:
// letters, marks and symbols of any script, but nothing that is invisible, turns
// the direction of the text around it, or stands for what could not be decoded.
func visible(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// Local returns the part before the last @.
func (a Address) Local() string {
	if i := strings.LastIndexByte(string(a), '@'); i >= 0 {
		return string(a[:i])
	}
	return string(a)
}

// Domain returns the part after the last @, in A-labels.
func (a Address) Domain() string {
	if i := strings.LastIndexByte(string(a), '@'); i >= 0 {
		return string(a[i+1:])
	}
	return ""
}

// First returns the first character of the local part, for masks: everything
// else of it is hidden from whoever has proved nothing.
func (a Address) First() string {
	r, _ := utf8.DecodeRuneInString(strings.TrimPrefix(a.Local(), `"`))
	return string(r)
}

// Masked returns the address with all but its first character and its domain hidden.
func (a Address) Masked() string { return a.First() + "••••@" + a.Domain() }

// A Mailbox is an address with the name its owner goes by.
type Mailbox struct {
	Name    string // may be empty
	Address Address
}

// Called returns the name, or the address when there is none.
func (m Mailbox) Called() string {
	if m.Name != "" {
		return m.Name
	}
	return string(m.Address)
}

// ParseMailboxes reads a list as people type it into a To field: addresses or
// "Name <address>", separated by commas, semicolons or line ends. The second
// result holds what could not be read, verbatim.
func ParseMailboxes(s string) (good []Mailbox, bad []string) {
	for item := range items(s) {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		m, err := parseMailbox(item)
		if err != nil {
			bad = append(bad, item)
			continue
		}
		good = append(good, m)
	}
	return good, bad
}

func parseMailbox(s string) (Mailbox, error) {
	if a, err := ParseAddress(s); err == nil {
		return Mailbox{Address: a}, nil
	}
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		a, err := ParseAddress(s[i+1 : len(s)-1])
		if err != nil {
			return Mailbox{}, err
		}
		name := strings.TrimSpace(s[:i])
		if p, err := mail.ParseAddress(name + " <x@example.com>"); err == nil {
			name = p.Name
		}
		return Mailbox{Name: name, Address: a}, nil
	}
	return Mailbox{}, &Error{Code: Invalid, Key: "address", Err: errAddress}
}

// items yields what stands between the separators of a list. Inside double quotes
// only a line end separates, so that a quote left open costs one line.
func items(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, quoted, escaped := 0, false, false
		for i := 0; i < len(s); i++ {
			c := s[i]
			end := c == '\n' || c == '\r'
			switch {
			case end || !quoted && (c == ',' || c == ';'):
				if !yield(s[start:i]) {
					return
				}
				start, quoted, escaped = i+1, quoted && !end, false
			case escaped:
				escaped = false
			case c == '\\':
				escaped = quoted
			case c == '"':
				quoted = !quoted
			}
		}
		yield(s[start:])
	}
}
