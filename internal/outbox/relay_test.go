package outbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/smtpout"
)

// relayed makes the outbox send through a relay at an address.
func (h *house) relayed(address string) {
	h.t.Helper()
	c, err := smtpout.New(smtpout.Options{
		Relays: []smtpout.Relay{{Address: address, TLS: smtpout.NoTLS}}, Hello: "mail.contoso.example",
		Now: func() time.Time { return *h.now.Load() },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	h.mailBy(c)
}

// checkHistory requires the kinds of a recipient's events, and words in the last.
func (h *house) checkHistory(id letterlock.ID, a letterlock.Address, words string, want ...letterlock.EventKind) {
	h.t.Helper()
	kinds, detail := h.history(id, a)
	if !slices.Equal(kinds, want) || !strings.Contains(detail, words) {
		h.t.Errorf("history %v, %q; want %v with %q", kinds, detail, want, words)
	}
}

// checkMails requires that a sink has got so many mails for each address.
func checkMails(t *testing.T, s *mailtest.Sink, want map[letterlock.Address]int) {
	t.Helper()
	got := make(map[letterlock.Address]int)
	for _, m := range s.Mails() {
		got[letterlock.Address(m.To[0])]++
	}
	for a, n := range want {
		if got[a] != n {
			t.Errorf("%d mails to %s, want %d", got[a], a, n)
		}
		delete(got, a)
	}
	if len(got) > 0 {
		t.Errorf("mails to %v, want none", got)
	}
}

func TestARelayThatIsDownForADayLosesNothing(t *testing.T) {
	h := newHouse(t)
	address := mailtest.FreeAddress(t)
	h.relayed(address)
	start := *h.now.Load()
	one, two := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, jonas)
	tries := 0
	for ; h.now.Load().Sub(start) < 24*time.Hour; tries++ {
		h.flush()
		h.toTheNext()
	}
	for id, a := range map[letterlock.ID]letterlock.Address{one: marta, two: jonas} {
		h.checkHistory(id, a, "the relay cannot be reached", letterlock.Accepted, letterlock.Deferred)
	}
	if tries < 24 || tries > 80 {
		t.Errorf("%d tries in a day, want about one an hour for each of two mails", tries)
	}
	back := mailtest.NewSink(t, mailtest.SinkOptions{Address: address})
	for range 2 {
		h.flush()
		if wait, more := h.due(); more {
			h.pass(wait)
		}
	}
	checkMails(t, back, map[letterlock.Address]int{marta: 1, jonas: 1})
	for id, a := range map[letterlock.ID]letterlock.Address{one: marta, two: jonas} {
		h.checkHistory(id, a, "", letterlock.Accepted, letterlock.Deferred, letterlock.Notified)
	}
}

func TestGreylistingIsWaitedFor(t *testing.T) {
	h := newHouse(t)
	start := *h.now.Load()
	sink := mailtest.NewSink(t, mailtest.SinkOptions{Rcpt: func(string) error {
		if h.now.Load().Sub(start) < 5*time.Minute {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, come back in 300 seconds"}
		}
		return nil
	}})
	h.relayed(sink.Address)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	h.checkHistory(id, marta, "451 4.7.1 greylisted, come back in 300 seconds", letterlock.Accepted, letterlock.Deferred)
	for range 3 {
		h.toTheNext()
		h.flush()
	}
	h.checkHistory(id, marta, "", letterlock.Accepted, letterlock.Deferred, letterlock.Notified)
	if took := h.now.Load().Sub(start); took > 10*time.Minute {
		t.Errorf("it took %v, want minutes", took)
	}
	checkMails(t, sink, map[letterlock.Address]int{marta: 1})
}

func TestARefusalAfterTheMailIsFinalAndToldToTheSender(t *testing.T) {
	h := newHouse(t)
	sink := mailtest.NewSink(t, mailtest.SinkOptions{Data: func(m mailtest.Mail) error {
		if m.To[0] == string(marta) {
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
		}
		return nil
	}})
	h.relayed(sink.Address)
	id := h.send(intake.Envelope{}, marta, jonas)
	h.flush()
	h.checkHistory(id, marta, "554 5.7.1 looks like spam", letterlock.Accepted, letterlock.Bounced)
	h.checkHistory(id, jonas, "", letterlock.Accepted, letterlock.Notified)
	checkMails(t, sink, map[letterlock.Address]int{jonas: 1, ada.Address: 1})
	told := sink.Wait(string(ada.Address))
	if told.From != "" || !strings.Contains(string(told.Raw), "554 5.7.1 looks like spam") {
		t.Errorf("the sender got, from %q:\n%s", told.From, told.Raw)
	}
	if _, more := h.due(); more {
		t.Error("something is due after it was given up")
	}
}

func TestAnAnswerThatIsLostSendsTwiceAndNotAgain(t *testing.T) {
	h := newHouse(t)
	lost := false
	sink := mailtest.NewSink(t, mailtest.SinkOptions{Data: func(mailtest.Mail) error {
		if lost {
			return nil
		}
		lost = true
		return mailtest.ErrHangUp
	}})
	h.relayed(sink.Address)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	h.checkHistory(id, marta, "may have taken it", letterlock.Accepted, letterlock.Deferred)
	h.toTheNext()
	h.flush()
	h.checkHistory(id, marta, "", letterlock.Accepted, letterlock.Deferred, letterlock.Notified)
	h.pass(24 * time.Hour)
	h.flush()
	checkMails(t, sink, map[letterlock.Address]int{marta: 2})
}
