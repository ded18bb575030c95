package apid

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
)

// Bearer says who asks by the token that a request shows, and by nothing else: a
// browser's cookies count for nothing here, so no page of others can ask.
func Bearer(accounts *account.Service) func(*http.Request) (letterlock.Actor, []letterlock.Scope, error) {
	return func(r *http.Request) (letterlock.Actor, []letterlock.Scope, error) {
		scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return letterlock.Actor{}, nil, &letterlock.Error{Code: letterlock.Denied, Key: "token"}
		}
		by, k, err := accounts.TokenActor(r.Context(), secret)
		return by, k.Scopes, err
	}
}

// strangers counts who shows a token that is none. One row an hour in the audit log
// says how many there were: they have proved nothing, and must not fill it.
type strangers struct {
	mu   sync.Mutex
	n    int       // since the last row
	last time.Time // of the last row
}

// tell counts one more.
func (t *strangers) tell(ctx context.Context, s *server, from letterlock.Actor) {
	now := s.Now()
	t.mu.Lock()
	t.n++
	n, due := t.n, now.Sub(t.last) >= time.Hour
	if due {
		t.n, t.last = 0, now
	}
	t.mu.Unlock()
	if !due {
		return
	}
	if err := s.Accounts.Strangers(context.WithoutCancel(ctx), from, n); err != nil {
		s.Log.Error("api: recording tokens that are none", "err", err)
	}
}
