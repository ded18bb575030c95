package app

import (
	"context"
	"fmt"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/oidc"
)

// openProviders returns the OpenID providers of the settings; none of them is asked. Its
// errors name the setting.
func openProviders(cfg config.Config, now func() time.Time) (list []*oidc.Provider, err error) {
	for i, s := range cfg.SignIn {
		at := fmt.Sprintf("signin[%d]", i+1)
		secret, err := readPassword(s.ClientSecretFile)
		if err != nil {
			return nil, fmt.Errorf("%s.client_secret_file: %w", at, err)
		}
		pool, err := roots(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("%s.ca_file: %w", at, err)
		}
		p, err := oidc.New(oidc.Settings{
			ID: s.Short(), Name: s.Name, Preset: oidc.Preset(s.Preset), Issuer: s.Issuer, ClientID: s.ClientID, Secret: string(secret),
			Redirect: cfg.CallbackURL(s), Domains: s.Domains, Tenants: s.Tenants, Loopback: config.Loopback(cfg.PublicURL.Hostname()), Roots: pool, Now: now,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// providers asks each OpenID provider what it says of itself, and for its keys.
func (c *checkup) providers(ctx context.Context) {
	list, err := openProviders(c.cfg, time.Now)
	if err != nil {
		c.fails("signin", err, "")
		return
	}
	for _, p := range list {
		c.lookAt(ctx, "signin "+p.ID, p)
	}
}
