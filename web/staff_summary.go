package web

import (
	"fmt"
	"strings"

	"letterlock/internal/access"
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
		return "The notification came back" + replied(r.Reply) + "."
	case v.expired() && did == "":
		return "Never read it before it expired."
	case v.expired():
		return capital(did) + " before it expired."
	case alone && r.Why == policy.WhyFellBack:
		return readsBy(r)
	case alone:
		return ""
	case did != "":
		return readsBy(r) + " " + capital(did) + "."
	case v.delayed(r):
		return readsBy(r) + " The notification is delayed" + where(r.Reply) + "."
	case r.Notified.IsZero():
		return readsBy(r) + " The notification has not left yet."
	}
	return readsBy(r) + " Notified " + v.server.at(r.Notified) + ", has not read it yet."
}

// readsBy says how a link recipient reads, and that this was not to be so, if it was not.
func readsBy(r letterlock.Recipient) string {
	if r.Why == policy.WhyFellBack {
		return "Got a link and not the message itself, because encryption all the way to the mailbox was not assured."
	}
	return "Reads in the portal."
}

func (v sentMail) summaryInline(r letterlock.Recipient) string {
	switch {
	case !r.Bounced.IsZero():
		return "The message came back" + replied(r.Reply) + "."
	case v.delayed(r):
		why := whyInline
		if !r.Notified.IsZero() {
			why = whyLeft
		}
		return "The message is delayed" + where(r.Reply) + ". It cannot be taken back: " + why(r.Mailbox.Address, r.Why) + "."
	case r.Notified.IsZero():
		return "The message has not left yet. It cannot be taken back: " + whyInline(r.Mailbox.Address, r.Why) + "."
	}
	return fmt.Sprintf("Received inline %s. It cannot be taken back: %s.", v.server.at(r.Notified), whyLeft(r.Mailbox.Address, r.Why))
}

func (v sentMail) summaryRevoked(r letterlock.Recipient, did string, alone, copied bool) string {
	if did == "" {
		if alone {
			return r.Mailbox.Called() + " never read it. Nothing of the message has left."
		}
		return "Never read it. Nothing of the message has left."
	}
	if !alone {
		return capital(did) + " before access was removed."
	}
	stays := "Those copies cannot be called back."
	if !copied {
		stays = "What was seen cannot be called back."
	}
	return r.Mailbox.Called() + " " + did + " before access was removed. " + stays
}

// did says what a recipient read and downloaded; empty for neither. Only a
// recipient among several needs the time: the history of one stands beside it.
func (v sentMail) did(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment) string {
	names := takenNames(events, files)
	if len(names) > 3 {
		names = []string{countOf(len(names), "file")}
	}
	read := ""
	if !r.FirstRead.IsZero() {
		read = "read the message"
		if len(v.recipients) > 1 || v.expired() && !r.Revocation.Revoked() {
			read = "read " + v.server.at(r.FirstRead)
		}
	}
	switch {
	case len(names) == 0:
		return read
	case read == "":
		return "downloaded " + listed(names)
	}
	return read + " and downloaded " + listed(names)
}

// where is replied of a delay, which may be one at a server further on.
func where(reply string) string {
	if strings.HasPrefix(reply, letterlock.FurtherOn) {
		return " " + cut(reply)
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
