package ical

import (
	"strconv"
	"strings"
	"time"
)

// A parser takes lines. What it does not know it passes over, whatever it is in.
type parser struct {
	method string
	inside []string // components that are open
	deeper int
	events []draft
	zones  map[string]zone
	zone   string // name of the one being read
}

// A draft is an event whose times wait for the zones, which may come after it.
type draft struct {
	Event
	start, end property
	duration   time.Duration
	done       bool
}

const maxInside = 10

func (p *parser) line(line string) {
	q, ok := cut(line)
	if !ok {
		return
	}
	switch q.name {
	case "BEGIN":
		p.begin(strings.ToUpper(strings.TrimSpace(q.value)))
		return
	case "END":
		p.end(strings.ToUpper(strings.TrimSpace(q.value)))
		return
	}
	switch p.in() {
	case "VCALENDAR":
		if q.name == "METHOD" && p.method == "" {
			p.method = strings.ToUpper(words(q.value))
		}
	case "VEVENT":
		if n := len(p.events); n > 0 && !p.events[n-1].done {
			p.events[n-1].set(q)
		}
	case "VTIMEZONE":
		if q.name == "TZID" && len(p.zones) < maxZones {
			p.zone = words(q.value)
			p.zones[p.zone] = zone{}
		}
	case "STANDARD", "DAYLIGHT":
		if z, ok := p.zones[p.zone]; ok && len(z) > 0 {
			z[len(z)-1].set(q)
		}
	}
}

// in is the innermost component that is open.
func (p *parser) in() string {
	if len(p.inside) == 0 || p.deeper > 0 {
		return ""
	}
	return p.inside[len(p.inside)-1]
}

const maxEvents = 500

func (p *parser) begin(name string) {
	around := p.in()
	if len(p.inside) >= maxInside {
		p.deeper++
		return
	}
	p.inside = append(p.inside, name)
	if p.zones == nil {
		p.zones = map[string]zone{}
	}
	switch {
	case name == "VEVENT" && len(p.events) < maxEvents:
		p.events = append(p.events, draft{})
	case name == "VTIMEZONE":
		p.zone = ""
	case around == "VTIMEZONE" && (name == "STANDARD" || name == "DAYLIGHT"):
		if z, ok := p.zones[p.zone]; ok && len(z) < 50 {
			p.zones[p.zone] = append(z, observance{})
		}
	}
}

func (p *parser) end(name string) {
	if p.deeper > 0 {
		p.deeper--
		return
	}
	if len(p.inside) > 0 && p.in() == name {
		p.inside = p.inside[:len(p.inside)-1]
	}
	if n := len(p.events); name == "VEVENT" && n > 0 {
		p.events[n-1].done = true
	}
}

func (d *draft) set(q property) {
	switch q.name {
	case "SUMMARY":
		d.Title = words(q.value)
	case "LOCATION":
		d.Where = words(q.value)
	case "DESCRIPTION":
		d.Description = plain(q.value)
	case "STATUS":
		d.Cancelled = strings.EqualFold(strings.TrimSpace(q.value), "CANCELLED")
	case "SEQUENCE":
		d.Revision = number(q.value)
	case "DTSTART":
		d.start = q
	case "DTEND":
		d.end = q
	case "DURATION":
		d.duration = duration(q.value)
	case "ORGANIZER":
		d.Organizer = person(q)
	case "ATTENDEE":
		if d.People++; len(d.Attendees) < maxPeople {
			d.Attendees = append(d.Attendees, person(q))
		}
	case "RRULE":
		d.Rule = rule(q.value)
	}
}

// resolve reads the times, now that all zones are known.
func (d *draft) resolve(zones map[string]zone) Event {
	e := d.Event
	e.Start = moment(d.start, zones)
	e.End = moment(d.end, zones)
	if e.End.IsZero() && d.duration > 0 && !e.Start.IsZero() {
		e.End = e.Start
		e.End.Time = e.Start.Add(d.duration)
	}
	if e.End.Before(e.Start.Time) || e.End.Day != e.Start.Day {
		e.End = Moment{}
	}
	return e
}

func person(q property) Person {
	address := strings.TrimSpace(q.value)
	if len(address) >= 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	return Person{Name: words(q.params["CN"]), Address: words(address), Answer: strings.ToUpper(words(q.params["PARTSTAT"]))}
}

// number reads a small number; anything else is 0.
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 1_000_000 {
		return 0
	}
	return n
}

func rule(s string) Rule {
	r := Rule{Interval: 1}
	for part := range strings.SplitSeq(s[:min(len(s), 1000)], ";") {
		name, v, _ := strings.Cut(part, "=")
		switch strings.ToUpper(name) {
		case "FREQ":
			switch v = strings.ToUpper(v); v {
			case "DAILY", "WEEKLY", "MONTHLY", "YEARLY":
				r.Every = v
			}
		case "INTERVAL":
			r.Interval = max(1, number(v))
		case "COUNT":
			r.Count = number(v)
		case "UNTIL":
			r.Until = moment(property{value: v}, nil).Time
		}
	}
	return r
}

// duration reads P1DT2H30M and its like; a negative one is none.
func duration(s string) time.Duration {
	s, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), "P")
	if !ok || len(s) > 30 {
		return 0
	}
	units := map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	var sum time.Duration
	n := 0
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9' && n < 100_000:
			n = n*10 + int(c-'0')
		case units[c] > 0:
			sum += time.Duration(n) * units[c]
			n = 0
		case c != 'T':
			return 0
		}
	}
	return min(sum, 3660*24*time.Hour)
}
