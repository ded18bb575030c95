package main

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"letterlock/internal/browsertest"
)

// A typist uses a page with the keyboard alone.
type typist struct {
	*browsertest.Page
	t *testing.T
}

// to presses Tab until the focus is where the selector says, which must then be in
// sight and marked.
func (k typist) to(selector string) {
	k.t.Helper()
	for range 120 {
		k.Press(kb.Tab)
		var there, marked bool
		k.Eval(`document.activeElement.matches(`+"`"+selector+"`"+`)`, &there)
		if !there {
			continue
		}
		k.Eval(`(e => { const s = getComputedStyle(e), around = e.closest("label, .choice"), a = around ? getComputedStyle(around) : s;
			return s.outlineStyle !== "none" || s.boxShadow !== "none" || a.outlineStyle !== "none" })(document.activeElement)`, &marked)
		if !marked {
			k.t.Errorf("%s: nothing shows that the focus is on %s", k.URL(), selector)
		}
		return
	}
	k.t.Fatalf("%s: Tab never leads to %s", k.URL(), selector)
}

// enter goes somewhere and presses Enter there, which leads to the page with that
// heading.
func (k typist) enter(selector, heading string) {
	k.t.Helper()
	k.to(selector)
	k.Press(kb.Enter)
	k.WaitHeading(heading)
}

// write types into a field.
func (k typist) write(selector, text string) {
	k.t.Helper()
	k.to(selector)
	k.Press(text)
}

// TestEverythingCanBeDoneWithTheKeyboardAlone sends, reads, answers, asks, approves,
// searches and forgets without a mouse, with script and without.
func TestEverythingCanBeDoneWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		noScript bool
	}{{"with script", false}, {"without script", true}} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t)
			browser := browsertest.New(t, browsertest.Light)
			hands := func() typist {
				page := browser.Page(t)
				page.NoScript(tt.noScript)
				return typist{page, t}
			}
			sender, reader := hands(), hands()
			sender.Goto(p.site + "/sign-in")
			sender.write("input[type=email], #address", "ada@contoso.example")
			sender.write("input[type=password]", p.password)
			sender.Press(kb.Enter)
			sender.WaitHeading("Sent")
			sender.sends()
			reader.goesOn(reader.reads(p, browser))
			reader.answers()
			p.send(longMail("Terms", "", 3), nora)
			reader.searches("Terms")
			reader.enter("a[href$='?as=text']", "Terms")
			p.send(longMail("Salaries", "X-Letterlock-Proof: passcode\n", 3), nora)
			reader.provesAgain(p)
			reader.forgets() // removing access would do so, too
			reader.searches("Terms")
			sender.removes("Terms")
			reader.asks(sender)
			sender.CheckProblems()
			reader.CheckProblems()
		})
	}
}

// sends writes a message in Compose.
func (k typist) sends() {
	k.t.Helper()
	k.enter("a[href='/compose']", "Compose")
	k.write("#to", nora+", "+omarTest)
	k.write("#subject", "Keys alone")
	k.write("#text", "Nobody needs a mouse.")
	k.to("input[name=protection]")
	k.Press(kb.ArrowDown)
	k.Press(kb.ArrowUp)
	k.enter(".send-bar button", "Keys alone")
}

// reads opens the link and enters the passcode, and has the browser remembered.
func (k typist) reads(p *program, browser *browsertest.Browser) (link string) {
	k.t.Helper()
	box := browser.Page(k.t)
	mailIn(k.t, p, box, nora, "has sent you a protected message")
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	k.Goto(link)
	k.enter("main button", "Enter your one-time passcode")
	k.Press(p.passcode(k.t, nora)) // the field has the focus
	k.to("input[name=remember]")
	k.Press(" ")
	if k.Count("input[name=remember]:checked") != 1 {
		k.t.Error("the box to be remembered is not ticked by the space bar")
	}
	k.enter("main form button", "Keys alone")
	return link
}

// goesOn signs out and opens the link again, in the browser that is remembered.
func (k typist) goesOn(link string) {
	k.t.Helper()
	k.enter("form[action^='/portal/sign-out'] button", "You are signed out")
	k.Goto(link)
	k.enter("form[action$='/continue'] button", "Keys alone")
}

// provesAgain opens the newest message, which asks for a passcode once more.
func (k typist) provesAgain(p *program) {
	k.t.Helper()
	k.enter("a[href='/messages']", "My messages")
	k.enter("a.item", "Contoso has sent you a protected message")
	k.enter("main form button", "Enter your one-time passcode")
	k.Press(p.passcode(k.t, nora))
	k.enter("main form button", "Salaries")
}

// answers replies, replies to all and forwards.
func (k typist) answers() {
	k.t.Helper()
	k.enter("a[href$='/reply']", "Reply")
	k.write("#text", "It works.")
	k.enter("button[value=send]", "Keys alone")
	k.enter("a[href$='/reply-all']", "Reply to all")
	k.write("#text", "It works for all.")
	k.enter("button[value=send]", "Keys alone")
	k.enter("a[href$='/forward']", "Forward")
	k.write("#to", zoeTest)
	k.write("#text", "See how it works.")
	k.enter("button[value=send]", "Keys alone")
}

// searches finds a message in My messages and opens it.
func (k typist) searches(subject string) {
	k.t.Helper()
	k.enter("a[href='/messages']", "My messages")
	k.write("#q", subject)
	k.Press(kb.Enter)
	k.WaitFor("#q[value='" + subject + "']")
	k.enter("a.item", subject)
}

// removes takes a message back that is found in Sent.
func (k typist) removes(subject string) {
	k.t.Helper()
	k.enter("a[href='/sent']", "Sent")
	k.write("input[type=search]", subject)
	k.Press(kb.Enter)
	k.WaitFor("input[type=search][value='" + subject + "']")
	k.enter("a.item", subject)
	k.enter("a[href$='/remove']", "Remove external access?")
	k.enter("main .button--seal", subject)
}

// asks asks the sender for access, who gives it back with one key.
func (k typist) asks(sender typist) {
	k.t.Helper()
	const revoked = "The message has been revoked by the sender"
	k.Reload()
	k.WaitHeading(revoked)
	k.ForgetProblems() // the browser complains of the status
	k.write("textarea[name=reason]", "I need it.")
	k.enter("main form button", revoked)
	k.WaitText("You asked on")
	sender.Reload()
	sender.WaitText("I need it.")
	sender.enter("form[action$='/approve'] button", "Terms")
	sender.WaitText("can read this message.")
	k.Reload()
	k.WaitHeading("Terms")
}

// forgets forgets the browser.
func (k typist) forgets() {
	k.t.Helper()
	k.enter("a[href='/messages']", "My messages")
	k.to("section[aria-labelledby=browsers] form button")
	k.Press(kb.Enter)
	k.WaitGone("#browsers")
}
