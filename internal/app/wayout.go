package app

import (
	"context"

	"letterlock/internal/config"
	"letterlock/internal/mx"
	"letterlock/internal/outbox"
	"letterlock/internal/policy"
	"letterlock/internal/smtpout"
)

// A wayOut is how mail leaves, and what is known of where it goes.
type wayOut struct {
	mailer  outbox.Mailer
	assured outbox.Mailer   // for what must stay under TLS to the mailbox; nil: nothing takes it
	relays  *smtpout.Client // nil: the mailer is somebody else's
	finder  *mx.Finder      // nil: nobody looks
}

// openWayOut builds what the options do not bring. Its errors name the setting.
func openWayOut(cfg config.Config, o Options) (w wayOut, err error) {
	switch w.mailer = o.Mailer; {
	case o.Mailer == nil:
		if w.relays, err = openRelays(cfg, o.Log); err != nil {
			return w, err
		}
		w.mailer, w.assured = w.relays, w.relays.Assured()
		if o.DNS == nil {
			o.DNS = mx.NewDNS(cfg.DNS.Servers)
		}
	case o.Assured || cfg.AssuresTLS():
		w.assured = o.Mailer
	}
	if o.DNS != nil && cfg.Recipients.LookUpMX {
		w.finder = mx.New(o.DNS, o.Now, o.Log)
	}
	return w, nil
}

// lookUp is what the intake asks about domains; nil: nobody.
func (w wayOut) lookUp() func(context.Context, []string) policy.Hostings {
	if w.finder == nil {
		return nil
	}
	return w.finder.Find
}

// assuresTLS reports whether the relays offer now to keep mail under TLS to the mailbox.
func (w wayOut) assuresTLS() bool { return w.relays != nil && w.relays.AssuresTLS() }

// run keeps what is known of the relays current.
func (w wayOut) run(ctx context.Context) error {
	if w.relays == nil {
		return nil
	}
	return w.relays.Run(ctx)
}

// close ends what is open: questions to the DNS, and connections to the relays.
func (w wayOut) close() error {
	if w.finder != nil {
		w.finder.Close()
	}
	if w.relays == nil {
		return nil
	}
	return w.relays.Close()
}
