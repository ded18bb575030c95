package auditlog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"letterlock/internal/audit"
	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

func TestOnlyAuditorsSeeTheAuditLogAndRefusalsAreInIt(t *testing.T) {
	h := newHouse(t)
	m, _ := h.message()
	ctx := t.Context()
	acts := []struct {
		action string
		do     func(by letterlock.Actor) error
	}{
		{"list audit log", func(by letterlock.Actor) error { _, err := h.log.List(ctx, by, auditlog.Query{}); return err }},
		{"list audit log", func(by letterlock.Actor) error { _, err := h.log.Actions(ctx, by); return err }},
		{"export audit log", func(by letterlock.Actor) error { return h.log.Export(ctx, by, io.Discard) }},
		{"export checkpoints", func(by letterlock.Actor) error { return h.log.Checkpoints(ctx, by, io.Discard) }},
		{"prove non-access", func(by letterlock.Actor) error {
			_, err := h.log.ProveNonAccess(ctx, by, m.ID, marta.Address)
			return err
		}},
	}
	operator := letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1000"}
	revoker := letterlock.Actor{Kind: letterlock.Staff, Address: "r@contoso.example", Roles: []letterlock.Role{letterlock.Revoker}}
	for _, a := range acts {
		for _, by := range []letterlock.Actor{nobody, ada, marta, {Kind: letterlock.System}} {
			if err := a.do(by); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "role" {
				t.Errorf("%s by %q: %v, want Denied role", a.action, by.Kind, err)
			}
			if e := h.last(); e.Action != a.action || e.Allowed || e.Actor.Kind != by.Kind || e.Actor.Address != by.Address || e.Reason != "role" {
				t.Errorf("%s by %q is recorded as %+v", a.action, by.Kind, e)
			}
		}
		for _, by := range []letterlock.Actor{auditor, revoker, operator} {
			if err := a.do(by); err != nil {
				t.Errorf("%s by %q %s: %v", a.action, by.Kind, by.Address, err)
			}
		}
	}
}

func TestPagesLeadThroughTheWholeLog(t *testing.T) {
	h := newHouse(t)
	for i := range 7 {
		h.record(letterlock.Entry{Actor: ada, Action: "revoke", Target: fmt.Sprint(i + 1), Allowed: true})
	}
	var got []string
	for q := (auditlog.Query{Limit: 3}); ; {
		q.Actor = " Ada Lindqvist <ada@CONTOSO.example> "
		p, err := h.log.List(t.Context(), auditor, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Entries {
			got = append(got, e.Target)
		}
		got = append(got, "|")
		if p.More == 0 {
			break
		}
		q.Before = p.More
	}
	if s := strings.Join(got, " "); s != "7 6 5 | 4 3 2 | 1 |" {
		t.Errorf("pages %q", s)
	}
	for _, q := range []auditlog.Query{{Limit: 201}, {Limit: -1}, {Actor: "@"}} {
		if _, err := h.log.List(t.Context(), auditor, q); !errors.Is(err, letterlock.Invalid) {
			t.Errorf("List(%+v) = %v, want Invalid", q, err)
		}
	}
}

func TestAnExportEndsWithItsOwnEntryAndFitsItsCheckpoints(t *testing.T) {
	h := newHouse(t)
	for range 1200 { // more than one page
		h.record(letterlock.Entry{Actor: ada, Action: "revoke", Allowed: true})
	}
	h.checkpoint()
	points, export := h.points(), h.export()
	var last audit.Row
	report, err := audit.Verify(strings.NewReader(export), strings.NewReader(points), h.keys(), func(r audit.Row, _ audit.Hash) { last = r })
	if err != nil || report.Rows != 1201 || report.Covered != 1200 || report.Checkpoints != 1 {
		t.Errorf("Verify = %+v, %v", report, err)
	}
	if last.Action != "export audit log" || last.Actor != auditor.Address {
		t.Errorf("the last entry is %+v", last)
	}
}

func TestTheSignerIsTheOneThatTheDatabaseKnows(t *testing.T) {
	h := newHouse(t)
	first, other := seal.NewSigner(), seal.NewSigner()
	var asked []bool
	open := func(s seal.Signer) func(bool) (seal.Signer, error) {
		return func(lives bool) (seal.Signer, error) { asked = append(asked, lives); return s, nil }
	}
	ctx := context.WithoutCancel(t.Context())
	if _, err := auditlog.OpenSigner(ctx, h.db, open(first)); err != nil {
		t.Fatal(err)
	}
	if e := h.last(); e.Action != "make audit key" || e.Target != string(audit.IDOf(first.Public())) {
		t.Errorf("making a key is recorded as %+v", e)
	}
	if s, err := auditlog.OpenSigner(ctx, h.db, open(first)); err != nil || !s.Public().Equal(first.Public()) {
		t.Errorf("again: %v", err)
	}
	if _, err := auditlog.OpenSigner(ctx, h.db, open(other)); err == nil || !strings.Contains(err.Error(), "restore audit.key") {
		t.Errorf("with another key: %v", err)
	}
	if got := fmt.Sprint(asked); got != "[false true true]" {
		t.Errorf("the file was asked for as one that lives: %s", got)
	}
	h.write(func(tx *store.Tx) error {
		n, err := tx.VerifyAudit()
		if n != 1 {
			t.Errorf("the log has %d rows, want the one about the key", n)
		}
		return err
	})
}
