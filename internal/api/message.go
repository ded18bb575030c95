package api

import "time"

// A Message is one mail from one sender, as far as it is known in the clear.
type Message struct {
	ID                 string      `json:"id" doc:"Name of the message inside Letterlock; it never changes."`
	MessageID          string      `json:"message_id" doc:"Message-ID with its angle brackets, unique here."`
	Reference          string      `json:"reference,omitempty" doc:"Message-ID that it came with, when that was already taken."`
	Date               time.Time   `json:"date" doc:"When it was accepted."`
	Sender             string      `json:"sender"`
	SenderName         string      `json:"sender_name,omitempty"`
	Subject            string      `json:"subject" doc:"Empty once the message is destroyed."`
	Protection         string      `json:"protection" enum:"encrypt-only,do-not-forward"`
	Asks               string      `json:"asks,omitempty" enum:"passcode,openid,openid+passcode,passphrase,passcode+passphrase,openid+passphrase,openid+passcode+passphrase" doc:"What readers have to prove beyond their mailbox: passcode, a new one each time it is opened; openid, a sign-in with an OpenID provider; passphrase, one that the sender tells them; with a plus, both, as openid+passcode for a new sign-in with a provider each time. Absent: nothing."`
	EncryptionMethod   string      `json:"encryption_method" enum:"user,policy" doc:"Who decided: the sender, or a rule."`
	DecidedBy          string      `json:"decided_by,omitempty" doc:"What decided, in words."`
	EncryptionTemplate string      `json:"encryption_template" doc:"Name of the brand; empty: the default one."`
	Via                string      `json:"via" doc:"How it came in: submission, compose, portal (a recipient wrote it) or gateway."`
	Size               int64       `json:"size" doc:"Of the whole mail, in bytes."`
	Attachments        int         `json:"attachments"`
	Expires            time.Time   `json:"expires,omitzero" doc:"Absent: never."`
	State              string      `json:"state" enum:"live,expired,revoked,destroyed" doc:"Of the message as a whole: revoked once nobody with a link has access left."`
	IsRevocable        bool        `json:"is_revocable" doc:"An administrator could still remove access of at least one recipient."`
	Revoked            bool        `json:"revoked" doc:"No recipient with a link has access left, because somebody removed it."`
	Author             string      `json:"author,omitempty" doc:"The recipient who wrote it in the portal; absent: the sender did."`
	Act                string      `json:"act,omitempty" enum:"reply,forward,answer" doc:"How it goes on with another message; absent: it does not."`
	Original           string      `json:"original,omitempty" doc:"ID of the first message of its conversation; absent: it is that itself."`
	Recipients         []Recipient `json:"recipients" nullable:"false"`
}

// A Recipient is one address of one message.
type Recipient struct {
	Address      string    `json:"address"`
	Name         string    `json:"name,omitempty"`
	Field        string    `json:"field" enum:"to,cc,bcc"`
	IdentityType string    `json:"identity_type" enum:"organization,microsoft-365,microsoft-account,google,yahoo,other"`
	Experience   string    `json:"experience" enum:"link,inline" doc:"link: reads in the portal, and can be taken back. inline: got the message itself, and can never be."`
	Why          string    `json:"why,omitempty" doc:"Why it is this experience."`
	State        string    `json:"state" enum:"live,expired,revoked,destroyed,inline"`
	RevokedAt    time.Time `json:"revoked_at,omitzero"`
	RevokedBy    string    `json:"revoked_by,omitempty" doc:"Address of who removed access, or what an operator is called."`
	RevokedAs    string    `json:"revoked_as,omitempty" doc:"In what capacity: sender or administrator."`
	RevokeReason string    `json:"revoke_reason,omitempty"`
	FirstRead    time.Time `json:"first_read,omitzero" doc:"Absent: never read."`
	LastRead     time.Time `json:"last_read,omitzero"`
	Notified     time.Time `json:"notified,omitzero" doc:"When notification or message was handed over; absent: not yet."`
	Bounced      time.Time `json:"bounced,omitzero" doc:"When delivery was given up; absent: it was not."`
	Delayed      bool      `json:"delayed,omitempty" doc:"Notification or message should have arrived and has not: it was put off, or has waited for an hour, or a server further on has said so, which is believed for 7 days. It is tried again."`
	Reply        string    `json:"reply,omitempty" doc:"What was said last when it was put off, or when it bounced; absent once it was handed over and no server further on has said that it is delayed."`
}

// A MessagePage is a part of what a search found, newest first.
type MessagePage struct {
	Messages    []Message `json:"messages" nullable:"false"`
	Total       int       `json:"total" doc:"How many messages were found; at least so many if total_capped."`
	TotalCapped bool      `json:"total_capped"`
	Next        string    `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}

// A Trace is a message with the whole history of each of its recipients.
type Trace struct {
	Message Message   `json:"message"`
	Key     Key       `json:"key" doc:"Of the sender's copy."`
	History []History `json:"history" nullable:"false"`
}

// A History is what happened to one recipient's copy of a message.
type History struct {
	Recipient Recipient `json:"recipient"`
	Key       Key       `json:"key"`
	Events    []Event   `json:"events" nullable:"false" doc:"Oldest first."`
	Visits    []Visit   `json:"visits" nullable:"false" doc:"Looks at the link by whoever had proved nothing. They never count as read."`
}

// A Key says what has become of somebody's key to a message.
type Key struct {
	State string    `json:"state" enum:"live,deleted,destroyed,none" doc:"live: it is there. deleted: it is not, and what is left of it on the disk is destroyed by the next rotation. destroyed: nothing is left that could be opened. none: nobody has noted one."`
	Epoch uint32    `json:"epoch,omitempty" doc:"Of the keyring, under which it is wrapped, or was last."`
	Since time.Time `json:"since,omitzero" doc:"Since when it is destroyed."`
}

// An Event is one entry of a history.
type Event struct {
	Kind   string    `json:"kind" enum:"accepted,notified,delivered,deferred,fell-back,bounced,passcode-sent,passcode-wrong,passphrase-wrong,release-asked,release-shown,release-refused,release-wrong,release-used,read,downloaded,revoked,restored,expired,expiry-changed,passphrase-changed,asked,approved,declined,replied,forwarded,destroyed"`
	At     time.Time `json:"at"`
	Detail string    `json:"detail,omitempty" doc:"What the other server said; or in what capacity access or expiry was changed, and to what; or what was asked for, time or access; or what the sender did about the passphrase, asked, changed or removed; or to whom a recipient replied or forwarded; or the reference code of a release code."`
	By     string    `json:"by,omitempty" doc:"Who removed access, gave it back or destroyed the message, as far as that is known: an address, or what an operator of the server is called."`
	Reason string    `json:"reason,omitempty" doc:"Why, as they said."`
	Batch  string    `json:"batch,omitempty" doc:"The revocation of many that it was part of."`
	Part   string    `json:"part,omitempty" doc:"Of a download: number of the part, or message for all of it."`
	Proof  string    `json:"proof,omitempty" doc:"How the mailbox was proved; release: it was not, the sender has read a code to somebody."`
	Called string    `json:"called,omitempty" doc:"How the reader has named themselves, where the message asks for that. Nobody has checked it."`
	Agent  string    `json:"agent,omitempty" doc:"Browser family."`
	IP     string    `json:"ip,omitempty" doc:"Where from, as far as the settings keep it."`
}

// A Visit is somebody at the gate of a link who had proved nothing.
type Visit struct {
	Guess string    `json:"guess" enum:"scanner,person" doc:"What we take them for."`
	Why   string    `json:"why"`
	Agent string    `json:"agent,omitempty"`
	IP    string    `json:"ip,omitempty"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count int       `json:"count"`
}

// A Revoke says whose access to a message is removed, or given back.
type Revoke struct {
	Recipients []string `json:"recipients,omitempty" nullable:"false" minItems:"1" doc:"Addresses. Absent: everybody whom it can concern."`
	Reason     string   `json:"reason,omitempty" doc:"For the records of the organisation; recipients never see it. At most 1,000 bytes."`
}

// A Restore says whose access to a message is given back.
type Restore = Revoke

// An Expire says until when a message can be read. That it never ends has to be said,
// so that nothing is opened by what was left out.
type Expire struct {
	Expires string `json:"expires" maxLength:"64" doc:"A moment to come (RFC 3339), a span from now like 30m, 12h or 7d, or never."`
}

// A Destroy says that a message is to be destroyed for everybody, for good.
type Destroy struct {
	Confirm string `json:"confirm" doc:"The Message-ID once more, as a person typed it."`
	Reason  string `json:"reason,omitempty" doc:"For the audit log. At most 1,000 bytes."`
}
