// Package passkeytest is a device with passkeys, and the browser in front of it, for
// tests. It does what a good one does until a test has it lie.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// A Device keeps passkeys. Its fields are what it says of itself, and are changed to
// have it lie.
type Device struct {
	Origin     string // where its browser is
	Party      string // for whom it answers; empty: for whom it is asked to
	Unverified bool   // it has not made sure of its holder
	BackedUp   bool
	NoHandle   bool   // it does not say whose the passkey is
	Challenge  string // what it answers instead of what it was asked; empty: that
	Count      uint32 // of its answers; it counts up from there
	Still      bool   // it does not count, and always says Count

	t    *testing.T
	keys []*held
}

// held is a passkey as its device holds it.
type held struct {
	id, holder []byte
	party      string
	key        *ecdsa.PrivateKey
}

// New returns a device whose browser is at an origin.
func New(t *testing.T, origin string) *Device { return &Device{Origin: origin, t: t} }

// asked is what a browser is told, as far as it matters here.
type asked struct {
	Challenge string              `json:"challenge"`
	RP        struct{ ID string } `json:"rp"`
	RPID      string              `json:"rpId"`
	User      struct{ ID string } `json:"user"`
	Exclude   []named             `json:"excludeCredentials"`
	Allow     []named             `json:"allowCredentials"`
	Verify    string              `json:"userVerification"`
	Selection struct {
		ResidentKey, UserVerification string
	} `json:"authenticatorSelection"`
}

type named struct{ ID string }

var b64 = base64.RawURLEncoding

func (d *Device) read(options []byte) (a asked) {
	d.t.Helper()
	if err := json.Unmarshal(options, &a); err != nil || a.Challenge == "" {
		d.t.Fatalf("no question: %v in %q", err, options)
	}
	return a
}

// among is one of the device's passkeys that a question names, or nil.
func (d *Device) among(list []named) *held {
	for _, k := range d.keys {
		if slices.ContainsFunc(list, func(n named) bool { return n.ID == b64.EncodeToString(k.id) }) {
			return k
		}
	}
	return nil
}

// Make makes a passkey, and returns what the browser sends.
func (d *Device) Make(options []byte) []byte {
	d.t.Helper()
	a := d.read(options)
	if d.among(a.Exclude) != nil {
		d.t.Fatal("the device has a passkey of that holder")
	}
	if a.Selection.ResidentKey != "required" || a.Selection.UserVerification != "required" {
		d.t.Fatalf("asked for another kind of passkey: %+v", a.Selection)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	k := &held{id: make([]byte, 32), party: a.RP.ID, key: key}
	rand.Read(k.id) // never fails
	if k.holder, err = b64.DecodeString(a.User.ID); err != nil {
		d.t.Fatal(err)
	}
	d.keys = append(d.keys, k)
	data := d.data(k.party, 0x40)
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), cose(d.t, key)...)
	// The map of "fmt", "attStmt" and "authData" in CBOR.
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(data)>>8), byte(len(data)))
	return d.sent(k, map[string]any{
		"clientDataJSON": b64.EncodeToString(d.client("webauthn.create", a.Challenge)), "transports": []string{"internal"},
		"attestationObject": b64.EncodeToString(append(object, data...)),
	})
}

// Answer answers a question with the newest passkey that it asks for.
func (d *Device) Answer(options []byte) []byte {
	d.t.Helper()
	a := d.read(options)
	if a.Verify != "required" {
		d.t.Fatalf("asked for %q verification", a.Verify)
	}
	var k *held
	if len(a.Allow) > 0 {
		k = d.among(a.Allow)
	} else if len(d.keys) > 0 {
		k = d.keys[len(d.keys)-1]
	}
	if k == nil {
		d.t.Fatal("the device has no such passkey")
	}
	return d.AnswerWith(k.id, options)
}

// AnswerWith answers with a passkey whether it is asked for or not.
func (d *Device) AnswerWith(id, options []byte) []byte {
	d.t.Helper()
	at := slices.IndexFunc(d.keys, func(k *held) bool { return string(k.id) == string(id) })
	if at < 0 {
		d.t.Fatal("the device has no such passkey")
	}
	k, a := d.keys[at], d.read(options)
	data, client := d.data(k.party, 0), d.client("webauthn.get", a.Challenge)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(data), hash[:]...))
	signature, err := k.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		d.t.Fatal(err)
	}
	said := map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(signature),
	}
	if !d.NoHandle {
		said["userHandle"] = b64.EncodeToString(k.holder)
	}
	return d.sent(k, said)
}

// Newest is what the device calls its newest passkey.
func (d *Device) Newest() []byte { return d.keys[len(d.keys)-1].id }

// Holder is whose the newest passkey is, as its device was told.
func (d *Device) Holder() []byte { return d.keys[len(d.keys)-1].holder }

func (d *Device) sent(k *held, response map[string]any) []byte {
	id := b64.EncodeToString(k.id)
	b, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// client is what the browser says.
func (d *Device) client(what, challenge string) []byte {
	if d.Challenge != "" {
		challenge = d.Challenge
	}
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, what, challenge, d.Origin)
}

// data is what the device says, WebAuthn section 6.1.
func (d *Device) data(party string, flags byte) []byte {
	if d.Party != "" {
		party = d.Party
	}
	flags |= 0x01 // somebody is there
	if !d.Unverified {
		flags |= 0x04
	}
	if d.BackedUp {
		flags |= 0x18
	}
	if !d.Still {
		d.Count++
	}
	hash := sha256.Sum256([]byte(party))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), d.Count)
}

// cose is a public key as RFC 9053 section 7.1.1 says, in CBOR.
func cose(t *testing.T, key *ecdsa.PrivateKey) []byte {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33]...)
	return append(append(b, "\x22\x58\x20"...), point[33:]...)
}
