package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"letterlock/internal/host"
)

func TestAServerWaitsForACommandToLeaveItsFolder(t *testing.T) {
	dir := t.TempDir()
	command, err := host.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	o := Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Patience: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		if _, err := takeFolder(t.Context(), dir, Options{}); !errors.Is(err, host.ErrInUse) {
			t.Errorf("without patience: %v", err)
		}
		begun := time.Now()
		if _, err := takeFolder(t.Context(), dir, o); !errors.Is(err, host.ErrInUse) || time.Since(begun) < o.Patience {
			t.Errorf("a command that stays: %v after %v", err, time.Since(begun))
		}
		if !strings.Contains(log.String(), "in use by process") {
			t.Errorf("the log says %q, want for whom", &log)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := takeFolder(ctx, dir, o); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("when told to stop: %v", err)
		}
		time.AfterFunc(2*time.Second, func() { command.Release() })
		lock, err := takeFolder(t.Context(), dir, o)
		if err != nil {
			t.Fatalf("when the command has left: %v", err)
		}
		lock.Release()
	})
}
