package app

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/backup"
	"letterlock/internal/store"
)

const sweepEvery = time.Minute

// sweep does what falls due with time: it ends expired access for good and
// removes what nobody needs any more.
func (a *App) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("sweeping", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep does once what the sweeper does every minute.
func (a *App) Sweep(ctx context.Context) error {
	removed, err := a.DB.SweepCopies()
	for _, name := range removed {
		a.log.Info("removed a copy from before an upgrade", "file", name)
	}
	left, err1 := backup.Sweep(a.dataDir)
	for _, name := range left {
		a.log.Info("removed what an interrupted look at a backup has left", "folder", name)
	}
	return errors.Join(err, err1, a.DB.SettleJournal(ctx), a.Access.ExpireDue(ctx), a.Access.RemindDue(ctx), a.Once.Sweep(ctx), a.Uploads.Sweep(ctx), a.Intake.Vault.Sweep(ctx), a.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SweepSessions()
		return errors.Join(err, tx.SweepPasscodes(), tx.SweepPassphraseTries(), tx.SweepReleases(), tx.SweepBrowsers(), tx.SweepOpenIDRequests(), tx.SweepPending())
	}))
}
