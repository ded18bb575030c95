package notify_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestRequestsAreToldWithoutTheMessage(t *testing.T) {
	n := newNotifier(t)
	m, r := message("Ada"), recipient("Marta Lind")
	m.Expires = now.Add(-time.Hour)
	toSender := write(t, func(w io.Writer) error { return n.Request(w, now, m, r) })
	if text := strings.Join(strings.Fields(toSender.text), " "); !strings.Contains(text, "Marta Lind asks for more time") ||
		!strings.Contains(text, "Secret offer, sent") || !strings.Contains(text, "https://mail.contoso.example/sent/"+string(m.ID)) {
		t.Errorf("to the sender:\n%s", toSender.text)
	}
	r.Revocation.At = now
	toAdmin := write(t, func(w io.Writer) error { return n.AdminRequest(w, now, m, r, "grace@contoso.example") })
	all := toAdmin.text + toAdmin.html + toAdmin.header.Get("Subject")
	if strings.Contains(all, "Secret offer") || !strings.Contains(all, "https://mail.contoso.example/trace/"+string(m.ID)) || strings.Contains(all, "more time") {
		t.Errorf("to an administrator:\n%s", toAdmin.text)
	}
	if toAdmin.header.Get("To") != "grace@contoso.example" {
		t.Errorf("To = %q", toAdmin.header.Get("To"))
	}
}

func TestNewsCountsWhoHasNotRead(t *testing.T) {
	n := newNotifier(t)
	m := message("Ada")
	m.Expires = now.Add(24 * time.Hour)
	read, revoked, bounced, marta := recipient("Read"), recipient("Revoked"), recipient("Bounced"), recipient("Marta Lind")
	read.FirstRead, revoked.Revocation.At, bounced.Bounced = now, now, now
	jonas := recipient("Jonas Okafor")
	tests := []struct {
		name string
		all  []letterlock.Recipient
		want string
	}{
		{"one of one", []letterlock.Recipient{marta}, "Marta Lind has not read"},
		{"one of several", []letterlock.Recipient{read, revoked, bounced, marta}, "Marta Lind has not read"},
		{"all", []letterlock.Recipient{marta, jonas, revoked}, "All 2 recipients have not read"},
		{"two of three", []letterlock.Recipient{marta, read, jonas}, "2 of 3 recipients have not read"},
	}
	for _, tt := range tests {
		for kind, f := range map[string]func(io.Writer) error{
			"unread":   func(w io.Writer) error { return n.Unread(w, now, m, tt.all) },
			"expiring": func(w io.Writer) error { return n.Expiring(w, now, m, tt.all) },
		} {
			w := write(t, f)
			if text := strings.Join(strings.Fields(w.text), " "); !strings.Contains(text, tt.want) {
				t.Errorf("%s, %s: no %q in\n%s", tt.name, kind, tt.want, w.text)
			}
		}
	}
	w := write(t, func(w io.Writer) error { return n.Expiring(w, now, m, []letterlock.Recipient{read}) })
	if text := strings.Join(strings.Fields(w.text), " "); !strings.Contains(text, "expires on Saturday 21 November 2026, 11:00 CET (UTC+01:00). Everybody who can read it has done so") {
		t.Errorf("where everybody has read:\n%s", w.text)
	}
}
