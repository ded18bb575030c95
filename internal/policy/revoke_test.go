package policy_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

var message = letterlock.Message{Sender: letterlock.Mailbox{Address: "ada@contoso.example"}}

func staff(a letterlock.Address, roles ...letterlock.Role) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Staff, Address: a, Roles: roles}
}

var (
	ada      = staff("ada@contoso.example", letterlock.Sender)
	adaAudit = staff("ada@contoso.example", letterlock.Sender, letterlock.Auditor)
	adaAdmin = staff("ada@contoso.example", letterlock.Sender, letterlock.Admin)
	adaRest  = staff("ada@contoso.example") // no longer a sender
	eve      = staff("eve@contoso.example", letterlock.Sender)
	auditor  = staff("audit@contoso.example", letterlock.Auditor)
	revoker  = staff("rev@contoso.example", letterlock.Revoker)
	admin    = staff("grace@contoso.example", letterlock.Admin)
	reader   = letterlock.Actor{Kind: letterlock.Reader, Address: "ada@contoso.example"}
	system   = letterlock.Actor{Kind: letterlock.System}
	operator = letterlock.Actor{Kind: letterlock.Operator, Name: "root"}
)

// recipients returns link recipients and inline recipients.
func recipients(links, inlines int) []letterlock.Recipient {
	var list []letterlock.Recipient
	for range links {
		list = append(list, letterlock.Recipient{Experience: letterlock.Link})
	}
	for range inlines {
		list = append(list, letterlock.Recipient{Experience: letterlock.Inline})
	}
	return list
}

func TestMayRevokeIsTheRule(t *testing.T) {
	const several, inline, role = "several-recipients", "inline", "role"
	tests := []struct {
		name           string
		by             letterlock.Actor
		links, inlines int
		single, every  string // key of the refusal under each scope; empty: allowed, "-": NotFound
	}{
		{"sender, one link", ada, 1, 0, "", ""},
		{"sender, two links", ada, 2, 0, several, ""},
		{"sender, link and inline", ada, 1, 1, several, ""},
		{"sender, inline only", ada, 0, 1, inline, inline},
		{"sender, inlines only", ada, 0, 2, inline, inline},
		{"sender, nobody left", ada, 0, 0, inline, inline},
		{"sender and auditor, two links", adaAudit, 2, 0, several, ""},
		{"sender and admin, two links", adaAdmin, 2, 0, "", ""},
		{"former sender", adaRest, 1, 0, "-", "-"},
		{"another sender", eve, 1, 0, "-", "-"},
		{"auditor", auditor, 1, 0, role, role},
		{"auditor, inline only", auditor, 0, 1, inline, inline},
		{"revoker, two links", revoker, 2, 1, "", ""},
		{"admin, two links", admin, 2, 1, "", ""},
		{"admin, inline only", admin, 0, 1, inline, inline},
		{"operator, two links", operator, 2, 1, "", ""},
		{"reader with the sender's address", reader, 1, 0, "-", "-"},
		{"the program", system, 1, 0, "-", "-"},
		{"nobody", letterlock.Actor{}, 1, 0, "-", "-"},
	}
	for _, tt := range tests {
		for scope, key := range map[policy.Scope]string{policy.SingleRecipient: tt.single, policy.EveryLink: tt.every, "": tt.single} {
			s := policy.Settings{SenderScope: scope}
			checkRefusal(t, tt.name+" under "+string(scope), s.MayRevoke(tt.by, message, recipients(tt.links, tt.inlines)), key)
			gone := message
			gone.Destroyed = true
			err := s.MayRevoke(tt.by, gone, recipients(tt.links, tt.inlines))
			if tt.by.Is(letterlock.Auditor) {
				if !errors.Is(err, letterlock.Gone) || letterlock.KeyOf(err) != "destroyed" {
					t.Errorf("%s, destroyed: %v, want Gone destroyed", tt.name, err)
				}
				continue
			}
			checkRefusal(t, tt.name+", destroyed", err, "-")
		}
	}
}

func checkRefusal(t *testing.T, name string, err error, key string) {
	t.Helper()
	switch key {
	case "":
		if err != nil {
			t.Errorf("%s: %v, want allowed", name, err)
		}
	case "-":
		if !errors.Is(err, letterlock.NotFound) {
			t.Errorf("%s: %v, want NotFound", name, err)
		}
	default:
		if !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != key {
			t.Errorf("%s: %v, want Denied %q", name, err, key)
		}
	}
}

func TestMayRestoreKeepsWhatAnAdministratorRemoved(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		by    letterlock.Actor
		state letterlock.Standing // who revoked; empty: nobody
		key   string
	}{
		{"sender, own", ada, letterlock.BySender, ""},
		{"sender, administrator's", ada, letterlock.ByAdministrator, "by-administrator"},
		{"sender, of unknown standing", ada, "x", "by-administrator"},
		{"sender, not revoked", ada, "", ""},
		{"sender and auditor, administrator's", adaAudit, letterlock.ByAdministrator, "by-administrator"},
		{"sender and admin, administrator's", adaAdmin, letterlock.ByAdministrator, ""},
		{"revoker, sender's", revoker, letterlock.BySender, ""},
		{"admin, administrator's", admin, letterlock.ByAdministrator, ""},
		{"revoker, administrator's", revoker, letterlock.ByAdministrator, ""},
		{"operator, administrator's", operator, letterlock.ByAdministrator, ""},
		{"auditor", auditor, letterlock.BySender, "role"},
		{"another sender", eve, letterlock.BySender, "-"},
		{"reader", reader, letterlock.BySender, "-"},
	}
	for _, tt := range tests {
		r := letterlock.Recipient{Experience: letterlock.Link}
		if tt.state != "" {
			r.Revocation = letterlock.Revocation{At: at, Standing: tt.state}
		}
		checkRefusal(t, tt.name, settings.MayRestore(tt.by, message, []letterlock.Recipient{r}, r), tt.key)
	}
}

func TestStandingIsTheSendersForTheSender(t *testing.T) {
	for _, tt := range []struct {
		name string
		by   letterlock.Actor
		want letterlock.Standing
	}{
		{"sender", ada, letterlock.BySender},
		{"sender who is admin", adaAdmin, letterlock.BySender},
		{"admin", admin, letterlock.ByAdministrator},
		{"revoker with the sender's address, no sender", staff("ada@contoso.example", letterlock.Revoker), letterlock.ByAdministrator},
	} {
		if got := policy.Standing(tt.by, message); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
