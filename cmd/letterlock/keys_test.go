package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"letterlock/internal/api"
)

func TestTheOperatorManagesTheKeys(t *testing.T) {
	t.Parallel()
	for name, served := range map[string]bool{"with a server": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			c.must("", "list") // the first start
			if served {
				c.serve()
			}
			out, errs, code := c.run("", "keys", "rotate")
			if code != 0 || !strings.Contains(out, "Epoch 2: 0 keys wrapped anew, 1 old epoch destroyed.") {
				t.Fatalf("rotating ended with %d: %s%s", code, out, errs)
			}
			var k api.Keys
			out, errs, _ = c.run("", "keys", "list", "--json")
			if err := json.Unmarshal([]byte(out), &k); err != nil || len(k.Epochs) != 2 || k.Epochs[0].State != "current" || k.Epochs[1].State != "destroyed" || k.Epochs[1].Destroyed.IsZero() {
				t.Errorf("keys %+v, %v %s", k, err, errs)
			}
			if out, _, _ := c.run("", "keys", "list"); !strings.Contains(out, "EPOCH  STATE") || !strings.Contains(out, "1      destroyed") {
				t.Errorf("as a table:\n%s", out)
			}
			var s api.State
			out, errs, _ = c.run("", "status", "--json")
			if err := json.Unmarshal([]byte(out), &s); err != nil || s.Running != served || s.Keys.Epoch != 2 || s.Keys.Ending != 0 || s.Keys.Next.Sub(s.Keys.Rotated) != 24*time.Hour || s.Journal.Entries != 1 {
				t.Errorf("the state is %+v, %v %s", s, err, errs)
			}
			server := map[bool]string{true: "ready", false: "does not run"}[served]
			if out, _, _ := c.run("", "status"); !regexp.MustCompile("(?m)^server +"+server+"$").MatchString(out) || !strings.Contains(out, "its last entry is number 1") {
				t.Errorf("as a table:\n%s", out)
			}
			c.exportedKeys(served)
		})
	}
}

// exportedKeys exports the keys and imports them again, and changes the master key:
// what the server must be stopped for is refused while it runs.
func (c *console) exportedKeys(served bool) {
	c.t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		c.t.Fatal(err)
	}
	dir := c.t.TempDir()
	export, identity := filepath.Join(dir, "keys.age"), filepath.Join(dir, "identity")
	if err := os.WriteFile(identity, []byte(id.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, errs, code := c.run("", "keys", "export", "--recipient", id.Recipient().String(), "--output", export); code != 0 {
		c.t.Fatalf("exporting ended with %d: %s%s", code, out, errs)
	}
	tests := []struct {
		name, says string
		args       []string
	}{
		{"importing", "0 epochs brought back", []string{"import", export, "--identity", identity}},
		{"changing the master key", "is the new master key", []string{"rekey-master"}},
	}
	for _, tt := range tests {
		out, errs, code := c.run("", append([]string{"keys"}, tt.args...)...)
		switch {
		case served && (code != 8 || !strings.Contains(errs, "the server must be stopped")):
			c.t.Errorf("%s beside a server ended with %d: %s%s", tt.name, code, out, errs)
		case !served && (code != 0 || !strings.Contains(out, tt.says)):
			c.t.Errorf("%s ended with %d: %s%s", tt.name, code, out, errs)
		}
	}
	if out, errs, code := c.run("", "keys", "export", "-r", "age1nobody"); code != 2 || !strings.Contains(errs, "they begin with age1") {
		c.t.Errorf("a wrong recipient ended with %d: %s%s", code, out, errs)
	}
	out, _, _ := c.run("", "audit", "list")
	want := []string{"begin epoch", "destroy epoch", "export keys"}
	if !served {
		want = append(want, "import keys", "rekey master key")
	}
	for _, action := range want {
		if !strings.Contains(out, action) {
			c.t.Errorf("the audit log has no %q:\n%s", action, out)
		}
	}
}

func TestATraceSaysSinceWhenAKeyIsGone(t *testing.T) {
	t.Parallel()
	d := desk{zone: time.UTC}
	since := at(3, 0)
	tests := []struct {
		name string
		key  api.Key
		want string
	}{
		{"live", api.Key{State: "live", Epoch: 42}, "in epoch 42"},
		{"deleted", api.Key{State: "deleted", Epoch: 42}, "deleted; what is left of it on the disk is destroyed with epoch 42, at the next rotation"},
		{"destroyed", api.Key{State: "destroyed", Epoch: 41, Since: since}, "destroyed in epoch 41, unrecoverable from the disk since " + d.when(since)},
		{"none", api.Key{State: "none"}, ""},
	}
	for _, tt := range tests {
		if got := d.key(tt.key); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
