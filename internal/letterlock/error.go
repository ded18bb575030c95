package letterlock

import (
	"errors"
	"time"
)

// A Code says what went wrong in terms every edge can translate: HTTP to a
// status, SMTP to a reply, the command line to an exit code. The set is small
// on purpose; a new Code is a new promise to users.
type Code string

const (
	Invalid   Code = "invalid"   // malformed input; the caller can fix it
	Denied    Code = "denied"    // we know who asks, and they may not
	NotFound  Code = "not found" // no such thing, or none they may know of
	Gone      Code = "gone"      // revoked, expired or destroyed; the Key says which
	TooLarge  Code = "too large" // over a limit that the caller can keep
	Throttled Code = "throttled" // too many attempts; see Error.RetryAfter
	Busy      Code = "busy"      // overloaded or not ready; try again
	Internal  Code = "internal"  // our fault; the reason stays in the log
)

func (c Code) Error() string { return string(c) }

// An Error is a failure with something to say to the person it stops.
type Error struct {
	Code       Code
	Key        string        // what exactly, for texts; empty means the Code's own
	RetryAfter time.Duration // set for Throttled
	Err        error         // cause: logged, never shown
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Key != "" {
		s += " (" + e.Key + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap yields the Code and the cause, so that errors.Is(err, Gone) works.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// CodeOf returns the Code of err; an error that carries none is Internal.
func CodeOf(err error) Code {
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return Internal
}

// KeyOf returns the Key of the first Error in err, or "".
func KeyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

// RetryAfterOf returns how long to wait before trying again, or 0.
func RetryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
