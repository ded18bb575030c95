package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// sent is the sender's folder.
func (s *Server) sent(c echo.Context) error {
	list, err := s.listBeside(c, "")
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, views.SentPage(views.Sent{Page: s.page(c), LiveURL: s.sentLiveURL(), List: list}))
}

// listBeside is the list of the folder as the request asks for it, with one
// message chosen, or none.
func (s *Server) listBeside(c echo.Context, chosen letterlock.ID) (views.SentList, error) {
	by, f := actor(c), folderOf(c.QueryParams())
	f.chosen = chosen
	page, err := s.Track.Sent(c.Request().Context(), by, track.Query{
		Filter: f.filter, Search: f.query, Before: f.before, Limit: f.limit,
	})
	if err != nil {
		return views.SentList{}, err
	}
	return s.speaker(c).sentList(by.Address, f, page), nil
}

// sentMessage is one message with the list beside it.
func (s *Server) sentMessage(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	o, err := s.look(c, d.Message)
	if err != nil {
		return err
	}
	v, err := s.sentView(c, d, o)
	if err != nil {
		return err
	}
	v.Page, v.LiveURL = s.page(c), s.sentLiveURL()
	return s.show(c, http.StatusOK, views.SentPage(v))
}

// detail returns the message that the path names, if it is one of the actor's
// own: to others, administrators too, it does not exist here.
func (s *Server) detail(c echo.Context) (track.Detail, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return track.Detail{}, err
	}
	return s.Track.SentMessage(c.Request().Context(), actor(c), id)
}

// sentView is the list and the message, without what all pages have.
func (s *Server) sentView(c echo.Context, d track.Detail, o opened) (views.Sent, error) {
	by := actor(c)
	list, err := s.listBeside(c, d.Message.ID)
	if err != nil {
		return views.Sent{}, err
	}
	letter := s.speaker(c).newSentMail(by.Address, d.Message, d.Recipients).letter(d, o, s.rightsOf(by, d), s.AdminContact)
	letter.Requests = s.speaker(c).newSentMail(by.Address, d.Message, d.Recipients).requests(by, d.Requests, func(id letterlock.ID, what string) string {
		return "/sent/" + string(d.Message.ID) + "/requests/" + string(id) + "/" + what
	})
	if letter.Releases, letter.Unlisted, err = s.releases(c, d); err != nil {
		return views.Sent{}, err
	}
	return views.Sent{List: list, Letter: &letter}, nil
}

// look opens the sender's copy and reads from it what the page says. Of a
// destroyed message there is nothing left to look into.
func (s *Server) look(c echo.Context, m letterlock.Message) (opened, error) {
	if m.Destroyed {
		return opened{}, nil
	}
	l, err := s.Access.Open(c.Request().Context(), actor(c), m.ID)
	if err != nil {
		return opened{}, err
	}
	defer l.Close()
	return s.lookInto(c, l)
}

// sentBody is the text of the sender's own copy, as a document for its frame.
func (s *Server) sentBody(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	l, err := s.Access.Open(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	defer l.Close()
	return s.showBody(c, l, l.Own(), false)
}

// sentPart sends an attachment of the sender's own copy.
func (s *Server) sentPart(c echo.Context) error {
	part, err := partNumber(c.Param("n"))
	if err != nil {
		return err
	}
	return s.download(c, part)
}

// sentOriginal sends the message as it came.
func (s *Server) sentOriginal(c echo.Context) error {
	return s.download(c, access.WholeMail)
}
