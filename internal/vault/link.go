package vault

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// NewToken makes the secret of a link: 256 random bits, 43 characters.
func NewToken() letterlock.Token {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return letterlock.Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

// TokenHash is what the database keeps of a link's token. Whoever has the
// database alone can make no link from it, nor tell whether one is right.
func TokenHash(p seal.Pepper, t letterlock.Token) []byte { return p.Hash("link", t.Reveal()) }

// SealToken encrypts a token for the notice that will carry it to a recipient.
func SealToken(p seal.Pepper, recipient letterlock.ID, t letterlock.Token) []byte {
	return p.Seal("token", string(recipient), []byte(t.Reveal()))
}

// OpenToken decrypts what SealToken made for the same recipient.
func OpenToken(p seal.Pepper, recipient letterlock.ID, sealed []byte) (letterlock.Token, error) {
	b, err := p.Open("token", string(recipient), sealed)
	return letterlock.Token(b), err
}

// AccountTokenHash is what the database keeps of a link to set a password.
func AccountTokenHash(p seal.Pepper, t letterlock.Token) []byte {
	return p.Hash("account link", t.Reveal())
}

// SealAccountToken encrypts a token for the notice that will carry it to the
// holder of an account.
func SealAccountToken(p seal.Pepper, a letterlock.Address, t letterlock.Token) []byte {
	return p.Seal("account token", string(a), []byte(t.Reveal()))
}

// OpenAccountToken decrypts what SealAccountToken made for the same account.
func OpenAccountToken(p seal.Pepper, a letterlock.Address, sealed []byte) (letterlock.Token, error) {
	b, err := p.Open("account token", string(a), sealed)
	return letterlock.Token(b), err
}

// A ChangeMail is what the mail has to say that tells the holder of an account of a change.
type ChangeMail struct {
	What      letterlock.Change
	IP, Agent string // from where it was made; each may be empty
}

// SealChange encrypts what happened to an account for the notice that will carry it.
func SealChange(p seal.Pepper, a letterlock.Address, m ChangeMail) []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("vault: internal error: " + err.Error()) // strings always marshal
	}
	return p.Seal("account change", string(a), b)
}

// OpenChange decrypts what SealChange made for the same account.
func OpenChange(p seal.Pepper, a letterlock.Address, sealed []byte) (m ChangeMail, err error) {
	b, err := p.Open("account change", string(a), sealed)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

// A PasscodeMail is what a passcode mail has to say.
type PasscodeMail struct {
	Code      letterlock.Passcode
	Reference string
	Expires   time.Time
	Language  string `json:",omitempty"` // tag of that of the page on which it was asked for; empty: not known
}

// SealPasscode encrypts a passcode for the notice that will carry it.
func SealPasscode(p seal.Pepper, recipient letterlock.ID, m PasscodeMail) []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("vault: internal error: " + err.Error()) // strings and a time always marshal
	}
	return p.Seal("passcode mail", string(recipient), b)
}

// OpenPasscode decrypts what SealPasscode made for the same recipient.
func OpenPasscode(p seal.Pepper, recipient letterlock.ID, sealed []byte) (m PasscodeMail, err error) {
	b, err := p.Open("passcode mail", string(recipient), sealed)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

// NewReference makes a code of n characters for people to compare. It has no
// letters and digits that look alike.
func NewReference(n int) string {
	const alphabet = letterlock.ReferenceAlphabet
	b := make([]byte, n)
	for i := range b {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic("vault: internal error: " + err.Error()) // crypto/rand never fails
		}
		b[i] = alphabet[k.Int64()]
	}
	return string(b)
}

// ProgramTokenHash is what the database keeps of a token that a program shows.
func ProgramTokenHash(p seal.Pepper, t letterlock.Token) []byte {
	return p.Hash("program token", t.Reveal())
}

// AppPasswordHash is what the database keeps of a password of a mail program. It is
// random and long, so that a fast hash keeps it.
func AppPasswordHash(p seal.Pepper, secret letterlock.Token) []byte {
	return p.Hash("app password", secret.Reveal())
}
