package web

import (
	"strconv"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// shownLines is how often in a row a thing may have happened for each time to be
// shown; of more, the first and the last of them are.
const shownLines = 6

// tracedNames are the words of the trace where they are not those of stepNames.
var tracedNames = map[letterlock.EventKind]string{
	letterlock.PasscodeWrong:   "step.wrongPasscode",
	letterlock.PassphraseWrong: "step.wrongPassphrase",
	letterlock.ReleaseWrong:    "step.wrongReleaseCode",
	letterlock.DestroyedEvent:  "step.destroyed",
}

func tracedName(say language.Words, k letterlock.EventKind) string {
	if name := tracedNames[k]; name != "" {
		return say.Text(name)
	}
	if name := stepNames[k]; name != "" {
		return say.Text(name)
	}
	return string(k)
}

// traceSteps is the whole history of a recipient, in its order: only what happened
// several times in a row, by readers of one name, is put together.
func (v tracedMail) traceSteps(r letterlock.Recipient, events []letterlock.Event) (steps []views.TraceStep) {
	var last time.Time
	has := map[letterlock.EventKind]bool{}
	for i := 0; i < len(events); {
		n := i + 1
		for n < len(events) && events[n].Kind == events[i].Kind && events[n].Called == events[i].Called {
			n++
		}
		has[events[i].Kind] = true
		step := views.TraceStep{Kind: stepKind(events[i].Kind), Name: tracedName(v.server.Words, events[i].Kind)}
		step.Lines, last = v.traceLines(r, events[i:n], last)
		steps = append(steps, step)
		if events[i].Kind == letterlock.Accepted {
			steps = append(steps, v.policyStep(r))
		}
		i = n
	}
	for _, s := range v.todo(r, has) {
		steps = append(steps, views.TraceStep{Kind: s.Kind, Name: s.Name})
	}
	return steps
}

func stepKind(k letterlock.EventKind) views.StepKind {
	switch k {
	case letterlock.Bounced, letterlock.RevokedEvent, letterlock.DestroyedEvent:
		return views.StepSeal
	}
	return views.StepDone
}

// policyStep is what decided on protection and experience, at the moment of
// acceptance.
func (v tracedMail) policyStep(r letterlock.Recipient) views.TraceStep {
	return views.TraceStep{Kind: views.StepDone, Name: v.server.Text("trace.policyMatched"), Lines: []views.TraceLine{
		{Text: string(v.message.Protection) + ", " + methodOf(v.server.Words, v.message)},
		{Text: whyExperience(v.server.Words, r)},
	}}
}

// traceLines is one line for each event of one kind, or, of many, for the first
// and the last. It returns the time of the last one.
func (v tracedMail) traceLines(r letterlock.Recipient, events []letterlock.Event, last time.Time) ([]views.TraceLine, time.Time) {
	var lines []views.TraceLine
	for i, e := range events {
		if left := len(events) - shownLines; left > 0 && i >= shownLines/2 && i < shownLines/2+left {
			if i == shownLines/2 {
				lines = append(lines, views.TraceLine{Text: v.server.Text("trace.andMore", "Times", v.server.Count("count.time", left))})
			}
			continue
		}
		lines = append(lines, views.TraceLine{When: v.server.exactTime(e.At, last), Text: v.eventText(r, e)})
		last = e.At
	}
	return lines, last
}

// exactTime is a moment to the second, with its date unless that of last says it.
func (s speaker) exactTime(t, last time.Time) views.Time {
	if !last.IsZero() && s.midnight(t).Equal(s.midnight(last)) {
		return s.said(t, s.Seconds)
	}
	return s.said(t, func(t time.Time) string { return s.short(t) + " " + s.Seconds(t) })
}

// eventText is what is known of one event beside its time. Names of files are not:
// they are part of what the message says.
func (v tracedMail) eventText(r letterlock.Recipient, e letterlock.Event) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	switch e.Kind {
	case letterlock.Accepted:
		add(viaName(v.server.Words, v.message.Via))
	case letterlock.RevokedEvent, letterlock.Restored, letterlock.DestroyedEvent:
		add(v.traceStanding(r, e))
	case letterlock.AskedEvent, letterlock.ApprovedEvent, letterlock.DeclinedEvent:
		add(askedFor(v.server.Words, e))
	case letterlock.ExpiryChanged:
		add(v.newEnd(e))
		add(v.traceStanding(r, e))
	case letterlock.PassphraseChanged:
		add(told(v.server.Words, e) + " " + v.server.Text("trace.byTheSender"))
	case letterlock.Downloaded:
		add(partName(v.server.Words, e.Part))
	case letterlock.ReleaseAsked, letterlock.ReleaseShown, letterlock.ReleaseRefused, letterlock.ReleaseWrong, letterlock.ReleaseUsed:
		add(v.server.Text("trace.referenceCode", "Code", e.Detail))
	case letterlock.Replied, letterlock.Forwarded:
		add(cut(v.server.toWhom(e.Detail)))
	default:
		add(cut(e.Detail))
	}
	provider, vouched := e.Proof.Provider()
	switch {
	case vouched:
		add(v.server.Text("trace.signedInWith", "Name", v.server.Vouch.Name(provider)))
	case e.Proof == letterlock.ByPasscode:
		add(v.server.Text("trace.signedInByOneTime"))
	case e.Proof == letterlock.ByBrowser:
		add(v.server.Text("trace.signedInByARemembered"))
	case e.Proof == letterlock.ByRelease:
		add(v.server.Text("trace.signedInByReleaseCode"))
	case e.Proof == "":
	default:
		add(v.server.Text("trace.signedInBy", "Proof", string(e.Proof)))
	}
	if e.Called != "" {
		add(v.server.Text("sent.named", "Name", e.Called))
	}
	add(e.Agent)
	add(e.IP)
	return strings.Join(parts, ", ")
}

// partName is what was downloaded, by its number.
func partName(say language.Words, part int) string {
	if part == access.WholeMail {
		return say.Text("trace.theWholeMessage")
	}
	return say.Text("trace.part", "Part", strconv.Itoa(part))
}

// traceStanding says who removed access, gave it back or destroyed the message, and
// why. Where nobody knows the person any more, the event knows in what capacity.
func (v tracedMail) traceStanding(r letterlock.Recipient, e letterlock.Event) string {
	by := v.detail.By(r, e)
	switch {
	case by.Revoked():
		text := strings.TrimSuffix(v.remover(by), ",")
		if by.Batch != "" {
			text += ", " + v.server.Text("trace.inABulkRevocation")
		}
		if by.Reason != "" {
			text += ": " + by.Reason
		}
		return text
	case e.Kind == letterlock.DestroyedEvent:
		return ""
	}
	if strings.HasPrefix(e.Detail, string(letterlock.ByAdministrator)) {
		return v.server.Text("trace.byAnAdministrator")
	}
	return v.server.Text("trace.byTheSender")
}

// guesses are the words of who somebody was taken for.
var guesses = map[letterlock.Visitor]string{
	letterlock.Scanner: "visit.probablyAScanner",
	letterlock.Person:  "visit.probablyAPerson",
}

// traceVisits are those who opened the link and proved nothing.
func (v tracedMail) traceVisits(visits []letterlock.Visit) (list []views.TraceVisit) {
	for _, visit := range visits {
		out := views.TraceVisit{
			Scanner: visit.Guess == letterlock.Scanner, Guess: sayText(v.server.Words, guesses[visit.Guess]),
			When: v.server.exactTime(visit.First, time.Time{}), Why: whyGuess(v.server.Words, visit.Why),
		}
		if visit.Count > 1 {
			out.After = " " + v.server.Text("trace.toBB", "When", v.server.exactTime(visit.Last, visit.First).Text, "Times", v.server.Count("count.time", visit.Count))
		}
		for _, fact := range []string{visit.Agent, visit.IP} {
			if fact != "" {
				out.After += ", " + fact
			}
		}
		list = append(list, out)
	}
	return list
}
