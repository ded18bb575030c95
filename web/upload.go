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
	s.uploadRoutesOf(sender, uploadURL, "/:id")
	s.uploadRoutesOf(reader, "/read/:id/uploads", "/:upload")
}

func (s *Server) uploadRoutesOf(who rule, all, one string) {
	s.post(who, all, s.beginUpload)
	s.get(who, all+one, s.uploadState)
	s.add(who, http.MethodPatch, all+one, s.appendUpload, []option{pieces})
	s.add(who, http.MethodDelete, all+one, s.discardUpload, nil)
}

// A desk is where files come ahead of one form.
type desk struct {
	*upload.Service
	url string
	of  letterlock.ID // the file that is asked for; empty: none
}

// deskOf finds it: an account's, or that of a recipient who answers a message, who
// must be able to read it now.
func (s *Server) deskOf(c echo.Context) (h desk, err error) {
	name := "id"
	h = desk{Service: s.Uploads, url: uploadURL}
	if ruleOf(c) == reader {
		id, err := letterlock.ParseID(c.Param("id"))
		if err != nil {
			return h, err
		}
		name = "upload"
		h = s.answerDesk(id)
		begins := c.Param(name) == "" && c.Request().Method == http.MethodPost
		if err := s.Intake.MayAttach(c.Request().Context(), actor(c), id, begins); err != nil {
			return h, err
		}
	}
	if c.Param(name) != "" {
		h.of, err = letterlock.ParseID(c.Param(name))
	}
	return h, err
}

// answerDesk is where files come ahead of what answers a message.
func (s *Server) answerDesk(id letterlock.ID) desk {
	return desk{Service: s.Uploads.About(id), url: "/read/" + string(id) + "/uploads"}
}

// beginUpload announces a file.
func (s *Server) beginUpload(c echo.Context) error {
	h, err := s.deskOf(c)
	if err != nil {
		return err
	}
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
	f, err := h.Begin(c.Request().Context(), actor(c), fileName(fields.Get("name")), fields.Get("type"), length)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, h.url+"/"+string(f.ID))
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
	h, err := s.deskOf(c)
	if err != nil {
		return err
	}
	f, err := h.Find(c.Request().Context(), actor(c), h.of)
	if err != nil {
		return err
	}
	return sayOffset(c, http.StatusOK, f)
}

// appendUpload adds a piece. Of one that breaks off, what came is kept.
func (s *Server) appendUpload(c echo.Context) error {
	h, err := s.deskOf(c)
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
	at, err := h.Append(c.Request().Context(), actor(c), h.of, offset, fileBody{c.Request().Body})
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
	h, err := s.deskOf(c)
	if err != nil {
		return err
	}
	if err := h.Discard(c.Request().Context(), actor(c), h.of); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// takeUploads finds the files that came ahead of the form of a message. One that is
// gone, or has not arrived whole, is a mistake only of a form that is to be sent.
func (s *Server) takeUploads(c echo.Context, w *writing) error {
	files, missing, err := desk{Service: s.Uploads}.take(c, w.form)
	if w.files = files; missing && !w.adding {
		w.errors = append(w.errors, views.FieldError{Field: fileField, Text: s.words(c).Text("answer.missing")})
	}
	return err
}

// take finds the files that came ahead of a form, and lets go of the one that its
// button asks to drop. It reports whether any is gone, or has not arrived whole.
func (h desk) take(c echo.Context, form *composeForm) (files []upload.File, missing bool, err error) {
	ctx, by := c.Request().Context(), actor(c)
	drop := letterlock.ID(form.get("drop"))
	taken := map[letterlock.ID]bool{}
	for _, text := range form.fields[uploadField][:min(len(form.fields[uploadField]), upload.MaxFiles)] {
		id, err := letterlock.ParseID(text)
		if err != nil || taken[id] {
			continue
		}
		taken[id] = true
		if id == drop {
			if err := h.Discard(ctx, by, id); err != nil {
				return nil, false, err
			}
			continue
		}
		f, err := h.Find(ctx, by, id)
		switch {
		case err == nil && f.Whole():
			files = append(files, f)
		case err == nil || letterlock.CodeOf(err) == letterlock.NotFound:
			missing = true
		default:
			return nil, false, err
		}
	}
	return files, missing, nil
}

// ahead yields the files that came ahead of the form.
func (h desk) ahead(ctx context.Context, by letterlock.Actor, files []upload.File, yield func(eml.File, error) bool) bool {
	for _, f := range files {
		_, body, err := h.Open(ctx, by, f.ID)
		if letterlock.CodeOf(err) == letterlock.NotFound && err != nil {
			err = &letterlock.Error{Code: letterlock.Invalid, Key: uploadField, Err: err}
		}
		if !yield(eml.File{Name: f.Name, Type: f.Type, Body: body}, err) || err != nil {
			return false
		}
	}
	return true
}

// sent lets go of what has gone into a message. The message is sent: what
// goes wrong now, the sweeper puts right.
func (h desk) sent(ctx context.Context, by letterlock.Actor, files []upload.File) {
	ids := make([]letterlock.ID, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	_ = h.Discard(context.WithoutCancel(ctx), by, ids...)
}

// composeFiles are the files that came ahead, for the form.
func (p speaker) composeFiles(files []upload.File) (list []views.ComposeFile) {
	for _, f := range files {
		list = append(list, views.ComposeFile{ID: string(f.ID), Name: f.Name, Note: p.Size(f.Size), Bytes: strconv.FormatInt(f.Size, 10)})
	}
	return list
}
