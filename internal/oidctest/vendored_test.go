package oidctest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestTheVendoredProviderIsTheFileThatItsNoteNames(t *testing.T) {
	note, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/oidc-provider.mjs")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	if !strings.Contains(string(note), hex.EncodeToString(sum[:])) {
		t.Errorf("testdata/README.md does not name the SHA-256 of oidc-provider.mjs, %x", sum)
	}
}
