//go:build !control

package crashes

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestTheBuildThatDoesNotWaitForTheJournalIsCaught proves it for the journal: the
// build whose answers leave before the journal has what they say must fail, where the
// disk is lost in between.
func TestTheBuildThatDoesNotWaitForTheJournalIsCaught(t *testing.T) {
	if os.Getenv("LETTERLOCK_STRESS") != "1" {
		t.Skip("another build takes too long here; 'make stress' makes it")
	}
	const test, said = "TestARevocationOutlivesTheProcessTheProxyAndTheClock", "histories are violations"
	cmd := exec.CommandContext(t.Context(), "go", "test", "-tags", "control", "-count=1", "-timeout", "10m", "-v", "-run", "^"+test+"$", ".")
	cmd.Env = append(os.Environ(), "LETTERLOCK_STRESS_HISTORIES=1000")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		t.Fatalf("the control build ended with %v, want a failure:\n%s", err, out)
	}
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte(said)) {
			t.Logf("control: %s", bytes.TrimSpace(line))
			return
		}
	}
	t.Fatalf("the control build failed, but not as it should:\n%s", out)
}
