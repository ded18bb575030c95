package notify

import (
	"io"
	"strconv"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/views/mail"
)

// Request writes to a sender that a recipient asks for more time, or for access. The
// reason that they give is not in it: it may speak of what the message says.
func (n *Notifier) Request(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	v := n.request(r)
	v.Button = n.words.Text("staffMail.request.answer")
	return n.told(w, now, m, v)
}

// ReleaseAsked writes to a sender that a recipient asks for a release code. Neither the code
// nor the reference is in it: both stand where the sender has signed in.
func (n *Notifier) ReleaseAsked(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	return n.told(w, now, m, mail.News{
		Subject:  n.of("staffMail.release.subject", r),
		Sentence: n.of("staffMail.release.sentence", r),
		More:     n.words.Text("staffMail.release.more"),
	})
}

// AdminRequest writes the same as [Notifier.Request] to an administrator, without the
// subject: the message is not theirs.
func (n *Notifier) AdminRequest(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, to letterlock.Address) error {
	v := n.request(r)
	v.More = n.words.Text("staffMail.request.onlyAdmin")
	v.About = n.words.Text("staffMail.request.from", "Sender", m.Sender.Called(), "Time", n.until(m.Accepted))
	v.Button, v.URL = n.words.Text("staffMail.request.answerInTrace"), n.PublicURL.JoinPath("trace", string(m.ID)).String()
	v.Foot = n.words.Text("staffMail.request.becauseAdmin", "Brand", n.house().Name)
	return n.news(w, now, letterlock.Mailbox{Address: to}, m.MessageID, v)
}

func (n *Notifier) request(r letterlock.Recipient) mail.News {
	v := mail.News{
		Subject: n.of("staffMail.request.access", r), Sentence: n.of("staffMail.request.accessSentence", r),
		More: n.words.Text("staffMail.request.unlessApproved"),
	}
	if !r.Revocation.Revoked() {
		v.Subject, v.Sentence = n.of("staffMail.request.time", r), n.of("staffMail.request.timeSentence", r)
	}
	return v
}

// of is a text about a recipient.
func (n *Notifier) of(id string, r letterlock.Recipient) string {
	return n.words.Text(id, "Recipient", r.Mailbox.Called())
}

// about names a message to its sender.
func (n *Notifier) about(m letterlock.Message) string {
	subject := m.Subject
	if subject == "" {
		subject = n.words.Text("read.noSubject")
	}
	return n.words.Text("staffMail.about", "Subject", subject, "Time", n.until(m.Accepted))
}

// FirstRead writes to a sender that a recipient has read a message for the first time.
func (n *Notifier) FirstRead(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient) error {
	return n.told(w, now, m, mail.News{
		Subject:  n.of("staffMail.news.read", r),
		Sentence: n.of("staffMail.news.readSentence", r),
		More:     n.words.Text("staffMail.news.readMore", "Time", n.until(r.FirstRead)),
	})
}

// Unread writes to a sender who of the recipients has not read a message yet.
func (n *Notifier) Unread(w io.Writer, now time.Time, m letterlock.Message, all []letterlock.Recipient) error {
	return n.told(w, now, m, mail.News{
		Subject:  n.words.Text("staffMail.news.unread"),
		Sentence: n.unreadBy("staffMail.unread.", policy.Waiting(m, all, now), len(policy.Reading(m, all, now))),
		More:     n.words.Text("staffMail.news.unreadMore"),
	})
}

// Expiring writes to a sender that a message is about to expire.
func (n *Notifier) Expiring(w io.Writer, now time.Time, m letterlock.Message, all []letterlock.Recipient) error {
	more := n.words.Text("staffMail.news.expiringRead")
	if waiting := policy.Waiting(m, all, now); len(waiting) > 0 {
		more = n.unreadBy("staffMail.expiring.", waiting, len(policy.Reading(m, all, now)))
	}
	return n.told(w, now, m, mail.News{
		Subject:  n.words.Text("staffMail.news.expiring"),
		Sentence: n.words.Text("staffMail.news.expiringSentence", "Time", n.until(m.Expires)),
		More:     more,
	})
}

// unreadBy is the sentence about those of a number of readers who have not read, one of
// three whose names begin alike.
func (n *Notifier) unreadBy(sentences string, waiting []letterlock.Recipient, of int) string {
	count := strconv.Itoa(len(waiting))
	switch {
	case len(waiting) == 1:
		return n.of(sentences+"single", waiting[0])
	case len(waiting) == of:
		return n.words.Text(sentences+"all", "Count", count)
	}
	return n.words.Text(sentences+"some", "Count", count, "All", strconv.Itoa(of))
}

// told is news of a message for its sender.
func (n *Notifier) told(w io.Writer, now time.Time, m letterlock.Message, v mail.News) error {
	v.About = n.about(m)
	if v.Button == "" {
		v.Button = n.words.Text("staffMail.openInSent")
	}
	v.URL = n.PublicURL.JoinPath("sent", string(m.ID)).String()
	v.Foot = n.words.Text("staffMail.becauseYouSent", "ID", m.MessageID)
	return n.news(w, now, m.Sender, m.MessageID, v)
}

// news writes to somebody of the organisation. inReplyTo is the Message-ID of what it is
// about, if that is a message.
func (n *Notifier) news(w io.Writer, now time.Time, to letterlock.Mailbox, inReplyTo string, v mail.News) error {
	v.Words, v.Brand = n.words, look(n.house())
	return n.write(w, now, n.house(), eml.Draft{
		From:      letterlock.Mailbox{Name: n.house().Name, Address: n.From},
		To:        []letterlock.Mailbox{to},
		Subject:   v.Subject,
		InReplyTo: inReplyTo,
		Text:      mail.NewsText(v),
	}, mail.NewsHTML(v))
}
