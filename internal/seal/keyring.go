package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"letterlock/internal/letterlock"
)

// A Master is the key that opens the keyring. It is kept outside the data folder
// and its backup, because data and master together open everything.
type Master struct{ key secret }

func readSecret(path string) (secret, error) {
	b, err := readKey(path, len(secret{}))
	if err != nil {
		return secret{}, err
	}
	return secret(b), nil
}

func createSecret(path string) (secret, error) {
	s := newSecret()
	return s, writeKey(path, s[:])
}

// A Keyring holds the epoch keys that are alive. It is safe for concurrent use,
// also while [Files.AddEpoch] and [Files.EndEpoch] change it.
type Keyring struct {
	mu      sync.RWMutex
	epochs  map[uint32]secret
	current uint32
}

// A Holder names who a wrapped key is for: a link recipient or the sender's copy.
type Holder = string

// openKeyring reads the epoch keys in dir; there may be none. The keys exist in
// these files only, never in the database.
func openKeyring(dir string, m Master) (*Keyring, error) {
	names, err := epochFiles(dir)
	if err != nil {
		return nil, err
	}
	k := &Keyring{epochs: make(map[uint32]secret)}
	for number, name := range names {
		if k.epochs[number], err = openEpoch(filepath.Join(dir, name), number, m); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		k.current = max(k.current, number)
	}
	return k, nil
}

// epochFiles returns the names of the files with epoch keys, by number. A folder
// that is missing has none.
func epochFiles(dir string) (map[uint32]string, error) {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s is not a folder for its owner alone: set its mode to 0700", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make(map[uint32]string)
	for _, e := range entries {
		if number, ok := epochOf(e.Name()); ok { // others are left over from an interrupted write
			names[number] = e.Name()
		}
	}
	return names, nil
}

func epochOf(name string) (uint32, bool) {
	s, ok := strings.CutPrefix(name, "epoch-")
	if !ok {
		return 0, false
	}
	if s, ok = strings.CutSuffix(s, ".key"); !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n > 0
}

func epochPurpose(number uint32) string { return fmt.Sprintf("letterlock/v1/epoch/%d", number) }

func openEpoch(path string, number uint32, m Master) (secret, error) {
	sealed, err := readKey(path, 0)
	if err != nil {
		return secret{}, err
	}
	b, err := m.key.open(epochPurpose(number), sealed)
	if err != nil || len(b) != len(secret{}) {
		return secret{}, errors.Join(ErrTampered, errors.New("is this the right master key?"))
	}
	return secret(b), nil
}

func epochFile(dir string, number uint32) string {
	return filepath.Join(dir, fmt.Sprintf("epoch-%d.key", number))
}

// createEpoch makes the key of an epoch, on disk when it returns.
func createEpoch(dir string, number uint32, m Master) (secret, error) {
	s := newSecret()
	return s, writeKey(epochFile(dir, number), m.key.close(epochPurpose(number), s[:]))
}

// Epoch returns the number of the epoch whose key wraps from now on.
func (k *Keyring) Epoch() uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// Epochs returns the numbers of the epochs whose keys are alive, oldest first.
func (k *Keyring) Epochs() []uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Sorted(maps.Keys(k.epochs))
}

const saltSize = 16

// wrapKey derives the key that wraps one data key for one holder. Without the
// names in it, a wrap could be moved to another message or another holder.
func wrapKey(epoch secret, salt []byte, message letterlock.ID, holder Holder) secret {
	return epoch.derive(salt, "letterlock/v1/wrap|"+string(message)+"|"+holder)
}

// Wrap encrypts a message's data key for one holder, under the current epoch.
// Layout: epoch (4 bytes), salt (16), AES-256-GCM.
//
// What is to stay must be wrapped inside the transaction that stores it. The end of
// an epoch looks for what is left under it in a transaction of its own, and a wrap
// that was made before and stored after would be found by nobody.
func (k *Keyring) Wrap(d DataKey, message letterlock.ID, holder Holder) []byte {
	k.mu.RLock()
	current, epoch := k.current, k.epochs[k.current]
	k.mu.RUnlock()
	out := binary.BigEndian.AppendUint32(nil, current)
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	out = append(out, salt...)
	return append(out, wrapKey(epoch, salt, message, holder).close("data key", d.key[:])...)
}

// EpochOf returns the number of the epoch that Wrap has wrapped under.
func EpochOf(wrapped []byte) uint32 {
	if len(wrapped) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(wrapped)
}

// Unwrap decrypts what Wrap made for the same message and holder, or returns
// ErrTampered; also when the epoch's key is gone, which is how rotation makes
// old wraps worthless. It must be called inside the transaction that has read the
// wrap: the key of an epoch ends when nobody reads any more what was wrapped under it.
func (k *Keyring) Unwrap(wrapped []byte, message letterlock.ID, holder Holder) (DataKey, error) {
	if len(wrapped) < 4+saltSize {
		return DataKey{}, ErrTampered
	}
	k.mu.RLock()
	epoch, ok := k.epochs[EpochOf(wrapped)]
	k.mu.RUnlock()
	if !ok {
		return DataKey{}, ErrTampered
	}
	salt, rest := wrapped[4:4+saltSize], wrapped[4+saltSize:]
	b, err := wrapKey(epoch, salt, message, holder).open("data key", rest)
	if err != nil || len(b) != dataKeySize {
		return DataKey{}, ErrTampered
	}
	var d DataKey
	copy(d.key[:], b)
	clear(b)
	return d, nil
}

// A Pepper is a key for secrets that people carry: links, passcodes, browsers.
// What the database holds of them is worth nothing without it.
type Pepper struct{ key secret }

// Hash returns a keyed hash (HMAC-SHA-256) of a value for one purpose. The value
// is the message of the HMAC and never its key, which would be the same with
// zeros behind it.
func (p Pepper) Hash(purpose, value string) []byte {
	key := p.key.derive(nil, "letterlock/v1/hash|"+purpose)
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(value)) // a hash never fails
	return h.Sum(nil)
}

// Seal encrypts a small secret for one purpose; bind names what it belongs to.
func (p Pepper) Seal(purpose, bind string, value []byte) []byte {
	return p.key.derive(nil, "letterlock/v1/seal|"+purpose).close(bind, value)
}

// Open decrypts what Seal made for the same purpose and bind.
func (p Pepper) Open(purpose, bind string, sealed []byte) ([]byte, error) {
	return p.key.derive(nil, "letterlock/v1/seal|"+purpose).open(bind, sealed)
}
