package passcode_test

import (
	"fmt"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// mailsUntilRefused asks for new codes, each after the one before has expired or
// in a new browser, until a budget refuses, and returns how many were mailed.
func (h *house) mailsUntilRefused(next func(i int) (recipient letterlock.ID, browser, ip string)) (n int, wait time.Duration) {
	h.t.Helper()
	for {
		recipient, browser, ip := next(n)
		_, err := h.codes.Ask(h.t.Context(), recipient, browser, ip)
		if err != nil {
			h.checkRefused("over budget", "", err, letterlock.Throttled, "budget")
			if got := len(h.mails()); got != n {
				h.t.Errorf("%d mails, want %d", got, n)
			}
			return n, letterlock.RetryAfterOf(err)
		}
		if n++; n > 100 {
			h.t.Fatal("a hundred mails and no budget refuses")
		}
	}
}

func browser(i int) string { return fmt.Sprint("browser ", i) }
func network(i int) string { return fmt.Sprintf("198.51.100.%d", i) }

func TestABrowserGetsFiveMailsForARecipient(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox)
	for i := range 4 {
		h.pass(30 * time.Second)
		if _, err := h.codes.Resend(t.Context(), h.marta, firefox, network(i)); err != nil {
			t.Fatalf("mail %d: %v", i+2, err)
		}
	}
	h.pass(30 * time.Second)
	_, err := h.codes.Resend(t.Context(), h.marta, firefox, ip)
	h.checkRefused("the sixth mail", "", err, letterlock.Throttled, "budget")
	if wait := letterlock.RetryAfterOf(err); wait != 12*time.Minute-150*time.Second {
		t.Errorf("wait %v, want until twelve minutes after the first", wait)
	}
	if got := len(h.mails()); got != 4 {
		t.Errorf("%d mails after the first, want 4", got)
	}
	if _, err := h.codes.Ask(t.Context(), h.marta, chrome, ip); err != nil {
		t.Errorf("another browser: %v", err)
	}
	if _, err := h.codes.Ask(t.Context(), h.jonas, firefox, ip); err != nil {
		t.Errorf("another recipient: %v", err)
	}
	h.pass(12 * time.Minute)
	if _, err := h.codes.Ask(t.Context(), h.marta, firefox, ip); err != nil {
		t.Errorf("twelve minutes later: %v", err)
	}
}

func TestARecipientGetsTwentyMailsWhoeverAsks(t *testing.T) {
	h := newHouse(t)
	anybody := func(i int) (letterlock.ID, string, string) { return h.marta, browser(i), network(i) }
	if n, wait := h.mailsUntilRefused(anybody); n != 20 || wait != 3*time.Minute {
		t.Errorf("%d mails, then wait %v; want 20, then 3 minutes", n, wait)
	}
	h.pass(3 * time.Minute)
	more := func(i int) (letterlock.ID, string, string) { return h.marta, browser(100 + i), network(100 + i) }
	if n, wait := h.mailsUntilRefused(more); n != 1 || wait != 3*time.Minute {
		t.Errorf("%d mails three minutes later, then wait %v; want one more", n, wait)
	}
	if _, err := h.codes.Ask(t.Context(), h.jonas, firefox, ip); err != nil {
		t.Errorf("another recipient: %v", err)
	}
}

func TestANetworkGetsThirtyMailsForWhomever(t *testing.T) {
	for name, ips := range map[string]func(i int) string{
		"one address":      func(int) string { return ip },
		"one IPv6 network": func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i+1) },
		"no address":       func(i int) string { return fmt.Sprint("x", i) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			anybody := func(i int) (letterlock.ID, string, string) {
				return []letterlock.ID{h.marta, h.jonas}[i%2], browser(i), ips(i)
			}
			if n, wait := h.mailsUntilRefused(anybody); n != 30 || wait != 2*time.Minute {
				t.Errorf("%d mails, then wait %v; want 30, then 2 minutes", n, wait)
			}
			if _, err := h.codes.Ask(t.Context(), h.marta, firefox, "2001:db8:1:2::1"); err != nil {
				t.Errorf("another network: %v", err)
			}
		})
	}
}

func TestARefusedMailCostsNoOtherBudget(t *testing.T) {
	h := newHouse(t)
	anybody := func(i int) (letterlock.ID, string, string) { return h.marta, browser(i), network(i) }
	h.mailsUntilRefused(anybody)
	for range 50 { // refused by the recipient's budget; the network's must not feel it
		if _, err := h.codes.Ask(t.Context(), h.marta, firefox, ip); letterlock.KeyOf(err) != "budget" {
			t.Fatalf("Ask: %v, want over budget", err)
		}
	}
	if _, err := h.codes.Ask(t.Context(), h.jonas, firefox, ip); err != nil {
		t.Errorf("the same network for another recipient: %v", err)
	}
}

// The name of a browser's budget ends in raw bytes of a hash: it must not be cut
// at a zero byte, or browsers would share budgets.
func TestBrowsersWhoseHashesHoldZerosDoNotShareABudget(t *testing.T) {
	h := newHouse(t)
	var twins []string
	for i := 0; len(twins) < 3; i++ {
		key := string(h.pepper.Hash("browser", browser(i)))
		if h.pepper.Hash("budget", key)[0] == 0 {
			twins = append(twins, browser(i))
		}
	}
	for i, b := range twins {
		for n := range 5 {
			if _, err := h.codes.Ask(t.Context(), h.marta, b, network(10*i+n)); err != nil {
				t.Fatalf("browser %d, mail %d: %v", i, n, err)
			}
			if n < 4 {
				h.verify(b, h.mails()[0].Code.Reveal())
			}
		}
		h.mails()
	}
}
