package backup

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

// FuzzRestore restores what anybody could have encrypted to the recipient: nothing of
// it stays, and nothing lies elsewhere.
func FuzzRestore(f *testing.F) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	add := func(headers ...tar.Header) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			h.Size = 2
			_ = w.WriteHeader(&h) // what cannot be written is a seed as well
			_, _ = w.Write([]byte("{}"))
		}
		_ = w.Close()
		f.Add(b.Bytes())
	}
	add(tar.Header{Name: databaseName, Typeflag: tar.TypeReg}, tar.Header{Name: manifestName, Typeflag: tar.TypeReg})
	add(tar.Header{Name: "../" + databaseName, Typeflag: tar.TypeReg})
	add(tar.Header{Name: databaseName, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	add(tar.Header{Name: databaseName, Typeflag: tar.TypeReg}, tar.Header{Name: "../x", Typeflag: tar.TypeReg})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, archive []byte) {
		var made bytes.Buffer
		w, err := age.Encrypt(&made, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(archive); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		base := t.TempDir()
		if m, err := Restore(t.Context(), filepath.Join(base, "data"), &made, []age.Identity{id}); err == nil {
			t.Errorf("%q is restored: %+v", archive, m)
		}
		if left, err := os.ReadDir(base); err != nil || len(left) > 0 {
			t.Errorf("%v is left (%v)", left, err)
		}
	})
}
