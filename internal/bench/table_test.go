package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// A report is the table that is printed in the end.
type report struct {
	lines []line
}

type line struct {
	work, what, product, limit, ratio, goal string
	verdict                                 string // met, missed; empty where there is no goal
}

// A goal is what a figure is to reach. Those in numbers come from a machine of
// two cores and mean something on one like it; those in ratios, anywhere.
type goal struct {
	text string
	met  bool
}

var noGoal = goal{}

func (r *report) add(work, what, product, limit, ratio string, g goal) {
	l := line{work, what, product, limit, ratio, g.text, ""}
	if g.text != "" {
		l.verdict = map[bool]string{true: "met", false: "MISSED"}[g.met]
	}
	r.lines = append(r.lines, l)
	fmt.Fprintf(progress, "%s, %s: %s (limit %s, ratio %s) %s\n", work, what, product, limit, ratio, l.verdict)
}

func (r *report) print(w io.Writer, conditions []string) {
	fmt.Fprintln(w)
	for _, c := range conditions {
		fmt.Fprintln(w, c)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| Work\t| Figure\t| Product\t| Limit\t| Ratio\t| Goal\t| \t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	last := ""
	for _, l := range r.lines {
		work := l.work
		if work == last {
			work = ""
		}
		last = l.work
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t|\n", work, l.what, l.product, l.limit, l.ratio, l.goal, l.verdict)
	}
	t.Flush()
}

// duel adds what a pair of figures says: rate, latency and CPU.
func (r *report) duel(work string, d duel, rate, p99, cpu goal) {
	r.add(work, "per second", perSecond(d.product.rate), perSecond(d.limit.rate), times(d.ratio), rate)
	r.add(work, "p50; p99", span(d.product.p50)+"; "+span(d.product.p99), span(d.limit.p50)+"; "+span(d.limit.p99),
		times(float64(d.product.p99)/float64(d.limit.p99)), p99)
	if d.product.cpu == 0 {
		return
	}
	r.add(work, "CPU each", span(d.product.cpu), span(d.limit.cpu), times(d.cpuRatio), cpu)
}

func perSecond(rate float64) string {
	if rate < 1000 {
		return fmt.Sprintf("%.0f", rate)
	}
	return fmt.Sprintf("%d,%03d", int(rate)/1000, int(rate)%1000)
}

func times(ratio float64) string { return fmt.Sprintf("%.2f", ratio) }

func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/(1<<20)) }

// Goals.

func atLeastRatio(d duel, least float64) goal {
	return goal{fmt.Sprintf("ratio at least %.1f", least), d.ratio >= least}
}

func atLeastRate(d duel, least float64, why string) goal {
	return goal{"at least " + perSecond(least) + why, d.product.rate >= least}
}

func atMost(d, most time.Duration) goal { return goal{"at most " + span(most), d <= most} }

func atMostBytes(n, most int64) goal { return goal{"at most " + megabytes(most), n <= most} }
