package seal

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestASignatureIsForOnePurposeTextAndKey(t *testing.T) {
	s, other := NewSigner(), NewSigner()
	text := []byte("row 7")
	signature := s.Sign("audit checkpoint", text)
	changed := append([]byte(nil), signature...)
	changed[3] ^= 1
	tests := []struct {
		name      string
		signer    Signer
		purpose   string
		text      string
		signature []byte
		want      bool
	}{
		{"itself", s, "audit checkpoint", "row 7", signature, true},
		{"another purpose", s, "non-access", "row 7", signature, false},
		{"a purpose that takes from the text", s, "audit checkpoint\nrow", "7", signature, false},
		{"another text", s, "audit checkpoint", "row 8", signature, false},
		{"another key", other, "audit checkpoint", "row 7", signature, false},
		{"a changed signature", s, "audit checkpoint", "row 7", changed, false},
		{"no signature", s, "audit checkpoint", "row 7", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Signed(tt.signer.Public(), tt.purpose, []byte(tt.text), tt.signature); got != tt.want {
				t.Errorf("Signed = %v, want %v", got, tt.want)
			}
		})
	}
	if Signed(nil, "audit checkpoint", text, signature) {
		t.Error("no key at all fits")
	}
}

func TestASignerPrintsAsAMask(t *testing.T) {
	s := NewSigner()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, s); got != "[key]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func TestTheAuditKeyIsMadeOnceAndNeverReplaced(t *testing.T) {
	f := files(t)
	firstStart(t, f)
	made, err := f.Signer(false)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.audit()); err != nil || info.Mode() != fs.FileMode(0o400) {
		t.Errorf("audit.key: %v, %v, want mode 0400", info, err)
	}
	for _, lives := range []bool{false, true} { // false: a start that ended before the database knew
		if again, err := f.Signer(lives); err != nil || !again.Public().Equal(made.Public()) {
			t.Errorf("Signer(%v) is another one, %v", lives, err)
		}
	}
	if err := os.Remove(f.audit()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Signer(true); err == nil || !strings.Contains(err.Error(), "audit.key is missing: restore it") {
		t.Errorf("a lost key: %v", err)
	}
	if _, err := os.Lstat(f.audit()); !os.IsNotExist(err) {
		t.Error("another key was made in place of the lost one")
	}
}

func TestTheAuditKeyAloneIsNoFirstStart(t *testing.T) {
	f := files(t)
	if err := os.WriteFile(f.audit(), make([]byte, 32), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Start(false); err == nil || !strings.Contains(err.Error(), "database is missing") {
		t.Errorf("Start = %v", err)
	}
}
