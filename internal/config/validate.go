package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
)

// complain notes what is wrong with a setting, in words for the operator.
type complain func(setting, format string, args ...any)

// Validate says what is missing or wrong for any use, all of it at once, one line
// for each: the setting, a colon and a sentence. It looks at nothing but the
// settings themselves.
func (c Config) Validate() error { return complaints(c.validate) }

// ValidateServer says what is missing or wrong for a server that others reach. It
// includes what Validate says.
func (c Config) ValidateServer() error {
	return complaints(func(bad complain) {
		c.validate(bad)
		c.HTTP.validate(bad)
		c.validateProxy(bad)
		c.TLS.validate(bad)
		c.validateTLS(bad)
		c.validateSMTP(bad)
		for i, r := range c.Relays() {
			r.validate(bad, i)
		}
		if c.Metrics.Listen != "" && !address(c.Metrics.Listen) {
			bad("metrics.listen", "%q is not an address to listen on, like 127.0.0.1:9464", c.Metrics.Listen)
		}
	})
}

func complaints(validate func(complain)) error {
	var errs []error
	validate(func(setting, format string, args ...any) {
		errs = append(errs, errors.New(setting+": "+fmt.Sprintf(format, args...)))
	})
	return errors.Join(errs...)
}

func (c Config) validate(bad complain) {
	c.PublicURL.validate(bad)
	if c.DataDir == "" {
		bad("data_dir", "is missing")
	}
	if c.MasterKeyFile == "" {
		bad("master_key_file", "is missing")
	} else if inside(c.DataDir, c.MasterKeyFile) {
		bad("master_key_file", "must not lie in data_dir: a copy of both would open every message")
	}
	if c.TimeZone.Location == nil {
		bad("time_zone", "is missing")
	}
	c.Organization.validate(bad)
	c.Limits.validate(bad)
	if c.Revocation.SenderScope != SingleRecipient && c.Revocation.SenderScope != EveryLink {
		bad("revocation.sender_scope", "%q is neither single-recipient nor every-link", c.Revocation.SenderScope)
	}
	if p := c.Privacy.ReaderIP; p != FullIP && p != NetworkIP && p != NoIP {
		bad("privacy.reader_ip", "%q is neither full nor network nor none", p)
	}
	if r := c.Portal.Remember.Span; r != 0 && (r < shortestRemembered || r > longestRemembered) {
		bad("portal.remember", "%s is not between 1h and 30d; 0 remembers no browser", r)
	}
	if _, err := language.NewOffer(c.Portal.Languages); err != nil {
		bad("portal.languages", "%v", err)
	}
	if _, err := language.NewStaffOffer(c.Staff.Languages); err != nil {
		bad("staff.languages", "%v", err)
	}
	for _, r := range c.Accounts.RequireSecondFactor {
		if _, err := letterlock.ParseRole(string(r)); err != nil {
			bad("accounts.require_second_factor", "%q is no role; they are sender, auditor, revoker and admin", r)
		}
	}
	c.validateSSO(bad)
	c.validateSignIn(bad)
	c.validateKeys(bad)
	c.Audit.validate(bad)
	if c.API.PerMinute < 1 {
		bad("api.requests_per_minute", "%d is less than 1", c.API.PerMinute)
	}
	if c.Revocation.SecondAdministratorAbove < 0 {
		bad("revocation.second_administrator_above", "must not be negative; 0 means that no second administrator is needed")
	}
	if c.Revocation.Journal != "" && inside(c.DataDir, c.Revocation.Journal) {
		bad("revocation.journal", "must not lie in data_dir: a restored backup would bring an old one with it")
	}
	if to := c.JournalCopy(); to != "" && (to == filepath.Clean(c.Audit.CheckpointFile) || to == filepath.Clean(c.JournalFile())) {
		bad("audit.checkpoint_file", "%s is the name of the journal's copy beside the checkpoints: choose another one for both", to)
	}
	c.Recipients.validate(bad, c.Organization.Domains)
	if c.Log.Format != Text && c.Log.Format != JSON {
		bad("log.format", "%q is neither text nor json", c.Log.Format)
	}
}

// validate refuses what contradicts itself: which of two settings was meant is not for
// a program to guess.
func (r Recipients) validate(bad complain, own []string) {
	for _, t := range r.Inline {
		if !slices.Contains(identityTypes, t) {
			bad("recipients.inline", "%q is no identity type; they are %s", t, join(identityTypes))
		}
	}
	for _, list := range []struct {
		setting string
		domains []string
	}{{"recipients.inline_domains", r.InlineDomains}, {"recipients.link_domains", r.LinkDomains}} {
		for _, d := range list.domains {
			switch {
			case !canonical(letterlock.Address("x@" + d)):
				bad(list.setting, "%q is not a domain in lower-case ASCII (A-labels)", d)
			case slices.Contains(own, d):
				bad(list.setting, "%s is one of organization.domains: whether those get the message itself is said by recipients.inline", d)
			}
		}
	}
	for _, d := range r.LinkDomains {
		if slices.Contains(r.InlineDomains, d) {
			bad("recipients.link_domains", "%s is in recipients.inline_domains, too: choose one", d)
		}
	}
}

// Bounds of how old an epoch of the keyring gets.
const (
	shortestEpoch = letterlock.Span(time.Hour)
	longestEpoch  = letterlock.Span(30 * 24 * time.Hour)
)

func (c Config) validateKeys(bad complain) {
	if r := c.Keys.Rotate.Span; r != 0 && (r < shortestEpoch || r > longestEpoch) {
		bad("keys.rotate", "%s is not between 1h and 30d; 0 is only by hand", r)
	}
	if c.Keys.Backup != "" && c.Keys.KeepBackup.Span < shortestEpoch {
		bad("keys.keep_backup", "%s is less than 1h", c.Keys.KeepBackup.Span)
	}
	if c.Keys.Backup != "" && inside(c.DataDir, c.Keys.Backup) {
		bad("keys.backup", "must not lie in data_dir: a copy of the data would have the keys that were destroyed")
	}
}

// Bounds of how long a browser is remembered.
const (
	shortestRemembered = letterlock.Span(time.Hour)
	longestRemembered  = letterlock.Span(30 * 24 * time.Hour)
)

var identityTypes = []letterlock.IdentityType{
	letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount, letterlock.Google, letterlock.Yahoo, letterlock.Other,
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

func (u URL) validate(bad complain) {
	switch {
	case u.URL == nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		bad("public_url", "needs a scheme and a host and nothing else, like https://mail.example.org")
	case u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())):
		bad("public_url", "must be https; plain http is for loopback only")
	}
}

func (o Organization) validate(bad complain) {
	if o.Name == "" {
		bad("organization.name", "is missing")
	}
	if len(o.Domains) == 0 {
		bad("organization.domains", "needs at least one domain")
	}
	for _, d := range o.Domains {
		// Addresses are compared with them byte by byte.
		if a := letterlock.Address("x@" + d); !canonical(a) {
			bad("organization.domains", "%q is not a domain in lower-case ASCII (A-labels)", d)
		}
	}
	switch {
	case o.Notify == "":
		bad("organization.notify", "is missing")
	case !canonical(o.Notify):
		bad("organization.notify", "%q is not a mail address", o.Notify)
	}
	if o.Admin != "" && !canonical(o.Admin) {
		bad("organization.admin", "%q is not a mail address", o.Admin)
	}
}

func canonical(a letterlock.Address) bool {
	got, err := letterlock.ParseAddress(string(a))
	return err == nil && got == a
}

// Bounds of the limits: below them nothing works, above them something else gives
// way first.
const (
	leastMessage = 64 << 10
	mostMessage  = 2 << 30
)

func (l Limits) validate(bad complain) {
	if l.Message < leastMessage || l.Message > mostMessage {
		bad("limits.message", "%s is not between 64 KiB and 2 GiB", l.Message)
	}
	if l.Recipients < 1 || l.Recipients > 100 {
		bad("limits.recipients", "%d is not between 1 and 100", l.Recipients)
	}
	for _, n := range []struct {
		setting string
		value   int
	}{
		{"connections", l.Connections}, {"connections_per_ip", l.ConnectionsPerIP},
		{"connections_per_account", l.ConnectionsPerAccount}, {"open_pages", l.OpenPages},
	} {
		if n.value < 1 || n.value > 1_000_000 {
			bad("limits."+n.setting, "%d is not between 1 and 1,000,000", n.value)
		}
	}
	if l.DiskReserve < 0 {
		bad("limits.disk_reserve", "must not be negative")
	}
}

func (a Audit) validate(bad complain) {
	if a.CheckpointMinutes < 1 || a.CheckpointMinutes > 24*60 {
		bad("audit.checkpoint_minutes", "%d is not between 1 and 1,440", a.CheckpointMinutes)
	}
	if a.Syslog != "" {
		if _, _, err := a.SyslogAddress(); err != nil {
			bad("audit.syslog", "%q %v", a.Syslog, err)
		}
	}
}

// SyslogAddress is where Syslog is, as net.Dial wants it: over the network "unix",
// "udp" or "tcp".
func (a Audit) SyslogAddress() (network, address string, err error) {
	u, err := url.Parse(a.Syslog)
	if err != nil {
		return "", "", errors.New("is no URL")
	}
	switch bare := u.User == nil && u.RawQuery == "" && u.Fragment == ""; {
	case bare && u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		return "unix", u.Path, nil
	case bare && (u.Scheme == "udp" || u.Scheme == "tcp") && u.Hostname() != "" && u.Path == "" && u.Port() != "":
		return u.Scheme, u.Host, nil
	}
	return "", "", errors.New("is none of unix:///dev/log, udp://HOST:PORT and tcp://HOST:PORT")
}

func (h HTTP) validate(bad complain) {
	if !address(h.Listen) {
		bad("http.listen", "%q is not an address to listen on, like :443 or 127.0.0.1:8080", h.Listen)
	}
	if h.Redirect != "" && !address(h.Redirect) {
		bad("http.redirect", "%q is not an address to listen on, like :80", h.Redirect)
	}
}

// address reports whether a server could listen there: a host or none, and a port.
func address(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n > 0 || Loopback(hostOf(s))) // port 0 picks one, which only a test wants
}

func hostOf(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return ""
	}
	return host
}

func (c Config) validateProxy(bad complain) {
	https := c.PublicURL.URL != nil && c.PublicURL.Scheme == "https"
	if c.HTTP.Plain && https && len(c.Proxy.Trusted) == 0 {
		bad("proxy.trusted", "is empty: http.plain is for a proxy in front that speaks TLS, and its address belongs here")
	}
	for _, p := range c.Proxy.Trusted {
		if p.Bits() == 0 {
			bad("proxy.trusted", "%s is everybody: anybody could say to come from anywhere", p)
		}
	}
}

func (t TLS) validate(bad complain) {
	switch files := t.CertFile != "" || t.KeyFile != ""; {
	case files && t.ACME:
		bad("tls.acme", "is on, and there is a certificate in tls.cert_file: choose one")
	case files && t.CertFile == "":
		bad("tls.cert_file", "is missing, there is a tls.key_file only")
	case files && t.KeyFile == "":
		bad("tls.key_file", "is missing, there is a tls.cert_file only")
	}
	if t.ACMEEmail != "" && !canonical(t.ACMEEmail) {
		bad("tls.acme_email", "%q is not a mail address", t.ACMEEmail)
	}
	if u, err := url.Parse(t.ACMEDirectory); t.ACMEDirectory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		bad("tls.acme_directory", "%q is not an https URL", t.ACMEDirectory)
	}
}

// Has reports whether there is to be a certificate.
func (t TLS) Has() bool { return t.ACME || t.CertFile != "" || t.KeyFile != "" }

// validateTLS says where a certificate is needed and there is none.
func (c Config) validateTLS(bad complain) {
	if c.PublicURL.URL == nil {
		return
	}
	https := c.PublicURL.Scheme == "https"
	switch {
	case https && !c.HTTP.Plain && !c.TLS.Has():
		bad("tls", "no certificate: set tls.cert_file and tls.key_file, or tls.acme = true, or http.plain = true behind a proxy that speaks TLS")
	case !https && c.TLS.Has():
		bad("public_url", "must be https where there is a certificate")
	}
	if c.TLS.ACME && !namedInDNS(c.PublicURL.Hostname()) {
		bad("tls.acme", "no issuer gives a certificate for %s: public_url needs a name in the DNS", c.PublicURL.Hostname())
	}
}

func namedInDNS(host string) bool { return canonical(letterlock.Address("x@" + host)) }

func (c Config) validateSMTP(bad complain) {
	for _, s := range []struct{ setting, address string }{
		{"smtp.submission", c.SMTP.Submission}, {"smtp.submissions", c.SMTP.Submissions},
	} {
		switch {
		case s.address == "":
		case !address(s.address):
			bad(s.setting, "%q is not an address to listen on, like :587", s.address)
		case c.TLS.Has():
		case s.setting == "smtp.submissions":
			bad(s.setting, "needs a certificate: set tls, or set it to \"\"")
		case !Loopback(hostOf(s.address)):
			bad(s.setting, "needs a certificate to take mail from other machines: set tls, or listen on loopback, like 127.0.0.1:587")
		}
	}
	c.SMTP.validateGateway(bad)
	if c.SMTP.Name != "" && !namedInDNS(c.SMTP.Name) {
		bad("smtp.name", "%q is not a host name in lower-case ASCII", c.SMTP.Name)
	}
}

func (s SMTP) validateGateway(bad complain) {
	switch {
	case s.Gateway == "" && len(s.GatewayNetworks) > 0:
		bad("smtp.gateway", "is missing, there are smtp.gateway_networks only")
	case s.Gateway != "" && !address(s.Gateway):
		bad("smtp.gateway", "%q is not an address to listen on, like 127.0.0.1:2525", s.Gateway)
	case s.Gateway != "" && len(s.GatewayNetworks) == 0:
		bad("smtp.gateway_networks", "is missing: nobody signs in at smtp.gateway, so say from where mail servers may come, like 127.0.0.1/32")
	}
	switch s.GatewayProtection {
	case "", NoProtection:
	case string(letterlock.EncryptOnly), string(letterlock.DoNotForward):
		if s.Gateway == "" {
			bad("smtp.gateway", "is missing, there is smtp.gateway_protection only")
		}
	default:
		bad("smtp.gateway_protection", "%q is none of none, encrypt-only and do-not-forward", s.GatewayProtection)
	}
	for _, p := range s.GatewayNetworks {
		switch {
		case p.Bits() == 0:
			bad("smtp.gateway_networks", "%s is everybody: nobody signs in at smtp.gateway", p)
		case p.Addr().Is4In6():
			bad("smtp.gateway_networks", "%s is IPv4 in the form of IPv6: write it as IPv4", p)
		}
	}
}

func (r Relay) validate(bad complain, i int) {
	at := "relay."
	if i > 0 {
		at = fmt.Sprintf("relay.fallback[%d].", i)
	}
	host := hostOf(r.Address)
	switch {
	case r.Address == "":
		bad(at+"address", "is missing: without a relay no notification would leave")
	case host == "" || !address(r.Address):
		bad(at+"address", "%q is not a host and a port, like smtp.example.org:587", r.Address)
	}
	switch r.Security {
	case "", StartTLS, ImplicitTLS:
	case NoTLS:
		if !Loopback(host) {
			bad(at+"security", "\"none\" is for a relay on this machine only: mail would be readable on the way")
		}
	default:
		bad(at+"security", "%q is none of starttls, tls and none", r.Security)
	}
	switch {
	case r.User != "" && r.PasswordFile == "":
		bad(at+"password_file", "is missing for the user %q", r.User)
	case r.User == "" && r.PasswordFile != "":
		bad(at+"user", "is missing, there is a password_file only")
	}
	if i > 0 && len(r.Fallback) > 0 {
		bad(at+"fallback", "a fallback has no fallback of its own; they are tried in order")
	}
}

// inside reports whether file lies in dir or below it, as it is spelled or where
// symbolic links lead.
func inside(dir, file string) bool {
	d, err1 := filepath.Abs(dir)
	f, err2 := filepath.Abs(file)
	if err1 != nil || err2 != nil {
		return true // what cannot be told apart is not apart
	}
	return below(d, f) || below(resolve(d), resolve(f))
}

func below(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err != nil || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve follows the symbolic links in an absolute path as far as it exists.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil || path == filepath.Dir(path) {
		return real
	}
	return filepath.Join(resolve(filepath.Dir(path)), filepath.Base(path))
}

// Loopback reports whether a host is this machine itself.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
