package apid

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
	"letterlock/internal/ratelimit"
)

const keyHeader = "Idempotency-Key"

// ServeHTTP implements http.Handler: it answers, notes one line, and turns a panic of
// ours into a problem, or cuts the connection when the answer has begun.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := s.Now()
	a := &asked{operation: "none"}
	out := &counted{ResponseWriter: w}
	defer func() { s.note(r.Context(), a, out.status, s.Now().Sub(begun)) }()
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if cause, ok := p.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
			panic(p)
		}
		a.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if out.status != 0 {
			panic(http.ErrAbortHandler)
		}
		api.ProblemOf(a.err).Write(out)
	}()
	r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
	if err := s.answer(out, r, a); err != nil {
		a.err = err
		api.ProblemOf(err).Write(out)
	}
}

// answer answers a request, or returns why it may not be answered.
func (s *server) answer(w http.ResponseWriter, r *http.Request, a *asked) error {
	from := letterlock.Actor{IP: addressOf(r)}
	if err := allow(s.addresses, ratelimit.IPKey(from.IP)); err != nil {
		return err
	}
	if r.URL.Path == DocumentPath {
		return s.showDocument(w, r, a)
	}
	o, known := s.find(r)
	var pass *lane.Pass
	if known {
		a.operation = o.id
		var err error
		if pass, err = s.Lanes.Enter(r.Context(), inLane[o.id]); err != nil {
			return err
		}
		defer pass.Leave()
	}
	if err := s.admit(r, a, from, o, known); err != nil {
		return err
	}
	if !known {
		return s.unknown(w, r)
	}
	if err := s.wholeQuery(r, o); err != nil {
		return err
	}
	if goesFirst(o) {
		pass.GoFirst()
	}
	if len(o.streams) > 0 {
		setDeadlines(w, 0, chunkTime)
		s.mux.ServeHTTP(w, r)
		return nil
	}
	if o.time == 0 {
		o.time = patience
	}
	ctx, cancel := context.WithTimeout(lane.With(r.Context(), pass), o.time)
	defer cancel()
	setDeadlines(w, bodyTime, o.time+spare)
	return s.settle(w, r.WithContext(ctx), a, o, pass)
}

// find returns the operation that a request asks for. One in a path that is not
// written as it should be is none: it is not led elsewhere.
func (s *server) find(r *http.Request) (operation, bool) {
	path := r.URL.EscapedPath()
	if strings.Contains(path, "//") || strings.Contains(path, "/./") || strings.Contains(path, "/../") {
		return operation{}, false
	}
	_, pattern := s.mux.Handler(r)
	o, ok := s.all[pattern]
	return o, ok && o.method == r.Method // a HEAD would do all the work of its GET
}

// unknown answers a path that does not exist, or not with this method.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) error {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, ok := s.find(other); ok {
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return &letterlock.Error{Code: letterlock.Invalid, Key: "method"}
}

func (s *server) showDocument(w http.ResponseWriter, r *http.Request, a *asked) error {
	a.operation = "document"
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return &letterlock.Error{Code: letterlock.Invalid, Key: "method"}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(s.document)
	a.err = err
	return nil
}

// admit decides whether whoever asks may have the operation. The use case decides
// once more by role; here a refusal is recorded without a row for each.
func (s *server) admit(r *http.Request, a *asked, from letterlock.Actor, o operation, known bool) error {
	by, scopes, err := s.Who(r)
	if err != nil {
		if letterlock.CodeOf(err) == letterlock.Denied && r.Header.Get("Authorization") != "" {
			s.strangers.tell(r.Context(), s, from)
		}
		return err
	}
	by.IP = from.IP
	a.by, a.scopes = by, scopes
	if by.Token != "" {
		if err := allow(s.programs, string(by.Token)); err != nil {
			return err
		}
	}
	if !known {
		return nil
	}
	key := ""
	switch {
	case !slices.Contains(scopes, o.scope):
		key = "scope"
	case !by.Is(o.role):
		key = "role"
	default:
		return nil
	}
	if err := s.Accounts.TurnedAway(r.Context(), by, "api "+o.id, key, o.named(r)); err != nil {
		return err
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: key}
}

// named is what the path of a request for an operation names.
func (o operation) named(r *http.Request) (about account.About) {
	got := strings.Split(r.URL.EscapedPath(), "/")
	for i, part := range strings.Split(api.Prefix+o.path, "/") {
		if i >= len(got) {
			break // never: the path fits the operation's
		}
		value, err := url.PathUnescape(got[i])
		switch {
		case err != nil:
		case part == "{id}":
			about.ID = value
		case part == "{address}":
			about.Address = value
		}
	}
	return about
}

// allow takes one request out of what a key may send.
func allow(l *ratelimit.Limiter, key string) error {
	if l == nil {
		return nil
	}
	if ok, wait := l.Allow(key); !ok {
		return &letterlock.Error{Code: letterlock.Throttled, RetryAfter: wait}
	}
	return nil
}

// addressOf is where a request comes from; who stands behind a proxy was put there
// by whoever knows which to believe.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// setDeadlines bounds how long a client may take to send its request, and to take
// the answer. Once the request is read, read has to be 0: the server goes on to look
// whether the client is there, and a time that is over would look as if it had left.
// Not every writer has deadlines; the one of a connection does.
func setDeadlines(w http.ResponseWriter, read, write time.Duration) {
	control := http.NewResponseController(w)
	var end time.Time
	if read > 0 {
		end = time.Now().Add(read)
	}
	_ = control.SetReadDeadline(end)
	_ = control.SetWriteDeadline(time.Now().Add(write))
}

// settle has an operation done, once for each key, and sends its answer. The place in
// its lane is for the work alone: a client whose line is slow keeps nobody out.
func (s *server) settle(w http.ResponseWriter, r *http.Request, a *asked, o operation, pass *lane.Pass) error {
	pass.Pause()
	body, err := readBody(w, r, cmp.Or(o.body, maxBody))
	if err == nil {
		err = pass.Resume(r.Context())
	}
	if err == nil {
		err = wholeBody(body)
	}
	if err != nil {
		return err
	}
	setDeadlines(w, 0, o.time+spare)
	r.Body = io.NopCloser(bytes.NewReader(body))
	got := &kept{header: http.Header{}}
	call := once.Call{Who: callerOf(a.by), Request: r.Method + " " + r.URL.RequestURI() + "\n" + string(body)}
	if o.changes() {
		call.Key = r.Header.Get(keyHeader)
	}
	if o.keyless && call.Key != "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "idempotency-token"}
	}
	said, again, err := s.Once.Do(r.Context(), call, func() once.Answer {
		s.mux.ServeHTTP(got, r)
		return got.answer(a.message)
	})
	switch {
	case said.Status == 0:
		return err
	case err != nil: // what was done is done; only a second time it would not be known
		s.Log.Error("api", "operation", o.id, "error", err.Error())
	case again:
		a.operation += " again"
		got.repeat(said)
	}
	pass.Leave()
	got.send(w)
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &letterlock.Error{Code: letterlock.TooLarge, Err: err}
	}
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "json", Err: err}
	}
	return body, nil
}

// callerOf is the name under which somebody's keys are kept.
func callerOf(by letterlock.Actor) string {
	if by.Token != "" {
		return "token " + string(by.Token)
	}
	return string(by.Kind) + " " + by.Name
}

// note writes one line for each request, without an address.
func (s *server) note(ctx context.Context, a *asked, status int, took time.Duration) {
	by := a.by.Name // of an operator
	if a.by.Token != "" {
		by = "token " + string(a.by.Token)
	}
	facts := []slog.Attr{
		slog.String("operation", a.operation), slog.String("by", by), slog.Int("status", status), slog.Duration("took", took),
	}
	level := slog.LevelInfo
	if a.err != nil {
		facts = append(facts, slog.String("code", string(letterlock.CodeOf(a.err))), slog.String("key", letterlock.KeyOf(a.err)))
		if letterlock.CodeOf(a.err) == letterlock.Internal && ctx.Err() == nil {
			level = slog.LevelError
			facts = append(facts, slog.String("error", a.err.Error()))
		}
	}
	s.Log.LogAttrs(context.WithoutCancel(ctx), level, "api", facts...)
}
