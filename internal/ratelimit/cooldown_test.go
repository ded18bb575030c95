package ratelimit

import (
	"testing"
	"time"
)

func TestCoolDownsGrowToAQuarterOfAnHour(t *testing.T) {
	want := []time.Duration{1, 2, 4, 8, 15, 15}
	for i, minutes := range want {
		if got := CoolDown(i + 1); got != minutes*time.Minute {
			t.Errorf("after %d failures: %v, want %d minutes", i+1, got, minutes)
		}
	}
	if got := CoolDown(1_000_000); got != 15*time.Minute {
		t.Errorf("after a million: %v", got)
	}
}
