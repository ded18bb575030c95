package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"letterlock/internal/certs"
	"letterlock/internal/config"
	"letterlock/internal/host"
	"letterlock/internal/resolve"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Level says how bad a finding is.
type Level string

const (
	Fine  Level = "ok"
	Warn  Level = "warn"  // it works, and not for long or not for everybody
	Wrong Level = "wrong" // it does not work
)

// A Finding is one thing that Check looked at.
type Finding struct {
	Level Level  `json:"level"`
	About string `json:"about"` // a setting, or a part of the machine
	Says  string `json:"says"`  // one sentence for the operator
	// Do is what to do about it, as Doctor says; empty where all is well.
	Do string `json:"do,omitempty"`
}

// checkup gathers findings.
type checkup struct {
	cfg      config.Config
	now      time.Time
	resolver *resolve.Client
	signs    bool // mail that leaves
	found    []Finding
}

func newCheckup(cfg config.Config, now time.Time) checkup {
	return checkup{cfg: cfg, now: now, resolver: resolve.New(cfg.DNS.Servers, dnsTry)}
}

func (c *checkup) say(l Level, about, format string, args ...any) {
	c.found = append(c.found, Finding{Level: l, About: about, Says: fmt.Sprintf(format, args...)})
}

// fails notes err as wrong, or that all is well with what is said then.
func (c *checkup) fails(about string, err error, well string) bool {
	if err != nil {
		c.say(Wrong, about, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return true
	}
	c.say(Fine, about, "%s", well)
	return false
}

// Check looks at everything that a server with these settings rests on, without
// changing anything, and says what is wrong or missing. Mail is not sent; the relay
// is connected to and signed in to.
func Check(ctx context.Context, cfg config.Config, now time.Time) []Finding {
	c := newCheckup(cfg, now)
	c.all(ctx)
	return c.found
}

func (c *checkup) all(ctx context.Context) {
	if err := c.cfg.ValidateServer(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			about, says, _ := strings.Cut(line, ": ")
			c.say(Wrong, about, "%s", says)
		}
		c.example()
		return // the rest could only say the same again
	}
	c.say(Fine, "settings", "complete, for %s", c.cfg.PublicURL)
	c.example()
	c.look()
	c.certificate()
	c.folder()
	c.keys()
	c.outside()
	c.auditLog(ctx)
	c.disk()
	c.listeners()
	c.machine()
	c.backups()
	c.relays(ctx)
	c.single(ctx)
	c.providers(ctx)
	c.dkim(ctx)
}

// example finds what was left as it stands in the template.
func (c *checkup) example() {
	const left = "is still the example's: put your own here"
	if c.cfg.PublicURL.URL != nil && c.cfg.PublicURL.Hostname() == "mail.example.org" {
		c.say(Wrong, "public_url", "%s", left)
	}
	if slices.Contains(c.cfg.Organization.Domains, "example.org") {
		c.say(Wrong, "organization.domains", "%s", left)
	}
	if c.cfg.Organization.Notify == "portal@mail.example.org" {
		c.say(Wrong, "organization.notify", "%s", left)
	}
}

func (c *checkup) look() {
	_, look, err := brandOf(c.cfg.Organization)
	if err != nil {
		about, says, _ := strings.Cut(err.Error(), ": ")
		c.say(Wrong, about, "%s", says)
		return
	}
	c.say(Fine, "organization", "%s, in %s", look.Name, look.Color)
}

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

func (c *checkup) certificate() {
	switch t := c.cfg.TLS; {
	case t.ACME:
		_, err := roots(t.ACMECAFile)
		c.fails("tls.acme", err, "the certificate comes by ACME when the server runs")
	case t.CertFile != "":
		c.certificateFiles(t)
	default:
		c.say(Fine, "tls", "none: a proxy speaks it, or only this machine is served")
	}
}

func (c *checkup) certificateFiles(t config.TLS) {
	files, err := certs.Load(t.CertFile, t.KeyFile, slog.New(slog.DiscardHandler))
	if err == nil {
		err = certs.Verify(files.Leaf(), c.cfg.PublicURL.Hostname(), c.now)
	}
	if err != nil {
		c.fails("tls.cert_file", err, "")
		return
	}
	until := files.Leaf().NotAfter
	level := Fine
	if until.Sub(c.now) < soon {
		level = Warn
	}
	c.say(level, "tls.cert_file", "valid until %s", until.In(c.cfg.TimeZone.Location).Format("2 January 2006, 15:04 MST"))
	c.private("tls.key_file", t.KeyFile)
}

// private warns of a file with a secret that everybody on the machine may read.
func (c *checkup) private(about, path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.fails(about, err, "")
	case info.Mode().Perm()&0o007 != 0:
		c.say(Warn, about, "%s may be read by everybody on this machine: take the rights of others away", path)
	}
}

// folder looks at the data folder, or at where it will be.
func (c *checkup) folder() {
	dir := c.cfg.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.fails("data_dir", writable(existing(dir)), dir+" will be made on the first start")
	case err != nil:
		c.fails("data_dir", err, "")
	case !info.IsDir():
		c.say(Wrong, "data_dir", "%s is not a folder", dir)
	case info.Mode().Perm()&0o077 != 0:
		c.say(Wrong, "data_dir", "others may look into %s: set its mode to 0700", dir)
	default:
		if !c.fails("data_dir", errors.Join(writable(dir), host.Local(dir)), dir) {
			c.inUse(dir)
		}
	}
}

// inUse says whether a server runs on the folder, which is no fault.
func (c *checkup) inUse(dir string) {
	switch by, err := host.FolderInUse(dir); {
	case err != nil:
		c.fails("data_dir", err, "")
	case by != "":
		c.say(Fine, "server", "%s", by)
	}
}

func (c *checkup) running() bool {
	for _, f := range c.found {
		if f.About == "server" {
			return true
		}
	}
	return false
}

// existing is the nearest folder above path that there is.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

// writable tries whether this user may write into a folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written to by user %d: %w", dir, os.Getuid(), errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// keys tries whether the keys of the installation are all there and open.
func (c *checkup) keys() {
	database, err := store.Exists(c.cfg.DataDir)
	if err != nil {
		c.fails("data_dir", err, "")
		return
	}
	first, err := seal.Files{Master: c.cfg.MasterKeyFile, Data: c.cfg.DataDir}.Look(database)
	well := "all keys are there and open"
	if first {
		well = "the keys will be made on the first start; back them up then"
		if _, statErr := os.Stat(c.cfg.MasterKeyFile); err == nil && errors.Is(statErr, fs.ErrNotExist) {
			err = writable(existing(filepath.Dir(c.cfg.MasterKeyFile)))
		}
	}
	c.fails("master_key_file", err, well)
}

// auditLog looks at what signs the audit log, and at where its checkpoints go.
func (c *checkup) auditLog(ctx context.Context) {
	database, err1 := store.Exists(c.cfg.DataDir)
	there, err2 := seal.Files{Data: c.cfg.DataDir}.LookSigner()
	switch err := errors.Join(err1, err2); {
	case err != nil:
		c.fails("audit", err, "")
	case database && !there:
		c.say(Warn, "audit", "there is no audit.key in data_dir: if there was one, restore it from its backup; if this version is new here, the next start makes it")
	}
	if file := c.cfg.Audit.CheckpointFile; file != "" { // the other is in data_dir
		c.fails("audit.checkpoint_file", writable(filepath.Dir(file)), file+", and beside it a copy of the revocation journal")
	}
	if c.cfg.Audit.Syslog != "" {
		to := syslogOf(c.cfg.Audit)
		c.fails("audit.syslog", to.Reach(ctx), c.cfg.Audit.Syslog)
	}
}

func (c *checkup) disk() {
	free, err := host.Free(existing(c.cfg.DataDir))
	reserve := int64(c.cfg.Limits.DiskReserve)
	switch {
	case err != nil:
		c.fails("limits.disk_reserve", err, "")
	case free < reserve:
		c.say(Wrong, "limits.disk_reserve", "%s are free, under the reserve of %s: no mail would be accepted", roughly(free), c.cfg.Limits.DiskReserve)
	case free < 2*reserve:
		c.say(Warn, "limits.disk_reserve", "%s are free, and under %s no mail is accepted", roughly(free), c.cfg.Limits.DiskReserve)
	default:
		c.say(Fine, "limits.disk_reserve", "%s are free", roughly(free))
	}
}

func roughly(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// listeners tries whether the addresses can be listened on.
func (c *checkup) listeners() {
	if c.running() {
		return // it has them
	}
	var l Listeners
	for _, p := range l.places(c.cfg) {
		on, err := net.Listen("tcp", p.address)
		if err == nil {
			err = on.Close()
		} else {
			err = inWords(p.address, err)
		}
		c.fails(p.setting, err, p.address+" is free")
	}
}

// machine looks at what is set outside Letterlock.
func (c *checkup) machine() {
	if n, err := host.OpenFiles(); err != nil || n < host.FewOpenFiles {
		c.say(Warn, "open files", "%d at the same time, and %d would be better: raise LimitNOFILE or 'ulimit -n'", n, host.FewOpenFiles)
	} else {
		c.say(Fine, "open files", "%d at the same time", n)
	}
	switch yes, known := host.ClockSynchronized(); {
	case !known:
		c.say(Fine, "clock", "%s; this machine does not say whether it is kept right", c.now.Format(time.RFC3339))
	case !yes:
		c.say(Warn, "clock", "nothing keeps it right: passcodes, expiry and certificates go by it; run an NTP client")
	default:
		c.say(Fine, "clock", "kept right by the system")
	}
}
