package audit

import (
	"bytes"
	"testing"

	"letterlock/internal/seal"
)

// FuzzStatement reads a proof that somebody else hands over: only one that was signed
// is believed, and that is not changed in what it says.
func FuzzStatement(f *testing.F) {
	signer := seal.NewSigner()
	keys := KeysOf(signer.Public())
	file, err := Statement{Host: "mail.contoso.example", At: start, MessageID: "<1@contoso.example>", Message: "m3", Recipient: "marta@quillfeather.example"}.Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	genuine, err := ParseStatement(file, keys)
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{file, file[:len(file)/2], append(bytes.Clone(file), file...), bytes.Replace(file, []byte("marta"), []byte("peter"), 1), []byte("{}"), []byte("null"), nil} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseStatement(b, keys); err == nil && (s.Says != genuine.Says || s.Recipient != genuine.Recipient || s.MessageID != genuine.MessageID || !s.At.Equal(genuine.At)) {
			t.Errorf("%q is believed: %+v", b, s)
		}
		if k, err := ParseKeys(b); err == nil && len(k) == 0 {
			t.Errorf("%q has keys, and none", b)
		}
		if c, err := ParseCheckpoint(b); err == nil && c.Signed(keys) {
			t.Errorf("%q is a checkpoint that nobody signed", b)
		}
	})
}
