package notify

import (
	"fmt"
	"io"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
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

// ReleaseAsked writes to a sender that a recipient asks for a release code. Neither the code
// nor the reference is in it: both stand where the sender has signed in.
func (n *Notifier) ReleaseAsked(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	return n.told(w, now, m, mail.News{
		Subject:  r.Mailbox.Called() + " asks for a release code",
		Sentence: "Somebody who has the link of " + r.Mailbox.Called() + " says that the passcode does not come, and asks you for a code.",
		More: "Do not answer by mail. Call a number that you already know, and read the code from your Sent folder only to somebody whom you " +
			"recognise and who says the reference that stands there. If you do not expect this, refuse it. You are told this once an hour at most.",
	})
}

// AdminRequest writes the same to an administrator, without the subject: the message
// is not theirs.
func (n *Notifier) AdminRequest(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, to letterlock.Address) error {
	v := n.request(m, r)
	v.More = "Only an administrator can give it, because an administrator has removed access, or because there is more than one recipient."
	v.About = "A message from " + m.Sender.Called() + ", sent " + n.until(m.Accepted)
	v.Button, v.URL = "Answer in the message trace", n.PublicURL.JoinPath("trace", string(m.ID)).String()
	v.Foot = "You get this mail because you are named as administrator of Letterlock at " + n.house().Name + "."
	return n.news(w, now, letterlock.Mailbox{Address: to}, m, v)
}

func (n *Notifier) request(m letterlock.Message, r letterlock.Recipient) mail.News {
	v := mail.News{
		Brand: look(n.house()), Subject: r.Mailbox.Called() + " asks for access to a protected message",
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
	return n.write(w, now, n.house(), eml.Draft{
		From:      letterlock.Mailbox{Name: n.house().Name, Address: n.From},
		To:        []letterlock.Mailbox{to},
		Subject:   v.Subject,
		InReplyTo: m.MessageID,
		Text:      mail.NewsText(v),
	}, mail.NewsHTML(v))
}

// FirstRead writes to a sender that a recipient has read a message for the first time.
func (n *Notifier) FirstRead(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	return n.told(w, now, m, mail.News{
		Subject:  r.Mailbox.Called() + " has read your protected message",
		Sentence: r.Mailbox.Called() + " has read your message.",
		More:     "It was opened for the first time on " + n.until(r.FirstRead) + ". You are told this once for each recipient.",
	})
}

// Unread writes to a sender who of the recipients has not read a message yet.
func (n *Notifier) Unread(w io.Writer, now time.Time, m letterlock.Message, all []letterlock.Recipient) error {
	waiting := policy.Waiting(m, all, now)
	who := unreadBy(waiting, len(policy.Reading(m, all, now)))
	return n.told(w, now, m, mail.News{
		Subject:  "Your protected message has not been read yet",
		Sentence: who + " not read your message yet.",
		More:     "Ask whether the notification has arrived, or is among spam. You are told this once.",
	})
}

// Expiring writes to a sender that a message is about to expire.
func (n *Notifier) Expiring(w io.Writer, now time.Time, m letterlock.Message, all []letterlock.Recipient) error {
	more := "Everybody who can read it has done so."
	if waiting := policy.Waiting(m, all, now); len(waiting) > 0 {
		more = unreadBy(waiting, len(policy.Reading(m, all, now))) + " not read it yet."
	}
	return n.told(w, now, m, mail.News{
		Subject:  "Your protected message is about to expire",
		Sentence: "Your message expires on " + n.until(m.Expires) + ".",
		More:     more + " In your Sent folder you can give it more time.",
	})
}

// unreadBy begins the sentence about those of a number of readers who have not read.
func unreadBy(waiting []letterlock.Recipient, of int) string {
	switch {
	case len(waiting) == 1:
		return waiting[0].Mailbox.Called() + " has"
	case len(waiting) == of:
		return fmt.Sprintf("All %d recipients have", of)
	}
	return fmt.Sprintf("%d of %d recipients have", len(waiting), of)
}

// told is news of a message for its sender.
func (n *Notifier) told(w io.Writer, now time.Time, m letterlock.Message, v mail.News) error {
	v.Brand, v.About = look(n.house()), n.about(m)
	v.Button, v.URL = "Open it in your Sent folder", n.PublicURL.JoinPath("sent", string(m.ID)).String()
	v.Foot = "You get this mail because you sent the message. Message-ID " + m.MessageID
	return n.news(w, now, m.Sender, m, v)
}
