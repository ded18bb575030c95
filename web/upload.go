package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/upload"
	"letterlock/views"
)

// Files of a message that is being written may come ahead of its form, piece by
// piece, in the manner of tus 1.0: POST announces a file and answers with where it
// goes; PATCH with Upload-Offset adds to it; HEAD says how much has arrived, which
// is where to go on when a line broke; DELETE lets go of it. The form then names
// them in fields called upload.

// Bounds of one piece.
const (
	pieceLimit = 8 << 20
	pieceTime  = 10 * time.Minute
	pieceType  = "application/offset+octet-stream"

	offsetHeader = "Upload-Offset"
	lengthHeader = "Upload-Length"
	uploadField  = "upload"
	uploadURL    = "/compose/uploads"
)

// pieces is for one piece of a file.
func pieces(_ *Server, e *entry) { e.limit, e.deadline = pieceLimit, pieceTime }

func (s *Server) uploadRoutes() {
	s.post(sender, uploadURL, s.beginUpload)
	s.get(sender, uploadURL+"/:id", s.uploadState)
	s.add(sender, http.MethodPatch, uploadURL+"/:id", s.appendUpload, []option{pieces})
	s.add(sender, http.MethodDelete, uploadURL+"/:id", s.discardUpload, nil)
}

// beginUpload announces a file.
func (s *Server) beginUpload(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	length, err := count(fields.Get("size"))
	if err != nil {
		return err
	}
	if length > s.maxFiles() {
		return &letterlock.Error{Code: letterlock.TooLarge, Key: "size"}
	}
	f, err := s.Uploads.Begin(c.Request().Context(), actor(c), fileName(fields.Get("name")), fields.Get("type"), length)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, uploadURL+"/"+string(f.ID))
	return sayOffset(c, http.StatusCreated, f)
}

// count reads a number of bytes as we write it.
func count(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, &letterlock.Error{Code: letterlock.Invalid, Key: "form"}
	}
	return n, nil
}

// sayOffset answers with how much of a file has arrived.
func sayOffset(c echo.Context, status int, f upload.File) error {
	h := c.Response().Header()
	h.Set(offsetHeader, strconv.FormatInt(f.Received, 10))
	h.Set(lengthHeader, strconv.FormatInt(f.Size, 10))
	return c.NoContent(status)
}

// uploadState says how much has arrived, to who wants to go on.
func (s *Server) uploadState(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	f, err := s.Uploads.Find(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	return sayOffset(c, http.StatusOK, f)
}

// appendUpload adds a piece. Of one that breaks off, what came is kept.
func (s *Server) appendUpload(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	offset, err := count(c.Request().Header.Get(offsetHeader))
	if err != nil {
		return err
	}
	if c.Request().Header.Get(echo.HeaderContentType) != pieceType {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "form"}
	}
	at, err := s.Uploads.Append(c.Request().Context(), actor(c), id, offset, fileBody{c.Request().Body})
	if letterlock.KeyOf(err) == "offset" {
		// No failure to show to anybody: script asks, and goes on from there.
		return c.NoContent(http.StatusConflict)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(offsetHeader, strconv.FormatInt(at, 10))
	return c.NoContent(http.StatusNoContent)
}

// discardUpload lets go of a file that is not wanted.
func (s *Server) discardUpload(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := s.Uploads.Discard(c.Request().Context(), actor(c), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// takeUploads finds the files that came ahead of a form, and lets go of the one
// that its button asks to drop. One that is gone, or has not arrived whole, is a
// mistake only of a form that is to be sent.
func (s *Server) takeUploads(c echo.Context, w *writing) error {
	ctx, by := c.Request().Context(), actor(c)
	drop := letterlock.ID(w.form.get("drop"))
	taken := map[letterlock.ID]bool{}
	missing := false
	for _, text := range w.form.fields[uploadField][:min(len(w.form.fields[uploadField]), upload.MaxFiles)] {
		id, err := letterlock.ParseID(text)
		if err != nil || taken[id] {
			continue
		}
		taken[id] = true
		if id == drop {
			if err := s.Uploads.Discard(ctx, by, id); err != nil {
				return err
			}
			continue
		}
		f, err := s.Uploads.Find(ctx, by, id)
		switch {
		case err == nil && f.Whole():
			w.files = append(w.files, f)
		case err == nil || letterlock.CodeOf(err) == letterlock.NotFound:
			missing = true
		default:
			return err
		}
	}
	if missing && !w.adding {
		w.errors = append(w.errors, views.FieldError{Field: fileField, Text: fileMissing})
	}
	return nil
}

const fileMissing = "A file is not here any more, or has not arrived whole; attach it again"

// ahead yields the files that came ahead of the form.
func (s *Server) ahead(ctx context.Context, by letterlock.Actor, files []upload.File, yield func(eml.File, error) bool) bool {
	for _, f := range files {
		_, body, err := s.Uploads.Open(ctx, by, f.ID)
		if letterlock.CodeOf(err) == letterlock.NotFound && err != nil {
			err = &letterlock.Error{Code: letterlock.Invalid, Key: uploadField, Err: err}
		}
		if !yield(eml.File{Name: f.Name, Type: f.Type, Body: body}, err) || err != nil {
			return false
		}
	}
	return true
}

// sentUploads lets go of what has gone into a message. The message is sent: what
// goes wrong now, the sweeper puts right.
func (s *Server) sentUploads(ctx context.Context, by letterlock.Actor, files []upload.File) {
	ids := make([]letterlock.ID, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	_ = s.Uploads.Discard(context.WithoutCancel(ctx), by, ids...)
}

// composeFiles are the files that came ahead, for the form.
func composeFiles(files []upload.File) (list []views.ComposeFile) {
	for _, f := range files {
		list = append(list, views.ComposeFile{ID: string(f.ID), Name: f.Name, Note: size(f.Size), Bytes: strconv.FormatInt(f.Size, 10)})
	}
	return list
}
