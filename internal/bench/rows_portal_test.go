package bench

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// Peers' rates at 16 connections on the machine that the goals come from: their
// reads have no session, no page, and are not durable.
const yopass = 12_400

// A shelf is what both sides have to read.
type shelf struct {
	product, limit *library
}

const (
	plainReaders, htmlReaders = 16, 8
	kept                      = 20 // messages of each reader that are not used up
)

func (b *bench) portal() {
	product, limit := b.both(untraced)
	defer limit.stop()
	defer product.stop()
	single := kept + (3*b.sizes.pairs*b.sizes.once+plainReaders-1)/plainReaders
	text := shelf{b.readers(product, 0, plainReaders, single, plain(smallMail)), b.readers(limit, 0, plainReaders, single, plain(smallMail))}
	rich := shelf{b.readers(product, plainReaders, htmlReaders, kept, both(smallMail)), b.readers(limit, plainReaders, htmlReaders, kept, both(smallMail))}

	b.firstReads(text, b.sizes.few)
	count := b.sizes.pairs * b.sizes.once
	revoked := [4]letterbox{text.product.take(count), text.limit.take(count), text.product.take(count), text.limit.take(count)}
	for _, lib := range []*library{text.product, text.limit, rich.product, rich.limit} {
		b.readAll(lib)
	}
	b.reading(text, rich)
	b.revoking(fmt.Sprintf("revoke, %d at once", b.sizes.few), text, [2]letterbox(revoked[:2]), false)
	b.revoking(fmt.Sprintf("revoke, %d at once, under full read load", b.sizes.few), text, [2]letterbox(revoked[2:]), true)
	b.beside(text)
	b.large(product, text.product.readers[0])
}

// readAll makes every message one that was read before.
func (b *bench) readAll(lib *library) {
	b.t.Helper()
	v := b.visitors(lib.side, 1)[0]
	for _, r := range lib.readers {
		for _, path := range r.paths {
			b.check(v.get(path, r.cookie, http.StatusOK))
		}
	}
}

// reading measures messages that were read before.
func (b *bench) reading(text, rich shelf) {
	b.t.Helper()
	rows := []struct {
		work   string
		shelf  shelf
		n      int
		suffix string
		goals  bool
	}{
		{"read, 10 KB of text", text, b.sizes.few, "", true},
		{"read, 10 KB of text", text, b.sizes.many, "", true},
		{"its text in the frame", text, b.sizes.few, "/body", false},
		{"read, 10 KB with HTML", rich, b.sizes.few, "", false},
		{"its HTML in the frame", rich, b.sizes.few, "/body", false},
	}
	for _, row := range rows {
		ps := row.shelf.product.reads(b.visitors(row.shelf.product.side, row.n), row.suffix)
		ls := row.shelf.limit.reads(b.visitors(row.shelf.limit.side, row.n), row.suffix)
		d := b.duel(
			func() figure { return load(row.shelf.product.side, row.n, b.sizes.round, ps) },
			func() figure { return load(row.shelf.limit.side, row.n, b.sizes.round, ls) })
		rate, cpu := noGoal, noGoal
		if row.goals {
			rate, cpu = atLeastRate(d, 2.5*yopass, ", 2.5 × Yopass"), atMost(d.product.cpu, 38*time.Microsecond)
		}
		b.table.duel(fmt.Sprintf("%s, %d connections", row.work, row.n), d, rate, noGoal, cpu)
		if row.n == b.sizes.few {
			name := map[shelf]string{text: "read-text", rich: "read-html"}[row.shelf] + regexp.MustCompile(`\W`).ReplaceAllString(row.suffix, "-")
			b.profile(row.shelf.product.side, name, row.n, ps)
		}
	}
}

// firstReads measures reads that leave a durable record before the content leaves.
func (b *bench) firstReads(text shelf, n int) {
	b.t.Helper()
	count := b.sizes.pairs * b.sizes.once
	ps := text.product.take(count).firstReads(b.visitors(text.product.side, n), "")
	ls := text.limit.take(count).firstReads(b.visitors(text.limit.side, n), "?note=1")
	d := b.duel(
		func() figure { return loadTimes(text.product.side, n, b.sizes.once, ps) },
		func() figure { return loadTimes(text.limit.side, n, b.sizes.once, ls) })
	b.table.duel(fmt.Sprintf("first read, with a durable record, %d connections", n), d, atLeastRate(d, 1.5*yopass, ", 1.5 × Yopass"), noGoal, noGoal)
}

// revoking measures durable revocations, alone or beside readers.
func (b *bench) revoking(work string, text shelf, boxes [2]letterbox, busy bool) {
	b.t.Helper()
	n := b.sizes.few
	round := func(lib *library, box letterbox) func() figure {
		do := box.revokes(lib.side, b.visitors(lib.side, n))
		if !busy {
			return func() figure { return loadTimes(lib.side, n, b.sizes.once, do) }
		}
		reads := lib.reads(b.visitors(lib.side, n), "")
		return func() figure {
			defer b.meanwhile(n, reads)()
			return loadTimes(lib.side, n, b.sizes.once, do)
		}
	}
	d := b.duel(round(text.product, boxes[0]), round(text.limit, boxes[1]))
	goal := noGoal
	if busy {
		_, p99 := b.syncTime()
		goal = atMost(d.product.p99, p99+time.Millisecond)
		goal.text += ", one fsync + 1 ms"
		d.product.cpu, d.limit.cpu = 0, 0 // it is that of the readers, too
	}
	b.table.duel(work, d, noGoal, goal, noGoal)
}

// meanwhile keeps n workers at a task until the returned function is called.
func (b *bench) meanwhile(n int, do task) (stop func()) {
	end := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if err := do(i); err != nil {
					b.t.Errorf("beside: %v", err)
					return
				}
			}
		})
	}
	return func() { close(end); all.Wait() }
}

// beside measures readers alone and beside as many submitters, by turns.
func (b *bench) beside(text shelf) {
	b.t.Helper()
	n := b.sizes.few
	text.product.side.ask("hold", "")
	measure := func(lib *library) duel {
		reads := lib.reads(b.visitors(lib.side, n), "")
		list := b.mailers(lib.side, n)
		defer list.close()
		writes := list.submits(plain(smallMail))
		return b.duel(
			func() figure {
				defer b.meanwhile(n, writes)()
				return load(lib.side, n, b.sizes.round, reads)
			},
			func() figure { return load(lib.side, n, b.sizes.round, reads) })
	}
	p, l := measure(text.product), measure(text.limit)
	work := fmt.Sprintf("%d readers beside %[1]d submitters, against readers alone", n)
	later := func(d duel) float64 { return float64(d.product.p99) / float64(d.limit.p99) }
	b.table.add(work, "reads", times(p.ratio), times(l.ratio), times(p.ratio/l.ratio), goal{"at least 0.6", p.ratio >= 0.6})
	b.table.add(work, "p99", times(later(p)), times(later(l)), times(later(p)/later(l)), goal{"at most 2.0", later(p) <= 2})
	text.product.side.ask("release", "")
}

var partLink = regexp.MustCompile(`/read/[^/"]+/part/\d+`)

// large measures the memory that one large mail takes on its way in, and one
// large attachment on its way out.
func (b *bench) large(s *side, r *reader) {
	b.t.Helper()
	seen := len(s.await(request{Do: "letters", Arg: readerAddress(0)}).Links)
	list := b.mailers(s, 1)
	defer list.close()
	l := attached(b.sizes.big)
	most := int64(64 << 20)
	work := fmt.Sprintf("%d MB, memory above rest", b.sizes.big>>20)
	in := b.above(s, func() { b.check(list[0].send(readerAddress(0), l)) })
	b.table.add(work, "in", megabytes(in), "", "", atMostBytes(in, most))

	links := s.await(request{Do: "letters", Arg: readerAddress(0), Links: seen + 1}).Links
	path, err := r.browser.follow(http.MethodGet, links[seen], nil)
	b.check(err)
	page, _, err := r.browser.do(http.MethodGet, path, nil)
	b.check(err)
	text, err := io.ReadAll(page)
	b.check(err)
	file := partLink.FindString(string(text))
	out := b.above(s, func() {
		body, _, err := r.browser.do(http.MethodGet, file, nil)
		b.check(err)
		n, err := io.Copy(io.Discard, body)
		b.check(err)
		if n < int64(b.sizes.big)/2 {
			b.t.Errorf("the download has %d bytes", n)
		}
	})
	b.table.add(work, "out", megabytes(out), "", "", atMostBytes(out, most))
}

// above is how far the server's memory rises during f.
func (b *bench) above(s *side, f func()) int64 {
	b.t.Helper()
	s.resetPeak()
	before := s.memory("VmRSS")
	f()
	return s.memory("VmHWM") - before
}

// memory measures what servers need at rest and after many mails, and how fast
// they start on what they have stored.
func (b *bench) memory() {
	folders := map[string]string{"product": b.dir(), "limit": b.dir()}
	rest, after, start := map[string]int64{}, map[string]int64{}, map[string][]time.Duration{}
	for role, folder := range folders {
		b.start(role, folder, untraced).stop() // makes keys and accounts, once
		s := b.start(role, folder, untraced)
		rest[role] = s.memory("VmRSS")
		n := b.sizes.many
		list := b.mailers(s, n)
		f := loadTimes(s, n, b.sizes.stored, list.submits(plain(smallMail)))
		after[role] = s.memory("VmRSS")
		list.close()
		b.median([]figure{f})
		s.stop()
	}
	for range b.sizes.pairs {
		for role, folder := range folders {
			s := b.start(role, folder, untraced)
			start[role] = append(start[role], s.ready)
			s.stop()
		}
	}
	p, l := "product", "limit"
	b.table.add("memory at rest", "resident", megabytes(rest[p]), megabytes(rest[l]), times(float64(rest[p])/float64(rest[l])), atMostBytes(rest[p], 25<<20))
	b.table.add(fmt.Sprintf("memory after %d mails, %d connections", b.sizes.stored, b.sizes.many), "resident", megabytes(after[p]), megabytes(after[l]),
		times(float64(after[p])/float64(after[l])), atMostBytes(after[p], 100<<20))
	ps, ls := middle(start[p]), middle(start[l])
	b.table.add(fmt.Sprintf("start with %d stored", b.sizes.stored), "until it answers", span(ps), span(ls),
		times(float64(ps)/float64(ls)), atMost(ps, 50*time.Millisecond))
}
