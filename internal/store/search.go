package store

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

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
	places, err := f.places(before, limit)
	if err != nil {
		return nil, err
	}
	return t.messagesAt(places)
}

// Found is Find, and counts besides all that are looked for, up to most. The count may
// know of what was committed since the transaction began.
func (t *Tx) Found(q letterlock.Search, before int64, limit, most int) (list []SentMessage, total int, err error) {
	f, err := t.finder(q)
	if err != nil {
		return nil, 0, err
	}
	if list, total, ok, err := f.foundAtOnce(before, limit, most); ok || err != nil {
		return list, total, err
	}
	places, total, err := f.counted(limit, most)
	if err != nil {
		return nil, 0, err
	}
	if before > 0 {
		if places, err = f.places(before, limit); err != nil {
			return nil, 0, err
		}
	}
	list, err = t.messagesAt(places[:min(limit, len(places))])
	return list, total, err
}

func (t *Tx) finder(q letterlock.Search) (*finder, error) {
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return nil, invalid("range")
	}
	f := &finder{tx: t, pace: usual, lo: max(first, bound(q.From, first)), hi: bound(q.Until, end)}
	var err error
	f.sources, f.somebody, err = t.sources(q)
	return f, err
}

// bound is the first place at a time, which somebody may have chosen far from ours.
func bound(at time.Time, none int64) int64 {
	if at.IsZero() {
		return none
	}
	return SeqAt(time.Unix(max(0, min(at.Unix(), 1<<42)), 0))
}

// sources are the conditions of a search, and what one recipient has to meet, if that is
// more than one of them.
func (t *Tx) sources(q letterlock.Search) (all []source, one *somebody, err error) {
	var parts parts
	words, err := addressWords(q, &parts)
	if err != nil {
		return nil, nil, err
	}
	if err := checkIdentity(q.Identity); err != nil {
		return nil, nil, err
	}
	p := &somebody{}
	p.is(letterlock.ParseSought(q.Recipient))
	if q.Identity != "" {
		words = append(words, `keys : "`+key(identityKey, string(q.Identity))+`"`)
		p.has(`r.identity = ?`, q.Identity)
	}
	subject, err := subjectWords(q.Subject)
	if err != nil {
		return nil, nil, err
	}
	exact, part, err := t.messageIDField(q.MessageID)
	if err != nil {
		return nil, nil, err
	}
	if part != "" {
		parts.add(`message_id`, part)
	}
	all = append(exact, matches("search_words", append(words, subject...))...)
	all = append(all, parts.source()...)
	state, err := t.stateOf(q.State, p)
	if all = append(all, state...); len(all) == 0 {
		all = []source{{from: `messages s`, key: `s.seq`, once: true}} // all of them
	}
	if p.several() {
		one = p
	}
	return all, one, err
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
		from: index + " s", key: "s.rowid", where: "s." + index + " MATCH ?", args: []any{expression}, joint: len(all) > 1, index: true,
		once: !strings.Contains(expression, `" *`) && index == "search_words", // others are too dear to be begun twice
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
	if err := checkField(strings.TrimSpace(typed), name); err != nil {
		return "", "", err
	}
	switch s := letterlock.ParseSought(typed); {
	case s.Domain != "":
		return key(domain, s.Domain), "", nil
	case s.Whole != "":
		return key(address, s.Whole), "", nil
	case s.Part != "":
		part, err = partOf(s.Part)
	}
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
//
// What is too short to be a key, or to have one in it, is looked for in all columns:
// SQLite would look at the column of each place of it.
func subjectWords(typed string) (list []string, err error) {
	if err := checkField(typed, "subject"); err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(typed) {
		bare := strings.TrimRight(word, "*")
		if !strings.ContainsFunc(bare, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue // there is no word in it
		}
		expression := quoted(bare)
		if bare != word || len(bare) >= keyLength {
			expression = `subject : ` + expression
		}
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
	s := letterlock.WithoutHeader(typed)
	if err := checkField(s, "message-id"); err != nil || strings.TrimSpace(typed) == "" {
		return nil, "", err
	}
	whole := "<" + strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">") + ">"
	var there bool
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM messages WHERE message_id = $1)`, []any{whole}, &there); err != nil {
		return nil, "", err
	}
	if there {
		const both = `(SELECT seq FROM messages WHERE message_id = ? UNION SELECT seq FROM messages WHERE reference = ? AND reference <> '')`
		return []source{{from: both + ` s`, key: "s.seq", args: []any{whole, whole}}}, "", nil
	}
	part, err = partOf(s)
	return nil, part, err
}
