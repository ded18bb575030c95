package web

import (
	"strconv"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// mostNamed is how many names are told apart of those under which one mailbox has done a
// thing; what was done under more is put to the last of them.
const mostNamed = 20

// shownTimes is how often a thing may have happened for each time to be shown.
const shownTimes = 3

// stepNames are the words of the history.
var stepNames = map[letterlock.EventKind]string{
	letterlock.Accepted:          "step.accepted",
	letterlock.Notified:          "step.notified",
	letterlock.Delivered:         "step.deliveredInline",
	letterlock.Deferred:          "step.delayed",
	letterlock.FellBack:          "step.linkInstead",
	letterlock.Bounced:           "step.bounced",
	letterlock.PasscodeSent:      "step.passcodeSent",
	letterlock.Read:              "step.read",
	letterlock.Downloaded:        "step.downloaded",
	letterlock.RevokedEvent:      "step.revoked",
	letterlock.Restored:          "step.restored",
	letterlock.ExpiredEvent:      "step.expired",
	letterlock.Replied:           "step.replied",
	letterlock.Forwarded:         "step.forwarded",
	letterlock.ExpiryChanged:     "step.expiryChanged",
	letterlock.PassphraseChanged: "step.passphrase",
	letterlock.AskedEvent:        "step.asked",
	letterlock.ApprovedEvent:     "step.approved",
	letterlock.DeclinedEvent:     "step.declined",

	letterlock.ReleaseAsked:   "step.releaseCodeAskedFor",
	letterlock.ReleaseShown:   "step.releaseCodeShown",
	letterlock.ReleaseRefused: "step.releaseCodeRefused",
	letterlock.ReleaseUsed:    "step.releaseCodeUsed",
}

// A happening is one or more events of the same kind, and by readers of the same name.
type happening struct {
	kind   letterlock.EventKind
	events []letterlock.Event
	others bool // and by some of other names
}

// divides reports whether a kind of event divides a history: what was read before
// access changed is not to be mixed with what was read after.
func divides(k letterlock.EventKind) bool {
	return k == letterlock.RevokedEvent || k == letterlock.Restored || k == letterlock.ExpiryChanged || k == letterlock.PassphraseChanged
}

// happenings puts events of one kind and name together, in the order in which each of them
// first came after what divides the history.
func happenings(events []letterlock.Event) (list []happening) {
	start := 0
	for _, e := range events {
		divides := divides(e.Kind)
		if i := alike(list[start:], e); i >= 0 && !divides {
			h := &list[start+i]
			h.events, h.others = append(h.events, e), h.others || h.events[0].Called != e.Called
		} else {
			list = append(list, happening{kind: e.Kind, events: []letterlock.Event{e}})
		}
		if divides {
			start = len(list)
		}
	}
	return list
}

// alike is which of the happenings an event belongs to; -1: to none.
func alike(list []happening, e letterlock.Event) int {
	last, names := -1, 0
	for i, h := range list {
		switch {
		case h.kind != e.Kind:
		case h.events[0].Called == e.Called:
			return i
		default:
			last, names = i, names+1
		}
	}
	if names < mostNamed {
		return -1
	}
	return last
}

// steps is the history of a recipient as it is drawn. files are the message's
// attachments; alone says that there is no other recipient, so that a number of
// files says enough.
//
// Wrong passcodes are not in it: who typed them has not seen the message, and may
// be anybody who got hold of the link.
func (v sentMail) steps(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment, alone bool) (steps []views.Step) {
	has := map[letterlock.EventKind]bool{}
	for _, h := range happenings(events) {
		switch h.kind {
		case letterlock.PasscodeWrong, letterlock.PassphraseWrong, letterlock.ReleaseWrong:
			continue
		}
		has[h.kind] = true
		s := views.Step{Kind: views.StepDone, Name: sayText(v.server.Words, stepNames[h.kind])}
		s.Times, s.After = v.stepTimes(h.events)
		last := h.events[len(h.events)-1]
		switch h.kind {
		case letterlock.Downloaded:
			s.Before = downloads(v.server.Words, h.events, files, alone) + ", "
			s.After += v.server.proved(last)
		case letterlock.Read:
			s.After += v.server.proved(last)
		case letterlock.RevokedEvent:
			s.Kind = views.StepSeal
			s.After += v.standing(r, last)
		case letterlock.Restored:
			s.After += v.standing(r, last)
		case letterlock.AskedEvent, letterlock.ApprovedEvent, letterlock.DeclinedEvent:
			s.After += ", " + askedFor(v.server.Words, last)
		case letterlock.ExpiryChanged:
			s.After += ", " + v.newEnd(last) + v.standing(r, last)
		case letterlock.PassphraseChanged:
			s.After += ", " + told(v.server.Words, last) + " " + v.server.Text("sent.byYou")
		case letterlock.Bounced:
			s.Kind = views.StepSeal
			s.After += after(last.Detail)
		case letterlock.ReleaseAsked, letterlock.ReleaseShown, letterlock.ReleaseRefused, letterlock.ReleaseUsed:
			s.After += ", " + v.server.Text("trace.referenceCode", "Code", last.Detail)
		case letterlock.Replied, letterlock.Forwarded:
			s.After += after(v.server.toWhom(last.Detail))
		case letterlock.Deferred, letterlock.FellBack, letterlock.Delivered:
			s.After += after(last.Detail)
		}
		s.After += v.server.calledIn(h)
		steps = append(steps, s)
	}
	if end := v.message.Expires; v.expired() && !has[letterlock.ExpiredEvent] && r.Experience == letterlock.Link && !r.Revocation.Revoked() {
		steps = append(steps, views.Step{Kind: views.StepDone, Name: sayText(v.server.Words, stepNames[letterlock.ExpiredEvent]), Times: []views.Time{v.server.stepTime(end, time.Time{})}})
	}
	return append(steps, v.todo(r, has)...)
}

// proved says of an act how the mailbox was proved, where that was not by a passcode.
func (s speaker) proved(e letterlock.Event) string {
	if provider, vouched := e.Proof.Provider(); vouched {
		return ", " + s.Text("sent.signedInWith", "Name", s.Vouch.Name(provider))
	}
	switch e.Proof {
	case letterlock.ByBrowser:
		return ", " + s.Text("sent.inARememberedBrowser")
	case letterlock.ByRelease:
		return ", " + s.Text("sent.byReleaseCode")
	}
	return ""
}

// calledIn says how a reader has named themselves, where the message asks for that.
func (s speaker) calledIn(h happening) string {
	name := h.events[0].Called
	if name == "" {
		return ""
	}
	said := ", " + s.Text("sent.named", "Name", name)
	if h.others {
		said += ", " + s.Text("sent.namedOtherwise")
	}
	return said
}

// todo are the steps that are still to come.
func (v sentMail) todo(r letterlock.Recipient, has map[letterlock.EventKind]bool) (steps []views.Step) {
	next := func(k letterlock.EventKind) {
		if !has[k] {
			steps = append(steps, views.Step{Kind: views.StepTodo, Name: sayText(v.server.Words, stepNames[k])})
		}
	}
	if !r.Bounced.IsZero() {
		return nil
	}
	if r.Experience == letterlock.Inline {
		next(letterlock.Delivered)
		return steps
	}
	if r.State(v.message, v.server.Now()) == letterlock.Live {
		next(letterlock.Notified)
		if v.server.shutOut(v.message, r) {
			return append(steps, views.Step{Kind: views.StepSeal, Name: v.server.Text("sent.cannotSignIn")})
		}
		next(letterlock.Read)
	}
	return steps
}

// shutOut reports whether a recipient could not prove what a message asks for, because a
// provider that could vouch for them is not set up any more.
func (s *Server) shutOut(m letterlock.Message, r letterlock.Recipient) bool {
	return s.Access.Asks(m).Vouched() && !s.Vouch.Vouches(r.Mailbox.Address)
}

// stepTimes shows when something happened; of many times the first and the last.
func (v sentMail) stepTimes(events []letterlock.Event) (times []views.Time, more string) {
	shown := events
	if len(events) > shownTimes {
		shown = []letterlock.Event{events[0], events[len(events)-1]}
		more = ", " + v.server.Text("sent.timesInAll", "Events", strconv.Itoa(len(events)))
	}
	var last time.Time
	for _, e := range shown {
		times = append(times, v.server.stepTime(e.At, last))
		last = e.At
	}
	return times, more
}

// standing says who removed or restored access. An event knows in what capacity;
// the recipient's revocation, if it is that one, knows the person.
func (v sentMail) standing(r letterlock.Recipient, e letterlock.Event) string {
	if e.Kind == letterlock.RevokedEvent && r.Revocation.At.Equal(e.At) {
		return ", " + v.tracked(r.Revocation)
	}
	if strings.HasPrefix(e.Detail, string(letterlock.ByAdministrator)) {
		return ", " + v.server.Text("sent.byAnAdministratorB")
	}
	return ", " + v.server.Text("sent.byYou") // only the sender looks at the Sent folder
}

// askedFor says what a recipient asked for.
func askedFor(say language.Words, e letterlock.Event) string {
	if e.Detail == string(letterlock.AccessAgain) {
		return say.Text("sent.forAccess")
	}
	return say.Text("sent.forMoreTime")
}

// toldWords are what a sender did about the passphrase.
var toldWords = map[letterlock.PassphraseAct]string{
	letterlock.PassphraseAsked:   "sent.passphraseAskedFor",
	letterlock.PassphraseAnother: "sent.passphraseChanged",
	letterlock.PassphraseRemoved: "sent.passphraseNoLongerAskedFor",
	letterlock.PassphraseLost:    "sent.passphraseLost",
}

func told(say language.Words, e letterlock.Event) string {
	return sayText(say, toldWords[letterlock.PassphraseAct(e.Detail)])
}

// newEnd says what a message's expiry was changed to.
func (v sentMail) newEnd(e letterlock.Event) string {
	_, end, _ := strings.Cut(e.Detail, " ")
	at, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return v.server.Text("sent.toNever")
	}
	return v.server.Text("sent.to", "When", v.server.when(at).Text)
}

// tracked says who removed access, in the history: the administrator by name.
func (v sentMail) tracked(r letterlock.Revocation) string {
	if r.By.Address == v.viewer {
		return v.by(r)
	}
	return strings.TrimSuffix(v.remover(r), ",")
}

// toWhom says to whom an answer went, which the history has in English: "to a, b and 2 more".
func (p speaker) toWhom(detail string) string {
	said, ok := strings.CutPrefix(detail, "to ")
	if !ok {
		return detail
	}
	names := strings.Split(said, ", ")
	last, more, _ := strings.Cut(names[len(names)-1], " and ")
	if n, err := strconv.Atoi(strings.TrimSuffix(more, " more")); err == nil {
		names = append(names[:len(names)-1], last, p.Count("list.more", n))
	}
	return p.Text("sent.toWhom", "People", p.listed(names))
}

func after(detail string) string {
	if detail == "" {
		return ""
	}
	return ", " + cut(detail)
}

// taken are the parts that were downloaded, each with the last time. The whole
// mail is all of them.
func taken(events []letterlock.Event, files []access.Attachment) map[int]time.Time {
	parts := map[int]time.Time{}
	for _, e := range events {
		if e.Kind != letterlock.Downloaded {
			continue
		}
		parts[e.Part] = e.At
		if e.Part == access.WholeMail {
			for _, f := range files {
				parts[f.Part] = e.At
			}
		}
	}
	return parts
}

// takenNames names what was downloaded.
func takenNames(say language.Words, events []letterlock.Event, files []access.Attachment) (names []string) {
	parts := taken(events, files)
	if _, whole := parts[access.WholeMail]; whole {
		return []string{say.Text("sent.theWholeMessage")}
	}
	for _, f := range files {
		if _, ok := parts[f.Part]; ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// downloads says what was downloaded: how many of how many, or names.
func downloads(say language.Words, events []letterlock.Event, files []access.Attachment, alone bool) string {
	names := takenNames(say, events, files)
	parts := taken(events, files)
	_, whole := parts[access.WholeMail]
	switch {
	case whole:
		return say.Text("sent.theWholeMessage")
	case alone && len(files) > 1, len(names) > 3, len(names) == 0:
		return say.Text("sent.ofB", "Parts", strconv.Itoa(len(parts)), "Files", strconv.Itoa(len(files)))
	}
	return strings.Join(names, ", ")
}
