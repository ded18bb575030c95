package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"

	"letterlock/internal/config"
	"letterlock/internal/smtpout"
)

// openRelays returns the way out that the settings name. Its errors name the
// setting.
func openRelays(cfg config.Config, log *slog.Logger) (*smtpout.Client, error) {
	o := smtpout.Options{Hello: cfg.MailName(), Log: log}
	for i, r := range cfg.Relays() {
		at := "relay"
		if i > 0 {
			at = fmt.Sprintf("relay.fallback[%d]", i)
		}
		relay := smtpout.Relay{Address: r.Address, TLS: smtpout.Mode(r.Security), User: r.User, AssuresTLS: r.AssuresTLS}
		var err error
		if r.PasswordFile != "" {
			if relay.Password, err = readPassword(r.PasswordFile); err != nil {
				return nil, fmt.Errorf("%s.password_file: %w", at, err)
			}
		}
		if relay.RootCAs, err = roots(r.CAFile); err != nil {
			return nil, fmt.Errorf("%s.ca_file: %w", at, err)
		}
		o.Relays = append(o.Relays, relay)
	}
	return smtpout.New(o)
}

// readPassword reads the one line of a file that not everybody may read.
func readPassword(path string) (smtpout.Password, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("%s may be read by everybody on this machine: take the rights of others away", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	b = bytes.TrimRight(b, "\r\n")
	switch {
	case len(b) == 0:
		return "", fmt.Errorf("%s is empty", path)
	case bytes.ContainsAny(b, "\r\n\x00"):
		return "", fmt.Errorf("%s has more than one line", path)
	}
	return smtpout.Password(b), nil
}

// relays tries whether the relays would take mail.
func (c *checkup) relays(ctx context.Context) {
	client, err := openRelays(c.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		c.fails("relay", err, "")
		return
	}
	defer client.Close()
	for _, r := range client.Probe(ctx) {
		if r.Problem != "" {
			c.say(Wrong, "relay "+r.Relay, "%s", r.Problem)
			continue
		}
		how := "without TLS"
		if r.TLS != "" {
			how = "under " + r.TLS
		}
		c.say(Fine, "relay "+r.Relay, "takes mail, %s", how)
	}
}
