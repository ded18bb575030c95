package metrics

import "github.com/prometheus/client_golang/prometheus"

// Audit counts checkpoints of the audit log, and what else leaves with them.
type Audit struct{ made, journal counters }

func newAudit(r prometheus.Registerer) *Audit {
	return &Audit{
		newCounters(r, "letterlock_audit_checkpoints_total",
			"Attempts to bring the checkpoints of the audit log up to date, by where they are kept.",
			label{"to", []string{"database", "file", "syslog"}}, label{"result", []string{done, failed}}),
		newCounters(r, "letterlock_journal_sent_total",
			"Attempts to send the revocation journal away, by where to.",
			label{"to", []string{"file", "syslog"}}, label{"result", []string{done, failed}}),
	}
}

// Checkpoint counts an attempt to bring the checkpoints in one place up to date.
func (a *Audit) Checkpoint(to string, err error) {
	if a != nil {
		a.made.add(to, resultOf(err))
	}
}

// Journal counts an attempt to send the revocation journal to a place.
func (a *Audit) Journal(to string, err error) {
	if a != nil {
		a.journal.add(to, resultOf(err))
	}
}
