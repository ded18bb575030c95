package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACMEOptions is what a certificate by ACME needs.
type ACMEOptions struct {
	Host      string         // the one name it is for
	Folder    string         // keeps account, key and certificate, readable by their owner only
	Email     string         // whom the issuer may write to; may be empty
	Directory string         // of the issuer; empty: Let's Encrypt
	RootCAs   *x509.CertPool // who may vouch for the issuer's server; nil: those that the machine trusts
	Log       *slog.Logger
}

// An ACME gets a certificate from an issuer and renews it (RFC 8555), answering the
// issuer's questions by HTTP-01 and TLS-ALPN-01 (RFC 8737). It is safe for
// concurrent use.
type ACME struct {
	host    string
	manager *autocert.Manager
	log     *slog.Logger
	leaf    atomic.Pointer[x509.Certificate]
}

// NewACME returns an ACME that has no certificate before somebody asks for it or
// Run has got it.
func NewACME(o ACMEOptions) *ACME {
	client := &acme.Client{DirectoryURL: o.Directory, UserAgent: "letterlock"}
	if o.RootCAs != nil {
		client.HTTPClient = &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		}}
	}
	return &ACME{host: o.Host, log: o.Log, manager: &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Folder), HostPolicy: autocert.HostWhitelist(o.Host),
		Client: client, Email: o.Email,
	}}
}

// Config returns how to speak TLS with the certificate.
func (a *ACME) Config() *tls.Config {
	c := base()
	c.GetCertificate = a.certificate
	return c
}

// certificate answers every client with the one certificate there is, whatever it
// calls us: mail programs need not say a name, and a name that is not ours must not
// have another certificate asked for. Only the issuer's own question is another.
func (a *ACME) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	for _, p := range hello.SupportedProtos {
		if p == acme.ALPNProto {
			return a.manager.GetCertificate(hello)
		}
	}
	return a.get()
}

// get returns the certificate, and gets it first where there is none.
func (a *ACME) get() (*tls.Certificate, error) {
	// One hello for all clients: the manager would keep one certificate for those
	// who know ECDSA and one for those who do not say so.
	c, err := a.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName: a.host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	})
	if err == nil {
		a.leaf.Store(c.Leaf)
	}
	return c, err
}

// Leaf is the certificate in use, nil while there is none.
func (a *ACME) Leaf() *x509.Certificate { return a.leaf.Load() }

// Answer returns what serves plain http: the issuer's questions, and others by next.
func (a *ACME) Answer(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// Reload does nothing: there are no files of the operator's to be read again.
func (a *ACME) Reload() {}

// How often Run looks whether there is a certificate: soon after a failure, and
// otherwise now and then, so that what the manager has renewed is seen.
const (
	retryFirst = time.Minute
	retryLast  = time.Hour
)

// Run gets the certificate, and says so, until ctx ends. Renewal is the manager's
// own, from a month before the end.
func (a *ACME) Run(ctx context.Context) error {
	wait, until := retryFirst, time.Time{}
	for {
		switch c, err := a.get(); {
		case err != nil:
			a.log.Error("no certificate from the issuer; is this machine reached under its public name, by ports 80 or 443?", "host", a.host, "err", err)
		default:
			if !c.Leaf.NotAfter.Equal(until) {
				until = c.Leaf.NotAfter
				a.log.Info("certificate from the issuer", "host", a.host, "until", until)
			}
			wait = retryLast
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
}
