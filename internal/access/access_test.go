package access_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/vault"
)

var (
	ada   = staff("ada@contoso.example", letterlock.Sender)
	eve   = staff("eve@contoso.example", letterlock.Sender)
	grace = staff("grace@contoso.example", letterlock.Sender, letterlock.Admin)
	audit = staff("audit@contoso.example", letterlock.Auditor)

	marta = reader("marta@quillfeather.example")
	jonas = reader("jonas@riverside.example")
	carol = reader("carol@outlook.com") // inline
)

func staff(a letterlock.Address, roles ...letterlock.Role) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Staff, Address: a, Roles: roles}
}

func reader(a letterlock.Address) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Reader, Address: a}
}

// A house is the use cases on a real database with a clock that stands still.
type house struct {
	t      *testing.T
	dir    string
	now    time.Time
	db     *store.DB
	intake *intake.Service
	access *access.Service
	woken  int
}

func newHouse(t *testing.T, scope policy.Scope) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}
	h.dir = t.TempDir()
	dir := h.dir
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	storetest.Empty(t, dir)
	h.db, err = store.Open(t.Context(), dir, func() time.Time { return h.now })
	check(err)
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: dir}.Start(false)
	check(err)
	rules := policy.Settings{Domains: []string{"contoso.example"}, InlineTypes: policy.DefaultInlineTypes, InlineAssured: true, SenderScope: scope}
	v := &vault.Vault{DB: h.db, Keys: keys.Ring}
	wake := func() { h.woken++ }
	h.intake = &intake.Service{DB: h.db, Vault: v, Pepper: keys.Pepper, Rules: rules, Domain: "contoso.example", Wake: wake}
	h.access = &access.Service{DB: h.db, Vault: v, Pepper: keys.Pepper, Rules: rules, DownloadsUnderDoNotForward: true, Wake: wake,
		Now: func() time.Time { return h.now }}
	h.employ(rene)
	h.employ(grace)
	return h
}

// employ keeps the account of somebody of the organisation as it now is.
func (h *house) employ(by letterlock.Actor) {
	h.t.Helper()
	h.must(h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Name: by.Name, Address: by.Address}, Roles: by.Roles})
	}))
}

const secret = "the salary is 84000"

// send has Ada send a message with one attachment to the given readers.
func (h *house) send(e intake.Envelope, to ...letterlock.Actor) letterlock.ID {
	h.t.Helper()
	d := eml.Draft{From: letterlock.Mailbox{Address: ada.Address}, Subject: "Offer", Date: h.now, Text: secret,
		Files: func(yield func(eml.File, error) bool) {
			yield(eml.File{Name: "offer.pdf", Type: "application/pdf", Body: strings.NewReader(strings.Repeat(secret, 20_000))}, nil)
		}}
	for _, r := range to {
		d.To = append(d.To, letterlock.Mailbox{Address: r.Address})
		e.Recipients = append(e.Recipients, r.Address)
	}
	var mail bytes.Buffer
	if err := eml.Compose(&mail, d); err != nil {
		h.t.Fatal(err)
	}
	r, err := h.intake.Accept(h.t.Context(), ada, e, &mail)
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

// text reads a message's text as by, or fails as Open or reading does.
func (h *house) text(by letterlock.Actor, id letterlock.ID) (string, error) {
	l, err := h.access.Open(h.t.Context(), by, id)
	if err != nil {
		return "", err
	}
	text, _, err := l.Index.OpenText(l.Raw, l.Index.TextPart(), 1<<20)
	return strings.TrimSpace(text), err
}

func (h *house) keyOf(a letterlock.Actor, id letterlock.ID) error {
	return h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		r, err := tx.RecipientByAddress(id, a.Address)
		if err != nil {
			return err
		}
		_, err = tx.Wrapped(id, string(r.ID))
		return err
	})
}

func TestOnlyRecipientsAndTheSenderRead(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta, carol)
	tests := []struct {
		name string
		by   letterlock.Actor
		want error // nil: reads
		key  string
	}{
		{"recipient", marta, nil, ""},
		{"sender", ada, nil, ""},
		{"another sender", eve, letterlock.NotFound, ""},
		{"administrator", grace, letterlock.NotFound, ""},
		{"auditor", audit, letterlock.Denied, ""},
		{"another mailbox", jonas, letterlock.Denied, "different-address"},
		{"inline recipient", carol, letterlock.NotFound, ""},
		{"the sender's address as a reader", reader(ada.Address), letterlock.Denied, "different-address"},
		{"the recipient's address as staff", staff(marta.Address, letterlock.Sender), letterlock.NotFound, ""},
		{"nobody", letterlock.Actor{}, letterlock.Denied, ""},
		{"the program itself", letterlock.Actor{Kind: letterlock.System}, letterlock.Denied, ""},
	}
	for _, tt := range tests {
		got, err := h.text(tt.by, id)
		if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: error %v, want %v %q", tt.name, err, tt.want, tt.key)
		}
		if (got == secret) != (tt.want == nil) {
			t.Errorf("%s: read %q", tt.name, got)
		}
	}
	if _, err := h.text(marta, letterlock.NewID()); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("unknown message: %v, want NotFound", err)
	}
}

func TestRevokeFollowsTheRule(t *testing.T) {
	tests := []struct {
		name  string
		scope policy.Scope
		to    []letterlock.Actor
		by    letterlock.Actor
		want  error
		key   string
	}{
		{"sender, one link recipient", policy.SingleRecipient, []letterlock.Actor{marta}, ada, nil, ""},
		{"sender, two recipients", policy.SingleRecipient, []letterlock.Actor{marta, jonas}, ada, letterlock.Denied, "several-recipients"},
		{"sender, one link and one inline", policy.SingleRecipient, []letterlock.Actor{marta, carol}, ada, letterlock.Denied, "several-recipients"},
		{"sender, two recipients, wide scope", policy.EveryLink, []letterlock.Actor{marta, jonas}, ada, nil, ""},
		{"sender, inline only", policy.SingleRecipient, []letterlock.Actor{carol}, ada, letterlock.Denied, "inline"},
		{"administrator, two recipients", policy.SingleRecipient, []letterlock.Actor{marta, jonas}, grace, nil, ""},
		{"administrator, inline only", policy.SingleRecipient, []letterlock.Actor{carol}, grace, letterlock.Denied, "inline"},
		{"another sender", policy.EveryLink, []letterlock.Actor{marta}, eve, letterlock.NotFound, ""},
		{"auditor", policy.EveryLink, []letterlock.Actor{marta}, audit, letterlock.Denied, "role"},
		{"the recipient", policy.EveryLink, []letterlock.Actor{marta}, marta, letterlock.NotFound, ""},
		{"nobody", policy.EveryLink, []letterlock.Actor{marta}, letterlock.Actor{}, letterlock.NotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, tt.scope)
			id := h.send(intake.Envelope{}, tt.to...)
			err := h.access.Revoke(t.Context(), tt.by, id, "")
			if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
				t.Errorf("Revoke = %v, want %v %q", err, tt.want, tt.key)
			}
			for _, r := range tt.to {
				if r.Address == carol.Address {
					continue
				}
				if gone := errors.Is(h.keyOf(r, id), letterlock.NotFound); gone != (tt.want == nil) {
					t.Errorf("key of %s gone: %v, want %v", r.Address, gone, tt.want == nil)
				}
			}
			h.checkAudited(id, "revoke", tt.want == nil)
		})
	}
}

// checkAudited requires an entry about an attempt, also a refused one.
func (h *house) checkAudited(id letterlock.ID, action string, allowed bool) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		for _, e := range list {
			if e.Action == action && e.Allowed == allowed {
				return err
			}
		}
		h.t.Errorf("no audit entry for %s, allowed %v", action, allowed)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestRevokedMessagesAreGoneForTheRecipientAndStayForTheSender(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	open, err := h.access.Open(t.Context(), marta, id)
	if err != nil {
		t.Fatal(err)
	}
	attachment := open.Attachments()[0].Part
	content := open.Index.Open(open.Raw, attachment)
	if _, err := io.ReadFull(content, make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := h.access.Revoke(t.Context(), ada, id, "wrong version"); err != nil {
		t.Fatal(err)
	}
	var end *access.Ended
	if _, err := h.text(marta, id); !errors.As(err, &end) || end.State != letterlock.Revoked || letterlock.KeyOf(err) != "revoked" {
		t.Errorf("reading after Revoke: %v, want the end of access", err)
	} else if end.Recipient.Revocation.Standing != letterlock.BySender || !end.Recipient.Revocation.At.Equal(h.now) {
		t.Errorf("revocation = %+v, want the sender's, now", end.Recipient.Revocation)
	}
	// What was opened before ends at the next chunk that is not in memory yet.
	if n, err := io.Copy(io.Discard, content); !errors.Is(err, letterlock.Gone) || n > 2*seal.ChunkSize {
		t.Errorf("a download under way went on for %d bytes and ended with %v, want Gone within a chunk", n, err)
	}
	if got, err := h.text(ada, id); err != nil || got != secret {
		t.Errorf("the sender's copy: %q, %v", got, err)
	}
}

func TestRevokingTwiceKeepsTheFirst(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	if err := h.access.Revoke(t.Context(), ada, id, "first"); err != nil {
		t.Fatal(err)
	}
	first := h.now
	h.now = h.now.Add(time.Hour)
	if err := h.access.Revoke(t.Context(), ada, id, "second"); err != nil {
		t.Errorf("revoking again: %v, want no error", err)
	}
	var end *access.Ended
	_, err := h.text(marta, id)
	if !errors.As(err, &end) || !end.Recipient.Revocation.At.Equal(first) || end.Recipient.Revocation.Reason != "first" {
		t.Errorf("after revoking again: %v, want the first revocation", err)
	}
}

func TestAnAdministratorsRevocationOutranksTheSenders(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	h.must(h.access.Revoke(t.Context(), ada, id, "mine"))
	h.must(h.access.Revoke(t.Context(), grace, id, "ours"))
	h.must(h.access.Revoke(t.Context(), ada, id, "mine"))
	if err := h.access.Restore(t.Context(), ada, id); letterlock.KeyOf(err) != "by-administrator" {
		t.Errorf("the sender restores: %v, want the refusal", err)
	}
	var end *access.Ended
	if _, err := h.text(marta, id); !errors.As(err, &end) || end.Recipient.Revocation.Reason != "ours" || end.Recipient.Revocation.By.Address != grace.Address {
		t.Errorf("the recipient: %v, want the administrator's revocation", err)
	}
	h.must(h.access.Restore(t.Context(), grace, id))
	if _, err := h.text(marta, id); err != nil {
		t.Errorf("after an administrator has restored it: %v", err)
	}
}

func TestRestoreGivesBackWhatWasRemoved(t *testing.T) {
	tests := []struct {
		name           string
		revoke, give   letterlock.Actor
		want           error
		key            string
		expired, reads bool
	}{
		{name: "sender after sender", revoke: ada, give: ada, reads: true},
		{name: "administrator after sender", revoke: ada, give: grace, reads: true},
		{name: "administrator after administrator", revoke: grace, give: grace, reads: true},
		{name: "sender after administrator", revoke: grace, give: ada, want: letterlock.Denied, key: "by-administrator"},
		{name: "another sender", revoke: ada, give: eve, want: letterlock.NotFound},
		{name: "the recipient", revoke: ada, give: marta, want: letterlock.NotFound},
		{name: "after expiry", revoke: ada, give: ada, expired: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, policy.SingleRecipient)
			id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
			if err := h.access.Revoke(t.Context(), tt.revoke, id, ""); err != nil {
				t.Fatal(err)
			}
			if tt.expired {
				h.now = h.now.Add(2 * time.Hour)
			}
			err := h.access.Restore(t.Context(), tt.give, id)
			if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key {
				t.Errorf("Restore = %v, want %v %q", err, tt.want, tt.key)
			}
			got, err := h.text(marta, id)
			if (got == secret) != tt.reads {
				t.Errorf("reading after Restore: %q, %v; want reads %v", got, err, tt.reads)
			}
			if tt.expired && letterlock.KeyOf(err) != "expired" {
				t.Errorf("reading after Restore: %v, want expired", err)
			}
		})
	}
}

func TestOneOfSeveralRecipientsIsRevoked(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := h.send(intake.Envelope{}, marta, jonas, carol)
	if err := h.access.Revoke(t.Context(), ada, id, "", marta.Address); err != nil {
		t.Fatal(err)
	}
	if _, err := h.text(marta, id); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("the chosen one: %v, want revoked", err)
	}
	if got, err := h.text(jonas, id); got != secret {
		t.Errorf("another one: %q, %v; want the text", got, err)
	}
	for name, a := range map[string]letterlock.Address{"a stranger": "x@example.org", "an inline recipient": carol.Address} {
		if err := h.access.Revoke(t.Context(), ada, id, "", a); !errors.Is(err, letterlock.Invalid) {
			t.Errorf("revoking %s: %v, want Invalid", name, err)
		}
	}
}

func TestAccessEndsTheSecondAMessageExpires(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	h.now = h.now.Add(time.Hour - time.Second)
	if got, err := h.text(marta, id); got != secret {
		t.Fatalf("a second before: %q, %v", got, err)
	}
	h.now = h.now.Add(time.Second)
	if _, err := h.text(marta, id); letterlock.KeyOf(err) != "expired" {
		t.Errorf("at the second: %v, want expired", err)
	}
	if err := h.keyOf(marta, id); err != nil {
		t.Fatalf("before the sweep: %v", err)
	}
	if err := h.access.ExpireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.keyOf(marta, id); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("key after the sweep: %v, want NotFound", err)
	}
	later := h.send(intake.Envelope{Expires: h.now.Add(time.Minute)}, marta)
	h.now = h.now.Add(time.Minute)
	if err := h.access.ExpireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.keyOf(marta, later); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("key of a message that expired after the first sweep: %v, want NotFound", err)
	}
	if got, err := h.text(ada, id); got != secret {
		t.Errorf("the sender's copy after the sweep: %q, %v", got, err)
	}
	// An expired message can still be revoked, and revoked outranks expired.
	if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
		t.Errorf("revoking an expired message: %v", err)
	}
	if _, err := h.text(marta, id); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("revoked and expired: %v, want revoked", err)
	}
}

func TestAReadIsNotedOnceInAWhile(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	read := func(by letterlock.Actor) {
		t.Helper()
		if _, err := h.access.Read(t.Context(), by, id); err != nil {
			t.Fatal(err)
		}
	}
	reads := func() (n int) {
		err := h.db.Read(t.Context(), func(tx *store.Tx) error {
			events, err := tx.Events(id)
			for _, list := range events {
				for _, e := range list {
					if e.Kind == letterlock.Read {
						n++
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	read(ada)
	if n := reads(); n != 0 {
		t.Errorf("the sender's look counted as %d reads", n)
	}
	for range 3 {
		read(marta)
		h.now = h.now.Add(10 * time.Second)
	}
	if n := reads(); n != 1 {
		t.Errorf("%d reads noted for three looks in half a minute, want 1", n)
	}
	h.now = h.now.Add(10 * time.Minute)
	read(marta)
	if n := reads(); n != 2 {
		t.Errorf("%d reads noted after ten minutes, want 2", n)
	}
}

func TestDoNotForwardKeepsTheMailItself(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Protection: letterlock.DoNotForward}, marta)
	l, err := h.access.Open(t.Context(), marta, id)
	if err != nil {
		t.Fatal(err)
	}
	part := l.Attachments()[0].Part
	download := func(by letterlock.Actor, part int) error {
		_, _, r, err := h.access.Download(context.Background(), by, id, part)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err
	}
	if err := download(marta, access.WholeMail); letterlock.KeyOf(err) != "do-not-forward" {
		t.Errorf("the whole mail: %v, want Denied", err)
	}
	if err := download(ada, access.WholeMail); err != nil {
		t.Errorf("the whole mail by its sender: %v", err)
	}
	if err := download(marta, part); err != nil {
		t.Errorf("an attachment: %v", err)
	}
	h.access.DownloadsUnderDoNotForward = false
	if err := download(marta, part); letterlock.KeyOf(err) != "do-not-forward" {
		t.Errorf("an attachment where the setting forbids: %v, want Denied", err)
	}
	for _, bad := range []int{0, 99, -2} {
		if err := download(ada, bad); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("part %d: %v, want NotFound", bad, err)
		}
	}
}
