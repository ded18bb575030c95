package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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
	letterlock.BatchUndoing:   {Kind: views.StateRunning, Text: "Being undone"},
	letterlock.BatchUndone:    {Kind: views.StateRestored, Text: "Undone"},
	letterlock.BatchDiscarded: {Kind: views.StateKept, Text: "Discarded"},
}

// resultStates are the words of what a batch did with one message.
var resultStates = map[letterlock.BatchResult]views.State{
	letterlock.ResultRevoked:   {Kind: views.StateRevoked},
	letterlock.ResultAlready:   {Kind: views.StateRevoked, Text: "Already revoked"},
	letterlock.ResultDestroyed: {Kind: views.StateExpired, Text: "Destroyed meanwhile"},
	letterlock.ResultFailed:    {Kind: views.StateFailed},
	letterlock.ResultRestored:  {Kind: views.StateRestored},
	letterlock.ResultKept:      {Kind: views.StateKept, Text: "Kept, changed since"},
}

func (s *Server) bulkRow(b letterlock.Batch) views.BulkRow {
	return views.BulkRow{
		URL: "/bulk/" + string(b.ID), When: s.moment(b.Created, s.shortForm(b.Created)+" "+clockForm), By: b.By.Called(),
		What: s.batchWords(b), Reason: b.Reason, State: batchStates[b.State], Messages: b.Messages, Read: b.Read,
	}
}

// batchWords says which messages a batch is about.
func (s *Server) batchWords(b letterlock.Batch) string {
	var words []string
	for _, f := range lookupFor(b.Search, s.Location).facts() {
		words = append(words, f.Label+": "+f.Value)
	}
	if len(words) == 0 {
		return "Chosen one by one"
	}
	return strings.Join(words, ", ")
}

// bulkView fills the page of a batch. items may hold one message more than a page
// shows: then there is another page.
func (s *Server) bulkView(by letterlock.Actor, b letterlock.Batch, items []letterlock.BatchItem, before int64) views.Bulk {
	path := "/bulk/" + string(b.ID)
	v := views.Bulk{
		Title: s.batchWords(b),
		Count: countOf(b.Messages, "message"), Facts: s.batchFacts(b), Finished: b.Finished, Total: b.Messages,
		HasResults: !b.Started.IsZero() && b.State != letterlock.BatchWaiting,
		ItemsTitle: "What it touches",
	}
	if b.State == letterlock.BatchPlanned || b.State == letterlock.BatchWaiting {
		v.ItemsTitle = "What it would touch"
	}
	v.Kind, v.Lead, v.Text = batchBand(by, b)
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
	v.Shown = fmt.Sprintf("Showing %d of %s.", len(items), grouped(b.Messages))
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
		v.StartURL, v.DiscardURL = path+"/start", path+"/discard"
	case letterlock.BatchWaiting:
		v.DiscardURL = path + "/discard"
		if by.Address != b.By.Address {
			v.ApproveURL = path + "/approve"
		}
	case letterlock.BatchRunning, letterlock.BatchDone:
		v.UndoURL = path + "/undo"
	}
}

// batchBand says what has become of a batch, and what that means.
func batchBand(by letterlock.Actor, b letterlock.Batch) (kind views.BandKind, lead, text string) {
	size := grouped(b.Messages) + " " + plural(b.Messages, "message") + " with " + countOf(b.Recipients, "recipient")
	switch b.State {
	case letterlock.BatchPlanned:
		return views.BandCan, "Nothing has been touched yet.", "This would remove access to " + size + ". " + alreadyRead(b) + "."
	case letterlock.BatchWaiting:
		if by.Address == b.By.Address {
			return views.BandCannot, "Waiting for a second person.", "Nothing has been touched yet. You planned it, so another revoker or administrator has to approve it."
		}
		return views.BandCan, "Waiting for a second person.", "Nothing has been touched yet. " + b.By.Called() + " asks to remove access to " + size + ". " + alreadyRead(b) + "."
	case letterlock.BatchRunning:
		return views.BandRevoked, "Removing access.", "Each message is revoked as soon as it has a result below."
	case letterlock.BatchDone:
		return views.BandRevoked, "Access has been removed.", "This went through " + size + ". " + alreadyRead(b) + " before."
	case letterlock.BatchUndoing:
		return views.BandCan, "Being undone.", "Access is given back, one message after the other."
	case letterlock.BatchUndone:
		return views.BandCan, "Undone.", "What this batch removed has been given back, unless somebody changed it since."
	}
	return views.BandCannot, "Discarded.", "It never ran, and never will."
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// alreadyRead says for how many recipients it is too late to keep it from being read.
func alreadyRead(b letterlock.Batch) string {
	switch b.Read {
	case 0:
		return "Nobody had read any of it"
	case 1:
		return "1 recipient had already read it"
	}
	return grouped(b.Read) + " recipients had already read it"
}

func (s *Server) batchFacts(b letterlock.Batch) []views.Fact {
	facts := lookupFor(b.Search, s.Location).facts()
	if len(facts) == 0 {
		facts = []views.Fact{{Label: "Messages", Value: "chosen one by one"}}
	}
	if b.Reason != "" {
		facts = append(facts, views.Fact{Label: "Reason", Value: b.Reason})
	}
	facts = append(facts, views.Fact{Label: "Planned", Value: s.when(b.Created).Text + ", by " + b.By.Called()})
	if b.Approved.Called() != "" {
		facts = append(facts, views.Fact{Label: "Approved", Value: "by " + b.Approved.Called()})
	}
	if !b.Started.IsZero() {
		facts = append(facts, views.Fact{Label: "Started", Value: s.when(b.Started).Text})
	}
	if !b.Ended.IsZero() {
		facts = append(facts, views.Fact{Label: "Ended", Value: s.when(b.Ended).Text})
	}
	if b.UndoneBy.Called() != "" {
		facts = append(facts, views.Fact{Label: "Undone", Value: s.when(b.Undone).Text + ", by " + b.UndoneBy.Called()})
	}
	return facts
}

func (s *Server) bulkItem(i letterlock.BatchItem) views.BulkItem {
	item := views.BulkItem{
		URL: "/trace/" + string(i.Message.ID), When: s.moment(i.Message.Accepted, s.shortForm(i.Message.Accepted)+" "+clockForm),
		Subject: tracedSubject(i.Message), Sender: string(i.Message.Writer().Address),
		Result: resultStates[i.Result], Undo: resultStates[i.Undo],
	}
	for _, r := range i.Recipients {
		one := views.BulkRecipient{Address: string(r.Mailbox.Address), Note: "not read"}
		if !r.FirstRead.IsZero() {
			one.Read, one.Note = true, "read "+s.moment(r.FirstRead, s.shortForm(r.FirstRead)+" "+clockForm).Text
		}
		item.Recipients = append(item.Recipients, one)
	}
	return item
}
