// Package dsn reads what mail servers say of mails that they could not deliver:
// delivery status notifications (RFC 3464), and the forms that some servers use
// in their place.
//
// Nothing in a Report can be believed for its own sake: anybody can write one. Who
// acts on it must know by the address it came to which mail it is about. Its texts
// are one line each, bounded, free of control characters, and not escaped.
package dsn

import (
	"bytes"
	"regexp"
	"strings"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

// A Fate is what became of a mail at one recipient.
type Fate string

const (
	Delivered Fate = "delivered" // it is in the mailbox
	Relayed   Fate = "relayed"   // passed on to where nothing more is heard of it
	Delayed   Fate = "delayed"   // not yet; it is tried again
	Failed    Fate = "failed"    // given up
)

// A Report says what became of a mail.
type Report struct {
	Fate  Fate
	Reply string // what the last server said, or its status as "5.1.1"; may be empty

	address string // of whom, as far as it says; "" where it does not
}

// A Kind says what a mail is that came to a return path.
type Kind string

const (
	Bounce    Kind = "bounce"    // it has reports
	Receipt   Kind = "receipt"   // a read receipt
	Automatic Kind = "automatic" // vacation, challenge, warning: a program wrote it, and nothing was undeliverable
	Loop      Kind = "loop"      // it has gone through more servers than any honest mail
	Other     Kind = "other"     // none of these; a person may have written it
)

// A Mail is what was read of a mail.
type Mail struct {
	Kind    Kind
	reports []Report // at least one of a Bounce, in their order; none otherwise
}

const (
	maxHops    = 40       // servers that a mail may have passed
	maxReports = 200      // of one mail
	maxReply   = 300      // characters
	maxText    = 16 << 10 // bytes of the words for people that are looked at
	maxStatus  = 64 << 10 // bytes of the fields for programs that are looked at
)

// Read reads a mail of which the beginning is enough. fromNobody says that its
// envelope names no sender, as that of a bounce does.
func Read(raw []byte, fromNobody bool) Mail {
	ix, err := eml.IndexOf(raw)
	if err != nil {
		return Mail{Kind: unknown(fromNobody)} // over a limit: nothing that a mail server writes
	}
	m := parsed{ix: ix, raw: raw, fromNobody: fromNobody}
	m.readHeader()
	if ix.Header.Received > maxHops {
		return Mail{Kind: Loop}
	}
	// Reports come first: Postfix, for one, marks them as automatic replies.
	if list := m.statuses(); len(list) > 0 {
		return Mail{Bounce, list}
	}
	if m.has("message/disposition-notification") {
		return Mail{Kind: Receipt}
	}
	if r, ok := m.words(); ok {
		return Mail{Bounce, []Report{r}}
	}
	if m.automatic {
		return Mail{Kind: Automatic}
	}
	return Mail{Kind: unknown(fromNobody)}
}

// unknown is the kind of what could not be understood. Without a sender nobody
// waits for an answer.
func unknown(fromNobody bool) Kind {
	if fromNobody {
		return Automatic
	}
	return Other
}

// About returns what a Bounce says of one recipient: the report that names them. A
// mailbox that passes mail on is named by its target; then the best report counts,
// because one copy that arrived is enough.
func (m Mail) About(to letterlock.Address) Report {
	var best, named Report
	for _, r := range m.reports {
		if better(r, best) {
			best = r
		}
		if a, err := letterlock.ParseAddress(r.address); err == nil && a == to && better(r, named) {
			named = r
		}
	}
	if named.Fate != "" {
		return named
	}
	return best
}

var ranks = map[Fate]int{Failed: 1, Delayed: 2, Relayed: 3, Delivered: 4}

func better(r, than Report) bool { return ranks[r.Fate] > ranks[than.Fate] }

// A parsed mail is one whose parts are known.
type parsed struct {
	ix         *eml.Index
	raw        []byte
	fromNobody bool
	daemon     bool // a mail server has written it, or says so
	automatic  bool // a program has, which answers or warns
	failedTo   bool // X-Failed-Recipients: Exim and Gmail
}

// daemons are the names that mail servers write under.
var daemons = regexp.MustCompile(`(?i)^(mailer-daemon|mail-daemon|mailerdaemon|postmaster|mdaemon|microsoftexchange[0-9a-f]+)@`)

// readHeader looks for who has written the mail.
func (m *parsed) readHeader() {
	for _, from := range m.ix.Header.From {
		m.daemon = m.daemon || daemons.MatchString(string(from.Address))
	}
	head := m.raw[:min(int(m.ix.Parts[0].Body), len(m.raw))]
	for name, value := range eml.Fields(head) {
		value = strings.ToLower(value)
		switch name {
		case "auto-submitted":
			m.automatic = m.automatic || !strings.HasPrefix(value, "no")
		case "precedence":
			m.automatic = m.automatic || strings.HasPrefix(value, "auto") || value == "bulk" || value == "junk" || value == "list"
		case "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "list-id":
			m.automatic = true
		case "x-failed-recipients":
			m.failedTo = true
		}
	}
}

// has reports whether a part of the mail itself is of a type.
func (m *parsed) has(mediaType string) bool {
	for i, p := range m.ix.Parts {
		if p.Type == mediaType && !m.enclosed(i) {
			return true
		}
	}
	return false
}

// enclosed reports whether a part belongs to another mail inside this one: to the one
// that came back, or to one that came back to its sender before.
func (m *parsed) enclosed(part int) bool {
	for i := m.ix.Parts[part].Parent; i >= 0; i = m.ix.Parts[i].Parent {
		if m.ix.Parts[i].IsMail() {
			return true
		}
	}
	return false
}

// text returns the beginning of a part as UTF-8.
func (m *parsed) text(part int, most int64) string {
	text, _, err := m.ix.OpenText(bytes.NewReader(m.raw), part, most)
	if err != nil {
		return "" // bytes in memory can always be read
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}
