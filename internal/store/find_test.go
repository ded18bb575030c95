package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// A library is a database full of messages, and the same messages in memory.
type library struct {
	t   *testing.T
	db  *DB
	dir string
	now time.Time
	all []SentMessage // newest first
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{t: t, now: start, dir: t.TempDir()}
	db, err := Open(t.Context(), l.dir, func() time.Time { return l.now })
	if err != nil {
		t.Fatal(err)
	}
	l.db = db
	t.Cleanup(func() { db.Close() })
	return l
}

var (
	librarySenders    = []string{"ada@contoso.example", "Grace@contoso.example", "ines.kaya@halden.example"}
	libraryRecipients = []string{"marta@quillfeather.example", "zoe@gmail.com", "MARTA@quillfeather.example", "li@bücher.example", `"o dd"@gmail.com`, "carol@outlook.com"}
	libraryWords      = []string{"Salary", "letter", "Über", "offer", "third-draft", "2026", "C++", "naïve", "契約"}
)

func (l *library) address(s string) letterlock.Address {
	l.t.Helper()
	a, err := letterlock.ParseAddress(s)
	if err != nil {
		l.t.Fatal(err)
	}
	return a
}

// add adds a message with everything by chance.
func (l *library) add(r *rand.Rand) letterlock.ID {
	l.t.Helper()
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	if r.IntN(3) > 0 {
		l.now = l.now.Add(time.Duration(r.IntN(4000)) * time.Second)
	}
	var subject []string
	for range r.IntN(4) {
		subject = append(subject, pick(libraryWords))
	}
	m := letterlock.Message{ID: letterlock.NewID(), Sender: letterlock.Mailbox{Address: l.address(pick(librarySenders))},
		Subject: strings.Join(subject, " "), Method: letterlock.ByUser, Via: letterlock.BySubmission}
	m.MessageID = "<" + string(m.ID) + ".X@contoso.example>"
	if r.IntN(3) == 0 {
		m.Expires = l.now.Add(time.Duration(r.IntN(96)) * time.Hour)
	}
	write(l.t, l.db, func(tx *Tx) error {
		err := tx.AddMessage(m, []byte("hash"), Sealed{Head: []byte("head"), Size: 4, Index: []byte("index")})
		for i, p := range r.Perm(len(libraryRecipients))[:1+r.IntN(3)] {
			err = errors.Join(err, l.addRecipient(tx, r, m.ID, i, l.address(libraryRecipients[p])))
		}
		if r.IntN(12) == 0 {
			err = errors.Join(err, tx.exec(`UPDATE messages SET status = 'destroyed' WHERE id = $1`, m.ID))
		}
		return err
	})
	return m.ID
}

func (l *library) addRecipient(tx *Tx, r *rand.Rand, id letterlock.ID, position int, a letterlock.Address) error {
	p := letterlock.Recipient{ID: letterlock.NewID(), Message: id, Mailbox: letterlock.Mailbox{Address: a}, Identity: letterlock.Other, Experience: letterlock.Link}
	switch a.Domain() {
	case "gmail.com":
		p.Identity = letterlock.Google
	case "outlook.com":
		p.Identity, p.Experience = letterlock.MicrosoftAccount, letterlock.Inline
	}
	err := tx.AddRecipient(p, position, []byte("token "+string(p.ID)))
	if r.IntN(3) == 0 {
		err = errors.Join(err, tx.AddEvent(p, letterlock.Event{Kind: letterlock.Read}))
	}
	if r.IntN(8) == 0 {
		err = errors.Join(err, tx.AddEvent(p, letterlock.Event{Kind: letterlock.Bounced, Detail: "550 no such user"}))
	}
	if r.IntN(2) == 0 {
		err = errors.Join(err, tx.AddEvent(p, letterlock.Event{Kind: letterlock.Notified}))
	}
	if r.IntN(8) == 0 {
		err = errors.Join(err, tx.PutOff(p.ID, "451 busy"), tx.PutOffLater(p.ID, letterlock.FurtherOn))
	}
	if p.Experience == letterlock.Link && r.IntN(5) == 0 {
		err = errors.Join(err, tx.Revoke(p.ID, letterlock.Revocation{At: tx.Now, Standing: letterlock.BySender}))
	}
	return err
}

// load reads everything back, without the search.
func (l *library) load() {
	l.t.Helper()
	l.all = nil
	write(l.t, l.db, func(tx *Tx) error {
		for _, sender := range librarySenders {
			list, err := tx.Sent(SentQuery{Sender: l.address(sender), Limit: 10_000})
			if err != nil {
				return err
			}
			l.all = append(l.all, list...)
		}
		return nil
	})
	slices.SortFunc(l.all, func(a, b SentMessage) int { return int(b.Message.Seq - a.Message.Seq) })
}

// find pages through all that is found.
func (l *library) find(q letterlock.Search, limit int) (ids []letterlock.ID, err error) {
	for before := int64(0); ; {
		var list []SentMessage
		err := l.db.Read(l.t.Context(), func(tx *Tx) (err error) { list, err = tx.Find(q, before, limit); return err })
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			ids = append(ids, m.Message.ID)
			before = m.Message.Seq
		}
		if len(list) < limit {
			return ids, nil
		}
	}
}

// inSteps finds as find does, but reads and asks so little at a time that no list is
// read at once, and that what is asked becomes a list on the way.
func (l *library) inSteps(q letterlock.Search) (ids []letterlock.ID, err error) {
	for before := int64(0); ; {
		var list []SentMessage
		err := l.db.Read(l.t.Context(), func(tx *Tx) error {
			f, err := tx.finder(q)
			if err != nil {
				return err
			}
			f.pace = pace{piece: 2, rare: 4, ask: 3}
			places, err := f.places(before, 7)
			if err == nil {
				list, err = tx.messagesAt(places)
			}
			return err
		})
		if err != nil || len(list) == 0 {
			return ids, err
		}
		for _, m := range list {
			ids = append(ids, m.Message.ID)
			before = m.Message.Seq
		}
	}
}

// meets is what a search means, in plain Go.
func meets(q letterlock.Search, m SentMessage, now time.Time) bool {
	at := m.Message.Accepted
	part := strings.ToLower(strings.Trim(strings.TrimPrefix(q.MessageID, "Message-Id: "), "<>"))
	return (q.From.IsZero() || !at.Before(q.From)) && (q.Until.IsZero() || at.Before(q.Until)) &&
		meetsAddress(q.Sender, m.Message.Sender.Address) && meetsSubject(q.Subject, m.Message.Subject) &&
		strings.Contains(strings.ToLower(m.Message.MessageID), part) &&
		slices.ContainsFunc(m.Recipients, func(r letterlock.Recipient) bool {
			return meetsAddress(q.Recipient, r.Mailbox.Address) && (q.Identity == "" || r.Identity == q.Identity) && meetsState(q.State, m.Message, r, now)
		})
}

func meetsSubject(typed, subject string) bool {
	have := strings.Fields(strings.ToLower(subject))
	for word := range strings.FieldsSeq(strings.ToLower(typed)) {
		bare := strings.TrimSuffix(word, "*")
		if !slices.ContainsFunc(have, func(w string) bool { return w == bare || bare != word && strings.HasPrefix(w, bare) }) {
			return false
		}
	}
	return true
}

func meetsAddress(typed string, a letterlock.Address) bool {
	if _, after, ok := strings.Cut(typed, "<"); ok {
		typed = strings.Trim(after, ">")
	}
	typed = strings.Trim(typed, "*") // none of ours has one
	lower := strings.ToLower(string(a))
	if rest, ok := strings.CutPrefix(typed, "@"); ok {
		if whole, err := letterlock.ParseAddress("x@" + rest); err == nil {
			return a.Domain() == whole.Domain()
		}
	}
	if whole, err := letterlock.ParseAddress(typed); err == nil {
		return lower == strings.ToLower(string(whole))
	}
	return strings.Contains(lower, strings.ToLower(typed))
}

func meetsState(c letterlock.Condition, m letterlock.Message, r letterlock.Recipient, now time.Time) bool {
	ended, revoked := m.Ended(now), r.Revocation.Revoked()
	open := !m.Destroyed && r.Experience == letterlock.Link && !revoked
	switch c {
	case letterlock.IsUnread:
		return open && !ended && r.FirstRead.IsZero() && r.Bounced.IsZero()
	case letterlock.IsRead:
		return !r.FirstRead.IsZero() && !revoked
	case letterlock.IsRevoked:
		return revoked
	case letterlock.IsBounced:
		return !r.Bounced.IsZero()
	case letterlock.IsInline:
		return r.Experience == letterlock.Inline
	case letterlock.IsExpired:
		return open && ended
	case letterlock.ExpiresSoon:
		return open && !ended && !m.Expires.IsZero() && !m.Expires.After(now.Add(48*time.Hour))
	case letterlock.IsDelayed:
		waits := !m.Destroyed && r.FirstRead.IsZero() && r.Bounced.IsZero() && (r.Experience == letterlock.Inline || open && !ended)
		if !r.Notified.IsZero() {
			return waits && r.Reply != "" && now.Before(r.Notified.Add(7*24*time.Hour))
		}
		return waits && (r.Reply != "" || m.Accepted.Add(time.Hour).Before(now))
	case letterlock.IsDestroyed:
		return m.Destroyed
	}
	return true
}

// chance makes a search of conditions some of which something meets.
func (l *library) chance(r *rand.Rand) letterlock.Search {
	some := func(list ...string) string {
		if r.IntN(2) == 0 {
			return ""
		}
		return list[r.IntN(len(list))]
	}
	q := letterlock.Search{
		Sender:    some("ada@contoso.example", "ADA@Contoso.example", "@contoso.example", "halden", "kaya@hal", "nobody", "Ada L. <ada@contoso.example>", "*@halden.example"),
		Recipient: some("marta@quillfeather.example", "@gmail.com", "@bücher.example", "quill", "o dd", "xyz", "*quill*", "<zoe@gmail.com>"),
		Subject:   some("salary", "LETTER salary", "über", "off*", "third-draft", "2026", "naïve", "契約", "none"),
		State:     letterlock.Condition(some("unread", "read", "revoked", "bounced", "inline", "expired", "expires-soon", "delayed", "destroyed")),
		Identity:  letterlock.IdentityType(some("google", "other", "microsoft-account", "yahoo")),
	}
	whole := l.all[r.IntN(len(l.all))].Message.MessageID
	if r.IntN(3) == 0 {
		q.MessageID = some(whole, strings.Trim(whole, "<>"), "Message-Id: "+whole, whole[3:9], ".x@contoso", "X@CONTOSO.example>")
	}
	if r.IntN(3) == 0 {
		q.From = start.Add(time.Duration(r.IntN(400)) * time.Hour)
		q.Until = q.From.Add(time.Duration(1+r.IntN(400)) * time.Hour)
	}
	return q
}

func TestSearchFindsExactlyWhatMeetsAllConditions(t *testing.T) {
	l, r := newLibrary(t), rand.New(rand.NewPCG(5, 6))
	for range 400 {
		l.add(r)
	}
	if err := l.db.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, l.db, func(tx *Tx) error { return tx.MarkSwept() })
	l.now = l.now.Add(36 * time.Hour) // some have ended since, and are not swept
	l.load()
	found := 0
	const searches = 600
	for i := range searches {
		q := l.chance(r)
		var want []letterlock.ID
		for _, m := range l.all {
			if meets(q, m, l.now) {
				want = append(want, m.Message.ID)
			}
		}
		got, err := l.find(q, 1+r.IntN(60))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("search %d, %+v: %d found (%v), want %d", i, q, len(got), err, len(want))
		}
		if got, err := l.inSteps(q); err != nil || !slices.Equal(got, want) {
			t.Fatalf("search %d, %+v, in small steps: %d found (%v), want %d", i, q, len(got), err, len(want))
		}
		for _, before := range []int64{0, SeqAt(l.now)} {
			var n int
			var page []SentMessage
			find := func(tx *Tx) (err error) { page, n, err = tx.Found(q, before, 5, 25); return err }
			if i%2 == 0 {
				write(t, l.db, find) // which counts by itself
			} else if err := l.db.Read(t.Context(), find); err != nil {
				t.Fatal(err)
			}
			if n != min(25, len(want)) || !slices.EqualFunc(page, want[:min(5, len(want))], func(m SentMessage, id letterlock.ID) bool { return m.Message.ID == id }) {
				t.Fatalf("search %d, %+v: counts %d of %d, and a page of %d", i, q, n, len(want), len(page))
			}
		}
		if len(want) > 0 {
			found++
		}
	}
	if found < searches/10 || found > searches*9/10 {
		t.Errorf("%d of %d searches found something: this test proves little", found, searches)
	}
}

// TestConditionsAboutARecipientHoldForOne asks for each recipient, state and identity type
// together, of messages whose recipients differ in all three.
func TestConditionsAboutARecipientHoldForOne(t *testing.T) {
	l := newLibrary(t)
	people := []letterlock.Recipient{
		{Mailbox: letterlock.Mailbox{Address: "okafor@riverside.example"}, Identity: letterlock.Other, FirstRead: start},
		{Mailbox: letterlock.Mailbox{Address: "Yuki@gmail.com"}, Identity: letterlock.Google},
		{Mailbox: letterlock.Mailbox{Address: "carol@outlook.com"}, Identity: letterlock.MicrosoftAccount, Experience: letterlock.Inline},
		{Mailbox: letterlock.Mailbox{Address: "ÖZGE@gmail.com"}, Identity: letterlock.Other, Revocation: letterlock.Revocation{At: start}},
		{Mailbox: letterlock.Mailbox{Address: "özgur@riverside.example"}, Identity: letterlock.Yahoo, Bounced: start},
		{Mailbox: letterlock.Mailbox{Address: "\u212aelvin@gmail.com"}, Identity: letterlock.Google, FirstRead: start, Revocation: letterlock.Revocation{At: start}},
		{Mailbox: letterlock.Mailbox{Address: "waits@slow.example"}, Identity: letterlock.Other, Reply: "451 busy"},
		{Mailbox: letterlock.Mailbox{Address: "waits@gmail.com"}, Identity: letterlock.Google, Notified: start, Reply: letterlock.FurtherOn},
		{Mailbox: letterlock.Mailbox{Address: "told@gmail.com"}, Identity: letterlock.Google, Notified: start},
	}
	const week = 7 * 24 * time.Hour
	for _, ends := range []time.Duration{0, 12 * time.Hour, week + 30*time.Hour, 1000 * time.Hour} {
		for i := range people {
			l.addTo(ends, people[i:]...)
		}
	}
	id := l.addTo(0, people...)
	write(t, l.db, func(tx *Tx) error { return tx.exec(`UPDATE messages SET status = 'destroyed' WHERE id = $1`, id) })
	for _, wait := range []time.Duration{week, time.Second, letterlock.Late} { // late, not yet late, and new
		l.now = l.now.Add(wait)
		l.addTo(0, people...)
	}
	catchUp(t, l.db)
	l.load()
	typed := []string{"", "gmail", "@riverside", "nobody", "kelv", "özg", "WAITS", "@gmail.com", "@riverside.example"}
	for _, r := range people {
		typed = append(typed, string(r.Mailbox.Address))
	}
	for _, recipient := range typed {
		for _, state := range append([]letterlock.Condition{""}, conditionsOfSearch...) {
			for _, identity := range []letterlock.IdentityType{"", letterlock.Other, letterlock.Google, letterlock.MicrosoftAccount, letterlock.Yahoo} {
				l.checkSearch(letterlock.Search{Recipient: recipient, State: state, Identity: identity})
			}
		}
	}
}

var conditionsOfSearch = []letterlock.Condition{letterlock.IsUnread, letterlock.IsRead, letterlock.IsRevoked, letterlock.ExpiresSoon,
	letterlock.IsExpired, letterlock.IsInline, letterlock.IsBounced, letterlock.IsDelayed, letterlock.IsDestroyed}

// addTo adds a message to people in the state they are in.
func (l *library) addTo(ends time.Duration, people ...letterlock.Recipient) letterlock.ID {
	l.t.Helper()
	m := letterlock.Message{ID: letterlock.NewID(), Sender: letterlock.Mailbox{Address: "ada@contoso.example"}, Method: letterlock.ByUser}
	m.MessageID = "<" + string(m.ID) + "@contoso.example>"
	if ends > 0 {
		m.Expires = l.now.Add(ends)
	}
	write(l.t, l.db, func(tx *Tx) error {
		err := tx.AddMessage(m, []byte("hash"), Sealed{Head: []byte("head"), Size: 4, Index: []byte("index")})
		for i, p := range people {
			r := p
			r.ID, r.Message = letterlock.NewID(), m.ID
			if r.Experience == "" {
				r.Experience = letterlock.Link
			}
			err = errors.Join(err, tx.AddRecipient(r, i, []byte("token "+string(r.ID))))
			if !p.FirstRead.IsZero() {
				err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read}))
			}
			if !p.Notified.IsZero() {
				err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Notified}))
			}
			if p.Reply != "" {
				err = errors.Join(err, tx.PutOff(r.ID, p.Reply), tx.PutOffLater(r.ID, p.Reply))
			}
			if !p.Bounced.IsZero() {
				err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Bounced, Detail: "550 no such user"}))
			}
			if p.Revocation.Revoked() {
				err = errors.Join(err, tx.Revoke(r.ID, p.Revocation))
			}
		}
		return err
	})
	return m.ID
}

// checkSearch holds what a search finds, and counts, against what meets it.
func (l *library) checkSearch(q letterlock.Search) {
	l.t.Helper()
	var want []letterlock.ID
	for _, m := range l.all {
		if meets(q, m, l.now) {
			want = append(want, m.Message.ID)
		}
		if some := slices.ContainsFunc(m.Recipients, func(r letterlock.Recipient) bool { return q.Matches(r, m.Message, l.now) }); some != meets(q, m, l.now) {
			l.t.Errorf("%+v matches a recipient of %s: %v", q, m.Message.ID, some)
		}
	}
	if got, err := l.find(q, 25); err != nil || !slices.Equal(got, want) {
		l.t.Errorf("%+v: %d found (%v), want %d", q, len(got), err, len(want))
	}
	if got, err := l.inSteps(q); err != nil || !slices.Equal(got, want) {
		l.t.Errorf("%+v, in small steps: %d found (%v), want %d", q, len(got), err, len(want))
	}
	var total int
	err := l.db.Read(l.t.Context(), func(tx *Tx) (err error) { _, total, err = tx.Found(q, 0, 3, 10); return err })
	if err != nil || total != min(10, len(want)) {
		l.t.Errorf("%+v: counts %d (%v) of %d", q, total, err, len(want))
	}
}

// TestASearchWaitsForNoSecondConnection searches in as many transactions at once as there
// are connections: each would count on another one, and they would wait for each other.
func TestASearchWaitsForNoSecondConnection(t *testing.T) {
	l, r := newLibrary(t), rand.New(rand.NewPCG(1, 2))
	const want = 3
	for range want {
		l.add(r)
	}
	var inside, done sync.WaitGroup
	for range l.db.reads.size {
		inside.Add(1)
		done.Go(func() {
			err := l.db.Read(t.Context(), func(tx *Tx) error {
				inside.Done()
				inside.Wait()
				page, n, err := tx.Found(letterlock.Search{}, 0, 1, 1000)
				if err == nil && (len(page) != 1 || n != want) {
					t.Errorf("a page of %d, of %d, want 1 of %d", len(page), n, want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
}

func TestSearchRefusesWhatItCannotUnderstand(t *testing.T) {
	l := newLibrary(t)
	tests := map[string]struct {
		q   letterlock.Search
		key string
	}{
		"a part of two characters": {letterlock.Search{Sender: "ab"}, "part-short"},
		"a short Message-ID":       {letterlock.Search{MessageID: "x1"}, "part-short"},
		"an asterisk for all":      {letterlock.Search{Recipient: "*"}, "part-short"},
		"a header with no value":   {letterlock.Search{MessageID: "Message-ID:"}, "part-short"},
		"no word in the subject":   {letterlock.Search{Subject: `"* ( -`}, "subject"},
		"a beginning of 2 letters": {letterlock.Search{Subject: "offer le*"}, "part-short"},
		"many words":               {letterlock.Search{Subject: several(51)}, "subject-words"},
		"an unknown state":         {letterlock.Search{State: "open"}, "state"},
		"NUL in the subject":       {letterlock.Search{Subject: "a\x00b"}, "subject"},
		"one megabyte":             {letterlock.Search{Recipient: strings.Repeat("a", 1<<20)}, "recipient"},
		"no UTF-8":                 {letterlock.Search{Sender: "ab\xffc"}, "sender"},
		"line end in a Message-ID": {letterlock.Search{MessageID: "<a\r\nb@c>"}, "message-id"},
	}
	for name, tt := range tests {
		_, err := l.find(tt.q, 10)
		if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: %v, want Invalid %q", name, err, tt.key)
		}
	}
}

// several is so many words, each of them different.
func several(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

func FuzzSearchIsNeverAnErrorOfTheDatabase(f *testing.F) {
	for _, s := range []string{`" OR subject:x`, `a* NEAR(b c)`, `{subject}: x`, "'; DROP TABLE messages; --", "%_\\", "🙂🙂🙂",
		"a\"b\"\"c", "-x", "^start", "x + y", "(((", "\u202e\u0301abc", "AND OR NOT", "ⅷ²", "a*b**", "٣٤٥"} {
		f.Add(s)
	}
	db, err := Open(f.Context(), f.TempDir(), func() time.Time { return start })
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	f.Fuzz(func(t *testing.T, s string) {
		for _, q := range []letterlock.Search{{Sender: s}, {Recipient: s}, {Subject: s}, {MessageID: s},
			{Sender: s, Recipient: s, Subject: s, MessageID: s, State: letterlock.IsRead}} {
			err := db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Find(q, 0, 3); return err })
			if err != nil && !errors.Is(err, letterlock.Invalid) {
				t.Errorf("searching %+v: %v", q, err)
			}
		}
	})
}

func TestAnOpenIDQuestionIsAnsweredOnce(t *testing.T) {
	db := open(t)
	r := OpenIDRequest{State: []byte("state"), ID: letterlock.NewID(), Browser: []byte("browser"), Provider: "quill", Sealed: []byte("question"), Expires: start.Add(time.Minute)}
	write(t, db, func(tx *Tx) error {
		return errors.Join(tx.AddOpenIDRequest(r), tx.SettleOpenIDRequest(r.State, []byte("too early")), tx.UseOpenIDRequest(r.State))
	})
	write(t, db, func(tx *Tx) error {
		if err := tx.UseOpenIDRequest(r.State); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("a second answer: %v, want NotFound", err)
		}
		got, err := tx.OpenIDRequest(r.State)
		if !got.Used || string(got.Sealed) != "question" {
			t.Errorf("%+v, %v; want it used, and as it was asked", got, err)
		}
		return errors.Join(err, tx.SettleOpenIDRequest(r.State, []byte("outcome")))
	})
}
