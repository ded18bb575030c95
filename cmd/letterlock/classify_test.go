package main

import (
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/foxcpp/go-mockdns"

	"letterlock/internal/api"
	"letterlock/internal/mailtest"
	"letterlock/internal/mx"
)

func TestClassifyHasTheSameAnswersWithAndWithoutAServer(t *testing.T) {
	t.Parallel()
	server := mailtest.DNS(t, map[string]mockdns.Zone{
		"work.example.":           {MX: []net.MX{{Host: "work-example.mail.protection.outlook.com.", Pref: 0}}},
		"there.example.":          {MX: []net.MX{{Host: "mx.there.example.", Pref: 10}}},
		"xn--mnchen-3ya.example.": {MX: []net.MX{{Host: "m.mx.microsoft.", Pref: 0}}},
	})
	for name, served := range map[string]bool{"with a server": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			c.env = []string{"LETTERLOCK_DNS_SERVERS=" + server.String(), "LETTERLOCK_RELAY_ASSURES_TLS=true", "LETTERLOCK_RECIPIENTS_LINK_DOMAINS=outlook.de"}
			c.cfg.Relay.AssuresTLS, c.cfg.Recipients.LinkDomains = true, []string{"outlook.de"}
			if served {
				c.dns = mx.NewDNS([]netip.AddrPort{server})
				c.serve()
			}
			out, errs, code := c.run("", "classify", "eve@contoso.example", "wanda@WORK.example", "w@münchen.example", "carol@outlook.com", "c@outlook.de", "marta@there.example", "g@gmail.com")
			want := `ADDRESS                   TYPE               EXPERIENCE  WHY
eve@contoso.example       organization       inline      receives the message itself, through your own mail system
wanda@work.example        microsoft-365      inline      receives the message itself, as everybody of this type does
w@xn--mnchen-3ya.example  microsoft-365      inline      receives the message itself, as everybody of this type does
carol@outlook.com         microsoft-account  inline      receives the message itself, as everybody of this type does
c@outlook.de              microsoft-account  link        reads in the portal, as the settings say for outlook.de
marta@there.example       other              link        reads in the portal, as everybody of this type does
g@gmail.com               google             link        reads in the portal, as everybody of this type does
`
			if code != 0 || out != want {
				t.Errorf("it ended with %d and says %s\n%s\nwant\n%s", code, errs, out, want)
			}
			for flag, why := range map[string]string{"--portal": "forced", "--protection=do-not-forward": "do-not-forward"} {
				var got api.Classification
				out, errs, code = c.run("", "classify", "--json", flag, "carol@outlook.com")
				if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || len(got.Recipients) != 1 || got.Recipients[0].Experience != "link" || got.Recipients[0].Why != why {
					t.Errorf("%s: %+v, %v %s", flag, got, err, errs)
				}
			}
			for _, args := range [][]string{{"ada"}, {"carol@outlook.com", "ada@192.0.2.1"}, {"ada@ｏutlook.com"}, {"--protection=none", "carol@outlook.com"}, {}} {
				if out, errs, code := c.run("", append([]string{"classify"}, args...)...); code != 2 || strings.Contains(out, "EXPERIENCE") || errs == "" {
					t.Errorf("%q ended with %d: %s%s", args, code, out, errs)
				}
			}
		})
	}
}
