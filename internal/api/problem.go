package api

import (
	"cmp"
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
	Title      string          `json:"title" doc:"What the status says."`
	Status     int             `json:"status"`
	Detail     string          `json:"detail" doc:"A sentence for people; of an import that is refused, another line for each brand."`
	Code       letterlock.Code `json:"code" doc:"What kind of refusal it is." enum:"invalid,denied,not found,gone,too large,throttled,busy,internal"`
	Key        string          `json:"key,omitempty" doc:"What exactly; absent: nothing more than the code says."`
	RetryAfter int             `json:"retry_after,omitempty" doc:"Seconds to wait before trying again."`
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

// exact are the statuses of errors for which HTTP knows a better one than for their
// code, by code and key.
var exact = map[string]int{
	"denied token":         http.StatusUnauthorized,
	"invalid method":       http.StatusMethodNotAllowed,
	"invalid content-type": http.StatusUnsupportedMediaType,
}

// details are the sentences for errors that say more than their code, by key, or by
// code and key where a key means different things.
var details = map[string]string{
	"account":             "an account needs an address, at least one role, and a name of up to 200 bytes without control characters",
	"no-factor":           "the account has no second factor",
	"own-factor":          "nobody resets their own second factor: another administrator does, or the command line on the server",
	"no-binding":          "the account is bound to nobody at the provider of single sign-on",
	"no-passwords":        "passwords are not taken of that account: its holder signs in by single sign-on",
	"account-disabled":    "the account is disabled: its holder could not use the link",
	"account-exists":      "there is already an account with that address",
	"actor":               "that is not the address of somebody who acts, nor a part of what an operator is called",
	"address":             "that is not a mail address",
	"backup":              "another backup is being made",
	"backup-recipients":   "a backup needs at least one age recipient, like age1..., which age-keygen prints",
	"dkim-algorithm":      "the algorithms are rsa and ed25519",
	"dkim-alone":          "an Ed25519 key signs beside an RSA key and not in its place, because most receivers check RSA only: there is no RSA key that is active",
	"dkim-dns":            "the DNS does not say whether the record of the key is there",
	"dkim-many":           "there are eight DKIM keys already",
	"dkim-no-record":      "the record of the key is not in the DNS yet, and nobody could check what it signs",
	"dkim-record":         "in the DNS, at the name of the key, is not its record alone, and nobody could check what it signs",
	"dkim-selector":       "a selector has up to 63 characters, small letters, digits and hyphens, and no hyphen at its ends",
	"dkim-selector-taken": "there is a key with that selector already, or was one lately, whose record receivers remember",
	"dkim-backup":         "it was done, but the keys could not be copied to keys.backup",
	"dkim-settles":        "mail that the key has signed may still be on its way, and needs its record",
	"dkim-signs":          "that is the key that mail is signed with",
	"disk":                "there is no room on the disk for it",
	"journal":             "it is done, and could not be written to the revocation journal; ask again until this is answered as done",
	"batch":               "a batch names its messages or says what to search for, and not both",
	"batch-everything":    "a batch needs at least one condition: without any it would be every message there is",
	"batch-nothing":       "there is nothing to revoke in what was found",
	"batch-size":          "these are too many messages: 100,000 that are searched for, or 1,000 that are named, are the most",
	"batch-state":         "the batch is past that: what it was to do it has done, or never will",
	"brand-default":       "the default brand is always there",
	"brand-import":        "nothing is imported",
	"no-brand":            "there is no brand of that name",
	"brands":              "there are as many brands as there may be",
	"breakdown":           "the report tells messages apart by method or by template",
	"by-administrator":    "an administrator removed access, and only an administrator gives it back",
	"cross-site":          "another site had a browser send this",
	"cursor":              "that is no cursor of a page",
	"confirm":             "what was typed to confirm is not the Message-ID of this message",
	"content-type":        "the body has to be application/json",
	"destroyed":           "the message is destroyed",
	"expires":             "an end is a moment to come, within ten years, a span like 30m, 12h or 7d, or never; a copy cannot be given time that its original has not",
	"idempotency-busy":    "the same request is being answered; ask again in a moment",
	"idempotency-key":     "an Idempotency-Key has 1 to 255 printable ASCII characters, and is for one request: another with the same key is refused",
	"idempotency-token":   "a token is shown once and kept nowhere, so its making cannot be answered again: leave the Idempotency-Key out",
	"identity":            "that is no identity type",
	"inline":              "every recipient received the message itself, which nobody can take back",
	"json":                "the body is not the JSON that is expected here",
	"last-administrator":  "this is the last administrator: nobody would be left to manage accounts",
	"limit":               "a page has 1 to 200 entries",
	"message-id":          "that is not a Message-ID",
	"method":              "this path does not know that method",
	"no-dkim-key":         "there is no DKIM key with that selector",
	"no-action":           "no entry of the audit log has that action; those that some have are",
	"no-account":          "there is no account with that address",
	"no-batch":            "there is no such batch",
	"no-message":          "there is no such message",
	"no-token":            "there is no such token",
	"not-administrator":   "only an administrator may do this",
	"not-operator":        "only the user that the server runs as, and root, may do this",
	"part-short":          "a part of a word has at least three characters",
	"password":            "a password has 8 to 256 bytes",
	"range":               "the range of days is empty, or longer than three years",
	"reason":              "a reason has at most 1,000 bytes",
	"recipient":           "it cannot be done for every recipient that was named",
	"recipient-key":       "that is no recipient of age: they begin with age1",
	"request":             "something in the request is not right",
	"search":              "that cannot be searched for",
	"second-person":       "this is for a second administrator: whoever planned or started it cannot approve it",
	"sender":              "that cannot be searched for: a sender is an address, @ and a domain, or a part of an address",
	"several-recipients":  "the message has more than one recipient: only an administrator can revoke it",
	"state":               "that is no state to search for",
	"subject":             "that cannot be searched for: a subject is words, and one that ends in * stands for all that begin so",
	"subject-words":       "a search has 50 different words of the subject at most",
	"was-read":            "the recipient has opened the message",
	"zone":                "that is no time zone, like Europe/Berlin",
	"denied role":         "no role of this account is enough for this",
	"denied scope":        "the token does not have the scope for this",
	"denied token":        "this needs a token that works, as Authorization: Bearer",
	"invalid role":        "the roles are sender, auditor, revoker and admin",
	"invalid token":       "a token needs a name of up to 100 characters, at least one scope of trace, report, audit, revoke, destroy, accounts and brands, and a life of one hour to 400 days",
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
	if better := exact[string(code)+" "+key]; better != 0 {
		status = better
	}
	detail := cmp.Or(details[string(code)+" "+key], details[key], plain[code])
	if past := (*letterlock.PastRule)(nil); errors.As(err, &past) {
		detail = "a rule lets the message be read until " + past.Latest.UTC().Format(time.RFC3339) + " at most; only an administrator can go beyond"
	}
	if at := letterlock.Place(""); errors.As(err, &at) {
		detail += ": " + string(at)
	}
	if said := (letterlock.Sentences)(nil); errors.As(err, &said) {
		detail += ":\n" + said.Error()
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
	p.setHeaders(h)
	w.WriteHeader(p.Status)
	// The client has gone if this fails, and needs no answer.
	_ = json.NewEncoder(w).Encode(p)
}

// setHeaders sets those headers that a problem has beside its type.
func (p Problem) setHeaders(h http.Header) {
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
}

// Headers are those that a problem has beside its type.
func (p Problem) Headers() http.Header {
	h := http.Header{}
	p.setHeaders(h)
	return h
}

// err is what the client makes of a problem: the error that the server had, with
// the sentence in the place of its cause.
func (p Problem) err() error {
	if p.Status == http.StatusRequestHeaderFieldsTooLarge || p.Status == http.StatusRequestURITooLong {
		// It was refused before anybody of ours has seen it.
		return &letterlock.Error{Code: letterlock.Invalid, Key: "too-long", Err: errors.New("what was typed is longer than the server reads, and names nothing")}
	}
	if _, known := statuses[p.Code]; !known || p.Detail == "" {
		return &letterlock.Error{Code: letterlock.Internal, Err: errors.New("an answer that is no problem of ours, status " + strconv.Itoa(p.Status))}
	}
	return &letterlock.Error{
		Code: p.Code, Key: p.Key, RetryAfter: time.Duration(p.RetryAfter) * time.Second, Err: errors.New(p.Detail),
	}
}
