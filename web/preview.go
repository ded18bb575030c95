package web

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/picture"
	"letterlock/views"
)

// maxPreviews is how many attachments of one page have a preview.
const maxPreviews = 24

// A preview is a part of reading, as a picture in the text is: it opens the message
// and is no download. But whoever sees a picture can save it, and so there are
// previews only where the file itself may be saved.

// withPreviews says of those files that are pictures where their previews are.
func withPreviews(list []views.Attachment, files []access.Attachment, url string) {
	n := 0
	for i, a := range files {
		if list[i].URL != "" && picture.Known(a.Type, a.Size) && n < maxPreviews {
			list[i].Preview = partURL(url, a.Part) + "/preview"
			n++
		}
	}
}

// readPreview is a small picture of an attachment, for its reader.
func (s *Server) readPreview(c echo.Context) error {
	part, err := partNumber(c.Param("n"))
	if err != nil {
		return err
	}
	l, err := s.letter(c)
	if err != nil {
		return err
	}
	defer l.Close()
	if !s.mayTake(l) {
		return &letterlock.Error{Code: letterlock.Denied, Key: "do-not-forward"}
	}
	return s.showPreview(c, l, part)
}

// sentPreview is the same for its sender.
func (s *Server) sentPreview(c echo.Context) error {
	part, err := partNumber(c.Param("n"))
	if err != nil {
		return err
	}
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	l, err := s.Access.Open(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	defer l.Close()
	return s.showPreview(c, l, part)
}

// showPreview answers with a picture of our own making, under the policy of a file:
// opened by itself, it is a document in which nothing runs.
func (s *Server) showPreview(c echo.Context, l *access.Letter, part int) error {
	a, err := l.Attachment(part)
	if err != nil {
		return err
	}
	if !picture.Known(a.Type, a.Size) {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	setPolicy(c, policyDownload)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	p, err := s.previewOf(c.Request().Context(), actor(c), l, a)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentType, p.kind)
	return sendUnder(c, l.Lease, http.StatusOK, p.data)
}

func (s *Server) previewOf(ctx context.Context, by letterlock.Actor, l *access.Letter, a access.Attachment) (p preview, err error) {
	key := shelfKey{l.Message.ID, a.Part}
	if p, ok := s.previews.find(key); ok {
		return p, nil
	}
	p.data, p.kind, err = s.pictures.Preview(ctx, string(by.Kind)+" "+string(by.Address), a.Type, func() io.Reader { return l.File(a) })
	if errors.Is(err, picture.ErrNone) {
		return p, &letterlock.Error{Code: letterlock.NotFound, Err: err}
	}
	if err == nil {
		s.previews.keep(key, p, previewLife)
	}
	return p, err
}
