package web

import (
	"strings"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// summary is one sentence or two on what one recipient has done. Of a single
// recipient who can read the message, the history and the band say it all.
func (v sentMail) summary(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment) string {
	alone := len(v.recipients) == 1
	did := v.did(r, events, files)
	switch {
	case r.Experience == letterlock.Inline:
		return v.summaryInline(r)
	case r.Revocation.Revoked():
		return v.summaryRevoked(r, did, alone, len(taken(events, files)) > 0)
	case !r.Bounced.IsZero():
		return v.server.Text("sent.theNotificationCameBack", "Replied", replied(r.Reply))
	case v.expired() && did == "":
		return v.server.Text("sent.neverReadItBeforeIt")
	case v.expired():
		return v.server.Text("sent.beforeItExpired", "Capital", capital(did))
	case alone && r.Why == policy.WhyFellBack:
		return readsBy(v.server.Words, r)
	case alone:
		return ""
	case did != "":
		return readsBy(v.server.Words, r) + " " + capital(did) + "."
	case v.delayed(r):
		return v.server.Text("sent.theNotificationIsDelayed", "ReadsBy", readsBy(v.server.Words, r), "Where", where(v.server.Words, r.Reply))
	case r.Notified.IsZero():
		return v.server.Text("sent.theNotificationHasNotLeft", "ReadsBy", readsBy(v.server.Words, r))
	}
	return v.server.Text("sent.notifiedHasNotReadIt", "ReadsBy", readsBy(v.server.Words, r), "When", v.server.at(r.Notified))
}

// readsBy says how a link recipient reads, and that this was not to be so, if it was not.
func readsBy(say language.Words, r letterlock.Recipient) string {
	if r.Why == policy.WhyFellBack {
		return say.Text("sent.gotALinkAndNot")
	}
	return say.Text("sent.readsInThePortal")
}

func (v sentMail) summaryInline(r letterlock.Recipient) string {
	switch {
	case !r.Bounced.IsZero():
		return v.server.Text("sent.theMessageCameBack", "Replied", replied(r.Reply))
	case v.delayed(r):
		why := whyInline
		if !r.Notified.IsZero() {
			why = whyLeft
		}
		return v.server.Text("sent.theMessageIsDelayedIt", "Where", where(v.server.Words, r.Reply), "Why", why(v.server.Words, r.Mailbox.Address, r.Why))
	case r.Notified.IsZero():
		return v.server.Text("sent.theMessageHasNotLeft", "WhyInline", whyInline(v.server.Words, r.Mailbox.Address, r.Why))
	}
	return v.server.Text("sent.receivedInlineItCannotBe", "When", v.server.at(r.Notified), "WhyLeft", whyLeft(v.server.Words, r.Mailbox.Address, r.Why))
}

func (v sentMail) summaryRevoked(r letterlock.Recipient, did string, alone, copied bool) string {
	if did == "" {
		if alone {
			return v.server.Text("sent.neverReadItNothingOf", "Name", r.Mailbox.Called())
		}
		return v.server.Text("sent.neverReadItNothingOfThe")
	}
	if !alone {
		return v.server.Text("sent.beforeAccessWasRemoved", "Capital", capital(did))
	}
	stays := v.server.Text("sent.thoseCopiesCannotBeCalled")
	if !copied {
		stays = v.server.Text("sent.whatWasSeenCannotBe")
	}
	return v.server.Text("sent.beforeAccessWasRemovedB", "Name", r.Mailbox.Called(), "Did", did, "Stays", stays)
}

// did says what a recipient read and downloaded; empty for neither. Only a
// recipient among several needs the time: the history of one stands beside it.
func (v sentMail) did(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment) string {
	names := takenNames(v.server.Words, events, files)
	if len(names) > 3 {
		names = []string{v.server.Count("count.file", len(names))}
	}
	read := ""
	if !r.FirstRead.IsZero() {
		read = v.server.Text("sent.readTheMessage")
		if len(v.recipients) > 1 || v.expired() && !r.Revocation.Revoked() {
			read = v.server.Text("sent.readB", "When", v.server.at(r.FirstRead))
		}
	}
	switch {
	case len(names) == 0:
		return read
	case read == "":
		return v.server.Text("sent.downloaded", "Names", listed(v.server.Words, names))
	}
	return v.server.Text("sent.andDownloaded", "Read", read, "Names", listed(v.server.Words, names))
}

// where is replied of a delay, which may be one at a server further on.
func where(say language.Words, reply string) string {
	if said, further := strings.CutPrefix(reply, letterlock.FurtherOn); further {
		return " " + say.Text("sent.furtherOn") + cut(said)
	}
	return replied(reply)
}

func replied(reply string) string {
	if reply == "" {
		return ""
	}
	return ": " + cut(reply)
}

// capital begins a sentence of ours, which starts with an ASCII letter.
func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
