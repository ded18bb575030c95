package app

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

func TestTheCanaryFindsWhatIsBroken(t *testing.T) {
	tests := []struct {
		name   string
		before string // the step before which the fault is planted; empty: none is
		plant  func(context.Context, *canary) error
		says   string
	}{
		{name: "nothing", says: "revoked and closed"},
		{"the notification is lost", "it was accepted", func(_ context.Context, c *canary) error {
			c.box.Fail(errors.New("planted"))
			return nil
		}, "failed while its reader was notified, and followed the link: mail 1 to the reader did not come"},
		{"another link", "the mailbox was proved with a passcode", func(_ context.Context, c *canary) error {
			c.page += "x"
			return nil
		}, "failed while the mailbox was proved with a passcode: the page answered with status 404"},
		{"a text that is not shown", "it was read", func(_ context.Context, c *canary) error {
			c.marker += "x"
			return nil
		}, "the page does not show the text"},
		{"the text on the disk", "its text was looked for on the disk", func(_ context.Context, c *canary) error {
			return os.WriteFile(filepath.Join(c.folder, "data", "cache"), []byte("... "+c.marker), 0o600)
		}, "failed while its text was looked for on the disk: it is readable in cache"},
		{"a search of the wrong folder", "its text was looked for on the disk", func(_ context.Context, c *canary) error {
			c.folder = filepath.Join(c.folder, "data", "keyring")
			return nil
		}, "does not even find what is kept in the clear"},
		{"a revocation that fails", "it was revoked", func(_ context.Context, c *canary) error {
			c.sender.Address = "somebody.else@contoso.example"
			return nil
		}, "failed while it was revoked"},
		{"access that comes back", "it was asked for after it was revoked", func(ctx context.Context, c *canary) error {
			return c.app.Access.Restore(ctx, c.sender, c.id)
		}, "failed while it was asked for after it was revoked: the page answered with status 200 instead of 410"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := canaryOf(t)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var way []canaryStep
			for _, s := range c.steps() {
				if s.while == tt.before {
					way = append(way, canaryStep{"the fault was planted", func(ctx context.Context) error { return tt.plant(ctx, c) }})
				}
				way = append(way, s)
			}
			f := c.fly(ctx, way)
			if (f.Level == Fine) != (tt.before == "") || !strings.Contains(f.Says, tt.says) || (f.Do == "") != (f.Level == Fine) {
				t.Errorf("%s: %s; to do: %q; want %q", f.Level, f.Says, f.Do, tt.says)
			}
			if strings.Contains(f.Says, "/m/") {
				t.Errorf("a link is shown: %s", f.Says)
			}
		})
	}
}

func canaryOf(t *testing.T) *canary {
	t.Helper()
	cfg := config.Default()
	cfg.PublicURL = config.URL{URL: &url.URL{Scheme: "https", Host: "mail.contoso.example"}}
	cfg.TimeZone = config.Zone{Location: time.UTC}
	cfg.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: letterlock.Address("portal@contoso.example")}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	c, err := newCanary(ctx, cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	folder := c.folder
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		cancel()
		if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("left behind: %v", err)
		}
	})
	return c
}
