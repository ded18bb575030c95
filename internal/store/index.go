package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"strings"

	"letterlock/internal/letterlock"
)

// indexBatch is how many messages search and report learn of in one transaction.
// Everybody else's writes wait for it.
const indexBatch = 250

// mergePages is about how many pages of the index of words are merged besides, which
// leaves half of the segments that there are otherwise. Every batch makes one, and every
// search of a word begins in each of them, which took it a quarter of its time.
const mergePages = 100

// CatchUp has search and report learn of every message that they do not know yet.
// Whoever asks them calls it first, so that what was accepted is found.
//
// It is not done while a mail is accepted: the index writes whatever it has at the
// end of each savepoint, and each accepted mail has one of its own.
func (db *DB) CatchUp(ctx context.Context) error {
	for {
		var due bool
		if err := db.Read(ctx, func(tx *Tx) (err error) { due, err = tx.indexIsDue(); return err }); err != nil || !due {
			return err
		}
		if err := db.Write(ctx, func(tx *Tx) error { _, err := tx.IndexDue(indexBatch); return err }); err != nil {
			return err
		}
	}
}

// Search runs f in a read transaction, as Read does, in which search and report know of
// every message that had been accepted when it was called. If they know already, which is
// nearly always, that is found out in the same transaction.
func (db *DB) Search(ctx context.Context, f func(tx *Tx) error) error {
	var due bool
	err := db.Read(ctx, func(tx *Tx) (err error) {
		if due, err = tx.indexIsDue(); err != nil || due {
			return err
		}
		return f(tx)
	})
	if err != nil || !due {
		return err
	}
	if err := db.CatchUp(ctx); err != nil {
		return err
	}
	return db.Read(ctx, f)
}

func (t *Tx) indexIsDue() (due bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM search_due)`, nil, &due)
	return due, err
}

// A text is what the search knows of a message: word for word what stands in its
// indexes, because they erase only what they are told.
type text struct {
	seq       int64
	subject   string
	keys      string
	messageID string
	sender    string
	people    string // addresses of the recipients, one a line
}

// A due is a message that search and report do not know, or know in part.
type due struct {
	text
	known text // zero: not at all
	reported
}

// IndexDue tells search and report of up to limit messages that they do not know
// yet, the oldest first, and returns how many there were.
func (t *Tx) IndexDue(limit int) (n int, err error) {
	var last int64
	err = t.rows(`SELECT seq FROM search_due ORDER BY seq LIMIT $1 + 0`, []any{limit}, func(rows *sql.Rows) error {
		n++
		return rows.Scan(&last)
	})
	if err != nil || n == 0 {
		return 0, err
	}
	list, err := t.due(last)
	if err != nil {
		return 0, err
	}
	counted := make([]reported, len(list))
	for i, d := range list {
		if err := t.replaceText(d.known, d.text); err != nil {
			return 0, err
		}
		counted[i] = d.reported
	}
	if err := t.exec(`INSERT INTO search_words (search_words, rank) VALUES ('merge', $1)`, mergePages); err != nil {
		return 0, err
	}
	if err := t.countInReport(counted...); err != nil {
		return 0, err
	}
	// Of all that were due: one of which nothing was found must not be due for ever.
	return n, t.exec(`DELETE FROM search_due WHERE seq <= $1`, last)
}

// due reads the messages that are due up to a place. They may have no recipients.
func (t *Tx) due(last int64) (list []due, err error) {
	err = t.rows(`SELECT m.seq, m.subject, m.message_id, m.reference, m.sender, m.accepted_at, m.method, m.brand,
		COALESCE(r.address, ''), COALESCE(r.domain, ''), COALESCE(r.identity, ''),
		COALESCE(x.seq, 0), COALESCE(x.subject, ''), COALESCE(x.keys, ''), COALESCE(x.message_id, ''), COALESCE(x.sender, ''), COALESCE(x.recipients, '')
		FROM search_due d CROSS JOIN messages m ON m.seq = d.seq
		LEFT JOIN recipients r ON r.message = m.id LEFT JOIN search_texts x ON x.seq = d.seq
		WHERE d.seq <= $1 ORDER BY d.seq, r.position`, []any{last}, func(rows *sql.Rows) error {
		var d due
		var reference, domain string
		var recipient letterlock.Address
		var identity letterlock.IdentityType
		k := &d.known
		if err := rows.Scan(&d.seq, &d.subject, &d.messageID, &reference, &d.sender, &d.accepted, &d.method, &d.brand,
			&recipient, &domain, &identity, &k.seq, &k.subject, &k.keys, &k.messageID, &k.sender, &k.people); err != nil {
			return err
		}
		if n := len(list); n == 0 || list[n-1].seq != d.seq {
			d.begin(reference)
			list = append(list, d)
		}
		if recipient != "" {
			list[len(list)-1].add(recipient, domain, identity)
		}
		return nil
	})
	return list, err
}

// begin fills what does not depend on recipients.
func (d *due) begin(reference string) {
	d.messageID = strings.ToLower(d.messageID)
	if reference != "" {
		d.messageID += "\n" + strings.ToLower(reference)
	}
	sender := letterlock.Address(strings.ToLower(d.sender))
	d.sender = string(sender)
	d.keys = key(senderKey, string(sender)) + " " + key(senderDomainKey, sender.Domain())
	d.again = d.known.seq != 0
}

// add puts a recipient into a message's text, and into the report if it is not
// there yet.
func (d *due) add(recipient letterlock.Address, domain string, identity letterlock.IdentityType) {
	lower := strings.ToLower(string(recipient))
	if d.people != "" {
		d.people += "\n"
	}
	d.people += lower
	if !strings.HasPrefix(d.known.people+"\n", d.people+"\n") { // they only ever come to the end
		d.domains = append(d.domains, domain)
	}
	for _, k := range []string{key(recipientKey, lower), key(recipientDomainKey, domain), key(identityKey, string(identity))} {
		if !strings.Contains(d.keys, k) {
			d.keys += " " + k
		}
	}
}

// Kinds of keys: what a message can be found by as a whole and not in part.
const (
	senderKey          = "s"
	senderDomainKey    = "t"
	recipientKey       = "r"
	recipientDomainKey = "d"
	identityKey        = "i"
)

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// keyLength is that of every key, in bytes and in characters.
const keyLength = 25

// key makes one word of what may hold any character, so that it is found whole. All
// keys have one length, so that none is a part of another.
func key(kind, value string) string {
	sum := sha256.Sum256([]byte(kind + value))
	return kind + keyEncoding.EncodeToString(sum[:15])
}

// replaceText puts a text into the indexes in the place of the one that is there.
func (t *Tx) replaceText(old, now text) error {
	if old.seq != 0 {
		if err := t.eraseIndexed(old); err != nil {
			return err
		}
	}
	if err := t.exec(`INSERT INTO search_texts (seq, subject, keys, message_id, sender, recipients) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (seq) DO UPDATE SET subject = excluded.subject, keys = excluded.keys, message_id = excluded.message_id,
		sender = excluded.sender, recipients = excluded.recipients`,
		now.seq, now.subject, now.keys, now.messageID, now.sender, now.people); err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO search_words (rowid, subject, keys) VALUES ($1, $2, $3)`, now.seq, now.subject, now.keys); err != nil {
		return err
	}
	return t.exec(`INSERT INTO search_parts (rowid, message_id, sender, recipients) VALUES ($1, $2, $3, $4)`,
		now.seq, now.messageID, now.sender, now.people)
}

func (t *Tx) eraseIndexed(old text) error {
	if err := t.exec(`INSERT INTO search_words (search_words, rowid, subject, keys) VALUES ('delete', $1, $2, $3)`,
		old.seq, old.subject, old.keys); err != nil {
		return err
	}
	return t.exec(`INSERT INTO search_parts (search_parts, rowid, message_id, sender, recipients) VALUES ('delete', $1, $2, $3, $4)`,
		old.seq, old.messageID, old.sender, old.people)
}

// SearchAgain has the search look at a message anew: recipients were added to it.
func (t *Tx) SearchAgain(id letterlock.ID) error {
	return t.exec(`INSERT INTO search_due (seq) SELECT seq FROM messages WHERE id = $1 AND seq IS NOT NULL ON CONFLICT (seq) DO NOTHING`, id)
}

// EraseText erases the subject of the message at that place from the search, its
// indexes too. Everything else of the message is still found.
func (t *Tx) EraseText(seq int64) error {
	var x text
	err := t.row(`SELECT seq, subject, keys, message_id, sender, recipients FROM search_texts WHERE seq = $1`, []any{seq},
		&x.seq, &x.subject, &x.keys, &x.messageID, &x.sender, &x.people)
	if errors.Is(err, letterlock.NotFound) {
		return nil // the search does not know it yet, and will learn of it without
	}
	if err != nil {
		return err
	}
	without := x
	without.subject = ""
	return t.replaceText(x, without)
}
