package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// TestThereIsOneAnswer asks everybody about the same messages: the command over the
// socket and over HTTP with a token, AME's own words, the API, and the pages.
func TestThereIsOneAnswer(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	c.staffed()
	ids := c.settle()
	token := c.token(grace, "trace", "report", "revoke")
	browser := c.signedIn(grace)
	statuses := c.reported()
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			c := c.with(t)
			id := ids[s.name]
			said := c.does("status", id, "--json")
			var m api.Message
			if err := json.Unmarshal([]byte(said), &m); err != nil {
				t.Fatal(err)
			}
			var states []string
			for _, r := range m.Recipients {
				states = append(states, r.State)
			}
			if m.MessageID != id || m.IsRevocable != s.revocable || m.Revoked != s.revoked || !slices.Equal(states, s.states) {
				t.Fatalf("the command says %s", said)
			}
			for way, got := range map[string]string{
				"without its brackets":  c.does("status", bare(id), "--json"),
				"with a token":          c.elsewhere(token, "status", id, "--json"),
				"in the words of AME":   c.does("Get-OMEMessageStatus", "-MessageId", id, "--json"),
				"a search":              onlyOne(t, c.does("trace", "--message-id", id, "--json")),
				"a search with a token": onlyOne(t, c.elsewhere(token, "trace", "--message-id", bare(id), "--json")),
				"the API":               indented(t, c.get(http.DefaultClient, "/api/v1/messages/"+url.PathEscape(id), token)),
			} {
				if got != said {
					t.Errorf("%s says\n%s\nwant\n%s", way, got, said)
				}
			}
			if got := strings.Fields(c.does("status", id)); !slices.Equal(got[len(got)-2:], []string{truthOf(s.revocable), truthOf(s.revoked)}) {
				t.Errorf("the table says %q", got)
			}
			if got, want := lead(t, c.get(browser, "/trace/"+m.ID, "")), s.lead(); got != want {
				t.Errorf("the page says %q, want %q", got, want)
			}
			if !slices.Equal(statuses[id], s.states) {
				t.Errorf("the report says %q, want %q", statuses[id], s.states)
			}
		})
	}
}

// with is the console in a part of the test.
func (c *console) with(t *testing.T) *console {
	return &console{t: t, config: c.config, cfg: c.cfg, app: c.app, site: c.site, env: c.env}
}

// lead is how the page of a message begins.
func (s situation) lead() string {
	switch {
	case slices.Contains(s.states, "destroyed"):
		return "Destroyed."
	case s.revoked:
		return "Revoked."
	case s.revocable:
		return "Revocable."
	}
	return "Not revocable."
}

var bandLead = regexp.MustCompile(`(?s)<div class="band[^>]*>.*?<strong>([^<]*)</strong>`)

func lead(t *testing.T, page string) string {
	t.Helper()
	found := bandLead.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page says nothing of the message:\n%s", page)
	}
	return found[1]
}

// onlyOne returns the one message that was found.
func onlyOne(t *testing.T, page string) string {
	t.Helper()
	var p struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if err := json.Unmarshal([]byte(page), &p); err != nil || len(p.Messages) != 1 {
		t.Errorf("found %v, %v in %s, want one message", p.Messages, err, page)
		return ""
	}
	return indented(t, string(p.Messages[0]))
}

// indented is JSON as our commands print it.
func indented(t *testing.T, text string) string {
	t.Helper()
	var m api.Message
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		t.Errorf("%v in %s", err, text)
	}
	var b bytes.Buffer
	if err := printJSON(&b, m); err != nil {
		t.Error(err)
	}
	return b.String()
}

// token makes a token of an account, and returns the file that it is in.
func (c *console) token(of letterlock.Mailbox, scopes ...string) string {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "token")
	args := []string{"token", "add", string(of.Address), "--name", "test", "--output", file}
	for _, s := range scopes {
		args = append(args, "--scope", s)
	}
	c.does(args...)
	return file
}

// elsewhere runs a command as on another machine, which has to succeed.
func (c *console) elsewhere(token string, args ...string) string {
	c.t.Helper()
	return c.does(append(args, "--url", c.site, "--token-file", token)...)
}

// get fetches a page of the site.
func (c *console) get(client *http.Client, path, tokenFile string) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.site+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	answer, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s %v\n%s", path, answer.Status, err, body)
	}
	return string(body)
}

// signedIn returns a browser, of a kind, in which an account is signed in.
func (c *console) signedIn(as letterlock.Mailbox) *http.Client {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	answer, err := client.PostForm(c.site+"/sign-in", url.Values{"address": {string(as.Address)}, "password": {adasPassword}})
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	return client
}

// reported returns what the report says of the recipients of each message.
func (c *console) reported() map[string][]string {
	c.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(c.does("report", "--from", "1d", "--until", "0d", "--csv"))).ReadAll()
	if err != nil || len(rows) < 2 {
		c.t.Fatalf("the report has %d rows, %v", len(rows), err)
	}
	status, id := slices.Index(rows[0], "Revocation Status"), slices.Index(rows[0], "Message-ID")
	if status < 0 || id < 0 {
		c.t.Fatalf("the columns of the report are %q", rows[0])
	}
	all := map[string][]string{}
	for _, r := range rows[1:] {
		all[r[id]] = append(all[r[id]], r[status])
	}
	return all
}
