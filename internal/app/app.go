// Package app builds Letterlock from its parts, runs it and stops it in order.
// The server, the demo and the end-to-end tests are this one assembly.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/apid"
	"letterlock/internal/auditlog"
	"letterlock/internal/backup"
	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/config"
	"letterlock/internal/dkim"
	"letterlock/internal/eml"
	"letterlock/internal/host"
	"letterlock/internal/intake"
	"letterlock/internal/keys"
	"letterlock/internal/lane"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
	"letterlock/internal/metrics"
	"letterlock/internal/mx"
	"letterlock/internal/notify"
	"letterlock/internal/once"
	"letterlock/internal/outbox"
	"letterlock/internal/passcode"
	"letterlock/internal/passkey"
	"letterlock/internal/passphrase"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/release"
	"letterlock/internal/rulebook"
	"letterlock/internal/seal"
	"letterlock/internal/session"
	"letterlock/internal/smtpd"
	"letterlock/internal/sso"
	"letterlock/internal/store"
	"letterlock/internal/track"
	"letterlock/internal/upload"
	"letterlock/internal/vault"
	"letterlock/internal/visit"
	"letterlock/internal/vouch"
	"letterlock/web"
)

// Options are what an assembly is given beside its settings.
type Options struct {
	Mailer outbox.Mailer // nil: the relays of the settings
	// Assured says that the mailer keeps mail safe to its end, so that the
	// message itself may leave through it. The settings can say so, too.
	Assured bool
	// DNS says who takes the mail of domains, if the settings want that. nil: nobody
	// does, unless mail leaves by the relays; then the servers of the settings do.
	DNS     mx.Resolver
	Now     func() time.Time
	Log     *slog.Logger
	Demo    *web.Demo        // pages of the demo; nil elsewhere
	Metrics *metrics.Metrics // nil: new ones
	Version string           // of the program, for backups
	Lanes   *lane.Set        // nil: those for the cores of this machine
	// Patience is how long to wait for a command to leave the data folder; 0: not at all.
	Patience time.Duration
}

// An App is Letterlock, built and not yet listening. Its parts are there for the
// demo's seeds, which use them as an edge would.
type App struct {
	Accounts    *account.Service
	Access      *access.Service
	Intake      *intake.Service
	Uploads     *upload.Service
	Passcodes   *passcode.Service
	Passphrases *passphrase.Service
	Releases    *release.Service
	Outbox      *outbox.Service
	Sessions    *session.Service
	Browsers    *session.Browsers
	Track       *track.Service
	Audit       *auditlog.Service
	Visits      *visit.Service
	Once        *once.Service
	Keys        *keys.Service
	DKIM        *dkim.Service
	Backups     *backup.Service
	Rules       *rulebook.Service
	Brands      *brandbook.Service
	Vouch       *vouch.Service
	SSO         *sso.Service // nil: there is no single sign-on
	DB          *store.DB
	Metrics     *metrics.Metrics

	// FirstStart says that the keys were made now: somebody must back them up.
	FirstStart bool

	lock      *host.Lock
	out       wayOut
	dataDir   string
	reserve   *host.Reserve
	log       *slog.Logger
	now       func() time.Time
	host      string
	tls       bool        // the pages are served under TLS by ourselves
	cert      certificate // nil: no TLS at all
	http      *http.Server
	redirects http.Handler
	metrics   http.Handler
	smtp      *smtpd.Server
	gateway   *smtpd.Server
	serving   atomic.Bool
	ready     readiness
	lanes     *lane.Set
}

// openState opens what must outlive a restart: the keys, the database, and then the
// key of the audit log, which only the database knows to be missing. first says
// that there was none of it before, and there is something to back up now.
func openState(ctx context.Context, cfg config.Config, now func() time.Time) (k seal.Keys, db *store.DB, first bool, err error) {
	database, err := store.Exists(cfg.DataDir)
	if err != nil {
		return k, nil, false, err
	}
	files := filesOf(cfg)
	if k, first, err = files.Start(database); err != nil {
		return k, nil, false, err
	}
	if err := store.RemoveCopy(cfg.DataDir); err != nil {
		return k, nil, false, err
	}
	if db, err = store.Open(ctx, cfg.DataDir, now); err != nil {
		return k, nil, false, err
	}
	if k.Audit, err = auditlog.OpenSigner(ctx, db, files.Signer); err != nil {
		return k, nil, false, errors.Join(err, db.Close())
	}
	if first {
		if err := files.Started(); err != nil {
			return k, nil, false, errors.Join(err, db.Close())
		}
	}
	return k, db, first, nil
}

// wrongSettings says that whoever runs the program can put it right.
func wrongSettings(err error) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: "settings", Err: fmt.Errorf("settings: %w", err)}
}

// New builds everything, bottom up. The caller closes it.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, wrongSettings(err)
	}
	if err := host.MakeFolder(cfg.DataDir); err != nil {
		return nil, err
	}
	lock, err := takeFolder(ctx, cfg.DataDir, o)
	if err != nil {
		return nil, err
	}
	a, err := build(ctx, cfg, o)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	a.lock = lock
	return a, nil
}

// build builds what lies in a data folder that is ours alone.
func build(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	file, look, err := brandOf(cfg.Organization)
	if err != nil {
		return nil, err
	}
	if err := checkRecipients(cfg.Backup); err != nil {
		return nil, err
	}
	providers, err := openProviders(cfg, o.Now)
	if err != nil {
		return nil, err
	}
	single, err := openSSO(cfg, o.Now)
	if err != nil {
		return nil, err
	}
	cert, err := openCertificate(cfg, o.Log)
	if err != nil {
		return nil, err
	}
	out, err := openWayOut(cfg, o)
	if err != nil {
		return nil, err
	}
	k, db, first, err := openState(ctx, cfg, o.Now)
	if err != nil {
		return nil, errors.Join(err, out.close())
	}
	db.Live = &live.Hub{}
	a := &App{FirstStart: first, DB: db, Metrics: o.Metrics, log: o.Log, now: o.Now, host: cfg.PublicURL.Hostname(), tls: servesTLS(cfg), cert: cert, out: out,
		dataDir: cfg.DataDir, reserve: host.NewReserve(cfg.DataDir, int64(cfg.Limits.DiskReserve))}
	if a.Metrics == nil {
		a.Metrics = metrics.New(metrics.Options{})
	}
	db.Metrics = a.Metrics.Store
	if a.lanes = o.Lanes; a.lanes == nil {
		a.lanes = lane.New(runtime.GOMAXPROCS(0))
	}
	if a.DKIM, err = openDKIM(cfg, db); err != nil {
		return nil, errors.Join(err, out.close(), db.Close())
	}
	if a.Brands, err = openBrands(ctx, db, file); err != nil {
		return nil, errors.Join(err, out.close(), db.Close())
	}
	a.Vouch = &vouch.Service{DB: db, Pepper: k.Pepper, Providers: providers, IPKey: ratelimit.IPKey, On: a.Brands.Provider, Metrics: a.Metrics.OpenID}
	if len(providers) > 0 {
		a.Brands.Vouched = a.Vouch.Vouches
	}
	a.SSO = ssoOf(cfg, single, db, k.Pepper)
	a.buildUseCases(cfg, o, k, look)
	if err := a.lookForBreakGlass(ctx); err != nil {
		return nil, errors.Join(err, out.close(), db.Close())
	}
	if err := a.openJournal(ctx, cfg, k.Audit); err != nil {
		return nil, errors.Join(err, out.close(), db.Close())
	}
	if err := a.buildEdges(cfg, o); err != nil {
		return nil, errors.Join(err, out.close(), db.Close(), db.Journal.Close())
	}
	return a, nil
}

// openBrands reads the brands that administrators have made.
func openBrands(ctx context.Context, db *store.DB, file brand.Settings) (*brandbook.Service, error) {
	s, err := brandbook.New(db, file)
	if err != nil {
		return nil, err
	}
	return s, s.Load(ctx)
}

// brandOf returns what the settings say of the default brand, and how that looks. Its
// errors name the setting.
func brandOf(o config.Organization) (brand.Settings, *brand.Brand, error) {
	s := brand.Settings{Name: o.Name, Color: o.Color, Texts: brand.Texts{Disclaimer: o.Disclaimer}, Privacy: o.Privacy}
	if o.Logo != "" {
		var err error
		if s.Logo, err = os.ReadFile(o.Logo); err != nil {
			return s, nil, fmt.Errorf("organization.logo: %w", err)
		}
	}
	look, err := brand.New(s)
	var e *letterlock.Error
	if errors.As(err, &e) {
		field := strings.TrimPrefix(e.Key, "brand-")
		return s, nil, fmt.Errorf("organization.%s: %w", field, e.Err)
	}
	return s, look, err
}

func (a *App) buildUseCases(cfg config.Config, o Options, k seal.Keys, look *brand.Brand) {
	rules := policy.Settings{
		Domains: cfg.Organization.Domains, InlineTypes: cfg.Recipients.Inline,
		InlineDomains: cfg.Recipients.InlineDomains, LinkDomains: cfg.Recipients.LinkDomains,
		InlineAssured: o.Assured || cfg.AssuresTLS(), SenderScope: policy.Scope(cfg.Revocation.SenderScope),
		Expiry: expiryOf(cfg.Expiry),
		Notices: policy.Notices{
			FirstRead: cfg.Notices.FirstRead, AsSet: !cfg.Notices.OnRequest,
			UnreadAfter: cfg.Notices.UnreadAfter.Span, Expiring: cfg.Notices.Expiring.Span,
		},
	}
	v := &vault.Vault{DB: a.DB, Keys: k.Ring, Limits: eml.Limits{Size: int64(cfg.Limits.Message)}}
	a.Outbox = &outbox.Service{
		DB: a.DB, Vault: v, Pepper: k.Pepper, Mailer: a.out.mailer, Assured: a.out.assured, Log: o.Log, Metrics: a.Metrics.Outbox,
		Notifier: &notify.Notifier{Brand: a.Brands.Of, PublicURL: cfg.PublicURL.URL, From: cfg.Organization.Notify, Location: cfg.TimeZone.Location},
		Admin:    cfg.Organization.Admin, Sign: a.DKIM.Sign,
	}
	wake := a.Outbox.Wake
	a.Accounts = account.New(a.DB, k.Pepper, ratelimit.IPKey, wake)
	a.Accounts.FactorRoles, a.Accounts.FactorShown = cfg.Accounts.RequireSecondFactor, a.SSO.FactorShown
	a.Accounts.Complete = a.SSO.Complete
	if cfg.SSO.Password == config.PasswordNever {
		a.Accounts.OnlyPassword = cfg.SSO.BreakGlass
	}
	a.Accounts.Passkeys = passkey.New(cfg.PublicURL.URL, cfg.Organization.Name+" Letterlock")
	a.Sessions = &session.Service{DB: a.DB, Vouches: a.Vouch.Has, SSO: a.SSO.On}
	a.Browsers = &session.Browsers{DB: a.DB, Lasts: time.Duration(cfg.Portal.Remember.Span), Vouches: a.Vouch.Has}
	a.Visits = &visit.Service{DB: a.DB, Log: o.Log}
	a.Track = &track.Service{DB: a.DB, Hidden: a.Brands.WithoutPasscode}
	a.Audit = &auditlog.Service{DB: a.DB, Signer: k.Audit, Host: cfg.PublicURL.Hostname(), Organization: cfg.Organization.Name,
		Every: time.Duration(cfg.Audit.CheckpointMinutes) * time.Minute, File: cfg.CheckpointFile(), Syslog: syslogOf(cfg.Audit), Journal: cfg.JournalCopy(),
		Log: o.Log, Metrics: a.Metrics.Audit}
	a.Once = &once.Service{DB: a.DB, Pepper: k.Pepper}
	a.Backups = &backup.Service{DB: a.DB, Signer: k.Audit, Version: o.Version, Host: cfg.PublicURL.Hostname(), Recipients: cfg.Backup.Recipients,
		Spare: int64(cfg.Limits.DiskReserve)}
	a.Passcodes = &passcode.Service{DB: a.DB, Pepper: k.Pepper, IPKey: ratelimit.IPKey, Wake: wake, Metrics: a.Metrics.Passcodes}
	a.Passphrases = &passphrase.Service{DB: a.DB, Pepper: k.Pepper, Hash: a.Accounts.Hash, Verify: a.Accounts.Verify}
	a.Releases = &release.Service{DB: a.DB, Pepper: k.Pepper, Offered: cfg.Portal.ReleaseCodes, IPKey: ratelimit.IPKey, Wake: wake}
	a.Access = &access.Service{DB: a.DB, Vault: v, Pepper: k.Pepper, Rules: rules,
		DownloadsUnderDoNotForward: cfg.Recipients.DoNotForwardDownloads, Wake: wake, Now: o.Now, Metrics: a.Metrics.Access,
		SecondPersonAbove: cfg.Revocation.SecondAdministratorAbove, Log: a.log}
	a.Outbox.Tell = a.Access.Tell
	a.Access.Elsewhere = a.replayElsewhere
	a.Access.BrandAsks, a.Passcodes.On, a.Releases.On = a.Brands.Asks, a.Brands.Passcode, a.Brands.Passcode
	a.Intake = &intake.Service{DB: a.DB, Vault: v, Pepper: k.Pepper, Rules: rules,
		Domain: cfg.Organization.Notify.Domain(), Wake: wake, Room: a.reserve.Room, Answerable: a.Access.Answerable,
		LookUp: a.out.lookUp(), Assured: a.out.assuresTLS,
		Portal: letterlock.Mailbox{Name: look.Name, Address: cfg.Organization.Notify}}
	a.Rules = &rulebook.Service{DB: a.DB, Brand: a.Brands.Is, MaxSize: int64(cfg.Limits.Message)}
	a.Intake.RulesNow = a.Rules.Set
	a.Intake.Vouched = a.Vouch.Vouches
	a.Intake.BrandNamed, a.Intake.BrandOfSender = a.Brands.Named, a.Brands.OfSender
	if p := cfg.SMTP.GatewayProtection; p != "" && p != config.NoProtection {
		a.Intake.Gateway = letterlock.Protection(p)
	}
	a.Keys = keysOf(a.DB, cfg, k.Ring, o.Log)
	// Two messages of full size may be in the writing.
	a.Uploads = &upload.Service{DB: a.DB, Keys: k.Ring, Most: 2 * int64(cfg.Limits.Message), Room: a.reserve.Room}
}

// syslogOf is where checkpoints are sent, if the settings say so; they were validated.
func syslogOf(a config.Audit) (s auditlog.Syslog) {
	if a.Syslog != "" {
		s.Network, s.Address, _ = a.SyslogAddress()
	}
	return s
}

// apiOptions is what programs can reach that a way in has let in.
func (a *App) apiOptions(who func(*http.Request) (letterlock.Actor, []letterlock.Scope, error)) apid.Options {
	return apid.Options{Access: a.Access, Track: a.Track, Accounts: a.Accounts, Vouch: a.Vouch, Browsers: a.Browsers, Brands: a.Brands, Audit: a.Audit, Once: a.Once, Who: who, Now: a.now, Log: a.log, Lanes: a.lanes}
}

func (a *App) buildEdges(cfg config.Config, o Options) error {
	programs := a.apiOptions(apid.Bearer(a.Accounts))
	programs.PerMinute = cfg.API.PerMinute
	languages, err := language.NewOffer(cfg.Portal.Languages)
	if err != nil {
		return err
	}
	staffLanguages, err := language.NewStaffOffer(cfg.Staff.Languages)
	if err != nil {
		return err
	}
	a.Outbox.Languages, a.Outbox.BrandLanguage, a.Outbox.StaffLanguages = languages, a.Brands.Language, staffLanguages
	site, err := web.New(web.Options{
		PublicURL: cfg.PublicURL.URL, Languages: languages, Organization: cfg.Organization.Name, Brands: a.Brands, AdminContact: cfg.Organization.Admin,
		Access: a.Access, Passcodes: a.Passcodes, Passphrases: a.Passphrases, Releases: a.Releases, Sessions: a.Sessions, Browsers: a.Browsers, Accounts: a.Accounts, Intake: a.Intake, Uploads: a.Uploads, Track: a.Track, AuditLog: a.Audit,
		Live: a.DB.Live, MaxLive: cfg.Limits.OpenPages, Ready: a.Ready, Demo: o.Demo, Now: o.Now, Log: o.Log, MaxUpload: int64(cfg.Limits.Message), TrustedProxies: cfg.Proxy.Trusted,
		Location: cfg.TimeZone.Location, StaffLanguages: staffLanguages, DownloadsUnderDoNotForward: cfg.Recipients.DoNotForwardDownloads,
		Visits: a.Visits, Rules: a.Rules, Vouch: a.Vouch, SSO: a.SSO, SendSample: a.Outbox.Sample, Doctor: examiner(cfg, o), ReaderIP: policy.ReaderIP(cfg.Privacy.ReaderIP),
		Metrics: a.Metrics.HTTP, SignIns: a.Metrics.SignIns, API: apid.Handler(programs), Lanes: a.lanes,
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
		ConnState:         bound(cfg.Limits.OpenPages + moreConnections),
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	a.http.RegisterOnShutdown(site.Stop) // open pages would otherwise hold up a stop
	a.redirects = a.redirect(cfg)
	a.smtp = smtpd.New(a.smtpOptions(cfg, o))
	// A server of its own: a flood of mail at one of them leaves the other its connections.
	gateway := a.smtpOptions(cfg, o)
	gateway.Gateway = &smtpd.Gateway{Networks: cfg.SMTP.GatewayNetworks, Bounces: a.Outbox, Relay: a.out.relays, Metrics: a.Metrics.Gateway}
	a.gateway = smtpd.New(gateway)
	a.Metrics.Watch(a.sources(site))
	a.metrics = a.Metrics.Handler(a.Ready)
	return nil
}

func (a *App) smtpOptions(cfg config.Config, o Options) smtpd.Options {
	l := cfg.Limits
	s := smtpd.Options{
		Domain: cfg.MailName(), Accept: a.Intake, Auth: account.MailPrograms{Accounts: a.Accounts, Only: cfg.SMTP.AppPasswordsOnly}, Log: o.Log,
		MaxBytes: int64(l.Message), MaxRecipients: l.Recipients, MaxConnections: l.Connections,
		MaxPerIP: l.ConnectionsPerIP, MaxPerAccount: l.ConnectionsPerAccount, Room: a.reserve.Room,
		Metrics: a.Metrics.SMTP, SignIns: a.Metrics.SignIns, Lanes: a.lanes,
	}
	if a.cert != nil {
		s.TLS = a.cert.Config()
	}
	return s
}

// Close closes an App that is not running.
func (a *App) Close() error {
	return errors.Join(a.out.close(), a.DB.Close(), a.DB.Journal.Close(), a.lock.Release())
}
