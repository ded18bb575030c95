package apid

import (
	"bytes"
	"net/http"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
)

// A counted writer knows whether an answer has begun.
type counted struct {
	http.ResponseWriter
	status int
}

func (w *counted) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *counted) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find the connection.
func (w *counted) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A kept answer is whole before its first byte leaves.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// answer is what is remembered of it. A refusal for now is not: asking again is right.
func (k *kept) answer(about letterlock.ID) once.Answer {
	k.WriteHeader(http.StatusNoContent)
	return once.Answer{Status: k.status, Body: k.body.Bytes(), Message: about,
		Passing: k.status >= 500 || k.status == http.StatusTooManyRequests}
}

// repeat makes it the answer that was given before.
func (k *kept) repeat(a once.Answer) {
	k.status = a.Status
	k.body.Reset()
	k.body.Write(a.Body)
	k.header.Set("Content-Type", "application/json")
	if a.Status >= http.StatusBadRequest {
		k.header.Set("Content-Type", api.ProblemType)
	}
	if len(a.Body) == 0 {
		k.header.Del("Content-Type")
	}
}

// send sends it. The client has gone if that fails, and needs no answer.
func (k *kept) send(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(k.status)
	if k.status != http.StatusNoContent {
		_, _ = w.Write(k.body.Bytes())
	}
}
