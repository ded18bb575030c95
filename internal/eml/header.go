package eml

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	subjectLimit = 1000 // characters of a Subject
	idLimit      = 250  // bytes of a Message-ID
	references   = 100  // of them that are kept: the first, and the last
	badLimit     = 20   // unreadable addresses that are kept
)

// readHeader fills in the Header from the header of the mail, and where in the
// raw mail the fields lie that are taken out of copies.
func (ix *Index) readHeader(head []byte) {
	h := &ix.Header
	subjects := 0
	for f := range fields(head) {
		if private(f.name) {
			ix.Hidden = append(ix.Hidden, f.at)
		}
		switch f.name {
		case "subject":
			if subjects++; subjects == 1 {
				h.Subject = clean(decodeWords(f.text()), subjectLimit)
			}
			ix.Subject = append(ix.Subject, f.at)
		case "from":
			if h.FromFields++; h.FromFields == 1 {
				h.FromRaw = clean(decodeWords(f.text()), subjectLimit)
			}
			h.mailboxes(&h.From, f)
			ix.From = append(ix.From, f.at)
		case "sender":
			h.mailboxes(&h.Sender, f)
		case "reply-to":
			h.mailboxes(&h.ReplyTo, f)
		case "to":
			h.mailboxes(&h.To, f)
		case "cc":
			h.mailboxes(&h.Cc, f)
		case "bcc":
			h.mailboxes(&h.Bcc, f)
		case "received":
			h.Received++
		default:
			h.readField(f)
		}
	}
}

func (h *Header) readField(f field) {
	switch f.name {
	case "date":
		if h.Date.IsZero() {
			h.Date = parseDate(f.text())
		}
	case "message-id":
		if h.MessageID == "" {
			h.MessageID = wholeID(f.text())
		}
	case "in-reply-to":
		if ids := messageIDs(f.text()); h.InReplyTo == "" && len(ids) > 0 {
			h.InReplyTo = ids[0]
		}
	case "references":
		if h.References == nil {
			h.References = messageIDs(f.text())
		}
	case "x-letterlock-protection":
		if h.Protections++; h.Protections == 1 {
			h.Protection = clean(f.text(), 100)
		}
	case "x-letterlock-expires":
		if h.Expiries++; h.Expiries == 1 {
			h.Expires = clean(f.text(), 100)
		}
	case "x-letterlock-proof":
		if h.Proofs++; h.Proofs == 1 {
			h.Proof = clean(f.text(), 100)
		}
	case "x-letterlock-portal":
		if h.Portals++; h.Portals == 1 {
			h.Portal = clean(f.text(), 100)
		}
	case "x-letterlock-ask-name":
		if h.AskNames++; h.AskNames == 1 {
			h.AskName = clean(f.text(), 100)
		}
	case "x-letterlock-brand":
		if h.Brands++; h.Brands == 1 {
			h.Brand = clean(f.text(), 100)
		}
	case "x-letterlock-own":
		if h.Owns++; h.Owns == 1 {
			h.Own = clean(f.text(), 100)
		}
	case "disposition-notification-to":
		good, _ := parseAddresses(f.text()) // whoever cannot be read is not told
		h.ReadTo = append(h.ReadTo, good...)
	case "sensitivity":
		// Of several the first, unless another asks for protection.
		if s := clean(f.text(), 100); h.Sensitivity == "" || strings.EqualFold(strings.TrimSpace(s), "Company-Confidential") {
			h.Sensitivity = s
		}
	case "auto-submitted":
		h.AutoSubmitted = clean(f.text(), 100)
	case "list-id":
		h.ListID = clean(decodeWords(f.text()), idLimit)
	}
}

func (h *Header) mailboxes(to *Mailboxes, f field) {
	good, bad := parseAddresses(f.text())
	*to = append(*to, good...)
	if to == &h.From {
		h.FromBad += len(bad)
	}
	for _, b := range bad {
		if len(h.Bad) < badLimit {
			h.Bad = append(h.Bad, b)
		}
	}
}

// private reports whether a field must stay here when the mail leaves: it names
// hidden recipients, or is a word between the sender's program and us.
func private(name string) bool {
	return name == "bcc" || name == "resent-bcc" || strings.HasPrefix(name, "x-letterlock-")
}

const dateLayout = "Mon, 2 Jan 2006 15:04:05 -0700"

// parseDate returns the zero time for what is no date.
func parseDate(s string) time.Time {
	if len(s) > 100 {
		return time.Time{}
	}
	if t, err := time.Parse(dateLayout, s); err == nil { // nearly all of them
		return t.UTC()
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t.UTC()
	}
	s, _, _ = strings.Cut(s, "(") // "(CET)", unclosed or in another charset
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{
		dateLayout, "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05",
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006 -0700",
		"Mon, 2 Jan 06 15:04:05 -0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// wholeID returns s if it is one Message-ID and nothing else.
func wholeID(s string) string {
	if len(s) > idLimit || len(s) < 3 || s[0] != '<' || s[len(s)-1] != '>' || !utf8.ValidString(s) {
		return ""
	}
	for _, r := range s[1 : len(s)-1] {
		if r == '<' || r == '>' || r == ' ' || !unicode.IsPrint(r) { // IsPrint knows no space but ' '
			return ""
		}
	}
	return s
}

// messageIDs returns the Message-IDs in s, which may stand among other words.
func messageIDs(s string) []string {
	var ids []string
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			return ids
		}
		s = s[start:]
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return ids
		}
		if id := wholeID(s[:end+1]); id != "" {
			if len(ids) == references {
				copy(ids[1:], ids[2:])
				ids = ids[:references-1]
			}
			ids = append(ids, id)
		}
		s = s[end+1:]
	}
}
