package audit

import (
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// A Statement says, signed, that a recipient of a message never opened it. It is
// about the portal: what somebody else told them, nobody knows.
type Statement struct {
	Says         string             `json:"says"`         // the claim, in words
	Host         string             `json:"host"`         // of the portal that says so
	Organization string             `json:"organization"` // whose portal it is
	At           time.Time          `json:"at"`           // when it was said
	MessageID    string             `json:"message_id"`
	Message      letterlock.ID      `json:"message"` // as the audit log names it
	Sender       letterlock.Address `json:"sender"`
	Recipient    letterlock.Address `json:"recipient"`
	Accepted     time.Time          `json:"accepted"`
	Notified     *time.Time         `json:"notified"` // last handed over to the mail server; null: not yet
	Bounced      *time.Time         `json:"bounced"`  // null: not
	Visits       Visits             `json:"visits"`
	Proved       *time.Time         `json:"mailbox_proved"` // first proved that the mailbox is theirs, through this message's link; null: never
	State        letterlock.State   `json:"state"`          // of their access
	Since        *time.Time         `json:"since"`          // when it came into that state; null: live, or not known
	Audit        Head               `json:"audit"`
	Key          KeyID              `json:"key"`
	Signature    []byte             `json:"signature,omitempty"`
}

// Never is the claim of a statement.
const Never = "This recipient has not opened the message, and has downloaded nothing of it, up to the time of this statement."

// Visits are looks at the link by whoever had proved nothing, and was shown
// nothing of the message.
type Visits struct {
	Scanners int        `json:"scanners"` // probably programs
	Persons  int        `json:"persons"`  // probably people
	First    *time.Time `json:"first"`
	Last     *time.Time `json:"last"`
}

// A Head is where the audit log ended.
type Head struct {
	Seq  int64 `json:"seq"`
	Hash Hash  `json:"hash"`
}

const statementPurpose = "statement of non-access"

// Sign returns the statement as a file, signed.
func (s Statement) Sign(by seal.Signer) ([]byte, error) {
	s.Says, s.Key, s.Signature = Never, IDOf(by.Public()), nil
	text, err := unsigned(s)
	if err != nil {
		return nil, err
	}
	s.Signature = by.Sign(statementPurpose, text)
	return line(s)
}

// ParseStatement reads a statement that one of the keys signed, or returns a
// [Fault].
func ParseStatement(text []byte, keys Keys) (s Statement, err error) {
	const of = "statement"
	if err := read(text, &s); err != nil {
		return s, &Fault{of: of, Says: "it is not as we write one"}
	}
	unsignedOne := s
	unsignedOne.Signature = nil
	b, err := unsigned(unsignedOne)
	if err != nil {
		return s, err
	}
	if why := keys.signs(s.Key, statementPurpose, b, s.Signature); why != "" {
		return s, &Fault{of: of, Says: why}
	}
	return s, nil
}

// Check looks at a row of the log that the statement was made of, and returns a
// [Fault] if it says otherwise. It is called for every row, in their order.
func (s Statement) Check(r Row, hash Hash) error {
	switch {
	case r.Seq > s.Audit.Seq:
		return nil
	case r.Seq == s.Audit.Seq && string(hash) != string(s.Audit.Hash):
		return rowFault(r.Seq, "the statement was made of another one")
	case Opened(r.Entry()) && r.Message == s.Message && r.Actor == s.Recipient:
		return rowFault(r.Seq, "the recipient of the statement opened the message")
	}
	return nil
}

// Opened reports whether an entry is about somebody to whom content was shown.
func Opened(e letterlock.Entry) bool {
	return e.Allowed && e.Actor.Kind == letterlock.Reader && (e.Action == "read" || e.Action == "download")
}
