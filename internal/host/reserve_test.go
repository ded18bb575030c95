package host

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestThereIsRoomWhileTheReserveIsUntouched(t *testing.T) {
	broken := errors.New("input/output error")
	tests := []struct {
		name    string
		reserve int64
		free    int64
		err     error
		want    error
		key     string
	}{
		{name: "more", reserve: 100, free: 101},
		{name: "just the reserve", reserve: 100, free: 100},
		{name: "less", reserve: 100, free: 99, want: letterlock.Busy, key: "disk"},
		{name: "nothing", reserve: 100, free: 0, want: letterlock.Busy, key: "disk"},
		{name: "no answer", reserve: 100, err: broken, want: letterlock.Busy},
		{name: "no reserve", reserve: 0, err: broken},
	}
	for _, tt := range tests {
		r := NewReserve(t.TempDir(), tt.reserve)
		r.free = func() (int64, error) { return tt.free, tt.err }
		err := r.Room()
		if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: Room = %v, want %v %q", tt.name, err, tt.want, tt.key)
		}
	}
}

func TestTheDiskIsAskedOnceASecond(t *testing.T) {
	r := NewReserve(t.TempDir(), 100)
	now, free, asked := time.Unix(1000, 0), int64(100), 0
	r.now = func() time.Time { return now }
	r.free = func() (int64, error) { asked++; return free, nil }
	room := func(want bool) {
		t.Helper()
		if err := r.Room(); (err == nil) != want {
			t.Errorf("with %d free, asked %d times: Room = %v", free, asked, err)
		}
	}
	room(true)
	free = 0
	now = now.Add(askEvery - 1)
	room(true)
	now = now.Add(1)
	room(false)
	free = 100
	now = now.Add(askEvery)
	room(true)
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}

func TestAReserveAsksTheDiskOfItsFolder(t *testing.T) {
	dir := t.TempDir()
	if err := NewReserve(dir, 1).Room(); err != nil {
		t.Errorf("with a byte of reserve: %v", err)
	}
	if err := NewReserve(dir, 1<<62).Room(); letterlock.KeyOf(err) != "disk" {
		t.Errorf("with more reserve than there are disks: %v", err)
	}
}
