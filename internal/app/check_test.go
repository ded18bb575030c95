package app_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

// A site is a machine on which everything is in order.
type site struct {
	t     *testing.T
	dir   string
	ca    *mailtest.CA
	relay *mailtest.Sink
	cfg   config.Config
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), ca: mailtest.NewCA(t)}
	s.relay = mailtest.NewSink(t, mailtest.SinkOptions{TLS: s.tls("127.0.0.1"), User: "letterlock", Password: "right"})
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "https", Host: "mail.contoso.example"}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(s.dir, "data"), filepath.Join(s.dir, "master.key")
	cfg.TimeZone = config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "portal@contoso.example"}
	cfg.HTTP = config.HTTP{Listen: mailtest.FreeAddress(t)}
	cfg.SMTP.Submission, cfg.SMTP.Submissions = mailtest.FreeAddress(t), mailtest.FreeAddress(t)
	cfg.Metrics.Listen, cfg.Limits.DiskReserve = mailtest.FreeAddress(t), 1<<20
	cert, key := mailtest.Files(t, s.ca.IssueUntil(time.Now().Add(60*24*time.Hour), "mail.contoso.example"))
	cfg.TLS = config.TLS{CertFile: s.file("cert.pem", string(cert), 0o600), KeyFile: s.file("key.pem", string(key), 0o600)}
	cfg.Relay = config.Relay{Address: s.relay.Address, User: "letterlock", PasswordFile: s.file("password", "right\n", 0o600),
		CAFile: s.file("ca.pem", string(s.ca.PEM()), 0o644)}
	cfg.DKIM.Sign = false // the relay does it
	s.cfg = cfg
	return s
}

func (s *site) tls(names ...string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.ca.Issue(names...)}}
}

// file writes a file and returns its path.
func (s *site) file(name, text string, mode os.FileMode) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// certificate puts another certificate in place.
func (s *site) certificate(c tls.Certificate) {
	cert, key := mailtest.Files(s.t, c)
	s.file("cert.pem", string(cert), 0o600)
	s.file("key.pem", string(key), 0o600)
}

// started has the server been started once.
func (s *site) started() {
	s.t.Helper()
	a, err := app.New(s.t.Context(), s.cfg, app.Options{Now: time.Now, Log: silent})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// folder makes a folder for the copies of the keys.
func (s *site) folder(name string, mode os.FileMode) {
	s.t.Helper()
	s.cfg.Keys.Backup = filepath.Join(s.dir, name)
	if err := errors.Join(os.Mkdir(s.cfg.Keys.Backup, mode), os.Chmod(s.cfg.Keys.Backup, mode)); err != nil {
		s.t.Fatal(err)
	}
}

// shared returns a folder on another disk than that of the other files. Where these are in
// memory it is not, and the other way round.
func shared(t *testing.T) string {
	t.Helper()
	in := "/dev/shm"
	if same, err := host.SameDisk(in, t.TempDir()); err == nil && same {
		in = "/var/tmp"
	}
	dir, err := os.MkdirTemp(in, "letterlock-")
	if err != nil {
		t.Skipf("there is no other disk here: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (s *site) remove(name string) {
	s.t.Helper()
	if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
		s.t.Fatal(err)
	}
}

func TestCheckFindsNothingWhereAllIsWell(t *testing.T) {
	for name, prepare := range map[string]func(*site){"before the first start": func(*site) {}, "after it": (*site).started} {
		s := newSite(t)
		prepare(s)
		for _, f := range app.Check(t.Context(), s.cfg, time.Now()) {
			if f.Level == app.Wrong || f.Level == app.Warn && f.About != "clock" && f.About != "open files" {
				t.Errorf("%s: %s %s: %s", name, f.Level, f.About, f.Says)
			}
		}
		if _, err := os.Stat(s.cfg.MasterKeyFile); name == "before the first start" && err == nil {
			t.Errorf("%s: check has made a key", name)
		}
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(*site)
		level  app.Level
		about  string
		says   string
	}{
		{"no name", func(s *site) { s.cfg.Organization.Name = "" }, app.Wrong, "organization.name", "is missing"},
		{"the example's domain", func(s *site) { s.cfg.Organization.Domains = []string{"example.org"} }, app.Wrong, "organization.domains", "still the example's"},
		{"the example's host", func(s *site) { s.cfg.PublicURL.Host = "mail.example.org" }, app.Wrong, "public_url", "still the example's"},
		{"a colour nobody can read", func(s *site) { s.cfg.Organization.Color = "blue" }, app.Wrong, "organization.colour", "#"},
		{"no logo", func(s *site) { s.cfg.Organization.Logo = filepath.Join(s.dir, "logo.png") }, app.Wrong, "organization.logo", "no such file"},
		{"a logo that is none", func(s *site) { s.cfg.Organization.Logo = s.file("logo.png", "<svg/>", 0o644) }, app.Wrong, "organization.logo", "logo of the brand"},

		{"no certificate", func(s *site) { s.remove("cert.pem") }, app.Wrong, "tls.cert_file", "no such file"},
		{"another key", func(s *site) {
			_, key := mailtest.Files(s.t, s.ca.Issue("mail.contoso.example"))
			s.file("key.pem", string(key), 0o600)
		}, app.Wrong, "tls.cert_file", "does not match"},
		{"a certificate for another host", func(s *site) { s.certificate(s.ca.Issue("www.contoso.example")) }, app.Wrong, "tls.cert_file", "not for mail.contoso.example"},
		{"a certificate that has ended", func(s *site) { s.certificate(s.ca.IssueUntil(time.Now().Add(-time.Hour), "mail.contoso.example")) }, app.Wrong, "tls.cert_file", "ended on"},
		{"a certificate that ends soon", func(s *site) { s.certificate(s.ca.Issue("mail.contoso.example")) }, app.Warn, "tls.cert_file", "valid until"},
		{"a key for everybody", func(s *site) { s.cfg.TLS.KeyFile = s.copy("key.pem", 0o604) }, app.Warn, "tls.key_file", "read by everybody"},
		{"an issuer nobody vouches for", func(s *site) { s.cfg.TLS = config.TLS{ACME: true, ACMECAFile: s.file("x.pem", "x", 0o644)} }, app.Wrong, "tls.acme", "no certificate in PEM"},

		{"data in a file", func(s *site) { s.cfg.DataDir = s.file("file", "", 0o600) }, app.Wrong, "data_dir", "not a folder"},
		{"data where nobody may write", func(s *site) { s.cfg.DataDir = "/proc/letterlock" }, app.Wrong, "data_dir", "cannot be written to"},
		{"data for everybody", func(s *site) { s.started(); s.mode("data", 0o755) }, app.Wrong, "data_dir", "others may look into"},
		{"no folder for the copies of the keys", func(s *site) { s.cfg.Keys.Backup = filepath.Join(s.dir, "copies") }, app.Wrong, "keys.backup", "mount its disk"},
		{"a file for them", func(s *site) { s.cfg.Keys.Backup = s.file("copies", "", 0o600) }, app.Wrong, "keys.backup", "not a folder"},
		{"copies of the keys for everybody", func(s *site) { s.folder("copies", 0o755) }, app.Wrong, "keys.backup", "others may look into"},
		{"copies on the disk of the data", func(s *site) { s.folder("copies", 0o700) }, app.Warn, "keys.backup", "on the disk of the data"},
		{"copies on another disk", func(s *site) { s.cfg.Keys.Backup = shared(s.t) }, app.Fine, "keys.backup", "on another disk"},
		{"no journal yet", func(*site) {}, app.Fine, "revocation.journal", "will be made by the first start; it is on the disk of the data"},
		{"a journal", (*site).started, app.Fine, "revocation.journal", "revocations.jsonl; it is on the disk of the data, and another one is better"},
		{"a journal on another disk", func(s *site) { s.cfg.Revocation.Journal = filepath.Join(shared(s.t), "j.jsonl") }, app.Fine, "revocation.journal", "on another disk"},
		{"a journal where nobody may write", func(s *site) { s.cfg.Revocation.Journal = "/proc/letterlock/j.jsonl" }, app.Wrong, "revocation.journal", "cannot be written to"},
		{"another master key", func(s *site) {
			s.started()
			s.remove("master.key")
			s.file("master.key", strings.Repeat("x", 32), 0o400)
		}, app.Wrong, "master_key_file", "right master key"},
		{"no master key", func(s *site) { s.started(); s.remove("master.key") }, app.Wrong, "master_key_file", "restore it"},
		{"a master key for everybody", func(s *site) { s.file("master.key", strings.Repeat("x", 32), 0o444) }, app.Wrong, "master_key_file", "read by others"},
		{"no keyring", func(s *site) { s.started(); s.remove("data/keyring") }, app.Wrong, "master_key_file", "keyring"},
		{"no database", func(s *site) { s.started(); s.remove("data/letterlock.db") }, app.Wrong, "master_key_file", "restore the database"},
		{"no audit key", func(s *site) { s.started(); s.remove("data/audit.key") }, app.Warn, "audit", "there is no audit.key"},
		{"an audit key for everybody", func(s *site) { s.started(); s.mode("data/audit.key", 0o444) }, app.Wrong, "audit", "read by others"},
		{"no folder for checkpoints", func(s *site) { s.cfg.Audit.CheckpointFile = filepath.Join(s.dir, "none", "points") }, app.Wrong, "audit.checkpoint_file", "cannot be written to"},
		{"a syslog that is not there", func(s *site) { s.cfg.Audit.Syslog = "tcp://" + mailtest.FreeAddress(s.t) }, app.Wrong, "audit.syslog", "refused"},
		{"no room", func(s *site) { s.cfg.Limits.DiskReserve = 1 << 50 }, app.Wrong, "limits.disk_reserve", "no mail would be accepted"},

		{"a port in use", func(s *site) { s.cfg.HTTP.Listen = s.relay.Address }, app.Wrong, "http.listen", "in use by another program"},
		{"another machine's address", func(s *site) { s.cfg.SMTP.Submissions = "192.0.2.1:465" }, app.Wrong, "smtp.submissions", "not an address of this machine"},

		{"a relay that is not there", func(s *site) { s.cfg.Relay.Address = mailtest.FreeAddress(s.t) }, app.Wrong, "relay ", "cannot be reached"},
		{"a relay without TLS", func(s *site) { s.cfg.Relay.Address = mailtest.NewSink(s.t, mailtest.SinkOptions{}).Address }, app.Wrong, "relay ", "STARTTLS"},
		{"a relay nobody vouches for", func(s *site) { s.cfg.Relay.CAFile = "" }, app.Wrong, "relay ", "certificate"},
		{"a relay of another name", func(s *site) { s.another(s.ca.Issue("relay.contoso.example")) }, app.Wrong, "relay ", "certificate"},
		{"a relay whose certificate has ended", func(s *site) { s.another(s.ca.IssueUntil(time.Now().Add(-time.Hour), "127.0.0.1")) }, app.Wrong, "relay ", "certificate"},
		{"a wrong password", func(s *site) { s.file("password", "wrong", 0o600) }, app.Wrong, "relay ", "password"},
		{"no password", func(s *site) { s.remove("password") }, app.Wrong, "relay", "no such file"},
		{"an empty password", func(s *site) { s.file("password", "\n", 0o600) }, app.Wrong, "relay", "is empty"},
		{"a password of two lines", func(s *site) { s.file("password", "a\nb\n", 0o600) }, app.Wrong, "relay", "more than one line"},
		{"a password for everybody", func(s *site) { s.file("password", "right", 0o644) }, app.Wrong, "relay", "read by everybody"},
		{"a provider without its secret", func(s *site) {
			s.cfg.SignIn = []config.SignIn{{Preset: "google", ClientID: "c", ClientSecretFile: filepath.Join(s.dir, "none")}}
		}, app.Wrong, "signin", "signin[1].client_secret_file: "},
		{"a provider whose secret everybody reads", func(s *site) {
			s.cfg.SignIn = []config.SignIn{{Preset: "google", ClientID: "c", ClientSecretFile: s.file("secret", "x", 0o644)}}
		}, app.Wrong, "signin", "may be read by everybody"},
		{"a provider that is not there", func(s *site) {
			s.cfg.SignIn = []config.SignIn{{ID: "nowhere", Name: "Nowhere", Issuer: "https://" + mailtest.FreeAddress(s.t), ClientID: "c",
				ClientSecretFile: s.file("secret", "x", 0o600), Domains: []string{"a.example"}}}
		}, app.Wrong, "signin nowhere", "does not answer"},
		{"single sign-on whose secret everybody reads", func(s *site) {
			s.cfg.SSO.Issuer, s.cfg.SSO.Name, s.cfg.SSO.ClientID, s.cfg.SSO.ClientSecretFile = "https://login.contoso.example", "Contoso ID", "c", s.file("secret", "x", 0o644)
		}, app.Wrong, "sso", "may be read by everybody"},
		{"single sign-on at a provider that is not there", func(s *site) {
			s.cfg.SSO.Issuer, s.cfg.SSO.Name, s.cfg.SSO.ClientID, s.cfg.SSO.ClientSecretFile = "https://"+mailtest.FreeAddress(s.t), "Contoso ID", "c", s.file("secret", "x", 0o600)
		}, app.Wrong, "sso", "does not answer"},
		{"a fallback that is not there", func(s *site) { s.cfg.Relay.Fallback = []config.Relay{{Address: mailtest.FreeAddress(s.t)}} }, app.Wrong, "relay ", "cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			tt.change(s)
			found := app.Check(t.Context(), s.cfg, time.Now())
			for _, f := range found {
				if f.Level == tt.level && strings.HasPrefix(f.About, tt.about) && strings.Contains(f.Says, tt.says) {
					if strings.ContainsAny(f.Says, "\n\r") {
						t.Errorf("more than one line: %q", f.Says)
					}
					return
				}
			}
			t.Errorf("no %s about %q that says %q among %q", tt.level, tt.about, tt.says, found)
		})
	}
}

// another makes the relay one with that certificate.
func (s *site) another(c tls.Certificate) {
	s.cfg.Relay.Address = mailtest.NewSink(s.t, mailtest.SinkOptions{TLS: &tls.Config{Certificates: []tls.Certificate{c}}, User: "letterlock", Password: "right"}).Address
}

func (s *site) mode(name string, mode os.FileMode) {
	s.t.Helper()
	if err := os.Chmod(filepath.Join(s.dir, name), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) copy(name string, mode os.FileMode) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file("copy of "+name, string(b), mode)
}

func TestListenOpensAllOrNothing(t *testing.T) {
	s := newSite(t)
	taken, err := net.Listen("tcp", s.cfg.SMTP.Submissions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Listen(s.cfg); err == nil || !strings.Contains(err.Error(), "smtp.submissions: ") {
		t.Errorf("Listen = %v, want an error about smtp.submissions", err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := app.Listen(s.cfg) // nothing was kept by the failed one
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.HTTP == nil || l.Submission == nil || l.Submissions == nil || l.Metrics == nil || l.Redirect != nil {
		t.Errorf("listeners: %+v", l)
	}
}

func TestSettingsThatAreWrongStartNothing(t *testing.T) {
	s := newSite(t)
	s.cfg.Organization.Notify = letterlock.Address("nobody")
	err := app.Serve(t.Context(), s.cfg, app.Options{Now: time.Now, Log: silent}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "organization.notify") {
		t.Errorf("Serve = %v", err)
	}
	if _, err := os.Stat(s.cfg.DataDir); err == nil {
		t.Error("the data folder was made")
	}
}
