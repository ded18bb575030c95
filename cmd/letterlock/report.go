package main

import (
	"context"
	"fmt"

	"letterlock/internal/api"
)

type reportCommand struct {
	place
	From    string `name:"from" default:"6d" placeholder:"DATE" help:"First day: 2026-11-20, or 6d for six days ago. Default: ${default}."`
	Until   string `name:"until" default:"0d" placeholder:"DATE" help:"Last day. Default: today."`
	By      string `name:"by" enum:"method,template" default:"method" help:"Tell messages apart by encryption method or by template: ${enum}. Default: ${default}."`
	Details bool   `name:"details" help:"A row for each recipient of each message, and no figures."`
	Limit   int    `name:"limit" short:"n" default:"50" placeholder:"COUNT" help:"With --details: so many rows, the newest; 0 means all. Default: ${default}."`
	CSV     bool   `name:"csv" xor:"form" help:"All rows of the details as CSV, in a form that a spreadsheet does not take for formulas."`
	JSON    bool   `name:"json" xor:"form" help:"Print JSON: the figures, or with --details all rows."`
}

// Run counts protected messages, or lists them.
func (c *reportCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		q, err := c.query(d.dates())
		if err != nil {
			return err
		}
		switch {
		case c.CSV:
			return d.copy(forSheets)(d.ReportExport(ctx, q, "csv"))
		case c.JSON && c.Details:
			return d.copy(forPrograms)(d.ReportExport(ctx, q, "json"))
		case c.Details:
			return c.details(ctx, d, q)
		}
		r, err := d.Report(ctx, q)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, r)
		}
		return d.figures(r)
	})
}

func (c *reportCommand) query(in dates) (api.ReportQuery, error) {
	q := api.ReportQuery{By: c.By}
	var err error
	if q.From, err = in.from("--from", c.From); err != nil {
		return q, err
	}
	q.Until, err = in.until("--until", c.Until)
	return q, err
}

// figures shows the report: a row for each day, and the five domains.
func (d desk) figures(r api.Report) error {
	heading := []string{"DAY"}
	sums := []any{"total"}
	for _, s := range r.Series {
		heading = append(heading, plain(orDefault(s.Name)))
		sums = append(sums, s.Total)
	}
	t := newTable(d.out, append(heading, "TOTAL")...)
	for _, day := range r.Days {
		cells := []any{day.Day}
		for _, n := range day.Counts {
			cells = append(cells, n)
		}
		t.row(append(cells, day.Total)...)
	}
	t.row(append(sums, r.Total)...)
	if err := t.end(); err != nil || len(r.Domains) == 0 {
		return err
	}
	fmt.Fprintln(d.out)
	t = newTable(d.out, "RECIPIENT DOMAIN", "RECIPIENTS")
	for _, domain := range r.Domains {
		t.row(domain.Domain, domain.Recipients)
	}
	return t.end()
}

// orDefault names a template.
func orDefault(template string) string {
	if template == "" {
		return "default"
	}
	return template
}

// details lists recipients, newest first.
func (c *reportCommand) details(ctx context.Context, d desk, q api.ReportQuery) error {
	t := newTable(d.out, "DATE", "SENDER ADDRESS", "RECIPIENT ADDRESS", "SUBJECT", "TEMPLATE", "METHOD", "REVOCATION STATUS", "MESSAGE-ID")
	shown, next := 0, ""
	for {
		limit := maxPage
		if c.Limit > 0 {
			limit = min(limit, c.Limit-shown)
		}
		p, err := d.ReportRows(ctx, q, next, limit)
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			t.row(d.when(r.Date), r.Sender, r.Recipient, r.Subject, orDefault(r.EncryptionTemplate), r.EncryptionMethod, r.RevocationStatus, r.MessageID)
		}
		shown += len(p.Rows)
		if next = p.Next; next == "" || c.Limit > 0 && shown >= c.Limit {
			break
		}
	}
	if err := t.end(); err != nil || next == "" {
		return err
	}
	return d.say("These are the newest %d; --limit 0 shows all, --csv exports them.", shown)
}
