// Package control lets the operator manage a server from the machine that it runs
// on: the API over a Unix socket in the data folder.
//
// Whoever can open that folder's files is the operator. The socket lets in the
// user that the server runs as, and root, and asks the kernel who that is; there
// is no password, and the acts are the program's own, with the user's number in
// the audit log.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// Options are what the operator can reach.
type Options struct {
	Accounts *account.Service
	Log      *slog.Logger
}

const (
	maxBody  = 64 << 10         // bytes of a request
	patience = 30 * time.Second // for a request and its answer
)

// A handler answers one kind of request with what is to become JSON, or nil.
type handler func(r *http.Request, by letterlock.Actor) (any, error)

type control struct{ Options }

// Handler returns what answers the operator. Without the server of [NewServer]
// around it, whose connections know their user, it answers only what comes
// through [InProcess].
func Handler(o Options) http.Handler {
	c := control{o}
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /api/v1/accounts":                    c.list,
		"POST /api/v1/accounts":                   c.add,
		"POST /api/v1/accounts/{address}/disable": c.disable,
		"POST /api/v1/accounts/{address}/enable":  c.enable,
		"POST /api/v1/accounts/{address}/reset":   c.reset,
		"PUT /api/v1/accounts/{address}/roles":    c.roles,
	} {
		mux.Handle(pattern, c.serve(pattern, h))
	}
	mux.Handle("/", c.serve("none", func(*http.Request, letterlock.Actor) (any, error) {
		return nil, &letterlock.Error{Code: letterlock.NotFound}
	}))
	return http.MaxBytesHandler(mux, maxBody)
}

// serve surrounds a handler with what all have in common: who asks, how long it
// may take, and how an error is told.
func (c control) serve(pattern string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		var answer any
		by, err := operator(ctx)
		if err == nil {
			answer, err = h(r.WithContext(ctx), by)
		}
		c.note(ctx, pattern, by, err)
		switch {
		case err != nil:
			api.ProblemOf(err).Write(w)
		case answer == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			// The client has gone if this fails, and needs no answer.
			_ = json.NewEncoder(w).Encode(answer)
		}
	})
}

// note writes one line for each request, without an address.
func (c control) note(ctx context.Context, pattern string, by letterlock.Actor, err error) {
	level, facts := slog.LevelInfo, []slog.Attr{slog.String("route", pattern), slog.String("by", by.Name)}
	if err != nil {
		facts = append(facts, slog.String("code", string(letterlock.CodeOf(err))))
		if letterlock.CodeOf(err) == letterlock.Internal {
			level = slog.LevelError
			facts = append(facts, slog.String("error", err.Error()))
		}
	}
	c.Log.LogAttrs(ctx, level, "control", facts...)
}

type userKey struct{}

// withUser notes which user of the operating system asks.
func withUser(ctx context.Context, uid int) context.Context {
	return context.WithValue(ctx, userKey{}, uid)
}

// operator returns who asks, or Denied for whoever is no operator of this server
// and where it is not known.
func operator(ctx context.Context) (letterlock.Actor, error) {
	uid, known := ctx.Value(userKey{}).(int)
	if !known || uid != 0 && uid != os.Geteuid() {
		return letterlock.Actor{}, &letterlock.Error{Code: letterlock.Denied, Key: "not-operator"}
	}
	return letterlock.Actor{Kind: letterlock.Operator, Name: "uid " + strconv.Itoa(uid)}, nil
}

// decode reads a request's body, and refuses fields that are unknown: what is
// misspelt must not be left out in silence.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &letterlock.Error{Code: letterlock.TooLarge, Err: err}
	}
	if err != nil || d.More() {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "json", Err: err}
	}
	return nil
}
