package smtpout

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

func TestPostfixAsRelay(t *testing.T) {
	ca, other := mailtest.NewCA(t), mailtest.NewCA(t)
	sink := mailtest.NewSink(t, mailtest.SinkOptions{})
	p := mailtest.StartPostfix(t, mailtest.PostfixOptions{
		Onward: sink.Address, Certificate: ca.Issue("127.0.0.1"), MaxBytes: 100_000,
		Replies: map[string]string{
			"nobody@there.example": "550 5.1.1 no such mailbox",
			"grey@there.example":   "451 4.7.1 greylisted",
		},
	})
	relays := []Relay{secure(p.Address, StartTLS, ca), secure(p.TLSAddress, ImplicitTLS, ca)}
	for _, r := range relays {
		c, log := newClient(t, Options{Relays: []Relay{r}, MaxIdle: 1})
		tests := []struct {
			name string
			to   letterlock.Address
			mail string
			want letterlock.Code
			text string
		}{
			{name: "ordinary", to: bob, mail: mail},
			{name: "unknown", to: "nobody@there.example", mail: mail, want: letterlock.Denied, text: "550 5.1.1"},
			{name: "greylisted", to: "grey@there.example", mail: mail, want: letterlock.Busy, text: "451 4.7.1"},
			{name: "too big, known before", to: bob, mail: strings.Repeat("0123456789\r\n", 10_000), want: letterlock.Denied, text: "552 5.3.4"},
			{name: "UTF-8", to: "jürgen@there.example", mail: "To: jürgen@there.example\r\n\r\nhi\r\n"},
			{name: "8 bit", to: bob, mail: "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n.\r\n"},
			{name: "ordinary after all that", to: bob, mail: mail},
		}
		for _, tt := range tests {
			check(t, c.Send(t.Context(), from, tt.to, strings.NewReader(tt.mail)), tt.want, tt.text)
			if tt.want != "" {
				continue
			}
			_, body, _ := strings.Cut(tt.mail, "\r\n\r\n")
			if m := sink.Wait(string(tt.to)); m.From != from || !bytes.HasSuffix(m.Raw, []byte("\r\n\r\n"+body)) {
				t.Errorf("%s: it came as %q from %s", tt.name, m.Raw, m.From)
			}
		}
		if n := strings.Count(log.String(), "reused=true"); n != len(tests)-1 {
			t.Errorf("%d attempts on the same connection, want %d: %s\n%s", n, len(tests)-1, log, p.Log())
		}
		stranger := r
		stranger.RootCAs = other.Pool()
		c, _ = newClient(t, Options{Relays: []Relay{stranger, r}, Timeouts: Timeouts{Connect: 5 * time.Second}})
		results := c.Probe(t.Context())
		if !strings.Contains(results[0].Problem, "not trusted") || results[1].Problem != "" || results[1].TLS != "TLS 1.3" {
			t.Errorf("Probe = %+v", results)
		}
	}
}
