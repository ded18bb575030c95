package mail

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// width is where lines of a text part end; a longer word has a line of its own.
const width = 66

// NotificationText is the text part of a notification.
func NotificationText(n Notification) string {
	var b strings.Builder
	paragraphs(&b, n.Brand.Name, n.Sentence(), n.introduction())
	fmt.Fprintf(&b, "%s:\n%s\n\n", oneLine(n.button()), n.URL)
	if n.Email != "" {
		paragraphs(&b, n.Email)
	}
	if n.Expires != "" {
		paragraphs(&b, "You can read it until "+n.Expires+".")
	}
	fmt.Fprintf(&b, "\nHow to check that this is genuine\n  The page opens at  %s\n  and shows the reference  %s\n", n.Host, n.Reference)
	b.WriteString(wrap("It never asks for a password. "+n.lookUp()+" "+n.contact(), "  "))
	b.WriteString("\n\n-- \n" + wrap(n.notice(), "") + "\n")
	return b.String()
}

// PasscodeText is the text part of a passcode mail.
func PasscodeText(p Passcode) string {
	var b strings.Builder
	paragraphs(&b, p.Brand.Name, "Your one-time passcode to view the message:")
	fmt.Fprintf(&b, "    %s\n\n    Reference code  %s\n\n", p.Grouped(), p.Reference)
	paragraphs(&b, p.validity(), p.where(), p.warning())
	b.WriteString("-- \n" + wrap(p.notice(), "") + "\n")
	return b.String()
}

// FailureText is the text part of a failure notice.
func FailureText(f Failure) string {
	var b strings.Builder
	paragraphs(&b, f.Brand.Name, f.sentence(), f.consequence())
	fmt.Fprintf(&b, "Reason:\n%s\n\n", wrap(f.Reason, "  "))
	fmt.Fprintf(&b, "Message:     %s\nSent:        %s\nMessage-ID:  %s\n\n", oneLine(f.Subject), oneLine(f.Sent), oneLine(f.MessageID))
	fmt.Fprintf(&b, "Open it in your Sent folder:\n%s\n", f.URL)
	return b.String()
}

// AccountText is the text part of the mail with the link to set a password.
func AccountText(a Account) string {
	var b strings.Builder
	paragraphs(&b, a.Brand.Name, a.Subject()+".", a.reason())
	fmt.Fprintf(&b, "Set your password:\n%s\n\n", a.URL)
	paragraphs(&b, a.validity())
	fmt.Fprintf(&b, "\nHow to check that this is genuine\n  The page opens at  %s\n", a.Host)
	b.WriteString(wrap(a.check(), "  "))
	b.WriteString("\n\n-- \n" + wrap(a.notice(), "") + "\n")
	return b.String()
}

func (a Account) reason() string {
	if a.Invited {
		return "An administrator of " + a.Brand.Name + " has made an account for you, to send mail that you can take back. Choose a password, and sign in with it and this address."
	}
	return "An administrator of " + a.Brand.Name + " has reset your password. The old one no longer works; choose a new one."
}

func (a Account) validity() string { return "The link works once, until " + a.Expires + "." }

func (a Account) check() string {
	return "It asks for a new password and for nothing else, never for an old one. If you did not expect this mail, ask " +
		a.Brand.Name + " on a number that you already know."
}

func (a Account) notice() string {
	return "This mail was sent to " + a.To + "; do not pass it on, the link is yours alone."
}

func (p Passcode) validity() string {
	unit := "minutes"
	if p.Minutes == 1 {
		unit = "minute"
	}
	s := fmt.Sprintf("It is valid for %d %s", p.Minutes, unit)
	if p.Until != "" {
		s += ", until " + p.Until
	}
	return s + ", once, and only in the browser that asked for it."
}

func (p Passcode) where() string {
	return "Type it on the page at " + p.Host + " that shows the same reference code."
}

func (p Passcode) warning() string {
	return "Tell it to nobody; nobody at " + p.Brand.Name + " asks for it. If you did not ask for a passcode, do nothing: without it, the message stays closed."
}

func (p Passcode) notice() string { return "This passcode was sent to " + p.To + "." }

func (f Failure) sentence() string {
	if f.Inline {
		return "Your message could not be delivered to " + f.Recipient + "."
	}
	return "The notification of your message could not be delivered to " + f.Recipient + "."
}

func (f Failure) consequence() string {
	if f.Inline {
		return "They have not received it. Check the address, and send it again."
	}
	return "They have no link and cannot read the message. Check the address, and send it again."
}

// paragraphs writes each text, wrapped, with an empty line after it.
func paragraphs(b *strings.Builder, texts ...string) {
	for _, text := range texts {
		b.WriteString(wrap(text, "") + "\n\n")
	}
}

// oneLine keeps a value from starting a line of its own, which could pass for ours.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// wrap breaks a text into lines, each with the indent before it.
func wrap(text, indent string) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
