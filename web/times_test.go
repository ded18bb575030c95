package web

import (
	"testing"
	"time"

	"letterlock/internal/language"
)

// berlin is a server at 11:52 on Friday 20 November 2026, in Berlin.
func berlin(t *testing.T) *Server {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine does not know the zone Europe/Berlin")
	}
	now := time.Date(2026, 11, 20, 10, 52, 0, 0, time.UTC)
	return &Server{Options: Options{Location: zone, Now: func() time.Time { return now }}}
}

func TestMomentsInWords(t *testing.T) {
	s := speaker{Server: berlin(t)}
	now := s.Now()
	tests := []struct{ name, got, want string }{
		{"when", s.when(now).Text, "20 November 2026, 11:52 CET"},
		{"when, for machines", s.when(now).ISO, "2026-11-20T11:52:00+01:00"},
		{"weekday", s.weekday(now).Text, "Friday 20 November 2026, 11:52 CET"},
		{"clock", s.clock(now).Text, "11:52"},
		{"this year", s.day(now).Text, "20 November"},
		{"another year", s.day(now.AddDate(1, 0, 0)).Text, "20 November 2027"},
		{"never", s.when(time.Time{}).Text, ""},
		{"brief, today", s.brief(now.Add(-time.Hour)).Text, "10:52"},
		{"brief, before", s.brief(now.Add(-12 * time.Hour)).Text, "19 November"},
		{"minutes left", s.left(now.Add(9*time.Minute + 30*time.Second)).Text, "10 minutes left, until 12:01 CET"},
		{"a minute left", s.left(now.Add(time.Minute)).Text, "1 minute left, until 11:53 CET"},
		{"seconds left", s.left(now.Add(1500 * time.Millisecond)).Text, "2 seconds left, until 11:52 CET"},
		{"wait", s.wait(3*time.Minute + time.Second), "4 minutes, at 11:56 CET"},
		{"wait a little", s.wait(30 * time.Second), "30 seconds, at 11:53 CET"},
		{"wait a minute", s.wait(time.Minute), "1 minute, at 11:53 CET"},
		{"wait for tomorrow", s.wait(13 * time.Hour), "13 hours, on 21 November at 00:52 CET"},
		{"wait for nothing", s.wait(0), "1 second, at 11:52 CET"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestDaysHaveHeadings(t *testing.T) {
	s := berlin(t)
	tests := []struct {
		when string
		want string
	}{
		{"2026-11-20T11:00:00+01:00", "Today"},
		{"2026-11-20T00:00:00+01:00", "Today"},
		{"2026-11-21T00:00:00+01:00", "Today"}, // a clock elsewhere runs ahead
		{"2026-11-19T23:59:59+01:00", "Yesterday"},
		{"2026-11-18T12:00:00+01:00", "Earlier this week"},
		{"2026-11-16T00:00:00+01:00", "Earlier this week"}, // Monday
		{"2026-11-15T23:00:00+01:00", "Last week"},
		{"2026-11-09T00:00:00+01:00", "Last week"},
		{"2026-11-08T23:00:00+01:00", "November"},
		{"2026-10-25T02:30:00+01:00", "October"}, // the hour that comes twice
		{"2025-12-31T23:00:00+01:00", "December 2025"},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339, tt.when)
		if err != nil {
			t.Fatal(err)
		}
		if got := (speaker{Server: s}).dayHeading(at); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.when, got, tt.want)
		}
	}
}

func TestSizesInWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 KB", 481_600: "482 KB", 999_499: "999 KB",
		999_500: "1.0 MB", 1_540_000: "1.5 MB", 9_940_000: "9.9 MB", 9_950_000: "10 MB", 150_000_000: "150 MB",
	} {
		if got := (language.Words{}).Size(n); got != want {
			t.Errorf("%d bytes: = %q, want %q", n, got, want)
		}
	}
	if got := fileNote("Draft.PDF", 482_000); got != "PDF, 482 KB" {
		t.Errorf("fileNote = %q", got)
	}
	if got := fileNote("noend", 5); got != "5 bytes" {
		t.Errorf("fileNote = %q", got)
	}
}
