package metrics

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"letterlock/internal/letterlock"
)

// A clock stands still until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

var morning = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// everything is what a server with all sources and a few routes has to say.
func everything(c *clock) *Metrics {
	m := New(Options{Version: "v1.2.3", Commit: "abc", Now: c.Now})
	m.HTTP.Serve([]Route{
		{Method: "GET", Pattern: "/read/:id"}, {Method: "HEAD", Pattern: "/read/:id"}, {Method: "POST", Pattern: "/sign-in"},
		{Method: "GET", Pattern: "/sent/live", Lasting: true},
	})
	m.Watch(Sources{
		Due: func(context.Context) (time.Time, time.Time, error) {
			return morning.Add(-90 * time.Second), time.Time{}, nil
		},
		Queue: func(context.Context) ([]Queued, error) {
			return []Queued{{"passcode", 2, morning.Add(-time.Minute)}, {"pigeon", 3, morning.Add(-time.Hour)}}, nil
		},
		Messages: func(context.Context) (int64, error) { return 40, nil },
		Bare:     func(context.Context) (int64, error) { return 3, nil },
		Files:    func() (int64, int64, error) { return 4096, 512, nil },
		Free:     func() (int64, error) { return 1 << 30, nil },
		Probe:    func(context.Context) error { return nil },
		Readers:  func() int { return 7 },
		Streams:  func() int { return 5 },
		Lanes:    func() []Lane { return []Lane{{Name: "read", Places: 8, InFlight: 3, Waiting: 2, Refused: 1}} },
		Keys: func(context.Context) (Keys, error) {
			return Keys{Epoch: 4, Rotated: morning.Add(-time.Hour), Missing: 1, Failing: true}, nil
		},
		Journal: func() (int64, error) { return 12, errors.New("full") },
		Expiry:  func() (time.Time, bool) { return morning.Add(time.Hour), true },
	})
	return m
}

// families returns what the registry says, without what the library says of Go
// and of the process.
func families(t *testing.T, m *Metrics) (list []*dto.MetricFamily) {
	t.Helper()
	all, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if !strings.HasPrefix(f.GetName(), "go_") && !strings.HasPrefix(f.GetName(), "process_") {
			list = append(list, f)
		}
	}
	return list
}

// value returns one series, the labels as name and value in turn.
func value(t *testing.T, m *Metrics, name string, labels ...string) float64 {
	t.Helper()
	for _, f := range families(t, m) {
		if f.GetName() != name {
			continue
		}
		for _, s := range f.GetMetric() {
			if v, ok := fits(s, labels); ok {
				return v
			}
		}
	}
	t.Errorf("no series %s %q", name, labels)
	return -1
}

func fits(s *dto.Metric, labels []string) (float64, bool) {
	for i := 0; i < len(labels); i += 2 {
		if !slices.ContainsFunc(s.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == labels[i] && l.GetValue() == labels[i+1] }) {
			return 0, false
		}
	}
	switch {
	case s.Counter != nil:
		return s.Counter.GetValue(), true
	case s.Gauge != nil:
		return s.Gauge.GetValue(), true
	}
	return float64(s.Histogram.GetSampleCount()), true
}

var tableRow = regexp.MustCompile("(?m)^\\| `(letterlock_[a-z_]+)` \\| ([a-z]+) \\| ([^|]*)\\| ")

func TestTheTableAndTheProgramSayTheSame(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, row := range tableRow.FindAllStringSubmatch(string(page), -1) {
		rows[row[1]] = row[2] + " " + strings.NewReplacer("`", "", ",", "").Replace(strings.TrimSpace(row[3]))
	}
	if len(rows) < 20 {
		t.Fatalf("%d rows in the table: this test would prove nothing", len(rows))
	}
	for _, f := range families(t, everything(&clock{morning})) {
		got := strings.ToLower(f.GetType().String())
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		want, ok := rows[f.GetName()]
		delete(rows, f.GetName())
		kind, rest, _ := strings.Cut(want, " ")
		listed := strings.Fields(rest)
		slices.Sort(listed)
		if !ok || kind != got || !slices.Equal(listed, labels) {
			t.Errorf("%s: the program says %s %v, the table %q", f.GetName(), got, labels, want)
		}
	}
	for name := range rows {
		t.Errorf("%s is in the table, and the program does not have it", name)
	}
}

func TestNamesAndHelpAreAsPrometheusWantsThem(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(families(t, everything(&clock{morning}))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestNothingThatIsSentAddsASeries calls everything that counts with what a
// stranger could have made up.
func TestNothingThatIsSentAddsASeries(t *testing.T) {
	m := everything(&clock{morning})
	count := func() (n int) {
		for _, f := range families(t, m) {
			n += len(f.GetMetric())
		}
		return n
	}
	before := count()
	for i := range 1000 {
		made := fmt.Sprintf("/m/%d\n", i)
		m.HTTP.Answered(made, made, i, time.Second)
		m.HTTP.Answered("GET", made, 404, time.Second)
		m.SMTP.Mail(i, 10, time.Second)
		m.SMTP.RefusedAtMail(i)
		m.SignIns.Tried(made, letterlock.Denied)
		m.Access.Changed(made, nil, time.Second)
		m.Outbox.Attempted(made, Sent, time.Second)
		m.Outbox.Attempted("passcode", made, time.Second)
	}
	if after := count(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
	if got := value(t, m, "letterlock_http_requests_total", "route", other, "class", "4xx"); got != 1100 {
		t.Errorf("%v requests for no route with 4xx, want 1100", got)
	}
	if got := value(t, m, "letterlock_outbox_attempts_total", "kind", other, "outcome", Sent); got != 1000 {
		t.Errorf("%v attempts of no kind, want 1000", got)
	}
	t.Logf("%d series with three routes", before)
}

func TestEverythingIsCountedWhereItBelongs(t *testing.T) {
	m := everything(&clock{morning})
	m.HTTP.Answered("HEAD", "/read/:id", 200, time.Second)
	m.HTTP.Answered("GET", "/read/:id", 410, time.Second)
	m.HTTP.Answered("GET", "/sent/live", 200, time.Hour)
	m.SMTP.Connected()
	m.SMTP.Connected()
	m.SMTP.Left()
	m.SMTP.TurnedAway()
	m.SMTP.Mail(250, 1000, time.Second)
	m.SMTP.RefusedAtMail(550)
	m.Gateway.Judged(false, 250)
	m.Gateway.Judged(true, 250)
	m.Gateway.Judged(true, 250)
	m.Gateway.Judged(false, 550)
	m.Gateway.Judged(false, 451)
	m.SignIns.Tried(ByWeb, nil)
	m.SignIns.Tried(BySMTP, letterlock.Denied)
	m.SignIns.Tried(BySMTP, letterlock.Throttled)
	m.SignIns.Tried(ByWeb, errors.New("broken"))
	m.Passcodes.Asked(true, nil)
	m.Passcodes.Asked(false, nil)
	m.Passcodes.Asked(false, letterlock.Throttled)
	m.Passcodes.Typed(nil)
	m.Passcodes.Typed(letterlock.Invalid)
	m.Passcodes.Typed(letterlock.Gone)
	m.Access.Changed("revoke", nil, time.Second)
	m.Access.Changed("restore", letterlock.Denied, time.Second)
	m.Outbox.Attempted("inline", Deferred, time.Second)
	m.Outbox.Attempted("notification", Dropped, 0)
	m.Store.Wrote(nil, time.Second)
	m.Store.Wrote(letterlock.NotFound, time.Second)
	m.Store.Wrote(letterlock.Busy, time.Second)
	m.Store.Committed(3, time.Second)
	for _, tt := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{1, "letterlock_build_info", []string{"version", "v1.2.3", "commit", "abc"}},
		{float64(morning.Unix()), "letterlock_start_time_seconds", nil},
		{1, "letterlock_http_requests_total", []string{"method", "GET", "route", "/read/:id", "class", "2xx"}},
		{1, "letterlock_http_requests_total", []string{"method", "GET", "route", "/read/:id", "class", "4xx"}},
		{2, "letterlock_http_request_duration_seconds", []string{"route", "/read/:id"}},
		{1, "letterlock_http_requests_total", []string{"route", "/sent/live", "class", "2xx"}},
		{1, "letterlock_smtp_connections", nil},
		{2, "letterlock_smtp_connections_total", []string{"result", "accepted"}},
		{1, "letterlock_smtp_connections_total", []string{"result", "refused"}},
		{1, "letterlock_smtp_mails_total", []string{"reply", "250"}},
		{1, "letterlock_smtp_mails_total", []string{"reply", "550"}},
		{1000, "letterlock_smtp_received_bytes_total", nil},
		{1, "letterlock_gateway_mails_total", []string{"result", "protected"}},
		{2, "letterlock_gateway_mails_total", []string{"result", "passed on"}},
		{1, "letterlock_gateway_mails_total", []string{"result", "refused"}},
		{1, "letterlock_gateway_mails_total", []string{"result", "put off"}},
		{1, "letterlock_sign_ins_total", []string{"by", "web", "result", "done"}},
		{1, "letterlock_sign_ins_total", []string{"by", "smtp", "result", "refused"}},
		{1, "letterlock_sign_ins_total", []string{"by", "smtp", "result", "throttled"}},
		{1, "letterlock_sign_ins_total", []string{"by", "web", "result", "failed"}},
		{1, "letterlock_passcode_requests_total", []string{"result", "mailed"}},
		{1, "letterlock_passcode_requests_total", []string{"result", "unchanged"}},
		{1, "letterlock_passcode_requests_total", []string{"result", "throttled"}},
		{1, "letterlock_passcode_checks_total", []string{"result", "right"}},
		{1, "letterlock_passcode_checks_total", []string{"result", "wrong"}},
		{1, "letterlock_passcode_checks_total", []string{"result", "refused"}},
		{1, "letterlock_access_changes_total", []string{"act", "revoke", "result", "done"}},
		{1, "letterlock_access_changes_total", []string{"act", "restore", "result", "refused"}},
		{1, "letterlock_access_change_duration_seconds", []string{"act", "revoke"}},
		{1, "letterlock_outbox_attempts_total", []string{"kind", "inline", "outcome", "deferred"}},
		{1, "letterlock_outbox_attempts_total", []string{"kind", "notification", "outcome", "dropped"}},
		{0, "letterlock_outbox_attempt_duration_seconds", []string{"kind", "notification"}},
		{1, "letterlock_store_writes_total", []string{"result", "done"}},
		{1, "letterlock_store_writes_total", []string{"result", "undone"}},
		{1, "letterlock_store_writes_total", []string{"result", "failed"}},
		{1, "letterlock_store_commit_duration_seconds", nil},
		{90, "letterlock_outbox_due_seconds", []string{"lane", "passcodes"}},
		{0, "letterlock_outbox_due_seconds", []string{"lane", "others"}},
		{2, "letterlock_outbox_waiting", []string{"kind", "passcode"}},
		{60, "letterlock_outbox_oldest_seconds", []string{"kind", "passcode"}},
		{3, "letterlock_outbox_waiting", []string{"kind", "other"}},
		{0, "letterlock_outbox_waiting", []string{"kind", "inline"}},
		{40, "letterlock_messages_stored", nil},
		{512, "letterlock_store_wal_bytes", nil},
		{1, "letterlock_store_writable", nil},
		{4, "letterlock_keys_epoch", nil},
		{float64(morning.Add(-time.Hour).Unix()), "letterlock_keys_rotated_timestamp_seconds", nil},
		{1, "letterlock_keys_missing", nil},
		{1, "letterlock_keys_rotation_failing", nil},
		{12, "letterlock_journal_entries", nil},
		{1, "letterlock_journal_failing", nil},
		{7, "letterlock_readers", nil},
		{5, "letterlock_live_streams", nil},
		{float64(morning.Add(time.Hour).Unix()), "letterlock_certificate_expiry_timestamp_seconds", nil},
	} {
		if got := value(t, m, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s %q is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	for _, f := range families(t, m) {
		for _, s := range f.GetMetric() {
			if _, lasting := fits(s, []string{"route", "/sent/live"}); lasting && f.GetName() == "letterlock_http_request_duration_seconds" {
				t.Error("an answer that lasts as long as a page counts among the durations")
			}
		}
	}
}

func TestWhereNobodyCountsNothingHappens(t *testing.T) {
	var m Metrics
	m.HTTP.Serve([]Route{{Method: "GET", Pattern: "/"}})
	m.HTTP.Answered("GET", "/", 200, time.Second)
	m.SMTP.Connected()
	m.SMTP.Left()
	m.SMTP.TurnedAway()
	m.SMTP.Mail(250, 1, time.Second)
	m.SMTP.RefusedAtMail(550)
	m.Gateway.Judged(true, 250)
	m.SignIns.Tried(ByWeb, nil)
	m.Passcodes.Asked(true, nil)
	m.Passcodes.Typed(nil)
	m.Access.Changed("revoke", nil, time.Second)
	m.Outbox.Attempted("inline", Sent, time.Second)
	m.Store.Wrote(nil, time.Second)
	m.Store.Committed(1, time.Second)
}

func BenchmarkAnswered(b *testing.B) {
	m := everything(&clock{morning})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.HTTP.Answered("GET", "/read/:id", 200, 3*time.Millisecond)
		}
	})
}

func BenchmarkWrote(b *testing.B) {
	m := everything(&clock{morning})
	for b.Loop() {
		m.Store.Wrote(nil, 3*time.Millisecond)
	}
}
