package vault_test

import (
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/vault"
)

// FuzzOpenReturnPath has anybody spell return paths. What is opened is what was made.
func FuzzOpenReturnPath(f *testing.F) {
	made := vault.ReturnPath{Recipient: letterlock.NewID(), Notice: 1<<63 - 1}.Address(seal.Pepper{}, "contoso.example")
	if len(made.Local()) > 64 {
		f.Fatalf("%s is too long a local part", made)
	}
	if _, err := vault.OpenReturnPath(seal.Pepper{}, made, "contoso.example"); err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(made), strings.ToUpper(string(made)), "bounce+a.b.c@contoso.example", "bounce+..@contoso.example", "bounce+@", "@", "bounce+a.-1.c@contoso.example",
		strings.Replace(string(made), ".1y2p", ".+1y2p", 1), strings.Replace(string(made), ".1y2p", ".01y2p", 1), strings.TrimPrefix(string(made), "bounce+")} {
		f.Add(s)
	}
	if !strings.Contains(string(made), ".1y2p") {
		f.Fatalf("%s does not name its notice as it did: some of the seeds prove nothing", made)
	}
	f.Fuzz(func(t *testing.T, s string) {
		path, err := vault.OpenReturnPath(seal.Pepper{}, letterlock.Address(s), "contoso.example")
		if again := path.Address(seal.Pepper{}, "contoso.example"); err == nil && !strings.EqualFold(string(again), s) {
			t.Errorf("%q is opened as %v, whose address is %s", s, path, again)
		}
	})
}
