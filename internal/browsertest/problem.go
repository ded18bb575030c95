package browsertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// A Problem is something the browser complained about: an error in a script, a
// violation of the Content-Security-Policy, a file that did not load.
type Problem struct {
	Kind string // "console", "exception", or the browser's source: "security", "network", ...
	Text string
	URL  string // of the page or file concerned; may be empty
}

func (p Problem) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s", p.Kind, p.Text, p.URL))
}

// Problems returns what the browser has complained about since the page was
// opened or [Page.ForgetProblems] was called. A page that itself comes with an
// error status is not a problem; a style sheet or picture that does is one.
func (p *Page) Problems() []Problem {
	p.t.Helper()
	p.flush()
	p.track.mu.Lock()
	defer p.track.mu.Unlock()
	refused := p.track.state.refused()
	return slices.DeleteFunc(slices.Clone(p.track.state.problems), func(found Problem) bool {
		return found.Kind == string(log.EntrySourceNetwork) && refused[found.URL]
	})
}

// CheckProblems marks the test as failed for each of [Page.Problems].
func (p *Page) CheckProblems() {
	p.t.Helper()
	for _, problem := range p.Problems() {
		p.t.Errorf("the browser complains at %s: %v", p.URL(), problem)
	}
}

// ForgetProblems forgets the problems so far.
func (p *Page) ForgetProblems() {
	p.t.Helper()
	p.flush()
	p.track.mu.Lock()
	defer p.track.mu.Unlock()
	p.track.state.problems = nil
}

// flush returns when the browser has told of everything that happened before.
func (p *Page) flush() {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	var one int
	if err := p.until(ctx, func() error { return p.eval(ctx, "1", &one) }); err != nil {
		p.fatalf("the page does not answer: %v", err)
	}
}

// complain notes an event if it is a complaint.
func (s *state) complain(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			s.problems = append(s.problems, Problem{"console", said(e.Args), s.shown.url})
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		s.problems = append(s.problems, Problem{"exception", text, e.ExceptionDetails.URL})
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			s.problems = append(s.problems, Problem{string(e.Entry.Source), e.Entry.Text, e.Entry.URL})
		}
	}
}

// said puts the arguments of a console call into one line.
func said(args []*runtime.RemoteObject) string {
	var words []string
	for _, arg := range args {
		if arg.Description != "" {
			words = append(words, arg.Description)
		} else {
			words = append(words, strings.Trim(string(arg.Value), `"`))
		}
	}
	return strings.Join(words, " ")
}
