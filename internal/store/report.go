package store

import (
	"cmp"
	"database/sql"
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// slotLength is a quarter of an hour in seconds, dayLength a day of UTC.
const (
	slotLength = 15 * 60
	dayLength  = 24 * 60 * 60
)

// A reported is a message as the report counts it.
type reported struct {
	accepted int64 // in seconds
	method   letterlock.Method
	brand    string
	again    bool     // it was counted before: only recipients came to it since
	domains  []string // one for each recipient that was not counted before
}

// countInReport adds to the report what it does not know yet. Nothing is counted
// twice as long as whoever calls it tells what is new.
func (t *Tx) countInReport(list ...reported) error {
	type slotKey struct {
		slot   int64
		method letterlock.Method
		brand  string
	}
	type dayKey struct {
		day    int64
		domain string
	}
	messages, recipients := make(map[slotKey]int), make(map[dayKey]int)
	for _, m := range list {
		if !m.again {
			messages[slotKey{m.accepted / slotLength, m.method, m.brand}]++
		}
		for _, d := range m.domains {
			recipients[dayKey{m.accepted / dayLength, d}]++
		}
	}
	for k, n := range messages {
		if err := t.exec(`INSERT INTO report_slots (slot, method, brand, messages) VALUES ($1, $2, $3, $4)
			ON CONFLICT (slot, method, brand) DO UPDATE SET messages = report_slots.messages + excluded.messages`,
			k.slot, k.method, k.brand, n); err != nil {
			return err
		}
	}
	for k, n := range recipients {
		if err := t.exec(`INSERT INTO report_domains (domain, day, recipients) VALUES ($1, $2, $3)
			ON CONFLICT (domain, day) DO UPDATE SET recipients = report_domains.recipients + excluded.recipients`,
			k.domain, k.day, n); err != nil {
			return err
		}
	}
	return nil
}

// CountMethods returns how many messages were accepted in a time by each method.
// The time begins and ends with a quarter of an hour.
func (t *Tx) CountMethods(from, until time.Time) (map[string]int, error) {
	return t.countSlots(`SELECT method, SUM(messages) FROM report_slots WHERE slot >= $1 AND slot < $2 GROUP BY method`, from, until)
}

// CountBrands is CountMethods for each brand.
func (t *Tx) CountBrands(from, until time.Time) (map[string]int, error) {
	return t.countSlots(`SELECT brand, SUM(messages) FROM report_slots WHERE slot >= $1 AND slot < $2 GROUP BY brand`, from, until)
}

func (t *Tx) countSlots(query string, from, until time.Time) (map[string]int, error) {
	return t.tally(query, from.Unix()/slotLength, until.Unix()/slotLength)
}

// tally reads names with a number each.
func (t *Tx) tally(query string, args ...any) (map[string]int, error) {
	counts := make(map[string]int)
	err := t.rows(query, args, func(rows *sql.Rows) error {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		counts[name] = n
		return nil
	})
	return counts, err
}

// A DomainCount is how many recipients had an address of a domain.
type DomainCount struct {
	Domain     string
	Recipients int
}

// TopDomains returns the n domains to which most recipients of the messages of a
// time belong, the greatest first. Its numbers are exact.
//
// It does not add up all domains, of which there are as many as people write to.
// It adds up those that are among the greatest of some day, and knows that it has
// looked far enough when all days' next ones together would not reach the last
// that it returns.
func (t *Tx) TopDomains(from, until time.Time, n int) ([]DomainCount, error) {
	days, err := t.reportDays(from, until)
	if err != nil {
		return nil, err
	}
	for depth := 4 * n; ; depth *= 8 {
		list, rest, err := t.topDomains(days, depth)
		if err != nil {
			return nil, err
		}
		if rest == 0 || len(list) >= n && list[n-1].Recipients > rest {
			return list[:min(n, len(list))], nil
		}
	}
}

// reportDays is a time as the table of domains knows it: whole days of UTC, and
// what lies before and after them.
type reportDays struct {
	first, end int64         // from the first to the one before the end
	edges      []DomainCount // of the rest of the time, the greatest first
	edge       map[string]int
}

func (t *Tx) reportDays(from, until time.Time) (reportDays, error) {
	d := reportDays{first: (from.Unix() + dayLength - 1) / dayLength, end: until.Unix() / dayLength, edge: make(map[string]int)}
	parts := [][2]int64{{from.Unix(), d.first * dayLength}, {d.end * dayLength, until.Unix()}}
	if d.first > d.end { // not even one midnight
		parts, d.end = [][2]int64{{from.Unix(), until.Unix()}}, d.first
	}
	for _, p := range parts {
		if p[0] >= p[1] {
			continue
		}
		counts, err := t.tally(`SELECT domain, COUNT(*) FROM recipients WHERE seq >= $1 AND seq < $2 GROUP BY domain`,
			p[0]<<seqShift, p[1]<<seqShift)
		if err != nil {
			return d, err
		}
		for name, n := range counts {
			d.edge[name] += n
		}
	}
	for name, n := range d.edge {
		d.edges = append(d.edges, DomainCount{name, n})
	}
	slices.SortFunc(d.edges, greatestFirst)
	return d, nil
}

// topDomains adds up every domain that is among the first depth ones of a day or
// of the edges. No other domain has more than rest.
func (t *Tx) topDomains(d reportDays, depth int) (list []DomainCount, rest int, err error) {
	found := make(map[string]bool)
	note := func(i int, c DomainCount) {
		if i < depth {
			found[c.Domain] = true
		} else if i == depth {
			rest += c.Recipients
		}
	}
	for i, c := range d.edges {
		note(i, c)
	}
	for day := d.first; day < d.end; day++ {
		i := 0
		err := t.rows(`SELECT domain, recipients FROM report_domains WHERE day = $1 ORDER BY recipients DESC, domain LIMIT $2 + 0`,
			[]any{day, depth + 1}, func(rows *sql.Rows) error {
				var c DomainCount
				err := rows.Scan(&c.Domain, &c.Recipients)
				note(i, c)
				i++
				return err
			})
		if err != nil {
			return nil, 0, err
		}
	}
	for name := range found {
		c := DomainCount{Domain: name}
		if err := t.row(`SELECT COALESCE(SUM(recipients), 0) FROM report_domains WHERE domain = $1 AND day >= $2 AND day < $3`,
			[]any{name, d.first, d.end}, &c.Recipients); err != nil {
			return nil, 0, err
		}
		c.Recipients += d.edge[name]
		list = append(list, c)
	}
	slices.SortFunc(list, greatestFirst)
	return list, rest, nil
}

func greatestFirst(a, b DomainCount) int {
	return cmp.Or(cmp.Compare(b.Recipients, a.Recipients), strings.Compare(a.Domain, b.Domain))
}

// A Place is that of a recipient in the order of all: newest message first, and
// in a message as they were given.
type Place struct {
	Seq      int64 // of the message
	Position int   // of the recipient in it
}

// Reported returns up to limit recipients of messages accepted from then until
// then, each with its message, and the place of the last if there are more. The
// zero Place asks for the first ones, and says that there are no more.
func (t *Tx) Reported(from, until time.Time, after Place, limit int) (list []Received, last Place, err error) {
	// One bound at each end: of two, SQLite would begin at the first it sees.
	upTo := SeqAt(until) - 1
	if after == (Place{}) || after.Seq > upTo {
		after = Place{upTo, -1}
	}
	more := false
	err = t.rows(`SELECT `+messageColumns+`, `+recipientColumns+`, r.position
		FROM messages m CROSS JOIN recipients r
		WHERE r.seq = m.seq AND m.seq BETWEEN $1 AND $2 AND (m.seq <> $2 OR r.position > $3)
		ORDER BY m.seq DESC, r.position LIMIT $4 + 0`,
		[]any{SeqAt(from), after.Seq, after.Position, limit + 1}, func(rows *sql.Rows) error {
			if more = len(list) == limit; more {
				return nil
			}
			var x Received
			var mAt, rAt times
			var status string
			dest := append(messageDest(&x.Message, &mAt, &status), recipientDest(&x.Recipient, &rAt)...)
			if err := rows.Scan(append(dest, &last.Position)...); err != nil {
				return err
			}
			finishMessage(&x.Message, mAt, status)
			finishRecipient(&x.Recipient, rAt)
			last.Seq = x.Message.Seq
			list = append(list, x)
			return nil
		})
	if !more {
		last = Place{}
	}
	return list, last, err
}
