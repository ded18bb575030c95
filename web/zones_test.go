package web

import (
	"net/url"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// TestListsSayInWhichZoneTheirTimesAre has the clocks of the organisation go back while
// mail is sent.
func TestListsSayInWhichZoneTheirTimesAre(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *Options) { o.Location = paris })
	b := w.browser().signIn(grace)
	w.send(ada, letterlock.EncryptOnly, marta)
	pages := map[string]string{"/trace?sender=ada": "Date", "/report?days=90": "Date", "/audit-log?who=" + url.QueryEscape(string(ada)): "When"}
	for page, column := range pages {
		says(t, page, b.get(page), column+" (CET)")
	}
	w.clock.advance(150 * 24 * time.Hour)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b = w.browser().signIn(grace)
	says(t, "the trace over a change of clocks", b.get("/trace?sender=ada"), "Date (CEST/CET)")
}
