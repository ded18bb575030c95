package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"letterlock/internal/letterlock"
	"letterlock/internal/model"
	"letterlock/internal/store"
)

// A product is what a history is told to: the use cases, or the pages above them.
// Each act is told what the model answers, and returns how the product differs.
type product interface {
	send(mail model.Mail, words string) (letterlock.ID, error)
	reply(who letterlock.Address, id letterlock.ID, everybody bool, text string, want model.Answer) (letterlock.ID, error)
	forward(who letterlock.Address, id letterlock.ID, to []letterlock.Address, text string, want model.Answer) (letterlock.ID, error)
	ask(who letterlock.Address, id letterlock.ID, want model.Answer) error
	revoke(by model.Person, id letterlock.ID, from []letterlock.Address, want model.Answer) error
	restore(by model.Person, id letterlock.ID, to []letterlock.Address, want model.Answer) error
	destroy(by model.Person, id letterlock.ID, want model.Answer) error
	setExpiry(by model.Person, id letterlock.ID, end time.Time, want model.Answer) error
	approve(by model.Person, id, request letterlock.ID, end time.Time, want model.Answer) error
	decline(by model.Person, id, request letterlock.ID, want model.Answer) error
	// What somebody sees, in one of several ways, and all that they are shown.
	sees(who letterlock.Address, id letterlock.ID, m *model.Message, want model.Answer, way int) (string, error)
	reading(m *model.Message, way int) bool // whether that way counts as reading
	senderSees(p model.Person, id letterlock.ID, want model.Answer, way int) (string, error)
	list(who letterlock.Address) (string, error)
}

// A history is one world and one house to which the same happens.
type history struct {
	t       *rapid.T
	world   *model.World
	house   *house
	product product
	ids     []letterlock.ID // by the number of the message
	wrote   map[letterlock.Address]int
	batches []batch
	mails   map[letterlock.Address]int // in the mailboxes, when they were looked at
	way     int                        // counts ways of looking
}

// maxMessages and maxAnswers bound a history; nobody may write more than thirty
// answers in an hour.
const (
	maxMessages = 9
	maxAnswers  = 25
)

func TestUseCasesDoWhatTheModelSays(t *testing.T) {
	histories(t, func(h *house) product { return useCases{h} })
}

func histories(t *testing.T, of func(*house) product) {
	p := newPlot(t)
	n, steps := 0, 0
	until := time.Now().Add(longest)
	rapid.Check(t, func(t *rapid.T) {
		if long() && time.Now().After(until) {
			return
		}
		n++
		steps += oneHistory(t, p, of)
	})
	t.Logf("%d histories of %d steps in all: the product did what the model says", n, steps)
}

// longest is how long the long form goes on.
const longest = 150 * time.Second

func oneHistory(t *rapid.T, p plot, of func(*house) product) (steps int) {
	everyLink := rapid.Bool().Draw(t, "senders may take back what went to several")
	built, err := p.build(everyLink)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := built.tearDown(); err != nil {
			t.Error(err)
		}
	}()
	h := &history{t: t, house: built, product: of(built), wrote: map[letterlock.Address]int{}, mails: map[letterlock.Address]int{},
		world: &model.World{Now: begin, Domain: "contoso.example", EveryLink: everyLink}}
	act := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) { h.t = t; steps++; f() }
	}
	h.open()
	t.Repeat(map[string]func(*rapid.T){
		"send": act(h.send), "reply": act(h.reply), "forward": act(h.forward), "forward again": act(h.forward), "ask": act(h.ask),
		"revoke": act(h.revoke), "revoke again": act(h.revoke), "restore": act(h.restore), "restore again": act(h.restore), "destroy": act(h.destroy),
		"set expiry": act(h.setExpiry), "set expiry again": act(h.setExpiry), "an end comes": act(h.endComes), "answer": act(h.answer), "wait": act(h.wait), "sweep again": act(h.sweep), "wait for an end": act(h.waitForEnd), "sweep": act(h.sweep),
		"plan a batch": act(h.planBatch), "approve a batch": act(h.approveBatch), "undo a batch": act(h.undoBatch),
		"": func(t *rapid.T) { h.t = t; h.compare(false) },
	})
	h.t = t
	h.compare(true)
	return steps
}

// open is how every history begins: somebody has forwarded a message, so that there
// is something that others may end.
func (h *history) open() {
	mail := model.Mail{From: draw(h, "from", []model.Person{ada, grace}), To: h.some("to", outside[:3], 1, 2), Protection: letterlock.EncryptOnly, Expires: h.end()}
	h.sendMail(mail)
	if len(h.ids) > 0 {
		h.forwardTo(h.world.Messages[0], mail.To[0], h.some("forwarded to", outside[2:5], 1, 2))
	}
	h.send()
}

// must ends the history where the product differs.
func (h *history) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// draw chooses one of a list.
func draw[T any](h *history, what string, list []T) T {
	return rapid.SampledFrom(list).Draw(h.t, what)
}

// message chooses one, and says by whom: often somebody who may do much.
func (h *history) message() (*model.Message, letterlock.ID) {
	n := rapid.IntRange(0, len(h.ids)-1).Draw(h.t, "message")
	return h.world.Messages[n], h.ids[n]
}

// person chooses who acts: often the owner, or whoever may do everything.
func (h *history) person(m *model.Message) model.Person {
	list := slices.Concat(staff, []model.Person{grace, rita, grace, rita})
	for _, p := range staff {
		if p.Address == m.Owner {
			list = append(list, p, p, p, p)
		}
	}
	return draw(h, "by", list)
}

// reader chooses which recipient acts, and sometimes somebody who is none.
func (h *history) reader(m *model.Message) letterlock.Address {
	list := slices.Clone(outside)
	for _, r := range m.Recipients {
		list = append(list, r.Address, r.Address, r.Address)
	}
	return draw(h, "who", list)
}

func (h *history) some(what string, list []letterlock.Address, least, most int) []letterlock.Address {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(list), least, most, rapid.ID[letterlock.Address]).Draw(h.t, what)
}

// words name the next message.
func (h *history) words() string { return fmt.Sprintf("number-%d-of-all", len(h.ids)) }

func (h *history) end() time.Time {
	days := draw(h, "days to the end", []int{0, 1, 1, 7, -1})
	if days < 0 {
		return time.Time{}
	}
	return lastDay(h.world.Now, days)
}

// lastDay is the end of the day that lies days after now.
func lastDay(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+days, 23, 59, 59, 0, time.UTC)
}

// givenDays are for how long a request for more time may be granted.
var givenDays = []int{7, 14}

func (h *history) given() time.Time {
	if days := draw(h, "days to give", append([]int{0}, givenDays...)); days > 0 {
		return lastDay(h.world.Now, days)
	}
	return time.Time{}
}

func (h *history) send() {
	if len(h.ids) >= maxMessages {
		h.t.Skip("enough messages")
	}
	mail := model.Mail{
		From: draw(h, "from", []model.Person{ada, ada, eve, grace}), To: h.some("to", outside, 1, 3), Portal: rapid.Bool().Draw(h.t, "everybody in the portal"),
		Protection: draw(h, "protection", []letterlock.Protection{letterlock.EncryptOnly, letterlock.EncryptOnly, letterlock.DoNotForward}), Expires: h.end(),
	}
	h.sendMail(mail)
}

func (h *history) sendMail(mail model.Mail) {
	words := h.words()
	if _, a := h.world.Send(mail, words); a != model.Done {
		return // its end is over
	}
	id, err := h.product.send(mail, words)
	h.must(err)
	h.ids = append(h.ids, id)
}

func (h *history) mayWrite(who letterlock.Address) {
	if h.wrote[who]++; h.wrote[who] > maxAnswers || len(h.ids) >= maxMessages {
		h.t.Skip("enough written")
	}
}

func (h *history) reply() {
	m, id := h.message()
	who, everybody, words := h.reader(m), rapid.Bool().Draw(h.t, "to everybody"), h.words()
	h.mayWrite(who)
	_, want := h.world.Reply(who, m, everybody, words)
	made, err := h.product.reply(who, id, everybody, textOf(words), want)
	h.made(made, err, want)
}

func (h *history) forward() {
	m, _ := h.message()
	who, to := h.reader(m), h.some("to", outside, 1, 2)
	h.mayWrite(who)
	h.forwardTo(m, who, to)
}

func (h *history) forwardTo(m *model.Message, who letterlock.Address, to []letterlock.Address) {
	words := h.words()
	_, want := h.world.Forward(who, m, to, words)
	made, err := h.product.forward(who, h.ids[m.Number], to, textOf(words), want)
	h.made(made, err, want)
}

func (h *history) made(id letterlock.ID, err error, want model.Answer) {
	h.t.Helper()
	h.must(err)
	if want == model.Done {
		h.ids = append(h.ids, id)
	}
}

func (h *history) ask() {
	m, id := h.message()
	who := h.reader(m)
	h.must(h.product.ask(who, id, h.world.Ask(who, m)))
}

// which chooses recipients of a message: none, which means all, some of them, or
// somebody who is none.
func (h *history) which(m *model.Message) []letterlock.Address {
	var list []letterlock.Address
	for _, r := range m.Recipients {
		list = append(list, r.Address)
	}
	switch draw(h, "which", []string{"all", "all", "all", "one", "one", "one", "one", "any"}) {
	case "all":
		return nil
	case "one":
		return []letterlock.Address{draw(h, "recipient", list)}
	}
	return h.some("recipients", outside, 1, 2)
}

func (h *history) revoke() {
	m, id := h.message()
	by, from := h.person(m), h.which(m)
	h.must(h.product.revoke(by, id, from, h.world.Revoke(by, m, from...)))
}

func (h *history) restore() {
	m, id := h.message()
	by, to := h.person(m), h.which(m)
	h.must(h.product.restore(by, id, to, h.world.Restore(by, m, to...)))
}

func (h *history) destroy() {
	m, id := h.message()
	by := h.person(m)
	h.must(h.product.destroy(by, id, h.world.Destroy(by, m)))
}

func (h *history) setExpiry() {
	m, id := h.message()
	by, end := h.person(m), h.end()
	h.must(h.product.setExpiry(by, id, end, h.world.SetExpiry(by, m, end)))
}

// answer approves or declines what somebody asks for.
func (h *history) answer() {
	var open []*model.Request
	for _, m := range h.world.Messages {
		open = append(open, m.Open()...)
	}
	if len(open) == 0 {
		h.t.Skip("nobody asks for anything")
	}
	q := draw(h, "request", open)
	m := q.Recipient.Message
	by, id := h.person(m), h.ids[m.Number]
	request := h.requestOf(q)
	if rapid.Bool().Draw(h.t, "decline") {
		h.must(h.product.decline(by, id, request, h.world.Decline(by, q)))
		return
	}
	end := h.given()
	h.must(h.product.approve(by, id, request, end, h.world.Approve(by, q, end)))
}

// requestOf finds the product's own name of a request.
func (h *history) requestOf(q *model.Request) (id letterlock.ID) {
	h.t.Helper()
	message := h.ids[q.Recipient.Message.Number]
	h.must(h.house.read(func(tx *store.Tx) error {
		list, err := tx.Requests(message)
		if err != nil {
			return err
		}
		r, err := tx.RecipientByAddress(message, q.Recipient.Address)
		for _, one := range list {
			if one.Recipient == r.ID && one.Kind == q.Kind {
				id = one.ID
			}
		}
		return err
	}))
	if id == "" {
		h.t.Fatalf("%s asks for %s, says the model, and the product knows nothing of it", q.Recipient.Address, q.Kind)
	}
	return id
}

func (h *history) wait() {
	d := draw(h, "how long", []time.Duration{time.Second, time.Hour, 9 * time.Hour, 25 * time.Hour})
	h.advance(d)
}

// waitForEnd goes to the second in which a message ends, or to the one before.
func (h *history) waitForEnd() {
	m, _ := h.message()
	at := m.Expires.Add(time.Duration(rapid.IntRange(-1, 0).Draw(h.t, "seconds after the end")) * time.Second)
	if m.Expires.IsZero() || !at.After(h.world.Now) {
		h.t.Skip("it has ended, or does not end")
	}
	h.advance(at.Sub(h.world.Now))
}

// endComes waits for the end of a message, and lets the program do what it then does.
func (h *history) endComes() {
	h.waitForEnd()
	h.advance(time.Second)
	h.sweep()
}

func (h *history) advance(d time.Duration) {
	h.world.Now = h.world.Now.Add(d)
	h.house.advance(d)
}

// sweep does what the program does by itself, and looks at the mails that leave.
func (h *history) sweep() {
	h.must(h.house.sweep())
	told := h.world.Deliver()
	got := map[letterlock.ID]bool{}
	for _, a := range outside {
		mails := h.house.box.Mails(a)
		for _, m := range mails[:len(mails)-h.mails[a]] {
			id, _, _ := strings.Cut(strings.TrimPrefix(m.From, "bounce+"), ".")
			if m.Link() == "" {
				continue // the message itself, inline
			}
			got[letterlock.ID(id)] = true
			if text := string(m.Raw); strings.Contains(text, textOf("")) || strings.Contains(text, subjectOf("")) {
				h.t.Fatalf("a notification to %s shows what the message says", a)
			}
		}
		h.mails[a] = len(mails)
	}
	for _, m := range h.world.Messages {
		h.compareTold(m, told, got)
	}
}

func (h *history) compareTold(m *model.Message, told []*model.Recipient, got map[letterlock.ID]bool) {
	h.t.Helper()
	var all []letterlock.Recipient
	h.must(h.house.read(func(tx *store.Tx) (err error) { all, err = tx.Recipients(h.ids[m.Number]); return err }))
	for i, r := range m.Recipients {
		if want := slices.Contains(told, r); got[all[i].ID] != want && !r.Inline {
			h.t.Fatalf("%s has now been told of message %d: %t, want %t", r.Address, m.Number, got[all[i].ID], want)
		}
	}
}
