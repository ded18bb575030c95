package dkim

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// lookupTime bounds a question to the DNS.
const lookupTime = 10 * time.Second

// Published looks into the DNS whether the record of a key is there. It returns nil, or
// Invalid: there is none, or one by which nothing can be checked that the key signs; or
// Busy, when the DNS does not answer.
func Published(ctx context.Context, lookup func(context.Context, string) ([]string, error), domain string, k Key) error {
	ctx, done := context.WithTimeout(ctx, lookupTime)
	defer done()
	records, err := lookup(ctx, k.Name(domain))
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound, err == nil && len(records) == 0:
		return errNoRecord
	case err != nil:
		return errNoDNS
	// With two records a verifier may take either, or none (RFC 6376 section 3.6.2.2).
	case len(records) != 1 || !k.fits(records[0]):
		return errRecord
	}
	return nil
}

// fits reports whether what a key signs can be checked by a record, whoever wrote it.
func (k Key) fits(record string) bool {
	tags := map[string]string{"k": string(RSA)}
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
	}
	if v, given := tags["v"]; given && v != "DKIM1" {
		return false
	}
	if h, given := tags["h"]; given && !slices.Contains(strings.Split(h, ":"), "sha256") {
		return false
	}
	public, err := base64.StdEncoding.DecodeString(tags["p"])
	if err != nil || tags["k"] != string(k.Algorithm) {
		return false
	}
	return slices.Equal(public, k.public()) || k.Algorithm == RSA && k.sameRSA(public)
}

// sameRSA reports whether a public half is this key in the older of two ways to write
// it, which some tools still print.
func (k Key) sameRSA(public []byte) bool {
	old, err := x509.ParsePKCS1PublicKey(public)
	return err == nil && old.Equal(k.secret.Public())
}
