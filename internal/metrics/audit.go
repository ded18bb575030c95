package metrics

import "github.com/prometheus/client_golang/prometheus"

// Audit counts checkpoints of the audit log.
type Audit struct{ made counters }

func newAudit(r prometheus.Registerer) *Audit {
	return &Audit{newCounters(r, "letterlock_audit_checkpoints_total",
		"Attempts to bring the checkpoints of the audit log up to date, by where they are kept.",
		label{"to", []string{"database", "file", "syslog"}}, label{"result", []string{done, failed}})}
}

// Checkpoint counts an attempt to bring the checkpoints in one place up to date.
func (a *Audit) Checkpoint(to string, err error) {
	if a == nil {
		return
	}
	result := done
	if err != nil {
		result = failed
	}
	a.made.add(to, result)
}
