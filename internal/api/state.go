package api

import (
	"context"
	"time"
)

// A State says how the installation is. It is for the operator alone.
type State struct {
	Running bool         `json:"running" doc:"A server works on the data folder."`
	Trouble string       `json:"trouble,omitempty" doc:"Why the server is not ready; absent: it is, or does not run."`
	Keys    KeysState    `json:"keys"`
	Journal JournalState `json:"journal"`
	Queue   QueueState   `json:"queue"`
	Lost    LostState    `json:"lost" doc:"What a restored backup could not give back, for it was changed since, and nobody has given anew."`
}

// LostState is what somebody has to give anew after a restored backup.
type LostState struct {
	Passwords   []string         `json:"passwords,omitempty" doc:"Accounts without a password, and without a link to set one."`
	Factors     []string         `json:"secondFactors,omitempty" doc:"Accounts of which a second factor is asked that nobody has."`
	Passphrases []LostPassphrase `json:"passphrases,omitempty" doc:"Messages that nobody can read."`
}

// A LostPassphrase is that of a message, which its sender has to set anew.
type LostPassphrase struct {
	Message string `json:"message"`
	Sender  string `json:"sender"`
}

// KeysState says how the keyring is.
type KeysState struct {
	Epoch   uint32    `json:"epoch" doc:"The current one."`
	Rotated time.Time `json:"rotated,omitzero" doc:"When it began."`
	Next    time.Time `json:"next,omitzero" doc:"When the next one begins by itself; absent: only by hand, or no server has run yet."`
	Ending  int       `json:"ending" doc:"Epochs before it that are not destroyed yet."`
	Missing []uint32  `json:"missing,omitempty" doc:"Epochs whose keys are not in the keyring, while messages are wrapped under them."`
	Failure string    `json:"failure,omitempty" doc:"Why the last rotation by itself failed."`
}

// JournalState says how the revocation journal is.
type JournalState struct {
	Entries int64  `json:"entries"`
	Failure string `json:"failure,omitempty" doc:"Why its last entries could not be written."`
}

// QueueState says how late mail leaves, and what waits for long because it is put off.
type QueueState struct {
	Passcodes time.Time `json:"passcodesDueSince,omitzero" doc:"Since when a passcode, or a link to an account, has been due that has not left; absent: none is due."`
	Others    time.Time `json:"othersDueSince,omitzero" doc:"The same of all other mail."`
	Waiting   Waiting   `json:"waiting" doc:"What has waited for more than an hour, tried or not."`
}

// Waiting is what waits for long.
type Waiting struct {
	Mails   int             `json:"mails" doc:"How many there are; at least so many if capped."`
	Capped  bool            `json:"capped,omitempty"`
	Since   time.Time       `json:"since,omitzero" doc:"Since when the one has that waits longest; absent: none does."`
	Domains []WaitingDomain `json:"domains,omitempty" doc:"To whom, those with the most mails first, five at most."`
	PutOff  int             `json:"putOff,omitempty" doc:"How many mails were tried and are tried again, whether they wait for long or not; at least so many if capped."`
}

// A WaitingDomain is what of it goes to one domain.
type WaitingDomain struct {
	Domain string    `json:"domain"`
	Mails  int       `json:"mails"`
	Since  time.Time `json:"since"`
	Reply  string    `json:"reply,omitempty" doc:"What the other side said last; absent: nobody has tried yet."`
}

// State returns how the installation is. Like the keys it is not told over the network.
func (c *Client) State(ctx context.Context) (s State, err error) {
	err = c.get(ctx, "/state", &s)
	return s, err
}
