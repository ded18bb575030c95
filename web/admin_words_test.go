package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// People who look at the trace.
var (
	administrator = letterlock.Actor{Kind: letterlock.Staff, Address: grace, Name: "Grace", Roles: []letterlock.Role{letterlock.Admin}}
	onlyAuditor   = letterlock.Actor{Kind: letterlock.Staff, Address: eve, Name: "Eve", Roles: []letterlock.Role{letterlock.Auditor}}
)

// traced is a message as somebody with a role sees it.
func traced(by letterlock.Actor, v sentMail, events ...letterlock.Event) tracedMail {
	s := v.server
	var err error
	if s.Brands, err = brandbook.New(nil, brand.Settings{Name: "Contoso"}); err != nil {
		panic(err)
	}
	d := track.Detail{Message: v.message, Recipients: v.recipients, Events: map[letterlock.ID][]letterlock.Event{}}
	for _, r := range v.recipients {
		d.Events[r.ID] = events
	}
	t := tracedMail{sentMail: s.newSentMail(by.Address, v.message, v.recipients), detail: d, by: by}
	for _, r := range v.recipients {
		if by.Is(letterlock.Revoker) && r.Revocation.Revoked() {
			t.may.back = append(t.may.back, r.ID)
		}
	}
	return t
}

func destroyed(v sentMail) sentMail {
	v.message.Destroyed = true
	return v
}

func TestTracedBandSaysWhoHasAccessAndWhatCanBeDone(t *testing.T) {
	m, j, c := "marta@q.example", "jonas@r.example", "carol@outlook.com"
	tests := []struct {
		name, column, want string
		by                 letterlock.Actor
		mail               sentMail
	}{
		{"one", "Yes", "can: Revocable. 1 recipient has access. [/trace/id/revoke Revoke message]", administrator, seen(never, one(m))},
		{"one, for an auditor", "Yes", "can: Revocable. 1 recipient has access. You may look; whoever has the role revoker can revoke it.", onlyAuditor, seen(never, one(m))},
		{"bounced", "Yes", "can: Revocable. 1 recipient has access. The notification did not reach them. [/trace/id/revoke Revoke message]", administrator, seen(never, one(m, bounced))},
		{"one of two bounced", "Yes", "can: Revocable. 2 of 2 recipients have access. The notification did not reach 1 recipient. [/trace/id/revoke Revoke message]", administrator, seen(never, one(m, bounced), one(j))},
		{"expired", "Yes", "can: Revocable. The message expired on 20 November, so nobody can read it by a link; access can still be removed. [/trace/id/revoke Revoke message]", administrator, seen(over, one(m))},
		{"revoked by its sender", "Revoked", "revoked: Revoked. External access has been removed by Ada today at 11:52 UTC. marta@q.example can no longer read this message. [/trace/id/restore]", administrator, seen(never, one(m, byAda))},
		{"revoked, for an auditor", "Revoked", "revoked: Revoked. External access has been removed by Grace, an administrator, today at 11:58 UTC. marta@q.example can no longer read this message.", onlyAuditor, seen(never, one(m, byGrace))},
		{"inline", "No, inline", "cannot: Not revocable. carol@outlook.com received the message itself. It cannot be taken back: outlook.com has the message itself.", administrator, seen(never, one(c, itself))},
		{"mixed", "Yes, 2 of 3", "can: Revocable. 2 of 3 recipients have access. carol@outlook.com received it inline; that copy stays. [/trace/id/revoke Revoke message]", administrator, seen(never, one(m), one(j), one(c, itself))},
		{"one of two revoked", "Yes, 1 of 2", "can: Revocable. 1 of 2 recipients has access. Access of 1 recipient has been removed. [/trace/id/revoke Revoke message]", administrator, seen(never, one(m, byAda), one(j))},
		{"all links revoked", "Revoked", "revoked: Revoked. External access has been removed by you, Grace, today at 11:58 UTC. 1 of 2 recipients can no longer read it; carol@outlook.com received it inline. [/trace/id/restore]", administrator, seen(never, one(m, byGrace), one(c, itself))},
		{"destroyed", "No, destroyed", "cannot: Destroyed. Nobody can read this message any more, its sender included.", administrator, destroyed(seen(never, one(m)))},
	}
	for _, tt := range tests {
		v := traced(tt.by, tt.mail)
		if got := said(v.traceBand(tallyOf(v.recipients), lookup{})); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		if got := v.revocable(); got != tt.column {
			t.Errorf("%s: revocable %q, want %q", tt.name, got, tt.column)
		}
	}
}

// tell is a history on one line.
func tell(v tracedMail) string {
	var steps []string
	for _, s := range v.traceSteps(v.recipients[0], v.detail.Events[v.recipients[0].ID]) {
		line := s.Name
		for i, l := range s.Lines {
			line += map[bool]string{true: ": ", false: "; "}[i == 0] + strings.Trim(l.When.Text+", "+l.Text, ", ")
		}
		steps = append(steps, string(s.Kind)+" "+line)
	}
	return strings.Join(steps, " > ")
}

func TestTracedHistoryTellsEverythingInItsOrder(t *testing.T) {
	m := "marta@q.example"
	visit := func(e letterlock.Event) letterlock.Event {
		e.Proof, e.Agent, e.IP = letterlock.ByPasscode, "Firefox", "192.0.2.0"
		return e
	}
	wrong := event(letterlock.PasscodeWrong, "09:31")
	wrong.Agent, wrong.IP = "Firefox", "192.0.2.0"
	var often []letterlock.Event
	for _, clock := range []string{"10:01", "10:02", "10:03", "10:04", "10:05", "10:06", "10:07", "10:08"} {
		often = append(often, event(letterlock.Read, clock))
	}
	const decided = " > done Policy matched: encrypt-only, user: subject tag [secure]; identity type other, experience link"
	tests := []struct {
		name   string
		mail   sentMail
		events []letterlock.Event
		want   string
	}{
		{"on its way", seen(never, one(m, waiting)), []letterlock.Event{accepted},
			"done Accepted: 20 Nov 09:15:00, SMTP submission" + decided + " > todo Notified > todo Read"},
		{"read, downloaded, read", seen(never, one(m, read)), []letterlock.Event{detailed(notified, "250 2.0.0 OK"), event(letterlock.PasscodeSent, "09:30"), wrong, visit(event(letterlock.Read, "09:33")), visit(download(4, "09:34")), event(letterlock.Read, "09:40")},
			"done Notified: 20 Nov 09:16:00, 250 2.0.0 OK > done Passcode sent: 09:30:00 > done Wrong passcode: 09:31:00, Firefox, 192.0.2.0 > " +
				"done Read: 09:33:00, signed in by one-time passcode, Firefox, 192.0.2.0 > done Downloaded: 09:34:00, part 4, signed in by one-time passcode, Firefox, 192.0.2.0 > done Read: 09:40:00"},
		{"read often", seen(never, one(m, read)), append([]letterlock.Event{notified}, often...),
			"done Notified: 20 Nov 09:16:00 > done Read: 10:01:00; 10:02:00; 10:03:00; and 2 times more; 10:06:00; 10:07:00; 10:08:00"},
		{"deferred", seen(never, one(m, putOff)), []letterlock.Event{detailed(event(letterlock.Deferred, "09:17"), "451 busy")},
			"done Delayed: 20 Nov 09:17:00, 451 busy > todo Notified > todo Read"},
		{"deferred, then bounced", seen(never, one(m, bounced)), []letterlock.Event{detailed(event(letterlock.Deferred, "09:17"), "451 busy"), detailed(event(letterlock.Bounced, "09:20"), "550 no such user")},
			"done Delayed: 20 Nov 09:17:00, 451 busy > seal Bounced: 09:20:00, 550 no such user"},
		{"revoked, restored, revoked", seen(never, one(m, byGrace, func(r *letterlock.Recipient) { r.Revocation.Reason, r.Revocation.Batch = "leak", "b" })),
			[]letterlock.Event{detailed(event(letterlock.RevokedEvent, "11:00"), "sender"), detailed(event(letterlock.Restored, "11:30"), "administrator"), detailed(event(letterlock.RevokedEvent, "11:58"), "administrator")},
			"seal Revoked: 20 Nov 11:00:00, by the sender > done Restored: 11:30:00, by an administrator > seal Revoked: 11:58:00, by you, Grace, in a bulk revocation: leak"},
		{"whole message downloaded, expired, destroyed", destroyed(seen(over, one(m, read))), []letterlock.Event{download(-1, "10:00"), event(letterlock.ExpiredEvent, "11:00"), event(letterlock.DestroyedEvent, "11:10")},
			"done Downloaded: 20 Nov 10:00:00, the whole message > done Expired: 11:00:00 > seal Destroyed: 11:10:00"},
		{"link instead", seen(never, one("carol@outlook.com", fellBack)), []letterlock.Event{detailed(event(letterlock.FellBack, "09:15"), "no REQUIRETLS"), event(letterlock.Notified, "09:16")},
			"done Link instead: 20 Nov 09:15:00, no REQUIRETLS > done Notified: 09:16:00 > todo Read"},
		{"inline", seen(never, one("carol@outlook.com", itself)), []letterlock.Event{event(letterlock.Delivered, "09:16")}, "done Delivered inline: 20 Nov 09:16:00"},
	}
	for _, tt := range tests {
		v := tt.mail
		v.message.Protection, v.message.Method, v.message.DecidedBy, v.message.Via = letterlock.EncryptOnly, letterlock.ByUser, "subject tag [secure]", letterlock.BySubmission
		v.recipients[0].Identity = letterlock.Other
		if got := tell(traced(administrator, v, tt.events...)); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestRevocationStatusOfTheReportIsInWords(t *testing.T) {
	m, c := "marta@q.example", "carol@outlook.com"
	tests := []struct {
		name, want string
		mail       sentMail
	}{
		{"live", "Revocable", seen(never, one(m, read))},
		{"bounced", "Revocable, bounced", seen(never, one(m, bounced))},
		{"bounced, then expired", "Expired", seen(over, one(m, bounced))},
		{"bounced, then revoked", "Revoked", seen(never, one(m, bounced, byAda))},
		{"destroyed", "Not revocable, destroyed", destroyed(seen(never, one(m, bounced)))},
		{"inline", "Not revocable, inline", seen(never, one(c, itself))},
		{"inline, bounced", "Not revocable, inline, bounced", seen(never, one(c, itself, bounced))},
	}
	for _, tt := range tests {
		if got := (speaker{Server: quiet()}).revocationStatus(track.ReportRow{Message: tt.mail.message, Recipient: tt.mail.recipients[0]}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestVisitsSayWhoProbablyCameAndWhy(t *testing.T) {
	v := traced(administrator, seen(never, one("marta@q.example")))
	got := v.traceVisits([]letterlock.Visit{
		{Guess: letterlock.Scanner, Agent: "curl", IP: "192.0.2.0", First: at("09:17"), Last: at("09:20"), Count: 3},
		{Guess: letterlock.Person, First: at("09:30"), Last: at("09:30"), Count: 1},
	})
	if got[0].Guess != "Probably a scanner" || got[0].When.Text+got[0].After != "20 Nov 09:17:00 to 09:20:00, 3 times, curl, 192.0.2.0" || !got[0].Scanner {
		t.Errorf("scanner: %+v", got[0])
	}
	if got[1].Guess != "Probably a person" || got[1].When.Text+got[1].After != "20 Nov 09:30:00" || got[1].Scanner {
		t.Errorf("person: %+v", got[1])
	}
}

func TestSearchIsReadFromItsURL(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	tests := []struct {
		name, query string
		want        letterlock.Search
		wrong       string
	}{
		{"nothing", "", letterlock.Search{}, ""},
		{"everything", "state=any&sender=", letterlock.Search{}, ""},
		{"all fields", "sender=+ada%40contoso.example+&recipient=%40q.example&subject=board+min*&message-id=%3Ca%40b%3E&from=2026-11-16&until=2026-11-20&state=read&identity=google",
			letterlock.Search{Sender: "ada@contoso.example", Recipient: "@q.example", Subject: "board min*", MessageID: "<a@b>", From: day(16), Until: day(21), State: letterlock.IsRead, Identity: letterlock.Google}, ""},
		{"one day", "from=2026-11-20&until=2026-11-20", letterlock.Search{From: day(20), Until: day(21)}, ""},
		{"delayed", "state=delayed", letterlock.Search{State: letterlock.IsDelayed}, ""},
		{"no date", "from=yesterday", letterlock.Search{}, "from"},
		{"a date that is none", "until=2026-02-30", letterlock.Search{}, "until"},
		{"a year nobody means", "until=9999-12-31", letterlock.Search{}, "until"},
		{"backwards", "from=2026-11-20&until=2026-11-16", letterlock.Search{}, "until"},
		{"unknown state", "state=sold", letterlock.Search{}, "state"},
		{"unknown type", "identity=aol", letterlock.Search{}, "identity"},
	}
	for _, tt := range tests {
		q, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		l := lookupOf(q)
		got, wrong := l.search(language.Words{}, time.UTC)
		switch {
		case tt.wrong == "" && (len(wrong) > 0 || got != tt.want):
			t.Errorf("%s: %+v %v, want %+v", tt.name, got, wrong, tt.want)
		case tt.wrong != "" && (len(wrong) != 1 || wrong[0].Field != tt.wrong):
			t.Errorf("%s: %v, want one reason at %s", tt.name, wrong, tt.wrong)
		}
		if again, _ := lookupOf(l.values()).search(language.Words{}, time.UTC); again != got {
			t.Errorf("%s: comes back from its URL as %+v", tt.name, again)
		}
		if back, _ := lookupFor(got, time.UTC).search(language.Words{}, time.UTC); tt.wrong == "" && back != got {
			t.Errorf("%s: comes back from a plan as %+v", tt.name, back)
		}
		if l.asked != (tt.query != "") {
			t.Errorf("%s: asked %v", tt.name, l.asked)
		}
	}
}

func TestTotalsAreCountedUpToACap(t *testing.T) {
	for total, want := range map[int]string{0: "Nothing found", 1: "1 message", 6: "6 messages", 999: "999 messages", track.MaxTotal: "1,000 or more messages"} {
		if got := foundHeading(language.Words{}, total); got != want {
			t.Errorf("%d: %q, want %q", total, got, want)
		}
	}
	if got := grouped(1234567); got != "1,234,567" {
		t.Errorf("grouped: %q", got)
	}
}

func TestExperienceIsExplained(t *testing.T) {
	for why, want := range map[string]string{
		policy.WhyPortal: "identity type google, experience link", policy.WhyForced: "identity type google, experience link because the sender wanted everybody in the portal",
		policy.WhyFellBack:   "identity type google, experience link because encryption to the end was not assured when the message itself was to leave",
		policy.WhyNoAnswer:   "identity type google, experience link because the DNS did not say who takes the domain's mail",
		policy.WhyRouted:     "identity type google, experience link because its % or ! may lead to a mailbox elsewhere",
		policy.WhyPromised:   "identity type google, experience link because Compose had said that it can be taken back",
		policy.WhyLinkDomain: "identity type google, experience link because the settings say so for the domain",
	} {
		if got := whyExperience(language.Words{}, letterlock.Recipient{Identity: letterlock.Google, Experience: letterlock.Link, Why: why}); got != want {
			t.Errorf("%s: %q, want %q", why, got, want)
		}
	}
}

func TestEveryWrongFieldOfASearchIsNamed(t *testing.T) {
	const short, year = "Type a whole address, @ and a domain, or at least 3 characters of an address", "Type a year from 1970 to 9998"
	var many strings.Builder
	for i := range 51 {
		fmt.Fprintf(&many, "+w%d", i)
	}
	tests := []struct {
		query string
		want  []views.FieldError
	}{
		{"sender=ab&recipient=*&subject=o*&message-id=a&from=x&until=9999-12-31&state=sold&identity=aol", []views.FieldError{
			{Field: fieldSender, Text: short}, {Field: fieldRecipient, Text: short},
			{Field: fieldSubject, Text: "Type at least 3 letters before *"}, {Field: fieldMessageID, Text: "Type at least 3 characters of a Message-ID"},
			{Field: fieldFrom, Text: "Type a date, as 2026-11-20"}, {Field: fieldUntil, Text: year},
			{Field: fieldState, Text: "Choose a state"}, {Field: fieldIdentity, Text: "Choose an identity type"},
		}},
		{"from=0026-11-20", []views.FieldError{{Field: fieldFrom, Text: year}}},
		{"sender=a%00bcd&subject=-&message-id=%3Ca%0Ab%3E", []views.FieldError{
			{Field: fieldSender, Text: "No address is like this. " + short}, {Field: fieldSubject, Text: "Type at least one word of the subject"},
			{Field: fieldMessageID, Text: "No Message-ID is like this. Type one, or at least 3 characters of one"},
		}},
		{"subject=" + many.String(), []views.FieldError{{Field: fieldSubject, Text: "Type 50 different words of the subject at most"}}},
	}
	for _, tt := range tests {
		q, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := lookupOf(q).search(language.Words{}, time.UTC); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.query, got, tt.want)
		}
	}
}
