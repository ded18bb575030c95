// Package notify turns what is to be said into mails: the notification with the
// link, the one-time passcode, the notice that a recipient cannot be reached, and
// the link by which people of the organisation set their password.
//
// They hold nothing of a message's content, load nothing from anywhere and say
// how to check that they are genuine.
package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views/mail"

	"github.com/a-h/templ"
)

// A Notifier writes mails in the organisation's name. It is safe for concurrent use.
type Notifier struct {
	Brand     func(id string) *brand.Brand // looks of the brand that a message names; of "", the default one's
	PublicURL *url.URL
	From      letterlock.Address // the portal's own address
	Location  *time.Location     // the zone in which times are said

	words language.Words
}

// In writes in a language: to recipients in any, to the organisation's own people in one
// that there are pages for them in.
func (n *Notifier) In(w language.Words) *Notifier {
	in := *n
	in.words = w
	return &in
}

// house is the default brand: mails to the organisation's own people bear it.
func (n *Notifier) house() *brand.Brand { return n.Brand("").In(n.words.Tag()) }

func look(b *brand.Brand) mail.Brand {
	return mail.Brand{
		Name: b.Name, HasLogo: true,
		Color: b.Color.String(), OnColor: b.OnColor.String(),
		DarkColor: b.Dark.Color.String(), OnDark: b.Dark.OnColor.String(),
	}
}

// Notification writes the mail that carries a recipient's link.
func (n *Notifier) Notification(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, t letterlock.Token) error {
	return n.notification(w, now, m, r, t, false)
}

// Again writes the mail that tells a recipient that they can read a message again,
// with one more link to it.
func (n *Notifier) Again(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, t letterlock.Token) error {
	return n.notification(w, now, m, r, t, true)
}

func (n *Notifier) notification(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, t letterlock.Token, again bool) error {
	who, b := m.Writer(), n.Brand(m.Brand).In(n.words.Tag())
	v := mail.Notification{
		Words: n.words, Brand: look(b), SenderName: who.Name, SenderAddr: string(who.Address), Act: mail.Act(m.Act), Owner: m.Sender.Called(),
		URL: n.PublicURL.JoinPath("m", t.Reveal()).String(), Host: n.PublicURL.Host, Reference: r.Reference,
		To: string(r.Mailbox.Address), Again: again, NoPasscode: b.NoPasscode,
	}
	say(&v, b)
	if !m.Expires.IsZero() {
		v.Expires = n.until(m.Expires)
	}
	return n.write(w, now, b, eml.Draft{
		From:    letterlock.Mailbox{Name: mail.Via(n.words, who.Called(), b.Name), Address: n.From},
		ReplyTo: []letterlock.Mailbox{who},
		To:      []letterlock.Mailbox{r.Mailbox},
		Subject: v.Subject(),
		Text:    mail.NotificationText(v),
	}, mail.NotificationHTML(v))
}

// say has a notification say the texts of a brand.
func say(v *mail.Notification, b *brand.Brand) {
	said := func(f brand.Field, text string) mail.Said {
		return mail.Said{Text: text, AnyLanguage: b.Tongue(f) == ""}
	}
	v.Introduction, v.Button = said(brand.Introduction, b.Introduction), said(brand.Button, b.Button)
	v.Email, v.Disclaimer = said(brand.Email, b.Email), said(brand.Disclaimer, b.Disclaimer)
}

// Preview returns the HTML part of a notification under a brand as a page can show it:
// from nobody's message, and with the logo in it.
func (n *Notifier) Preview(b *brand.Brand, from letterlock.Mailbox) (string, error) {
	b = b.In(n.words.Tag())
	v := mail.Notification{
		Words: n.words, Brand: look(b), SenderName: from.Name, SenderAddr: string(from.Address), Host: n.PublicURL.Host, URL: n.PublicURL.String(),
		Reference: SampleReference, To: string(from.Address), Expires: n.words.Text("mail.sampleEnd"),
		NoPasscode: b.NoPasscode,
	}
	say(&v, b)
	var page strings.Builder
	if err := mail.NotificationHTML(v).Render(context.Background(), &page); err != nil {
		return "", err
	}
	// What anybody has typed holds no quotation mark any more: this is our own.
	logo := `src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(b.Logo) + `"`
	return strings.Replace(page.String(), `src="cid:`+mail.LogoCID+`"`, logo, 1), nil
}

// SampleReference is the reference of no message.
const SampleReference = "ABC-DEF-GHJ-KLM"

// until is a moment in words, with what its zone is from UTC unless it is that.
func (n *Notifier) until(t time.Time) string {
	t = t.In(n.Location)
	if zone, _ := t.Zone(); zone == "UTC" {
		return n.words.Weekday(t)
	}
	return n.words.Weekday(t) + t.Format(" (UTC-07:00)")
}

// Passcode writes the mail with a one-time passcode for a message.
func (n *Notifier) Passcode(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, code letterlock.Passcode, reference string, expires time.Time) error {
	b := n.Brand(m.Brand).In(n.words.Tag())
	v := mail.Passcode{
		Words: n.words, Brand: look(b), Code: code.Reveal(), Reference: reference,
		Minutes: int((expires.Sub(now) + time.Minute - 1) / time.Minute),
		Until:   n.words.ClockZone(expires.In(n.Location)),
		Host:    n.PublicURL.Host, To: string(r.Mailbox.Address),
	}
	return n.write(w, now, b, eml.Draft{
		From:    letterlock.Mailbox{Name: b.Name, Address: n.From},
		To:      []letterlock.Mailbox{{Address: r.Mailbox.Address}},
		Subject: v.Subject(),
		Text:    mail.PasscodeText(v),
	}, mail.PasscodeHTML(v))
}

// Failure writes to a sender that a recipient cannot be reached; said is the answer of
// the other side, and may be empty.
func (n *Notifier) Failure(w io.Writer, now time.Time, m letterlock.Message, r letterlock.Recipient, said string) error {
	if said == "" {
		said = n.words.Text("staffMail.failure.notSaid")
	}
	v := mail.Failure{
		Words: n.words, Brand: look(n.house()), Recipient: string(r.Mailbox.Address), Subject: m.Subject, Inline: r.Experience == letterlock.Inline,
		Sent:   n.words.Weekday(m.Accepted.In(n.Location)),
		Reason: said, URL: n.PublicURL.JoinPath("sent", string(m.ID)).String(), MessageID: m.MessageID,
	}
	return n.write(w, now, n.house(), eml.Draft{
		From:      letterlock.Mailbox{Name: n.house().Name, Address: n.From},
		To:        []letterlock.Mailbox{m.Sender},
		Subject:   v.SubjectLine(),
		InReplyTo: m.MessageID,
		Text:      mail.FailureText(v),
	}, mail.FailureHTML(v))
}

// Account writes to the holder of an account with the link to set a password:
// because they are new, or because the one they had was taken away.
func (n *Notifier) Account(w io.Writer, now time.Time, to letterlock.Mailbox, t letterlock.Token, invited bool, expires time.Time) error {
	v := mail.Account{
		Words: n.words, Brand: look(n.house()), Invited: invited,
		URL: n.PublicURL.JoinPath("password", t.Reveal()).String(), Host: n.PublicURL.Host,
		Expires: n.until(expires), To: string(to.Address),
	}
	return n.write(w, now, n.house(), eml.Draft{
		From:    letterlock.Mailbox{Name: n.house().Name, Address: n.From},
		To:      []letterlock.Mailbox{to},
		Subject: v.Subject(),
		Text:    mail.AccountText(v),
	}, mail.AccountHTML(v))
}

func (n *Notifier) write(w io.Writer, now time.Time, b *brand.Brand, d eml.Draft, html templ.Component) error {
	var page bytes.Buffer
	if err := html.Render(context.Background(), &page); err != nil {
		return err
	}
	d.HTML = page.String()
	d.Date = now
	d.MessageID = eml.NewMessageID(n.From.Domain())
	// RFC 3834: a machine wrote this, and no machine is to answer it.
	d.Header = [][2]string{{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress", "All"}}
	if in := n.words.Tag(); in != language.English { // RFC 3282; without the field it is English, as it always was
		d.Header = append(d.Header, [2]string{"Content-Language", in})
	}
	d.Inline = []eml.File{{Name: "logo.png", Type: "image/png", ContentID: mail.LogoCID, Body: bytes.NewReader(b.Logo)}}
	return eml.Compose(w, d)
}
