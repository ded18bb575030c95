package app

import (
	"context"
	"time"
)

// catchUpEvery is how often search and report learn of new messages when nobody
// asks them.
const catchUpEvery = 3 * time.Second

// catchUp has search and report learn of new messages, so that whoever asks waits
// for the last few only.
func (a *App) catchUp(ctx context.Context) error {
	tick := time.NewTicker(catchUpEvery)
	defer tick.Stop()
	for {
		if err := a.DB.CatchUp(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("having search and report learn of new messages", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
