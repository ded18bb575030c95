package host

import (
	"runtime"
	"testing"
)

var garbage []byte

// collections is how often garbage is collected while so much of it is made.
func collections(bytes int) uint32 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range bytes >> 12 {
		garbage = make([]byte, 1<<12)
	}
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

func TestGarbageIsCollectedLessOftenWhereThereIsRoom(t *testing.T) {
	if n := collections(Room); n == 0 {
		t.Fatalf("never collected without room: this test would prove nothing")
	}
	LeaveRoom()
	t.Cleanup(func() { reserved = nil })
	if n := collections(Room / 2); n != 0 {
		t.Errorf("collected %d times with room for twice as much", n)
	}
	if n := collections(4 * Room); n == 0 {
		t.Error("never collected")
	}
}
