package auditlog

import (
	"context"
	"errors"
	"slices"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// ProveNonAccess returns a signed statement that a recipient of a message never
// opened it. Denied "was-read": they did, or downloaded something of it; Denied
// "inline": they got the message itself; Invalid "recipient": they are none of
// this message; NotFound "no-message": there is no such message. Refusals are
// recorded, as the statement is.
//
// What it says is of one moment: history and audit log are read in the transaction
// that records it, and whoever reads has a row in both before any content leaves.
func (s *Service) ProveNonAccess(ctx context.Context, by letterlock.Actor, id letterlock.ID, recipient letterlock.Address) ([]byte, error) {
	const action = "prove non-access"
	if err := s.may(ctx, by, action, id, recipient); err != nil {
		return nil, err
	}
	var file []byte
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		statement, why, err := s.statement(tx, id, recipient)
		if err != nil {
			return err
		}
		refusal = why
		entry := letterlock.Entry{Actor: by, Action: action, Message: id, Target: string(recipient), Allowed: refusal == nil}
		if refusal != nil {
			entry.Reason = letterlock.KeyOf(refusal)
		}
		if err := tx.Audit(entry); err != nil || refusal != nil {
			return err
		}
		if statement.Audit.Seq, statement.Audit.Hash, err = tx.AuditHead(); err != nil {
			return err
		}
		file, err = statement.Sign(s.Signer)
		return err
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

// statement is what can be said of a recipient, but for where the log ends, or why
// nothing can.
func (s *Service) statement(tx *store.Tx, id letterlock.ID, address letterlock.Address) (st audit.Statement, refusal, err error) {
	m, err := tx.Message(id)
	if errors.Is(err, letterlock.NotFound) {
		return st, &letterlock.Error{Code: letterlock.NotFound, Key: "no-message"}, nil
	}
	if err != nil {
		return st, nil, err
	}
	r, err := tx.RecipientByAddress(id, address)
	if errors.Is(err, letterlock.NotFound) {
		return st, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient"}, nil
	}
	if err != nil {
		return st, nil, err
	}
	if r.Experience != letterlock.Link {
		return st, &letterlock.Error{Code: letterlock.Denied, Key: "inline"}, nil
	}
	events, err1 := tx.Events(id)
	opened, err2 := tx.AuditedRead(id, address)
	proved, err3 := tx.FirstProof(id, address)
	counts, err4 := tx.VisitCounts(r.ID)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return st, nil, err
	}
	if opened || read(r, events[r.ID]) {
		return st, &letterlock.Error{Code: letterlock.Denied, Key: "was-read"}, nil
	}
	return audit.Statement{
		Host: s.Host, Organization: s.Organization, At: tx.Now,
		MessageID: m.MessageID, Message: id, Sender: m.Sender.Address, Recipient: address,
		Accepted: m.Accepted, Notified: known(r.Notified), Bounced: known(r.Bounced), Visits: visits(counts), Proved: known(proved),
		State: r.State(m, tx.Now), Since: known(since(r.State(m, tx.Now), m, r, events[r.ID])),
	}, nil, nil
}

// read reports whether a recipient's history has any content shown to them.
func read(r letterlock.Recipient, events []letterlock.Event) bool {
	return !r.FirstRead.IsZero() || !r.LastRead.IsZero() || slices.ContainsFunc(events, func(e letterlock.Event) bool {
		return e.Kind == letterlock.Read || e.Kind == letterlock.Downloaded
	})
}

// since is when a recipient's access came into its state.
func since(state letterlock.State, m letterlock.Message, r letterlock.Recipient, events []letterlock.Event) (at time.Time) {
	switch state {
	case letterlock.Revoked:
		return r.Revocation.At
	case letterlock.Expired:
		return m.Expires
	case letterlock.Destroyed:
		for _, e := range events {
			if e.Kind == letterlock.DestroyedEvent {
				at = e.At
			}
		}
	}
	return at
}

func visits(counts []store.VisitCount) (v audit.Visits) {
	for _, c := range counts {
		if c.Guess == letterlock.Scanner {
			v.Scanners += c.Count
		} else {
			v.Persons += c.Count
		}
		if v.First == nil || c.First.Before(*v.First) {
			v.First = known(c.First)
		}
		if v.Last == nil || c.Last.After(*v.Last) {
			v.Last = known(c.Last)
		}
	}
	return v
}

// known is nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
