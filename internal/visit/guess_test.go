package visit

import (
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

const (
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1"
	oldFox  = "Mozilla/5.0 (Windows NT 6.1; rv:78.0) Gecko/20100101 Firefox/78.0"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// person is a look that nothing speaks against.
func person() Look {
	return Look{At: noon, Notified: noon.Add(-time.Hour), Agent: chrome, Browser: "Chrome", Language: true, Mode: "navigate"}
}

func TestGuessTellsProgramsFromPeople(t *testing.T) {
	tests := []struct {
		name  string
		but   func(l *Look)
		links int
		want  letterlock.Visitor
		why   string
	}{
		{"browser", func(l *Look) {}, 1, letterlock.Person, WhyBrowser},
		{"Firefox", func(l *Look) { l.Agent = firefox }, 1, letterlock.Person, WhyBrowser},
		{"phone that does not say how it fetches", func(l *Look) { l.Agent, l.Mode = safari, "" }, 1, letterlock.Person, WhyBrowser},
		{"old browser", func(l *Look) { l.Agent, l.Mode = oldFox, "" }, 1, letterlock.Person, WhyBrowser},
		{"two of one household", func(l *Look) {}, 2, letterlock.Person, WhyBrowser},
		{"notified at a time that is not known", func(l *Look) { l.Notified = time.Time{} }, 1, letterlock.Person, WhyBrowser},
		{"somebody quick", func(l *Look) { l.Notified = noon.Add(-6 * time.Second) }, 1, letterlock.Person, WhyBrowser},

		{"header only", func(l *Look) { l.Head = true }, 1, letterlock.Scanner, WhyHead},
		{"mail gateway", func(l *Look) { l.Agent = "Mozilla/5.0 (compatible; Barracuda Sentinel)" }, 1, letterlock.Scanner, WhyProgram},
		{"mail gateway in a browser's coat", func(l *Look) { l.Agent = chrome + " ProofpointURLDefense" }, 1, letterlock.Scanner, WhyProgram},
		{"preview in a chat", func(l *Look) { l.Agent = "Slackbot-LinkExpanding 1.0" }, 1, letterlock.Scanner, WhyProgram},
		{"browser without a window", func(l *Look) { l.Agent = "Mozilla/5.0 HeadlessChrome/140.0.0.0" }, 1, letterlock.Scanner, WhyProgram},
		{"script", func(l *Look) { l.Agent = "python-requests/2.31" }, 1, letterlock.Scanner, WhyProgram},
		{"nameless", func(l *Look) { l.Agent = "  " }, 1, letterlock.Scanner, WhyNoAgent},
		{"prefetch", func(l *Look) { l.Purpose = "prefetch;prerender" }, 1, letterlock.Scanner, WhyPrefetch},
		{"links of many recipients", func(l *Look) {}, 3, letterlock.Scanner, WhyMany},
		{"no language", func(l *Look) { l.Language = false }, 1, letterlock.Scanner, WhyNoLanguage},
		{"request by a script", func(l *Look) { l.Mode = "cors" }, 1, letterlock.Scanner, WhyNoOpening},
		{"only the name of a browser", func(l *Look) { l.Mode = "" }, 1, letterlock.Scanner, WhyNoOpening},
		{"before anybody can have seen the mail", func(l *Look) { l.Notified = noon.Add(-4 * time.Second) }, 1, letterlock.Scanner, WhyAtOnce},
		{"before it was notified", func(l *Look) { l.Notified = noon.Add(time.Second) }, 1, letterlock.Scanner, WhyAtOnce},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := person()
			tt.but(&l)
			if got, why := Guess(l, tt.links); got != tt.want || why != tt.why {
				t.Errorf("Guess = %s, because %s; want %s, because %s", got, why, tt.want, tt.why)
			}
		})
	}
}

func TestBrowsersOfPeopleAreNoPrograms(t *testing.T) {
	for _, agent := range []string{chrome, firefox, safari, oldFox,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
		"Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
	} {
		if name := Program(agent); name != "" {
			t.Errorf("%s is taken for %s", agent, name)
		}
	}
}
