package access

import (
	"cmp"
	"io"
	"slices"
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

	parcels map[int]*parcel // that were opened, by part
}

// held is what lies between the numbers of the things held by one part of a
// letter. A part that must be decoded to be looked into has parts of its own that
// the letter's Index does not know; they are numbered by part, and from held on
// upwards. No mail has so many parts.
const held = 10_000

// Own is the letter's own mail.
func (l *Letter) Own() *Mail {
	if l.own == nil {
		l.own = &Mail{Index: l.Index, Raw: l.Raw, Part: WholeMail, step: 1}
	}
	return l.own
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

// around returns the mail that the k-th part of the letter's Index lies in, and its
// number there.
func (l *Letter) around(part int) (*Mail, int, error) {
	for i := part; i >= 0 && part < len(l.Index.Parts); {
		i = l.Index.Parts[i].Parent
		if i >= 0 && l.Index.Parts[i].IsMail() {
			m, err := l.Mail(i)
			return m, part - i - 1, err
		}
	}
	return l.Own(), part, nil
}

// open returns the mail that lists an attachment, and the attachment's bytes.
func (l *Letter) open(part int) (*Mail, io.Reader, error) {
	inside := part % held
	m, n, err := l.around(inside)
	if err != nil || part < 0 || inside >= len(l.Index.Parts) {
		return nil, nil, cmp.Or(err, error(&letterlock.Error{Code: letterlock.NotFound}))
	}
	if part < held {
		return m, m.Index.Open(m.Raw, n), nil
	}
	k := part/held - 1
	if r, ok := m.inParcel(n, k); ok {
		return m, r, nil
	}
	in, err := l.Mail(inside)
	if err != nil || in.step == 1 || k >= len(in.Index.Parts) {
		return nil, nil, cmp.Or(err, error(&letterlock.Error{Code: letterlock.NotFound}))
	}
	return in, in.Index.Open(in.Raw, k), nil
}

// attachment finds an attachment of the letter, or of a mail attached to it.
func (l *Letter) attachment(part int) (Attachment, io.Reader, error) {
	m, r, err := l.open(part)
	if err != nil {
		return Attachment{}, nil, err
	}
	for _, a := range m.Attachments() {
		if a.Part == part {
			return a, r, nil
		}
	}
	return Attachment{}, nil, &letterlock.Error{Code: letterlock.NotFound}
}

// File returns the bytes of an attachment, decoded. What a reader takes of them is
// to be noted first: [Service.Download] and [Service.DownloadAll] do.
func (l *Letter) File(a Attachment) io.Reader {
	_, r, err := l.open(a.Part)
	if err != nil {
		return failing{err}
	}
	return r
}

// failing is a reader of nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Attachments lists the parts of the mail that are not its text, and what was
// packed in one of them in the place of that.
func (m *Mail) Attachments() []Attachment {
	var list []Attachment
	if part := m.Index.TextPart(); part >= 0 {
		if p := m.unpack(part); p != nil {
			list = append(list, m.unpacked(part, p)...)
		}
	}
	for _, i := range m.Index.Attachments() {
		p := m.Index.Parts[i]
		if in := m.unpack(i); in != nil && (len(in.files) > 0 || m.wordless()) {
			list = append(list, m.unpacked(i, in)...)
			continue
		}
		a := Attachment{Part: m.first + m.step*i, Name: p.Name, Type: p.Type, Size: p.Size}
		if p.IsMail() {
			a.Mail = m.step == 1 // nothing inside what had to be decoded is opened again
			a.Name = m.mailName(i)
		}
		list = append(list, a)
	}
	return list
}

// maxListed bounds Everything; a digest of digests may have many.
const maxListed = 1000

// Everything lists the attachments of the letter, and behind each mail among them
// those of that mail: all that can be downloaded of it by itself.
func (l *Letter) Everything() []Attachment { return l.everything(l.Own(), nil) }

func (l *Letter) everything(m *Mail, list []Attachment) []Attachment {
	for _, a := range m.Attachments() {
		if len(list) >= maxListed {
			break
		}
		list = append(list, a)
		if !a.Mail {
			continue
		}
		if in, err := l.Mail(a.Part); err == nil { // what cannot be opened is one file
			list = l.everything(in, list)
		}
	}
	return list
}

// wordless reports whether the mail has no text of its own, but for blanks.
func (m *Mail) wordless() bool {
	if m.Index.HTMLPart() >= 0 {
		return false
	}
	part := m.Index.TextPart()
	if part < 0 {
		return true
	}
	if m.Index.Parts[part].Size > 1000 {
		return false
	}
	text, _, err := m.Index.OpenText(m.Raw, part, 1000)
	return err == nil && strings.TrimSpace(text) == ""
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
		if !a.Mail || len(list) == maxBelow {
			continue
		}
		if p := m.Index.Parts[a.Part-m.first]; p.LiesOpen() && p.Disposition != "attachment" {
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
func (m *Mail) HasHTML() bool {
	if m.Index.HTMLPart() >= 0 {
		return true
	}
	in := m.packedText()
	return in != nil && in.html != ""
}

// packedText is what stands in the place of the mail's text where a program has
// packed that with the files.
func (m *Mail) packedText() *parcel {
	if m.packs() && m.wordless() {
		return m.outlook()
	}
	return nil
}

// packs reports whether there is a winmail.dat. Hardly any mail has one, and no
// other pays for it.
func (m *Mail) packs() bool { return slices.ContainsFunc(m.Index.Parts, wrapped) }

// Document returns the mail's text as a document for its frame: of the HTML part
// if there is one, else of the plain text, else empty.
func (m *Mail) Document(how Showing) (sanitize.Document, error) {
	o := sanitize.Options{Title: how.Title, NoCopy: how.NoCopy, Images: m.image}
	text, html, err := m.words()
	switch {
	case err != nil:
		return sanitize.Document{}, err
	case html && how.Plain:
		return sanitize.Text(sanitize.ToText(text), o), nil
	case html:
		return sanitize.HTML(text, o)
	}
	return sanitize.Text(text, o), nil
}

// Text is the mail's text in plain words.
func (m *Mail) Text() (string, error) {
	text, html, err := m.words()
	if html {
		text = sanitize.ToText(text)
	}
	return text, err
}

// words are the mail's text, as HTML if it has that.
func (m *Mail) words() (text string, html bool, err error) {
	if part := m.Index.HTMLPart(); part >= 0 {
		text, _, err = m.Index.OpenText(m.Raw, part, maxText)
		return text, true, err
	}
	if in := m.packedText(); in != nil {
		return in.text + in.html, in.html != "", nil
	}
	part := m.Index.TextPart()
	if in := m.unpack(part); in != nil {
		return in.text, false, nil
	}
	if part < 0 {
		return "", false, nil
	}
	text, _, err = m.Index.OpenText(m.Raw, part, maxText)
	if p := m.Index.Parts[part]; p.Flowed {
		text = eml.Unflow(text, p.DelSp)
	}
	return text, false, err
}

func (m *Mail) image(cid string) ([]byte, bool) {
	part, ok := m.Index.Inline()[cid]
	if !ok && m.packs() {
		return m.packedImage(cid)
	}
	if !ok || m.Index.Parts[part].Size > maxImage {
		return nil, false
	}
	b, err := io.ReadAll(io.LimitReader(m.Index.Open(m.Raw, part), maxImage))
	return b, err == nil
}
