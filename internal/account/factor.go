package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const (
	stepLasts     = 10 * time.Minute // from the right password to the second factor
	freeTries     = 5                // wrong answers in a row before any wait
	recoveryCodes = 10
	codeLength    = 10 // characters of a recovery code: 47 bits
)

var (
	errStep     = &letterlock.Error{Code: letterlock.NotFound, Key: "sign-in-step"}
	errCode     = &letterlock.Error{Code: letterlock.Invalid, Key: "second-factor"}
	errHasTOTP  = &letterlock.Error{Code: letterlock.Invalid, Key: "totp-exists"}
	errNoFactor = &letterlock.Error{Code: letterlock.NotFound, Key: "no-factor"}
)

// Factors are what the holder of an account can show beside the password.
type Factors struct {
	App       time.Time // since when there is an authenticator app; zero: there is none
	AppUsed   time.Time
	Passkeys  []Passkey // the oldest first
	CodesLeft int       // recovery codes that nobody has used
}

// Any reports whether there is a second factor. Recovery codes alone are none.
func (f Factors) Any() bool { return !f.App.IsZero() || len(f.Passkeys) > 0 }

// Factors returns those of an account.
func (s *Service) Factors(ctx context.Context, a letterlock.Address) (f Factors, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		list, err := tx.Factors(a)
		if err != nil {
			return err
		}
		for _, x := range list {
			switch x.Kind {
			case store.TOTP:
				f.App, f.AppUsed = x.Created, x.Used
			case store.Passkey:
				f.Passkeys = append(f.Passkeys, Passkey{ID: x.ID, Name: x.Name, Added: x.Created, Used: x.Used})
			}
		}
		f.CodesLeft, err = tx.RecoveryCodes(a)
		return err
	})
	return f, err
}

// HasSecondFactor reports whether an account has one, so that its password alone is
// not enough.
func (s *Service) HasSecondFactor(ctx context.Context, a letterlock.Address) (has bool, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		list, err := tx.Factors(a)
		has = len(list) > 0
		return err
	})
	return has, err
}

// LacksFactor reports whether somebody holds a role that needs a second factor, and has
// none. Tokens of programs are not asked: whoever issues them is.
func (s *Service) LacksFactor(ctx context.Context, by letterlock.Actor) (bool, error) {
	if !s.needsFactor(by) || s.FactorShown != nil && s.FactorShown(by) {
		return false, nil
	}
	has, err := s.HasSecondFactor(ctx, by.Address)
	return err == nil && !has, err
}

func (s *Service) needsFactor(by letterlock.Actor) bool {
	return slices.ContainsFunc(s.FactorRoles, func(r letterlock.Role) bool { return slices.Contains(by.Roles, r) })
}

// BeginStep remembers that the password of an account was right, or with keep that somebody
// came by single sign-on, and returns the name under which its browser may show the second
// factor within ten minutes. It opens nothing else.
func (s *Service) BeginStep(ctx context.Context, a letterlock.Address, keep []byte) (id string, err error) {
	id = newStepID()
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.PutPending(store.Pending{Hash: s.stepHash(id), Kind: store.PendingSignIn, Address: a, Sealed: keep, Expires: tx.Now.Add(stepLasts)})
	})
	return id, err
}

func newStepID() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *Service) stepHash(id string) []byte { return s.Pepper.Hash("sign-in step", id) }

// Step returns whose sign-in waits for a second factor under that name, or NotFound
// "sign-in-step".
func (s *Service) Step(ctx context.Context, id string) (a letterlock.Address, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		step, err := s.signInStep(tx, id)
		a = step.Address
		return err
	})
	return a, err
}

// signInStep finds a sign-in whose account may still be used.
func (s *Service) signInStep(tx *store.Tx, id string) (store.Pending, error) {
	step, err := tx.Pending(store.PendingSignIn, s.stepHash(id))
	if err == nil {
		var row store.Account
		if row, err = tx.Account(step.Address); err == nil && !row.Disabled.IsZero() {
			err = errStep
		}
	}
	if errors.Is(err, letterlock.NotFound) {
		err = errStep
	}
	return step, err
}

// FinishStep takes the code of an authenticator app, a recovery code or the answer of a
// passkey, and returns whose sign-in is complete. The step is over by that. Invalid
// "second-factor": the code is not right, or was used; another key of Invalid: what is
// wrong with the answer; Throttled "second-factor": too many were not right; NotFound
// "sign-in-step": there is nothing to finish; what Complete refuses with.
func (s *Service) FinishStep(ctx context.Context, id string, shown Shown, ip string) (by letterlock.Actor, err error) {
	var refusal error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		step, err := s.signInStep(tx, id)
		if refuses(err) {
			refusal = err
			return nil
		}
		if err != nil {
			return err
		}
		row, err := tx.Account(step.Address)
		if err != nil {
			return err
		}
		by = actorOf(row)
		by.IP = ip
		if refusal, err = s.show(tx, by, shown); err != nil || refusal != nil {
			return err
		}
		if by, err = s.complete(tx, by, step.Sealed); refuses(err) {
			refusal, err = err, nil
		}
		return errors.Join(err, tx.EndPending(step.Hash))
	})
	if err = errors.Join(err, refusal); err != nil {
		return letterlock.Actor{}, err
	}
	return by, nil
}

// complete settles what a step was begun with, which may change what its holder may do.
func (s *Service) complete(tx *store.Tx, by letterlock.Actor, keep []byte) (letterlock.Actor, error) {
	if keep == nil {
		return by, nil
	}
	if s.Complete == nil {
		return letterlock.Actor{}, errDenied
	}
	proof, err := s.Complete(tx, by, keep)
	if err != nil {
		return letterlock.Actor{}, err
	}
	row, err := tx.Account(by.Address)
	done := actorOf(row)
	done.IP, done.Proof = by.IP, proof
	return done, err
}

// show decides on what somebody shows for an account, within the transaction
// that counts it: as many guesses at once as anybody likes are taken one by one.
func (s *Service) show(tx *store.Tx, by letterlock.Actor, shown Shown) (refusal, err error) {
	lock, err := tx.FactorLock(by.Address)
	if err != nil {
		return nil, err
	}
	if wait := lock.Until.Sub(tx.Now); wait > 0 {
		return &letterlock.Error{Code: letterlock.Throttled, Key: "second-factor", RetryAfter: wait}, nil
	}
	what, err := s.judge(tx, by.Address, shown)
	if err != nil && !refuses(err) {
		return nil, err
	}
	if refusal = err; refusal == nil {
		return nil, errors.Join(tx.FactorUnlock(by.Address),
			tx.Audit(letterlock.Entry{Actor: by, Action: "show second factor", Target: string(by.Address), Reason: what, Allowed: true}))
	}
	if tx.Now.Sub(lock.Until) > 24*time.Hour {
		lock.Failures = 0 // yesterday's are forgiven
	}
	lock.Failures++
	lock.Until = tx.Now.Add(waitAfter(lock.Failures))
	return refusal, errors.Join(tx.PutFactorLock(by.Address, lock),
		tx.Audit(letterlock.Entry{Actor: by, Action: "show second factor", Target: string(by.Address), Reason: letterlock.KeyOf(refusal)}))
}

// judge uses up what is shown and returns what it is, or refuses it as Invalid.
func (s *Service) judge(tx *store.Tx, a letterlock.Address, shown Shown) (what string, err error) {
	if len(shown.Answer) > 0 {
		return "passkey", s.byPasskey(tx, a, shown)
	}
	if what, err = s.fits(tx, a, shown.Code); err == nil && what == "" {
		err = errCode
	}
	return what, err
}

// waitAfter is how long nothing is looked at after so many wrong answers in a row.
func waitAfter(failures int) time.Duration {
	if failures < freeTries {
		return 0
	}
	return ratelimit.CoolDown(failures - freeTries + 1)
}

// fits uses up what was typed and returns what it is, or "" when it fits nothing.
func (s *Service) fits(tx *store.Tx, a letterlock.Address, typed string) (what string, err error) {
	code := strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(typed))
	if len(code) == digits {
		ok, err := s.takeTOTP(tx, a, code)
		if err != nil || !ok {
			return "", err
		}
		return "code", nil
	}
	if len(code) != codeLength {
		return "", nil
	}
	ok, err := tx.UseRecoveryCode(a, s.recoveryHash(a, strings.ToUpper(code)))
	if err != nil || !ok {
		return "", err
	}
	return "recovery code", taken(tx, a, "", journal.Codes)
}

func (s *Service) recoveryHash(a letterlock.Address, code string) []byte {
	return s.Pepper.Hash("recovery code", string(a)+"|"+code)
}

// makeRecoveryCodes gives an account other codes than it had.
func (s *Service) makeRecoveryCodes(tx *store.Tx, a letterlock.Address) (codes []string, err error) {
	var hashes [][]byte
	for range recoveryCodes {
		code := vault.NewReference(codeLength)
		codes = append(codes, code[:codeLength/2]+"-"+code[codeLength/2:])
		hashes = append(hashes, s.recoveryHash(a, code))
	}
	return codes, tx.PutRecoveryCodes(a, hashes)
}

// proved asks whoever is signed in to prove again who they are and, where there is a second
// factor, for that or a recovery code: a session that was left open must not be enough to
// change what keeps the account. f runs in the transaction that uses the code up, and may say
// more in the entry.
func (s *Service) proved(ctx context.Context, by letterlock.Actor, password string, shown Shown, action string, f func(*store.Tx, *letterlock.Entry) error) error {
	if err := s.again(ctx, by, password); err != nil {
		return err
	}
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		if refusal, err = s.beside(tx, by, shown); err != nil || refusal != nil {
			return err
		}
		entry := letterlock.Entry{Actor: by, Action: action, Target: string(by.Address), Allowed: true}
		if err := f(tx, &entry); refuses(err) {
			refusal = err
			return nil
		} else if err != nil {
			return err
		}
		return tx.Audit(entry)
	})
	return errors.Join(err, refusal)
}

// beside has what is shown beside the password judged where there is a second factor.
func (s *Service) beside(tx *store.Tx, by letterlock.Actor, shown Shown) (refusal, err error) {
	list, err := tx.Factors(by.Address)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return s.show(tx, by, shown)
}

// NewRecoveryCodes makes ten codes in the place of the earlier ones. Nobody can learn
// them again. Their errors are those of Authenticate and FinishStep.
func (s *Service) NewRecoveryCodes(ctx context.Context, by letterlock.Actor, password string, shown Shown) (codes []string, err error) {
	err = s.proved(ctx, by, password, shown, "make recovery codes", func(tx *store.Tx, _ *letterlock.Entry) error {
		list, err := tx.Factors(by.Address)
		if err == nil && len(list) == 0 {
			err = errNoFactor
		}
		if err == nil {
			codes, err = s.makeRecoveryCodes(tx, by.Address)
		}
		if err != nil {
			return err
		}
		return errors.Join(taken(tx, by.Address, "", journal.Codes), s.tell(tx, by.Address, by, letterlock.CodesMade))
	})
	return codes, s.told(err)
}
