package apid

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
)

// lines is the content type of a JSON object a line.
const lines = "application/jsonl"

func (s *server) audit() {
	op := func(o operation) operation {
		o.method, o.scope, o.role = http.MethodGet, letterlock.ScopeAudit, letterlock.Auditor
		return o
	}
	add(s, op(operation{id: "audit-log", path: "/audit", summary: "Audit log", about: "Who did what, also what was refused."}), s.auditLog)
	addStream(s, op(operation{id: "audit-key", path: "/audit/key", summary: "Public key", about: "With which checkpoints and proofs are checked, PEM.",
		streams: []string{"application/x-pem-file"}}), s.auditKey)
	addStream(s, op(operation{id: "export-audit", path: "/exports/audit", summary: "Export the audit log", about: "All of it, a JSON object a line, to be checked elsewhere.",
		streams: []string{lines}}), s.exportAudit)
	addStream(s, op(operation{id: "export-checkpoints", path: "/exports/checkpoints", summary: "Export the checkpoints", about: "All that were signed, a JSON object a line.",
		streams: []string{lines}}), s.exportCheckpoints)
	addStream(s, op(operation{id: "proof", path: "/messages/{id}/proof", summary: "Proof of non-access", about: "A signed statement that a recipient never opened the message. Refused if they did.",
		streams: []string{"application/json"}}), s.proof)
}

func (s *server) auditLog(ctx context.Context, by letterlock.Actor, in *struct {
	Actor     string    `query:"actor" maxLength:"320" doc:"Address of who acted, or a part of what an operator is called."`
	Action    string    `query:"action" maxLength:"100"`
	MessageID string    `query:"message_id" maxLength:"1000" doc:"Message-ID, or id, of the message that it is about."`
	From      time.Time `query:"from"`
	Until     time.Time `query:"until"`
	Refused   bool      `query:"refused" doc:"Only what was refused."`
	Page
}) (api.AuditPage, error) {
	q := auditlog.Query{Actor: in.Actor, Action: in.Action, From: in.From, Until: in.Until, RefusedOnly: in.Refused, Limit: in.Limit}
	var err error
	if q.Before, err = in.place(); err != nil {
		return api.AuditPage{}, err
	}
	if in.MessageID != "" {
		d, err := s.detail(ctx, by, in.MessageID)
		if err != nil {
			return api.AuditPage{}, err
		}
		q.Message = d.Message.ID
	}
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return api.AuditPage{}, &letterlock.Error{Code: letterlock.Invalid, Key: "range"}
	}
	found, err := s.Audit.List(ctx, by, q)
	if err == nil && len(found.Entries) == 0 && q.Action != "" {
		err = s.knownAction(ctx, by, q.Action)
	}
	if err != nil {
		return api.AuditPage{}, err
	}
	return s.auditPage(ctx, by, found)
}

// knownAction returns NotFound "no-action" for one that no entry has, with those that
// some have: a misspelt one must not look as if nobody had done that.
func (s *server) knownAction(ctx context.Context, by letterlock.Actor, action string) error {
	all, err := s.Audit.Actions(ctx, by)
	if err != nil || slices.Contains(all, action) {
		return err
	}
	return &letterlock.Error{Code: letterlock.NotFound, Key: "no-action", Err: letterlock.Place(strings.Join(all, ", "))}
}

func (s *server) auditPage(ctx context.Context, by letterlock.Actor, found auditlog.Page) (api.AuditPage, error) {
	var ids []letterlock.ID
	for _, e := range found.Entries {
		ids = append(ids, e.Message)
	}
	names, err := s.Track.MessageIDs(ctx, by, ids)
	if err != nil {
		return api.AuditPage{}, err
	}
	p := api.AuditPage{Entries: []api.AuditEntry{}}
	for _, e := range found.Entries {
		p.Entries = append(p.Entries, api.AuditEntry{
			Seq: e.Seq, At: e.At, Kind: string(e.Actor.Kind), Actor: string(e.Actor.Address), Name: e.Actor.Name, IP: e.Actor.IP, Token: string(e.Actor.Token),
			Action: e.Action, Message: string(e.Message), MessageID: names[e.Message], Batch: string(e.Batch), Target: e.Target, Reason: e.Reason, Allowed: e.Allowed,
		})
	}
	if found.More != 0 {
		p.Next = strconv.FormatInt(found.More, 10)
	}
	return p, nil
}

func (s *server) auditKey(_ context.Context, _ letterlock.Actor, _ *struct{}, out *stream) error {
	out.is("application/x-pem-file", "audit-key.pem")
	_, err := io.WriteString(out, s.Audit.PublicKey())
	return err
}

func (s *server) exportAudit(ctx context.Context, by letterlock.Actor, _ *struct{}, out *stream) error {
	out.is(lines, "audit-log.jsonl")
	return s.Audit.Export(ctx, by, out)
}

func (s *server) exportCheckpoints(ctx context.Context, by letterlock.Actor, _ *struct{}, out *stream) error {
	out.is(lines, "audit-checkpoints.jsonl")
	return s.Audit.Checkpoints(ctx, by, out)
}

func (s *server) proof(ctx context.Context, by letterlock.Actor, in *struct {
	Named
	Recipient string `query:"recipient" required:"true" maxLength:"320" doc:"Address of the recipient."`
}, out *stream) error {
	who, err := addresses([]string{in.Recipient})
	if err != nil {
		return err
	}
	d, err := s.detail(ctx, by, in.ID)
	if err != nil {
		return err
	}
	file, err := s.Audit.ProveNonAccess(ctx, by, d.Message.ID, who[0])
	if err != nil {
		return err
	}
	out.is("application/json", "proof.json")
	_, err = out.Write(file)
	return err
}
