package crashes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
)

// A kind is something that happens to a message, or that shows it.
type kind string

const (
	revoked  kind = "revoke"  // from the request to the answer, or to the end of the process
	restored kind = "restore" // likewise
	expired  kind = "expire"  // the clock passes the message's end
	looked   kind = "look"    // a request, and what it said of the state
	listed   kind = "list"    // My messages, and what it said
)

// saw is what a request said of the state.
type saw string

const (
	content    saw = "content" // or that it may be seen
	sawRevoked saw = "revoked"
	sawExpired saw = "expired"
	unanswered saw = "unanswered" // the process died with the request
)

// readers is how many recipients a message has.
const readers = 2

// An input is what an operation is about.
type input struct {
	kind kind
	who  [readers]bool
	note string // for people: which way, and what was asked for
}

// A state is the access to one message: that of each recipient, and the message's end.
type state struct {
	revoked [readers]bool
	expired bool
}

// model is the access to one message. What concerns both recipients is one act, so
// that a message is never found revoked for one of them when both were meant. What
// was not answered has happened wholly or not at all.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{}} },
	Step: func(s, in, out any) []any {
		before, how := s.(state), out.(saw)
		ok, after := step(before, in.(input), how)
		switch {
		case !ok:
			return nil
		case how == unanswered && after != before:
			return []any{before, after}
		}
		return []any{after}
	},
}).ToModel()

// step says whether an operation fits a state, and the state after it.
func step(s state, in input, out saw) (bool, state) {
	for i, meant := range in.who {
		if !meant {
			continue
		}
		switch in.kind {
		case revoked, restored:
			s.revoked[i] = in.kind == revoked
		case listed: // it goes on showing what has expired, with that word
			return s.revoked[i] == (out == sawRevoked), s
		case looked:
			switch out {
			case content:
				return !s.revoked[i] && !s.expired, s
			case sawRevoked:
				return s.revoked[i], s
			case sawExpired:
				return s.expired && !s.revoked[i], s
			}
		}
	}
	if in.kind == expired {
		s.expired = true
	}
	return true, s
}

func TestTheModelKnowsACrash(t *testing.T) {
	first, both := [readers]bool{true}, [readers]bool{true, true}
	op := func(k kind, who [readers]bool, out saw, call, back int64) porcupine.Operation {
		return porcupine.Operation{Input: input{kind: k, who: who}, Output: out, Call: call, Return: back}
	}
	second := [readers]bool{false, true}
	tests := []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"answered, and there again", []porcupine.Operation{op(revoked, both, "", 1, 2), op(looked, first, content, 3, 4)}, false},
		{"unanswered, and live", []porcupine.Operation{op(revoked, both, unanswered, 1, 2), op(looked, first, content, 3, 4), op(looked, second, content, 5, 6)}, true},
		{"unanswered, and revoked", []porcupine.Operation{op(revoked, both, unanswered, 1, 2), op(looked, first, sawRevoked, 3, 4), op(looked, second, sawRevoked, 5, 6)}, true},
		{"unanswered, and half", []porcupine.Operation{op(revoked, both, unanswered, 1, 2), op(looked, first, sawRevoked, 3, 4), op(looked, second, content, 5, 6)}, false},
		{"unanswered, and later than its process", []porcupine.Operation{op(revoked, both, unanswered, 1, 2), op(looked, first, content, 3, 4), op(looked, first, sawRevoked, 5, 6)}, false},
		{"a restore without an answer", []porcupine.Operation{op(revoked, both, "", 1, 2), op(restored, first, unanswered, 3, 4), op(looked, first, content, 5, 6)}, true},
		{"a list after the answer", []porcupine.Operation{op(revoked, first, "", 1, 2), op(listed, first, content, 3, 4)}, false},
		{"content after the end", []porcupine.Operation{op(expired, [readers]bool{}, "", 1, 2), op(looked, first, content, 3, 4)}, false},
	}
	for _, tt := range tests {
		if got := porcupine.CheckOperations(model, tt.history); got != tt.want {
			t.Errorf("%s: allowed %v, want %v", tt.name, got, tt.want)
		}
	}
}

// tell writes the operations of a history.
func tell(history []porcupine.Operation) string {
	var b strings.Builder
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, op := range history {
		in := op.Input.(input)
		fmt.Fprintf(&b, "  %9d %9d  %-8s %-10s %v %s\n", op.Call/1000, op.Return/1000, in.kind, op.Output, in.who, in.note)
	}
	return b.String()
}
