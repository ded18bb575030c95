package main

import (
	"testing"

	"letterlock/internal/browsertest"
)

// TestEveryRulePageCanBeUsedByEverybody makes a rule in a browser, tries a mail, and
// looks at every page on the way, as TestEveryPageCanBeUsedByEverybody does at the others.
func TestEveryRulePageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	page, sender := browser.Page(t), browser.Page(t)
	p.signIn(page, administrator)
	p.signIn(sender, "ada@contoso.example")
	for _, s := range []stop{
		{name: "rules-empty", page: page, path: "/rules"},
		{name: "rule-new", page: page, path: "/rules/new"},
		{name: "rule-wrong", page: page, path: "/rules/new", then: func() {
			page.Fill("Words in the message", "/(a/")
			page.Fill("Larger than", "large")
			page.ClickText("Add rule")
			page.WaitText("is no regular expression of RE2")
		}},
		{name: "rules", page: page, then: func() {
			p.addRule(page, "Partners", "Domain of a recipient", "quillfeather.example", func() {
				page.Fill("Protection", "Do not forward")
				page.Fill("Expires after at most", "7d")
			})
			p.addRule(page, "Card numbers stay here", "Words in the subject", "card\n/visa|mastercard/", func() {
				page.Click("input[value=card]")
				page.Click("input[name=refuse]")
				page.Fill("What the sender is told", "Card numbers are not sent by mail. Use the payment portal.")
			})
			page.ClickText("Up")
			page.WaitText("The rule has moved up.")
		}},
		{name: "rule", page: page, then: func() {
			page.Goto(p.site + "/rules")
			page.ClickText("Partners")
			page.WaitText("Change rule")
		}},
		{name: "rule-delete", page: page, then: func() {
			page.ClickText("Delete rule")
			page.WaitText("Delete rule?")
		}},
		{name: "rule-try", page: page, path: "/rules/try"},
		{name: "rule-try-wrong", page: page, path: "/rules/try", then: func() {
			page.ClickText("Try it")
			page.WaitText("Paste a mail, or a text")
		}},
		{name: "rule-tried", page: page, path: "/rules/try", then: func() {
			page.Fill("The mail, with its header", "From: ada@contoso.example\nTo: marta@quillfeather.example, carol@outlook.com\nSubject: Card of the week\n\nHello")
			page.ClickText("Try it")
			page.WaitText("The mail would be sent, protected.")
		}},
		{name: "rule-tried-refused", page: page, path: "/rules/try", then: func() {
			page.Fill("The mail, with its header", "From: ada@contoso.example\nTo: carol@outlook.com\nSubject: My card\n\n4111 1111 1111 1111")
			page.ClickText("Try it")
			page.WaitText("The mail would be refused")
		}},
		{name: "rule-tried-passed", page: page, path: "/rules/try", then: func() {
			page.Fill("The mail, with its header", "From: ada@contoso.example\nTo: carol@outlook.com\nSubject: Lunch\n\nToday?")
			page.Fill("Comes by", "The gateway")
			page.ClickText("Try it")
			page.WaitText("The mail would be passed on as it came.")
		}},
		{name: "compose-rules", page: sender, path: "/compose", then: func() {
			sender.Fill("To", "marta@quillfeather.example")
			sender.Click("#recipients button[value=add]")
			sender.WaitText("Rules of your organisation hold for this message:")
		}},
	} {
		s.everywhere(t, p)
	}
}

// addRule adds a rule with one condition that is typed, and what else choose does.
func (p *program) addRule(page *browsertest.Page, name, label, text string, choose func()) {
	page.Goto(p.site + "/rules/new")
	page.Fill("Name", name)
	page.Fill(label, text)
	choose()
	page.ClickText("Add rule")
	page.WaitText("The rule is added, behind all others.")
}
