package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/passkey"
	"letterlock/internal/store"
)

const (
	maxPasskeys    = 10 // of one account
	maxPasskeyName = 64 // characters
)

var (
	errNoPasskeys      = &letterlock.Error{Code: letterlock.NotFound, Key: "passkeys"} // nobody has any here
	errNoPasskey       = &letterlock.Error{Code: letterlock.NotFound, Key: "no-passkey"}
	errPasskeyName     = &letterlock.Error{Code: letterlock.Invalid, Key: "passkey-name"}
	errPasskeyMany     = &letterlock.Error{Code: letterlock.Invalid, Key: "passkey-many"}
	errPasskeyExists   = &letterlock.Error{Code: letterlock.Invalid, Key: "passkey-exists"}
	errPasskeyUnknown  = &letterlock.Error{Code: letterlock.Invalid, Key: "passkey-unknown"}
	errPasskeyPassword = &letterlock.Error{Code: letterlock.Invalid, Key: "passkey-password"}
	errQuestion        = &letterlock.Error{Code: letterlock.Invalid, Key: passkey.Stale}
)

// A Passkey is one that the holder of an account has added.
type Passkey struct {
	ID    letterlock.ID
	Name  string // as its holder calls it
	Added time.Time
	Used  time.Time // zero: never
}

// keptPasskey is what is kept, sealed, of a passkey.
type keptPasskey struct {
	passkey.Key
	// Alone lets it in without a password. It does not after a change of the password that
	// may have been made because somebody else knew it, until it was shown beside the new
	// one: it may be theirs.
	Alone bool `json:"alone"`
}

func (s *Service) sealPasskey(a letterlock.Address, k keptPasskey) ([]byte, error) {
	b, err := json.Marshal(k)
	return s.Pepper.Seal("passkey", string(a), b), err
}

func (s *Service) openPasskey(f store.Factor) (k keptPasskey, err error) {
	b, err := s.Pepper.Open("passkey", string(f.Address), f.Sealed)
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err == nil && !bytes.Equal(k.ID, f.Handle) {
		err = errors.New("a passkey is not under its own name")
	}
	k.Count = uint32(f.Counter)
	return k, err
}

// passkeys returns those of an account, opened.
func (s *Service) passkeys(tx *store.Tx, a letterlock.Address) (list []store.Factor, keys []passkey.Key, err error) {
	all, err := tx.Factors(a)
	for _, f := range all {
		if err != nil || f.Kind != store.Passkey {
			continue
		}
		var k keptPasskey
		k, err = s.openPasskey(f)
		list, keys = append(list, f), append(keys, k.Key)
	}
	return list, keys, err
}

// A Shown is what somebody shows beside a password: a code, or the answer of a passkey.
type Shown struct {
	Code     string // of an app, or a recovery code; as typed
	Question string // under which name the browser was asked
	Answer   []byte // of the passkey; empty: a code is shown
}

func (s *Service) questionHash(id string) []byte { return s.Pepper.Hash("passkey question", id) }

// putQuestion keeps what an answer is held against, and returns the name under which
// the browser answers.
func (s *Service) putQuestion(tx *store.Tx, kind store.PendingKind, a letterlock.Address, keep []byte) (id string, err error) {
	id = newStepID()
	return id, tx.PutPending(store.Pending{Hash: s.questionHash(id), Kind: kind, Address: a,
		Sealed: s.Pepper.Seal("passkey question", string(a), keep), Expires: tx.Now.Add(passkey.Lasts)})
}

// takeQuestion returns what was kept under that name for an account, once: whatever
// becomes of the answer, there is no second one. Invalid "passkey-question": there is none.
func (s *Service) takeQuestion(tx *store.Tx, kind store.PendingKind, id string, a letterlock.Address) ([]byte, error) {
	asked, err := tx.Pending(kind, s.questionHash(id))
	if errors.Is(err, letterlock.NotFound) || err == nil && asked.Address != a {
		return nil, errQuestion
	}
	if err != nil {
		return nil, err
	}
	keep, err := s.Pepper.Open("passkey question", string(a), asked.Sealed)
	return keep, errors.Join(err, tx.EndPending(asked.Hash))
}

// AskPasskey asks for a passkey of an account, or for anybody's when none is named. It
// returns the name under which the browser answers within five minutes, and what it is
// told, as JSON. NotFound "passkeys": there are none here; NotFound "no-passkey": the
// account has none; Throttled "sign-in": that network has asked too often.
func (s *Service) AskPasskey(ctx context.Context, a letterlock.Address, ip string) (id string, browser []byte, err error) {
	if s.Passkeys == nil {
		return "", nil, errNoPasskeys
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		// A whole house may sign in at nine from one network, and each asks.
		wait, err := tx.Spend(store.Budget{Name: "passkey|" + s.IPKey(ip), Size: 300, Every: time.Second})
		if err == nil && wait > 0 {
			err = &letterlock.Error{Code: letterlock.Throttled, Key: "sign-in", RetryAfter: wait}
		}
		if err != nil {
			return err
		}
		var keys []passkey.Key
		if a != "" {
			if _, keys, err = s.passkeys(tx, a); err == nil && len(keys) == 0 {
				err = errNoPasskey
			}
		}
		if err != nil {
			return err
		}
		var keep []byte
		if browser, keep, err = s.Passkeys.Ask(keys); err != nil {
			return err
		}
		id, err = s.putQuestion(tx, store.PendingProof, a, keep)
		return err
	})
	return id, browser, err
}

// answered judges the answer of a passkey to a question for an account, "" for anybody's,
// and returns which it is, as it is kept from now on. Its refusals are Invalid.
func (s *Service) answered(tx *store.Tx, question string, a letterlock.Address, sent []byte) (f store.Factor, k keptPasskey, err error) {
	if s.Passkeys == nil {
		return f, k, errQuestion
	}
	keep, err := s.takeQuestion(tx, store.PendingProof, question, a)
	if err != nil {
		return f, k, err
	}
	answer, err := passkey.Read(sent)
	if err != nil {
		return f, k, err
	}
	f, err = tx.Factor(store.Passkey, answer.ID())
	if errors.Is(err, letterlock.NotFound) || err == nil && a != "" && f.Address != a {
		return store.Factor{}, k, errPasskeyUnknown
	}
	if err == nil {
		k, err = s.openPasskey(f)
	}
	if err == nil {
		k.Key, err = s.Passkeys.Check(keep, answer, k.Key)
	}
	return f, k, err
}

// usePasskey keeps what an answer has changed.
func (s *Service) usePasskey(tx *store.Tx, f store.Factor, k keptPasskey) (err error) {
	if f.Sealed, err = s.sealPasskey(f.Address, k); err != nil {
		return err
	}
	f.Counter = int64(k.Count)
	return tx.UseFactor(f)
}

// byPasskey takes the answer of a passkey beside a password.
func (s *Service) byPasskey(tx *store.Tx, a letterlock.Address, shown Shown) error {
	f, k, err := s.answered(tx, shown.Question, a, shown.Answer)
	if err != nil {
		return err
	}
	k.Alone = true
	return s.usePasskey(tx, f, k)
}

// SignInByPasskey takes the answer of a passkey to a question for anybody's, and returns
// whose sign-in is complete by it: the device has it, and knows its holder. Invalid: the
// answer does not count, its key says why; Throttled "sign-in": too many did not.
func (s *Service) SignInByPasskey(ctx context.Context, question string, answer []byte, ip string) (by letterlock.Actor, err error) {
	budget := s.networkBudget(ip)
	var refusal error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := throttle(tx, []store.Budget{budget}); err != nil {
			return err
		}
		f, k, err := s.answered(tx, question, "", answer)
		if err == nil {
			by, err = s.opens(tx, f, k)
		}
		if err != nil && !refuses(err) {
			return err
		}
		refusal = err
		entry := letterlock.Entry{Actor: letterlock.Actor{IP: ip}, Action: "show passkey", Target: string(f.Address), Allowed: err == nil}
		if err != nil {
			entry.Reason = letterlock.KeyOf(err)
			_, err = tx.Spend(budget)
			return errors.Join(err, tx.Audit(entry))
		}
		entry.Actor, entry.Reason = by, f.Name
		return errors.Join(s.usePasskey(tx, f, k), tx.Audit(entry))
	})
	if err = errors.Join(err, refusal); err != nil {
		return letterlock.Actor{}, err
	}
	by.IP = ip
	return by, nil
}

// opens returns whom a passkey lets in by itself. An account that may not be used, or
// whose password was taken away or is not taken, has none that does: it belongs to the
// provider of single sign-on.
func (s *Service) opens(tx *store.Tx, f store.Factor, k keptPasskey) (by letterlock.Actor, err error) {
	row, err := tx.Account(f.Address)
	switch {
	case errors.Is(err, letterlock.NotFound):
		return by, errPasskeyUnknown
	case err != nil:
		return by, err
	case !row.Disabled.IsZero() || !s.hasPassword(row):
		return by, errPasskeyUnknown
	case !k.Alone:
		return by, errPasskeyPassword
	}
	return actorOf(row), nil
}

// wantPassword has the passkeys of an account shown beside its password once before
// they let in by themselves again.
func (s *Service) wantPassword(tx *store.Tx, a letterlock.Address) error {
	list, err := tx.Factors(a)
	for _, f := range list {
		if f.Kind != store.Passkey {
			continue
		}
		// One that cannot be opened lets nobody in, and must keep nobody from being kept out.
		k, broken := s.openPasskey(f)
		if broken != nil {
			continue
		}
		k.Alone = false
		sealed, wrong := s.sealPasskey(a, k)
		f.Sealed = sealed
		err = errors.Join(err, wrong, tx.SealFactor(f))
	}
	return err
}

// newPasskey is what is kept while a device makes a passkey.
type newPasskey struct {
	Name string `json:"name"`
	Keep []byte `json:"keep"`
}

// BeginPasskey takes the password and, where there is a second factor, what is shown of
// it, and has a browser make a passkey with that name within five minutes: it returns
// under which name the browser answers, and what it is told, as JSON. Invalid
// "passkey-name": it needs a name that no other of theirs has; "passkey-many": there are
// ten. Its other errors are those of Authenticate, FinishStep and AskPasskey.
func (s *Service) BeginPasskey(ctx context.Context, by letterlock.Actor, password string, shown Shown, name string) (id string, browser []byte, err error) {
	if s.Passkeys == nil {
		return "", nil, errNoPasskeys
	}
	name = strings.TrimSpace(name)
	if !rightPasskeyName(name) {
		return "", nil, errPasskeyName
	}
	err = s.proved(ctx, by, password, shown, "begin passkey", func(tx *store.Tx, _ *letterlock.Entry) error {
		list, keys, err := s.passkeys(tx, by.Address)
		if err == nil {
			err = fitsAmong(list, name)
		}
		if err != nil {
			return err
		}
		holder := passkey.Holder{Name: string(by.Address), Keys: keys}
		if len(keys) > 0 {
			holder.Handle = keys[0].Holder
		} else {
			holder.Handle = make([]byte, 32)
			rand.Read(holder.Handle) // never fails
		}
		var keep []byte
		if browser, keep, err = s.Passkeys.Make(holder); err != nil {
			return err
		}
		if keep, err = json.Marshal(newPasskey{name, keep}); err != nil {
			return err
		}
		id, err = s.putQuestion(tx, store.PendingKey, by.Address, keep)
		return err
	})
	return id, browser, err
}

func rightPasskeyName(name string) bool {
	return rightName(name) && utf8.RuneCountInString(name) <= maxPasskeyName
}

// fitsAmong refuses a passkey that is one too many, or has the name of another.
func fitsAmong(list []store.Factor, name string) error {
	if len(list) >= maxPasskeys {
		return errPasskeyMany
	}
	if slices.ContainsFunc(list, func(f store.Factor) bool { return f.Name == name }) {
		return errPasskeyName
	}
	return nil
}

// FinishPasskey takes what the browser sends that has made a passkey, which counts from
// then on. All sessions of the account end: the caller begins another. It returns
// recovery codes if there are none left from before. Invalid: the passkey does not
// count, its key says why.
func (s *Service) FinishPasskey(ctx context.Context, by letterlock.Actor, id string, sent []byte) (codes []string, err error) {
	var refusal error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		f, err := s.made(tx, by.Address, id, sent)
		if err != nil && !refuses(err) {
			return err
		}
		entry := letterlock.Entry{Actor: by, Action: "add passkey", Target: string(by.Address), Reason: f.Name, Allowed: err == nil}
		if refusal = err; err != nil {
			entry.Reason = letterlock.KeyOf(err)
			return tx.Audit(entry)
		}
		err = errors.Join(tx.AddFactor(f), tx.EndAllPending(by.Address), tx.EndSessions(letterlock.Staff, by.Address), taken(tx, by.Address, f.ID, journal.Factor),
			s.tell(tx, by.Address, by, letterlock.PasskeyAdded), tx.Audit(entry))
		if err != nil {
			return err
		}
		codes, err = s.firstCodes(tx, by.Address)
		return err
	})
	return codes, s.told(errors.Join(err, refusal))
}

// made is the passkey that a browser has made for an account.
func (s *Service) made(tx *store.Tx, a letterlock.Address, id string, sent []byte) (f store.Factor, err error) {
	if s.Passkeys == nil {
		return f, errQuestion
	}
	b, err := s.takeQuestion(tx, store.PendingKey, id, a)
	if err != nil {
		return f, err
	}
	var begun newPasskey
	if err := json.Unmarshal(b, &begun); err != nil {
		return f, err
	}
	key, err := s.Passkeys.Made(begun.Keep, sent)
	if err != nil {
		return f, err
	}
	if _, err := tx.Factor(store.Passkey, key.ID); !errors.Is(err, letterlock.NotFound) {
		return f, errors.Join(err, errPasskeyExists)
	}
	list, _, err := s.passkeys(tx, a)
	if err == nil {
		err = fitsAmong(list, begun.Name) // once more: two may have been begun
	}
	if err != nil {
		return f, err
	}
	sealed, err := s.sealPasskey(a, keptPasskey{Key: key, Alone: true})
	return store.Factor{Kind: store.Passkey, Handle: key.ID, Address: a, ID: letterlock.NewID(), Name: begun.Name,
		Sealed: sealed, Counter: int64(key.Count)}, err
}

// RemovePasskey makes sure that a passkey counts no more. With the last factor the
// recovery codes go, too. NotFound "no-passkey": the account has none such. Its other
// errors are those of Authenticate and FinishStep.
func (s *Service) RemovePasskey(ctx context.Context, by letterlock.Actor, password string, shown Shown, id letterlock.ID) error {
	return s.told(s.proved(ctx, by, password, shown, "remove passkey", func(tx *store.Tx, entry *letterlock.Entry) error {
		_, f, err := passkeyAmong(tx, by.Address, id)
		if err != nil {
			return err
		}
		entry.Reason = f.Name
		_, err = tx.DeleteFactor(id, by.Address)
		return errors.Join(err, taken(tx, by.Address, id, journal.Factor), forgetCodes(tx, by.Address), s.tell(tx, by.Address, by, letterlock.PasskeyRemoved))
	}))
}

// passkeyAmong returns the factors of an account and the passkey among them that has that
// ID, or NotFound "no-passkey".
func passkeyAmong(tx *store.Tx, a letterlock.Address, id letterlock.ID) (list []store.Factor, f store.Factor, err error) {
	if list, err = tx.Factors(a); err != nil {
		return nil, f, err
	}
	i := slices.IndexFunc(list, func(f store.Factor) bool { return f.Kind == store.Passkey && f.ID == id })
	if i < 0 {
		return nil, f, errNoPasskey
	}
	return list, list[i], nil
}

// RenamePasskey calls a passkey otherwise, for its holder alone: what it opens stays as it
// is. Invalid "passkey-name": it needs a name of 1 to 64 characters that no other of theirs
// has; NotFound "no-passkey": the account has none such. Its other errors are those of
// Authenticate and FinishStep.
func (s *Service) RenamePasskey(ctx context.Context, by letterlock.Actor, password string, shown Shown, id letterlock.ID, name string) error {
	name = strings.TrimSpace(name)
	if !rightPasskeyName(name) {
		return errPasskeyName
	}
	return s.proved(ctx, by, password, shown, "rename passkey", func(tx *store.Tx, entry *letterlock.Entry) error {
		list, f, err := passkeyAmong(tx, by.Address, id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(other store.Factor) bool { return other.ID != id && other.Name == name }) {
			return errPasskeyName
		}
		entry.Reason = f.Name + ": " + name
		_, err = tx.RenameFactor(id, by.Address, name)
		return err
	})
}
