package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificate writes a certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mail.contoso.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), pool
}

func TestSTARTTLSWhereACertificateIsSet(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	for name, args := range map[string][]string{"with": {"--smtp-cert", cert, "--smtp-key", key}, "without": nil} {
		p := start(t, args...)
		c, err := smtp.Dial(p.smtp)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if offered, _ := c.Extension("STARTTLS"); offered != (args != nil) {
			t.Errorf("%s a certificate: STARTTLS offered: %v", name, offered)
		}
		if args == nil {
			continue
		}
		if err := c.StartTLS(&tls.Config{RootCAs: pool, ServerName: "mail.contoso.example"}); err != nil {
			t.Fatalf("STARTTLS: %v", err)
		}
		if err := c.Auth(smtp.PlainAuth("", "ada@contoso.example", p.password, "127.0.0.1")); err != nil {
			t.Errorf("AUTH under TLS: %v", err)
		}
	}
}
