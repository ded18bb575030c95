package policy_test

import (
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestStatusIsOneAnswerForEverybody(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	const (
		live      = letterlock.Live
		expired   = letterlock.Expired
		revoked   = letterlock.Revoked
		destroyed = letterlock.Destroyed
	)
	tests := []struct {
		name                       string
		links, revokedOnes, inline int
		ended, destroyed           bool
		isRevocable, isRevoked     bool
		state                      letterlock.State
	}{
		{"one link", 1, 0, 0, false, false, true, false, live},
		{"one link, revoked", 1, 1, 0, false, false, false, true, revoked},
		{"one link, expired", 1, 0, 0, true, false, true, false, expired},
		{"one link, revoked and expired", 1, 1, 0, true, false, false, true, revoked},
		{"one link, destroyed", 1, 0, 0, false, true, false, false, destroyed},
		{"one link, revoked and destroyed", 1, 1, 0, false, true, false, false, destroyed},
		{"three links", 3, 0, 0, false, false, true, false, live},
		{"three links, two revoked", 3, 2, 0, false, false, true, false, live},
		{"three links, two revoked, expired", 3, 2, 0, true, false, true, false, expired},
		{"three links, all revoked", 3, 3, 0, false, false, false, true, revoked},
		{"link and inline", 1, 0, 1, false, false, true, false, live},
		{"link and inline, the link revoked", 1, 1, 1, false, false, false, true, revoked},
		{"inline only", 0, 0, 2, false, false, false, false, live},
		{"inline only, expired", 0, 0, 2, true, false, false, false, live},
		{"inline only, destroyed", 0, 0, 2, false, true, false, false, destroyed},
		{"nobody", 0, 0, 0, false, false, false, false, live},
	}
	for _, tt := range tests {
		m := letterlock.Message{Destroyed: tt.destroyed}
		if tt.ended {
			m.Expires = now
		}
		all := recipients(tt.links, tt.inline)
		for i := range tt.revokedOnes {
			all[i].Revocation.At = now
		}
		if got := policy.IsRevocable(m, all); got != tt.isRevocable {
			t.Errorf("%s: IsRevocable = %v, want %v", tt.name, got, tt.isRevocable)
		}
		if got := policy.Revoked(m, all); got != tt.isRevoked {
			t.Errorf("%s: Revoked = %v, want %v", tt.name, got, tt.isRevoked)
		}
		if got := policy.StateOf(m, all, now); got != tt.state {
			t.Errorf("%s: StateOf = %q, want %q", tt.name, got, tt.state)
		}
	}
}
