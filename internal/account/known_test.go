package account

import (
	"context"
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

func TestARightPasswordIsKnownForAWhile(t *testing.T) {
	const hashed, password = "$argon2id$of ada", "correct horse battery"
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	k := newKnown()
	k.remember("ada@contoso.example", hashed, password, now)
	tests := []struct {
		name             string
		who              string
		hashed, password string
		after            time.Duration
		want             bool
	}{
		{name: "at once", who: "ada", hashed: hashed, password: password, want: true},
		{name: "a little later", who: "ada", hashed: hashed, password: password, after: knownFor - 1, want: true},
		{name: "too late", who: "ada", hashed: hashed, password: password, after: knownFor},
		{name: "another password", who: "ada", hashed: hashed, password: password + "!"},
		{name: "no password", who: "ada", hashed: hashed},
		{name: "after the password was changed", who: "ada", hashed: hashed + "2", password: password},
		{name: "the border between hash and password moved", who: "ada", hashed: hashed + password, password: ""},
		{name: "somebody else", who: "bob", hashed: hashed, password: password},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := k.fits(letterlock.Address(tt.who+"@contoso.example"), tt.hashed, tt.password, now.Add(tt.after)); got != tt.want {
				t.Errorf("fits = %v, want %v", got, tt.want)
			}
		})
	}
	k.remember("bob@contoso.example", hashed, password, now.Add(knownFor))
	if len(k.entries) != 1 {
		t.Errorf("%d are remembered, want the one that is not too long ago", len(k.entries))
	}
	if other := newKnown(); other.tag(hashed, password) == k.tag(hashed, password) {
		t.Error("two processes make the same of a password: it could be looked up")
	}
}

// Nobody who signs in again waits behind those whose passwords are hashed.
func TestWhoSignsInAgainIsNotHashedAnew(t *testing.T) {
	const ada, ip, password = "ada@contoso.example", "192.0.2.1", "correct horse battery"
	db, err := store.Open(t.Context(), t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, system := New(db, seal.Pepper{}, func(ip string) string { return ip }, func() {}), letterlock.Actor{Kind: letterlock.System}
	grace := letterlock.Mailbox{Address: "grace@contoso.example"}
	err = errors.Join(
		s.Put(t.Context(), system, letterlock.Mailbox{Address: ada}, password, letterlock.Sender),
		s.Put(t.Context(), system, grace, password, letterlock.Admin))
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password string, patience time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := s.Authenticate(ctx, ada, password, ip)
		return err
	}
	const long, short = time.Minute, 200 * time.Millisecond
	if err := signIn(password, long); err != nil {
		t.Fatal(err)
	}
	for range cap(s.hashing) {
		s.hashing <- struct{}{} // everybody is busy
	}
	if err := signIn(password, long); err != nil {
		t.Errorf("the password that was right a moment ago: %v", err)
	}
	if err := signIn(password+"!", short); !errors.Is(err, letterlock.Busy) {
		t.Errorf("a wrong password: %v, want it to wait until it is hashed", err)
	}
	if err := s.Disable(t.Context(), system, ada); err != nil {
		t.Fatal(err)
	}
	if err := signIn(password, short); !errors.Is(err, letterlock.Busy) {
		t.Errorf("a disabled account, with its password: %v, want it to take as long as any", err)
	}
}
