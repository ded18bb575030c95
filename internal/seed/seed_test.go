package seed_test

import (
	"slices"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seed"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

var (
	end     = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	plan    = seed.Plan{Messages: 2000, Days: 30, End: end, Random: 7}
	auditor = letterlock.Actor{Kind: letterlock.Staff, Address: "audit@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}
)

func fill(t *testing.T, p seed.Plan) (*store.DB, seed.Sample) {
	t.Helper()
	dir := t.TempDir()
	s, err := seed.Fill(t.Context(), dir, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir, func() time.Time { return end })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, s
}

func TestWhatIsWrittenIsAsTheProductWouldHaveWrittenIt(t *testing.T) {
	db, s := fill(t, plan)
	service := &track.Service{DB: db}
	whole := track.ReportQuery{From: end.AddDate(0, 0, -31), Until: end.AddDate(0, 0, 1)}
	if s.Messages != plan.Messages || s.Recipients <= s.Messages || s.Inline == 0 || s.Read == 0 || s.Bounced == 0 || s.Revoked == 0 {
		t.Errorf("the sample %+v is of no use", s)
	}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.VerifyAudit()
		if int(rows) < s.Messages+s.Revoked {
			t.Errorf("the audit log has %d rows", rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := service.Report(t.Context(), auditor, whole)
	if err != nil {
		t.Fatal(err)
	}
	if r.Total != s.Messages || len(r.Series) != 2 || len(r.Domains) != 5 {
		t.Errorf("the report has %d messages, series %v and domains %v", r.Total, r.Series, r.Domains)
	}
	var got seed.Sample
	last := end
	err = service.ReportEach(t.Context(), auditor, whole, func(row track.ReportRow) error {
		got.Recipients++
		if row.Recipient.Experience == letterlock.Inline {
			got.Inline++
		}
		if row.Recipient.Revocation.Revoked() {
			got.Revoked++
		}
		if !row.Recipient.Bounced.IsZero() {
			got.Bounced++
		}
		if at := row.Recipient.FirstRead; !at.IsZero() {
			got.Read++
			if at.Before(row.Message.Accepted) || at.After(end) {
				t.Errorf("a message of %s was read at %s", row.Message.Accepted, at)
			}
		}
		if row.Message.Accepted.After(last) {
			t.Errorf("a message of %s comes after one of %s", row.Message.Accepted, last)
		}
		last = row.Message.Accepted
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Recipients != s.Recipients || got.Inline != s.Inline || got.Read != s.Read || got.Revoked != s.Revoked || got.Bounced != s.Bounced {
		t.Errorf("the database has %+v, the sample %+v", got, s)
	}
}

func TestTheSampleIsFound(t *testing.T) {
	db, s := fill(t, plan)
	service := &track.Service{DB: db}
	tests := []struct {
		name   string
		search letterlock.Search
	}{
		{"sender", letterlock.Search{Sender: string(s.Sender)}},
		{"recipient", letterlock.Search{Recipient: string(s.Recipient)}},
		{"rare word", letterlock.Search{Subject: s.Rare}},
		{"Message-ID", letterlock.Search{MessageID: s.MessageID}},
		{"all of it", letterlock.Search{Sender: string(s.Sender), Recipient: string(s.Recipient), Subject: s.Rare, MessageID: s.MessageID}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page, err := service.Trace(t.Context(), auditor, track.TraceQuery{Search: test.search, Limit: 200})
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(page.Messages, func(m track.Sent) bool { return m.Message.MessageID == s.MessageID })
			if !found {
				t.Errorf("%d messages are found, and not that one", page.Total)
			}
		})
	}
	if page, err := service.Trace(t.Context(), auditor, track.TraceQuery{Search: letterlock.Search{Subject: s.Common}}); err != nil || page.Total < plan.Messages/50 {
		t.Errorf("the common word is in %d subjects (%v)", page.Total, err)
	}
}

func TestTheSamePlanMakesTheSameMessages(t *testing.T) {
	p := plan
	p.Messages = 200
	_, first := fill(t, p)
	_, second := fill(t, p)
	p.Random++
	_, third := fill(t, p)
	if first != second || first == third {
		t.Errorf("samples %+v, %+v and of another plan %+v", first, second, third)
	}
}
