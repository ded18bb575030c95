package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Queued says how much of one kind waits to leave the house.
type Queued struct {
	Kind    string
	Waiting int
	Oldest  time.Time // when the one that waits longest was put there
}

// Keys says how the keyring is.
type Keys struct {
	Epoch   uint32
	Rotated time.Time // when the epoch began; zero: unknown
	Missing int       // epochs that something is wrapped under and whose keys are not there
	Failing bool      // the last attempt to rotate, or to end an epoch, failed
}

// Sources are asked when somebody wants the numbers. A nil source is not asked,
// and its metrics are missing.
type Sources struct {
	Queue func(context.Context) ([]Queued, error)
	// Due says since when what leaves next has been due; zero: nothing is.
	Due      func(context.Context) (passcodes, others time.Time, err error)
	Messages func(context.Context) (int64, error)    // rows that are kept
	Files    func() (database, log int64, err error) // bytes
	Free     func() (int64, error)                   // bytes that the data folder may still use
	Probe    func(context.Context) error             // nil: a write would be kept
	Readers  func() int                              // who is being shown something protected right now
	Streams  func() int                              // pages that are kept live
	Bare     func(context.Context) (int64, error)    // rows of the audit log that no checkpoint covers
	Keys     func(context.Context) (Keys, error)     // the keyring
	Journal  func() (entries int64, fault error)     // of the revocation journal
	Expiry   func() (certificate time.Time, is bool) // of the certificate that ends first
	Lanes    func() []Lane                           // always the same, in which work waits for its turn
}

// A Lane says how much of one kind of work is being done.
type Lane struct {
	Name                      string
	Places, InFlight, Waiting int
	Refused                   int64 // since the start
}

// How long the answer of a source is kept, and how long all of them together may
// take. A slow source is kept longer, so that asking it never takes more than one
// twentieth of the time, however often the numbers are wanted.
const (
	fresh      = 5 * time.Second
	restFactor = 20
	askWithin  = 5 * time.Second
)

// Watch adds the state of the server to the metrics. It is called once.
func (m *Metrics) Watch(s Sources) { m.registry.MustRegister(newState(s, m.now)) }

// gaugeOf names a number that a source says.
func gaugeOf(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	waitingDesc  = gaugeOf("letterlock_outbox_waiting", "Mails that wait to leave; looking ends at 100,000.", "kind")
	oldestDesc   = gaugeOf("letterlock_outbox_oldest_seconds", "How long the mail that waits longest has waited; 0 when none waits.", "kind")
	dueDesc      = gaugeOf("letterlock_outbox_due_seconds", "How long the mail has been due that has been so for the longest, and is not being sent; 0 when none is.", "lane")
	messagesDesc = gaugeOf("letterlock_messages_stored", "Messages in the database, those that are still coming in and those destroyed included.")
	databaseDesc = gaugeOf("letterlock_store_database_bytes", "Size of the database file.")
	walDesc      = gaugeOf("letterlock_store_wal_bytes", "Size of the write-ahead log.")
	freeDesc     = gaugeOf("letterlock_store_free_bytes", "Room that is left on the disk of the data folder.")
	writableDesc = gaugeOf("letterlock_store_writable", "1 when the last trial write was kept, 0 when it was not.")
	readersDesc  = gaugeOf("letterlock_readers", "Pages, parts and lists of protected messages that are open or on their way right now.")
	streamsDesc  = gaugeOf("letterlock_live_streams", "Open pages that are told of changes.")
	expiryDesc   = gaugeOf("letterlock_certificate_expiry_timestamp_seconds", "When the certificate that ends first ends, in seconds since 1970.")
	bareDesc     = gaugeOf("letterlock_audit_rows_without_checkpoint", "Rows of the audit log that were added after its last checkpoint.")
	epochDesc    = gaugeOf("letterlock_keys_epoch", "Number of the current epoch of the keyring.")
	rotatedDesc  = gaugeOf("letterlock_keys_rotated_timestamp_seconds", "When the current epoch began, in seconds since 1970.")
	missingDesc  = gaugeOf("letterlock_keys_missing", "Epochs whose keys are missing while messages are wrapped under them.")
	failingDesc  = gaugeOf("letterlock_keys_rotation_failing", "1 when the last attempt to rotate the keys, or to end an old epoch, failed.")
	entriesDesc  = gaugeOf("letterlock_journal_entries", "Entries of the revocation journal that are on the disk.")
	behindDesc   = gaugeOf("letterlock_journal_failing", "1 when the last entries of the revocation journal could not be written.")
	placesDesc   = gaugeOf("letterlock_lane_places", "How many pieces of work of one kind may be done at the same time.", "lane")
	inFlightDesc = gaugeOf("letterlock_lane_in_flight", "Pieces of work of one kind that are being done right now.", "lane")
	inLineDesc   = gaugeOf("letterlock_lane_waiting", "Pieces of work of one kind that wait for a place right now.", "lane")
	refusedDesc  = gaugeOf("letterlock_lane_refused_total", "Pieces of work of one kind that found no place and were refused.", "lane")
	readableDesc = gaugeOf("letterlock_state_readable", "1 when the last look at this part of the state succeeded, 0 when its numbers are missing.", "of")
)

// A part of the state is what one source says.
type part struct {
	name  string
	descs []*prometheus.Desc
	ask   func(context.Context) ([]prometheus.Metric, error)

	kept  []prometheus.Metric
	until time.Time
}

// state collects all parts. One scrape at a time asks; the others get the answer.
type state struct {
	now   func() time.Time
	mu    sync.Mutex
	parts []*part
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func newState(s Sources, now func() time.Time) *state {
	st := &state{now: now}
	if s.Queue != nil {
		st.add("queue", func(ctx context.Context) ([]prometheus.Metric, error) {
			list, err := s.Queue(ctx)
			return st.queue(list), err
		}, waitingDesc, oldestDesc)
	}
	if s.Due != nil {
		st.add("due", func(ctx context.Context) ([]prometheus.Metric, error) {
			passcodes, others, err := s.Due(ctx)
			return []prometheus.Metric{gauge(dueDesc, st.since(passcodes), "passcodes"), gauge(dueDesc, st.since(others), "others")}, err
		}, dueDesc)
	}
	for _, c := range []struct {
		name string
		desc *prometheus.Desc
		ask  func(context.Context) (int64, error)
	}{{"messages", messagesDesc, s.Messages}, {"audit", bareDesc, s.Bare}} {
		if c.ask != nil {
			st.add(c.name, func(ctx context.Context) ([]prometheus.Metric, error) {
				n, err := c.ask(ctx)
				return []prometheus.Metric{gauge(c.desc, float64(n))}, err
			}, c.desc)
		}
	}
	st.addMachine(s)
	st.addKeys(s)
	st.addCounts(s)
	return st
}

// since is how many seconds have passed since t; none if that is no time.
func (st *state) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return st.now().Sub(t).Seconds()
}

// addMachine adds what the disk and the database say.
func (st *state) addMachine(s Sources) {
	if s.Files != nil {
		st.add("files", func(context.Context) ([]prometheus.Metric, error) {
			database, log, err := s.Files()
			return []prometheus.Metric{gauge(databaseDesc, float64(database)), gauge(walDesc, float64(log))}, err
		}, databaseDesc, walDesc)
	}
	if s.Free != nil {
		st.add("disk", func(context.Context) ([]prometheus.Metric, error) {
			n, err := s.Free()
			return []prometheus.Metric{gauge(freeDesc, float64(n))}, err
		}, freeDesc)
	}
	if s.Probe != nil {
		st.add("probe", func(ctx context.Context) ([]prometheus.Metric, error) {
			return []prometheus.Metric{gauge(writableDesc, oneIf(s.Probe(ctx) == nil))}, nil
		}, writableDesc)
	}
}

// addKeys adds what destroying and revoking rest on.
func (st *state) addKeys(s Sources) {
	if s.Keys != nil {
		st.add("keys", func(ctx context.Context) ([]prometheus.Metric, error) {
			k, err := s.Keys(ctx)
			list := []prometheus.Metric{gauge(epochDesc, float64(k.Epoch)), gauge(missingDesc, float64(k.Missing)), gauge(failingDesc, oneIf(k.Failing))}
			if !k.Rotated.IsZero() {
				list = append(list, gauge(rotatedDesc, float64(k.Rotated.Unix())))
			}
			return list, err
		}, epochDesc, rotatedDesc, missingDesc, failingDesc)
	}
	if s.Journal != nil {
		st.add("journal", func(context.Context) ([]prometheus.Metric, error) {
			n, fault := s.Journal()
			return []prometheus.Metric{gauge(entriesDesc, float64(n)), gauge(behindDesc, oneIf(fault != nil))}, nil
		}, entriesDesc, behindDesc)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// addCounts adds what the program knows by heart.
func (st *state) addCounts(s Sources) {
	for _, c := range []struct {
		name string
		desc *prometheus.Desc
		ask  func() int
	}{{"readers", readersDesc, s.Readers}, {"streams", streamsDesc, s.Streams}} {
		if c.ask != nil {
			st.add(c.name, func(context.Context) ([]prometheus.Metric, error) {
				return []prometheus.Metric{gauge(c.desc, float64(c.ask()))}, nil
			}, c.desc)
		}
	}
	if s.Lanes != nil {
		st.add("lanes", func(context.Context) ([]prometheus.Metric, error) { return lanes(s.Lanes()), nil },
			placesDesc, inFlightDesc, inLineDesc, refusedDesc)
	}
	if s.Expiry != nil {
		st.add("certificate", func(context.Context) ([]prometheus.Metric, error) {
			at, is := s.Expiry()
			if !is {
				return nil, nil
			}
			return []prometheus.Metric{gauge(expiryDesc, float64(at.Unix()))}, nil
		}, expiryDesc)
	}
}

// lanes says how full each lane is.
func lanes(list []Lane) (out []prometheus.Metric) {
	for _, l := range list {
		out = append(out, gauge(placesDesc, float64(l.Places), l.Name), gauge(inFlightDesc, float64(l.InFlight), l.Name),
			gauge(inLineDesc, float64(l.Waiting), l.Name),
			prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(l.Refused), l.Name))
	}
	return out
}

func (st *state) add(name string, ask func(context.Context) ([]prometheus.Metric, error), descs ...*prometheus.Desc) {
	st.parts = append(st.parts, &part{name: name, descs: descs, ask: ask})
}

// queue says something of every kind, and puts the unknown together.
func (st *state) queue(list []Queued) (out []prometheus.Metric) {
	waiting, oldest := map[string]int{}, map[string]time.Duration{}
	known := map[string]bool{}
	for _, k := range kinds.values {
		known[k] = true
	}
	for _, q := range list {
		kind := q.Kind
		if !known[kind] {
			kind = other
		}
		waiting[kind] += q.Waiting
		oldest[kind] = max(oldest[kind], st.now().Sub(q.Oldest))
	}
	for _, k := range kinds.values {
		out = append(out, gauge(waitingDesc, float64(waiting[k]), k), gauge(oldestDesc, oldest[k].Seconds(), k))
	}
	return out
}

// Describe implements prometheus.Collector.
func (st *state) Describe(to chan<- *prometheus.Desc) {
	to <- readableDesc
	for _, p := range st.parts {
		for _, d := range p.descs {
			to <- d
		}
	}
}

// Collect implements prometheus.Collector. A source that fails leaves its metrics
// out: an old number would look like a new one.
func (st *state) Collect(to chan<- prometheus.Metric) {
	st.mu.Lock()
	defer st.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	for _, p := range st.parts {
		st.refresh(ctx, p)
		for _, m := range p.kept {
			to <- m
		}
	}
}

// refresh asks the source of a part, unless what it said is fresh.
func (st *state) refresh(ctx context.Context, p *part) {
	begun := st.now()
	if begun.Before(p.until) {
		return
	}
	list, err := p.ask(ctx)
	readable := 1.0
	if err != nil {
		list, readable = nil, 0
	}
	end := st.now()
	p.kept = append(list, gauge(readableDesc, readable, p.name))
	p.until = end.Add(max(fresh, restFactor*end.Sub(begun)))
}
