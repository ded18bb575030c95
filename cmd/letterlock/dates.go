package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// ways are how a moment can be typed; days are those that name a whole day.
var (
	ways = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
	days = []string{"2006-01-02"}
)

// The ways of PowerShell beside them: the month comes first.
var (
	cmdletWays = append([]string{"1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/2006 3:04:05PM", "1/2/2006 3:04PM"}, ways...)
	cmdletDays = append([]string{"1/2/2006"}, days...)
)

// A dates reads moments as people type them, in their zone.
type dates struct {
	zone *time.Location
	now  time.Time
}

// from returns the beginning of what is typed: a moment, a day, or so many days
// ago, as in 7d, with that day from its beginning. Zero for "".
func (d dates) from(flag, typed string) (time.Time, error) {
	at, _, err := d.read(flag, typed, ways, days)
	return at, err
}

// until returns the end of what is typed: that of the day, if it is one.
func (d dates) until(flag, typed string) (time.Time, error) {
	at, day, err := d.read(flag, typed, ways, days)
	if day {
		at = letterlock.NextDay(at)
	}
	return at, err
}

// cmdlet returns what is typed into PowerShell, where a day is its beginning.
func (d dates) cmdlet(parameter, typed string) (time.Time, error) {
	at, _, err := d.read("-"+parameter, typed, cmdletWays, cmdletDays)
	return at, err
}

func (d dates) read(flag, typed string, ways, days []string) (at time.Time, day bool, err error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}, false, nil
	}
	for _, way := range days {
		if at, err := letterlock.ParseDay(way, typed, d.zone); err == nil {
			return at, true, nil
		}
	}
	for _, way := range ways {
		if at, err := time.ParseInLocation(way, strings.ToUpper(typed), d.zone); err == nil {
			return at, false, nil
		}
	}
	if ago, ok := strings.CutSuffix(typed, "d"); ok {
		if n, err := strconv.ParseUint(ago, 10, 16); err == nil {
			y, m, dd := d.now.In(d.zone).Date()
			return letterlock.Day(y, m, dd-int(n), d.zone), true, nil
		}
	}
	return time.Time{}, false, &letterlock.Error{Code: letterlock.Invalid, Key: "date", Err: fmt.Errorf("%s is no date: %q", flag, typed)}
}
