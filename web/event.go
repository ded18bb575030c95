package web

import (
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/ical"
	"letterlock/views"
)

// eventOf is the event that a mail invites to; nil for none. Where the mail has no
// text, what the event says about itself stands for it.
func (p speaker) eventOf(m *access.Mail, textless bool) *views.Event {
	c, ok := m.Invitation()
	if !ok {
		return nil
	}
	e := c.Event
	v := &views.Event{
		Kind: p.Text(kindOfEvent(c)), Title: e.Title, Cancelled: e.Cancelled || c.Method == "CANCEL",
		Repeats: p.repeats(e.Rule), Where: e.Where, Organizer: views.Person{Name: e.Organizer.Name, Address: e.Organizer.Address},
		More: e.People - len(e.Attendees), Others: c.Others,
	}
	v.When = p.eventTime(e.Start, e.End)
	if !e.Start.Day && !e.Start.Floating {
		if here := p.eventTime(in(e.Start, p.Location), in(e.End, p.Location)); differ(e.Start.Time, e.Start.In(p.Location)) {
			v.Here = here
		}
	}
	if v.Title == "" {
		v.Title = p.Text("event.noTitle")
	}
	if textless {
		v.Details = e.Description
	}
	for _, a := range e.Attendees {
		answer := ""
		if id := answers[a.Answer]; id != "" {
			answer = p.Text(id)
		}
		v.Attendees = append(v.Attendees, views.Attendee{Person: views.Person{Name: a.Name, Address: a.Address}, Answer: answer})
	}
	return v
}

// differ reports whether two clocks show different times for one moment.
func differ(a, b time.Time) bool {
	_, x := a.Zone()
	_, y := b.Zone()
	return x != y
}

func in(m ical.Moment, l *time.Location) ical.Moment {
	if m.IsZero() {
		return m
	}
	return ical.Moment{Time: m.In(l), Zone: l.String()}
}

// answers are the texts for what people have answered.
var answers = map[string]string{
	"ACCEPTED": "event.accepted", "DECLINED": "event.declined", "TENTATIVE": "event.tentative", "DELEGATED": "event.delegated",
}

// kindOfEvent is the text that says what a mail is about that brings an event.
func kindOfEvent(c ical.Calendar) string {
	switch c.Method {
	case "CANCEL":
		return "event.cancelled"
	case "REPLY":
		return "event.reply"
	case "COUNTER":
		return "event.counter"
	case "REQUEST", "ADD":
		if c.Event.Revision > 0 {
			return "event.updated"
		}
		return "event.invitation"
	}
	if c.Event.Cancelled {
		return "event.cancelled"
	}
	return "event.event"
}

// eventTime says from when to when: "Tuesday 1 December 2026, 09:00 to 10:30 CET". What
// ends at midnight of a day takes place on the day before.
func (p speaker) eventTime(from, to ical.Moment) string {
	if from.Day {
		last := to.AddDate(0, 0, -1)
		if to.IsZero() || !last.After(from.Time) {
			return p.Text("event.allDay", "Day", p.WeekdayDate(from.Time))
		}
		return p.Text("event.days", "First", p.WeekdayDate(from.Time), "Last", p.WeekdayDate(last))
	}
	text := p.Text("event.at", "Day", p.WeekdayDate(from.Time), "Time", p.Clock(from.Time))
	switch {
	case to.IsZero() || to.Equal(from.Time):
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		text = p.Text("event.to", "From", text, "To", p.Clock(to.Time))
	default:
		text = p.Text("event.to", "From", text, "To", p.Text("event.at", "Day", p.WeekdayDate(to.Time), "Time", p.Clock(to.Time)))
	}
	if from.Floating && from.Zone == "" {
		return p.Text("event.local", "Text", text)
	}
	return text + zoneOf(from)
}

// zoneOf names the zone after a time. One that nobody knows is told as the event
// tells it.
func zoneOf(m ical.Moment) string {
	short := m.Format("MST")
	switch {
	case m.Floating || short == m.Zone:
		return " (" + m.Zone + ")"
	case strings.HasPrefix(short, "+") || strings.HasPrefix(short, "-"):
		return " UTC" + m.Format("-07:00")
	}
	return " " + short
}

// units are what an event can repeat by.
var units = map[string]string{"DAILY": "event.day", "WEEKLY": "event.week", "MONTHLY": "event.month", "YEARLY": "event.year"}

// repeats says how an event repeats: "every 2 weeks, 10 times".
func (p speaker) repeats(r ical.Rule) string {
	unit := units[r.Every]
	if unit == "" {
		return ""
	}
	text := p.Count(unit, max(1, r.Interval))
	switch {
	case r.Count > 0:
		text = p.Count("event.times", r.Count, "Text", text)
	case !r.Until.IsZero():
		text = p.Text("event.until", "Text", text, "Day", p.Date(r.Until.In(p.Location)))
	}
	return text
}
