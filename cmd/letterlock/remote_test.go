package main

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// fileWith writes a file with a mode, whatever the umask is.
func fileWith(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestATokenGoesWhereNobodyElseReadsIt(t *testing.T) {
	for url, want := range map[string]string{
		"https://mail.example.org":       "https://mail.example.org",
		"https://mail.example.org/":      "https://mail.example.org",
		"https://mail.example.org:8443":  "https://mail.example.org:8443",
		"https://[2001:db8::1]:8443":     "https://[2001:db8::1]:8443",
		"http://127.0.0.1:8080":          "http://127.0.0.1:8080",
		"http://[::1]:8080":              "http://[::1]:8080",
		"http://localhost:8080":          "http://localhost:8080",
		"http://mail.example.org":        "",
		"http://127.0.0.1.example.org":   "",
		"http://localhost.example.org":   "",
		"http://0.0.0.0:8080":            "",
		"ftp://mail.example.org":         "",
		"mail.example.org":               "",
		"//mail.example.org":             "",
		"https://":                       "",
		"https://u:p@mail.example.org":   "",
		"https://mail.example.org/x":     "",
		"https://mail.example.org?x=1":   "",
		"https://mail.example.org#x":     "",
		"http://[::ffff:127.0.0.1]:8080": "http://[::ffff:127.0.0.1]:8080",
		"http://user@127.0.0.1:8080":     "",
	} {
		u, err := parseServer(url)
		switch {
		case want == "" && (!errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "url"):
			t.Errorf("%s: %v, %v; want Invalid", url, u, err)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%s: %v, %v; want %s", url, u, err, want)
		}
	}
	b := bearer{over: http.DefaultTransport, host: "mail.example.org", token: "secret"}
	r := httptest.NewRequest("GET", "http://elsewhere.example/", nil)
	if _, err := b.RoundTrip(r); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("another host is asked: %v", err)
	}
}

func TestATokenFileIsItsOwnersAlone(t *testing.T) {
	tests := []struct {
		name, text string
		mode       os.FileMode
		says       string // empty: it is read
	}{
		{"one line", "llt_abc\n", 0o600, ""},
		{"without a line end", "llt_abc", 0o400, ""},
		{"of another system", "llt_abc\r\n", 0o600, ""},
		{"read by the group", "llt_abc\n", 0o640, "can be read or changed by others, its mode is 0640"},
		{"read by all", "llt_abc\n", 0o604, "can be read or changed by others"},
		{"written by all", "llt_abc\n", 0o602, "can be read or changed by others"},
		{"empty", "", 0o600, "is empty"},
		{"two tokens", "llt_abc\nllt_def\n", 0o600, "more in it than one token"},
		{"a header", "llt_abc\r\nX-Evil: 1", 0o600, "more in it than one token"},
		{"a comment", "llt_abc # mine", 0o600, "more in it than one token"},
		{"a byte that is none of a token", "llt_abc\x00", 0o600, "more in it than one token"},
	}
	for _, tt := range tests {
		got, err := readToken(fileWith(t, tt.text, tt.mode))
		switch {
		case tt.says == "" && (err != nil || got.Reveal() != "llt_abc"):
			t.Errorf("%s: %q, %v", tt.name, got.Reveal(), err)
		case tt.says != "" && (!errors.Is(err, letterlock.Invalid) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "llt_")):
			t.Errorf("%s: %v, want Invalid and %q", tt.name, err, tt.says)
		}
	}
	if _, err := readToken("/nowhere/at/all"); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("no file: %v, want Invalid", err)
	}
}

func TestOnlyTheRightAuthorityVouchesForAServer(t *testing.T) {
	var shown string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get("Authorization")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	token := fileWith(t, "llt_abc\n", 0o600)
	ask := func(p place) error {
		over, base, err := p.dial()
		if err != nil {
			return err
		}
		answer, err := (&http.Client{Transport: over}).Get(base + "/api/v1/accounts")
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	if err := ask(place{URL: s.URL, TokenFile: token}); err == nil || shown != "" {
		t.Errorf("a server that nobody vouches for is asked: %v, token %q", err, shown)
	}
	if err := ask(place{URL: s.URL, TokenFile: token, CAFile: fileWith(t, "x", 0o644)}); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("a file without a certificate: %v, want Invalid", err)
	}
	if err := ask(place{URL: s.URL}); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("no token: %v, want Invalid", err)
	}
	if err := ask(place{URL: s.URL, TokenFile: token, CAFile: fileWith(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), 0o644)}); err != nil || shown != "Bearer llt_abc" {
		t.Errorf("the right authority: %v, token %q", err, shown)
	}
}
