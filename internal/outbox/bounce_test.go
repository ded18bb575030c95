package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// unknown is what the server in the samples says of Marta.
const unknown = "550 5.1.1 <marta@quillfeather.example>: Recipient address rejected: User unknown"

// returnsTo returns the recipient whom the return path of a mail names.
func (h *house) returnsTo(m sent) letterlock.ID {
	h.t.Helper()
	path, err := vault.OpenReturnPath(h.outbox.Pepper, letterlock.Address(m.from), "contoso.example")
	if err != nil || !h.outbox.Awaits(letterlock.Address(m.from)) {
		h.t.Errorf("%q is no return path: %v", m.from, err)
	}
	return path.Recipient
}

// bounce has a sample of internal/dsn come to the return path of a mail.
func (h *house) bounce(name string, m sent) {
	h.t.Helper()
	if err := h.take(name, true, m); err != nil {
		h.t.Fatalf("TakeBounce of %s: %v", name, err)
	}
}

func (h *house) take(name string, fromNobody bool, m sent) error {
	h.t.Helper()
	raw, err := os.ReadFile("../dsn/testdata/" + name + ".eml")
	if err != nil {
		h.t.Fatal(err)
	}
	return h.outbox.TakeBounce(h.t.Context(), fromNobody, []letterlock.Address{letterlock.Address(m.from)}, bytes.NewReader(raw))
}

// only returns the one mail that leaves.
func (h *house) only() sent {
	h.t.Helper()
	mails := h.flush()
	if len(mails) != 1 {
		h.t.Fatalf("%d mails leave, want 1: %v", len(mails), mails)
	}
	return mails[0]
}

func (h *house) quiet() {
	h.t.Helper()
	if mails := h.flush(); len(mails) > 0 {
		h.t.Errorf("mails leave: %v", mails)
	}
}

// event adds to a recipient's history.
func (h *house) event(id letterlock.ID, a letterlock.Address, kind letterlock.EventKind) {
	h.t.Helper()
	r := h.recipient(id, a)
	if err := h.db.Write(h.t.Context(), func(tx *store.Tx) error { return tx.AddEvent(r, letterlock.Event{Kind: kind}) }); err != nil {
		h.t.Fatal(err)
	}
}

func TestABounceIsShownAndToldToTheSenderOnce(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta, jonas)
	mails := h.flush()
	i := slices.IndexFunc(mails, func(m sent) bool { return m.to == marta })
	h.pass(time.Minute)
	h.bounce("postfix", mails[i])
	h.checkHistory(id, marta, unknown, letterlock.Accepted, letterlock.Notified, letterlock.Bounced)
	h.checkHistory(id, jonas, "", letterlock.Accepted, letterlock.Notified)
	if r := h.recipient(id, marta); !r.Bounced.Equal(*h.now.Load()) || r.Reply != unknown {
		t.Errorf("the recipient is %+v", r)
	}
	told := h.only()
	if p := parse(t, told); told.to != ada.Address || told.from != "" || !strings.Contains(strings.Join(strings.Fields(p.text), " "), unknown) || strings.Contains(p.html, "<marta@") {
		t.Errorf("the sender got, from %q: %s", told.from, told.raw)
	}
	for _, again := range []string{"postfix", "postfix-delay", "delivered", "qmail"} {
		h.pass(time.Hour)
		h.bounce(again, mails[i])
	}
	h.checkHistory(id, marta, unknown, letterlock.Accepted, letterlock.Notified, letterlock.Bounced)
	h.quiet()
}

func TestADelayIsNotedOnceAndMayEndWell(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	for range 2 {
		h.bounce("postfix-delay", mail)
	}
	delayed := []letterlock.EventKind{letterlock.Accepted, letterlock.Notified, letterlock.Deferred}
	h.checkHistory(id, marta, "at a server further on: connect to mx.quillfeather.example[192.0.2.25]:25: Connection timed out", delayed...)
	h.quiet() // nobody has to do anything
	for range 2 {
		h.bounce("delivered", mail)
	}
	delayed = append(delayed, letterlock.Notified)
	h.checkHistory(id, marta, "", delayed...)
	for range 2 { // who may say so once cannot fill the history with it
		h.bounce("postfix-delay", mail)
		h.bounce("delivered", mail)
	}
	h.checkHistory(id, marta, "", delayed...)
	h.bounce("exim", mail) // a mailbox further on
	h.checkHistory(id, marta, "550 No such person", append(delayed, letterlock.Bounced)...)
	if told := h.only(); told.to != ada.Address {
		t.Errorf("%s is told", told.to)
	}
}

func TestADelayFurtherOnIsShownUntilSomethingEndsIt(t *testing.T) {
	const said = "at a server further on: connect to mx.quillfeather.example[192.0.2.25]:25: Connection timed out"
	for name, tt := range map[string]struct {
		end  func(h *house, id letterlock.ID, to letterlock.Address, mail sent)
		said string // then
	}{
		"delivered":   {func(h *house, _ letterlock.ID, _ letterlock.Address, mail sent) { h.bounce("delivered", mail) }, ""},
		"passed on":   {func(h *house, _ letterlock.ID, _ letterlock.Address, mail sent) { h.bounce("list", mail) }, ""},
		"came back":   {func(h *house, _ letterlock.ID, _ letterlock.Address, mail sent) { h.bounce("postfix", mail) }, unknown},
		"read":        {func(h *house, id letterlock.ID, to letterlock.Address, _ sent) { h.event(id, to, letterlock.Read) }, ""},
		"a week over": {func(h *house, _ letterlock.ID, _ letterlock.Address, _ sent) { h.pass(24 * time.Hour) }, said},
	} {
		for _, to := range []letterlock.Address{marta, carol} {
			h := newHouse(t)
			id := h.send(intake.Envelope{}, to)
			mail := h.only()
			if is, reply := h.delayed(id, to); is || reply != "" {
				t.Errorf("%s, %s: delayed before anybody said so: %q", name, to, reply)
			}
			h.pass(4 * time.Hour)
			h.bounce("postfix-delay", mail)
			h.pass(6*24*time.Hour - 4*time.Hour)
			if is, reply := h.delayed(id, to); !is || reply != said {
				t.Errorf("%s, %s: delayed %v, %q, want %q", name, to, is, reply, said)
			}
			tt.end(h, id, to, mail)
			if is, reply := h.delayed(id, to); is || reply != tt.said {
				t.Errorf("%s, %s: delayed still %v, %q, want not, %q", name, to, is, reply, tt.said)
			}
		}
	}
}

func TestADelayOfAPasscodeSaysNothingOfTheMessage(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.only()
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.bounce("postfix-delay", h.only())
	if is, reply := h.delayed(id, marta); is || reply != "" {
		t.Errorf("the message is delayed: %v, %q", is, reply)
	}
}

func TestWhoHasReadIsNotShownAsDelayed(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	h.event(id, marta, letterlock.Read)
	h.bounce("postfix-delay", mail)
	if r := h.recipient(id, marta); r.Reply != "" {
		t.Errorf("a reader is shown as %+v", r)
	}
}

func TestADelayWithoutAReasonIsADelay(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.bounce("exim-delay", h.only())
	h.checkHistory(id, marta, "at a server further on", letterlock.Accepted, letterlock.Notified, letterlock.Deferred)
	if is, reply := h.delayed(id, marta); !is || reply != "at a server further on" {
		t.Errorf("delayed %v, %q", is, reply)
	}
}

func TestNobodyCanMakeAReturnPath(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta, jonas)
	path := letterlock.Address(h.flush()[0].from)
	if len(path.Local()) > 64 {
		t.Errorf("%s is too long a local part", path)
	}
	parts := strings.Split(path.Local(), ".")
	other := string(h.recipient(id, jonas).ID)
	if strings.HasSuffix(parts[0], other) {
		other = string(h.recipient(id, marta).ID)
	}
	last := "a"
	if strings.HasSuffix(parts[2], last) {
		last = "b"
	}
	spell := func(local ...string) letterlock.Address {
		return letterlock.Address(strings.Join(local, ".") + "@contoso.example")
	}
	for _, tt := range []struct {
		name string
		path letterlock.Address
		want bool
	}{
		{"as it was sent", path, true},
		{"in capitals", letterlock.Address(strings.ToUpper(path.Local()) + "@contoso.example"), true},
		{"another tag", spell(parts[0], parts[1], parts[2][:len(parts[2])-1]+last), false},
		{"half a tag", spell(parts[0], parts[1], parts[2][:8]), false},
		{"no tag", spell(parts[0], parts[1], ""), false},
		{"another recipient", spell("bounce+"+other, parts[1], parts[2]), false},
		{"another notice", spell(parts[0], parts[1]+"1", parts[2]), false},
		{"the old form", spell(parts[0]), false},
		{"another domain", letterlock.Address(path.Local() + "@contoso.test"), false},
		{"somebody", "portal@contoso.example", false},
	} {
		if got := h.outbox.Awaits(tt.path); got != tt.want {
			t.Errorf("%s, %s: awaited %t, want %t", tt.name, tt.path, got, tt.want)
		}
		if err := h.take("postfix", true, sent{from: string(tt.path)}); (err == nil) != tt.want {
			t.Errorf("%s: TakeBounce = %v", tt.name, err)
		}
	}
	h.outbox.Pepper = seal.Pepper{}
	if h.outbox.Awaits(path) {
		t.Error("the tag does not depend on the key")
	}
}

func TestWhoHasReadIsNotShownAsUnreachable(t *testing.T) {
	h := newHouse(t)
	first, then := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta)
	mails := map[letterlock.ID]sent{}
	for _, m := range h.flush() {
		mails[h.returnsTo(m)] = m
	}
	h.event(first, marta, letterlock.Read)
	h.bounce("postfix", mails[h.recipient(first, marta).ID])
	h.quiet()
	h.bounce("postfix", mails[h.recipient(then, marta).ID])
	if h.recipient(then, marta).Bounced.IsZero() {
		t.Fatal("nothing came back: this test would prove nothing")
	}
	h.event(then, marta, letterlock.Read)
	for _, id := range []letterlock.ID{first, then} {
		if r := h.recipient(id, marta); !r.Bounced.IsZero() || r.Reply != "" || r.FirstRead.IsZero() {
			t.Errorf("a reader is shown as %+v", r)
		}
		if kinds, _ := h.history(id, marta); !slices.Contains(kinds, letterlock.Bounced) {
			t.Errorf("the history does not say that it came back: %v", kinds)
		}
	}
}

func TestRestoringWhomNothingReachesSendsNothing(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	h.bounce("postfix", mail)
	h.only() // to Ada
	h.check(h.access.Revoke(t.Context(), grace, id, ""))
	h.check(h.access.Restore(t.Context(), grace, id))
	h.quiet()
	if r := h.recipient(id, marta); r.Bounced.IsZero() || r.Reply != unknown {
		t.Errorf("after it was restored the recipient is %+v", r)
	}
}

func TestABounceAfterARevocationIsToldToNobody(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	h.check(h.access.Revoke(t.Context(), grace, id, ""))
	h.bounce("postfix", mail)
	h.quiet()
	h.checkHistory(id, marta, unknown, letterlock.Accepted, letterlock.Notified, letterlock.RevokedEvent, letterlock.Bounced)
	h.check(h.access.Restore(t.Context(), grace, id))
	h.quiet() // it would come back again
	if h.recipient(id, marta).Bounced.IsZero() {
		t.Error("after it was restored nobody knows that it came back")
	}
}

func TestABounceAfterTheEndIsToldToTheSender(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(time.Hour)}, marta)
	mail := h.only()
	h.pass(5 * 24 * time.Hour) // as long as servers try
	h.bounce("postfix", mail)
	h.checkHistory(id, marta, unknown, letterlock.Accepted, letterlock.Notified, letterlock.Bounced)
	if told := h.only(); told.to != ada.Address {
		t.Errorf("%s is told", told.to)
	}
}

func TestWhatTheOtherSideSaidIsToldWhateverHasHappenedSince(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.bounce("postfix", h.only())
	h.event(id, marta, letterlock.Read) // by a link that somebody passed on, before Ada was told
	if text := strings.Join(strings.Fields(parse(t, h.only()).text), " "); !strings.Contains(text, unknown) {
		t.Errorf("Ada is told %s", text)
	}
	h.check(h.access.Revoke(t.Context(), grace, id, ""))
	h.check(h.access.Ask(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, id, ""))
	h.flush()
	h.check(h.access.Restore(t.Context(), grace, id))
	h.bounce("qmail", h.only()) // the second link
	told := h.only()
	if text := strings.Join(strings.Fields(parse(t, told).text), " "); told.to != ada.Address || !strings.Contains(text, "no mailbox here by that name") {
		t.Errorf("of the second link %s is told %s", told.to, text)
	}
	if r := h.recipient(id, marta); !r.Bounced.IsZero() {
		t.Errorf("a reader is shown as %+v", r)
	}
}

func TestANoticeThatWasRevivedCanComeBack(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.world.answer = refuse(errBusy)
	h.flush()
	h.check(h.access.Revoke(t.Context(), grace, id, ""))
	h.world.answer = nil
	h.quiet()
	h.check(h.access.Restore(t.Context(), grace, id))
	mail := h.only()
	h.bounce("postfix-delay", mail)
	h.bounce("postfix", mail)
	kinds, _ := h.history(id, marta)
	if want := []letterlock.EventKind{letterlock.Notified, letterlock.Deferred, letterlock.Bounced}; !slices.Equal(kinds[len(kinds)-3:], want) {
		t.Errorf("history %v, want %v at its end", kinds, want)
	}
}

// A quick world sends a mail back before it has said that it took it.
type quick struct {
	h    *house
	name string
}

func (q quick) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	if to == marta {
		q.h.bounce(q.name, sent{from: from})
	}
	return q.h.world.Send(ctx, from, to, mail)
}

func TestABounceMayBeFasterThanTheAnswer(t *testing.T) {
	for name, want := range map[string][]letterlock.EventKind{
		"postfix":       {letterlock.Accepted, letterlock.Notified, letterlock.Bounced},
		"postfix-delay": {letterlock.Accepted, letterlock.Notified, letterlock.Deferred},
	} {
		h := newHouse(t)
		h.outbox.Mailer = quick{h, name}
		id := h.send(intake.Envelope{}, marta)
		h.flush()
		h.checkHistory(id, marta, "", want...)
		if _, more := h.due(); more {
			t.Errorf("%s: the notice is still to be sent", name)
		}
		h.world.answer = refuse(errBusy) // it was taken, and we did not hear so
		id = h.send(intake.Envelope{}, marta)
		h.flush()
		h.checkHistory(id, marta, "", want...)
	}
}

func TestAMessageItselfComesBack(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	h.bounce("exchange", h.only())
	h.checkHistory(id, carol, "550 5.1.10 RESOLVER", letterlock.Accepted, letterlock.Delivered, letterlock.Bounced)
	told := h.only()
	if text := parse(t, told).text; told.to != ada.Address || !strings.Contains(text, "Your message could not be delivered") || strings.Contains(text, "notification") {
		t.Errorf("%s is told: %s", told.to, text)
	}
}

func TestAPasscodeThatComesBackSaysNothingOfTheMessage(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.bounce("postfix", h.only())
	h.quiet()
	if r := h.recipient(id, marta); !r.Bounced.IsZero() {
		t.Errorf("the recipient is %+v", r)
	}
}

func TestADestroyedMessageLearnsNothing(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	h.check(h.access.Destroy(t.Context(), grace, id, "")) // and what is kept of it says so
	before, _ := h.history(id, marta)
	h.bounce("postfix", mail)
	h.quiet()
	if after, _ := h.history(id, marta); !slices.Equal(after, before) {
		t.Errorf("history %v, then %v", before, after)
	}
}

func TestAnAnswerChangesNothing(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	mail := h.only()
	for _, name := range []string{"no-vacation", "no-receipt", "no-challenge", "no-loop"} {
		if err := h.take(name, false, mail); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.take("no-person", false, mail); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "no-report" {
		t.Errorf("what a person wrote: %v", err)
	}
	h.quiet()
	h.checkHistory(id, marta, "", letterlock.Accepted, letterlock.Notified)
}

func TestOfALargeBounceOnlyTheBeginningIsKept(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	path := []letterlock.Address{letterlock.Address(h.only().from)}
	raw, err := os.ReadFile("../dsn/testdata/exchange.eml")
	h.check(err)
	large := io.MultiReader(bytes.NewReader(raw), io.LimitReader(zeros{}, 100<<20))
	cut := errors.New("cut off")
	if err := h.outbox.TakeBounce(t.Context(), true, path, io.MultiReader(bytes.NewReader(raw), failing{cut})); !errors.Is(err, cut) {
		t.Errorf("a mail that is cut off: %v", err)
	}
	h.checkHistory(id, carol, "", letterlock.Accepted, letterlock.Delivered)
	h.check(h.outbox.TakeBounce(t.Context(), true, path, large))
	h.checkHistory(id, carol, "550 5.1.10", letterlock.Accepted, letterlock.Delivered, letterlock.Bounced)
	if n, err := large.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("it was not read to its end: %d, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}
