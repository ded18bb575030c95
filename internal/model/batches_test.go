package model_test

import (
	"context"
	"runtime"

	"pgregory.net/rapid"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
)

// A batch is one of the model's and of the product's.
type batch struct {
	*model.Batch
	id letterlock.ID
}

// planners are often those who may.
var planners = []model.Person{grace, rita, olga, grace, rita, olga, nora, ada}

// planBatch plans a revocation of some messages, and starts it.
func (h *history) planBatch() {
	most := min(3, len(h.ids))
	chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(h.ids)-1), 1, most, rapid.ID[int]).Draw(h.t, "messages")
	planner, starter := draw(h, "planned by", planners), draw(h, "started by", planners)
	var of []*model.Message
	var targets []letterlock.Target
	for _, n := range chosen {
		of, targets = append(of, h.world.Messages[n]), append(targets, letterlock.Target{Message: h.ids[n]})
	}
	want, a := h.world.Plan(planner, of)
	u := useCases{h.house}
	got, err := u.app.Access.PlanChosen(context.Background(), u.actor(planner), targets, "")
	h.must(check(err, a))
	if a != model.Done {
		return
	}
	people := 0
	for _, i := range want.Items {
		people += len(i.Recipients)
	}
	if got.Messages != len(want.Items) || got.Recipients != people {
		h.t.Fatalf("the plan has %d messages and %d recipients, want %d and %d", got.Messages, got.Recipients, len(want.Items), people)
	}
	b := batch{want, got.ID}
	h.batches = append(h.batches, b)
	a = h.world.Start(starter, want, secondPersonAbove)
	h.must(check(u.app.Access.StartBatch(context.Background(), u.actor(starter), b.id), a))
	h.settle(b)
}

func (h *history) someBatch() (batch, model.Person) {
	if len(h.batches) == 0 {
		h.t.Skip("no batch yet")
	}
	return draw(h, "batch", h.batches), draw(h, "by", planners)
}

func (h *history) approveBatch() {
	b, by := h.someBatch()
	if b.State == letterlock.BatchDone {
		h.t.Skip("it has run")
	}
	u := useCases{h.house}
	h.must(check(u.app.Access.ApproveBatch(context.Background(), u.actor(by), b.id), b.Approve(by)))
	h.settle(b)
}

func (h *history) undoBatch() {
	b, by := h.someBatch()
	if b.State == letterlock.BatchUndone {
		h.t.Skip("it is undone")
	}
	u := useCases{h.house}
	h.must(check(u.app.Access.UndoBatch(context.Background(), u.actor(by), b.id), h.world.Undo(by, b.Batch)))
	h.settle(b)
}

// settle lets the job run until a batch is as the model has it.
func (h *history) settle(b batch) {
	h.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- h.house.app.Access.RunBatches(ctx) }()
	u := useCases{h.house}
	for {
		got, err := u.app.Access.Batch(context.Background(), u.actor(nora), b.id)
		h.must(err)
		if got.State != letterlock.BatchRunning && got.State != letterlock.BatchUndoing {
			stop()
			h.must(<-ended)
			if got.State != b.State {
				h.t.Fatalf("the batch is %s, want %s", got.State, b.State)
			}
			return
		}
		runtime.Gosched() // nobody is told when it is done: it is looked at again
	}
}
