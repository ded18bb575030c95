package outbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// Sample sends an administrator the notification of a brand in a language, as recipients
// get it. Its link leads to no message. It is Busy "relay" if the relay does not take it now.
func (s *Service) Sample(ctx context.Context, by letterlock.Actor, brand string, in language.Words) error {
	if !by.Is(letterlock.Admin) || by.Address == "" {
		return &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}
	}
	me := letterlock.Mailbox{Name: by.Name, Address: by.Address}
	id := letterlock.NewID()
	m := letterlock.Message{ID: id, Sender: me, Brand: brand}
	r := letterlock.Recipient{ID: id, Message: id, Mailbox: me, Reference: id.Reference(), Experience: letterlock.Link}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		m.Accepted = tx.Now
		return tx.Audit(letterlock.Entry{Actor: by, Action: "send test mail", Target: brand, Reason: in.Tag(), Allowed: true})
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := s.Notifier.In(in).Notification(&b, m.Accepted, m, r, vault.NewToken()); err != nil {
		return err
	}
	fields, err := s.sign(bytes.NewReader(b.Bytes()))
	if err != nil {
		return err
	}
	if err := s.Mailer.Send(ctx, string(s.Notifier.From), by.Address, bytes.NewReader(slices.Concat([]byte(fields), b.Bytes()))); err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Key: "relay", Err: fmt.Errorf("sending a test mail: %w", err)}
	}
	return nil
}
