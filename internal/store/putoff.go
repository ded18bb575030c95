package store

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// Waiting is what has waited to leave for longer than [letterlock.Late]: nobody came to it,
// it was put off, or its domain is left alone because others for it were.
type Waiting struct {
	Mails   int
	Capped  bool      // at least so many; not all was looked at
	Since   time.Time // when the one that waits longest was put there; zero: none
	Domains []WaitingDomain
	PutOff  int // mails that were tried and are tried again, whether they wait for long or not
}

// A WaitingDomain is the part of it that goes to one domain.
type WaitingDomain struct {
	Domain string
	Mails  int
	Since  time.Time
	Reply  string    // what the last of them was told that was tried; empty: none was
	Tried  time.Time // when that was
}

// Bounds of what is looked at, and shown, of what waits.
const (
	maxWaiting = 10_000
	topWaiting = 5
)

// toStaff are the kinds of notices that go to a message's sender, or as AdminNotice to
// somebody of the same organisation.
var toStaff = []NoticeKind{FailureNotice, RequestNotice, ReleaseNotice, AdminNotice, ReadNotice, UnreadNotice, ExpiringNotice}

// PutOffLong says what waits for long, and for which domains: those with the most first, a
// few at most. It counts what is put off, for however long.
func (t *Tx) PutOffLong() (w Waiting, err error) {
	all := make(map[string]*WaitingDomain)
	looked, since := 0, t.Now.Add(-letterlock.Late).Unix()
	err = t.rows(`SELECT o.kind, o.created_at, o.address, COALESCE(r.domain, ''), COALESCE(m.sender, ''), COALESCE(a.at, 0), COALESCE(a.reply, '')
		FROM (SELECT id, kind, created_at, address, recipient, message FROM outbox WHERE done_at = 0 ORDER BY priority, due_at LIMIT $1 + 0) o
		LEFT JOIN recipients r ON r.id = o.recipient
		LEFT JOIN messages m ON m.id = o.message
		LEFT JOIN attempts a ON a.outbox = o.id AND a.number = (SELECT max(number) FROM attempts WHERE outbox = o.id)`,
		[]any{maxWaiting}, func(rows *sql.Rows) error {
			var kind NoticeKind
			var account, sender letterlock.Address
			var created, tried int64
			var d WaitingDomain
			if err := rows.Scan(&kind, &created, &account, &d.Domain, &sender, &tried, &d.Reply); err != nil {
				return err
			}
			if looked++; tried > 0 {
				w.PutOff++
			}
			if created > since {
				return nil
			}
			switch {
			case kind.OfAccount():
				d.Domain = account.Domain()
			case slices.Contains(toStaff, kind):
				d.Domain = sender.Domain()
			}
			d.Mails, d.Since, d.Tried = 1, moment(created), moment(tried)
			w.add(all, d)
			return nil
		})
	w.Capped = looked == maxWaiting
	w.Domains = most(all)
	return w, err
}

// add counts a mail.
func (w *Waiting) add(all map[string]*WaitingDomain, one WaitingDomain) {
	if w.Mails++; w.Since.IsZero() || one.Since.Before(w.Since) {
		w.Since = one.Since
	}
	d := all[one.Domain]
	if d == nil {
		all[one.Domain] = &one
		return
	}
	d.Mails++
	if one.Since.Before(d.Since) {
		d.Since = one.Since
	}
	if one.Tried.After(d.Tried) {
		d.Reply, d.Tried = one.Reply, one.Tried
	}
}

// most are the domains with the most mail, in a fixed order where they have as much.
func most(all map[string]*WaitingDomain) (list []WaitingDomain) {
	for _, d := range all {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b WaitingDomain) int {
		if a.Mails != b.Mails {
			return b.Mails - a.Mails
		}
		return strings.Compare(a.Domain, b.Domain)
	})
	return list[:min(len(list), topWaiting)]
}
