package web

import (
	"errors"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// TestADelayIsShownToSenderAndAdministrator has a server put off the mail for one of two
// recipients.
func TestADelayIsShownToSenderAndAdministrator(t *testing.T) {
	w := newWorld(t)
	w.box.Refuse(jonas, &letterlock.Error{Code: letterlock.Busy, Err: errors.New("451 come <b>back</b>")})
	both := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta, jonas}}, titledMail(ada, "To both", marta, jonas))
	alone := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{jonas}}, titledMail(ada, "To one", jonas))
	a, g := w.browser().signIn(ada), w.browser().signIn(grace)
	for _, tt := range []struct {
		b    *browser
		path string
		want []string
	}{
		{a, "/sent", []string{"To one Delayed 451 come <b>back</b>", "To both Unread 1 delayed 451 come <b>back</b>"}},
		{a, "/sent/" + string(both), []string{"Reads in the portal. The notification is delayed: 451 come <b>back</b>."}},
		{a, "/sent/" + string(alone), []string{"Delayed 10:00, 451 come <b>back</b>"}},
		{g, "/trace/" + string(alone), []string{"Delayed 10:00:00, 451 come <b>back</b> Notified : not yet"}},
		{g, "/trace?sender=ada&state=any", []string{"to " + string(jonas) + " Delayed"}},
	} {
		body := tt.b.get(tt.path).body
		for _, want := range tt.want {
			if page := texts(body); !strings.Contains(page, want) {
				t.Errorf("%s does not say %q:\n%s", tt.path, want, page)
			}
		}
		if strings.Contains(body, "<b>back") {
			t.Errorf("%s has the markup of another server", tt.path)
		}
	}
	page := texts(g.get("/trace").body)
	if !strings.Contains(page, "Delayed, and tried again: 2 mails. No other mail is due.") {
		t.Errorf("the foot does not count what is shown as delayed:\n%s", page)
	}
	if strings.Contains(page, "waited") {
		t.Errorf("mail is said to have waited for long at once:\n%s", page)
	}
	w.clock.advance(3 * time.Hour)
	says(t, "the trace after hours", g.get("/trace"), "2 mails have waited for more than an hour, the oldest since 20 November 2026, 10:00 UTC: "+
		"2 for "+jonas.Domain()+" (last answer: 451 come <b>back</b>). Each is tried again for five days; its sender sees it as delayed.")
}
