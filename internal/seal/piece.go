package seal

import (
	"crypto/rand"
	"strconv"

	"letterlock/internal/letterlock"
)

// NewDataKey returns a fresh key, for what is sealed in pieces.
func NewDataKey() (d DataKey) {
	rand.Read(d.key[:]) // never fails
	return d
}

// SealPiece encrypts one piece of a file that arrives piece by piece, which no
// stream can: a stream is sealed from its beginning to its end. Each piece is a
// small value of its own, bound to the file, to its place in it and to the length
// of all of it. So pieces of equal length that are all there, and together as long
// as the file was announced, are the file: none can be moved, left out or come
// from another.
func (d DataKey) SealPiece(file letterlock.ID, place, length int64, piece []byte) []byte {
	return d.forPieces().close(pieceName(file, place, length), piece)
}

// OpenPiece decrypts what SealPiece made for the same file, place and length.
func (d DataKey) OpenPiece(file letterlock.ID, place, length int64, sealed []byte) ([]byte, error) {
	return d.forPieces().open(pieceName(file, place, length), sealed)
}

func pieceName(file letterlock.ID, place, length int64) string {
	return string(file) + "|" + strconv.FormatInt(place, 10) + "|" + strconv.FormatInt(length, 10)
}

func (d DataKey) forPieces() secret {
	var s secret
	copy(s[:], d.key[:])
	return s.derive(nil, "letterlock/v1/piece")
}
