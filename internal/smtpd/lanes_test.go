package smtpd

import (
	"context"
	"io"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
)

// A writer is an Accepter that waits for the disk, as all do.
type writer struct {
	lanes  *lane.Set
	beside error // of other work that comes in meanwhile
}

func (w *writer) Accept(ctx context.Context, _ letterlock.Actor, _ intake.Envelope, mail io.Reader) (intake.Receipt, error) {
	if _, err := io.Copy(io.Discard, mail); err != nil {
		return intake.Receipt{}, err
	}
	defer lane.Waits(ctx)()
	var p *lane.Pass
	p, w.beside = w.lanes.Enter(ctx, lane.Gate)
	p.Leave()
	return intake.Receipt{}, nil
}

func TestAMailThatWaitsForTheDiskLeavesTheProcessorToOthers(t *testing.T) {
	w := &writer{lanes: lane.New(1)}
	if _, err := w.lanes.Enter(t.Context(), lane.List); err != nil { // all that may compute, but one
		t.Fatal(err)
	}
	s := serve(t, "", Options{Accept: w, Lanes: w.lanes}, &books{})
	c := s.begun()
	c.expect("DATA\r\n", "354 ")
	c.expect("From: <ada@contoso.example>\r\n\r\nHello\r\n.\r\n", "250 ")
	if w.beside != nil {
		t.Errorf("other work that comes in while a mail is written: %v", w.beside)
	}
}
