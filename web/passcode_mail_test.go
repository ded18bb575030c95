package web

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// A sulky mail server answers everything with an error.
type sulky struct{ err error }

func (m sulky) Send(_ context.Context, _ string, _ letterlock.Address, mail io.Reader) error {
	return errors.Join(m.err, func() error { _, err := io.Copy(io.Discard, mail); return err }())
}

func TestThePasscodePageSaysWhatBecameOfTheMail(t *testing.T) {
	const said = "mailbox of Marta is <b>full</b> at mx7.quillfeather.example"
	for name, c := range map[string]struct {
		answers error
		want    string
		refresh string
	}{
		"taken":   {nil, "Sent to quillfeather.example at 10:00 UTC", ""},
		"put off": {&letterlock.Error{Code: letterlock.Busy, Err: errors.New(said)}, "We are still trying. The mail for quillfeather.example could not be handed over yet. Next try: 10:00 UTC", "5"},
		"refused": {&letterlock.Error{Code: letterlock.Denied, Err: errors.New(said)}, "Not delivered. The mail could not be delivered to quillfeather.example. It is not tried any more.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.send(ada, letterlock.EncryptOnly, marta)
			b, link := entering(w)
			if a := b.get(link + "/passcode"); !strings.Contains(texts(a.body), "The mail is about to leave for quillfeather.example") || a.header.Get("Refresh") != "" ||
				!strings.Contains(a.body, `href="`+link+`/passcode?mail=watch"`) {
				t.Errorf("before it left, Refresh %q:\n%s", a.header.Get("Refresh"), texts(a.body))
			}
			if c.answers != nil {
				w.outbox.Mailer = sulky{c.answers}
			}
			w.deliver()
			a := b.get(link + "/passcode")
			if got := strings.Join(strings.Fields(texts(a.body)), " "); !strings.Contains(got, c.want) {
				t.Errorf("want %q in:\n%s", c.want, got)
			}
			if strings.Contains(a.body, "mx7") || strings.Contains(a.body, string(marta)) {
				t.Error("the page tells what the server has said, or the address")
			}
			if got := a.header.Get("Refresh"); got != c.refresh {
				t.Errorf("Refresh %q, want %q", got, c.refresh)
			}
			if other := w.browser(); other.get(link+"/passcode").status != 303 {
				t.Error("another browser is shown something")
			}
		})
	}
}

// A page that waits must not do so for ever, nor take away what somebody types.
func TestThePasscodePageAsksForItselfForTwoMinutesAtMost(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	page := link + "/passcode?mail=watch"
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{0, "5"}, {119 * time.Second, "5"}, {time.Second, ""}} {
		w.clock.advance(c.after)
		if got := b.get(page).header.Get("Refresh"); got != c.want {
			t.Errorf("%v later: Refresh %q, want %q", c.after, got, c.want)
		}
	}
	b.post(link+"/passcode/again", nil)
	if got := b.get(page); got.header.Get("Refresh") != "" || !strings.Contains(texts(got.body), "about to leave") {
		t.Errorf("when there may be a passcode to type: Refresh %q", got.header.Get("Refresh"))
	}
	w.deliver()
	if got := b.get(page); got.header.Get("Refresh") != "" || strings.Contains(got.body, "mail=watch") || !strings.Contains(texts(got.body), "Sent to") {
		t.Errorf("after it has left: Refresh %q", got.header.Get("Refresh"))
	}
}
