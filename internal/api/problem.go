package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"letterlock/internal/letterlock"
)

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// A Problem says why a request was not fulfilled (RFC 9457). Code and Key are for
// programs, Detail is for people.
type Problem struct {
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail"`
	Code   letterlock.Code `json:"code"`
	Key    string          `json:"key,omitempty"`
	// RetryAfter is how long to wait before trying again, in seconds.
	RetryAfter int `json:"retry_after,omitempty"`
}

// statuses translates our codes; what is not in it is a fault of ours.
var statuses = map[letterlock.Code]int{
	letterlock.Invalid:   http.StatusUnprocessableEntity,
	letterlock.Denied:    http.StatusForbidden,
	letterlock.NotFound:  http.StatusNotFound,
	letterlock.Gone:      http.StatusGone,
	letterlock.TooLarge:  http.StatusRequestEntityTooLarge,
	letterlock.Throttled: http.StatusTooManyRequests,
	letterlock.Busy:      http.StatusServiceUnavailable,
	letterlock.Internal:  http.StatusInternalServerError,
}

// details are the sentences for errors that say more than their code.
var details = map[string]string{
	"account":            "an account needs an address, at least one role, and a name of up to 200 bytes without control characters",
	"account-disabled":   "the account is disabled: its holder could not use the link",
	"account-exists":     "there is already an account with that address",
	"address":            "that is not a mail address",
	"json":               "the body is not the JSON that is expected here",
	"last-administrator": "this is the last administrator: nobody would be left to manage accounts",
	"no-account":         "there is no account with that address",
	"not-administrator":  "only an administrator may do this",
	"not-operator":       "only the user that the server runs as, and root, may do this",
	"password":           "a password has 8 to 256 bytes",
	"role":               "the roles are sender, auditor, revoker and admin",
}

// plain are the sentences for errors that say no more than their code.
var plain = map[letterlock.Code]string{
	letterlock.Invalid:   "something in the request is not right",
	letterlock.Denied:    "this is not allowed",
	letterlock.NotFound:  "there is no such thing",
	letterlock.Gone:      "it was here, and is no more",
	letterlock.TooLarge:  "the request is too large",
	letterlock.Throttled: "too many requests",
	letterlock.Busy:      "there is too much to do at this moment",
	letterlock.Internal:  "this is a fault of the server; its log says more",
}

// ProblemOf translates an error. Its cause is not in it: that is for the log.
func ProblemOf(err error) Problem {
	code, key := letterlock.CodeOf(err), letterlock.KeyOf(err)
	status, known := statuses[code]
	if !known {
		code, key, status = letterlock.Internal, "", http.StatusInternalServerError
	}
	detail := details[key]
	if detail == "" {
		detail = plain[code]
	}
	wait := letterlock.RetryAfterOf(err)
	return Problem{
		Title: http.StatusText(status), Status: status, Detail: detail, Code: code, Key: key,
		RetryAfter: int(math.Ceil(wait.Seconds())),
	}
}

// Write answers with the problem.
func (p Problem) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	// The client has gone if this fails, and needs no answer.
	_ = json.NewEncoder(w).Encode(p)
}

// err is what the client makes of a problem: the error that the server had, with
// the sentence in the place of its cause.
func (p Problem) err() error {
	if _, known := statuses[p.Code]; !known || p.Detail == "" {
		return &letterlock.Error{Code: letterlock.Internal, Err: errors.New("an answer that is no problem of ours, status " + strconv.Itoa(p.Status))}
	}
	return &letterlock.Error{
		Code: p.Code, Key: p.Key, RetryAfter: time.Duration(p.RetryAfter) * time.Second, Err: errors.New(p.Detail),
	}
}
