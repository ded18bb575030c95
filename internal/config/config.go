// Package config is what an operator decides. Every field says its unit, its
// default and what its zero value means.
package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A Config is everything that can be set.
type Config struct {
	// PublicURL is where people reach the portal: scheme, host and port, no path.
	// Without https it must be loopback. Required.
	PublicURL *url.URL

	// DataDir holds the database, the keyring and the other keys. Required.
	DataDir string
	// MasterKeyFile opens the keyring. It must not lie in DataDir, because a copy
	// of both opens every message. Required.
	MasterKeyFile string

	Organization Organization

	// DoNotForwardDownloads lets recipients save attachments of messages that are
	// not to be forwarded. Default true.
	DoNotForwardDownloads bool
	// EverySender lets senders revoke each link recipient of any message; default
	// false: only messages with exactly one recipient, as AME does it.
	EverySender bool

	// MaxMessage bounds a mail in bytes as it comes in, encoded. Default 150 MiB.
	MaxMessage int64
	// SMTPTLS holds the certificate for STARTTLS. Without one mail is taken from
	// loopback only, in the clear. Default none.
	SMTPTLS *tls.Config
	// TrustedProxies may say where a request came from. Default none.
	TrustedProxies []netip.Prefix
	// Location is the time zone in which times are shown. Default the machine's.
	Location *time.Location
}

// An Organization is who uses this Letterlock.
type Organization struct {
	Name       string             // shown everywhere. Required.
	Domains    []string           // its own, in A-labels and lower case. Required.
	Color      string             // of the default brand, #rrggbb; empty: Letterlock's own
	Logo       []byte             // PNG or JPEG; empty: drawn from the colour
	Disclaimer string             // at the foot of notifications; may be empty
	Admin      letterlock.Address // whom senders can ask for what only an administrator may do
	Notify     letterlock.Address // from which notifications are sent. Required.
}

// Default returns a Config with every default set and nothing that is required.
func Default() Config {
	return Config{DoNotForwardDownloads: true, MaxMessage: 150 << 20, Location: time.Local}
}

// Validate says what is missing or wrong, all of it at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch u := c.PublicURL; {
	case u == nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		bad("public_url: needs a scheme and a host and nothing else, like https://mail.example.org")
	case u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())):
		bad("public_url: must be https; plain http is for loopback only")
	}
	if c.DataDir == "" {
		bad("data_dir: is missing")
	}
	if c.MasterKeyFile == "" {
		bad("master_key_file: is missing")
	} else if inside(c.DataDir, c.MasterKeyFile) {
		bad("master_key_file: must not lie in data_dir: a copy of both would open every message")
	}
	c.Organization.validate(bad)
	if c.MaxMessage <= 0 {
		bad("max_message: must be positive")
	}
	if c.Location == nil {
		bad("location: is missing")
	}
	return errors.Join(errs...)
}

func (o Organization) validate(bad func(format string, args ...any)) {
	if o.Name == "" {
		bad("organization.name: is missing")
	}
	if len(o.Domains) == 0 {
		bad("organization.domains: needs at least one domain")
	}
	for _, d := range o.Domains {
		// Addresses are compared with them byte by byte.
		if a := letterlock.Address("x@" + d); !canonical(a) {
			bad("organization.domains: %q is not a domain in lower-case ASCII (A-labels)", d)
		}
	}
	switch {
	case o.Notify == "":
		bad("organization.notify: is missing")
	case !canonical(o.Notify):
		bad("organization.notify: %q is not a mail address", o.Notify)
	}
	if o.Admin != "" && !canonical(o.Admin) {
		bad("organization.admin: %q is not a mail address", o.Admin)
	}
}

func canonical(a letterlock.Address) bool {
	got, err := letterlock.ParseAddress(string(a))
	return err == nil && got == a
}

// inside reports whether file lies in dir or below it, as it is spelled or where
// symbolic links lead.
func inside(dir, file string) bool {
	d, err1 := filepath.Abs(dir)
	f, err2 := filepath.Abs(file)
	if err1 != nil || err2 != nil {
		return true // what cannot be told apart is not apart
	}
	return below(d, f) || below(resolve(d), resolve(f))
}

func below(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err != nil || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve follows the symbolic links in an absolute path as far as it exists.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil || path == filepath.Dir(path) {
		return real
	}
	return filepath.Join(resolve(filepath.Dir(path)), filepath.Base(path))
}

// Loopback reports whether a host is this machine itself.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
