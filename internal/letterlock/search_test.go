package letterlock

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSoughtAddresses(t *testing.T) {
	tests := []struct {
		name, typed string
		address     Address
		want        bool
	}{
		{"nothing", " ", "ada@contoso.example", true},
		{"whole", "ADA@Contoso.example", "Ada@contoso.example", true},
		{"whole, of another", "da@contoso.example", "ada@contoso.example", false},
		{"domain", "@Bücher.example", "li@xn--bcher-kva.example", true},
		{"domain below", "@quill.example", "li@sub.quill.example", false},
		{"domain that goes on", "@quill.example", "li@quill.example.net", false},
		{"part", "Quill", "li@quill.example", true},
		{"part with the sign", "i@QUI", "li@quill.example", true},
		{"part that is nowhere", "quilt", "li@quill.example", false},
		{"no address", "a b@c", "ab@c.example", false},
		{"with its name", "Ada Lindqvist <Ada@contoso.example>", "ada@contoso.example", true},
		{"with its name, of another", "Ada Lindqvist <ada@contoso.example>", "eve@contoso.example", false},
		{"with a name that is an address", `"eve@contoso.example" <ada@contoso.example>`, "eve@contoso.example", false},
		{"in brackets", " < ada@contoso.example > ", "ada@contoso.example", true},
		{"with the header's name", "From: Ada <ada@contoso.example>", "ada@contoso.example", true},
		{"domain with an asterisk", "*@quill.example", "li@quill.example", true},
		{"domain with an asterisk, of another", "*@quill.example", "li@quill.example.net", false},
		{"part with asterisks", "*quill*", "li@quill.example", true},
		{"end of an address", "*a@quill.example", "mia@quill.example", true},
		{"beginning of a domain", "@quill.example*", "li@quill.example.net", true},
		{"asterisk for a domain", "li@*", "li@quill.example", true},
		{"domains below", "*.quill.example", "li@sub.quill.example", true},
		{"nothing but an asterisk", "*", "li@quill.example", false},
		{"nothing in brackets", "<>", "li@quill.example", false},
		{"nothing in brackets but an asterisk", "Ada <**>", "li@quill.example", false},
	}
	for _, tt := range tests {
		if got := ParseSought(tt.typed).Matches(tt.address); got != tt.want {
			t.Errorf("%s: %q matches %s: %v, want %v", tt.name, tt.typed, tt.address, got, tt.want)
		}
	}
}

func TestASearchMatchesARecipient(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	link := Recipient{Mailbox: Mailbox{Address: "Li@quill.example"}, Identity: Google, Experience: Link}
	with := func(change func(*Recipient)) Recipient { r := link; change(&r); return r }
	read := with(func(r *Recipient) { r.FirstRead = now })
	revoked := with(func(r *Recipient) { r.FirstRead, r.Revocation.At = now, now })
	bounced := with(func(r *Recipient) { r.Bounced = now })
	inline := with(func(r *Recipient) { r.Experience = Inline })
	stays, destroyed := Message{}, Message{Destroyed: true}
	ends := func(after time.Duration) Message { return Message{Expires: now.Add(after)} }
	people := map[string]Recipient{"link": link, "read": read, "revoked": revoked, "bounced": bounced, "inline": inline}
	tests := []struct {
		name  string
		state Condition
		m     Message
		want  string // whose recipient matches
	}{
		{"any", "", stays, "link read revoked bounced inline"},
		{"unread", IsUnread, stays, "link"},
		{"unread before the end", IsUnread, ends(time.Second), "link"},
		{"unread at the end", IsUnread, ends(0), ""},
		{"unread, destroyed", IsUnread, destroyed, ""},
		{"read", IsRead, stays, "read"},
		{"read, destroyed", IsRead, destroyed, "read"},
		{"revoked", IsRevoked, stays, "revoked"},
		{"bounced", IsBounced, stays, "bounced"},
		{"inline", IsInline, destroyed, "inline"},
		{"expires soon", ExpiresSoon, ends(Soon), "link read bounced"},
		{"expires later", ExpiresSoon, ends(Soon + time.Second), ""},
		{"expires never", ExpiresSoon, stays, ""},
		{"expires no more", ExpiresSoon, ends(0), ""},
		{"expired", IsExpired, ends(0), "link read bounced"},
		{"expired, destroyed", IsExpired, Message{Destroyed: true, Expires: now}, ""},
		{"not expired", IsExpired, ends(time.Second), ""},
		{"delayed", IsDelayed, Message{Accepted: now.Add(-Late - time.Second)}, "link inline"},
		{"not yet delayed", IsDelayed, Message{Accepted: now.Add(-Late)}, ""},
		{"destroyed", IsDestroyed, destroyed, "link read revoked bounced inline"},
		{"not destroyed", IsDestroyed, stays, ""},
		{"no state", "open", stays, ""},
	}
	for _, tt := range tests {
		for name, r := range people {
			want := slices.Contains(strings.Fields(tt.want), name)
			if got := (Search{State: tt.state}).Matches(r, tt.m, now); got != want {
				t.Errorf("%s matches %s: %v, want %v", tt.name, name, got, want)
			}
			for _, q := range []Search{{Recipient: "@other.example", State: tt.state}, {Identity: Yahoo, State: tt.state}} {
				if q.Matches(r, tt.m, now) {
					t.Errorf("%+v matches %s", q, name)
				}
			}
			if got := (Search{Recipient: "li@QUILL.example", Identity: Google, State: tt.state, Sender: "nobody"}).Matches(r, tt.m, now); got != want {
				t.Errorf("%s, with address and identity, matches %s: %v, want %v", tt.name, name, got, want)
			}
		}
	}
}

func TestEachFieldThatCannotBeSearchedForHasAReason(t *testing.T) {
	several := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "w%d ", i)
		}
		return b.String()
	}
	tests := []struct {
		name string
		q    Search
		want []Fault
	}{
		{"nothing", Search{Sender: " "}, nil},
		{"all well", Search{Sender: "ada", Recipient: "@q.example", Subject: "契* -", MessageID: "<a>"}, nil},
		{"all short", Search{Sender: "ab", Recipient: "*x*", Subject: "ab*", MessageID: "Message-ID: ab"},
			[]Fault{{"sender", "part-short"}, {"recipient", "part-short"}, {"subject", "part-short"}, {"message-id", "part-short"}}},
		{"all like nothing", Search{Sender: "a\x00bc", Recipient: strings.Repeat("a", 1001), Subject: "a\xff", MessageID: "<a\r\nb@c>"},
			[]Fault{{"sender", "sender"}, {"recipient", "recipient"}, {"subject", "subject"}, {"message-id", "message-id"}}},
		{"short in brackets", Search{Recipient: "Ada <ab>"}, []Fault{{"recipient", "part-short"}}},
		{"an asterisk", Search{Recipient: "*", Subject: "*"}, []Fault{{"recipient", "part-short"}, {"subject", "subject"}}},
		{"a header alone", Search{MessageID: "Message-ID:"}, []Fault{{"message-id", "part-short"}}},
		{"many words", Search{Subject: several(51)}, []Fault{{"subject", "subject-words"}}},
		{"enough words", Search{Subject: several(50)}, nil},
		{"many times the same", Search{Subject: strings.Repeat("let* ", 150)}, nil},
	}
	for _, tt := range tests {
		if got := tt.q.Faults(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
