package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A URL is an address on the web. Its zero value has a nil URL.
type URL struct{ *url.URL }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *URL) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		u.URL = nil
		return nil
	}
	parsed, err := url.Parse(string(b))
	if err != nil {
		return fmt.Errorf("%q is no URL", b)
	}
	u.URL = parsed
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (u URL) MarshalText() ([]byte, error) {
	if u.URL == nil {
		return []byte{}, nil
	}
	return []byte(u.String()), nil
}

// A Zone is a time zone.
type Zone struct{ *time.Location }

// UnmarshalText implements encoding.TextUnmarshaler; it takes names of the IANA
// time zone database.
func (z *Zone) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		z.Location = time.Local
		return nil
	}
	l, err := time.LoadLocation(string(b))
	if err != nil {
		return fmt.Errorf("%q is no time zone; they are called like Europe/Berlin or UTC", b)
	}
	z.Location = l
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (z Zone) MarshalText() ([]byte, error) {
	if z.Location == nil || z.Location == time.Local {
		return []byte{}, nil
	}
	return []byte(z.String()), nil
}

// A Size is a number of bytes.
type Size int64

var units = []struct {
	name string
	size Size
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

// UnmarshalText implements encoding.TextUnmarshaler; it takes a whole number and
// a unit, like "150 MiB" or "1 GB".
func (s *Size) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > int64((1<<62)/u.size) {
			break
		}
		*s = Size(n) * u.size
		return nil
	}
	return fmt.Errorf("%q is no size; sizes are written like 150 MiB or 1 GB", b)
}

// MarshalText implements encoding.TextMarshaler.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Size) String() string {
	for _, u := range units {
		if s >= u.size && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + " B"
}

// NoProtection passes on what comes by the gateway and asks for nothing.
const NoProtection = "none"

// A Security says when TLS begins on the way to a relay.
type Security string

const (
	StartTLS    Security = "starttls"
	ImplicitTLS Security = "tls"
	NoTLS       Security = "none"
)

// A Format is what a line of the log looks like.
type Format string

const (
	Text Format = "text"
	JSON Format = "json"
)
