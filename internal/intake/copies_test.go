package intake_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const zoe = letterlock.Address("zoe@elsewhere.example")

// passed is a message that Marta has forwarded to Omar, and Omar to Zoe; Jonas has
// forwarded it to Zoe, too.
func passed(t *testing.T) (p *portal, first, omars, zoes, other letterlock.ID) {
	t.Helper()
	p = newPortal(t)
	first = p.send(intake.Envelope{})
	omars = p.mustForward(marta, first, omar)
	zoes = p.mustForward(omar, omars, zoe)
	other = p.mustForward(jonas, first, zoe)
	if !p.reads(omar, omars) || !p.reads(zoe, zoes) || !p.reads(zoe, other) {
		t.Fatal("a copy cannot be read before anything is revoked: this test would prove nothing")
	}
	return p, first, omars, zoes, other
}

func TestCopiesEndWithTheAccessOfWhoForwardedThem(t *testing.T) {
	p, first, omars, zoes, other := passed(t)
	l, err := p.access.Open(t.Context(), reader(zoe), zoes)
	p.must(err)
	defer l.Close()
	p.must(p.access.Revoke(t.Context(), grace, first, "a mistake", marta))
	if l.Lease.Live() {
		t.Error("a copy that was being read goes on")
	}
	check := func(when string, marta1, omar1, zoe1, zoe2 bool) {
		t.Helper()
		for _, c := range []struct {
			a    letterlock.Address
			id   letterlock.ID
			want bool
		}{{marta, first, marta1}, {omar, omars, omar1}, {zoe, zoes, zoe1}, {zoe, other, zoe2}} {
			if got := p.reads(c.a, c.id); got != c.want {
				t.Errorf("%s: %s reads: %t, want %t", when, c.a, got, c.want)
			}
		}
	}
	check("after Marta's was revoked", false, false, false, true)
	if p.audited("revoke", omars, true) != 1 || p.audited("revoke", zoes, true) != 1 {
		t.Error("the copies' revocation is not in the audit log")
	}
	p.must(p.access.Revoke(t.Context(), grace, first, "all of it"))
	check("after all was revoked", false, false, false, false)
	p.must(p.access.Restore(t.Context(), grace, first))
	check("after all was restored", true, true, true, true)
	p.must(p.access.Revoke(t.Context(), grace, omars, "this one alone"))
	check("after Omar's was revoked alone", true, false, false, true)
	p.must(p.access.Revoke(t.Context(), grace, first, "all of it"))
	p.must(p.access.Restore(t.Context(), grace, first))
	check("after all was revoked and restored", true, false, false, true)
}

func TestTheSenderTakesCopiesBackWithTheOriginal(t *testing.T) {
	p, first, omars, zoes, _ := passed(t)
	p.must(p.access.Revoke(t.Context(), ada, first, ""))
	if p.reads(omar, omars) || p.reads(zoe, zoes) {
		t.Error("a copy can still be read")
	}
	p.must(p.access.Restore(t.Context(), ada, first))
	if !p.reads(omar, omars) || !p.reads(zoe, zoes) {
		t.Error("a copy has not come back with its original")
	}
}

func TestCopiesExpireWithTheOriginal(t *testing.T) {
	p, first, omars, zoes, _ := passed(t)
	p.must(p.access.SetExpiry(t.Context(), ada, first, p.now.Add(time.Hour)))
	p.now = p.now.Add(2 * time.Hour)
	p.must(p.access.ExpireDue(t.Context()))
	if p.reads(marta, first) || p.reads(omar, omars) || p.reads(zoe, zoes) {
		t.Error("a copy has outlived its original, or the original its end")
	}
	p.must(p.access.SetExpiry(t.Context(), ada, first, time.Time{}))
	if !p.reads(omar, omars) || !p.reads(zoe, zoes) {
		t.Error("a copy has not come back with its original")
	}
}

func TestCopiesAreDestroyedWithTheOriginal(t *testing.T) {
	p, first, omars, zoes, other := passed(t)
	p.must(p.access.Destroy(t.Context(), grace, first, "by order"))
	for _, id := range []letterlock.ID{first, omars, zoes, other} {
		if m, _ := p.message(id); !m.Destroyed || m.Subject != "" {
			t.Errorf("%s is not destroyed", id)
		}
		if _, err := p.raw(id, "sender"); err == nil {
			t.Errorf("a key of %s is left", id)
		}
		if p.audited("destroy", id, true) != 1 {
			t.Errorf("%s: its destruction is not in the audit log", id)
		}
	}
}

func TestCopiesEndNoLaterThanTheOriginal(t *testing.T) {
	p, first, omars, zoes, _ := passed(t)
	end := func(id letterlock.ID) time.Duration {
		m, _ := p.message(id)
		if m.Expires.IsZero() {
			return 0
		}
		return m.Expires.Sub(p.now)
	}
	steps := []struct {
		name               string
		of                 letterlock.ID
		to                 time.Duration // 0: never
		first, omars, zoes time.Duration
	}{
		{"the original is given an end", first, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour},
		{"a copy is to last longer", omars, 9 * time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour},
		{"a copy is to last for ever", omars, 0, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour},
		{"a copy ends sooner, and its own copy with it", omars, time.Hour, 3 * time.Hour, time.Hour, time.Hour},
		{"the original lasts longer", first, 5 * time.Hour, 5 * time.Hour, time.Hour, time.Hour},
		{"the original ends at once", first, time.Minute, time.Minute, time.Minute, time.Minute},
		{"and lasts for ever again", first, 0, 0, 0, 0},
	}
	for _, s := range steps {
		var at time.Time
		if s.to > 0 {
			at = p.now.Add(s.to)
		}
		p.must(p.access.SetExpiry(t.Context(), grace, s.of, at))
		if a, b, c := end(first), end(omars), end(zoes); a != s.first || b != s.omars || c != s.zoes {
			t.Errorf("%s: they end in %v, %v and %v; want %v, %v and %v", s.name, a, b, c, s.first, s.omars, s.zoes)
		}
	}
	p.must(p.access.SetExpiry(t.Context(), grace, first, p.now.Add(time.Minute)))
	p.now = p.now.Add(time.Minute)
	if p.reads(omar, omars) || p.reads(zoe, zoes) {
		t.Error("a copy can be read when its original has expired")
	}
}

func TestNoCopyOutlivesARevocationOfItsOriginal(t *testing.T) {
	tests := []struct {
		name string
		do   func(p *portal, first, omars, zoes letterlock.ID)
	}{
		{"given back by itself, and all revoked again", func(p *portal, first, omars, _ letterlock.ID) {
			p.must(p.access.Revoke(p.t.Context(), grace, first, "", marta))
			p.must(p.access.Restore(p.t.Context(), grace, omars))
			p.must(p.access.Revoke(p.t.Context(), grace, first, ""))
		}},
		{"of a copy that was revoked by itself", func(p *portal, first, omars, zoes letterlock.ID) {
			p.must(p.access.Revoke(p.t.Context(), grace, omars, ""))
			p.must(p.access.Restore(p.t.Context(), grace, zoes))
			p.must(p.access.Revoke(p.t.Context(), grace, first, "", marta))
		}},
		{"revoked by itself as well, and the original restored", func(p *portal, first, omars, _ letterlock.ID) {
			p.must(p.access.Revoke(p.t.Context(), grace, first, "", marta))
			p.must(p.access.Revoke(p.t.Context(), grace, omars, "for good"))
			p.must(p.access.Restore(p.t.Context(), grace, first, marta))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, first, omars, zoes, _ := passed(t)
			tt.do(p, first, omars, zoes)
			if p.reads(omar, omars) || p.reads(zoe, zoes) {
				t.Errorf("Omar reads: %t, Zoe reads: %t, want neither", p.reads(omar, omars), p.reads(zoe, zoes))
			}
		})
	}
}

func TestNobodyIsGivenMoreTimeThanTheOriginalHas(t *testing.T) {
	p, first, omars, _, _ := passed(t)
	p.must(p.access.SetExpiry(t.Context(), ada, first, p.now.Add(time.Hour)))
	p.now = p.now.Add(2 * time.Hour)
	p.must(p.access.ExpireDue(t.Context()))
	p.must(p.access.Ask(t.Context(), reader(omar), omars, ""))
	open := func() (list []letterlock.Request) {
		p.read(func(tx *store.Tx) (err error) { list, err = tx.Requests(omars); return err })
		return list
	}
	later := p.now.Add(time.Hour)
	for name, give := range map[string]func() error{
		"approving": func() error { return p.access.Approve(t.Context(), ada, open()[0].ID, later) },
		"setting":   func() error { return p.access.SetExpiry(t.Context(), ada, omars, later) },
	} {
		if err := give(); !errors.Is(err, letterlock.Invalid) || len(open()) != 1 || p.reads(omar, omars) {
			t.Errorf("%s: %v, %d open requests, and Omar reads: %t; want Invalid and nothing changed", name, err, len(open()), p.reads(omar, omars))
		}
	}
	p.must(p.access.SetExpiry(t.Context(), ada, first, later))
	if len(open()) != 0 || !p.reads(omar, omars) {
		t.Error("more time for the original did not give the copy what was asked for")
	}
}
