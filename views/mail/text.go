package mail

import (
	"fmt"
	"strings"
)

// width is where lines of a text part end; a longer word has a line of its own.
const width = 66

// NotificationText is the text part of a notification.
func NotificationText(n Notification) string {
	var b strings.Builder
	paragraphs(&b, n.Brand.Name, n.Sentence(), n.introduction().Text)
	fmt.Fprintf(&b, "%s:\n%s\n\n", oneLine(n.button().Text), n.URL)
	if n.Email.Text != "" {
		paragraphs(&b, n.Email.Text)
	}
	if n.Expires != "" {
		paragraphs(&b, n.until())
	}
	fmt.Fprintf(&b, "\n%s\n  %s\n  %s\n", n.Words.Text("mail.genuine"),
		bare(n.Words, "mail.opensText", "Host", n.Host), n.Words.Text("mail.referenceText", "Reference", n.Reference))
	b.WriteString(wrap(n.check(), "  "))
	b.WriteString("\n\n-- \n" + wrap(n.Disclaimer.Text+" "+n.notice(), "") + "\n")
	return b.String()
}

// PasscodeText is the text part of a passcode mail.
func PasscodeText(p Passcode) string {
	var b strings.Builder
	paragraphs(&b, p.Brand.Name, p.Words.Text("mail.passcode.lead"))
	fmt.Fprintf(&b, "    %s\n\n    %s  %s\n\n", p.Grouped(), p.Words.Text("mail.passcode.reference"), p.Reference)
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
	return p.Words.Count("mail.passcode.validity", p.Minutes, "Time", p.Until)
}

func (p Passcode) where() string { return bare(p.Words, "mail.passcode.where", "Host", p.Host) }

func (p Passcode) warning() string {
	return sentences(p.Words, p.Words.Text("mail.passcode.nobodyText", "Brand", p.Brand.Name), p.Words.Text("mail.passcode.unasked"))
}

func (p Passcode) preview() string {
	return sentences(p.Words, p.Words.Text("mail.passcode.preview", "Reference", p.Reference), p.validity())
}

func (p Passcode) notice() string { return p.Words.Text("mail.passcode.notice", "Address", p.To) }

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
	for _, p := range pieces(text) {
		if line != indent && columns(line)+len(p.before)+columns(p.text) > width {
			lines = append(lines, line)
			line = indent
		}
		if line != indent {
			line += p.before
		}
		line += p.text
	}
	return strings.Join(append(lines, line), "\n")
}

// A piece of a text has a line begin with it, if there is no room for it; else what is
// before it comes first, a blank or nothing.
type piece struct{ before, text string }

// pieces are the words of a text. Japanese has none with blanks between them: a line may
// end after each character that is as wide as two, but not before a mark that ends
// something, nor after one that begins something.
func pieces(text string) (list []piece) {
	for _, word := range strings.Fields(text) {
		before, last := " ", rune(0)
		for _, r := range word {
			ends := wide(last) || wide(r) && last != 0
			if last == 0 || ends && !strings.ContainsRune("、。，．）」：；？！ー", r) && !strings.ContainsRune("（「", last) {
				list = append(list, piece{before, string(r)})
				before = ""
			} else {
				list[len(list)-1].text += string(r)
			}
			last = r
		}
	}
	return list
}

// wide reports whether a character takes the room of two.
func wide(r rune) bool { return r >= 0x3000 && r < 0xfb00 || r >= 0xff00 && r < 0xff61 }

// columns is how much room a text takes.
func columns(s string) (n int) {
	for _, r := range s {
		if n++; wide(r) {
			n++
		}
	}
	return n
}
