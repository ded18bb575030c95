package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/release"
	"letterlock/internal/store"
)

// askRelease asks for a passcode, which does not come, and then for a release code.
func (b *browser) askRelease(link string) {
	b.w.t.Helper()
	b.post(link+"/passcode", nil)
	if a := b.post(link+"/release", nil); a.status != http.StatusSeeOther || a.location() != link+"/release" {
		b.w.t.Fatalf("asking for a release code: %d to %q %q", a.status, a.location(), a.heading())
	}
}

func (b *browser) release(link, code string) answer {
	return b.post(link+"/release/verify", url.Values{"code": {code}})
}

// A request as its sender's page has it.
var (
	showForm     = regexp.MustCompile(`action="(/sent/[a-z2-7]+/releases/[a-z2-7]+/show)"`)
	releaseShown = regexp.MustCompile(`<b class="release-code">(\d{4} \d{4})</b>`)
	reference    = regexp.MustCompile(`<span class="reference">([A-Z0-9]{4})</span>`)
)

// releaseCode has Ada shown the code of the only request for a message.
func (w *world) releaseCode(id letterlock.ID) string {
	w.t.Helper()
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id)).body
	form := showForm.FindStringSubmatch(page)
	if form == nil || releaseShown.MatchString(page) {
		w.t.Fatalf("the sender's page offers no code:\n%s", texts(page))
	}
	if a := b.post(form[1], nil); a.location() != "/sent/"+string(id) {
		w.t.Fatalf("showing it: %d to %q", a.status, a.location())
	}
	code := releaseShown.FindStringSubmatch(b.get("/sent/" + string(id)).body)
	if code == nil {
		w.t.Fatal("the sender's page shows no code")
	}
	return code[1]
}

func TestAMessageIsReadByTheCodeThatItsSenderReadsOut(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	b.askRelease(link)
	w.deliver()
	page := b.get(link + "/release")
	ref := reference.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || ref == nil || !strings.Contains(texts(page.body), "The sender has been asked") {
		t.Fatalf("the page: %d\n%s", page.status, texts(page.body))
	}
	for what, secret := range map[string]string{"the subject": secretSubject, "the address": string(marta), "the sender": "Ada"} {
		if strings.Contains(page.body, secret) {
			t.Errorf("who has proved nothing is told %s", what)
		}
	}
	news := w.box.Mails(ada)
	if len(news) != 1 || !strings.Contains(news[0].Text(), "asks you for a code") || strings.Contains(news[0].Text(), ref[1]) {
		t.Errorf("Ada is told %+v", news)
	}
	if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "asks for a release code") || !strings.Contains(said, ref[1]) ||
		!strings.Contains(said, "on a number that you already know") || !strings.Contains(said, "192.0.2.0/24") {
		t.Errorf("Ada's page:\n%s", said)
	}
	if a := b.release(link, "12345678"); a.status != http.StatusGone || !strings.Contains(texts(a.body), "There is no code yet") {
		t.Errorf("a guess before there is a code: %d\n%s", a.status, texts(a.body))
	}
	code := w.releaseCode(id)
	if a := b.release(link, "0"+code[1:]+"x"); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "The code is not right (4 tries left)") {
		t.Errorf("a wrong code: %d\n%s", a.status, texts(a.body))
	}
	other := w.browser()
	other.post(link+"/passcode", nil)
	if a := other.release(link, code); a.location() != link+"?"+askHere {
		t.Errorf("in another browser: %d to %q", a.status, a.location())
	}
	read := "/read/" + string(id)
	if a := b.release(link, code); a.status != http.StatusSeeOther || a.location() != read {
		t.Fatalf("the code: %d to %q\n%s", a.status, a.location(), texts(a.body))
	}
	if a := b.get(read); a.status != http.StatusOK || a.heading() != secretSubject {
		t.Fatalf("after it: %d %q", a.status, a.heading())
	}
	if a := b.get(fmt.Sprintf("%s/part/%d", read, w.attachment(id))); a.status != http.StatusOK {
		t.Errorf("its attachment: %d", a.status)
	}
	if said := texts(w.browser().signIn(nora).get("/trace/" + string(id)).body); !strings.Contains(said, "signed in by release code") || !strings.Contains(said, "Wrong release code") ||
		!strings.Contains(said, "Release code shown") || strings.Contains(said, code) {
		t.Errorf("the trace:\n%s", said)
	}
	if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "by release code") || strings.Contains(said, "asks for a release code") {
		t.Errorf("Ada's page after it:\n%s", said)
	}
	if strings.Contains(w.log.String(), strings.ReplaceAll(code, " ", "")) {
		t.Error("the code is in the log")
	}
}

// Nobody has proved the mailbox, so nothing opens but the message that the code is for.
func TestAReleaseCodeOpensNothingElse(t *testing.T) {
	w := newWorld(t)
	other := w.send(ada, letterlock.EncryptOnly, marta)
	otherLink := w.link(marta)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	remembered := w.browser()
	remembered.post(link+"/passcode", nil)
	remembered.post(link+"/verify", url.Values{"code": {w.passcode(marta)}, "remember": {"yes"}})
	b.askRelease(link)
	code := w.releaseCode(id)
	if a := b.post(link+"/release/verify", url.Values{"code": {code}, "remember": {"yes"}}); a.location() != "/read/"+string(id) {
		t.Fatalf("the code: %d to %q", a.status, a.location())
	}
	if b.cookies[hostPrefix+rememberedCookie] != "" {
		t.Error("the browser is remembered")
	}
	b.kept("with the code of another message", other)
	if a := b.get(otherLink); a.status != http.StatusOK || a.heading() == secretSubject {
		t.Errorf("the link of another message: %d %q", a.status, a.heading())
	}
	if a := b.get("/messages"); a.status != http.StatusForbidden || a.heading() != "This needs the passcode" || strings.Contains(a.body, secretSubject) {
		t.Errorf("My messages: %d %q", a.status, a.heading())
	}
	for _, path := range []string{"/messages/browsers/forget", "/messages/browsers/" + string(letterlock.NewID()) + "/forget"} {
		if a := b.post(path, nil); a.status != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, a.status)
		}
	}
	if again := w.browser(); again.withRemembered(remembered).get(link).status != http.StatusOK || !strings.Contains(again.get(link).body, link+"/continue") {
		t.Error("a browser of hers was forgotten")
	}
	page := b.get("/read/" + string(id))
	for _, act := range []string{"/reply", "/reply-all", "/forward"} {
		if a := b.get("/read/" + string(id) + act); a.status != http.StatusForbidden {
			t.Errorf("GET %s: %d", act, a.status)
		}
		if a := b.post("/read/"+string(id)+act, url.Values{"text": {"Pay to this account"}, "to": {"eve@elsewhere.example"}}); a.status != http.StatusForbidden {
			t.Errorf("POST %s: %d", act, a.status)
		}
		if strings.Contains(page.body, "/read/"+string(id)+act+`"`) {
			t.Errorf("the page offers %s", act)
		}
	}
	if strings.Contains(page.body, `href="/messages"`) {
		t.Error("the page offers My messages")
	}
}

// withRemembered gives a browser what another one is remembered by.
func (b *browser) withRemembered(from *browser) *browser {
	b.cookies[hostPrefix+rememberedCookie] = from.cookies[hostPrefix+rememberedCookie]
	return b
}

func TestAReleaseCodeTakesThePlaceOfAPasscodeAlone(t *testing.T) {
	for name, c := range map[string]struct {
		asks   letterlock.Demand
		says   string // to the sender
		leads  string // where the reader gets
		status int
	}{
		"a new passcode": {letterlock.FreshPasscode, "", "", http.StatusOK},
		"a passphrase":   {letterlock.ByPassphrase, "asks for its passphrase as well", "/passphrase", http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.sendTold(theWords, marta)
			if c.asks == letterlock.FreshPasscode {
				id = w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Asks: c.asks}, mail(ada, marta))
			}
			link, b := w.link(marta), w.browser()
			b.askRelease(link)
			if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, c.says) {
				t.Errorf("Ada's page does not say %q:\n%s", c.says, said)
			}
			b.release(link, w.releaseCode(id))
			page := "/read/" + string(id)
			if a := b.get(page); a.status != c.status || c.leads != "" && a.location() != page+c.leads {
				t.Errorf("after the code: %d to %q %q", a.status, a.location(), a.heading())
			}
		})
	}
	t.Run("a provider", func(t *testing.T) {
		w, _ := vouching(t)
		id := w.sendVouched()
		link, b := w.link(marta), w.browser()
		b.askRelease(link)
		if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "asks for a sign-in with OpenID as well") {
			t.Errorf("Ada's page:\n%s", said)
		}
		b.release(link, w.releaseCode(id))
		b.keptFor("with a release code", id, "This message asks for another sign-in")
	})
}

// What has become of a message is not told to whoever holds its link.
func TestARequestForWhatHasEndedLooksLikeAnyOther(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	pages := func() string {
		b := w.browser()
		b.askRelease(link)
		var all string
		for _, a := range []answer{b.get(link + "/release"), b.release(link, "12345678")} {
			all += fmt.Sprintln(a.status, reference.ReplaceAllString(a.body, "REF"))
		}
		return all
	}
	live := pages()
	if a := w.browser().signIn(ada).post("/sent/"+string(id)+"/remove", nil); a.status != http.StatusSeeOther {
		t.Fatalf("removing access: %d", a.status)
	}
	if revoked := pages(); revoked != live {
		t.Errorf("live:\n%s\nrevoked:\n%s", live, revoked)
	}
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id)).body
	if showForm.MatchString(page) || strings.Count(texts(page), "There is no code to read out: access has been removed") != 2 {
		t.Errorf("Ada's page:\n%s", texts(page))
	}
	for _, form := range regexp.MustCompile(`action="(/sent/[a-z2-7]+/releases/[a-z2-7]+/)refuse"`).FindAllStringSubmatch(page, -1) {
		if a := b.post(form[1]+"show", nil); a.status != http.StatusSeeOther || releaseShown.MatchString(b.get("/sent/"+string(id)).body) {
			t.Errorf("showing it all the same: %d", a.status)
		}
		b.post(form[1]+"refuse", nil)
	}
	if strings.Contains(b.get("/sent/"+string(id)).body, "/releases/") {
		t.Error("after they were refused they are still there")
	}
}

func TestTheSenderIsAskedWithinBoundsAndOnlyWhereCodesAreGiven(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	if a := w.browser().post(link+"/release", nil); a.location() != link+"?"+askHere {
		t.Errorf("without a cookie: %d to %q", a.status, a.location())
	}
	for range 4 {
		w.browser().askRelease(link)
	}
	b := w.browser()
	b.post(link+"/passcode", nil)
	if a := b.post(link+"/release", nil); a.status != http.StatusTooManyRequests || a.heading() != "The sender was asked often enough" || a.header.Get("Retry-After") == "" {
		t.Errorf("a fifth browser: %d %q", a.status, a.heading())
	}
	off := newWorld(t, func(o *Options) { o.Releases = &release.Service{DB: o.Releases.DB} })
	off.send(ada, letterlock.EncryptOnly, marta)
	link, b = off.link(marta), off.browser()
	b.post(link+"/passcode", nil)
	if a := b.get(link + "/passcode"); strings.Contains(a.body, "/release") {
		t.Error("it is offered where no codes are given")
	}
	if a := b.post(link+"/release", nil); a.status != http.StatusNotFound {
		t.Errorf("asked for all the same: %d", a.status)
	}
}

// As of whoever sends through the gateway.
func TestNobodyIsAskedForACodeWhoCouldNotSeeIt(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	b.post(link+"/passcode", nil)
	if a := b.get(link + "/passcode"); !strings.Contains(a.body, link+"/release") {
		t.Fatal("a code is not offered: this test proves nothing")
	}
	err := w.db.Write(t.Context(), func(tx *store.Tx) error {
		a, err := tx.Account(ada)
		a.Disabled = w.clock.Now()
		return errors.Join(err, tx.PutAccount(a))
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get(link + "/passcode"); a.status != http.StatusOK || strings.Contains(a.body, link+"/release") {
		t.Errorf("the page for the passcode: %d, or it offers to ask the sender", a.status)
	}
	for what, a := range map[string]answer{
		"asking": b.post(link+"/release", nil), "the page": b.get(link + "/release"), "a code": b.release(link, "12345678"),
	} {
		if a.status != http.StatusSeeOther || a.location() != link {
			t.Errorf("%s: %d to %q", what, a.status, a.location())
		}
	}
	if w.deliver(); len(w.box.Mails(ada)) != 0 {
		t.Error("the sender is mailed")
	}
}

func TestTheRefusedAreToldSo(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	b.askRelease(link)
	code := w.releaseCode(id)
	for range 5 {
		b.release(link, "87654321")
	}
	if a := b.release(link, code); a.status != http.StatusTooManyRequests || !strings.Contains(texts(a.body), "Too many tries") {
		t.Errorf("after 5 wrong codes: %d\n%s", a.status, texts(a.body))
	}
	b.askRelease(link)
	staff := w.browser().signIn(ada)
	form := regexp.MustCompile(`action="(/sent/[a-z2-7]+/releases/[a-z2-7]+/refuse)"`).FindStringSubmatch(staff.get("/sent/" + string(id)).body)
	if form == nil {
		t.Fatal("nothing can be refused")
	}
	if a := w.browser().signIn(eve).post(form[1], nil); a.status != http.StatusNotFound {
		t.Errorf("refused by another sender: %d", a.status)
	}
	staff.post(form[1], nil)
	if a := b.get(link + "/release"); !strings.Contains(texts(a.body), "The sender has refused it") {
		t.Errorf("the page:\n%s", texts(a.body))
	}
	w.clock.advance(5 * time.Hour)
	if a := b.get(link + "/release"); a.status != http.StatusOK {
		t.Errorf("hours later: %d", a.status)
	}
}

// releasedTo returns a browser in which a message is read by its release code.
func (w *world) releasedTo(id letterlock.ID, link string) *browser {
	w.t.Helper()
	b := w.browser()
	b.askRelease(link)
	if a := b.release(link, w.releaseCode(id)); a.location() != "/read/"+string(id) {
		w.t.Fatalf("the code: %d to %q", a.status, a.location())
	}
	return b
}

// What is asked for goes to the sender in the recipient's name.
func TestWhoeverReadsByAReleaseCodeAsksForNothing(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(30 * time.Minute)}, mail(ada, marta))
	read := "/read/" + string(id)
	proved := w.browser()
	proved.prove(marta)
	b := w.releasedTo(id, w.link(marta))
	check := func(when string) {
		t.Helper()
		if a := b.get(read); a.status != http.StatusGone || strings.Contains(a.body, read+"/ask") {
			t.Errorf("%s: the page: %d, or it has the form", when, a.status)
		}
		if !strings.Contains(proved.get(read).body, read+"/ask") {
			t.Errorf("%s: who has proved the mailbox has no form: this test proves nothing", when)
		}
		if a := b.post(read+"/ask", url.Values{"reason": {"Call me on 0190"}}); a.status != http.StatusForbidden || a.heading() != "This needs the passcode" {
			t.Errorf("%s: asking: %d %q", when, a.status, a.heading())
		}
		if page := w.browser().signIn(ada).get("/sent/" + string(id)).body; strings.Contains(page, "0190") {
			t.Errorf("%s: the sender is shown it", when)
		}
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	check("revoked")
	if err := w.server.Access.Restore(t.Context(), w.actors[ada], id); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(30 * time.Minute)
	check("expired")
}

// What a message asks for is told to who has proved the mailbox, which no code does, and
// its sender is asked by whoever has its link.
func TestAReleaseCodeSaysNothingOfAnotherMessage(t *testing.T) {
	w, _ := vouching(t)
	w.brand("legal", nil)
	w.brand("strict", nil)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.releasedTo(id, w.link(marta))
	plain := ""
	for _, other := range []struct {
		name string
		id   letterlock.ID
	}{
		{"plain", w.send(ada, letterlock.EncryptOnly, marta)},
		{"a new passcode", w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Asks: letterlock.FreshPasscode}, mail(ada, marta))},
		{"a provider", w.sendVouched()},
		{"a passphrase", w.sendTold(theWords, marta)},
	} {
		prove := "/read/" + string(other.id) + "/prove"
		a := b.get(prove)
		said := texts(reference.ReplaceAllString(strings.ReplaceAll(a.body, w.recipient(other.id, marta).Reference, "REF"), "REF"))
		if plain == "" {
			plain = said
		}
		if a.status != http.StatusOK || said != plain {
			t.Errorf("%s: the gate (%d):\n%s\nand of a plain message:\n%s", other.name, a.status, said, plain)
		}
		b.post(prove+"/passcode", nil)
		if page := b.get(prove + "/passcode"); page.status != http.StatusOK || strings.Contains(page.body, "/release") {
			t.Errorf("%s: the page for the passcode: %d, or it offers to ask the sender", other.name, page.status)
		}
		for path, a := range map[string]answer{
			"/release":        b.post(prove+"/release", nil),
			"/release again":  b.get(prove + "/release"),
			"/release/verify": b.post(prove+"/release/verify", url.Values{"code": {"12345678"}}),
		} {
			if a.status != http.StatusSeeOther || a.location() != prove {
				t.Errorf("%s: %s: %d to %q", other.name, path, a.status, a.location())
			}
		}
		if page := w.browser().signIn(ada).get("/sent/" + string(other.id)).body; strings.Contains(page, "/releases/") {
			t.Errorf("%s: its sender has been asked", other.name)
		}
	}
}

// Whatever leads to the gate of another message ends there.
func TestNoRedirectGoesRoundForWhoeverReadsByAReleaseCode(t *testing.T) {
	w, _ := vouching(t)
	w.brand("legal", nil)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.releasedTo(id, w.link(marta))
	all := []letterlock.ID{w.send(ada, letterlock.EncryptOnly, marta), w.sendVouched(), w.sendTold(theWords, marta), w.sendWith("legal", marta)}
	w.passcodesOff("legal")
	for _, other := range all {
		for _, path := range []string{"", "/passphrase", "/prove", "/prove/passcode", "/prove/release"} {
			at := "/read/" + string(other) + path
			for steps := 0; at != ""; steps++ {
				a := b.get(at)
				if at = a.location(); steps > 3 || at == "" && a.status != http.StatusOK {
					t.Fatalf("%s after %d steps: %d to %q", path, steps, a.status, at)
				}
			}
		}
	}
}

// More of them than a page lists would keep that of a recipient from the sender: the last of
// each recipient is listed, however many another has asked for.
func TestTheNewestRequestsForCodesAreListedAndAllCanBeAnswered(t *testing.T) {
	w := newWorld(t)
	other, id := w.send(ada, letterlock.EncryptOnly, marta), w.send(ada, letterlock.EncryptOnly, marta, jonas)
	first, r := w.recipient(id, jonas), w.recipient(id, marta)
	var asked []letterlock.ID
	for i := range 23 {
		from := r.ID
		if i == 0 {
			from = first.ID
		}
		q := store.Release{ID: letterlock.NewID(), Message: id, Recipient: from, Browser: []byte{byte(i)}, Reference: fmt.Sprintf("R%03d", i), Expires: w.clock.Now().Add(time.Hour)}
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error { return tx.AskRelease(q) }); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, q.ID)
		w.clock.advance(time.Second)
	}
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id)).body
	listed := reference.FindAllStringSubmatch(page, -1)
	if len(listed) != 20 || listed[0][1] != "R022" || listed[1][1] != "R000" || listed[19][1] != "R004" || !strings.Contains(texts(page), "3 more requests") {
		t.Errorf("%d are listed, %v:\n%s", len(listed), listed, texts(page))
	}
	state := func(id letterlock.ID) (q store.Release) {
		t.Helper()
		err := w.db.Read(t.Context(), func(tx *store.Tx) (err error) {
			q, err = tx.ReleaseNamed(id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	at := func(message letterlock.ID, i int, what string) string {
		return "/sent/" + string(message) + "/releases/" + string(asked[i]) + "/" + what
	}
	b.post(at(other, 0, "show"), nil)
	b.post(at(other, 1, "refuse"), nil)
	if state(asked[0]).Sealed != nil || state(asked[1]).Outcome != "" {
		t.Error("they are answered as if they were for another message")
	}
	b.post(at(id, 0, "show"), nil)
	b.post(at(id, 1, "refuse"), nil)
	if state(asked[0]).Sealed == nil || state(asked[1]).Outcome != store.ReleaseRefused {
		t.Error("the oldest cannot be answered")
	}
	if a := b.post("/sent/"+string(id)+"/releases/"+string(letterlock.NewID())+"/show", nil); a.status != http.StatusSeeOther {
		t.Errorf("one that is not there any more: %d", a.status)
	}
}
