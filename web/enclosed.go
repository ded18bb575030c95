package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// A text is what a page says about the text of one mail: the frame that shows it,
// and the other ways to see it.
type text struct {
	page  string // where it is shown this way
	frame views.Frame
	alone string // the frame's document on a page of its own
	none  bool   // there is nothing to read or to see
	left  int    // remote images that were left out
	other views.Link
	notes []string
	event *views.Event
}

// plainQuery asks for the text of HTML instead of the HTML.
const plainQuery = "as=text"

// plainly reports whether a request asks for that.
func plainly(c echo.Context) bool { return c.QueryParam("as") == "text" }

// wayOf is a URL under which a mail is shown in the chosen way.
func wayOf(url string, plain bool) string {
	if plain {
		return url + "?" + plainQuery
	}
	return url
}

// textOf looks at the text of a mail as the request asks for it. The page of the
// mail is at url; its document is below that.
func (s *Server) textOf(c echo.Context, l *access.Letter, m *access.Mail, url string) (text, error) {
	plain := plainly(c) && m.HasHTML()
	seen, err := s.lookOf(l, m, plain)
	if err != nil {
		return text{}, err
	}
	t := text{page: wayOf(url, plain), alone: wayOf(url+"/body", plain), none: !seen.extent.anything, left: seen.imagesLeft}
	t.frame = frameOf(seen.extent, t.alone)
	for _, r := range seen.remarks {
		t.notes = append(t.notes, s.words(c).Text(remarks[r]))
	}
	t.event = s.speaker(c).eventOf(m, t.none)
	if isRefresh(c) {
		t.frame.URL = again(t.frame.URL)
	}
	t.other = switchOf(s.words(c), m, url, plain)
	return t, nil
}

// switchOf leads to the other way of showing a mail, if there is one, on the page at
// url.
func switchOf(w language.Words, m *access.Mail, url string, plain bool) views.Link {
	switch {
	case !m.HasHTML():
		return views.Link{}
	case plain:
		return views.Link{Text: w.Text("read.asWritten"), URL: url}
	}
	return views.Link{Text: w.Text("read.asText"), URL: wayOf(url, true)}
}

// remarks are the texts for what is to be said of a mail.
var remarks = map[access.Remark]string{access.Signed: "read.signed", access.Encrypted: "read.encrypted", access.Odd: "read.odd"}

// partURL is where a part of the message at url is saved from.
func partURL(url string, part int) string { return url + "/part/" + strconv.Itoa(part) }

// mailURLOf is where a part that is a mail is shown.
func mailURLOf(url string, part int) string { return partURL(url, part) + "/mail" }

// enclosed is an attached mail of the message at url.
func (s *Server) enclosed(c echo.Context, l *access.Letter, m *access.Mail, url string) (views.Enclosed, error) {
	t, err := s.textOf(c, l, m, mailURLOf(url, m.Part))
	if err != nil {
		return views.Enclosed{}, err
	}
	p, h := s.speaker(c), m.Index.Header
	v := views.Enclosed{
		Subject: p.headingOf(h.Subject), From: p.author(h), Sent: p.weekday(h.Date),
		To: others(h.To, letterlock.Recipient{}), Cc: others(h.Cc, letterlock.Recipient{}),
		Body: t.frame, NoText: t.none, ImagesLeft: t.left, Switch: t.other,
		Event: t.event, Notes: t.notes,
	}
	forReader := l.Recipient.ID != ""
	if !forReader || !kept(l) {
		v.AloneURL = t.alone
	}
	v.Attachments, v.TotalSize = p.attachmentsOf(m.Attachments(), url, !forReader || s.mayTake(l))
	return v, nil
}

// author is who an attached mail says it is from.
func (p speaker) author(h eml.Header) views.Person {
	switch {
	case len(h.From) > 0:
		return personOf(h.From[0])
	case h.FromRaw != "":
		return views.Person{Address: h.FromRaw}
	}
	return views.Person{Address: p.Text("read.noSender")}
}

// enclosedBelow are the attached mails that stand under the text of m.
func (s *Server) enclosedBelow(c echo.Context, l *access.Letter, m *access.Mail, url string) (list []views.Enclosed, err error) {
	for _, a := range m.Below() {
		in, err := l.Mail(a.Part)
		if err != nil {
			return nil, err
		}
		v, err := s.enclosed(c, l, in, url)
		if err != nil {
			return nil, err
		}
		v.Switch = s.switchBelow(c, m, in, url)
		v.Copy = l.Message.Act == letterlock.ActForward // files of the forwarder do not stand here
		list = append(list, v)
	}
	return list, nil
}

// switchBelow leads to the other way of showing an attached mail that stands under the
// text of m. One switch changes all of a page, and m has it where m is HTML itself.
func (s *Server) switchBelow(c echo.Context, m, in *access.Mail, url string) views.Link {
	if m.HasHTML() {
		return views.Link{}
	}
	return switchOf(s.words(c), in, url, plainly(c))
}

// mailIn opens the attached mail that the path names.
func mailIn(c echo.Context, l *access.Letter) (*access.Mail, error) {
	part, err := partNumber(c.Param("n"))
	if err != nil {
		return nil, err
	}
	return l.Mail(part)
}

// readMail shows a recipient a mail that is attached to their message. It is read
// under the same access as the message, and reading it is reading the message.
func (s *Server) readMail(c echo.Context) error {
	l, err := s.letter(c)
	if err != nil {
		return err
	}
	defer l.Close()
	m, err := mailIn(c, l)
	if err != nil {
		return err
	}
	url := "/read/" + string(l.Message.ID)
	v := views.ReadMail{Page: s.page(c), LiveURL: url + "/live", Back: views.Link{Text: s.speaker(c).subjectOf(l.Message), URL: url}, DoNotForward: kept(l)}
	if v.Mail, err = s.enclosed(c, l, m, url); err != nil {
		return err
	}
	v.Refresh = again(wayOf(mailURLOf(url, m.Part), plainly(c)))
	return s.showUnder(c, l.Lease, views.ReadMailPage(v))
}

// readMailBody is the text of an attached mail, under the rules of readBody.
func (s *Server) readMailBody(c echo.Context) error {
	l, err := s.letter(c)
	if err != nil {
		return err
	}
	defer l.Close()
	m, err := mailIn(c, l)
	if err != nil {
		return err
	}
	return s.showToReader(c, l, m)
}

// sentMail shows the sender a mail that is attached to their message.
func (s *Server) sentMail(c echo.Context) error {
	l, m, err := s.ownMail(c)
	if err != nil {
		return err
	}
	defer l.Close()
	url := "/sent/" + string(l.Message.ID)
	v := views.SentMail{Page: s.page(c), Back: views.Link{Text: subjectOf(l.Message), URL: url}}
	if v.Mail, err = s.enclosed(c, l, m, url); err != nil {
		return err
	}
	return s.showUnder(c, l.Lease, views.SentMailPage(v))
}

// sentMailBody is the text of it.
func (s *Server) sentMailBody(c echo.Context) error {
	l, m, err := s.ownMail(c)
	if err != nil {
		return err
	}
	defer l.Close()
	return s.showBody(c, l, m, false)
}

// ownMail opens the sender's copy and the attached mail in it that the path names.
func (s *Server) ownMail(c echo.Context) (*access.Letter, *access.Mail, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return nil, nil, err
	}
	l, err := s.Access.Open(c.Request().Context(), actor(c), id)
	if err != nil {
		return nil, nil, err
	}
	m, err := mailIn(c, l)
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	return l, m, nil
}
