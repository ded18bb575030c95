package web

import (
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/views"
)

// now is the moment of these tests, on a Friday.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// at is a moment of today.
func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-11-20 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// quiet is a server that only knows what time it is.
func quiet() *Server {
	return &Server{Options: Options{Now: func() time.Time { return now }, Location: time.UTC, Access: &access.Service{}}}
}

// A change makes a recipient out of one who was notified and has done nothing.
type change func(*letterlock.Recipient)

func one(address string, changes ...change) letterlock.Recipient {
	r := letterlock.Recipient{
		ID: letterlock.ID(address), Mailbox: letterlock.Mailbox{Address: letterlock.Address(address)},
		Experience: letterlock.Link, Notified: at("09:16"),
	}
	for _, c := range changes {
		c(&r)
	}
	return r
}

func named(name string) change { return func(r *letterlock.Recipient) { r.Mailbox.Name = name } }
func read(r *letterlock.Recipient) {
	r.FirstRead, r.LastRead = at("09:33"), at("09:33")
}
func waiting(r *letterlock.Recipient) { r.Notified = time.Time{} }
func putOff(r *letterlock.Recipient) {
	r.Notified, r.Reply = time.Time{}, "451 busy"
}
func putOffLater(r *letterlock.Recipient) {
	r.Reply = "at a server further on: 451 busy"
}
func bounced(r *letterlock.Recipient) {
	r.Notified, r.Bounced, r.Reply = time.Time{}, at("09:20"), "mailbox does not exist"
}
func itself(r *letterlock.Recipient) {
	r.Experience, r.Why = letterlock.Inline, policy.WhyInlineType
}
func fellBack(r *letterlock.Recipient) { r.Why = policy.WhyFellBack }
func own(r *letterlock.Recipient) {
	r.Experience, r.Why = letterlock.Inline, policy.WhyOrganization
}
func byAda(r *letterlock.Recipient) {
	r.Revocation = letterlock.Revocation{At: at("11:52"), By: letterlock.Mailbox{Name: "Ada", Address: ada}, Standing: letterlock.BySender}
}
func byGrace(r *letterlock.Recipient) {
	r.Revocation = letterlock.Revocation{At: at("11:58"), By: letterlock.Mailbox{Name: "Grace", Address: grace}, Standing: letterlock.ByAdministrator}
}

func seen(expires time.Time, list ...letterlock.Recipient) sentMail {
	m := letterlock.Message{ID: "id", Subject: "Minutes", Sender: letterlock.Mailbox{Address: ada}, Accepted: at("09:15"), Expires: expires}
	return speaker{Server: quiet()}.newSentMail(ada, m, list)
}

// fresh is a mail as if it had been sent a minute ago.
func fresh(v sentMail) sentMail {
	v.message.Accepted = now.Add(-time.Minute)
	return v
}

var (
	never  time.Time
	later  = now.AddDate(0, 0, 14)
	soonly = now.Add(6*time.Hour + time.Minute)
	over   = now.Add(-time.Hour)
)

func TestStateOfAMessageIsInWords(t *testing.T) {
	m, j, c := "marta@q.example", "jonas@r.example", "carol@outlook.com"
	tests := []struct {
		name string
		mail sentMail
		want string
	}{
		{"sending", fresh(seen(never, one(m, waiting))), "sending:"},
		{"put off", fresh(seen(later, one(m, putOff))), "delayed: | 451 busy"},
		{"waits too long", seen(later, one(m, waiting)), "delayed: | expires 4 December"},
		{"put off, ends soon", seen(soonly, one(m, putOff)), "delayed: | 451 busy"},
		{"put off, expired", seen(over, one(m, putOff)), "expired: | 20 November"},
		{"put off, revoked", seen(never, one(m, putOff, byAda)), "revoked: | by you, 11:52"},
		{"put off, read by another link", seen(never, one(m, putOff, read)), "read:"},
		{"put off further on", seen(later, one(m, putOffLater)), "delayed: | at a server further on: 451 busy"},
		{"put off further on, read", seen(never, one(m, putOffLater, read)), "read:"},
		{"unread", seen(never, one(m)), "unread:"},
		{"unread, ends", seen(later, one(m)), "unread: | expires 4 December"},
		{"read", seen(later, one(m, read)), "read: | expires 4 December"},
		{"ends soon, unread", seen(soonly, one(m)), "expires: | in 6 hours, unread"},
		{"ends soon, read", seen(soonly, one(m, read)), "expires: | in 6 hours, read"},
		{"expired", seen(over, one(m, read)), "expired: | 20 November"},
		{"bounced", seen(later, one(m, bounced)), "bounced: | mailbox does not exist"},
		{"revoked by the sender", seen(never, one(m, read, byAda)), "revoked: | by you, 11:52"},
		{"revoked by another", seen(never, one(m, byGrace)), "revoked: | by an administrator, 11:58"},
		{"revoked, then expired", seen(over, one(m, byAda)), "revoked: | by you, 11:52"},
		{"inline", seen(later, one(c, itself)), "inline:"},
		{"inline, on its way", fresh(seen(never, one(c, itself, waiting))), "sending:"},
		{"inline, put off", fresh(seen(later, one(c, itself, putOff))), "delayed: | 451 busy"},
		{"inline, put off further on", seen(later, one(c, itself, putOffLater)), "delayed: | at a server further on: 451 busy"},
		{"inline, bounced", seen(never, one(c, itself, bounced)), "bounced: | mailbox does not exist"},
		{"some read", seen(never, one(m, read), one(j), one(c, itself)), "read:1 of 2 read inline:1 inline"},
		{"all read", seen(never, one(m, read), one(j, read)), "read:"},
		{"none read", seen(later, one(m), one(j)), "unread: | expires 4 December"},
		{"none notified", fresh(seen(never, one(m, waiting), one(j, waiting))), "sending:"},
		{"one put off, one on its way", fresh(seen(never, one(m, putOff), one(j, waiting))), "sending: delayed:1 delayed | 451 busy"},
		{"one put off", seen(later, one(m, read), one(j, putOff)), "read:1 of 2 read delayed:1 delayed | expires 4 December"},
		{"one put off further on", seen(never, one(m), one(j, putOffLater)), "unread: delayed:1 delayed | at a server further on: 451 busy"},
		{"all put off", seen(later, one(m, putOff), one(j, putOff)), "delayed: | 451 busy"},
		{"all put off, expired", seen(over, one(m, putOff), one(j, putOff)), "expired: | 20 November"},
		{"one inline, put off", seen(never, one(m), one(c, itself, putOff)), "unread: inline:1 inline delayed:1 delayed | 451 busy"},
		{"one put off, one revoked, one bounced", seen(never, one(m, putOff), one(j, byAda), one(c, bounced)), "revoked:1 of 3 revoked delayed:1 delayed bounced:1 bounced | by you, 11:52"},
		{"several end soon", seen(soonly, one(m, read), one(j)), "expires: | in 6 hours, 1 of 2 read"},
		{"several expired", seen(over, one(m, read), one(j)), "expired: | 20 November"},
		{"all inline", seen(never, one(m, itself), one(j, own)), "inline:"},
		{"all revoked", seen(never, one(m, byAda), one(j, byAda)), "revoked: | by you, 11:52"},
		{"all links revoked", seen(never, one(m, byAda), one(j, byAda), one(c, itself)), "revoked: inline:1 inline | 2 of 3"},
		{"one of three revoked", seen(never, one(m, byAda), one(j, read), one(c, itself)), "revoked:1 of 3 revoked read: inline:1 inline | by you, 11:52"},
		{"one bounced", seen(never, one(m, read), one(j, bounced)), "read: bounced:1 bounced | mailbox does not exist"},
		{"destroyed", func() sentMail { v := seen(never, one(m)); v.message.Destroyed = true; return v }(), "expired:Destroyed"},
	}
	for _, tt := range tests {
		states, note := tt.mail.states()
		var got []string
		for _, s := range states {
			got = append(got, string(s.Kind)+":"+s.Text)
		}
		if note != "" {
			got = append(got, "|", note)
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, g, tt.want)
		}
	}
}

// said is what a band says, and what it offers.
func said(b views.Band) string {
	s := string(b.Kind) + ": " + b.Lead
	for _, part := range []string{b.Text, b.When.Text, b.Ask} {
		if part != "" {
			s += " " + part
		}
	}
	s += b.Tail
	if b.RevokeURL != "" {
		s += " [" + b.RevokeURL + " " + b.Revoke + "]"
	}
	if b.RestoreURL != "" {
		s += " [" + b.RestoreURL + "]"
	}
	return s
}

func TestBandSaysWhoHasAccessAndWhatCanBeDone(t *testing.T) {
	m, j, y, c := "marta@q.example", "jonas@r.example", "yuki@yahoo.co.jp", "carol@outlook.com"
	several := &letterlock.Error{Code: letterlock.Denied, Key: "several-recipients"}
	admin := &letterlock.Error{Code: letterlock.Denied, Key: "by-administrator"}
	may, mayNot := right{}, right{revoke: several, restore: several}
	tests := []struct {
		name string
		mail sentMail
		may  right
		want string
	}{
		{"one", seen(never, one(m, named("Marta Lind"))), may, "can: Marta Lind can read this message. You can take it back. [/sent/id/remove ]"},
		{"one, bounced", seen(never, one(m, bounced)), may, "can: The notification did not reach marta@q.example. You can take the message back all the same. [/sent/id/remove ]"},
		{"one, expired", seen(over, one(m)), may, "can: The message expired on 20 November. marta@q.example can no longer read it. You can still remove access. [/sent/id/remove ]"},
		{"one, revoked", seen(never, one(m, named("Marta Lind"), byAda)), may, "revoked: External access has been removed by you, Ada, today at 11:52 UTC. Marta Lind can no longer read this message. [/sent/id/restore]"},
		{"one, by an administrator", seen(never, one(m, byGrace)), right{restore: admin}, "revoked: External access has been removed by Grace, an administrator, today at 11:58 UTC. marta@q.example can no longer read this message. Only an administrator can restore it."},
		{"one, inline", seen(never, one(c, named("Carol Brandt"), itself)), right{revoke: &letterlock.Error{Code: letterlock.Denied, Key: "inline"}}, "cannot: Carol Brandt received the message itself. It cannot be taken back: outlook.com has the message itself."},
		{"one, on its way inline", seen(never, one("eve@contoso.example", own, waiting)), may, "cannot: eve@contoso.example receives the message itself. It cannot be taken back: contoso.example is your own organisation."},
		{"several, all inline", seen(never, one(c, itself), one(m, own)), may, "cannot: Every recipient receives the message itself. It cannot be taken back."},
		{"several, not the sender's", seen(never, one(m), one(j), one(c, itself)), mayNot, "cannot: You cannot remove access because this message has more than one recipient. An administrator can: grace@contoso.example. It would remain with carol@outlook.com, who received it inline."},
		{"several, one revoked, not the sender's", seen(never, one(m, byGrace), one(j)), mayNot, "cannot: You cannot remove access because this message has more than one recipient. An administrator can: grace@contoso.example. 1 of 2 recipients can no longer read it."},
		{"several", seen(never, one(m), one(j)), may, "can: 2 recipients can read this message. You can take it back. [/sent/id/remove Remove external access for both]"},
		{"several, one inline", seen(never, one(m), one(c, itself), one(j)), may, "can: 2 of 3 recipients can be taken back. carol@outlook.com received it inline; that copy stays. [/sent/id/remove Remove external access for both]"},
		{"several, one revoked", seen(never, one(m, byAda), one(j), one(y)), may, "can: 1 of 3 recipients can no longer read it. 2 can still be taken back. [/sent/id/remove Remove external access for both]"},
		{"several, expired", seen(over, one(m), one(j), one(y)), may, "can: The message expired on 20 November. You can still remove access. [/sent/id/remove Remove external access for all 3]"},
		{"several, all revoked", seen(never, one(m, byAda), one(j, byAda)), may, "revoked: External access has been removed by you, Ada, today at 11:52 UTC. Both recipients can no longer read it. [/sent/id/restore]"},
		{"several, by an administrator", seen(never, one(m, byGrace), one(j, byGrace)), right{restore: several}, "revoked: External access has been removed by Grace, an administrator, today at 11:58 UTC. Both recipients can no longer read it. Only an administrator can restore it."},
		{"several, all links revoked", seen(never, one(m, byAda), one(j, byGrace), one(c, itself)), may, "revoked: External access has been removed by Grace, an administrator, today at 11:58 UTC. 2 of 3 recipients can no longer read it; carol@outlook.com received it inline. [/sent/id/restore]"},
	}
	for _, tt := range tests {
		if got := said(tt.mail.band(tt.may, grace)); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
	if got := said(seen(never, one(m), one(j)).band(mayNot, "")); !strings.HasSuffix(got, "An administrator can.") {
		t.Errorf("without a contact: %q", got)
	}
}

func event(k letterlock.EventKind, clock string) letterlock.Event {
	return letterlock.Event{Kind: k, At: at(clock)}
}

func download(part int, clock string) letterlock.Event {
	e := event(letterlock.Downloaded, clock)
	e.Part = part
	return e
}

func detailed(e letterlock.Event, detail string) letterlock.Event {
	e.Detail = detail
	return e
}

var (
	accepted = event(letterlock.Accepted, "09:15")
	notified = event(letterlock.Notified, "09:16")
	files    = []access.Attachment{{Part: 2, Name: "Minutes.pdf", Size: 482_000}, {Part: 3, Name: "Payments.xlsx", Size: 36_000}}
)

func TestHistoryIsCondensed(t *testing.T) {
	m := "marta@q.example"
	yesterday := letterlock.Event{Kind: letterlock.Read, At: now.AddDate(0, 0, -1)}
	tests := []struct {
		name   string
		mail   sentMail
		events []letterlock.Event
		want   string
	}{
		{"on its way", seen(never, one(m, waiting)), []letterlock.Event{accepted}, "Accepted 09:15 > ( Notified) > ( Read)"},
		{"notified", seen(never, one(m)), []letterlock.Event{accepted, notified}, "Accepted 09:15 > Notified 09:16 > ( Read)"},
		{"read around a download", seen(never, one(m, read)), []letterlock.Event{accepted, event(letterlock.Read, "11:20"), download(2, "11:24"), event(letterlock.Read, "11:47")},
			"Accepted 09:15 > Read 11:20, 11:47 > Downloaded 1 of 2, 11:24 > ( Notified)"},
		{"read often", seen(never, one(m, read)), []letterlock.Event{notified, event(letterlock.Read, "10:01"), event(letterlock.Read, "10:10"), event(letterlock.Read, "10:20"), event(letterlock.Read, "10:30")},
			"Notified 09:16 > Read 10:01, 10:30, 4 times in all"},
		{"read yesterday", seen(never, one(m, read)), []letterlock.Event{notified, yesterday, yesterday, event(letterlock.Read, "10:01")},
			"Notified 09:16 > Read 19 Nov 12:00, 12:00, 10:01"},
		{"whole message", seen(never, one(m, read)), []letterlock.Event{notified, event(letterlock.Read, "10:01"), download(-1, "10:02")},
			"Notified 09:16 > Read 10:01 > Downloaded the whole message, 10:02"},
		{"deferred", seen(never, one(m, putOff)), []letterlock.Event{accepted, detailed(event(letterlock.Deferred, "09:17"), "451 busy")},
			"Accepted 09:15 > Delayed 09:17, 451 busy > ( Notified) > ( Read)"},
		{"deferred further on", seen(never, one(m, putOffLater)), []letterlock.Event{notified, detailed(event(letterlock.Deferred, "09:17"), "at a server further on: 451 busy")},
			"Notified 09:16 > Delayed 09:17, at a server further on: 451 busy > ( Read)"},
		{"deferred, then bounced", seen(never, one(m, bounced)), []letterlock.Event{accepted, detailed(event(letterlock.Deferred, "09:17"), "busy"), detailed(event(letterlock.Bounced, "09:20"), "no such user")},
			"Accepted 09:15 > Delayed 09:17, busy > seal Bounced 09:20, no such user"},
		{"revoked by an administrator", seen(never, one(m, byGrace)), []letterlock.Event{notified, detailed(event(letterlock.RevokedEvent, "11:58"), "administrator")},
			"Notified 09:16 > seal Revoked 11:58, by Grace, an administrator"},
		{"revoked", seen(never, one(m, byAda)), []letterlock.Event{notified, detailed(event(letterlock.RevokedEvent, "11:52"), "sender")},
			"Notified 09:16 > seal Revoked 11:52, by you"},
		{"by an administrator, restored, read again", seen(never, one(m, read)), []letterlock.Event{notified, event(letterlock.Read, "10:00"), detailed(event(letterlock.RevokedEvent, "10:30"), "administrator"),
			detailed(event(letterlock.Restored, "10:40"), "administrator"), event(letterlock.Read, "10:50")},
			"Notified 09:16 > Read 10:00 > seal Revoked 10:30, by an administrator > Restored 10:40, by an administrator > Read 10:50"},
		{"expired and not yet noted", seen(over, one(m)), []letterlock.Event{notified}, "Notified 09:16 > Expired 11:00"},
		{"expired", seen(over, one(m)), []letterlock.Event{notified, event(letterlock.ExpiredEvent, "11:01")}, "Notified 09:16 > Expired 11:01"},
		{"link instead", seen(never, one(m, fellBack)), []letterlock.Event{accepted, detailed(event(letterlock.FellBack, "09:15"), "no REQUIRETLS"), notified},
			"Accepted 09:15 > Link instead 09:15, no REQUIRETLS > Notified 09:16 > ( Read)"},
		{"inline on its way", seen(never, one(m, itself, waiting)), []letterlock.Event{accepted}, "Accepted 09:15 > ( Delivered inline)"},
		{"inline", seen(never, one(m, itself)), []letterlock.Event{accepted, event(letterlock.Delivered, "09:15")}, "Accepted 09:15 > Delivered inline 09:15"},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range tt.mail.steps(tt.mail.recipients[0], tt.events, files, true) {
			var times []string
			for _, w := range s.Times {
				times = append(times, w.Text)
			}
			line := s.Name + " " + s.Before + strings.Join(times, ", ") + s.After
			switch s.Kind {
			case views.StepTodo:
				line = "( " + s.Name + ")"
			case views.StepSeal:
				line = "seal " + line
			}
			got = append(got, line)
		}
		if g := strings.Join(got, " > "); g != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, g, tt.want)
		}
	}
}

func TestSummaryOfARecipient(t *testing.T) {
	m, c := one("marta@q.example", named("Marta Lind")), one("carol@outlook.com", itself)
	with := func(r letterlock.Recipient, changes ...change) letterlock.Recipient {
		for _, c := range changes {
			c(&r)
		}
		return r
	}
	took := []letterlock.Event{download(2, "09:34")}
	tests := []struct {
		name   string
		mail   sentMail
		events []letterlock.Event
		want   string
	}{
		{"alone", seen(never, with(m, read)), took, ""},
		{"alone, revoked", seen(never, with(m, read, byAda)), took, "Marta Lind read the message and downloaded Minutes.pdf before access was removed. Those copies cannot be called back."},
		{"alone, revoked unread", seen(never, with(m, byAda)), nil, "Marta Lind never read it. Nothing of the message has left."},
		{"alone, expired", seen(over, with(m, read)), nil, "Read at 09:33 before it expired."},
		{"alone, expired unread", seen(over, m), nil, "Never read it before it expired."},
		{"alone, bounced", seen(never, with(m, bounced)), nil, "The notification came back: mailbox does not exist."},
		{"read", seen(never, with(m, read), c), took, "Reads in the portal. Read at 09:33 and downloaded Minutes.pdf."},
		{"notified", seen(never, m, c), nil, "Reads in the portal. Notified at 09:16, has not read it yet."},
		{"put off", seen(never, with(m, putOff), c), nil, "Reads in the portal. The notification is delayed: 451 busy."},
		{"put off further on", seen(never, with(m, putOffLater), c), nil, "Reads in the portal. The notification is delayed at a server further on: 451 busy."},
		{"inline, put off further on", seen(never, with(c, putOffLater), m), nil, "The message is delayed at a server further on: 451 busy. It cannot be taken back: outlook.com has the message itself."},
		{"waits too long", seen(never, with(m, waiting), c), nil, "Reads in the portal. The notification is delayed."},
		{"inline, put off", seen(never, with(c, putOff), m), nil, "The message is delayed: 451 busy. It cannot be taken back: outlook.com receives the message itself."},
		{"waiting", fresh(seen(never, with(m, waiting), c)), nil, "Reads in the portal. The notification has not left yet."},
		{"revoked", seen(never, with(m, read, byAda), c), took, "Read at 09:33 and downloaded Minutes.pdf before access was removed."},
		{"revoked unread", seen(never, with(m, byAda), c), nil, "Never read it. Nothing of the message has left."},
		{"inline", seen(never, c, m), nil, "Received inline at 09:16. It cannot be taken back: outlook.com has the message itself."},
		{"own organisation", seen(never, with(one("eve@contoso.example"), own), m), nil, "Received inline at 09:16. It cannot be taken back: contoso.example is your own organisation."},
		{"link instead, alone", seen(never, with(m, fellBack)), nil, "Got a link and not the message itself, because encryption all the way to the mailbox was not assured."},
		{"link instead", seen(never, with(m, fellBack, read), c), took, "Got a link and not the message itself, because encryption all the way to the mailbox was not assured. Read at 09:33 and downloaded Minutes.pdf."},
		{"inline, bounced", seen(never, with(c, bounced), m), nil, "The message came back: mailbox does not exist."},
	}
	for _, tt := range tests {
		if got := tt.mail.summary(tt.mail.recipients[0], tt.events, files); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}
