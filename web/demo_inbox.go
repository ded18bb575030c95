package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/inbox"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// maxSource is how much of a mail's source a page shows; the download has it all.
const maxSource = 256 << 10

func mailboxURL(a letterlock.Address) string { return "/inbox/" + url.PathEscape(string(a)) }

func mailURL(m inbox.Mail) string {
	return mailboxURL(m.To) + "/" + strconv.FormatInt(m.Seq, 10)
}

// ownerOf reads whose mailbox is asked for. Echo takes a parameter from the path
// as it was sent, where that differs from the plain one, and does not unescape it.
func ownerOf(c echo.Context) (letterlock.Address, error) {
	typed := c.Param("address")
	if c.Request().URL.RawPath != "" {
		plain, err := url.PathUnescape(typed)
		if err != nil {
			return "", &letterlock.Error{Code: letterlock.NotFound}
		}
		typed = plain
	}
	a, err := letterlock.ParseAddress(typed)
	if err != nil {
		return "", &letterlock.Error{Code: letterlock.NotFound}
	}
	return a, nil
}

// mailbox lists the mails of an address, newest first, and shows the newest where
// there is room. One that never had mail is there and empty: its first may be on
// the way.
func (s *Server) mailbox(c echo.Context) error {
	a, err := ownerOf(c)
	if err != nil {
		return err
	}
	v := s.inboxView(c, a, 0)
	if mails := s.Demo.Box.Mails(a); len(mails) > 0 {
		newest := s.speaker(c).mailView(mails[0], asHTML)
		v.Mail, v.Newest = &newest, true
	}
	return s.show(c, http.StatusOK, views.InboxPage(v))
}

// inboxView is the list, with one mail marked as chosen, or none.
func (s *Server) inboxView(c echo.Context, a letterlock.Address, chosen int64) views.Inbox {
	v := views.Inbox{Page: s.page(c), Address: string(a), OthersURL: "/inbox/"}
	for _, m := range s.Demo.Box.Mails(a) {
		v.Items = append(v.Items, views.InboxItem{
			URL: mailURL(m), From: m.Sender(), Subject: titleOf(m.Subject()), When: s.speaker(c).mailTime(m.At), Current: m.Seq == chosen,
		})
	}
	return v
}

func titleOf(subject string) string { return subjectOf(letterlock.Message{Subject: subject}) }

// mail returns the mail that the path names.
func (s *Server) mail(c echo.Context) (inbox.Mail, error) {
	a, err := ownerOf(c)
	if err != nil {
		return inbox.Mail{}, err
	}
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil {
		return inbox.Mail{}, &letterlock.Error{Code: letterlock.NotFound}
	}
	return s.Demo.Box.Mail(a, seq)
}

// Ways to look at a mail.
const (
	asHTML   = "HTML"
	asText   = "Text"
	asSource = "Source"
)

// mailboxMail shows a mail as its owner's mail program would, or its source.
func (s *Server) mailboxMail(c echo.Context) error {
	if c.QueryParam("as") == "source" {
		return s.showMail(c, asSource)
	}
	return s.showMail(c, asHTML)
}

// mailboxText shows the text part of a mail.
func (s *Server) mailboxText(c echo.Context) error { return s.showMail(c, asText) }

func (s *Server) showMail(c echo.Context, as string) error {
	m, err := s.mail(c)
	if err != nil {
		return err
	}
	v := s.inboxView(c, m.To, m.Seq)
	shown := s.speaker(c).mailView(m, as)
	v.Mail = &shown
	return s.show(c, http.StatusOK, views.InboxPage(v))
}

// mailView fills the pane of a mail. One without HTML shows its text instead.
func (s speaker) mailView(m inbox.Mail, as string) views.InboxMail {
	v := views.InboxMail{
		Subject: titleOf(m.Subject()), From: views.Person{Name: m.Sender()}, To: string(m.To), When: s.when(m.At), RawURL: mailURL(m) + "/source.eml",
	}
	html, text := false, false
	if ix, err := m.Index(); err == nil {
		html, text = ix.HTMLPart() >= 0, ix.TextPart() >= 0
		if len(ix.Header.From) > 0 {
			v.From = personOf(ix.Header.From[0])
		}
		if len(ix.Header.ReplyTo) > 0 {
			v.ReplyTo = string(ix.Header.ReplyTo[0].Address)
		}
		for _, i := range ix.Attachments() {
			v.Files = append(v.Files, views.Attachment{Name: ix.Parts[i].Name, Note: fileNote(ix.Parts[i].Name, ix.Parts[i].Size)})
		}
	}
	if as == asHTML && !html {
		as = asText
	}
	for _, view := range []views.InboxView{
		{Name: asHTML, URL: mailURL(m)}, {Name: asText, URL: mailURL(m) + "/text"}, {Name: asSource, URL: mailURL(m) + "?as=source"},
	} {
		if view.Name == asHTML && !html || view.Name == asText && !text && html {
			continue
		}
		view.Current = view.Name == as
		v.Views = append(v.Views, view)
	}
	switch as {
	case asHTML:
		v.FrameURL = mailURL(m) + "/html"
	case asText:
		v.Text = m.Text()
	case asSource:
		v.Text = strings.ToValidUTF8(string(m.Raw[:min(len(m.Raw), maxSource)]), "\uFFFD")
	}
	return v
}

// mailboxSource sends a mail as it came, to be saved.
func (s *Server) mailboxSource(c echo.Context) error {
	m, err := s.mail(c)
	if err != nil {
		return err
	}
	return send(c, file{name: titleOf(m.Subject()) + ".eml", kind: "message/rfc822", size: int64(len(m.Raw))}, bytes.NewReader(m.Raw), freely)
}
