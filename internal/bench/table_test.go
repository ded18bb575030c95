package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is the table that is printed in the end.
type report struct {
	lines []line
	grown []grown
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

func (r *report) print(w io.Writer, conditions []string, messages []int) {
	fmt.Fprintln(w)
	for _, c := range conditions {
		fmt.Fprintln(w, c)
	}
	r.printLines(w)
	r.printGrown(w, messages)
}

func (r *report) printLines(w io.Writer) {
	if len(r.lines) == 0 {
		return
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

// grow adds what a question took at each number of messages.
func (r *report) grow(g grown) {
	r.grown = append(r.grown, g)
	last := len(g.p50) - 1
	text, verdict := g.goal()
	fmt.Fprintf(progress, "%s: %s, p99 %s, CPU %s, %s times what it was; %s %s\n", g.q.what, span(g.p50[last]), span(g.p99[last]), span(g.cpu[last]), times(g.growth()), text, verdict)
}

// growth is how many times more work it was at the most messages than at the fewest.
func (g grown) growth() float64 { return float64(g.cpu[len(g.cpu)-1]) / float64(max(g.cpu[0], 1)) }

// goal says what a question is to take, and whether it does.
func (g grown) goal() (text, verdict string) {
	met := true
	var goals []string
	if g.q.p99 > 0 {
		goals = append(goals, "p99 at most "+span(g.q.p99))
		met = g.p99[len(g.p99)-1] <= g.q.p99
		if g.limit > 0 {
			// On a slower machine both take longer than where the goal comes from.
			most := float64(g.q.p99) / float64(bareWord)
			goals[0] += fmt.Sprintf(", or %.1f times p50 of the limit: %.1f times %s", most, g.times, span(g.limit))
			met = met || g.times <= most
		}
	}
	if g.q.growth > 0 {
		goals = append(goals, fmt.Sprintf("growth at most %.1f", g.q.growth))
		met = met && g.growth() <= g.q.growth
	}
	if goals == nil {
		return "", ""
	}
	return strings.Join(goals, ", "), map[bool]string{true: "met", false: "MISSED"}[met]
}

func (r *report) printGrown(w io.Writer, messages []int) {
	if len(r.grown) == 0 {
		return
	}
	fmt.Fprintln(w, "\nWhat administrators ask, p50; p99; CPU where the answer is made, by the messages that are stored, and growth of CPU:")
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	head, rule := "| Question\t", "|---\t"
	for _, n := range messages {
		head, rule = head+"| "+thousands(n)+"\t", rule+"|---\t"
	}
	fmt.Fprintln(t, head+"| Growth\t| Goal\t| \t|")
	fmt.Fprintln(t, rule+"|---\t|---\t|---\t|")
	for _, g := range r.grown {
		row := "| " + g.q.what + "\t"
		for i := range g.p50 {
			row += "| " + span(g.p50[i]) + "; " + span(g.p99[i]) + "; " + span(g.cpu[i]) + "\t"
		}
		text, verdict := g.goal()
		fmt.Fprintf(t, "%s| %s\t| %s\t| %s\t|\n", row, times(g.growth()), text, verdict)
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

func perSecond(rate float64) string { return thousands(int(math.Round(rate))) }

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
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

func kilobytes(n int64) string { return fmt.Sprintf("%.1f KB", float64(n)/1000) }

// Goals.

func atLeastRatio(d duel, least float64) goal {
	return goal{fmt.Sprintf("ratio at least %.1f", least), d.ratio >= least}
}

func atLeastRate(d duel, least float64, why string) goal {
	return goal{"at least " + perSecond(least) + why, d.product.rate >= least}
}

func atMost(d, most time.Duration) goal { return goal{"at most " + span(most), d <= most} }

func atMostBytes(n, most int64) goal { return goal{"at most " + megabytes(most), n <= most} }
