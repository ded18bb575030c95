package apid

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// An asked is a request under way, and what is to be known of it at its end.
type asked struct {
	operation string
	by        letterlock.Actor
	scopes    []letterlock.Scope
	message   letterlock.ID // that it is about; empty: none, or not known yet
	err       error
}

type askedKey struct{}

func askedOf(ctx context.Context) *asked {
	a, ok := ctx.Value(askedKey{}).(*asked)
	if !ok {
		panic("apid: internal error: a request that nobody admitted")
	}
	return a
}

type answer[T any] struct{ Body T }

// add adds an operation that is answered with JSON.
func add[I, T any](s *server, o operation, h func(ctx context.Context, by letterlock.Actor, in *I) (T, error)) {
	s.all[o.pattern()] = o
	huma.Register(s.api, o.huma(s.api.OpenAPI().Components.Schemas), func(ctx context.Context, in *I) (*answer[T], error) {
		a := askedOf(ctx)
		got, err := h(ctx, a.by, in)
		if err != nil {
			return nil, a.fail(err)
		}
		return &answer[T]{got}, nil
	})
}

// addSilent adds an operation that is answered with nothing but that it was done.
func addSilent[I any](s *server, o operation, h func(ctx context.Context, by letterlock.Actor, in *I) error) {
	s.all[o.pattern()] = o
	huma.Register(s.api, o.huma(s.api.OpenAPI().Components.Schemas), func(ctx context.Context, in *I) (*struct{}, error) {
		a := askedOf(ctx)
		if err := h(ctx, a.by, in); err != nil {
			return nil, a.fail(err)
		}
		return nil, nil
	})
}

// addStream adds an operation with an answer of any length, which h writes. What
// fails after the first byte cuts the connection: what is not whole never looks as
// if it were.
func addStream[I any](s *server, o operation, h func(ctx context.Context, by letterlock.Actor, in *I, out *stream) error) {
	s.all[o.pattern()] = o
	huma.Register(s.api, o.huma(s.api.OpenAPI().Components.Schemas), func(_ context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			a := askedOf(r.Context())
			out := newStream(w)
			err := h(r.Context(), a.by, in, out)
			if err == nil {
				err = out.flush()
			}
			switch {
			case err == nil:
			case out.begun:
				a.err = err
				panic(http.ErrAbortHandler)
			default:
				out.forget()
				a.err = err
				api.ProblemOf(err).Write(w)
			}
		}}, nil
	})
}

// A failure is an error as the library wants it.
type failure struct{ api.Problem }

func (f failure) Error() string             { return f.Detail }
func (f failure) GetStatus() int            { return f.Status }
func (f failure) GetHeaders() http.Header   { return f.Headers() }
func (f failure) ContentType(string) string { return api.ProblemType }

// fail notes why a request fails, and returns what is said of it.
func (a *asked) fail(err error) error {
	a.err = err
	return failure{api.ProblemOf(err)}
}

// ours turns what the library has to say against a request into a problem of ours.
// It may say where, and never what stood there.
func ours(c huma.Context, _ string, v any) (any, error) {
	theirs, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code, key := letterlock.Invalid, "request"
	switch theirs.Status {
	case http.StatusUnsupportedMediaType:
		key = "content-type"
	case http.StatusBadRequest:
		key = "json"
	case http.StatusUnprocessableEntity:
		if len(theirs.Errors) > 0 && strings.HasPrefix(theirs.Errors[0].Location, "body") {
			key = "json"
		}
	default:
		code, key = letterlock.Internal, ""
	}
	err := &letterlock.Error{Code: code, Key: key, Err: errors.New(theirs.Detail)}
	askedOf(c.Context()).err = err
	p := api.ProblemOf(err)
	p.Status, p.Title = theirs.Status, http.StatusText(theirs.Status)
	if code == letterlock.Invalid && len(theirs.Errors) > 0 {
		p.Detail += ": " + placeOf(theirs.Errors[0])
	}
	return p, nil
}

// placeOf says where in a request something is not right, and what is wanted there.
func placeOf(d *huma.ErrorDetail) string {
	says := d.Message
	if strings.HasPrefix(says, "invalid date/time for format ") { // of Go, which nobody else reads
		says = "expected a moment as RFC 3339 has it, like 2026-11-20T14:00:00Z"
	}
	if d.Location == "" {
		return says
	}
	return d.Location + ": " + says
}
