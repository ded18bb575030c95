package outbox

import (
	"bytes"
	"errors"
	"io"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/vault"
)

// maxHead is how much of a mail is looked at for the fields that name it.
const maxHead = 64 << 10

// own returns the field by which the gateway knows a mail of ours, should the mail server
// in front send all mail through it. A mail whose header does not name it gets none, and
// is judged there as any other.
func (s *Service) own(mail io.Reader, to letterlock.Address) (string, error) {
	head, err := io.ReadAll(io.LimitReader(mail, maxHead))
	if err != nil {
		return "", err
	}
	end := bytes.Index(head, []byte("\r\n\r\n"))
	if end < 0 {
		return "", nil
	}
	ix, err := eml.IndexOf(head[:end+4])
	if err != nil {
		return "", errors.New("the header of the mail cannot be read")
	}
	h := ix.Header
	if h.MessageID == "" || len(h.From) != 1 {
		return "", nil
	}
	return vault.OwnField + ": " + vault.OwnTag(s.Pepper, h.MessageID, h.From[0].Address, to) + "\r\n", nil
}

// marked returns the fields that a mail leaves with in front of it: what signs it, and
// what tells us that it is our own. mail opens it anew each time.
func (s *Service) marked(mail func() io.Reader, to letterlock.Address) (fields string, err error) {
	own, err := s.own(mail(), to)
	if err != nil {
		return "", err
	}
	signature, err := s.sign(io.MultiReader(bytes.NewReader([]byte(own)), mail()))
	return signature + own, err
}
