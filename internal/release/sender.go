package release

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A Request is what a recipient asks for, as the sender of the message sees it.
type Request struct {
	ID        letterlock.ID
	Recipient letterlock.ID
	Reference string // whoever calls can say it
	Asked     time.Time
	Agent     string // browser family that asked; empty: not known
	IP        string // from where, as far as it is kept
	Expires   time.Time
	Code      letterlock.Passcode // to be read out; empty: the sender has not had it shown
	TriesLeft int                 // at the code; 0: it takes none any more
	Off       bool                // the brand of the message wants no passcodes: no code opens it
}

// maySee lets the sender of a message see and answer requests, signed in as themselves: who
// can read the code out can read the message, and no other role does that.
func maySee(by letterlock.Actor, m letterlock.Message) error {
	if by.Is(letterlock.Sender) && by.Kind == letterlock.Staff && by.Token == "" && by.Address == m.Sender.Address {
		return nil
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: "not-sender"}
}

// mayShow says why there is no code for a recipient, as the Key of Gone: their access has
// ended, and a code would only show them that; or [Off], for the brand wants no passcodes.
func (s *Service) mayShow(m letterlock.Message, r letterlock.Recipient, now time.Time) error {
	if state := r.State(m, now); state != letterlock.Live {
		return &letterlock.Error{Code: letterlock.Gone, Key: string(state)}
	}
	if !s.on(m) {
		return &letterlock.Error{Code: letterlock.Gone, Key: Off}
	}
	return nil
}

// Requests returns what the recipients of a message ask its sender for, what each asked for
// last first, with the codes that they have had shown and that still live, and how many more
// there are: whoever has a link can ask, and must not keep out of sight what others ask for.
func (s *Service) Requests(ctx context.Context, by letterlock.Actor, message letterlock.ID) (list []Request, more int, err error) {
	if !s.Offered {
		return nil, 0, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(message)
		if err != nil {
			return err
		}
		if err := maySee(by, m); err != nil {
			return err
		}
		listed, all, err := tx.Releases(message, maxListed)
		more = all - len(listed)
		for _, q := range listed {
			one := Request{ID: q.ID, Recipient: q.Recipient, Reference: q.Reference, Asked: q.Asked, Agent: q.Agent, IP: q.IP, Expires: q.Expires, TriesLeft: maxTries - q.Tries, Off: !s.on(m)}
			if stateOf(q, tx.Now) == Given && !one.Off {
				code, err := s.Pepper.Open("release code", bind(q), q.Sealed)
				if err != nil {
					return err
				}
				one.Code = letterlock.Passcode(code)
			}
			list = append(list, one)
		}
		return err
	})
	return list, more, err
}

// Show makes the code that is asked for of a message, once: Requests shows it from then on, for a quarter
// of an hour. What has ended, or was shown already, is left as it is, and that is no error.
// Denied: it is not their message; Gone, with the state as its key: the recipient's access
// has ended, or [Off]. Either is in the audit log before anybody is told. NotFound: nothing is asked
// for of that message under that ID.
func (s *Service) Show(ctx context.Context, by letterlock.Actor, message, id letterlock.ID) error {
	return s.answer(ctx, by, message, id, "show release code", s.mayShow, func(tx *store.Tx, r letterlock.Recipient, q store.Release) error {
		if stateOf(q, tx.Now) != Waiting {
			return nil
		}
		sealed := s.Pepper.Seal("release code", bind(q), []byte(vault.NewPasscode().Reveal()))
		return errors.Join(tx.GiveRelease(q.ID, sealed, tx.Now.Add(validity)), note(tx, by, r, q, "show release code", letterlock.ReleaseShown))
	})
}

// Refuse ends a request, and the code that was shown for it. The errors are those of Show,
// but that it can be refused whatever has become of the message.
func (s *Service) Refuse(ctx context.Context, by letterlock.Actor, message, id letterlock.ID) error {
	anyhow := func(letterlock.Message, letterlock.Recipient, time.Time) error { return nil }
	return s.answer(ctx, by, message, id, "refuse release code", anyhow, func(tx *store.Tx, r letterlock.Recipient, q store.Release) error {
		if !alive(q, tx.Now) {
			return nil
		}
		return errors.Join(tx.EndRelease(q.ID, store.ReleaseRefused), note(tx, by, r, q, "refuse release code", letterlock.ReleaseRefused))
	})
}

// answer decides on a request in one transaction. A refusal commits its audit entry and
// nothing else.
func (s *Service) answer(ctx context.Context, by letterlock.Actor, message, id letterlock.ID, action string,
	may func(letterlock.Message, letterlock.Recipient, time.Time) error, act func(*store.Tx, letterlock.Recipient, store.Release) error) error {
	if !s.Offered {
		return errOff
	}
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.ReleaseNamed(id)
		if err == nil && q.Message != message {
			err = errOff
		}
		if err != nil {
			return err
		}
		m, err := tx.Message(q.Message)
		if err != nil {
			return err
		}
		r, err := tx.Recipient(q.Recipient)
		if err != nil {
			return err
		}
		if refusal = maySee(by, m); refusal == nil {
			refusal = may(m, r, tx.Now)
		}
		if refusal != nil {
			return tx.Audit(letterlock.Entry{Actor: by, Action: action, Message: m.ID, Target: string(r.Mailbox.Address), Reason: letterlock.KeyOf(refusal)})
		}
		return act(tx, r, q)
	})
	if err != nil {
		return err
	}
	return refusal
}
