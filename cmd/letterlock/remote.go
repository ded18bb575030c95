package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// place says which server answers a command: the one of these settings, on this
// machine, or one that is elsewhere. Commands embed it.
type place struct {
	settings
	URL       string `name:"url" env:"LETTERLOCK_URL" placeholder:"URL" help:"Ask the server at this address, like https://mail.example.org, and not one on this machine."`
	TokenFile string `name:"token-file" type:"path" env:"LETTERLOCK_TOKEN_FILE" placeholder:"FILE" help:"With --url: file with the token to show there, which only you can read."`
	CAFile    string `name:"ca-file" type:"path" env:"LETTERLOCK_CA_FILE" placeholder:"FILE" help:"With --url: trust the authorities in this file, PEM, and not those of the machine."`
}

// remotePatience bounds the wait for the beginning of an answer; an export may
// take longer to end.
const remotePatience = time.Minute

// dial returns the way to a server elsewhere, and its address without the path.
func (s place) dial() (http.RoundTripper, string, error) {
	base, err := parseServer(s.URL)
	if err != nil {
		return nil, "", err
	}
	if s.TokenFile == "" {
		return nil, "", &letterlock.Error{Code: letterlock.Invalid, Key: "token-file", Err: errors.New("a server elsewhere wants a token, and no file with one is named")}
	}
	token, err := readToken(s.TokenFile)
	if err != nil {
		return nil, "", err
	}
	// Not the default transport's copy: a proxy is asked for as everywhere, but
	// connections are not kept, for the program ends.
	over := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: remotePatience, TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if s.CAFile != "" {
		if over.TLSClientConfig.RootCAs, err = readAuthorities(s.CAFile); err != nil {
			return nil, "", err
		}
	}
	return bearer{over, base.Host, token}, base.String(), nil
}

// parseServer returns the address of a server, or Invalid. A token goes through
// TLS, or stays on this machine.
func parseServer(text string) (*url.URL, error) {
	wrong := func(why string) error {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "url", Err: errors.New("the address of the server " + why)}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, wrong("is no URL with a host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, wrong("has more than scheme, host and port")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, wrong("begins with http://, which would show the token to the network; only this machine itself may be asked so")
	default:
		return nil, wrong("does not begin with https://")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// loopback reports whether a host is this machine without asking anybody.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// maxTokenFile is more than any token has, in bytes.
const maxTokenFile = 4096

// readToken reads the one line of a file that nobody else may read.
func readToken(path string) (letterlock.Token, error) {
	wrong := func(err error) error {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "token-file", Err: err}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", wrong(err)
	}
	defer f.Close() // it is only read
	info, err := f.Stat()
	if err != nil {
		return "", wrong(err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return "", wrong(fmt.Errorf("the token file %s can be read or changed by others, its mode is %04o", path, info.Mode().Perm()))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile))
	if err != nil {
		return "", wrong(err)
	}
	token := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", wrong(fmt.Errorf("the token file %s is empty, or has more in it than one token", path))
	}
	return letterlock.Token(token), nil
}

func readAuthorities(path string) (*x509.CertPool, error) {
	wrong := func(err error) error {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "ca-file", Err: err}
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, wrong(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, wrong(fmt.Errorf("no certificate is in %s", path))
	}
	return pool, nil
}

// A bearer shows a token to one host and to no other.
type bearer struct {
	over  http.RoundTripper
	host  string
	token letterlock.Token
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != b.host {
		return nil, errors.New("asked for another host than the token is for")
	}
	with := r.Clone(r.Context())
	with.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return b.over.RoundTrip(with)
}
