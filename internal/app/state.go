package app

import (
	"context"
	"time"

	"letterlock/internal/host"
	"letterlock/internal/metrics"
	"letterlock/internal/store"
	"letterlock/web"
)

// sources are where the metrics look for the state of the parts.
func (a *App) sources(site *web.Server) metrics.Sources {
	return metrics.Sources{
		Queue: a.queue, Messages: a.messages, Bare: a.bare, Files: a.DB.Files,
		Free: func() (int64, error) { return host.Free(a.dataDir) }, Probe: a.DB.Probe,
		Readers: a.Access.Readers, Streams: site.Streams, Expiry: a.expiry,
	}
}

// expiry returns when the certificate ends, if there is one.
func (a *App) expiry() (time.Time, bool) {
	if a.cert == nil {
		return time.Time{}, false
	}
	leaf := a.cert.Leaf()
	if leaf == nil {
		return time.Time{}, false
	}
	return leaf.NotAfter, true
}

func (a *App) queue(ctx context.Context) (list []metrics.Queued, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		backlogs, err := tx.Backlogs()
		for _, b := range backlogs {
			list = append(list, metrics.Queued{Kind: string(b.Kind), Waiting: b.Waiting, Oldest: b.Oldest})
		}
		return err
	})
	return list, err
}

func (a *App) messages(ctx context.Context) (n int64, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error { n, err = tx.CountMessages(); return err })
	return n, err
}

func (a *App) bare(ctx context.Context) (n int64, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error { n, err = tx.Uncovered(); return err })
	return n, err
}
