package apid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

func TestAChangeWithAKeyIsMadeOnce(t *testing.T) {
	h := newHouse(t)
	token, other := h.token(olga), h.token(guard)
	id := h.send("Hello", marta)
	at := "/api/v1/messages/" + escape(id)
	add := `{"address":"new@contoso.example","roles":["sender"]}`
	tests := []struct {
		name, path, body, token, key string
		status                       int
		problem                      string
		rows                         int // of the act in the audit log, afterwards
	}{
		{"first", "/api/v1/accounts", add, token, "k1", 200, "", 1},
		{"again", "/api/v1/accounts", add, token, "k1", 200, "", 1},
		{"without a key", "/api/v1/accounts", add, token, "", 422, "account-exists", 2},
		{"another's", "/api/v1/accounts", add, other, "k1", 422, "account-exists", 3},
		{"a refusal again", "/api/v1/accounts", add, other, "k1", 422, "account-exists", 3},
		{"another request", at + "/revoke", "{}", token, "k1", 422, "idempotency-key", 3},
		{"a long key", "/api/v1/accounts", add, token, strings.Repeat("k", 256), 422, "idempotency-key", 3},
		{"a token", "/api/v1/tokens", `{}`, token, "k2", 422, "idempotency-token", 3},
	}
	var first string
	for _, tt := range tests {
		var headers []string
		if tt.key != "" {
			headers = []string{keyHeader, tt.key}
		}
		a := h.ask("POST", tt.path, tt.body, tt.token, headers...)
		if a.status != tt.status || tt.status != 200 && a.problem() != tt.problem {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
		if n := len(h.audited("invite")) + len(h.audited("add account")) + len(h.audited("invite account")); n != tt.rows {
			t.Errorf("%s: done or tried %d times, want %d", tt.name, n, tt.rows)
		}
		switch tt.name {
		case "first":
			first = a.body
		case "again":
			if a.body != first || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("another answer: %s %v, want %s", a.body, a.header, first)
			}
		}
	}
	if _, err := h.client(token).Status(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestNoAnswerOutlivesTheSubjectOfADestroyedMessage(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	id := h.send("Settlement", marta)
	at := "/api/v1/messages/" + escape(id)
	for range 2 {
		if a := h.ask("POST", at+"/revoke", "{}", token, keyHeader, "k"); a.status != 200 || !strings.Contains(a.body, "Settlement") {
			t.Fatalf("revoking: %d %s", a.status, a.body)
		}
	}
	if a := h.ask("POST", at+"/destroy", `{"confirm":"`+id+`"}`, token); a.status != 200 || strings.Contains(a.body, "Settlement") {
		t.Fatalf("destroying: %d %s", a.status, a.body)
	}
	if a := h.ask("POST", at+"/revoke", "{}", token, keyHeader, "k"); a.status != 410 || strings.Contains(a.body, "Settlement") {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

func TestTooManyRequestsWait(t *testing.T) {
	h := newHouse(t)
	h.options.PerMinute = 60
	h.server = newServer(h.options)
	token, other := h.token(nora), h.token(nora)
	ask := func(token, from string) answered {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/batches", nil)
		r.RemoteAddr = from
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.server.ServeHTTP(w, r)
		return answered{w.Code, w.Header(), w.Body.String()}
	}
	for i := range 6 {
		if a := ask(token, fmt.Sprintf("192.0.2.%d:1", i)); a.status != 200 {
			t.Fatalf("request %d: %d %s", i, a.status, a.body)
		}
	}
	tests := []struct {
		name, token, from string
		want              int
	}{
		{"the same token from elsewhere", token, "198.51.100.1:1", 429},
		{"another token", other, "198.51.100.2:1", 200},
	}
	for _, tt := range tests {
		if a := ask(tt.token, tt.from); a.status != tt.want || tt.want == 429 && (a.header.Get("Retry-After") != "1" || a.problem() != "") {
			t.Errorf("%s: %d %v %s", tt.name, a.status, a.header, a.body)
		}
	}
	h.clock.move(time.Second)
	if a := ask(token, "198.51.100.3:1"); a.status != 200 {
		t.Errorf("a second later: %d", a.status)
	}
	for i := range 10 { // strangers, from one network
		a := ask("none", fmt.Sprintf("[2001:db8::%d]:1", i))
		if want := map[bool]int{true: 401, false: 429}[i < 6]; a.status != want {
			t.Errorf("stranger %d: %d, want %d", i, a.status, want)
		}
	}
}

func TestAListIsLongerThanWhatIsTakenAtOnce(t *testing.T) {
	h := newHouse(t)
	h.options.PerMinute = 60
	h.server = newServer(h.options)
	for range 20 {
		h.send("Hello", marta)
	}
	c := h.client(h.token(nora))
	waited := time.Duration(0)
	c.Wait = func(_ context.Context, d time.Duration) error { waited += d; h.clock.move(d); return nil }
	found := 0
	for next := ""; found == 0 || next != ""; {
		p, err := c.Search(t.Context(), letterlock.Search{}, next, 1)
		if err != nil {
			t.Fatalf("after %d messages: %v", found, err)
		}
		found, next = found+len(p.Messages), p.Next
	}
	if found != 20 || waited == 0 {
		t.Errorf("%d messages were found, after waiting %v", found, waited)
	}
}

func TestAFaultOfOursIsAProblemWithoutItsCause(t *testing.T) {
	h := newHouse(t)
	h.options.Track = nil // what a handler finds that has a fault
	h.server = newServer(h.options)
	a := h.ask("GET", "/api/v1/messages", "", h.token(nora))
	if a.status != 500 || a.problem() != "" || strings.Contains(a.body, "nil") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !strings.Contains(h.log.String(), "level=ERROR") || !strings.Contains(h.log.String(), "nil pointer") {
		t.Errorf("the log does not say why:\n%s", h.log)
	}
}

// broken takes some bytes and no more.
type broken struct {
	http.ResponseWriter
	left int
}

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("gone")
	}
	return b.ResponseWriter.Write(p)
}

func TestAnExportThatFailsInItsMiddleIsCutOff(t *testing.T) {
	h := newHouse(t)
	subject := strings.Repeat("long ", 180)
	for range 100 {
		h.send(subject, marta)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/exports/messages", nil)
	r.Header.Set("Authorization", "Bearer "+h.token(nora))
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("ended with %v, want the connection cut", p)
		}
	}()
	h.server.ServeHTTP(&broken{httptest.NewRecorder(), chunk + chunk/2}, r)
}

func TestStatusesOfProblemsAgree(t *testing.T) {
	if p := api.ProblemOf(&letterlock.Error{Code: letterlock.Denied, Key: "token"}); p.Status != 401 {
		t.Errorf("no token: %d", p.Status)
	}
	if p := api.ProblemOf(&letterlock.Error{Code: letterlock.Invalid, Key: "token"}); p.Status != 422 || !strings.Contains(p.Detail, "400 days") {
		t.Errorf("a wrong new token: %+v", p)
	}
}
