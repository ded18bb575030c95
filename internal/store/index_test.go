package store

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestARetriedMailIsFoundByItsNewRecipientAndCountedOnce(t *testing.T) {
	l := newLibrary(t)
	id := l.add(rand.New(rand.NewPCG(1, 1)))
	catchUp := func() {
		if err := l.db.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	catchUp()
	write(t, l.db, func(tx *Tx) error {
		return errors.Join(l.addRecipient(tx, rand.New(rand.NewPCG(1, 1)), id, 9, "late@riverside.example"), tx.SearchAgain(id))
	})
	catchUp()
	for _, q := range []letterlock.Search{{Recipient: "late@riverside.example"}, {Recipient: "@riverside.example"}, {Recipient: "late@"}} {
		if got, err := l.find(q, 10); err != nil || !slices.Equal(got, []letterlock.ID{id}) {
			t.Errorf("%+v finds %v, %v; want the message", q, got, err)
		}
	}
	var messages, late, rest int
	write(t, l.db, func(tx *Tx) error {
		return errors.Join(tx.row(`SELECT SUM(messages) FROM report_slots`, nil, &messages),
			tx.row(`SELECT SUM(recipients) FROM report_domains WHERE domain = 'riverside.example'`, nil, &late),
			tx.row(`SELECT (SELECT SUM(recipients) FROM report_domains) - (SELECT count(*) FROM recipients)`, nil, &rest))
	})
	if messages != 1 || late != 1 || rest != 0 {
		t.Errorf("the report counts %d messages and %d late recipients, and differs by %d recipients; want 1, 1, 0", messages, late, rest)
	}
}

func TestAWordOfTheSubjectIsNoKeyAndAKeyNoWord(t *testing.T) {
	l := newLibrary(t)
	of := key(senderKey, "ada@contoso.example")
	if len(of) != keyLength {
		t.Fatalf("a key has %d bytes, want %d", len(of), keyLength)
	}
	m, _ := message(t, l.db, time.Time{})
	if m.Sender.Address != "ada@contoso.example" {
		t.Fatalf("the message is of %s: this test would prove nothing", m.Sender.Address)
	}
	catchUp(t, l.db)
	for _, typed := range []string{of, strings.ToUpper(of), "the-" + of, of[:20] + "*", of + "*"} {
		if got, err := l.find(letterlock.Search{Subject: typed}, 5); err != nil || len(got) != 0 {
			t.Errorf("the subject %q finds %v, %v; want nothing", typed, got, err)
		}
	}
	forged := l.add(rand.New(rand.NewPCG(1, 1)))
	write(t, l.db, func(tx *Tx) error {
		return tx.exec(`UPDATE messages SET subject = $2, sender = 'eve@contoso.example' WHERE id = $1`, forged, "The "+of)
	})
	catchUp(t, l.db)
	for _, tt := range []struct {
		q    letterlock.Search
		want letterlock.ID
	}{
		{letterlock.Search{Subject: of}, forged},
		{letterlock.Search{Subject: of[:20] + "*"}, forged},
		{letterlock.Search{Sender: "ada@contoso.example"}, m.ID},
		{letterlock.Search{Sender: "eve@contoso.example", Subject: "the"}, forged},
	} {
		if got, err := l.find(tt.q, 5); err != nil || !slices.Equal(got, []letterlock.ID{tt.want}) {
			t.Errorf("%+v finds %v, %v; want %s", tt.q, got, err, tt.want)
		}
	}
}

func TestTheIndexOfWordsStaysInFewSegments(t *testing.T) {
	l := newLibrary(t)
	most := 0
	for range 60 {
		l.add(rand.New(rand.NewPCG(1, 1)))
		catchUp(t, l.db)
		var n int
		write(t, l.db, func(tx *Tx) error {
			return tx.row(`SELECT count(DISTINCT segid) FROM search_words_idx`, nil, &n)
		})
		most = max(most, n)
	}
	if most > 7 { // one of each power of two, and one that is new
		t.Errorf("a search began in %d segments after 60 batches, want 7 at most", most)
	}
}

func TestASearchKnowsWhatWasAcceptedBeforeIt(t *testing.T) {
	l := newLibrary(t)
	for n := 1; n <= 2; n++ {
		l.add(rand.New(rand.NewPCG(1, 1)))
		var due bool
		var list []SentMessage
		err := l.db.Search(t.Context(), func(tx *Tx) error {
			var err1, err2 error
			due, err1 = tx.indexIsDue()
			list, err2 = tx.Find(letterlock.Search{}, 0, 10)
			return errors.Join(err1, err2)
		})
		if err != nil || due || len(list) != n {
			t.Errorf("%d of %d messages, and some are not known yet: %t; %v", len(list), n, due, err)
		}
	}
}

func TestAnErasedSubjectIsNowhereInTheDatabaseFile(t *testing.T) {
	l := newLibrary(t)
	const marker = "Quorxzebrafish"
	m, _ := message(t, l.db, time.Time{})
	write(t, l.db, func(tx *Tx) error {
		return tx.exec(`UPDATE messages SET subject = 'About ' || $2 WHERE id = $1`, m.ID, marker)
	})
	if err := l.db.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	inFile := func() int {
		t.Helper()
		l.checkpoint()
		b, err := os.ReadFile(filepath.Join(l.dir, File))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(bytes.ToLower(b), []byte(strings.ToLower(marker[1:]))) // the index folds case
	}
	if n := inFile(); n < 3 { // the row, the text and the index
		t.Fatalf("the marker is in the file %d times before it is erased: this test would prove nothing", n)
	}
	write(t, l.db, func(tx *Tx) error {
		now, err := tx.Message(m.ID)
		return errors.Join(err, tx.Destroy(m.ID), tx.EraseText(now.Seq))
	})
	if n := inFile(); n != 0 {
		t.Errorf("the marker is in the file %d times after it was erased", n)
	}
	if got, err := l.find(letterlock.Search{Subject: marker}, 5); err != nil || len(got) != 0 {
		t.Errorf("the erased subject finds %v, %v", got, err)
	}
	if got, err := l.find(letterlock.Search{Sender: "ada@contoso.example", MessageID: m.MessageID}, 5); err != nil || len(got) != 1 {
		t.Errorf("its message is found %d times, %v; want once", len(got), err)
	}
}

// checkpoint moves everything from the write-ahead log into the database.
func (l *library) checkpoint() {
	l.t.Helper()
	p, err := openPool(l.t.Context(), l.db.path, 1, false)
	if err != nil {
		l.t.Fatal(err)
	}
	c := <-p.idle
	var busy, log, moved int
	err = c.c.QueryRowContext(l.t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved)
	p.idle <- c
	if err := errors.Join(err, p.close()); err != nil || busy != 0 {
		l.t.Fatalf("checkpoint: busy %d, %v", busy, err)
	}
}

func TestSearchFindsWhatCameWithTheSameMessageIDLater(t *testing.T) {
	l := newLibrary(t)
	first, _ := message(t, l.db, time.Time{})
	second, _ := message(t, l.db, time.Time{})
	write(t, l.db, func(tx *Tx) error {
		return tx.exec(`UPDATE messages SET reference = $2 WHERE id = $1`, second.ID, first.MessageID)
	})
	if err := l.db.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{first.MessageID, strings.Trim(first.MessageID, "<>"), first.MessageID[4:20]} {
		if got, err := l.find(letterlock.Search{MessageID: typed}, 5); err != nil || len(got) != 2 {
			t.Errorf("%s finds %d messages, %v; want it and the later one", typed, len(got), err)
		}
	}
}

func TestWhatHasNoRecipientsOrIsGoneIsNotDueForEver(t *testing.T) {
	l := newLibrary(t)
	alone := letterlock.Message{ID: letterlock.NewID(), MessageID: "<alone@contoso.example>", Subject: "Alone"}
	gone := letterlock.Message{ID: letterlock.NewID(), MessageID: "<gone@contoso.example>"}
	write(t, l.db, func(tx *Tx) error {
		return errors.Join(tx.AddMessage(alone, nil, Sealed{}), tx.AddMessage(gone, nil, Sealed{}),
			tx.exec(`DELETE FROM messages WHERE id = $1`, gone.ID))
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.db.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := l.find(letterlock.Search{Subject: "alone"}, 5); err != nil || !slices.Equal(got, []letterlock.ID{alone.ID}) {
		t.Errorf("found %v, %v; want the message without recipients", got, err)
	}
}

func TestRecipientsWhoDifferInCapitalsAreTwoInTheReport(t *testing.T) {
	l := newLibrary(t)
	m, _ := message(t, l.db, time.Time{})
	add := func(position int, a letterlock.Address) {
		write(t, l.db, func(tx *Tx) error {
			r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: a}, Experience: letterlock.Link}
			return errors.Join(tx.AddRecipient(r, position, nil), tx.SearchAgain(m.ID))
		})
		if err := l.db.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(1, "MARTA@quillfeather.example")
	add(2, "mart@quillfeather.example")
	var n int
	write(t, l.db, func(tx *Tx) error { return tx.row(`SELECT SUM(recipients) FROM report_domains`, nil, &n) })
	if n != 3 {
		t.Errorf("the report counts %d recipients, want 3", n)
	}
}
