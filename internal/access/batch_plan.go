package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
// message had not expired, and the copies that come from those. Where the search asks
// something of recipients, it is about those that match, unless everybody is meant. It
// touches nothing, and what it returns is exactly what the batch will touch when it is started.
//
// Denied "role": the actor is no revoker. Invalid "batch-everything": the search
// has no condition; "batch-nothing": there is nothing to revoke in what was found;
// "batch-size": more than 100,000 messages were found; or what is wrong with the
// search. Every refusal is in the audit log, and no plan is left of it. A plan that
// a crash cuts off is seen by nobody, and swept.
func (s *Service) PlanBatch(ctx context.Context, by letterlock.Actor, q letterlock.Search, everybody bool, reason string) (letterlock.Batch, error) {
	q.Sender, q.Recipient = strings.TrimSpace(q.Sender), strings.TrimSpace(q.Recipient)
	q.Subject, q.MessageID = strings.TrimSpace(q.Subject), strings.TrimSpace(q.MessageID)
	p := &planner{s: s, limit: MaxBatch, batch: letterlock.Batch{Search: q, Everybody: everybody, Reason: reason}}
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

// A planner makes one plan. It is kept here until it is complete, because a message
// can be found by itself and as a copy of another.
type planner struct {
	s        *Service
	batch    letterlock.Batch
	limit    int                    // how many messages may be found
	left     map[letterlock.ID]*int // those found that nothing is planned for, and where that is counted
	plans    map[letterlock.ID]*planned
	followed map[letterlock.ID]bool // recipients whose copies are in the plan
}

// A planned is what a batch is to do with a message.
type planned struct {
	seq     int64
	targets []letterlock.ID
	read    int // how many of them had read
}

// plan has fill add the messages, and makes the plan visible when it is complete.
func (p *planner) plan(ctx context.Context, by letterlock.Actor, fill func() error) (letterlock.Batch, error) {
	entry := letterlock.Entry{Actor: by, Action: "plan batch"}
	if !by.Is(letterlock.Revoker) {
		return letterlock.Batch{}, p.s.refuse(ctx, entry, errRole)
	}
	entry.Target = spellNote(p.batch.Note())
	p.batch.ID, p.batch.By = letterlock.NewID(), mailboxOf(by)
	p.plans, p.followed, p.left = map[letterlock.ID]*planned{}, map[letterlock.ID]bool{}, map[letterlock.ID]*int{}
	err := p.begin(ctx)
	if err == nil {
		err = fill()
	}
	if err == nil && len(p.plans) == 0 {
		err = &letterlock.Error{Code: letterlock.Invalid, Key: "batch-nothing"}
	}
	if err == nil {
		err = p.write(ctx)
	}
	if err == nil {
		err = p.complete(ctx, entry)
	}
	if err != nil {
		// What is left of the plan is not in the way, and swept later if this fails.
		_ = p.s.erasePlan(context.WithoutCancel(ctx), p.batch.ID)
	}
	if errors.Is(err, letterlock.Invalid) || errors.Is(err, letterlock.NotFound) {
		if which := letterlock.Place(""); errors.As(err, &which) {
			entry.Target = letterlock.Typed(string(which))
		}
		return letterlock.Batch{}, p.s.refuse(ctx, entry, err)
	}
	if err != nil {
		return letterlock.Batch{}, fmt.Errorf("planning a batch: %w", err)
	}
	return p.batch, nil
}

func (p *planner) begin(ctx context.Context) error {
	if err := CheckReason(p.batch.Reason); err != nil {
		return err
	}
	return p.s.DB.Write(ctx, func(tx *store.Tx) error {
		p.batch.Created = tx.Now
		return tx.BeginBatch(p.batch)
	})
}

func (p *planner) complete(ctx context.Context, entry letterlock.Entry) error {
	p.batch.State = letterlock.BatchPlanned
	entry.Batch, entry.Reason, entry.Allowed = p.batch.ID, p.batch.Reason, true
	entry.Target = spellNote(p.batch.Note())
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
	for before, more := int64(0), true; more; {
		err := p.s.DB.Read(ctx, func(tx *store.Tx) error {
			page, err := tx.Find(q, before, planPage)
			if err == nil {
				err = p.count(len(page))
			}
			for _, m := range page {
				if err != nil {
					break
				}
				before, err = m.Message.Seq, p.addFound(tx, m.Message, m.Recipients)
			}
			more = len(page) == planPage
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addFound plans what is to be done with a message that was found: with those of its
// recipients that match, if the search asks something of them.
func (p *planner) addFound(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) error {
	if !p.batch.Narrow() {
		return p.add(tx, m, all)
	}
	who := slices.DeleteFunc(slices.Clone(all), func(r letterlock.Recipient) bool { return !p.batch.Search.Matches(r, m, tx.Now) })
	if len(who) == 0 {
		p.batch.Found-- // each of them meets some of the conditions, and nobody all
		return nil
	}
	return p.add(tx, m, who)
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
	p.batch.Found = len(ids)
	for page := range slices.Chunk(ids, planPage) {
		err := p.s.DB.Read(ctx, func(tx *store.Tx) error {
			for _, id := range page {
				err := p.addChosen(tx, id, byMessage[id])
				if err == nil && whole[id] {
					err = p.addChosen(tx, id, nil)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) addChosen(tx *store.Tx, id letterlock.ID, only []letterlock.Address) error {
	m, err := tx.Message(id)
	if errors.Is(err, letterlock.NotFound) {
		return errNoMessage
	}
	if err != nil {
		return err
	}
	all, err := tx.Recipients(id)
	if err != nil {
		return err
	}
	if len(only) == 0 {
		return p.add(tx, m, all)
	}
	if err := checkRecipients(all, only); err != nil {
		return err
	}
	return p.add(tx, m, slices.DeleteFunc(all, func(r letterlock.Recipient) bool { return !slices.Contains(only, r.Mailbox.Address) }))
}

// count bounds how many messages are found.
func (p *planner) count(n int) error {
	if p.batch.Found += n; p.batch.Found > p.limit {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "batch-size"}
	}
	return nil
}

// add plans what a batch is to do with a message: remove the access of those of these
// recipients who got a link and have not lost it; and of whoever has a copy that comes
// from them, for the copies end with it.
func (p *planner) add(tx *store.Tx, m letterlock.Message, who []letterlock.Recipient) error {
	if m.Destroyed {
		p.left[m.ID] = &p.batch.Left.Destroyed
		return nil
	}
	p.left[m.ID] = &p.batch.Left.Inline
	if slices.ContainsFunc(who, func(r letterlock.Recipient) bool { return r.Experience == letterlock.Link }) {
		p.left[m.ID] = &p.batch.Left.Revoked
	}
	made, err := tx.Forwards(m.First(), time.Unix(0, 0)) // nearly always none, and then there is nothing to follow
	if err != nil {
		return err
	}
	for _, r := range who {
		if r.Experience != letterlock.Link || r.Revocation.Revoked() {
			continue
		}
		p.target(m, r)
		if len(made) > 0 {
			if err := p.follow(tx, r); err != nil {
				return err
			}
		}
	}
	if len(p.plans) > MaxBatch {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "batch-size"}
	}
	return nil
}

// follow plans to end the copies that come from a recipient, as revokeCopies does:
// whoever has lost access by itself may have forwarded one that others can read.
func (p *planner) follow(tx *store.Tx, from letterlock.Recipient) error {
	if p.followed[from.ID] {
		return nil
	}
	p.followed[from.ID] = true
	copies, err := forwarded(tx, from)
	if err != nil {
		return err
	}
	for _, c := range copies {
		for _, r := range c.Recipients {
			if r.Experience != letterlock.Link {
				continue
			}
			if hasAccess(r) {
				p.target(c.Message, r)
			}
			if err := p.follow(tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planner) target(m letterlock.Message, r letterlock.Recipient) {
	x := p.plans[m.ID]
	if x == nil {
		x = &planned{seq: m.Seq}
		p.plans[m.ID] = x
	}
	if slices.Contains(x.targets, r.ID) {
		return
	}
	x.targets = append(x.targets, r.ID)
	if !r.FirstRead.IsZero() {
		x.read++
	}
}

// write writes the plan, a page at a time.
func (p *planner) write(ctx context.Context) error {
	for page := range slices.Chunk(slices.Collect(maps.Keys(p.plans)), planPage) {
		err := p.s.DB.Write(ctx, func(tx *store.Tx) error {
			for _, id := range page {
				x := p.plans[id]
				if err := tx.AddPlan(p.batch.ID, store.Plan{Message: id, Seq: x.seq, Recipients: x.targets, Read: x.read}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for id, count := range p.left {
		if p.plans[id] == nil {
			*count++
		}
	}
	for _, x := range p.plans {
		p.batch.Messages++
		p.batch.Recipients += len(x.targets)
		p.batch.Read += x.read
	}
	return nil
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
