package control

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
)

// InProcess returns a way to a handler in this process, for when no server runs:
// the operator gets the same answers. Whoever runs the process asks.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(withUser(r.Context(), os.Geteuid()))
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close() // its error is of no use: the answer is there
	a := &answer{header: http.Header{}}
	p.handler.ServeHTTP(a, in)
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: r,
		Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()),
	}, nil
}

// An answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
