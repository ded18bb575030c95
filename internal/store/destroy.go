package store

import "letterlock/internal/letterlock"

// Destroy deletes every key of a message, all of its sealed mail, its subject and what
// people are called in it, also out of answers that are kept, and what a retry of it
// would be recognised by. Which address sent it to which, and when, stays.
// The search has a copy of the subject: see EraseText. A message that is destroyed
// already is NotFound.
func (t *Tx) Destroy(id letterlock.ID) error {
	n, err := t.change(`UPDATE messages SET status = 'destroyed', subject = '', sender_name = '', author_name = '',
		body_hash = NULL, sealed_head = NULL, sealed_size = 0, sealed_index = NULL WHERE id = $1 AND status = 'accepted'`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNotFound
	}
	if err := t.shredAll(id); err != nil {
		return err
	}
	if err := t.exec(`UPDATE recipients SET name = '' WHERE message = $1`, id); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM answers WHERE message = $1 AND message <> ''`, id); err != nil {
		return err
	}
	return t.exec(`DELETE FROM chunks WHERE message = $1`, id)
}

// shredAll deletes every key of a message, and notes as Shred does under which
// epochs they were.
func (t *Tx) shredAll(id letterlock.ID) error {
	err := t.exec(`UPDATE recipients SET key_epoch = w.epoch FROM (SELECT holder, epoch FROM wraps WHERE message = $1) AS w
		WHERE recipients.message = $1 AND recipients.id = w.holder`, id)
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE messages SET key_epoch = w.epoch FROM (SELECT epoch FROM wraps WHERE message = $1 AND holder = 'sender') AS w
		WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM passphrases WHERE message = $1`, id); err != nil {
		return err
	}
	return t.exec(`DELETE FROM wraps WHERE message = $1`, id)
}

// EndNotices makes sure that nothing leaves for a recipient any more, and erases
// the secrets of what has not left, passcodes too.
func (t *Tx) EndNotices(recipient letterlock.ID) error {
	if err := t.exec(`UPDATE outbox SET done_at = $2, outcome = 'dropped' WHERE recipient = $1 AND done_at = 0`, recipient, t.Now.Unix()); err != nil {
		return err
	}
	if err := t.exec(`UPDATE outbox SET secret = NULL WHERE recipient = $1 AND secret IS NOT NULL`, recipient); err != nil {
		return err
	}
	return t.exec(`DELETE FROM passcodes WHERE recipient = $1`, recipient)
}
