package access

import (
	"io"
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/sanitize"
)

// A Mail is one mail of a letter: the letter's own, or one that is attached to
// it. It is open for as long as its letter is.
type Mail struct {
	Index *eml.Index
	Raw   io.ReaderAt
	Part  int // of the letter, in which it lies; WholeMail for the letter's own

	// The number in the letter of the mail's first part, and what lies between it
	// and the number of the next.
	first, step int
}

// held is what lies between the numbers of the things held by one part of a
// letter. A part that must be decoded to be looked into has parts of its own that
// the letter's Index does not know; they are numbered by part, and from held on
// upwards. No mail has so many parts.
const held = 10_000

// Own is the letter's own mail.
func (l *Letter) Own() *Mail {
	return &Mail{Index: l.Index, Raw: l.Raw, Part: WholeMail, step: 1}
}

// Mail returns the mail that is attached as a part of the letter, or of a mail
// that is attached to it. It is NotFound when that part is no mail.
func (l *Letter) Mail(part int) (*Mail, error) {
	if part == WholeMail {
		return l.Own(), nil
	}
	if part < 0 || part >= len(l.Index.Parts) {
		return nil, &letterlock.Error{Code: letterlock.NotFound}
	}
	ix, raw, err := l.Index.Mail(l.Raw, part)
	if err != nil {
		return nil, err
	}
	m := &Mail{Index: ix, Raw: raw, Part: part, first: part + 1, step: 1}
	if !l.Index.Parts[part].LiesOpen() {
		m.first, m.step = part+held, held
	}
	return m, nil
}

// mailOf returns the mail that a part belongs to, and its number there.
func (l *Letter) mailOf(part int) (*Mail, int, error) {
	around := WholeMail
	if part >= held {
		around = part % held
	} else if part >= 0 && part < len(l.Index.Parts) {
		for i := l.Index.Parts[part].Parent; i >= 0 && around == WholeMail; i = l.Index.Parts[i].Parent {
			if l.Index.Parts[i].IsMail() {
				around = i
			}
		}
	}
	m, err := l.Mail(around)
	if err != nil {
		return nil, 0, err
	}
	return m, (part - m.first) / m.step, nil
}

// attachment finds an attachment of the letter, or of a mail attached to it.
func (l *Letter) attachment(part int) (Attachment, io.Reader, error) {
	m, _, err := l.mailOf(part)
	if err != nil {
		return Attachment{}, nil, err
	}
	for _, a := range m.Attachments() {
		if a.Part == part {
			return a, l.File(a), nil
		}
	}
	return Attachment{}, nil, &letterlock.Error{Code: letterlock.NotFound}
}

// File returns the bytes of an attachment, decoded. What a reader takes of them is
// to be noted first: [Service.Download] does.
func (l *Letter) File(a Attachment) io.Reader {
	m, n, err := l.mailOf(a.Part)
	if err != nil {
		return failing{err}
	}
	return m.Index.Open(m.Raw, n)
}

// failing is a reader of nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Attachments lists the parts of the mail that are not its text.
func (m *Mail) Attachments() []Attachment {
	var list []Attachment
	for _, i := range m.Index.Attachments() {
		p := m.Index.Parts[i]
		a := Attachment{Part: m.first + m.step*i, Name: p.Name, Type: p.Type, Size: p.Size}
		if p.IsMail() {
			a.Mail = m.step == 1 // nothing inside what had to be decoded is opened again
			a.Name = m.mailName(i)
		}
		list = append(list, a)
	}
	return list
}

// mailName is what a mail attached as a part is saved as: by its subject, when
// whoever attached it gave it no name.
func (m *Mail) mailName(part int) string {
	p := m.Index.Parts[part]
	if p.Name != eml.MailName || !p.LiesOpen() {
		return p.Name
	}
	in, _, err := m.Index.Mail(m.Raw, part)
	if err != nil || strings.TrimSpace(in.Header.Subject) == "" {
		return p.Name
	}
	return eml.FileName(in.Header.Subject + ".eml")
}

// maxBelow is how many attached mails are shown under the text of the mail that
// brings them. A digest may have hundreds.
const maxBelow = 3

// Below lists the attached mails that are to be read with this one, because
// whoever attached them did not mark them as files: what was passed on stands
// under the words of who passed it on.
func (m *Mail) Below() []Attachment {
	var list []Attachment
	for _, a := range m.Attachments() {
		if p := m.Index.Parts[(a.Part-m.first)/m.step]; a.Mail && p.LiesOpen() && p.Disposition != "attachment" && len(list) < maxBelow {
			list = append(list, a)
		}
	}
	return list
}

// A Showing says how the text of a mail is to be shown.
type Showing struct {
	Title  string
	NoCopy bool // with the signs of do-not-forward
	Plain  bool // as text, where it is HTML
}

// HasHTML reports whether there are two ways to show the text.
func (m *Mail) HasHTML() bool { return m.Index.HTMLPart() >= 0 }

// Document returns the mail's text as a document for its frame: of the HTML part
// if there is one, else of the plain text, else empty.
func (m *Mail) Document(how Showing) (sanitize.Document, error) {
	o := sanitize.Options{Title: how.Title, NoCopy: how.NoCopy, Images: m.image}
	if part := m.Index.HTMLPart(); part >= 0 {
		text, _, err := m.Index.OpenText(m.Raw, part, maxText)
		if err != nil {
			return sanitize.Document{}, err
		}
		if how.Plain {
			return sanitize.Text(sanitize.ToText(text), o), nil
		}
		return sanitize.HTML(text, o)
	}
	if part := m.Index.TextPart(); part >= 0 {
		text, _, err := m.Index.OpenText(m.Raw, part, maxText)
		return sanitize.Text(text, o), err
	}
	return sanitize.Text("", o), nil
}

func (m *Mail) image(cid string) ([]byte, bool) {
	part, ok := m.Index.Inline()[cid]
	if !ok || m.Index.Parts[part].Size > maxImage {
		return nil, false
	}
	b, err := io.ReadAll(io.LimitReader(m.Index.Open(m.Raw, part), maxImage))
	return b, err == nil
}
