package outbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// checkAttempts requires that so many attempts were kept, the last without a reply.
func (h *house) checkAttempts(want int) {
	h.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?mode=ro")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var n, taken, secrets int
	err = db.QueryRow(`SELECT count(*), count(CASE reply WHEN '' THEN 1 END), (SELECT count(secret) FROM outbox) FROM attempts`).Scan(&n, &taken, &secrets)
	if err != nil || n != want || taken != 1 || secrets != 0 {
		h.t.Errorf("%d attempts, %d of them taken, %d secrets left, %v; want %d, 1 and none", n, taken, secrets, err, want)
	}
}

// A gate is a Mailer that says when a mail comes and waits before it takes it.
type gate struct {
	came chan letterlock.Address
	open chan struct{}
}

func newGate() *gate { return &gate{make(chan letterlock.Address), make(chan struct{})} }

func (g *gate) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	_, err := io.Copy(io.Discard, mail)
	g.came <- to
	<-g.open
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// run starts the outbox, and returns what stops it and waits for its end.
func (h *house) run() (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error)
	go func() { done <- h.outbox.Run(ctx) }()
	return func() {
		h.t.Helper()
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("Run: %v", err)
		}
	}
}

func TestRunDeliversWhenWokenAndStops(t *testing.T) {
	h := newHouse(t)
	g := newGate()
	close(g.open)
	h.mailBy(g)
	stop := h.run()
	for _, a := range []letterlock.Address{marta, jonas, carol} {
		h.send(intake.Envelope{}, a)
		if got := <-g.came; got != a {
			t.Errorf("a mail to %s, want to %s", got, a)
		}
	}
	stop()
}

func TestRunFinishesTheAttemptItHasBegun(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	g := newGate()
	h.mailBy(g)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.outbox.Run(ctx) }()
	<-g.came
	cancel()
	close(g.open)
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.Notified {
		t.Errorf("history %v, want the attempt noted", kinds)
	}
}

// A wall is a Mailer that says when a mail comes and never takes it.
type wall chan letterlock.Address

func (w wall) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	w <- to
	<-ctx.Done()
	return ctx.Err()
}

func TestWhatAKilledProcessHadClaimedIsDueAtOnce(t *testing.T) {
	h := newHouse(t)
	h.send(intake.Envelope{}, marta)
	h.send(intake.Envelope{}, jonas)
	claim := func(tx *store.Tx) error { _, err := tx.Claim(time.Hour); return err }
	if err := h.db.Write(t.Context(), claim); err != nil { // and nothing more: the process is gone
		t.Fatal(err)
	}
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { // this one was answered, and is to wait
		n, err := tx.Claim(time.Hour)
		return errors.Join(err, tx.NoteAttempt(n.ID, n.Attempts, "451 later"), tx.Postpone(n.ID, tx.Now.Add(time.Hour)))
	}); err != nil {
		t.Fatal(err)
	}
	g := newGate()
	close(g.open)
	h.mailBy(g)
	stop := h.run()
	if got := <-g.came; got != marta {
		t.Errorf("a mail to %s, want to %s", got, marta)
	}
	stop()
	if mails := h.flush(); len(mails) != 0 {
		t.Errorf("what was deferred left before its time: %v", mails)
	}
}

func TestWhatAStopCutsOffIsDueAtOnce(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	w := make(wall)
	h.outbox.Mailer, h.outbox.Grace = w, time.Millisecond
	for range 2 {
		stop := h.run()
		<-w
		stop()
	}
	if kinds, _ := h.history(id, marta); len(kinds) != 1 {
		t.Errorf("history %v, want nothing of what was cut off", kinds)
	}
	h.mailBy(h.world)
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails after the next start = %v, want the notification", mails)
	}
	h.checkAttempts(1)
}

func TestWhatIsFinalIsFinalThoughItWasCutOff(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	w := make(wall)
	h.outbox.Mailer, h.outbox.Grace = refusing{w}, time.Millisecond
	stop := h.run()
	<-w
	stop()
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.Bounced {
		t.Errorf("history %v, want it bounced", kinds)
	}
}

// refusing is a wall that says no in the end.
type refusing struct{ wall }

func (r refusing) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	return errors.Join(errUnknown, r.wall.Send(ctx, from, to, mail))
}

func TestAPasscodeOvertakesWhatASlowRelayHoldsUp(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	for i := range 20 {
		h.send(intake.Envelope{}, letterlock.Address(fmt.Sprintf("r%d@riverside.example", i)))
	}
	g := &lane{wall: make(wall), passcodes: make(chan letterlock.Address)}
	h.outbox.Mailer, h.outbox.Grace = g, time.Millisecond
	stop := h.run()
	for range 4 { // every worker of the whole lane is busy, and stays so
		<-g.wall
	}
	for range 3 {
		h.pass(time.Minute)
		if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
			t.Fatal(err)
		}
		if got := <-g.passcodes; got != marta {
			t.Errorf("a passcode to %s, want to %s", got, marta)
		}
		h.pass(10 * time.Minute)
	}
	stop()
}

// A lane is a Mailer that takes what goes to Marta and nothing else.
type lane struct {
	wall
	passcodes chan letterlock.Address
}

func (l *lane) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	if to == marta {
		l.passcodes <- to
		return nil
	}
	return l.wall.Send(ctx, from, to, mail)
}

func TestALongAttemptKeepsItsClaim(t *testing.T) {
	h := newHouse(t)
	h.send(intake.Envelope{}, marta)
	g := newGate()
	h.mailBy(g)
	stop := h.run()
	<-g.came
	for range 10 {
		h.pass(time.Minute)
		if err := h.outbox.Extend(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wait, _ := h.due(); wait < time.Minute {
			t.Fatalf("the notice under way is due in %v: it would be sent twice", wait)
		}
	}
	close(g.open)
	stop()
	if _, more := h.due(); more {
		t.Error("the notice is due after it was sent")
	}
	if err := h.outbox.Extend(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWorkersWaitForTheNextNoticeThatIsDue(t *testing.T) {
	h := newHouse(t)
	check := func(when string, whole, urgent time.Duration) {
		t.Helper()
		for lane, want := range map[store.Lane]time.Duration{store.WholeLane: whole, store.UrgentLane: urgent} {
			got, err := h.outbox.UntilDue(t.Context(), lane)
			if err != nil || got != want {
				t.Errorf("%s: lane %d waits for %v, %v; want %v", when, lane, got, err, want)
			}
		}
	}
	const idle = 30 * time.Second
	check("empty", idle, idle)
	id := h.send(intake.Envelope{}, marta)
	check("a notification is due", 0, idle)
	h.world.answer = refuse(errBusy)
	h.flush()
	check("it is due in about a minute", idle, idle)
	wait, _ := h.due()
	h.pass(wait - 2*time.Second)
	check("it is due soon", 2*time.Second, idle)
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	check("a passcode is due", 0, 0)
}

// A logged is a log whose lines can be waited for. It has room for those of all
// workers, none of which must wait for the test.
type logged chan string

func (l logged) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// until waits for a line with some words. No line may name anybody.
func (l logged) until(t *testing.T, words string) {
	t.Helper()
	for line := range l {
		if strings.Contains(line, string(marta)) || strings.Contains(line, secret) {
			t.Errorf("log line %q", line)
		}
		if strings.Contains(line, words) {
			return
		}
	}
}

func TestRunLogsAnErrorAndGoesOn(t *testing.T) {
	h := newHouse(t)
	h.send(intake.Envelope{}, marta)
	log := make(logged, 1000)
	h.outbox.Log = slog.New(slog.NewTextHandler(log, nil))
	h.mailBy(crash{h})
	stop := h.run()
	log.until(t, "settling notice")
	h.outbox.Wake()
	log.until(t, "looking for what is due")
	stop()
}

// TestPasscodesLeaveAheadOfEverythingElse has a hundred notifications due for an hour,
// and a relay that takes a while over each.
func TestPasscodesLeaveAheadOfEverythingElse(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	var many []letterlock.Address
	for i := range 100 {
		many = append(many, letterlock.Address(fmt.Sprintf("reader%d@many.example", i)))
	}
	h.send(intake.Envelope{}, many...)
	h.pass(time.Hour)
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}

	// Whoever looks for anything gets the passcode.
	var next store.Notice
	err := h.db.Write(t.Context(), func(tx *store.Tx) (err error) {
		if next, err = tx.Claim(time.Minute); err != nil {
			return err
		}
		return tx.Release(next.ID)
	})
	if err != nil || next.Kind != store.PasscodeNotice {
		t.Errorf("the next notice is %q, %v; want the passcode", next.Kind, err)
	}

	// And it leaves while every worker for the rest is busy for as long as the relay likes.
	g := &gate{make(chan letterlock.Address, 200), make(chan struct{})}
	h.outbox.Mailer = g
	stop := h.run()
	for n := 0; ; n++ {
		select {
		case to := <-g.came:
			if to == marta {
				close(g.open)
				stop()
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the passcode waits behind %d mails that the relay has not taken", n)
		}
	}
}

func TestTheQueueSaysHowLateItIs(t *testing.T) {
	h := newHouse(t)
	due := func() (d store.Due) {
		t.Helper()
		err := h.db.Read(t.Context(), func(tx *store.Tx) (err error) { d, err = tx.DueSince(); return err })
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := due(); d != (store.Due{}) {
		t.Errorf("nothing was sent, and is due since %v", d)
	}
	began := *h.now.Load()
	id := h.send(intake.Envelope{}, marta)
	h.pass(10 * time.Minute)
	if d := due(); !d.Passcodes.IsZero() || !d.Others.Equal(began) {
		t.Errorf("due since %v, want the notification since %v", d, began)
	}
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	asked := *h.now.Load()
	h.pass(time.Minute)
	if d := due(); !d.Passcodes.Equal(asked) || !d.Others.Equal(began) {
		t.Errorf("due since %v, want the passcode since %v", d, asked)
	}
	// What waits for another try is not late.
	h.world.answer = refuse(errBusy)
	h.flush()
	if d := due(); d != (store.Due{}) {
		t.Errorf("after an attempt: %v", d)
	}
}

func TestTheQueueSaysWhatWaitsForLong(t *testing.T) {
	h := newHouse(t)
	waiting := func() (w store.Waiting) {
		t.Helper()
		h.read(func(tx *store.Tx) (err error) { w, err = tx.PutOffLong(); return err })
		return w
	}
	began := *h.now.Load()
	h.world.answer = func(to letterlock.Address) error {
		if to.Domain() == jonas.Domain() {
			return errors.New("452 full")
		}
		return errors.New("451 busy")
	}
	h.send(intake.Envelope{}, marta)
	h.flush()
	h.pass(30 * time.Minute)
	h.send(intake.Envelope{}, marta, jonas)
	h.flush()
	if w := waiting(); w.Mails != 0 || !w.Since.IsZero() || len(w.Domains) != 0 || w.PutOff != 3 {
		t.Errorf("after half an hour: %+v", w)
	}
	h.pass(31 * time.Minute)
	if w := waiting(); w.Mails != 1 || len(w.Domains) != 1 {
		t.Errorf("after an hour: %+v", w)
	}
	h.world.answer = refuse(errors.New("454 later"))
	h.pass(2 * time.Hour)
	h.flush()
	for i := range 5 {
		h.send(intake.Envelope{}, letterlock.Address(fmt.Sprintf("x@d%d.example", i)))
	}
	h.pass(2 * time.Hour) // nobody tries
	w := waiting()
	if w.Mails != 8 || w.Capped || !w.Since.Equal(began) || len(w.Domains) != 5 {
		t.Fatalf("in the end: %+v", w)
	}
	for i, want := range []store.WaitingDomain{
		{Domain: "quillfeather.example", Mails: 2, Since: began, Reply: "454 later"},
		{Domain: "d0.example", Mails: 1},
	} {
		got := w.Domains[i]
		if want.Since.IsZero() {
			want.Since = got.Since
		}
		if got.Tried = (time.Time{}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	h.world.answer = nil
	h.flush()
	if w := waiting(); w.Mails != 0 {
		t.Errorf("all has left, and %+v", w)
	}
}
