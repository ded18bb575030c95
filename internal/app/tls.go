package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/crypto/acme"

	"letterlock/internal/certs"
	"letterlock/internal/config"
	"letterlock/web"
)

// A certificate is the one that pages and SMTP are served under: certs.Files or
// certs.ACME.
type certificate interface {
	Config() *tls.Config
	Leaf() *x509.Certificate // nil: there is none yet
	Reload()
	Run(ctx context.Context) error
}

// servesTLS reports whether the pages are served under TLS by ourselves.
func servesTLS(cfg config.Config) bool {
	return cfg.PublicURL.Scheme == "https" && !cfg.HTTP.Plain
}

// openCertificate returns the certificate that the settings name, or nil.
func openCertificate(cfg config.Config, log *slog.Logger) (certificate, error) {
	switch t := cfg.TLS; {
	case t.ACME:
		roots, err := roots(t.ACMECAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.acme_ca_file: %w", err)
		}
		return certs.NewACME(certs.ACMEOptions{
			Host: cfg.PublicURL.Hostname(), Folder: filepath.Join(cfg.DataDir, "acme"), Email: string(t.ACMEEmail),
			Directory: t.ACMEDirectory, RootCAs: roots, Log: log,
		}), nil
	case t.CertFile != "":
		files, err := certs.Load(t.CertFile, t.KeyFile, log)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file: %w", err)
		}
		return files, nil
	}
	return nil, nil
}

// roots reads the certificates of who is trusted; nil, the machine's choice, where
// no file is named.
func roots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file holds no certificate in PEM")
	}
	return pool, nil
}

// underTLS puts TLS over a listener for pages. Only HTTP/1.1 is offered: a
// revocation cuts a download by breaking its connection, and what HTTP/2 still
// holds of one in its own buffers would be beyond our reach.
func (a *App) underTLS(l net.Listener) net.Listener {
	c := a.cert.Config()
	c.NextProtos = []string{"http/1.1", acme.ALPNProto}
	return tls.NewListener(l, c)
}

// redirect is what plain http is answered with where the pages are under TLS.
func (a *App) redirect(cfg config.Config) http.Handler {
	h := web.Redirect(cfg.PublicURL.URL)
	if issuer, ok := a.cert.(*certs.ACME); ok {
		h = issuer.Answer(h)
	}
	return h
}
