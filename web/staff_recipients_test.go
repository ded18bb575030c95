package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// judged is what the policy would say, by the beginning of each address.
func judged(addresses ...letterlock.Address) (list []policy.Verdict) {
	for _, a := range addresses {
		v := policy.Verdict{Address: a, Experience: letterlock.Link, Why: policy.WhyPortal}
		switch a.Domain() {
		case "outlook.com":
			v.Experience, v.Why = letterlock.Inline, policy.WhyInlineType
		case "contoso.example":
			v.Experience, v.Why = letterlock.Inline, policy.WhyOrganization
		}
		list = append(list, v)
	}
	return list
}

func TestComposeSaysWhoCanTakeItBack(t *testing.T) {
	several := &letterlock.Error{Code: letterlock.Denied, Key: "several-recipients"}
	tests := []struct {
		list []policy.Verdict
		may  error
		want string
	}{
		{nil, nil, " "},
		{judged(marta), nil, "The message can be taken back, by you."},
		{judged(carol), nil, "The message cannot be taken back, because outlook.com receives the message itself."},
		{judged(eve), nil, "The message cannot be taken back, because contoso.example is your own organisation."},
		{judged(marta, jonas), several, "Both recipients can be taken back, by an administrator, because there is more than one recipient."},
		{judged(marta, jonas, "x@r.example"), nil, "All 3 recipients can be taken back, by you."},
		{judged(marta, jonas, carol), several, "2 of 3 recipients can be taken back, by an administrator, because there is more than one recipient. carol@outlook.com cannot: the message itself leaves."},
		{judged(carol, eve), several, "No recipient can be taken back, because the message itself leaves."},
	}
	for _, tt := range tests {
		lead, text := reckoning(language.Words{}, tt.list, tt.may)
		if got := lead + " " + text; got != tt.want {
			t.Errorf("%v:\n got %q\nwant %q", tt.list, got, tt.want)
		}
	}
}

func TestComposeSaysWhatEachGetsAndWhy(t *testing.T) {
	tests := []struct {
		v    policy.Verdict
		want string
	}{
		{policy.Verdict{Address: eve, Identity: letterlock.Organization, Experience: letterlock.Inline, Why: policy.WhyOrganization},
			"Your organisation: Receives the message itself, through your own mail system."},
		{policy.Verdict{Address: "w@work.example", Identity: letterlock.Microsoft365, Experience: letterlock.Inline, Why: policy.WhyInlineType},
			"Microsoft 365 (work or school): Receives the message itself, as everybody of this type does."},
		{policy.Verdict{Address: carol, Identity: letterlock.MicrosoftAccount, Experience: letterlock.Link, Why: policy.WhyForced},
			"Microsoft account: Reads in the portal, because everybody outside does with this message."},
		{policy.Verdict{Address: marta, Identity: letterlock.Other, Experience: letterlock.Link, Why: policy.WhyNoAnswer},
			"Another mail provider: Reads in the portal, because the DNS does not say who takes the mail of quillfeather.example."},
		{policy.Verdict{Address: "g@gmail.com", Identity: letterlock.Google, Experience: letterlock.Inline, Why: policy.WhyInlineDomain},
			"Google: Receives the message itself, as the settings say for gmail.com."},
	}
	for _, tt := range tests {
		got := decided(language.Words{}, []policy.Verdict{tt.v})[0]
		if said := got.Type + ": " + got.Says; said != tt.want || got.Address != string(tt.v.Address) {
			t.Errorf("%s %q, want %q", got.Address, said, tt.want)
		}
	}
}

// TestWhatComposeHasSaidHolds shows the page while the DNS is down, and sends the
// message when it is up again and says that the recipient would get it inline.
func TestWhatComposeHasSaidHolds(t *testing.T) {
	w := newWorld(t)
	hosting := policy.NoAnswer
	w.server.Intake.LookUp = func(_ context.Context, domains []string) policy.Hostings {
		h := policy.Hostings{}
		for _, d := range domains {
			h[d] = hosting
		}
		return h
	}
	b := w.browser().signIn(ada)
	page := b.post("/compose/recipients", url.Values{"to": {string(marta) + ", " + string(jonas)}, "do": {"add"}}).body
	if said := texts(page); strings.Count(said, "can be taken back") < 2 || strings.Contains(said, "cannot be taken back") {
		t.Fatalf("Compose says %s", said)
	}
	_, after, _ := strings.Cut(page, `name="`+promisedField+`" value="`)
	promised, _, _ := strings.Cut(after, `"`)
	hosting = policy.AtMicrosoft365
	for said, want := range map[string]letterlock.Experience{promised: letterlock.Link, "": letterlock.Inline} {
		a := sending([2]string{"to", string(marta)}, [2]string{promisedField, said}, [2]string{"subject", "Offer"}, [2]string{"text", "Hi"}).post(b, "/compose")
		id := letterlock.ID(strings.TrimPrefix(a.header.Get("Location"), "/sent/"))
		if r := w.recipient(id, marta); a.status != 303 || r.Experience != want {
			t.Errorf("said %q: %d, %+v; want the %s", said, a.status, r, want)
		}
	}
}

func TestPortalHintSaysWhatItWouldChange(t *testing.T) {
	tests := []struct {
		list []letterlock.Address
		want string
	}{
		{[]letterlock.Address{marta}, ""},
		{[]letterlock.Address{marta, eve}, ""},
		{[]letterlock.Address{carol}, "carol@outlook.com gets a link, and can be taken back."},
		{[]letterlock.Address{carol, marta}, "Every recipient gets a link, carol@outlook.com too. Then all can be taken back."},
		{[]letterlock.Address{carol, eve}, "Every recipient outside gets a link, carol@outlook.com too. Then all of them can be taken back."},
	}
	for _, tt := range tests {
		forced := judged(tt.list...)
		for i, v := range forced {
			if v.Why == policy.WhyInlineType {
				forced[i].Experience = letterlock.Link
			}
		}
		if got := portalHint(language.Words{}, judged(tt.list...), forced); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.list, got, tt.want)
		}
	}
}

func TestExpiryIsTheEndOfTheLastDay(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	here := time.Date(2026, 11, 20, 23, 30, 0, 0, zone)
	tests := []struct {
		choice, date string
		want         string // or the beginning of what is wrong
	}{
		{"", "", "2026-12-04T23:59:59+01:00"},
		{"7", "", "2026-11-27T23:59:59+01:00"},
		{"90", "2020-01-01", "2027-02-18T23:59:59+01:00"},
		{"never", "", "never"},
		{"date", "2026-11-20", "2026-11-20T23:59:59+01:00"},
		{"date", "2026-11-19", "The last day must not be in the past"},
		{"date", "2036-11-20", "2036-11-20T23:59:59+01:00"},
		{"date", "2036-11-21", "The last day must be within ten years"},
		{"date", "20.11.2026", "The last day is not a date"},
		{"date", "", "Choose the last day"},
		{"13", "", "Choose when the message expires"},
	}
	for _, tt := range tests {
		got, wrong := expiryOf(language.Words{}, tt.choice, tt.date, here, nil)
		said := got.Format(time.RFC3339)
		if wrong != nil {
			said = wrong.Text
		} else if got.IsZero() {
			said = "never"
		}
		if !strings.HasPrefix(said, tt.want) {
			t.Errorf("%s %s: %q, want %q", tt.choice, tt.date, said, tt.want)
		}
	}
}

func TestComposeProposesWhatTheSettingsSay(t *testing.T) {
	now := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	span := func(d time.Duration) *letterlock.Span { s := letterlock.Span(d); return &s }
	tests := []struct {
		name   string
		usual  *letterlock.Span
		choice string // selected
		text   string
		ends   string
	}{
		{"nothing", nil, "14", "In 14 days, 4 December 2026", "2026-12-04T23:59:59Z"},
		{"for ever", span(0), "never", "Never", "0001-01-01T00:00:00Z"},
		{"one of the days", span(30 * 24 * time.Hour), "30", "In 30 days, 20 December 2026", "2026-12-20T23:59:59Z"},
		{"hours", span(12 * time.Hour), "usual", "In 12 hours, 20 November 2026, 23:00", "2026-11-20T23:00:00Z"},
		{"other days", span(45 * 24 * time.Hour), "usual", "In 45 days, 4 January 2027, 11:00", "2027-01-04T11:00:00Z"},
	}
	for _, tt := range tests {
		for _, o := range expiryOptions(language.Words{}, "", now, tt.usual) {
			if o.Selected && (o.Value != tt.choice || o.Text != tt.text) {
				t.Errorf("%s: Compose proposes %q %q, want %q %q", tt.name, o.Value, o.Text, tt.choice, tt.text)
			}
		}
		if end, wrong := expiryOf(language.Words{}, "", "", now, tt.usual); wrong != nil || end.Format(time.RFC3339) != tt.ends {
			t.Errorf("%s: without a choice it ends %v, %v; want %s", tt.name, end, wrong, tt.ends)
		}
	}
	if _, wrong := expiryOf(language.Words{}, usualExpiry, "", now, nil); wrong == nil {
		t.Error("the usual was chosen where there is none")
	}
}

func TestAddresseesAreReadOnceEach(t *testing.T) {
	f := &composeForm{fields: map[string][]string{
		"to": {`"Lind, Marta" <` + string(marta) + ">"}, "to-add": {"Jonas <" + string(jonas) + ">, what"},
		"cc": {string(marta)}, "bcc-add": {"x@r.example"}, "remove": {"Jonas <" + string(jonas) + ">"},
	}}
	a := addresseesOf(language.Words{}, f)
	if got, want := fmt.Sprint(a.to, a.cc, a.bcc), "[{Lind, Marta "+string(marta)+"}] [] [{ x@r.example}]"; got != want {
		t.Errorf("recipients %s, want %s", got, want)
	}
	if a.typed[letterlock.To] != "what" || len(a.errors) != 1 {
		t.Errorf("typed %q, errors %v", a.typed, a.errors)
	}
	if got := written(a.to[0]); got != `"Lind, Marta" <`+string(marta)+">" {
		t.Errorf("written again: %s", got)
	}
}

func TestRefusedMessageSaysWhatToMend(t *testing.T) {
	s := quiet()
	s.MaxUpload = 150 << 20
	tests := []struct {
		err    error
		status int
		field  string
		text   string
	}{
		{&letterlock.Error{Code: letterlock.TooLarge, Key: "size"}, 413, "files", "The files are larger than 114 MB together"},
		{&letterlock.Error{Code: letterlock.TooLarge, Key: "parts"}, 413, "files", "There are too many files"},
		{&letterlock.Error{Code: letterlock.TooLarge, Key: "header"}, 413, "", "The message is larger than a mail may be."},
		{&letterlock.Error{Code: letterlock.Invalid, Key: "cc"}, 422, "cc", "A name holds characters that a mail cannot carry"},
		{&letterlock.Error{Code: letterlock.Busy}, 503, "", "We cannot take the message right now. Send it again in about 10 seconds."},
		{&letterlock.Error{Code: letterlock.Busy, Key: "disk"}, 503, "", "The server has no room for new messages right now; nothing was sent."},
		{&letterlock.Error{Code: letterlock.Invalid, Key: "form"}, 0, "", ""},
		{&letterlock.Error{Code: letterlock.Denied, Key: "sender"}, 0, "", ""},
		{&letterlock.Error{Code: letterlock.Internal}, 0, "", ""},
	}
	for _, tt := range tests {
		status, f := speaker{Server: s}.whatIsWrong(tt.err)
		if status != tt.status || f.Field != tt.field || f.Text != tt.text {
			t.Errorf("%v: %d %+v, want %d %s %q", tt.err, status, f, tt.status, tt.field, tt.text)
		}
	}
}

// recipient is one recipient of a message.
func (w *world) recipient(id letterlock.ID, a letterlock.Address) (r letterlock.Recipient) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) { r, err = tx.RecipientByAddress(id, a); return err })
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
