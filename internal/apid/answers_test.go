package apid

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func escape(id string) string { return url.PathEscape(id) }

func TestOneAnswerForTheSameMessage(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(olga))
	single, several := h.send("One", marta), h.send("Several", marta, jonas)
	mixed, inline := h.send("Mixed", marta, carol), h.send("Inline", carol)
	half, all := h.send("Half", marta, jonas), h.send("All", marta, jonas)
	restored, destroyed := h.send("Restored", marta), h.send("Destroyed", marta)
	must := func(_ api.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Revoke(ctx, half, api.Revoke{Recipients: []string{marta}}, false))
	must(c.Revoke(ctx, all, api.Revoke{}, false))
	must(c.Revoke(ctx, restored, api.Revoke{Reason: "wrong"}, false))
	must(c.Restore(ctx, restored, api.Restore{Reason: "right after all"}, false))
	must(c.Destroy(ctx, destroyed, api.Destroy{Confirm: destroyed}))
	tests := []struct {
		name, id           string
		state              string
		revocable, revoked bool
		recipients         string
	}{
		{"single", single, "live", true, false, "live"},
		{"several", several, "live", true, false, "live live"},
		{"mixed", mixed, "live", true, false, "live inline"},
		{"inline", inline, "live", false, false, "inline"},
		{"revoked for one", half, "live", true, false, "revoked live"},
		{"revoked", all, "revoked", false, true, "revoked revoked"},
		{"restored", restored, "live", true, false, "live"},
		{"destroyed", destroyed, "destroyed", false, false, "destroyed"},
	}
	for _, tt := range tests {
		m, err := c.Status(ctx, tt.id)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var states []string
		for _, r := range m.Recipients {
			states = append(states, r.State)
		}
		if m.State != tt.state || m.IsRevocable != tt.revocable || m.Revoked != tt.revoked || strings.Join(states, " ") != tt.recipients {
			t.Errorf("%s: %+v", tt.name, m)
		}
		for form, name := range map[string]string{"without brackets": strings.Trim(tt.id, "<>"), "by its id": m.ID} {
			if other, err := c.Status(ctx, name); err != nil || other.ID != m.ID {
				t.Errorf("%s %s: %+v, %v", tt.name, form, other, err)
			}
		}
		tr, err := c.Trace(ctx, tt.id)
		if err != nil || tr.Message.State != m.State || tr.Message.IsRevocable != m.IsRevocable || len(tr.History) != len(m.Recipients) || len(tr.History[0].Events) == 0 {
			t.Errorf("%s: trace %+v, %v", tt.name, tr, err)
		}
	}
	found, err := c.Search(ctx, letterlock.Search{Sender: ada}, "", 3)
	if err != nil || len(found.Messages) != 3 || found.Total != len(tests) || found.Next == "" {
		t.Fatalf("searching: %+v, %v", found, err)
	}
	rest, err := c.Search(ctx, letterlock.Search{Sender: ada}, found.Next, 200)
	if err != nil || len(rest.Messages) != len(tests)-3 || rest.Next != "" || rest.Messages[0].MessageID == found.Messages[2].MessageID {
		t.Errorf("the next page: %+v, %v", rest, err)
	}
}

func TestBadInputGetsAPreciseSentence(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	inline, id := h.send("Inline", carol), h.send("Link", marta, carol)
	gone := h.send("Gone", marta)
	if _, err := h.client(token).Destroy(t.Context(), gone, api.Destroy{Confirm: gone}); err != nil {
		t.Fatal(err)
	}
	at := "/api/v1/messages/" + escape(id)
	tests := []struct {
		name, method, path, body string
		status                   int
		key                      string
	}{
		{"unknown", "GET", "/api/v1/messages/none@nowhere.example", "", 404, "no-message"},
		{"half a bracket", "GET", "/api/v1/messages/%3Cnone@nowhere.example", "", 422, "message-id"},
		{"unknown to revoke", "POST", "/api/v1/messages/none@nowhere.example/revoke", "{}", 404, "no-message"},
		{"inline", "POST", "/api/v1/messages/" + escape(inline) + "/revoke", "{}", 403, "inline"},
		{"inline, dry", "POST", "/api/v1/messages/" + escape(inline) + "/revoke?dry_run=true", "{}", 403, "inline"},
		{"an inline recipient", "POST", at + "/revoke", `{"recipients":["` + carol + `"]}`, 422, "recipient"},
		{"a recipient of another", "POST", at + "/revoke", `{"recipients":["` + jonas + `"]}`, 422, "recipient"},
		{"no address", "POST", at + "/revoke", `{"recipients":["marta"]}`, 422, "recipient"},
		{"an empty list of recipients", "POST", at + "/revoke", `{"recipients":[]}`, 422, "json"},
		{"an empty list of recipients, dry", "POST", at + "/revoke?dry_run=true", `{"recipients":[]}`, 422, "json"},
		{"no list of recipients", "POST", at + "/revoke", `{"recipients":null}`, 422, "json"},
		{"no list of recipients, dry", "POST", at + "/restore?dry_run=true", `{"recipients":null}`, 422, "json"},
		{"null for all", "POST", at + "/revoke", `null`, 422, "json"},
		{"an empty list of recipients in a batch", "POST", "/api/v1/batches", `{"messages":[{"message_id":"` + id + `","recipients":[]}]}`, 422, "json"},
		{"no list of recipients in a batch", "POST", "/api/v1/batches", `{"messages":[{"message_id":"` + id + `","recipients":null}]}`, 422, "json"},
		{"a long reason", "POST", at + "/revoke", `{"reason":"` + strings.Repeat("x", 1001) + `"}`, 422, "reason"},
		{"a long reason, dry", "POST", at + "/revoke?dry_run=true", `{"reason":"` + strings.Repeat("x", 1001) + `"}`, 422, "reason"},
		{"destroyed", "POST", "/api/v1/messages/" + escape(gone) + "/revoke", "{}", 410, "destroyed"},
		{"no end", "POST", at + "/expire", `{}`, 422, "json"},
		{"an end that is empty", "POST", at + "/expire", `{"expires":""}`, 422, "expires"},
		{"an end of nothing", "POST", at + "/expire", `{"expires":null}`, 422, "json"},
		{"an end of 0", "POST", at + "/expire", `{"expires":"0"}`, 422, "expires"},
		{"an end at the beginning of time", "POST", at + "/expire", `{"expires":"0001-01-01T00:00:00Z"}`, 422, "expires"},
		{"an end in the past", "POST", at + "/expire", `{"expires":"2026-11-19T00:00:00Z"}`, 422, "expires"},
		{"an end in the past, dry", "POST", at + "/expire?dry_run=true", `{"expires":"2026-11-19T00:00:00Z"}`, 422, "expires"},
		{"an end too far away", "POST", at + "/expire", `{"expires":"2037-11-19T00:00:00Z"}`, 422, "expires"},
		{"an end without a zone", "POST", at + "/expire", `{"expires":"2026-12-24"}`, 422, "expires"},
		{"an end of an unknown message", "POST", "/api/v1/messages/none@nowhere.example/expire", `{"expires":"7d"}`, 404, "no-message"},
		{"an end of an unknown message, dry", "POST", "/api/v1/messages/none@nowhere.example/expire?dry_run=true", `{"expires":"7d"}`, 404, "no-message"},
		{"an end of an inline message", "POST", "/api/v1/messages/" + escape(inline) + "/expire", `{"expires":"7d"}`, 403, "inline"},
		{"an end of a destroyed message", "POST", "/api/v1/messages/" + escape(gone) + "/expire", `{"expires":"7d"}`, 410, "destroyed"},
		{"an end for one recipient", "POST", at + "/expire", `{"expires":"7d","recipients":["` + marta + `"]}`, 422, "json"},
		{"another confirmed", "POST", at + "/destroy", `{"confirm":"<x@y>"}`, 422, "confirm"},
		{"nothing confirmed", "POST", at + "/destroy", `{}`, 422, "json"},
		{"a misspelt field", "POST", at + "/revoke", `{"recipient":["` + marta + `"]}`, 422, "json"},
		{"an empty dry run", "POST", at + "/revoke?dry_run=", "{}", 422, "request"},
		{"a dry run without a value", "POST", at + "/revoke?dry_run", "{}", 422, "request"},
		{"two dry runs", "POST", at + "/revoke?dry_run=false&dry_run=true", "{}", 422, "request"},
		{"a dry run that cannot be read", "POST", at + "/revoke?dry_run=true;x=1", "{}", 422, "request"},
		{"an empty dry run of an end", "POST", at + "/expire?dry_run=", `{"expires":"7d"}`, 422, "request"},
		{"a blank sender", "GET", "/api/v1/messages?sender=%20", "", 422, "request"},
		{"two senders", "GET", "/api/v1/messages?sender=ada&sender=bob", "", 422, "request"},
		{"two conditions refused", "GET", "/api/v1/audit?refused=true&refused=false", "", 422, "request"},
		{"an empty format", "GET", "/api/v1/exports/messages?format=", "", 422, "request"},
		{"a misspelt condition", "GET", "/api/v1/messages?from_address=x", "", 422, "request"},
		{"a wrong date", "GET", "/api/v1/messages?from=yesterday", "", 422, "request"},
		{"an unknown state", "GET", "/api/v1/messages?state=lost", "", 422, "request"},
		{"a page that is too long", "GET", "/api/v1/messages?limit=201", "", 422, "request"},
		{"a wrong cursor", "GET", "/api/v1/messages?cursor=x", "", 422, "cursor"},
		{"no JSON", "POST", at + "/revoke", "recipients=x", 400, "json"},
		{"nothing", "POST", at + "/revoke", "", 400, "json"},
		{"everything in a batch", "POST", "/api/v1/batches", `{"search":{}}`, 422, "batch-everything"},
		{"an empty condition", "POST", "/api/v1/batches", `{"search":{"sender":"","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"a blank condition", "POST", "/api/v1/batches", `{"search":{"sender":" \u00a0\u3000\u000b\u0085","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"a condition of nothing", "POST", "/api/v1/batches", `{"search":{"recipient":null,"from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"an empty subject", "POST", "/api/v1/batches", `{"search":{"subject":"","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"a Message-ID that is empty", "POST", "/api/v1/batches", `{"search":{"message_id":"","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"a Message-ID that is brackets", "POST", "/api/v1/batches", `{"search":{"message_id":"<>","from":"2026-01-01T00:00:00Z"}}`, 422, "part-short"},
		{"a subject without a word", "POST", "/api/v1/batches", `{"search":{"subject":"*","from":"2026-01-01T00:00:00Z"}}`, 422, "subject"},
		{"an empty state", "POST", "/api/v1/batches", `{"search":{"state":"","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"an empty identity", "POST", "/api/v1/batches", `{"search":{"identity":"","from":"2026-01-01T00:00:00Z"}}`, 422, "json"},
		{"an end before all time", "POST", "/api/v1/batches", `{"search":{"until":"0001-01-01T00:00:00Z","sender":"ada"}}`, 422, "json"},
		{"nothing in a batch", "POST", "/api/v1/batches", `{"search":{"sender":"nobody@nowhere.example"}}`, 422, "batch-nothing"},
		{"an empty batch", "POST", "/api/v1/batches", `{}`, 422, "batch"},
		{"an unknown message in a batch", "POST", "/api/v1/batches", `{"messages":[{"message_id":"none@nowhere.example"}]}`, 404, "no-message"},
		{"an unknown batch", "GET", "/api/v1/batches/aaaaaaaaaaaaaaaaaaaaaaaaaa", "", 404, "no-batch"},
		{"no batch", "POST", "/api/v1/batches/x/start", "", 404, "no-batch"},
		{"an empty range", "GET", "/api/v1/report?from=2026-11-20T00:00:00Z&until=2026-11-20T00:00:00Z", "", 422, "range"},
		{"no zone", "GET", "/api/v1/report?from=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z&zone=Nowhere", "", 422, "zone"},
		{"a misspelt action", "GET", "/api/v1/audit?action=revok", "", 404, "no-action"},
		{"an action that nobody was refused", "GET", "/api/v1/audit?action=accept&refused=true", "", 200, ""},
		{"an audit log from its end", "GET", "/api/v1/audit?from=2026-11-21T00:00:00Z&until=2026-11-20T00:00:00Z", "", 422, "range"},
		{"no account", "POST", "/api/v1/accounts/nobody@nowhere.example/disable", "", 404, "no-account"},
		{"no token", "POST", "/api/v1/tokens/x/end", "", 404, "no-token"},
		{"a token for ever", "POST", "/api/v1/tokens", `{"account":"` + nora + `","name":"x","scopes":["trace"],"expires":"2036-01-01T00:00:00Z"}`, 422, "token"},
		{"no path", "GET", "/api/v1/nothing", "", 404, ""},
		{"a path that leads elsewhere", "GET", "/api/v1//accounts", "", 404, ""},
		{"another method", "DELETE", at, "", 405, "method"},
	}
	before := len(h.audited("revoke"))
	for _, tt := range tests {
		a := h.ask(tt.method, tt.path, tt.body, token)
		if a.status != tt.status || a.status != 200 && a.problem() != tt.key {
			t.Errorf("%s: %d %s, want %d %q", tt.name, a.status, a.body, tt.status, tt.key)
		}
	}
	if rows := h.audited("revoke"); len(rows) != before+6 || rows[0].Allowed {
		t.Errorf("%d refusals are recorded, want each that named a message", len(rows)-before)
	}
	if m, err := h.client(token).Status(t.Context(), id); err != nil || m.State != "live" {
		t.Errorf("afterwards: %+v, %v", m, err)
	}
}

func TestADateThatIsNoneIsToldTheForm(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	for _, a := range []answered{
		h.ask("GET", "/api/v1/messages?from=yesterday", "", token),
		h.ask("POST", "/api/v1/batches", `{"search":{"from":"2026-11-20"}}`, token),
	} {
		if a.status != 422 || !strings.Contains(a.body, "from: expected") || !strings.Contains(a.body, "RFC 3339") || strings.Contains(a.body, "2006") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestARefusalSaysWhatWasTried(t *testing.T) {
	h := newHouse(t)
	token := h.token(olga)
	id := h.send("Link", marta, carol)
	at := "/api/v1/messages/" + escape(id)
	long := strings.Repeat("x", 1100)
	tests := []struct {
		name, path, body string
		action, target   string // of the entry
		reason, says     string
	}{
		{"unknown", "/api/v1/messages/none@nowhere.example/revoke", "{}", "revoke", "none@nowhere.example", "no-message", ""},
		{"unknown to restore", "/api/v1/messages/%3Cnone@nowhere.example%3E/restore", "{}", "restore", "<none@nowhere.example>", "no-message", ""},
		{"unknown to expire", "/api/v1/messages/none@nowhere.example/expire", `{"expires":"7d"}`, "change expiry", "none@nowhere.example", "no-message", ""},
		{"unknown to destroy", "/api/v1/messages/none@nowhere.example/destroy", `{"confirm":"x"}`, "destroy", "none@nowhere.example", "no-message", ""},
		{"brackets", "/api/v1/messages/%3C%3E/revoke", "{}", "revoke", "<>", "message-id", ""},
		{"half a bracket", "/api/v1/messages/%3Ca/restore", "{}", "restore", "<a", "message-id", ""},
		{"too long", "/api/v1/messages/" + long + "/revoke", "{}", "revoke", long[:200] + "…", "message-id", "that is not a Message-ID"},
		{"orders to a terminal", "/api/v1/messages/%1B%5B2J/destroy", `{"confirm":"x"}`, "destroy", "\ufffd[2J", "message-id", ""},
		{"another confirmed", at + "/destroy", `{"confirm":"<x@y>"}`, "destroy", "<x@y>", "confirm", ""},
		{"wrong recipients", at + "/revoke", `{"recipients":["` + marta + `","` + jonas + `","` + carol + `","` + marta + `"]}`, "revoke",
			marta + " " + jonas + " " + carol + " " + marta, "recipient", ": " + jonas + " is no recipient, " + carol + " received it inline"},
		{"no address", at + "/revoke", `{"recipients":["marta"]}`, "revoke", "marta", "recipient", `: \"marta\" is no address`},
		{"unknown in a batch", "/api/v1/batches", `{"messages":[{"message_id":"none@nowhere.example"}]}`, "plan batch", "none@nowhere.example", "no-message", ""},
		{"malformed in a batch", "/api/v1/batches", `{"messages":[{"message_id":"<>"}]}`, "plan batch", "<>", "message-id", ""},
		{"a wrong recipient in a batch", "/api/v1/batches", `{"messages":[{"message_id":"` + id + `","recipients":["` + jonas + `"]}]}`, "plan batch", jonas + " is no recipient", "recipient", jonas},
	}
	for _, tt := range tests {
		before := len(h.audited(""))
		a := h.ask("POST", tt.path, tt.body, token)
		all := h.audited("")
		if a.status < 400 || a.problem() != tt.reason || !strings.Contains(a.body, tt.says) || len(all) != before+1 {
			t.Errorf("%s: %d %s, and %d entries", tt.name, a.status, a.body, len(all)-before)
			continue
		}
		if e := all[0]; e.Allowed || e.Action != tt.action || e.Target != tt.target || e.Reason != tt.reason || e.Actor.Address != olga {
			t.Errorf("%s: the entry is %+v, want %q %q %q", tt.name, e, tt.action, tt.target, tt.reason)
		}
	}
	before := len(h.audited(""))
	if a := h.ask("POST", "/api/v1/messages/%3C%3E/revoke?dry_run=true", "{}", token); a.problem() != "message-id" || len(h.audited("")) != before {
		t.Errorf("a dry run: %d %s, and %d entries", a.status, a.body, len(h.audited(""))-before)
	}
	if a := h.ask("POST", at+"/revoke", `{"recipients":["`+marta+`","`+marta+`"]}`, token); a.status != 200 {
		t.Errorf("one recipient twice: %d %s", a.status, a.body)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(rita))
	id := h.send("Hello", marta, jonas, carol)
	before := len(h.audited(""))
	m, err := c.Revoke(ctx, id, api.Revoke{Recipients: []string{marta}}, true)
	if err != nil || m.Recipients[0].State != "revoked" || m.Recipients[1].State != "live" || m.Revoked {
		t.Errorf("revoking one: %+v, %v", m, err)
	}
	if m, err = c.Revoke(ctx, id, api.Revoke{}, true); err != nil || !m.Revoked || m.IsRevocable {
		t.Errorf("revoking all: %+v, %v", m, err)
	}
	if m, err = c.Status(ctx, id); err != nil || m.Recipients[0].State != "live" || len(h.audited("")) != before {
		t.Errorf("afterwards: %+v, %v", m, err)
	}
	if _, err = c.Revoke(ctx, id, api.Revoke{}, false); err != nil {
		t.Fatal(err)
	}
	if m, err = c.Restore(ctx, id, api.Restore{}, true); err != nil || m.Recipients[0].State != "live" {
		t.Errorf("restoring: %+v, %v", m, err)
	}
	if m, err = c.Status(ctx, id); err != nil || !m.Revoked {
		t.Errorf("afterwards: %+v, %v", m, err)
	}
}

func TestAnExpiryIsChangedTriedAndLifted(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(rita))
	id := h.send("Hello", marta, carol)
	now := h.clock.Now()
	tests := []struct {
		name, expires string
		dry           bool
		want          time.Time // that the answer says
		then          time.Time // that is so afterwards
	}{
		{"a span", "2h", false, now.Add(2 * time.Hour), now.Add(2 * time.Hour)},
		{"a dry run", "7d", true, now.Add(7 * 24 * time.Hour), now.Add(2 * time.Hour)},
		{"a dry run of none", "never", true, time.Time{}, now.Add(2 * time.Hour)},
		{"a moment in another zone", "2026-11-20T13:00:00+01:00", false, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)},
		{"none", "Never", false, time.Time{}, time.Time{}},
		{"a minute", "1m", false, now.Add(time.Minute), now.Add(time.Minute)},
	}
	for _, tt := range tests {
		before := len(h.audited("change expiry"))
		m, err := c.Expire(ctx, id, api.Expire{Expires: tt.expires}, tt.dry)
		if err != nil || !m.Expires.Equal(tt.want) || m.Recipients[0].State != "live" || m.Recipients[1].State != "inline" {
			t.Errorf("%s: %+v, %v; want %v", tt.name, m, err, tt.want)
		}
		if m, err = c.Status(ctx, id); err != nil || !m.Expires.Equal(tt.then) {
			t.Errorf("after %s: %v, %v; want %v", tt.name, m.Expires, err, tt.then)
		}
		if recorded := len(h.audited("change expiry")) > before; recorded == tt.dry {
			t.Errorf("%s: recorded is %v", tt.name, recorded)
		}
	}
	h.clock.move(time.Minute)
	if m, err := c.Status(ctx, id); err != nil || m.State != "expired" {
		t.Fatalf("after its end: %+v, %v", m, err)
	}
	for _, dry := range []bool{true, false} {
		if m, err := c.Expire(ctx, id, api.Expire{Expires: "1h"}, dry); err != nil || m.State != "live" {
			t.Errorf("given more time, dry %v: %+v, %v", dry, m, err)
		}
	}
	if _, err := c.Revoke(ctx, id, api.Revoke{}, false); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Expire(ctx, id, api.Expire{Expires: "never"}, false); err != nil || !m.Revoked || m.Recipients[0].State != "revoked" {
		t.Errorf("lifted of what is revoked: %+v, %v", m, err)
	}
}

func TestAnEndThatIsAskedForAgainIsNotCountedAnew(t *testing.T) {
	h := newHouse(t)
	id, token := h.send("Hello", marta), h.token(rita)
	path := "/api/v1/messages/" + escape(id) + "/expire"
	first := h.ask("POST", path, `{"expires":"2h"}`, token, keyHeader, "k")
	h.clock.move(time.Hour)
	again := h.ask("POST", path, `{"expires":"2h"}`, token, keyHeader, "k")
	if first.status != 200 || again.status != 200 || again.body != first.body {
		t.Errorf("%d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	if a := h.ask("POST", path, `{"expires":"3h"}`, token, keyHeader, "k"); a.problem() != "idempotency-key" {
		t.Errorf("another end with the same key: %d %s", a.status, a.body)
	}
}

func TestABatchGoesFromItsPlanToItsUndoing(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(olga))
	first, second := h.send("Draft", marta, carol), h.send("Draft again", jonas)
	b, err := c.PlanBatch(ctx, api.NewBatch{Search: &letterlock.Search{Subject: "draft"}, Reason: "wrong file"})
	if err != nil || b.State != "planned" || b.Messages != 2 || b.Recipients != 2 || b.By != olga || b.Search.Subject != "draft" {
		t.Fatalf("planned: %+v, %v", b, err)
	}
	items, err := c.BatchItems(ctx, b.ID, "", "", 1)
	if err != nil || len(items.Items) != 1 || items.Items[0].Message.MessageID != second || items.Next == "" {
		t.Fatalf("items: %+v, %v", items, err)
	}
	if items, err = c.BatchItems(ctx, b.ID, "", items.Next, 10); err != nil || len(items.Items) != 1 || items.Items[0].Message.MessageID != first || len(items.Items[0].Message.Recipients) != 1 {
		t.Fatalf("items: %+v, %v", items, err)
	}
	if b, err = c.StartBatch(ctx, b.ID); err != nil || b.State != "waiting" {
		t.Fatalf("started: %+v, %v", b, err)
	}
	if _, err = c.ApproveBatch(ctx, b.ID); letterlock.KeyOf(err) != "second-person" {
		t.Errorf("approved by oneself: %v", err)
	}
	if b, err = h.client(h.token(guard)).ApproveBatch(ctx, b.ID); err != nil || b.State != "running" || b.Approved != guard {
		t.Fatalf("approved: %+v, %v", b, err)
	}
	all, err := c.Batches(ctx, "", 0)
	if err != nil || len(all.Batches) != 1 || all.Batches[0].ID != b.ID {
		t.Errorf("listed: %+v, %v", all, err)
	}
	chosen, err := c.PlanBatch(ctx, api.NewBatch{Messages: []api.Target{{MessageID: strings.Trim(first, "<>"), Recipients: []string{marta}}}})
	if err != nil || chosen.Messages != 1 {
		t.Fatalf("chosen: %+v, %v", chosen, err)
	}
	if chosen, err = c.DiscardBatch(ctx, chosen.ID); err != nil || chosen.State != "discarded" {
		t.Errorf("discarded: %+v, %v", chosen, err)
	}
	if _, err = c.StartBatch(ctx, chosen.ID); letterlock.KeyOf(err) != "batch-state" {
		t.Errorf("started when discarded: %v", err)
	}
	if b, err = c.UndoBatch(ctx, b.ID); err != nil || b.State != "undoing" || b.UndoneBy != olga {
		t.Errorf("undone: %+v, %v", b, err)
	}
}

// all reads an export to its end.
func readAll(t *testing.T, from io.ReadCloser, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	b, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExportsHoldAllAndNoFormula(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(nora))
	const formula = "=cmd|' /C calc'!A0"
	id := h.send(formula, marta, carol)
	for range 3 {
		h.send("Plain", marta)
	}
	day := api.ReportQuery{From: h.clock.Now(), Until: h.clock.Now().Add(time.Hour)}
	from, err := c.ReportExport(ctx, day, "csv")
	report := readAll(t, from, err)
	from, err = c.TraceExport(ctx, letterlock.Search{}, "csv")
	for name, text := range map[string]string{"report": report, "trace": readAll(t, from, err)} {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 6 || !strings.Contains(text, "'"+formula) || strings.Contains(text, ","+formula) || !strings.Contains(text, id) {
			t.Errorf("%s: %d rows, %v\n%s", name, len(rows), err, text)
		}
	}
	var rows []api.ReportRow
	from, err = c.ReportExport(ctx, day, "json")
	if err := json.Unmarshal([]byte(readAll(t, from, err)), &rows); err != nil || len(rows) != 5 || rows[4].Subject != formula || rows[4].RevocationStatus != "inline" && rows[3].RevocationStatus != "inline" {
		t.Errorf("report: %+v, %v", rows, err)
	}
	var messages []api.Message
	from, err = c.TraceExport(ctx, letterlock.Search{Subject: "nothing like it"}, "")
	if err := json.Unmarshal([]byte(readAll(t, from, err)), &messages); err != nil || messages == nil || len(messages) != 0 {
		t.Errorf("nothing found: %+v, %v", messages, err)
	}
	page, err := c.ReportRows(ctx, day, "", 2)
	if err != nil || len(page.Rows) != 2 || page.Next == "" {
		t.Errorf("rows: %+v, %v", page, err)
	}
	r, err := c.Report(ctx, day)
	if err != nil || r.Total != 4 || len(r.Days) != 1 || r.Days[0].Day != "2026-11-20" || r.Domains[0].Domain != "kovacs.example" {
		t.Errorf("report: %+v, %v", r, err)
	}
	if _, err := c.ReportExport(ctx, api.ReportQuery{From: day.Until, Until: day.From}, "csv"); letterlock.KeyOf(err) != "range" {
		t.Errorf("an empty range: %v", err)
	}
}

func TestTheAuditLogAndItsProofs(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), h.client(h.token(olga))
	id := h.send("Hello", marta, carol)
	if _, err := c.Revoke(ctx, id, api.Revoke{Reason: "wrong file"}, false); err != nil {
		t.Fatal(err)
	}
	p, err := c.Audit(ctx, api.AuditQuery{MessageID: id, Action: "revoke"}, "", 0)
	if err != nil || len(p.Entries) != 1 {
		t.Fatalf("audit: %+v, %v", p, err)
	}
	if e := p.Entries[0]; e.MessageID != id || e.Actor != olga || e.Token == "" || e.Reason != "wrong file" || !e.Allowed || e.IP != "192.0.2.7" {
		t.Errorf("entry: %+v", e)
	}
	first, err := c.Audit(ctx, api.AuditQuery{}, "", 1)
	if err != nil || len(first.Entries) != 1 || first.Next == "" {
		t.Errorf("a page: %+v, %v", first, err)
	}
	from, err := c.Proof(ctx, id, marta)
	if text := readAll(t, from, err); !strings.Contains(text, `"recipient":"`+marta+`"`) {
		t.Errorf("proof: %s", text)
	}
	if _, err := c.Proof(ctx, id, carol); letterlock.KeyOf(err) != "inline" {
		t.Errorf("a proof of who got it inline: %v", err)
	}
	from, err = c.AuditExport(ctx)
	if text := readAll(t, from, err); strings.Count(text, "\n") != 6 {
		t.Errorf("export: %s", text)
	}
	from, err = c.PublicKey(ctx)
	if text := readAll(t, from, err); !strings.Contains(text, "PUBLIC KEY") {
		t.Errorf("key: %s", text)
	}
	from, err = c.Checkpoints(ctx)
	readAll(t, from, err)
}

func TestAProgramSignsAnAccountOutEverywhere(t *testing.T) {
	h := newHouse(t)
	for _, of := range []letterlock.Address{nora, olga} {
		must := h.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AddAppPassword([]byte(of), store.AppPassword{ID: letterlock.NewID(), Account: of, Name: "phone"})
		})
		if must != nil {
			t.Fatal(must)
		}
	}
	if err := h.client(h.token(olga)).SignOutAccount(t.Context(), nora); err != nil {
		t.Fatal(err)
	}
	for of, want := range map[letterlock.Address]int{nora: 0, olga: 1} {
		var left []store.AppPassword
		err := h.db.Read(t.Context(), func(tx *store.Tx) (err error) { left, err = tx.AppPasswords(of); return err })
		if err != nil || len(left) != want {
			t.Errorf("%s has %d app passwords, %v; want %d", of, len(left), err, want)
		}
	}
	if e := h.audited("sign out everywhere"); len(e) != 1 || !e[0].Allowed || e[0].Target != nora || e[0].Actor.Address != olga {
		t.Errorf("recorded as %+v", e)
	}
}

func TestARoleThatIsNamedTwiceIsOne(t *testing.T) {
	h := newHouse(t)
	c := h.client(h.token(olga))
	if err := c.SetRoles(t.Context(), nora, []string{"sender", "auditor", "sender"}); err != nil {
		t.Fatal(err)
	}
	all, err := c.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.Address == nora && !slices.Equal(a.Roles, []string{"sender", "auditor"}) {
			t.Errorf("the roles are %q", a.Roles)
		}
	}
}

func TestAProgramMakesNoTokenThatMayMoreThanItsOwn(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	_, few := h.issue(olga, letterlock.ScopeAccounts, letterlock.ScopeTrace)
	c := h.client(few)
	n := api.NewToken{Account: nora, Name: "nightly", Scopes: []string{"trace"}, Expires: h.clock.Now().Add(90 * 24 * time.Hour)}
	k, err := c.AddToken(ctx, n)
	if err != nil || len(k.Secret) != 47 || k.Account != nora {
		t.Fatalf("within its own: %+v, %v", k, err)
	}
	if _, err := h.client(k.Secret).Search(ctx, letterlock.Search{}, "", 0); err != nil {
		t.Errorf("with the new one: %v", err)
	}
	n.Scopes = []string{"trace", "destroy"}
	if _, err := c.AddToken(ctx, n); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "scope" {
		t.Errorf("beyond its own: %v", err)
	}
	n.Scopes = []string{"everything"}
	if _, err := c.AddToken(ctx, n); letterlock.KeyOf(err) != "token" || !errors.Is(err, letterlock.Invalid) {
		t.Errorf("an unknown scope: %v", err)
	}
	if err := c.EndToken(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.client(k.Secret).Search(ctx, letterlock.Search{}, "", 0); letterlock.KeyOf(err) != "token" {
		t.Errorf("when it has ended: %v", err)
	}
	all, err := c.Tokens(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("listed: %+v, %v", all, err)
	}
	for _, one := range all {
		if one.Secret != "" {
			t.Error("a secret is shown again")
		}
	}
}
