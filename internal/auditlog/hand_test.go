package auditlog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// TestTheLogCanBeCheckedByHand runs the few lines of the documentation, which share
// nothing with our program.
func TestTheLogCanBeCheckedByHand(t *testing.T) {
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(page)
	if script == nil {
		t.Fatal("the page has no script")
	}
	h := newHouse(t)
	h.busy()
	h.record(letterlock.Entry{Actor: ada, Action: "revoke", Reason: `<"zoë" & \>`})
	h.busy()
	dir := t.TempDir()
	run := func(export string) ([]byte, error) {
		for name, text := range map[string]string{"audit.jsonl": export, "checkpoints.jsonl": h.file(), "audit-key.pem": h.log.PublicKey()} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("python3", "-c", string(script[1]))
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	export := h.export()
	if out, err := run(export); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(strings.Replace(export, `"allowed":1`, `"allowed":0`, 1)); err == nil {
		t.Errorf("a changed row fits:\n%s", out)
	}
}
