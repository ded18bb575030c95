// Package journal keeps what was decided about access, and what was taken from those
// who sign in, outside the data and its backups, so that a restored backup can be told
// what it has missed.
//
// It is a file of lines that is only added to. Each line holds the hash of the one
// before it and a signature, so that a changed, missing or foreign line is found.
// What it cannot show by itself is that its end was cut off: that the database
// knows, which notes with each entry how far the file was on the disk.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// An Act is what an entry says.
type Act string

const (
	Began     Act = "begin"   // the journal begins here
	Revoked   Act = "revoke"  // a recipient's access was removed
	Restored  Act = "restore" // and given back
	Destroyed Act = "destroy" // a message was destroyed
	Expiry    Act = "expiry"  // a message ends at another time
	// Passphrase says that a message asks for another passphrase, or for one. A version
	// of before it passes over it.
	Passphrase Act = "passphrase"
	// Accepted says that the operator went on without entries that were lost.
	Accepted Act = "accept"

	// These are about the account By, and With says which one where it has several of a
	// kind; nothing: all that it has. A version of before them passes over them.
	Disabled    Act = "disable"      // its holder was kept out
	Enabled     Act = "enable"       // and let in again
	Roles       Act = "roles"        // Name is what it holds, with blanks between them
	Password    Act = "password"     // it got another one, or has none
	Factor      Act = "factor"       // a second factor was removed, or added
	Codes       Act = "codes"        // recovery codes were made anew, or one was used
	AppPassword Act = "app-password" // one was removed
	Token       Act = "token"        // one was ended
	Unbound     Act = "unbind"       // it belongs to nobody at the provider any more

	// Binding says that a reader's address is bound to nobody at the provider Name any
	// more, at none if that is empty. With is a keyed hash of the address.
	Binding Act = "binding"
	// Visits says that somebody else than who is signed in has ended that, or that a
	// browser was forgotten. Whose it was does not matter: nobody is signed in after a
	// restore.
	Visits Act = "visits"
)

// Replayed is the reason, in the audit log, of what a start does again.
const Replayed = "replayed from the journal"

// An Entry is one line as it is hashed: the order of the fields is the canonical
// one and never changes; new fields go before Previous, with omitempty, and an older
// version refuses what has one. It names nobody who reads and nothing of what they read.
type Entry struct {
	Seq       int64               `json:"seq"`
	At        int64               `json:"at"`
	Act       Act                 `json:"act"`
	Message   letterlock.ID       `json:"message,omitempty"`
	Recipient letterlock.ID       `json:"recipient,omitempty"`
	By        letterlock.Address  `json:"by,omitempty"` // who revoked; nobody with an address: an operator. Or the account
	Name      string              `json:"name,omitempty"`
	Standing  letterlock.Standing `json:"standing,omitempty"`
	Batch     letterlock.ID       `json:"batch,omitempty"`
	With      letterlock.ID       `json:"with,omitempty"`
	Expires   int64               `json:"expires,omitempty"` // for Expiry; 0: never
	Previous  audit.Hash          `json:"previous"`          // of the entry before; empty for the first
}

// OfRevocation is the entry of a revocation, without its place.
func OfRevocation(r letterlock.Recipient, v letterlock.Revocation) Entry {
	return Entry{Act: Revoked, Message: r.Message, Recipient: r.ID, By: v.By.Address, Name: v.By.Name,
		Standing: v.Standing, Batch: v.Batch, With: v.With}
}

// OfAccount is an entry about an account, and what of it, without its place.
func OfAccount(act Act, a letterlock.Address, which letterlock.ID) Entry {
	return Entry{Act: act, By: a, With: which}
}

// OfRoles is the entry of the roles that an account holds from now on, without its place.
func OfRoles(a letterlock.Address, roles []letterlock.Role) Entry {
	e := OfAccount(Roles, a, "")
	for _, r := range roles {
		e.Name += " " + string(r)
	}
	e.Name = strings.TrimSpace(e.Name)
	return e
}

// Held are the roles of an entry of OfRoles.
func (e Entry) Held() (list []letterlock.Role) {
	for r := range strings.FieldsSeq(e.Name) {
		list = append(list, letterlock.Role(r))
	}
	return list
}

// Revocation is what OfRevocation was made of. Its reason is in the audit log only.
func (e Entry) Revocation() letterlock.Revocation {
	return letterlock.Revocation{At: time.Unix(e.At, 0).UTC(), By: letterlock.Mailbox{Name: e.Name, Address: e.By},
		Standing: e.Standing, Batch: e.Batch, With: e.With}
}

// End is the time of an Expiry; the zero time: never.
func (e Entry) End() time.Time {
	if e.Expires == 0 {
		return time.Time{}
	}
	return time.Unix(e.Expires, 0).UTC()
}

// A Row is an entry with its place in the chain, as the database keeps it.
type Row struct {
	Entry
	Text []byte     // canonical JSON of the entry
	Hash audit.Hash // SHA-256 of the text
}

// Row returns the row of an entry, which says its place already.
func (e Entry) Row() (Row, error) {
	text, err := canonical(e)
	if err != nil {
		return Row{}, err
	}
	return rowOf(e, text), nil
}

func rowOf(e Entry, text []byte) Row {
	sum := sha256.Sum256(text)
	return Row{Entry: e, Text: text, Hash: sum[:]}
}

// ParseRow reads the text of a row, and no other spelling of it: what is read
// twice or not at all might be what people see.
func ParseRow(text []byte) (Row, error) {
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Row{}, err
	}
	want, err := canonical(e)
	if err != nil {
		return Row{}, err
	}
	if !bytes.Equal(want, text) {
		return Row{}, errors.New("not as it is written here")
	}
	return rowOf(e, bytes.Clone(text)), nil
}

func canonical(e Entry) ([]byte, error) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	err := j.Encode(e)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

const purpose = "revocation journal"

// A sealed is a line of the file: an entry, and who vouches for it.
type sealed struct {
	Entry     json.RawMessage `json:"entry"`
	Key       audit.KeyID     `json:"key"`
	Signature []byte          `json:"signature"`
}

// ours reports whether one of the keys has signed it.
func (s sealed) ours(r Row, keys audit.Keys) bool {
	public, known := keys[s.Key]
	return known && seal.Signed(public, purpose, r.Text, s.Signature)
}

// line signs a row. The same row and key always make the same line.
func line(by seal.Signer, r Row) []byte {
	key, err1 := json.Marshal(audit.IDOf(by.Public()))
	signature, err2 := json.Marshal(by.Sign(purpose, r.Text))
	if err := errors.Join(err1, err2); err != nil {
		panic("journal: internal error: " + err.Error()) // strings and bytes can always be written
	}
	return fmt.Appendf(nil, `{"entry":%s,"key":%s,"signature":%s}`+"\n", r.Text, key, signature)
}

// parseLine reads a line, and does not look at its signature.
func parseLine(text []byte) (s sealed, r Row, err error) {
	if err := json.Unmarshal(text, &s); err != nil {
		return s, Row{}, err
	}
	r, err = ParseRow(s.Entry)
	return s, r, err
}
