// Package letterlock is the vocabulary of the product: the nouns that every
// other package uses, and nothing that does anything.
//
// A message is one mail from one sender. A recipient is one address of one
// message and has a link, a state and a history of its own.
package letterlock

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// An ID names a message or a recipient inside Letterlock and in its URLs. It is
// random and says nothing; knowing one opens nothing.
type ID string

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID returns a fresh ID of 128 random bits.
func NewID() ID {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return ID(idEncoding.EncodeToString(b[:]))
}

// ParseID returns the ID that s spells, or NotFound: a malformed ID is the name
// of nothing, and an edge answers it as it answers any other unknown one.
func ParseID(s string) (ID, error) {
	b, err := idEncoding.DecodeString(s)
	if err != nil || len(b) != 16 || idEncoding.EncodeToString(b) != s {
		return "", &Error{Code: NotFound}
	}
	return ID(s), nil
}

// A Protection says what recipients may do with a message.
type Protection string

const (
	EncryptOnly  Protection = "encrypt-only"   // read, reply, forward, print, copy, download
	DoNotForward Protection = "do-not-forward" // read, reply, download; no forward, print or copy
)

// ParseProtection returns the protection that s names, or Invalid.
func ParseProtection(s string) (Protection, error) {
	switch p := Protection(strings.ToLower(strings.TrimSpace(s))); p {
	case EncryptOnly, DoNotForward:
		return p, nil
	}
	return "", &Error{Code: Invalid, Key: "protection", Err: fmt.Errorf("unknown protection")}
}

// A Method says who decided that a message is protected.
type Method string

const (
	ByUser   Method = "user"   // its sender asked
	ByPolicy Method = "policy" // a rule or a listener's default did
)

// An IdentityType says what an address is, which decides how its owner gets mail.
type IdentityType string

const (
	Organization     IdentityType = "organization"
	Microsoft365     IdentityType = "microsoft-365"
	MicrosoftAccount IdentityType = "microsoft-account"
	Google           IdentityType = "google"
	Yahoo            IdentityType = "yahoo"
	Other            IdentityType = "other"
)

// An Experience says how a recipient gets a message.
type Experience string

const (
	Link   Experience = "link"   // reads in the portal; can be taken back
	Inline Experience = "inline" // receives the message itself; can never be taken back
)

// A State says what has become of a recipient's access. States rank: destroyed
// over revoked over expired over live.
type State string

const (
	Live      State = "live"
	Expired   State = "expired"
	Revoked   State = "revoked"
	Destroyed State = "destroyed"
)

// A Field is the header field that names a recipient.
type Field string

const (
	To  Field = "to"
	Cc  Field = "cc"
	Bcc Field = "bcc"
)

// An EventKind is one thing that can happen to one recipient's copy of a message.
type EventKind string

const (
	Accepted        EventKind = "accepted"
	Notified        EventKind = "notified"
	Delivered       EventKind = "delivered" // the message itself, inline
	Deferred        EventKind = "deferred"
	FellBack        EventKind = "fell-back" // the message itself could not leave safely: a link goes instead
	Bounced         EventKind = "bounced"
	PasscodeSent    EventKind = "passcode-sent"
	PasscodeWrong   EventKind = "passcode-wrong"
	PassphraseWrong EventKind = "passphrase-wrong"
	ReleaseAsked    EventKind = "release-asked"   // for a release code, which the sender reads out by telephone
	ReleaseShown    EventKind = "release-shown"   // the sender has had it shown
	ReleaseRefused  EventKind = "release-refused" // or does not want to
	ReleaseWrong    EventKind = "release-wrong"   // a wrong one was typed
	ReleaseUsed     EventKind = "release-used"
	Read            EventKind = "read"
	Downloaded      EventKind = "downloaded"
	RevokedEvent    EventKind = "revoked"
	Restored        EventKind = "restored"
	ExpiredEvent    EventKind = "expired"
	ExpiryChanged   EventKind = "expiry-changed"
	// PassphraseChanged: the sender asks for another passphrase, or for one at all, or for none any more.
	PassphraseChanged EventKind = "passphrase-changed"
	AskedEvent        EventKind = "asked"
	ApprovedEvent     EventKind = "approved"
	DeclinedEvent     EventKind = "declined"
	DestroyedEvent    EventKind = "destroyed"
	Replied           EventKind = "replied"
	Forwarded         EventKind = "forwarded"
)

// An Event is one entry of a recipient's history.
type Event struct {
	Kind   EventKind
	At     time.Time
	Part   int    // Downloaded: index of the part; -1 means the whole message
	Detail string // Notified, Bounced, Deferred, FellBack: the remote reply; Revoked, Restored: who, as a Standing; Replied, Forwarded: to whom; ExpiryChanged: who, a blank, until when; PassphraseChanged: what, as a PassphraseAct; AskedEvent, ApprovedEvent, DeclinedEvent: what for, as a RequestKind; ReleaseAsked and those after it: its reference
	Proof  Proof  // Read, Downloaded: how the mailbox was proved
	Agent  string // Read, Downloaded, PasscodeWrong, ReleaseAsked: browser family; empty: not known
	IP     string // likewise: from where, as far as the settings keep it
	Called string // Read, Downloaded, Replied, Forwarded: how the reader wants to be known, which nobody has shown; empty: the message does not ask
}

// A PassphraseAct is what a sender did about the passphrase of a message.
type PassphraseAct string

const (
	PassphraseAsked   PassphraseAct = "asked"   // for one, where there was none
	PassphraseAnother PassphraseAct = "changed" // for another one
	PassphraseRemoved PassphraseAct = "removed" // for none any more
	PassphraseLost    PassphraseAct = "lost"    // nothing: it was changed after the backup that the data are from
)

// A Proof is how a recipient has shown that a mailbox is theirs.
type Proof string

const (
	ByPasscode Proof = "passcode"   // a passcode that was mailed to the mailbox
	ByBrowser  Proof = "remembered" // a browser in which a passcode was entered before, and which is remembered for it
	// ByRelease is no proof of a mailbox: the sender has read a code to somebody, whom they
	// took for the recipient, for one message. See [Actor.Within].
	ByRelease Proof = "release"
)

// inBrowser begins the proofs of sessions that a remembered browser has opened.
const inBrowser = "in browser:"

// Remembered is the proof of a browser that is remembered for this one. It stands in
// sessions alone; elsewhere, and to whoever asks, it is ByBrowser.
func (p Proof) Remembered() Proof { return inBrowser + p }

// For returns the proof that a browser is remembered for, of one that Remembered made.
func (p Proof) For() (Proof, bool) {
	first, ok := strings.CutPrefix(string(p), inBrowser)
	return Proof(first), ok
}

// byOpenID begins the proofs that OpenID providers give.
const byOpenID = "openid:"

// ByOpenID is the word of an OpenID provider, by its short name in the settings.
func ByOpenID(provider string) Proof { return Proof(byOpenID + provider) }

// Provider returns the short name of the OpenID provider whose word the proof is.
func (p Proof) Provider() (string, bool) { return strings.CutPrefix(string(p), byOpenID) }

// Proofs of people of the organisation who have signed in by single sign-on. They stand
// in sessions alone.
const (
	bySSO     Proof = "sso"
	ssoAnew   Proof = " anew"   // they signed in at the provider just then, to prove again who they are
	ssoFactor Proof = " factor" // it says that they have shown a second factor
)

// BySSO is the word of the provider of single sign-on.
func BySSO(anew, factor bool) Proof {
	p := bySSO
	if anew {
		p += ssoAnew
	}
	if factor {
		p += ssoFactor
	}
	return p
}

// SSO reports whether the proof is the word of the provider of single sign-on.
func (p Proof) SSO() bool { return p == bySSO || strings.HasPrefix(string(p), string(bySSO)+" ") }

// Anew reports whether somebody signed in by single sign-on to prove again who they are.
func (p Proof) Anew() bool { return p == BySSO(true, false) || p == BySSO(true, true) }

// Factor reports whether the provider of single sign-on says that somebody has shown a
// second factor.
func (p Proof) Factor() bool { return p == BySSO(false, true) || p == BySSO(true, true) }

// A Visit is somebody at the gate of a link who has proved nothing. Visits are
// counted apart and never as reading: most are programs that look into links
// before people do.
type Visit struct {
	Guess Visitor
	Why   string // key of the reason for the guess
	Agent string // browser family or program; empty: it said nothing
	IP    string // as far as the settings keep it
	First time.Time
	Last  time.Time
	Count int
}

// A Visitor is what we take somebody for who has proved nothing.
type Visitor string

const (
	Scanner Visitor = "scanner"
	Person  Visitor = "person"
)

// A Standing says in what capacity somebody revoked, which is what a recipient
// is told instead of an administrator's name.
type Standing string

const (
	BySender        Standing = "sender"
	ByAdministrator Standing = "administrator"
)

// A Token is the secret part of a link. It prints as a mask.
type Token string

func (Token) String() string       { return "[token]" }
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Format prints the mask for every verb: %d and %#v would not ask String.
func (Token) Format(f fmt.State, _ rune) { io.WriteString(f, "[token]") }

// Reveal returns the token itself, for the link in a notification and nothing else.
func (t Token) Reveal() string { return string(t) }

// A Passcode is a one-time passcode. It prints as a mask.
type Passcode string

func (Passcode) String() string       { return "[passcode]" }
func (Passcode) LogValue() slog.Value { return slog.StringValue("[passcode]") }

// Format prints the mask for every verb: %d and %#v would not ask String.
func (Passcode) Format(f fmt.State, _ rune) { io.WriteString(f, "[passcode]") }

// Reveal returns the digits, for the passcode mail and nothing else.
func (p Passcode) Reveal() string { return string(p) }
