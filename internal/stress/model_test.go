package stress

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"letterlock/internal/letterlock"
)

// A kind is something that happens to one recipient's access to one message, or
// that shows it.
type kind string

const (
	revoked  kind = "revoke"  // until the first byte of the answer
	restored kind = "restore" // likewise
	expired  kind = "expire"  // from moving the clock to the end of the sweep
	looked   kind = "look"    // a request, and what it said of the state
	listed   kind = "list"    // My messages, and what it said
	wrote    kind = "wrote"   // the moment in which the last byte of content was written
	showed   kind = "showed"  // likewise of a list that names the message
	notified kind = "notify"  // a notification was handed over
)

// saw is what a request said of the state. Empty: nothing that would bind it.
type saw string

const (
	content    saw = "content" // or that it may be seen
	sawRevoked saw = "revoked"
	sawExpired saw = "expired"
)

// A key is one recipient of one message.
type key struct {
	message letterlock.ID
	address letterlock.Address
}

// An input is what an operation of a history is about.
type input struct {
	key  key
	kind kind
	note string // for people: which request it was
}

// A state is one recipient's access.
type state struct{ revoked, expired bool }

// model is the access of one recipient, looked at in two ways. What an answer
// says is true at some moment between request and answer; and content is written
// only while access lives. They are two histories because a revocation takes time:
// after its commit the next request is refused already, while what is on its way
// to another window ends only before the revocation is answered.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var parts [][]porcupine.Operation
		place := map[key]int{}
		for _, op := range history {
			in := op.Input.(input)
			i, ok := place[in.key]
			if !ok {
				i = len(parts)
				place[in.key], parts = i, append(parts, nil, nil)
			}
			switch in.kind {
			case looked, listed:
				parts[i] = append(parts[i], op)
			case wrote, showed, notified:
				parts[i+1] = append(parts[i+1], op)
			default:
				parts[i], parts[i+1] = append(parts[i], op), append(parts[i+1], op)
			}
		}
		return parts
	},
	Init: func() any { return state{} },
	Step: func(s, in, out any) (bool, any) {
		return step(s.(state), in.(input).kind, out.(saw))
	},
}

// step says whether an operation fits a state, and the state after it.
func step(s state, k kind, out saw) (bool, state) {
	live := !s.revoked && !s.expired
	switch k {
	case revoked:
		s.revoked = true
	case restored:
		s.revoked = false
	case expired:
		s.expired = true
	case wrote, notified:
		return live, s
	case showed:
		return !s.revoked, s
	case listed:
		// The list goes on showing what has expired, with that word.
		return s.revoked == (out == sawRevoked), s
	case looked:
		switch out {
		case content:
			return live, s
		case sawRevoked:
			return s.revoked, s
		case sawExpired:
			return s.expired && !s.revoked, s
		}
	}
	return true, s
}

func TestTheModelKnowsAViolation(t *testing.T) {
	op := func(k kind, out saw, call, back int64) porcupine.Operation {
		return porcupine.Operation{Input: input{kind: k}, Output: out, Call: call, Return: back}
	}
	tests := []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"reading before and during", []porcupine.Operation{op(looked, content, 1, 12), op(wrote, "", 15, 15), op(revoked, "", 10, 20)}, true},
		{"a request from before that says so after", []porcupine.Operation{op(looked, content, 1, 30), op(revoked, "", 10, 20)}, true},
		{"content written after the answer", []porcupine.Operation{op(looked, content, 1, 30), op(wrote, "", 25, 25), op(revoked, "", 10, 20)}, false},
		{"content asked for after the answer", []porcupine.Operation{op(revoked, "", 10, 20), op(looked, content, 21, 30)}, false},
		{"an end that nobody made", []porcupine.Operation{op(looked, sawRevoked, 1, 5)}, false},
		{"an end that was taken back", []porcupine.Operation{op(revoked, "", 1, 2), op(restored, "", 3, 4), op(looked, sawRevoked, 5, 6)}, false},
		{"content after a restore", []porcupine.Operation{op(revoked, "", 1, 2), op(restored, "", 3, 6), op(wrote, "", 5, 5)}, true},
		{"content after expiry and restore", []porcupine.Operation{op(expired, "", 1, 2), op(restored, "", 3, 6), op(wrote, "", 5, 5)}, false},
		{"revoked outranks expired", []porcupine.Operation{op(expired, "", 1, 2), op(revoked, "", 3, 4), op(looked, sawExpired, 5, 6)}, false},
		{"content between the commit and the answer", []porcupine.Operation{op(revoked, "", 1, 9), op(looked, sawRevoked, 2, 3), op(wrote, "", 5, 5)}, true},
		{"a notification after the answer", []porcupine.Operation{op(revoked, "", 1, 2), op(notified, "", 3, 4)}, false},
		{"a notification on its way", []porcupine.Operation{op(revoked, "", 1, 3), op(notified, "", 2, 4)}, true},
		{"a list that still shows it", []porcupine.Operation{op(revoked, "", 1, 2), op(listed, content, 3, 4)}, false},
		{"a list of what has expired", []porcupine.Operation{op(expired, "", 1, 2), op(listed, content, 3, 4)}, true},
	}
	for _, tt := range tests {
		if got := porcupine.CheckOperations(model, tt.history); got != tt.want {
			t.Errorf("%s: allowed %v, want %v", tt.name, got, tt.want)
		}
	}
}

// tell writes the operations of a history that break the model, by key.
func tell(history []porcupine.Operation) string {
	var b strings.Builder
	for _, part := range model.Partition(history) {
		if porcupine.CheckOperations(model, part) {
			continue
		}
		slices.SortFunc(part, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
		fmt.Fprintf(&b, "  %s, in microseconds:\n", part[0].Input.(input).key.address)
		for _, op := range part {
			in := op.Input.(input)
			fmt.Fprintf(&b, "  %9d %9d  %-8s %-8s %s\n", op.Call/1000, op.Return/1000, in.kind, op.Output, in.note)
		}
	}
	return b.String()
}
