package metrics

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	answerWithin = 8 * time.Second // Prometheus waits for ten
	readyWithin  = 5 * time.Second
	scrapes      = 4    // at the same time
	maxReason    = 1000 // bytes of the reason why the server is not ready
)

// Handler answers for the server on a listener that only its operator reaches:
// /metrics as OpenMetrics or in the older text format, /healthz while the program
// runs, and /readyz, which asks ready and says why it is not. ready is required and
// ends with its context.
func (m *Metrics) Handler(ready func(context.Context) error) http.Handler {
	numbers := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: scrapes, Timeout: answerWithin,
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", numbers)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if err := ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "not ready: "+oneLine(err.Error()))
			return
		}
		say(w, http.StatusOK, "ready")
	})
	return private(mux)
}

// private keeps answers out of caches, and browsers from making more of them.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // whoever asked has left
}

// oneLine makes one line of a reason, which may repeat what a relay has said, and
// leaves nothing in it that a terminal would obey.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
	if len(s) > maxReason {
		s = strings.ToValidUTF8(s[:maxReason], "")
	}
	return s
}
