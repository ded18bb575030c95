package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/eml"
	"letterlock/internal/host"
	"letterlock/internal/store"
	"letterlock/web"
)

// DoctorOptions are what Doctor looks with.
type DoctorOptions struct {
	Now func() time.Time
}

// Doctor looks at all that Check looks at, at the database and the server that runs on
// it, at what the DNS says of the installation, and sends a test message the whole way
// through a Letterlock of its own. Nothing of the installation is changed, and no mail
// leaves. Each finding that is not well says what to do.
func Doctor(ctx context.Context, cfg config.Config, o DoctorOptions) []Finding {
	d := &doctor{checkup: newCheckup(cfg, o.Now())}
	d.all(ctx)
	if cfg.ValidateServer() != nil {
		return remedied(d.found) // the rest goes by the settings
	}
	d.database(ctx)
	d.dns(ctx)
	return remedied(append(d.found, sendCanary(ctx, cfg, o.Now)))
}

// examiner has the pages look at what Doctor looks at; nil in a demo, which has neither
// a relay nor a name in the DNS.
func examiner(cfg config.Config, o Options) func(context.Context) []web.Finding {
	if o.Demo != nil {
		return nil
	}
	return func(ctx context.Context) (list []web.Finding) {
		for _, f := range Doctor(ctx, cfg, DoctorOptions{Now: o.Now}) {
			list = append(list, web.Finding{Level: web.FindingLevel(f.Level), About: f.About, Says: f.Says, Do: f.Do})
		}
		return list
	}
}

// A doctor is a checkup that says what to do, too.
type doctor struct {
	checkup
	deaf string // about what the DNS did not answer, as it does not answer at all; empty: it does
}

// advise notes what is not as it should be, and what to do.
func (d *doctor) advise(l Level, about, do, format string, args ...any) {
	d.say(l, about, format, args...)
	d.found[len(d.found)-1].Do = do
}

// remedied says what to do where nothing is said yet.
func remedied(found []Finding) []Finding {
	for i, f := range found {
		if f.Level != Fine && f.Do == "" {
			found[i].Do = remedy(f)
		}
	}
	return found
}

// lookThrough is how long a database may take that is looked through.
const lookThrough = 10 * time.Second

// database looks at the database, by asking the server that runs on it, or itself.
func (d *doctor) database(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookThrough)
	defer cancel()
	over, err := control.Dial(ctx, d.cfg.DataDir)
	if err == nil {
		d.server(ctx, over)
		return
	}
	const about = "database"
	if !errors.Is(err, fs.ErrNotExist) {
		d.advise(Warn, about, "run this as the user of the server", "the server could not be asked: %s", inOneLine(err))
		return
	}
	switch there, err := store.Exists(d.cfg.DataDir); {
	case err != nil:
		d.fails(about, err, "")
	case !there:
		d.say(Fine, about, "will be made by the first start")
	default:
		d.databaseFile(ctx)
	}
}

// databaseFile looks at a database that nobody uses. It does not lock anybody out for that:
// a server that starts meanwhile writes what is being read, and then nothing was found.
func (d *doctor) databaseFile(ctx context.Context) {
	const about = "database"
	by, err := host.FolderInUse(d.cfg.DataDir)
	switch {
	case err != nil:
		d.advise(Warn, about, "run this as the user of the server", "not looked at: %s", inOneLine(err))
		return
	case by != "":
		d.say(Fine, about, "not looked at: %s", by)
		return
	}
	before := lastWritten(d.cfg.DataDir)
	closed, err := store.Look(ctx, d.cfg.DataDir)
	by, inUse := host.FolderInUse(d.cfg.DataDir)
	switch {
	case inUse != nil || by != "" || lastWritten(d.cfg.DataDir) != before:
		d.say(Fine, about, "not looked at to its end, because it was taken into use meanwhile: run this again")
	case errors.Is(err, context.DeadlineExceeded):
		d.say(Fine, about, "can be read; it is too large to be looked through in %s", lookThrough)
	case err == nil && !closed:
		d.say(Fine, about, "not looked at: it was not closed, as after a crash, and the next start puts it right")
	default:
		d.fails(about, err, "whole")
	}
}

// lastWritten tells a database that was written from one that was not.
func lastWritten(dir string) (s [2]string) {
	for i, name := range []string{store.File, store.File + "-wal"} {
		if f, err := os.Stat(filepath.Join(dir, name)); err == nil {
			s[i] = fmt.Sprint(f.Size(), f.ModTime().UnixNano())
		}
	}
	return s
}

// server asks the server that runs how it is.
func (d *doctor) server(ctx context.Context, over http.RoundTripper) {
	const about = "running server"
	client := api.NewClient("http://letterlock", over)
	s, err := client.State(ctx)
	if err != nil {
		d.advise(Wrong, about, "look into its log", "it does not answer: %s", inOneLine(err))
		return
	}
	d.breakGlass(ctx, client)
	d.lost(s.Lost)
	wrong := len(d.found)
	for _, trouble := range []string{s.Trouble, s.Journal.Failure, s.Keys.Failure} {
		if trouble != "" {
			d.advise(Wrong, about, "look into its log, and at section 11 of docs/operate.md", "%s", trouble)
		}
	}
	if len(s.Keys.Missing) > 0 {
		d.advise(Wrong, about, "import them from their copies: 'letterlock keys import'", "the keys of epochs %v are missing: what is encrypted under them cannot be opened", s.Keys.Missing)
	}
	d.late("passcodes and links to accounts", s.Queue.Passcodes, 30*time.Second)
	d.late("notifications", s.Queue.Others, 10*time.Minute)
	d.waiting(s.Queue.Waiting)
	if len(d.found) == wrong {
		d.say(Fine, about, "ready, and no mail is late")
	}
}

// late warns of mail that nobody gets to.
func (d *doctor) late(what string, since time.Time, most time.Duration) {
	if waits := d.now.Sub(since); !since.IsZero() && waits > most {
		d.advise(Warn, "running server", "look at the relay: it takes less than is to be sent", "%s leave late: what waits longest has been due for %s", what, waits.Round(time.Second))
	}
}

// waiting says which mail waits for long, and for whom.
func (d *doctor) waiting(w api.Waiting) {
	if w.Mails == 0 {
		return
	}
	d.advise(Warn, "running server", "see below what the other side said; where it is the relay that says so, look into its log. What is put off for five days goes back to its sender",
		"%s waited for more than an hour, the oldest since %s", mails(w.Mails, w.Capped, "has", "have"), d.when(w.Since))
	for _, one := range w.Domains {
		said, do := "nobody has tried yet", "look whether the server sends at all, and at the relay"
		if one.Reply != "" {
			said, do = "the last answer was: "+eml.Line(one.Reply, maxRecord), "ask whoever operates the mail of "+one.Domain+", or the relay, if it is the relay's answer"
		}
		d.advise(Warn, "mail for "+one.Domain, do, "%s, the oldest since %s; %s", mails(one.Mails, false, "waits", "wait"), d.when(one.Since), said)
	}
}

// lost says what a restored backup could not give back, and how it is given anew.
func (d *doctor) lost(l api.LostState) {
	const about = "restored backup"
	if who := l.Passwords; len(who) > 0 {
		d.advise(Warn, about, "mail each a link to set one: 'letterlock account reset "+theOne(who)+"'",
			"no password, for it was changed after the backup: %s", someOf(who))
	}
	if who := l.Factors; len(who) > 0 {
		d.advise(Warn, about, "take it away, once you know that it is they who ask: 'letterlock account reset-factor "+theOne(who)+"'",
			"a second factor is asked for that nobody has, for it was changed after the backup: %s", someOf(who))
	}
	if len(l.Passphrases) > 0 {
		var which []string
		for _, one := range l.Passphrases {
			which = append(which, one.Message+" of "+one.Sender)
		}
		d.advise(Warn, about, "ask the sender to set another: at the message in Sent, 'Set a passphrase'",
			"no recipient can read what had its passphrase changed after the backup: %s", someOf(which))
	}
}

// mostNamed is how many of a kind a finding names.
const mostNamed = 5

// someOf names some of a list.
func someOf(list []string) string {
	if more := len(list) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:mostNamed], ", "), more)
	}
	return strings.Join(list, ", ")
}

// theOne is the address of a command, if it can be no other.
func theOne(who []string) string {
	if len(who) == 1 {
		return who[0]
	}
	return "ADDRESS"
}

// mails is a number of them with what they do.
func mails(n int, capped bool, one, many string) string {
	switch {
	case capped:
		return fmt.Sprintf("at least %d mails %s", n, many)
	case n == 1:
		return "1 mail " + one
	}
	return fmt.Sprintf("%d mails %s", n, many)
}

// when is a moment in full.
func (d *doctor) when(t time.Time) string {
	return t.In(d.cfg.TimeZone.Location).Format("2 January 2006, 15:04 MST")
}

// aboutListener is what to do about a listener, whether its settings or its address is wrong.
const aboutListener = "correct it in the file of settings; if another program has the address, stop that one or choose another"

// remedies are what to do about what Check finds, by the beginning of what it is about.
// Most of its sentences say it already; these are where to begin.
var remedies = []struct{ about, do string }{
	{"relay", "look at [relay] in the settings, and ask whoever operates the relay what its log says of this machine"},
	{"tls.acme", "correct tls.acme_ca_file, or leave it out"},
	{"tls", "put the right certificate and its key there, PEM, readable by the server alone; it is read again by itself"},
	{"clock", "run an NTP client, such as chrony or systemd-timesyncd"},
	{"open files", "raise LimitNOFILE in the unit of the service, or 'ulimit -n' where it is started"},
	{"limits.disk_reserve", "make room on the disk of data_dir, or lower limits.disk_reserve"},
	{"master_key_file", "restore what is missing from the backup of the keys, and do not let a new key be made"},
	{"data_dir", "correct the folder, its owner or its mode: it belongs to the user of the server alone"},
	{"keys.backup", "correct the folder for copies of the keys; see section 3 of docs/operate.md"},
	{"revocation.journal", "correct the folder of the journal; see section 3 of docs/operate.md"},
	{"audit", "see docs/audit.md"},
	{"dkim", "see 'Signing (DKIM)' in section 5 of docs/operate.md"},
	{"database", "restore a backup: section 3 of docs/operate.md; or install the version that wrote it"},
	{"backup.recipients", "correct backup.recipients: age recipients, like age1..."},
	{"http", aboutListener},
	{"smtp", aboutListener},
	{"metrics", aboutListener},
}

func remedy(f Finding) string {
	for _, r := range remedies {
		if strings.HasPrefix(f.About, r.about) {
			return r.do
		}
	}
	return "correct " + f.About + " in the file of settings"
}
