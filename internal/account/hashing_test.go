package account

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

func TestHashingWaitsForItsTurnAsLongAsTheContextLasts(t *testing.T) {
	s := New(nil, seal.Pepper{}, nil, nil)
	for range cap(s.hashing) {
		s.hashing <- struct{}{} // everybody is busy
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.verify(ctx, "", "some password")
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, letterlock.Busy) {
		t.Errorf("verify: %v, want Busy", err)
	}
	go func() {
		_, err := s.hash(t.Context(), "some password")
		done <- err
	}()
	<-s.hashing // one is done
	if err := <-done; err != nil {
		t.Errorf("hash after a place was free: %v", err)
	}
	s.hashing <- struct{}{} // blocks for ever if the place is not given back
}

func TestAPlaceForHashingRestsForAsLongAsItWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(nil, seal.Pepper{}, nil, nil)
		s.hashing <- struct{}{}
		began := time.Now()
		s.rest(20 * time.Millisecond)
		for range cap(s.hashing) {
			s.hashing <- struct{}{}
		}
		if got := time.Since(began); got != 20*time.Millisecond {
			t.Errorf("the place is free after %v, want 20 ms", got)
		}
	})
}

func TestUnknownKindsOfHashFitNoPassword(t *testing.T) {
	s := New(nil, seal.Pepper{}, nil, nil)
	good, err := s.hash(t.Context(), "some password")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.verify(t.Context(), good, "some password"); !ok || err != nil {
		t.Fatalf("verify of a good hash: %v, %v", ok, err)
	}
	for _, hashed := range []string{
		"some password", "$", "$$$$$", "$argon2i" + good[9:], "$2a$10$abcdefghijklmnopqrstuv", good + "$", good[:len(good)-1] + "!",
		"$argon2id$v=19$m=19456,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
	} {
		if ok, _ := s.verify(t.Context(), hashed, "some password"); ok {
			t.Errorf("%q fits the password", hashed)
		}
	}
}

// An answer that comes at once for unknown addresses would tell which exist.
func TestUnknownAccountsCostAsMuchWork(t *testing.T) {
	s := New(nil, seal.Pepper{}, nil, nil)
	good, err := s.hash(t.Context(), "some password")
	if err != nil {
		t.Fatal(err)
	}
	fastest := func(hashed string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			if ok, err := s.verify(t.Context(), hashed, "another password"); ok || err != nil {
				t.Fatalf("verify: %v, %v", ok, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	if known, unknown := fastest(good), fastest(""); unknown < known/3 {
		t.Errorf("an unknown account is refused in %v, a known one in %v", unknown, known)
	}
}
