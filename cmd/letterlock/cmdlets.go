package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// cmdlets are the commands in AME's own words. Their parameters are those of
// PowerShell; translate makes flags of them.
type cmdlets struct {
	GetStatus     getStatus     `cmd:"" name:"Get-OMEMessageStatus" help:"As 'status', in the words of AME: Get-OMEMessageStatus -MessageId '<id>'."`
	SetRevocation setRevocation `cmd:"" name:"Set-OMEMessageRevocation" help:"As 'revoke' and 'restore', in the words of AME: Set-OMEMessageRevocation -Revoke '$$true' -MessageId '<id>'."`
	GetTrace      getTrace      `cmd:"" name:"Get-MessageTrace" help:"As 'trace', in the words of AME: Get-MessageTrace -SenderAddress ada@example.org -StartDate 11/20/2026."`
}

type getStatus struct {
	place
	MessageID string `name:"MessageId" placeholder:"ID" help:"Message-ID, with or without its angle brackets."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run says whether a message can be revoked, and whether it is.
func (c *getStatus) Run(ctx context.Context, o *operator) error {
	if c.MessageID == "" {
		return misused("-MessageId is missing")
	}
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.Status(ctx, c.MessageID)
		if err != nil {
			return err
		}
		return d.object(m, c.JSON)
	})
}

// object prints a message as PowerShell prints an object: a property to a line.
func (d desk) object(m api.Message, asJSON bool) error {
	if asJSON {
		return printJSON(d.out, m)
	}
	return d.say("\nMessageId   : %s\nSubject     : %s\nIsRevocable : %s\nRevoked     : %s\n",
		plain(m.MessageID), plain(m.Subject), truthOf(m.IsRevocable), truthOf(m.Revoked))
}

type setRevocation struct {
	place
	MessageID string `name:"MessageId" placeholder:"ID" help:"Message-ID, with or without its angle brackets."`
	Revoke    *bool  `name:"Revoke" help:"$$true revokes, $$false gives access back."`
	Confirm   bool   `name:"Confirm" switch:"" help:"Ask first."`
	WhatIf    bool   `name:"WhatIf" switch:"" help:"Say what would happen, and change nothing."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run revokes a message, or restores access to it.
func (c *setRevocation) Run(ctx context.Context, o *operator) error {
	if c.MessageID == "" {
		return misused("-MessageId is missing")
	}
	if c.Revoke == nil {
		return misused("-Revoke is missing, with $true or $false")
	}
	return o.ask(ctx, c.place, func(d desk) error {
		change := func(dry bool) (api.Message, error) {
			if *c.Revoke {
				return d.Client.Revoke(ctx, c.MessageID, api.Revoke{}, dry)
			}
			return d.Client.Restore(ctx, c.MessageID, api.Restore{}, dry)
		}
		if c.WhatIf {
			m, err := change(true)
			if err != nil {
				return err
			}
			return d.say("What if: %s on %s. Revoked would be %s.", c.does(), plain(m.MessageID), truthOf(m.Revoked))
		}
		if c.Confirm {
			answer, err := o.typed(ctx, "Confirm: "+c.does()+" on "+plain(c.MessageID)+"?\n[Y] Yes  [N] No (default is \"N\"): ")
			if err != nil {
				return err
			}
			if a := strings.ToLower(answer); a != "y" && a != "yes" {
				return d.say("Nothing is changed.")
			}
		}
		m, err := change(false)
		if err != nil {
			return err
		}
		return d.object(m, c.JSON)
	})
}

func (c *setRevocation) does() string {
	if *c.Revoke {
		return "removing access"
	}
	return "restoring access"
}

type getTrace struct {
	place
	MessageID        []string `name:"MessageId" placeholder:"ID" help:"Message-IDs, with or without their angle brackets."`
	SenderAddress    []string `name:"SenderAddress" placeholder:"ADDRESS" help:"Addresses; *@example.org is a whole domain."`
	RecipientAddress []string `name:"RecipientAddress" placeholder:"ADDRESS" help:"Likewise, of recipients."`
	Subject          string   `name:"Subject" placeholder:"WORDS" help:"Words in any order."`
	StartDate        string   `name:"StartDate" placeholder:"DATE" help:"Sent then or later: 11/20/2026, '11/20/2026 2:00 PM' or 2026-11-20. Default: no bound."`
	EndDate          string   `name:"EndDate" placeholder:"DATE" help:"Sent before; a day is its beginning. Default: no bound."`
	Status           []string `name:"Status" placeholder:"STATUS" help:"Delivered, Pending, Failed, Read, Unread, Revoked, Expired or Destroyed."`
	PageSize         int      `name:"PageSize" default:"1000" placeholder:"COUNT" help:"Rows on a page, 1 to 5000. Default: ${default}."`
	Page             int      `name:"Page" default:"1" placeholder:"NUMBER" help:"Which page, 1 to 1000. Default: ${default}."`
	JSON             bool     `name:"json" help:"Print JSON."`
}

// A traceRow is one recipient of one message, as Get-MessageTrace shows it.
type traceRow struct {
	Received         time.Time `json:"Received"`
	SenderAddress    string    `json:"SenderAddress"`
	RecipientAddress string    `json:"RecipientAddress"`
	Subject          string    `json:"Subject"`
	Status           string    `json:"Status"`
	MessageID        string    `json:"MessageId"`
}

// Run looks for messages.
func (c *getTrace) Run(ctx context.Context, o *operator) error {
	switch {
	case c.PageSize < 1 || c.PageSize > 5000:
		return misused("-PageSize is 1 to 5000")
	case c.Page < 1 || c.Page > 1000:
		return misused("-Page is 1 to 1000")
	}
	wanted, err := statuses(c.Status)
	if err != nil {
		return err
	}
	return o.ask(ctx, c.place, func(d desk) error {
		searches, err := c.searches(d.dates())
		if err != nil {
			return err
		}
		rows, err := c.rows(ctx, d, searches, wanted)
		if err != nil {
			return err
		}
		begin := min((c.Page-1)*c.PageSize, len(rows))
		rows = rows[begin:min(begin+c.PageSize, len(rows))]
		if c.JSON {
			return printJSON(d.out, rows)
		}
		return d.traced(rows)
	})
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

// maxSearches bounds how many searches the lists of one command make.
const maxSearches = 100

// searches are what has to be looked for: each sender with each recipient and each
// Message-ID.
func (c *getTrace) searches(in dates) ([]letterlock.Search, error) {
	from, err1 := in.cmdlet("StartDate", c.StartDate)
	until, err2 := in.cmdlet("EndDate", c.EndDate)
	if err := errors.Join(err1, err2); err != nil {
		return nil, alone(err)
	}
	orAny := func(list []string) []string {
		if len(list) == 0 {
			return []string{""}
		}
		return list
	}
	senders, recipients, ids := orAny(c.SenderAddress), orAny(c.RecipientAddress), orAny(c.MessageID)
	if len(senders)*len(recipients)*len(ids) > maxSearches {
		return nil, misused("these lists make more than %d searches", maxSearches)
	}
	var list []letterlock.Search
	for _, s := range senders {
		for _, r := range recipients {
			for _, id := range ids {
				list = append(list, letterlock.Search{Sender: wild(s), Recipient: wild(r), MessageID: strings.TrimSpace(id), Subject: c.Subject, From: from, Until: until})
			}
		}
	}
	return list, nil
}

// wild is an address with PowerShell's asterisks: our search finds parts anyway.
func wild(address string) string { return strings.Trim(strings.TrimSpace(address), "*") }

// rows are what the searches find, newest first, each recipient of a message once.
func (c *getTrace) rows(ctx context.Context, d desk, searches []letterlock.Search, wanted []string) ([]traceRow, error) {
	enough := c.Page * c.PageSize
	seen := map[string]bool{}
	rows := []traceRow{}
	for _, q := range searches {
		found := 0
		for next := ""; ; {
			p, err := d.Search(ctx, q, next, maxPage)
			if err != nil {
				return nil, err
			}
			for _, m := range p.Messages {
				for _, r := range rowsOf(m, q.Recipient, wanted) {
					found++
					if key := r.MessageID + " " + r.RecipientAddress; !seen[key] {
						seen[key] = true
						rows = append(rows, r)
					}
				}
			}
			if next = p.Next; next == "" || found >= enough {
				break
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b traceRow) int { return b.Received.Compare(a.Received) })
	return rows, nil
}

// rowsOf are the rows of those recipients of a message who were looked for.
func rowsOf(m api.Message, recipient string, wanted []string) []traceRow {
	var rows []traceRow
	for _, r := range m.Recipients {
		status := statusOf(r)
		if !strings.Contains(strings.ToLower(r.Address), strings.ToLower(recipient)) ||
			len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return w == status || w == readOf(r) }) {
			continue
		}
		rows = append(rows, traceRow{Received: m.Date, SenderAddress: m.Sender, RecipientAddress: r.Address, Subject: m.Subject, Status: status, MessageID: m.MessageID})
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

// statuses are those that can be asked for, as they are written.
func statuses(typed []string) ([]string, error) {
	known := []string{"Delivered", "Pending", "Failed", "Read", "Unread", "Revoked", "Expired", "Destroyed"}
	var list []string
	for _, t := range typed {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, strings.TrimSpace(t)) })
		if i < 0 {
			return nil, misused("-Status is %s", strings.Join(known, ", "))
		}
		list = append(list, known[i])
	}
	return list, nil
}
