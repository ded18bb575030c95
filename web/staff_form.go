package web

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

// Bounds of what is typed into the compose form.
const (
	maxField  = 64 << 10  // bytes of any field
	maxText   = 1 << 20   // bytes of the message's text
	maxFields = 1000      // in all; 100 recipients need far fewer
	maxTyped  = 128 << 10 // bytes of all fields but the text; the page repeats each recipient many times over
	fileField = "files"
)

// A composeForm is what came of the compose form, as it was typed.
type composeForm struct {
	fields   map[string][]string
	files    *fileParts // the rest of the body, from the first chosen file on; nil when there is none
	typed    int        // bytes of all fields but the text
	longText bool       // the text was over its bound and has been cut
}

// get returns the first value of a field.
func (f *composeForm) get(name string) string {
	if v := f.fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// readCompose reads a form up to its first file. The files are the last field of
// the page, and the button that sends stands after them: so a form that says at
// this point that a recipient is added or removed is not to be sent, and any
// other one is.
func readCompose(r *http.Request) (*composeForm, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "application/x-www-form-urlencoded" {
		return readPlain(r)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	f := &composeForm{fields: map[string][]string{}}
	for range maxFields {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, badForm(err)
		}
		if p.FormName() == "" {
			return nil, badForm(errors.New("a field without a name")) // a file, perhaps, whose name we cannot read
		}
		if p.FormName() == fileField {
			if body, given := chosen(p); given {
				f.files = &fileParts{parts: parts, first: p, body: body}
				return f, nil
			}
			continue
		}
		if err := f.add(p); err != nil {
			return nil, err
		}
	}
	return nil, badForm(errors.New("too many fields"))
}

// readPlain reads the form as htmx posts it, without files.
func readPlain(r *http.Request) (*composeForm, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, 4*maxText) // a text of many bytes takes three characters for each
	if err := r.ParseForm(); err != nil {
		return nil, badForm(err)
	}
	f := &composeForm{fields: r.PostForm}
	for name, values := range f.fields {
		if len(values) > maxFields {
			return nil, badForm(errors.New("too many fields"))
		}
		for i, v := range values {
			if name == "text" && len(v) > maxText {
				f.longText, v = true, v[:maxText]
			} else if name != "text" && (len(v) > maxField || f.count(v) > maxTyped) {
				return nil, badForm(errors.New("field " + name + " is too long"))
			}
			values[i] = strings.ToValidUTF8(v, "\uFFFD")
		}
	}
	return f, nil
}

// count returns how much has been typed, v included.
func (f *composeForm) count(v string) int {
	f.typed += len(v)
	return f.typed
}

// add keeps a field. The text alone is worth cutting and showing again.
func (f *composeForm) add(p *multipart.Part) error {
	name, limit := p.FormName(), maxField
	if name == "text" {
		limit = maxText
	}
	value, err := io.ReadAll(io.LimitReader(p, int64(limit)+1))
	if err != nil {
		return badForm(err)
	}
	if len(value) > limit {
		if name != "text" {
			return badForm(errors.New("field " + name + " is too long"))
		}
		f.longText, value = true, value[:limit]
	}
	if name != "text" {
		if f.typed += len(value); f.typed > maxTyped {
			return badForm(errors.New("the fields are too long together"))
		}
	}
	f.fields[name] = append(f.fields[name], strings.ToValidUTF8(string(value), "\uFFFD"))
	return nil
}

// badForm keeps what the reader of the body has to say about its size, and calls
// everything else malformed.
func badForm(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) || letterlock.CodeOf(err) == letterlock.TooLarge {
		return &letterlock.Error{Code: letterlock.TooLarge, Key: "size", Err: err}
	}
	return &letterlock.Error{Code: letterlock.Invalid, Key: "form", Err: err}
}

// chosen reports whether a file part is a file: browsers send an empty part
// without a name when none was chosen.
func chosen(p *multipart.Part) (io.Reader, bool) {
	body := bufio.NewReader(p)
	if p.FileName() != "" {
		return body, true
	}
	_, err := body.Peek(1)
	return body, err == nil
}

// fileParts are the files of a form that is still coming in.
type fileParts struct {
	parts *multipart.Reader
	first *multipart.Part
	body  io.Reader // of first
}

// all yields the files one after the other, each to be read before the next.
func (f *fileParts) all() iter.Seq2[eml.File, error] {
	return func(yield func(eml.File, error) bool) {
		if !yield(asFile(f.first, f.body), nil) {
			return
		}
		for {
			p, err := f.parts.NextPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(eml.File{}, badForm(err))
				return
			}
			switch p.FormName() {
			case "":
				yield(eml.File{}, badForm(errors.New("a field without a name")))
				return
			case fileField:
			default:
				continue
			}
			if body, given := chosen(p); given && !yield(asFile(p, body), nil) {
				return
			}
		}
	}
}

func asFile(p *multipart.Part, body io.Reader) eml.File {
	return eml.File{Name: p.FileName(), Type: p.Header.Get("Content-Type"), Body: fileBody{body}}
}

// fileBody tells a broken upload from a mail that could not be stored.
type fileBody struct{ io.Reader }

func (b fileBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = badForm(err)
	}
	return n, err
}
