package main

import (
	"strings"
	"testing"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
)

// TestTheDoctorLooksAtTheServerThatRuns has an administrator look at a server in
// production, which finds itself running and sends a message the whole way.
func TestTheDoctorLooksAtTheServerThatRuns(t *testing.T) {
	t.Parallel()
	s := newServerIn(t, binary, mailtest.SinkOptions{}, mailtest.PostfixOptions{})
	s.start()
	s.account()
	if out, err := s.run("account", "roles", "ada@contoso.example", "sender", "admin", "--config", s.config); err != nil {
		t.Fatalf("letterlock account roles: %v\n%s", err, out)
	}
	page := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf)).Page(t)
	s.signIn(page)
	page.Goto(s.site + "/doctor")
	stop{name: "doctor", page: page}.everywhere(t, nil)
	stop{name: "doctor-found", page: page, then: func() {
		page.ClickText("Look at everything")
		page.WaitText("Look again")
	}}.everywhere(t, nil)
	text := page.Text("main")
	for _, want := range []string{"running server", "ready, and no mail is late", "a test message was accepted, announced, opened by link and passcode, read, revoked and closed"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	s.checkHealth()
}
