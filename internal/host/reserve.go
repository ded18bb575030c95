package host

import (
	"fmt"
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// A Reserve is the part of a disk that new mail may not use, so that reading it
// and removing access to it, which write too, never fail for want of room. It is
// safe for concurrent use.
type Reserve struct {
	bytes int64
	free  func() (int64, error)
	now   func() time.Time

	mu    sync.Mutex
	until time.Time // when the answer is too old
	room  error     // the answer
}

// NewReserve keeps bytes of the disk that dir is on; 0 keeps nothing.
func NewReserve(dir string, bytes int64) *Reserve {
	return &Reserve{bytes: bytes, free: func() (int64, error) { return Free(dir) }, now: time.Now}
}

// askEvery is how long an answer of the disk holds.
const askEvery = time.Second

// Room returns nil if there is room for new mail, and Busy "disk" if there is
// not. A disk that does not answer has none, as far as anybody knows: then it is
// Busy.
func (r *Reserve) Room() error {
	if r.bytes <= 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); !now.Before(r.until) {
		r.until, r.room = now.Add(askEvery), r.ask()
	}
	return r.room
}

func (r *Reserve) ask() error {
	free, err := r.free()
	if err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Err: err}
	}
	if free < r.bytes {
		return &letterlock.Error{Code: letterlock.Busy, Key: "disk",
			Err: fmt.Errorf("%d MiB are free, %d are the reserve", free>>20, r.bytes>>20)}
	}
	return nil
}
