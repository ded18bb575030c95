package passkey

import (
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Ask returns a question for one of these passkeys, or for any there is when there are none:
// what a browser is told, as JSON, and what has to be kept until it answers.
func (p *Party) Ask(keys []Key) (browser, keep []byte, err error) {
	var options []webauthn.LoginOption
	if len(keys) > 0 {
		options = append(options, webauthn.WithAllowedCredentials(Holder{Keys: keys}.descriptors()))
	}
	asked, session, err := p.engine.BeginDiscoverableLogin(options...)
	if err != nil {
		return nil, nil, err
	}
	return both(asked.Response, session)
}

// Make returns what has a browser make another passkey for a holder, on a device that has
// none of theirs.
func (p *Party) Make(h Holder) (browser, keep []byte, err error) {
	asked, session, err := p.engine.BeginRegistration(h, webauthn.WithExclusions(h.descriptors()))
	if err != nil {
		return nil, nil, err
	}
	return both(asked.Response, session)
}

func both(asked any, session *webauthn.SessionData) (browser, keep []byte, err error) {
	if browser, err = json.Marshal(asked); err != nil {
		return nil, nil, err
	}
	keep, err = json.Marshal(session)
	return browser, keep, err
}

// kept reads what was kept of a question.
func kept(keep []byte) (session webauthn.SessionData, err error) {
	err = json.Unmarshal(keep, &session)
	// All that is taken for granted about an answer is said here, whatever was kept.
	session.UserVerification = protocol.VerificationRequired
	return session, err
}
