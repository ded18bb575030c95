package passkey

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"

	"letterlock/internal/letterlock"
)

// Keys of the errors for answers that do not count; all of them are Invalid. They are
// looked for in this order.
const (
	Malformed  = "passkey-answer"   // no answer at all, or its signature is not that of the passkey
	Stale      = "passkey-question" // to another question than the one that was kept
	OtherSite  = "passkey-site"     // given to another site, or with a passkey of another
	Unverified = "passkey-holder"   // the device has not made sure of its holder
	Copied     = "passkey-copied"   // its count went back: somebody may have a copy
)

func invalid(key string, cause error) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: key, Err: cause}
}

var errAnswer = errors.New("not what was asked for")

// An Answer is what a device says about a question, not judged yet.
type Answer struct {
	parsed *protocol.ParsedCredentialAssertionData
}

// Read takes what a browser sends. It is Malformed or can be judged.
func Read(sent []byte) (Answer, error) {
	if len(sent) > MaxAnswer {
		return Answer{}, invalid(Malformed, errAnswer)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(sent)
	if err != nil {
		return Answer{}, invalid(Malformed, err)
	}
	return Answer{parsed}, nil
}

// ID is what the device calls the passkey that answers.
func (a Answer) ID() []byte { return a.parsed.RawID }

// Check judges the answer to a question that was kept, of the passkey that it names, and
// returns what is kept of that from now on.
func (p *Party) Check(keep []byte, a Answer, k Key) (Key, error) {
	session, err := kept(keep)
	if err != nil {
		return k, err
	}
	said := a.parsed.Response
	if err := p.right(session.Challenge, said.CollectedClientData, protocol.AssertCeremony, said.AuthenticatorData); err != nil {
		return k, err
	}
	// Who was asked for whoever it may be has to be named by the passkey itself.
	if len(session.AllowedCredentialIDs) == 0 && len(said.UserHandle) == 0 {
		return k, invalid(Malformed, errAnswer)
	}
	// One passkey is looked at, and whose it must be is for the caller to say.
	session.AllowedCredentialIDs, session.UserID = nil, k.Holder
	now, err := p.engine.ValidateLogin(Holder{Handle: k.Holder, Keys: []Key{k}}, session, a.parsed)
	if err != nil {
		return k, invalid(Malformed, err)
	}
	if now.Authenticator.CloneWarning {
		return k, invalid(Copied, errAnswer)
	}
	k.Count, k.Flags = now.Authenticator.SignCount, byte(said.AuthenticatorData.Flags)
	return k, nil
}

// Made judges what a browser sends when it has made a passkey, and returns what is kept of it.
func (p *Party) Made(keep, sent []byte) (Key, error) {
	if len(sent) > MaxAnswer {
		return Key{}, invalid(Malformed, errAnswer)
	}
	session, err := kept(keep)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(sent)
	if err != nil {
		return Key{}, invalid(Malformed, err)
	}
	if err := p.right(session.Challenge, parsed.Response.CollectedClientData, protocol.CreateCeremony, parsed.Response.AttestationObject.AuthData); err != nil {
		return Key{}, err
	}
	made, err := p.engine.CreateCredential(Holder{Handle: session.UserID}, session, parsed)
	if err != nil {
		return Key{}, invalid(Malformed, err)
	}
	return Key{
		ID: made.ID, Holder: session.UserID, Public: made.PublicKey, Transports: known(made.Transport),
		Flags: made.Flags.MsgpByte(), Count: made.Authenticator.SignCount,
	}, nil
}

// right looks at what the library would refuse with words only, so that whoever is
// refused can be told why. What it lets through, the library looks at once more.
func (p *Party) right(challenge string, said protocol.CollectedClientData, what protocol.CeremonyType, data protocol.AuthenticatorData) error {
	party := sha256.Sum256([]byte(p.engine.Config.RPID))
	switch {
	case said.Type != what:
		return invalid(Malformed, errAnswer)
	case challenge == "" || subtle.ConstantTimeCompare([]byte(challenge), []byte(said.Challenge)) != 1:
		return invalid(Stale, errAnswer)
	case said.Origin != p.origin || said.CrossOrigin || said.TopOrigin != "" || !bytes.Equal(data.RPIDHash, party[:]):
		return invalid(OtherSite, errAnswer)
	case !data.Flags.HasUserPresent() || !data.Flags.HasUserVerified():
		return invalid(Unverified, errAnswer)
	}
	return nil
}

// known keeps of what a browser says about ways to a device those that there are.
func known(said []protocol.AuthenticatorTransport) (list []protocol.AuthenticatorTransport) {
	for _, t := range []protocol.AuthenticatorTransport{protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal} {
		for _, s := range said {
			if s == t {
				list = append(list, t)
				break
			}
		}
	}
	return list
}
