package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// letter opens the message that a reader's request is about. Whoever gets any of
// its content has read it; HEAD gets none.
func (s *Server) letter(c echo.Context) (*access.Letter, error) {
	l, err := s.openLetter(c)
	if err == nil {
		wear(c, l.Message)
	}
	return l, err
}

func (s *Server) openLetter(c echo.Context) (*access.Letter, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return nil, err
	}
	if c.Request().Method == http.MethodHead {
		return s.Access.Open(c.Request().Context(), actor(c), id)
	}
	if isRefresh(c) {
		return s.refreshed(c, id)
	}
	return s.Access.Read(c.Request().Context(), actor(c), id)
}

// read shows a message to a recipient. Its text is a document of its own, which
// is asked for, and refused, by itself.
func (s *Server) read(c echo.Context) error {
	l, err := s.letter(c)
	if err != nil {
		return err
	}
	defer l.Close()
	url, m := "/read/"+string(l.Message.ID), l.Own()
	t, err := s.textOf(c, l, m, url)
	if err != nil {
		return err
	}
	p := s.speaker(c)
	v := views.Read{
		Page:         s.page(c),
		LiveURL:      url + "/live",
		Subject:      p.subjectOf(l.Message),
		From:         personOf(l.Message.Writer()),
		Received:     p.weekday(l.Message.Accepted),
		You:          string(l.Recipient.Mailbox.Address),
		To:           others(l.Index.Header.To, l.Recipient),
		Cc:           others(l.Index.Header.Cc, l.Recipient),
		DoNotForward: kept(l),
		Expires:      p.said(l.Message.Expires, p.At),
		Body:         t.frame,
		NoText:       t.none,
		ImagesLeft:   t.left,
		Switch:       t.other,
		Event:        t.event,
		Notes:        t.notes,
	}
	if s.Access.Asks(l.Message).Named() {
		v.Named, v.NameURL = actor(c).Called, nameURL(l.Message.ID)
	}
	if !v.DoNotForward {
		v.AloneURL, v.PrintURL, v.DownloadURL = t.alone, t.alone, url+"/message.eml"
	}
	if err := s.answers(c, l, &v); err != nil {
		return err
	}
	v.Refresh = again(t.page)
	v.Attachments, v.TotalSize = p.attachmentsOf(l.Attachments(), url, s.mayTake(l))
	if v.Enclosed, err = s.enclosedBelow(c, l, m, url); err != nil {
		return err
	}
	v.AllURL = allURL(v.Attachments, url)
	return s.showUnder(c, l.Lease, views.ReadPage(v))
}

// mayTake reports whether the reader of a letter may save its attachments.
func (s *Server) mayTake(l *access.Letter) bool { return !kept(l) || s.DownloadsUnderDoNotForward }

// kept reports whether the message is not to leave the portal.
func kept(l *access.Letter) bool { return l.Message.Protection == letterlock.DoNotForward }

// subjectOf is the subject as a heading, which cannot be empty.
func subjectOf(m letterlock.Message) string { return headingOf(m.Subject) }

func headingOf(subject string) string { return speaker{}.headingOf(subject) }

func (p speaker) subjectOf(m letterlock.Message) string { return p.headingOf(m.Subject) }

func (p speaker) headingOf(subject string) string {
	if strings.TrimSpace(subject) == "" {
		return p.Text("read.noSubject")
	}
	return subject
}

// maxNamed is how many people one line of a letter's head names.
const maxNamed = 100

// others are the people that a field of the header names, without the reader.
func others(list []letterlock.Mailbox, you letterlock.Recipient) (named []views.Person) {
	for _, m := range list[:min(len(list), maxNamed)] {
		if m.Address != you.Mailbox.Address {
			named = append(named, personOf(m))
		}
	}
	return named
}

// attachmentsOf lists the files of a mail and their size in all, under the URL of
// the message. Without links there is nothing to save; attached mails can be read
// even so.
func (p speaker) attachmentsOf(files []access.Attachment, url string, links bool) (list []views.Attachment, total string) {
	sum := int64(0)
	for _, a := range files {
		row := views.Attachment{Name: a.Name, Note: p.fileNote(a.Name, a.Size)}
		if links {
			row.URL = partURL(url, a.Part)
		}
		if a.Mail {
			row.Open = mailURLOf(url, a.Part)
		}
		list = append(list, row)
		sum += a.Size
	}
	withPreviews(list, files, url)
	return list, p.Size(sum)
}

// readBody is the message's own document. Under do-not-forward it exists in the
// frame of its page only: a page of its own could be printed as any other.
// Browsers that do not say where they show it are let through, for the frame
// would stay empty in them.
func (s *Server) readBody(c echo.Context) error {
	l, err := s.letter(c)
	if err != nil {
		return err
	}
	defer l.Close()
	return s.showToReader(c, l, l.Own())
}

// showToReader answers with the document of one mail of a message.
func (s *Server) showToReader(c echo.Context, l *access.Letter, m *access.Mail) error {
	if dest := c.Request().Header.Get("Sec-Fetch-Dest"); kept(l) && dest != "" && dest != "iframe" {
		return &letterlock.Error{Code: letterlock.Denied, Key: "do-not-forward"}
	} else if dest == "document" {
		// A page of its own has no script that would ask whether it may stay.
		c.Response().Header().Set("Refresh", refreshSeconds+"; url="+again(wayOf(c.Request().URL.EscapedPath(), plainly(c))))
	}
	return s.showBody(c, l, m, kept(l))
}

// showBody answers with a document of somebody's mail under the policy that lets
// it run nothing and load nothing. It is made as a whole before any of it leaves.
func (s *Server) showBody(c echo.Context, l *access.Letter, m *access.Mail, noCopy bool) error {
	p := s.speaker(c)
	title := p.subjectOf(l.Message)
	if m.Part != access.WholeMail {
		title = p.headingOf(m.Index.Header.Subject)
	}
	doc, err := m.Document(access.Showing{Title: title, NoCopy: noCopy, Plain: plainly(c)})
	if err != nil {
		return err
	}
	setPolicy(c, policyBody)
	c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	return sendUnder(c, l.Lease, http.StatusOK, doc.HTML)
}

// readPart sends an attachment.
func (s *Server) readPart(c echo.Context) error {
	part, err := partNumber(c.Param("n"))
	if err != nil {
		return err
	}
	return s.download(c, part)
}

// readOriginal sends the whole message, without the fields that hide others.
func (s *Server) readOriginal(c echo.Context) error {
	return s.download(c, access.WholeMail)
}

// partNumber reads the number of a part as we write it; nothing else names one.
func partNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || strconv.Itoa(n) != s {
		return 0, &letterlock.Error{Code: letterlock.NotFound}
	}
	return n, nil
}
