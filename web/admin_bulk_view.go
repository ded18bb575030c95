package web

import (
	"context"
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

// bulkView fills the page of a batch. items may hold one message more than a page
// shows: then there is another page.
func (s speaker) bulkView(by letterlock.Actor, b letterlock.Batch, items []letterlock.BatchItem, before int64) views.Bulk {
	path := "/bulk/" + string(b.ID)
	v := views.Bulk{
		Title: s.batchWords(b),
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
	if atWork(b) {
		v.LiveURL = path + "/progress"
	}
	if by.Is(letterlock.Revoker) {
		offer(&v, by, b, path)
	}
	if len(items) > bulkPage {
		items = items[:bulkPage]
		v.OlderURL = withBefore(path, strconv.FormatInt(items[bulkPage-1].Seq, 10))
	}
	if before > 0 {
		v.NewestURL = path
	}
	v.Shown = s.Text("bulk.showingOf", "Items", strconv.Itoa(len(items)), "Messages", grouped(b.Messages))
	for _, i := range items {
		v.Items = append(v.Items, s.bulkItem(i))
		if i.Result == letterlock.ResultFailed && b.State == letterlock.BatchDone && by.Is(letterlock.Revoker) {
			v.RetryURL = path + "/start"
		}
	}
	return v
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
	case letterlock.BatchRunning, letterlock.BatchDone:
		v.UndoURL = path + "/undo"
	}
}

// batchBand says what has become of a batch, and what that means.
func batchBand(say language.Words, by letterlock.Actor, b letterlock.Batch) (kind views.BandKind, lead, text string) {
	size := say.Text("bulk.withB", "Messages", grouped(b.Messages), "Plural", plural(b.Messages, "message"), "Recipients", say.Count("count.recipient", b.Recipients))
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
		return views.BandRevoked, say.Text("bulk.accessHasBeenRemoved"), say.Text("bulk.thisWentThroughBefore", "Size", size, "AlreadyRead", alreadyRead(say, b))
	case letterlock.BatchUndoing:
		return views.BandCan, say.Text("bulk.beingUndoneB"), say.Text("bulk.accessIsGivenBackOne")
	case letterlock.BatchUndone:
		return views.BandCan, say.Text("bulk.undoneB"), say.Text("bulk.whatThisBatchRemovedHas")
	}
	return views.BandCannot, say.Text("bulk.discardedB"), say.Text("bulk.itNeverRanAndNever")
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
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
	return item
}
