package main

import (
	"database/sql"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
	"letterlock/internal/store"
)

// A chart is what the report's page says of the last thirty days.
type chart struct {
	Names  []string   // of the lines, by the legend
	Totals []string   // of the lines, by the legend
	Paths  []string   // of the lines as they are drawn, in the order of the legend
	Marks  [][]string // what their markers say
	Height string     // what the top of the field stands for
	Heads  []string   // of the table
	Rows   [][]string // the day first
	Bars   []string   // "gmail.com 12"
}

// readChart is a function of the page that reads a chart.
const readChart = `(() => {
	const all = (selector, of = document) => [...of.querySelectorAll(selector)];
	const text = e => e.textContent.trim();
	const styles = all(".legend .chart-line").map(e => "." + e.classList[1]);
	return {
		Names: all(".legend bdi").map(text), Totals: all(".legend b").map(text),
		Paths: styles.map(s => document.querySelector(".chart " + s).getAttribute("d")),
		Marks: styles.map(s => all(".chart " + s.replace("line", "dot") + " title").map(text)),
		Height: text(document.querySelector(".chart-y span")),
		Heads: all("figure thead th").slice(1).map(text),
		Rows: all("figure tbody tr").map(r => all("th, td", r).map(text)),
		Bars: all(".bars li").map(e => text(e.querySelector("bdi")) + " " + text(e.querySelector("b"))),
	};
})()`

// checkChart compares what the report draws and what its table says of thirty days with
// what the messages of the running server's database come to.
func checkChart(t *testing.T, p *program, admin *browsertest.Page) {
	t.Helper()
	admin.Goto(p.site + "/report?days=30")
	var c chart
	admin.Eval(readChart, &c)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(p.settings), "data", store.File)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	year, month, day := time.Now().Date()
	from := time.Date(year, month, day-29, 0, 0, 0, 0, time.Local)
	counts := countByDay(t, db, from)
	methods := len(counts)
	total := make([]int, 30)
	busy := 0
	for d := range total {
		for _, days := range counts {
			total[d] += days[d]
		}
		if total[d] > 0 {
			busy++
		}
	}
	if methods < 2 || busy < 2 {
		t.Fatalf("this proves nothing: the messages are %v", counts)
	}
	counts["total"] = total
	if got, want := slices.Sorted(slices.Values(c.Names)), slices.Sorted(maps.Keys(counts)); !slices.Equal(got, want) || !slices.Equal(c.Heads, c.Names) {
		t.Fatalf("the lines are %q, the columns %q, want %q", c.Names, c.Heads, want)
	}
	for i, name := range c.Names {
		c.checkLine(t, i, counts[name])
	}
	if want := countDomains(t, db, from); !slices.Equal(c.Bars, want) {
		t.Errorf("the domains are %q, want %q", c.Bars, want)
	}
}

// checkLine compares the legend, a column of the table, a line and its markers with
// the messages of each day.
func (c chart) checkLine(t *testing.T, i int, want []int) {
	t.Helper()
	if len(c.Rows) != len(want) || len(c.Marks[i]) != len(want) {
		t.Fatalf("%s has %d rows and %d markers, want %d days", c.Names[i], len(c.Rows), len(c.Marks[i]), len(want))
	}
	var column []int
	total := 0
	for d, n := range want {
		total += n
		row := c.Rows[d]
		cell, err := strconv.Atoi(row[i+1])
		if err != nil {
			t.Fatal(err)
		}
		column = append(column, cell)
		if says := fmt.Sprintf("%s, %s: %d", row[0], c.Names[i], n); c.Marks[i][d] != says {
			t.Errorf("a marker says %q, want %q", c.Marks[i][d], says)
		}
	}
	if !slices.Equal(column, want) {
		t.Errorf("%s: the table says %v, want %v", c.Names[i], column, want)
	}
	if c.Totals[i] != strconv.Itoa(total) {
		t.Errorf("%s: the legend says %s, want %d", c.Names[i], c.Totals[i], total)
	}
	if drawn := c.drawn(t, i); !slices.Equal(drawn, want) {
		t.Errorf("%s: the line stands for %v, want %v", c.Names[i], drawn, want)
	}
}

// drawn reads a line as an eye would: how high it is on each day.
func (c chart) drawn(t *testing.T, i int) (days []int) {
	t.Helper()
	high, err := strconv.Atoi(c.Height)
	if err != nil {
		t.Fatal(err)
	}
	for point := range strings.SplitSeq(c.Paths[i][1:], "L") {
		var x, y float64
		if _, err := fmt.Sscan(point, &x, &y); err != nil {
			t.Fatalf("%s: %q is no point: %v", c.Names[i], point, err)
		}
		if at := 1000 * float64(len(days)) / 29; math.Abs(x-at) > 0.1 {
			t.Errorf("%s: day %d is drawn at %.1f, want %.1f", c.Names[i], len(days), x, at)
		}
		days = append(days, int(math.Round((200-y)/200*float64(high))))
	}
	return days
}

// countByDay counts the messages of thirty days by encryption method.
func countByDay(t *testing.T, db *sql.DB, from time.Time) map[string][]int {
	t.Helper()
	counts := make(map[string][]int)
	for d := range 30 {
		day := from.AddDate(0, 0, d)
		for method, n := range tally(t, db, `SELECT method, COUNT(*) FROM messages
			WHERE status <> 'incoming' AND accepted_at >= $1 AND accepted_at < $2 GROUP BY method`, day.Unix(), day.AddDate(0, 0, 1).Unix()) {
			if counts[method] == nil {
				counts[method] = make([]int, 30)
			}
			counts[method][d] = n
		}
	}
	return counts
}

// countDomains counts recipients, those of the five greatest domains first.
func countDomains(t *testing.T, db *sql.DB, from time.Time) (list []string) {
	t.Helper()
	counts := tally(t, db, `SELECT substr(r.address, instr(r.address, '@') + 1), COUNT(*) FROM recipients r JOIN messages m ON m.id = r.message
		WHERE m.status <> 'incoming' AND m.accepted_at >= $1 GROUP BY 1`, from.Unix())
	for _, domain := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	}) {
		list = append(list, fmt.Sprintf("%s %d", domain, counts[domain]))
	}
	return list[:min(5, len(list))]
}

// tally reads names with a number each.
func tally(t *testing.T, db *sql.DB, query string, args ...any) map[string]int {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := make(map[string]int)
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}
