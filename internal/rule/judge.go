package rule

import (
	"iter"
	"slices"
	"strings"
	"time"

	"letterlock/internal/cputime"
	"letterlock/internal/letterlock"
)

// A Mail is what rules look at.
type Mail struct {
	Sender     letterlock.Address
	Others     []letterlock.Address // whom its From names beside the sender, where nobody saw to it that it does not
	Unknown    bool                 // its From holds what is no address: anybody may be meant
	Cut        bool                 // its header is cut off: what is not found in it may be there all the same
	Recipients []letterlock.Address
	Subject    string
	Fields     []Field // of its header
	Size       int64   // bytes of the raw mail

	// Texts yields the parts that are text, as far as they may be read. It is
	// asked for once, and only if a rule needs it. nil: there are none.
	Texts iter.Seq2[Text, error]
	// Limits bound what looking at the texts may cost.
	Limits Limits
}

// A Field is a field of a mail's header, decoded.
type Field struct{ Name, Value string }

// A Text is one part that is text, or as much of it as could be read.
type Text struct {
	Text string
	Cut  bool // there is more of it
}

// Limits bound what one mail may cost. A zero field means its default.
type Limits struct {
	Bytes int64         // of decoded text; default 4 MiB
	CPU   time.Duration // of a processor; default 2 s
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 4 << 20
	}
	if l.CPU == 0 {
		l.CPU = 2 * time.Second
	}
	return l
}

// An Answer says whether a mail meets something.
type Answer int

const (
	No    Answer = iota
	Could        // what could not be read may meet it; it counts as if it did
	Yes
)

// A Reason is the answer to one condition of a rule.
type Reason struct {
	Condition string // as the Field of a Problem is called
	Answer    Answer
	Value     string // which of its values was met, as the administrator typed it; or a kind of Data
}

// An Outcome is what one rule says to a mail.
type Outcome struct {
	Rule    Rule
	Answer  Answer
	Reasons []Reason // in the order of the conditions on the page
}

// A Verdict is what all rules together ask of a mail.
type Verdict struct {
	Version    int64
	Outcomes   []Outcome // of each enabled rule, in order
	Protection letterlock.Protection
	By         string // name of the rule that asks for the protection
	Expiry     letterlock.Span
	Portal     bool
	Brand      string // of the first rule that names one; empty: none does
	Asks       letterlock.Demand
	Refused    bool
	RefusedBy  string
	Sentence   string // for the sender of a refused mail
	Pass       bool   // where nothing else asks for protection the mail goes on as it came, by the gateway
	PassedBy   string
	Unread     bool // not all of the text could be looked at
}

// Judge applies the rules to a mail. The error is one of reading it.
func (s *Set) Judge(m Mail) (Verdict, error) {
	v := Verdict{Version: s.Version}
	if s.Empty() {
		return v, nil
	}
	j := judging{set: s, mail: m, limits: m.Limits.withDefaults()}
	if err := j.read(); err != nil {
		return Verdict{}, err
	}
	v.Unread = j.unread()
	for i := range s.rules {
		o := j.outcome(&s.rules[i])
		v.Outcomes = append(v.Outcomes, o)
		switch {
		case o.Rule.Then.Pass && o.Answer == Yes && !v.Pass:
			v.Pass, v.PassedBy = true, o.Rule.Name
		case !o.Rule.Then.Pass && o.Answer != No:
			v.raise(o.Rule)
		}
	}
	return v, nil
}

// raise adds what a rule asks for.
func (v *Verdict) raise(r Rule) {
	a := r.Then
	if a.Refuse {
		if !v.Refused {
			v.Refused, v.RefusedBy, v.Sentence = true, r.Name, a.Sentence
		}
		return
	}
	if v.Brand == "" {
		v.Brand = a.Brand
	}
	if a == (Actions{Brand: a.Brand}) {
		return // how a mail looks is no reason to protect it
	}
	asked := a.Protection
	if asked == "" {
		asked = letterlock.EncryptOnly // what is to end, or to be read in the portal, cannot leave open
	}
	if v.Protection == "" || asked == letterlock.DoNotForward && v.Protection != asked {
		v.Protection, v.By = asked, r.Name
	}
	if a.Expiry > 0 && (v.Expiry == 0 || a.Expiry < v.Expiry) {
		v.Expiry = a.Expiry
	}
	v.Asks = v.Asks.And(a.Asks)
	v.Portal = v.Portal || a.Portal || a.Asks != letterlock.NoDemand
}

// A judging is one mail that is being judged.
type judging struct {
	set     *Set
	mail    Mail
	limits  Limits
	spent   time.Duration
	subject *hunt
	text    *hunt
	data    *hunt
	values  map[string]*hunt
	fields  map[string]bool // names that are there
}

// spend does a piece of work and reports that it did; it does none when the time
// is over.
func (j *judging) spend(work func()) bool {
	if j.spent >= j.limits.CPU {
		return false
	}
	j.spent += cputime.Of(work)
	return true
}

// read looks at everything that any rule asks about.
func (j *judging) read() error {
	s := j.set
	j.subject, j.text, j.data = s.subject.begin(), s.text.begin(), s.data.begin()
	j.subject.look(j.mail.Subject, j.spend)
	j.data.look(j.mail.Subject, j.spend)
	j.values, j.fields = map[string]*hunt{}, map[string]bool{}
	for _, f := range j.mail.Fields {
		name := strings.ToLower(f.Name)
		j.fields[name] = true
		if sought := s.values[name]; sought != nil {
			if j.values[name] == nil {
				j.values[name] = sought.begin()
			}
			j.values[name].look(f.Value, j.spend)
		}
	}
	if s.text.owners == 0 && s.data.owners == 0 || j.mail.Texts == nil {
		return nil
	}
	for t, err := range j.mail.Texts {
		if err != nil {
			return err
		}
		j.text.look(t.Text, j.spend)
		j.data.look(t.Text, j.spend)
		if t.Cut || j.text.unread || j.data.unread {
			j.text.unread, j.data.unread = true, true // nothing after it can be read either
			break
		}
	}
	return nil
}

// unread reports whether anything was looked for in more than could be looked at.
func (j *judging) unread() bool {
	unread := j.subject.unread || j.text.unread || j.data.unread
	for _, h := range j.values {
		unread = unread || h.unread
	}
	return unread
}

func (j *judging) outcome(r *compiled) Outcome {
	o := Outcome{Rule: r.Rule, Answer: Yes}
	add := func(is bool, condition string, a Answer, value string) {
		if is {
			o.Reasons = append(o.Reasons, Reason{Condition: condition, Answer: a, Value: value})
			o.Answer = min(o.Answer, a)
		}
	}
	w := r.When
	in := oneIn
	if r.Then.Pass {
		in = allIn
	}
	sender, by := in(r.senders, j.mail.senders())
	if (j.mail.Unknown || j.mail.Cut) && (sender == Yes) == r.Then.Pass {
		sender = Could // it may be from somebody else, or from somebody else as well
	}
	add(len(w.Senders) > 0, "senders", sender, by)
	recipient, by := in(r.recipients, j.mail.Recipients)
	add(len(w.Recipients) > 0, "recipients", recipient, by)
	domain, by := in(r.domains, j.mail.Recipients)
	add(len(w.Domains) > 0, "domains", domain, by)
	a, by := j.subject.answer(r.inSubject)
	a = j.unless(a)
	add(r.inSubject >= 0, "subject", a, by)
	a, by = j.text.answer(r.inBody)
	add(r.inBody >= 0, "body", a, by)
	if w.Header != "" {
		a, by := j.header(r)
		add(true, "header", j.unless(a), by)
	}
	add(w.LargerThan > 0, "size", answer(j.mail.Size > w.LargerThan), "")
	if r.inData >= 0 {
		found := string(j.data.dataOf(r.inData))
		add(true, "data", answered(found, j.data.unread), found)
	}
	return o
}

// unless returns the answer to a question about the header, where No is certain only if
// all of it could be read.
func (j *judging) unless(a Answer) Answer {
	if a == No && j.mail.Cut {
		return Could
	}
	return a
}

func (j *judging) header(r *compiled) (Answer, string) {
	name := strings.ToLower(r.When.Header)
	if r.inValues < 0 {
		return answer(j.fields[name]), ""
	}
	h := j.values[name]
	if h == nil {
		return No, ""
	}
	return h.answer(r.inValues)
}

// answer says whether an owner has found something, and what; -1 is nobody.
func (h *hunt) answer(owner int) (Answer, string) {
	if owner < 0 {
		return No, ""
	}
	return answered(h.found[owner], h.unread), h.found[owner]
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// answered is Yes for what was found, and Could where not everything was looked at.
func answered(found string, unread bool) Answer {
	switch {
	case found != "":
		return Yes
	case unread:
		return Could
	}
	return No
}

// senders are all whom a mail is from.
func (m *Mail) senders() (list []letterlock.Address) {
	if m.Sender != "" {
		list = append(list, m.Sender)
	}
	return append(list, m.Others...)
}

// oneIn reports whether one place holds one of the addresses, and how it is shown. An
// address that a server may take for a way on is where that leads as well.
func oneIn(places []place, list []letterlock.Address) (Answer, string) {
	for _, p := range places {
		for _, a := range list {
			for ; a != ""; a = onward(a) {
				if p.holds(a) {
					return Yes, p.shown
				}
			}
		}
	}
	return No, ""
}

// onward returns where a mail leaves for behind the domain of an address of the form
// user%domain@here or domain!user@here, as Postfix and others read them for domains of
// their own; empty: nowhere.
func onward(a letterlock.Address) (to letterlock.Address) {
	local := a.Local()
	if i := strings.IndexByte(local, '!'); i >= 0 {
		to, _ = letterlock.ParseAddress(local[i+1:] + "@" + local[:i])
	}
	if i := strings.LastIndexByte(local, '%'); i >= 0 && to == "" {
		to, _ = letterlock.ParseAddress(local[:i] + "@" + local[i+1:])
	}
	return to // none for what is no address
}

// allIn reports whether places hold all of the addresses, and how the first is shown.
// Wherever an address may lead is to be among them.
func allIn(places []place, list []letterlock.Address) (Answer, string) {
	first := ""
	for _, a := range list {
		for ; a != ""; a = onward(a) {
			i := slices.IndexFunc(places, func(p place) bool { return p.holds(a) })
			if i < 0 {
				return No, ""
			}
			if first == "" {
				first = places[i].shown
			}
		}
	}
	return answer(len(list) > 0), first
}
