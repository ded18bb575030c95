package access_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// sendUntilRefused opens a message again and again and sends under each lease,
// until access has ended. It counts what was sent after the answer.
func (h *house) sendUntilRefused(by letterlock.Actor, id letterlock.ID, answered *atomic.Bool, began chan<- struct{}) (late int) {
	write := func() error {
		if answered.Load() {
			late++
		}
		runtime.Gosched()
		if answered.Load() {
			late++
		}
		return nil
	}
	for first := true; ; first = false {
		l, err := h.access.Open(h.t.Context(), by, id)
		if first {
			began <- struct{}{}
		}
		if err != nil {
			return late
		}
		for range 3 {
			err = l.Lease.Send(write)
		}
		l.Close()
		if errors.Is(err, letterlock.Gone) || late > 0 {
			return late
		}
	}
}

func TestNoReaderSlipsPastARevocation(t *testing.T) {
	const rounds, readers = 20, 4
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	for round := range rounds {
		var answered atomic.Bool
		var late atomic.Int64
		var all sync.WaitGroup
		began := make(chan struct{}, readers)
		for range readers {
			all.Go(func() { late.Add(int64(h.sendUntilRefused(marta, id, &answered, began))) })
		}
		for range round % (readers + 1) { // some of them have begun, others have not
			<-began
		}
		if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
			t.Fatal(err)
		}
		answered.Store(true)
		all.Wait()
		if n := late.Load(); n > 0 {
			t.Fatalf("round %d: %d looks at the answer from inside a write came after it", round, n)
		}
		if err := h.access.Restore(t.Context(), ada, id); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.access.Out(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}

func TestOnlyTheChosenRecipientIsCut(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := h.send(intake.Envelope{}, marta, jonas)
	leases := map[string]*access.Lease{}
	for name, by := range map[string]letterlock.Actor{"chosen": marta, "other": jonas, "sender": ada} {
		l, err := h.access.Watch(t.Context(), by, id)
		if err != nil {
			t.Fatal(err)
		}
		leases[name] = l
	}
	if err := h.access.Revoke(t.Context(), ada, id, "", marta.Address); err != nil {
		t.Fatal(err)
	}
	for name, l := range leases {
		if l.Live() == (name == "chosen") {
			t.Errorf("%s: live %v", name, l.Live())
		}
		l.Release()
	}
	if _, err := h.access.Watch(t.Context(), marta, id); !errors.Is(err, letterlock.Gone) {
		t.Errorf("watching what was revoked: %v, want Gone", err)
	}
	if err := h.access.Restore(t.Context(), ada, id, marta.Address); err != nil {
		t.Fatal(err)
	}
	l, err := h.access.Watch(t.Context(), marta, id)
	if err != nil || !l.Live() || leases["chosen"].Live() {
		t.Fatalf("after Restore: %v; the old lease must stay cut, a new one be live", err)
	}
	l.Release()
	if n := h.access.Out(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}

func TestRefusedReadersLeaveNoLease(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	for _, by := range []letterlock.Actor{eve, audit, jonas, {}} {
		if _, err := h.access.Open(t.Context(), by, id); err == nil {
			t.Errorf("%s may read", by.Address)
		}
	}
	if _, _, _, err := h.access.Download(t.Context(), marta, id, 99); err == nil {
		t.Error("part 99 exists")
	}
	if _, err := h.access.WatchAll(ada); !errors.Is(err, letterlock.Denied) {
		t.Errorf("a sender's list of received messages: %v, want Denied", err)
	}
	if n := h.access.Out(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}

func TestExpiryCutsLeases(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	end := h.now.Add(time.Minute)
	id := h.send(intake.Envelope{Expires: end}, marta)
	l, err := h.access.Watch(t.Context(), marta, id)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	h.now = end
	if l.Live() {
		t.Error("live at its end")
	}
	if err := h.access.ExpireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.Cut():
	default:
		t.Error("not cut by the sweep")
	}
}

func TestAMessageThatIsSweptWhileItIsOpenedHasExpired(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	sent := h.now
	end := sent.Add(time.Minute)
	id := h.send(intake.Envelope{Expires: end}, marta)
	h.now = end
	if err := h.access.ExpireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.now = sent // the transaction read the clock before the sweep, and the database after it
	h.access.Now = func() time.Time { return end }
	if _, err := h.access.Open(t.Context(), marta, id); letterlock.KeyOf(err) != "expired" {
		t.Errorf("opening: %v, want expired", err)
	}
	h.access.Now = func() time.Time { return sent }
	if _, err := h.access.Open(t.Context(), marta, id); !errors.Is(err, letterlock.Internal) {
		t.Errorf("without a key before its end: %v, want Internal: nobody decided on that", err)
	}
}

func TestAListEndsWithAnyOfItsMessages(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	h.send(intake.Envelope{}, marta)
	id := h.send(intake.Envelope{}, marta)
	hers, err1 := h.access.WatchAll(marta)
	his, err2 := h.access.WatchAll(jonas)
	if err := errors.Join(err1, err2, h.access.Revoke(t.Context(), ada, id, "")); err != nil {
		t.Fatal(err)
	}
	if hers.Live() || !his.Live() {
		t.Errorf("after a revocation: her list live %v, another reader's %v", hers.Live(), his.Live())
	}
	hers.Release()
	his.Release()
	if n := h.access.Out(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}

// recipient is marta as the store knows her.
func (h *house) recipient(id letterlock.ID) (r letterlock.Recipient) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		r, err = tx.RecipientByAddress(id, marta.Address)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func TestRevokeWaitsForTheNotificationUnderWay(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	r := h.recipient(id)
	began, told := make(chan struct{}), make(chan error, 1)
	var ended atomic.Bool
	go func() {
		told <- h.access.Tell(t.Context(), r, func(ctx context.Context) error {
			close(began)
			<-ctx.Done() // a mail server that takes its time
			ended.Store(true)
			return ctx.Err()
		})
	}()
	<-began
	if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
		t.Fatal(err)
	}
	if !ended.Load() {
		t.Error("the revocation was answered while the notification was on its way")
	}
	if err := <-told; !errors.Is(err, letterlock.Gone) {
		t.Errorf("the notification that was cut: %v, want Gone", err)
	}
	err := h.access.Tell(t.Context(), r, func(context.Context) error { t.Error("a notification left after the revocation"); return nil })
	if !errors.Is(err, letterlock.Gone) {
		t.Errorf("a notification after the revocation: %v, want Gone", err)
	}
	if err := h.access.Restore(t.Context(), ada, id); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("451 later")
	if err := h.access.Tell(t.Context(), r, func(context.Context) error { return broken }); err != broken {
		t.Errorf("a notification that fails: %v, want its own error", err)
	}
	if n := h.access.Out(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
}
