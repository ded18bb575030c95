package intake_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

func TestRefusalsAreNotedAndFillNoLog(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{Protection: letterlock.DoNotForward})
	for range 50 {
		if err := p.intake.MayForward(t.Context(), reader(marta), id); !errors.Is(err, letterlock.Denied) {
			t.Fatalf("MayForward = %v, want Denied", err)
		}
		if _, err := p.forward(marta, id, intake.Writing{}, omar); !errors.Is(err, letterlock.Denied) {
			t.Fatalf("Forward = %v, want Denied", err)
		}
	}
	if n := p.audited("forward", id, false); n != 30 {
		t.Errorf("of 100 refusals %d are in the audit log, want 30", n)
	}
	if err := p.intake.MayForward(t.Context(), reader(jonas), id); !errors.Is(err, letterlock.Denied) || p.audited("forward", id, false) != 31 {
		t.Errorf("MayForward = %v, and the refusal of somebody else is not in the audit log", err)
	}
}

func TestTheLargestMailCanBeForwarded(t *testing.T) {
	p := newPortal(t)
	id := p.send(intake.Envelope{})
	m, _ := p.message(id)
	p.vault.Limits = eml.Limits{Size: m.Size, Depth: 1, Parts: 1}
	copied := p.mustForward(marta, id, omar)
	if raw := p.own(copied); !strings.Contains(raw, words) {
		t.Errorf("the copy is\n%s", raw)
	}
	p.mustForward(omar, copied, "zoe@elsewhere.example")
	if _, err := p.reply(marta, id, intake.Writing{Text: strings.Repeat("x", 2000)}, false); !errors.Is(err, letterlock.TooLarge) {
		t.Errorf("a reply over the limit: %v, want TooLarge", err)
	}
}
