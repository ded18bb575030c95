package access

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// A Preview is a message and its recipients as an act would leave them.
type Preview struct {
	Message    letterlock.Message
	Recipients []letterlock.Recipient
}

// PreviewRevoke returns what Revoke would leave, or why it would refuse. It changes
// nothing, and nothing of it is in the audit log.
func (s *Service) PreviewRevoke(ctx context.Context, by letterlock.Actor, id letterlock.ID, from ...letterlock.Address) (Preview, error) {
	return s.previewFor(ctx, by, id, "revoke", from, func(tx *store.Tx, r *letterlock.Recipient) {
		if !r.Revocation.Revoked() {
			r.Revocation = letterlock.Revocation{At: tx.Now, By: mailboxOf(by), Standing: letterlock.ByAdministrator}
		}
	})
}

// PreviewRestore is PreviewRevoke for Restore.
func (s *Service) PreviewRestore(ctx context.Context, by letterlock.Actor, id letterlock.ID, to ...letterlock.Address) (Preview, error) {
	return s.previewFor(ctx, by, id, "restore", to, func(_ *store.Tx, r *letterlock.Recipient) {
		r.Revocation = letterlock.Revocation{}
	})
}

// PreviewExpiry is PreviewRevoke for SetExpiry.
func (s *Service) PreviewExpiry(ctx context.Context, by letterlock.Actor, id letterlock.ID, end time.Time) (Preview, error) {
	return s.preview(ctx, by, id, actExpiry, func(tx *store.Tx, p *Preview) error {
		if err := s.Rules.MayExpire(by, p.Message, p.Recipients); err != nil {
			return err
		}
		end, err := withinOriginal(tx, p.Message, end)
		if err != nil {
			return err
		}
		if err := errors.Join(policy.CheckEnd(end, tx.Now), policy.CheckRuled(by, p.Message, end)); err != nil {
			return err
		}
		p.Message.Expires = end
		return nil
	})
}

// previewFor is preview of an act on some recipients, or on all.
func (s *Service) previewFor(ctx context.Context, by letterlock.Actor, id letterlock.ID, action string, which []letterlock.Address,
	act func(*store.Tx, *letterlock.Recipient)) (Preview, error) {
	return s.preview(ctx, by, id, action, func(tx *store.Tx, p *Preview) error {
		chosen, err := s.allowed(by, p.Message, p.Recipients, action, which)
		if err != nil {
			return err
		}
		for _, c := range chosen {
			for i := range p.Recipients {
				if p.Recipients[i].ID == c.ID {
					act(tx, &p.Recipients[i])
				}
			}
		}
		return nil
	})
}

// preview is for those who may revoke everything; a sender sees on the page before
// the act what it would do.
func (s *Service) preview(ctx context.Context, by letterlock.Actor, id letterlock.ID, action string,
	act func(*store.Tx, *Preview) error) (p Preview, err error) {
	if !by.Is(letterlock.Revoker) {
		return Preview{}, s.refuse(ctx, letterlock.Entry{Actor: by, Action: action, Message: id}, errRole)
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		if p.Message, err = tx.Message(id); errors.Is(err, letterlock.NotFound) {
			return errNoMessage
		} else if err != nil {
			return err
		}
		if p.Recipients, err = tx.Recipients(id); err != nil {
			return err
		}
		return act(tx, &p)
	})
	if err != nil {
		return Preview{}, err
	}
	return p, nil
}
