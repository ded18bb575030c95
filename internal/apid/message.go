package apid

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/table"
	"letterlock/internal/track"
)

func (s *server) messages() {
	add(s, operation{id: "search-messages", method: http.MethodGet, path: "/messages", scope: letterlock.ScopeTrace, role: letterlock.Auditor,
		summary: "Search messages", about: "All conditions must hold; without any, all messages are found. The newest come first."}, s.search)
	add(s, operation{id: "message-status", method: http.MethodGet, path: "/messages/{id}", scope: letterlock.ScopeTrace, role: letterlock.Auditor,
		summary: "Status of a message", about: "Whether it can be revoked, whether it is, and the state of each recipient."}, s.status)
	add(s, operation{id: "message-trace", method: http.MethodGet, path: "/messages/{id}/trace", scope: letterlock.ScopeTrace, role: letterlock.Auditor,
		summary: "History of a message", about: "Everything that happened to each recipient's copy."}, s.trace)
	addStream(s, operation{id: "export-messages", method: http.MethodGet, path: "/exports/messages", scope: letterlock.ScopeTrace, role: letterlock.Auditor,
		summary: "Export a search", about: "All that is found, as CSV with a row for each recipient or as JSON with an object for each message.",
		streams: []string{"application/json", "text/csv"}}, s.exportMessages)
	add(s, operation{id: "revoke-message", method: http.MethodPost, path: "/messages/{id}/revoke", scope: letterlock.ScopeRevoke, role: letterlock.Revoker,
		summary: "Remove access", about: "Of chosen recipients, or of all who got a link. Revoking again is no error. The answer is the message as it is then; no byte of it leaves for them any more."}, s.revoke)
	add(s, operation{id: "restore-message", method: http.MethodPost, path: "/messages/{id}/restore", scope: letterlock.ScopeRevoke, role: letterlock.Revoker,
		summary: "Give access back", about: "Through the links that the recipients have. The answer is the message as it is then."}, s.restore)
	add(s, operation{id: "expire-message", method: http.MethodPost, path: "/messages/{id}/expire", scope: letterlock.ScopeRevoke, role: letterlock.Revoker,
		summary: "Change the expiry", about: "For all who got a link. What has expired can be read again, through the same links, until the new end; what was revoked stays revoked. Copies that were forwarded end with it, and a copy never ends after its original. The answer is the message as it is then."}, s.expire)
	add(s, operation{id: "destroy-message", method: http.MethodPost, path: "/messages/{id}/destroy", scope: letterlock.ScopeDestroy, role: letterlock.Admin,
		summary: "Destroy a message", about: "For everybody, its sender included, and for good."}, s.destroy)
}

// A Named is the message that a request is about.
type Named struct {
	ID string `path:"id" doc:"Message-ID, with or without its angle brackets, percent-encoded; or the id."`
}

// A Searched is what messages are searched by.
type Searched struct {
	Sender    string    `query:"sender" maxLength:"320" doc:"An address, @ and a domain, or a part of an address."`
	Recipient string    `query:"recipient" maxLength:"320" doc:"Likewise, of a recipient."`
	Subject   string    `query:"subject" maxLength:"1000" doc:"Words in any order; one that ends in * stands for all that begin so."`
	MessageID string    `query:"message_id" maxLength:"1000" doc:"Whole, with or without angle brackets; or a part."`
	From      time.Time `query:"from" doc:"Accepted then or later."`
	Until     time.Time `query:"until" doc:"Accepted before."`
	State     string    `query:"state" enum:"unread,read,revoked,expires-soon,expired,inline,bounced,delayed,destroyed" doc:"Of a recipient: the one that recipient and identity are about."`
	Identity  string    `query:"identity" enum:"organization,microsoft-365,microsoft-account,google,yahoo,other" doc:"Of a recipient, the same one."`
}

func (q Searched) search() letterlock.Search {
	return letterlock.Search{Sender: q.Sender, Recipient: q.Recipient, Subject: q.Subject, MessageID: q.MessageID,
		From: q.From, Until: q.Until, State: letterlock.Condition(q.State), Identity: letterlock.IdentityType(q.Identity)}
}

func (s *server) search(ctx context.Context, by letterlock.Actor, in *struct {
	Searched
	Page
}) (api.MessagePage, error) {
	if _, err := in.place(); err != nil {
		return api.MessagePage{}, err
	}
	found, err := s.Track.Trace(ctx, by, track.TraceQuery{Search: in.search(), Before: in.Cursor, Limit: in.Limit})
	if err != nil {
		return api.MessagePage{}, err
	}
	p := api.MessagePage{Messages: []api.Message{}, Total: found.Total, TotalCapped: found.Total >= track.MaxTotal, Next: found.More}
	for _, m := range found.Messages {
		p.Messages = append(p.Messages, message(m.Message, m.Recipients, s.Now()))
	}
	return p, nil
}

// detail returns the message that a request names.
func (s *server) detail(ctx context.Context, by letterlock.Actor, name string) (track.Detail, error) {
	id, err := letterlock.ParseID(name)
	if err == nil {
		d, err := s.Track.Traced(ctx, by, id)
		if err == nil || !errors.Is(err, letterlock.NotFound) {
			return d, err
		}
	}
	return s.Track.TracedMessageID(ctx, by, name)
}

// target returns the message that a change is about. That there is none, or that what
// was typed is no Message-ID, is recorded with what was typed; of a dry run nothing is.
func (s *server) target(ctx context.Context, by letterlock.Actor, action, name string, dry bool) (letterlock.Message, error) {
	d, err := s.detail(ctx, by, name)
	if err != nil {
		return letterlock.Message{}, s.unnamed(ctx, by, action, "", name, dry, err)
	}
	askedOf(ctx).message = d.Message.ID
	return d.Message, nil
}

// unnamed records that what was typed names nothing, and returns why. What is no mistake
// of whoever asks is not recorded.
func (s *server) unnamed(ctx context.Context, by letterlock.Actor, action string, id letterlock.ID, typed string, dry bool, err error) error {
	mistaken := errors.Is(err, letterlock.Invalid) || errors.Is(err, letterlock.NotFound)
	if dry || !mistaken {
		return err
	}
	return s.Access.Refused(ctx, by, action, id, typed, err)
}

func (s *server) status(ctx context.Context, by letterlock.Actor, in *struct{ Named }) (api.Message, error) {
	d, err := s.detail(ctx, by, in.ID)
	if err != nil {
		return api.Message{}, err
	}
	return message(d.Message, d.Recipients, s.Now()), nil
}

func (s *server) trace(ctx context.Context, by letterlock.Actor, in *struct{ Named }) (api.Trace, error) {
	d, err := s.detail(ctx, by, in.ID)
	if err != nil {
		return api.Trace{}, err
	}
	return trace(d, s.Now()), nil
}

// A changed says whose access to a message is to change.
type changed struct {
	Named
	DryRun bool `query:"dry_run" doc:"Answer with what would be, and change nothing."`
	Body   api.Revoke
}

func (s *server) revoke(ctx context.Context, by letterlock.Actor, in *changed) (api.Message, error) {
	return s.change(ctx, by, "revoke", in, s.Access.Revoke, s.Access.PreviewRevoke)
}

func (s *server) restore(ctx context.Context, by letterlock.Actor, in *changed) (api.Message, error) {
	return s.change(ctx, by, "restore", in, s.Access.RestoreFor, s.Access.PreviewRestore)
}

func (s *server) change(ctx context.Context, by letterlock.Actor, action string, in *changed,
	act func(context.Context, letterlock.Actor, letterlock.ID, string, ...letterlock.Address) error,
	preview func(context.Context, letterlock.Actor, letterlock.ID, ...letterlock.Address) (access.Preview, error)) (api.Message, error) {
	m, err := s.target(ctx, by, action, in.ID, in.DryRun)
	if err != nil {
		return api.Message{}, err
	}
	id := m.ID
	who, err := addresses(in.Body.Recipients)
	if err != nil {
		return api.Message{}, s.unnamed(ctx, by, action, id, strings.Join(in.Body.Recipients, " "), in.DryRun, err)
	}
	if in.DryRun {
		if err := access.CheckReason(in.Body.Reason); err != nil {
			return api.Message{}, err
		}
		p, err := preview(ctx, by, id, who...)
		if err != nil {
			return api.Message{}, err
		}
		return message(p.Message, p.Recipients, s.Now()), nil
	}
	if err := act(ctx, by, id, in.Body.Reason, who...); err != nil {
		return api.Message{}, err
	}
	return s.after(ctx, by, id)
}

func (s *server) expire(ctx context.Context, by letterlock.Actor, in *struct {
	Named
	DryRun bool `query:"dry_run" doc:"Answer with what would be, and change nothing."`
	Body   api.Expire
}) (api.Message, error) {
	end, err := policy.ParseEnd(in.Body.Expires, s.Now())
	if err != nil {
		return api.Message{}, err
	}
	// In settings 0 is for ever. Here it could be meant as at once, and opens nothing.
	if end.IsZero() && !strings.EqualFold(in.Body.Expires, "never") {
		return api.Message{}, &letterlock.Error{Code: letterlock.Invalid, Key: "expires"}
	}
	m, err := s.target(ctx, by, "change expiry", in.ID, in.DryRun)
	if err != nil {
		return api.Message{}, err
	}
	id := m.ID
	if in.DryRun {
		p, err := s.Access.PreviewExpiry(ctx, by, id, end)
		if err != nil {
			return api.Message{}, err
		}
		return message(p.Message, p.Recipients, s.Now()), nil
	}
	if err := s.Access.SetExpiry(ctx, by, id, end); err != nil {
		return api.Message{}, err
	}
	return s.after(ctx, by, id)
}

// after is a message as a change has left it.
func (s *server) after(ctx context.Context, by letterlock.Actor, id letterlock.ID) (api.Message, error) {
	d, err := s.Track.Traced(ctx, by, id)
	if err != nil {
		return api.Message{}, err
	}
	return message(d.Message, d.Recipients, s.Now()), nil
}

func (s *server) destroy(ctx context.Context, by letterlock.Actor, in *struct {
	Named
	Body api.Destroy
}) (api.Message, error) {
	m, err := s.target(ctx, by, "destroy", in.ID, false)
	if err != nil {
		return api.Message{}, err
	}
	typed, err := letterlock.ParseMessageID(in.Body.Confirm)
	if err != nil || typed != m.MessageID {
		why := &letterlock.Error{Code: letterlock.Invalid, Key: "confirm"}
		return api.Message{}, s.Access.Refused(ctx, by, "destroy", m.ID, in.Body.Confirm, why)
	}
	if err := s.Access.Destroy(ctx, by, m.ID, in.Body.Reason); err != nil {
		return api.Message{}, err
	}
	return s.after(ctx, by, m.ID)
}

// A format says as what an export is wanted.
type As struct {
	Format string `query:"format" enum:"json,csv" default:"json"`
}

// messageColumns are those of the export as a table.
var messageColumns = []string{
	"Date", "Message-ID", "Sender address", "Recipient address", "Field", "Subject", "State", "First read", "Revoked", "Revoked by",
	"Identity type", "Experience", "Encryption template", "Encryption method", "Protection", "Expires",
}

func (s *server) exportMessages(ctx context.Context, by letterlock.Actor, in *struct {
	Searched
	As
}, out *stream) error {
	if in.Format == "csv" {
		out.is("text/csv; charset=utf-8", "messages.csv")
		w := csv.NewWriter(out)
		err := errors.Join(w.Write(messageColumns), s.Track.TraceEach(ctx, by, in.search(), func(m track.Sent) error {
			for _, r := range m.Recipients {
				if err := w.Write(table.Cells(s.messageRow(m.Message, r))); err != nil {
					return err
				}
			}
			return nil
		}))
		w.Flush()
		return errors.Join(err, w.Error())
	}
	out.is("application/json", "messages.json")
	l := list{out: out}
	err := s.Track.TraceEach(ctx, by, in.search(), func(m track.Sent) error {
		return l.add(message(m.Message, m.Recipients, s.Now()))
	})
	if err != nil {
		return err
	}
	return l.end()
}

func (s *server) messageRow(m letterlock.Message, r letterlock.Recipient) []string {
	return []string{
		exact(m.Accepted), m.MessageID, string(m.Sender.Address), string(r.Mailbox.Address), string(r.Field), m.Subject,
		stateOf(m, r, s.Now()), exact(r.FirstRead), exact(r.Revocation.At), person(r.Revocation.By),
		string(r.Identity), string(r.Experience), m.Brand, string(m.Method), string(m.Protection), exact(m.Expires),
	}
}

// exact is a time as a cell; the zero time is empty.
func exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
