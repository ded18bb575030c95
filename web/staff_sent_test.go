package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

const carol = letterlock.Address("carol@outlook.com")

// texts is what a page says, without its markup.
func texts(page string) string {
	page = regexp.MustCompile(`(?s)<svg.*?</svg>|</?(bdi|wbr|time|strong)\b[^>]*>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	page = regexp.MustCompile(`\s+([.,])`).ReplaceAllString(page, "$1")
	return strings.Join(strings.Fields(strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">").Replace(page)), " ")
}

// titled is a plain mail with a subject of its own.
func titledMail(from letterlock.Address, subject string, to ...letterlock.Address) string {
	return strings.Replace(mail(from, to...), secretSubject, subject, 1)
}

func TestSentShowsTheStateOfEachMessage(t *testing.T) {
	w := newWorld(t)
	at := func(days int) time.Time { return w.clock.Now().Add(time.Duration(days) * 24 * time.Hour) }
	one := func(subject string, e intake.Envelope, to ...letterlock.Address) letterlock.ID {
		e.Recipients = to
		return w.submit(ada, e, titledMail(ada, subject, to...))
	}
	one("Unread one", intake.Envelope{Expires: at(14)}, marta)
	one("Ends soon", intake.Envelope{Expires: at(0).Add(8 * time.Hour)}, marta)
	one("Inline one", intake.Envelope{}, carol)
	one("Mixed one", intake.Envelope{}, marta, jonas, carol)
	gone := one("Revoked one", intake.Envelope{}, jonas)
	w.box.Refuse("away@riverside.example", &letterlock.Error{Code: letterlock.Denied, Err: errors.New("550 mailbox does not exist")})
	one("Bounced one", intake.Envelope{}, "away@riverside.example")
	one("Expired one", intake.Envelope{Expires: at(0).Add(time.Hour)}, marta)
	read := one("Read one", intake.Envelope{}, marta)
	if path := w.browser().prove(marta); path != "/read/"+string(read) {
		t.Fatalf("the newest link leads to %s", path)
	}
	b := w.browser()
	b.get(b.prove(marta))
	a := w.browser().signIn(ada)
	a.post("/sent/"+string(gone)+"/remove", nil)
	w.clock.advance(2 * time.Hour)

	page := texts(a.get("/sent").body)
	for _, want := range []string{
		"Unread one Unread expires 4 December",
		"Ends soon Expires soon in 6 hours, unread",
		"Inline one Inline",
		"Mixed one Unread 1 inline",
		"Revoked one Revoked by you, 10:00",
		"Bounced one Bounced 550 mailbox does not exist",
		"Expired one Expired 20 November",
		"Read one Read",
		"All 8", "Revoked 1", "Expires soon 1", "Expired 1", "Inline 2", "Bounced 1", "Showing 8 of 8.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not say %q:\n%s", want, page)
		}
	}
	for show, want := range map[string]string{"revoked": "Revoked one", "read": "Read one", "bounced": "Bounced one", "expired": "Expired one", "expires-soon": "Ends soon"} {
		list := a.get("/sent?show=" + show).body
		if !strings.Contains(list, want) || strings.Contains(list, "Unread one") || !strings.Contains(list, `name="show" value="`+show+`"`) {
			t.Errorf("filter %s does not show %q alone", show, want)
		}
	}
}

func TestSentIsSearchedAndPaged(t *testing.T) {
	w := newWorld(t)
	a := w.browser().signIn(ada)
	if page := a.get("/sent"); page.status != 200 || !strings.Contains(page.body, "Nothing sent yet.") {
		t.Errorf("empty folder: %d", page.status)
	}
	for i := range 53 {
		w.clock.advance(time.Minute)
		w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}}, titledMail(ada, fmt.Sprintf("Letter %02d", i), marta))
	}
	first := a.get("/sent").body
	older := regexp.MustCompile(`/sent\?before=[^"]+`).FindString(first)
	if !strings.Contains(first, "Letter 52") || strings.Contains(first, "Letter 02") || !strings.Contains(texts(first), "Showing 50 of 53.") || older == "" {
		t.Fatal("the first page is not the 50 newest with a link to older ones")
	}
	second := a.get(older).body
	if !strings.Contains(second, "Letter 02") || strings.Contains(second, "Letter 03") || strings.Contains(second, "Show older") || !strings.Contains(second, "Show newest") {
		t.Error("the second page is not the 3 oldest")
	}
	found := a.get("/sent?q=letter+17").body
	if !strings.Contains(found, "Letter 17") || strings.Contains(found, "Letter 18") || !strings.Contains(found, `value="letter 17"`) {
		t.Error("the search does not find what is searched for alone")
	}
	for _, q := range []string{"zz zz", "%", "_", strings.Repeat("é", 300), "<script>"} {
		page := a.get("/sent?q=" + url.QueryEscape(q))
		if page.status != 200 || !strings.Contains(page.body, "No message matches.") || strings.Contains(page.body, "<script>") {
			t.Errorf("search for %.10q: %d", q, page.status)
		}
	}
	for _, odd := range []string{"/sent?show=nonsense", "/sent?before=nonsense", "/sent?before=9-x"} {
		if page := a.get(odd); page.status != 200 || !strings.Contains(page.body, "Letter 52") {
			t.Errorf("%s: %d, want the folder", odd, page.status)
		}
	}
}

func TestMessagesOfOtherSendersDoNotExist(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	unknown := letterlock.NewID()
	for _, who := range []letterlock.Address{eve, grace} {
		b := w.browser().signIn(who)
		for _, end := range []string{"", "/body", "/part/4", "/message.eml", "/remove", "/remove?recipient=" + string(marta)} {
			foreign, none := b.get("/sent/"+string(id)+end), b.get("/sent/"+string(unknown)+end)
			if foreign.status != 404 || foreign.body != none.body || strings.Contains(foreign.body, secretSubject) {
				t.Errorf("%s gets %s: %d, unknown %d", who, end, foreign.status, none.status)
			}
		}
		for _, end := range []string{"/remove", "/restore"} {
			if a := b.post("/sent/"+string(id)+end, nil); a.status != 404 {
				t.Errorf("%s posts %s: %d, want 404", who, end, a.status)
			}
		}
		if list := b.get("/sent"); strings.Contains(list.body, secretSubject) {
			t.Errorf("the list of %s shows it", who)
		}
	}
	r := w.browser()
	if a := r.get(r.prove(marta)); a.status != 200 {
		t.Errorf("the recipient reads: %d, want 200", a.status)
	}
}

func TestLetterTellsTheWholeStory(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	w.clock.advance(18 * time.Minute)
	r := w.browser()
	path := r.prove(marta)
	w.clock.advance(2 * time.Minute)
	page := r.get(path)
	w.clock.advance(4 * time.Minute)
	r.get(regexp.MustCompile(path + `/part/\d+`).FindString(page.body))

	b := w.browser().signIn(ada)
	a := b.get("/sent/" + string(id))
	if a.status != 200 || a.heading() != secretSubject {
		t.Fatalf("letter: %d %q", a.status, a.heading())
	}
	said := texts(a.body)
	for _, want := range []string{
		string(marta) + " can read this message. You can take it back. Remove external access",
		"Sent Friday 20 November 2026, 10:00 UTC", "Protection Encrypt only", "Expires Never",
		"Accepted 10:00 Notified 10:00 Passcode sent 10:18 Read 10:20 Downloaded " + secretFile + ", 10:24",
		secretFile + " 9 bytes, downloaded 10:24", "Sent with SMTP submission", "Encryption method", "Sign-in One-time passcode",
		"1 remote image was left out",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the letter does not say %q:\n%s", want, said)
		}
	}
	body := b.get("/sent/" + string(id) + "/body")
	if !strings.Contains(body.body, secretText) || strings.Contains(body.body, "alert(1)") || !strings.Contains(body.header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("the body is not the sender's text under the policy of bodies")
	}
	if part := regexp.MustCompile(`/sent/[a-z0-9]+/part/\d+`).FindString(a.body); b.get(part).body != "%PDF-1.4\n" {
		t.Error("the attachment is not there for its sender")
	}
	if eml := b.get("/sent/" + string(id) + "/message.eml"); eml.status != 200 || !strings.Contains(eml.body, secretText) {
		t.Errorf("original: %d", eml.status)
	}
	if again := texts(b.get("/sent/" + string(id)).body); strings.Count(again, "Downloaded") != strings.Count(said, "Downloaded") {
		t.Error("looking at one's own copy counts as a download")
	}
}

func TestSenderOfSeveralMayNotRevokeAndLearnsWhoCan(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas, carol)
	b := w.browser().signIn(ada)
	a := b.get("/sent/" + string(id))
	want := "You cannot remove access because this message has more than one recipient. An administrator can: " + string(grace) +
		". It would remain with carol@outlook.com, who received it inline."
	if said := texts(a.body); !strings.Contains(said, want) {
		t.Errorf("the letter does not say %q:\n%s", want, said)
	}
	if strings.Contains(a.body, "/remove") || strings.Contains(a.body, "/restore") {
		t.Error("the letter offers what is not allowed")
	}
	if a := b.get("/sent/" + string(id) + "/remove"); a.status != http.StatusSeeOther || a.location() != "/sent/"+string(id) {
		t.Errorf("confirmation: %d %s", a.status, a.location())
	}
	for _, f := range []url.Values{nil, {"recipient": {string(marta)}}} {
		if a := b.post("/sent/"+string(id)+"/remove", f); a.status != 403 {
			t.Errorf("remove %v: %d, want 403", f, a.status)
		}
	}
	r := w.browser()
	if a := r.get(r.prove(marta)); a.status != 200 {
		t.Errorf("the recipient reads: %d, want 200", a.status)
	}
}
