package letterlock

import "time"

// A Message is one mail from one sender, as far as it is known in the clear.
// Its text and its parts, their names included, are sealed.
type Message struct {
	ID          ID
	Seq         int64  // place in the order of acceptance, and key of pages; see the store
	MessageID   string // RFC 5322 header value with its angle brackets; unique here
	Reference   string // the Message-ID it came with, when that was already taken
	Sender      Mailbox
	Subject     string
	Protection  Protection
	Method      Method
	Brand       string // encryption template; empty: the default one
	DecidedBy   string // what decided on protection, in words: "subject tag [secure]"
	Via         Via
	Portal      bool      // the sender forced everybody outside to the portal
	Asks        Demand    // what readers have to prove beyond their mailbox
	RuledAsks   Demand    // how much of that rules have asked for, so that its sender cannot do without
	Passphrase  ID        // of the passphrase that readers have to give now, another one whenever it is changed; empty: none
	Accepted    time.Time // when it was accepted
	Expires     time.Time // zero: never
	LatestEnd   time.Time // the latest end that the rules allowed when it was sent; zero: they set no bound
	Size        int64     // of the raw mail, bytes
	Attachments int
	Destroyed   bool
	Author      Mailbox // a recipient who wrote it in the portal; zero: the sender did
	Original    ID      // the first message of its conversation; empty: it is itself the first
	Act         Act
	Source      ID // as which recipient its author could read what it answers; empty: as none
}

// A Via says how a message came in.
type Via string

const (
	BySubmission Via = "submission" // SMTP submission
	ByCompose    Via = "compose"    // the web
	ByPortal     Via = "portal"     // a recipient, in the portal
	ByGateway    Via = "gateway"    // a mail server of a trusted network
)

// Ended reports whether the message has expired by now.
func (m Message) Ended(now time.Time) bool {
	return !m.Expires.IsZero() && !now.Before(m.Expires)
}

// A Recipient is one address of one message, with its own link and history.
type Recipient struct {
	ID         ID
	Message    ID
	Mailbox    Mailbox
	Field      Field
	Identity   IdentityType
	Experience Experience
	Why        string // key of the reason for the experience
	Reference  string // code that notification and portal both show; see [ID.Reference]
	Revocation Revocation
	FirstRead  time.Time // zero: not read
	LastRead   time.Time
	Notified   time.Time // notification or message handed over; zero: not yet
	Bounced    time.Time // given up; zero: not
	Reply      string    // what was said last when it was put off or refused; empty once it was taken to stay
}

// Late is how long what is sent may wait in the house, if nobody has put it off, before it
// counts as delayed: other mail for a domain that is slow goes ahead of it.
const Late = time.Hour

// FurtherOn begins the reply of a delay that a server has reported which had taken the mail.
const FurtherOn = "at a server further on"

// KeptFurtherOn is how long a server that has taken a mail may try to pass it on before it gives up
// and says so: five days as a rule, and seldom more. Of one that arrived after a delay most
// say nothing, so after that it counts as arrived.
const KeptFurtherOn = 7 * 24 * time.Hour

// Delayed reports whether the notification of m, or m itself, should have reached r
// and has not: it was put off, or waits behind other mail for a domain that is slow, or
// a server that has taken it says that it cannot pass it on yet.
func (r Recipient) Delayed(m Message, now time.Time) bool {
	if !r.Bounced.IsZero() || !r.FirstRead.IsZero() || m.Destroyed {
		return false
	}
	if r.Experience == Link && r.State(m, now) != Live {
		return false // nothing is to be sent
	}
	if !r.Notified.IsZero() {
		return r.Reply != "" && now.Sub(r.Notified) < KeptFurtherOn
	}
	return r.Reply != "" || now.Sub(m.Accepted) > Late
}

// A Revocation says who removed a recipient's access, and when. The zero
// Revocation is none.
type Revocation struct {
	At       time.Time
	By       Mailbox
	Standing Standing
	Batch    ID     // the revocation of many that it was part of; empty: of none
	Reason   string // for the organisation's records; never shown to the recipient
	With     ID     // the recipient whose revocation took this one along, as they had forwarded the message; empty: none
}

// Revoked reports whether there is a revocation.
func (r Revocation) Revoked() bool { return !r.At.IsZero() }

// State returns what has become of r's access to m by now. It is meaningful for
// link recipients only: what was delivered inline has no state of ours.
func (r Recipient) State(m Message, now time.Time) State {
	switch {
	case m.Destroyed:
		return Destroyed
	case r.Revocation.Revoked():
		return Revoked
	case m.Ended(now):
		return Expired
	}
	return Live
}
