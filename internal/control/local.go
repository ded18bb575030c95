package control

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// InProcess returns a way to a handler in this process, for when no server runs:
// the operator gets the same answers. Whoever runs the process asks.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper. An answer is read while it is written, so
// that a long one takes no memory.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(withUser(r.Context(), os.Geteuid()))
	if in.Body == nil {
		in.Body = http.NoBody
	}
	from, to := io.Pipe()
	a := &answer{header: http.Header{}, to: to, begun: make(chan struct{})}
	go func() {
		defer in.Body.Close() // its error is of no use: the answer is there
		defer func() {
			// A handler cuts an answer that went wrong in its middle by a panic.
			if broken := recover(); broken != nil {
				to.CloseWithError(fmt.Errorf("the answer was cut off: %v", broken))
				a.WriteHeader(http.StatusInternalServerError)
				return
			}
			a.WriteHeader(http.StatusOK)
			to.Close()
		}()
		p.handler.ServeHTTP(a, in)
	}()
	<-a.begun
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.sent, Request: r,
		Body: from, ContentLength: -1,
	}, nil
}

// An answer passes on what a handler writes.
type answer struct {
	header http.Header
	to     *io.PipeWriter
	once   sync.Once
	begun  chan struct{} // closed: status and sent are set
	status int
	sent   http.Header
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	})
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.to.Write(p)
}
