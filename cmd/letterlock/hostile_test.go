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
--outer--
`, word(of[0]), nora, word(all), number, strings.Join(of, "\n"), url.PathEscape(of[len(of)-1]))
}

// TestNoTextOfOthersRunsAnywhere has attacks stand in subjects, names, file names,
// texts and reasons, and opens every page that shows them. Whatever got into a page
// as more than text, the browser would run, or complain that it may not.
func TestNoTextOfOthersRunsAnywhere(t *testing.T) {
	t.Parallel()
	list := attacks(t, 3)
	p := start(t)
	browser := browsertest.New(t)
	for i, part := range slices.Collect(slices.Chunk(list, attacksEach)) {
		p.send(hostileMail(i, part), nora)
	}
	reader, staff, admin, box := browser.Page(t), browser.Page(t), browser.Page(t), browser.Page(t)
	mailIn(t, p, box, nora, "has sent you a protected message")
	var link string
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	p.prove(t, browser, reader, strings.TrimPrefix(link, p.site), nora)
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
	}
	w.look(staff, "/sent")
	w.look(admin, "/trace?sender=ada%40contoso.example", "/report", "/report/details")
	w.ask(reader, staff, ids[0])
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
