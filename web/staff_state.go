package web

import (
	"strconv"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// A sentMail is a message with its recipients, as one of the staff sees it now.
type sentMail struct {
	message    letterlock.Message
	recipients []letterlock.Recipient
	viewer     letterlock.Address
	server     speaker // whose clock, zone and language it is
}

// newSentMail puts together what is needed to speak of a message.
func (s speaker) newSentMail(viewer letterlock.Address, m letterlock.Message, all []letterlock.Recipient) sentMail {
	return sentMail{message: m, recipients: all, viewer: viewer, server: s}
}

// states says what has become of a message, in icons and words, and one fact
// more that stands beside them.
func (v sentMail) states() ([]views.State, string) {
	if v.message.Destroyed {
		return []views.State{{Kind: views.StateExpired, Text: v.server.Text("sent.destroyed")}}, ""
	}
	if len(v.recipients) == 1 {
		s, note := v.single(v.recipients[0])
		return []views.State{s}, note
	}
	return v.several()
}

// state is the state of one recipient.
func (v sentMail) state(r letterlock.Recipient) views.State {
	s, _ := v.single(r)
	return s
}

func (v sentMail) single(r letterlock.Recipient) (views.State, string) {
	link := r.Experience == letterlock.Link
	switch {
	case link && r.Revocation.Revoked():
		return views.State{Kind: views.StateRevoked}, v.by(r.Revocation) + ", " + v.server.brief(r.Revocation.At).Text
	case !r.Bounced.IsZero():
		return views.State{Kind: views.StateBounced}, cut(r.Reply)
	case v.delayed(r):
		return views.State{Kind: views.StateDelayed}, v.delayNote(r.Reply)
	case !link && r.Notified.IsZero():
		return views.State{Kind: views.StateSending}, ""
	case !link:
		return views.State{Kind: views.StateInline}, ""
	case v.expired():
		return views.State{Kind: views.StateExpired}, v.server.day(v.message.Expires).Text
	case v.endsSoon():
		return views.State{Kind: views.StateExpires}, v.in(v.message.Expires) + ", " + readWord(v.server.Words, r)
	case !r.FirstRead.IsZero():
		return views.State{Kind: views.StateRead}, v.expires()
	case r.Notified.IsZero():
		return views.State{Kind: views.StateSending}, v.expires()
	}
	return views.State{Kind: views.StateUnread}, v.expires()
}

func (v sentMail) delayed(r letterlock.Recipient) bool { return r.Delayed(v.message, v.server.Now()) }

// delayNote stands beside a delay: what another server said, which says what can be
// done about it, or else what stands beside a message on its way.
func (v sentMail) delayNote(reply string) string {
	if reply == "" {
		return v.expires()
	}
	return cut(reply)
}

func (v sentMail) expired() bool { return v.message.Ended(v.server.Now()) }

func (v sentMail) endsSoon() bool {
	end := v.message.Expires
	return !end.IsZero() && !v.expired() && end.Sub(v.server.Now()) <= letterlock.Soon
}

// in says how long it takes until t: "in 6 hours".
func (v sentMail) in(t time.Time) string {
	return v.server.Text("sent.in", "Length", v.server.Length(t.Sub(v.server.Now())))
}

// expires is the note of a message that will end, and not soon.
func (v sentMail) expires() string {
	if v.message.Expires.IsZero() {
		return ""
	}
	return v.server.Text("sent.expires", "Date", v.server.day(v.message.Expires).Text)
}

// by says who removed access, as the one who looks would say it.
func (v sentMail) by(r letterlock.Revocation) string {
	switch {
	case r.By.Address == v.viewer:
		return v.server.Text("sent.byYou")
	case r.Standing == letterlock.ByAdministrator:
		return v.server.Text("sent.byAnAdministratorB")
	}
	return v.server.Text("sent.by", "Name", r.By.Called())
}

func readWord(say language.Words, r letterlock.Recipient) string {
	if r.FirstRead.IsZero() {
		return say.Text("sent.unread")
	}
	return say.Text("sent.read")
}

// A tally counts the recipients of a message by what has become of them.
type tally struct {
	links, inlines int
	revoked        int // of the links
	bounced        int // of either; those revoked not counted
	open           int // links that neither were revoked nor came back
	read           int // of the open
	leaving        int // of the open, not notified yet
	last           letterlock.Revocation
	reply          string // of the first that came back
}

func tallyOf(list []letterlock.Recipient) (t tally) {
	for _, r := range list {
		if r.Experience == letterlock.Inline {
			t.inlines++
		} else {
			t.links++
		}
		switch {
		case r.Revocation.Revoked():
			t.revoked++
			if !r.Revocation.At.Before(t.last.At) {
				t.last = r.Revocation
			}
		case !r.Bounced.IsZero():
			if t.bounced == 0 {
				t.reply = r.Reply
			}
			t.bounced++
		case r.Experience == letterlock.Link:
			t.open++
			if !r.FirstRead.IsZero() {
				t.read++
			} else if r.Notified.IsZero() {
				t.leaving++
			}
		}
	}
	return t
}

// A delay counts the recipients whose mail should have left.
type delay struct {
	all   int
	links int    // of them
	reply string // the first that is known
}

func (v sentMail) delays() (d delay) {
	for _, r := range v.recipients {
		if !v.delayed(r) {
			continue
		}
		d.all++
		if r.Experience == letterlock.Link {
			d.links++
		}
		if d.reply == "" {
			d.reply = r.Reply
		}
	}
	return d
}

// several sums up more than one recipient: what is revoked first, then what
// those with a link have done, then the rest.
func (v sentMail) several() (list []views.State, note string) {
	t := tallyOf(v.recipients)
	if t.revoked > 0 {
		s := views.State{Kind: views.StateRevoked}
		note = v.by(t.last) + ", " + v.server.brief(t.last.At).Text
		if t.revoked < t.links {
			s.Text = v.server.Text("sent.ofRevoked", "Revoked", strconv.Itoa(t.revoked), "Recipients", strconv.Itoa(len(v.recipients)))
		} else if t.inlines > 0 {
			note = v.server.Text("sent.of", "Revoked", strconv.Itoa(t.revoked), "Recipients", strconv.Itoa(len(v.recipients)))
		}
		list = append(list, s)
	}
	late := v.delays()
	if t.open > late.links {
		s, end := v.opened(t)
		list = append(list, s)
		if note == "" {
			note = end
		}
	}
	if t.inlines > 0 {
		s := views.State{Kind: views.StateInline}
		if t.inlines < len(v.recipients) {
			s.Text = v.server.Text("sent.inline", "Inlines", strconv.Itoa(t.inlines))
		}
		list = append(list, s)
	}
	if late.all > 0 {
		s := views.State{Kind: views.StateDelayed}
		if late.all < len(v.recipients) {
			s.Text = v.server.Text("sent.delayed", "All", strconv.Itoa(late.all))
		}
		list = append(list, s)
		if note == "" {
			note = v.delayNote(late.reply)
		}
	}
	if t.bounced > 0 {
		list = append(list, views.State{Kind: views.StateBounced, Text: v.server.Text("sent.bounced", "Bounced", strconv.Itoa(t.bounced))})
		if note == "" {
			note = cut(t.reply)
		}
	}
	return list, note
}

// opened sums up the recipients who have a link that is not revoked.
func (v sentMail) opened(t tally) (views.State, string) {
	read := v.server.Text("sent.ofRead", "Read", strconv.Itoa(t.read), "Open", strconv.Itoa(t.open))
	switch {
	case v.expired():
		return views.State{Kind: views.StateExpired}, v.server.day(v.message.Expires).Text
	case v.endsSoon():
		return views.State{Kind: views.StateExpires}, v.in(v.message.Expires) + ", " + read
	case t.read == t.open:
		return views.State{Kind: views.StateRead}, v.expires()
	case t.read > 0:
		return views.State{Kind: views.StateRead, Text: read}, v.expires()
	case t.leaving == t.open:
		return views.State{Kind: views.StateSending}, v.expires()
	}
	return views.State{Kind: views.StateUnread}, v.expires()
}

// cut is what another server said, short enough to stand in a line.
func cut(reply string) string {
	const most = 100
	if r := []rune(reply); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return reply
}
