package main

import (
	"fmt"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"letterlock/internal/browsertest"
)

// attackLists are lines that run a script wherever somebody forgets to escape them.
const attackLists = "../../../shared/corpora/xss/payloads/*.txt"

// attacksEach is how many of them one mail carries.
const attacksEach = 6

// attacks are some of each list, and together of every kind.
func attacks(t *testing.T, many int) (list []string) {
	t.Helper()
	files, err := filepath.Glob(attackLists)
	if err != nil || len(files) == 0 {
		t.Skip("the shared lists of attacks are not here")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(s string) bool {
			return len(s) < 8 || len(s) > 150 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
		})
		for i := range many {
			if len(lines) > 0 {
				list = append(list, lines[i*len(lines)/many])
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hostileMail has attacks wherever a mail can have text.
func hostileMail(number int, of []string) string {
	all := strings.Join(of, " ")
	word := func(s string) string { return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "\r\n", "\n") }
	return fmt.Sprintf(`From: Ada Lindqvist <ada@contoso.example>
To: %s <%s>
Subject: %s
Message-ID: <hostile-%d@contoso.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/html; charset=utf-8

%s

--outer
Content-Type: text/plain; charset=utf-8
Content-Disposition: attachment; filename*=UTF-8''%s

a file
--outer
Content-Type: message/rfc822

From: %s <mallory@elsewhere.example>
To: %s <%s>
Subject: %s
Content-Type: text/html; charset=utf-8

%s

--outer
Content-Type: text/calendar; charset=utf-8; method=REQUEST

BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:%d
DTSTART:20261201T100000Z
SUMMARY:%s
LOCATION:%s
ORGANIZER;CN="x":mailto:mallory@elsewhere.example
END:VEVENT
END:VCALENDAR
--outer--
`, word(of[0]), nora, word(all), number, strings.Join(of, "\n"), url.PathEscape(of[len(of)-1]),
		word(of[0]), word(of[0]), nora, word(all), strings.Join(of, "\n"), number, of[0], of[len(of)-1])
}

// TestNoTextOfOthersRunsAnywhere has attacks stand in subjects, names, file names,
// texts and reasons, and opens every page that shows them. Whatever got into a page
// as more than text, the browser would run, or complain that it may not.
func TestNoTextOfOthersRunsAnywhere(t *testing.T) {
	t.Parallel()
	list := attacks(t, 3)
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	for i, part := range slices.Collect(slices.Chunk(list, attacksEach)) {
		p.send(hostileMail(i, part), nora)
	}
	reader, staff, admin, box := browser.Page(t), browser.Page(t), browser.Page(t), browser.Page(t)
	mailIn(t, p, box, nora, "has sent you a protected message")
	var link string
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	p.prove(t, reader, strings.TrimPrefix(link, p.site), nora)
	p.signIn(staff, "ada@contoso.example")
	p.signIn(admin, "grace@contoso.example")
	w := wary{t, p, list}
	w.look(reader, "/messages")
	var ids []string
	reader.Eval(`[...document.querySelectorAll("a.item")].map(a => a.getAttribute("href").replace("/read/", ""))`, &ids)
	if len(ids) < len(list)/attacksEach {
		t.Fatalf("%d messages are there, of %d attacks", len(ids), len(list))
	}
	for _, id := range ids {
		w.look(reader, "/read/"+id, "/read/"+id+"?as=text", "/read/"+id+"/reply", "/read/"+id+"/forward")
		w.look(staff, "/sent/"+id, "/sent/"+id+"/remove", "/sent/"+id+"/expiry")
		w.look(admin, "/trace/"+id)
		w.enclosed(reader, "/read/"+id)
		w.enclosed(staff, "/sent/"+id)
	}
	typed := url.QueryEscape(list[0])
	w.look(reader, "/read/"+ids[0]+"/reply-all", "/messages?q="+typed)
	w.look(staff, "/sent?q="+typed)
	w.answers(browser, reader, staff, box, ids[1])
	w.administers(admin)
	w.look(staff, "/sent")
	w.look(admin, "/trace?sender=ada%40contoso.example", "/trace?subject="+typed+"&sender="+typed, "/report", "/report/details")
	w.ask(reader, staff, ids[0])
	w.look(admin, "/audit-log")
	w.mails(box)
}

// A wary somebody looks at pages and listens to what the browser says.
type wary struct {
	t    *testing.T
	p    *program
	list []string
}

func (w wary) look(page *browsertest.Page, paths ...string) {
	w.t.Helper()
	for _, path := range paths {
		page.ForgetProblems()
		page.Goto(w.p.site + path)
		page.CheckProblems()
	}
}

// enclosed looks at the mail inside a message.
func (w wary) enclosed(page *browsertest.Page, path string) {
	w.t.Helper()
	page.Goto(w.p.site + path)
	var inside string
	page.Eval(`document.querySelector('a[href$="/mail"]')?.getAttribute("href") ?? ""`, &inside)
	if inside == "" {
		w.t.Fatalf("%s offers no mail inside", path)
	}
	w.look(page, inside, inside+"?as=text")
}

// answers has the reader reply and forward in attacks, and everybody look at that:
// the sender, who answers, and who gets the copy.
func (w wary) answers(browser *browsertest.Browser, reader, staff, box *browsertest.Page, id string) {
	w.t.Helper()
	said := strings.Join(w.list[:attacksEach], "\n")
	reader.ForgetProblems()
	reader.Goto(w.p.site + "/read/" + id + "/reply")
	file := filepath.Join(w.t.TempDir(), `"><img src=x onerror=alert(1)>.txt`)
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	reader.Fill("Your reply", said)
	reader.Upload("Attachments", file)
	reader.WaitText("is attached.")
	reader.ClickText("Send the reply")
	reader.Goto(w.p.site + "/read/" + id + "/forward")
	reader.Fill("To", `"`+strings.ReplaceAll(w.list[0], `"`, "'")+`" <`+zoeTest+`>`)
	reader.Fill("What you want to say about it", said)
	reader.ClickText("Forward the message")
	reader.CheckProblems()
	w.look(reader, "/read/"+id)
	w.look(staff, "/sent/"+id)
	var answers []string
	staff.Eval(`[...document.querySelectorAll("main a[href^='/sent/']")].map(a => a.getAttribute("href")).filter(h => /^\/sent\/[a-z2-7]{26}$/.test(h) && !h.endsWith("`+id+`"))`, &answers)
	if len(answers) < 2 {
		w.t.Fatalf("the page of the message leads to %q, want a reply and a copy", answers)
	}
	for _, path := range answers {
		w.look(staff, path, "/compose?answer="+strings.TrimPrefix(path, "/sent/"))
	}
	mailIn(w.t, w.p, box, zoeTest, "forwarded you a protected message")
	var link string
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	other := browser.Page(w.t)
	w.p.prove(w.t, other, strings.TrimPrefix(link, w.p.site), zoeTest)
	other.CheckProblems()
}

// administers has attacks stand in what an administrator types.
func (w wary) administers(admin *browsertest.Page) {
	w.t.Helper()
	admin.ForgetProblems()
	admin.Goto(w.p.site + "/tokens")
	admin.Fill("Name", w.list[0])
	admin.ClickText("Issue")
	admin.Goto(w.p.site + "/accounts")
	admin.Fill("Address", "mallory@contoso.example")
	admin.Fill("Name", w.list[1])
	admin.ClickText("Invite")
	admin.Goto(w.p.site + "/bulk/new?recipient=" + nora)
	admin.Fill("Reason", w.list[2])
	admin.ClickText("Show what it would touch")
	admin.CheckProblems()
	w.look(admin, "/tokens", "/accounts", "/bulk", "/bulk/new?subject="+url.QueryEscape(w.list[0]))
}

// mails looks at all that arrived in the mailboxes outside, as they show it.
func (w wary) mails(box *browsertest.Page) {
	w.t.Helper()
	for _, mailbox := range []string{nora, zoeTest, "ada@contoso.example"} {
		w.look(box, "/inbox/"+mailbox)
		var paths []string
		box.Eval(`[...document.querySelectorAll("a.item")].slice(0, 4).map(a => a.getAttribute("href"))`, &paths)
		for _, path := range paths {
			w.look(box, path, path+"/text")
		}
	}
}

// ask has the reader of a message that was taken back give an attack as the reason of
// a request, and its sender look at that.
func (w wary) ask(reader, staff *browsertest.Page, id string) {
	w.t.Helper()
	staff.Goto(w.p.site + "/sent/" + id + "/remove")
	staff.Click("main .button--seal")
	reader.ForgetProblems()
	w.look(reader, "/read/"+id)
	reader.Fill("textarea[name=reason]", strings.Join(w.list[:3], " "))
	reader.ClickText("Ask for access")
	reader.CheckProblems()
	w.look(staff, "/sent/"+id)
	if !strings.Contains(staff.Text("main"), strings.Fields(w.list[0])[0]) {
		w.t.Error("the reason is not on the page: this test would prove little")
	}
}
