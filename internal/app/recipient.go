package app

import (
	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

// expiryOf is how long messages can be read of which nobody has said it; nil where
// the settings do not say it either.
func expiryOf(e config.Expiry) *letterlock.Span {
	if !e.Default.Set {
		return nil
	}
	return &e.Default.Span
}
