package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// A writer makes up messages, and texts that have in them what stands between values.
type writer struct {
	*rand.Rand
	between bool
	changed bool // a text has
	lonely  bool // a message has no recipients
}

// text is one that is seldom anything, or mostly something.
func (w *writer) text(seldom bool) string {
	if w.IntN(4) > 0 == seldom {
		return ""
	}
	s := []string{"Salary", "x", "\xff", "Sal\x00ary", "ada@contoso.example"}[w.IntN(5)]
	if w.between && w.IntN(100) == 0 {
		w.changed = true
		for range 1 + w.IntN(4) {
			s += []string{betweenValues, betweenInner, betweenRare}[w.IntN(3)] + "7"
		}
	}
	return s
}

// message adds a message of which anything may be there or not, and returns its place.
func (w *writer) message(t *testing.T, db *DB) (place int64) {
	t.Helper()
	box := func(seldom bool) letterlock.Mailbox {
		return letterlock.Mailbox{Name: w.text(seldom), Address: letterlock.Address(w.text(seldom))}
	}
	m := letterlock.Message{ID: letterlock.NewID(), Reference: w.text(true), Sender: box(false), Subject: w.text(false), Protection: letterlock.EncryptOnly,
		Method: letterlock.Method(w.text(false)), Brand: w.text(true), DecidedBy: w.text(false), Via: letterlock.BySubmission, Portal: w.IntN(4) == 0,
		Asks: letterlock.Demand(w.text(true)), Passphrase: letterlock.ID(w.text(true)), RuledAsks: letterlock.Demand(w.text(true)), Size: w.Int64N(1 << 40), Attachments: w.IntN(3), Author: box(true),
		Original: letterlock.ID(w.text(true)), Act: letterlock.Act(w.text(true)), Source: letterlock.ID(w.text(true))}
	if w.IntN(2) == 0 {
		m.Expires = start.Add(1)
	}
	if w.IntN(3) == 0 {
		m.LatestEnd = start.Add(1)
	}
	m.MessageID = "<" + string(m.ID) + w.text(false) + "@contoso.example>"
	write(t, db, func(tx *Tx) error {
		err := tx.AddMessage(m, nil, Sealed{})
		recipients := w.Perm(w.IntN(19) % 5)
		w.lonely = w.lonely || len(recipients) == 0
		for i, position := range recipients {
			err = errors.Join(err, w.recipient(tx, m.ID, position, i))
		}
		if w.IntN(8) == 0 {
			err = errors.Join(err, tx.Destroy(m.ID))
		}
		return errors.Join(err, tx.row(`SELECT seq FROM messages WHERE id = $1`, []any{m.ID}, &place))
	})
	return place
}

func (w *writer) recipient(tx *Tx, message letterlock.ID, position, number int) error {
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: message, Field: letterlock.To, Identity: letterlock.Google,
		Mailbox:    letterlock.Mailbox{Name: w.text(false), Address: letterlock.Address(strings.Repeat("a", number) + w.text(false) + "@a.example")},
		Experience: letterlock.Link, Why: w.text(false), Reference: w.text(false)}
	err := tx.AddRecipient(r, position, []byte(r.ID))
	for _, kind := range []letterlock.EventKind{letterlock.Notified, letterlock.Bounced, letterlock.Read} {
		if w.IntN(3) == 0 {
			err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: kind, Detail: w.text(false)}))
		}
	}
	if w.IntN(4) == 0 {
		err = errors.Join(err, tx.PutOff(r.ID, w.text(false)))
	}
	if w.IntN(4) == 0 {
		err = errors.Join(err, tx.Revoke(r.ID, letterlock.Revocation{At: start, By: letterlock.Mailbox{Name: w.text(true), Address: letterlock.Address(w.text(true))},
			Standing: letterlock.Standing(w.text(true)), Batch: letterlock.ID(w.text(true)), Reason: w.text(true), With: letterlock.ID(w.text(true))}))
	}
	return err
}

// TestAPageIsReadAsItsMessagesAre reads pages, and each of their messages and its recipients
// by themselves, of anything that a row can hold.
func TestAPageIsReadAsItsMessagesAre(t *testing.T) {
	for _, between := range []bool{false, true} {
		db, w := open(t), &writer{Rand: rand.New(rand.NewPCG(7, 8)), between: between}
		atOnce := 0
		for range 200 {
			w.changed, w.lonely = false, false
			var places []int64
			for range 1 + w.IntN(4) {
				places = append([]int64{w.message(t, db)}, places...)
			}
			var got, found, want []SentMessage
			var ok bool
			write(t, db, func(tx *Tx) error {
				_, once, err1 := tx.messagesAtOnce(places)
				list, err2 := tx.messagesAt(places)
				each, err3 := tx.messagesEach(places)
				newest, _, err4 := tx.Found(letterlock.Search{}, 0, len(places), 10) // they are
				got, found, want, ok = list, newest, each, once
				return errors.Join(err1, err2, err3, err4)
			})
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(found, want) || len(want) != len(places) {
				t.Fatalf("a page has\n%+v\nits messages are\n%+v", got, want)
			}
			if !w.changed && !w.lonely && !ok {
				t.Errorf("read one by one without a reason:\n%+v", want)
			}
			if ok {
				atOnce++
			}
		}
		if atOnce < 30 || between && atOnce > 150 {
			t.Errorf("%d of 200 pages were read at once: this test proves little", atOnce)
		}
	}
}

// TestNobodyWritesARecipientIntoAPage has a name that reads as the rest of its recipient and
// the whole of another, which would take the place of one there is.
func TestNobodyWritesARecipientIntoAPage(t *testing.T) {
	db := open(t)
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<forged@contoso.example>"}
	write(t, db, func(tx *Tx) error {
		err := tx.AddMessage(m, nil, Sealed{})
		for i, a := range []letterlock.Address{"li@a.example", "zoe@b.example"} {
			r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: a}}
			err = errors.Join(err, tx.AddRecipient(r, i, []byte(r.ID)))
		}
		one, err2 := tx.Message(m.ID)
		m = one
		return errors.Join(err, err2)
	})
	name := strings.Join([]string{"Li", "to", "other", "link", "link", "", "0", "0", "0", "",
		fmt.Sprint(m.Seq) + betweenInner + "1", "forged", "nobody@evil.example", ""}, betweenValues)
	write(t, db, func(tx *Tx) error {
		return tx.exec(`UPDATE recipients SET name = $1 WHERE address = 'li@a.example'`, name)
	})
	var list []SentMessage
	write(t, db, func(tx *Tx) (err error) { list, err = tx.messagesAt([]int64{m.Seq}); return err })
	if len(list) != 1 || len(list[0].Recipients) != 2 || list[0].Recipients[0].Mailbox.Name != name || list[0].Recipients[1].Mailbox.Address != "zoe@b.example" {
		t.Errorf("the page has %+v", list)
	}
}

// TestNoColumnOfAPageIsNull holds what the reading of a page asks for: with a NULL, and in the
// next text what stands between values, their number is right and their places are not.
func TestNoColumnOfAPageIsNull(t *testing.T) {
	db := open(t)
	checked := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\b([mr])\.(\w+)`).FindAllStringSubmatch(pageQuery, -1) {
		table, name := map[string]string{"m": "messages", "r": "recipients"}[m[1]], m[2]
		if name == "seq" || name == "message_id" { // by which they are found; which has a COALESCE
			continue
		}
		checked[m[0]] = true
		var never, key bool
		write(t, db, func(tx *Tx) error {
			return tx.row(`SELECT "notnull", pk > 0 FROM pragma_table_info($1) WHERE name = $2`, []any{table, name}, &never, &key)
		})
		if !never && !key {
			t.Errorf("%s.%s can be NULL", table, name)
		}
	}
	if len(checked) < 40 {
		t.Errorf("%d columns were checked: this test proves little", len(checked))
	}
}
