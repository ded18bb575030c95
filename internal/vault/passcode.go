package vault

import (
	"crypto/rand"
	"crypto/subtle"
	"math/big"

	"letterlock/internal/letterlock"
)

// digits is how long a passcode is, mailed or read out by telephone.
const digits = 8

// NewPasscode makes a passcode: 8 digits, each of which is as likely as any other.
func NewPasscode() letterlock.Passcode {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic("vault: internal error: " + err.Error()) // crypto/rand never fails
	}
	s := n.String()
	return letterlock.Passcode("00000000"[len(s):] + s)
}

// IsPasscode compares what somebody typed in constant time. Spaces and hyphens, by which
// people group digits, do not count.
func IsPasscode(p letterlock.Passcode, typed string) bool {
	b, ok := normalize(typed)
	return ok && subtle.ConstantTimeCompare(b, []byte(p.Reveal())) == 1
}

func normalize(code string) ([]byte, bool) {
	if len(code) > 64 {
		return nil, false
	}
	var b []byte
	for _, c := range []byte(code) {
		switch {
		case c == ' ' || c == '-':
		case '0' <= c && c <= '9':
			b = append(b, c)
		default:
			return nil, false
		}
	}
	return b, len(b) == digits
}
