// Package ical reads invitations to events (RFC 5545, RFC 5546) as far as a page
// shows them: what, when, where, by whom and with whom.
//
// It takes linear time, keeps a bounded number of everything, and believes nothing:
// what it returns was written by a stranger, is valid UTF-8 on one line without
// control characters, and is not escaped for any use.
package ical

import (
	"strings"
	"time"
	"unicode"
)

// A Calendar is one event and what is asked about it. Of several events, which are
// the exceptions of one that repeats, it is the first.
type Calendar struct {
	Method string // REQUEST, CANCEL, REPLY, ...; empty: nothing is asked
	Event  Event
	Others int // further events in the file
}

// An Event is something that takes place.
type Event struct {
	Title, Where string
	Description  string // may have several lines
	Start, End   Moment // End is zero when it is not said
	Cancelled    bool
	Revision     int // 0: never changed
	Organizer    Person
	Attendees    []Person // at most maxPeople
	People       int      // attendees in all
	Rule         Rule
}

// A Moment is when something begins or ends.
type Moment struct {
	time.Time
	Day      bool   // a whole day: the clock means nothing
	Floating bool   // wherever one is: the zone means nothing
	Zone     string // as it is called; empty: UTC
}

// A Person takes part.
type Person struct {
	Name, Address string
	Answer        string // ACCEPTED, DECLINED, TENTATIVE, NEEDS-ACTION, ...
}

// A Rule says how an event repeats.
type Rule struct {
	Every    string // DAILY, WEEKLY, MONTHLY, YEARLY; empty: it does not
	Interval int    // at least 1
	Count    int    // 0: not said
	Until    time.Time
}

// Limits on one file.
const (
	MaxSize   = 1 << 20 // bytes that are read
	maxLines  = 20_000
	maxPeople = 50
	maxZones  = 100
	maxText   = 4000 // characters of a value that is kept
)

// Parse reads a file. It reports false when there is no event in it with a
// beginning.
func Parse(text string) (Calendar, bool) {
	p := parser{}
	text = text[:min(len(text), MaxSize)]
	for n := 0; text != "" && n < maxLines; n++ {
		var line string
		line, text = unfold(text)
		p.line(line)
	}
	p.end("VEVENT") // of a file that is cut off
	if len(p.events) == 0 {
		return Calendar{}, false
	}
	first := p.events[0]
	c := Calendar{Method: p.method, Others: len(p.events) - 1}
	c.Event = first.resolve(p.zones)
	return c, !c.Event.Start.IsZero()
}

// unfold returns the first line with those that continue it, and what follows.
func unfold(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	line = strings.TrimSuffix(line, "\r")
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return line, rest
	}
	var b strings.Builder
	b.WriteString(line)
	for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		line, rest, _ = strings.Cut(rest[1:], "\n")
		b.WriteString(strings.TrimSuffix(line, "\r"))
	}
	return b.String(), rest
}

// A property is one line: NAME;PARAMETER=value:value.
type property struct {
	name   string
	params map[string]string
	value  string
}

// maxParams is how many parameters of one line are read.
const maxParams = 20

// cut reads a line; ok is false for what is none.
func cut(line string) (p property, ok bool) {
	end := strings.IndexAny(line, ";:")
	if end < 1 || end > 60 {
		return property{}, false
	}
	p.name = strings.ToUpper(line[:end])
	for line = line[end:]; strings.HasPrefix(line, ";"); {
		eq := strings.IndexAny(line, "=:")
		if eq < 0 || line[eq] == ':' {
			break
		}
		name, v := strings.ToUpper(line[1:eq]), ""
		line = line[eq+1:]
		if strings.HasPrefix(line, `"`) {
			v, line, _ = strings.Cut(line[1:], `"`)
			if i := strings.IndexAny(line, ";:"); i >= 0 {
				line = line[i:]
			}
		} else if i := strings.IndexAny(line, ";:"); i >= 0 {
			v, line = line[:i], line[i:]
		} else {
			return property{}, false
		}
		if p.params == nil {
			p.params = map[string]string{}
		}
		if len(p.params) < maxParams {
			p.params[name] = v
		}
	}
	p.value, ok = strings.CutPrefix(line, ":")
	return p, ok
}

// words returns a text as people read it, on one line.
func words(s string) string { return strings.Join(strings.Fields(plain(s)), " ") }

// plain undoes the escapes of a text and takes out what controls a terminal or
// turns the direction of what is around it. Its lines stay.
func plain(s string) string {
	n := 0
	s = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s[:min(len(s), 8*maxText)])
	return strings.TrimSpace(strings.ToValidUTF8(strings.Map(func(r rune) rune {
		n++
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case n > maxText || unicode.IsControl(r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, s), "\uFFFD"))
}
