package api

import (
	"context"
	"io"
	"net/http"
)

// Report returns how many messages were protected in a range of days.
func (c *Client) Report(ctx context.Context, q ReportQuery) (r Report, err error) {
	err = c.get(ctx, q.values().on("/report"), &r)
	return r, err
}

// ReportRows returns a page of the details of the report.
func (c *Client) ReportRows(ctx context.Context, q ReportQuery, next string, limit int) (p ReportPage, err error) {
	err = c.get(ctx, q.span().page(next, limit).on("/report/rows"), &p)
	return p, err
}

// ReportExport returns all details of the report, as csv or json.
func (c *Client) ReportExport(ctx context.Context, q ReportQuery, format string) (io.ReadCloser, error) {
	return c.stream(ctx, q.span().text("format", format).on("/exports/report"))
}

func (q ReportQuery) values() values { return q.span().text("by", q.By) }

// span is the range. A name says more of a zone than what its clocks show on the
// first day; one that has no name elsewhere is left out.
func (q ReportQuery) span() values {
	v := values{}.time("from", q.From).time("until", q.Until)
	if zone := q.From.Location().String(); zone != "Local" {
		v.text("zone", zone)
	}
	return v
}

// Audit returns a page of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery, next string, limit int) (p AuditPage, err error) {
	v := values{}.text("actor", q.Actor).text("action", q.Action).text("message_id", q.MessageID).
		time("from", q.From).time("until", q.Until).flag("refused", q.Refused)
	err = c.get(ctx, v.page(next, limit).on("/audit"), &p)
	return p, err
}

// AuditExport returns the whole audit log, a JSON object a line, to be checked
// elsewhere.
func (c *Client) AuditExport(ctx context.Context) (io.ReadCloser, error) {
	return c.stream(ctx, "/exports/audit")
}

// Checkpoints returns the signed checkpoints of the audit log, one a line.
func (c *Client) Checkpoints(ctx context.Context) (io.ReadCloser, error) {
	return c.stream(ctx, "/exports/checkpoints")
}

// PublicKey returns the key that checkpoints and proofs are checked with, as PEM.
func (c *Client) PublicKey(ctx context.Context) (io.ReadCloser, error) {
	return c.stream(ctx, "/audit/key")
}

// BackupPath is where the operator asks for a backup, behind Prefix, on the machine
// itself. It is no operation of the API.
const BackupPath = "/backup"

// Backup returns a backup, encrypted to the recipients, or to those of the server's
// settings. It can be asked for only where the server runs.
func (c *Client) Backup(ctx context.Context, recipients []string) (io.ReadCloser, error) {
	answer, err := c.ask(ctx, http.MethodPost, values{"recipient": recipients}.on(BackupPath), nil)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// Proof returns a signed statement that a recipient never opened a message.
func (c *Client) Proof(ctx context.Context, id, recipient string) (io.ReadCloser, error) {
	return c.stream(ctx, values{}.text("recipient", recipient).on(pathOf("messages", id, "proof")))
}
