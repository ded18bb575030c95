package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// MaxReason is how many bytes of a reason are kept.
const MaxReason = 1000

// CheckReason refuses a reason that is too long: Invalid "reason".
func CheckReason(reason string) error {
	if len(reason) > MaxReason {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "reason"}
	}
	return nil
}

// MayRevoke says whether by may remove access to m, as [policy.Settings.MayRevoke].
func (s *Service) MayRevoke(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	return s.Rules.MayRevoke(by, m, all)
}

// MayRestore says whether by may give back the access of at least one of the
// revoked recipients of m.
func (s *Service) MayRestore(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	return s.mayRestoreAny(by, m, all, all)
}

func (s *Service) mayRestoreAny(by letterlock.Actor, m letterlock.Message, all, chosen []letterlock.Recipient) error {
	var err error = &letterlock.Error{Code: letterlock.Denied, Key: "nothing"}
	for _, r := range chosen {
		if !r.Revocation.Revoked() {
			continue
		}
		if err = s.Rules.MayRestore(by, m, all, r); err == nil {
			return nil
		}
	}
	return err
}

// Revoke removes the recipients' access to a message; no recipients means all
// link recipients.
//
// When it returns nil their wrapped keys no longer exist, notices that had not
// left are dropped, and no byte of the content is sent to them any more: leases
// are cut and the writes under way have ended. The sender's own copy stays, so that Restore can give access back. Revoking again
// is not an error: the first revocation stands, unless it was the sender's and an
// administrator now removes access as well, so that the sender cannot give it back;
// and what was forwarded and has been given back since ends, too. Whether or
// not the actor was allowed, the attempt is in the audit log before Revoke
// returns. A crash before the commit leaves access as it was; after it, revoked.
//
// Busy "journal": access is removed, and the revocation journal could not be
// written, so that a restored backup would bring it back; revoking again tries again.
//
// Recipients that are not of this message, or received it inline, are Invalid
// "recipient"; the refusals are those of [policy.Settings.MayRevoke], and NotFound
// "no-message" for an auditor where there is none.
func (s *Service) Revoke(ctx context.Context, by letterlock.Actor, id letterlock.ID, reason string, from ...letterlock.Address) error {
	if err := CheckReason(reason); err != nil {
		return err
	}
	w := withdrawal{by: by, reason: reason}
	return s.change(ctx, by, id, "revoke", reason, from, func(tx *store.Tx, m letterlock.Message, _ []letterlock.Recipient, r letterlock.Recipient) ([]letterlock.Recipient, error) {
		if r.Revocation.With != "" || r.Revocation.Batch != "" {
			// Somebody wants this one ended for itself: neither the forwarder's
			// restoration nor undoing a batch may give it back any more.
			r.Revocation.With, r.Revocation.Batch = "", ""
			if err := writeAgain(tx, r); err != nil {
				return nil, err
			}
		}
		return s.revokeOne(tx, w, m, r)
	})
}

// revokeOne removes one recipient's access, unless that has been done with as much
// right, and that of everybody to whom they have forwarded the message. It returns
// all whose leases end with that: of those without access too, for the first
// revocation may be writing still.
func (s *Service) revokeOne(tx *store.Tx, w withdrawal, m letterlock.Message, r letterlock.Recipient) ([]letterlock.Recipient, error) {
	// Whoever is kept from a message may sit where its recipient once was: the next
	// one is opened by a passcode. Revoking again says so again.
	tx.Settle() // the journal may lack the first revocation, and this one would be told that access is gone
	if err := tx.ForgetBrowsers(r.Mailbox.Address); err != nil {
		return nil, err
	}
	switch {
	case !r.Revocation.Revoked(), outranked(w, m, r):
		if err := removeAccess(tx, w, m, r); err != nil {
			return nil, err
		}
	case goesAlong(w, r) && r.Revocation.Batch != "":
		// What it went along with is revoked for itself now: see Revoke.
		r.Revocation.Batch = ""
		if err := writeAgain(tx, r); err != nil {
			return nil, err
		}
	}
	more, err := s.revokeCopies(tx, w, r)
	return append(more, r), err
}

// writeAgain changes what a revocation that stands says of itself, in the journal too.
func writeAgain(tx *store.Tx, r letterlock.Recipient) error {
	return errors.Join(tx.Revoke(r.ID, r.Revocation), tx.Journal(journal.OfRevocation(r, r.Revocation)))
}

// outranked reports whether a sender removed access, and an administrator now does:
// from then on only an administrator gives it back, and copies that went along with
// it. What goes along with something else, a batch or another original, stays as it
// was, so that undoing that finds it so.
func outranked(w withdrawal, m letterlock.Message, r letterlock.Recipient) bool {
	return goesAlong(w, r) && r.Revocation.Standing == letterlock.BySender && policy.Standing(w.by, m) == letterlock.ByAdministrator
}

// goesAlong reports whether somebody's access was removed, by itself or with the same
// forwarder, as it is again now, and not by a batch.
func goesAlong(w withdrawal, r letterlock.Recipient) bool {
	return w.batch == "" && w.with == r.Revocation.With
}

func removeAccess(tx *store.Tx, w withdrawal, m letterlock.Message, r letterlock.Recipient) error {
	revocation := letterlock.Revocation{At: tx.Now, By: mailboxOf(w.by), Standing: policy.Standing(w.by, m), Reason: w.reason, Batch: w.batch, With: w.with}
	if err := tx.Journal(journal.OfRevocation(r, revocation)); err != nil {
		return err
	}
	return endAccess(tx, r, revocation)
}

// endAccess leaves a recipient without a key, and says since when and by whom.
func endAccess(tx *store.Tx, r letterlock.Recipient, v letterlock.Revocation) error {
	if err := tx.Shred(r.Message, string(r.ID)); err != nil {
		return err
	}
	if err := tx.Revoke(r.ID, v); err != nil {
		return err
	}
	if err := tx.DropNotices(r.ID); err != nil {
		return err
	}
	return tx.AddEvent(r, letterlock.Event{Kind: letterlock.RevokedEvent, Detail: string(v.Standing)})
}

func mailboxOf(by letterlock.Actor) letterlock.Mailbox {
	return letterlock.Mailbox{Name: by.Name, Address: by.Address}
}

// Restore gives recipients their access back, through the links they have; no
// recipients means all that by may restore. It does not touch expiry: to an
// expired message nobody gets a key. Restoring live access changes nothing.
func (s *Service) Restore(ctx context.Context, by letterlock.Actor, id letterlock.ID, to ...letterlock.Address) error {
	return s.RestoreFor(ctx, by, id, "", to...)
}

// RestoreFor is Restore with a reason, which the audit log keeps.
func (s *Service) RestoreFor(ctx context.Context, by letterlock.Actor, id letterlock.ID, reason string, to ...letterlock.Address) error {
	if err := CheckReason(reason); err != nil {
		return err
	}
	w := withdrawal{by: by, reason: reason}
	err := s.change(ctx, by, id, "restore", reason, to, func(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient, r letterlock.Recipient) ([]letterlock.Recipient, error) {
		if !r.Revocation.Revoked() {
			return nil, nil
		}
		if err := s.Rules.MayRestore(by, m, all, r); err != nil {
			if len(to) == 0 {
				return nil, nil // of all, those that may be; change has refused where none may
			}
			return nil, err
		}
		return s.restoreOne(tx, w, m, r)
	})
	if err == nil {
		s.Wake()
	}
	return err
}

// restoreOne gives one recipient access back, and everybody whose access went with
// theirs. It returns all whose leases end with that: a list on its way would still
// say revoked.
func (s *Service) restoreOne(tx *store.Tx, w withdrawal, m letterlock.Message, r letterlock.Recipient) ([]letterlock.Recipient, error) {
	if err := tx.Journal(journal.Entry{Act: journal.Restored, Message: m.ID, Recipient: r.ID}); err != nil {
		return nil, err
	}
	if err := s.giveBack(tx, m, r); err != nil {
		return nil, err
	}
	if err := s.approve(tx, w.by, r, letterlock.AccessAgain); err != nil {
		return nil, err
	}
	if err := tx.AddEvent(r, letterlock.Event{Kind: letterlock.Restored, Detail: string(policy.Standing(w.by, m))}); err != nil {
		return nil, err
	}
	more, err := s.restoreCopies(tx, w, r)
	return append(more, r), err
}

// giveBack gives a recipient a key again, if the message has not expired.
func (s *Service) giveBack(tx *store.Tx, m letterlock.Message, r letterlock.Recipient) error {
	if err := tx.Restore(r.ID); err != nil || m.Ended(tx.Now) {
		return err
	}
	if err := s.Vault.Regrant(tx, m.ID, seal.Holder(r.ID)); err != nil {
		return err
	}
	return s.tellAnew(tx, r)
}

// tellAnew lets a notification leave that a revocation had dropped. One that was due
// when the message had expired is gone for good: who was never reached gets another.
func (s *Service) tellAnew(tx *store.Tx, r letterlock.Recipient) error {
	revived, err := tx.ReviveNotices(r.ID)
	if err != nil || revived > 0 || !r.Notified.IsZero() || !r.Bounced.IsZero() {
		return err
	}
	return s.sendLink(tx, r, store.LinkNotice)
}

// errNoMessage answers administrators, whose mistakes are kept like their acts.
// Others are not told it from a message that is not theirs.
var errNoMessage = &letterlock.Error{Code: letterlock.NotFound, Key: "no-message"}

// change applies one act to recipients of a message, in one transaction with its
// audit entry. A refusal commits its entry and nothing else. The act returns whose
// leases are to end.
func (s *Service) change(ctx context.Context, by letterlock.Actor, id letterlock.ID, action, reason string, which []letterlock.Address,
	act func(*store.Tx, letterlock.Message, []letterlock.Recipient, letterlock.Recipient) ([]letterlock.Recipient, error)) (result error) {
	begun := time.Now()
	defer func() { s.Metrics.Changed(action, result, time.Since(begun)) }()
	var refusal error
	var touched []letterlock.Recipient
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if errors.Is(err, letterlock.NotFound) && by.Is(letterlock.Auditor) {
			refusal = errNoMessage
			return tx.Audit(letterlock.Entry{Actor: by, Action: action, Message: id, Reason: errNoMessage.Key})
		}
		if err != nil {
			return err
		}
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		var chosen []letterlock.Recipient
		chosen, refusal = s.allowed(by, m, all, action, which)
		entry := letterlock.Entry{Actor: by, Action: action, Message: id, Target: targets(chosen), Reason: reason, Allowed: refusal == nil}
		if refusal != nil {
			entry.Target, entry.Reason = named(which), letterlock.KeyOf(refusal)
		}
		if err := tx.Audit(entry); err != nil || refusal != nil {
			return err
		}
		for _, r := range chosen {
			ended, err := act(tx, m, all, r)
			if err != nil {
				return err
			}
			touched = append(touched, ended...)
		}
		return nil
	})
	if err == nil && refusal == nil || store.Unsettled(err) {
		// Only now: a lease that is taken after the commit finds access as it is,
		// and one that was taken before is found here.
		s.leases.cut(keysOf(touched)...)
		if s.Quiet != nil {
			s.Quiet()
		}
	}
	if err != nil {
		return fmt.Errorf("%s of message %s: %w", action, id, err)
	}
	return refusal
}

// keysOf are the keys of all leases that end with the access of these recipients:
// those of the message, and those of the lists that name it.
func keysOf(list []letterlock.Recipient) []leaseKey {
	var keys []leaseKey
	for _, r := range list {
		keys = append(keys, leaseKey{message: r.Message, address: r.Mailbox.Address}, leaseKey{address: r.Mailbox.Address})
	}
	return keys
}

// allowed decides whether by may do action to the recipients, and which they are.
func (s *Service) allowed(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, action string, which []letterlock.Address) ([]letterlock.Recipient, error) {
	if err := s.Rules.MayRevoke(by, m, all); err != nil {
		return nil, err
	}
	var chosen []letterlock.Recipient
	for _, r := range all {
		if r.Experience == letterlock.Link && (len(which) == 0 || slices.Contains(which, r.Mailbox.Address)) {
			chosen = append(chosen, r)
		}
	}
	if err := checkRecipients(all, which); err != nil {
		return nil, err
	}
	if action == "restore" {
		if err := s.mayRestoreAny(by, m, all, chosen); err != nil && letterlock.KeyOf(err) != "nothing" {
			return nil, err
		}
	}
	return chosen, nil
}

// checkRecipients refuses addresses that nothing can be done about, and says of each
// why: Invalid "recipient".
func checkRecipients(all []letterlock.Recipient, which []letterlock.Address) error {
	var wrong []string
	for _, a := range which {
		i := slices.IndexFunc(all, func(r letterlock.Recipient) bool { return r.Mailbox.Address == a })
		switch {
		case i < 0:
			wrong = append(wrong, string(a)+" is no recipient")
		case all[i].Experience != letterlock.Link:
			wrong = append(wrong, string(a)+" received it inline")
		}
	}
	if wrong == nil {
		return nil
	}
	return &letterlock.Error{Code: letterlock.Invalid, Key: "recipient", Err: letterlock.Place(strings.Join(wrong, ", "))}
}

// named are addresses that an act was refused for, as the audit log keeps them.
func named(which []letterlock.Address) string {
	list := make([]string, len(which))
	for i, a := range which {
		list[i] = string(a)
	}
	return letterlock.Typed(strings.Join(list, " "))
}

// Refused records that an edge has refused an administrator what they wanted to do,
// because what they typed names nothing, and returns why. Their mistakes are kept like
// their acts.
func (s *Service) Refused(ctx context.Context, by letterlock.Actor, action string, id letterlock.ID, typed string, why error) error {
	return s.refuse(ctx, letterlock.Entry{Actor: by, Action: action, Message: id, Target: letterlock.Typed(typed)}, why)
}

func targets(list []letterlock.Recipient) string {
	s := ""
	for i, r := range list {
		if i > 0 {
			s += " "
		}
		s += string(r.Mailbox.Address)
	}
	return s
}

// expireBatch is how many recipients one transaction of ExpireDue takes on.
const expireBatch = 200

// ExpireDue deletes the keys of recipients whose messages have expired. Access
// ended at the second of expiry already: this is what makes it final. It is run
// now and then by the program itself.
func (s *Service) ExpireDue(ctx context.Context) error {
	for {
		var due []letterlock.Recipient
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.ExpiredHolders(expireBatch)
			for _, r := range due {
				err = errors.Join(err, expire(tx, r))
			}
			if err == nil && len(due) < expireBatch {
				err = tx.MarkSwept()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("expiring: %w", err)
		}
		s.leases.cut(keysOf(due)...)
		if len(due) < expireBatch {
			// Whom a revocation has just left without a key is not due, and may be
			// writing still.
			s.leases.cut(s.leases.overdue()...)
			return nil
		}
	}
}

// expire deletes the key of one recipient. Their history says when access ended, and
// the audit log when the key was deleted.
func expire(tx *store.Tx, r letterlock.Recipient) error {
	m, err := tx.Message(r.Message)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.Shred(r.Message, string(r.ID)),
		tx.AddEvent(r, letterlock.Event{Kind: letterlock.ExpiredEvent, At: m.Expires}),
		tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "expire",
			Message: r.Message, Target: string(r.Mailbox.Address), Allowed: true}))
}
