package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// A says answers every request alike.
type says func(r *http.Request) (*http.Response, error)

func (f says) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, kind, body string) says {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func TestAProblemGoesThereAndBack(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
	}{
		{"invalid", &letterlock.Error{Code: letterlock.Invalid, Key: "role", Err: errors.New("secret cause")}, 422},
		{"denied", &letterlock.Error{Code: letterlock.Denied, Key: "last-administrator"}, 403},
		{"not found", &letterlock.Error{Code: letterlock.NotFound}, 404},
		{"gone", &letterlock.Error{Code: letterlock.Gone}, 410},
		{"too large", &letterlock.Error{Code: letterlock.TooLarge}, 413},
		{"throttled", &letterlock.Error{Code: letterlock.Throttled, RetryAfter: 90*time.Second + time.Millisecond}, 429},
		{"busy", fmt.Errorf("wrapped: %w", &letterlock.Error{Code: letterlock.Busy, Err: errors.New("secret cause")}), 503},
		{"a fault", errors.New("secret cause"), 500},
		{"a code that is none", &letterlock.Error{Code: "new", Key: "role"}, 500},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		ProblemOf(tt.err).Write(w)
		text := w.Body.String()
		if w.Code != tt.status || w.Header().Get("Content-Type") != ProblemType || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %v %s, want %d and no cause", tt.name, w.Code, w.Header(), text, tt.status)
		}
		got := NewClient("http://x", answer(w.Code, ProblemType, text)).DisableAccount(t.Context(), "a@b.example")
		want := letterlock.CodeOf(tt.err)
		if tt.status == 500 {
			want = letterlock.Internal
		}
		if letterlock.CodeOf(got) != want || want != letterlock.Internal && letterlock.KeyOf(got) != letterlock.KeyOf(tt.err) {
			t.Errorf("%s: comes back as %v, want %v", tt.name, got, tt.err)
		}
		if wait := letterlock.RetryAfterOf(tt.err); wait > 0 && letterlock.RetryAfterOf(got) != 91*time.Second {
			t.Errorf("%s: to wait %v", tt.name, letterlock.RetryAfterOf(got))
		}
	}
}

func TestAnswersThatAreNoneOfOursAreFaults(t *testing.T) {
	tests := []struct {
		name string
		by   http.RoundTripper
		want letterlock.Code
	}{
		{"a page", answer(200, "text/html", "<html>"), letterlock.Internal},
		{"an error page", answer(404, "text/html", "<html>"), letterlock.Internal},
		{"a problem of others", answer(403, ProblemType, `{"title":"x","code":"forbidden"}`), letterlock.Internal},
		{"a path that is too long", answer(431, "text/plain; charset=utf-8", "431 Request Header Fields Too Large"), letterlock.Invalid},
		{"a path that is too long for a proxy", answer(414, "text/html", "<html>"), letterlock.Invalid},
		{"a broken problem", answer(403, ProblemType, `{`), letterlock.Internal},
		{"a redirect", says(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "x" {
				t.Error("the redirect was followed")
			}
			a, err := answer(307, "", "")(r)
			a.Header.Set("Location", "http://evil.example/")
			return a, err
		}), letterlock.Internal},
		{"nobody", says(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }), letterlock.Busy},
	}
	for _, tt := range tests {
		_, err := NewClient("http://x", tt.by).Accounts(t.Context())
		if err == nil || letterlock.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestAReadThatIsPutOffIsAskedAgainWithinBounds(t *testing.T) {
	put := func(seconds string) says {
		return answer(429, ProblemType, `{"detail":"too many requests","code":"throttled","retry_after":`+seconds+`}`)
	}
	stop := errors.New("stopped")
	tests := []struct {
		name   string
		change bool
		by     []says // the last one answers for ever
		stops  int    // at which wait; 0: never
		waits  string
		want   error
	}{
		{"a read", false, []says{put("1"), put("2"), answer(200, "application/json", "{}")}, 0, "[1s 2s]", nil},
		{"a read that is put off for ever", false, []says{put("20")}, 0, "[20s 20s 20s]", letterlock.Throttled},
		{"a read that is put off for long", false, []says{put("61")}, 0, "[]", letterlock.Throttled},
		{"a read of a busy server", false, []says{answer(503, ProblemType, `{"detail":"x","code":"busy"}`)}, 0, "[]", letterlock.Busy},
		{"a read that nobody waits for", false, []says{put("1")}, 2, "[1s 1s]", stop},
		{"a change", true, []says{put("1")}, 0, "[]", letterlock.Throttled},
	}
	for _, tt := range tests {
		asked, waits := 0, []time.Duration{}
		c := NewClient("http://x", says(func(r *http.Request) (*http.Response, error) {
			asked++
			return tt.by[min(asked, len(tt.by))-1](r)
		}))
		c.Wait = func(_ context.Context, d time.Duration) error {
			if waits = append(waits, d); len(waits) == tt.stops {
				return stop
			}
			return nil
		}
		ask := func() error { _, err := c.Accounts(t.Context()); return err }
		if tt.change {
			ask = func() error { return c.DisableAccount(t.Context(), "a@b.example") }
		}
		err := ask()
		if !errors.Is(err, tt.want) || fmt.Sprint(waits) != tt.waits {
			t.Errorf("%s: %v after waiting %v, want %v after %s", tt.name, err, waits, tt.want, tt.waits)
		}
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v", err)
	}
}

func TestAnAddressStaysOnePieceOfThePath(t *testing.T) {
	var path string
	c := NewClient("http://x", says(func(r *http.Request) (*http.Response, error) {
		path = r.URL.EscapedPath()
		return answer(204, "", "")(r)
	}))
	if err := c.EnableAccount(t.Context(), "a/../b?x@c.example"); err != nil {
		t.Fatal(err)
	}
	if want := "/api/v1/accounts/a%2F..%2Fb%3Fx@c.example/enable"; path != want {
		t.Errorf("path %s, want %s", path, want)
	}
}

func TestAnEndBeyondARuleIsRefusedWithItsDay(t *testing.T) {
	p := ProblemOf(fmt.Errorf("changing it: %w", &letterlock.PastRule{Latest: time.Date(2026, 12, 4, 19, 0, 0, 0, time.FixedZone("CET", 3600))}))
	if p.Status != 403 || p.Key != letterlock.RuleEnd || !strings.Contains(p.Detail, "until 2026-12-04T18:00:00Z at most") {
		t.Errorf("%+v", p)
	}
}
