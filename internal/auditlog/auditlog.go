// Package auditlog shows what was recorded of everybody's acts, and lets others
// check that nothing of it was changed.
//
// Others check it with what has left the house: an export, the checkpoints and the
// public key, see [letterlock/internal/audit].
package auditlog

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Service answers for the audit log. It is safe for concurrent use.
type Service struct {
	DB *store.DB
	// Signer signs checkpoints and statements.
	Signer seal.Signer
	// Host and Organization say in statements whose portal says so.
	Host         string
	Organization string

	Every   time.Duration  // between checkpoints
	File    string         // gets every checkpoint; empty: none does
	Syslog  Syslog         // gets every checkpoint and every entry of the revocation journal, too
	Journal string         // file that gets every entry of the revocation journal; empty: none does
	Log     *slog.Logger   // of what could not be sent away
	Metrics *metrics.Audit // nil: nobody counts

	away away
}

// A Query asks for a page of the audit log.
type Query struct {
	Actor       string // address of who acted, or part of what an operator is called; empty: anybody
	Action      string // empty: any
	Message     letterlock.ID
	From, Until time.Time // zero: no bound
	RefusedOnly bool
	Before      int64 // Entry.Seq of the last of the page before; 0: from the newest
	Limit       int   // 1 to 200; 0: 50
}

// An Entry is one row of the audit log.
type Entry struct {
	Seq int64
	At  time.Time
	letterlock.Entry
}

// A Page is a part of the audit log, newest first.
type Page struct {
	Entries []Entry
	More    int64 // for the next page's Before; 0: this was the last
}

const (
	pageLimit = 50
	maxLimit  = 200
)

// List returns a page of the audit log: Denied "role" for whoever is no auditor,
// Invalid "limit" or "actor" for what cannot be looked for. A name of an operator
// is looked for without regard to case; an address may stand in angle brackets, behind a name.
func (s *Service) List(ctx context.Context, by letterlock.Actor, q Query) (Page, error) {
	if err := s.may(ctx, by, "list audit log", "", ""); err != nil {
		return Page{}, err
	}
	asked, err := q.asked()
	if err != nil {
		return Page{}, err
	}
	var p Page
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.AuditPage(asked)
		for _, r := range rows {
			p.Entries = append(p.Entries, Entry{Seq: r.Seq, At: time.Unix(r.At, 0).UTC(), Entry: r.Entry()})
		}
		return err
	})
	if n := asked.Limit - 1; len(p.Entries) > n {
		p.Entries = p.Entries[:n]
		p.More = p.Entries[n-1].Seq
	}
	return p, err
}

// asked is the query for the store, with a row more than the page holds: if it is
// there, there is another page.
func (q Query) asked() (store.AuditQuery, error) {
	if q.Limit == 0 {
		q.Limit = pageLimit
	}
	if q.Limit < 1 || q.Limit > maxLimit {
		return store.AuditQuery{}, &letterlock.Error{Code: letterlock.Invalid, Key: "limit"}
	}
	asked := store.AuditQuery{Action: q.Action, Message: q.Message, From: q.From, Until: q.Until,
		RefusedOnly: q.RefusedOnly, Before: q.Before, Limit: q.Limit + 1}
	q.Actor = strings.TrimSpace(q.Actor)
	if begin, end := strings.LastIndexByte(q.Actor, '<'), strings.HasSuffix(q.Actor, ">"); begin >= 0 && end {
		q.Actor = strings.TrimSpace(q.Actor[begin+1 : len(q.Actor)-1]) // copied with its name
	}
	if !strings.Contains(q.Actor, "@") {
		asked.Name = q.Actor
		return asked, nil
	}
	a, err := letterlock.ParseAddress(q.Actor)
	if err != nil {
		return store.AuditQuery{}, &letterlock.Error{Code: letterlock.Invalid, Key: "actor", Err: err}
	}
	asked.Actor = a
	return asked, nil
}

// Actions returns every action there is an entry of, in their order.
func (s *Service) Actions(ctx context.Context, by letterlock.Actor) (list []string, err error) {
	if err := s.may(ctx, by, "list audit log", "", ""); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { list, err = tx.AuditActions(); return err })
	return list, err
}

// may refuses whoever is no auditor, and records that.
func (s *Service) may(ctx context.Context, by letterlock.Actor, action string, id letterlock.ID, target letterlock.Address) error {
	if by.Is(letterlock.Auditor) {
		return nil
	}
	refusal := &letterlock.Error{Code: letterlock.Denied, Key: "role"}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: by, Action: action, Message: id, Target: string(target), Reason: refusal.Key})
	})
	if err != nil {
		return err
	}
	return refusal
}

// exportPage is how many rows one transaction of an export reads.
const exportPage = 500

// Export writes the whole audit log, one JSON object a line, for audit.Verify. Its
// last line is the entry that records the export itself. No transaction is open
// while it writes.
func (s *Service) Export(ctx context.Context, by letterlock.Actor, w io.Writer) error {
	const action = "export audit log"
	if err := s.may(ctx, by, action, "", ""); err != nil {
		return err
	}
	var last int64
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Audit(letterlock.Entry{Actor: by, Action: action, Allowed: true}); err != nil {
			return err
		}
		var err error
		last, _, err = tx.AuditHead()
		return err
	})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for seq := int64(-1 << 62); ; { // not 0: a row that somebody put before the first is to be seen
		var page []audit.Record
		err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { page, err = tx.AuditRecords(seq, last, exportPage); return err })
		if err != nil {
			return err
		}
		for _, c := range page {
			line, err := c.Line()
			if err == nil {
				_, err = out.Write(line)
			}
			if err != nil {
				return err
			}
			seq = c.Seq
		}
		if len(page) < exportPage {
			return out.Flush()
		}
	}
}

// Checkpoints writes all signed checkpoints, one JSON object a line.
func (s *Service) Checkpoints(ctx context.Context, by letterlock.Actor, w io.Writer) error {
	if err := s.may(ctx, by, "export checkpoints", "", ""); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := s.each(ctx, -1, func(c store.Checkpoint) error { return writeLine(out, c.Line) }); err != nil {
		return err
	}
	return out.Flush()
}

// each calls f for the checkpoints of more than the row seq, oldest first, with no
// transaction open.
func (s *Service) each(ctx context.Context, seq int64, f func(store.Checkpoint) error) error {
	for {
		var page []store.Checkpoint
		err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { page, err = tx.Checkpoints(seq, exportPage); return err })
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := f(c); err != nil {
				return err
			}
			seq = c.Seq
		}
		if len(page) < exportPage {
			return nil
		}
	}
}

// PublicKey returns the key that checkpoints and statements are checked with, PEM.
func (s *Service) PublicKey() string { return audit.PEM(s.Signer.Public()) }
