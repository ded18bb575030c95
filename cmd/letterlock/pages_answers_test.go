package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// richMail has what the demo's own messages have not: pictures, a mail and an
// invitation beside the text, a quote, and an image that is far away.
const richMail = `From: Ada Lindqvist <ada@contoso.example>
To: Nora Vale <nora.vale@gmail.com>, Omar Haddad <omar@lantern.example>
Subject: Plans for the winter garden [secure]
Message-ID: <rich-1@contoso.example>
Date: Fri, 20 Nov 2026 10:42:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/html; charset=utf-8

<html><body><p>Dear Nora, dear Omar,</p>
<p>the drawings of the <b>winter garden</b> are below, with the letter of the architect. Please look at the second sheet: the door has moved to the south side.</p>
<img src="http://127.0.0.1:9/pixel.gif">
<table border="1" cellpadding="6"><tr><th>Part</th><th>Price</th></tr><tr><td>Glass</td><td>12,400</td></tr><tr><td>Frame</td><td>8,150</td></tr></table>
<blockquote type="cite"><p>On Thursday Nora wrote:</p><p>Could you send us the plans before the weekend?</p></blockquote>
<p>Kind regards<br>Ada</p></body></html>
--outer
Content-Type: text/calendar; charset=utf-8; method=REQUEST

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Contoso//Calendar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:winter-1@contoso.example
DTSTAMP:20261120T094200Z
DTSTART:20261203T140000Z
DTEND:20261203T150000Z
SUMMARY:Visit to the building site
LOCATION:Quill Lane 4
ORGANIZER;CN=Ada Lindqvist:mailto:ada@contoso.example
ATTENDEE;CN=Nora Vale:mailto:nora.vale@gmail.com
ATTENDEE;CN=Omar Haddad:mailto:omar@lantern.example
DESCRIPTION:Boots are needed. We meet at the gate.
END:VEVENT
END:VCALENDAR
--outer
Content-Type: image/png
Content-Disposition: attachment; filename="Sheet 1.png"
Content-Transfer-Encoding: base64

%[1]s
--outer
Content-Type: image/png
Content-Disposition: attachment; filename="Sheet 2, the door on the south side.png"
Content-Transfer-Encoding: base64

%[1]s
--outer
Content-Type: message/rfc822
Content-Disposition: attachment; filename="Letter of the architect.eml"

From: Ines Duarte <ines@duarte.example>
To: Ada Lindqvist <ada@contoso.example>
Subject: The statics of the roof
Date: Thu, 19 Nov 2026 17:05:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8

Dear Ada,

the roof carries the snow of a hundred years. The numbers are attached.

> Does it hold?
> And for how long?

Ines
--inner
Content-Type: text/csv
Content-Disposition: attachment; filename="loads.csv"

beam,kN
A,12
--inner--
--outer--
`

// drawing is a picture as a scanner makes it.
func drawing(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			c := color.RGBA{R: 245, G: 242, B: 234, A: 255}
			if x%80 < 2 || y%80 < 2 || (x > 160 && x < 480 && (y/3 == 40 || y/3 == 100)) {
				c = color.RGBA{R: 40, G: 70, B: 110, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	s := base64.StdEncoding.EncodeToString(b.Bytes())
	var lines strings.Builder
	for len(s) > 76 {
		lines.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return lines.String() + s
}

// rich has Ada send the mail above, and Nora read it in a browser that is remembered.
func (v *visitors) rich(browser *browsertest.Browser) {
	v.t.Helper()
	v.p.send(fmt.Sprintf(richMail, drawing(v.t)), nora, omarTest)
	v.nora = browser.Page(v.t)
	mailIn(v.t, v.p, v.nora, nora, "has sent you a protected message")
	var link string
	v.nora.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	v.nora.Goto(link)
	v.nora.ClickText("Sign in with a one-time passcode")
	v.nora.Fill("Passcode", v.p.passcode(v.t, nora))
	v.nora.Click("input[name=remember]")
	v.nora.ClickText("Read the message")
	wantPage(v.t, v.nora, 200, "Plans for the winter garden")
	v.plans = v.nora.Path()
	var enclosed string
	v.nora.Eval(`document.querySelector('a[href$="/mail"]').getAttribute("href")`, &enclosed)
	v.enclosed = enclosed
}

// losslessMail has a picture that is not decoded, and so has no preview.
const losslessMail = `From: Ada Lindqvist <ada@contoso.example>
To: Nora Vale <nora.vale@gmail.com>
Subject: A drawing without loss [secure]
Message-ID: <lossless-1@contoso.example>
MIME-Version: 1.0
Content-Type: image/webp
Content-Disposition: attachment; filename="drawing.webp"
Content-Transfer-Encoding: base64

UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==
`

// lossless opens the mail above, in which a row stands without a picture that does
// not come.
func (v visitors) lossless() {
	v.t.Helper()
	v.p.send(losslessMail, nora)
	v.nora.Reload()
	v.nora.ClickText("A drawing without loss")
	v.nora.WaitText("drawing.webp")
	v.nora.WaitGone(".file-preview, .file--picture")
}

// wantOneScrollBar requires that script has made the frame of a message as high as its
// text. The server's own choice, which may fit as well, is a class.
func wantOneScrollBar(t *testing.T, page *browsertest.Page) {
	t.Helper()
	var beyond int
	page.Eval(`(() => { const f = document.querySelector("iframe.body-frame"); return f.contentDocument.documentElement.scrollHeight - f.clientHeight })()`, &beyond)
	if beyond > 0 || !strings.Contains(page.Attr("iframe.body-frame", "style"), "block-size") {
		t.Errorf("the frame was not fitted: %d pixels of its text are hidden", beyond)
	}
}

// conversation are the pages of a message that recipients go on with.
func (v visitors) conversation() []stop {
	sent := strings.Replace(v.plans, "/read/", "/sent/", 1)
	turn := func(words string) func() {
		return func() {
			v.staff.Goto(v.p.site + sent)
			var href string
			v.staff.Eval(`[...document.querySelectorAll("main a[href^='/sent/']")].find(a => a.textContent.includes("`+words+`"))?.getAttribute("href") ?? ""`, &href)
			if href == "" {
				v.t.Fatalf("under the message nothing says %q:\n%s", words, v.staff.Text("main"))
			}
			v.staff.Goto(v.p.site + href)
		}
	}
	return []stop{
		{name: "read-rich", page: v.nora, path: v.plans, then: func() { wantOneScrollBar(v.t, v.nora) }},
		{name: "read-lossless", page: v.nora, path: "/messages", then: v.lossless},
		{name: "read-as-text", page: v.nora, path: v.plans + "?as=text"},
		{name: "enclosed-mail", page: v.nora, path: v.enclosed},
		{name: "sent-enclosed-mail", page: v.staff, path: strings.Replace(v.enclosed, "/read/", "/sent/", 1)},
		{name: "my-messages-remembered", page: v.nora, path: "/messages"},
		{name: "replied", page: v.nora, path: v.plans + "/reply", then: func() {
			v.nora.Fill("Your reply", "Thank you. The door is where it has to be.")
			v.nora.ClickText("Send the reply")
		}},
		{name: "forwarded", page: v.nora, path: v.plans + "/forward", then: func() {
			v.nora.Fill("To", zoeTest)
			v.nora.Fill("What you want to say about it", "For your file.")
			v.nora.ClickText("Forward the message")
		}},
		{name: "replied-to-all", page: v.nora, path: v.plans + "/reply-all", then: func() {
			v.nora.Fill("Your reply", "We shall both be there.")
			v.nora.ClickText("Send the reply")
		}},
		{name: "sent-conversation", page: v.staff, path: sent},
		{name: "sent-reply", page: v.staff, then: turn("Nora Vale replied")},
		{name: "compose-answer", page: v.staff, then: func() {
			turn("Nora Vale replied")()
			v.staff.ClickText("Answer Nora Vale")
		}},
		{name: "sent-forwarded", page: v.staff, then: turn("forwarded it to")},
	}
}

// asking are the pages of recipients who ask for what has ended, and of whom they ask.
func (v visitors) asking() []stop {
	ended := firstThatIs(v.t, v.reader, v.p, "Expired")
	revoked := strings.Replace(v.plans, "/read/", "/sent/", 1)
	return []stop{
		{name: "asked-for-time", page: v.reader, path: ended, then: func() {
			v.reader.Fill("textarea[name=reason]", "I was away until today.")
			v.reader.ClickText("Ask for more time")
		}},
		{name: "messages-asking-again", page: v.reader, then: func() {
			v.p.send("X-Letterlock-Proof: passcode\n"+strings.Replace(realMail, "journey-1", "again-1", 1), "marta@quillfeather.example")
			v.reader.Goto(v.p.site + "/messages")
		}},
		{name: "prove-again", page: v.reader, then: func() { v.reader.ClickText("Asks for a new passcode") }},
		{name: "sent-request-time", page: v.staff, path: strings.Replace(ended, "/read/", "/sent/", 1)},
		{name: "sent-asked-filter", page: v.staff, path: "/sent?show=asked"},
		{name: "sent-approved", page: v.staff, path: strings.Replace(ended, "/read/", "/sent/", 1), then: func() { v.staff.ClickText("Approve") }},
		{name: "asked-for-access", page: v.nora, then: func() {
			v.admin.Goto(v.p.site + strings.Replace(v.plans, "/read/", "/trace/", 1))
			v.admin.ClickText("Revoke message")
			v.admin.Click("main .button--seal")
			v.nora.Goto(v.p.site + v.plans)
			v.nora.ForgetProblems()
			v.nora.Fill("textarea[name=reason]", "The builders come on Monday.")
			v.nora.ClickText("Ask for access")
		}},
		{name: "trace-request-access", page: v.admin, path: strings.Replace(v.plans, "/read/", "/trace/", 1)},
		{name: "sent-request-access", page: v.staff, path: revoked},
		{name: "declined", page: v.nora, then: func() {
			v.admin.Goto(v.p.site + strings.Replace(v.plans, "/read/", "/trace/", 1))
			v.admin.ClickText("Decline")
			v.nora.Goto(v.p.site + v.plans)
		}},
	}
}

// TestPagesOfAConversationCanBeUsedByEverybody does as the test of all pages does, for
// those that come of answering, of asking and of what mail can carry.
func TestPagesOfAConversationCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	v := visitors{t: t, p: p, nobody: browser.Page(t), staff: browser.Page(t), reader: browser.Page(t), admin: browser.Page(t)}
	p.signIn(v.staff, "ada@contoso.example")
	p.signIn(v.admin, "grace@contoso.example")
	p.prove(t, v.reader, v.link("marta@quillfeather.example"), "marta@quillfeather.example")
	v.rich(browser)
	for _, s := range append(v.conversation(), v.asking()...) {
		s.everywhere(t, p)
	}
}
