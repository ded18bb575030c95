package apid

import (
	"testing"

	"letterlock/internal/keys"
)

func TestEveryOperationHasALane(t *testing.T) {
	s := newServer(Options{Keys: &keys.Service{}})
	seen := map[string]bool{}
	for _, o := range s.all {
		seen[o.id] = true
		if inLane[o.id] == "" {
			t.Errorf("%s is in no lane: give it one in lanes.go", o.id)
		}
	}
	for id := range inLane {
		if !seen[id] {
			t.Errorf("%s has a lane and is no operation", id)
		}
	}
}
