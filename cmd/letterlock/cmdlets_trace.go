package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// getTrace has the parameters of Get-MessageTrace and those of Get-MessageTraceV2, which
// comes in its place: it has no pages, and ResultSize for PageSize.
type getTrace struct {
	place
	MessageID         []string `name:"MessageId" narrows:"" placeholder:"ID" help:"Message-IDs, with or without their angle brackets."`
	MessageTraceID    string   `name:"MessageTraceId" narrows:"" placeholder:"ID" help:"What --json shows as MessageTraceId."`
	SenderAddress     []string `name:"SenderAddress" narrows:"" placeholder:"ADDRESS" help:"Addresses; *@example.org is a whole domain, ada@* is Ada at any."`
	RecipientAddress  []string `name:"RecipientAddress" narrows:"" placeholder:"ADDRESS" help:"Likewise, of recipients."`
	Subject           string   `name:"Subject" narrows:"" placeholder:"WORDS" help:"Words in any order."`
	SubjectFilterType string   `name:"SubjectFilterType" offer:"Contains,StartsWith,EndsWith" placeholder:"HOW" help:"Subject is no words but what the subject Contains, StartsWith or EndsWith."`
	StartDate         string   `name:"StartDate" narrows:"" placeholder:"DATE" help:"Sent then or later: 11/20/2026, '11/20/2026 2:00 PM' or 2026-11-20. Default: no bound."`
	EndDate           string   `name:"EndDate" narrows:"" placeholder:"DATE" help:"Sent before; a day is its beginning. Default: no bound."`
	StartingRecipient string   `name:"StartingRecipientAddress" narrows:"" placeholder:"ADDRESS" help:"Goes on after the row of this recipient and of EndDate."`
	Status            []string `name:"Status" narrows:"" offer:"Delivered,Pending,Failed,Read,Unread,Revoked,Expired,Destroyed" placeholder:"STATUS" help:"Delivered, Pending, Failed, Read, Unread, Revoked, Expired or Destroyed."`
	ResultSize        *int     `name:"ResultSize" placeholder:"COUNT" help:"Rows at most, 1 to 5000. Default: 1000."`
	PageSize          *int     `name:"PageSize" placeholder:"COUNT" help:"Rows on a page, 1 to 5000. Default: 1000."`
	Page              *int     `name:"Page" placeholder:"NUMBER" help:"Which page, 1 to 1000. Default: 1."`
	JSON              bool     `name:"json" help:"Print JSON."`
}

// A traceRow is one recipient of one message, as Get-MessageTrace shows it.
type traceRow struct {
	Received         time.Time `json:"Received"`
	SenderAddress    string    `json:"SenderAddress"`
	RecipientAddress string    `json:"RecipientAddress"`
	Subject          string    `json:"Subject"`
	Status           string    `json:"Status"`
	Size             int64     `json:"Size"`
	MessageID        string    `json:"MessageId"`
	MessageTraceID   string    `json:"MessageTraceId"`
}

// Run looks for messages.
func (c *getTrace) Run(ctx context.Context, o *operator) error {
	begin, end, err := c.part()
	if err != nil {
		return err
	}
	return o.ask(ctx, c.place, func(d desk) error {
		w, err := c.wanted(d.dates())
		if err != nil {
			return err
		}
		rows, err := w.rows(ctx, d, end)
		if err != nil {
			return err
		}
		begin, end := min(begin, len(rows)), min(end, len(rows))
		// The next query could not tell apart what is of one second and one recipient.
		for c.ResultSize != nil && end > 0 && end < len(rows) && rows[end].samePlace(rows[end-1]) {
			end++
		}
		if rows = rows[begin:end]; c.JSON {
			return printJSON(d.out, rows)
		}
		return d.traced(rows)
	})
}

// part says which rows are to be shown, of all in their order.
func (c *getTrace) part() (begin, end int, err error) {
	size, page := 1000, 1
	for _, p := range []struct {
		name  string
		typed *int
		most  int
		sets  *int
	}{{"ResultSize", c.ResultSize, 5000, &size}, {"PageSize", c.PageSize, 5000, &size}, {"Page", c.Page, 1000, &page}} {
		if p.typed == nil {
			continue
		}
		if *p.typed < 1 || *p.typed > p.most {
			return 0, 0, misused("-%s is 1 to %d", p.name, p.most)
		}
		*p.sets = *p.typed
	}
	if c.ResultSize != nil && (c.PageSize != nil || c.Page != nil) {
		return 0, 0, misused("-ResultSize goes without -PageSize and -Page, with -EndDate and -StartingRecipientAddress for what comes next")
	}
	return (page - 1) * size, page * size, nil
}

func (d desk) traced(rows []traceRow) error {
	if len(rows) == 0 {
		return nil // as PowerShell does
	}
	t := newTable(d.out, "Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "MessageId")
	t.row("--------", "-------------", "----------------", "-------", "------", "---------")
	for _, r := range rows {
		t.row(d.when(r.Received), r.SenderAddress, r.RecipientAddress, r.Subject, r.Status, r.MessageID)
	}
	return t.end()
}

// compare puts rows in their order: newest first, then by the address.
func (r traceRow) compare(other traceRow) int {
	return cmp.Or(other.Received.Compare(r.Received), strings.Compare(r.RecipientAddress, other.RecipientAddress), strings.Compare(r.MessageID, other.MessageID))
}

func (r traceRow) samePlace(other traceRow) bool {
	return r.Received.Equal(other.Received) && r.RecipientAddress == other.RecipientAddress
}

// maxSearches bounds how many searches the lists of one command make.
const maxSearches = 100

// wantedRows are what was typed, as it is asked of each row. The server is asked for
// less: it knows no beginnings of subjects, and no asterisks.
type wantedRows struct {
	searches    []letterlock.Search // each sender with each recipient and each Message-ID
	one         letterlock.ID       // the one message in their place; empty: none
	senders     []pattern
	recipients  []pattern
	statuses    []string
	subject     subjectFilter
	from, until time.Time // zero: no bound
	after       traceRow  // only what comes after it; zero: all
}

// wanted understands what was typed.
func (c *getTrace) wanted(in dates) (w wantedRows, err error) {
	w.senders, w.recipients = patterns(c.SenderAddress), patterns(c.RecipientAddress)
	if w.statuses, err = statuses(c.Status); err != nil {
		return w, err
	}
	words := c.Subject
	if c.SubjectFilterType != "" {
		if w.subject, err = subjectFilterOf(c.SubjectFilterType, c.Subject); err != nil {
			return w, err
		}
		words = w.subject.words()
	}
	var err1, err2 error
	w.from, err1 = in.cmdlet("StartDate", c.StartDate)
	w.until, err2 = in.cmdlet("EndDate", c.EndDate)
	if err := errors.Join(err1, err2); err != nil {
		return w, alone(err)
	}
	if c.StartingRecipient != "" {
		if w.until.IsZero() {
			return w, misused("-StartingRecipientAddress goes with -EndDate: both are of the last row that came before")
		}
		w.after = traceRow{Received: w.until, RecipientAddress: strings.TrimSpace(c.StartingRecipient)}
		w.until = w.until.Add(time.Second) // that second belongs to it
	}
	if c.MessageTraceID == "" {
		w.searches, err = w.ask(c.MessageID, words)
		return w, err
	}
	if len(c.MessageID) > 0 || c.Subject != "" {
		return w, misused("-MessageTraceId names one message: leave -MessageId and -Subject out")
	}
	if w.one, err = letterlock.ParseID(strings.TrimSpace(c.MessageTraceID)); err != nil {
		return w, misused("-MessageTraceId is what --json shows under that name, and not %q", c.MessageTraceID)
	}
	return w, nil
}

// ask makes the searches of the server.
func (w wantedRows) ask(ids []string, words string) (list []letterlock.Search, err error) {
	senders, recipients := orAny(w.senders), orAny(w.recipients)
	if len(ids) == 0 {
		ids = []string{""}
	}
	if len(senders)*len(recipients)*len(ids) > maxSearches {
		return nil, misused("these lists make more than %d searches", maxSearches)
	}
	for _, s := range senders {
		for _, r := range recipients {
			for _, id := range ids {
				q := letterlock.Search{Sender: s.search(), Recipient: r.search(), MessageID: strings.TrimSpace(id), Subject: words, From: w.from, Until: w.until}
				chooses := w.subject.text != "" || !s.all() || !r.all()
				if (q == letterlock.Search{Until: q.Until}) && chooses {
					return nil, misused("this would look at every message there is: add -StartDate, or more of an address or of the subject")
				}
				list = append(list, q)
			}
		}
	}
	return list, nil
}

// rows are what was looked for in its order, each recipient of a message once: enough
// of them, and all that are as old as the last of these.
func (w wantedRows) rows(ctx context.Context, d desk, enough int) (rows []traceRow, err error) {
	rows = []traceRow{}
	seen := map[string]bool{}
	take := func(list []traceRow) {
		for _, r := range list {
			if key := r.MessageID + " " + r.RecipientAddress; !seen[key] {
				seen[key] = true
				rows = append(rows, r)
			}
		}
	}
	if w.one != "" {
		m, err := d.Status(ctx, string(w.one))
		if err != nil && letterlock.CodeOf(err) != letterlock.NotFound {
			return nil, err
		}
		take(w.of(m)) // of none there are none
	}
	for _, q := range w.searches {
		list, err := w.found(ctx, d, q, enough)
		if err != nil {
			return nil, err
		}
		take(list)
	}
	slices.SortFunc(rows, traceRow.compare)
	return rows, nil
}

// found are the rows of one search: enough, and all as old as the last of these.
func (w wantedRows) found(ctx context.Context, d desk, q letterlock.Search, enough int) (rows []traceRow, err error) {
	for next := ""; ; {
		p, err := d.Search(ctx, q, next, maxPage)
		if err != nil {
			return nil, err
		}
		for _, m := range p.Messages {
			if len(rows) >= enough && m.Date.Before(rows[len(rows)-1].Received) {
				return rows, nil
			}
			rows = append(rows, w.of(m)...)
		}
		if next = p.Next; next == "" {
			return rows, nil
		}
	}
}

// of are the rows of those recipients of a message who were looked for.
func (w wantedRows) of(m api.Message) (rows []traceRow) {
	if !anyMatches(w.senders, m.Sender) || !w.subject.matches(m.Subject) ||
		m.Date.Before(w.from) || !w.until.IsZero() && !m.Date.Before(w.until) {
		return nil
	}
	for _, r := range m.Recipients {
		row := traceRow{
			Received: m.Date, SenderAddress: m.Sender, RecipientAddress: r.Address, Subject: m.Subject,
			Status: statusOf(r), Size: m.Size, MessageID: m.MessageID, MessageTraceID: m.ID,
		}
		later := w.after == traceRow{} || row.Received.Before(w.after.Received) ||
			row.Received.Equal(w.after.Received) && row.RecipientAddress > w.after.RecipientAddress
		if anyMatches(w.recipients, r.Address) && later &&
			(len(w.statuses) == 0 || slices.Contains(w.statuses, row.Status) || slices.Contains(w.statuses, readOf(r))) {
			rows = append(rows, row)
		}
	}
	return rows
}

// statusOf is the status of a recipient in AME's words, and in ours where AME has
// none.
func statusOf(r api.Recipient) string {
	switch {
	case r.State == "revoked":
		return "Revoked"
	case r.State == "expired":
		return "Expired"
	case r.State == "destroyed":
		return "Destroyed"
	case !r.Bounced.IsZero():
		return "Failed"
	case r.Notified.IsZero():
		return "Pending"
	}
	return "Delivered"
}

func readOf(r api.Recipient) string {
	if r.FirstRead.IsZero() {
		return "Unread"
	}
	return "Read"
}

// Statuses that can be asked for, and those that no message here is ever in.
var (
	knownStatuses   = []string{"Delivered", "Pending", "Failed", "Read", "Unread", "Revoked", "Expired", "Destroyed"}
	foreignStatuses = []string{"Expanded", "FilteredAsSpam", "GettingStatus", "None", "Quarantined"}
)

// statuses are those that can be asked for, as they are written.
func statuses(typed []string) ([]string, error) {
	var list []string
	for _, t := range typed {
		is := func(known string) bool { return strings.EqualFold(known, strings.TrimSpace(t)) }
		all := strings.Join(knownStatuses, ", ")
		if i := slices.IndexFunc(foreignStatuses, is); i >= 0 {
			return nil, misused("-Status %s is of Exchange Online alone: no message here is ever that; it is %s", foreignStatuses[i], all)
		}
		i := slices.IndexFunc(knownStatuses, is)
		if i < 0 {
			return nil, misused("-Status is %s", all)
		}
		list = append(list, knownStatuses[i])
	}
	return list, nil
}
