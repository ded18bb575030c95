package account

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"image/png"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Codes are those of RFC 6238 that every authenticator app knows: six digits of
// HMAC-SHA-1, another one each 30 seconds. SHA-1 is as good as another there.
const (
	digits = 6
	period = 30
)

// A SetUp is what an authenticator app must be told.
type SetUp struct {
	Key string // to type
	QR  []byte // to scan, a PNG
}

// qrSize is the side of the picture in pixels.
const qrSize = 264

// SetUpApp returns what the holder's authenticator app must be told, the same for ten
// minutes. Invalid "totp-exists": there is an app.
func (s *Service) SetUpApp(ctx context.Context, by letterlock.Actor, issuer string) (SetUp, error) {
	var url string
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Factor(store.TOTP, []byte(by.Address)); !errors.Is(err, letterlock.NotFound) {
			return errors.Join(err, errHasTOTP)
		}
		key, err := s.pending(tx, by.Address)
		if err == nil {
			url = key
			return nil
		}
		if !errors.Is(err, letterlock.NotFound) {
			return err
		}
		made, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: string(by.Address)})
		if err != nil {
			return err
		}
		url = made.URL()
		return tx.PutPending(store.Pending{Hash: s.setUpHash(by.Address), Kind: store.PendingSetUp, Address: by.Address,
			Sealed: s.Pepper.Seal("totp set-up", string(by.Address), []byte(url)), Expires: tx.Now.Add(stepLasts)})
	})
	if err != nil {
		return SetUp{}, err
	}
	key, err := otp.NewKeyFromURL(url)
	if err != nil {
		return SetUp{}, err
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return SetUp{}, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, picture)
	return SetUp{Key: key.Secret(), QR: b.Bytes()}, err
}

func (s *Service) setUpHash(a letterlock.Address) []byte { return s.Pepper.Hash("set-up", string(a)) }

// pending is the URL of a key that no code was shown of yet.
func (s *Service) pending(tx *store.Tx, a letterlock.Address) (string, error) {
	step, err := tx.Pending(store.PendingSetUp, s.setUpHash(a))
	if err != nil {
		return "", err
	}
	b, err := s.Pepper.Open("totp set-up", string(a), step.Sealed)
	return string(b), err
}

// ConfirmApp takes the password, see [Service.Proof], and the first code of an app that was
// told its key, and where there are passkeys what is shown of the second factor, and has
// codes asked for from then on. All sessions of the account end: the caller begins another.
// It returns recovery codes if there are none left from before. Invalid "second-factor":
// the code is not right; NotFound: nothing was set up, or too long ago.
func (s *Service) ConfirmApp(ctx context.Context, by letterlock.Actor, password, code string, shown Shown) (codes []string, err error) {
	if err := s.again(ctx, by, password); err != nil {
		return nil, err
	}
	var refusal error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Factor(store.TOTP, []byte(by.Address)); !errors.Is(err, letterlock.NotFound) {
			refusal = errHasTOTP
			return err
		}
		url, err := s.pending(tx, by.Address)
		if errors.Is(err, letterlock.NotFound) {
			refusal = errNoFactor
			return nil
		}
		if err != nil {
			return err
		}
		key, err := otp.NewKeyFromURL(url)
		if err != nil {
			return err
		}
		counter, err := stepOf(key.Secret(), code, tx.Now.Unix()/period, 0)
		if err != nil {
			return err
		}
		if counter == 0 {
			refusal = errCode
			return nil
		}
		if refusal, err = s.beside(tx, by, shown); err != nil || refusal != nil {
			return err
		}
		id := letterlock.NewID()
		err = errors.Join(
			tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(by.Address), Address: by.Address, ID: id,
				Sealed: s.Pepper.Seal("totp", string(by.Address), []byte(key.Secret())), Counter: counter}),
			tx.EndAllPending(by.Address), tx.EndSessions(letterlock.Staff, by.Address), taken(tx, by.Address, id, journal.Factor),
			s.tell(tx, by.Address, by, letterlock.AppSetUp),
			tx.Audit(letterlock.Entry{Actor: by, Action: "set up app", Target: string(by.Address), Allowed: true}))
		if err != nil {
			return err
		}
		codes, err = s.firstCodes(tx, by.Address)
		return err
	})
	return codes, s.told(errors.Join(err, refusal))
}

// firstCodes makes recovery codes for an account that has none.
func (s *Service) firstCodes(tx *store.Tx, a letterlock.Address) ([]string, error) {
	if n, err := tx.RecoveryCodes(a); err != nil || n > 0 {
		return nil, err
	}
	return s.makeRecoveryCodes(tx, a)
}

// RemoveApp has no codes of an authenticator app asked for any more. With the last
// factor the recovery codes go, too.
func (s *Service) RemoveApp(ctx context.Context, by letterlock.Actor, password string, shown Shown) error {
	return s.told(s.proved(ctx, by, password, shown, "remove app", func(tx *store.Tx, _ *letterlock.Entry) error {
		f, err := tx.Factor(store.TOTP, []byte(by.Address))
		if errors.Is(err, letterlock.NotFound) {
			return errNoFactor
		}
		if err == nil {
			_, err = tx.DeleteFactor(f.ID, by.Address)
		}
		return errors.Join(err, taken(tx, by.Address, f.ID, journal.Factor), forgetCodes(tx, by.Address), s.tell(tx, by.Address, by, letterlock.AppRemoved))
	}))
}

// forgetCodes removes the recovery codes of an account that has no factor left.
func forgetCodes(tx *store.Tx, a letterlock.Address) error {
	list, err := tx.Factors(a)
	if err != nil || len(list) > 0 {
		return err
	}
	return tx.DeleteFactors(a)
}

// takeTOTP reports whether a code is one of the account's app that was not taken yet,
// and has it taken.
func (s *Service) takeTOTP(tx *store.Tx, a letterlock.Address, code string) (bool, error) {
	f, err := tx.Factor(store.TOTP, []byte(a))
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	secret, err := s.Pepper.Open("totp", string(a), f.Sealed)
	if err != nil {
		return false, err
	}
	if f.Counter, err = stepOf(string(secret), code, tx.Now.Unix()/period, f.Counter); err != nil || f.Counter == 0 {
		return false, err
	}
	return true, tx.UseFactor(f)
}

// stepOf is the period that a code belongs to, of the present one and its two
// neighbours: clocks differ. It is 0 for a code of none of them, and of one up to
// taken, whose codes were taken already.
func stepOf(secret, code string, now, taken int64) (step int64, err error) {
	for _, at := range []int64{now - 1, now, now + 1} {
		want, err := hotp.GenerateCode(secret, uint64(at))
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && at > taken {
			step = at
		}
	}
	return step, nil
}
