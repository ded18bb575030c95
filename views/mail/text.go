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
	fmt.Fprintf(&b, "%s:\n%s\n\n", f.Words.Text("staffMail.failure.reason"), wrap(f.Reason, "  "))
	for _, line := range [][2]string{
		{f.Words.Text("staffMail.failure.message"), f.Subject}, {f.Words.Text("staffMail.failure.sent"), f.Sent}, {"Message-ID", f.MessageID},
	} {
		fmt.Fprintf(&b, "%-12s %s\n", line[0]+":", oneLine(line[1]))
	}
	fmt.Fprintf(&b, "\n%s:\n%s\n", f.Words.Text("staffMail.openInSent"), f.URL)
	return b.String()
}

// AccountText is the text part of the mail with the link to set a password.
func AccountText(a Account) string {
	var b strings.Builder
	paragraphs(&b, a.Brand.Name, a.Subject()+".", a.reason())
	fmt.Fprintf(&b, "%s:\n%s\n\n", a.Words.Text("staffMail.account.button"), a.URL)
	paragraphs(&b, a.validity())
	fmt.Fprintf(&b, "\n%s\n  %s\n", a.Words.Text("mail.genuine"), bare(a.Words, "staffMail.account.opensText", "Host", a.Host))
	b.WriteString(wrap(a.check(), "  "))
	b.WriteString("\n\n-- \n" + wrap(a.notice(), "") + "\n")
	return b.String()
}

func (a Account) reason() string {
	if a.Invited {
		return a.say("staffMail.account.invited")
	}
	return a.say("staffMail.account.reset")
}

func (a Account) validity() string {
	return a.Words.Text("staffMail.account.validity", "Time", a.Expires)
}

func (a Account) check() string { return a.say("staffMail.account.check") }

func (a Account) notice() string { return a.Words.Text("staffMail.account.notice", "Address", a.To) }

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
		return f.Words.Text("staffMail.failure.inline", "Recipient", f.Recipient)
	}
	return f.Words.Text("staffMail.failure.link", "Recipient", f.Recipient)
}

func (f Failure) consequence() string {
	if f.Inline {
		return f.Words.Text("staffMail.failure.inlineMeans")
	}
	return f.Words.Text("staffMail.failure.linkMeans")
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
