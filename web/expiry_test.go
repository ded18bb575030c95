package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/static"
)

func TestSenderChangesTheExpiry(t *testing.T) {
	w := newWorld(t)
	sent := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	page := "/sent/" + string(sent)
	if a := b.get(page); !strings.Contains(a.body, page+"/expiry") {
		t.Fatal("the message does not lead to a change of its expiry")
	}
	if a := b.get(page + "/expiry"); a.status != http.StatusOK || !strings.Contains(texts(a.body), "It never expires") {
		t.Errorf("the form: %d\n%s", a.status, texts(a.body))
	}
	for _, bad := range []url.Values{{}, {"expiry": {"date"}, "expiry-date": {"2020-01-01"}}, {"expiry": {"usual"}}, {"expiry": {"<script>"}}} {
		if a := b.post(page+"/expiry", bad); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "<script>") {
			t.Errorf("%v: %d, want 422", bad, a.status)
		}
	}
	if a := b.post(page+"/expiry", url.Values{"expiry": {"7"}}); a.status != http.StatusSeeOther || a.location() != page {
		t.Fatalf("changing it: %d to %q", a.status, a.location())
	}
	if text := texts(b.get(page).body); !strings.Contains(text, "Expiry changed") || !strings.Contains(text, "by you") || !strings.Contains(text, "27 November 2026") {
		t.Errorf("the message does not tell of it:\n%s", text)
	}
	w.clock.advance(8 * 24 * time.Hour)
	reader := w.browser()
	reader.prove(marta)
	if a := reader.get("/read/" + string(sent)); a.status != http.StatusGone || a.heading() != "The message has expired" {
		t.Fatalf("after it: %d %q", a.status, a.heading())
	}
	b = w.browser().signIn(ada)
	if a := b.post(page+"/expiry", url.Values{"expiry": {"never"}}); a.status != http.StatusSeeOther {
		t.Fatalf("lifting it: %d", a.status)
	}
	if a := reader.get("/read/" + string(sent)); a.status != http.StatusOK {
		t.Errorf("with the expiry lifted: %d", a.status)
	}
}

func TestAdministratorChangesTheExpiryInTheTrace(t *testing.T) {
	w := newWorld(t)
	sent := w.send(ada, letterlock.EncryptOnly, marta)
	page := "/trace/" + string(sent)
	if a := w.browser().signIn(nora).get(page); strings.Contains(a.body, "Change expiry") {
		t.Error("an auditor is offered a change of the expiry")
	}
	b := w.browser().signIn(rita)
	if a := b.get(page); !strings.Contains(a.body, "Change expiry") {
		t.Error("a revoker is not offered a change of the expiry")
	}
	if a := b.post(page+"/expiry", url.Values{"expiry": {"7"}}); a.status != http.StatusSeeOther {
		t.Fatalf("changing it: %d", a.status)
	}
	text := texts(b.get(page).body)
	for _, want := range []string{"Expiry changed", "to 27 November 2026", "by an administrator"} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace does not say %q:\n%s", want, text)
		}
	}
	var last letterlock.Entry
	if err := w.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(sent)
		last = list[len(list)-1]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if last.Action != "change expiry" || last.Actor.Address != rita || last.Reason != "2026-11-27T23:59:59Z" || !last.Allowed {
		t.Errorf("the last entry of the audit log is %+v", last)
	}
}

// The script that says it in the zone of the reader finds the moment in the page.
func TestReaderIsToldTheExpiryForTheirZone(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	b := w.browser()
	a := b.get(b.prove(marta))
	said := regexp.MustCompile(`<span data-zone="reader" data-texts="[^"]+">\s*It expires on\s*<time datetime="2026-11-22T10:00:00Z">22 November 2026 at 10:00 UTC</time>`)
	if !said.MatchString(a.body) || !strings.Contains(a.body, static.Path("js/zone.js")) {
		t.Errorf("the page does not say it for the script, or has no script:\n%s", texts(a.body))
	}
}

// TestTheLastDayIsTheOneThatWasTyped looks at days that have no midnight, or two.
func TestTheLastDayIsTheOneThatWasTyped(t *testing.T) {
	for _, tt := range []struct{ zone, typed, want string }{
		{"America/Santiago", "2026-09-06", "2026-09-06T23:59:59-03:00"},
		{"America/Santiago", "2026-09-05", "2026-09-05T23:59:59-04:00"},
		{"America/Havana", "2026-11-01", "2026-11-01T23:59:59-05:00"},
		{"Europe/Berlin", "2026-10-25", "2026-10-25T23:59:59+01:00"},
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		end, wrong := expiryDate(language.Words{}, tt.typed, time.Date(2026, 2, 1, 12, 0, 0, 0, zone))
		if got := end.Format(time.RFC3339); wrong != nil || got != tt.want {
			t.Errorf("%s in %s is the end of %s, want %s (%v)", tt.typed, tt.zone, got, tt.want, wrong)
		}
		day, ok := dayOf(tt.typed, zone)
		if got := day.Format(time.DateOnly); !ok || got != tt.typed {
			t.Errorf("%s in %s is looked for from %s", tt.typed, tt.zone, day)
		}
	}
}

// latestOf sets the latest end that rules allow a message.
func (w *world) latestOf(id letterlock.ID, latest time.Time) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), func(tx *store.Tx) error { return tx.SetLatestEnd(id, latest) }); err != nil {
		w.t.Fatal(err)
	}
}

var optionValue = regexp.MustCompile(`<option value="([^"]*)"`)

// offered are the choices of an end that a page offers.
func offered(page string) (list []string) {
	for _, m := range optionValue.FindAllStringSubmatch(page, -1) {
		list = append(list, m[1])
	}
	return list
}

func TestTheFormOffersWhatARuleAllows(t *testing.T) {
	w := newWorld(t)
	sent := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	w.latestOf(sent, w.clock.Now().AddDate(0, 0, 10)) // 30 November, 10:00
	b, page := w.browser().signIn(ada), "/sent/"+string(sent)
	says(t, "the message", b.get(page), "A rule lets it be read until 30 November 2026, 10:00 UTC at most")
	a := b.get(page + "/expiry")
	says(t, "the form", a, "A rule lets it be read until 30 November 2026, 10:00 UTC at most. Only an administrator can go beyond.")
	if got := strings.Join(offered(a.body), " "); got != "7 date latest" || !strings.Contains(a.body, `max="2026-11-29"`) {
		t.Errorf("the form offers %q:\n%s", got, a.body)
	}
	for _, f := range []url.Values{{"expiry": {"14"}}, {"expiry": {"never"}}, {"expiry": {"date"}, "expiry-date": {"2026-11-30"}}} {
		a := b.post(page+"/expiry", f)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d, want 422", f, a.status)
		}
		says(t, f.Encode(), a, "until 30 November 2026, 10:00 UTC at most")
	}
	if a := b.post(page+"/expiry", url.Values{"expiry": {"latest"}}); a.status != http.StatusSeeOther {
		t.Errorf("as long as the rule allows: %d\n%s", a.status, texts(a.body))
	}
	says(t, "the message", b.get(page), "to 30 November 2026, 10:00 UTC")

	traced := "/trace/" + string(sent)
	admin := w.browser().signIn(olga)
	a = admin.get(traced + "/expiry")
	says(t, "an administrator's form", a, "A rule lets it be read until 30 November 2026, 10:00 UTC at most. As an administrator you can go beyond; the audit log says so.")
	if got := strings.Join(offered(a.body), " "); got != "14 7 30 90 date never" {
		t.Errorf("an administrator is offered %q", got)
	}
	if a := w.browser().signIn(rita).post(traced+"/expiry", url.Values{"expiry": {"never"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a revoker goes beyond: %d, want 422", a.status)
	}

	w.clock.advance(11 * 24 * time.Hour)
	b, admin = w.browser().signIn(ada), w.browser().signIn(olga)
	if a := b.get(page); strings.Contains(a.body, page+"/expiry") {
		t.Error("a sender is offered a change of the expiry that no choice is left for")
	}
	if a := b.get(page + "/expiry"); a.status != http.StatusSeeOther || a.location() != page {
		t.Errorf("its form: %d to %q, want back to the message", a.status, a.location())
	}
	if a := admin.post(traced+"/expiry", url.Values{"expiry": {"never"}}); a.status != http.StatusSeeOther {
		t.Errorf("an administrator goes beyond: %d\n%s", a.status, texts(a.body))
	}
}

func TestNoDayIsOfferedWhereARuleAllowsNoWholeOne(t *testing.T) {
	w := newWorld(t)
	sent := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(time.Minute)}, mail(ada, marta))
	w.latestOf(sent, w.clock.Now().Add(time.Hour))
	a := w.browser().signIn(ada).get("/sent/" + string(sent) + "/expiry")
	if got := strings.Join(offered(a.body), " "); got != "latest" || strings.Contains(a.body, `type="date"`) {
		t.Errorf("the form offers %q", got)
	}
}

func TestMoreTimeIsOfferedAsARuleAllowsIt(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta, omar}, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	w.latestOf(id, w.clock.Now().AddDate(0, 0, 4)) // 24 November, 10:00
	w.clock.advance(72 * time.Hour)
	ask := func(who letterlock.Address) {
		t.Helper()
		b := w.browser()
		if page := b.prove(who); b.post(page+"/ask", nil).status != http.StatusSeeOther {
			t.Fatalf("%s could not ask", who)
		}
	}
	ask(marta)
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id))
	if got := strings.Join(offered(page.body), " "); got != "latest" {
		t.Errorf("with a day left, %q is offered", got)
	}
	approve := answerURL(t, page.body, "approve")
	for _, choice := range []string{"same", "7", "never"} {
		a := b.post(approve, url.Values{"expiry": {choice}})
		if a.status != http.StatusForbidden || a.heading() != "A rule does not allow this" {
			t.Errorf("%q: %d %q", choice, a.status, a.heading())
		}
		says(t, choice, a, "until 24 November 2026, 10:00 UTC at most")
	}
	if a := b.post(approve, url.Values{"expiry": {"latest"}}); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d\n%s", a.status, texts(a.body))
	}
	w.clock.advance(48 * time.Hour)
	ask(omar)
	page = w.browser().signIn(ada).get("/sent/" + string(id))
	says(t, "past the latest end", page, "Only an administrator can go beyond. They see it in the message trace.")
	if strings.Contains(page.body, "/approve") {
		t.Error("a sender is offered to approve what they may not")
	}
}
