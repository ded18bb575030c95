// Package seal encrypts mail at rest so that destroying a small key destroys the
// mail.
//
// A master key, kept outside the data folder, opens the epoch keys in the
// keyring; an epoch key wraps the data key of each message once per holder; the
// data key opens the message. Whoever has no wrapped key has no message, and the
// epoch keys are small files that can really be overwritten, which rows of a
// database cannot.
//
// No cipher mode is written here: mails are age streams, small values are
// AES-256-GCM, keys are derived with HKDF-SHA-256. Every ciphertext is bound to
// what and whose it is.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
)

// ErrTampered is the one failure of opening anything: a wrong key, a changed
// byte and a ciphertext of something else are not told apart, because telling
// would help whoever made it.
var ErrTampered = errors.New("seal: cannot be opened")

// suite marks the algorithms of this version at the start of every small
// ciphertext, so that a later version can still tell what it reads.
const suite = 1

// A secret is a 256-bit key. It prints as a mask.
type secret [32]byte

func (secret) String() string       { return "[key]" }
func (secret) GoString() string     { return "[key]" }
func (secret) LogValue() slog.Value { return slog.StringValue("[key]") }

func newSecret() (s secret) {
	rand.Read(s[:]) // never fails: crypto/rand ends the program instead
	return s
}

// derive returns a key for one purpose. Two purposes never share a key, so a
// ciphertext of one cannot be passed off as the other's.
func (s secret) derive(salt []byte, purpose string) (k secret) {
	b, err := hkdf.Key(sha256.New, s[:], salt, purpose, len(k))
	if err != nil {
		panic("seal: internal error: " + err.Error()) // only for impossible lengths
	}
	return secret(b)
}

func (s secret) aead() cipher.AEAD {
	block, err := aes.NewCipher(s[:])
	if err != nil {
		panic("seal: internal error: " + err.Error()) // only for impossible lengths
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: internal error: " + err.Error())
	}
	return a
}

// close encrypts plaintext, bound to what it is.
func (s secret) close(what string, plaintext []byte) []byte {
	return s.aead().Seal([]byte{suite}, nil, plaintext, []byte(what))
}

// open decrypts what close made under the same key and the same what.
func (s secret) open(what string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1 || sealed[0] != suite {
		return nil, ErrTampered
	}
	plaintext, err := s.aead().Open(nil, nil, sealed[1:], []byte(what))
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

// The types that hold secrets mask themselves too: fmt does not call the methods
// of unexported fields.

func (Master) String() string     { return "[master key]" }
func (Master) GoString() string   { return "[master key]" }
func (Pepper) String() string     { return "[pepper]" }
func (Pepper) GoString() string   { return "[pepper]" }
func (*Keyring) String() string   { return "[keyring]" }
func (*Keyring) GoString() string { return "[keyring]" }
