package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// Fields of the trace's form, which are the names in its URL as well.
const (
	fieldSender    = "sender"
	fieldRecipient = "recipient"
	fieldSubject   = "subject"
	fieldMessageID = "message-id"
	fieldFrom      = "from"
	fieldUntil     = "until"
	fieldState     = "state"
	fieldIdentity  = "identity"
)

// lookupFields are all of them, with the names of their labels, in the order of the form.
var lookupFields = []struct{ name, label string }{
	{fieldSender, "search.sender"}, {fieldRecipient, "search.recipient"}, {fieldSubject, "search.subject"}, {fieldMessageID, "search.messageid"},
	{fieldFrom, "search.from"}, {fieldUntil, "search.until"}, {fieldState, "search.state"}, {fieldIdentity, "search.identityType"},
}

// anything is the choice of a list that leaves nothing out.
const anything = "any"

// A choice is one value of a list and the name of its text.
type choice struct{ value, text string }

// stateChoices and identityChoices are what a message can be looked for by.
var (
	stateChoices = []choice{
		{anything, "search.any"}, {string(letterlock.IsUnread), "search.unread"}, {string(letterlock.IsRead), "search.read"},
		{string(letterlock.IsRevoked), "search.revoked"}, {string(letterlock.ExpiresSoon), "search.expiresSoon"},
		{string(letterlock.IsExpired), "search.expired"}, {string(letterlock.IsInline), "search.inline"},
		{string(letterlock.IsBounced), "search.bounced"},
		{string(letterlock.IsDelayed), "search.delayed"}, {string(letterlock.IsDestroyed), "search.destroyed"},
	}
	identityChoices = []choice{
		{anything, "search.any"}, {string(letterlock.Organization), "search.organization"}, {string(letterlock.Microsoft365), "search.microsoft"},
		{string(letterlock.MicrosoftAccount), "search.microsoftAccount"}, {string(letterlock.Google), "search.google"},
		{string(letterlock.Yahoo), "search.yahoo"}, {string(letterlock.Other), "search.otherType"},
	}
)

// maxCarried bounds a search that is carried along in a field of its own, in bytes.
const maxCarried = 8000

// maxPassed bounds a number that anybody can write into a link.
const maxPassed = 1_000_000_000

// A lookup is what somebody looks for in the trace, as it was typed, and how far
// they have paged.
type lookup struct {
	typed  map[string]string // by field; what is empty is not in it
	asked  bool              // a search was asked for, be it for everything
	before string            // cursor; empty: from the newest
	passed int               // how many were on the pages before; said, and nothing hangs on it
}

// lookupOf reads a search out of a URL or a form.
func lookupOf(q url.Values) lookup {
	l := lookup{typed: map[string]string{}, before: q.Get("before")}
	if n, err := strconv.Atoi(q.Get("passed")); err == nil && 0 < n && n < maxPassed && l.before != "" {
		l.passed = n
	}
	for _, f := range lookupFields {
		if _, ok := q[f.name]; ok {
			l.asked = true
		}
		// Nothing is cut off: with less of it more would be found.
		if text := strings.TrimSpace(strings.ToValidUTF8(q.Get(f.name), "\uFFFD")); text != "" && text != anything {
			l.typed[f.name] = text
		}
	}
	return l
}

// without is the same search, from its first page, with one condition less.
func (l lookup) without(field string) lookup {
	less := lookup{typed: map[string]string{}, asked: true}
	for name, text := range l.typed {
		if name != field {
			less.typed[name] = text
		}
	}
	return less
}

// values are the search as a URL holds it. A search for everything is one too, and
// must not be taken for none.
func (l lookup) values() url.Values {
	q := url.Values{}
	for name, text := range l.typed {
		q.Set(name, text)
	}
	if l.asked && len(q) == 0 {
		q.Set(fieldState, anything)
	}
	return q
}

// url is where a path has this search with it, at the cursor before.
func (l lookup) url(path, before string) string {
	q := l.values()
	if before != "" {
		q.Set("before", before)
	}
	if before != "" && l.passed > 0 {
		q.Set("passed", strconv.Itoa(l.passed))
	}
	return withQuery(path, q)
}

// older is the next page of the list, after so many messages on this one.
func (l lookup) older(before string, many int) string {
	l.passed += many
	return l.url("/trace", before)
}

// message is where a message is found, with this search beside it.
func (l lookup) message(id letterlock.ID) string {
	return l.url("/trace/"+string(id), l.before)
}

// search is what the use case is asked for, or what is wrong with the fields. What
// cannot be understood is never left out: more would be found than was asked for,
// and more revoked.
func (l lookup) search(say language.Words, in *time.Location) (q letterlock.Search, wrong []views.FieldError) {
	add := func(field, text string) { wrong = append(wrong, views.FieldError{Field: field, Text: text}) }
	q = letterlock.Search{
		Sender: l.typed[fieldSender], Recipient: l.typed[fieldRecipient], Subject: l.typed[fieldSubject], MessageID: l.typed[fieldMessageID],
		State: letterlock.Condition(l.typed[fieldState]), Identity: letterlock.IdentityType(l.typed[fieldIdentity]),
	}
	for _, f := range q.Faults() {
		add(f.Field, faultText(say, f))
	}
	var ok bool
	if q.From, ok = dayOf(l.typed[fieldFrom], in); !ok {
		add(fieldFrom, noDay(say, l.typed[fieldFrom]))
	}
	if q.Until, ok = dayOf(l.typed[fieldUntil], in); !ok {
		add(fieldUntil, noDay(say, l.typed[fieldUntil]))
	} else if !q.Until.IsZero() {
		if q.Until.Before(q.From) {
			add(fieldUntil, say.Text("trace.untilIsBeforeFrom"))
		}
		q.Until = letterlock.NextDay(q.Until) // the day itself is meant as well
	}
	if !isChoice(stateChoices, l.typed[fieldState]) {
		add(fieldState, say.Text("trace.chooseAState"))
	}
	if !isChoice(identityChoices, l.typed[fieldIdentity]) {
		add(fieldIdentity, say.Text("trace.chooseAnIdentityType"))
	}
	return q, wrong
}

// dayOf reads a date as fields for dates write it; "" is none.
func dayOf(s string, in *time.Location) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	day, err := letterlock.ParseDay(time.DateOnly, s, in)
	return day, err == nil && day.Year() >= 1970 && day.Year() < 9999
}

// noDay says why dayOf does not take what was typed.
func noDay(say language.Words, typed string) string {
	if _, err := time.Parse(time.DateOnly, typed); err == nil {
		return say.Text("trace.typeAYearFrom")
	}
	return say.Text("trace.typeADateAs")
}

// faultText says what is wrong with a text that is looked for.
func faultText(say language.Words, f letterlock.Fault) string {
	short := say.Text("trace.typeAWholeAddressAnd")
	switch f {
	case letterlock.Fault{Field: fieldSubject, Key: "part-short"}:
		return say.Text("trace.typeAtLeastLettersBefore")
	case letterlock.Fault{Field: fieldSubject, Key: "subject-words"}:
		return say.Text("trace.typeDifferentWordsOfThe")
	case letterlock.Fault{Field: fieldSubject, Key: fieldSubject}:
		return say.Text("trace.typeAtLeastOneWord")
	case letterlock.Fault{Field: fieldMessageID, Key: "part-short"}:
		return say.Text("trace.typeAtLeastCharactersOf")
	case letterlock.Fault{Field: fieldMessageID, Key: fieldMessageID}:
		return say.Text("trace.noMessageIdIsLike")
	}
	if f.Key == "part-short" {
		return short
	}
	return say.Text("trace.noAddressIsLikeThis", "Short", short)
}

func isChoice(list []choice, value string) bool {
	return value == "" || textOf(list, value) != ""
}

// textOf is the words of a choice; empty: there is none like it.
func textOf(list []choice, value string) string {
	for _, c := range list {
		if c.value == value {
			return c.text
		}
	}
	return ""
}

func optionsOf(say language.Words, list []choice, value string) (options []views.Option) {
	for _, c := range list {
		options = append(options, views.Option{Value: c.value, Text: say.Text(c.text), Selected: c.value == value})
	}
	return options
}

// refused translates what the use case refused to look for into a reason under
// its field. It is empty for what is not the searcher's to mend, and for texts, which
// are looked at before.
func (l lookup) refused(say language.Words, err error) []views.FieldError {
	if letterlock.CodeOf(err) != letterlock.Invalid {
		return nil
	}
	switch key := letterlock.KeyOf(err); key {
	case fieldState, fieldIdentity:
		return []views.FieldError{{Field: key, Text: say.Text("trace.chooseOneOfTheList")}}
	case fieldFrom, fieldUntil, "range":
		return []views.FieldError{{Field: fieldUntil, Text: say.Text("trace.untilIsBeforeFrom")}}
	}
	return nil
}

// condition is one condition of a search in words.
func (l lookup) condition(say language.Words, field string) string {
	switch value := l.typed[field]; field {
	case fieldState:
		return sayText(say, textOf(stateChoices, value))
	case fieldIdentity:
		return sayText(say, textOf(identityChoices, value))
	default:
		return value
	}
}

// facts are all conditions of a search in words.
func (l lookup) facts(say language.Words) (list []views.Fact) {
	for _, f := range lookupFields {
		if l.typed[f.name] != "" {
			list = append(list, views.Fact{Label: say.Text(f.label), Value: l.condition(say, f.name), Mono: f.name == fieldMessageID})
		}
	}
	return list
}

// lookupFor is the search that somebody has asked for before.
func lookupFor(q letterlock.Search, in *time.Location) lookup {
	l := lookup{typed: map[string]string{}, asked: true}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(in).Format(time.DateOnly)
	}
	for field, text := range map[string]string{
		fieldSender: q.Sender, fieldRecipient: q.Recipient, fieldSubject: q.Subject, fieldMessageID: q.MessageID,
		fieldFrom: day(q.From), fieldUntil: day(dayBefore(q.Until)), fieldState: string(q.State), fieldIdentity: string(q.Identity),
	} {
		if text != "" {
			l.typed[field] = text
		}
	}
	return l
}

// dayBefore is a moment of the last day before until.
func dayBefore(until time.Time) time.Time {
	if until.IsZero() {
		return until
	}
	return until.Add(-time.Second)
}
