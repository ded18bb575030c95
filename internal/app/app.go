// Package app builds Letterlock from its parts, runs it and stops it in order.
// The server, the demo and the end-to-end tests are this one assembly.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/brand"
	"letterlock/internal/config"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/live"
	"letterlock/internal/notify"
	"letterlock/internal/outbox"
	"letterlock/internal/passcode"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/session"
	"letterlock/internal/smtpd"
	"letterlock/internal/store"
	"letterlock/internal/track"
	"letterlock/internal/vault"
	"letterlock/web"
)

// Options are what an assembly is given beside its settings.
type Options struct {
	Mailer outbox.Mailer
	// Assured says that the mailer keeps mail safe to its end, so that the
	// message itself may leave through it.
	Assured bool
	Now     func() time.Time
	Log     *slog.Logger
	Demo    *web.Demo // pages of the demo; nil elsewhere
}

// An App is Letterlock, built and not yet listening. Its parts are there for the
// demo's seeds, which use them as an edge would.
type App struct {
	Accounts  *account.Service
	Access    *access.Service
	Intake    *intake.Service
	Passcodes *passcode.Service
	Outbox    *outbox.Service
	Sessions  *session.Service
	Track     *track.Service
	DB        *store.DB

	log  *slog.Logger
	http *http.Server
	smtp *smtpd.Server
}

// keys are the secrets that live in files.
type keys struct {
	ring   *seal.Keyring
	pepper seal.Pepper
}

func openKeys(cfg config.Config) (k keys, err error) {
	master, err := seal.LoadMaster(cfg.MasterKeyFile)
	if err != nil {
		return k, err
	}
	if k.ring, err = seal.OpenKeyring(filepath.Join(cfg.DataDir, "keyring"), master); err != nil {
		return k, err
	}
	k.pepper, err = seal.LoadPepper(filepath.Join(cfg.DataDir, "pepper.key"))
	return k, err
}

// New builds everything, bottom up. The caller closes it.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, err
	}
	look, err := brand.New(brand.Settings{Name: cfg.Organization.Name, Color: cfg.Organization.Color,
		Logo: cfg.Organization.Logo, Disclaimer: cfg.Organization.Disclaimer})
	if err != nil {
		return nil, err
	}
	k, err := openKeys(cfg)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, cfg.DataDir, o.Now)
	if err != nil {
		return nil, err
	}
	db.Live = &live.Hub{}
	a := &App{DB: db, log: o.Log}
	a.buildUseCases(cfg, o, k, look)
	if err := a.buildEdges(cfg, o, look); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return a, nil
}

func (a *App) buildUseCases(cfg config.Config, o Options, k keys, look *brand.Brand) {
	rules := policy.Settings{
		Domains: cfg.Organization.Domains, InlineTypes: policy.DefaultInlineTypes,
		InlineAssured: o.Assured, SenderScope: policy.SingleRecipient,
	}
	if cfg.EverySender {
		rules.SenderScope = policy.EveryLink
	}
	v := &vault.Vault{DB: a.DB, Keys: k.ring, Limits: eml.Limits{Size: cfg.MaxMessage}}
	a.Outbox = &outbox.Service{
		DB: a.DB, Vault: v, Pepper: k.pepper, Mailer: o.Mailer, Log: o.Log,
		Notifier: &notify.Notifier{Brand: look, PublicURL: cfg.PublicURL, From: cfg.Organization.Notify, Location: cfg.Location},
	}
	wake := a.Outbox.Wake
	a.Accounts = account.New(a.DB, ratelimit.IPKey)
	a.Sessions = &session.Service{DB: a.DB}
	a.Track = &track.Service{DB: a.DB}
	a.Passcodes = &passcode.Service{DB: a.DB, Pepper: k.pepper, IPKey: ratelimit.IPKey, Wake: wake}
	a.Access = &access.Service{DB: a.DB, Vault: v, Pepper: k.pepper, Rules: rules,
		DownloadsUnderDoNotForward: cfg.DoNotForwardDownloads, Wake: wake, Now: o.Now}
	a.Outbox.Tell = a.Access.Tell
	a.Intake = &intake.Service{DB: a.DB, Vault: v, Pepper: k.pepper, Rules: rules,
		Domain: cfg.Organization.Notify.Domain(), Wake: wake}
}

func (a *App) buildEdges(cfg config.Config, o Options, look *brand.Brand) error {
	site, err := web.New(web.Options{
		PublicURL: cfg.PublicURL, Organization: cfg.Organization.Name, Brand: look, AdminContact: cfg.Organization.Admin,
		Access: a.Access, Passcodes: a.Passcodes, Sessions: a.Sessions, Accounts: a.Accounts, Intake: a.Intake, Track: a.Track,
		Live: a.DB.Live, Demo: o.Demo, Now: o.Now, Log: o.Log, MaxUpload: cfg.MaxMessage, TrustedProxies: cfg.TrustedProxies,
		Location: cfg.Location, DownloadsUnderDoNotForward: cfg.DoNotForwardDownloads,
	})
	if err != nil {
		return err
	}
	a.http = &http.Server{
		Handler:           site.Handler(),
		ConnContext:       web.ConnContext,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	a.http.RegisterOnShutdown(site.Stop) // open pages would otherwise hold up a stop
	a.smtp = smtpd.New(smtpd.Options{
		Domain: cfg.PublicURL.Hostname(), Accept: a.Intake, Auth: a.Accounts, TLS: cfg.SMTPTLS, MaxBytes: cfg.MaxMessage, Log: o.Log,
	})
	return nil
}

// Close closes an App that is not running.
func (a *App) Close() error { return a.DB.Close() }

// stopWithin bounds an orderly stop.
const stopWithin = 20 * time.Second

// Run serves HTTP and SMTP on the listeners until ctx ends or one of them fails.
// Then it stops in order: no new requests, those under way finish, the outbox
// finishes the attempts it has begun. It does not close the App.
func (a *App) Run(ctx context.Context, httpOn, smtpOn net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var jobs sync.WaitGroup
	job := func(name string, f func(context.Context) error) {
		jobs.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	job("outbox", a.Outbox.Run)
	job("sweeper", a.sweep)
	job("http", func(context.Context) error { return a.http.Serve(httpOn) })
	job("smtp", func(context.Context) error { return a.smtp.Serve(smtpOn) })
	<-ctx.Done()

	stop, done := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer done()
	err := errors.Join(a.http.Shutdown(stop), a.smtp.Shutdown(stop))
	a.http.Close() // what did not finish in time
	jobs.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

const (
	sweepEvery   = time.Minute
	abandonAfter = 24 * time.Hour // an incoming mail whose sender went away
)

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
	return errors.Join(a.Access.ExpireDue(ctx), a.DB.Write(ctx, func(tx *store.Tx) error {
		_, err1 := tx.SweepIncoming(tx.Now.Add(-abandonAfter))
		_, err2 := tx.SweepSessions()
		return errors.Join(err1, err2, tx.SweepPasscodes())
	}))
}
