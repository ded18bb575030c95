// Package auditlog shows what was recorded of everybody's acts, and lets others
// check that nothing of it was changed.
package auditlog

import (
	"context"
	"io"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Service answers for the audit log. It is safe for concurrent use.
type Service struct {
	DB *store.DB
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

// List returns a page of the audit log: Denied "role" for whoever is no auditor.
func (s *Service) List(ctx context.Context, by letterlock.Actor, q Query) (Page, error) {
	panic("auditlog: to be built")
}

// Actions returns every action there is an entry of, in their order.
func (s *Service) Actions(ctx context.Context, by letterlock.Actor) ([]string, error) {
	panic("auditlog: to be built")
}

// Export writes the whole audit log, one JSON object a line, for audit.Verify.
func (s *Service) Export(ctx context.Context, by letterlock.Actor, w io.Writer) error {
	panic("auditlog: to be built")
}

// Checkpoints writes all signed checkpoints, one JSON object a line.
func (s *Service) Checkpoints(ctx context.Context, by letterlock.Actor, w io.Writer) error {
	panic("auditlog: to be built")
}

// PublicKey returns the key that checkpoints and statements are checked with, PEM.
func (s *Service) PublicKey() string { panic("auditlog: to be built") }

// ProveNonAccess returns a signed statement that a recipient of a message never
// opened it. Denied "was-read": they did; Denied "inline": they got the message itself;
// Invalid "recipient": they are none of this message.
func (s *Service) ProveNonAccess(ctx context.Context, by letterlock.Actor, id letterlock.ID, recipient letterlock.Address) ([]byte, error) {
	panic("auditlog: to be built")
}

// Run makes a checkpoint now and then, until ctx ends.
func (s *Service) Run(ctx context.Context) error { panic("auditlog: to be built") }
