package inbox

import (
	"bytes"
	"regexp"
	"strings"

	"letterlock/internal/eml"
)

// maxShown is how much of a text is read for showing it, in bytes; the rest is cut.
const maxShown = 2 << 20

// Index returns what is where in the mail. It fails for a mail that is over the
// limits of package eml.
func (m Mail) Index() (*eml.Index, error) {
	x := eml.NewIndexer(eml.Limits{})
	if _, err := x.Write(m.Raw); err != nil {
		return nil, err
	}
	return x.Close()
}

// Subject returns the subject, decoded; empty when there is none.
func (m Mail) Subject() string {
	ix, err := m.Index()
	if err != nil {
		return ""
	}
	return ix.Header.Subject
}

// Sender returns who the mail says it is from, as a list of mails would show it:
// a name, or else an address, or else the sender of the envelope.
func (m Mail) Sender() string {
	ix, err := m.Index()
	switch {
	case err == nil && len(ix.Header.From) > 0:
		return ix.Header.From[0].Called()
	case err == nil && ix.Header.FromRaw != "":
		return ix.Header.FromRaw
	}
	return m.From
}

// Text returns the plain text of the mail; empty when it has none.
func (m Mail) Text() string { return m.show((*eml.Index).TextPart) }

// HTML returns the HTML of the mail as its sender wrote it, not made safe in any
// way; empty when it has none.
func (m Mail) HTML() string { return m.show((*eml.Index).HTMLPart) }

// show returns the text of the part that choose picks, which may be none: -1.
func (m Mail) show(choose func(*eml.Index) int) string {
	ix, err := m.Index()
	if err != nil {
		return ""
	}
	part := choose(ix)
	if part < 0 {
		return ""
	}
	text, _, err := ix.OpenText(bytes.NewReader(m.Raw), part, maxShown)
	if err != nil {
		return ""
	}
	return text
}

var (
	link       = regexp.MustCompile(`https?://[^\s<>"]+`)
	ownLine    = regexp.MustCompile(`(?m)^[ \t]*([0-9]{4})[ -]?([0-9]{4})[ \t]*\r?$`)
	eightAlone = regexp.MustCompile(`\b[0-9]{8}\b`)
)

// Link returns the link to a message: the first URL in the text whose path goes
// through /m/. It is empty when there is none.
func (m Mail) Link() string {
	for _, url := range link.FindAllString(m.Text(), -1) {
		if strings.Contains(url, "/m/") {
			return strings.TrimRight(url, ".,;:!?)'")
		}
	}
	return ""
}

// Passcode returns the eight digits that a passcode mail is about: those on a
// line of their own, or else the first that stand alone in the text. It is empty
// when there are none.
func (m Mail) Passcode() string {
	text := m.Text()
	if found := ownLine.FindStringSubmatch(text); found != nil {
		return found[1] + found[2]
	}
	return eightAlone.FindString(text)
}
