package app

import (
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// TestTheDoctorSaysWhichMailWaitsForLong has a server put off the mail for a domain.
func TestTheDoctorSaysWhichMailWaitsForLong(t *testing.T) {
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	clock := func() time.Time { return *now.Load() }
	box, err := inbox.Open("", clock)
	if err != nil {
		t.Fatal(err)
	}
	box.Refuse(marta, &letterlock.Error{Code: letterlock.Busy, Err: errors.New("451 4.7.1 come back")})
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "https", Host: "mail.contoso.example"}}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "master.key")
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Color: "#274690", Admin: ada, Notify: "notify@contoso.example"}
	cfg.TimeZone = config.Zone{Location: time.UTC}
	a, err := New(t.Context(), cfg, Options{Mailer: box, Assured: true, Now: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada, Roles: []letterlock.Role{letterlock.Sender}}
	found := func() string {
		t.Helper()
		st, err := a.state(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := &doctor{checkup: newCheckup(cfg, clock())}
		d.waiting(st.Queue.Waiting)
		var lines []string
		for _, f := range d.found {
			lines = append(lines, string(f.Level)+" "+f.About+": "+f.Says)
			if f.Do == "" {
				t.Errorf("nothing to do about %s", f.About)
			}
		}
		return strings.Join(lines, "\n")
	}
	_, err = a.Intake.Accept(t.Context(), by, intake.Envelope{Recipients: []letterlock.Address{marta}, Via: letterlock.BySubmission, Protection: letterlock.EncryptOnly},
		strings.NewReader("From: "+string(ada)+"\r\nSubject: Offer\r\n\r\nHello\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Outbox.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := found(); got != "" {
		t.Errorf("at once it says %s", got)
	}
	set(clock().Add(50 * time.Hour))
	const want = "warn running server: 1 mail has waited for more than an hour, the oldest since 20 November 2026, 10:00 UTC\n" +
		"warn mail for quillfeather.example: 1 mail waits, the oldest since 20 November 2026, 10:00 UTC; the last answer was: 451 4.7.1 come back"
	if got := found(); got != want {
		t.Errorf("after two days it says\n%s\nwant\n%s", got, want)
	}
}
