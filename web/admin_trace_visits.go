package web

import (
	"letterlock/internal/language"
	"letterlock/internal/visit"
)

// reasons are the names of the texts that say what a guess about a visitor goes by.
var reasons = map[string]string{
	visit.WhyHead:       "visit.itAskedForTheHeader",
	visit.WhyProgram:    "visit.itSaysItselfThatIt",
	visit.WhyNoAgent:    "visit.itDidNotSayWhat",
	visit.WhyPrefetch:   "visit.itFetchedThePageAhead",
	visit.WhyMany:       "visit.linksOfSeveralRecipientsWere",
	visit.WhyNoLanguage: "visit.itDidNotSayWhich",
	visit.WhyNoOpening:  "visit.itCallsItselfABrowser",
	visit.WhyAtOnce:     "visit.itCameWithinSecondsOf",
	visit.WhyBrowser:    "visit.itOpenedThePageAs",
	visit.WhyMore:       "visit.furtherVisitsAreCountedTogether",
}

// whyGuess says in words what a guess about a visitor goes by.
func whyGuess(say language.Words, key string) string { return sayText(say, reasons[key]) }
