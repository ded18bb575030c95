package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCommandsNeedNoRelay asks where no server runs, and none could: mail leaves by
// a server alone.
func TestCommandsNeedNoRelay(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	text, err := os.ReadFile(c.config)
	if err != nil {
		t.Fatal(err)
	}
	without, _, found := strings.Cut(string(text), "[relay]")
	if !found {
		t.Fatal("there is no relay in the settings to begin with")
	}
	if err := os.WriteFile(c.config, []byte(without), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "trace", "--config", c.config).CombinedOutput(); err != nil {
		t.Errorf("trace: %v\n%s", err, out)
	}
}
