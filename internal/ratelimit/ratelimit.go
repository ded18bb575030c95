// Package ratelimit counts what each of many callers does and says when one of
// them has to wait. A Limiter is a table of token buckets with a fixed number of
// rows, so that memory stays flat whoever knocks.
//
// The table forgets when the program ends. A budget that guards a secret, such
// as the tries of a passcode, belongs in the database; this one guards work.
package ratelimit

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Limiter gives each key its own bucket of tokens. It is safe for concurrent use.
//
// When the table is full a new key takes the row of the key that was used
// longest ago among those that may still act: losing its row costs such a key
// nothing but a few tokens regained early. A key that has to wait keeps its row
// while there is any other, so nobody frees a blocked key by knocking under many
// names: that would take every row blocked, which is burst times maxKeys
// requests from as many keys, each time, for one more burst. Only then the key
// that has been blocked longest gives way. The other choice, to refuse new keys
// while the table is full of blocked ones, would let the same attacker shut out
// everybody else, which is worse than what it prevents.
type Limiter struct {
	perEvery time.Duration
	burst    int
	maxKeys  int
	now      func() time.Time

	mu      sync.Mutex
	rows    map[string]*list.Element // each holds a *row and is in free or in blocked
	free    *list.List               // may act, as far as known; longest unused first
	blocked *list.List               // had to wait when last looked at; longest blocked first
}

// A row is the bucket of one key.
type row struct {
	key     string
	bucket  *rate.Limiter
	blocked bool // which of the two lists it is in
}

// New returns a limiter whose keys may each act burst times at once, and once
// more for every perEvery that passes. It remembers at most maxKeys keys. All
// three must be positive.
func New(perEvery time.Duration, burst int, maxKeys int, now func() time.Time) *Limiter {
	if perEvery <= 0 || burst < 1 || maxKeys < 1 {
		panic("ratelimit: internal error: a limit that is not positive")
	}
	return &Limiter{
		perEvery: perEvery,
		burst:    burst,
		maxKeys:  maxKeys,
		now:      now,
		rows:     make(map[string]*list.Element),
		free:     list.New(),
		blocked:  list.New(),
	}
}

// Allow reports whether key may act now, and takes a token if so. If not, key
// may act again after retryAfter; asking early costs nothing and gains nothing.
func (l *Limiter) Allow(key string) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	e := l.row(key, now)
	r := e.Value.(*row)
	ok = r.bucket.AllowN(now, 1)
	if !ok {
		retryAfter = wait(r.bucket, now)
	}
	l.file(e, r.bucket.TokensAt(now) < 1)
	return ok, retryAfter
}

// wait returns how long it takes until the bucket holds a token, in whole
// milliseconds. The bucket counts in floating point and its own answer can be a
// nanosecond short, which would send an obedient caller back too early.
func wait(bucket *rate.Limiter, now time.Time) time.Duration {
	r := bucket.ReserveN(now, 1)
	d := r.DelayFrom(now)
	r.CancelAt(now) // gives the token back: the bucket is as it was
	d = (d + time.Millisecond - 1).Truncate(time.Millisecond)
	if bucket.TokensAt(now.Add(d)) < 1 {
		d += time.Millisecond
	}
	return d
}

// row returns the row of key, and makes one when there is none.
func (l *Limiter) row(key string, now time.Time) *list.Element {
	if e, ok := l.rows[key]; ok {
		return e
	}
	if len(l.rows) >= l.maxKeys {
		l.evict(now)
	}
	bucket := rate.NewLimiter(rate.Every(l.perEvery), l.burst)
	e := l.free.PushBack(&row{key: key, bucket: bucket})
	l.rows[key] = e
	return e
}

// file puts a row that was just used where it belongs. A row that stays blocked
// keeps its place: it is filed by when its wait began.
func (l *Limiter) file(e *list.Element, blocked bool) {
	r := e.Value.(*row)
	switch {
	case r.blocked && blocked:
		return
	case !r.blocked && !blocked:
		l.free.MoveToBack(e)
		return
	case r.blocked:
		l.blocked.Remove(e)
		l.rows[r.key] = l.free.PushBack(r)
	default:
		l.free.Remove(e)
		l.rows[r.key] = l.blocked.PushBack(r)
	}
	r.blocked = blocked
}

// evict removes one row. Rows whose wait has passed unnoticed are moved over
// first, as the longest unused: each is moved once for each time it was blocked,
// so the work is constant over time.
func (l *Limiter) evict(now time.Time) {
	for e := l.blocked.Front(); e != nil; e = l.blocked.Front() {
		r := e.Value.(*row)
		if r.bucket.TokensAt(now) < 1 {
			break
		}
		l.blocked.Remove(e)
		r.blocked = false
		l.rows[r.key] = l.free.PushFront(r)
	}
	victims := l.free
	if victims.Len() == 0 {
		victims = l.blocked
	}
	r := victims.Remove(victims.Front()).(*row)
	delete(l.rows, r.key)
}

// IPKey returns the key under which the address ip is counted: an IPv4 address
// itself, also when written as IPv6, and the /64 of an IPv6 address, because one
// customer of a network has all of those. What is no address is counted together.
func IPKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "unknown" // never: every IPv6 address has a /64
	}
	return p.String()
}
