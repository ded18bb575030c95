package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/config"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/sso"
	"letterlock/internal/store"
)

// ssoID is the provider of single sign-on where providers are told apart.
const ssoID = "sso"

// microsoft is where Entra ID is, and google where Google Workspace is. What they say of
// addresses is to be understood otherwise.
const (
	microsoft = "https://login.microsoftonline.com/"
	google    = "https://accounts.google.com"
)

// openSSO returns the provider of single sign-on, which is not asked, or nil. Its errors
// name the setting.
func openSSO(cfg config.Config, now func() time.Time) (*oidc.Provider, error) {
	s := cfg.SSO
	if !s.On() {
		return nil, nil
	}
	secret, err := readPassword(s.ClientSecretFile)
	if err != nil {
		return nil, fmt.Errorf("sso.client_secret_file: %w", err)
	}
	pool, err := roots(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("sso.ca_file: %w", err)
	}
	preset, issuer := presetOf(s.Issuer)
	p, err := oidc.New(oidc.Settings{
		ID: ssoID, Name: s.Name, Preset: preset, Issuer: issuer, ClientID: s.ClientID, Secret: string(secret), Redirect: cfg.SSOCallbackURL(),
		Domains: cfg.SSODomains(), Profile: true, Scopes: s.Scopes, RolesClaim: s.RolesClaim,
		Loopback: config.Loopback(cfg.PublicURL.Hostname()), Roots: pool, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("sso: %w", err)
	}
	return p, nil
}

// presetOf knows a provider by where it is, and returns the issuer as the provider has it.
func presetOf(issuer string) (oidc.Preset, string) {
	switch {
	case strings.HasPrefix(issuer, microsoft):
		return oidc.Microsoft, issuer
	case issuer == google, issuer == google+"/":
		return oidc.Google, google
	}
	return oidc.NoPreset, issuer
}

// ssoOf is single sign-on by a provider; nil: there is none.
func ssoOf(cfg config.Config, p *oidc.Provider, db *store.DB, pepper seal.Pepper) *sso.Service {
	if p == nil {
		return nil
	}
	s := cfg.SSO
	if s.RolesClaim == "" {
		s.Roles = nil // an empty table would be one by which nobody has any
	}
	return &sso.Service{DB: db, Pepper: pepper, Provider: p, IPKey: ratelimit.IPKey, Settings: sso.Settings{
		Domains: cfg.SSODomains(), Addresses: s.Addresses, Roles: s.Roles, Create: s.Create,
		ByProvider: s.SecondFactor == config.FactorProvider, ACR: s.ACR, AMR: s.AMR,
		FactorRoles: cfg.Accounts.RequireSecondFactor, BreakGlass: s.BreakGlass,
	}}
}

// lookForBreakGlass warns when nobody could come in if the provider does not work. That
// is no reason not to start: who is at the machine can make the account then, too.
func (a *App) lookForBreakGlass(ctx context.Context) error {
	only := a.Accounts.OnlyPassword
	if only == "" {
		return nil
	}
	list, err := a.Accounts.List(ctx, letterlock.Actor{Kind: letterlock.System})
	if err != nil {
		return err
	}
	for _, row := range list {
		if row.Mailbox.Address == only && row.PasswordSet && row.Disabled.IsZero() && slices.Contains(row.Roles, letterlock.Admin) {
			return nil
		}
	}
	a.log.Warn("sso.break_glass is no account of an administrator with a password: nobody comes in when the provider does not work")
	return nil
}

// breakGlass asks the server that runs whether the account can be opened that is for when
// the provider does not work.
func (d *doctor) breakGlass(ctx context.Context, server *api.Client) {
	const about = "sso.break_glass"
	only := string(d.cfg.SSO.BreakGlass)
	if !d.cfg.SSO.On() || only == "" {
		return
	}
	warn := func(do, says string) {
		d.advise(Warn, about, do, "%s: nobody comes in when the provider does not work", says)
	}
	list, err := server.Accounts(ctx)
	i := slices.IndexFunc(list, func(a api.Account) bool { return a.Address == only })
	switch {
	case err != nil:
		d.advise(Warn, about, "look into the log of the server", "not looked at: %s", inOneLine(err))
	case i < 0:
		warn("make it: 'letterlock account add "+only+" --role admin --password-file -'", "there is no account "+only)
	case !list[i].Disabled.IsZero():
		warn("enable it: 'letterlock account enable "+only+"'", only+" is disabled")
	case !list[i].PasswordSet:
		warn("have a link to set one mailed: 'letterlock account reset "+only+"'", only+" has no password")
	case !slices.Contains(list[i].Roles, string(letterlock.Admin)):
		warn("give it the role: 'letterlock account roles "+only+" admin'", only+" is no administrator's")
	default:
		d.say(Fine, about, "%s has a password, and comes in when the provider does not work", only)
	}
}

// single asks the provider of single sign-on what it says of itself, and for its keys.
func (c *checkup) single(ctx context.Context) {
	p, err := openSSO(c.cfg, time.Now)
	if err != nil {
		c.fails(ssoID, err, "")
		return
	}
	if p != nil {
		c.lookAt(ctx, ssoID, p)
	}
}

// lookAt says what a provider says of itself.
func (c *checkup) lookAt(ctx context.Context, about string, p *oidc.Provider) {
	switch err := p.Look(ctx); {
	case letterlock.KeyOf(err) == oidc.Discovery:
		c.say(Wrong, about, "what is at %s is not the provider's description of itself", p.Issuer)
	case err != nil:
		c.say(Wrong, about, "%s does not answer", p.Issuer)
	default:
		c.say(Fine, about, "answers at %s; %s has to be registered there", p.Issuer, p.Redirect)
	}
}
