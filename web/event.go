package web

import (
	"strconv"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/ical"
	"letterlock/views"
)

// eventOf is the event that a mail invites to; nil for none. Where the mail has no
// text, what the event says about itself stands for it.
func (s *Server) eventOf(m *access.Mail, textless bool) *views.Event {
	c, ok := m.Invitation()
	if !ok {
		return nil
	}
	e := c.Event
	v := &views.Event{
		Kind: kindOfEvent(c), Title: e.Title, Cancelled: e.Cancelled || c.Method == "CANCEL",
		Repeats: s.repeats(e.Rule), Where: e.Where, Organizer: views.Person{Name: e.Organizer.Name, Address: e.Organizer.Address},
		More: e.People - len(e.Attendees), Others: c.Others,
	}
	v.When = eventTime(e.Start, e.End)
	if !e.Start.Day && !e.Start.Floating {
		if here := eventTime(in(e.Start, s.Location), in(e.End, s.Location)); differ(e.Start.Time, e.Start.In(s.Location)) {
			v.Here = here
		}
	}
	if v.Title == "" {
		v.Title = "(no title)"
	}
	if textless {
		v.Details = e.Description
	}
	for _, a := range e.Attendees {
		v.Attendees = append(v.Attendees, views.Attendee{Person: views.Person{Name: a.Name, Address: a.Address}, Answer: answers[a.Answer]})
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

// answers are the words for what people have answered.
var answers = map[string]string{
	"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "may come", "DELEGATED": "sends somebody else",
}

// kindOfEvent says what a mail is about that brings an event.
func kindOfEvent(c ical.Calendar) string {
	switch c.Method {
	case "CANCEL":
		return "Cancelled event"
	case "REPLY":
		return "Answer to an invitation"
	case "COUNTER":
		return "Another time is proposed"
	case "REQUEST", "ADD":
		if c.Event.Revision > 0 {
			return "Updated invitation"
		}
		return "Invitation"
	}
	if c.Event.Cancelled {
		return "Cancelled event"
	}
	return "Event"
}

// Forms of a day and of a time in the words for an event.
const (
	eventDay   = "Monday 2 January 2006"
	eventClock = "15:04"
)

// eventTime says from when to when: "Tuesday 1 December 2026, 09:00 to 10:30 CET". What
// ends at midnight of a day takes place on the day before.
func eventTime(from, to ical.Moment) string {
	if from.Day {
		last := to.AddDate(0, 0, -1)
		if to.IsZero() || !last.After(from.Time) {
			return from.Format(eventDay) + ", all day"
		}
		return from.Format(eventDay) + " to " + last.Format(eventDay) + ", all day"
	}
	text := from.Format(eventDay + ", " + eventClock)
	switch {
	case to.IsZero() || to.Equal(from.Time):
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		text += " to " + to.Format(eventClock)
	default:
		text += " to " + to.Format(eventDay+", "+eventClock)
	}
	return text + zoneOf(from)
}

// zoneOf names the zone after a time. One that nobody knows is told as the event
// tells it.
func zoneOf(m ical.Moment) string {
	short := m.Format("MST")
	switch {
	case m.Floating && m.Zone == "":
		return ", local time"
	case m.Floating || short == m.Zone:
		return " (" + m.Zone + ")"
	case strings.HasPrefix(short, "+") || strings.HasPrefix(short, "-"):
		return " UTC" + m.Format("-07:00")
	}
	return " " + short
}

// units are what an event can repeat by.
var units = map[string]string{"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}

// repeats says how an event repeats: "every 2 weeks, 10 times".
func (s *Server) repeats(r ical.Rule) string {
	unit := units[r.Every]
	if unit == "" {
		return ""
	}
	text := "every " + unit
	if r.Interval > 1 {
		text = "every " + strconv.Itoa(r.Interval) + " " + unit + "s"
	}
	switch {
	case r.Count > 0:
		text += ", " + strconv.Itoa(r.Count) + " times"
	case !r.Until.IsZero():
		text += ", until " + r.Until.In(s.Location).Format(dayForm)
	}
	return text
}
