package apid

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

func (s *server) batches() {
	op := func(o operation) operation {
		o.scope, o.role = letterlock.ScopeRevoke, letterlock.Revoker
		if !o.changes() {
			o.role = letterlock.Auditor
		}
		return o
	}
	add(s, op(operation{id: "plan-batch", method: http.MethodPost, path: "/batches", time: planTime,
		summary: "Plan the revocation of many messages", about: "It settles which messages and recipients it would touch, and touches nothing: a dry run. Nothing happens before it is started."}), s.planBatch)
	add(s, op(operation{id: "list-batches", method: http.MethodGet, path: "/batches", summary: "List batches"}), s.listBatches)
	add(s, op(operation{id: "batch", method: http.MethodGet, path: "/batches/{id}", summary: "How far a batch is"}), s.showBatch)
	add(s, op(operation{id: "batch-items", method: http.MethodGet, path: "/batches/{id}/items",
		summary: "Messages of a batch", about: "What it touches, and what became of each."}), s.batchItems)
	add(s, op(operation{id: "start-batch", method: http.MethodPost, path: "/batches/{id}/start",
		summary: "Start a batch", about: "It runs, or waits for a second administrator where the settings want one. Starting again has those messages tried again that failed."}),
		s.move(s.Access.StartBatch))
	add(s, op(operation{id: "approve-batch", method: http.MethodPost, path: "/batches/{id}/approve",
		summary: "Approve a batch", about: "As the second administrator; whoever planned or started it cannot."}), s.move(s.Access.ApproveBatch))
	add(s, op(operation{id: "discard-batch", method: http.MethodPost, path: "/batches/{id}/discard",
		summary: "Discard a batch", about: "Before it has begun to run."}), s.move(s.Access.DiscardBatch))
	add(s, op(operation{id: "undo-batch", method: http.MethodPost, path: "/batches/{id}/undo",
		summary: "Undo a batch", about: "It restores what the batch has revoked, and nothing that somebody has changed since."}), s.move(s.Access.UndoBatch))
}

func (s *server) planBatch(ctx context.Context, by letterlock.Actor, in *struct{ Body api.NewBatch }) (api.Batch, error) {
	if (in.Body.Search == nil) == (len(in.Body.Messages) == 0) || in.Body.Search == nil && in.Body.Everybody {
		return api.Batch{}, &letterlock.Error{Code: letterlock.Invalid, Key: "batch"}
	}
	if in.Body.Search != nil {
		b, err := s.Access.PlanBatch(ctx, by, *in.Body.Search, in.Body.Everybody, in.Body.Reason)
		return batch(b), err
	}
	var chosen []letterlock.Target
	for _, t := range in.Body.Messages {
		d, err := s.detail(ctx, by, t.MessageID)
		if err != nil {
			return api.Batch{}, s.unnamed(ctx, by, "plan batch", "", t.MessageID, false, err)
		}
		who, err := addresses(t.Recipients)
		if err != nil {
			return api.Batch{}, s.unnamed(ctx, by, "plan batch", d.Message.ID, strings.Join(t.Recipients, " "), false, err)
		}
		chosen = append(chosen, letterlock.Target{Message: d.Message.ID, Recipients: who})
	}
	b, err := s.Access.PlanChosen(ctx, by, chosen, in.Body.Reason)
	return batch(b), err
}

func (s *server) listBatches(ctx context.Context, by letterlock.Actor, in *struct{ Page }) (api.BatchPage, error) {
	list, more, err := s.Access.Batches(ctx, by, in.Cursor, in.Limit)
	p := api.BatchPage{Batches: []api.Batch{}, Next: more}
	for _, b := range list {
		p.Batches = append(p.Batches, batch(b))
	}
	return p, err
}

// A BatchNamed is the batch that a request is about.
type BatchNamed struct {
	ID string `path:"id" maxLength:"100"`
}

// id is the batch, or NotFound "no-batch".
func (n BatchNamed) id() (letterlock.ID, error) {
	id, err := letterlock.ParseID(n.ID)
	return id, noBatch(err)
}

// noBatch says of a batch what does not exist.
func noBatch(err error) error {
	if errors.Is(err, letterlock.NotFound) && letterlock.KeyOf(err) == "" {
		return &letterlock.Error{Code: letterlock.NotFound, Key: "no-batch", Err: err}
	}
	return err
}

func (s *server) showBatch(ctx context.Context, by letterlock.Actor, in *struct{ BatchNamed }) (api.Batch, error) {
	id, err := in.id()
	if err != nil {
		return api.Batch{}, err
	}
	b, err := s.Access.Batch(ctx, by, id)
	return batch(b), noBatch(err)
}

func (s *server) batchItems(ctx context.Context, by letterlock.Actor, in *struct {
	BatchNamed
	Page
	Result string `query:"result" enum:"revoked,already-revoked,destroyed,failed,restored,kept" doc:"Only messages with this result, of the run or of the undoing; absent: all."`
}) (api.ItemPage, error) {
	id, err := in.id()
	if err != nil {
		return api.ItemPage{}, err
	}
	before, err := in.place()
	if err != nil {
		return api.ItemPage{}, err
	}
	items, err := s.Access.BatchItems(ctx, by, id, letterlock.BatchResult(in.Result), before, in.Limit)
	if err != nil {
		return api.ItemPage{}, noBatch(err)
	}
	p := api.ItemPage{Items: []api.BatchItem{}}
	for _, i := range items {
		item := api.BatchItem{
			Message: message(i.Message, i.Recipients, s.Now()), Others: i.Others, Read: i.Read, Result: string(i.Result), Undo: string(i.Undo),
		}
		for _, r := range i.Inline {
			item.Inline = append(item.Inline, string(r.Mailbox.Address))
		}
		p.Items = append(p.Items, item)
	}
	if len(items) == in.Limit {
		p.Next = strconv.FormatInt(items[len(items)-1].Seq, 10)
	}
	return p, nil
}

// move is an operation that has a batch do something, and answers with how it
// stands.
func (s *server) move(act func(context.Context, letterlock.Actor, letterlock.ID) error) func(context.Context, letterlock.Actor, *struct{ BatchNamed }) (api.Batch, error) {
	return func(ctx context.Context, by letterlock.Actor, in *struct{ BatchNamed }) (api.Batch, error) {
		id, err := in.id()
		if err == nil {
			err = act(ctx, by, id)
		}
		if err != nil {
			return api.Batch{}, noBatch(err)
		}
		b, err := s.Access.Batch(ctx, by, id)
		return batch(b), err
	}
}
