package eml

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"iter"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A Draft is a mail to be written. There is no Bcc: hidden recipients belong
// into the envelope.
type Draft struct {
	From       letterlock.Mailbox
	Sender     letterlock.Mailbox // empty: the same as From
	ReplyTo    []letterlock.Mailbox
	To         []letterlock.Mailbox
	Cc         []letterlock.Mailbox
	Subject    string
	MessageID  string // in angle brackets; empty: a new one in the domain of From
	InReplyTo  string
	References []string
	Date       time.Time
	Header     [][2]string            // more fields: name, value
	Text       string                 // at least one of Text and HTML is shown
	HTML       string                 //
	Inline     []File                 // images that HTML shows as cid:ContentID
	Files      iter.Seq2[File, error] // attachments; nil: none
	Enclosed   io.Reader              // a whole mail that goes along as it is; nil: none
}

// A File is one attachment or image. Its Body is read once, while the mail is
// written, and the next File is asked for only after that.
type File struct {
	Name      string
	Type      string // media type; what is none becomes application/octet-stream
	ContentID string // without angle brackets; inline images only
	Body      io.Reader
}

// NewMessageID returns a new Message-ID in a domain, in angle brackets.
func NewMessageID(domain string) string {
	return "<" + strings.ToLower(rand.Text()) + "@" + domain + ">"
}

// Compose writes the mail, with CRLF and lines that every server takes. It
// returns Invalid, its Key naming the field, before it has written anything if
// a header value could add lines of its own; later errors are those of w, of
// Files and of the bodies. It keeps no file in memory.
func Compose(w io.Writer, d Draft) error {
	head, err := d.head()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	root := func(h textproto.MIMEHeader) (io.Writer, error) {
		out.Write(head) // a bufio.Writer keeps its first error for Flush
		out.WriteString("MIME-Version: 1.0\r\n")
		for _, name := range slices.Sorted(maps.Keys(h)) {
			out.WriteString(name + ": " + h[name][0] + "\r\n")
		}
		_, err := out.WriteString("\r\n")
		return out, err
	}
	if err := d.write(root); err != nil {
		return err
	}
	return out.Flush()
}

// An opener starts an entity with its own header and returns where its body
// goes: the mail itself, or a part of a multipart.
type opener func(textproto.MIMEHeader) (io.Writer, error)

func (d Draft) write(open opener) error {
	if d.Files == nil && d.Enclosed == nil {
		return d.writeBody(open)
	}
	return within(open, "mixed", func(open opener) error {
		if err := d.writeBody(open); err != nil {
			return err
		}
		if d.Files != nil {
			for f, err := range d.Files {
				if err != nil {
					return err
				}
				if err := writeFile(open, f, "attachment"); err != nil {
					return err
				}
			}
		}
		return d.writeEnclosed(open)
	})
}

// writeEnclosed writes a whole mail as a part, to be read below the text. It may not
// be encoded (RFC 2046 section 5.2.1), and the boundary around it is too random to
// stand in it.
func (d Draft) writeEnclosed(open opener) error {
	if d.Enclosed == nil {
		return nil
	}
	w, err := open(textproto.MIMEHeader{
		"Content-Type":              {"message/rfc822"},
		"Content-Transfer-Encoding": {"8bit"},
		"Content-Disposition":       {"inline; filename=message.eml"},
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, d.Enclosed)
	return err
}

func (d Draft) writeBody(open opener) error {
	switch {
	case d.HTML == "":
		return writeText(open, "plain", d.Text)
	case d.Text == "":
		return d.writeHTML(open)
	}
	return within(open, "alternative", func(open opener) error {
		if err := writeText(open, "plain", d.Text); err != nil {
			return err
		}
		return d.writeHTML(open)
	})
}

func (d Draft) writeHTML(open opener) error {
	if len(d.Inline) == 0 {
		return writeText(open, "html", d.HTML)
	}
	return within(open, "related; type=\"text/html\"", func(open opener) error {
		if err := writeText(open, "html", d.HTML); err != nil {
			return err
		}
		for _, f := range d.Inline {
			if err := writeFile(open, f, "inline"); err != nil {
				return err
			}
		}
		return nil
	})
}

// within writes a multipart and lets parts write what is in it.
func within(open opener, subtype string, parts func(opener) error) error {
	boundary := multipart.NewWriter(io.Discard).Boundary() // 240 random bits
	w, err := open(textproto.MIMEHeader{
		"Content-Type": {"multipart/" + subtype + ";\r\n boundary=" + boundary},
	})
	if err != nil {
		return err
	}
	m := multipart.NewWriter(w)
	if err := m.SetBoundary(boundary); err != nil {
		panic("eml: internal error: " + err.Error())
	}
	if err := parts(m.CreatePart); err != nil {
		return err
	}
	return m.Close()
}

// writeText writes text in quoted-printable, which survives every server and is
// the same text again on the other side. It always ends with a line end.
func writeText(open opener, subtype, text string) error {
	w, err := open(textproto.MIMEHeader{
		"Content-Type":              {"text/" + subtype + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	q := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(q, text); err != nil {
		return err
	}
	return q.Close()
}

func writeFile(open opener, f File, disposition string) error {
	h := textproto.MIMEHeader{
		"Content-Type":              {fileType(f.Type)},
		"Content-Transfer-Encoding": {"base64"},
		"Content-Disposition":       {disposition + fileParam(FileName(f.Name))},
	}
	if f.ContentID != "" {
		if wholeID("<"+f.ContentID+">") == "" {
			return invalid("content-id")
		}
		h["Content-Id"] = []string{"<" + f.ContentID + ">"}
	}
	w, err := open(h)
	if err != nil {
		return err
	}
	e := base64.NewEncoder(base64.StdEncoding, &lines{w: w})
	if f.Body != nil {
		if _, err := io.Copy(e, f.Body); err != nil {
			return err
		}
	}
	return e.Close()
}

// fileType returns a media type that may stand before a file in base64. RFC
// 2046 section 5.2.1 forbids that for messages: they go as plain bytes.
func fileType(s string) string {
	t, p, err := mime.ParseMediaType(s)
	main, _, _ := strings.Cut(t, "/")
	if err != nil || main == "message" || main == "multipart" || len(t) > 100 {
		return "application/octet-stream"
	}
	for _, name := range []string{"charset", "method"} {
		if v := p[name]; v != "" && isToken(v) && len(v) <= 40 {
			t += "; " + name + "=" + v
		}
	}
	return t
}

// A lines breaks base64 into lines.
type lines struct {
	w   io.Writer
	col int
	buf bytes.Buffer
}

const lineLength = 76

func (l *lines) Write(p []byte) (int, error) {
	l.buf.Reset()
	for rest := p; len(rest) > 0; {
		if l.col == lineLength {
			l.buf.WriteString("\r\n")
			l.col = 0
		}
		n := min(len(rest), lineLength-l.col)
		l.buf.Write(rest[:n])
		l.col += n
		rest = rest[n:]
	}
	if _, err := l.w.Write(l.buf.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
