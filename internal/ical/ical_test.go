package ical

import (
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode/utf8"
)

// outlook is an invitation as Outlook writes them: a zone of its own, folded lines.
const outlook = `BEGIN:VCALENDAR
METHOD:REQUEST
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN=Ines Kaya:MAILTO:ines@halden.example
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Lind, Ma
 rta":mailto:marta@quillfeather.example
ATTENDEE;PARTSTAT=ACCEPTED:mailto:paul@halden.example
DESCRIPTION;LANGUAGE=en-US:Bring the draft\, please.\nThe second\; too.
SUMMARY;LANGUAGE=en-US:Signing of the
  agreement
DTSTART;TZID=W. Europe Standard Time:20261201T090000
DTEND;TZID=W. Europe Standard Time:20261201T103000
SEQUENCE:2
LOCATION:Room 4
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER:-PT15M
END:VALARM
RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3
END:VEVENT
END:VCALENDAR
`

func TestInvitationIsRead(t *testing.T) {
	c, ok := Parse(strings.ReplaceAll(outlook, "\n", "\r\n"))
	if !ok {
		t.Fatal("no event was found")
	}
	berlin := time.FixedZone("W. Europe Standard Time", 3600)
	want := Event{
		Title: "Signing of the agreement", Where: "Room 4", Description: "Bring the draft, please.\nThe second; too.",
		Start:    Moment{Time: time.Date(2026, 12, 1, 9, 0, 0, 0, berlin), Zone: "W. Europe Standard Time"},
		End:      Moment{Time: time.Date(2026, 12, 1, 10, 30, 0, 0, berlin), Zone: "W. Europe Standard Time"},
		Revision: 2, Organizer: Person{Name: "Ines Kaya", Address: "ines@halden.example"}, People: 2,
		Attendees: []Person{{"Lind, Marta", "marta@quillfeather.example", "NEEDS-ACTION"}, {"", "paul@halden.example", "ACCEPTED"}},
		Rule:      Rule{Every: "WEEKLY", Interval: 2, Count: 3},
	}
	if c.Method != "REQUEST" || !reflect.DeepEqual(c.Event, want) {
		t.Errorf("%s\ngot  %+v\nwant %+v", c.Method, c.Event, want)
	}
}

func TestTimesAreReadInTheirZones(t *testing.T) {
	tests := []struct {
		name, start, want string
		day, floating     bool
	}{
		{"winter", ";TZID=W. Europe Standard Time:20260115T090000", "2026-01-15T08:00:00Z", false, false},
		{"summer", ";TZID=W. Europe Standard Time:20260715T090000", "2026-07-15T07:00:00Z", false, false},
		{"first day of summer time", ";TZID=W. Europe Standard Time:20260329T030000", "2026-03-29T01:00:00Z", false, false},
		{"last hour of winter time", ";TZID=W. Europe Standard Time:20260329T013000", "2026-03-29T00:30:00Z", false, false},
		{"last day of summer time", ";TZID=W. Europe Standard Time:20261025T023000", "2026-10-25T00:30:00Z", false, false},
		{"UTC", ":20260715T090000Z", "2026-07-15T09:00:00Z", false, false},
		{"a zone that is known", ";TZID=America/New_York:20260715T090000", "2026-07-15T13:00:00Z", false, false},
		{"one behind a path", ";TZID=/example.org/2026/Europe/Berlin:20260715T090000", "2026-07-15T07:00:00Z", false, false},
		{"a zone that nobody knows", ";TZID=Middle Earth:20260715T090000", "2026-07-15T09:00:00Z", false, true},
		{"no zone", ":20260715T090000", "2026-07-15T09:00:00Z", false, true},
		{"a day", ";VALUE=DATE:20260715", "2026-07-15T00:00:00Z", true, false},
		{"a path out", ";TZID=../../etc/passwd:20260715T090000", "2026-07-15T09:00:00Z", false, true},
	}
	zones, _, _ := strings.Cut(outlook, "BEGIN:VEVENT")
	for _, tt := range tests {
		c, ok := Parse(zones + "BEGIN:VEVENT\nDTSTART" + tt.start + "\nDURATION:PT1H30M\nEND:VEVENT\n")
		s := c.Event.Start
		if !ok || s.UTC().Format(time.RFC3339) != tt.want || s.Day != tt.day || s.Floating != tt.floating {
			t.Errorf("%s: %+v, want %s", tt.name, s, tt.want)
		}
		if got := c.Event.End.Sub(s.Time); got != 90*time.Minute {
			t.Errorf("%s: lasts %v", tt.name, got)
		}
	}
}

func TestWhatIsNoEventIsNone(t *testing.T) {
	for _, s := range []string{"", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n", "BEGIN:VEVENT\nDTSTART:soon\n", "DTSTART:20260101\n", "BEGIN:VTODO\nDTSTART:20260101\nEND:VTODO\n"} {
		if c, ok := Parse(s); ok {
			t.Errorf("%q is %+v", s, c)
		}
	}
}

func TestValuesCarryNothingThatControls(t *testing.T) {
	c, ok := Parse("BEGIN:VEVENT\nDTSTART:20260101\nSUMMARY:a\x1b[31m\u202eb\\nc\xff\nATTENDEE;CN=\"x\x00\ty\":mailto:a@b\u202e.example\nEND:VEVENT")
	if !ok || c.Event.Title != "a[31mb c\uFFFD" || c.Event.Attendees[0].Name != "x y" || c.Event.Attendees[0].Address != "a@b.example" {
		t.Errorf("%+v", c.Event)
	}
}

func TestLimitsHold(t *testing.T) {
	start := time.Now()
	for _, s := range []string{"BEGIN:VEVENT\n", "ATTENDEE:x\n", "BEGIN:X\n", "X;A=\"", ";", ":", "\n ", "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\n"} {
		Parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n" + strings.Repeat(s, 2*MaxSize/len(s)))
	}
	c, _ := Parse("BEGIN:VEVENT\nDTSTART:20260101\nSUMMARY:" + strings.Repeat("x", MaxSize/2) + "\n" + strings.Repeat("ATTENDEE:x\n", 1000))
	if len(c.Event.Title) > maxText || len(c.Event.Attendees) != maxPeople || c.Event.People != 1000 {
		t.Errorf("%d letters, %d of %d people", len(c.Event.Title), len(c.Event.Attendees), c.Event.People)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(outlook)
	f.Add("BEGIN:VEVENT\nDTSTART;TZID=/a/Europe/Berlin:20260101T000000\nDURATION:P1W\nRRULE:FREQ=DAILY;UNTIL=20270101\n")
	f.Fuzz(func(t *testing.T, s string) {
		c, _ := Parse(s)
		for _, v := range []string{c.Event.Title, c.Event.Where, c.Event.Organizer.Name} {
			if !utf8.ValidString(v) || strings.ContainsAny(v, "\x00\x1b\r\n") {
				t.Errorf("%q", v)
			}
		}
		if e := c.Event; !e.End.IsZero() && e.End.Before(e.Start.Time) {
			t.Errorf("ends %v before it begins %v", e.End, e.Start)
		}
	})
}
