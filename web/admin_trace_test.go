package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// says requires that a page says all of that.
func says(t *testing.T, what string, a answer, want ...string) {
	t.Helper()
	text := texts(a.body)
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q (status %d):\n%s", what, w, a.status, text)
		}
	}
}

// silent requires that a page says nothing of what the message says.
func silent(t *testing.T, what string, a answer) {
	t.Helper()
	for _, secret := range []string{secretText, "4.2 million", secretFile, "draft-of-the"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("%s shows %q, which is content of the message", what, secret)
		}
	}
}

func TestTraceShowsAFormBeforeASearch(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	a := w.browser().signIn(grace).get("/trace")
	if a.status != 200 || a.heading() != "Message trace" {
		t.Fatalf("%d %q", a.status, a.heading())
	}
	if strings.Contains(a.body, "<table") || strings.Contains(a.body, secretSubject) || strings.Contains(a.body, "Export") {
		t.Error("something was found before anything was looked for")
	}
	for _, name := range []string{"sender", "recipient", "subject", "message-id", "from", "until", "state", "identity"} {
		if !strings.Contains(a.body, `name="`+name+`"`) {
			t.Errorf("no field %s", name)
		}
	}
}

func TestTraceFindsMessagesAndTellsTheirHistory(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	w.submit(eve, intake.Envelope{Recipients: []letterlock.Address{carol}}, titledMail(eve, "Engagement letter", carol))
	w.clock.advance(18 * time.Minute)
	r := w.browser()
	path := r.prove(marta)
	w.clock.advance(2*time.Minute + 2*time.Second)
	page := r.get(path)
	r.get(regexp.MustCompile(path + `/part/\d+`).FindString(page.body))

	b := w.browser().signIn(grace)
	found := b.get("/trace?sender=contoso&state=any")
	says(t, "the list", found, "2 messages", "20 Nov 10:00 "+secretSubject+" ada@contoso.example to "+string(marta)+" Read Yes",
		"Engagement letter eve@contoso.example to carol@outlook.com Inline No, inline", "Showing 2 messages.", "Revoke all found")
	link := regexp.MustCompile(`/trace/` + string(id) + `[^"]*`).FindString(found.body)
	a := b.get(strings.ReplaceAll(link, "&amp;", "&"))
	if a.status != 200 {
		t.Fatalf("%s: %d", link, a.status)
	}
	says(t, "the message", a, "2 messages", "Revocable. 1 recipient has access. Revoke message",
		"From Ada Lovelace <ada@contoso.example>", "Sent 20 Nov 2026, 10:00:00 UTC", "More information", "Message-ID <",
		"Template Contoso (default)", "Protection encrypt-only", "Sent with SMTP submission", "1 attachment",
		"Accepted 20 Nov 10:00:00, SMTP submission Policy matched encrypt-only", "identity type other, experience link",
		"Notified 10:00:00", "Passcode sent 10:18:00", "Read 10:20:02", "Downloaded 10:20:02, part ")
	silent(t, "the list", found)
	silent(t, "the message", a)
	for _, want := range []string{`data-copy="message-id-value"`, `href="/trace/` + string(id) + `/destroy?in=`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the message lacks %s", want)
		}
	}
	if strings.Contains(a.body, "/sent/"+string(id)) || strings.Contains(a.body, "<iframe") {
		t.Error("the trace leads to what the message says")
	}
	if strings.Contains(a.body, "/proof") {
		t.Error("a proof of non-access is offered for somebody who has read it")
	}
	if a := b.get("/sent/" + string(id) + "/body"); a.status != 404 {
		t.Errorf("the administrator gets the text: %d", a.status)
	}
}

func TestTraceSaysWhatCannotBeLookedFor(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(grace)
	for query, want := range map[string]string{
		"state=sold":                          "Choose a state",
		"from=gestern":                        "Type a date",
		"from=2026-11-20&until=2026-11-01":    "Until is before From",
		"identity=aol&sender=ada":             "Choose an identity type",
		"sender=ad":                           "at least 3 characters of an address",
		"recipient=%00ada":                    "No address is like this.",
		"message-id=a%0Ab":                    "No Message-ID is like this.",
		"subject=%22%2A%22":                   "Type at least one word of the subject",
		"sender=" + strings.Repeat("a", 2000): "No address is like this.",
	} {
		a := b.get("/trace?" + query)
		if a.status != 422 || strings.Contains(a.body, secretSubject) || !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%.40s: %d", query, a.status)
		}
		says(t, query, a, want)
	}
	for query, described := range map[string]string{"": "subject-hint", "?subject=-": "subject-error subject-hint"} {
		a := b.get("/trace" + query)
		says(t, "the form", a, "minu* finds all that begin so")
		if !strings.Contains(a.body, `aria-describedby="`+described+`"`) || !strings.Contains(a.body, `id="subject-hint"`) {
			t.Errorf("/trace%s: the subject is not described by %s", query, described)
		}
	}
	a := b.get("/trace?subject=zzz&state=any")
	says(t, "an empty list", a, "No message matches.", "Search again without one of these: without Subject: zzz")
	if a.status != 200 || !strings.Contains(a.body, `href="/trace?state=any"`) {
		t.Errorf("the only condition cannot be cleared: %d", a.status)
	}
	for _, path := range []string{"/trace/" + string(letterlock.NewID()), "/trace/nonsense"} {
		a := b.get(path)
		if a.status != 404 || a.heading() != "Message trace" {
			t.Errorf("%s: %d %q", path, a.status, a.heading())
		}
		says(t, path, a, "There is no such message.")
	}
}

// TestTraceSaysWhichOfAllItShows pages through what was found, with a message open too.
func TestTraceSaysWhichOfAllItShows(t *testing.T) {
	w := newWorld(t)
	for i := range 53 {
		w.clock.advance(time.Minute)
		w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}}, titledMail(ada, fmt.Sprintf("Letter %02d", i), marta))
	}
	b := w.browser().signIn(grace)
	link := func(a answer, to string) string {
		t.Helper()
		found := regexp.MustCompile(to).FindString(a.body)
		if found == "" {
			t.Fatalf("no link %s", to)
		}
		return strings.ReplaceAll(found, "&amp;", "&")
	}
	first := b.get("/trace?sender=ada")
	says(t, "the first page", first, "Showing 1 to 50 of 53.")
	page := link(first, `/trace\?before=[^"]+`)
	older := b.get(page)
	says(t, "the second page", older, "Letter 02", "Showing 51 to 53 of 53.")
	says(t, "a message of it", b.get(link(older, `/trace/[^?"]+\?before=[^"]+`)), "Showing 51 to 53 of 53.")
	for _, forged := range []string{"passed=-7", "passed=x", "passed=", "passed=99999999999999999999", "passed=52"} {
		a := b.get(regexp.MustCompile(`passed=\d+`).ReplaceAllString(page, forged))
		if a.status != 200 || !strings.Contains(texts(a.body), "Letter 02") || strings.Contains(texts(a.body), "to 54 of") || strings.Contains(texts(a.body), "999") {
			t.Errorf("%s: %d", forged, a.status)
		}
	}
}

func TestTraceIsExported(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intakeTo(marta, carol), titledMail(ada, "=cmd|' /C calc'!A0", marta, carol))
	w.send(ada, letterlock.EncryptOnly, jonas)
	b := w.browser().signIn(grace)

	a := b.get("/trace/export.csv?sender=ada&state=any")
	if a.status != 200 || a.header.Get("Content-Disposition") != `attachment; filename="message-trace-2026-11-20.csv"` || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("CSV: %d %v", a.status, a.header)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("CSV: %d rows, %v\n%s", len(rows), err, a.body)
	}
	subject := rows[0][5]
	if subject != "Subject" || rows[1][3] != string(jonas) || rows[2][5] != "'=cmd|' /C calc'!A0" || rows[3][6] != "inline" || rows[1][13] != "Contoso (default)" {
		t.Errorf("CSV:\n%s", a.body)
	}
	a = b.get("/trace/export.json?sender=ada&state=any")
	var list []map[string]string
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list) != 3 {
		t.Fatalf("JSON: %d, %v\n%s", len(list), err, a.body)
	}
	if list[1]["subject"] != "=cmd|' /C calc'!A0" || list[0]["recipient"] != string(jonas) || list[0]["revocable"] != "yes" || list[0]["message_id"] == "" {
		t.Errorf("JSON:\n%s", a.body)
	}
	if a := b.get("/trace/export.json?subject=zzz"); strings.TrimSpace(a.body) != "[]" {
		t.Errorf("nothing, as JSON: %q", a.body)
	}
	silent(t, "the export", a)
	if a := b.get("/trace/export.csv?state=sold"); a.status != 422 || a.header.Get("Content-Disposition") != "" {
		t.Errorf("export of what cannot be looked for: %d", a.status)
	}
}

func TestAdministratorRevokesAndRestores(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas, carol)
	r := w.browser()
	path := r.prove(marta)
	page := r.get(path)
	r.get(regexp.MustCompile(path + `/part/\d+`).FindString(page.body))
	w.clock.advance(time.Minute)

	b := w.browser().signIn(rita)
	trace, search := "/trace/"+string(id), "?in="+url.QueryEscape("sender=ada")
	ask := b.get(trace + "/revoke" + search)
	if ask.status != 200 || ask.heading() != "Revoke message?" {
		t.Fatalf("confirmation: %d %q", ask.status, ask.heading())
	}
	says(t, "the confirmation", ask, "Read today at 10:00", "Downloaded: 1 of 1 attachment, 10:00", "Not read yet",
		"carol@outlook.com received it inline; that copy stays.", "Copies cannot be called back.", "Ada Lovelace keeps the sender's copy")
	silent(t, "the confirmation", ask)
	if r.get(path).status != 200 {
		t.Fatal("looking at the confirmation removed access")
	}
	form := url.Values{"recipient": {string(marta), string(jonas)}, "reason": {" Lost laptop "}}
	long := url.Values{"recipient": form["recipient"], "reason": {strings.Repeat("é", 201)}}
	if a := b.post(trace+"/revoke"+search, long); a.status != 422 || !strings.Contains(a.body, "A reason may have 200 characters") || r.get(path).status != 200 {
		t.Errorf("long reason: %d", a.status)
	}
	for range 2 {
		if a := b.post(trace+"/revoke"+search, form); a.status != http.StatusSeeOther || a.location() != trace+"?sender=ada" {
			t.Errorf("revoke: %d %s", a.status, a.location())
		}
	}
	if a := r.get(path); a.status != 410 || a.heading() != revoked || strings.Contains(a.body, "Lost laptop") {
		t.Errorf("the recipient gets %d %q", a.status, a.heading())
	}
	a := b.get(trace)
	says(t, "the revoked message", a, "Revoked. External access has been removed by you, Rita Revoker, today at 10:01 UTC. 2 of 3 recipients can no longer read it; carol@outlook.com received it inline.",
		"Restore access", "Reason Lost laptop", "Revoked 10:01:00, by you, Rita Revoker: Lost laptop", "Download proof of non-access of "+string(jonas))
	if a := b.get(trace + "/revoke"); a.status != http.StatusSeeOther {
		t.Errorf("confirmation with nothing left: %d", a.status)
	}
	if a := b.post(trace+"/restore?recipient="+url.QueryEscape(string(marta)), nil); a.status != http.StatusSeeOther || a.location() != trace {
		t.Errorf("restore: %d %s", a.status, a.location())
	}
	if a := r.get(path); a.status != 200 {
		t.Errorf("the recipient reads again: %d", a.status)
	}
	a = b.get(trace)
	says(t, "the restored message", a, "1 of 3 recipients has access. Access of 1 recipient has been removed.", "Revoked 10:01:00, by you: Lost laptop", "Restored 10:01:00, by you")
	if n := strings.Count(texts(a.body), ": Lost laptop"); n != 2 {
		t.Errorf("of two recipients who lost access %d still tell why", n)
	}
}

func TestProofOfNonAccessIsForWhoeverNeverOpenedIt(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas, carol)
	r := w.browser()
	r.get(r.prove(marta))
	b := w.browser().signIn(nora)
	proof := func(of letterlock.Address) answer {
		return b.post("/trace/"+string(id)+"/proof?recipient="+url.QueryEscape(string(of)), nil)
	}
	a := proof(jonas)
	if a.status != 200 || a.header.Get("Content-Disposition") != `attachment; filename="non-access-`+string(id)+`.json"` {
		t.Fatalf("proof: %d %v\n%s", a.status, a.header, texts(a.body))
	}
	keys, err := audit.ParseKeys([]byte(w.server.AuditLog.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	said, err := audit.ParseStatement([]byte(a.body), keys)
	if err != nil || said.Recipient != jonas {
		t.Errorf("the proof speaks of %s: %v", said.Recipient, err)
	}
	for _, tt := range []struct {
		of     letterlock.Address
		status int
		want   string
	}{
		{marta, 403, "There is no proof of non-access, because this recipient has opened the message."},
		{carol, 403, "There is no proof of non-access, because this recipient received the message itself."},
		{"stranger@q.example", 422, "That address is no recipient of this message"},
		{"nonsense", 422, "That address is no recipient of this message"},
	} {
		a := proof(tt.of)
		if a.status != tt.status {
			t.Errorf("%s: %d, want %d", tt.of, a.status, tt.status)
		}
		says(t, string(tt.of), a, tt.want)
	}
}

func TestRefusedRevocationSaysWhyAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	inline := w.submit(ada, intakeTo(carol), titledMail(ada, "Engagement letter", carol))
	id := w.send(ada, letterlock.EncryptOnly, marta)
	r := w.browser()
	path := r.prove(marta)
	b := w.browser().signIn(grace)
	tests := []struct {
		name, path string
		form       url.Values
		status     int
		want       string
	}{
		{"inline only", "/trace/" + string(inline) + "/revoke", nil, 403, "This message cannot be revoked, because every recipient received the message itself."},
		{"an address that is no recipient", "/trace/" + string(id) + "/revoke", url.Values{"recipient": {"stranger@q.example"}}, 422, "That address is no recipient of this message who reads by a link."},
		{"no address", "/trace/" + string(id) + "/revoke", url.Values{"recipient": {"nonsense"}}, 422, "That address is no recipient of this message who reads by a link."},
		{"restoring inline", "/trace/" + string(inline) + "/restore", nil, 403, "This message cannot be revoked"},
	}
	for _, tt := range tests {
		a := b.post(tt.path, tt.form)
		if a.status != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, a.status, tt.status)
		}
		says(t, tt.name, a, tt.want, "More information")
	}
	if a := b.get("/trace/" + string(inline) + "/revoke"); a.status != 403 {
		t.Errorf("asking for an inline message: %d", a.status)
	}
	if a := b.post("/trace/"+string(letterlock.NewID())+"/revoke", nil); a.status != 404 {
		t.Errorf("unknown message: %d", a.status)
	}
	if a := r.get(path); a.status != 200 {
		t.Errorf("after all refusals the recipient gets %d", a.status)
	}
}

func TestRolesDecideWhatTheTraceOffers(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas)
	trace := "/trace/" + string(id)
	for _, tt := range []struct {
		who             letterlock.Address
		revoke, destroy bool
	}{{nora, false, false}, {rita, true, false}, {grace, true, true}} {
		b := w.browser().signIn(tt.who)
		a := b.get(trace + "?sender=ada")
		if a.status != 200 {
			t.Fatalf("%s: %d", tt.who, a.status)
		}
		for part, want := range map[string]bool{"/revoke": tt.revoke, "/bulk/new": tt.revoke, "/destroy": tt.destroy} {
			if got := strings.Contains(a.body, part); got != want {
				t.Errorf("%s is offered %s: %v, want %v", tt.who, part, got, want)
			}
		}
		for path, may := range map[string]bool{trace + "/revoke": tt.revoke, "/bulk/new?sender=ada": tt.revoke, trace + "/destroy": tt.destroy} {
			if a := b.get(path); (a.status == 200) != may || !may && a.status != 403 {
				t.Errorf("%s gets %s: %d", tt.who, path, a.status)
			}
		}
	}
	for _, path := range []string{"/trace", "/trace?sender=ada", trace, "/trace/export.csv?sender=ada", "/bulk"} {
		a := w.browser().signIn(ada).get(path)
		if a.status != 403 || strings.Contains(a.body, secretSubject) || !strings.Contains(a.body, `class="rail"`) {
			t.Errorf("a sender gets %s: %d", path, a.status)
		}
	}
}
