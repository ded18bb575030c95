package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/api"
)

func TestTheOperatorManagesWhatMailIsSignedWith(t *testing.T) {
	t.Parallel()
	for name, served := range map[string]bool{"with a server": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			c.must("", "list") // the first start
			if served {
				c.serve()
			}
			says := func(code int, words string, args ...string) string {
				t.Helper()
				out, errs, got := c.run("", append([]string{"dkim"}, args...)...)
				if got != code || !strings.Contains(out+errs, words) {
					t.Fatalf("%v ended with %d, want %d and %q:\n%s%s", args, got, code, words, out, errs)
				}
				return out
			}
			says(0, "Mail leaves unsigned.", "list")
			made := says(0, "signs nothing yet", "new", "--selector", "one")
			if !regexp.MustCompile(`one\._domainkey\.[a-z.]+\. IN TXT \(\n  "v=DKIM1; k=rsa; p=`).MatchString(made) {
				t.Errorf("the record is shown as:\n%s", made)
			}
			says(2, "without --selector the date makes one", "new", "--selector", "one")
			says(2, `must be one of "rsa","ed25519"`, "new", "--algorithm", "dsa")
			says(4, "no DKIM key with that selector", "activate", "two")
			says(0, "Key one signs whatever leaves from now on.", "activate", "one", "--unchecked")
			says(0, "signs nothing yet", "new", "--selector", "two")
			says(2, "activate another one first", "retire", "one")
			says(0, "Leave the record of one in the DNS until", "activate", "two", "--unchecked")
			says(2, "--early retires it now", "retire", "one")
			var d api.DKIM
			if err := json.Unmarshal([]byte(says(0, "", "list", "--json")), &d); err != nil || !d.Signing || len(d.Keys) != 2 || d.Keys[0].State != "former" ||
				d.Keys[1].State != "active" || d.Keys[1].Name != "two._domainkey."+d.Domain {
				t.Errorf("%+v, %v", d, err)
			}
			list := says(0, "Mail leaves signed by "+d.Domain, "list")
			if !strings.Contains(list, "SELECTOR  ALGORITHM") || strings.Count(list, " IN TXT (") != 2 {
				t.Errorf("as a table:\n%s", list)
			}
			says(0, "Remove its record from the DNS: one._domainkey.", "retire", "one", "--early")
			secret, err := os.ReadFile(filepath.Join(c.cfg.DataDir, "dkim.key"))
			if err != nil || strings.Count(string(secret), `"secret"`) != 1 { // of the two that there were
				t.Errorf("the key that was retired is still there, %v", err)
			}
			log, _, _ := c.run("", "audit", "list")
			for _, action := range []string{"add DKIM key", "activate DKIM key", "retire DKIM key"} {
				if !strings.Contains(log, action) {
					t.Errorf("the audit log has no %q:\n%s", action, log)
				}
			}
		})
	}
}
