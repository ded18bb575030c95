// Package audit knows what the audit log looks like outside the database, and
// finds what was changed in it.
//
// Each row carries the hash of itself and the row before it, so a changed, missing
// or moved row breaks the chain. Whoever can write the database can make the whole
// chain anew; what they cannot make are the checkpoints, which are signed and kept
// elsewhere. So [Verify] needs an export, the checkpoints and the public key, and
// nothing of the installation. What was written after the last checkpoint is held
// by its chain only.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
)

// A Row is an audit entry as it is hashed: the order of the fields is the
// canonical one and never changes; new fields go to the end, with omitempty.
type Row struct {
	Seq     int64              `json:"seq"`
	At      int64              `json:"at"`
	Action  string             `json:"action"`
	Kind    letterlock.Kind    `json:"kind"`
	Actor   letterlock.Address `json:"actor"`
	IP      string             `json:"ip"`
	Message letterlock.ID      `json:"message"`
	Target  string             `json:"target"`
	Reason  string             `json:"reason"`
	Allowed bool               `json:"allowed"`
	Name    string             `json:"name,omitempty"`  // of whoever has no address: the program itself, an operator
	Batch   letterlock.ID      `json:"batch,omitempty"` // the revocation of many that it is part of
	Token   letterlock.ID      `json:"token,omitempty"` // that a program showed, acting in the name of the account
}

// maxField is how many bytes of what somebody typed a row keeps. A hundred
// addresses fit.
const maxField = 40 << 10

// NewRow returns the row that records e.
func NewRow(seq, at int64, e letterlock.Entry) Row {
	r := Row{
		Seq: seq, At: at, Action: e.Action, Kind: e.Actor.Kind, Actor: e.Actor.Address,
		IP: e.Actor.IP, Message: e.Message, Target: clip(e.Target), Reason: clip(e.Reason), Allowed: e.Allowed,
		Batch: e.Batch, Token: e.Actor.Token,
	}
	if e.Actor.Kind == letterlock.System || e.Actor.Kind == letterlock.Operator {
		r.Name = e.Actor.Name
	}
	return r
}

func clip(s string) string {
	if len(s) > maxField {
		s = s[:maxField] + "..."
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Entry is what the row records.
func (r Row) Entry() letterlock.Entry {
	return letterlock.Entry{
		Actor:  letterlock.Actor{Kind: r.Kind, Address: r.Actor, Name: r.Name, IP: r.IP, Token: r.Token},
		Action: r.Action, Message: r.Message, Target: r.Target, Reason: r.Reason, Allowed: r.Allowed, Batch: r.Batch,
	}
}

// Chain is the hash of a row: of the hash before it, and the row itself.
func Chain(prev, entry []byte) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write(entry)
	return h.Sum(nil)
}

// A Record is a row with every column as it is stored, and as it is exported: one
// JSON object a line. The columns beside the entry are for the database's
// indexes; what they say is in the entry again, and must agree with it.
type Record struct {
	Seq     int64  `json:"seq"`
	At      int64  `json:"at"`
	Action  string `json:"action"`
	Actor   string `json:"actor"`
	Message string `json:"message"`
	Allowed int64  `json:"allowed"`
	Entry   string `json:"entry"` // canonical JSON of the Row
	Hash    Hash   `json:"hash"`
}

// A Hash is written in hexadecimal digits.
type Hash []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Record returns the row as it is stored behind one whose hash is prev.
func (r Row) Record(prev []byte) (Record, error) {
	entry, err := json.Marshal(r)
	if err != nil {
		return Record{}, err
	}
	c := Record{Seq: r.Seq, At: r.At, Action: r.Action, Actor: string(r.Actor), Message: string(r.Message), Entry: string(entry), Hash: Chain(prev, entry)}
	if r.Allowed {
		c.Allowed = 1
	}
	return c, nil
}

// Line is the record as a line of an export.
func (c Record) Line() ([]byte, error) { return line(c) }

// A Walk goes along the chain from the first row on.
type Walk struct {
	Rows int64  // that fitted
	Hash []byte // of the last of them
}

// Next returns the row of a record that fits behind those before it, or a [Fault].
func (w *Walk) Next(c Record) (Row, error) {
	var r Row
	if c.Seq != w.Rows+1 {
		return r, misplaced(w.Rows+1, c.Seq)
	}
	if err := json.Unmarshal([]byte(c.Entry), &r); err != nil {
		return r, rowFault(c.Seq, "its entry was changed: it cannot be read any more")
	}
	if got := string(Chain(w.Hash, []byte(c.Entry))); got != string(c.Hash) {
		return r, rowFault(c.Seq, "it was changed, or the row before it was: its hash does not fit")
	}
	if column := disagreement(c, r); column != "" {
		return r, rowFault(c.Seq, "the column %q was changed: it does not say what the entry says", column)
	}
	w.Rows, w.Hash = c.Seq, c.Hash
	return r, nil
}

func misplaced(want, got int64) *Fault {
	switch {
	case got > want+1:
		return rowFault(want, "it is missing, and so are all up to row %d", got-1)
	case got > want:
		return rowFault(want, "it is missing")
	}
	return rowFault(got, "it is not in its place: row %d should be there", want)
}

// disagreement names the column that does not say what the entry says, if any.
func disagreement(c Record, r Row) string {
	switch {
	case c.Seq != r.Seq:
		return "seq"
	case c.At != r.At:
		return "at"
	case c.Action != r.Action:
		return "action"
	case c.Actor != string(r.Actor):
		return "actor"
	case c.Message != string(r.Message):
		return "message"
	case c.Allowed != 0 && c.Allowed != 1 || (c.Allowed == 1) != r.Allowed:
		return "allowed"
	}
	return ""
}

// A Fault is the first thing in a log, its checkpoints or a statement that does
// not fit.
type Fault struct {
	Row  int64  // where in the log; 0: elsewhere
	Says string // one sentence, without what it is about
	of   string // what it is about
}

func (f *Fault) Error() string { return f.of + ": " + f.Says }

func rowFault(row int64, format string, args ...any) *Fault {
	return &Fault{Row: row, of: fmt.Sprintf("row %d", row), Says: fmt.Sprintf(format, args...)}
}
