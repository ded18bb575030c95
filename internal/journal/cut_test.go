package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"letterlock/internal/cutfs"
)

// outlives requires so many entries of a journal after a power cut.
func outlives(t *testing.T, disk *cutfs.Disk, name string, want int) {
	t.Helper()
	err := disk.Cut(cutfs.Lost, 1).Within(func(dir string) error {
		n, err := read(filepath.Join(dir, name))
		if err == nil && n != want {
			err = fmt.Errorf("%d entries, want %d", n, want)
		}
		return err
	})
	if err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

func TestWhatWasAppendedOutlivesAPowerCut(t *testing.T) {
	if err := cutfs.Missing(); err != nil {
		t.Skip(err)
	}
	const name = "var/lib/letterlock-journal/revocations.jsonl"
	rows := entries(t, 5)
	disk := cutfs.New(1 << 20)
	err := disk.Within(func(dir string) error {
		j, err := Open(filepath.Join(dir, name), ours)
		if err != nil {
			return err
		}
		return errors.Join(j.Append(rows[:3]), j.Append(rows[3:]), j.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	outlives(t, disk, name, len(rows))
}

// A process that is killed between its write and its fsync leaves lines that the next
// one reads, and counts: then they must stay.
func TestWhatAStartFindsOutlivesAPowerCut(t *testing.T) {
	if err := cutfs.Missing(); err != nil {
		t.Skip(err)
	}
	const name = "revocations.jsonl"
	rows := entries(t, 3)
	disk := cutfs.New(1 << 20)
	err := disk.Within(func(dir string) error {
		path := filepath.Join(dir, name)
		var text []byte
		for _, r := range rows {
			text = append(text, line(ours, r)...)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
		j, err := Open(path, ours)
		if err != nil {
			return err
		}
		if seq, _ := j.Head(); seq != 3 {
			err = fmt.Errorf("a start finds %d entries: this test would prove nothing", seq)
		}
		return errors.Join(err, j.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	outlives(t, disk, name, len(rows))
}
