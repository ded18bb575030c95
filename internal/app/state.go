package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/host"
	"letterlock/internal/metrics"
	"letterlock/internal/store"
	"letterlock/web"
)

// sources are where the metrics look for the state of the parts.
func (a *App) sources(site *web.Server) metrics.Sources {
	return metrics.Sources{
		Queue: a.queue, Due: a.due, Messages: a.messages, Bare: a.bare, Files: a.DB.Files,
		Free: func() (int64, error) { return host.Free(a.dataDir) }, Probe: a.DB.Probe,
		Readers: a.Access.Readers, Streams: site.Streams, Expiry: a.expiry, Lanes: a.laneCounts,
		Keys: a.keyring, Journal: func() (int64, error) { seq, _ := a.DB.Journal.Head(); return seq, a.DB.Journal.Fault() },
	}
}

// laneCounts says how full the lanes are.
func (a *App) laneCounts() (list []metrics.Lane) {
	for _, c := range a.lanes.Counts() {
		list = append(list, metrics.Lane{Name: string(c.Name), Places: c.Places, InFlight: c.InFlight, Waiting: c.Waiting, Refused: c.Refused})
	}
	return list
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

// keyring returns how the keyring is, in numbers.
func (a *App) keyring(ctx context.Context) (metrics.Keys, error) {
	st, err := a.Keys.State(ctx)
	return metrics.Keys{Epoch: st.Epoch, Rotated: st.Rotated, Missing: len(st.Missing), Failing: st.Failure != nil}, err
}

// state tells the operator how the installation is.
func (a *App) state(ctx context.Context) (api.State, error) {
	k, err := a.Keys.State(ctx)
	passcodes, others, dueErr := a.due(ctx)
	waiting, waitingErr := a.waiting(ctx)
	lost, lostErr := a.lost(ctx)
	seq, _ := a.DB.Journal.Head()
	st := api.State{
		Running: a.serving.Load(),
		Keys:    api.KeysState{Epoch: k.Epoch, Rotated: k.Rotated, Next: k.Next, Ending: k.Ending, Missing: k.Missing},
		Journal: api.JournalState{Entries: seq},
		Queue:   api.QueueState{Passcodes: passcodes, Others: others, Waiting: waiting},
		Lost:    lost,
	}
	if st.Running {
		st.Trouble = inOneLine(a.Ready(ctx))
	}
	st.Keys.Failure, st.Journal.Failure = inOneLine(k.Failure), inOneLine(a.DB.Journal.Fault())
	return st, errors.Join(err, dueErr, waitingErr, lostErr)
}

func inOneLine(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
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

// due says since when the mail has been due that has been so for the longest.
func (a *App) due(ctx context.Context) (passcodes, others time.Time, err error) {
	var d store.Due
	err = a.DB.Read(ctx, func(tx *store.Tx) error { d, err = tx.DueSince(); return err })
	return d.Passcodes, d.Others, err
}

// waiting says what has waited for long.
func (a *App) waiting(ctx context.Context) (w api.Waiting, err error) {
	var found store.Waiting
	err = a.DB.Read(ctx, func(tx *store.Tx) error { found, err = tx.PutOffLong(); return err })
	w = api.Waiting{Mails: found.Mails, Capped: found.Capped, Since: found.Since, PutOff: found.PutOff}
	for _, d := range found.Domains {
		w.Domains = append(w.Domains, api.WaitingDomain{Domain: d.Domain, Mails: d.Mails, Since: d.Since, Reply: d.Reply})
	}
	return w, err
}

// lost says what a restored backup could not give back.
func (a *App) lost(ctx context.Context) (l api.LostState, err error) {
	shut, err := a.Accounts.Shut(ctx)
	for _, of := range shut.Passwords {
		l.Passwords = append(l.Passwords, string(of))
	}
	for _, of := range shut.Factors {
		l.Factors = append(l.Factors, string(of))
	}
	messages, err1 := a.Access.Lost(ctx)
	for _, m := range messages {
		l.Passphrases = append(l.Passphrases, api.LostPassphrase{Message: string(m.ID), Sender: string(m.Sender.Address)})
	}
	return l, errors.Join(err, err1)
}

func (a *App) messages(ctx context.Context) (n int64, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error { n, err = tx.CountMessages(); return err })
	return n, err
}

func (a *App) bare(ctx context.Context) (n int64, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error { n, err = tx.Uncovered(); return err })
	return n, err
}
