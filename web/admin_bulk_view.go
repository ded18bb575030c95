package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// A batchAct is something that is done with a batch.
type batchAct func(context.Context, letterlock.Actor, letterlock.ID) error

// atWork reports whether a batch is changing by itself.
func atWork(b letterlock.Batch) bool {
	return b.State == letterlock.BatchRunning || b.State == letterlock.BatchUndoing
}

// batchStates are the words of a batch in a list.
var batchStates = map[letterlock.BatchState]views.State{
	letterlock.BatchPlanned:   {Kind: views.StatePlanned},
	letterlock.BatchWaiting:   {Kind: views.StateWaiting},
	letterlock.BatchRunning:   {Kind: views.StateRunning},
	letterlock.BatchDone:      {Kind: views.StateRevoked},
	letterlock.BatchUndoing:   {Kind: views.StateRunning, Text: "bulk.beingUndone"},
	letterlock.BatchUndone:    {Kind: views.StateRestored, Text: "bulk.undone"},
	letterlock.BatchDiscarded: {Kind: views.StateKept, Text: "bulk.discarded"},
}

// resultStates are the words of what a batch did with one message.
var resultStates = map[letterlock.BatchResult]views.State{
	letterlock.ResultRevoked:   {Kind: views.StateRevoked},
	letterlock.ResultAlready:   {Kind: views.StateRevoked, Text: "bulk.alreadyRevoked"},
	letterlock.ResultDestroyed: {Kind: views.StateExpired, Text: "bulk.destroyedMeanwhile"},
	letterlock.ResultFailed:    {Kind: views.StateFailed},
	letterlock.ResultRestored:  {Kind: views.StateRestored},
	letterlock.ResultKept:      {Kind: views.StateKept, Text: "bulk.keptChangedSince"},
}

// stated is a state whose text is still the name of one.
func (s speaker) stated(state views.State) views.State {
	state.Text = sayText(s.Words, state.Text)
	return state
}

func (s speaker) bulkRow(b letterlock.Batch) views.BulkRow {
	return views.BulkRow{
		URL: "/bulk/" + string(b.ID), When: s.minute(b.Created), By: b.By.Called(),
		What: s.batchWords(b), Reason: b.Reason, State: s.stated(batchStates[b.State]), Messages: b.Messages, Read: b.Read,
	}
}

// batchWords says which messages a batch is about.
func (s speaker) batchWords(b letterlock.Batch) string {
	var words []string
	for _, f := range lookupFor(b.Search, s.Location).facts(s.Words) {
		words = append(words, f.Label+": "+f.Value)
	}
	if len(words) == 0 {
		return s.Text("bulk.chosenOneByOneB")
	}
	return strings.Join(words, ", ")
}

// A bulkPlace is which messages of a batch a page shows.
type bulkPlace struct {
	result letterlock.BatchResult // those that have it; empty: all
	before int64                  // 0: from the newest
}

// url is the page of the batch at a path with messages before that one.
func (p bulkPlace) url(path string, before int64) string {
	q := url.Values{}
	if p.result != "" {
		q.Set("result", string(p.result))
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return withQuery(path, q)
}

// bulkView fills the page of a batch. items may hold one message more than a page
// shows: then there is another page.
func (s speaker) bulkView(by letterlock.Actor, b letterlock.Batch, items []letterlock.BatchItem, p bulkPlace) views.Bulk {
	path := "/bulk/" + string(b.ID)
	v := views.Bulk{
		Title: s.batchWords(b), State: s.stated(batchStates[b.State]),
		Count: s.Count("count.message", b.Messages), Facts: s.batchFacts(b), Finished: b.Finished, Total: b.Messages,
		HasResults: !b.Started.IsZero() && b.State != letterlock.BatchWaiting,
		ItemsTitle: s.Text("bulk.whatItTouches"),
	}
	if b.State == letterlock.BatchPlanned || b.State == letterlock.BatchWaiting {
		v.ItemsTitle = s.Text("bulk.whatItWouldTouch")
	}
	v.Kind, v.Lead, v.Text = batchBand(s.Words, by, b)
	if b.Search != (letterlock.Search{}) {
		v.SearchAgain = lookupFor(b.Search, s.Location).url("/trace", "")
	}
	if b.Left.Inline > 0 && b.Search != (letterlock.Search{}) && b.Search.State == "" {
		inline := b.Search
		inline.State = letterlock.IsInline
		v.Inline, v.InlineURL = s.Text("bulk.showReceivedInline"), lookupFor(inline, s.Location).url("/trace", "")
	}
	if atWork(b) {
		v.LiveURL = path + "/progress"
	}
	if b.State == letterlock.BatchDone {
		v.Undoes = s.Count("count.message", b.Results.Revoked-b.Undos.All())
	}
	if by.Is(letterlock.Revoker) {
		offer(&v, by, b, path)
	}
	if len(items) > bulkPage {
		items = items[:bulkPage]
		v.OlderURL = p.url(path, items[bulkPage-1].Seq)
	}
	if p.before > 0 {
		v.NewestURL = p.url(path, 0)
	}
	total := b.Messages
	if p.result != "" {
		total = *b.Results.Of(p.result) + *b.Undos.Of(p.result)
	}
	v.Shown = s.Text("bulk.showingOf", "Items", strconv.Itoa(len(items)), "Messages", grouped(total))
	for _, i := range items {
		v.Items = append(v.Items, s.bulkItem(i))
	}
	v.Results = s.bulkResults(b, p, path)
	v.CSVURL, v.JSONURL = path+"/export.csv", path+"/export.json"
	return v
}

// bulkResults are the results that messages of a batch have, each to be shown alone.
func (s speaker) bulkResults(b letterlock.Batch, p bulkPlace, path string) (list []views.BulkResult) {
	for _, r := range letterlock.BatchResults {
		if n := *b.Results.Of(r) + *b.Undos.Of(r); n > 0 {
			list = append(list, views.BulkResult{State: s.stated(resultStates[r]), Count: grouped(n), URL: bulkPlace{result: r}.url(path, 0), Shown: r == p.result})
		}
	}
	if len(list) > 1 || p.result != "" {
		all := views.BulkResult{State: views.State{Text: s.Text("bulk.all")}, Count: grouped(b.Messages), URL: path, Shown: p.result == ""}
		return append([]views.BulkResult{all}, list...)
	}
	return nil // all of them have the same
}

// offer says what can be done with a batch as it is. Whether it may be, the use
// case decides again.
func offer(v *views.Bulk, by letterlock.Actor, b letterlock.Batch, path string) {
	switch b.State {
	case letterlock.BatchPlanned:
		v.RunURL, v.DiscardURL = path+"/start", path+"/discard"
	case letterlock.BatchWaiting:
		v.DiscardURL = path + "/discard"
		if by.Address != b.By.Address {
			v.RunURL, v.Approves = path+"/approve", true
		}
	case letterlock.BatchRunning:
		v.UndoURL = path + "/undo"
	case letterlock.BatchDone:
		if b.Results.Revoked > 0 {
			v.UndoURL = path + "/undo"
		}
		if b.Results.Failed > 0 {
			v.RetryURL = path + "/start"
		}
	case letterlock.BatchUndone:
		if b.Undos.Failed > 0 {
			v.RetryURL = path + "/undo"
		}
	}
}

// batchBand says what has become of a batch, and what that means.
func batchBand(say language.Words, by letterlock.Actor, b letterlock.Batch) (kind views.BandKind, lead, text string) {
	size := say.Text("bulk.with", "Messages", say.Count("count.message", b.Messages), "Recipients", say.Count("count.recipient", b.Recipients))
	switch b.State {
	case letterlock.BatchPlanned:
		return views.BandCan, say.Text("bulk.nothingHasBeenTouchedYet"), say.Text("bulk.thisWouldRemoveAccessTo", "Size", size, "AlreadyRead", alreadyRead(say, b))
	case letterlock.BatchWaiting:
		if by.Address == b.By.Address {
			return views.BandCannot, say.Text("bulk.waitingForASecondPerson"), say.Text("bulk.nothingHasBeenTouchedYetYou")
		}
		return views.BandCan, say.Text("bulk.waitingForASecondPerson"), say.Text("bulk.nothingHasBeenTouchedYetAsks", "Name", b.By.Called(), "Size", size, "AlreadyRead", alreadyRead(say, b))
	case letterlock.BatchRunning:
		return views.BandRevoked, say.Text("bulk.removingAccess"), say.Text("bulk.eachMessageIsRevokedAs")
	case letterlock.BatchDone:
		lead := say.Text("bulk.accessHasBeenRemoved")
		if b.Results.Revoked == 0 {
			lead = say.Text("bulk.noAccessWasRemoved")
		}
		return views.BandRevoked, lead, say.Text("bulk.thisWentThroughBefore", "Size", size, "Results", resulted(say, b.Results), "AlreadyRead", alreadyRead(say, b))
	case letterlock.BatchUndoing:
		return views.BandCan, say.Text("bulk.beingUndoneB"), say.Text("bulk.accessIsGivenBackOne")
	case letterlock.BatchUndone:
		return views.BandCan, say.Text("bulk.undoneB"), say.Text("bulk.whatThisBatchRemovedHas", "Results", resulted(say, b.Undos))
	}
	return views.BandCannot, say.Text("bulk.discardedB"), say.Text("bulk.itNeverRanAndNever")
}

// resulted says how many messages of a batch have which result.
func resulted(say language.Words, t letterlock.Tally) string {
	var words []string
	for _, r := range letterlock.BatchResults {
		if n := *t.Of(r); n > 0 {
			words = append(words, say.Text("bulkResult."+strings.ReplaceAll(string(r), "-", ""), "Messages", grouped(n)))
		}
	}
	if len(words) == 0 {
		return say.Text("bulkResult.none")
	}
	return strings.Join(words, ", ")
}

// alreadyRead says for how many recipients it is too late to keep it from being read.
func alreadyRead(say language.Words, b letterlock.Batch) string {
	switch b.Read {
	case 0:
		return say.Text("bulk.nobodyHadReadAnyOf")
	case 1:
		return say.Text("bulk.recipientHadAlreadyReadIt")
	}
	return say.Text("bulk.recipientsHadAlreadyReadIt", "Read", grouped(b.Read))
}

func (s speaker) batchFacts(b letterlock.Batch) []views.Fact {
	facts := lookupFor(b.Search, s.Location).facts(s.Words)
	if len(facts) == 0 {
		facts = []views.Fact{{Label: s.Text("bulk.messages"), Value: s.Text("bulk.chosenOneByOneBB")}}
	}
	if b.Search.Narrows() {
		who := s.Text("bulk.onlyRecipientsThatMatch")
		if b.Everybody {
			who = s.Text("bulk.allRecipientsFound")
		}
		facts = append(facts, views.Fact{Label: s.Text("bulk.whoLosesAccess"), Value: who})
	}
	if b.Found > 0 {
		facts = append(facts, views.Fact{Label: s.Text("bulk.found"), Value: s.foundWords(b)})
	}
	if b.Reason != "" {
		facts = append(facts, views.Fact{Label: s.Text("bulk.reason"), Value: b.Reason})
	}
	facts = append(facts, views.Fact{Label: s.Text("bulk.planned"), Value: s.Text("bulk.byB", "When", s.when(b.Created).Text, "Name", b.By.Called())})
	if b.Approved.Called() != "" {
		facts = append(facts, views.Fact{Label: s.Text("bulk.approved"), Value: s.Text("bulk.byBB", "Name", b.Approved.Called())})
	}
	if !b.Started.IsZero() {
		facts = append(facts, views.Fact{Label: s.Text("bulk.started"), Value: s.when(b.Started).Text})
	}
	if !b.Ended.IsZero() {
		facts = append(facts, views.Fact{Label: s.Text("bulk.ended"), Value: s.when(b.Ended).Text})
	}
	if b.UndoneBy.Called() != "" {
		facts = append(facts, views.Fact{Label: s.Text("bulk.undone"), Value: s.Text("bulk.byB", "When", s.when(b.Undone).Text, "Name", b.UndoneBy.Called())})
	}
	return facts
}

// foundWords says how many messages were found for a batch, how many of them it leaves
// out and why, and how many copies of them it touches besides.
func (s speaker) foundWords(b letterlock.Batch) string {
	text := s.Count("count.message", b.Found)
	if b.Left.All() > 0 {
		var why []string
		for _, l := range []struct {
			n    int
			text string
		}{{b.Left.Inline, "bulk.leftInline"}, {b.Left.Revoked, "bulk.leftRevoked"}, {b.Left.Destroyed, "bulk.leftDestroyed"}} {
			if l.n > 0 {
				why = append(why, s.Text(l.text, "Messages", grouped(l.n)))
			}
		}
		text += s.Text("bulk.leftOut", "Messages", grouped(b.Left.All()), "Why", strings.Join(why, ", "))
	}
	if copies := b.Messages - (b.Found - b.Left.All()); copies > 0 {
		text += s.Text("bulk.andCopies", "Messages", grouped(copies))
	}
	return text
}

func (s speaker) bulkItem(i letterlock.BatchItem) views.BulkItem {
	item := views.BulkItem{
		URL: "/trace/" + string(i.Message.ID), When: s.minute(i.Message.Accepted),
		Subject: tracedSubject(s.Words, i.Message), Sender: string(i.Message.Writer().Address),
		Result: s.stated(resultStates[i.Result]), Undo: s.stated(resultStates[i.Undo]),
	}
	for _, r := range i.Recipients {
		one := views.BulkRecipient{Address: string(r.Mailbox.Address), Note: s.Text("bulk.notRead")}
		if !r.FirstRead.IsZero() {
			one.Read, one.Note = true, s.Text("bulk.read", "Minute", s.minute(r.FirstRead).Text)
		}
		item.Recipients = append(item.Recipients, one)
	}
	for _, r := range i.Inline {
		item.Untouched = append(item.Untouched, s.Text("bulk.receivedItInline", "Address", string(r.Mailbox.Address)))
	}
	if i.Others > 0 {
		item.Untouched = append(item.Untouched, s.Text("bulk.keepAccess", "Recipients", s.Count("count.moreRecipient", i.Others)))
	}
	return item
}
