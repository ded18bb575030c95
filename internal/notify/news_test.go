package notify_test

import (
	"io"
	"strings"
	"testing"
	"time"
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
