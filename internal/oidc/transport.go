package oidc

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"letterlock/internal/config"
)

const (
	askTime   = 5 * time.Second // for one answer of a provider
	maxAnswer = 1 << 20         // bytes of one; discovery and keys have some ten thousand
)

// allowed reports whether a provider may be asked at u.
func allowed(u *url.URL, loopback bool) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback && config.Loopback(u.Hostname())
}

// newClient returns what asks a provider. It follows no redirect: where a provider's
// parts are is said in its discovery, and a client's secret goes nowhere else.
func newClient(s Settings) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	t.MaxIdleConnsPerHost = 2
	return &http.Client{
		Timeout:       askTime,
		Transport:     bounded{over: t, loopback: s.Loopback},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded asks only where it may, and ends answers that are too long.
type bounded struct {
	over     http.RoundTripper
	loopback bool
}

var (
	errPlain = errors.New("oidc: the provider has a part that is not reached by https")
	errLong  = errors.New("oidc: the provider's answer is too long")
)

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !allowed(r.URL, b.loopback) {
		return nil, errPlain
	}
	resp, err := b.over.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &short{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// A short body ends in an error after so many bytes: cut off silently, half an answer
// could look whole.
type short struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (s *short) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, errLong
	}
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}
