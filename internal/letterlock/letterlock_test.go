package letterlock_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestIDsAreRandomAndSurviveParsing(t *testing.T) {
	seen := make(map[letterlock.ID]bool)
	for range 1000 {
		id := letterlock.NewID()
		if seen[id] {
			t.Fatalf("NewID returned %s twice", id)
		}
		seen[id] = true
		if got, err := letterlock.ParseID(string(id)); err != nil || got != id {
			t.Fatalf("ParseID(%q) = %q, %v; want it back", id, got, err)
		}
	}
}

func TestParseIDKnowsOneSpellingOnly(t *testing.T) {
	id := string(letterlock.NewID())
	tests := map[string]string{
		"empty":                 "",
		"upper case":            strings.ToUpper(id),
		"one character less":    id[:25],
		"one character more":    id + "a",
		"newline inside":        id[:10] + "\n" + id[10:],
		"newline at the end":    id + "\r\n",
		"padding":               id + "======",
		"space":                 " " + id,
		"path":                  "../" + id[3:],
		"quote":                 id[:25] + "'",
		"spare bits at the end": id[:25] + "b",
		"one megabyte":          strings.Repeat("a", 1<<20),
		"NUL":                   id[:25] + "\x00",
		"full-width":            "ａ" + id[3:],
	}
	for name, s := range tests {
		if got, err := letterlock.ParseID(s); !errors.Is(err, letterlock.NotFound) || got != "" {
			t.Errorf("%s: ParseID(%.40q) = %q, %v; want NotFound", name, s, got, err)
		}
	}
}

func TestParseProtectionKnowsTwoWords(t *testing.T) {
	for in, want := range map[string]letterlock.Protection{
		"encrypt-only": letterlock.EncryptOnly, " Do-Not-Forward\t": letterlock.DoNotForward, "ENCRYPT-ONLY": letterlock.EncryptOnly,
	} {
		if got, err := letterlock.ParseProtection(in); err != nil || got != want {
			t.Errorf("ParseProtection(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "none", "encrypt", "encrypt-only, none", "encrypt-only\x00", "encrypt\u2010only"} {
		if got, err := letterlock.ParseProtection(in); !errors.Is(err, letterlock.Invalid) || got != "" {
			t.Errorf("ParseProtection(%q) = %q, %v; want Invalid", in, got, err)
		}
	}
}

func TestErrorsAreTheirCodeAndTheirCause(t *testing.T) {
	e := &letterlock.Error{Code: letterlock.Throttled, Key: "locked", RetryAfter: time.Minute, Err: io.ErrUnexpectedEOF}
	outer := &letterlock.Error{Code: letterlock.Internal, Err: e}
	tests := []struct {
		name string
		err  error
		code letterlock.Code
		key  string
		wait time.Duration
	}{
		{"itself", e, letterlock.Throttled, "locked", time.Minute},
		{"wrapped", fmt.Errorf("asking: %w", e), letterlock.Throttled, "locked", time.Minute},
		{"joined", errors.Join(io.EOF, e), letterlock.Throttled, "locked", time.Minute},
		{"inside another: the outer one speaks", outer, letterlock.Internal, "", 0},
		{"a bare code", letterlock.Gone, letterlock.Gone, "", 0},
		{"somebody else's", io.EOF, letterlock.Internal, "", 0},
		{"none", nil, letterlock.Internal, "", 0},
	}
	for _, tt := range tests {
		code, key, wait := letterlock.CodeOf(tt.err), letterlock.KeyOf(tt.err), letterlock.RetryAfterOf(tt.err)
		if code != tt.code || key != tt.key || wait != tt.wait {
			t.Errorf("%s: code %q, key %q, wait %v; want %q, %q, %v", tt.name, code, key, wait, tt.code, tt.key, tt.wait)
		}
	}
	if !errors.Is(outer, io.ErrUnexpectedEOF) || !errors.Is(outer, letterlock.Throttled) || errors.Is(e, letterlock.Gone) {
		t.Error("errors.Is does not find exactly the codes and causes inside")
	}
	if got, want := e.Error(), "throttled (locked): unexpected EOF"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got := (&letterlock.Error{Code: letterlock.Gone}).Error(); got != "gone" {
		t.Errorf("Error() of a code alone = %q", got)
	}
}

func TestSecretsPrintAMaskInEveryWay(t *testing.T) {
	const secret = "SEKRET"
	token, code := letterlock.Token(secret), letterlock.Passcode(secret)
	type record struct {
		Token    letterlock.Token
		Passcode letterlock.Passcode
	}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%!"} {
		for _, v := range []any{token, code, record{token, code}, []letterlock.Token{token}, &record{token, code}} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
	}
	fmt.Fprintln(&printed, token, code)
	log := slog.New(slog.NewTextHandler(&printed, nil))
	log.Info("x", "token", token, "code", code, "record", record{token, code})
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "token", token, "code", code)
	for _, s := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(printed.String(), s) {
			t.Errorf("%q was printed:\n%s", s, printed.String())
		}
	}
	if token.Reveal() != secret || code.Reveal() != secret {
		t.Error("Reveal does not return the secret itself")
	}
}

func TestActorIsHoldsRolesByGreaterOnes(t *testing.T) {
	roles := []letterlock.Role{letterlock.Sender, letterlock.Auditor, letterlock.Revoker, letterlock.Admin, "", "root"}
	want := map[letterlock.Role]string{ // what a role holds, in the order of roles
		letterlock.Sender: "100000", letterlock.Auditor: "010000", letterlock.Revoker: "011000", letterlock.Admin: "011100",
		"": "000000", "root": "000000",
	}
	for _, has := range roles {
		for i, r := range roles {
			for _, kind := range []letterlock.Kind{letterlock.Staff, letterlock.Reader, letterlock.System, letterlock.Nobody} {
				a := letterlock.Actor{Kind: kind, Roles: []letterlock.Role{has}}
				if got, want := a.Is(r), kind == letterlock.Staff && want[has][i] == '1'; got != want {
					t.Errorf("a %q with the role %q is %q: %v, want %v", kind, has, r, got, want)
				}
			}
		}
	}
	operator := letterlock.Actor{Kind: letterlock.Operator}
	for i, r := range roles {
		if got, want := operator.Is(r), "011100"[i] == '1'; got != want {
			t.Errorf("an operator is %q: %v, want %v", r, got, want)
		}
	}
	if (letterlock.Actor{}).Is(letterlock.Sender) {
		t.Error("the zero Actor is a sender")
	}
}

func TestStatesRankDestroyedRevokedExpiredLive(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for destroyed := range 2 {
		for revoked := range 2 {
			for expired := range 2 {
				m := letterlock.Message{Destroyed: destroyed == 1, Expires: now.Add(time.Second)}
				r := letterlock.Recipient{}
				want := letterlock.Live
				if expired == 1 {
					m.Expires, want = now, letterlock.Expired
				}
				if revoked == 1 {
					r.Revocation.At, want = now, letterlock.Revoked
				}
				if destroyed == 1 {
					want = letterlock.Destroyed
				}
				if got := r.State(m, now); got != want {
					t.Errorf("destroyed %d, revoked %d, expired %d: %q, want %q", destroyed, revoked, expired, got, want)
				}
			}
		}
	}
	if (letterlock.Message{}).Ended(now) {
		t.Error("a message without expiry has ended")
	}
}
