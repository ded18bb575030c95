package store

import (
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

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
	if faults := q.Faults(); len(faults) > 0 {
		return nil, invalid(faults[0].Key)
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
	words := addressWords(q, &parts)
	if err := checkIdentity(q.Identity); err != nil {
		return nil, nil, err
	}
	p := &somebody{}
	p.is(letterlock.ParseSought(q.Recipient))
	if q.Identity != "" {
		words = append(words, `keys : "`+key(identityKey, string(q.Identity))+`"`)
		p.has(`r.identity = ?`, q.Identity)
	}
	exact, part, err := t.messageIDField(q.MessageID)
	if err != nil {
		return nil, nil, err
	}
	if part != "" {
		parts.add(`message_id`, part)
	}
	all = append(exact, matches("search_words", append(words, subjectWords(q.Subject)...))...)
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
func addressWords(q letterlock.Search, parts *parts) (words []string) {
	for _, field := range []struct {
		typed, column   string
		address, domain string // kinds of keys
	}{
		{q.Sender, "sender", senderKey, senderDomainKey},
		{q.Recipient, "recipients", recipientKey, recipientDomainKey},
	} {
		switch s := letterlock.ParseSought(field.typed); {
		case s.Domain != "":
			words = append(words, `keys : "`+key(field.domain, s.Domain)+`"`)
		case s.Whole != "":
			words = append(words, `keys : "`+key(field.address, s.Whole)+`"`)
		case s.Part != "":
			parts.add(field.column, s.Part)
		}
	}
	return words
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

// subjectWords makes expressions of the words that were typed.
//
// What is too short to be a key, or to have one in it, is looked for in all columns:
// SQLite would look at the column of each place of it.
func subjectWords(typed string) (list []string) {
	for _, word := range letterlock.SubjectWords(typed) {
		expression := quoted(word.Text)
		if word.Begins || len(word.Text) >= keyLength {
			expression = `subject : ` + expression
		}
		if word.Begins {
			expression += ` *`
		}
		list = append(list, expression)
	}
	return list
}

// messageIDField reads what was typed to find a Message-ID. One that is there as it
// was typed is found alone; everything else is a part.
func (t *Tx) messageIDField(typed string) (exact []source, part string, err error) {
	s := letterlock.WithoutHeader(typed)
	if s == "" {
		return nil, "", nil
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
	return nil, strings.ToLower(s), nil
}
