package api

import "time"

// An AuditQuery asks for a page of the audit log. Its zero value asks for all.
type AuditQuery struct {
	Actor       string // address, or a part of what an operator is called
	Action      string
	MessageID   string
	From, Until time.Time
	Refused     bool // only what was refused
}

// An AuditEntry is one row of the audit log.
type AuditEntry struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind" doc:"In what way the actor had shown who they are: staff, reader, operator, system, mail-server (by the gateway, the actor is whom the mail is from), or nothing."`
	Actor     string    `json:"actor,omitempty" doc:"Address of who acted."`
	Name      string    `json:"name,omitempty" doc:"What an operator, or the program, is called."`
	IP        string    `json:"ip,omitempty"`
	Token     string    `json:"token,omitempty" doc:"Name of the token that a program showed, acting in the name of the account."`
	Action    string    `json:"action"`
	Message   string    `json:"message,omitempty" doc:"Name of the message inside Letterlock."`
	MessageID string    `json:"message_id,omitempty" doc:"Message-ID of the same."`
	Batch     string    `json:"batch,omitempty" doc:"The revocation of many messages that it concerns or is part of."`
	Target    string    `json:"target,omitempty" doc:"Addresses that the act concerns; of exports and bulk revocations what was looked for, and of the latter how many messages it is and what became of them, as JSON."`
	Reason    string    `json:"reason,omitempty" doc:"What the actor said, or why it was refused."`
	Allowed   bool      `json:"allowed"`
}

// An AuditPage is a part of the audit log, newest first.
type AuditPage struct {
	Entries []AuditEntry `json:"entries" nullable:"false"`
	Next    string       `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}
