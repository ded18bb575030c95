package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	// MaxBatch is how many messages a search for a batch may find.
	MaxBatch = 100_000
	// MaxChosen is how many messages may be chosen one by one.
	MaxChosen = 1000
	// planPage is how many messages are planned in one transaction, so that
	// everybody else's writes go between.
	planPage = 500
)

// PlanBatch settles which messages a revocation of many would touch: all that are
// found and of which a recipient with a link still has access, or would if the
// message had not expired. It touches nothing, and what it returns is exactly what
// the batch will touch when it is started.
//
// Denied "role": the actor is no revoker. Invalid "batch-everything": the search
// has no condition; "batch-nothing": there is nothing to revoke in what was found;
// "batch-size": more than 100,000 messages were found; or what is wrong with the
// search. Every refusal is in the audit log, and no plan is left of it. A plan that
// a crash cuts off is seen by nobody, and swept.
func (s *Service) PlanBatch(ctx context.Context, by letterlock.Actor, q letterlock.Search, reason string) (letterlock.Batch, error) {
	q.Sender, q.Recipient = strings.TrimSpace(q.Sender), strings.TrimSpace(q.Recipient)
	q.Subject, q.MessageID = strings.TrimSpace(q.Subject), strings.TrimSpace(q.MessageID)
	p := &planner{s: s, limit: MaxBatch, batch: letterlock.Batch{Search: q, Reason: reason}}
	return p.plan(ctx, by, func() error {
		if unconditional(q) {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "batch-everything"}
		}
		return p.search(ctx, q)
	})
}

// unconditional reports whether every message meets q.
func unconditional(q letterlock.Search) bool {
	return q.Sender == "" && q.Recipient == "" && q.Subject == "" && q.MessageID == "" &&
		q.From.IsZero() && q.Until.IsZero() && q.State == "" && q.Identity == ""
}

// PlanChosen is PlanBatch for messages that were chosen one by one, 1,000 at most.
// A message that is not known is NotFound "no-message"; recipients that are not of
// their message, or received it inline, are Invalid "recipient".
func (s *Service) PlanChosen(ctx context.Context, by letterlock.Actor, chosen []letterlock.Target, reason string) (letterlock.Batch, error) {
	p := &planner{s: s, limit: MaxChosen, batch: letterlock.Batch{Reason: reason}}
	return p.plan(ctx, by, func() error { return p.choose(ctx, chosen) })
}

// A planner makes one plan, a page at a time.
type planner struct {
	s     *Service
	batch letterlock.Batch
	limit int // how many messages may be found
	found int
}

// plan has fill add the messages, and makes the plan visible when it is complete.
func (p *planner) plan(ctx context.Context, by letterlock.Actor, fill func() error) (letterlock.Batch, error) {
	entry := letterlock.Entry{Actor: by, Action: "plan batch"}
	if !by.Is(letterlock.Revoker) {
		return letterlock.Batch{}, p.s.refuse(ctx, entry, errRole)
	}
	p.batch.ID, p.batch.By = letterlock.NewID(), mailboxOf(by)
	err := p.begin(ctx)
	if err == nil {
		err = fill()
	}
	if err == nil && p.batch.Messages == 0 {
		err = &letterlock.Error{Code: letterlock.Invalid, Key: "batch-nothing"}
	}
	if err == nil {
		err = p.complete(ctx, entry)
	}
	if err != nil {
		// What is left of the plan is not in the way, and swept later if this fails.
		_ = p.s.erasePlan(context.WithoutCancel(ctx), p.batch.ID)
	}
	if errors.Is(err, letterlock.Invalid) || errors.Is(err, letterlock.NotFound) {
		return letterlock.Batch{}, p.s.refuse(ctx, entry, err)
	}
	if err != nil {
		return letterlock.Batch{}, fmt.Errorf("planning a batch: %w", err)
	}
	return p.batch, nil
}

func (p *planner) begin(ctx context.Context) error {
	if len(p.batch.Reason) > MaxReason {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "reason"}
	}
	return p.s.DB.Write(ctx, func(tx *store.Tx) error {
		p.batch.Created = tx.Now
		return tx.BeginBatch(p.batch)
	})
}

func (p *planner) complete(ctx context.Context, entry letterlock.Entry) error {
	p.batch.State = letterlock.BatchPlanned
	entry.Batch, entry.Reason, entry.Allowed = p.batch.ID, p.batch.Reason, true
	return p.s.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.PutPlanned(p.batch), tx.Audit(entry))
	})
}

// search plans what is found. A message that comes meanwhile is newer than the
// first page, and not part of it.
func (p *planner) search(ctx context.Context, q letterlock.Search) error {
	if err := p.s.DB.CatchUp(ctx); err != nil {
		return err
	}
	for before := int64(0); ; {
		var page []store.SentMessage
		err := p.s.DB.Read(ctx, func(tx *store.Tx) (err error) { page, err = tx.Find(q, before, planPage); return err })
		if err != nil {
			return err
		}
		var plans []store.Plan
		for _, m := range page {
			plan, err := planOf(m.Message, m.Recipients, nil)
			if err != nil {
				return err
			}
			plans = append(plans, plan)
			before = m.Message.Seq
		}
		if err := p.add(ctx, plans); err != nil || len(page) < planPage {
			return err
		}
	}
}

// choose plans what was chosen; a message that was chosen for several recipients
// is one.
func (p *planner) choose(ctx context.Context, chosen []letterlock.Target) error {
	byMessage := make(map[letterlock.ID][]letterlock.Address)
	whole := make(map[letterlock.ID]bool)
	var ids []letterlock.ID
	for _, c := range chosen {
		if _, ok := byMessage[c.Message]; !ok {
			ids = append(ids, c.Message)
		}
		byMessage[c.Message] = append(byMessage[c.Message], c.Recipients...)
		whole[c.Message] = whole[c.Message] || len(c.Recipients) == 0
	}
	if len(ids) > p.limit {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "batch-size"}
	}
	for page := range slices.Chunk(ids, planPage) {
		var plans []store.Plan
		err := p.s.DB.Read(ctx, func(tx *store.Tx) error {
			for _, id := range page {
				plan, err := planChosen(tx, id, byMessage[id])
				if err == nil && whole[id] {
					plan, err = planChosen(tx, id, nil)
				}
				if err != nil {
					return err
				}
				plans = append(plans, plan)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := p.add(ctx, plans); err != nil {
			return err
		}
	}
	return nil
}

func planChosen(tx *store.Tx, id letterlock.ID, only []letterlock.Address) (store.Plan, error) {
	m, err := tx.Message(id)
	if errors.Is(err, letterlock.NotFound) {
		return store.Plan{}, errNoMessage
	}
	if err != nil {
		return store.Plan{}, err
	}
	all, err := tx.Recipients(id)
	if err != nil {
		return store.Plan{}, err
	}
	return planOf(m, all, only)
}

// planOf is what a batch is to do with a message: remove the access of all who got
// a link, or of these only, and have not lost it. It is empty where there is
// nothing to do.
func planOf(m letterlock.Message, all []letterlock.Recipient, only []letterlock.Address) (store.Plan, error) {
	for _, a := range only {
		if !slices.ContainsFunc(all, func(r letterlock.Recipient) bool { return r.Mailbox.Address == a && r.Experience == letterlock.Link }) {
			return store.Plan{}, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient"}
		}
	}
	p := store.Plan{Message: m.ID, Seq: m.Seq}
	for _, r := range all {
		if m.Destroyed || r.Experience != letterlock.Link || r.Revocation.Revoked() || len(only) > 0 && !slices.Contains(only, r.Mailbox.Address) {
			continue
		}
		p.Recipients = append(p.Recipients, r.ID)
		if !r.FirstRead.IsZero() {
			p.Read++
		}
	}
	return p, nil
}

// add writes a page of the plan, without the messages of which nothing is to do.
func (p *planner) add(ctx context.Context, plans []store.Plan) error {
	if p.found += len(plans); p.found > p.limit {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "batch-size"}
	}
	plans = slices.DeleteFunc(plans, func(x store.Plan) bool { return len(x.Recipients) == 0 })
	if len(plans) == 0 {
		return nil
	}
	for _, x := range plans {
		p.batch.Messages++
		p.batch.Recipients += len(x.Recipients)
		p.batch.Read += x.Read
	}
	return p.s.DB.Write(ctx, func(tx *store.Tx) error {
		for _, x := range plans {
			if err := tx.AddPlan(p.batch.ID, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// erasePlan removes a plan that was never completed.
func (s *Service) erasePlan(ctx context.Context, id letterlock.ID) error {
	for more := true; more; {
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) { more, err = tx.ErasePlan(id); return err })
		if err != nil {
			return err
		}
	}
	return nil
}
