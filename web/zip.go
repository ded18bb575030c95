package web

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// downloadAll sends all attachments of the message that the request is about as
// one zip file. Nothing of it is kept: it is packed while it is sent, and each
// chunk of it leaves under the lease, as a file by itself does.
func (s *Server) downloadAll(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return s.headOfFile(c, id)
	}
	l, files, err := s.Access.DownloadAll(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	defer l.Close()
	l.Lease.OnCut(breaker(c), true)
	in, out := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		out.CloseWithError(pack(out, l, files, l.Message.Accepted.In(s.Location))) // nil ends the file
	}()
	defer func() { // when it is cut off, too: the packer reads the letter, which is closed next
		in.CloseWithError(errNotTaken)
		<-packed
	}()
	return send(c, file{name: s.speaker(c).namedBy(l.Message.Subject, "answer.files.label", ".zip"), kind: "application/zip", size: -1}, in, l.Lease.Send)
}

var errNotTaken = errors.New("the rest of the file was not taken")

// namedBy is the name of a file that has that of a message; instead is the text that
// stands for a subject that there is not.
func (p speaker) namedBy(subject, instead, ending string) string {
	if strings.TrimSpace(subject) == "" {
		subject = p.Text(instead)
	}
	return subject + ending
}

// allURL is where all files of a message are to be had at once: when there is more
// than one, and they may be had at all.
func allURL(files []views.Attachment, url string) string {
	if len(files) < 2 || files[0].URL == "" {
		return ""
	}
	return url + "/attachments.zip"
}

// pack writes the files into a zip file. It turns a panic into an error, because
// it runs where nobody else would, and the program would end.
func pack(w io.Writer, l *access.Letter, files []access.Attachment, at time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	names, buffer := unique{}, make([]byte, chunk)
	for _, f := range files {
		h := &zip.FileHeader{Name: names.name(fileName(f.Name)), Method: methodFor(f), Modified: at}
		entry, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		// The reader alone, and not what else it may be able to do: the buffer of
		// one file is that of the next.
		if _, err := io.CopyBuffer(entry, struct{ io.Reader }{l.File(f)}, buffer); err != nil {
			return fmt.Errorf("packing part %d: %w", f.Part, err)
		}
	}
	return z.Close()
}

// methodFor leaves alone what is compressed already, which most files are that
// people send, and what is too small to gain anything.
func methodFor(f access.Attachment) uint16 {
	main, sub, _ := strings.Cut(f.Type, "/")
	large := f.Size > 1024
	switch {
	case large && (main == "text" || main == "message"),
		large && (sub == "json" || sub == "xml" || sub == "rtf" || sub == "msword" || sub == "vnd.ms-excel" || sub == "bmp" || sub == "svg+xml"):
		return zip.Deflate
	}
	return zip.Store
}
