package notify

import (
	"fmt"
	"io"
	"strings"
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

// changes say what was changed: the subject of the mail, and its first sentence.
var changes = map[letterlock.Change]struct{ subject, sentence string }{
	letterlock.PasswordSet:     {"Your password for Letterlock was set", "A password was set for your account."},
	letterlock.AppPasswordMade: {"An app password for Letterlock was made", "An app password was made for your account: a mail program that has it can send in your name."},
	letterlock.AppSetUp:        {"An authenticator app for Letterlock was set up", "An authenticator app was set up as a second factor of your account."},
	letterlock.AppRemoved:      {"Your authenticator app for Letterlock was removed", "The authenticator app of your account was removed."},
	letterlock.PasskeyAdded:    {"A passkey for Letterlock was added", "A passkey was added to your account."},
	letterlock.PasskeyRemoved:  {"A passkey for Letterlock was removed", "A passkey of your account was removed."},
	letterlock.CodesMade:       {"New recovery codes for Letterlock were made", "Recovery codes were made anew for your account. Those from before work no more."},
}

// Changed writes to the holder of an account what was changed of what keeps it, when, and
// in which browser and from where, which may be empty. What they name things is not said:
// it may be somebody else who has named them.
func (n *Notifier) Changed(w io.Writer, now time.Time, to letterlock.Mailbox, what letterlock.Change, when time.Time, browser, network string) error {
	said, ok := changes[what]
	if !ok {
		return fmt.Errorf("unknown change %q", what)
	}
	name := n.house().Name
	about := []string{"When: " + n.until(when)}
	if from := strings.Trim(browser+", "+network, ", "); from != "" {
		about = append(about, "From: "+from)
	}
	v := mail.News{
		Brand: look(n.house()), Subject: said.subject, Sentence: said.sentence,
		More: strings.Join(about, ". ") + ". If it was you, there is nothing to do.",
		About: "If it was not you, tell your administrators at once, on a number that you already know: they can disable your account and end its sessions. " +
			"If you still come in, look under Security, remove what is not yours and sign out everywhere else.",
		Button: "Look at Security", URL: n.PublicURL.JoinPath("account", "security").String(),
		Foot: "This mail was sent to " + string(to.Address) + " because the account at " + name + " is yours.",
	}
	return n.write(w, now, n.house(), eml.Draft{
		From: letterlock.Mailbox{Name: name, Address: n.From}, To: []letterlock.Mailbox{to},
		Subject: v.Subject, Text: mail.NewsText(v),
	}, mail.NewsHTML(v))
}
