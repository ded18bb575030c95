package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"letterlock/internal/certs"
)

// readyFor is how long an answer about readiness is good: whoever asks may not
// make the disk work for each question.
const readyFor = time.Second

// A readiness remembers the last answer.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready returns nil when mail would really be accepted and served now, and
// otherwise why not, in words for the operator.
func (a *App) Ready(ctx context.Context) error {
	a.ready.mu.Lock()
	defer a.ready.mu.Unlock()
	if !a.serving.Load() {
		return errors.New("the server is starting or stopping")
	}
	if time.Since(a.ready.at) < readyFor {
		return a.ready.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	a.ready.err = a.look(ctx)
	a.ready.at = time.Now()
	return a.ready.err
}

// look asks everything that accepting and serving a mail rests on.
func (a *App) look(ctx context.Context) error {
	if a.cert != nil {
		if err := certs.Verify(a.cert.Leaf(), a.host, a.now()); err != nil {
			return err
		}
	}
	return nil
}
