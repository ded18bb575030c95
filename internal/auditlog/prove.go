package auditlog

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// ProveNonAccess returns a signed statement that a recipient of a message never
// opened it. Denied "was-read": they did, or downloaded something of it; Denied
// "inline": they got the message itself; Invalid "recipient": they are none of
// this message. Refusals are recorded, as the statement is.
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
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		var statement audit.Statement
		statement, refusal, err = s.statement(tx, m, recipient)
		if err != nil {
			return err
		}
		entry := letterlock.Entry{Actor: by, Action: action, Message: id, Target: string(recipient), Allowed: refusal == nil}
		if refusal != nil {
			entry.Reason = letterlock.KeyOf(refusal)
		}
		if err := tx.Audit(entry); err != nil || refusal != nil {
			return err
		}
		if statement.Audit.Seq, statement.Audit.Hash, err = head(tx); err != nil {
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

func head(tx *store.Tx) (int64, audit.Hash, error) {
	seq, hash, err := tx.AuditHead()
	return seq, hash, err
}

// statement is what can be said of a recipient, but for where the log ends, or why
// nothing can.
func (s *Service) statement(tx *store.Tx, m letterlock.Message, address letterlock.Address) (st audit.Statement, refusal, err error) {
	r, err := tx.RecipientByAddress(m.ID, address)
	if errors.Is(err, letterlock.NotFound) {
		return st, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient"}, nil
	}
	if err != nil {
		return st, nil, err
	}
	if r.Experience != letterlock.Link {
		return st, &letterlock.Error{Code: letterlock.Denied, Key: "inline"}, nil
	}
	events, err := tx.Events(m.ID)
	if err != nil {
		return st, nil, err
	}
	opened, err := tx.AuditedRead(m.ID, address)
	if err != nil {
		return st, nil, err
	}
	for _, e := range events[r.ID] {
		opened = opened || e.Kind == letterlock.Read || e.Kind == letterlock.Downloaded
	}
	if opened || !r.FirstRead.IsZero() || !r.LastRead.IsZero() {
		return st, &letterlock.Error{Code: letterlock.Denied, Key: "was-read"}, nil
	}
	st = audit.Statement{
		Host: s.Host, Organization: s.Organization, At: tx.Now,
		MessageID: m.MessageID, Message: m.ID, Sender: m.Sender.Address, Recipient: address,
		Accepted: m.Accepted, Notified: known(r.Notified), Bounced: known(r.Bounced),
		State: r.State(m, tx.Now),
	}
	st.Since = known(since(st.State, m, r, events[r.ID]))
	proved, err := tx.FirstProof(m.ID, address)
	if err != nil {
		return st, nil, err
	}
	st.Proved = known(proved)
	counts, err := tx.VisitCounts(r.ID)
	st.Visits = visits(counts)
	return st, nil, err
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
