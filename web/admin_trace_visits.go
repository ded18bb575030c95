package web

import "letterlock/internal/visit"

// reasons are the words of what a guess about a visitor goes by.
var reasons = map[string]string{
	visit.WhyHead:       "It asked for the header of the page only.",
	visit.WhyProgram:    "It says itself that it is a program.",
	visit.WhyNoAgent:    "It did not say what it is. Browsers do.",
	visit.WhyPrefetch:   "It fetched the page ahead, before anybody opened it.",
	visit.WhyMany:       "Links of several recipients were opened from the same network within seconds.",
	visit.WhyNoLanguage: "It did not say which languages its user reads. Browsers do.",
	visit.WhyNoOpening:  "It calls itself a browser, but did not open the page as one.",
	visit.WhyAtOnce:     "It came within seconds of the notification.",
	visit.WhyBrowser:    "It opened the page as a browser does that somebody uses.",
	visit.WhyMore:       "Further visits are counted together.",
}

// whyGuess says in words what a guess about a visitor goes by.
func whyGuess(key string) string { return reasons[key] }
