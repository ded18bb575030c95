package config_test

import (
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

func TestSpansComeBackAsTheyWereWritten(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]config.Span{
		"": {}, "0": {Set: true}, "14d": {Set: true, Span: letterlock.Span(14 * day)}, "90m": {Set: true, Span: letterlock.Span(90 * time.Minute)},
	} {
		var got config.Span
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
		if b, err := got.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%q was written as %q, %v", text, b, err)
		}
	}
	c, err := config.Load(write(t, small), []string{"LETTERLOCK_EXPIRY_DEFAULT=2 weeks"})
	if err == nil {
		t.Errorf("2 weeks were read as %+v", c.Expiry.Default)
	}
}
