package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"letterlock/internal/config"
)

// Listeners are where an App serves; nil: not there. Those for TLS are plain
// here, the App puts TLS over them.
type Listeners struct {
	HTTP        net.Listener // pages
	Redirect    net.Listener // plain http, which leads to https
	Submission  net.Listener // SMTP with STARTTLS
	Submissions net.Listener // SMTP under TLS
	Gateway     net.Listener // SMTP of mail servers
	Metrics     net.Listener
	Control     net.Listener // socket for the operator
}

// A place is one listener with the setting that says where it is.
type place struct {
	setting, address string
	listener         *net.Listener
}

// places are the listeners that cfg asks for.
func (l *Listeners) places(cfg config.Config) []place {
	all := []place{
		{"http.listen", cfg.HTTP.Listen, &l.HTTP},
		{"smtp.submission", cfg.SMTP.Submission, &l.Submission},
		{"smtp.submissions", cfg.SMTP.Submissions, &l.Submissions},
		{"smtp.gateway", cfg.SMTP.Gateway, &l.Gateway},
		{"metrics.listen", cfg.Metrics.Listen, &l.Metrics},
	}
	if servesTLS(cfg) {
		all = append(all, place{"http.redirect", cfg.HTTP.Redirect, &l.Redirect})
	}
	used := all[:0]
	for _, p := range all {
		if p.address != "" {
			used = append(used, p)
		}
	}
	return used
}

// Listen opens every listener that the settings ask for, or none. Its errors name
// the setting and say in words what is in the way.
func Listen(cfg config.Config) (*Listeners, error) {
	var l Listeners
	var errs []error
	for _, p := range l.places(cfg) {
		on, err := net.Listen("tcp", p.address)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.setting, inWords(p.address, err)))
			continue
		}
		*p.listener = on
	}
	if len(errs) > 0 {
		l.Close()
		return nil, errors.Join(errs...)
	}
	return &l, nil
}

func inWords(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine", address)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be opened: ports under 1024 need the capability CAP_NET_BIND_SERVICE, which the systemd unit gives", address)
	}
	return err
}

// Close closes all listeners. Those that are served are closed by their servers,
// and closing them again does no harm.
func (l *Listeners) Close() {
	for _, on := range []net.Listener{l.HTTP, l.Redirect, l.Submission, l.Submissions, l.Gateway, l.Metrics, l.Control} {
		if on != nil {
			_ = on.Close() // given up, whatever it says
		}
	}
}
