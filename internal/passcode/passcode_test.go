package passcode_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/passcode"
	"letterlock/internal/store"
)

func TestTheMailedCodeProvesTheMailboxOnce(t *testing.T) {
	h := newHouse(t)
	asked, err := h.codes.Ask(t.Context(), h.marta, firefox, ip)
	mails := h.mails()
	if err != nil || len(mails) != 1 {
		t.Fatalf("Ask: %v, %d mails", err, len(mails))
	}
	m := mails[0]
	want := passcode.Asked{Address: "marta@quillfeather.example", Reference: m.Reference, Sent: h.now,
		Expires: h.now.Add(10 * time.Minute), AgainAt: h.now.Add(30 * time.Second), TriesLeft: 5}
	if asked != want || !m.Expires.Equal(want.Expires) || len(m.Reference) != 3 {
		t.Errorf("asked = %+v, mail %+v; want %+v", asked, m, want)
	}
	want.Mail = passcode.Mail{Fate: passcode.Handed, At: m.Expires.Add(-10 * time.Minute), First: true}
	if got, err := h.codes.Pending(t.Context(), h.marta, firefox); err != nil || !got.Mail.At.Equal(want.Mail.At) {
		t.Errorf("Pending = %+v, %v; want %+v", got, err, want)
	} else if got.Mail.At = want.Mail.At; got != want {
		t.Errorf("Pending = %+v; want %+v", got, want)
	}
	h.checkProves("the mailed code", firefox, m.Code.Reveal())
	a, err := h.verify(firefox, m.Code.Reveal())
	h.checkRefused("replayed", a, err, letterlock.NotFound, "")
	if _, err := h.codes.Pending(t.Context(), h.marta, firefox); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("Pending after use: %v, want NotFound", err)
	}
	if again := h.ask(firefox); again == m.Code.Reveal() {
		t.Error("the used code was issued again")
	}
}

func TestCodeLivesTenMinutes(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	h.pass(9*time.Minute + 59*time.Second)
	h.checkProves("at 9:59", firefox, code)

	for name, late := range map[string]time.Duration{"at 10:00": 10 * time.Minute, "at 10:01": 10*time.Minute + time.Second} {
		h = newHouse(t)
		code = h.ask(firefox)
		h.pass(late)
		a, err := h.verify(firefox, code)
		h.checkRefused(name, a, err, letterlock.Gone, "passcode-expired")
		if _, err := h.codes.Pending(t.Context(), h.marta, firefox); letterlock.KeyOf(err) != "passcode-expired" {
			t.Errorf("Pending %s: %v, want expired", name, err)
		}
		if _, err := h.codes.Resend(t.Context(), h.marta, firefox, ip); letterlock.KeyOf(err) != "passcode-expired" {
			t.Errorf("Resend %s: %v, want expired", name, err)
		}
		if fresh := h.ask(firefox); fresh == code {
			t.Error("the expired code was issued again")
		}
	}
}

func TestAResentCodeLivesNoLonger(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	h.pass(9 * time.Minute)
	if _, err := h.codes.Resend(t.Context(), h.marta, firefox, ip); err != nil {
		t.Fatal(err)
	}
	h.pass(61 * time.Second)
	a, err := h.verify(firefox, code)
	h.checkRefused("a minute after it was sent again", a, err, letterlock.Gone, "passcode-expired")
}

func TestFiveWrongTriesEndACode(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	for i := range 4 {
		a, err := h.verify(firefox, other(code))
		h.checkRefused("wrong", a, err, letterlock.Invalid, "passcode-wrong")
		if p, err := h.codes.Pending(t.Context(), h.marta, firefox); err != nil || p.TriesLeft != 4-i {
			t.Errorf("after %d wrong tries: %d left, %v", i+1, p.TriesLeft, err)
		}
	}
	a, err := h.verify(firefox, other(code))
	h.checkRefused("the fifth wrong try", a, err, letterlock.Throttled, "too-many-tries")
	if wait := letterlock.RetryAfterOf(err); wait != time.Minute {
		t.Errorf("wait %v after the first code, want a minute", wait)
	}
	for range 3 {
		a, err = h.verify(firefox, code)
		h.checkRefused("the right code after five wrong tries", a, err, letterlock.Throttled, "too-many-tries")
	}
	if _, err := h.codes.Pending(t.Context(), h.marta, firefox); letterlock.KeyOf(err) != "too-many-tries" {
		t.Errorf("Pending: %v, want too-many-tries", err)
	}
}

func TestTheRightCodeAfterFourWrongTriesProves(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	for range 4 {
		h.verify(firefox, other(code))
	}
	h.checkProves("the fifth try", firefox, code)
}

func TestTheLockGrowsAndAlwaysEnds(t *testing.T) {
	h := newHouse(t)
	burn := func() time.Duration {
		t.Helper()
		code := h.ask(firefox)
		var err error
		for range 5 {
			_, err = h.verify(firefox, other(code))
		}
		return letterlock.RetryAfterOf(err)
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 15, 15} {
		want *= time.Minute
		if got := burn(); got != want {
			t.Errorf("lock after %d codes: %v, want %v", i+1, got, want)
		}
		for _, browser := range []string{firefox, chrome} {
			_, err := h.codes.Ask(t.Context(), h.marta, browser, ip)
			h.checkRefused("asking while locked", "", err, letterlock.Throttled, "locked")
		}
		h.pass(want - time.Second)
		if _, err := h.codes.Ask(t.Context(), h.marta, firefox, ip); letterlock.RetryAfterOf(err) != time.Second {
			t.Errorf("a second before the end: %v, want to wait a second", err)
		}
		h.pass(time.Second)
		if i > 3 { // by then the budget of the browser is what holds up
			h.pass(time.Hour)
		}
	}
	if n := len(h.mails()); n > 0 {
		t.Errorf("%d mails left while locked", n)
	}
	h.checkProves("after all that", firefox, h.ask(firefox))
	if got := burn(); got != time.Minute {
		t.Errorf("lock after a success: %v, want a minute again", got)
	}
}

func TestALockIsOneRecipients(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	for range 5 {
		h.verify(firefox, other(code))
	}
	if _, err := h.codes.Ask(t.Context(), h.jonas, firefox, ip); err != nil {
		t.Errorf("another recipient while Marta is locked: %v", err)
	}
}

func TestALivingCodeElsewhereOutlivesTheLock(t *testing.T) {
	h := newHouse(t)
	mine, attackers := h.ask(firefox), h.ask(chrome)
	for range 5 {
		h.verify(chrome, other(attackers))
	}
	h.checkProves("the holder's code while an attacker locked asking", firefox, mine)
}

func TestACodeIsForTheBrowserAndRecipientThatAsked(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	a, err := h.verify(chrome, code)
	h.checkRefused("a browser that never asked", a, err, letterlock.NotFound, "")
	a, err = h.verify("", code)
	h.checkRefused("a browser without a cookie", a, err, letterlock.NotFound, "")
	if h.ask(chrome) != code { // once in 10^8 both have the same
		a, err = h.verify(chrome, code)
		h.checkRefused("a browser with a code of its own", a, err, letterlock.Invalid, "passcode-wrong")
	}
	a, err = h.codes.Verify(t.Context(), h.jonas, firefox, code, letterlock.Actor{IP: ip})
	h.checkRefused("another recipient", a, err, letterlock.NotFound, "")
	if _, err := h.codes.Pending(t.Context(), h.marta, "x"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("Pending elsewhere: %v, want NotFound", err)
	}
	a, err = h.codes.Verify(t.Context(), letterlock.NewID(), firefox, code, letterlock.Actor{IP: ip})
	h.checkRefused("an unknown recipient", a, err, letterlock.NotFound, "")
	if _, err := h.codes.Ask(t.Context(), letterlock.NewID(), firefox, ip); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("Ask for an unknown recipient: %v, want NotFound", err)
	}
	h.checkProves("after all that", firefox, code)
}

func TestABrowserWithoutACookieGetsNoCode(t *testing.T) {
	h := newHouse(t)
	_, err := h.codes.Ask(t.Context(), h.marta, "", ip)
	h.checkRefused("asking", "", err, letterlock.Invalid, "browser")
	_, err = h.codes.Resend(t.Context(), h.marta, "", ip)
	h.checkRefused("asking again", "", err, letterlock.Gone, "passcode-expired")
	if n := len(h.mails()); n > 0 {
		t.Errorf("%d mails left", n)
	}
}

func TestResendIsTheSameCodeHalfAMinuteLater(t *testing.T) {
	h := newHouse(t)
	_, err := h.codes.Resend(t.Context(), h.marta, firefox, ip)
	h.checkRefused("before asking", "", err, letterlock.Gone, "passcode-expired")
	code := h.ask(firefox)
	if a, err := h.codes.Ask(t.Context(), h.marta, firefox, ip); err != nil || len(h.mails()) != 0 || a.TriesLeft != 5 {
		t.Errorf("asking while a code lives: %+v, %v; want no further mail", a, err)
	}
	h.pass(29 * time.Second)
	_, err = h.codes.Resend(t.Context(), h.marta, firefox, ip)
	h.checkRefused("after 29 s", "", err, letterlock.Throttled, "too-soon")
	if wait := letterlock.RetryAfterOf(err); wait != time.Second {
		t.Errorf("wait %v after 29 s, want 1 s", wait)
	}
	h.verify(firefox, other(code))
	h.pass(time.Second)
	a, err := h.codes.Resend(t.Context(), h.marta, firefox, ip)
	if err != nil || !a.Sent.Equal(h.now) || a.TriesLeft != 4 {
		t.Errorf("after 30 s: %+v, %v; want it sent now, with the tries that are left", a, err)
	}
	mails := h.mails()
	if len(mails) != 1 || mails[0].Code.Reveal() != code {
		t.Errorf("%d mails, want one with the same code", len(mails))
	}
	h.pass(29 * time.Second)
	_, err = h.codes.Resend(t.Context(), h.marta, firefox, ip)
	h.checkRefused("29 s after the second mail", "", err, letterlock.Throttled, "too-soon")
}

func TestOnlyTheDigitsOfACodeCount(t *testing.T) {
	h := newHouse(t)
	fullWidth := func(s string) string {
		return strings.Map(func(r rune) rune { return r - '0' + '０' }, s)
	}
	arabic := func(s string) string {
		return strings.Map(func(r rune) rune { return r - '0' + '٠' }, s)
	}
	tests := []struct {
		name  string
		typed func(code string) string
		ok    bool
	}{
		{"grouped by a space", func(c string) string { return c[:4] + " " + c[4:] }, true},
		{"grouped by a hyphen", func(c string) string { return c[:4] + "-" + c[4:] }, true},
		{"spaces around", func(c string) string { return "  " + c + " " }, true},
		{"nothing", func(string) string { return "" }, false},
		{"spaces", func(string) string { return "        " }, false},
		{"seven digits", func(c string) string { return c[:7] }, false},
		{"nine digits", func(c string) string { return c + "0" }, false},
		{"full-width digits", fullWidth, false},
		{"Arabic digits", arabic, false},
		{"NUL after it", func(c string) string { return c + "\x00" }, false},
		{"newline after it", func(c string) string { return c + "\n" }, false},
		{"a sign", func(c string) string { return "+" + c }, false},
		{"one megabyte of it", func(c string) string { return strings.Repeat(c, 1<<17) }, false},
		{"one megabyte of spaces", func(c string) string { return strings.Repeat(" ", 1<<20) + c }, false},
		{"bad UTF-8", func(c string) string { return c + "\xff" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.t = t
			code := h.ask(firefox + tt.name)
			a, err := h.verify(firefox+tt.name, tt.typed(code))
			if tt.ok && (err != nil || a == "") {
				t.Errorf("Verify: %v, want it accepted", err)
			}
			if !tt.ok {
				h.checkRefused(tt.name, a, err, letterlock.Invalid, "passcode-wrong")
			}
			h.pass(3 * time.Minute)
		})
	}
}

func TestParallelGuessesShareFiveTries(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	counts := make(map[string]int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := h.verify(firefox, other(code))
			mu.Lock()
			defer mu.Unlock()
			counts[letterlock.KeyOf(err)]++
		})
	}
	wg.Wait()
	if counts["passcode-wrong"] != 4 || counts["too-many-tries"] != 36 {
		t.Errorf("%v, want 4 wrong ones and the rest refused", counts)
	}
	h.write(func(tx *store.Tx) error {
		lock, err := tx.Lock(h.marta)
		if lock.Failures != 1 {
			t.Errorf("the code counts as %d codes used up, want 1", lock.Failures)
		}
		return err
	})
}

func TestParallelRightCodesProveOnce(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	proofs := make(chan letterlock.Address, 20)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if a, err := h.verify(firefox, code); err == nil {
				proofs <- a
			}
		})
	}
	wg.Wait()
	if len(proofs) != 1 {
		t.Errorf("one code proved %d times, want once", len(proofs))
	}
}

func TestEveryTryIsInTheAuditLogAndNoCodeIs(t *testing.T) {
	h := newHouse(t)
	code := h.ask(firefox)
	h.verify(firefox, other(code))
	h.verify(firefox, code)
	h.write(func(tx *store.Tx) error {
		r, err := tx.Recipient(h.marta)
		if err != nil {
			return err
		}
		list, err := tx.Entries(r.Message)
		var got []bool
		for _, e := range list {
			got = append(got, e.Allowed)
			if e.Action != "prove mailbox" || e.Actor.IP != ip || e.Target != string(r.Mailbox.Address) {
				t.Errorf("entry %+v, want the try with where from", e)
			}
		}
		if !slices.Equal(got, []bool{false, true}) {
			t.Errorf("entries %v, want a refusal and a success", got)
		}
		return err
	})
}

func TestNoCodeIsReadableInTheDatabase(t *testing.T) {
	h := newHouse(t)
	asked, err := h.codes.Ask(t.Context(), h.marta, firefox, ip)
	if err != nil {
		t.Fatal(err)
	}
	if !h.onDisk([]byte(asked.Reference)) {
		t.Fatal("the reference is not found, though it is stored in the clear: this test would prove nothing")
	}
	code := h.mails()[0].Code.Reveal()
	for name, s := range map[string]string{"the code": code, "the code as the mail groups it": code[:4] + " " + code[4:], "the cookie": firefox} {
		if h.onDisk([]byte(s)) {
			t.Errorf("%s is readable in the database", name)
		}
	}
}
