package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/track"
	"letterlock/views"
)

// The field on which a chart is drawn, and how much of it people can tell apart.
const (
	chartWide  = 1000
	chartHigh  = 200
	chartParts = 4  // between the horizontal lines
	mostLines  = 5  // beside the total; what is more is put together
	mostMarks  = 31 // on a line
	mostDays   = 5  // labels under the chart
)

// chartOf draws the report. Nothing is drawn of days on which nothing was sent.
func (s speaker) chartOf(r track.Report, by track.Breakdown) *views.Chart {
	if r.Total == 0 {
		return nil
	}
	series := s.seriesOf(r, by)
	most := 0
	for _, l := range series {
		for _, n := range l.counts {
			most = max(most, n)
		}
	}
	step := stepFor(most)
	c := &views.Chart{}
	for i := range chartParts + 1 {
		c.Heights = append(c.Heights, grouped(step*(chartParts-i)))
	}
	for _, l := range series {
		c.Lines = append(c.Lines, s.line(l, r.Days, step*chartParts))
		c.Table.Heads = append(c.Table.Heads, l.name)
	}
	for i, d := range r.Days {
		row := views.ChartRow{Day: s.chartDay(d.Day)}
		for _, l := range series {
			row.Cells = append(row.Cells, grouped(l.counts[i]))
		}
		c.Table.Rows = append(c.Table.Rows, row)
	}
	for i := 0; i < len(r.Days); i += max(1, (len(r.Days)+mostDays-3)/(mostDays-1)) {
		c.Days = append(c.Days, views.ChartDay{X: decimal(chartX(i, len(r.Days))/(chartWide/100)) + "%", Text: s.said(r.Days[i].Day, s.Short).Text})
	}
	c.Spoken = s.spokenChart(r, series)
	return c
}

// plotted is what one line of the chart shows.
type plotted struct {
	style, name string
	total       int
	counts      []int // by day
}

// seriesOf are the lines of the chart: one for each method or template, the least
// of many put together, and the total where there is more than one.
func (s speaker) seriesOf(r track.Report, by track.Breakdown) (list []plotted) {
	for i, series := range r.Series {
		if i >= mostLines && len(r.Series) > mostLines {
			i = mostLines - 1
		}
		if i == len(list) {
			list = append(list, plotted{style: strconv.Itoa(i + 1), name: series.Name, counts: make([]int, len(r.Days))})
			if by == track.ByTemplate {
				list[i].name = s.templateOf(series.Name)
			}
		}
		list[i].total += series.Total
	}
	if more := len(r.Series) - mostLines; more > 0 {
		list[mostLines-1].name = s.Text("report.others", "Value", strconv.Itoa(more+1))
	}
	all := plotted{style: "total", name: "total", total: r.Total}
	for d, day := range r.Days {
		for i, n := range day.Counts {
			list[min(i, mostLines-1)].counts[d] += n
		}
		all.counts = append(all.counts, day.Total)
	}
	if len(list) > 1 {
		list = append(list, all)
	}
	return list
}

// line draws one line, with markers that do not touch each other.
func (s speaker) line(l plotted, days []track.ReportDay, high int) views.ChartLine {
	line := views.ChartLine{Style: l.style, Name: l.name, Total: grouped(l.total)}
	every := max(1, (len(l.counts)+mostMarks-1)/mostMarks)
	var path strings.Builder
	for i, n := range l.counts {
		at := decimal(chartX(i, len(l.counts))) + " " + decimal(chartHigh-chartHigh*float64(n)/float64(high))
		if i == 0 {
			path.WriteString("M" + at)
		} else {
			path.WriteString("L" + at)
		}
		if i%every == 0 {
			title := fmt.Sprintf("%s, %s: %s", s.chartDay(days[i].Day), l.name, grouped(n))
			line.Marks = append(line.Marks, views.ChartMark{Path: "M" + at + "h.01", Title: title})
		}
	}
	line.Path = path.String()
	return line
}

// chartX is where a day is. A single day stands in the middle.
func chartX(i, days int) float64 {
	if days == 1 {
		return chartWide / 2
	}
	return chartWide * float64(i) / float64(days-1)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// stepFor is a round number that fits chartParts times over the greatest.
func stepFor(most int) int {
	for ten := 1; ; ten *= 10 {
		for _, n := range []int{1, 2, 5} {
			if n*ten*chartParts >= most {
				return n * ten
			}
		}
	}
}

// chartDay is a day in the table and on the markers, with its year when that is
// not this one.
func (s speaker) chartDay(t time.Time) string { return s.day(t).Text }

// spokenChart says in a sentence or two what the lines show.
func (s speaker) spokenChart(r track.Report, series []plotted) string {
	first, last := r.Days[0].Day, r.Days[len(r.Days)-1].Day
	text := s.Text("report.lineChart", "Said", s.said(first, s.Date).Text)
	if !first.Equal(last) {
		text += " " + s.Text("report.to", "Said", s.said(last, s.Date).Text)
	}
	for _, l := range series {
		most := 0
		for i, n := range l.counts {
			if n > l.counts[most] {
				most = i
			}
		}
		text += ". " + s.Text("report.onAtMost", "Name", l.name, "Messages", s.Count("count.message", l.total), "Counts", grouped(l.counts[most]), "ChartDay", s.chartDay(r.Days[most].Day))
	}
	return s.Text("report.theTableBelowHasEvery", "Text", text)
}

// domainBars are as long as their part of the greatest.
func domainBars(list []track.DomainCount) (bars []views.DomainBar) {
	for _, d := range list {
		bars = append(bars, views.DomainBar{
			Domain: d.Domain, Count: grouped(d.Recipients),
			Width: decimal(100*float64(d.Recipients)/float64(max(1, list[0].Recipients))) + "%",
		})
	}
	return bars
}
