package web

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/auditlog"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// auditRoutes are the audit log and what it is checked with.
func (s *Server) auditRoutes() {
	s.get(auditor, "/audit-log", s.auditLog)
	s.get(auditor, "/audit-log/export.jsonl", s.auditExport, streams)
	s.get(auditor, "/audit-log/checkpoints.jsonl", s.auditCheckpoints, streams)
	s.get(auditor, "/audit-log/public-key.pem", s.auditKey)
}

// jsonLines is the media type of one JSON object a line.
const jsonLines = "application/x-ndjson"

// auditLog is what was recorded, newest first.
func (s *Server) auditLog(c echo.Context) error {
	v, err := s.auditView(c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(v.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.show(c, status, views.AuditPage(v))
}

func (s *Server) auditView(c echo.Context) (v views.Audit, err error) {
	say := s.words(c)
	q, ctx, by := c.QueryParams(), c.Request().Context(), actor(c)
	v = views.Audit{
		Page: s.page(c), Who: bounded(q.Get("who"), 320), MessageID: bounded(q.Get(fieldMessageID), 1000),
		From: bounded(q.Get(fieldFrom), 40), Until: bounded(q.Get(fieldUntil), 40), Refused: q.Get("refused") != "",
		ExportURL: "/audit-log/export.jsonl", CheckpointsURL: "/audit-log/checkpoints.jsonl", KeyURL: "/audit-log/public-key.pem",
	}
	acts, err := s.AuditLog.Actions(ctx, by)
	if err != nil {
		return v, err
	}
	v.Acts = s.speaker(c).actOptions(acts, q.Get("what"))
	asked, err := s.auditQuery(c, &v, acts)
	if err != nil || len(v.Errors) > 0 {
		return v, err
	}
	page, err := s.AuditLog.List(ctx, by, asked)
	if letterlock.KeyOf(err) == "actor" {
		v.Errors = []views.FieldError{{Field: "who", Text: say.Text("audit.thatIsNotAMail")}}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	var times []time.Time
	for _, e := range page.Entries {
		v.Rows = append(v.Rows, s.speaker(c).auditRow(e))
		times = append(times, e.At)
	}
	v.Zone = s.speaker(c).zones(times)
	v.Shown = say.Text("audit.showing", "Entrys", say.Count("count.entry", len(v.Rows)))
	if len(v.Rows) > 1 {
		v.Shown = say.Text("audit.showingEntries", "Rows", grouped(len(v.Rows)))
	}
	v.NewestURL, v.OlderURL = auditPages(q, asked.Before, page.More)
	return v, nil
}

// auditPages are the ways to the first and to the next page with the same filters.
func auditPages(q url.Values, before, more int64) (newest, older string) {
	same := url.Values{}
	for _, name := range []string{"who", "what", fieldMessageID, fieldFrom, fieldUntil, "refused"} {
		if value := q.Get(name); value != "" {
			same.Set(name, value)
		}
	}
	if before > 0 {
		newest = withQuery("/audit-log", same)
	}
	if more > 0 {
		same.Set("before", strconv.FormatInt(more, 10))
		older = withQuery("/audit-log", same)
	}
	return newest, older
}

// auditQuery is what the use case is asked for. What cannot be understood is noted
// in v, and never left out.
func (s *Server) auditQuery(c echo.Context, v *views.Audit, acts []string) (asked auditlog.Query, err error) {
	say := s.words(c)
	wrong := func(field, text string) { v.Errors = append(v.Errors, views.FieldError{Field: field, Text: text}) }
	asked = auditlog.Query{Actor: strings.TrimSpace(v.Who), RefusedOnly: v.Refused}
	if asked.Action = c.QueryParam("what"); asked.Action != "" && !slices.Contains(acts, asked.Action) && !say.Has("act."+asked.Action) {
		wrong("what", say.Text("audit.chooseAnAct"))
	}
	var ok bool
	if asked.From, ok = dayOf(v.From, s.Location); !ok {
		wrong(fieldFrom, say.Text("audit.typeADateAs"))
	}
	if asked.Until, ok = dayOf(v.Until, s.Location); !ok {
		wrong(fieldUntil, say.Text("audit.typeADateAs"))
	} else if !asked.Until.IsZero() {
		if asked.Until.Before(asked.From) {
			wrong(fieldUntil, say.Text("audit.untilIsBeforeFrom"))
		}
		asked.Until = letterlock.NextDay(asked.Until) // the day itself is meant as well
	}
	if before := c.QueryParam("before"); before != "" {
		if asked.Before, err = strconv.ParseInt(before, 10, 64); err != nil || asked.Before < 1 {
			return asked, &letterlock.Error{Code: letterlock.Invalid, Key: "before", Err: err} // nobody types it
		}
	}
	if strings.TrimSpace(v.MessageID) == "" {
		return asked, nil
	}
	d, err := s.Track.TracedMessageID(c.Request().Context(), actor(c), v.MessageID)
	switch letterlock.CodeOf(err) {
	case letterlock.NotFound, letterlock.Invalid:
		if err != nil {
			wrong(fieldMessageID, say.Text("audit.thereIsNoMessageWith"))
			err = nil
		}
	}
	asked.Message = d.Message.ID
	return asked, err
}

// actOptions are the acts that can be chosen, by their words.
func (s speaker) actOptions(acts []string, chosen string) []views.Option {
	var list []views.Option
	for _, a := range acts {
		list = append(list, views.Option{Value: a, Text: s.deed(a), Selected: a == chosen})
	}
	slices.SortStableFunc(list, func(a, b views.Option) int { return cmp.Compare(a.Text, b.Text) })
	return slices.Insert(list, 0, views.Option{Text: s.Text("audit.any")})
}

func (s speaker) auditRow(e auditlog.Entry) views.AuditRow {
	row := views.AuditRow{
		Number: strconv.FormatInt(e.Seq, 10), When: s.said(e.At, func(t time.Time) string { return s.ShortYear(t) + " " + s.Seconds(t) }), Who: whoActed(s.Words, e.Actor),
		Where: strings.Join(strings.Fields(e.Actor.IP+" "+e.Actor.Agent), ", "), What: s.deed(e.Action), Refused: !e.Allowed, Reason: s.auditReason(e),
		Targets: s.auditTargets(e),
	}
	if e.Message != "" {
		row.MessageURL = "/trace/" + string(e.Message)
	}
	if e.Batch != "" {
		row.BatchURL = "/bulk/" + string(e.Batch)
	}
	return row
}

// whoActed names an actor. Whoever has proved nothing has no name.
func whoActed(say language.Words, a letterlock.Actor) string {
	switch a.Kind {
	case letterlock.System:
		if a.Name != "" {
			return say.Text("audit.theProgramFor", "Name", a.Name)
		}
		return say.Text("audit.theProgram")
	case letterlock.Operator:
		return say.Text("audit.operator", "Name", a.Name)
	case letterlock.Reader:
		return say.Text("audit.aRecipient", "Address", string(a.Address))
	case letterlock.MailServer:
		if a.Address == "" {
			return say.Text("audit.aMailServerByThe")
		}
		return say.Text("audit.byTheGateway", "Address", string(a.Address))
	case letterlock.Nobody:
		return say.Text("audit.somebodyWhoHasProvedNothing")
	}
	return string(a.Address)
}

// auditExport sends the whole log, for letterlock audit verify.
func (s *Server) auditExport(c echo.Context) error {
	return s.sendExport(c, "audit-log", "jsonl", jsonLines, func(w io.Writer) error {
		return s.AuditLog.Export(c.Request().Context(), actor(c), w)
	})
}

// auditCheckpoints sends all signed checkpoints.
func (s *Server) auditCheckpoints(c echo.Context) error {
	return s.sendExport(c, "checkpoints", "jsonl", jsonLines, func(w io.Writer) error {
		return s.AuditLog.Checkpoints(c.Request().Context(), actor(c), w)
	})
}

// auditKey sends the key with which checkpoints and proofs are checked.
func (s *Server) auditKey(c echo.Context) error {
	return s.sendExport(c, "public-key", "pem", "application/x-pem-file", func(w io.Writer) error {
		_, err := io.WriteString(w, s.AuditLog.PublicKey())
		return err
	})
}
