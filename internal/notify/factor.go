package notify

import (
	"io"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/views/mail"
)

// FactorReset writes to the holder of an account whose second factor an administrator
// has taken away: if they had not asked for it, somebody else had.
func (n *Notifier) FactorReset(w io.Writer, now time.Time, to letterlock.Mailbox) error {
	name := n.house().Name
	v := mail.News{
		Brand: look(n.house()), Subject: "Your second factor for Letterlock at " + name + " was reset",
		Sentence: "An administrator of " + name + " has reset your second factor.",
		More:     "Your authenticator app, your passkeys and your recovery codes work no more, and you are signed out everywhere. Sign in with your password, and set up a second factor anew.",
		About:    "If you did not ask for this, tell your administrators at once, on a number that you already know.",
		Button:   "Sign in", URL: n.PublicURL.JoinPath("sign-in").String(),
		Foot: "This mail was sent to " + string(to.Address) + " because the account is yours.",
	}
	return n.write(w, now, n.house(), eml.Draft{
		From: letterlock.Mailbox{Name: name, Address: n.From}, To: []letterlock.Mailbox{to},
		Subject: v.Subject, Text: mail.NewsText(v),
	}, mail.NewsHTML(v))
}
