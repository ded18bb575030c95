package access

import (
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/ical"
)

// Invitation returns the event that the mail invites to, or says something about.
// Its file is an attachment as well.
func (m *Mail) Invitation() (ical.Calendar, bool) {
	for i, p := range m.Index.Parts {
		if p.Type != "text/calendar" && p.Type != "application/ics" || m.inside(i) {
			continue
		}
		text, _, err := m.Index.OpenText(m.Raw, i, ical.MaxSize)
		if err != nil {
			return ical.Calendar{}, false
		}
		c, ok := ical.Parse(text)
		if c.Method == "" {
			c.Method = p.Method
		}
		return c, ok
	}
	return ical.Calendar{}, false
}

// inside reports whether a part lies in a mail that is attached to this one.
func (m *Mail) inside(part int) bool {
	for i := m.Index.Parts[part].Parent; i >= 0; i = m.Index.Parts[i].Parent {
		if m.Index.Parts[i].IsMail() {
			return true
		}
	}
	return false
}

// A Remark is something that whoever reads a mail should know about it.
type Remark string

const (
	Signed    Remark = "signed"    // somebody signed it; nobody has checked that here
	Encrypted Remark = "encrypted" // a part can only be opened by a program that has the key
	Odd       Remark = "odd"       // it could not be read as what it says it is
)

// Remarks are what is to be said about the mail.
func (m *Mail) Remarks() ([]Remark, error) {
	text, html, err := m.words()
	if err != nil {
		return nil, err
	}
	has := map[Remark]bool{}
	if !html {
		has[Signed] = strings.Contains(text, "-----BEGIN PGP SIGNED MESSAGE-----")
		has[Encrypted] = strings.Contains(text, "-----BEGIN PGP MESSAGE-----")
	}
	for i, p := range m.Index.Parts {
		if r := remarkable[p.Type]; r != "" && !m.inside(i) {
			has[r] = true
		}
	}
	d := m.Index.Defects
	has[Odd] = d.Has(eml.NoBoundary) || d.Has(eml.NoParts) || d.Has(eml.MailCut)
	var list []Remark
	for _, r := range []Remark{Signed, Encrypted, Odd} {
		if has[r] {
			list = append(list, r)
		}
	}
	return list, nil
}

// remarkable are the types of parts that a remark is about.
var remarkable = map[string]Remark{
	"multipart/signed": Signed, "application/pkcs7-signature": Signed, "application/x-pkcs7-signature": Signed, "application/pgp-signature": Signed,
	"multipart/encrypted": Encrypted, "application/pkcs7-mime": Encrypted, "application/x-pkcs7-mime": Encrypted, "application/pgp-encrypted": Encrypted,
}
