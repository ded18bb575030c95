package demo

import (
	"context"
	"strconv"

	"letterlock/internal/inbox"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

func (d *demo) accounts() []views.DemoAccount {
	return []views.DemoAccount{
		{Person: views.Person{Name: ada.Name, Address: string(ada.Address)}, Role: "sender"},
		{Person: views.Person{Name: grace.Name, Address: string(grace.Address)}, Role: "administrator"},
	}
}

// steps are the walkthrough. They link to the messages as they are now, because
// the presenter takes one of them back on the way.
func (d *demo) steps() []views.DemoStep {
	live, byAdmin := d.find(liveSubject), d.find(adminSubject)
	return []views.DemoStep{
		{
			Title: "Ada, the sender, looks into her Sent folder",
			Text:  "Sign in as Ada. Her Sent folder shows what became of every message: read, downloaded, expired, revoked. The offer letter to Marta Lind can be taken back.",
			Links: []views.Link{{Text: "Open the offer letter in Sent", URL: "/sent/" + live}, {Text: "Write a new message", URL: "/compose"}},
		},
		{
			Title: "Marta, the recipient, gets a notification",
			Text:  "It says who wrote and how to check that it is genuine, and nothing of the message. Her mailbox is outside; here it is shown beside everybody else's.",
			Links: []views.Link{{Text: "Open Marta's mailbox", URL: d.notification(marta.Address)}},
		},
		{
			Title: "Marta proves her mailbox and reads in the portal",
			Text:  "She asks for a one-time passcode, finds it in her mailbox and types it. Then let Ada choose Remove external access: Marta's open page says at once that the message has been revoked by the sender.",
			Links: []views.Link{{Text: "Follow Marta's link to the portal", URL: d.portalLink(marta.Address)}, {Text: "Remove external access as Ada", URL: "/sent/" + live + "/remove"}},
		},
		{
			Title: "Grace, the administrator, finds and revokes any message",
			Text: "Sign in as Grace. The message trace finds a message by sender, recipient, subject or Message-ID and shows what happened to it, never what it says. The encryption report counts what was sent, and revokes; the audit log says who did what. " +
				"A message to a former address of Samuel Adeyemi was revoked by her: only an administrator can give access back.",
			Links: []views.Link{
				{Text: "Find it in the message trace", URL: "/trace/" + byAdmin}, {Text: "Encryption report", URL: "/report"}, {Text: "Audit log", URL: "/audit-log"},
				{Text: "See it as Samuel does", URL: d.portalLink(samuel.Address, adminSubject)},
			},
		},
	}
}

// notification is the newest mail in a mailbox that brings a link.
func (d *demo) notification(a letterlock.Address) string {
	mail, err := d.newest(a, func(m inbox.Mail) bool { return m.Link() != "" })
	if err != nil {
		return mailbox(a)
	}
	return mailbox(a) + "/" + strconv.FormatInt(mail.Seq, 10)
}

func mailbox(a letterlock.Address) string { return "/inbox/" + string(a) }

// find returns the ID of Ada's newest message with that subject.
func (d *demo) find(subject string) string {
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada.Address, Roles: []letterlock.Role{letterlock.Sender}}
	page, err := d.app.Track.Sent(context.Background(), by, track.Query{Search: subject, Limit: 1})
	if err != nil || len(page.Messages) == 0 {
		return ""
	}
	return string(page.Messages[0].Message.ID)
}

// portalLink is the link of the newest notification in a mailbox, or of the one
// for a message with that subject.
func (d *demo) portalLink(a letterlock.Address, subject ...string) string {
	mail, err := d.newest(a, func(m inbox.Mail) bool {
		if m.Link() == "" {
			return false
		}
		if len(subject) == 0 {
			return true
		}
		gate, err := d.app.Access.Gate(context.Background(), tokenOf(m))
		return err == nil && gate.Message.Subject == subject[0]
	})
	if err != nil {
		return mailbox(a)
	}
	return "/m/" + tokenOf(mail)
}

func (d *demo) facts() []views.Fact {
	return []views.Fact{{Label: "SMTP", Value: d.smtp, Mono: true}}
}
