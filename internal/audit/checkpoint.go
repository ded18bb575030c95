package audit

import (
	"crypto/sha256"

	"letterlock/internal/seal"
)

// A Checkpoint says what the log was like at a moment, signed. Each names the one
// before it, so that none can be left out.
type Checkpoint struct {
	Seq  int64 `json:"seq"`  // of the last row that it covers
	At   int64 `json:"at"`   // when it was made
	Hash Hash  `json:"hash"` // of that row

	// Journal is how many entries the revocation journal had on the disk, and
	// JournalHash the hash of the last; 0 and none before there was one.
	Journal     int64 `json:"journal,omitempty"`
	JournalHash Hash  `json:"journal_hash,omitempty"`

	Previous  Hash   `json:"previous"` // SHA-256 of the line of the checkpoint before; empty for the first
	Key       KeyID  `json:"key"`
	Signature []byte `json:"signature,omitempty"`
}

const checkpointPurpose = "audit checkpoint"

// NewCheckpoint signs that log and journal were as c says. previous is the line of
// the checkpoint before; empty for the first. It returns the line.
func NewCheckpoint(by seal.Signer, c Checkpoint, previous []byte) ([]byte, error) {
	c.Previous, c.Key, c.Signature = sumOf(previous), IDOf(by.Public()), nil
	text, err := unsigned(c)
	if err != nil {
		return nil, err
	}
	c.Signature = by.Sign(checkpointPurpose, text)
	return unsigned(c)
}

func sumOf(text []byte) Hash {
	if len(text) == 0 {
		return Hash{}
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// ParseCheckpoint reads the line of a checkpoint, and does not look at its
// signature.
func ParseCheckpoint(text []byte) (c Checkpoint, err error) {
	err = read(text, &c)
	return c, err
}

// Signed reports whether one of the keys has signed it.
func (c Checkpoint) Signed(keys Keys) bool { return c.forged(keys) == "" }

// forged says why a checkpoint is not one of ours; "" if it is.
func (c Checkpoint) forged(keys Keys) string {
	signature := c.Signature
	c.Signature = nil
	text, err := unsigned(c)
	if err != nil {
		return "it cannot be read"
	}
	return keys.signs(c.Key, checkpointPurpose, text, signature)
}
