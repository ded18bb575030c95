package bench

import (
	"fmt"
	"time"
)

const smallMail, largeMail = 10 << 10, 1 << 20

// duelOfIntake measures both sides with a letter over n connections each.
func (b *bench) duelOfIntake(product, limit *side, n int, l letter) duel {
	b.t.Helper()
	pm, lm := b.mailers(product, n), b.mailers(limit, n)
	defer pm.close()
	defer lm.close()
	ps, ls := pm.submits(l), lm.submits(l)
	load(product, n, b.sizes.round/3, ps) // warm up
	load(limit, n, b.sizes.round/3, ls)
	return b.duel(
		func() figure { return load(product, n, b.sizes.round, ps) },
		func() figure { return load(limit, n, b.sizes.round, ls) })
}

// intake measures mail that comes in. Notices to recipients are held back, so
// that what is measured is intake alone; one row lets them leave.
func (b *bench) intake() {
	product, limit := b.both(untraced)
	defer limit.stop()
	defer product.stop()
	product.ask("hold", "")
	for _, n := range []int{b.sizes.few, b.sizes.many} {
		d := b.duelOfIntake(product, limit, n, plain(smallMail))
		p99 := noGoal
		if n == b.sizes.few {
			p99 = atMost(d.product.p99, 5*time.Millisecond)
		}
		b.table.duel(fmt.Sprintf("intake, 10 KB, %d connections", n), d, atLeastRatio(d, 0.9), p99, noGoal)
	}
	b.profileIntake(product, "intake", plain(smallMail))
	b.intakeWithNotices(product, limit)
	for _, n := range []int{1, b.sizes.few} {
		d := b.duelOfIntake(product, limit, n, plain(largeMail))
		b.table.duel(fmt.Sprintf("intake, 1 MB, %d connections", n), d, atLeastRatio(d, 2), noGoal, noGoal)
	}
	b.profileIntake(product, "intake-1MB", plain(largeMail))
}

// intakeWithNotices lets the outbox work beside intake: it never catches up here.
func (b *bench) intakeWithNotices(product, limit *side) {
	b.t.Helper()
	n := b.sizes.few
	pm, lm := b.mailers(product, n), b.mailers(limit, n)
	defer pm.close()
	defer lm.close()
	ps, ls := pm.submits(plain(smallMail)), lm.submits(plain(smallMail))
	d := b.duel(
		func() figure {
			product.ask("release", "")
			defer product.ask("hold", "")
			return load(product, n, b.sizes.round, ps)
		},
		func() figure { return load(limit, n, b.sizes.round, ls) })
	b.table.duel(fmt.Sprintf("intake, 10 KB, %d connections, notices leaving", n), d, noGoal, noGoal, noGoal)
	product.ask("release", "")
	b.profileIntake(product, "intake-notices", plain(smallMail))
	product.ask("hold", "")
}

func (b *bench) profileIntake(product *side, name string, l letter) {
	b.t.Helper()
	list := b.mailers(product, b.sizes.few)
	defer list.close()
	b.profile(product, name, b.sizes.few, list.submits(l))
}

// fsync counts fsyncs, and measures intake on a disk that is slow at them.
func (b *bench) fsync() {
	if !canTrace() {
		b.table.add("fsyncs per mail", "counted", "?", "?", "?", noGoal)
		return
	}
	product, limit := b.both(counted)
	product.ask("hold", "")
	for _, row := range []struct {
		n    int
		most float64
	}{{b.sizes.few, 0.2}, {b.sizes.many, 0.1}} {
		n, most := row.n, row.most
		p, l := b.fsyncsPerMail(product, n), b.fsyncsPerMail(limit, n)
		b.table.add(fmt.Sprintf("fsyncs per mail, %d connections", n), "counted", fmt.Sprintf("%.3f", p), fmt.Sprintf("%.3f", l),
			times(p/l), goal{fmt.Sprintf("at most %.1f", most), p <= most})
	}
	product.ask("release", "")
	p := b.fsyncsPerMail(product, b.sizes.few)
	b.table.add(fmt.Sprintf("fsyncs per mail, %d connections, notices leaving", b.sizes.few), "counted", fmt.Sprintf("%.3f", p), "", "", noGoal)
	product.stop()
	limit.stop()

	product, limit = b.both(slowed)
	defer limit.stop()
	defer product.stop()
	product.ask("hold", "")
	d := b.duelOfIntake(product, limit, b.sizes.many, plain(smallMail))
	b.table.duel(fmt.Sprintf("intake, 10 KB, %d connections, fsync slowed by %s", b.sizes.many, slowBy), d, atLeastRate(d, 3000, ""), noGoal, noGoal)
}

func (b *bench) fsyncsPerMail(s *side, n int) float64 {
	b.t.Helper()
	list := b.mailers(s, n)
	defer list.close()
	do := list.submits(plain(smallMail))
	before := s.fsyncs()
	f := load(s, n, b.sizes.round, do)
	after := s.fsyncs()
	f = b.median([]figure{f})
	return float64(after-before) / float64(max(f.ops, 1))
}
