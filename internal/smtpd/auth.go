package smtpd

import (
	"context"
	"errors"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/ratelimit"
)

var mechanisms = []string{sasl.Plain, sasl.Login}

// AuthMechanisms offers AUTH where a password may travel: under TLS, and on this machine.
// A gateway offers none.
func (s *session) AuthMechanisms() []string {
	if s.server.Gateway == nil && (s.wire.secure || s.wire.loopback) {
		return mechanisms
	}
	return nil
}

// Auth begins AUTH.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch {
	case s.server.Gateway != nil:
		return nil, noSignIn
	case s.AuthMechanisms() == nil:
		return nil, tlsFirst
	case mechanism == sasl.Plain:
		return sealed{sasl.NewPlainServer(s.signIn)}, nil
	case mechanism == sasl.Login:
		return sealed{&login{signIn: s.signIn}}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// sealed makes a failed AUTH of whatever its mechanism cannot read: go-smtp would
// answer 454, try again, with the error's own text.
type sealed struct{ sasl.Server }

func (s sealed) Next(response []byte) ([]byte, bool, error) {
	challenge, done, err := s.Server.Next(response)
	var said *smtp.SMTPError
	if err != nil && !errors.As(err, &said) {
		err = smtp.ErrAuthFailed
	}
	return challenge, done, err
}

// login is the mechanism LOGIN, which was never standardised and which some mail
// programs know alone: it asks for the name, then for the password.
type login struct {
	name   *string
	asked  bool
	signIn func(identity, name, password string) error
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil && !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.name == nil:
		name := string(response)
		l.name = &name
		return []byte("Password:"), false, nil
	}
	return nil, true, l.signIn("", *l.name, string(response))
}

// signIn asks for the account. Whether the name or the password was wrong, or the
// account is disabled, is not for the client to learn; that we could not look is,
// or its owner would be told to change a good password.
func (s *session) signIn(identity, name, password string) error {
	address, err := letterlock.ParseAddress(name)
	if err != nil || (identity != "" && identity != name) || password == "" || len(password) > 1024 {
		s.server.SignIns.Tried(metrics.BySMTP, letterlock.Denied)
		return s.guessed()
	}
	ctx, cancel := context.WithTimeout(s.server.ctx, s.server.Timeouts.Command)
	defer cancel()
	actor, err := s.server.Auth.Authenticate(ctx, address, password, s.wire.ip)
	s.server.SignIns.Tried(metrics.BySMTP, err)
	if err != nil {
		switch code := letterlock.CodeOf(err); code {
		case letterlock.Denied, letterlock.Invalid, letterlock.NotFound:
			if letterlock.KeyOf(err) == "app-password" {
				s.log.Info("smtp: sign-in refused", "reply", appPassword.Code, "code", code)
				return appPassword // whoever knows the password may know why it does not do
			}
			return s.guessed()
		case letterlock.Throttled:
			s.log.Info("smtp: sign-in refused", "reply", cannotSignIn.Code, "code", code)
		default:
			s.log.Error("smtp: cannot sign in", "reply", cannotSignIn.Code, "code", code, "err", err)
		}
		return cannotSignIn
	}
	return s.enter(actor)
}

// guessed answers a failed AUTH, and ends the connection of who fails too often.
func (s *session) guessed() error {
	answer := smtp.ErrAuthFailed
	if ok, _ := s.server.guesses.Allow(ratelimit.IPKey(s.wire.ip)); !ok {
		s.wire.hangUp()
		answer = tooManyGuesses
	}
	s.log.Info("smtp: sign-in refused", "reply", answer.Code, "code", letterlock.Denied)
	return answer
}

func (s *session) enter(actor letterlock.Actor) error {
	key := string(actor.Address)
	if !s.server.accounts.add(key, s.server.MaxPerAccount) {
		s.wire.hangUp()
		s.log.Info("smtp: sign-in refused", "reply", tooManyOfYou.Code, "code", letterlock.Throttled)
		return tooManyOfYou
	}
	s.wire.onClose(func() { s.server.accounts.remove(key) })
	s.wire.signedIn()
	if actor.IP == "" {
		actor.IP = s.wire.ip
	}
	if actor.Agent == "" {
		actor.Agent = "SMTP"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actor = actor
	return nil
}
