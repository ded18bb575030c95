package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

// rare is how many messages make a condition the one to begin with: what all the
// others are then asked of.
const rare = 2000

// MinPart is how many characters of an address or a Message-ID can be looked for.
const MinPart = 3

// What one search asks of the index of words is bounded: once begun, nothing stops
// it. The beginning of a word is as dear as there are words that begin so.
const (
	maxWords = 50 // different ones
	minBegin = 3  // bytes, which is one character of many scripts
)

// maxField bounds what is looked for in one field, in bytes.
const maxField = 1000

// Find returns a page of the messages that are looked for, newest first, with all
// their recipients; before is the Seq of the last of the page before, 0: from the
// newest. Invalid: the search cannot be understood; its key names the field.
func (t *Tx) Find(q letterlock.Search, before int64, limit int) ([]SentMessage, error) {
	f, err := t.finder(q)
	if err != nil {
		return nil, err
	}
	return t.page(f.before(before), limit)
}

// Found is Find, and counts besides all that are looked for, up to most.
func (t *Tx) Found(q letterlock.Search, before int64, limit, most int) (list []SentMessage, total int, err error) {
	f, err := t.finder(q)
	if err != nil {
		return nil, 0, err
	}
	if list, err = t.page(f.before(before), limit); err != nil {
		return nil, 0, err
	}
	if before == 0 && len(list) < limit {
		return list, min(len(list), most), nil // there are no others to be counted
	}
	places := f.places
	if len(f.others) > 0 || f.first.also {
		places = func(limit int) string { return f.query("m.seq", limit) }
	}
	query := `SELECT count(*) FROM (` + places(most) + `)`
	return list, total, t.row(query, f.args, &total)
}

// page reads the first messages of what a finder finds.
func (t *Tx) page(f *finder, limit int) (list []SentMessage, err error) {
	query := f.query(messageColumns, limit)
	err = t.rows(query, f.args, func(rows *sql.Rows) error {
		var s SentMessage
		var at times
		var status string
		if err := rows.Scan(messageDest(&s.Message, &at, &status)...); err != nil {
			return err
		}
		finishMessage(&s.Message, at, status)
		list = append(list, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, t.recipientsOf(list)
}

// A source is one condition of a search: it yields the messages that meet it in
// the order of their places, and tells of any message whether it does.
type source struct {
	from  string // a table or a query, called s; empty: messages themselves, called m
	key   string // its column of places; with a + before it, its rows are put in order
	where string // "" or a condition on s
	args  []any  // of from and where together
	holds string // the same as a condition on m
	asked []any  // arguments of holds; nil: args
	also  bool   // from and where yield more: holds decides in any case
}

// A finder is a search on its way to become a query. It begins with the source that
// yields least and asks the others of each message, so that a rare condition is not
// looked for among a million messages that meet a common one.
type finder struct {
	first  source
	others []source
	lo, hi int64
	args   []any
}

func (t *Tx) finder(q letterlock.Search) (*finder, error) {
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return nil, invalid("range")
	}
	f := &finder{lo: max(1, bound(q.From, 1)), hi: bound(q.Until, 1<<62)}
	all, err := t.sources(q)
	if err != nil {
		return nil, err
	}
	return f, t.choose(f, all)
}

// before is the same for what stands before a place; 0 is no place.
func (f *finder) before(place int64) *finder {
	g := *f
	if place > 0 {
		g.hi = min(g.hi, place)
	}
	return &g
}

// bound is the first place at a time, which somebody may have chosen far from ours.
func bound(at time.Time, none int64) int64 {
	if at.IsZero() {
		return none
	}
	return SeqAt(time.Unix(max(0, min(at.Unix(), 1<<42)), 0))
}

// choose settles with which source to begin.
func (t *Tx) choose(f *finder, all []source) error {
	if len(all) == 0 {
		return nil // all of them
	}
	best, least := 0, rare
	if len(all) > 1 {
		for i, s := range all {
			if s.from == "" {
				continue // nothing yields them but looking at each
			}
			alone := &finder{first: s, lo: f.lo, hi: f.hi}
			var n int
			if err := t.row(`SELECT count(*) FROM (`+alone.places(rare)+`)`, alone.args, &n); err != nil {
				return err
			}
			if n < least {
				best, least = i, n
			}
		}
	}
	f.first = all[best]
	f.others = slices.Delete(all, best, best+1)
	// From the cheapest to the dearest: a state is found in a small index, a text has
	// to be fetched, and the index of words is opened anew for each message.
	slices.Reverse(f.others)
	return nil
}

// arg adds an argument and returns its place.
func (f *finder) arg(v any) string {
	f.args = append(f.args, v)
	return fmt.Sprintf("$%d", len(f.args))
}

// bind fills the places of a source's arguments, which are written as ?.
func (f *finder) bind(sql string, args []any) string {
	for _, a := range args[:min(len(args), strings.Count(sql, "?"))] {
		sql = strings.Replace(sql, "?", f.arg(a), 1)
	}
	return sql
}

// held is a source as a condition on m.
func (f *finder) held(s source) string {
	if s.asked == nil {
		return f.bind(s.holds, s.args)
	}
	return f.bind(s.holds, s.asked)
}

// places is a query for nothing but the places that the first source yields.
func (f *finder) places(limit int) string {
	from, key, cond := f.begin()
	return `SELECT ` + key + ` FROM ` + from + ` WHERE ` + strings.Join(cond, ` AND `) + ` LIMIT ` + f.arg(limit) + ` + 0`
}

// query is a query for columns of m, newest first.
func (f *finder) query(columns string, limit int) string {
	from, key, cond := f.begin()
	if f.first.from != "" {
		from += ` CROSS JOIN messages m ON m.seq = ` + key // in this order: s is the rarer
	}
	for _, o := range f.others {
		cond = append(cond, f.held(o))
	}
	if f.first.also {
		cond = append(cond, f.held(f.first))
	}
	return `SELECT ` + columns + ` FROM ` + from + ` WHERE ` + strings.Join(cond, ` AND `) +
		` ORDER BY ` + key + ` DESC LIMIT ` + f.arg(limit) + ` + 0`
}

// begin is the first source, bounded by the places that are looked at.
func (f *finder) begin() (from, key string, cond []string) {
	s := f.first
	n := strings.Count(s.from, "?")
	from, key = f.bind(s.from, s.args), s.key
	if s.from == "" {
		from, key = "messages m", "m.seq"
	}
	if s.where != "" {
		cond = append(cond, f.bind(s.where, s.args[n:]))
	}
	return from, key, append(cond, key+` >= `+f.arg(f.lo), key+` < `+f.arg(f.hi))
}

// sources are the conditions of a search.
func (t *Tx) sources(q letterlock.Search) (all []source, err error) {
	var parts parts
	words, err := addressWords(q, &parts)
	if err != nil {
		return nil, err
	}
	if err := checkIdentity(q.Identity); err != nil {
		return nil, err
	}
	if q.Identity != "" {
		words = append(words, `keys : "`+key(identityKey, string(q.Identity))+`"`)
	}
	subject, err := subjectWords(q.Subject)
	if err != nil {
		return nil, err
	}
	exact, part, err := t.messageIDField(q.MessageID)
	if err != nil {
		return nil, err
	}
	if part != "" {
		parts.add(`message_id`, part)
	}
	all = append(exact, matches("search_words", append(words, subject...))...)
	all = append(all, parts.source()...)
	if q.State != "" {
		s, ok := t.condition(q.State)
		if !ok {
			return nil, invalid("state")
		}
		all = append(all, s)
	}
	return all, nil
}

// addressWords makes expressions of the whole addresses and domains that are looked
// for, and adds parts of addresses to parts.
func addressWords(q letterlock.Search, parts *parts) (words []string, err error) {
	for _, field := range []struct {
		typed, column   string
		address, domain string // kinds of keys
		name            string
	}{
		{q.Sender, "sender", senderKey, senderDomainKey, "sender"},
		{q.Recipient, "recipients", recipientKey, recipientDomainKey, "recipient"},
	} {
		k, part, err := addressField(field.typed, field.address, field.domain, field.name)
		if err != nil {
			return nil, err
		}
		if k != "" {
			words = append(words, `keys : "`+k+`"`)
		}
		if part != "" {
			parts.add(field.column, part)
		}
	}
	return words, nil
}

// matches is the source that finds all of these in an index of the search.
func matches(index string, all []string) []source {
	if len(all) == 0 {
		return nil
	}
	expression := strings.Join(all, " AND ")
	return []source{{
		from: index + " s", key: "s.rowid", where: "s." + index + " MATCH ?", args: []any{expression},
		holds: `EXISTS (SELECT 1 FROM ` + index + ` x WHERE x.` + index + ` MATCH ? AND x.rowid = m.seq)`,
	}}
}

// quoted is a string of the index's query language: nothing in it is an operator.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func invalid(key string) error { return &letterlock.Error{Code: letterlock.Invalid, Key: key} }

// checkIdentity refuses what is no identity type.
func checkIdentity(i letterlock.IdentityType) error {
	switch i {
	case "", letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount, letterlock.Google, letterlock.Yahoo, letterlock.Other:
		return nil
	}
	return invalid("identity")
}

// checkField refuses what no field can hold.
func checkField(s, name string) error {
	if len(s) > maxField || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return invalid(name)
	}
	return nil
}

// addressField reads what was typed to find an address: a whole one, "@" and a
// domain, or a part.
func addressField(typed, address, domain, name string) (k, part string, err error) {
	s := strings.TrimSpace(typed)
	if err := checkField(s, name); err != nil || s == "" {
		return "", "", err
	}
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		if a, err := letterlock.ParseAddress("x@" + rest); err == nil {
			return key(domain, a.Domain()), "", nil
		}
	}
	if a, err := letterlock.ParseAddress(s); err == nil {
		return key(address, strings.ToLower(string(a))), "", nil
	}
	part, err = partOf(s)
	return "", part, err
}

func partOf(s string) (string, error) {
	if utf8.RuneCountInString(s) < MinPart {
		return "", invalid("part-short")
	}
	return strings.ToLower(s), nil
}

// subjectWords makes expressions of the words that were typed. One that ends in *
// stands for all that begin so.
func subjectWords(typed string) (list []string, err error) {
	if err := checkField(typed, "subject"); err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(typed) {
		bare := strings.TrimRight(word, "*")
		if !strings.ContainsFunc(bare, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue // there is no word in it
		}
		expression := `subject : ` + quoted(bare)
		if bare != word {
			expression += ` *`
		}
		if bare != word && len(bare) < minBegin {
			return nil, invalid("part-short")
		}
		if !slices.Contains(list, expression) {
			list = append(list, expression)
		}
	}
	if len(list) > maxWords {
		return nil, invalid("subject-words")
	}
	if len(list) == 0 && strings.TrimSpace(typed) != "" {
		return nil, invalid("subject")
	}
	return list, nil
}

// messageIDField reads what was typed to find a Message-ID. One that is there as it
// was typed is found alone; everything else is a part.
func (t *Tx) messageIDField(typed string) (exact []source, part string, err error) {
	s := strings.TrimSpace(typed)
	if err := checkField(s, "message-id"); err != nil || s == "" {
		return nil, "", err
	}
	whole := "<" + strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">") + ">"
	var there bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM messages WHERE message_id = $1)`, []any{whole}, &there); err != nil {
		return nil, "", err
	}
	if there {
		const both = `SELECT seq FROM messages WHERE message_id = ? UNION SELECT seq FROM messages WHERE reference = ? AND reference <> ''`
		return []source{{from: `(` + both + `) s`, key: "s.seq", args: []any{whole, whole}, holds: `m.seq IN (` + both + `)`}}, "", nil
	}
	part, err = partOf(s)
	return nil, part, err
}
