package notify

import (
	"io"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/views/mail"
)

// Request writes to a sender that a recipient asks for more time, or for access. The
// reason that they give is not in it: it may speak of what the message says.
func (n *Notifier) Request(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	v := n.request(m, r)
	v.About = n.about(m)
	v.Button, v.URL = "Answer in your Sent folder", n.PublicURL.JoinPath("sent", string(m.ID)).String()
	v.Foot = "You get this mail because you sent the message. Message-ID " + m.MessageID
	return n.news(w, now, m.Sender, m, v)
}

// AdminRequest writes the same to an administrator, without the subject: the message
// is not theirs.
func (n *Notifier) AdminRequest(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, to letterlock.Address) error {
	v := n.request(m, r)
	v.More = "Only an administrator can give it, because an administrator has removed access, or because there is more than one recipient."
	v.About = "A message from " + m.Sender.Called() + ", sent " + n.until(m.Accepted)
	v.Button, v.URL = "Answer in the message trace", n.PublicURL.JoinPath("trace", string(m.ID)).String()
	v.Foot = "You get this mail because you are named as administrator of Letterlock at " + n.Brand.Name + "."
	return n.news(w, now, letterlock.Mailbox{Address: to}, m, v)
}

func (n *Notifier) request(m letterlock.Message, r letterlock.Recipient) mail.News {
	v := mail.News{
		Brand: n.look(), Subject: r.Mailbox.Called() + " asks for access to a protected message",
		Sentence: r.Mailbox.Called() + " asks to read a message again whose access was removed.",
		More:     "Nothing changes unless you approve it. If they gave a reason, it stands there.",
	}
	if !r.Revocation.Revoked() {
		v.Subject = r.Mailbox.Called() + " asks for more time to read a protected message"
		v.Sentence = r.Mailbox.Called() + " asks for more time to read a message that has expired."
	}
	return v
}

// about names a message to its sender.
func (n *Notifier) about(m letterlock.Message) string {
	subject := m.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	return subject + ", sent " + n.until(m.Accepted)
}

func (n *Notifier) news(w io.Writer, now time.Time, to letterlock.Mailbox, m letterlock.Message, v mail.News) error {
	return n.write(w, now, eml.Draft{
		From:      letterlock.Mailbox{Name: n.Brand.Name, Address: n.From},
		To:        []letterlock.Mailbox{to},
		Subject:   v.Subject,
		InReplyTo: m.MessageID,
		Text:      mail.NewsText(v),
	}, mail.NewsHTML(v))
}
