package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"letterlock/internal/letterlock"

	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id: 19 MiB, two passes, one lane, as OWASP's password
// storage sheet recommends.
const (
	memory = 19 * 1024 // KiB
	passes = 2
	lanes  = 1
	length = 32
)

// MinPassword and MaxPassword bound the length of a password in bytes.
const (
	MinPassword = 8
	MaxPassword = 256
)

var errPassword = errors.New("a password has 8 to 256 bytes")

// Hash returns the PHC string of another secret than a password, in the same places.
func (s *Service) Hash(ctx context.Context, secret string) (string, error) {
	return s.hash(ctx, secret)
}

// Verify reports whether a secret has that hash, in the same places.
func (s *Service) Verify(ctx context.Context, hashed, secret string) (bool, error) {
	return s.verify(ctx, hashed, secret)
}

// hash returns a password's PHC string.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "password", Err: errPassword}
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	key, err := s.derive(ctx, password, salt)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, b64(salt), b64(key)), nil
}

// nobody is the hash against which passwords of unknown accounts are tried. Its
// key is one that no password is known to have.
var nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes,
	base64.RawStdEncoding.EncodeToString(make([]byte, 16)), base64.RawStdEncoding.EncodeToString(make([]byte, length)))

// verify reports whether password has that hash.
func (s *Service) verify(ctx context.Context, hashed, password string) (bool, error) {
	if hashed == "" || len(password) > MaxPassword {
		hashed = nobody
	}
	fields := strings.Split(hashed, "$")
	parameters := fmt.Sprintf("m=%d,t=%d,p=%d", memory, passes, lanes)
	if len(fields) != 6 || fields[1] != "argon2id" || fields[3] != parameters {
		return false, fmt.Errorf("password hash of unknown kind")
	}
	salt, err := base64.RawStdEncoding.DecodeString(fields[4])
	if err != nil {
		return false, err
	}
	want, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil {
		return false, err
	}
	got, err := s.derive(ctx, password, salt)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (s *Service) derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case s.hashing <- struct{}{}:
		began := time.Now()
		defer func() { s.rest(time.Since(began)) }()
	case <-ctx.Done():
		return nil, &letterlock.Error{Code: letterlock.Busy, Err: ctx.Err()}
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, length), nil
}

// rest gives the place of a password that was hashed back after as long as that took:
// however many passwords come, there is a core for everything else.
func (s *Service) rest(took time.Duration) { time.AfterFunc(took, func() { <-s.hashing }) }
