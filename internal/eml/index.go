package eml

import (
	"encoding/json"
	"slices"
	"time"

	"letterlock/internal/letterlock"
)

// IndexVersion is the version of the form in which an Index is stored. Its
// keys are short because there is one Index for every mail, and never change
// their meaning because they are read again years later.
const IndexVersion = 1

// An Index says what is where in one raw mail.
type Index struct {
	Version int     `json:"v"`
	Header  Header  `json:"h"`
	Parts   []Part  `json:"p"` // depth first; the first is the mail itself
	Size    int64   `json:"s"` // of the raw mail
	Hidden  []Range `json:"x,omitempty"`
	Subject []Range `json:"j,omitempty"` // where the Subject fields lie, the first and any strays
	From    []Range `json:"m,omitempty"` // where the From fields lie
	BareCR  bool    `json:"cr,omitempty"`
	BareLF  bool    `json:"lf,omitempty"`
	NUL     bool    `json:"nul,omitempty"`
	Defects Defects `json:"d,omitempty"`
}

// A Range is a run of bytes of the raw mail: from the first offset, up to and
// without the second.
type Range = [2]int64

// Defects say what the indexer had to guess. They are bits, stored as a number.
type Defects uint8

const (
	HeaderCut  Defects = 1 << iota // a header ended without an empty line
	NoBoundary                     // a multipart named no usable boundary
	NoParts                        // a multipart in which its boundary never came
	Unclosed                       // a multipart without its end boundary
	MailCut                        // HeaderCut, of the mail itself
)

// Has reports whether all of d are among the defects.
func (all Defects) Has(d Defects) bool { return all&d == d }

// A Header holds what the top-level header says, decoded and canonical.
type Header struct {
	From          Mailboxes `json:"f,omitempty"`
	Sender        Mailboxes `json:"s,omitempty"`
	ReplyTo       Mailboxes `json:"r,omitempty"`
	To            Mailboxes `json:"t,omitempty"`
	Cc            Mailboxes `json:"c,omitempty"`
	Bcc           Mailboxes `json:"b,omitempty"`
	FromFields    int       `json:"fn,omitempty"` // how many From fields; an honest mail has one
	FromBad       int       `json:"fb,omitempty"` // what stood in From and is no address
	FromRaw       string    `json:"fr,omitempty"` // the first From field, decoded for people
	Bad           []string  `json:"x,omitempty"`  // what stood where an address belongs and is none
	Subject       string    `json:"j,omitempty"`
	Date          time.Time `json:"d,omitzero"`  // zero: missing or unreadable; UTC
	MessageID     string    `json:"m,omitempty"` // in angle brackets; empty: missing or malformed
	InReplyTo     string    `json:"i,omitempty"`
	References    []string  `json:"e,omitempty"`
	Protection    string    `json:"p,omitempty"`  // X-Letterlock-Protection, the first
	Protections   int       `json:"pn,omitempty"` // how many of it there are
	ReadTo        Mailboxes `json:"q,omitempty"`  // Disposition-Notification-To
	Expires       string    `json:"u,omitempty"`  // X-Letterlock-Expires, the first
	Expiries      int       `json:"un,omitempty"` // how many of it there are
	Proof         string    `json:"k,omitempty"`  // X-Letterlock-Proof, the first
	Proofs        int       `json:"kn,omitempty"` // how many of it there are
	Portal        string    `json:"o,omitempty"`  // X-Letterlock-Portal, the first
	Portals       int       `json:"on,omitempty"` // how many of it there are
	AskName       string    `json:"v,omitempty"`  // X-Letterlock-Ask-Name, the first
	AskNames      int       `json:"vn,omitempty"` // how many of it there are
	Brand         string    `json:"w,omitempty"`  // X-Letterlock-Brand, the first
	Brands        int       `json:"wn,omitempty"` // how many of it there are
	Own           string    `json:"z,omitempty"`  // X-Letterlock-Own, the first
	Owns          int       `json:"zn,omitempty"` // how many of it there are
	Sensitivity   string    `json:"y,omitempty"`
	AutoSubmitted string    `json:"a,omitempty"`
	ListID        string    `json:"l,omitempty"`
	Received      int       `json:"n,omitempty"` // Received fields: servers passed so far
}

// Mailboxes are the mailboxes of one address field, stored as pairs of name
// and address.
type Mailboxes []letterlock.Mailbox

// MarshalJSON writes [["Ada","ada@contoso.example"], ...].
func (m Mailboxes) MarshalJSON() ([]byte, error) {
	pairs := make([][2]string, len(m))
	for i, b := range m {
		pairs[i] = [2]string{b.Name, string(b.Address)}
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON reads what MarshalJSON wrote. The addresses were canonical then
// and are taken as they are.
func (m *Mailboxes) UnmarshalJSON(b []byte) error {
	var pairs [][2]string
	if err := json.Unmarshal(b, &pairs); err != nil {
		return err
	}
	*m = make(Mailboxes, len(pairs))
	for i, p := range pairs {
		(*m)[i] = letterlock.Mailbox{Name: p[0], Address: letterlock.Address(p[1])}
	}
	return nil
}

// A Part is one entity of a mail: the mail itself, a part of a multipart, or
// the message inside a message/rfc822.
type Part struct {
	Parent      int    `json:"p"`           // index of the part around it; -1 for the mail itself
	Type        string `json:"t"`           // media type in lower case
	Charset     string `json:"c,omitempty"` // as labelled, in lower case
	Encoding    string `json:"e,omitempty"` // transfer encoding in lower case; empty: as it is
	Disposition string `json:"d,omitempty"`
	Name        string `json:"n,omitempty"` // file name; never empty for an attachment
	ContentID   string `json:"i,omitempty"` // without angle brackets
	Location    string `json:"l,omitempty"` // Content-Location
	Root        string `json:"r,omitempty"` // multipart/related: content-id of its main part
	Method      string `json:"m,omitempty"` // text/calendar: what it asks for
	Flowed      bool   `json:"f,omitempty"` // format=flowed, RFC 3676
	DelSp       bool   `json:"ds,omitempty"`
	UU          bool   `json:"u,omitempty"` // a line of its body may begin a uuencoded file
	Start       int64  `json:"s"`           // offset of its header
	Body        int64  `json:"b"`           // offset of its body
	End         int64  `json:"z"`           // offset of its body's end
	Size        int64  `json:"sz"`          // bytes of its body, decoded
	Depth       int    `json:"dp,omitempty"`
}

// multipart reports whether p is nothing but a container of other parts.
func (p *Part) multipart() bool { return len(p.Type) > 10 && p.Type[:10] == "multipart/" }

// message reports whether p is a mail of its own that lies open inside this one.
func (p *Part) message() bool {
	return (p.Type == "message/rfc822" || p.Type == "message/global") && !p.encoded()
}

// encoded reports whether the body must be decoded to be read.
func (p *Part) encoded() bool { return p.Encoding != "" && newTransfer(p.Encoding) != nil }

// children returns the indexes of the parts directly inside a part.
func (ix *Index) children(part int) []int {
	var in []int
	for i := part + 1; i < len(ix.Parts) && ix.Parts[i].Depth > ix.Parts[part].Depth; i++ {
		if ix.Parts[i].Parent == part {
			in = append(in, i)
		}
	}
	return slices.Clip(in)
}
