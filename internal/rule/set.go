package rule

import (
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
)

// A place is an address, or a domain, that a condition names.
type place struct {
	address letterlock.Address
	local   string // at every domain; empty: another place
	domain  string
	below   bool // all domains under it as well
	shown   string
}

// holds reports whether a place is where an address is. Capitals in a mailbox make no
// difference: hardly any server tells mailboxes apart by them.
func (p place) holds(a letterlock.Address) bool {
	if p.local != "" {
		return strings.EqualFold(a.Local(), p.local)
	}
	if p.address != "" {
		return a.Domain() == p.address.Domain() && strings.EqualFold(a.Local(), p.address.Local())
	}
	d := a.Domain()
	return d == p.domain || p.below && strings.HasSuffix(d, "."+p.domain)
}

// A compiled is a rule, ready to be applied.
type compiled struct {
	Rule
	senders, recipients, domains []place

	subject, body, values struct {
		terms    []term
		patterns []pattern
	}
	inSubject, inBody, inData, inValues int // its number in the searches; -1: it looks for nothing there
}

func compile(r Rule) (compiled, []Problem) {
	var c checker
	out := compiled{Rule: r}
	w := r.When
	c.text("name", r.Name, MaxName, true)
	out.senders = c.addresses("senders", w.Senders, true)
	out.recipients = c.addresses("recipients", w.Recipients, false)
	out.domains = c.domains("domains", w.Domains)
	out.subject.terms, out.subject.patterns = c.words("subject", w.Subject)
	out.body.terms, out.body.patterns = c.words("body", w.Body)
	out.values.terms, out.values.patterns = c.words("values", w.Values)
	c.header(w)
	if w.LargerThan < 0 {
		c.wrong("size", OutOfRange, "")
	}
	for _, k := range w.Data {
		if finders[k] == nil {
			c.wrong("data", Unknown, "")
		}
	}
	if len(w.Data) > len(Kinds) {
		c.wrong("data", TooLong, "")
	}
	if w.empty() {
		c.wrong("conditions", Missing, "")
	}
	c.never(out)
	c.actions(r.Then)
	return out, c.problems
}

func (w Conditions) empty() bool {
	return len(w.Senders)+len(w.Recipients)+len(w.Domains)+len(w.Subject)+len(w.Body)+len(w.Data) == 0 && w.Header == "" && w.LargerThan <= 0 && len(w.Values) == 0
}

// never refuses a condition that no mail can meet.
func (c *checker) never(r compiled) {
	if r.When.LargerThan >= maxSize {
		c.wrong("size", NeverMatches, "")
	}
}

// maxSize is more than any setting lets a mail have.
const maxSize = 1 << 40

// A Set is all rules that are enabled, in their order, ready to be applied. It is
// safe for concurrent use.
type Set struct {
	Version int64 // of the rules that it was made of
	rules   []compiled
	subject search
	text    search // words and patterns of bodies
	data    search // in bodies and in the subject
	values  map[string]*search
}

// NewSet compiles the rules that are enabled. One that cannot be is an error of
// whoever let it in: nothing is decided without it.
func NewSet(version int64, rules []Rule) (*Set, error) {
	s := &Set{Version: version, values: map[string]*search{}}
	for _, r := range rules {
		if !r.Enabled {
			continue
		}
		c, problems := compile(r)
		if len(problems) > 0 {
			return nil, &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("rule %s is kept and cannot be applied: %+v", r.ID, problems)}
		}
		s.add(c)
	}
	return s, nil
}

func (s *Set) add(c compiled) {
	c.inSubject, c.inBody, c.inData, c.inValues = -1, -1, -1, -1
	if len(c.When.Subject) > 0 {
		c.inSubject = s.subject.add(c.subject.terms, c.subject.patterns, nil)
	}
	if len(c.When.Body) > 0 {
		c.inBody = s.text.add(c.body.terms, c.body.patterns, nil)
	}
	if len(c.When.Data) > 0 {
		c.inData = s.data.add(nil, nil, c.When.Data)
	}
	if len(c.When.Values) > 0 {
		name := strings.ToLower(c.When.Header)
		if s.values[name] == nil {
			s.values[name] = &search{}
		}
		c.inValues = s.values[name].add(c.values.terms, c.values.patterns, nil)
	}
	s.rules = append(s.rules, c)
}

// Empty reports whether there is nothing to apply.
func (s *Set) Empty() bool { return len(s.rules) == 0 }
