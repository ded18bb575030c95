package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/app"
	"letterlock/internal/browsertest"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/inbox"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/mx"
	"letterlock/internal/store"
	"letterlock/views"
	"letterlock/web"
)

const lena = "lena.voss@contoso.example"

// A console is where an operator types commands, on a data folder of its own.
type console struct {
	t      *testing.T
	config string
	cfg    config.Config
	box    *inbox.Box // everybody's mailbox, while it serves
	app    *app.App   // likewise
	site   string
	ahead  atomic.Int64 // how far the server's clock is ahead, in nanoseconds
	env    []string     // beside the name of the file of settings
	dns    mx.Resolver  // of the server; nil: it asks nobody
}

func newConsole(t *testing.T) *console {
	t.Helper()
	return newConsoleAt(t, "127.0.0.1")
}

// newConsoleAt is newConsole for a portal under a name of this machine.
func newConsoleAt(t *testing.T, host string) *console {
	t.Helper()
	dir := t.TempDir()
	c := &console{t: t, config: filepath.Join(dir, "letterlock.toml")}
	_, port, err := net.SplitHostPort(mailtest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	c.site = "http://" + net.JoinHostPort(host, port)
	settings := fmt.Sprintf(`
public_url = %q
data_dir = "data"
master_key_file = "master.key"
time_zone = "UTC"
[organization]
name = "Contoso"
domains = ["contoso.example"]
notify = "portal@contoso.example"
[relay]
address = "127.0.0.1:9"
security = "none"
`, c.site)
	if err := os.WriteFile(c.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.cfg, err = config.Load(c.config, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// serve serves pages, outbox and socket until the test ends; what leaves the house
// lies in the inbox.
func (c *console) serve() {
	c.t.Helper()
	var err error
	if c.box, err = inbox.Open("", time.Now); err != nil {
		c.t.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
	a, err := app.New(c.t.Context(), c.cfg, app.Options{Mailer: c.box, DNS: c.dns, Now: now, Log: slog.New(slog.DiscardHandler),
		Demo: &web.Demo{Box: c.box, Steps: func() []views.DemoStep { return nil }}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.app = a
	u, err := url.Parse(c.site)
	if err != nil {
		c.t.Fatal(err)
	}
	var on app.Listeners
	var err1, err2 error
	on.HTTP, err1 = net.Listen("tcp", u.Host)
	on.Control, err2 = control.Listen(c.cfg.DataDir)
	if err := errors.Join(err1, err2); err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- errors.Join(a.Run(ctx, on), a.Close()) }()
	c.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			c.t.Errorf("the server ended with %v", err)
		}
	})
}

// types runs a command about accounts and returns what it says and its exit code.
func (c *console) types(in string, args ...string) (out, errs string, code int) {
	c.t.Helper()
	return c.run(in, append([]string{"account"}, args...)...)
}

// run runs a command and returns what it says and its exit code.
func (c *console) run(in string, args ...string) (out, errs string, code int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{"LETTERLOCK_CONFIG=" + c.config}, c.env...) // and nothing of ours that a test was told
	var o, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// must runs a command that has to succeed.
func (c *console) must(in string, args ...string) string {
	c.t.Helper()
	out, errs, code := c.types(in, args...)
	if code != 0 {
		c.t.Fatalf("account %q ended with %d: %s", args, code, errs)
	}
	return out
}

func TestTheOperatorHasTheSameAnswersWithAndWithoutAServer(t *testing.T) {
	t.Parallel()
	const pass = "correct horse battery"
	for name, served := range map[string]bool{"with a server": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			if served {
				c.serve()
			}
			if out := c.must("", "list"); !strings.Contains(out, "There is no account yet.") {
				t.Errorf("list at first says %q", out)
			}
			if out := c.must(pass+"\n", "add", "grace@contoso.example", "--name", "Grace Okoye", "--role", "sender", "--role", "admin", "--password-file", "-"); !strings.Contains(out, "grace@contoso.example is added") {
				t.Errorf("add says %q", out)
			}
			if out := c.must("", "add", lena, "--name", "Lena Voss"); !strings.Contains(out, "it works until") || strings.Contains(out, "No server runs") == served {
				t.Errorf("inviting says %q", out)
			}
			c.refusals()
			if out := c.must("", "reset", lena); !strings.Contains(out, "no longer works") {
				t.Errorf("reset says %q", out)
			}
			if out := c.must("", "roles", lena, "sender,auditor", "sender"); !strings.Contains(out, "roles now: sender, auditor.") {
				t.Errorf("roles says %q", out)
			}
			if out := c.must("", "sign-out", lena); !strings.Contains(out, "The sessions of "+lena+" have ended") {
				t.Errorf("sign-out says %q", out)
			}
			c.must("", "disable", lena)
			out := c.must("", "list")
			for _, want := range []string{"ADDRESS", "grace@contoso.example      Grace Okoye  sender admin    set       enabled", "sender auditor  not set   disabled since 20"} {
				if !strings.Contains(out, want) {
					t.Errorf("list does not say %q:\n%s", want, out)
				}
			}
			c.must("", "enable", lena)
			var all api.Accounts
			if err := json.Unmarshal([]byte(c.must("", "list", "--json")), &all); err != nil || len(all.Accounts) != 2 || all.Accounts[1].Address != lena || !all.Accounts[1].Disabled.IsZero() {
				t.Errorf("as JSON: %+v, %v", all, err)
			}
		})
	}
}

// refusals are commands that fail, each with its sentence, its hint and its code.
func (c *console) refusals() {
	c.t.Helper()
	tests := []struct {
		name, in, says string
		args           []string
		code           int
	}{
		{"an account that exists", "", "there is already an account with that address\nletterlock: hint: 'letterlock account reset", []string{"add", lena}, 2},
		{"no mail address", "", "that is not a mail address", []string{"add", "lena"}, 2},
		{"an unknown role", "", "the roles are sender, auditor, revoker and admin", []string{"roles", lena, "owner"}, 2},
		{"a short password", "x\n", "a password has 8 to 256 bytes", []string{"add", "x@contoso.example", "--password-file", "-"}, 2},
		{"two lines", "correct horse\nbattery", "more than one line\nletterlock: hint: write the password", []string{"add", "x@contoso.example", "--password-file", "-"}, 2},
		{"an empty file", "", "is empty", []string{"add", "x@contoso.example", "--password-file", "-"}, 2},
		{"no file", "", "no such file", []string{"add", "x@contoso.example", "--password-file", "/nowhere/at/all"}, 2},
		{"nobody", "", "there is no account with that address\nletterlock: hint: 'letterlock account list'", []string{"reset", "x@contoso.example"}, 4},
		{"the last administrator", "", "this is the last administrator", []string{"disable", "grace@contoso.example"}, 3},
		{"the last administrator's role", "", "hint: give somebody else the role first", []string{"roles", "grace@contoso.example", "sender"}, 3},
		{"a password as an argument", "", "unknown flag --password", []string{"add", "x@contoso.example", "--password", "secret"}, 2},
		{"no address", "", "expected", []string{"disable"}, 2},
	}
	for _, tt := range tests {
		out, errs, code := c.types(tt.in, tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.says) || !strings.Contains(errs, "letterlock: error: ") {
			c.t.Errorf("%s: ended with %d and %q %q; want %d and %q", tt.name, code, out, errs, tt.code, tt.says)
		}
	}
}

func TestABindingIsForgottenByCommandLine(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	a, issuer := letterlock.Address("marta@quillfeather.example"), "https://quill.example"
	err := c.app.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Bind(store.Binding{Address: a, Issuer: issuer, Subject: "1", Provider: "quill"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Forgotten. The next account", "No account was bound to marta@quillfeather.example"} {
		if out, errs, code := c.run("", "signin", "forget", string(a)); code != 0 || !strings.Contains(out, want) {
			t.Errorf("ended with %d and %q %q, want %q", code, out, errs, want)
		}
	}
	if _, errs, code := c.run("", "signin", "forget", "marta"); code != 2 || !strings.Contains(errs, "that is not a mail address") {
		t.Errorf("no address: ended with %d and %q", code, errs)
	}
}

func TestBrowsersAreForgottenByCommandLine(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	a := letterlock.Address("marta@quillfeather.example")
	err := c.app.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.PutBrowser(store.Browser{ID: letterlock.NewID(), Hash: []byte("hash"), Address: a, Expires: tx.Now.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Forgotten: 1. The next link to marta@quillfeather.example asks", "No browser was remembered for marta@quillfeather.example"} {
		if out, errs, code := c.run("", "signin", "forget-browsers", string(a)); code != 0 || !strings.Contains(out, want) {
			t.Errorf("ended with %d and %q %q, want %q", code, out, errs, want)
		}
	}
	if _, errs, code := c.run("", "signin", "forget-browsers", "marta"); code != 2 || !strings.Contains(errs, "that is not a mail address") {
		t.Errorf("no address: ended with %d and %q", code, errs)
	}
}

func TestEveryCodeHasAnExitCode(t *testing.T) {
	seen := map[int]bool{0: true}
	for _, code := range []letterlock.Code{letterlock.Internal, letterlock.Invalid, letterlock.Denied, letterlock.NotFound,
		letterlock.Gone, letterlock.TooLarge, letterlock.Throttled, letterlock.Busy} {
		got := exitCode(fmt.Errorf("wrapped: %w", &letterlock.Error{Code: code}))
		if seen[got] {
			t.Errorf("%s ends with %d, as something else does", code, got)
		}
		seen[got] = true
	}
	if exitCode(nil) != 0 || exitCode(errors.New("x")) != 1 || exitCode(letterlock.Code("new")) != 1 {
		t.Errorf("no error %d, an error without a code %d, an unknown code %d; want 0, 1, 1",
			exitCode(nil), exitCode(errors.New("x")), exitCode(letterlock.Code("new")))
	}
}

func TestSomebodyElsesDataFolderIsLeftAlone(t *testing.T) {
	if err := ownFolder(t.TempDir()); err != nil {
		t.Errorf("our own folder: %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if err := ownFolder(dir); !errors.Is(err, letterlock.Denied) {
		t.Errorf("a folder of another user: %v, want Denied", err)
	}
}

func TestWhoIsInvitedComesInAndAResetEndsIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		noScript bool
	}{{"with JavaScript", false}, {"without JavaScript", true}} {
		t.Run(tt.name, func(t *testing.T) {
			c := newConsole(t)
			c.serve()
			c.must("", "add", lena, "--name", "Lena Voss")
			page := browsertest.New(t, browsertest.Light).Page(t)
			page.NoScript(tt.noScript)
			link := c.setPassword(page, 1, "1234567", "a password of my own")
			c.waitForMail(2) // which says so
			c.signIn(page, "a password of my own")
			if page.Path() != "/sent" || !strings.Contains(page.Text("body"), "Lena Voss") {
				t.Fatalf("after signing in at %s", page.URL())
			}
			c.must("", "reset", lena)
			page.Reload()
			wantPage(t, page, 200, "Sign in to Contoso")
			c.signIn(page, "a password of my own")
			wantPage(t, page, 422, "Sign in to Contoso")
			page.Goto(link)
			wantPage(t, page, 404, "This link does not work")
			c.setPassword(page, 3, "", "another password of my own")
			c.signIn(page, "another password of my own")
			wantPage(t, page, 200, "Sent")
			page.CheckProblems()
		})
	}
}

// setPassword follows the link in the newest of so many mails to Lena, and returns it.
func (c *console) setPassword(page *browsertest.Page, mails int, wrong, right string) (link string) {
	c.t.Helper()
	const subject = "Set your password for Letterlock at Contoso"
	c.waitForMail(mails)
	page.Goto(c.site + "/inbox/" + lena)
	page.Click("a.item")
	wantPage(c.t, page, 200, subject)
	page.FrameEval("iframe", `document.querySelector('a[href*="/password/"]').href`, &link)
	page.Goto(link)
	wantPage(c.t, page, 200, "Set your password for Contoso")
	c.everybody(page, "set-password")
	if wrong != "" {
		page.Fill("New password", wrong)
		page.ClickText("Set your password")
		wantPage(c.t, page, 422, "Set your password for Contoso")
		c.everybody(page, "set-password-wrong")
	}
	page.Fill("New password", right)
	page.ClickText("Set your password")
	wantPage(c.t, page, 200, "Sign in to Contoso")
	if !strings.Contains(page.Text("main"), "Your password is set.") {
		c.t.Errorf("after setting a password the page says:\n%s", page.Text("main"))
	}
	c.everybody(page, "sign-in-password-set")
	return link
}

// waitForMail waits until so many mails are in Lena's mailbox.
func (c *console) waitForMail(count int) {
	c.t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if len(c.box.Mails(lena)) == count {
			return
		}
	}
	c.t.Fatalf("%d mails came, want %d", len(c.box.Mails(lena)), count)
}

func (c *console) signIn(page *browsertest.Page, password string) {
	c.t.Helper()
	page.Goto(c.site + "/sign-in")
	page.Fill("Address", lena)
	page.Fill("Password", password)
	page.ClickText("Sign in")
}

// everybody requires that everybody can use the page that is shown.
func (c *console) everybody(page *browsertest.Page, name string) {
	c.t.Helper()
	stop{name: name, page: page}.everywhere(c.t, nil)
}
