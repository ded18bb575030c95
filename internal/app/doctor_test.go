package app_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/dkim"
	"letterlock/internal/mailtest"
)

// A world is a site and what the DNS says of it.
type world struct {
	*site
	zones map[string]mockdns.Zone
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{site: newSite(t), zones: map[string]mockdns.Zone{
		"mail.contoso.example.":         {A: []string{"203.0.113.10"}},
		"10.113.0.203.in-addr.arpa.":    {PTR: []string{"mail.contoso.example."}},
		"contoso.example.":              {TXT: []string{"google-site-verification=x", "v=spf1 ip4:203.0.113.10 -all"}, MX: []net.MX{{Host: "mx.contoso.example.", Pref: 10}}},
		"mx.contoso.example.":           {A: []string{"203.0.113.25"}},
		"_dmarc.contoso.example.":       {TXT: []string{"v=DMARC1; p=reject"}},
		"relay.contoso.example.":        {A: []string{"198.51.100.25"}},
		"25.100.51.198.in-addr.arpa.":   {PTR: []string{"relay.contoso.example."}},
		"another-name.contoso.example.": {A: []string{"192.0.2.99"}},
	}}
	w.asks(mailtest.DNS(t, w.zones).String())
	return w
}

// asks has the DNS be at an address.
func (w *world) asks(address string) {
	w.cfg.DNS.Servers = []netip.AddrPort{netip.MustParseAddrPort(address)}
}

func (w *world) doctor() []app.Finding {
	w.t.Helper()
	return app.Doctor(w.t.Context(), w.cfg, app.DoctorOptions{Now: time.Now})
}

// change changes what the DNS says of a name.
func (w *world) change(name string, f func(*mockdns.Zone)) {
	z := w.zones[name]
	f(&z)
	w.zones[name] = z
}

// breaks has the DNS be in trouble with a name.
func (w *world) breaks(name string) {
	w.change(name, func(z *mockdns.Zone) { z.Err = errors.New("planted") })
}

// mute is the address of a DNS server that never answers.
func (w *world) mute() string {
	w.t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c.LocalAddr().String()
}

func (w *world) txt(name string, records ...string) {
	w.change(name, func(z *mockdns.Zone) { z.TXT = records })
}

func TestTheDoctorFindsNothingWhereAllIsWell(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"before the first start": func(*world) {},
		"after it":               func(w *world) { w.started() },
		"a server runs":          func(w *world) { w.started(); w.runs() },
		"nothing is inline":      func(w *world) { w.cfg.Recipients.Inline = nil },
		"on this machine alone": func(w *world) {
			w.cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "http", Host: "localhost:8080"}}
			w.cfg.TLS, w.cfg.SMTP = config.TLS{}, config.SMTP{GatewayProtection: config.NoProtection}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			prepare(w)
			about := map[string]bool{}
			for _, f := range w.doctor() {
				about[f.About] = true
				if f.Level == app.Wrong || f.Level == app.Warn && f.About != "clock" && f.About != "open files" {
					t.Errorf("%s %s: %s", f.Level, f.About, f.Says)
				}
				if (f.Do == "") != (f.Level == app.Fine) {
					t.Errorf("%s %s: to do: %q", f.Level, f.About, f.Do)
				}
			}
			for _, want := range []string{"dns public_url", "spf", "dmarc", "mx", "ptr", "dkim", "canary"} {
				if !about[want] {
					t.Errorf("nothing is said about %s", want)
				}
			}
			if left, err := filepath.Glob(filepath.Join(os.TempDir(), "letterlock-canary-*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %q, %v", left, err)
			}
		})
	}
}

// runs runs a server until the test ends.
func (w *world) runs() {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, w.cfg, app.Options{Now: time.Now, Log: silent}, io.Discard) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	for {
		if c, err := net.Dial("tcp", w.cfg.HTTP.Listen); err == nil {
			if err := c.Close(); err != nil {
				w.t.Error(err)
			}
			return
		}
		select {
		case err := <-done:
			done <- nil
			w.t.Fatalf("the server does not start: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestTheDoctorFindsEachFault(t *testing.T) {
	relayOutside := func(w *world) { w.cfg.Relay.Address = "relay.contoso.example:25" }
	tests := []struct {
		name   string
		plant  func(*world)
		level  app.Level
		about  string
		says   string
		remedy string
	}{
		{"no name", func(w *world) { w.cfg.Organization.Name = "" }, app.Wrong, "organization.name", "is missing", "in the file of settings"},
		{"a certificate that has ended", func(w *world) {
			w.certificate(w.ca.IssueUntil(time.Now().Add(-time.Hour), "mail.contoso.example"))
		}, app.Wrong, "tls.cert_file", "ended on", "put the right certificate"},
		{"a certificate for another host", func(w *world) { w.certificate(w.ca.Issue("www.contoso.example")) }, app.Wrong, "tls.cert_file", "not for mail.contoso.example", "certificate"},
		{"no master key", func(w *world) { w.started(); w.remove("master.key") }, app.Wrong, "master_key_file", "restore it", "backup of the keys"},
		{"no room", func(w *world) { w.cfg.Limits.DiskReserve = 1 << 50 }, app.Wrong, "limits.disk_reserve", "no mail would be accepted", "make room"},
		{"a relay nobody vouches for", func(w *world) { w.cfg.Relay.CAFile = "" }, app.Wrong, "relay ", "certificate", "operates the relay"},
		{"a wrong password", func(w *world) { w.file("password", "wrong", 0o600) }, app.Wrong, "relay ", "password", "operates the relay"},
		{"nothing signs", func(w *world) { w.cfg.DKIM.Sign = true }, app.Warn, "dkim", "unsigned", "docs/operate.md"},

		{"a database that is damaged", func(w *world) { w.started(); w.overwrite("data/letterlock.db") }, app.Wrong, "database", "", "restore a backup"},
		{"a database that is none", func(w *world) { w.started(); w.file("data/letterlock.db", strings.Repeat("x", 8192), 0o600) }, app.Wrong, "database", "cannot be read", "restore a backup"},

		{"no address", func(w *world) { delete(w.zones, "mail.contoso.example.") }, app.Wrong, "dns public_url", "links in notifications lead nowhere", "A or AAAA record for mail.contoso.example"},
		{"no DNS", func(w *world) { w.asks(w.cfg.HTTP.Listen) }, app.Warn, "dns public_url", "could not be looked up", "servers in [dns]"},
		{"a mute DNS", func(w *world) { w.asks(w.mute()) }, app.Warn, "dns public_url", "mail.contoso.example could not be looked up: no answer from 127.0.0.1:", "servers in [dns]"},
		{"a mute DNS, asked on", func(w *world) { w.asks(w.mute()) }, app.Warn, "ptr", "not looked at, because the DNS did not answer about mail.contoso.example", "servers in [dns]"},
		{"a DNS that knows nothing of an MX host", func(w *world) { w.breaks("mx.contoso.example.") }, app.Warn, "mx", "mx.contoso.example could not be looked up", "servers in [dns]"},
		{"a DNS that knows nothing of a relay", func(w *world) { relayOutside(w); w.breaks("relay.contoso.example.") }, app.Warn, "ptr", "relay.contoso.example could not be looked up", "servers in [dns]"},
		{"a DNS that knows no way back", func(w *world) {
			relayOutside(w)
			w.change("25.100.51.198.in-addr.arpa.", func(z *mockdns.Zone) { z.PTR = []string{"broken.contoso.example."} })
			w.breaks("broken.contoso.example.")
		}, app.Warn, "ptr", "broken.contoso.example could not be looked up", "servers in [dns]"},
		{"a DNS in trouble", func(w *world) {
			w.change("contoso.example.", func(z *mockdns.Zone) { z.Err = errors.New("planted") })
		}, app.Warn, "spf", "could not be looked up: the DNS server says SERVFAIL", "servers in [dns]"},

		{"no SPF", func(w *world) { w.txt("contoso.example.", "v=spf10 -all") }, app.Warn, "spf", "has no SPF record", "publish one TXT record at contoso.example"},
		{"two SPF records", func(w *world) { w.txt("contoso.example.", "v=spf1 mx -all", "v=spf1 -all") }, app.Wrong, "spf", "2 SPF records", "leave one"},
		{"SPF for everybody", func(w *world) { w.txt("contoso.example.", "v=spf1 mx +all") }, app.Wrong, "spf", "lets everybody send", "-all"},
		{"SPF for all of IPv4", func(w *world) { w.txt("contoso.example.", "v=spf1 ip4:0.0.0.0/0 -all") }, app.Wrong, "spf", "lets everybody send", "-all"},
		{"SPF, a relay that is not public", func(*world) {}, app.Fine, "spf", "well-formed: v=spf1 ip4:203.0.113.10 -all; the relay has no public address here", ""},
		{"SPF, pass", func(w *world) { relayOutside(w); w.txt("contoso.example.", "v=spf1 a:relay.contoso.example -all") }, app.Fine, "spf", "lets 198.51.100.25 send, where the relay is", ""},
		{"SPF, pass through another", func(w *world) {
			relayOutside(w)
			w.txt("contoso.example.", "v=spf1 include:other.example redirect=nowhere.example")
			w.txt("other.example.", "v=spf1 ip4:198.51.100.0/24 ?all")
			w.txt("nowhere.example.", "v=spf1 -all")
		}, app.Fine, "spf", "lets 198.51.100.25 send", ""},
		{"SPF, fail", relayOutside, app.Warn, "spf", "refuses (fail) the relay's address 198.51.100.25: v=spf1 ip4:203.0.113.10 -all", "add ip4:198.51.100.25 to the record"},
		{"SPF, softfail", func(w *world) { relayOutside(w); w.txt("contoso.example.", "v=spf1 mx ~all") }, app.Warn, "spf", "distrusts (softfail) the relay's address 198.51.100.25", "add ip4:198.51.100.25"},
		{"SPF, neutral", func(w *world) { relayOutside(w); w.txt("contoso.example.", "v=spf1 ?ip4:198.51.100.25 -all") }, app.Warn, "spf", "says nothing (neutral) of the relay's address", "include: that the provider names"},
		{"SPF, fail of one of two", func(w *world) {
			w.cfg.Relay.Fallback = append(w.cfg.Relay.Fallback, config.Relay{Address: "[2001:db8::25]:25"})
			w.cfg.Relay.Address = "203.0.113.10:25"
		}, app.Warn, "spf", "refuses (fail) the relay's address 2001:db8::25", "add ip6:2001:db8::25"},
		{"SPF of too many questions", func(w *world) {
			w.txt("contoso.example.", "v=spf1"+strings.Repeat(" include:other.example", 11)+" -all")
			w.txt("other.example.", "v=spf1 ip4:203.0.113.10 -all")
		}, app.Wrong, "spf", "more than 10 questions", "name networks with ip4:"},
		{"SPF of too many questions for others alone", func(w *world) {
			relayOutside(w)
			w.txt("contoso.example.", "v=spf1 ip4:198.51.100.25"+strings.Repeat(" include:other.example", 11)+" -all")
			w.txt("other.example.", "v=spf1 -all")
		}, app.Wrong, "spf", "more than 10 questions", "name networks with ip4:"},
		{"SPF that leads nowhere", func(w *world) { w.txt("contoso.example.", "v=spf1 a:a.example a:b.example a:c.example -all") }, app.Wrong, "spf", "names that are not there", "take out"},
		{"SPF that includes nothing", func(w *world) { w.txt("contoso.example.", "v=spf1 include:nowhere.example -all") }, app.Wrong, "spf", "a domain without an SPF record", "correct its name"},
		{"SPF that is not well-formed", func(w *world) { w.txt("contoso.example.", "v=spf1 ip4:203.0.113 -all") }, app.Wrong, "spf", "an ip4: or ip6: is followed by no address", "correct the record"},
		{"SPF that includes what nobody answers about", func(w *world) {
			w.txt("contoso.example.", "v=spf1 include:other.example -all")
			w.breaks("other.example.")
		}, app.Warn, "spf", "other.example could not be looked up: the DNS server says SERVFAIL", "servers in [dns]"},
		{"SPF without an end", func(w *world) { w.txt("contoso.example.", "v=spf1 mx") }, app.Warn, "spf", "says nothing of those", "-all"},

		{"no DMARC", func(w *world) { delete(w.zones, "_dmarc.contoso.example.") }, app.Warn, "dmarc", "has no DMARC record", "_dmarc.contoso.example"},
		{"two DMARC records", func(w *world) { w.txt("_dmarc.contoso.example.", "v=DMARC1; p=none", "v=DMARC1; p=reject") }, app.Wrong, "dmarc", "counts as none", "leave one"},
		{"DMARC without a policy", func(w *world) { w.txt("_dmarc.contoso.example.", "v=DMARC1; sp=none") }, app.Wrong, "dmarc", "no policy", "p=reject"},
		{"DMARC with a policy that is none", func(w *world) { w.txt("_dmarc.contoso.example.", "v=DMARC1; p=rejct") }, app.Wrong, "dmarc", "no policy (p is neither none, quarantine nor reject)", "p=reject"},
		{"DMARC that is not well-formed", func(w *world) { w.txt("_dmarc.contoso.example.", "v=DMARC1; p=reject; pct=all") }, app.Warn, "dmarc", "not well-formed (pct is not a number up to 100)", "correct it"},
		{"DMARC below that only watches", func(w *world) {
			w.below()
			w.txt("_dmarc.contoso.example.", "v=DMARC1; p=reject; sp=none")
		}, app.Fine, "dmarc", "by its sp=none it only watches mail.contoso.example", ""},
		{"DMARC below, and unsigned", func(w *world) { w.below() }, app.Fine, "dmarc", "not signed here", ""},
		{"DMARC below of its own", func(w *world) {
			w.below()
			w.txt("_dmarc.mail.contoso.example.", "v=DMARC1; p=none")
		}, app.Fine, "dmarc", "_dmarc.mail.contoso.example: v=DMARC1; p=none; it only watches", ""},
		{"DMARC loose, and unsigned", func(w *world) { w.below() }, app.Fine, "dmarc contoso.example", "they pass by SPF alone", ""},
		{"DMARC loose, and signed", func(w *world) { w.below(); w.signs() }, app.Fine, "dmarc contoso.example", "are signed by mail.contoso.example, which is aligned", ""},
		{"DMARC as strict as can be", func(w *world) {
			w.below()
			w.signs()
			w.txt("_dmarc.contoso.example.", "v=DMARC1; p=reject; adkim=s; aspf=s")
		}, app.Warn, "dmarc contoso.example", "by its policy, reject, others may treat them as forged", "adkim=r"},
		{"DMARC of another organisation", func(w *world) {
			w.cfg.Organization.Domains = append(w.cfg.Organization.Domains, "fabrikam.example")
			w.txt("_dmarc.fabrikam.example.", "v=DMARC1; p=quarantine")
		}, app.Warn, "dmarc fabrikam.example", "neither signed by it nor return to it", "organization.notify of the same organisation"},
		{"no DMARC of another organisation", func(w *world) {
			w.cfg.Organization.Domains = append(w.cfg.Organization.Domains, "fabrikam.example")
		}, app.Fine, "dmarc fabrikam.example", "asks nothing", ""},
		{"a DNS that does not know of another organisation", func(w *world) {
			w.cfg.Organization.Domains = append(w.cfg.Organization.Domains, "fabrikam.example")
			w.breaks("_dmarc.fabrikam.example.")
		}, app.Warn, "dmarc fabrikam.example", "_dmarc.fabrikam.example could not be looked up", "servers in [dns]"},

		{"no MX", func(w *world) {
			w.change("contoso.example.", func(z *mockdns.Zone) { z.MX = nil })
		}, app.Wrong, "mx", "bounces cannot come back", "publish an MX record"},
		{"an address in place of MX", func(w *world) {
			w.change("contoso.example.", func(z *mockdns.Zone) { z.MX, z.A = nil, []string{"203.0.113.25"} })
		}, app.Warn, "mx", "only an address", "publish an MX record"},
		{"a domain that takes no mail", func(w *world) {
			w.change("contoso.example.", func(z *mockdns.Zone) { z.MX = []net.MX{{Host: "."}} })
		}, app.Wrong, "mx", "takes no mail", "publish an MX record"},
		{"an MX that leads nowhere", func(w *world) { delete(w.zones, "mx.contoso.example.") }, app.Wrong, "mx", "which has no address", "mx.contoso.example"},

		{"no reverse name", func(w *world) { delete(w.zones, "10.113.0.203.in-addr.arpa.") }, app.Warn, "ptr", "the portal's address 203.0.113.10 (", "reverse name"},
		{"no reverse name of the relay", func(w *world) { relayOutside(w); delete(w.zones, "25.100.51.198.in-addr.arpa.") }, app.Warn, "ptr", "the relay's address 198.51.100.25 has no name", "reverse name"},
		{"a reverse name that leads elsewhere", func(w *world) {
			relayOutside(w)
			w.change("25.100.51.198.in-addr.arpa.", func(z *mockdns.Zone) { z.PTR = []string{"another-name.contoso.example."} })
		}, app.Warn, "ptr", "which does not have that address", "reverse name"},

		{"no temporary folder", func(w *world) { w.t.Setenv("TMPDIR", "/proc/none") }, app.Wrong, "canary", "no test message could be sent", "TMPDIR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.plant(w)
			found := w.doctor()
			for _, f := range found {
				if f.Level != app.Fine && f.Do == "" || strings.ContainsAny(f.Says+f.Do, "\r\n") {
					t.Errorf("%s %s: %q, to do: %q", f.Level, f.About, f.Says, f.Do)
				}
			}
			for _, f := range found {
				if f.Level == tt.level && strings.HasPrefix(f.About, tt.about) && strings.Contains(f.Says, tt.says) && strings.Contains(f.Do, tt.remedy) {
					return
				}
			}
			t.Errorf("no %s about %q that says %q with %q among %q", tt.level, tt.about, tt.says, tt.remedy, found)
		})
	}
}

// below has notifications come from a domain below the organisation's.
func (w *world) below() {
	w.cfg.Organization.Notify = "portal@mail.contoso.example"
	w.change("mail.contoso.example.", func(z *mockdns.Zone) {
		z.TXT, z.MX = []string{"v=spf1 ip4:203.0.113.10 -all"}, []net.MX{{Host: "mx.contoso.example.", Pref: 10}}
	})
}

// signs has mail be signed.
func (w *world) signs() {
	w.cfg.DKIM.Sign = true
	w.started()
	domain := w.cfg.Organization.Notify.Domain()
	w.signedBy("one", func(k dkim.Key) { w.txt(k.Name(domain)+".", k.Record()) })
}

// overwrite damages a file in its middle.
func (w *world) overwrite(name string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 4096; i < len(b); i += 512 {
		copy(b[i:], "damaged")
	}
	w.file(name, string(b), 0o600)
}

func TestTheDoctorAsksTheServerThatRuns(t *testing.T) {
	w := newWorld(t)
	w.started()
	w.runs()
	w.cfg.Relay.Address = "127.0.0.1:1" // the doctor's settings are newer than the server's
	for _, f := range w.doctor() {
		if f.About == "running server" && f.Level == app.Fine {
			return
		}
	}
	t.Error("nothing is said of the server that runs")
}

func TestTheDoctorMakesNoLockAndSaysWhyItCouldNotLook(t *testing.T) {
	w := newWorld(t)
	w.started()
	lock := filepath.Join(w.cfg.DataDir, "lock")
	database := func() (about app.Finding) {
		t.Helper()
		for _, f := range w.doctor() {
			if f.About == "database" {
				return f
			}
		}
		t.Fatal("nothing is said of the database")
		return about
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if f := database(); f.Level != app.Fine || f.Says != "whole" {
		t.Errorf("without a lock: %+v", f)
	}
	if _, err := os.Lstat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is there: %v", err)
	}
	if err := os.Symlink("elsewhere", lock); err != nil { // it cannot be opened, by root neither
		t.Fatal(err)
	}
	if f := database(); f.Level != app.Warn || f.Do == "" || !strings.Contains(f.Says, "not looked at: looking at the lock") {
		t.Errorf("with a lock that cannot be opened: %+v", f)
	}
}

func TestTheDoctorChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.started()
	before := w.files()
	w.doctor()
	if after := w.files(); before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if n := len(w.relay.Mails()); n > 0 {
		t.Errorf("%d mails have left", n)
	}
}

// files lists the files of the installation and what is in them.
func (w *world) files() string {
	w.t.Helper()
	var b strings.Builder
	err := filepath.Walk(w.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %v %x\n", path, info.Mode(), sha256.Sum256(text))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}
