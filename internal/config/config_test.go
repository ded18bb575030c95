package config_test

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

// valid returns settings with which everything is in order, for a server, too.
func valid(t *testing.T) config.Config {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	c.PublicURL = parse(t, "https://mail.contoso.example")
	c.DataDir = filepath.Join(dir, "data")
	c.MasterKeyFile = filepath.Join(dir, "master.key")
	c.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "portal@contoso.example"}
	c.TLS = config.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	c.Relay.Address = "smtp.contoso.example:587"
	return c
}

func parse(t *testing.T, s string) config.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return config.URL{URL: u}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string // setting that is named; empty: valid
	}{
		{"nothing", func(*config.Config) {}, ""},
		{"no public URL", func(c *config.Config) { c.PublicURL = config.URL{} }, "public_url"},
		{"no data folder", func(c *config.Config) { c.DataDir = "" }, "data_dir"},
		{"no master key file", func(c *config.Config) { c.MasterKeyFile = "" }, "master_key_file"},
		{"no name", func(c *config.Config) { c.Organization.Name = "" }, "organization.name"},
		{"no domains", func(c *config.Config) { c.Organization.Domains = nil }, "organization.domains"},
		{"a domain in capitals", func(c *config.Config) { c.Organization.Domains = []string{"contoso.example", "Contoso.org"} }, "organization.domains"},
		{"a domain in Unicode", func(c *config.Config) { c.Organization.Domains = []string{"bücher.example"} }, "organization.domains"},
		{"an empty domain", func(c *config.Config) { c.Organization.Domains = []string{""} }, "organization.domains"},
		{"a domain with a dot before it", func(c *config.Config) { c.Organization.Domains = []string{".contoso.example"} }, "organization.domains"},
		{"an international domain", func(c *config.Config) { c.Organization.Domains = []string{"xn--bcher-kva.example"} }, ""},
		{"no sender of notifications", func(c *config.Config) { c.Organization.Notify = "" }, "organization.notify"},
		{"a sender that is no address", func(c *config.Config) { c.Organization.Notify = "portal" }, "organization.notify"},
		{"a sender with a line end", func(c *config.Config) { c.Organization.Notify = "portal@contoso.example\r\nBcc: x@y.example" }, "organization.notify"},
		{"an administrator who is no address", func(c *config.Config) { c.Organization.Admin = "grace" }, "organization.admin"},
		{"a browser that is remembered for half an hour", func(c *config.Config) { c.Portal.Remember.Span = letterlock.Span(30 * time.Minute) }, "portal.remember"},
		{"one that is for 31 days", func(c *config.Config) { c.Portal.Remember.Span = letterlock.Span(31 * 24 * time.Hour) }, "portal.remember"},
		{"one that is for an hour", func(c *config.Config) { c.Portal.Remember.Span = letterlock.Span(time.Hour) }, ""},
		{"a language without texts", func(c *config.Config) { c.Portal.Languages = []string{"en", "tlh"} }, "portal.languages"},
		{"a language twice", func(c *config.Config) { c.Portal.Languages = []string{"en", "en"} }, "portal.languages"},
		{"two languages", func(c *config.Config) { c.Portal.Languages = []string{"de", "en"} }, ""},
		{"a language that staff pages lack", func(c *config.Config) { c.Staff.Languages = []string{"en", "fr"} }, "staff.languages"},
		{"one that they have", func(c *config.Config) { c.Staff.Languages = []string{"en", "de"} }, ""},
		{"an epoch of half an hour", func(c *config.Config) { c.Keys.Rotate.Span = letterlock.Span(30 * time.Minute) }, "keys.rotate"},
		{"one of 31 days", func(c *config.Config) { c.Keys.Rotate.Span = letterlock.Span(31 * 24 * time.Hour) }, "keys.rotate"},
		{"one that ends by hand", func(c *config.Config) { c.Keys.Rotate = config.Span{} }, ""},
		{"copies of keys in the data folder", func(c *config.Config) { c.Keys.Backup = c.DataDir + "/copies" }, "keys.backup"},
		{"copies of keys elsewhere", func(c *config.Config) { c.Keys.Backup = "/srv/keys" }, ""},
		{"copies of keys for a minute", func(c *config.Config) {
			c.Keys.Backup, c.Keys.KeepBackup.Span = "/srv/keys", letterlock.Span(time.Minute)
		}, "keys.keep_backup"},
		{"none that is", func(c *config.Config) { c.Portal.Remember = config.Span{} }, ""},
		{"an administrator", func(c *config.Config) { c.Organization.Admin = "grace@contoso.example" }, ""},
		{"no size", func(c *config.Config) { c.Limits.Message = 0 }, "limits.message"},
		{"a size nobody can send", func(c *config.Config) { c.Limits.Message = 1 << 40 }, "limits.message"},
		{"no recipients", func(c *config.Config) { c.Limits.Recipients = 0 }, "limits.recipients"},
		{"too many recipients", func(c *config.Config) { c.Limits.Recipients = 101 }, "limits.recipients"},
		{"no connections", func(c *config.Config) { c.Limits.Connections = 0 }, "limits.connections"},
		{"no connections of an address", func(c *config.Config) { c.Limits.ConnectionsPerIP = -1 }, "limits.connections_per_ip"},
		{"no connections of an account", func(c *config.Config) { c.Limits.ConnectionsPerAccount = 0 }, "limits.connections_per_account"},
		{"too many open pages", func(c *config.Config) { c.Limits.OpenPages = 2_000_000 }, "limits.open_pages"},
		{"no reserve", func(c *config.Config) { c.Limits.DiskReserve = 0 }, ""},
		{"a negative reserve", func(c *config.Config) { c.Limits.DiskReserve = -1 }, "limits.disk_reserve"},
		{"another scope", func(c *config.Config) { c.Revocation.SenderScope = config.EveryLink }, ""},
		{"no addresses of readers", func(c *config.Config) { c.Privacy.ReaderIP = config.NoIP }, ""},
		{"whole addresses of readers", func(c *config.Config) { c.Privacy.ReaderIP = config.FullIP }, ""},
		{"an unknown part of addresses", func(c *config.Config) { c.Privacy.ReaderIP = "some" }, "privacy.reader_ip"},
		{"no requests", func(c *config.Config) { c.API.PerMinute = 0 }, "api.requests_per_minute"},
		{"no minutes between checkpoints", func(c *config.Config) { c.Audit.CheckpointMinutes = 0 }, "audit.checkpoint_minutes"},
		{"checkpoints in the place of the journal's copy", func(c *config.Config) { c.Audit.CheckpointFile = "/mnt/away/revocation-journal-copy.jsonl" }, "audit.checkpoint_file"},
		{"the journal in the place of its copy", func(c *config.Config) {
			c.Audit.CheckpointFile, c.Revocation.Journal = "/mnt/away/points.jsonl", "/mnt/away/revocation-journal-copy.jsonl"
		}, "audit.checkpoint_file"},
		{"a week between checkpoints", func(c *config.Config) { c.Audit.CheckpointMinutes = 7 * 24 * 60 }, "audit.checkpoint_minutes"},
		{"a syslog of this machine", func(c *config.Config) { c.Audit.Syslog = "unix:///dev/log" }, ""},
		{"a syslog over UDP", func(c *config.Config) { c.Audit.Syslog = "udp://[2001:db8::1]:514" }, ""},
		{"a syslog over TCP", func(c *config.Config) { c.Audit.Syslog = "tcp://log.contoso.example:601" }, ""},
		{"a syslog over HTTP", func(c *config.Config) { c.Audit.Syslog = "https://log.contoso.example:601" }, "audit.syslog"},
		{"a syslog without a port", func(c *config.Config) { c.Audit.Syslog = "udp://log.contoso.example" }, "audit.syslog"},
		{"a syslog with a path", func(c *config.Config) { c.Audit.Syslog = "tcp://log.contoso.example:601/x" }, "audit.syslog"},
		{"a syslog without a scheme", func(c *config.Config) { c.Audit.Syslog = "/dev/log" }, "audit.syslog"},
		{"an unknown scope", func(c *config.Config) { c.Revocation.SenderScope = "all" }, "revocation.sender_scope"},
		{"a second administrator", func(c *config.Config) { c.Revocation.SecondAdministratorAbove = 50 }, ""},
		{"a negative number of messages", func(c *config.Config) { c.Revocation.SecondAdministratorAbove = -1 }, "revocation.second_administrator_above"},
		{"nobody inline", func(c *config.Config) { c.Recipients.Inline = nil }, ""},
		{"a second factor for a role that there is not", func(c *config.Config) { c.Accounts.RequireSecondFactor = []letterlock.Role{"root"} }, "accounts.require_second_factor"},
		{"an unknown identity type", func(c *config.Config) { c.Recipients.Inline = []letterlock.IdentityType{"apple"} }, "recipients.inline"},
		{"exceptions by domain", func(c *config.Config) {
			c.Recipients.InlineDomains, c.Recipients.LinkDomains = []string{"partner.example", "xn--mnchen-3ya.example"}, []string{"outlook.com"}
		}, ""},
		{"an exception in capitals", func(c *config.Config) { c.Recipients.InlineDomains = []string{"Partner.example"} }, "recipients.inline_domains"},
		{"an exception in U-labels", func(c *config.Config) { c.Recipients.LinkDomains = []string{"münchen.example"} }, "recipients.link_domains"},
		{"an address as an exception", func(c *config.Config) { c.Recipients.LinkDomains = []string{"ada@partner.example"} }, "recipients.link_domains"},
		{"a pattern as an exception", func(c *config.Config) { c.Recipients.InlineDomains = []string{"*.example"} }, "recipients.inline_domains"},
		{"an exception both ways", func(c *config.Config) {
			c.Recipients.InlineDomains, c.Recipients.LinkDomains = []string{"partner.example"}, []string{"partner.example"}
		}, "recipients.link_domains"},
		{"the own domain as an exception", func(c *config.Config) { c.Recipients.LinkDomains = c.Organization.Domains[:1] }, "recipients.link_domains"},
		{"an unknown format", func(c *config.Config) { c.Log.Format = "xml" }, "log.format"},
		{"no time zone", func(c *config.Config) { c.TimeZone = config.Zone{} }, "time_zone"},
		{"another time zone", func(c *config.Config) { c.TimeZone = config.Zone{Location: time.UTC} }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid(t)
			tt.change(&c)
			checkNamed(t, c.Validate(), tt.want)
			checkNamed(t, c.ValidateServer(), tt.want)
		})
	}
}

func TestValidateServerNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string // how the one line begins; empty: valid
	}{
		{"nothing", func(*config.Config) {}, ""},
		{"no address for pages", func(c *config.Config) { c.HTTP.Listen = "" }, `http.listen: "" is not an address`},
		{"a port alone", func(c *config.Config) { c.HTTP.Listen = "443" }, `http.listen: "443" is not an address`},
		{"a port that is none", func(c *config.Config) { c.HTTP.Listen = ":https" }, "http.listen: "},
		{"any port in public", func(c *config.Config) { c.HTTP.Listen = ":0" }, "http.listen: "},
		{"a redirect that is no address", func(c *config.Config) { c.HTTP.Redirect = "80" }, `http.redirect: "80" is not`},
		{"no redirect", func(c *config.Config) { c.HTTP.Redirect = "" }, ""},
		{"plain without a proxy", func(c *config.Config) { c.HTTP.Plain = true }, "proxy.trusted: is empty"},
		{"plain behind a proxy", func(c *config.Config) { c.HTTP.Plain, c.Proxy.Trusted = true, prefixes("127.0.0.1/32") }, ""},
		{"everybody is a proxy", func(c *config.Config) { c.Proxy.Trusted = prefixes("0.0.0.0/0") }, "proxy.trusted: 0.0.0.0/0 is everybody"},
		{"a key without certificate", func(c *config.Config) { c.TLS.CertFile = "" }, "tls.cert_file: is missing"},
		{"a certificate without key", func(c *config.Config) { c.TLS.KeyFile = "" }, "tls.key_file: is missing"},
		{"ACME and files", func(c *config.Config) { c.TLS.ACME = true }, "tls.acme: is on, and there is a certificate"},
		{"ACME", func(c *config.Config) { c.TLS = config.TLS{ACME: true, ACMEEmail: "ops@contoso.example"} }, ""},
		{"ACME for an IP address", func(c *config.Config) {
			c.TLS = config.TLS{ACME: true}
			c.PublicURL = config.URL{URL: &url.URL{Scheme: "https", Host: "192.0.2.1"}}
		}, "tls.acme: no issuer gives a certificate for 192.0.2.1"},
		{"ACME by plain http", func(c *config.Config) { c.TLS = config.TLS{ACME: true, ACMEDirectory: "http://issuer.example/"} }, "tls.acme_directory: "},
		{"ACME for nobody", func(c *config.Config) { c.TLS = config.TLS{ACME: true, ACMEEmail: "ops"} }, "tls.acme_email: "},
		{"no relay", func(c *config.Config) { c.Relay.Address = "" }, "relay.address: is missing"},
		{"a relay without port", func(c *config.Config) { c.Relay.Address = "smtp.contoso.example" }, "relay.address: "},
		{"a relay without host", func(c *config.Config) { c.Relay.Address = ":25" }, "relay.address: "},
		{"a relay in the clear", func(c *config.Config) { c.Relay.Security = config.NoTLS }, `relay.security: "none" is for a relay on this machine only`},
		{"a relay in the clear here", func(c *config.Config) { c.Relay = config.Relay{Address: "127.0.0.1:25", Security: config.NoTLS} }, ""},
		{"TLS of another kind", func(c *config.Config) { c.Relay.Security = "ssl" }, "relay.security: "},
		{"a user without password", func(c *config.Config) { c.Relay.User = "letterlock" }, "relay.password_file: is missing"},
		{"a password without user", func(c *config.Config) { c.Relay.PasswordFile = "/x" }, "relay.user: is missing"},
		{"a fallback", func(c *config.Config) { c.Relay.Fallback = []config.Relay{{Address: "b.example:25"}} }, ""},
		{"a fallback without address", func(c *config.Config) { c.Relay.Fallback = []config.Relay{{}} }, "relay.fallback[1].address: is missing"},
		{"a fallback with a fallback", func(c *config.Config) {
			c.Relay.Fallback = []config.Relay{{Address: "b.example:25", Fallback: []config.Relay{{}}}}
		}, "relay.fallback[1].fallback: "},
		{"submission that is no address", func(c *config.Config) { c.SMTP.Submission = "587" }, "smtp.submission: "},
		{"submissions that is no address", func(c *config.Config) { c.SMTP.Submissions = "465" }, "smtp.submissions: "},
		{"no SMTP", func(c *config.Config) { c.SMTP.Submission, c.SMTP.Submissions = "", "" }, ""},
		{"a gateway", func(c *config.Config) {
			c.SMTP.Gateway, c.SMTP.GatewayNetworks = "127.0.0.1:2525", prefixes("127.0.0.1/32", "2001:db8::/32")
		}, ""},
		{"a gateway that is no address", func(c *config.Config) {
			c.SMTP.Gateway, c.SMTP.GatewayNetworks = "2525", prefixes("127.0.0.1/32")
		}, "smtp.gateway: "},
		{"a gateway for nobody", func(c *config.Config) { c.SMTP.Gateway = ":2525" }, "smtp.gateway_networks: is missing"},
		{"a gateway for everybody", func(c *config.Config) { c.SMTP.Gateway, c.SMTP.GatewayNetworks = ":2525", prefixes("0.0.0.0/0") }, "smtp.gateway_networks: 0.0.0.0/0 is everybody"},
		{"a gateway for IPv4 in IPv6", func(c *config.Config) {
			c.SMTP.Gateway, c.SMTP.GatewayNetworks = ":2525", prefixes("::ffff:192.0.2.0/120")
		}, "smtp.gateway_networks: ::ffff:192.0.2.0/120 is IPv4"},
		{"a default of the gateway", func(c *config.Config) {
			c.SMTP.Gateway, c.SMTP.GatewayNetworks, c.SMTP.GatewayProtection = ":2525", prefixes("127.0.0.1/32"), "do-not-forward"
		}, ""},
		{"a default of the gateway that is none", func(c *config.Config) {
			c.SMTP.Gateway, c.SMTP.GatewayNetworks, c.SMTP.GatewayProtection = ":2525", prefixes("127.0.0.1/32"), "encrypt"
		}, `smtp.gateway_protection: "encrypt" is none of`},
		{"a default of no gateway", func(c *config.Config) { c.SMTP.GatewayProtection = "encrypt-only" }, "smtp.gateway: is missing"},
		{"networks of no gateway", func(c *config.Config) { c.SMTP.GatewayNetworks = prefixes("127.0.0.1/32") }, "smtp.gateway: is missing"},
		{"a name with a space", func(c *config.Config) { c.SMTP.Name = "mail contoso" }, "smtp.name: "},
		{"metrics nowhere", func(c *config.Config) { c.Metrics.Listen = "" }, ""},
		{"metrics that is no address", func(c *config.Config) { c.Metrics.Listen = "9464" }, "metrics.listen: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid(t)
			tt.change(&c)
			checkNamed(t, c.ValidateServer(), tt.want)
		})
	}
}

func TestASignInProviderIsSetUpWhole(t *testing.T) {
	google := config.SignIn{Preset: "google", ClientID: "c", ClientSecretFile: "/x"}
	other := config.SignIn{ID: "riverside", Name: "Riverside", Issuer: "https://login.riverside.example", ClientID: "c", ClientSecretFile: "/x", Domains: []string{"riverside.example"}}
	with := func(s config.SignIn, change func(*config.SignIn)) []config.SignIn {
		change(&s)
		return []config.SignIn{s}
	}
	tests := []struct {
		name string
		list []config.SignIn
		want string
	}{
		{"a preset", []config.SignIn{google}, ""},
		{"another provider", []config.SignIn{google, other}, ""},
		{"an unknown preset", with(google, func(s *config.SignIn) { s.Preset, s.ID = "facebook", "x" }), "signin[1].preset: "},
		{"no client", with(google, func(s *config.SignIn) { s.ClientID = "" }), "signin[1].client_id: is missing"},
		{"no secret", with(google, func(s *config.SignIn) { s.ClientSecretFile = "" }), "signin[1].client_secret_file: is missing"},
		{"the same twice", []config.SignIn{google, google}, "signin[2].id: "},
		{"a name that is no path", with(other, func(s *config.SignIn) { s.ID = "../x" }), "signin[1].id: "},
		{"no short name", with(other, func(s *config.SignIn) { s.ID = "" }), "signin[1].id: "},
		{"no name", with(other, func(s *config.SignIn) { s.Name = "" }), "signin[1].name: is missing"},
		{"no issuer", with(other, func(s *config.SignIn) { s.Issuer = "" }), "signin[1].issuer: is missing"},
		{"an issuer in plain", with(other, func(s *config.SignIn) { s.Issuer = "http://login.riverside.example" }), "signin[1].issuer: "},
		{"an issuer in plain on this machine", with(other, func(s *config.SignIn) { s.Issuer = "http://127.0.0.1:80" }), "signin[1].issuer: "},
		{"believed for everybody", with(other, func(s *config.SignIn) { s.Domains = nil }), "signin[1].domains: is missing"},
		{"a domain in capitals", with(other, func(s *config.SignIn) { s.Domains = []string{"Riverside.example"} }), "signin[1].domains: "},
		{"tenants of another", with(google, func(s *config.SignIn) {
			s.Tenants = map[string][]string{"11111111-2222-3333-4444-555555555555": {"a.example"}}
		}), "signin[1].tenants: "},
		{"a tenant by its name", with(google, func(s *config.SignIn) {
			s.Preset, s.Tenants = "microsoft", map[string][]string{"contoso": {"a.example"}}
		}), "signin[1].tenants: "},
		{"a tenant", with(google, func(s *config.SignIn) {
			s.Preset, s.Tenants = "microsoft", map[string][]string{"11111111-2222-3333-4444-555555555555": {"a.example"}}
		}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid(t)
			c.SignIn = tt.list
			checkNamed(t, c.Validate(), tt.want)
		})
	}
	c := valid(t)
	c.PublicURL = parse(t, "http://127.0.0.1:8080")
	c.SignIn = with(other, func(s *config.SignIn) { s.Issuer = "http://127.0.0.1:80" })
	checkNamed(t, c.Validate(), "")
	if got := c.CallbackURL(c.SignIn[0]); got != "http://127.0.0.1:8080/portal/openid/riverside" {
		t.Errorf("the provider sends browsers to %s", got)
	}
}

func TestSingleSignOnIsSetUpWhole(t *testing.T) {
	good := config.SSO{Issuer: "https://login.contoso.example", Name: "Contoso", ClientID: "c", ClientSecretFile: "/x",
		SecondFactor: config.FactorHere, Password: config.PasswordAlso}
	for _, tt := range []struct {
		name   string
		change func(*config.SSO)
		want   string
	}{
		{"what it needs", func(*config.SSO) {}, ""},
		{"an issuer in plain", func(s *config.SSO) { s.Issuer = "http://login.contoso.example" }, "sso.issuer: "},
		{"no issuer", func(s *config.SSO) { s.Issuer = "" }, "sso.issuer: is missing"},
		{"no passwords and no issuer", func(s *config.SSO) {
			*s = config.SSO{SecondFactor: config.FactorHere, Password: config.PasswordNever}
		}, "sso.issuer: is missing"},
		{"no name", func(s *config.SSO) { s.Name = "" }, "sso.name: is missing"},
		{"no client", func(s *config.SSO) { s.ClientID = "" }, "sso.client_id: is missing"},
		{"no secret", func(s *config.SSO) { s.ClientSecretFile = "" }, "sso.client_secret_file: is missing"},
		{"one of its domains", func(s *config.SSO) { s.Domains = []string{"contoso.example"} }, ""},
		{"a domain of others", func(s *config.SSO) { s.Domains = []string{"gmail.com"} }, "sso.domains: "},
		{"an address", func(s *config.SSO) { s.Addresses = []letterlock.Address{"ada@contoso.example"} }, ""},
		{"an address of others", func(s *config.SSO) { s.Addresses = []letterlock.Address{"ada@gmail.com"} }, "sso.addresses: "},
		{"what is no address", func(s *config.SSO) { s.Addresses = []letterlock.Address{"ada"} }, "sso.addresses: "},
		{"roles", func(s *config.SSO) {
			s.RolesClaim, s.Roles, s.Create = "groups", map[string][]letterlock.Role{"a": {letterlock.Admin, letterlock.Sender}}, true
		}, ""},
		{"a claim without roles", func(s *config.SSO) { s.RolesClaim = "groups" }, "sso.roles: is missing"},
		{"roles without a claim", func(s *config.SSO) { s.Roles = map[string][]letterlock.Role{"a": {letterlock.Admin}} }, "sso.roles_claim: is missing"},
		{"an unknown role", func(s *config.SSO) {
			s.RolesClaim, s.Roles = "groups", map[string][]letterlock.Role{"a": {"root"}}
		}, `sso.roles."a": `},
		{"a value for nothing", func(s *config.SSO) { s.RolesClaim, s.Roles = "groups", map[string][]letterlock.Role{"a": nil} }, `sso.roles."a": `},
		{"accounts that may do nothing", func(s *config.SSO) { s.Create = true }, "sso.roles_claim: is missing"},
		{"an unknown factor", func(s *config.SSO) { s.SecondFactor = "none" }, "sso.second_factor: "},
		{"a factor that nothing shows", func(s *config.SSO) { s.SecondFactor = config.FactorProvider }, "sso.second_factor: "},
		{"a factor that the empty value shows", func(s *config.SSO) { s.SecondFactor, s.ACR = config.FactorProvider, []string{""} }, "sso.second_factor: "},
		{"a factor that the provider shows", func(s *config.SSO) { s.SecondFactor, s.AMR = config.FactorProvider, []string{"otp"} }, ""},
		{"a factor that both ask for", func(s *config.SSO) { s.AMR = []string{"otp"} }, "sso.second_factor: "},
		{"an unknown use of passwords", func(s *config.SSO) { s.Password = "no" }, "sso.password: "},
		{"no passwords and nobody with one", func(s *config.SSO) { s.Password = config.PasswordNever }, "sso.break_glass: is missing"},
		{"no passwords but one", func(s *config.SSO) {
			s.Password, s.BreakGlass = config.PasswordNever, "grace@contoso.example"
		}, ""},
		{"break glass that is no address", func(s *config.SSO) { s.BreakGlass = "grace" }, "sso.break_glass: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := valid(t)
			c.SSO = good
			tt.change(&c.SSO)
			checkNamed(t, c.Validate(), tt.want)
		})
	}
}

func TestWithoutACertificateOnlyLoopbackIsServed(t *testing.T) {
	c := valid(t)
	c.TLS = config.TLS{}
	err := c.ValidateServer()
	for _, want := range []string{"tls: no certificate: ", "smtp.submission: needs a certificate", "smtp.submissions: needs a certificate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ValidateServer = %v, want %q in it", err, want)
		}
	}
	c.PublicURL = parse(t, "http://127.0.0.1:8080")
	c.HTTP.Listen, c.SMTP.Submission, c.SMTP.Submissions = "127.0.0.1:8080", "127.0.0.1:2525", ""
	checkNamed(t, c.ValidateServer(), "")
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// checkNamed requires an error of one line that begins as given, or none.
func checkNamed(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("Validate = %v, want no error", err)
	case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n")):
		t.Errorf("Validate = %v, want an error about %s alone", err, want)
	}
}

func TestPublicURLIsAnOriginAndSafe(t *testing.T) {
	tests := map[string]bool{
		"https://mail.contoso.example":      true,
		"https://mail.contoso.example/":     true,
		"https://mail.contoso.example:8443": true,
		"https://192.0.2.1":                 true,
		"http://localhost:8080":             true,
		"http://127.0.0.1:8080":             true,
		"http://[::1]:8080":                 true,
		"http://127.8.9.1":                  true,
		"http://mail.contoso.example":       false,
		"http://localhost.evil.example":     false,
		"http://127.0.0.1.evil.example":     false,
		"http://0.0.0.0:8080":               false,
		"ftp://localhost":                   false,
		"//mail.contoso.example":            false,
		"mail.contoso.example":              false,
		"https:mail.contoso.example":        false,
		"https://":                          false,
		"https://:8443":                     false,
		"https://mail.contoso.example/app":  false,
		"https://mail.contoso.example?x=1":  false,
		"https://mail.contoso.example?":     false,
		"https://mail.contoso.example/#x":   false,
		"https://ada@mail.contoso.example":  false,
		"https://ada:pw@localhost":          false,
	}
	for s, ok := range tests {
		c := valid(t)
		c.PublicURL = parse(t, s)
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("public URL %q: %v, want valid %v", s, err, ok)
		}
	}
}

func TestValidateSaysAllAtOnce(t *testing.T) {
	err := config.Config{}.Validate()
	if err == nil {
		t.Fatal("the zero Config is valid")
	}
	for _, want := range []string{"public_url", "data_dir", "master_key_file", "organization.name", "organization.domains",
		"organization.notify", "limits.message"} {
		if !strings.Contains(err.Error(), want+": ") {
			t.Errorf("the zero Config: no word about %s in %q", want, err)
		}
	}
}

func TestMasterKeyInsideTheDataFolderIsRefusedHoweverItIsSpelled(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	for _, dir := range []string{"data/keys", "elsewhere", "data-keys"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link-to-data": "data", "link-to-keys": "data/keys", "data/out": "../elsewhere"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		dir, file string
		ok        bool
	}{
		{"data", "master.key", true},
		{"data", "data-keys/master.key", true},
		{"data", "data/../master.key", true},
		{"data", "..master.key", true},
		{"data", "not-there/master.key", true},
		{"data/keys", "data/master.key", true},
		{"data", "data/master.key", false},
		{"data", "data/..master.key", false},
		{"data/", "./data//master.key", false},
		{"./data", "elsewhere/../data/keys/master.key", false},
		{"data", filepath.Join(root, "data", "master.key"), false},
		{filepath.Join(root, "data"), "data/keys/master.key", false},
		{"data", "data", false},
		{"data", "link-to-data/master.key", false},
		{"link-to-data", "data/master.key", false},
		{"data", "link-to-keys/master.key", false},
		{"data", "link-to-data/not-there/yet/master.key", false},
		{"not-there", "not-there/master.key", false},
		{".", "master.key", false},
		{"/", "master.key", false},
		// By this path the folder holds the file: a copy that follows links has both.
		{"data", "data/out/master.key", false},
	}
	for _, tt := range tests {
		c := valid(t)
		c.DataDir, c.MasterKeyFile = tt.dir, tt.file
		err := c.Validate()
		if (err == nil) != tt.ok || err != nil && !strings.HasPrefix(err.Error(), "master_key_file: ") {
			t.Errorf("data folder %q, master key file %q: %v, want valid %v", tt.dir, tt.file, err, tt.ok)
		}
	}
}

func TestLoopbackIsThisMachineOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.255.0.3": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "192.168.0.1": false, "localhost.": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "127.1": false, "2130706433": false,
	} {
		if got := config.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v, want %v", host, got, want)
		}
	}
}
