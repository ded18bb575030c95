package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"letterlock/internal/control"
	"letterlock/internal/language"
	"letterlock/internal/smtpd"
)

// stopWithin bounds how long requests and mails under way may take at the end;
// what the outbox has begun is bounded by itself at the same time. Together with
// the grace for what is cut off a stop takes less than 30 s.
const stopWithin = 15 * time.Second

// jobs run until their context ends; the first that fails ends the others.
type jobs struct {
	ctx  context.Context
	fail context.CancelCauseFunc
	wg   sync.WaitGroup
}

func (j *jobs) start(name string, f func(context.Context) error) {
	j.wg.Go(func() {
		if err := f(j.ctx); err != nil && j.ctx.Err() == nil {
			j.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// Run serves on the listeners until ctx ends or one of them fails. Then it stops in
// order: it is not ready any more and takes nothing new, what is under way
// finishes, the outbox finishes the attempts it has begun. It does not close the
// App.
func (a *App) Run(ctx context.Context, on Listeners) error {
	language.Load()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	j := &jobs{ctx: ctx, fail: cancel}
	j.start("outbox", a.Outbox.Run)
	j.start("sweeper", a.sweep)
	j.start("search", a.catchUp)
	j.start("visits", a.Visits.Run)
	j.start("audit log", a.Audit.Run)
	j.start("bulk revocations", a.Access.RunBatches)
	j.start("relays", a.out.run)
	j.start("keys", a.Keys.Run)
	if a.cert != nil {
		j.start("certificate", a.cert.Run)
	}
	servers := a.serve(j, on)
	a.serving.Store(true)
	<-ctx.Done()
	a.serving.Store(false)

	err := a.stop(context.WithoutCancel(ctx), servers)
	j.wg.Wait()
	a.lastVisits(context.WithoutCancel(ctx))
	a.lastCheckpoint(context.WithoutCancel(ctx))
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// lastVisits notes who came to links since the last second.
func (a *App) lastVisits(ctx context.Context) {
	if err := a.Visits.Flush(ctx); err != nil {
		a.log.Warn("the last visits to links were not noted", "err", err)
	}
}

// serve begins to serve on every listener there is.
func (a *App) serve(j *jobs, on Listeners) []*http.Server {
	var servers []*http.Server
	pages := func(name string, s *http.Server, l net.Listener) {
		servers = append(servers, s)
		j.start(name, func(context.Context) error { return s.Serve(l) })
	}
	if a.tls {
		on.HTTP = a.underTLS(on.HTTP)
	}
	pages("http", a.http, on.HTTP)
	if on.Redirect != nil {
		pages("http redirect", a.plain(a.redirects), on.Redirect)
	}
	if on.Metrics != nil {
		pages("metrics", a.plain(a.metrics), on.Metrics)
	}
	if on.Control != nil {
		pages("control", control.NewServer(a.Control(), a.log), on.Control)
	}
	if on.Submission != nil {
		j.start("smtp submission", func(context.Context) error { return a.smtp.Serve(on.Submission) })
	}
	if on.Submissions != nil {
		over := tls.NewListener(on.Submissions, a.cert.Config())
		j.start("smtp submissions", func(context.Context) error { return a.smtp.Serve(over) })
	}
	if on.Gateway != nil {
		j.start("smtp gateway", func(context.Context) error { return a.gateway.Serve(on.Gateway) })
	}
	return servers
}

// plain is a server for short answers without TLS.
func (a *App) plain(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ConnState: bound(moreConnections),
		ErrorLog:  slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

// stop ends all servers at the same time.
func (a *App) stop(ctx context.Context, servers []*http.Server) error {
	ctx, done := context.WithTimeout(ctx, stopWithin)
	defer done()
	errs := make(chan error, len(servers)+2)
	for _, s := range servers {
		go func() { errs <- errors.Join(s.Shutdown(ctx), s.Close()) }() // Close: what did not finish in time
	}
	for _, s := range []*smtpd.Server{a.smtp, a.gateway} {
		go func() { errs <- s.Shutdown(ctx) }()
	}
	var all error
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, context.DeadlineExceeded) {
			all = errors.Join(all, err)
		} else {
			a.log.Warn("stopped before everything under way was finished; its senders will try again")
		}
	}
	return all
}

// lastCheckpoint signs what was added to the audit log up to the end. A failure
// does not change how the server ends: the next start makes up for it.
func (a *App) lastCheckpoint(ctx context.Context) {
	ctx, done := context.WithTimeout(ctx, stopWithin/3)
	defer done()
	if err := a.Audit.Checkpoint(ctx); err != nil {
		a.log.Error("making the last checkpoint of the audit log", "err", err)
	}
}
