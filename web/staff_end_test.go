package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// failed is what somebody sees for whom a request of a route with that rule fails.
func (w *world) failed(r rule, by letterlock.Actor, err error) answer {
	rec := httptest.NewRecorder()
	c := w.server.echo.NewContext(httptest.NewRequestWithContext(w.t.Context(), "GET", publicURL+"/x", nil), rec)
	c.Set(ruleKey, r)
	c.Set(actorKey, by)
	w.server.fail(err, c)
	return answer{rec.Code, rec.Result().Header, rec.Body.String()}
}

func TestStaffAreToldOfFailuresInTheirOwnFrame(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name, heading, says string
		err                 error
	}{
		{"fault", "We cannot show this page right now", "look into Sent whether it was done", errors.New("disk on fire")},
		{"busy", "We cannot show this page right now", "Try again in about 10 seconds.", &letterlock.Error{Code: letterlock.Busy}},
		{"unknown", "There is no such page", "not among those that you have sent", &letterlock.Error{Code: letterlock.NotFound}},
		{"not allowed", "You may not do this", "An administrator of Contoso can.", &letterlock.Error{Code: letterlock.Denied}},
	}
	for _, tt := range tests {
		a := w.failed(sender, w.actors[ada], tt.err)
		said := texts(a.body)
		if a.heading() != tt.heading || !strings.Contains(said, tt.says) || !strings.Contains(a.body, `class="rail"`) {
			t.Errorf("%s: %d %q:\n%s", tt.name, a.status, a.heading(), said)
		}
		if strings.Contains(said, "link stays") || strings.Contains(said, " safe") {
			t.Errorf("%s promises what may not be so:\n%s", tt.name, said)
		}
	}
}

func TestRecipientsAreToldWhenToTryAgainAndWhatToQuote(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		err  error
		when string
	}{
		"fault": {errors.New("disk on fire"), "Try again in about a minute."},
		"busy":  {&letterlock.Error{Code: letterlock.Busy}, "Try again in about 10 seconds."},
	} {
		a := w.failed(holder, letterlock.Actor{}, tt.err)
		said := texts(a.body)
		if !strings.Contains(said, tt.when) || !strings.Contains(said, "tell Contoso this number:") || !strings.Contains(said, "Your link stays valid.") || strings.Contains(said, " safe") {
			t.Errorf("%s:\n%s", name, said)
		}
		if again := a.header.Get("Retry-After"); name == "busy" && again != "10" {
			t.Errorf("Retry-After %q, and the page says 10 seconds", again)
		}
	}
}

func TestMessageNeedsASubjectOrAText(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	to := [2]string{"to", string(marta)}
	a := sending(to, [2]string{"subject", " "}, [2]string{"text", "\r\n"}).post(b, "/compose")
	if a.status != 422 || !strings.Contains(a.body, "Write a subject or a message") {
		t.Errorf("neither: %d, want 422 and why", a.status)
	}
	if !strings.Contains(a.body, " novalidate") {
		t.Error("the browser would stop a form of which the server says better what is wrong")
	}
	if a := sending([2]string{"to", string(jonas)}, [2]string{"text", "only a text"}).post(b, "/compose"); a.status != 303 {
		t.Errorf("only a text: %d, want 303", a.status)
	}
	if a := sending(to, [2]string{"subject", "only a subject"}).post(b, "/compose"); a.status != 303 {
		t.Fatalf("only a subject: %d, want 303", a.status)
	}
	w.deliver()
	r := w.browser()
	page := r.get(r.prove(marta))
	if page.status != 200 || !strings.Contains(texts(page.body), "This message has no text.") || strings.Contains(page.body, "<iframe") {
		t.Errorf("a message without text is shown with a frame, or without a word:\n%s", texts(page.body))
	}
}

func TestMailboxShowsItsNewestMailBesideTheList(t *testing.T) {
	w := newDemo(t)
	if said := texts(w.browser().get("/inbox/" + string(jonas)).body); strings.Contains(said, "Choose") || strings.Count(said, "No mail yet.") != 1 {
		t.Errorf("an empty mailbox says more than that:\n%s", said)
	}
	w.send(ada, letterlock.EncryptOnly, marta)
	a := w.browser().get("/inbox/" + string(marta))
	if a.heading() != "Inbox" || !strings.Contains(a.body, `src="`+mailURL(w.box.Mails(marta)[0])+`/html"`) || !strings.Contains(a.body, "inbox--list") {
		t.Errorf("the mailbox has the heading %q, and does not show its newest mail beside it", a.heading())
	}
}

func TestSentMessageCanBeSkippedTo(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	if page := b.get("/sent/" + string(id)).body; !strings.Contains(page, `href="#message"`) || !strings.Contains(page, `id="message"`) {
		t.Error("there is no way past the list to the message")
	}
	if page := b.get("/sent").body; strings.Contains(page, "#message") {
		t.Error("the list leads to a message that is not there")
	}
}
