package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const otherWords = "nine loud umbrellas walking"

func (b *browser) setPassphrase(id letterlock.ID, words, hint string) answer {
	return b.post("/sent/"+string(id)+"/passphrase", url.Values{"passphrase": {words}, "hint": {hint}})
}

// notedPassphrases counts what the audit log has of acts on the passphrase of a message.
func (w *world) notedPassphrases(id letterlock.ID) (n int) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		for _, e := range list {
			if strings.Contains(e.Action, "for passphrase") {
				n++
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestASenderChangesThePassphraseOfAMessageThatIsRead(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	r := w.browser()
	page := r.prove(marta)
	r.give(id, theWords)
	if a := r.get(page); a.status != http.StatusOK {
		t.Fatalf("before: %d", a.status)
	}
	late := w.browser() // signs in after four wrong tries
	late.prove(marta)
	for range 4 {
		late.give(id, "wrong")
	}
	b := w.browser().signIn(ada)
	sent := "/sent/" + string(id)
	if a := b.get(sent); !strings.Contains(a.body, "Change passphrase") {
		t.Errorf("Sent does not offer it:\n%s", texts(a.body))
	}
	if said := texts(b.get(sent + "/passphrase").body); !strings.Contains(said, theHint) || !strings.Contains(said, "Ask for no passphrase any more") {
		t.Errorf("the page:\n%s", said)
	}
	for _, tt := range []struct{ words, hint, want string }{
		{"short", "", "A passphrase has at least 8 characters"},
		{otherWords, "it is " + otherWords, "The hint says the passphrase"},
		{secretText, "", "The subject or the message says the passphrase"},
		{secretSubject, "", "The subject or the message says the passphrase"},
	} {
		if a := b.setPassphrase(id, tt.words, tt.hint); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), tt.want) {
			t.Errorf("%q: %d, want %q:\n%s", tt.words, a.status, tt.want, texts(a.body))
		}
	}
	if a := r.get(page); a.status != http.StatusOK {
		t.Fatalf("after refusals: %d", a.status)
	}
	if a := b.setPassphrase(id, otherWords, "the weather"); a.status != http.StatusSeeOther || a.location() != sent {
		t.Fatalf("changing it: %d\n%s", a.status, texts(a.body))
	}
	r.keptFor("who gave the old one", id, asksForIt)
	if said := texts(r.get(page + "/passphrase").body); strings.Contains(said, theHint) || !strings.Contains(said, "the weather") {
		t.Errorf("the page of the reader:\n%s", said)
	}
	if a := late.give(id, theWords); a.status != http.StatusUnprocessableEntity {
		t.Errorf("the old one, with all tries anew: %d", a.status)
	}
	if a := late.give(id, otherWords); a.location() != page || late.get(page).heading() != secretSubject {
		t.Errorf("the new one: %d to %q", a.status, a.location())
	}
	if said := texts(b.get(sent).body); !strings.Contains(said, "Passphrase") || !strings.Contains(said, "changed by you") || strings.Contains(said, otherWords) {
		t.Errorf("Sent:\n%s", said)
	}
	if said := texts(w.browser().signIn(nora).get("/trace/" + string(id)).body); !strings.Contains(said, "changed by the sender") || strings.Contains(said, "the weather") {
		t.Errorf("the trace:\n%s", said)
	}
	if a := w.browser().signIn(grace).setPassphrase(id, otherWords, ""); a.status != http.StatusNotFound {
		t.Errorf("an administrator: %d", a.status)
	}
}

// The old one was right when it was compared.
func TestAPassphraseThatIsChangedWhileItIsComparedOpensNothing(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	r, b := w.browser(), w.browser().signIn(ada)
	page := r.prove(marta)
	verify, changed := w.server.Passphrases.Verify, 0
	w.server.Passphrases.Verify = func(ctx context.Context, hashed, typed string) (bool, error) {
		right, err := verify(ctx, hashed, typed)
		if changed == 0 && right {
			changed = b.setPassphrase(id, otherWords, "").status
		}
		return right, err
	}
	if a := r.give(id, theWords); changed != http.StatusSeeOther || a.status != http.StatusUnprocessableEntity {
		t.Errorf("changing it: %d; giving the old one meanwhile: %d to %q", changed, a.status, a.location())
	}
	r.keptFor("the old one", id, asksForIt)
	if a := r.give(id, otherWords); a.location() != page {
		t.Errorf("the new one: %d", a.status)
	}
}

func TestAMessageThatWasOpenAsksForAPassphraseAndItsCopiesDoToo(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	r := w.browser()
	page := r.prove(marta)
	if a := answerOf("For you.", string(omar)).post(r, page+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	o := w.browser()
	copied := letterlock.ID(strings.TrimPrefix(o.prove(omar), "/read/"))
	if a := o.get("/read/" + string(copied)); a.status != http.StatusOK {
		t.Fatalf("the copy: %d", a.status)
	}
	b := w.browser().signIn(ada)
	if said := texts(b.get("/sent/" + string(id) + "/passphrase").body); strings.Contains(said, "any more") || !strings.Contains(said, "Ask for a passphrase") {
		t.Errorf("the page of a message without one:\n%s", said)
	}
	if a := b.setPassphrase(id, theWords, theHint); a.status != http.StatusSeeOther {
		t.Fatalf("asking: %d\n%s", a.status, texts(a.body))
	}
	r.keptFor("its reader", id, asksForIt)
	o.keptFor("the reader of its copy", copied, asksForIt)
	if a := b.post("/sent/"+string(copied)+"/passphrase/remove", nil); a.status != http.StatusForbidden {
		t.Errorf("the copy alone without it: %d", a.status)
	}
	o.give(copied, theWords)
	if a := o.get("/read/" + string(copied)); a.status != http.StatusOK {
		t.Errorf("the copy with it: %d", a.status)
	}
	if a := b.post("/sent/"+string(id)+"/passphrase/remove", nil); a.status != http.StatusSeeOther {
		t.Fatalf("removing it: %d", a.status)
	}
	for reader, at := range map[*browser]letterlock.ID{r: id, o: copied} {
		if a := reader.get("/read/" + string(at)); a.status != http.StatusOK {
			t.Errorf("without it: %d", a.status)
		}
	}
	for at, want := range map[letterlock.ID]int{id: 2, copied: 3} { // and the refusal
		if n := w.notedPassphrases(at); n != want {
			t.Errorf("%d entries in the audit log, want %d", n, want)
		}
	}
}

func TestAPassphraseThatMayNotBeSetIsNotHashed(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, carol) // has the message itself
	b := w.browser().signIn(ada)
	w.server.Passphrases.Hash = func(context.Context, string) (string, error) {
		t.Error("it was hashed")
		return "", nil
	}
	for _, words := range []string{"short", theWords} {
		if a := b.setPassphrase(id, words, ""); a.status != http.StatusForbidden {
			t.Errorf("%q: %d\n%s", words, a.status, texts(a.body))
		}
	}
	if n := w.notedPassphrases(id); n != 2 {
		t.Errorf("%d entries in the audit log, want one for each refusal", n)
	}
}

// The passphrase was changed after the backup that the data are from: nobody knows the one
// that is asked for, until the sender sets one.
func TestALostPassphraseIsSaidToReaderAndSender(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	r := w.browser()
	page := r.prove(marta)
	r.give(id, theWords)
	row, err := journal.Entry{Seq: 1, Act: journal.Passphrase, Message: id}.Row()
	if err == nil {
		_, err = w.server.Access.Replay(t.Context(), []journal.Row{row})
	}
	if err != nil {
		t.Fatal(err)
	}
	const again = "The passphrase has to be set again"
	for _, at := range []string{page, page + "/body", page + "/passphrase", w.link(marta)} {
		if a := r.get(at); a.status != http.StatusForbidden || strings.Contains(a.body, secretText) || strings.Contains(texts(a.body), revoked) {
			t.Errorf("%s: %d\n%s", at, a.status, texts(a.body))
		}
	}
	r.keptFor("who gave the old one", id, again)
	if a := r.give(id, theWords); a.status != http.StatusForbidden || a.heading() != again {
		t.Errorf("giving the old one: %d %q", a.status, a.heading())
	}
	if gate := w.browser().get(w.link(marta)).body; strings.Contains(gate, "passphrase") {
		t.Errorf("the gate tells a stranger:\n%s", texts(gate))
	}
	if list := r.get("/messages"); strings.Contains(list.body, secretSubject) {
		t.Errorf("My messages:\n%s", texts(list.body))
	}
	b := w.browser().signIn(ada)
	if said := texts(b.get("/sent/" + string(id)).body); !strings.Contains(said, "No recipient can read this message until a passphrase is set") || strings.Contains(said, "can read this message. You") || !strings.Contains(said, "after the backup") || !strings.Contains(said, "with a passphrase (to be set again)") {
		t.Errorf("Sent:\n%s", said)
	}
	if a := b.get("/sent/" + string(id) + "/passphrase"); a.status != http.StatusOK || strings.Contains(a.body, theHint) {
		t.Errorf("the page for a new one: %d", a.status)
	}
	if a := b.setPassphrase(id, otherWords, "the weather"); a.status != http.StatusSeeOther {
		t.Fatalf("setting one: %d\n%s", a.status, texts(a.body))
	}
	if a := r.give(id, otherWords); a.location() != page || r.get(page).heading() != secretSubject {
		t.Errorf("the new one: %d to %q", a.status, a.location())
	}
	if said := texts(b.get("/sent/" + string(id)).body); strings.Contains(said, "No recipient can read") || strings.Contains(said, "set again") {
		t.Errorf("Sent, with a new one:\n%s", said)
	}
}
