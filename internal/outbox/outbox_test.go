package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

var (
	errBusy    = errors.New("451 4.7.1 greylisted,\r\ncome \x1b[31mback")
	errUnknown = &letterlock.Error{Code: letterlock.Denied, Err: errors.New("550 5.1.1 no such mailbox <b>x</b>")}
)

func refuse(err error) func(letterlock.Address) error {
	return func(letterlock.Address) error { return err }
}

func TestTemporaryFailuresAreRetriedWithGrowingPatience(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.world.answer = refuse(errBusy)
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		want *= time.Minute
		if mails := h.flush(); len(mails) > 0 {
			t.Fatalf("mails left: %v", mails)
		}
		if got, _ := h.due(); got < want*8/10-time.Second || got > want*12/10+time.Second {
			t.Errorf("wait after attempt %d is %v, want %v give or take a fifth", i+1, got, want)
		}
		h.toTheNext()
	}
	kinds, detail := h.history(id, marta)
	if !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Deferred}) || detail != "451 4.7.1 greylisted,  come  [31mback" {
		t.Errorf("history %v, %q; want it deferred once, with the reply in one line", kinds, detail)
	}
	h.world.answer = nil
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails = %v, want the notification at last", mails)
	}
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.Notified {
		t.Errorf("history %v, want it notified", kinds)
	}
	h.checkAttempts(9)
	if _, more := h.due(); more {
		t.Error("something is due after all was sent")
	}
}

func TestAPasscodeIsTriedAgainSoon(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.world.answer = refuse(errBusy)
	for i, want := range []time.Duration{15, 30, 60, 120, 120} {
		want *= time.Second
		h.flush()
		if got, _ := h.due(); got < want*8/10-time.Second || got > want*12/10+time.Second {
			t.Errorf("wait after attempt %d is %v, want %v give or take a fifth", i+1, got, want)
		}
		h.toTheNext()
	}
	h.world.answer = nil
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails = %v, want the passcode", mails)
	}
}

func TestAFinalRefusalIsToldToTheSender(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta, jonas)
	h.world.answer = func(to letterlock.Address) error {
		if to == marta {
			return errUnknown
		}
		return nil
	}
	mails := h.flush()
	slices.SortFunc(mails, func(a, b sent) int { return strings.Compare(string(a.to), string(b.to)) })
	if len(mails) != 2 || mails[0].to != ada.Address || mails[1].to != jonas || mails[0].from != "" {
		t.Fatalf("mails = %v, want one to Jonas and, from nobody, one to Ada", mails)
	}
	p := parse(t, mails[0])
	checkSystemMail(t, mails[0], p)
	for _, word := range []string{string(marta), "550 5.1.1 no such mailbox <b>x</b>", "Offer for 2027", "/sent/" + string(id)} {
		if !strings.Contains(p.text, word) {
			t.Errorf("the failure mail does not hold %q: %s", word, p.text)
		}
	}
	if strings.Contains(p.html, "<b>x</b>") || strings.Contains(p.all, "/m/") {
		t.Error("the failure mail holds foreign HTML, or the recipient's link")
	}
	kinds, detail := h.history(id, marta)
	r := h.recipient(id, marta)
	if !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Bounced}) || !strings.HasPrefix(detail, "550") || r.Bounced.IsZero() || r.Reply != detail {
		t.Errorf("history %v, %q, recipient %+v; want it bounced with the reply", kinds, detail, r)
	}
	if _, more := h.due(); more {
		t.Error("something is due after it was given up")
	}
}

func TestAFinalRefusalOfASecondLinkIsToldToTheSender(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.access.Revoke(t.Context(), grace, id, ""))
	must(h.access.Ask(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, id, ""))
	h.flush()
	must(h.access.Restore(t.Context(), grace, id))
	h.world.answer = func(to letterlock.Address) error {
		if to == marta {
			return errUnknown
		}
		return nil
	}
	if mails := h.flush(); len(mails) != 1 || mails[0].to != ada.Address || !strings.Contains(mails[0].raw, "no such mailbox") {
		t.Errorf("mails = %v, want one to Ada that says why", mails)
	}
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.Bounced {
		t.Errorf("history %v, want it bounced at the end", kinds)
	}
}

func TestAFailureMailThatFailsIsNotAnswered(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.world.answer = refuse(errUnknown)
	h.flush()
	if kinds, _ := h.history(id, marta); len(kinds) != 2 {
		t.Errorf("history %v, want it bounced once", kinds)
	}
	if _, more := h.due(); more {
		t.Error("something is due: a failure of a failure mail made another")
	}
}

func TestAfterFiveDaysANoticeIsGivenUp(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	start := *h.now.Load()
	h.world.answer = refuse(errBusy)
	for {
		h.flush()
		if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] == letterlock.Bounced {
			break
		}
		h.toTheNext()
	}
	if took := h.now.Load().Sub(start); took < 5*24*time.Hour || took > 5*24*time.Hour+2*time.Hour {
		t.Errorf("given up after %v, want five days", took)
	}
	h.world.answer = nil
	h.toTheNext()
	if mails := h.flush(); len(mails) != 1 || mails[0].to != ada.Address {
		t.Errorf("mails = %v, want the failure mail to Ada", mails)
	}
}

func TestRevokedBeforeItLeftIsNeverSentUnlessRestored(t *testing.T) {
	for name, attempted := range map[string]bool{"never tried": false, "tried before": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.send(intake.Envelope{}, marta)
			if attempted {
				h.world.answer = refuse(errBusy)
				h.flush()
				h.world.answer = nil
			}
			if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
				t.Fatal(err)
			}
			h.pass(3 * time.Hour)
			if mails := h.flush(); len(mails) > 0 {
				t.Fatalf("mails left after the revocation: %v", mails)
			}
			if err := h.access.Restore(t.Context(), ada, id); err != nil {
				t.Fatal(err)
			}
			mails := h.flush()
			if len(mails) != 1 || mails[0].to != marta {
				t.Fatalf("mails after the restore = %v, want the notification", mails)
			}
			token := strings.TrimPrefix(link.FindString(parse(t, mails[0]).text), "https://mail.contoso.example/m/")
			if g, err := h.access.Gate(t.Context(), token); err != nil || g.Recipient.Mailbox.Address != marta {
				t.Errorf("the link of the restored notification: %v", err)
			}
			h.access.Revoke(t.Context(), ada, id, "")
			h.access.Restore(t.Context(), ada, id)
			if mails := h.flush(); len(mails) > 0 {
				t.Errorf("a notification that had left was sent again: %v", mails)
			}
		})
	}
}

// A revoker is a Mailer during whose work the message is revoked.
type revoker struct {
	h      *house
	id     letterlock.ID
	answer error
}

func (r *revoker) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	return errors.Join(r.h.access.Revoke(ctx, grace, r.id, ""), r.answer)
}

func TestRevokedWhileItLeavesIsNotTriedAgain(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.mailBy(&revoker{h, id, errBusy})
	h.flush()
	h.mailBy(h.world)
	h.pass(time.Hour)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("mails = %v, want none after the revocation", mails)
	}
	if _, more := h.due(); more {
		t.Error("a revoked notification is still due")
	}
}

func TestWhatExpiredBeforeItLeftIsDropped(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(time.Hour)}, marta, carol)
	h.world.answer = func(to letterlock.Address) error {
		if to == marta {
			return errBusy
		}
		return nil
	}
	h.flush()
	h.world.answer = nil
	h.pass(time.Hour)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("mails = %v, want none after expiry", mails)
	}
	if kinds, _ := h.history(id, marta); slices.Contains(kinds, letterlock.Notified) || slices.Contains(kinds, letterlock.Bounced) {
		t.Errorf("history %v, want nothing more", kinds)
	}
}

func TestAnExpiredPasscodeIsNotMailed(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	r := h.recipient(id, marta)
	if _, err := h.codes.Ask(t.Context(), r.ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.flush()
	h.pass(9 * time.Minute)
	if _, err := h.codes.Resend(t.Context(), r.ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.world.answer = refuse(errBusy)
	h.flush()
	h.world.answer = nil
	h.pass(5 * time.Minute)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("a passcode was mailed four minutes after it expired: %s", parse(t, mails[0]).text)
	}
}

func TestOneBrokenMessageHoldsUpNoOther(t *testing.T) {
	h := newHouse(t)
	broken := h.send(intake.Envelope{}, carol)
	err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Shred(broken, store.SenderCopy) })
	if err != nil {
		t.Fatal(err)
	}
	h.send(intake.Envelope{}, marta)
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails = %v, want Marta's notification in spite of Carol's broken one", mails)
	}
	if kinds, _ := h.history(broken, carol); !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Deferred}) {
		t.Errorf("history of the broken one: %v, want it deferred", kinds)
	}
	if _, more := h.due(); !more {
		t.Error("the broken one is lost")
	}
}

func TestACrashBetweenSendingAndNotingSendsTwiceAndLosesNothing(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.mailBy(crash{h})
	if err := h.outbox.Flush(t.Context()); err == nil {
		t.Error("Flush noted an attempt in a closed database")
	}
	if first := h.world.take(); len(first) != 1 {
		t.Fatalf("%d mails before the crash, want 1", len(first))
	}
	h.open()
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("mails = %v, want none while the lease of the first attempt lasts", mails)
	}
	h.pass(2 * time.Minute)
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails after the crash = %v, want the notification again", mails)
	}
	if kinds, _ := h.history(id, marta); !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Notified}) {
		t.Errorf("history %v, want it notified once", kinds)
	}
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("mails = %v, want no third", mails)
	}
}

// A crash is a Mailer that hands over the mail, and then the database is gone.
type crash struct{ h *house }

func (c crash) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	return errors.Join(c.h.world.Send(ctx, from, to, mail), c.h.db.Close())
}

func TestWorkersShareTheWorkAndSendEachMailOnce(t *testing.T) {
	h := newHouse(t)
	const n = 40
	var list []letterlock.Address
	for i := range n {
		list = append(list, letterlock.Address(fmt.Sprintf("r%d@quillfeather.example", i)))
	}
	h.send(intake.Envelope{}, list...)
	got := make(map[letterlock.Address]int)
	for _, s := range h.flush() {
		got[s.to]++
	}
	for _, a := range list {
		if got[a] != 1 {
			t.Errorf("%s got %d mails, want 1", a, got[a])
		}
	}
}
