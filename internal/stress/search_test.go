package stress

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"sync"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// wrapLength is that of a wrapped key: epoch, salt, suite, nonce, key and tag.
const wrapLength, suiteAt = 4 + 16 + 1 + 12 + 16 + 16, 4 + 16

// candidates returns every place in raw bytes that might be a wrapped key.
func candidates(raw []byte, newest uint32) (list [][]byte) {
	seen := map[string]bool{}
	for i := 0; i+wrapLength <= len(raw); i++ {
		if raw[i] != 0 || raw[i+suiteAt] != 1 {
			continue
		}
		if epoch := binary.BigEndian.Uint32(raw[i:]); epoch == 0 || epoch > newest {
			continue
		}
		if w := raw[i : i+wrapLength]; !seen[string(w)] {
			seen[string(w)] = true
			list = append(list, bytes.Clone(w))
		}
	}
	return list
}

// opened counts the mails of which one of these holders' keys is among what was
// found, and can be opened.
func opened(found [][]byte, ring *seal.Keyring, mails []*mail, holders func(*mail) []string) int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	n := 0
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < len(mails); i += 2 {
				if opens(found, ring, mails[i].id, holders(mails[i])) {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return n
}

func opens(found [][]byte, ring *seal.Keyring, id letterlock.ID, holders []string) bool {
	for _, w := range found {
		for _, h := range holders {
			if _, err := ring.Unwrap(w, id, h); err == nil {
				return true
			}
		}
	}
	return false
}

func anyHolder(m *mail) []string { return m.holders }
func whoLost(m *mail) []string   { return []string{m.revoked} }

// prefix is how many bytes of a word are looked up at each place.
const prefix = 8

// holding counts for each part of the mails the words that are found among raw bytes,
// as they are or as mails encode them.
func holding(raw []byte, mails []*mail) map[string]int {
	type needle struct{ part, word, text string }
	begins := map[string][]needle{}
	for _, m := range mails {
		for part, w := range m.words {
			for _, text := range []string{w, base64.StdEncoding.EncodeToString([]byte(w))} {
				begins[text[:prefix]] = append(begins[text[:prefix]], needle{part, w, text})
			}
		}
	}
	seen, parts := map[string]bool{}, map[string]int{}
	for i := 0; i+prefix <= len(raw); i++ {
		for _, n := range begins[string(raw[i:i+prefix])] {
			if !seen[n.word] && bytes.HasPrefix(raw[i:], []byte(n.text)) {
				seen[n.word] = true
				parts[n.part]++
			}
		}
	}
	return parts
}
