package store

import (
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
