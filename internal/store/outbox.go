package store

import (
	"time"

	"letterlock/internal/letterlock"
)

// A Notice is something that is to leave the house: an intent, kept until it was
// handed over or given up. What it says is written when it leaves.
type Notice struct {
	ID        int64
	Kind      NoticeKind
	Message   letterlock.ID // empty for those of [NoticeKind.OfAccount], as is Recipient
	Recipient letterlock.ID
	Address   letterlock.Address // of the account; those only
	Secret    []byte             // sealed token or passcode; nil where there is none
	Created   time.Time
	Attempts  int // made so far, the one under way included
}

// A NoticeKind says what a notice is.
type NoticeKind string

const (
	PasscodeNotice NoticeKind = "passcode"     // the one-time passcode
	LinkNotice     NoticeKind = "notification" // the mail with the link
	InlineNotice   NoticeKind = "inline"       // the message itself
	FailureNotice  NoticeKind = "failure"      // to the sender: this recipient cannot be reached
	RequestNotice  NoticeKind = "request"      // to the sender: this recipient asks for something
	AdminNotice    NoticeKind = "admin"        // the same to the administrators, where the sender may not give it
	ReleaseNotice  NoticeKind = "release"      // to the sender: this recipient asks for a release code
	AgainNotice    NoticeKind = "again"        // to a recipient: the message can be read again, by this link
	ReadNotice     NoticeKind = "first-read"   // to the sender: this recipient has read for the first time
	UnreadNotice   NoticeKind = "unread"       // to the sender: some have not read yet, this recipient first
	ExpiringNotice NoticeKind = "expiring"     // to the sender: the message is about to expire
	AccountNotice  NoticeKind = "account"      // to the holder of an account: the link to set a password
	FactorNotice   NoticeKind = "factor"       // to the holder of an account: its second factor was reset
	ChangeNotice   NoticeKind = "change"       // to the holder of an account: they, or somebody else, changed what keeps it
)

// OfAccount reports whether a notice is to the holder of an account, and about that.
func (k NoticeKind) OfAccount() bool {
	return k == AccountNotice || k == FactorNotice || k == ChangeNotice
}

// Urgent reports whether somebody sits and waits for a notice: for a passcode, or for the
// link by which they get into an account.
func (k NoticeKind) Urgent() bool { return k == PasscodeNotice || k == AccountNotice }

// priority says which notices leave first.
func (k NoticeKind) priority() Lane {
	if k.Urgent() {
		return UrgentLane
	}
	return WholeLane
}

// Enqueue adds a notice that is due now. It leaves after the transaction has
// committed, and never without it.
func (t *Tx) Enqueue(n Notice) error {
	_, err := t.enqueue(n)
	return err
}

func (t *Tx) enqueue(n Notice) (id int64, err error) {
	err = t.row(`INSERT INTO outbox (kind, priority, message, recipient, address, secret, created_at, due_at)
		VALUES ($1, $2, NULLIF($3, ''), $4, $5, $6, $7, $7) RETURNING id`,
		[]any{n.Kind, n.Kind.priority(), n.Message, n.Recipient, n.Address, n.Secret, t.Now.Unix()}, &id)
	return id, err
}

// A Lane is a part of the queue, by priority.
type Lane int

const (
	UrgentLane Lane = iota // what is urgent alone: passcodes, links to accounts
	WholeLane              // everything, what is urgent first
)

// Claim takes the next notice that is due, or returns NotFound. It counts as one
// attempt, and comes back by itself after lease if it is never finished: a crash
// between sending and Finish sends it twice.
func (t *Tx) Claim(lease time.Duration) (Notice, error) { return t.ClaimIn(WholeLane, lease) }

// ClaimIn is Claim for one lane. It asks for each priority by itself, so that
// notices that wait for a later try, however many, are not looked through.
func (t *Tx) ClaimIn(lane Lane, lease time.Duration) (n Notice, err error) {
	var created int64
	err = t.row(`UPDATE outbox SET attempts = attempts + 1, due_at = $2
		WHERE id = COALESCE(
			(SELECT id FROM outbox WHERE done_at = 0 AND priority = 0 AND due_at <= $1 ORDER BY due_at, id LIMIT 1),
			(SELECT id FROM outbox WHERE done_at = 0 AND priority = 1 AND due_at <= $1 AND $3 >= 1 ORDER BY due_at, id LIMIT 1))
		RETURNING id, kind, COALESCE(message, ''), recipient, address, secret, created_at, attempts`,
		[]any{t.Now.Unix(), t.Now.Add(lease).Unix(), lane},
		&n.ID, &n.Kind, &n.Message, &n.Recipient, &n.Address, &n.Secret, &created, &n.Attempts)
	n.Created = moment(created)
	return n, err
}

// Extend lengthens the lease of a claimed notice.
func (t *Tx) Extend(id int64, lease time.Duration) error { return t.Postpone(id, t.Now.Add(lease)) }

// maxHeldBack is how many notices one HoldBack has wait, and maxLooked how many it looks at
// for that: everybody who writes waits for it.
const (
	maxHeldBack = 500
	maxLooked   = 5000
)

// HoldBack gives a claimed notice back as if it had not been claimed, to be due later.
// Whatever else is due now to somebody of that domain, if one is named, recipient or sender,
// waits as long, up to a number of them: claimed one by one they would only come back here.
func (t *Tx) HoldBack(id int64, domain string, until time.Time) error {
	err := t.exec(`UPDATE outbox SET due_at = $2, attempts = max(attempts - 1, 0) WHERE id = $1 AND done_at = 0`, id, until.Unix())
	if err != nil || domain == "" {
		return err
	}
	return t.exec(`UPDATE outbox SET due_at = $2 WHERE id IN (
			SELECT o.id FROM (SELECT id, kind, recipient, message FROM outbox WHERE done_at = 0 AND priority = 1 AND due_at <= $1
				ORDER BY due_at LIMIT $5 + 0) o
				CROSS JOIN recipients r ON r.id = o.recipient CROSS JOIN messages m ON m.id = o.message
			WHERE CASE WHEN o.kind IN ('notification', 'again', 'inline') THEN r.domain = $3
				WHEN o.kind IN ('failure', 'request', 'release', 'first-read', 'unread', 'expiring')
				THEN substr(m.sender, length(m.sender) - length($3)) = '@' || $3 END
			LIMIT $4 + 0)`,
		t.Now.Unix(), until.Unix(), domain, maxHeldBack, maxLooked)
}

// Release gives a claimed notice back as if it had not been claimed.
func (t *Tx) Release(id int64) error {
	return t.exec(`UPDATE outbox SET due_at = $2, attempts = max(attempts - 1, 0) WHERE id = $1 AND done_at = 0`, id, t.Now.Unix())
}

// Reclaim makes every claimed notice due now whose attempt has left no trace: of a
// process that ended in the middle of it. It is for the start of the one process
// that delivers, when no claim can be anybody else's.
func (t *Tx) Reclaim() error {
	return t.exec(`UPDATE outbox SET due_at = $1 WHERE done_at = 0 AND due_at > $1 AND attempts >
		(SELECT coalesce(max(number), 0) FROM attempts WHERE outbox = outbox.id)`, t.Now.Unix())
}

// NextDue returns when the next notice is due, or NotFound.
func (t *Tx) NextDue() (time.Time, error) { return t.NextDueIn(WholeLane) }

// NextDueIn is NextDue for one lane.
func (t *Tx) NextDueIn(lane Lane) (time.Time, error) {
	var due int64
	err := t.row(`SELECT due_at FROM (
			SELECT * FROM (SELECT due_at FROM outbox WHERE done_at = 0 AND priority = 0 ORDER BY due_at LIMIT 1) AS urgent
			UNION ALL
			SELECT * FROM (SELECT due_at FROM outbox WHERE done_at = 0 AND priority = 1 AND $1 >= 1 ORDER BY due_at LIMIT 1) AS others
		) AS both ORDER BY due_at LIMIT 1`, []any{lane}, &due)
	return moment(due), err
}

// An Outcome says how a notice ended.
type Outcome string

const (
	Sent    Outcome = "sent"
	Failed  Outcome = "failed"  // given up
	Dropped Outcome = "dropped" // not wanted any more
)

// Finish ends a notice and erases its secret.
func (t *Tx) Finish(id int64, o Outcome) error {
	return t.exec(`UPDATE outbox SET done_at = $2, outcome = $3, secret = NULL WHERE id = $1`, id, t.Now.Unix(), o)
}

// Notice returns a notice and how it ended; empty: it has not. Of one that is done the
// secret is gone.
func (t *Tx) Notice(id int64) (n Notice, o Outcome, err error) {
	var created int64
	err = t.row(`SELECT id, kind, COALESCE(message, ''), recipient, address, secret, created_at, attempts, outcome FROM outbox WHERE id = $1`,
		[]any{id}, &n.ID, &n.Kind, &n.Message, &n.Recipient, &n.Address, &n.Secret, &created, &n.Attempts, &o)
	n.Created = moment(created)
	return n, o, err
}

// AttemptReply returns what NoteAttempt has kept of an attempt.
func (t *Tx) AttemptReply(id int64, number int) (reply string, err error) {
	err = t.row(`SELECT reply FROM attempts WHERE outbox = $1 AND number = $2`, []any{id, number}, &reply)
	return reply, err
}

// WhyBounced returns the reply with which a recipient's newest mail came back, or
// NotFound. The recipient has it too, until they are reached after all.
func (t *Tx) WhyBounced(r letterlock.Recipient) (reply string, err error) {
	err = t.row(`SELECT detail FROM events WHERE message = $1 AND recipient = $2 AND kind = 'bounced' ORDER BY id DESC LIMIT 1`,
		[]any{r.Message, r.ID}, &reply)
	return reply, err
}

// Postpone makes a notice due again at a later time.
func (t *Tx) Postpone(id int64, until time.Time) error {
	return t.exec(`UPDATE outbox SET due_at = $2 WHERE id = $1 AND done_at = 0`, id, until.Unix())
}

// NoteAttempt keeps the answer that an attempt got; empty means that it was taken. A
// bounce is an answer that comes later, and takes the place of the first.
func (t *Tx) NoteAttempt(id int64, number int, reply string) error {
	return t.exec(`INSERT INTO attempts (outbox, number, at, reply) VALUES ($1, $2, $3, $4)
		ON CONFLICT (outbox, number) DO UPDATE SET at = excluded.at, reply = excluded.reply`, id, number, t.Now.Unix(), reply)
}

// PutOff keeps beside a recipient why what is for them has not left. It is as good as
// nothing once it has.
func (t *Tx) PutOff(recipient letterlock.ID, reply string) error {
	return t.exec(`UPDATE recipients SET reply = $2 WHERE id = $1 AND notified_at = 0 AND bounced_at = 0`, recipient, reply)
}

// PutOffLater keeps beside a recipient why what they were sent has not arrived, as a server
// says that has taken it. Whoever has read has been reached all the same.
func (t *Tx) PutOffLater(recipient letterlock.ID, reply string) error {
	return t.exec(`UPDATE recipients SET reply = $2 WHERE id = $1 AND notified_at > 0 AND bounced_at = 0 AND first_read_at = 0`, recipient, reply)
}

// DropNotices drops a recipient's notifications that have not left. They keep
// their secret, because a restore brings them back. Passcodes are not dropped:
// whoever proves a mailbox is told what became of the message.
func (t *Tx) DropNotices(recipient letterlock.ID) error {
	return t.exec(`UPDATE outbox SET done_at = $2, outcome = 'dropped'
		WHERE recipient = $1 AND done_at = 0 AND kind IN ('notification', 'again')`, recipient, t.Now.Unix())
}

// ReviveNotices makes notifications due again that a revocation had dropped
// before they left, and says how many: after a restore the recipient must learn of
// the message. Who has been told of it meanwhile is not told for the first time again.
func (t *Tx) ReviveNotices(recipient letterlock.ID) (int64, error) {
	return t.change(`UPDATE outbox SET done_at = 0, outcome = '', due_at = $2, created_at = $2, attempts = 0
		WHERE recipient = $1 AND kind IN ('notification', 'again') AND outcome = 'dropped' AND secret IS NOT NULL
		AND (kind = 'again' OR NOT EXISTS (SELECT 1 FROM recipients r WHERE r.id = outbox.recipient AND r.notified_at > 0))`, recipient, t.Now.Unix())
}

// DropAccountNotices drops the mails to the holder of an account that have not
// left, and erases the links in them.
func (t *Tx) DropAccountNotices(a letterlock.Address) error {
	return t.exec(`UPDATE outbox SET done_at = $2, outcome = 'dropped', secret = NULL
		WHERE done_at = 0 AND kind = 'account' AND address = $1`, a, t.Now.Unix())
}
