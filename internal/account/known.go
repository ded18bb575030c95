package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// knownFor is how long a password that was right needs no hashing to be right again.
const knownFor = 10 * time.Minute

// known remembers in memory which passwords were right a moment ago. Mail programs sign
// in for each mail and each look: were all of them hashed anew, then many programs
// whose connections broke in a rush would keep the server at nothing else, and so
// would break them again. It is safe for concurrent use.
//
// What is kept is an HMAC under a key that only this process has, of the password and
// of the hash that it fits: one that was changed is known no more. A wrong password
// is hashed each time.
type known struct {
	key [32]byte

	mu      sync.Mutex
	entries map[letterlock.Address]fact // the last one of each account
}

// A fact is that a password was right.
type fact struct {
	tag   [sha256.Size]byte
	until time.Time
}

func newKnown() *known {
	k := &known{entries: map[letterlock.Address]fact{}}
	rand.Read(k.key[:]) // never fails
	return k
}

func (k *known) tag(hashed, password string) (tag [sha256.Size]byte) {
	mac := hmac.New(sha256.New, k.key[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(hashed))))
	mac.Write([]byte(hashed))
	mac.Write([]byte(password))
	mac.Sum(tag[:0])
	return tag
}

// fits reports whether that password was right for that hash a moment ago.
func (k *known) fits(a letterlock.Address, hashed, password string, now time.Time) bool {
	k.mu.Lock()
	f, ok := k.entries[a]
	k.mu.Unlock()
	tag := k.tag(hashed, password)
	return ok && now.Before(f.until) && hmac.Equal(f.tag[:], tag[:])
}

// remember keeps that a password was right, and forgets what is too long ago.
func (k *known) remember(a letterlock.Address, hashed, password string, now time.Time) {
	f := fact{k.tag(hashed, password), now.Add(knownFor)}
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.entries, func(_ letterlock.Address, f fact) bool { return !now.Before(f.until) })
	k.entries[a] = f
}
