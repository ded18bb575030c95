package app_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"letterlock/internal/app"
	"letterlock/internal/dkim"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

func TestCheckSaysWhetherMailIsSignedAndCanBeChecked(t *testing.T) {
	s := newSite(t)
	says := func(level app.Level, words string) {
		t.Helper()
		for _, f := range app.Check(t.Context(), s.cfg, time.Now()) {
			if strings.HasPrefix(f.About, "dkim") {
				if f.Level != level || !strings.Contains(f.Says, words) {
					t.Errorf("%s %s: %s; want %s with %q", f.Level, f.About, f.Says, level, words)
				}
				return
			}
		}
		t.Errorf("nothing is said, want %q", words)
	}
	says(app.Fine, "as dkim.sign says")
	s.cfg.DKIM.Sign = true
	says(app.Warn, "'letterlock dkim new' makes a key")
	s.started()
	says(app.Warn, "'letterlock dkim new' makes a key")

	zones := map[string]mockdns.Zone{}
	s.cfg.DNS.Servers = []netip.AddrPort{mailtest.DNS(t, zones)}

	k := s.signedBy("one", func(k dkim.Key) { zones[k.Name("contoso.example")+"."] = mockdns.Zone{TXT: []string{k.Record()}} })
	says(app.Fine, "signed in the name of contoso.example")
	zones[k.Name("contoso.example")+"."] = mockdns.Zone{TXT: []string{"v=DKIM1; p="}}
	says(app.Wrong, "the record at one._domainkey.contoso.example is another")
	delete(zones, k.Name("contoso.example")+".")
	says(app.Wrong, "there is no record at one._domainkey.contoso.example")
	s.mode("data/dkim.key", 0o444)
	says(app.Wrong, "read by others")
	if _, err := app.New(t.Context(), s.cfg, app.Options{Now: time.Now, Log: silent}); err == nil || !strings.Contains(err.Error(), "dkim.key") {
		t.Errorf("a server starts with keys that others may read: %v", err)
	}
}

// signedBy has the server make a key, and activate it when its record is published.
func (s *site) signedBy(selector string, publish func(dkim.Key)) dkim.Key {
	s.t.Helper()
	a, err := app.New(s.t.Context(), s.cfg, app.Options{Now: time.Now, Log: silent})
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Close()
	operator := letterlock.Actor{Kind: letterlock.Operator}
	k, err := a.DKIM.Add(s.t.Context(), operator, dkim.RSA, selector)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := a.DKIM.Activate(s.t.Context(), operator, selector, false); letterlock.KeyOf(err) != "dkim-no-record" {
		s.t.Errorf("activated without a record: %v", err)
	}
	publish(k)
	if _, err := a.DKIM.Activate(s.t.Context(), operator, selector, false); err != nil {
		s.t.Fatal(err)
	}
	return k
}
