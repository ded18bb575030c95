package outbox_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

var (
	system = letterlock.Actor{Kind: letterlock.System}
	bob    = letterlock.Mailbox{Name: "Bob", Address: "bob@contoso.example"}
)

func (h *house) accounts() *account.Service {
	return account.New(h.db, h.outbox.Pepper, ratelimit.IPKey, h.outbox.Wake)
}

// invite adds Bob's account; the mail with his link waits in the outbox.
func (h *house) invite() *account.Service {
	h.t.Helper()
	accounts := h.accounts()
	if _, err := accounts.Add(h.t.Context(), system, bob, letterlock.Sender); err != nil {
		h.t.Fatal(err)
	}
	return accounts
}

var passwordLink = regexp.MustCompile(`https://mail\.contoso\.example/password/([A-Za-z0-9_-]{43})`)

func TestAnInvitationReachesItsHolderAndWorks(t *testing.T) {
	h := newHouse(t)
	accounts := h.invite()
	mails := h.flush()
	if len(mails) != 1 || mails[0].to != bob.Address || mails[0].from != "portal@contoso.example" {
		t.Fatalf("the world got %+v, want one mail to Bob", mails)
	}
	p := parse(t, mails[0])
	found := passwordLink.FindStringSubmatch(p.text)
	if found == nil || !strings.Contains(p.html, found[0]) || len(links(p.text+p.html)) != 1 {
		t.Fatalf("links %q, want one to set a password:\n%s", links(p.text+p.html), p.text)
	}
	if err := accounts.SetPassword(t.Context(), letterlock.Actor{}, letterlock.Token(found[1]), "a password of my own", ""); err != nil {
		t.Errorf("the link in the mail: %v", err)
	}
	h.pass(time.Hour)
	if more := h.flush(); len(more) != 1 || passwordLink.MatchString(parse(t, more[0]).text) || !strings.Contains(parse(t, more[0]).text, "A password was set for your account.") {
		t.Errorf("afterwards: %d mails, want the one that says so and has no link to set one", len(more))
	}
}

func TestAnInvitationIsTriedAgainUntilItsLinkExpires(t *testing.T) {
	h := newHouse(t)
	h.world.answer = func(letterlock.Address) error { return errors.New("451 later") }
	h.invite()
	began := *h.now.Load()
	tries := 0
	for h.now.Load().Sub(began) < 72*time.Hour {
		if mails := h.flush(); len(mails) > 0 {
			t.Fatalf("the world took %+v", mails)
		}
		tries++
		h.toTheNext()
	}
	h.world.answer = nil
	if mails := h.flush(); len(mails) > 0 || tries < 10 {
		t.Errorf("after %d tries in 72 hours, %d mails; want a link that has expired to be sent to nobody", tries, len(mails))
	}
	if _, waiting := h.due(); waiting {
		t.Error("a notice is left: it should be given up, without a mail to anybody")
	}
}

func TestAnInvitationThatIsRefusedIsGivenUp(t *testing.T) {
	h := newHouse(t)
	h.world.answer = func(letterlock.Address) error {
		return &letterlock.Error{Code: letterlock.Denied, Err: errors.New("550 no such user")}
	}
	h.invite()
	h.flush()
	h.world.answer = nil
	h.pass(time.Hour)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("the world got %+v, want nothing more", mails)
	}
	if _, waiting := h.due(); waiting {
		t.Error("a notice is left")
	}
}

func TestALinkThatNoLongerWorksIsNotMailed(t *testing.T) {
	h := newHouse(t)
	accounts := h.invite()
	h.world.answer = func(letterlock.Address) error { return errors.New("451 later") }
	h.flush()
	h.world.answer = nil
	if err := accounts.Disable(t.Context(), system, bob.Address); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("a disabled account was mailed %+v", mails)
	}
}

func TestANoticeThatCannotBeOpenedHoldsUpNoOther(t *testing.T) {
	h := newHouse(t)
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(store.Notice{Kind: store.AccountNotice, Address: bob.Address, Secret: []byte("not sealed by us")})
	})
	if err != nil {
		t.Fatal(err)
	}
	h.send(intake.Envelope{}, marta)
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("the world got %+v, want the one to Marta", mails)
	}
}

// Whoever changes what keeps an account may not be its holder: that one is told what, when and from
// where, and gets no link by which anybody could sign in.
func TestTheHolderIsToldOfWhatKeepsTheirAccount(t *testing.T) {
	h := newHouse(t)
	h.invite()
	h.flush()
	at := *h.now.Load()
	for _, what := range letterlock.Changes {
		err := h.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Enqueue(store.Notice{Kind: store.ChangeNotice, Address: bob.Address,
				Secret: vault.SealChange(h.outbox.Pepper, bob.Address, vault.ChangeMail{What: what, IP: "192.0.2.7", Agent: "Firefox"})})
		})
		if err != nil {
			t.Fatal(err)
		}
		h.pass(time.Hour) // the mail says when it was changed, not when it left
		mails := h.flush()
		if len(mails) != 1 || mails[0].to != bob.Address {
			t.Fatalf("%s: the world got %+v, want one mail to Bob", what, mails)
		}
		p := parse(t, mails[0])
		for _, want := range []string{at.Format("15:04 UTC"), "Firefox, 192.0.2.7", "If it was not you"} {
			if text := strings.Join(strings.Fields(p.text), " "); !strings.Contains(text, want) || !strings.Contains(p.html, want) {
				t.Errorf("%s: the mail does not say %q:\n%s", what, want, p.text)
			}
		}
		for _, link := range links(p.text + p.html) {
			if link != "https://mail.contoso.example/account/security" {
				t.Errorf("%s: a link to %s", what, link)
			}
		}
		at = *h.now.Load()
	}
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(store.Notice{Kind: store.ChangeNotice, Address: bob.Address,
			Secret: vault.SealChange(h.outbox.Pepper, marta, vault.ChangeMail{What: letterlock.PasswordSet})})
	}); err != nil {
		t.Fatal(err)
	}
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("what was sealed for somebody else was mailed: %+v", mails)
	}
}
