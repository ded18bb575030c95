package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

func TestReadinessIsToldWithOneWordOfItsReason(t *testing.T) {
	var reason error
	w := newWorld(t, func(o *Options) { o.Ready = func(context.Context) error { return reason } })
	for _, tt := range []struct {
		reason error
		status int
		says   string
	}{
		{nil, 200, "ready\n"}, {errors.New("disk-of-contoso is full"), 503, "not ready\n"},
		{&letterlock.Error{Code: letterlock.Busy, Key: "disk", Err: errors.New("disk-of-contoso is full")}, 503, "not ready: disk\n"},
	} {
		reason = tt.reason
		if a := w.browser().do("GET", "/readyz", nil, ""); a.status != tt.status || a.body != tt.says {
			t.Errorf("with %v: %d %q, want %d %q", tt.reason, a.status, a.body, tt.status, tt.says)
		}
	}
}

func TestPlainHTTPLeadsToHTTPS(t *testing.T) {
	to, err := url.Parse("https://mail.contoso.example:8443")
	if err != nil {
		t.Fatal(err)
	}
	h := Redirect(to)
	tests := []struct {
		method, host, path string
		status             int
		location           string
	}{
		{"GET", "mail.contoso.example", "/m/x?a=b", 308, "https://mail.contoso.example:8443/m/x?a=b"},
		{"HEAD", "MAIL.contoso.example:80", "/", 308, "https://mail.contoso.example:8443/"},
		{"GET", "mail.contoso.example", "//evil.example/", 308, "https://mail.contoso.example:8443//evil.example/"},
		{"POST", "mail.contoso.example", "/sign-in", 400, ""},
		{"GET", "evil.example", "/", 421, ""},
		{"GET", "mail.contoso.example.evil.example", "/", 421, ""},
		{"GET", "", "/", 421, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "http://x"+tt.path, nil)
		r.Host = tt.host
		a := httptest.NewRecorder()
		h.ServeHTTP(a, r)
		if a.Code != tt.status || a.Header().Get("Location") != tt.location {
			t.Errorf("%s %s on %q: %d %q, want %d %q", tt.method, tt.path, tt.host, a.Code, a.Header().Get("Location"), tt.status, tt.location)
		}
		if a.Code != http.StatusPermanentRedirect && strings.Contains(a.Body.String(), "evil") {
			t.Errorf("the answer repeats the host: %q", a.Body)
		}
	}
}
