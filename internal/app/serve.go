package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"letterlock/internal/api"
	"letterlock/internal/apid"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/host"
)

// Serve runs a server with these settings until ctx ends. On out it says what the
// operator has to do, if anything. SIGHUP has certificates read again.
func Serve(ctx context.Context, cfg config.Config, o Options, out io.Writer) error {
	log := o.Log
	if err := cfg.ValidateServer(); err != nil {
		return wrongSettings(err)
	}
	if err := prepare(log); err != nil {
		return err
	}
	o.Patience = folderPatience
	a, err := New(ctx, cfg, o)
	if err != nil {
		return err
	}
	if a.FirstStart {
		fmt.Fprint(out, FirstStart(cfg), firstAccount)
	}
	if a.DB.Copied != "" {
		log.Warn("the database was upgraded; as it was before, it is kept for a week", "copy", a.DB.Copied)
	}
	if err := a.lostKeys(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	on, err := a.listen(ctx, cfg)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	defer on.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hangup := make(chan os.Signal, 1) // a hangup from now on is no end
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	go a.reload(ctx, hangup)
	log.Info("serving", "public_url", cfg.PublicURL.String(), "http", cfg.HTTP.Listen, "submission", cfg.SMTP.Submission,
		"submissions", cfg.SMTP.Submissions, "gateway", cfg.SMTP.Gateway, "relay", cfg.Relay.Address)
	return errors.Join(a.Run(ctx, *on), a.Close())
}

// listen opens the listeners if the clock can be believed.
func (a *App) listen(ctx context.Context, cfg config.Config) (*Listeners, error) {
	if err := a.clockWentBack(ctx); err != nil {
		return nil, err
	}
	on, err := Listen(cfg)
	if err != nil {
		return nil, err
	}
	if on.Control, err = control.Listen(cfg.DataDir); err != nil {
		on.Close()
		return nil, err
	}
	return on, nil
}

// Control returns what answers the operator: over the socket, and in the process
// of a command when no server runs.
func (a *App) Control() http.Handler {
	o := a.apiOptions(control.Who)
	o.Keys, o.DKIM, o.State, o.Classify = a.Keys, a.DKIM, a.state, a.Intake.Preview
	programs := apid.Handler(o)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a ServeMux would lead elsewhere who asks for a path with an empty piece
		if r.Method == http.MethodPost && r.URL.Path == api.Prefix+api.BackupPath {
			a.backup(w, r)
			return
		}
		programs.ServeHTTP(w, r)
	})
}

// FirstStart says what the operator has to do once keys were made.
func FirstStart(cfg config.Config) string {
	return fmt.Sprintf(firstStart, cfg.MasterKeyFile, cfg.DataDir)
}

const firstStart = `
This is the first start, and keys were made. Back up two things, in two places:

  %s
      the master key. Without it no message can ever be opened again.
      It does not change: one copy on paper or in a safe is enough.
  %s
      database, keyring, pepper and audit key. They change all the time.

Who has both can read every message: never keep them in one backup.

`

const firstAccount = `Next, add the first account:
  letterlock account add YOU@YOUR.DOMAIN --name 'Your Name' --role sender --role admin

`

// prepare sets up the process itself.
func prepare(log *slog.Logger) error {
	if err := host.NoCoreDumps(); err != nil {
		return err
	}
	host.LeaveRoom()
	if n, err := host.OpenFiles(); err != nil || n < host.FewOpenFiles {
		log.Warn("few files may be open at the same time, each connection needs one", "limit", n, "better", host.FewOpenFiles, "err", err)
	}
	if yes, known := host.ClockSynchronized(); known && !yes {
		log.Warn("nothing keeps the clock right: passcodes, expiry and certificates go by it")
	}
	return nil
}

// reload reads the certificate again when it is told to.
func (a *App) reload(ctx context.Context, told <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-told:
			if a.cert != nil {
				a.cert.Reload()
			}
		}
	}
}
