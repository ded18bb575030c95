package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
)

// reported sends messages on three days, ending with the clock's own.
func reported(t *testing.T) (w *world, ids []letterlock.ID) {
	t.Helper()
	w = newWorld(t)
	for range 3 {
		ids = append(ids, w.send(ada, letterlock.EncryptOnly, marta, jonas))
		w.clock.advance(24 * time.Hour)
	}
	return w, append(ids, w.send(eve, letterlock.EncryptOnly, "carol@outlook.com"))
}

func TestReportShowsEachRecipientAndWhatCanBeDone(t *testing.T) {
	w, ids := reported(t)
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], ids[0], "", marta); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		as        letterlock.Address
		revoke    int // links to revoke one row
		boxes     int // that can be ticked
		forMany   bool
		destroyed bool
	}{
		{name: "auditor", as: nora, boxes: 7},
		{name: "revoker", as: rita, revoke: 5, boxes: 7, forMany: true},
		{name: "administrator", as: olga, revoke: 5, boxes: 7, forMany: true},
	}
	for _, tt := range tests {
		a := w.browser().signIn(tt.as).get("/report")
		said := texts(a.body)
		for _, want := range []string{
			"4 messages, newest first, a row for each recipient", "Showing 7 rows.", "Not revocable, inline", "Revocable", "Contoso (default)",
			"user", string(marta), "Top 5 recipient domains quillfeather.example 3 riverside.example 3 outlook.com 1",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: the report does not say %q:\n%s", tt.name, want, said)
			}
		}
		boxes := strings.Count(a.body, `type="checkbox"`) - strings.Count(a.body, " disabled")
		if n := strings.Count(a.body, "Revoke message <span"); n != tt.revoke && strings.Count(a.body, `class="link-seal nowrap"`) != tt.revoke {
			t.Errorf("%s: %d rows can be revoked, want %d", tt.name, n, tt.revoke)
		}
		if boxes != tt.boxes || strings.Contains(a.body, `formaction="/bulk/chosen"`) != tt.forMany {
			t.Errorf("%s: %d boxes can be ticked, want %d; or the selection can be revoked by whom it must not", tt.name, boxes, tt.boxes)
		}
		if strings.Contains(a.body, secretText) || strings.Contains(a.body, secretFile) {
			t.Errorf("%s: the report shows content", tt.name)
		}
	}
}

// TestALinkTicksEachRowOfAPage needs no script for it. Another takes the ticks away.
func TestALinkTicksEachRowOfAPage(t *testing.T) {
	w, _ := reported(t)
	b := w.browser().signIn(rita)
	const ticked = `(?s)<input type="checkbox" name="row"[^>]* checked`
	page := "/report?days=30&by=template"
	for _, want := range []int{0, 7, 0} {
		a := b.get(page)
		if n := len(regexp.MustCompile(ticked).FindAllString(a.body, -1)); a.status != 200 || n != want {
			t.Fatalf("%s: %d, %d rows are ticked, want %d", page, a.status, n, want)
		}
		link := regexp.MustCompile(`href="(/report[^"]*)#details"`).FindStringSubmatch(a.body)
		if link == nil || !strings.Contains(link[1], "days=30") || !strings.Contains(link[1], "by=template") {
			t.Fatalf("%s: no way to tick all or none of the same rows: %q", page, link)
		}
		page = strings.ReplaceAll(link[1], "&amp;", "&")
	}
}

func TestReportIsOfTheDaysThatWereAskedFor(t *testing.T) {
	w, _ := reported(t) // 20 to 23 November
	b := w.browser().signIn(nora)
	tests := []struct {
		name, query, from, until string
		rows                     int
	}{
		{"nothing said", "", "2026-11-17", "2026-11-23", 7},
		{"90 days", "?days=90", "2026-08-26", "2026-11-23", 7},
		{"days that nobody offers", "?days=12", "2026-11-17", "2026-11-23", 7},
		{"one day", "?from=2026-11-21&until=2026-11-21", "2026-11-21", "2026-11-21", 2},
		{"from a day on", "?from=2026-11-22", "2026-11-22", "2026-11-23", 3},
		{"until a day", "?until=2026-11-21", "2026-11-15", "2026-11-21", 4},
		{"another time", "?from=2025-01-01&until=2025-01-31", "2025-01-01", "2025-01-31", 0},
	}
	for _, tt := range tests {
		a := b.get("/report" + tt.query)
		if n := strings.Count(a.body, `name="row"`); a.status != 200 || n != tt.rows {
			t.Errorf("%s: %d with %d rows, want %d", tt.name, a.status, n, tt.rows)
		}
		for _, value := range []string{tt.from, tt.until} {
			if !strings.Contains(a.body, `value="`+value+`"`) {
				t.Errorf("%s: the form does not say %s", tt.name, value)
			}
		}
	}
}

func TestReportSaysWhatIsWrongWithItsForm(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(nora)
	for query, want := range map[string]string{
		"from=yesterday":                   "Type a date, as 2026-11-20",
		"until=2026-02-30":                 "Type a date, as 2026-11-20",
		"from=2026-11-21&until=2026-11-20": "From is after Until",
		"from=2020-01-01&until=2026-11-20": "The report covers 1,100 days at most",
		"by=subject":                       "Choose the encryption method or the encryption template",
		"from=%00%3Cscript%3E":             "Type a date, as 2026-11-20",
	} {
		a := b.get("/report?" + query)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), want) || strings.Contains(a.body, "<script>") {
			t.Errorf("%s: %d, want 422 and %q:\n%s", query, a.status, want, texts(a.body))
		}
	}
}

// The chart, its table and the database agree.
func TestChartAndItsTableShowWhatWasSent(t *testing.T) {
	w, _ := reported(t)
	r, err := w.server.Track.Report(t.Context(), w.actors[grace], track.ReportQuery{From: w.clock.Now().AddDate(0, 0, -3), Until: w.clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	r.Series = []track.Series{{Name: "policy", Total: 6}, {Name: "user", Total: 4}}
	for i := range r.Days {
		r.Days[i].Counts, r.Days[i].Total = []int{i, 1}, i+1
	}
	r.Total = 10
	c := (speaker{Server: w.server}).chartOf(r, track.ByMethod)
	if got := fmt.Sprint(c.Table.Heads, c.Heights); got != "[policy user total] [4 3 2 1 0]" {
		t.Errorf("columns and heights are %s", got)
	}
	var rows []string
	for _, row := range c.Table.Rows {
		rows = append(rows, row.Day+" "+strings.Join(row.Cells, " "))
	}
	if want := []string{"20 November 0 1 1", "21 November 1 1 2", "22 November 2 1 3", "23 November 3 1 4"}; !slices.Equal(rows, want) {
		t.Errorf("the table says %q, want %q", rows, want)
	}
	policy := c.Lines[0]
	if policy.Path != "M0.0 200.0L333.3 150.0L666.7 100.0L1000.0 50.0" || policy.Total != "6" || policy.Marks[3].Title != "23 November, policy: 3" {
		t.Errorf("the line of policy is %+v", policy)
	}
	if want := "Line chart, 20 November 2026 to 23 November 2026. policy: 6 messages, 3 on 23 November at most."; !strings.HasPrefix(c.Spoken, want) {
		t.Errorf("it is read out as %q", c.Spoken)
	}
}

func TestChartTellsManyTemplatesApart(t *testing.T) {
	w := newWorld(t)
	r := track.Report{Days: []track.ReportDay{{Day: w.clock.Now()}}, Total: 36}
	for i := range 8 {
		r.Series = append(r.Series, track.Series{Name: strings.Repeat("x", i), Total: 8 - i})
		r.Days[0].Counts = append(r.Days[0].Counts, 8-i)
	}
	r.Days[0].Total = 36
	c := (speaker{Server: w.server}).chartOf(r, track.ByTemplate)
	var names []string
	styles := map[string]bool{}
	for _, l := range c.Lines {
		names = append(names, l.Total+" "+l.Name)
		styles[l.Style] = true
	}
	if want := []string{"8 Contoso (default)", "7 x", "6 xx", "5 xxx", "10 4 others", "36 total"}; !slices.Equal(names, want) || len(styles) != len(want) {
		t.Errorf("the lines are %q in %d styles, want %q", names, len(styles), want)
	}
}

func TestReportExportsAreSafeAndWhole(t *testing.T) {
	w := newWorld(t)
	raw := strings.Replace(mail(ada, marta), "Subject: "+secretSubject, `Subject: =HYPERLINK("http://evil.example")`, 1)
	w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}}, raw)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b := w.browser().signIn(nora)
	file := b.get("/report/export.csv")
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows) != 3 || !slices.Equal(rows[0], reportColumns) {
		t.Fatalf("CSV: %v %q", err, rows)
	}
	if subject := rows[2][3]; !strings.HasPrefix(subject, "'=") && !strings.HasPrefix(rows[1][3], "'=") {
		t.Errorf("a formula is a cell: %q %q", rows[1][3], subject)
	}
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || file.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of the file: %v", file.header)
	}
	var objects []map[string]string
	if err := json.Unmarshal([]byte(b.get("/report/export.json").body), &objects); err != nil || len(objects) != 2 {
		t.Fatalf("JSON: %v %v", err, objects)
	}
	if o := objects[0]; o["revocation_status"] != "Revocable" || o["recipient_address"] != string(jonas) || !strings.HasPrefix(o["message_id"], "<") {
		t.Errorf("an object is %v", o)
	}
	if got := w.entries("export report"); len(got) != 2 {
		t.Errorf("the audit log has %q of two exports", got)
	}
	if a := b.get("/report/export.csv?from=x"); a.status != http.StatusUnprocessableEntity || a.header.Get("Content-Disposition") != "" {
		t.Errorf("an export of no days: %d %v", a.status, a.header)
	}
}

func TestChosenRowsAreExportedAndNothingElse(t *testing.T) {
	w, ids := reported(t)
	d, err := w.server.Track.Traced(t.Context(), w.actors[grace], ids[1])
	if err != nil {
		t.Fatal(err)
	}
	value := func(m, r letterlock.ID) string { return string(m) + ":" + string(r) }
	one := value(ids[1], d.Recipients[0].ID)
	b := w.browser().signIn(nora)
	rows, err := csv.NewReader(strings.NewReader(b.post("/report/chosen.csv", url.Values{"row": {one}}).body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][2] != string(d.Recipients[0].Mailbox.Address) || rows[1][7] != d.Message.MessageID {
		t.Errorf("the file of one row: %v %q", err, rows)
	}
	for name, rows := range map[string][]string{
		"none": {}, "nonsense": {"x"}, "no recipient": {string(ids[1])}, "of another message": {value(ids[0], d.Recipients[0].ID)},
		"unknown": {value(letterlock.NewID(), letterlock.NewID())}, "too many": slices.Repeat([]string{one}, 1001),
	} {
		if a := b.post("/report/chosen.csv", url.Values{"row": rows}); a.status != 422 && a.status != 413 || a.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d, want 422", name, a.status)
		}
	}
}

// An export does not gather what it sends: of many rows it keeps few at a time.
func TestExportOfManyRowsKeepsNoneOfThem(t *testing.T) {
	w := newWorld(t)
	const rows = 200_000
	row := []string{strings.Repeat("x", 100), "=1+1"}
	var before, most runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := w.server.echo.NewContext(httptest.NewRequest(http.MethodGet, "/report/export.csv", nil), nowhere{http.Header{}})
	err := w.server.sendCSV(c, listing{"x", []string{"A", "B"}, func(each func([]string) error) error {
		for i := range rows {
			if err := each(row); err != nil {
				return err
			}
			if i == rows/2 {
				runtime.GC()
				runtime.ReadMemStats(&most)
			}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("half way through the heap had grown by %d bytes", grown)
	}
}

// nowhere is a client that takes everything and keeps nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

func (n nowhere) Flush() {}
