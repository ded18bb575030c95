package web

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/labstack/echo/v4"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// sendMail writes the message into one end of a pipe while intake seals what
// comes out of the other: a file goes from the browser to its sealed chunks with
// no more than a few kilobytes of it in memory.
func (s *Server) sendMail(c echo.Context, w writing) (intake.Receipt, error) {
	by := actor(c)
	draft := s.draft(c.Request().Context(), by, w)
	if id := w.form.get(answerQuery); id != "" {
		m, err := s.answered(c.Request().Context(), by, id)
		if err != nil {
			return intake.Receipt{}, err
		}
		draft.InReplyTo, draft.References = m.MessageID, []string{m.MessageID}
	}
	in, out := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := composed(&limited{w: out, left: s.MaxUpload}, draft)
		written <- err
		out.CloseWithError(err) // nil ends the mail
	}()
	receipt, err := s.Intake.Accept(c.Request().Context(), by, w.envelope(), in)
	in.CloseWithError(errRefused) // the writer stops, if it is still at it
	// The writer reads the request's body, which nobody may do once we have answered.
	if cause := <-written; err != nil && cause != nil && !errors.Is(cause, errRefused) {
		return intake.Receipt{}, fmt.Errorf("composing: %w", cause)
	}
	return receipt, err
}

// A limited takes as many bytes as a message may have.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, &letterlock.Error{Code: letterlock.TooLarge, Key: "size"}
	}
	return l.w.Write(p)
}

// maxFiles is how many bytes of files a message can carry: in a mail each 57 of
// them become a line of 78. It is rounded down, so that what the page promises
// holds.
func (s *Server) maxFiles() int64 {
	n := s.MaxUpload / 78 * 57
	if n > 10_000_000 {
		return n / 1_000_000 * 1_000_000
	}
	return n / 1000 * 1000
}

var errRefused = errors.New("the mail was not taken")

// composed writes the mail. It turns a panic into an error, because it runs
// where nobody else would, and the program would end.
func composed(w io.Writer, d eml.Draft) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return eml.Compose(w, d)
}

// draft is the mail to be. Recipients of a Bcc stand in the envelope alone.
func (s *Server) draft(ctx context.Context, by letterlock.Actor, w writing) eml.Draft {
	d := eml.Draft{
		From:    letterlock.Mailbox{Name: by.Name, Address: by.Address},
		To:      w.who.to,
		Cc:      w.who.cc,
		Subject: w.form.get("subject"),
		Date:    s.Now().In(s.Location),
		Text:    w.form.get("text"),
	}
	if w.form.files != nil || len(w.files) > 0 {
		d.Files = func(yield func(eml.File, error) bool) {
			if (desk{Service: s.Uploads}).ahead(ctx, by, w.files, yield) && w.form.files != nil {
				w.form.files.all()(yield)
			}
		}
	}
	return d
}
