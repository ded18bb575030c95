package main

import (
	"encoding/json"
	"strings"
	"testing"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// TestBadInputChangesNothing types what the server has to refuse, over the socket
// or with a token, and looks whether anything but the audit log has changed.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	c.staffed()
	c.must(adasPassword+"\n", "add", "otto@contoso.example", "--name", "Otto", "--role", "auditor", "--password-file", "-")
	ids := c.settle()
	reads, auditor := c.token(grace, "trace"), c.token(letterlock.Mailbox{Address: "otto@contoso.example"}, "trace", "revoke", "destroy")
	wrong := fileWith(t, "llt_"+strings.Repeat("A", 43)+"\n", 0o600)
	before := c.everything()
	at := func(token string) []string { return []string{"--url", c.site, "--token-file", token} }
	tests := []struct {
		name, says string
		code       int
		args       []string
		audited    bool
	}{
		{"an unknown Message-ID", "there is no such message", 4, []string{"status", "<nobody@contoso.example>"}, false},
		{"a malformed one", "", 2, []string{"status", "<>"}, false},
		{"one with a line end", "", 2, []string{"status", "<a\nb@contoso.example>"}, false},
		{"none", "that is not a Message-ID", 2, []string{"revoke", ""}, false},
		{"dots in its place", "that is not a Message-ID", 2, []string{"status", ".."}, false},
		{"dots in its place, with a token", "that is not a Message-ID", 2, append([]string{"revoke", "."}, at(auditor)...), false},
		{"a slash in its place", "that is not a Message-ID", 2, []string{"destroy", "/", "--confirm", "/"}, false},
		{"no address", "that is not a mail address", 2, []string{"account", "disable", ""}, false},
		{"no batch", "something in the request is not right", 2, []string{"bulk", "start", ""}, false},
		{"revoking an unknown one", "there is no such message", 4, []string{"revoke", "nobody@contoso.example"}, true},
		{"revoking an inline-only message", "received the message itself", 3, []string{"revoke", ids["inline-only"]}, true},
		{"revoking an inline recipient", inside + " received it inline", 2, []string{"revoke", ids["mixed"], "--recipient", inside}, true},
		{"revoking a stranger", "recipient", 2, []string{"revoke", ids["single"], "--recipient", "stranger@gmail.com"}, true},
		{"revoking a destroyed message", "destroyed", 5, []string{"revoke", ids["destroyed"]}, true},
		{"restoring a destroyed message", "destroyed", 5, []string{"restore", ids["destroyed"]}, true},
		{"more time for an unknown one", "there is no such message", 4, []string{"expire", "nobody@contoso.example", "--in", "7d"}, true},
		{"more time for an inline-only message", "received the message itself", 3, []string{"expire", ids["inline-only"], "--never"}, true},
		{"more time for a destroyed message", "destroyed", 5, []string{"expire", ids["destroyed"], "--never"}, true},
		{"an end in the past", "a moment to come", 2, []string{"expire", ids["single"], "--at", "2020-01-01"}, false},
		{"an end of 0", "--in is no span", 2, []string{"expire", ids["single"], "--in", "0"}, false},
		{"a trial of an end in the past", "a moment to come", 2, []string{"expire", ids["single"], "--at", "2020-01-01T10:00:00Z", "--dry-run"}, false},
		{"more time without the scope", "scope", 3, append([]string{"expire", ids["expired"], "--never"}, at(reads)...), true},
		{"more time with a role too small", "", 3, append([]string{"expire", ids["expired"], "--never"}, at(auditor)...), true},
		{"destroying with another Message-ID", "not the Message-ID", 2, []string{"destroy", ids["single"], "--confirm", "<other@contoso.example>"}, false},
		{"a token that is none", "token", 3, append([]string{"revoke", ids["single"]}, at(wrong)...), false},
		{"a token without the scope", "scope", 3, append([]string{"revoke", ids["single"]}, at(reads)...), true},
		{"destroying without the scope", "scope", 3, append([]string{"destroy", ids["single"], "--confirm", ids["single"]}, at(reads)...), true},
		{"a role too small", "", 3, append([]string{"revoke", ids["single"]}, at(auditor)...), true},
		{"destroying with a role too small", "", 3, append([]string{"destroy", ids["single"], "--confirm", ids["single"]}, at(auditor)...), true},
		{"a batch of everything", "condition", 2, []string{"bulk", "plan"}, true},
		{"a batch of nothing", "", 2, []string{"bulk", "plan", "--sender", "nobody@contoso.example"}, true},
		{"an unknown batch", "", 4, []string{"bulk", "start", "abcdefghijklmnopqrstuvwxya"}, false},
		{"a search for too little", "", 2, []string{"trace", "--sender", "a"}, false},
		{"a range that ends before it begins", "", 2, []string{"report", "--from", "0d", "--until", "5d"}, false},
		{"a state that is none", "", 2, []string{"trace", "--state", "lost"}, false},
		{"a scope that is none", "", 2, []string{"token", "add", string(grace.Address), "--name", "x", "--scope", "all"}, false},
		{"a token of nobody", "", 4, []string{"token", "add", "nobody@contoso.example", "--name", "x", "--scope", "trace"}, false},
	}
	for _, tt := range tests {
		refused := c.refused()
		out, errs, code := c.run("", tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.says) || !strings.HasPrefix(errs, "letterlock: error: ") || out != "" {
			t.Errorf("%s: ended with %d and %q %q; want %d and %q", tt.name, code, out, errs, tt.code, tt.says)
		}
		if got := c.refused() > refused; got != tt.audited && tt.audited {
			t.Errorf("%s: the refusal is not in the audit log", tt.name)
		}
	}
	if after := c.everything(); after != before {
		t.Errorf("something changed: it was\n%s\nand is\n%s", before, after)
	}
	if out := c.does("revoke", ids["revoked"]); !strings.Contains(out, "Revoked: True") {
		t.Errorf("revoking again says %q", out)
	}
}

// everything is all that commands can see of all messages.
func (c *console) everything() string {
	c.t.Helper()
	return c.does("trace", "--limit", "0", "--json") + c.does("bulk", "list", "--json")
}

// refused counts the refusals in the audit log.
func (c *console) refused() int {
	c.t.Helper()
	var p api.AuditPage
	if err := json.Unmarshal([]byte(c.does("audit", "list", "--refused", "--limit", "0", "--json")), &p); err != nil {
		c.t.Fatal(err)
	}
	return len(p.Entries)
}

func TestABatchRunsAndIsUndone(t *testing.T) {
	t.Parallel()
	c := newConsole(t)
	c.serve()
	c.staffed()
	c.settle()
	dry := c.does("bulk", "revoke", "--sender", string(ada.Address), "--state", "unread", "--dry-run")
	before := c.does("trace", "--limit", "0", "--json")
	out := c.does("bulk", "revoke", "--sender", string(ada.Address), "--state", "unread", "--reason", "wrong prices", "--yes")
	for _, said := range []string{"<single@contoso.example>", "<several@contoso.example>", "<mixed@contoso.example>"} {
		if !strings.Contains(dry, said) || !strings.Contains(out, said) {
			t.Errorf("%s is not in the plan:\n%s", said, out)
		}
	}
	if !strings.Contains(out, " is done: ") || !strings.Contains(out, " revoked. 'letterlock bulk undo ") {
		t.Fatalf("the batch says\n%s", out)
	}
	if out := c.does("bulk", "status", c.batch("done"), "--result", "already-revoked"); strings.Contains(out, "@contoso.example>") {
		t.Errorf("nothing was revoked already, but there is\n%s", out)
	}
	if out := c.does("bulk", "status", c.batch("done"), "--result", "revoked"); !strings.Contains(out, "<single@contoso.example>") {
		t.Errorf("what was revoked is\n%s", out)
	}
	if got := c.does("status", "single@contoso.example"); !strings.Contains(got, "True") {
		t.Errorf("after the batch status says\n%s", got)
	}
	if out := c.does("bulk", "undo", c.batch("done")); !strings.Contains(out, "is undone: ") || !strings.Contains(out, " restored.") {
		t.Errorf("undoing says %q", out)
	}
	c.batch("discarded") // of the dry run
	if after := c.does("trace", "--limit", "0", "--json"); after != before {
		t.Errorf("after undoing\n%s\nwant\n%s", after, before)
	}
}

// batch returns the one batch that is in a state.
func (c *console) batch(state string) string {
	c.t.Helper()
	var list api.BatchPage
	if err := json.Unmarshal([]byte(c.does("bulk", "list", "--json")), &list); err != nil {
		c.t.Fatal(err)
	}
	var found []string
	for _, b := range list.Batches {
		if b.State == state {
			found = append(found, b.ID)
		}
	}
	if len(list.Batches) != 2 || len(found) != 1 {
		c.t.Fatalf("the batches are %+v, want two and one that is %s", list.Batches, state)
	}
	return found[0]
}
