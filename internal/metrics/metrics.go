// Package metrics counts what an operator needs to know of a running server, and
// answers for it on a listener of its own.
//
// How many series there are is fixed before the first request. Every value of a
// label stands in a list of this package or is a route that the web server has
// registered; the series of all of them are made at once, and whatever is in no
// list counts as "other". So nothing that anybody sends can add a series, and no
// address, path, subject or token can become a label.
//
// Nothing is global: each [Metrics] has a registry of its own. What is handed to
// the packages that count may be nil, and then counts nothing.
package metrics

import (
	"errors"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"letterlock/internal/letterlock"
)

// Options are what the metrics say of the program itself.
type Options struct {
	Version string           // as `letterlock version` says it
	Commit  string           // empty: the build does not know
	Now     func() time.Time // nil: the machine's clock
}

// A Metrics is all that one server counts. Its parts are safe for concurrent use.
type Metrics struct {
	HTTP      *HTTP
	SMTP      *SMTP
	Gateway   *Gateway
	SignIns   *SignIns
	Passcodes *Passcodes
	OpenID    *OpenID
	Access    *Access
	Outbox    *Outbox
	Store     *Store
	Audit     *Audit

	registry *prometheus.Registry
	now      func() time.Time
}

// New returns metrics that have counted nothing yet.
func New(o Options) *Metrics {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := prometheus.NewRegistry()
	m := &Metrics{
		HTTP: newHTTP(r), SMTP: newSMTP(r), Gateway: newGateway(r), SignIns: newSignIns(r), Passcodes: newPasscodes(r), OpenID: newOpenID(r),
		Access: newAccess(r), Outbox: newOutbox(r), Store: newStore(r), Audit: newAudit(r),
		registry: r, now: o.Now,
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "letterlock_build_info", Help: "Always 1; the labels say which program runs.",
	}, []string{"version", "commit", "go"})
	build.WithLabelValues(o.Version, o.Commit, runtime.Version()).Set(1)
	start := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "letterlock_start_time_seconds", Help: "When the server was started, in seconds since 1970.",
	})
	start.Set(float64(o.Now().Unix()))
	r.MustRegister(build, start)
	return m
}

// other is what a label says instead of a value that is in no list.
const other = "other"

// A label is a name with all values that it may have.
type label struct {
	name   string
	values []string
}

// cells are the series of a metric, by the values of its one or two labels.
type cells[T any] map[[2]string]T

// at returns the series of the values, or of "other" in place of those that are
// in no list.
func (c cells[T]) at(a, b string) (series T, ok bool) {
	for _, key := range [][2]string{{a, b}, {other, b}, {a, other}, {other, other}} {
		if series, ok = c[key]; ok {
			return series, true
		}
	}
	return series, false
}

// fill makes the series of all values.
func fill[T any](with func(...string) T, labels ...label) cells[T] {
	c := cells[T]{}
	for _, a := range labels[0].values {
		if len(labels) == 1 {
			c[[2]string{a}] = with(a)
			continue
		}
		for _, b := range labels[1].values {
			c[[2]string{a, b}] = with(a, b)
		}
	}
	return c
}

func names(labels []label) (list []string) {
	for _, l := range labels {
		list = append(list, l.name)
	}
	return list
}

// counters count by one or two labels.
type counters cells[prometheus.Counter]

func newCounters(r prometheus.Registerer, name, help string, labels ...label) counters {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, names(labels))
	r.MustRegister(v)
	return counters(fill(v.WithLabelValues, labels...))
}

func (c counters) add(a, b string) {
	if series, ok := cells[prometheus.Counter](c).at(a, b); ok {
		series.Inc()
	}
}

// times are durations by one or two labels.
type times cells[prometheus.Observer]

func newTimes(r prometheus.Registerer, name, help string, labels ...label) times {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durations}, names(labels))
	r.MustRegister(v)
	return times(fill(v.WithLabelValues, labels...))
}

func (t times) add(a, b string, took time.Duration) {
	if series, ok := cells[prometheus.Observer](t).at(a, b); ok {
		series.Observe(took.Seconds())
	}
}

// durations are the bounds for all that people or programs wait for, in seconds:
// fine where a server is well, and up to where nobody waits any longer.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120}

func newCounter(r prometheus.Registerer, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.MustRegister(c)
	return c
}

func newTime(r prometheus.Registerer, name, help string) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durations})
	r.MustRegister(h)
	return h
}

// What became of something that was asked for.
const (
	done      = "done"
	refused   = "refused"   // on purpose: a right, a password or a form was missing
	throttled = "throttled" // too often
	failed    = "failed"    // our fault, or we were too busy
)

var results = label{"result", []string{done, refused, throttled, failed}}

// resultOf says what became of something by its error.
func resultOf(err error) string {
	if err == nil {
		return done
	}
	switch letterlock.CodeOf(err) {
	case letterlock.Throttled:
		return throttled
	case letterlock.Busy, letterlock.Internal:
		return failed
	}
	return refused
}

// busy reports whether the database could not do its part.
func busy(err error) bool { return errors.Is(err, letterlock.Busy) }
