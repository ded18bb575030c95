// Package certs holds the certificate under which pages and SMTP are served: read
// from files, and again when they change, or got and renewed by ACME.
//
// A certificate that cannot be used never takes the place of one that can.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// lookEvery is how often files are looked at.
const lookEvery = time.Minute

// base is what is common to every use of TLS here: 1.2 or later, with the
// standard library's choice of suites.
func base() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// A Files is a certificate and its key in PEM files. It is safe for concurrent use.
type Files struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[loaded]
	wake      chan struct{}
}

// A loaded is a certificate with what its files looked like when it was read.
type loaded struct {
	certificate *tls.Certificate
	stamp       [2]stamp
}

type stamp struct {
	size int64
	mod  time.Time
}

// Load reads a certificate from files. Its error says in words what is wrong.
func Load(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, wake: make(chan struct{}, 1)}
	l, err := f.read()
	if err != nil {
		return nil, err
	}
	f.current.Store(l)
	return f, nil
}

func (f *Files) read() (*loaded, error) {
	stamps, err := f.look() // before reading: a change in between is seen the next time
	if err != nil {
		return nil, err
	}
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", f.cert, f.key, err)
	}
	return &loaded{certificate: &c, stamp: stamps}, nil
}

func (f *Files) look() (s [2]stamp, err error) {
	for i, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return s, err
		}
		s[i] = stamp{info.Size(), info.ModTime()}
	}
	return s, nil
}

// Config returns how to speak TLS with the certificate, which may change meanwhile.
func (f *Files) Config() *tls.Config {
	c := base()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return f.current.Load().certificate, nil
	}
	return c
}

// Leaf is the certificate in use.
func (f *Files) Leaf() *x509.Certificate { return f.current.Load().certificate.Leaf }

// Reload has Run look at the files now. It never blocks.
func (f *Files) Reload() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run reads the files again when they have changed, until ctx ends. Files that do
// not fit together, as in the middle of a renewal, are tried again later; the
// certificate in use stays.
func (f *Files) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-f.wake:
		}
		f.refresh()
	}
}

func (f *Files) refresh() {
	if now, err := f.look(); err == nil && now == f.current.Load().stamp {
		return
	}
	l, err := f.read()
	if err != nil {
		f.log.Error("certificate not read again, the one before stays in use", "err", err)
		return
	}
	f.current.Store(l)
	f.log.Info("certificate read again", "until", l.certificate.Leaf.NotAfter)
}

// Verify says in words why clients that go to host would not accept a certificate
// at that time, or nil. It does not look for who vouches for it: that may be an
// authority of the organisation itself.
func Verify(leaf *x509.Certificate, host string, now time.Time) error {
	switch {
	case leaf == nil:
		return errors.New("there is no certificate yet")
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is valid only from %s on", leaf.NotBefore.Format(time.DateTime))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate ended on %s", leaf.NotAfter.Format(time.DateTime))
	case leaf.VerifyHostname(host) != nil:
		return fmt.Errorf("the certificate is not for %s", host)
	}
	return nil
}
