// Package mail holds the bodies of the mails that the program itself sends: an
// HTML part in templ and a text part as a plain function for each. They load
// nothing from anywhere and hold nothing of a message's content.
package mail

import "strings"

// LogoCID names the inline part that holds the brand's logo.
const LogoCID = "brand-logo"

// A Brand is how a mail looks. Colours are #rrggbb, checked when a brand is
// saved, so that OnColor can be read on Color; empty ones are our own.
type Brand struct {
	Name      string
	HasLogo   bool   // an inline part named LogoCID goes with the mail
	Color     string // of the button and the top line
	OnColor   string
	DarkColor string // of the button in the dark
	OnDark    string
}

// Colours of our own, for a brand that has none.
const (
	ownColor   = "#0c5463"
	ownOnColor = "#ffffff"
	ownDark    = "#84cddd"
	ownOnDark  = "#04252d"
)

func (b Brand) color() string   { return or(hexColor(b.Color), ownColor) }
func (b Brand) onColor() string { return or(hexColor(b.OnColor), ownOnColor) }
func (b Brand) dark() string    { return or(hexColor(b.DarkColor), ownDark) }
func (b Brand) onDark() string  { return or(hexColor(b.OnDark), ownOnDark) }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// hexColor is s when it is #rrggbb and "" otherwise: it is written into style,
// where anything else could say more than a colour.
func hexColor(s string) string {
	if len(s) != 7 || s[0] != '#' {
		return ""
	}
	if strings.Trim(s[1:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return s
}

// An Act is what somebody did of whose message a notification tells. The empty Act
// is that they sent it.
type Act string

const (
	Replied   Act = "reply"
	Forwarded Act = "forward"
)

// lookUp says how the reference can be checked before the link is followed. The address
// is to be typed: it is no link, for a notification has one.
func (n Notification) lookUp() string {
	return bare(n.Words, "mail.lookUp", "Address", n.Host+"/check")
}

// Sentence is the one sentence that a notification is about.
func (n Notification) Sentence() string {
	sender := n.SenderAddr
	if n.SenderName != "" {
		sender = n.Words.Text("mail.named", "Name", n.SenderName, "Address", n.SenderAddr)
	}
	return n.about(sender) + n.Words.Text("mail.stop")
}

// Subject is the neutral subject line: it says who, and nothing of the message.
func (n Notification) Subject() string { return n.about(or(n.SenderName, n.SenderAddr)) }

func (n Notification) about(sender string) string {
	switch {
	case n.Again:
		return n.Words.Text("mail.again", "Sender", sender)
	case n.Act == Replied:
		return n.Words.Text("mail.reply", "Sender", sender, "Owner", n.Owner)
	case n.Act == Forwarded:
		return n.Words.Text("mail.forward", "Sender", sender, "Owner", n.Owner)
	}
	return n.Words.Text("mail.sent", "Sender", sender)
}

func (n Notification) introduction() Said {
	if n.NoPasscode {
		return n.Introduction.or(n.Words.Text("mail.introductionProvider"))
	}
	return n.Introduction.or(n.Words.Text("mail.introduction"))
}

func (n Notification) button() Said { return n.Button.or(n.Words.Text("mail.read")) }

// or is the text of the brand, or our own if it has none.
func (s Said) or(own string) Said {
	if s.Text == "" {
		return Said{Text: own}
	}
	return s
}

func (n Notification) until() string { return n.Words.Text("mail.until", "Time", n.Expires) }

func (n Notification) preview() string {
	return sentences(n.Words, n.Sentence(), n.Words.Text("mail.preview", "Reference", n.Reference))
}

// check is what there is to check beside the host and the reference.
func (n Notification) check() string {
	return sentences(n.Words, n.Words.Text("mail.noPassword"), n.lookUp(), n.Words.Text("mail.doubt", "Brand", n.Brand.Name))
}

func (n Notification) notice() string { return n.Words.Text("mail.notice", "Address", n.To) }

// Grouped is the passcode in two groups of four. Between words that are written from right
// to left the groups would change places, so there it is one.
func (p Passcode) Grouped() string {
	if len(p.Code) != 8 || p.Words.Direction() == "rtl" {
		return p.Code
	}
	return p.Code[:4] + " " + p.Code[4:]
}

// Subject is the subject of every passcode mail; the page names it.
func (p Passcode) Subject() string { return p.Words.Text("passcode.subject") }

// SubjectLine is the subject of a failure notice.
func (f Failure) SubjectLine() string {
	return f.Words.Text("staffMail.failure.subject", "Recipient", f.Recipient, "Subject", f.Subject)
}

// Subject is the subject line of the mail with the link to set a password.
func (a Account) Subject() string { return a.say("staffMail.account.subject") }

// say returns a text that may name the organisation.
func (a Account) say(id string) string { return a.Words.Text(id, "Brand", a.Brand.Name) }
