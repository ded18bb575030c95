//go:build !control

package stress

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheBuildThatLooksOnceIsCaught proves that the other tests can fail: for a
// build that looks at access only when a request begins, they must.
func TestTheBuildThatLooksOnceIsCaught(t *testing.T) {
	tests := []struct {
		test string
		said string // in its output
	}{
		{"TestNothingIsServedAfterARevocationIsAnswered", "histories are violations"},
		{"TestSlowDownloadsAreCutWhenTheRevocationIsAnswered", "bytes were written after the revocation was answered"},
	}
	control := filepath.Join(t.TempDir(), "control.test")
	// It is run twice and thrown away, and needs nothing that a debugger would want.
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "control", "-vet=off", "-ldflags=-s -w", "-o", control).CombinedOutput(); err != nil {
		t.Fatalf("making the control build: %v\n%s", err, out)
	}
	for _, tt := range tests {
		t.Run(tt.test, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), control, "-test.timeout", "3m", "-test.v", "-test.run", "^"+tt.test+"$")
			cmd.Env = append(os.Environ(), "LETTERLOCK_STRESS_HISTORIES=40")
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
				t.Fatalf("the control build ended with %v, want a failure:\n%s", err, out)
			}
			if !bytes.Contains(out, []byte("--- FAIL: "+tt.test)) || !bytes.Contains(out, []byte(tt.said)) {
				t.Fatalf("the control build failed, but not as it should:\n%s", out)
			}
			for line := range bytes.Lines(out) {
				if bytes.Contains(line, []byte(tt.said)) {
					t.Logf("control: %s", bytes.TrimSpace(line)) // the first is enough
					break
				}
			}
		})
	}
}
