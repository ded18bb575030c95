package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"letterlock/internal/seal"
)

// FuzzImport imports what anybody could have encrypted to the recipient of exports:
// nothing but keys under the names of keys is written.
func FuzzImport(f *testing.F) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "{}", `{"epochs":{"1":"AAAA"}}`, `{"epochs":{"-1":"AAAA"}}`, `{"epochs":{"4294967295":""}}`, `{"pepper":"AAAA","audit":"AAAA"}`, `{"epochs":{"../1":"AAAA"}}`, `[]`, `{"epochs":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var made bytes.Buffer
		w, err := age.Encrypt(&made, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := Opened(&made, []age.Identity{id})
		if err != nil {
			return
		}
		dir := t.TempDir()
		files := seal.Files{Master: filepath.Join(dir, "safe", "master.key"), Data: filepath.Join(dir, "data")}
		for _, d := range []string{filepath.Dir(files.Master), files.Data} {
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := files.Start(false); err != nil {
			t.Fatal(err)
		}
		before := folder(t, dir, "data") + folder(t, dir, "safe") + folder(t, dir, "data/keyring")
		if epochs, err := files.Import(b, ""); err == nil && len(epochs) > 0 {
			t.Errorf("%q brings the epochs %v, under a master key that it cannot know", text, epochs)
		} else if after := folder(t, dir, "data") + folder(t, dir, "safe") + folder(t, dir, "data/keyring"); err != nil && after != before {
			t.Errorf("%q is refused (%v), and there is %s where %s was", text, err, after, before)
		}
	})
}
