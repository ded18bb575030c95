// Package dkim signs the mail that leaves, so that a receiver can check that it came
// from the domain it names and was not changed on the way (RFC 6376, RFC 8463).
//
// A key signs only after it has been activated, which is when its public half is found
// in the DNS; until then nobody could check what it signs. A key that another one has
// replaced is kept, and its record must stay, until whatever it has signed has arrived.
package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// An Algorithm is how a key signs.
type Algorithm string

const (
	RSA     Algorithm = "rsa"     // 2,048 bits, with SHA-256; the one that everybody checks
	Ed25519 Algorithm = "ed25519" // RFC 8463; Gmail and Outlook do not check it yet
)

const rsaBits = 2048

// Settles is how long the record of a key must stay after the key has been replaced: a
// relay may keep a mail for five days, and a receiver may look at it again.
const Settles = 7 * 24 * time.Hour

// A State is what a key is used for.
type State string

const (
	New    State = "new"    // signs nothing yet
	Active State = "active" // signs whatever leaves
	Former State = "former" // signs nothing any more; its record must stay for a while
)

// A Key signs under one selector. It prints without its secret half.
type Key struct {
	Selector  string
	Algorithm Algorithm
	Made      time.Time
	Activated time.Time // zero: not yet
	Replaced  time.Time // zero: not yet
	secret    crypto.Signer
}

func (k Key) String() string { return string(k.Algorithm) + " key " + k.Selector }

// Format prints the same for every verb: %+v would not ask String.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// State returns what the key is used for.
func (k Key) State() State {
	switch {
	case !k.Replaced.IsZero():
		return Former
	case !k.Activated.IsZero():
		return Active
	}
	return New
}

// Until returns until when the record of a former key must stay; zero: of no other one
// is that known.
func (k Key) Until() time.Time {
	if k.Replaced.IsZero() {
		return time.Time{}
	}
	return k.Replaced.Add(Settles)
}

// Name is where in the DNS the record of a key is looked for.
func (k Key) Name(domain string) string { return k.Selector + "._domainkey." + domain }

// Record is the text of the TXT record that a key needs.
func (k Key) Record() string {
	return "v=DKIM1; k=" + string(k.Algorithm) + "; p=" + base64.StdEncoding.EncodeToString(k.public())
}

// public is the public half as a record holds it: of RSA as X.509 writes it, of Ed25519
// the bare key (RFC 8463 section 4).
func (k Key) public() []byte {
	if p, bare := k.secret.Public().(ed25519.PublicKey); bare {
		return p
	}
	b, err := x509.MarshalPKIXPublicKey(k.secret.Public())
	if err != nil {
		panic("dkim: internal error: " + err.Error())
	}
	return b
}

// newSecret makes the secret half of a key.
func newSecret(a Algorithm) (crypto.Signer, error) {
	if a == Ed25519 {
		_, secret, err := ed25519.GenerateKey(rand.Reader)
		return secret, err
	}
	return rsa.GenerateKey(rand.Reader, rsaBits)
}

// kept is a key as it stands in the file.
type kept struct {
	Selector  string    `json:"selector"`
	Algorithm Algorithm `json:"algorithm"`
	Made      time.Time `json:"made"`
	Activated time.Time `json:"activated,omitzero"`
	Replaced  time.Time `json:"replaced,omitzero"`
	Secret    []byte    `json:"secret"` // PKCS #8
}

// A spent selector is one of a key that was retired. It names no other key while somebody
// may still remember its record, or have a mail that it signed.
type spent struct {
	Selector string    `json:"selector"`
	Retired  time.Time `json:"retired"`
}

// remembered is how long a selector stays spent. Who remembers records for longer than a
// week, and looks at mail for the first time after three more, is not reckoned with.
const remembered = 4 * Settles

type file struct {
	Keys  []kept  `json:"keys"`
	Spent []spent `json:"spent,omitempty"`
}

// encode writes keys as they stand in the file, and the selectors that are spent.
func encode(keys []Key, selectors []spent) ([]byte, error) {
	f := file{Spent: selectors}
	for _, k := range keys {
		secret, err := x509.MarshalPKCS8PrivateKey(k.secret)
		if err != nil {
			return nil, err
		}
		f.Keys = append(f.Keys, kept{k.Selector, k.Algorithm, k.Made, k.Activated, k.Replaced, secret})
	}
	b, err := json.Marshal(f)
	return append(b, '\n'), err
}

// decode reads what encode has written; nothing is no keys.
func decode(b []byte) (keys []Key, selectors []spent, err error) {
	if len(b) == 0 {
		return nil, nil, nil
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, nil, fmt.Errorf("the file of the DKIM keys cannot be read: %w", err)
	}
	for _, k := range f.Keys {
		parsed, err := x509.ParsePKCS8PrivateKey(k.Secret)
		if err != nil {
			return nil, nil, fmt.Errorf("the DKIM key %q cannot be read: %w", k.Selector, err)
		}
		secret, fit := parsed.(crypto.Signer)
		if !fit || algorithmOf(secret) != k.Algorithm || !validSelector(k.Selector) {
			return nil, nil, fmt.Errorf("the DKIM key %q is not what it says it is", k.Selector)
		}
		keys = append(keys, Key{k.Selector, k.Algorithm, k.Made, k.Activated, k.Replaced, secret})
	}
	return keys, f.Spent, nil
}

func algorithmOf(secret crypto.Signer) Algorithm {
	switch secret.(type) {
	case *rsa.PrivateKey:
		return RSA
	case ed25519.PrivateKey:
		return Ed25519
	}
	return ""
}

// validSelector reports whether a selector is one label of a name in the DNS, in lower
// case.
func validSelector(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
