package seed

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// usual are words of subjects, those that come most often first.
var usual = strings.Fields(`invoice contract report meeting offer update draft salary review budget letter project order
	delivery statement account tax quote payment agreement minutes plan schedule proposal documents signed final request
	claim policy insurance transfer medical results appointment audit annual quarterly monthly forecast customer supplier
	complaint reminder receipt travel expenses candidate interview application reference pension benefits leave absence
	warranty licence patent trademark merger shares board resolution notice dismissal settlement hearing evidence witness
	mortgage loan interest valuation property lease tenant survey inspection safety incident accident repair maintenance
	password access security certificate backup migration server network outage launch campaign newsletter brochure design
	sample prototype specification drawing material shipment customs container warehouse inventory return refund credit
	balance ledger reconciliation payroll bonus overtime training course certificate diploma grant donation membership
	conference agenda speaker booking hotel flight visa passport translation interpreter diagnosis prescription laboratory
	vaccine allergy surgery discharge therapy nursing pharmacy clinic patient`)

var links = strings.Fields("for the of your about from on with re: fwd: new our and last next second")

var syllables = strings.Fields(`ba bel cor da dor el fa fen gal gor ha hel is ka kel la lor ma mir na nor o pa pel qui ra
	rin sa sol ta tor u va vel wa wen xi ya yor za`)

// words makes subjects: some words come in every tenth, some only a few times in
// a million.
type words struct {
	random *rand.Rand
	which  *rand.Zipf // of usual
	odd    *rand.Zipf // of the names of projects
}

func newWords(random *rand.Rand) *words {
	all := uint64(len(syllables))
	return &words{random: random, which: rand.NewZipf(random, 1.1, 8, uint64(len(usual)-1)), odd: rand.NewZipf(random, 1.01, 200, all*all*all-1)}
}

// subject makes a subject of three to seven words, now and then with a number or
// the name of a project.
func (w *words) subject() string {
	var b strings.Builder
	for i := range 2 + w.random.IntN(3) {
		if i > 0 {
			b.WriteByte(' ')
			if w.random.IntN(2) == 0 {
				b.WriteString(links[w.random.IntN(len(links))] + " ")
			}
		}
		b.WriteString(usual[w.which.Uint64()])
	}
	switch w.random.IntN(4) {
	case 0:
		fmt.Fprintf(&b, " %d-%05d", 2020+w.random.IntN(7), w.random.IntN(100_000))
	case 1:
		b.WriteString(" " + project(int(w.odd.Uint64())))
	}
	subject := b.String()
	return strings.ToUpper(subject[:1]) + subject[1:]
}

// project returns the name of the n-th project.
func project(n int) string {
	all := len(syllables)
	return syllables[n%all] + syllables[n/all%all] + syllables[n/all/all] + "x"
}

func (w *words) common() string { return usual[0] }

// rare returns the word of a subject that is in few others, if there is one.
func (w *words) rare(subject string) string {
	last := subject[strings.LastIndexByte(subject, ' ')+1:]
	if strings.HasSuffix(last, "x") && last != "tax" {
		return last
	}
	return ""
}
