package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const asksName = "This message asks who reads it"

// sendNaming sends somebody a message that asks who reads it.
func (w *world) sendNaming(to ...letterlock.Address) letterlock.ID {
	w.t.Helper()
	return w.submit(ada, intake.Envelope{Recipients: to, Asks: letterlock.ByName}, mail(ada, to...))
}

func (b *browser) name(id letterlock.ID, name string) answer {
	return b.post("/read/"+string(id)+"/name", url.Values{"name": {name}})
}

// named are the names under which something was done, in order.
func (w *world) named(id letterlock.ID, kind letterlock.EventKind) (names []string) {
	for _, e := range w.happened(id) {
		if e.Kind == kind {
			names = append(names, e.Called)
		}
	}
	return names
}

func TestAMessageThatAsksWhoReadsIsServedToANameAlone(t *testing.T) {
	w := newWorld(t)
	id := w.sendNaming(marta)
	link := w.link(marta)
	b := w.browser()
	if gate := texts(b.get(link).body); strings.Contains(gate, "name of each reader") {
		t.Errorf("whoever has proved nothing is told what is asked:\n%s", gate)
	}
	page := b.prove(marta)
	at := page + "/name"
	b.keptFor("without a name", id, asksName)
	if a := b.get(link); a.location() != at {
		t.Errorf("the link: %d to %q", a.status, a.location())
	}
	if list := b.get("/messages"); strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, "Asks who reads it") {
		t.Errorf("My messages:\n%s", texts(list.body))
	}
	a := b.get(at)
	if a.status != http.StatusOK || a.heading() != "Who is reading?" || !strings.Contains(a.body, `autocomplete="name"`) || strings.Contains(a.body, secretSubject) {
		t.Fatalf("the page for it: %d\n%s", a.status, texts(a.body))
	}
	for wrong, want := range map[string]string{"": "Type your name", " \u200b\u202e ": "Type your name", strings.Repeat("é", 81): "A name has at most 80 characters"} {
		if a := b.name(id, wrong); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), want) {
			t.Errorf("%q: %d\n%s", wrong, a.status, texts(a.body))
		}
	}
	if a := b.name(id, strings.Repeat("Anna ", 2<<20)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("ten megabytes: %d", a.status)
	}
	b.keptFor("after what is no name", id, asksName)
	if n := len(w.named(id, letterlock.Read)); n != 0 {
		t.Errorf("read %d times before there was a name", n)
	}

	before := b.cookies[hostPrefix+readerCookie]
	if a := b.name(id, " Anna\tBell "); a.status != http.StatusSeeOther || a.location() != page {
		t.Fatalf("a name: %d to %q\n%s", a.status, a.location(), texts(a.body))
	}
	old := w.browser()
	old.cookies[hostPrefix+readerCookie] = before
	if a := old.get(page); b.cookies[hostPrefix+readerCookie] == before || a.status == http.StatusOK {
		t.Error("the session has gained rights under its old id")
	}
	a = b.get(page)
	if a.status != http.StatusOK || a.heading() != secretSubject || !strings.Contains(texts(a.body), "You read it as Anna Bell. Not Anna Bell?") {
		t.Fatalf("after it: %d\n%s", a.status, texts(a.body))
	}
	for _, part := range []string{"/body", "/part/4", "/message.eml", "/reply"} {
		if a := b.get(page + part); a.status != http.StatusOK {
			t.Errorf("%s: %d", part, a.status)
		}
	}
	if a := b.post("/portal/sign-out", nil); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	b.prove(marta)
	b.keptFor("in the next session", id, asksName)
}

func TestTheSenderSeesUnderWhichNamesAMailboxHasRead(t *testing.T) {
	w := newWorld(t)
	id := w.sendNaming(marta)
	plain := w.send(ada, letterlock.EncryptOnly, marta)
	var page string
	for _, name := range []string{"Anna Bell", "<b>Ben</b>\r\n\u202eeve"} {
		b := w.browser()
		b.prove(marta)
		page = "/read/" + string(id)
		if a := b.name(id, name); a.status != http.StatusSeeOther {
			t.Fatalf("%q: %d", name, a.status)
		}
		for _, way := range []string{"", "?refresh=1", "/part/4"} { // within moments of the other
			if a := b.get(page + way); a.status != http.StatusOK {
				t.Fatalf("%s%s: %d", page, way, a.status)
			}
		}
		if a := b.get("/read/" + string(plain)); a.status != http.StatusOK || strings.Contains(a.body, "Not ") {
			t.Fatalf("a message that does not ask: %d", a.status)
		}
	}
	const ben = "<b>Ben</b> eve"
	for _, kind := range []letterlock.EventKind{letterlock.Read, letterlock.Downloaded} {
		if got := w.named(id, kind); strings.Join(got, "|") != "Anna Bell|"+ben {
			t.Errorf("%s as %q", kind, got)
		}
	}
	if got := strings.Join(w.named(plain, letterlock.Read), ""); got != "" {
		t.Errorf("what does not ask was read as %q", got)
	}
	for who, path := range map[letterlock.Address]string{ada: "/sent/" + string(id), nora: "/trace/" + string(id)} {
		a := w.browser().signIn(who).get(path)
		said := texts(a.body)
		if !strings.Contains(said, "named themselves “Anna Bell”") || !strings.Contains(said, "named themselves “"+ben+"”") || strings.Contains(a.body, "<b>Ben") || strings.ContainsRune(a.body, '\u202e') {
			t.Errorf("%s:\n%s", path, said)
		}
		if !strings.Contains(said, "with the name of each reader") {
			t.Errorf("%s does not say what is asked:\n%s", path, said)
		}
	}
	for _, e := range w.audit() {
		if strings.Contains(e.Target+e.Reason+e.Actor.Name, "Anna") {
			t.Errorf("the audit log has %+v", e)
		}
	}
}

func TestANameCanBeChangedAndIsOfferedInARememberedBrowser(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := remembering(w, marta)
	id := w.sendNaming(marta)
	link := w.link(marta)
	checkContinues(t, "a message that asks for a name", b, link, true)
	b.keptFor("a remembered browser", id, asksName)
	at := "/read/" + string(id) + "/name"
	offers := func(name string) bool { return strings.Contains(b.get(at).body, `value="`+name+`"`) }
	if !offers("") {
		t.Error("a name is offered that nobody gave")
	}
	b.name(id, "Anna Bell")
	b.get("/read/" + string(id))
	if !offers("") {
		t.Error("whoever is not Anna Bell is offered her name")
	}
	w.clock.advance(time.Second)
	b.name(id, "Ben")
	b.get("/read/" + string(id))
	if got := strings.Join(w.named(id, letterlock.Read), "|"); got != "Anna Bell|Ben" {
		t.Errorf("read as %q", got)
	}
	b.post("/portal/sign-out", nil)
	checkContinues(t, "the next session", b, link, true)
	if !offers("Ben") {
		t.Error("the name is not offered in the next session")
	}
	b.keptFor("a name that is only offered", id, asksName)
	other := w.browser()
	other.prove(marta)
	if strings.Contains(other.get(at).body, "Ben") {
		t.Error("another browser is offered the name")
	}
}

func TestWhoForwardsAMessageThatAsksWhoReadsIsNamedAndItsCopyAsksToo(t *testing.T) {
	w := newWorld(t)
	id := w.sendNaming(marta)
	b := w.browser()
	b.prove(marta)
	b.name(id, "Anna Bell")
	if a := answerOf("For you.", string(omar)).post(b, "/read/"+string(id)+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	if got := strings.Join(w.named(id, letterlock.Forwarded), "|"); got != "Anna Bell" {
		t.Errorf("forwarded as %q", got)
	}
	o := w.browser()
	copied := letterlock.ID(strings.TrimPrefix(o.prove(omar), "/read/"))
	o.keptFor("the copy", copied, asksName)
}

func TestOfVeryManyNamesTheSenderSeesSome(t *testing.T) {
	var events []letterlock.Event
	for i := range 3 * mostNamed {
		events = append(events, letterlock.Event{Kind: letterlock.Read, Called: strings.Repeat("A", i+1)}, letterlock.Event{Kind: letterlock.Downloaded, Called: "B"})
	}
	list := happenings(events)
	if n := len(list); n != mostNamed+1 {
		t.Errorf("%d happenings, want %d", n, mostNamed+1)
	}
	for _, h := range list {
		last := h.events[0].Called == strings.Repeat("A", mostNamed)
		if h.others != last || last && len(h.events) != 2*mostNamed+1 {
			t.Errorf("%q has %d of them, and others: %v", h.events[0].Called, len(h.events), h.others)
		}
	}
}

func TestAskingWhoReadsIsTickedInComposeAndInARule(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	for _, tt := range []struct{ asks, ticked, want string }{
		{"", "yes", "Encrypt only, with the name of each reader"},
		{"passcode", "yes", "with a new passcode each time, with the name of each reader"},
		{"", "", "Encrypt only "},
	} {
		a := sending([2]string{"to", "info@quillfeather.example"}, [2]string{"subject", "Offer"}, [2]string{"text", "Yes."},
			[2]string{"protection", "encrypt-only"}, [2]string{"asks", tt.asks}, [2]string{"ask-name", tt.ticked}).post(b, "/compose")
		if a.status != http.StatusSeeOther {
			t.Fatalf("%q, %q: %d\n%s", tt.asks, tt.ticked, a.status, texts(a.body))
		}
		if said := texts(b.get(a.location()).body); !strings.Contains(said, tt.want) || tt.ticked == "" && strings.Contains(said, "name of each reader") {
			t.Errorf("%q, %q:\n%s", tt.asks, tt.ticked, said)
		}
	}
	id := w.sendNaming(marta)
	if a := b.get("/compose?answer=" + string(id)); !strings.Contains(a.body, `name="ask-name" value="yes" checked`) {
		t.Errorf("an answer to what asks: %d, and it is not ticked", a.status)
	}

	g := w.browser().signIn(grace)
	rule := url.Values{"name": {"Shared mailboxes"}, "enabled": {"yes"}, "recipients": {"info@*"}, "ask-name": {"yes"}}
	if a := g.post("/rules", rule); a.status != http.StatusSeeOther {
		t.Fatalf("the rule: %d\n%s", a.status, texts(a.body))
	}
	if list := texts(g.get("/rules").body); !strings.Contains(list, "Each reader gives a name") {
		t.Errorf("the rules:\n%s", list)
	}
	for to, want := range map[letterlock.Address]letterlock.Demand{"INFO@riverside.example": letterlock.ByName, omar: letterlock.NoDemand} {
		if got := w.asks(w.send(ada, letterlock.EncryptOnly, to)); got != want {
			t.Errorf("to %s asks for %q, want %q", to, got, want)
		}
	}
	rule.Set("asks", "blood")
	if a := g.post("/rules", rule); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a rule with a proof that nobody knows: %d", a.status)
	}
}

// asks is what a message asks for.
func (w *world) asks(id letterlock.ID) (d letterlock.Demand) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		m, err := tx.Message(id)
		d = m.Asks
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}
