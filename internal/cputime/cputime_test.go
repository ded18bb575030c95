package cputime

import (
	"testing"
	"time"
)

func TestWorkCountsAndWaitingDoesNot(t *testing.T) {
	if took := Of(func() { time.Sleep(200 * time.Millisecond) }); took > 100*time.Millisecond {
		t.Errorf("sleeping for 200 ms took %v of a processor", took)
	}
	worked := Of(func() {
		for begun := time.Now(); time.Since(begun) < 200*time.Millisecond; {
		}
	})
	if worked < 10*time.Millisecond {
		t.Errorf("working for 200 ms took %v of a processor", worked)
	}
}
