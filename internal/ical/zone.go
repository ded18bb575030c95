package ical

import (
	"strings"
	"time"
)

// A zone is what a file says of one zone: since when which offset holds.
type zone []observance

// An observance is standard time or summer time, with the moment of each year at
// which it begins.
type observance struct {
	start   time.Time // first beginning, by the clock of the zone
	offset  int       // seconds east of UTC, from then on
	before  int       // until then
	yearly  bool
	month   time.Month
	weekday time.Weekday
	week    int // 1 the first, -1 the last
}

func (o *observance) set(q property) {
	switch q.name {
	case "DTSTART":
		o.start = moment(property{value: strings.TrimSuffix(q.value, "Z")}, nil).Time
	case "TZOFFSETTO":
		o.offset = offset(q.value)
	case "TZOFFSETFROM":
		o.before = offset(q.value)
	case "RRULE":
		o.rule(q.value)
	}
}

var weekdays = map[string]time.Weekday{"SU": 0, "MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6}

// rule reads FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU.
func (o *observance) rule(s string) {
	for part := range strings.SplitSeq(s[:min(len(s), 200)], ";") {
		name, v, _ := strings.Cut(strings.ToUpper(part), "=")
		switch name {
		case "BYMONTH":
			o.month = time.Month(number(v))
		case "BYDAY":
			if len(v) < 3 {
				continue
			}
			day, ok := weekdays[v[len(v)-2:]]
			week := number(strings.Trim(v[:len(v)-2], "+-"))
			if strings.HasPrefix(v, "-") {
				week = -week
			}
			if ok && week != 0 && week >= -5 && week <= 5 {
				o.weekday, o.week = day, week
			}
		}
	}
	o.yearly = o.month >= 1 && o.month <= 12 && o.week != 0
}

// begins returns when the observance begins in a year.
func (o *observance) begins(year int) time.Time {
	h, m, s := o.start.Clock()
	if !o.yearly {
		return o.start
	}
	if o.week > 0 {
		first := time.Date(year, o.month, 1, h, m, s, 0, time.UTC)
		return first.AddDate(0, 0, (int(o.weekday)-int(first.Weekday())+7)%7+7*(o.week-1))
	}
	last := time.Date(year, o.month+1, 0, h, m, s, 0, time.UTC)
	return last.AddDate(0, 0, -(int(last.Weekday())-int(o.weekday)+7)%7+7*(o.week+1))
}

// offsetAt returns the offset that holds at a time by the clock of the zone.
func (z zone) offsetAt(local time.Time) int {
	var latest time.Time
	found := 0
	if len(z) > 0 {
		found = z[0].before
	}
	for i := range z {
		o := &z[i]
		for _, year := range []int{local.Year() - 1, local.Year()} {
			at := o.begins(year)
			if !at.After(local) && !at.Before(o.start) && !at.Before(latest) {
				latest, found = at, o.offset
			}
		}
	}
	return found
}

// offset reads +0100.
func offset(s string) int {
	s = strings.TrimSpace(s)
	if len(s) < 5 {
		return 0
	}
	n := number(s[1:3])*3600 + number(s[3:5])*60
	if n > 18*3600 {
		return 0
	}
	if s[0] == '-' {
		return -n
	}
	return n
}

// moment reads a date or a time; the zero Moment stands for what is neither.
func moment(q property, zones map[string]zone) Moment {
	v := strings.TrimSpace(q.value)
	if len(v) == 8 {
		t, err := time.Parse("20060102", v)
		if err != nil {
			return Moment{}
		}
		return Moment{Time: t, Day: true}
	}
	utc := strings.HasSuffix(v, "Z")
	local, err := time.Parse("20060102T150405", strings.TrimSuffix(v, "Z"))
	if err != nil {
		return Moment{}
	}
	id := words(q.params["TZID"])
	if utc {
		return Moment{Time: local}
	}
	if id == "" {
		return Moment{Time: local, Floating: true}
	}
	y, mo, d := local.Date()
	h, mi, s := local.Clock()
	if known := location(id); known != nil {
		return Moment{Time: time.Date(y, mo, d, h, mi, s, 0, known), Zone: known.String()}
	}
	if z, ok := zones[id]; ok && len(z) > 0 {
		return Moment{Time: time.Date(y, mo, d, h, mi, s, 0, time.FixedZone(id, z.offsetAt(local))), Zone: id}
	}
	return Moment{Time: local, Floating: true, Zone: id}
}

// location returns the zone that everybody knows by that name, or nil. Some
// programs write a path before it.
func location(id string) *time.Location {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	if len(parts) < 2 || len(id) > 100 {
		return nil
	}
	for n := min(3, len(parts)); n >= 2; n-- {
		name := strings.Join(parts[len(parts)-n:], "/")
		if l, err := time.LoadLocation(name); err == nil {
			return l
		}
	}
	return nil
}
