package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"letterlock/internal/cputime"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/seed"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

// counts is a flag: how many messages each of the databases holds.
type counts []int

func (c *counts) String() string { return fmt.Sprint([]int(*c)) }

func (c *counts) Set(s string) error {
	*c = nil
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of messages", part)
		}
		*c = append(*c, n)
	}
	return nil
}

// An archive is a database of many messages, as administrators ask it.
type archive struct {
	n      int
	db     *store.DB
	track  *track.Service
	bare   *bareIndex
	sample seed.Sample
	days   track.ReportQuery // the last 90 days
	middle time.Time
	busy   letterlock.Actor // who has sent most
	second string           // cursor of the second page of the trace
	id     letterlock.ID    // of the sample's message
}

// archives are made once for each size. The clock stands still at their end.
var archiveEnd = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

var auditor = letterlock.Actor{Kind: letterlock.Staff, Address: "audit@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}

// trace measures what administrators ask, at each number of messages. It measures
// where the answer is made, without a network or a page around it.
func (b *bench) trace() {
	host.LeaveRoom() // as the server does
	var list []*archive
	for _, n := range b.sizes.messages {
		list = append(list, b.archive(n))
	}
	for _, q := range questions() {
		b.table.grow(b.ask(list, q))
	}
	for _, a := range list {
		b.check(errors.Join(a.bare.db.Close(), a.db.Close()))
	}
}

// archive makes a database of n messages, or opens one that an earlier run kept.
func (b *bench) archive(n int) *archive {
	b.t.Helper()
	dir := filepath.Join(b.sizes.archives, fmt.Sprintf("%d-messages", n))
	if b.sizes.archives == "" {
		dir = b.dir()
	}
	b.check(os.MkdirAll(dir, 0o700))
	ctx := context.Background()
	a := &archive{n: n, middle: archiveEnd.AddDate(0, 0, -60)}
	note := filepath.Join(dir, "sample.json")
	if text, err := os.ReadFile(note); err == nil {
		b.check(json.Unmarshal(text, &a.sample))
		b.openArchive(ctx, a, dir)
	} else {
		b.fill(ctx, a, dir)
		text, err := json.Marshal(a.sample)
		b.check(errors.Join(err, os.WriteFile(note, text, 0o600)))
	}
	var err error
	a.bare, err = openBareIndex(dir)
	b.check(err)
	a.track = &track.Service{DB: a.db}
	a.busy = letterlock.Actor{Kind: letterlock.Staff, Address: a.sample.Busiest, Roles: []letterlock.Role{letterlock.Sender}}
	a.days = track.ReportQuery{From: archiveEnd.AddDate(0, 0, -89), Until: archiveEnd}
	p, err := a.track.Trace(ctx, auditor, track.TraceQuery{})
	b.check(err)
	a.second = p.More
	d, err := a.track.TracedMessageID(ctx, auditor, a.sample.MessageID)
	b.check(err)
	a.id = d.Message.ID
	return a
}

func (b *bench) openArchive(ctx context.Context, a *archive, dir string) {
	b.t.Helper()
	var err error
	a.db, err = store.Open(ctx, dir, func() time.Time { return archiveEnd })
	b.check(err)
}

// A million messages are seeded in three minutes. What begins and ends a fill makes few
// messages slow, and their rate says nothing.
const (
	seedGoal   = 3 * time.Minute
	seedEnough = 100_000
)

// fill seeds an archive, and says how long that takes.
func (b *bench) fill(ctx context.Context, a *archive, dir string) {
	b.t.Helper()
	began, busy := time.Now(), b.usage()
	var err error
	a.sample, err = seed.Fill(ctx, dir, seed.Plan{Messages: a.n, End: archiveEnd}, func(n int) {
		if n%100_000 == 0 {
			fmt.Fprintf(progress, "seeded %d of %d, %s\n", n, a.n, time.Since(began).Round(time.Second))
		}
	})
	b.check(err)
	filled, busy := time.Since(began), b.usage()-busy
	b.openArchive(ctx, a, dir)
	b.check(a.db.CatchUp(ctx))
	all := time.Since(began)
	work := fmt.Sprintf("seed %s messages", thousands(a.n))
	rate, g, least := float64(a.n)/filled.Seconds(), noGoal, 1_000_000/seedGoal.Seconds()
	if a.n >= seedEnough {
		g = goal{"at least " + perSecond(least) + ", a million in " + seedGoal.String(), rate >= least}
	}
	b.table.add(work, "through the store, a second", perSecond(rate), "", "", g)
	b.table.add(work, "took; CPU", filled.Round(time.Second).String()+"; "+busy.Round(time.Second).String(), "", "", noGoal)
	b.table.add(work, "learned by search and report", (all - filled).Round(time.Second).String(), "", "", noGoal)
}

// usage is how long this process was on a processor, its collector included.
func (b *bench) usage() time.Duration {
	b.t.Helper()
	var u syscall.Rusage
	b.check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A question is one thing to ask of an archive.
type question struct {
	what   string
	do     func(ctx context.Context, a *archive) error
	p99    time.Duration // at the most messages; 0: no goal
	growth float64       // from the fewest to the most; 0: no goal

	limit func(ctx context.Context, a *archive) error // what the goal is measured against; nil: a clock
}

const (
	wordsGoal, partsGoal, reportGoal = time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond
	growthGoal                       = 1.2
)

// traced is the question of a search; page says that any page will do.
func traced(what string, p99 time.Duration, growth float64, search func(a *archive) letterlock.Search) question {
	return question{"trace, " + what, func(ctx context.Context, a *archive) error {
		_, err := a.track.Trace(ctx, auditor, track.TraceQuery{Search: search(a)})
		return err
	}, p99, growth, nil}
}

// words is the question of a search for words, in turns with the limit's: what a common
// word takes it says how fast the machine is.
func words(what string, subject func(a *archive) string) question {
	q := traced(what, wordsGoal, 0, func(a *archive) letterlock.Search { return letterlock.Search{Subject: subject(a)} })
	q.limit = func(ctx context.Context, a *archive) error { return a.bare.newest(ctx, a.sample.Common) }
	return q
}

func questions() []question {
	type find = letterlock.Search
	list := []question{
		traced("newest", 0, growthGoal, func(a *archive) find { return find{} }),
		{"trace, second page", func(ctx context.Context, a *archive) error {
			_, err := a.track.Trace(ctx, auditor, track.TraceQuery{Before: a.second})
			return err
		}, 0, growthGoal, nil},
		traced("sender", 0, 0, func(a *archive) find { return find{Sender: string(a.sample.Sender)} }),
		traced("domain of the sender", 0, 0, func(a *archive) find { return find{Sender: "@" + a.sample.Sender.Domain()} }),
		traced("part of the sender", partsGoal, 0, func(a *archive) find { return find{Sender: a.sample.Sender.Local()[:5]} }),
		traced("recipient", 0, 0, func(a *archive) find { return find{Recipient: string(a.sample.Recipient)} }),
		traced("domain of a recipient", 0, 0, func(a *archive) find { return find{Recipient: "@" + a.sample.Recipient.Domain()} }),
		traced("part of a recipient", partsGoal, 0, func(a *archive) find { return find{Recipient: a.sample.Recipient.Local()[:5]} }),
		words("common word", func(a *archive) string { return a.sample.Common }),
		words("rare word", func(a *archive) string { return a.sample.Rare }),
		words("common and rare word", func(a *archive) string { return a.sample.Common + " " + a.sample.Rare }),
		traced("beginning of a word", partsGoal, 0, func(a *archive) find { return find{Subject: a.sample.Common[:3] + "*"} }),
		traced("Message-ID", 0, 0, func(a *archive) find { return find{MessageID: a.sample.MessageID} }),
		traced("part of the Message-ID", partsGoal, 0, func(a *archive) find { return find{MessageID: a.sample.MessageID[5:15]} }),
		traced("seven days", 0, 0, func(a *archive) find { return find{From: a.middle, Until: a.middle.AddDate(0, 0, 7)} }),
		traced("identity type", 0, 0, func(a *archive) find { return find{Identity: letterlock.Google} }),
	}
	for _, c := range []letterlock.Condition{letterlock.IsUnread, letterlock.IsRead, letterlock.IsRevoked, letterlock.ExpiresSoon,
		letterlock.IsExpired, letterlock.IsInline, letterlock.IsBounced, letterlock.IsDelayed, letterlock.IsDestroyed} {
		list = append(list, traced(string(c), 0, 0, func(*archive) find { return find{State: c} }))
	}
	return append(append(list,
		traced("sender, word, days and state", 0, 0, func(a *archive) find {
			return find{Sender: string(a.sample.Busiest), Subject: a.sample.Common, From: a.middle, State: letterlock.IsRead}
		}),
		traced("recipient's domain, part, word and state", partsGoal, 0, func(a *archive) find {
			return find{Recipient: "@" + a.sample.Recipient.Domain(), Sender: "becker", Subject: a.sample.Common, State: letterlock.IsRevoked}
		}),
		traced("recipient and state", 0, 0, func(a *archive) find {
			return find{Recipient: string(a.sample.Recipient), State: letterlock.IsUnread}
		}),
		traced("recipient's domain and state", 0, 0, func(a *archive) find {
			return find{Recipient: "@" + a.sample.Recipient.Domain(), State: letterlock.IsRead}
		}),
		traced("identity type and state", 0, 0, func(a *archive) find {
			return find{Identity: letterlock.Google, State: letterlock.IsUnread}
		}),
		traced("recipient's domain and identity type", 0, 0, func(a *archive) find {
			return find{Recipient: "@" + a.sample.Recipient.Domain(), Identity: letterlock.Google}
		})), others()...)
}

// others are what is asked beside the trace.
func others() []question {
	return []question{
		{"More information", func(ctx context.Context, a *archive) error {
			_, err := a.track.Traced(ctx, auditor, a.id)
			return err
		}, 0, growthGoal, nil},
		{"report, first page of the details", func(ctx context.Context, a *archive) error {
			_, err := a.track.ReportRows(ctx, auditor, a.days, "", 50)
			return err
		}, reportGoal, growthGoal, nil},
		{"report, chart of 90 days and domains", func(ctx context.Context, a *archive) error {
			_, err := a.track.Report(ctx, auditor, a.days)
			return err
		}, reportGoal, 0, nil},
		{"report by template, in a zone of its own", func(ctx context.Context, a *archive) error {
			q := a.days
			q.From, q.By = q.From.In(time.FixedZone("", 5*3600+45*60)), track.ByTemplate
			_, err := a.track.Report(ctx, auditor, q)
			return err
		}, reportGoal, 0, nil},
		{"list of Sent, of who sends most", func(ctx context.Context, a *archive) error {
			_, err := a.track.Sent(ctx, a.busy, track.Query{Limit: 10})
			return err
		}, 0, growthGoal, nil},
	}
}

// A grown is what one question took at each number of messages: p50 and p99 of the
// time, and p50 of the time on a processor, which others on the machine change less.
// Each is the median of those of the stretches.
type grown struct {
	q             question
	p50, p99, cpu []time.Duration
	limit         time.Duration // p50 of the limit at the most messages; 0: there is none
	times         float64       // p99 at the most messages, in p50 of the limit in the same stretch
}

// A question is measured in so many stretches of time: others on the machine slow it down
// for seconds, which would be all that a p99 of everything says.
const stretches = 5

// took is how long one question took each time that it was asked.
type took struct{ time, cpu []time.Duration }

func (t *took) measure(do func() error) (err error) {
	began := time.Now()
	busy := cputime.Of(func() { err = do() })
	t.time, t.cpu = append(t.time, time.Since(began)), append(t.cpu, busy)
	return err
}

// at returns what percent of the times are not above.
func at(percent int, times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)*percent/100]
}

// median returns the one in the middle.
func median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// ask asks every archive the same, in turns, and the limit of the largest, for about as
// long as a round.
func (b *bench) ask(list []*archive, q question) grown {
	b.t.Helper()
	ctx := context.Background()
	var ways []func() error
	for _, a := range list {
		ways = append(ways, func() error { return q.do(ctx, a) })
	}
	if q.limit != nil {
		ways = append(ways, func() error { return q.limit(ctx, list[len(list)-1]) })
	}
	b.stretch(q, ways, 2, 0) // after it every connection has its statements
	var all [stretches][]took
	for i := range all {
		all[i] = b.stretch(q, ways, 100, b.sizes.round*time.Duration(len(ways))/stretches)
	}
	g := grown{q: q}
	for i := range list {
		var p50, p99, cpu []time.Duration
		for _, s := range all {
			p50, p99, cpu = append(p50, at(50, s[i].time)), append(p99, at(99, s[i].time)), append(cpu, at(50, s[i].cpu))
		}
		g.p50, g.p99, g.cpu = append(g.p50, median(p50)), append(g.p99, median(p99)), append(g.cpu, median(cpu))
	}
	if q.limit != nil {
		g.limit, g.times = against(all[:], len(list)-1, len(list))
	}
	return g
}

// against says how long the limit takes, and how many times that p99 of a way is.
func against(all [][]took, way, limit int) (p50 time.Duration, times float64) {
	var list []time.Duration
	var ratios []float64
	for _, s := range all {
		least := at(50, s[limit].time)
		list, ratios = append(list, least), append(ratios, float64(at(99, s[way].time))/float64(least))
	}
	return median(list), median(ratios)
}

// stretch asks in all ways in turns, four times each, for some time and not more often than that.
func (b *bench) stretch(q question, ways []func() error, most int, long time.Duration) []took {
	b.t.Helper()
	all := make([]took, len(ways))
	end := time.Now().Add(long)
	for round := 0; round < 2 || time.Now().Before(end) && round < most; round++ {
		for i, do := range ways {
			for range 4 {
				if err := all[i].measure(do); err != nil {
					b.t.Fatalf("%s, way %d: %v", q.what, i, err)
				}
			}
		}
	}
	return all
}
