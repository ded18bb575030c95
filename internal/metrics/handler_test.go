package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(h http.Handler, method, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheListenerAnswers(t *testing.T) {
	var reason error
	h := everything(&clock{morning}).Handler(func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("readiness is asked for without a bound")
		}
		return reason
	})
	const open = "application/openmetrics-text; version=1.0.0"
	tests := []struct {
		name, method, path, accept string
		reason                     error
		status                     int
		kind, want                 string
	}{
		{name: "OpenMetrics", path: "/metrics", accept: open, status: 200, kind: open, want: "# EOF\n"},
		{name: "text", path: "/metrics", status: 200, kind: "text/plain", want: "letterlock_readers 7\n"},
		{name: "health", path: "/healthz", reason: errors.New("no"), status: 200, kind: "text/plain", want: "ok\n"},
		{name: "ready", path: "/readyz", status: 200, kind: "text/plain", want: "ready\n"},
		{name: "not ready", path: "/readyz", reason: errors.New("the relay said \x1b[31m550\r\nReady: yes\xff\u202e"), status: 503,
			kind: "text/plain", want: "not ready: the relay said  [31m550  Ready: yes  \n"},
		{name: "a long reason", path: "/readyz", reason: errors.New(strings.Repeat("é", 600)), status: 503, kind: "text/plain",
			want: "not ready: " + strings.Repeat("é", 500) + "\n"},
		{name: "POST", method: "POST", path: "/metrics", status: 405},
		{name: "elsewhere", path: "/debug/pprof/", status: 404},
		{name: "root", path: "/", status: 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reason = tt.reason
			if tt.method == "" {
				tt.method = "GET"
			}
			got := ask(h, tt.method, tt.path, tt.accept)
			body := got.Body.String()
			if got.Code != tt.status || !strings.HasPrefix(got.Header().Get("Content-Type"), tt.kind) || !strings.Contains(body, tt.want) {
				t.Errorf("%s %s: %d %s, want %d %s with %q; it says %.300q", tt.method, tt.path, got.Code, got.Header().Get("Content-Type"), tt.status, tt.kind, tt.want, body)
			}
			if got.Header().Get("Cache-Control") != "no-store" || got.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", got.Header())
			}
		})
	}
}
