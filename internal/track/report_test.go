package track_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones, wherever the test runs

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

// A sending is a message that was stored, as the test remembers it.
type sending struct {
	at            time.Time
	method, brand string
	domains       []string
}

// send stores a message of a random kind, accepted then.
func (h *house) send(r *rand.Rand, at time.Time) sending {
	h.t.Helper()
	h.now = at
	s := sending{at: at, method: []string{"user", "policy"}[r.IntN(2)], brand: []string{"", "northwind", "legal"}[r.IntN(3)]}
	m := letterlock.Message{ID: letterlock.NewID(), Sender: letterlock.Mailbox{Address: ada.Address}, Method: letterlock.Method(s.method), Brand: s.brand}
	m.MessageID = "<" + string(m.ID) + "@contoso.example>"
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		err := tx.AddMessage(m, nil, store.Sealed{})
		for i := range 1 + r.IntN(3) {
			domain := fmt.Sprintf("d%d.example", int(min(r.ExpFloat64()*6, 30)))
			x := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Experience: letterlock.Link, Field: letterlock.To,
				Mailbox: letterlock.Mailbox{Address: letterlock.Address(fmt.Sprintf("r%d@%s", i, domain))}}
			err = errors.Join(err, tx.AddRecipient(x, i, []byte(x.ID)))
			s.domains = append(s.domains, domain)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// plainly makes the report from what the test remembers, by asking the calendar
// of the zone about each message.
func plainly(all []sending, first, last string, zone *time.Location, name func(sending) string) (days map[string]map[string]int, total int, domains []track.DomainCount) {
	days = make(map[string]map[string]int)
	byDomain := make(map[string]int)
	for _, s := range all {
		day := s.at.In(zone).Format(time.DateOnly)
		if day < first || day > last {
			continue
		}
		if days[day] == nil {
			days[day] = make(map[string]int)
		}
		days[day][name(s)]++
		total++
		for _, d := range s.domains {
			byDomain[d]++
		}
	}
	for d, n := range byDomain {
		domains = append(domains, track.DomainCount{Domain: d, Recipients: n})
	}
	slices.SortFunc(domains, func(a, b track.DomainCount) int {
		return cmp.Or(cmp.Compare(b.Recipients, a.Recipients), strings.Compare(a.Domain, b.Domain))
	})
	return days, total, domains[:min(5, len(domains))]
}

// zones with the time around which messages are sent in them.
var zones = []struct {
	name, zone string
	around     time.Time
}{
	{"no change of clocks", "UTC", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
	{"quarter of an hour", "Asia/Kathmandu", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
	{"a short day", "Europe/Berlin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
	{"a long day", "Europe/Berlin", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)},
	{"half an hour less", "Australia/Lord_Howe", time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC)},
	{"half an hour more", "Australia/Lord_Howe", time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC)},
	{"no midnight", "America/Havana", time.Date(2026, 3, 8, 5, 0, 0, 0, time.UTC)},
	{"two midnights", "America/Havana", time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC)},
	{"far east", "Pacific/Kiritimati", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
}

func TestTheReportAgreesWithWhatIsStored(t *testing.T) {
	for _, test := range zones {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			h, r := newHouse(t), rand.New(rand.NewPCG(1, 2))
			var all []sending
			for range 150 {
				at := test.around.Add(time.Duration(r.IntN(6*24*3600)-3*24*3600) * time.Second)
				if r.IntN(3) == 0 { // many where it matters: near midnight, and where the clocks change
					at = test.around.Add(time.Duration(r.IntN(6)-3)*24*time.Hour + time.Duration(r.IntN(9000)-4500)*time.Second)
				}
				all = append(all, h.send(r, at))
			}
			for range 8 {
				from := test.around.In(zone).AddDate(0, 0, r.IntN(7)-4).Add(time.Duration(r.IntN(3600)) * time.Second)
				until := from.AddDate(0, 0, 1+r.IntN(4))
				h.compare(all, track.ReportQuery{From: from, Until: until, By: track.ByMethod}, func(s sending) string { return s.method })
				h.compare(all, track.ReportQuery{From: from, Until: until, By: track.ByTemplate}, func(s sending) string { return s.brand })
			}
		})
	}
}

// compare compares chart, table, domains and details with what was sent.
func (h *house) compare(all []sending, q track.ReportQuery, name func(sending) string) {
	h.t.Helper()
	got, err := h.track.Report(h.t.Context(), audit, q)
	if err != nil {
		h.t.Fatalf("Report(%s to %s): %v", q.From, q.Until, err)
	}
	zone := q.From.Location()
	first, last := q.From.Format(time.DateOnly), q.Until.Add(-time.Second).In(zone).Format(time.DateOnly)
	days, total, domains := plainly(all, first, last, zone, name)
	if got.Total != total {
		h.t.Errorf("%s to %s: %d messages, want %d", first, last, got.Total, total)
	}
	if !slices.Equal(got.Domains, domains) {
		h.t.Errorf("%s to %s: domains %v, want %v", first, last, got.Domains, domains)
	}
	sums := make([]int, len(got.Series))
	for _, day := range got.Days {
		date := day.Day.Format(time.DateOnly)
		for i, s := range got.Series {
			sums[i] += day.Counts[i]
			if day.Counts[i] != days[date][s.Name] {
				h.t.Errorf("%s: %d of %q, want %d", date, day.Counts[i], s.Name, days[date][s.Name])
			}
		}
		delete(days, date)
	}
	for i, s := range got.Series {
		if s.Total != sums[i] {
			h.t.Errorf("series %q has %d, its days %d", s.Name, s.Total, sums[i])
		}
	}
	if len(days) > 0 {
		h.t.Errorf("%s to %s: days are missing: %v", first, last, days)
	}
	h.compareDetails(q, total)
}

func (h *house) compareDetails(q track.ReportQuery, total int) {
	h.t.Helper()
	messages := make(map[letterlock.ID]bool)
	var each []letterlock.ID
	err := h.track.ReportEach(h.t.Context(), audit, q, func(row track.ReportRow) error {
		messages[row.Message.ID] = true
		each = append(each, row.Recipient.ID)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(messages) != total {
		h.t.Errorf("the details have %d messages, the chart %d", len(messages), total)
	}
	var paged []letterlock.ID
	for before, more := "", true; more; more = before != "" {
		page, err := h.track.ReportRows(h.t.Context(), audit, q, before, 29)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, row := range page.Rows {
			paged = append(paged, row.Recipient.ID)
		}
		before = page.More
	}
	if !slices.Equal(paged, each) {
		h.t.Errorf("pages hold %d rows, the export %d, or in another order", len(paged), len(each))
	}
}

func TestDetailsAreNewestFirst(t *testing.T) {
	h := newHouse(t)
	h.add(spec{subject: "old", recipients: []recipient{{address: "a@quillfeather.example"}, {address: "b@quillfeather.example"}}})
	h.add(spec{incoming: true})
	h.now = h.now.Add(time.Second)
	h.add(spec{subject: "new", recipients: []recipient{{address: "c@quillfeather.example", revoked: true}}})
	q := track.ReportQuery{From: h.now.Add(-time.Hour), Until: h.now.Add(time.Hour)}
	page, err := h.track.ReportRows(t.Context(), audit, q, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range page.Rows {
		got = append(got, row.Message.Subject+" "+string(row.Recipient.Mailbox.Address))
	}
	want := []string{"new c@quillfeather.example", "old a@quillfeather.example", "old b@quillfeather.example"}
	if !slices.Equal(got, want) || page.More != "" {
		t.Errorf("rows %q, more %q, want %q and no more", got, page.More, want)
	}
}

func TestReportsAreForAuditorsAndRangesThatExist(t *testing.T) {
	h := newHouse(t)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	week := track.ReportQuery{From: day, Until: day.AddDate(0, 0, 7)}
	nobody := letterlock.Actor{}
	tests := []struct {
		name    string
		by      letterlock.Actor
		q       track.ReportQuery
		want    error
		wantKey string
		entries int
	}{
		{"auditor", audit, week, nil, "", 0},
		{"operator", letterlock.Actor{Kind: letterlock.Operator, Name: "root"}, week, nil, "", 0},
		{"longest", audit, track.ReportQuery{From: day, Until: day.AddDate(0, 0, track.MaxReportDays)}, nil, "", 0},
		{"sender", ada, week, letterlock.Denied, "role", 1},
		{"recipient", marta, week, letterlock.Denied, "role", 1},
		{"nobody", nobody, week, letterlock.Denied, "role", 0},
		{"empty", audit, track.ReportQuery{From: day, Until: day}, letterlock.Invalid, "range", 0},
		{"backwards", audit, track.ReportQuery{From: day.AddDate(0, 0, 1), Until: day}, letterlock.Invalid, "range", 0},
		{"no range", audit, track.ReportQuery{}, letterlock.Invalid, "range", 0},
		{"too long", audit, track.ReportQuery{From: day, Until: day.AddDate(0, 0, track.MaxReportDays).Add(time.Second)}, letterlock.Invalid, "range", 0},
		{"all time", audit, track.ReportQuery{From: time.Unix(0, 0), Until: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, letterlock.Invalid, "range", 0},
		{"another breakdown", audit, track.ReportQuery{From: day, Until: day.AddDate(0, 0, 7), By: "sender"}, letterlock.Invalid, "breakdown", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := h.auditRows()
			_, err := h.track.Report(t.Context(), test.by, test.q)
			if !errors.Is(err, test.want) || letterlock.KeyOf(err) != test.wantKey {
				t.Errorf("Report: %v, want %v %q", err, test.want, test.wantKey)
			}
			if n := h.auditRows() - before; n != test.entries {
				t.Errorf("%d audit entries, want %d", n, test.entries)
			}
		})
	}
}

func TestExportsAreRecorded(t *testing.T) {
	h := newHouse(t)
	h.add(spec{recipients: []recipient{{}, {}}})
	q := track.ReportQuery{From: h.now.AddDate(0, 0, -1), Until: h.now.AddDate(0, 0, 1)}
	boom := errors.New("the line broke")
	before := h.auditRows()
	err := h.track.ReportEach(t.Context(), audit, q, func(track.ReportRow) error {
		// No transaction may be open here: a slow line would hold it for hours.
		return errors.Join(boom, h.db.Write(t.Context(), func(*store.Tx) error { return nil }))
	})
	if !errors.Is(err, boom) {
		t.Errorf("ReportEach = %v, want what its function said", err)
	}
	if err := h.track.ReportEach(t.Context(), ada, q, nil); !errors.Is(err, letterlock.Denied) {
		t.Errorf("ReportEach for a sender = %v, want Denied", err)
	}
	if n := h.auditRows() - before; n != 2 {
		t.Errorf("%d audit entries, want one for the export and one for the refusal", n)
	}
}

// auditRows returns how many entries the audit log has, and that they fit together.
func (h *house) auditRows() (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		rows, err := tx.VerifyAudit()
		n = int(rows)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}
