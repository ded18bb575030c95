package store

import (
	"database/sql"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/live"
	"letterlock/internal/policy"
)

// growing are the tables that grow with the messages, or with what is done to them.
var growing = []string{"messages", "recipients", "chunks", "wraps", "events", "visits", "outbox", "attempts", "audit", "sessions", "passcodes",
	"locks", "budgets", "answers", "batch_items", "search_texts", "search_words", "search_parts", "report_slots", "report_domains", "checkpoints", "uploads", "upload_pieces",
	"requests", "more_links", "reminders", "browsers", "journal", "openid_bindings", "openid_requests", "passphrases", "passphrase_tries", "app_passwords", "factors", "recovery_codes", "pending", "factor_locks", "languages", "releases", "sso_bindings"}

// scans lists, by a part of the statement, which large tables it may read from end
// to end, or in the order of an index with no bound, and why.
var scans = []struct{ part, table, why string }{
	{"SELECT count(*) FROM messages", "messages", "an operator asks for it, once at a start"},
	{"ORDER BY m.seq DESC LIMIT $5 + 0) m", "messages", "m is what the query inside has found: a sender's newest, up to a limit"},
	{"FROM audit ORDER BY seq DESC LIMIT 1", "audit", "the last row, by its key"},
	{"allowed, entry, hash FROM audit ORDER BY seq", "audit", "verifying the log is reading all of it"},
	{"FROM checkpoints ORDER BY seq DESC LIMIT 1", "checkpoints", "the last row, by its key"},
	{"FROM journal ORDER BY seq DESC LIMIT 1", "journal", "the last row, by its key"},
	{"FROM outbox WHERE done_at = 0 ORDER BY priority, due_at LIMIT", "outbox", "what waits to leave, by its index, up to a limit"},
	{"WHERE done_at = 0 AND kind = 'account'", "outbox", "what waits to leave, by its index"},
	{"WHERE done_at = 0 AND due_at > $1", "outbox", "what waits to leave, by its index, once at a start"},
	{"SELECT DISTINCT address FROM openid_bindings", "openid_bindings", "a start after a restore asks for it, once for each binding that was undone"},
	{"DELETE FROM locks WHERE until", "locks", "those who tried too often, of whom each sweep leaves few"},
}

// limits are those that a statement is given; see Tx.rows.
var limits = regexp.MustCompile(`LIMIT \$\d+(?: \+ 0)?`)

// A surveyor drives every method of Tx with made-up arguments and keeps the
// statements that they prepare.
type surveyor struct {
	t    *testing.T
	db   *DB
	r    *rand.Rand
	made map[reflect.Type][]any // what there is in the database, by the type that names it
}

func newSurveyor(t *testing.T) *surveyor {
	t.Helper()
	s := &surveyor{t: t, db: open(t), r: rand.New(rand.NewPCG(1, 2))}
	s.db.Live = &live.Hub{}
	m, r := message(t, s.db, start.Add(-time.Hour))
	hash, batch := []byte("hash"), letterlock.NewID()
	var seq int64
	write(t, s.db, func(tx *Tx) error {
		m, err := tx.Message(m.ID)
		seq = m.Seq
		for range 30 {
			err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read}))
		}
		return errors.Join(err,
			tx.PutAccount(Account{Mailbox: m.Sender, Roles: []letterlock.Role{letterlock.Sender}}),
			tx.PutAccountLink(hash, AccountLink{Address: m.Sender.Address, Purpose: Invite, Expires: start.Add(time.Hour)}),
			tx.AddToken(hash, Token{ID: batch, Account: m.Sender.Address, Expires: start.Add(time.Hour)}),
			tx.AddAppPassword(hash, AppPassword{ID: batch, Account: m.Sender.Address}),
			tx.AddSession(hash, Session{Kind: letterlock.Staff, Address: m.Sender.Address, Expires: start.Add(time.Hour)}),
			tx.PutBrowser(Browser{ID: batch, Hash: hash, Address: r.Mailbox.Address, Expires: start.Add(time.Hour)}),
			tx.AddOpenIDRequest(OpenIDRequest{State: hash, ID: batch, Browser: hash, Recipient: r.ID, Sealed: hash, Expires: start.Add(time.Hour)}),
			tx.Bind(Binding{Address: r.Mailbox.Address, Issuer: "https://provider.example", Subject: "4711"}),
			tx.PutLanguage(r.Mailbox.Address, "de"),
			tx.AddFactor(Factor{Kind: TOTP, Handle: hash, Address: m.Sender.Address, ID: batch, Sealed: hash}),
			tx.PutRecoveryCodes(m.Sender.Address, [][]byte{hash}),
			tx.PutPending(Pending{Hash: hash, Kind: PendingSignIn, Address: m.Sender.Address, Expires: start.Add(time.Hour)}),
			tx.PutFactorLock(m.Sender.Address, Lock{Failures: 1}),
			tx.BindStaff(StaffBinding{Account: m.Sender.Address, Issuer: "https://provider.example", Subject: "4711"}),
			tx.PutPasscode(r.ID, hash, Passcode{Sealed: hash, Expires: start.Add(time.Hour)}),
			tx.Enqueue(Notice{Kind: LinkNotice, Message: m.ID, Recipient: r.ID}),
			tx.AddUpload(Upload{ID: m.ID, Account: m.Sender.Address, Wrapped: hash, Head: hash}),
			tx.PutUploadPiece(m.ID, 1, hash),
			tx.AddUpload(Upload{ID: r.ID, Account: m.Sender.Address, Wrapped: hash, Head: hash}),
			tx.ReleaseUpload(r.ID, m.Sender.Address),
			tx.BeginMessage(batch),
			tx.AbandonMessage(batch),
			tx.AddRequest(letterlock.Request{ID: batch, Message: m.ID, Recipient: r.ID, Kind: letterlock.MoreTime}),
			tx.AddLink(r.ID, hash),
			tx.Grant(m.ID, string(r.ID), 1, hash),
			tx.Shred(m.ID, string(r.ID)),
			tx.AskRelease(Release{ID: batch, Message: m.ID, Recipient: r.ID, Browser: hash, Expires: start.Add(time.Hour)}),
			tx.PutReminder(m.ID, policy.Unread, start),
			tx.BeginBatch(letterlock.Batch{ID: batch}),
			tx.AddPlan(batch, Plan{Message: m.ID, Seq: seq, Recipients: []letterlock.ID{r.ID}}),
			tx.PutPlanned(letterlock.Batch{ID: batch, Messages: 1}),
			tx.PutBatch(letterlock.Batch{ID: batch, State: letterlock.BatchRunning}),
			tx.Audit(letterlock.Entry{Action: "read", Message: m.ID, Target: string(r.Mailbox.Address), Allowed: true}),
		)
	})
	catchUp(t, s.db)
	message(t, s.db, time.Time{}) // the search does not know it
	s.made = map[reflect.Type][]any{
		reflect.TypeFor[letterlock.ID]():           {m.ID, r.ID, batch, letterlock.NewID(), letterlock.ID("")},
		reflect.TypeFor[letterlock.Address]():      {m.Sender.Address, r.Mailbox.Address, letterlock.Address("new@contoso.example")},
		reflect.TypeFor[letterlock.Kind]():         {letterlock.Staff},
		reflect.TypeFor[letterlock.Experience]():   {letterlock.Link, letterlock.Inline},
		reflect.TypeFor[letterlock.EventKind]():    {letterlock.Read, letterlock.Notified, letterlock.Bounced},
		reflect.TypeFor[letterlock.Condition]():    {letterlock.Condition("")},
		reflect.TypeFor[letterlock.IdentityType](): {letterlock.IdentityType("")},
		reflect.TypeFor[Outcome]():                 {Sent, Outcome("failed")},
		reflect.TypeFor[[]byte]():                  {hash, []byte("other"), []byte("token " + string(r.ID))},
		reflect.TypeFor[time.Time]():               {start, start.Add(-50 * time.Hour), start.Add(49 * time.Hour)},
		reflect.TypeFor[time.Duration]():           {time.Hour},
		reflect.TypeFor[string]():                  {string(m.Sender.Address), SenderCopy, string(r.ID), "", m.MessageID},
		reflect.TypeFor[int64]():                   {int64(1), seq, int64(0)},
		reflect.TypeFor[int]():                     {1, 100},
	}
	return s
}

// value makes a value of a type, of what there is.
func (s *surveyor) value(typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	if list := s.made[typ]; len(list) > 0 {
		v.Set(reflect.ValueOf(list[s.r.IntN(len(list))]))
		return v
	}
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			if v.Field(i).CanSet() && s.r.IntN(4) > 0 {
				v.Field(i).Set(s.value(typ.Field(i).Type))
			}
		}
	case reflect.Slice:
		v = reflect.Append(v, s.value(typ.Elem()))
	case reflect.Int, reflect.Int64, reflect.Uint32:
		v.Set(reflect.ValueOf(1).Convert(typ))
	case reflect.Bool:
		v.SetBool(s.r.IntN(2) == 0)
	case reflect.String:
		v.SetString([]string{"", "x"}[s.r.IntN(2)])
	}
	return v
}

var errUndo = errors.New("undo")

// drive calls a method until it has been seen from many sides, and takes back what it did.
func (s *surveyor) drive(m reflect.Method) {
	for range 80 {
		err := s.db.Write(s.t.Context(), func(tx *Tx) error {
			args := []reflect.Value{reflect.ValueOf(tx)}
			for i := 1; i < m.Type.NumIn(); i++ {
				typ := m.Type.In(i)
				if m.Type.IsVariadic() && i == m.Type.NumIn()-1 {
					typ = typ.Elem()
				}
				args = append(args, s.value(typ))
			}
			m.Func.Call(args)
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			s.t.Errorf("%s: %v", m.Name, err)
			return
		}
	}
}

// search asks for everything that can be looked for, alone and in pairs, and for
// every filter of the Sent folder.
func (s *surveyor) search() {
	one := []func(*letterlock.Search){
		func(q *letterlock.Search) {},
		func(q *letterlock.Search) { q.Sender = "ada@contoso.example" },
		func(q *letterlock.Search) { q.Sender = "contoso" },
		func(q *letterlock.Search) { q.Recipient = "@quillfeather.example" },
		func(q *letterlock.Search) { q.Recipient = "quill" },
		func(q *letterlock.Search) { q.Subject = "salary let*" },
		func(q *letterlock.Search) { q.MessageID = s.made[reflect.TypeFor[string]()][4].(string) },
		func(q *letterlock.Search) { q.MessageID = "contoso" },
		func(q *letterlock.Search) { q.Identity = letterlock.Other },
		func(q *letterlock.Search) { q.From, q.Until = start.Add(-time.Hour), start.Add(time.Hour) },
	}
	for _, c := range []letterlock.Condition{letterlock.IsUnread, letterlock.IsRead, letterlock.IsRevoked, letterlock.ExpiresSoon,
		letterlock.IsExpired, letterlock.IsInline, letterlock.IsBounced, letterlock.IsDelayed, letterlock.IsDestroyed} {
		one = append(one, func(q *letterlock.Search) { q.State = c })
	}
	write(s.t, s.db, func(tx *Tx) (err error) {
		for _, a := range one {
			for _, b := range one {
				var q letterlock.Search
				a(&q)
				b(&q)
				_, err1 := tx.Find(q, 0, 50)
				_, err2 := tx.Find(q, SeqAt(start), 50)
				_, _, err3 := tx.Found(q, 0, 50, 1000)
				err = errors.Join(err, err1, err2, err3)
			}
		}
		for _, f := range Filters {
			_, err1 := tx.Sent(SentQuery{Sender: "ada@contoso.example", Filter: f, Search: "x", Limit: 50})
			err = errors.Join(err, err1)
		}
		return err
	})
}

// statements are all that were prepared.
func (s *surveyor) statements() []string {
	list := slices.Collect(maps.Keys(s.db.writer.stmts))
	for range s.db.reads.size {
		c := <-s.db.reads.idle
		list = slices.AppendSeq(list, maps.Keys(c.stmts))
		s.db.reads.idle <- c
	}
	slices.Sort(list)
	return slices.Compact(list)
}

var (
	named   = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?`)
	scanned = regexp.MustCompile(`^SCAN (\w+)(.*)$`)
)

// scansOf returns which growing tables a statement reads from end to end.
func (s *surveyor) scansOf(query string) (list []string) {
	tables := make(map[string]string)
	for _, m := range named.FindAllStringSubmatch(query, -1) {
		tables[m[1]] = m[1]
		if m[2] != "" && slices.Contains(growing, m[1]) {
			tables[m[2]] = m[1]
		}
	}
	args := make([]any, 30) // a plan does not depend on them, but they must be there
	for i := range args {
		if !strings.Contains(query, "$"+strconv.Itoa(i+1)) {
			args = args[:i]
			break
		}
	}
	rows, err := s.db.writer.c.QueryContext(s.t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		s.t.Errorf("%v: %s", err, query)
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused sql.RawBytes
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			s.t.Fatal(err)
		}
		m := scanned.FindStringSubmatch(detail)
		if m == nil || !slices.Contains(growing, tables[m[1]]) || bounded(m[2]) {
			continue
		}
		list = append(list, tables[m[1]])
	}
	return list
}

// virtual is how SQLite names the way into an index of words: M is MATCH, = a row.
var virtual = regexp.MustCompile(`VIRTUAL TABLE INDEX \d+:.*[M=]`)

func bounded(how string) bool { return virtual.MatchString(how) }

// allowed says whether a statement may read a table from end to end, and notes by
// which exception.
func allowed(query, table string, met map[int]bool) bool {
	flat := strings.Join(strings.Fields(query), " ")
	for i, e := range scans {
		if e.table == table && strings.Contains(flat, e.part) {
			met[i] = true
			return true
		}
	}
	return false
}

func TestNoStatementReadsALargeTableFromEndToEnd(t *testing.T) {
	s := newSurveyor(t)
	typ := reflect.TypeFor[*Tx]()
	if typ.NumMethod() < 100 {
		t.Fatalf("%d methods: this test would prove nothing", typ.NumMethod())
	}
	for i := range typ.NumMethod() {
		s.drive(typ.Method(i))
	}
	s.search()
	catchUp(t, s.db)
	// What is told to others after a commit.
	_, end := s.db.Live.Subscribe("ada@contoso.example")
	write(t, s.db, func(tx *Tx) error {
		tx.changed = []letterlock.ID{s.made[reflect.TypeFor[letterlock.ID]()][0].(letterlock.ID)}
		return nil
	})
	end()
	list, met := s.statements(), make(map[int]bool)
	for _, query := range list {
		for _, limit := range limits.FindAllString(query, -1) {
			if !strings.HasSuffix(limit, " + 0") {
				t.Errorf("%s has this planned anew each time, + 0 would not\n%s", limit, query)
			}
		}
		for _, table := range s.scansOf(query) {
			if !allowed(query, table, met) {
				t.Errorf("%s is read from end to end by\n%s", table, query)
			}
		}
	}
	for i, e := range scans {
		if !met[i] {
			t.Errorf("no statement with %q reads %s from end to end any more", e.part, e.table)
		}
	}
	for _, text := range literals(t) {
		if !slices.ContainsFunc(list, func(query string) bool { return strings.Contains(query, text) }) {
			t.Errorf("no method was seen to run\n%s", text)
		}
	}
}

func TestAScanOfALargeTableIsFound(t *testing.T) {
	s := newSurveyor(t)
	for _, query := range []string{`SELECT id FROM messages WHERE subject = 'x'`, `SELECT r.id FROM messages m JOIN recipients r ON r.reply = m.subject WHERE m.id = 'x'`,
		`SELECT subject FROM search_texts`, `SELECT rowid FROM search_words ORDER BY rowid DESC LIMIT 1`, `DELETE FROM outbox WHERE outcome = 'x'`,
		`SELECT seq FROM messages ORDER BY seq`} {
		if len(s.scansOf(query)) == 0 {
			t.Errorf("the scan is not found in %s", query)
		}
	}
}

// literals are the statements that stand in the source of this package, as far as
// they stand in one piece.
func literals(t *testing.T) (list []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s+\w`)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "upgrade.go" || name == "copy.go" || name == "fill.go" { // which work without a Tx
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			if verb.MatchString(text) && !strings.Contains(text, "?") { // ? is not yet a statement
				list = append(list, text)
			}
			return true
		})
	}
	if len(list) < 100 {
		t.Fatalf("%d statements in the source: this test would prove nothing", len(list))
	}
	return list
}

func TestEveryReferenceToALargeTableHasAnIndex(t *testing.T) {
	// Deleting a row looks for those that refer to it. No plan shows that.
	s := newSurveyor(t)
	found := 0
	for _, table := range growing {
		rows, err := s.db.writer.c.QueryContext(t.Context(), `SELECT "from" FROM pragma_foreign_key_list('`+table+`')`)
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		for rows.Next() {
			columns = append(columns, "")
			if err := rows.Scan(&columns[len(columns)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			found++
			if q := `SELECT rowid FROM ` + table + ` WHERE ` + c + ` = $1`; len(s.scansOf(strings.Replace(q, "rowid", c, 1))) > 0 {
				t.Errorf("%s (%s) has no index", table, c)
			}
		}
	}
	if found < 5 {
		t.Errorf("%d references: this test proves little", found)
	}
}

// catchUp has the search learn of everything.
func catchUp(t *testing.T, db *DB) {
	t.Helper()
	if err := db.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
}
