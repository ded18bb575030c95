// Package mailtest gives tests the mail servers around Letterlock: a Sink that
// takes mails and remembers them, a real Postfix that passes them on, and a
// certificate authority for both.
//
// Everything listens on ports of its own of the loopback and is gone when its
// test ends. What cannot be started fails the test and does not skip it: a test
// that did not run shows nothing.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A CA is a certificate authority that nobody else knows.
type CA struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes a certificate authority.
func NewCA(t testing.TB) *CA {
	t.Helper()
	ca := &CA{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A test's own CA"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &ca.key.PublicKey, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return ca
}

// Pool holds the authority and nothing else.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// PEM returns the authority's certificate, for programs that read it from a file.
func (ca *CA) PEM() []byte { return pemOf("CERTIFICATE", ca.cert.Raw) }

// Issue returns a certificate that is good for a day, for names and IP addresses.
func (ca *CA) Issue(names ...string) tls.Certificate {
	ca.t.Helper()
	return ca.IssueUntil(time.Now().Add(24*time.Hour), names...)
}

// IssueUntil returns a certificate that ends, or has ended, at a given time.
func (ca *CA) IssueUntil(end time.Time, names ...string) tls.Certificate {
	ca.t.Helper()
	key := newKey(ca.t)
	begin := time.Now()
	if end.Before(begin) {
		begin = end
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: begin.Add(-48 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		ca.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Files returns a certificate and its key as PEM.
func Files(t testing.TB, c tls.Certificate) (cert, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("CERTIFICATE", c.Certificate[0]), pemOf("PRIVATE KEY", der)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// given are the ports that FreeAddress has given out in this process.
var given sync.Map

// FreeAddress returns an address of the loopback that nobody listens on, and no two
// callers the same. The ports are below those that the kernel gives to outgoing
// connections, which would otherwise take one before its owner does.
func FreeAddress(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := "127.0.0.1:" + strconv.Itoa(15000+mathrand.IntN(17000))
		if _, taken := given.LoadOrStore(address, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close() // it is free again, which is what was wanted
			return address
		}
	}
	t.Fatal("no port of the loopback is free")
	return ""
}
