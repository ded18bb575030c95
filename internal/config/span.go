package config

import (
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
)

// A Span is how long something lasts, and whether that was said at all. Not said
// it is empty in text.
type Span struct {
	Set bool
	letterlock.Span
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Span) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	if text == "" {
		*s = Span{}
		return nil
	}
	span, err := letterlock.ParseSpan(text)
	if err != nil {
		return fmt.Errorf("%q is no span; spans are written like 30m, 12h or 7d, up to 730d, and 0 is for ever", b)
	}
	*s = Span{Set: true, Span: span}
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (s Span) MarshalText() ([]byte, error) {
	if !s.Set {
		return []byte{}, nil
	}
	return []byte(s.String()), nil
}
