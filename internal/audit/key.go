package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"

	"letterlock/internal/seal"
)

// A KeyID names a public key.
type KeyID string

// IDOf returns the name of a public key: the beginning of its SHA-256.
func IDOf(public ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(public)
	return KeyID(hex.EncodeToString(sum[:8]))
}

// Keys are the public keys that signatures are checked with.
type Keys map[KeyID]ed25519.PublicKey

// KeysOf are the given keys.
func KeysOf(list ...ed25519.PublicKey) Keys {
	keys := make(Keys)
	for _, k := range list {
		keys[IDOf(k)] = k
	}
	return keys
}

const pemType = "PUBLIC KEY"

// PEM writes a public key as other programs read it.
func PEM(public ed25519.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic("audit: internal error: " + err.Error()) // only for a type it does not know
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
}

// ParseKeys reads one or more public keys, PEM.
func ParseKeys(text []byte) (Keys, error) {
	keys := make(Keys)
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != pemType {
			return nil, errors.New("there is something else than a public key in it")
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := parsed.(ed25519.PublicKey)
		if err != nil || !ok {
			return nil, errors.New("it is not a public key of the kind Ed25519")
		}
		keys[IDOf(public)] = public
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no public key (PEM) in it")
	}
	return keys, nil
}

// signs reports whether the key of that name made a signature, and else why not.
func (k Keys) signs(id KeyID, purpose string, text, signature []byte) (why string) {
	public, ok := k[id]
	switch {
	case !ok:
		return "it was signed with another key than the one given"
	case !seal.Signed(public, purpose, text, signature):
		return "it was changed or forged: its signature does not fit"
	}
	return ""
}

// line writes v as JSON on one line, always the same way.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // other programs would write it without, and what is signed must be the same
	err := e.Encode(v)
	return b.Bytes(), err
}

// unsigned is what a signature is about: the line without its end.
func unsigned(v any) ([]byte, error) {
	b, err := line(v)
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// read fills v from JSON that line could have written, save spaces, and from no
// other: what is read twice or not at all might be what people see.
func read(text []byte, v any) error {
	if err := json.Unmarshal(text, v); err != nil {
		return err
	}
	want, err := unsigned(v)
	if err != nil {
		return err
	}
	var got bytes.Buffer
	if err := json.Compact(&got, text); err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), want) {
		return errors.New("not as we write it")
	}
	return nil
}
