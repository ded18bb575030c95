package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"letterlock/internal/browsertest"
)

// TestABrandIsMadeChosenAndSeen has an administrator make a brand, its sender choose it,
// and a recipient see it, and looks at every page on the way as
// TestEveryPageCanBeUsedByEverybody does at the others.
func TestABrandIsMadeChosenAndSeen(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	page, sender, reader := browser.Page(t), browser.Page(t), browser.Page(t)
	p.signIn(page, administrator)
	p.signIn(sender, "ada@contoso.example")
	logo := filepath.Join(t.TempDir(), "logo.png")
	f, err := os.Create(logo)
	if err == nil {
		err = png.Encode(f, image.NewGray(image.Rect(0, 0, 300, 200)))
	}
	if err != nil {
		t.Fatal(err)
	}
	link := ""
	for _, s := range []stop{
		{name: "brand-new", page: page, path: "/brands/new"},
		{name: "brand-wrong", page: page, path: "/brands/new", then: func() {
			page.Fill("Colour", "#777777")
			page.ClickText("Preview")
			page.WaitText("4.48 to 1 and must be 4.5 to 1")
		}},
		{name: "brand-preview", page: page, path: "/brands/new", then: func() {
			page.Fill("Name of the brand", "northwind")
			page.Fill("Sender name", "Northwind Traders")
			page.Fill("Colour", "#166534")
			page.Upload("Logo", logo)
			page.Fill("Words on the button", "Open the letter")
			page.Fill("Text on the page of the link", "Northwind writes to you about your order.")
			followsTheKeyboard(t, page)
			page.ClickText("Preview")
			page.WaitText("Words on the colour")
			if text := page.FrameText("iframe[title='Preview of the notification']"); !strings.Contains(text, "Open the letter") {
				t.Errorf("the preview of the notification says %q", text)
			}
			if text := page.FrameText("iframe[title='Preview of the page of the link']"); !strings.Contains(text, "Northwind Traders has sent you a protected message") {
				t.Errorf("the preview of the page says %q", text)
			}
		}},
		{name: "brand", page: page, then: func() {
			page.ClickText("Add brand")
			page.WaitText("The brand is added.")
		}},
		{name: "brand-by-keyboard", page: page, then: func() {
			k := typist{page, t}
			k.to("#button")
			k.Press(kb.End)
			k.Press(" now")
			k.enter("button[value=save]", "Change brand northwind")
			page.WaitText("The brand is saved.")
			if got := page.Value("Words on the button"); got != "Open the letter now" {
				t.Errorf("saved by keyboard: %q", got)
			}
		}},
		{name: "brands", page: page, path: "/brands"},
		{name: "brand-delete", page: page, path: "/brands/northwind/delete"},
		{name: "compose-brand", page: sender, path: "/compose"},
		{name: "gate-brand", page: reader, then: func() {
			sender.Goto(p.site + "/compose")
			sender.Fill("To", "zoe@hearthside.example")
			sender.Fill("Subject", "Your order")
			sender.Fill("Message", "It is on its way.")
			sender.Fill("Brand", "northwind: Northwind Traders")
			sender.ClickText("Send")
			v := visitors{t: t, p: p, nobody: browser.Page(t)}
			p.waitFor(t, "zoe@hearthside.example", "")
			link = v.link("zoe@hearthside.example")
			reader.Goto(p.site + link)
			reader.WaitText("Northwind writes to you about your order.")
			var color string
			reader.Eval(`getComputedStyle(document.querySelector(".button--primary")).backgroundColor`, &color)
			if color != "rgb(22, 101, 52)" {
				t.Errorf("the button is %s, want the brand's green", color)
			}
		}},
		{name: "read-brand", page: reader, then: func() {
			p.prove(t, reader, link, "zoe@hearthside.example")
			if got := reader.Text(".portal-brand"); !strings.Contains(got, "Northwind Traders") {
				t.Errorf("the message bears %q", got)
			}
		}},
		{name: "messages-brand", page: reader, path: "/messages", then: func() {
			if got := reader.Text(".portal-brand"); strings.Contains(got, "Northwind") {
				t.Errorf("My messages bears %q, want the default brand", got)
			}
		}},
	} {
		s.everywhere(t, p)
	}
}

// followsTheKeyboard types into the form of a brand whose other fields are filled in, and
// looks at the previews, which follow by themselves and move nothing else.
func followsTheKeyboard(t *testing.T, page *browsertest.Page) {
	t.Helper()
	page.WaitText("The previews show what you have typed. Nothing is saved yet.")
	page.Eval(`document.getElementById("disclaimer").focus()`, nil)
	const mail = "iframe[title='Preview of the notification']"
	var at, focus string
	page.FrameEval(mail, `(scrollTo(0, 40), String(scrollY))`, &at)
	page.Press("Keep it to yourself.")
	var before, after float64
	page.Eval(`scrollY`, &before)
	for deadline := time.Now().Add(browsertest.Patience); !strings.Contains(page.FrameText(mail), "Keep it to yourself."); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the preview does not follow: %q", page.FrameText(mail))
		}
	}
	var still string
	if page.FrameEval(mail, `String(scrollY)`, &still); still != at {
		t.Errorf("the preview was scrolled to %s, and is to %s", at, still)
	}
	if page.Eval(`scrollY`, &after); after != before {
		t.Errorf("the page has moved from %v to %v", before, after)
	}
	if page.Eval(`document.activeElement.id`, &focus); focus != "disclaimer" {
		t.Errorf("the focus is on %q", focus)
	}
	page.Fill("Colour", "#16653")
	page.WaitText("The previews do not follow yet: It is not a colour written as # and six digits")
	page.Fill("Colour", "#166534")
	page.WaitText("The previews show what you have typed. Nothing is saved yet.")
}

// TestABrandSpeaksItsLanguages has an administrator give a brand a German text and the German
// language, and a recipient nobody knows anything of be written to and received in it.
func TestABrandSpeaksItsLanguages(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	page, sender, reader := browser.Page(t), browser.Page(t), browser.Page(t)
	p.signIn(page, administrator)
	p.signIn(sender, "ada@contoso.example")
	german := func(then string) {
		page.Fill("Name of the brand", "traders")
		page.Fill("Sender name", "Northwind Traders")
		page.Fill("Language of the brand", "Deutsch")
		page.Click("details.brand-language:has(bdi[lang=de]) > summary")
		page.Fill("Words on the button, Deutsch", "Brief öffnen")
		page.Fill("Text on the page of the link, Deutsch", "Northwind schreibt Ihnen zu Ihrer Bestellung.")
		page.Fill("Preview in", "Deutsch")
		page.ClickText(then)
	}
	for _, s := range []stop{
		{name: "brand-languages", page: page, path: "/brands/new", then: func() {
			page.NoScript(true)
			german("Preview")
			page.NoScript(false)
			if text := page.FrameText("iframe[title='Preview of the notification']"); !strings.Contains(text, "Brief öffnen") {
				t.Errorf("the preview of the notification says %q, and no German text", text)
			}
			if text := page.FrameText("iframe[title='Preview of the page of the link']"); !strings.Contains(text, "hat Ihnen eine geschützte Nachricht gesendet") {
				t.Errorf("the preview of the page says %q", text)
			}
		}},
		{name: "brand-languages-arabic", page: page, then: func() {
			page.Fill("Preview in", "العربية")
			page.ClickText("Preview")
			if text := page.FrameText("iframe[title='Preview of the page of the link']"); !strings.Contains(text, "أرسلت إليك") {
				t.Errorf("the preview of the page says %q", text)
			}
		}},
		{name: "gate-brand-german", page: reader, then: func() {
			page.ClickText("Add brand")
			page.WaitText("The brand is added.")
			sender.Goto(p.site + "/compose")
			sender.Fill("To", "zoe@hearthside.example")
			sender.Fill("Subject", "Your order")
			sender.Fill("Message", "It is on its way.")
			sender.Fill("Brand", "traders: Northwind Traders")
			sender.ClickText("Send")
			p.waitFor(t, "zoe@hearthside.example", "")
			reader.Goto(p.site + "/inbox/zoe@hearthside.example")
			reader.Click("a.item")
			if text := reader.FrameText("iframe"); !strings.Contains(text, "Brief öffnen") || !strings.Contains(text, "hat Ihnen eine geschützte Nachricht gesendet") {
				t.Errorf("the notification says %q", text)
			}
			v := visitors{t: t, p: p, nobody: browser.Page(t)}
			reader.Goto(p.site + v.link("zoe@hearthside.example"))
			reader.Click("button[value=de]") // this browser likes English
			reader.WaitText("Northwind schreibt Ihnen zu Ihrer Bestellung.")
		}},
	} {
		s.everywhere(t, p)
	}
}
