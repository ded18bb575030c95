package main

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A secret is a string that must not be in the log.
type secret struct {
	name, text string
	atDebug    bool // except at debug
}

// leaks says which secrets are in which lines of a log, one sentence for each.
func leaks(log string, secrets []secret) (found []string) {
	for line := range strings.Lines(log) {
		for _, s := range secrets {
			if s.atDebug && strings.Contains(line, " level=DEBUG ") {
				continue
			}
			if strings.Contains(strings.ToLower(line), strings.ToLower(s.text)) {
				found = append(found, fmt.Sprintf("%s, %q, is in %q", s.name, s.text, line))
			}
		}
	}
	return found
}

// Words of the mail and of what people type, each of which stands nowhere else.
const (
	markSubject = "MARKSUBJECT-51d0"
	markText    = "MARKTEXT-b2c9"
	markFile    = "MARKFILE-77ae"
	markReason  = "MARKREASON-e21f"
	markTyped   = "MARKTYPED-0c4d"
	wrongWord   = "MARKPASSWORD-93ab"
)

var (
	linkIn = regexp.MustCompile(`https?://[^/\s]+(/m/[^\s]+)`)
	codeIn = regexp.MustCompile(`(?m)^\s*(\d{4} ?\d{4})\s*$`)
)

// TestNoSecretIsInTheLog goes the whole way of a message with the log at its most
// talkative, wrong turns included, and looks for what must not be there.
func TestNoSecretIsInTheLog(t *testing.T) {
	t.Parallel()
	p := start(t, "--verbose")
	secrets := []secret{
		{"a subject", markSubject, false}, {"a text", markText, false}, {"a file's name", markFile, false},
		{"a reason", markReason, false}, {"what somebody typed", markTyped, false},
		{"a wrong password", wrongWord, false}, {"the password", p.password, false},
		{"the password as sent", base64.StdEncoding.EncodeToString([]byte("\x00ada@contoso.example\x00" + p.password)), false},
		{"a recipient", nora, true},
	}
	p.send(strings.NewReplacer("=?UTF-8?Q?Gehaltserh=C3=B6hung?=", markSubject, "salary", markText, "month,gross", markText,
		"table.csv", markFile+".csv", "Gehalt%20%C3%BCbersicht", markFile).Replace(realMail), nora)
	reader := p.visitor()
	page, found := readLikeNora(t, p, reader)
	secrets = append(append(secrets, found...), removeLikeAda(t, p, func() { reader.get(page, 410) })...)
	misspeak(t, p)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	log := p.log.String()
	for _, want := range []string{
		`msg="smtp: mail accepted"`, `msg="smtp: mail refused"`, `msg="smtp: sign-in refused"`, "account=ada@contoso.example", // which is said at debug only

		"route=/m/:token/verify status=303", "route=/m/:token/verify status=422", "route=/read/:id/part/:n status=200",
		"route=/sent/:id/remove status=303", "route=/sign-in status=422", "status=404", "status=410",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in the log: this test proves less than it says", want)
		}
	}
	for _, l := range leaks(log, secrets) {
		t.Error(l)
	}
	for _, s := range secrets { // the search finds each, were it there
		if len(s.text) < 8 || len(leaks(log+"time=x level=INFO msg="+s.text+"\n", secrets)) == 0 {
			t.Errorf("%s, %q, would not be found", s.name, s.text)
		}
	}
}

// readLikeNora goes the recipient's way, with wrong turns, and returns where the
// message is and what of the way is secret.
func readLikeNora(t *testing.T, p *program, v *visitor) (page string, secrets []secret) {
	t.Helper()
	link := v.mail(nora, linkIn)
	token := strings.TrimPrefix(link, "/m/")
	v.get(link, 200)
	v.get(link+"/nothing", 404)
	v.get(link+markTyped, 404)
	v.get("/read/"+token, 403)
	v.post(link+"/passcode", nil, 303)
	code := v.mail(nora, codeIn)
	wrong := "13579246"
	v.post(link+"/verify", url.Values{"code": {wrong}}, 422)
	v.post(link+"/verify", url.Values{"code": {markTyped + "\n\x1b[31m"}}, 422)
	page = v.post(link+"/verify", url.Values{"code": {code}}, 303)
	if !strings.HasPrefix(page, "/read/") {
		t.Fatalf("after the passcode at %s", page)
	}
	v.get(page, 200)
	v.get(page+"/body", 200)
	for _, part := range regexp.MustCompile(regexp.QuoteMeta(page)+`/part/\d+`).FindAllString(v.get(page, 200), -1) {
		v.get(part, 200)
	}
	v.get(page+"/part/999", 404)
	v.get(page+"/"+markTyped+"?"+markTyped, 404)
	secrets = []secret{
		{"a token", token, false}, {"a passcode", code, false}, {"a passcode", strings.ReplaceAll(code, " ", ""), false},
		{"a wrong passcode", wrong, false},
	}
	for _, c := range v.cookies() {
		secrets = append(secrets, secret{"a recipient's cookie", c, false})
	}
	return page, secrets
}

// removeLikeAda signs in at the fourth try, revokes, has somebody look, and
// restores.
func removeLikeAda(t *testing.T, p *program, look func()) (secrets []secret) {
	t.Helper()
	v := p.visitor()
	sign := func(address, password string, want int) {
		v.post("/sign-in?"+markTyped, url.Values{"address": {address}, "password": {password}, "next": {"/" + markTyped}}, want)
	}
	sign("ada@contoso.example", wrongWord, 422)
	sign(markTyped+"@contoso.example", wrongWord, 422)
	sign("\x1b[31m\r\n"+markTyped, p.password, 422)
	sign("ada@contoso.example", p.password, 303)
	message := regexp.MustCompile(`class="item" href="(/sent/[^"?]+)`).FindStringSubmatch(v.get("/sent", 200))
	if message == nil || !strings.Contains(v.get(message[1], 200), markSubject) {
		t.Fatalf("the newest message of the Sent folder, %q, is not the one that was sent", message)
	}
	v.get(message[1]+"/body", 200)
	v.get("/sent?q="+markTyped, 200)
	v.post(message[1]+"/remove", url.Values{"reason": {markReason}, "recipient": {markTyped}}, 422)
	v.post(message[1]+"/remove", url.Values{"reason": {markReason}}, 303)
	look()
	v.post(message[1]+"/restore", url.Values{}, 303)
	foreign := v.request("POST", message[1]+"/remove?"+markTyped, url.Values{"reason": {markReason}})
	foreign.Header.Set("Origin", "https://"+markTyped+".example")
	if _, _, status := v.do(foreign); status != 403 {
		t.Errorf("a foreign form: %d, want 403", status)
	}
	for _, c := range v.cookies() {
		secrets = append(secrets, secret{"an account's cookie", c, false})
	}
	v.post("/sign-out", url.Values{}, 303)
	return secrets
}

// misspeak says by SMTP what should not be said, or not so.
func misspeak(t *testing.T, p *program) {
	t.Helper()
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	conn, err := net.Dial("tcp", p.smtp)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := textproto.NewConn(conn)
	for i, step := range []struct {
		say  string
		want int
	}{
		{"", 220},
		{"EHLO " + markTyped + "\x1b[31m", 250},
		{markTyped + " " + markTyped, 501},
		{"AUTH PLAIN " + encode("\x00ada@contoso.example\x00"+wrongWord), 535},
		{"AUTH PLAIN " + encode("\x00"+markTyped+"@contoso.example\x00"+wrongWord), 535},
		{"AUTH PLAIN " + encode("\x00ada@contoso.example\x00"+p.password), 235},
		{"MAIL FROM:<" + markTyped + "@elsewhere.example>", 550},
		{"MAIL FROM:<ada@contoso.example>", 250},
		{"RCPT TO:<" + markTyped + "@[nowhere>", 553},
		{"RCPT TO:<" + nora + ">", 250},
		{"DATA", 354},
		{"From: " + markTyped + "@elsewhere.example\r\nTo: " + nora + "\r\nSubject: " + markSubject + "\r\n\r\n" + markText + "\r\n.", 550},
		{"MAIL FROM:<ada@contoso.example>", 250},
		{"RCPT TO:<" + nora + ">", 250},
		{"DATA", 354},
		{"From: ada@contoso.example\r\nSubject: " + markSubject + "\nbare: " + markTyped + "\r\n\r\n" + markText + "\r\n.", 554},
		{"QUIT", 221},
	} {
		if step.say != "" {
			if err := c.PrintfLine("%s", step.say); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := c.ReadResponse(step.want); err != nil {
			t.Fatalf("step %d, %.40q: %v, want %d", i, step.say, err, step.want)
		}
	}
}
