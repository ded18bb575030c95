// Package mail holds the bodies of the mails that the program itself sends: an
// HTML part in templ and a text part as a plain function for each. They load
// nothing from anywhere and hold nothing of a message's content.
package mail

import "strings"

// LogoCID names the inline part that holds the brand's logo.
const LogoCID = "brand-logo"

// PasscodeSubject is the subject of every passcode mail; the page names it.
const PasscodeSubject = "Your one-time passcode to view the message"

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
	return "To look the reference up before you open the page, type " + n.Host + "/check into your browser."
}

// Sentence is the one sentence that a notification is about.
func (n Notification) Sentence() string {
	if n.Again {
		return "You can read the protected message from " + n.sender() + " again."
	}
	if n.SenderName == "" {
		return n.SenderAddr + n.did() + "."
	}
	return n.SenderName + " (" + n.SenderAddr + ")" + n.did() + "."
}

func (n Notification) sender() string {
	if n.SenderName == "" {
		return n.SenderAddr
	}
	return n.SenderName + " (" + n.SenderAddr + ")"
}

// Subject is the neutral subject line: it says who, and nothing of the message.
func (n Notification) Subject() string {
	if n.Again {
		return "You can read the protected message from " + or(n.SenderName, n.SenderAddr) + " again"
	}
	return or(n.SenderName, n.SenderAddr) + n.did()
}

func (n Notification) did() string {
	switch n.Act {
	case Replied:
		return " has replied to you and others to a protected message from " + n.Owner
	case Forwarded:
		return " has forwarded you a protected message from " + n.Owner
	}
	return " has sent you a protected message"
}

func (n Notification) introduction() string {
	if n.NoPasscode && n.Introduction == "" {
		return "Sign in with the provider of your mailbox, and read it in your browser. You need no account with us."
	}
	return or(n.Introduction, "Show that this mailbox is yours, and read it in your browser. You need no account.")
}

func (n Notification) button() string { return or(n.Button, "Read the message") }

func (n Notification) contact() string {
	return or(n.Contact, "If in doubt, call "+n.Brand.Name+" on a number that you already know.")
}

func (n Notification) notice() string {
	s := "This notification was sent to " + n.To + "; do not pass it on, the link is yours alone."
	if n.Disclaimer != "" {
		s = n.Disclaimer + " " + s
	}
	return s
}

// Grouped is the passcode in two groups of four.
func (p Passcode) Grouped() string {
	if len(p.Code) != 8 {
		return p.Code
	}
	return p.Code[:4] + " " + p.Code[4:]
}

// SubjectLine is the subject of a failure notice.
func (f Failure) SubjectLine() string { return "Not delivered to " + f.Recipient + ": " + f.Subject }

// Subject is the subject line of the mail with the link to set a password.
func (a Account) Subject() string { return "Set your password for Letterlock at " + a.Brand.Name }
