package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/config"
	"letterlock/internal/inbox"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	ada      = letterlock.Address("ada@contoso.example")
	marta    = letterlock.Address("marta@quillfeather.example")
	password = "correct horse battery"
)

// settings are those of an installation in folders of its own.
func settings(t *testing.T, public url.URL) config.Config {
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &public}
	cfg.DataDir, cfg.MasterKeyFile = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "master.key")
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Color: "#274690",
		Admin: ada, Notify: "notify@contoso.example"}
	return cfg
}

// A running is an App that listens on this machine.
type running struct {
	*App
	http, smtp, metrics string // where it listens
	stop                func() // ends it in order; its numbers stay
}

// run starts an App and stops it with the test.
func run(t *testing.T) *running {
	t.Helper()
	var on [3]net.Listener
	for i := range on {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		on[i] = l
	}
	box, err := inbox.Open("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	cfg := settings(t, url.URL{Scheme: "http", Host: on[0].Addr().String()})
	a, err := New(t.Context(), cfg, Options{Mailer: box, Assured: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx, Listeners{HTTP: on[0], Submission: on[1], Metrics: on[2]}) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	by := letterlock.Actor{Kind: letterlock.System}
	if err := a.Accounts.Put(t.Context(), by, letterlock.Mailbox{Name: "Ada", Address: ada}, password, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	return &running{App: a, http: "http://" + on[0].Addr().String(), smtp: on[1].Addr().String(), metrics: "http://" + on[2].Addr().String(), stop: stop}
}

// numbers are what the metrics say now.
func (r *running) numbers() string {
	w := httptest.NewRecorder()
	r.Metrics.Handler(nil).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// act sends a second message, has its passcode asked for and typed wrong, and
// removes the access to it.
func (r *running) act(t *testing.T) {
	t.Helper()
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada, Roles: []letterlock.Role{letterlock.Sender}}
	receipt, err := r.Intake.Accept(t.Context(), by, intake.Envelope{Recipients: []letterlock.Address{marta}, Via: letterlock.BySubmission, Protection: letterlock.EncryptOnly},
		strings.NewReader("From: "+string(ada)+"\r\nSubject: Second\r\n\r\nHello\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Outbox.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var to []letterlock.Recipient
	if err := r.DB.Read(t.Context(), func(tx *store.Tx) (err error) { to, err = tx.Recipients(receipt.ID); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Passcodes.Ask(t.Context(), to[0].ID, "browser", "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Passcodes.Verify(t.Context(), to[0].ID, "browser", "no code", letterlock.Actor{IP: "192.0.2.7"}); !errors.Is(err, letterlock.Invalid) {
		t.Fatalf("Verify = %v, want Invalid", err)
	}
	if err := r.Outbox.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Access.Restore(t.Context(), letterlock.Actor{}, receipt.ID); err == nil {
		t.Fatal("nobody may restore")
	}
	if err := r.Access.Revoke(t.Context(), by, receipt.ID, ""); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPartCounts(t *testing.T) {
	r := run(t)
	auth := smtp.PlainAuth("", string(ada), password, "127.0.0.1")
	mail := "From: " + string(ada) + "\r\nTo: " + string(marta) + "\r\nSubject: Offer [secure]\r\n\r\nHello\r\n"
	if err := smtp.SendMail(r.smtp, auth, string(ada), []string{string(marta)}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
	a, err := http.PostForm(r.http+"/sign-in", url.Values{"address": {string(ada)}, "password": {"wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a, err = http.Get(r.http + "/nothing?of=that"); err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a, err = http.Get(r.metrics + "/healthz"); err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != http.StatusOK {
		t.Errorf("the listener for metrics answers %d", a.StatusCode)
	}
	r.stop() // what was begun is counted, and nothing delivers but act
	r.act(t)
	got := r.numbers()
	for _, want := range []string{
		`letterlock_http_requests_total{class="4xx",method="POST",route="/sign-in"} 1`,
		`letterlock_sign_ins_total{by="web",result="refused"} 1`,
		`letterlock_sign_ins_total{by="smtp",result="done"} 1`,
		`letterlock_smtp_connections_total{result="accepted"} 1`,
		`letterlock_smtp_mails_total{reply="250"} 1`,
		`letterlock_passcode_requests_total{result="mailed"} 1`,
		`letterlock_passcode_checks_total{result="wrong"} 1`,
		`letterlock_access_changes_total{act="revoke",result="done"} 1`,
		`letterlock_access_changes_total{act="restore",result="refused"} 1`,
		`letterlock_outbox_attempts_total{kind="notification",outcome="sent"} 2`,
		`letterlock_outbox_attempts_total{kind="passcode",outcome="sent"} 1`,
		`letterlock_outbox_attempt_duration_seconds_count{kind="passcode"} 1`,
		`letterlock_store_commit_duration_seconds_bucket`,
		`letterlock_outbox_waiting{kind="passcode"} 0`,
		`letterlock_messages_stored 2`,
		`letterlock_store_writes_total{result="done"}`,
		`letterlock_store_wal_bytes`,
		`letterlock_readers 0`,
		`letterlock_live_streams 0`,
		`letterlock_store_writable 1`,
		`letterlock_store_free_bytes `,
		`letterlock_state_readable{of="queue"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
	for _, bad := range []string{string(ada), string(marta), "nothing", "of=that", "Offer"} {
		if strings.Contains(got, bad) {
			t.Errorf("the metrics say %q", bad)
		}
	}
}

// TestAnOperatorIsLedNowhereElse asks for paths that a mux would make others of, which a
// client that follows would ask for something else at.
func TestAnOperatorIsLedNowhereElse(t *testing.T) {
	operators := run(t).Control()
	for _, path := range []string{"/messages//revoke", "/messages/../revoke", "/messages/.", "//backup"} {
		w := httptest.NewRecorder()
		operators.ServeHTTP(w, httptest.NewRequest(http.MethodPost, api.Prefix+path, nil))
		if w.Code < 400 || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d to %q, %s", path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}
