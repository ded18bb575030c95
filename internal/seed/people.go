package seed

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"letterlock/internal/letterlock"
)

// ourDomain is that of the organisation. All domains end so that no mail to them
// can ever reach anybody.
const ourDomain = "contoso.example"

const (
	senders    = 200
	recipients = 30_000
	domains    = 3_000
)

// A person has a mailbox.
type person struct {
	letterlock.Mailbox
	Identity letterlock.IdentityType
}

func (p person) inline() bool {
	return p.Identity == letterlock.Organization || p.Identity == letterlock.Microsoft365 || p.Identity == letterlock.MicrosoftAccount
}

// people are all who send and receive. A few of them do most of it.
type people struct {
	random *rand.Rand
	from   []person
	to     []person
	who    *rand.Zipf // of from
	whom   *rand.Zipf // of to
}

var (
	firstNames = strings.Fields(`ada grace marta jonas leila tom ines pavel chidi yuki omar sofia nils aisha bruno clara
		dmitri elena farid greta hugo irene jakub kofi lena mateo nora oskar priya quentin rosa samir tilda umar vera wanda xenia yusuf zoe`)
	lastNames = strings.Fields(`almeida becker castro dahl eriksen fischer garcia haddad ivanova jansen kowalski lindqvist moreau
		nakamura okafor petrov quist rossi schneider tanaka ueda vargas weber xu yilmaz zeller adeyemi brandt costa dubois`)
	// The domains that most people have, by identity type, before those of their own.
	big = []struct {
		domain   string
		identity letterlock.IdentityType
	}{
		{"webmail.example", letterlock.Google}, {"tenant.example", letterlock.Microsoft365}, {"household.example", letterlock.MicrosoftAccount},
		{"quillfeather.example", letterlock.Other}, {"oldmail.example", letterlock.Yahoo}, {ourDomain, letterlock.Organization},
	}
)

func newPeople(random *rand.Rand) *people {
	p := &people{random: random, who: rand.NewZipf(random, 1.1, 20, senders-1), whom: rand.NewZipf(random, 1.05, 50, recipients-1)}
	for i := range senders {
		p.from = append(p.from, p.somebody(i, ourDomain, letterlock.Organization))
	}
	p.from[0].Mailbox = letterlock.Mailbox{Name: "Billing", Address: "billing@" + ourDomain}
	where := rand.NewZipf(random, 1.2, 4, domains-1)
	for i := range recipients {
		domain, identity := p.place(int(where.Uint64()))
		p.to = append(p.to, p.somebody(i, domain, identity))
	}
	return p
}

// place returns the n-th domain.
func (p *people) place(n int) (string, letterlock.IdentityType) {
	if n < len(big) {
		return big[n].domain, big[n].identity
	}
	identity := letterlock.Other
	if n%4 == 0 {
		identity = letterlock.Microsoft365
	}
	return fmt.Sprintf("%s%d.example", lastNames[n%len(lastNames)], n), identity
}

func (p *people) somebody(i int, domain string, identity letterlock.IdentityType) person {
	first, last := firstNames[p.random.IntN(len(firstNames))], lastNames[p.random.IntN(len(lastNames))]
	return person{
		Mailbox: letterlock.Mailbox{
			Name:    strings.ToUpper(first[:1]) + first[1:] + " " + strings.ToUpper(last[:1]) + last[1:],
			Address: letterlock.Address(fmt.Sprintf("%s.%s%d@%s", first, last, i, domain)),
		},
		Identity: identity,
	}
}

// sender is who sends next. A fifth of all is bills, from one mailbox.
func (p *people) sender() person {
	if p.random.IntN(5) == 0 {
		return p.from[0]
	}
	return p.from[p.who.Uint64()]
}

// recipients returns those of one message: mostly one, at most five, each once.
func (p *people) recipients() []person {
	n := 1
	for n < 5 && p.random.IntN(4) == 0 {
		n++
	}
	list := make([]person, 0, n)
	seen := make(map[letterlock.Address]bool, n)
	for len(list) < n {
		to := p.to[p.whom.Uint64()]
		if !seen[to.Address] {
			seen[to.Address] = true
			list = append(list, to)
		}
	}
	return list
}
