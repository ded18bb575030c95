package vault

import (
	"crypto/hmac"
	"encoding/base32"
	"strconv"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// A ReturnPath says which notice to which recipient has come back.
type ReturnPath struct {
	Recipient letterlock.ID
	Notice    int64
}

// returnTag is how much of the keyed hash an address carries: 80 bits, which nobody
// guesses through a mail server. All of it fits into the 64 bytes of a local part.
const returnTag = 10

var tagEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// returnLocal begins the return paths of all notices.
const returnLocal = "bounce+"

// Address is where what becomes of the notice is told, an address of our own domain
// (VERP). IDs of recipients stand in pages, exports and the audit log: without the
// tag, whoever has seen one could report that the recipient cannot be reached.
func (r ReturnPath) Address(p seal.Pepper, domain string) letterlock.Address {
	return letterlock.Address(returnLocal + r.named() + "." + r.tag(p) + "@" + domain)
}

// named is the notice and its recipient in lower case, which survives servers that do
// not know better.
func (r ReturnPath) named() string {
	return string(r.Recipient) + "." + strconv.FormatInt(r.Notice, 36)
}

func (r ReturnPath) tag(p seal.Pepper) string {
	return tagEncoding.EncodeToString(p.Hash("return path", r.named())[:returnTag])
}

// OpenReturnPath reads what Address made for the same domain, or reports NotFound.
func OpenReturnPath(p seal.Pepper, to letterlock.Address, domain string) (r ReturnPath, err error) {
	none := &letterlock.Error{Code: letterlock.NotFound}
	local := strings.ToLower(to.Local())
	parts := strings.Split(strings.TrimPrefix(local, returnLocal), ".")
	if len(parts) != 3 {
		return r, none
	}
	if r.Recipient, err = letterlock.ParseID(parts[0]); err != nil {
		return ReturnPath{}, none
	}
	if r.Notice, err = strconv.ParseInt(parts[1], 36, 64); err != nil {
		return ReturnPath{}, none
	}
	// It is what we would have written, and nothing that only reads the same. Compared
	// in a time that does not say how much of it is right.
	made := r.Address(p, domain)
	if !hmac.Equal([]byte(made), []byte(local+"@"+to.Domain())) {
		return ReturnPath{}, none
	}
	return r, nil
}
