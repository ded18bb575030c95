package certs_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/certs"
)

// A pair is a certificate and its key in files.
type pair struct {
	t         *testing.T
	cert, key string
	serial    int64
}

func newPair(t *testing.T) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	cert, key := p.next(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	p.write(cert, key)
	return p
}

// next makes another certificate, with another key.
func (p *pair) next(from, until time.Time) (cert, key []byte) {
	p.t.Helper()
	p.serial++
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(p.serial), DNSNames: []string{"mail.contoso.example"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		p.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func (p *pair) write(cert, key []byte) {
	p.t.Helper()
	for path, b := range map[string][]byte{p.cert: cert, p.key: key} {
		if b == nil {
			continue
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

// A logged is a log that can be waited for.
type logged struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan struct{}
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines <- struct{}{}
	return l.text.Write(b)
}

func (l *logged) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serial is that of the certificate that a client is shown.
func serial(t *testing.T, c *tls.Config) int64 {
	t.Helper()
	got, err := c.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return got.Leaf.SerialNumber.Int64()
}

func TestChangedFilesAreReadAgainAndBrokenOnesAreNot(t *testing.T) {
	p := newPair(t)
	log := &logged{lines: make(chan struct{}, 10)}
	f, err := certs.Load(p.cert, p.key, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	served := f.Config() // is not asked for again

	cert, key := p.next(time.Now().Add(-time.Hour), time.Now().Add(2*time.Hour))
	p.write(cert, nil) // the middle of a renewal: a new certificate with the old key
	f.Reload()
	<-log.lines
	if got := serial(t, served); got != 1 {
		t.Errorf("with a certificate that does not fit its key, certificate %d is shown, want the first", got)
	}
	if !strings.Contains(log.all(), "the one before stays in use") || strings.Contains(log.all(), "PRIVATE") {
		t.Errorf("the log says %q", log.all())
	}
	p.write(nil, key)
	f.Reload()
	<-log.lines
	if got := serial(t, served); got != 2 || f.Leaf().SerialNumber.Int64() != 2 {
		t.Errorf("after both files have changed, certificate %d is shown, want the second", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestLoadSaysWhichFilesDoNotFit(t *testing.T) {
	a, b := newPair(t), newPair(t)
	for name, files := range map[string][2]string{"another's key": {a.cert, b.key}, "no certificate": {a.cert + ".none", a.key}, "no key": {a.cert, a.key + ".none"}} {
		if _, err := certs.Load(files[0], files[1], slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), ".pem") {
			t.Errorf("%s: Load = %v, want an error that names the file", name, err)
		}
	}
}

func TestVerifySaysWhyClientsWouldRefuse(t *testing.T) {
	p := newPair(t)
	f, err := certs.Load(p.cert, p.key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	leaf, now := f.Leaf(), time.Now()
	tests := []struct {
		name string
		leaf *x509.Certificate
		host string
		at   time.Time
		want string
	}{
		{"good", leaf, "mail.contoso.example", now, ""},
		{"none", nil, "mail.contoso.example", now, "no certificate yet"},
		{"too early", leaf, "mail.contoso.example", now.Add(-2 * time.Hour), "valid only from"},
		{"too late", leaf, "mail.contoso.example", now.Add(2 * time.Hour), "ended on"},
		{"another host", leaf, "www.contoso.example", now, "not for www.contoso.example"},
	}
	for _, tt := range tests {
		err := certs.Verify(tt.leaf, tt.host, tt.at)
		if got := err == nil; got != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Verify = %v, want %q", tt.name, err, tt.want)
		}
	}
}
