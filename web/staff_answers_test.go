package web

import (
	"net/http"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// conversation has Marta reply to Ada's message and forward it to Omar, and returns
// the message, the reply and the copy.
func conversation(w *world, p letterlock.Protection) (id, reply, copied letterlock.ID) {
	w.t.Helper()
	id = w.send(ada, p, marta)
	b := w.browser()
	path := b.prove(marta)
	sent := func(a answer) letterlock.ID {
		w.t.Helper()
		_, made, ok := strings.Cut(a.location(), "?sent=")
		if a.status != http.StatusSeeOther || !ok {
			w.t.Fatalf("answering: %d to %q\n%s", a.status, a.location(), texts(a.body))
		}
		return letterlock.ID(made)
	}
	reply = sent(answerOf("Agreed, with one change", "", [2]string{"signed.pdf", "%PDF-1.4"}).post(b, path+"/reply"))
	if p == letterlock.EncryptOnly {
		copied = sent(answerOf("For you", string(omar)).post(b, path+"/forward"))
	}
	w.deliver()
	return id, reply, copied
}

func (w *world) messageOf(id letterlock.ID) (m letterlock.Message) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) (err error) { m, err = tx.Message(id); return err })
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func TestRepliesAndCopiesStandUnderTheirMessage(t *testing.T) {
	w := newWorld(t)
	id, reply, copied := conversation(w, letterlock.EncryptOnly)
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id))
	text := texts(page.body)
	for _, want := range []string{string(marta) + " replied", "In the mailbox", string(marta) + " forwarded it to " + string(omar), "Replied", "Forwarded"} {
		if !strings.Contains(text, want) {
			t.Errorf("the message's page lacks %q:\n%s", want, text)
		}
	}
	for _, of := range []letterlock.ID{reply, copied} {
		if !strings.Contains(page.body, `href="/sent/`+string(of)+`"`) {
			t.Errorf("the page does not lead to %s", of)
		}
	}
	if list := b.get("/sent"); strings.Contains(list.body, string(reply)) || strings.Contains(list.body, string(copied)) || !strings.Contains(list.body, string(id)) {
		t.Error("the list shows what recipients wrote as if Ada had sent it")
	}
	own := b.get("/sent/" + string(reply))
	if text := texts(own.body); !strings.Contains(text, "signed.pdf") || !strings.Contains(own.body, `href="/compose?answer=`+string(reply)+`"`) ||
		!strings.Contains(own.body, `href="/sent/`+string(id)+`"`) || !strings.Contains(text, "wrote this in the portal. It lies in your mailbox") {
		t.Errorf("the reply's page:\n%s", text)
	}
	for of, want := range map[letterlock.ID]string{reply: "Written by ", copied: "Forwarded by "} {
		// Not under More information only: whose words it brings is to be seen at once.
		atOnce, _, _ := strings.Cut(texts(b.get("/sent/"+string(of)).body), "More information")
		if !strings.Contains(atOnce, want+string(marta)+", in the portal") {
			t.Errorf("the page does not say at once who wrote it:\n%s", atOnce)
		}
	}
	if body := b.get("/sent/" + string(reply) + "/body"); !strings.Contains(body.body, "Agreed, with one change") {
		t.Error("the reply cannot be read in Sent")
	}
	for _, other := range []letterlock.Address{eve, grace} {
		if a := w.browser().signIn(other).get("/sent/" + string(reply)); a.status != 404 {
			t.Errorf("%s gets the reply: %d, want 404", other, a.status)
		}
	}
}

func TestACopyIsTakenBackAlone(t *testing.T) {
	w := newWorld(t)
	id, _, copied := conversation(w, letterlock.EncryptOnly)
	b := w.browser().signIn(ada)
	if a := b.post("/sent/"+string(copied)+"/remove", nil); a.status != http.StatusSeeOther {
		t.Fatalf("removing: %d\n%s", a.status, texts(a.body))
	}
	other := w.browser()
	if path := other.prove(omar); other.get(path).status != 410 {
		t.Error("Omar reads the copy")
	}
	reader := w.browser()
	if path := reader.prove(marta); reader.get(path).status != 200 || path != "/read/"+string(id) {
		t.Error("Marta cannot read the original any more")
	}
}

func TestTheAnswerFromSentStaysProtected(t *testing.T) {
	w := newWorld(t)
	id, reply, _ := conversation(w, letterlock.DoNotForward)
	b := w.browser().signIn(ada)
	form := b.get("/compose?answer=" + string(reply))
	if form.status != 200 || !strings.Contains(form.body, `name="answer" value="`+string(reply)+`"`) || !strings.Contains(texts(form.body), string(marta)) ||
		!strings.Contains(form.body, `value="Re: `+secretSubject+`"`) {
		t.Fatalf("the form: %d\n%s", form.status, form.body)
	}
	fields := func(answer letterlock.ID) filled {
		return sending([2]string{"to", string(marta)}, [2]string{"subject", "Re: it"}, [2]string{"text", "Good"},
			[2]string{"protection", "encrypt-only"}, [2]string{"answer", string(answer)})
	}
	a := fields(reply).post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("sending: %d\n%s", a.status, texts(a.body))
	}
	m := w.messageOf(letterlock.ID(strings.TrimPrefix(a.location(), "/sent/")))
	if m.Original != id || m.Act != letterlock.ActAnswer || m.Protection != letterlock.DoNotForward {
		t.Errorf("the answer is of %q, act %q, %s", m.Original, m.Act, m.Protection)
	}
	if text := texts(b.get("/sent/" + string(id)).body); !strings.Contains(text, "You answered "+string(marta)) {
		t.Errorf("the first message does not show the answer:\n%s", text)
	}
	w.deliver()
	reader := w.browser()
	if page := reader.get(reader.prove(marta)); !strings.Contains(page.body, `href="/read/`+string(id)+`"`) {
		t.Errorf("the answer does not lead to the first message:\n%s", texts(page.body))
	}
	other := w.browser().signIn(eve)
	if a := other.get("/compose?answer=" + string(reply)); a.status != 404 {
		t.Errorf("another sender answers: %d, want 404", a.status)
	}
	if a := fields(reply).post(other, "/compose"); a.status != 404 {
		t.Errorf("another sender sends an answer: %d, want 404", a.status)
	}
}

func TestTheTraceShowsTheConversation(t *testing.T) {
	w := newWorld(t)
	id, reply, copied := conversation(w, letterlock.EncryptOnly)
	b := w.browser().signIn(nora)
	text := texts(b.get("/trace/" + string(id)).body)
	for _, of := range []letterlock.ID{reply, copied} {
		if !strings.Contains(text, w.messageOf(of).MessageID) {
			t.Errorf("the trace of the message lacks %s:\n%s", of, text)
		}
	}
	for _, want := range []string{"Replied", "Forwarded", "to " + string(omar)} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q:\n%s", want, text)
		}
	}
	text = texts(b.get("/trace/" + string(copied)).body)
	if !strings.Contains(text, "Written by "+string(marta)+", in the portal") || !strings.Contains(text, w.messageOf(id).MessageID) {
		t.Errorf("the trace of the copy:\n%s", text)
	}
	if list := texts(b.get("/trace?sender=" + string(ada)).body); strings.Count(list, string(marta)+", in the portal,") != 2 {
		t.Errorf("the list does not say who wrote what a recipient wrote:\n%s", list)
	}
	for _, of := range []letterlock.ID{reply, copied} {
		if a := b.get("/sent/" + string(of) + "/body"); a.status == 200 {
			t.Error("an auditor reads what a recipient wrote")
		}
	}
}
