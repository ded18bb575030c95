// Package passkey puts questions to the devices that keep passkeys, and judges what they
// answer, as WebAuthn level 3 says (https://www.w3.org/TR/webauthn-3/).
//
// A passkey counts here if its device keeps it for our host and has made sure of its
// holder, by a fingerprint, a face or a PIN: it is two factors in one. Whoever asks a
// question keeps it, and takes one answer to it.
package passkey

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Lasts is how long a question waits for its answer.
const Lasts = 5 * time.Minute

// MaxAnswer is how many bytes of an answer are looked at. With a key of the post-quantum
// kind it has some 6 KiB.
const MaxAnswer = 16 << 10

// A Party is whom passkeys are shown to: one host at one address.
type Party struct {
	engine *webauthn.WebAuthn
	origin string
}

// New returns the party that browsers find at a URL, with a name for their devices to
// show; nil where browsers have no passkeys. They want https, or this machine itself as
// localhost, and a host with a name: a number is none.
func New(public *url.URL, name string) *Party {
	host := strings.ToLower(public.Hostname())
	if public.Scheme != "https" && host != "localhost" {
		return nil
	}
	origin := originOf(public)
	engine, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: name, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: webauthn.TimeoutConfig{Timeout: Lasts}, Registration: webauthn.TimeoutConfig{Timeout: Lasts}},
		// Some browsers and managers of passwords say more than they were asked. Nothing
		// hangs on it.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil { // the host is no name
		return nil
	}
	return &Party{engine, origin}
}

// originOf is how a browser writes where a page comes from.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if name, port, err := net.SplitHostPort(host); err == nil && (u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80") {
		host = name
	}
	return u.Scheme + "://" + host
}

// A Key is what is kept of a passkey. None of it is secret.
type Key struct {
	ID         []byte                            `json:"id"`     // what its device calls it
	Holder     []byte                            `json:"holder"` // see Holder.Handle
	Public     []byte                            `json:"public"` // in COSE
	Transports []protocol.AuthenticatorTransport `json:"transports,omitempty"`
	Flags      byte                              `json:"flags"` // of the newest answer, as the device writes them: whether it may be, and is, on other devices, too
	Count      uint32                            `json:"-"`     // of answers, as the device says; 0: it does not count
}

func (k Key) flags() webauthn.CredentialFlags {
	return webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags))
}

// credential is the key as the library wants it.
func (k Key) credential() webauthn.Credential {
	return webauthn.Credential{ID: k.ID, PublicKey: k.Public, Transport: k.Transports, Flags: k.flags(),
		Authenticator: webauthn.Authenticator{SignCount: k.Count}}
}

// A Holder is whose passkey is asked for or made.
type Holder struct {
	Handle []byte // random, and the same for all their passkeys: it says nothing of them
	Name   string // by which their device lists the passkey
	Keys   []Key
}

// The next four have a Holder be what the library calls a user.

func (h Holder) WebAuthnID() []byte          { return h.Handle }
func (h Holder) WebAuthnName() string        { return h.Name }
func (h Holder) WebAuthnDisplayName() string { return h.Name }

func (h Holder) WebAuthnCredentials() (list []webauthn.Credential) {
	for _, k := range h.Keys {
		list = append(list, k.credential())
	}
	return list
}

func (h Holder) descriptors() (list []protocol.CredentialDescriptor) {
	for _, c := range h.WebAuthnCredentials() {
		list = append(list, c.Descriptor())
	}
	return list
}
