package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/letterlock"
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

// TestALongWaitIsTold ends each wait as Ctrl-C does.
func TestALongWaitIsTold(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	looks, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // it is a device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer looks.Close()
	var program strings.Builder
	tests := []struct {
		name  string
		o     operator
		waits []time.Duration
		lines int
	}{
		{"short", operator{out: looks}, []time.Duration{shortWait}, 0},
		{"long", operator{out: looks}, []time.Duration{shortWait, time.Second, time.Second}, 1},
		{"nobody looks on", operator{out: &program}, []time.Duration{time.Hour}, 0},
	}
	for _, tt := range tests {
		var said strings.Builder
		tt.o.errs = &said
		c := tt.o.client("http://x", nil)
		for _, d := range tt.waits {
			if err := c.Wait(ctx, d); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: Wait = %v after Ctrl-C", tt.name, err)
			}
		}
		if n := strings.Count(said.String(), "\n"); n != tt.lines {
			t.Errorf("%s: it said %q, want %d lines", tt.name, said.String(), tt.lines)
		}
	}
}

func TestWhoeverMayNotUseTheSocketIsTold(t *testing.T) {
	tests := []struct {
		err  error
		want int
	}{
		{&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}, exits[letterlock.Denied]},
		{&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EMFILE)}, exits[letterlock.Internal]},
	}
	for _, tt := range tests {
		if got := exitCode(noWay(tt.err)); got != tt.want {
			t.Errorf("%v ends with %d, want %d", tt.err, got, tt.want)
		}
	}
}
