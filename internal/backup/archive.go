// Package backup makes copies of a data folder that only their owner can open, and
// folders of them again.
//
// A backup is a tar file, encrypted to age recipients: the database, and a manifest
// that says what it is, signed with the audit key. It never holds keys that open
// mail, nor the revocation journal: a copy of all of them together would bring back
// whatever was destroyed.
package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// The names inside the archive. There are no others.
const (
	databaseName = store.File
	manifestName = "manifest.json"
)

// format is the number of this form of a backup.
const format = 1

// maxManifest bounds what is read of a manifest, in bytes.
const maxManifest = 1 << 20

// A Manifest says what is in a backup. It comes last, for it says what was written.
type Manifest struct {
	Format    int         `json:"format"`
	Made      time.Time   `json:"made"`
	Version   string      `json:"version"` // of the program
	Host      string      `json:"host"`    // of the portal
	Pieces    []Piece     `json:"pieces"`
	Facts     store.Facts `json:"facts"`
	Key       audit.KeyID `json:"key"`
	Signature []byte      `json:"signature,omitempty"`
}

// A Piece is one file of the archive.
type Piece struct {
	Name   string     `json:"name"`
	Size   int64      `json:"size"`
	SHA256 audit.Hash `json:"sha256"`
}

const purpose = "backup manifest"

// signed returns the manifest with its signature.
func (m Manifest) signed(by seal.Signer) (Manifest, error) {
	m.Key, m.Signature = audit.IDOf(by.Public()), nil
	text, err := json.Marshal(m)
	m.Signature = by.Sign(purpose, text)
	return m, err
}

// SignedBy reports whether the manifest was signed with one of the keys.
func (m Manifest) SignedBy(keys audit.Keys) bool {
	signature := m.Signature
	m.Signature = nil
	text, err := json.Marshal(m)
	public, known := keys[m.Key]
	return err == nil && known && seal.Signed(public, purpose, text, signature)
}

// ParseRecipients reads age recipients, as age-keygen prints them, or returns
// Invalid "backup-recipients".
func ParseRecipients(list []string) ([]age.Recipient, error) {
	if len(list) == 0 {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "backup-recipients", Err: errors.New("nobody is named who could open the backup")}
	}
	to, err := age.ParseRecipients(strings.NewReader(strings.Join(list, "\n")))
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "backup-recipients", Err: err}
	}
	return to, nil
}

// ParseIdentities reads age identities, as age-keygen writes them.
func ParseIdentities(from io.Reader) ([]age.Identity, error) {
	ids, err := age.ParseIdentities(from)
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "backup-identity", Err: err}
	}
	return ids, nil
}

// put writes one file of the archive and returns what it was.
func put(to *tar.Writer, name string, size int64, from io.Reader) (Piece, error) {
	if err := to.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX}); err != nil {
		return Piece{}, err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, sum), from); err != nil {
		return Piece{}, err
	}
	return Piece{Name: name, Size: size, SHA256: sum.Sum(nil)}, nil
}

// errBroken says that a backup is not whole, or not ours.
func errBroken(format string, args ...any) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: "backup-broken", Err: fmt.Errorf("the backup cannot be used: "+format, args...)}
}

// unpack reads a backup to its end, giving the database to write, and returns its
// manifest once everything in it was what the manifest says.
func unpack(from io.Reader, ids []age.Identity, write func(size int64, database io.Reader) error) (m Manifest, err error) {
	plain, err := age.Decrypt(from, ids...)
	if err != nil {
		return m, errBroken("%w", err)
	}
	in := tar.NewReader(plain)
	database, err := unpackDatabase(in, write)
	if err != nil {
		return m, err
	}
	h, err := in.Next()
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return m, errBroken("it ends before its manifest")
	}
	if err := json.NewDecoder(in).Decode(&m); err != nil {
		return m, errBroken("its manifest cannot be read")
	}
	// To the very end: only there does the encryption show that nothing was cut off.
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		return m, errBroken("there is more in it than there should be, or its end is missing")
	}
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return m, errBroken("%w", err)
	}
	switch {
	case m.Format != format:
		return m, errBroken("it has form %d, and this program knows %d", m.Format, format)
	case len(m.Pieces) != 1 || m.Pieces[0].Name != database.Name || m.Pieces[0].Size != database.Size ||
		string(m.Pieces[0].SHA256) != string(database.SHA256):
		return m, errBroken("what is in it is not what its manifest says")
	}
	return m, nil
}

func unpackDatabase(in *tar.Reader, write func(int64, io.Reader) error) (Piece, error) {
	h, err := in.Next()
	if err != nil {
		return Piece{}, errBroken("%w", err)
	}
	if h.Name != databaseName || h.Typeflag != tar.TypeReg {
		return Piece{}, errBroken("it does not begin with a database")
	}
	sum := sha256.New()
	counted := &counter{from: io.TeeReader(in, sum)}
	if err := write(h.Size, counted); err != nil {
		return Piece{}, err
	}
	return Piece{Name: h.Name, Size: counted.n, SHA256: sum.Sum(nil)}, nil
}

// A counter counts what is read, and says of an error that it is the backup's.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = errBroken("%w", err)
	}
	return n, err
}
