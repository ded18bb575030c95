package dkim_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/dkim"
	"letterlock/internal/letterlock"
)

func (h *house) checkStates(want map[string]dkim.State) {
	h.t.Helper()
	if got := h.states(); !maps.Equal(got, want) {
		h.t.Errorf("keys %v, want %v", got, want)
	}
}

// selectors are those of the signatures of a mail.
func (h *house) selectors() (list []string) {
	h.t.Helper()
	for field := range strings.SplitSeq(strings.TrimSuffix(h.signed(mail), mail), "DKIM-Signature:") {
		if _, rest, found := strings.Cut(field, " s="); found {
			selector, _, _ := strings.Cut(rest, ";")
			list = append(list, selector)
		}
	}
	return list
}

func TestAKeySignsFromItsActivationUntilAnotherReplacesIt(t *testing.T) {
	h := newHouse(t)
	if got := h.signed(mail); got != mail {
		t.Fatal("signed without a key")
	}
	one := h.add(dkim.RSA, "one")
	if got := h.signed(mail); got != mail {
		t.Fatal("a key that is not active signs")
	}
	h.activate(one)
	old := h.signed(mail)
	h.check("by the first", old, true)
	two := h.add(dkim.RSA, "two")
	if got := h.selectors(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("signed by %v before the second is active", got)
	}
	h.pass(24 * time.Hour)
	h.activate(two)
	h.checkStates(map[string]dkim.State{"one": dkim.Former, "two": dkim.Active})
	h.open() // all of it outlives a restart
	h.checkStates(map[string]dkim.State{"one": dkim.Former, "two": dkim.Active})
	if got := h.selectors(); !slices.Equal(got, []string{"two"}) {
		t.Errorf("signed by %v, want the second alone", got)
	}
	h.check("what the first has signed", old, true)

	refused := func(err error, code letterlock.Code, key string) {
		t.Helper()
		if letterlock.CodeOf(err) != code || letterlock.KeyOf(err) != key {
			t.Errorf("%v, want %s %s", err, code, key)
		}
	}
	_, err := h.Retire(t.Context(), olga, "two", true)
	refused(err, letterlock.Invalid, "dkim-signs")
	h.pass(dkim.Settles - time.Second)
	_, err = h.Retire(t.Context(), olga, "one", false)
	refused(err, letterlock.Invalid, "dkim-settles")
	h.pass(time.Second)
	if _, err := h.Retire(t.Context(), olga, "one", false); err != nil {
		t.Error(err)
	}
	_, err = h.Retire(t.Context(), olga, "one", false)
	refused(err, letterlock.NotFound, "no-dkim-key")
	h.checkStates(map[string]dkim.State{"two": dkim.Active})
	if list := h.entries(); len(list) != 8 || list[0] != "retire DKIM key one no-dkim-key" || list[1] != "retire DKIM key one" ||
		list[2] != "retire DKIM key one dkim-settles" || list[6] != "activate DKIM key one" || list[7] != "add DKIM key one" {
		t.Errorf("the audit log has %q", list)
	}
}

func TestAFormerKeyCanComeBack(t *testing.T) {
	h := newHouse(t)
	one, two := h.add(dkim.RSA, "one"), h.add(dkim.RSA, "two")
	h.activate(one)
	h.activate(two)
	h.activate(one)
	h.checkStates(map[string]dkim.State{"one": dkim.Active, "two": dkim.Former})
	if got := h.selectors(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("signed by %v", got)
	}
	if _, err := h.Retire(t.Context(), olga, "two", true); err != nil {
		t.Errorf("early: %v", err)
	}
}

func TestAKeyIsNotActivatedUnlessItsRecordCanBeFound(t *testing.T) {
	h := newHouse(t)
	k, other := h.add(dkim.RSA, "one"), h.add(dkim.RSA, "two")
	ed := h.add(dkim.Ed25519, "three")
	old := strings.Replace(k.Record(), "k=rsa; ", "", 1)
	for _, tt := range []struct {
		name    string
		records []string
		want    string
	}{
		{"none", nil, "dkim-no-record"},
		{"of another key", []string{other.Record()}, "dkim-record"},
		{"of another algorithm", []string{ed.Record()}, "dkim-record"},
		{"two", []string{k.Record(), other.Record()}, "dkim-record"},
		{"withdrawn", []string{"v=DKIM1; k=rsa; p="}, "dkim-record"},
		{"cut off", []string{k.Record()[:255]}, "dkim-record"},
		{"for SHA-1 only", []string{k.Record() + "; h=sha1"}, "dkim-record"},
		{"of something else", []string{"v=spf1 -all"}, "dkim-record"},
		{"without its algorithm", []string{old}, ""},
		{"with blanks and more tags", []string{"v=DKIM1;h=sha1:sha256 ; t=s;  p = " + strings.ReplaceAll(k.Record()[strings.Index(k.Record(), "p=")+2:], "A", "A ") + ";"}, ""},
	} {
		h.publish(k, tt.records...)
		_, err := h.Activate(t.Context(), olga, "one", false)
		if letterlock.KeyOf(err) != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if active := h.states()["one"] == dkim.Active; active != (err == nil) {
			t.Fatalf("%s: active is %v", tt.name, active)
		}
	}
	h.down = true
	_, err := h.Activate(t.Context(), olga, "two", false)
	if letterlock.CodeOf(err) != letterlock.Busy || letterlock.KeyOf(err) != "dkim-dns" {
		t.Errorf("without a DNS: %v", err)
	}
	if _, err := h.Activate(t.Context(), olga, "two", true); err != nil || h.states()["two"] != dkim.Active {
		t.Errorf("unchecked: %v", err)
	}
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	h := newHouse(t)
	add := func(by letterlock.Actor, a dkim.Algorithm, selector string) string {
		_, err := h.Add(t.Context(), by, a, selector)
		return letterlock.KeyOf(err)
	}
	for selector, want := range map[string]string{
		"a.b": "dkim-selector", "-a": "dkim-selector", "a-": "dkim-selector", "A": "dkim-selector", "a b": "dkim-selector",
		"a;d=x": "dkim-selector", "ü": "dkim-selector", strings.Repeat("a", 64): "dkim-selector", strings.Repeat("a", 63): "", "0-9": "",
	} {
		if got := add(olga, dkim.Ed25519, selector); got != want {
			t.Errorf("%q: %q, want %q", selector, got, want)
		}
	}
	if got := add(olga, dkim.RSA, "0-9"); got != "dkim-selector-taken" {
		t.Errorf("taken: %q", got)
	}
	if got := add(olga, "dsa", "x"); got != "dkim-algorithm" {
		t.Errorf("dsa: %q", got)
	}
	if got := add(ada, dkim.Ed25519, "x"); got != "role" || h.entries()[0] != "add DKIM key role" {
		t.Errorf("a sender: %q, noted as %q", got, h.entries()[0])
	}
	for _, f := range []func() error{
		func() error { _, err := h.List(ada); return err },
		func() error { _, err := h.Activate(t.Context(), ada, "0-9", true); return err },
		func() error { _, err := h.Retire(t.Context(), ada, "0-9", true); return err },
	} {
		if err := f(); letterlock.CodeOf(err) != letterlock.Denied {
			t.Errorf("a sender: %v", err)
		}
	}
	if _, err := h.Activate(t.Context(), olga, "0-9", true); letterlock.KeyOf(err) != "dkim-alone" {
		t.Errorf("Ed25519 alone: %v", err)
	}
	for n := len(h.states()); n < 8; n++ {
		if got := add(olga, dkim.Ed25519, ""); got != "" {
			t.Errorf("key %d: %q", n, got)
		}
	}
	if got := add(olga, dkim.Ed25519, ""); got != "dkim-many" {
		t.Errorf("the ninth: %q", got)
	}
	if s := h.states(); s["ll20261127"] != dkim.New || s["ll20261127-2"] != dkim.New {
		t.Errorf("selectors that were made up: %v", s)
	}
}

func TestASelectorComesBackToNoOtherKeySoon(t *testing.T) {
	h := newHouse(t)
	make := func(selector string) (string, string) {
		t.Helper()
		k, err := h.Add(t.Context(), olga, dkim.Ed25519, selector)
		return k.Selector, letterlock.KeyOf(err)
	}
	first, _ := make("")
	if _, err := h.Retire(t.Context(), olga, first, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, _ := make(""); got == first {
			t.Errorf("%s is a key's again on the same day", got)
		}
		if _, refused := make(first); refused != "dkim-selector-taken" {
			t.Errorf("%s by name: %q", first, refused)
		}
		h.open() // it is known after a start, too
	}
	h.pass(29 * 24 * time.Hour)
	if _, refused := make(first); refused != "" {
		t.Errorf("%s after four weeks: %q", first, refused)
	}
}

func TestEachChangeOfTheKeysIsCopiedAtOnce(t *testing.T) {
	h := newHouse(t)
	h.Backup = t.TempDir()
	copied := func(when string) {
		t.Helper()
		want, err1 := os.ReadFile(filepath.Join(h.files.Data, "dkim.key"))
		got, err2 := os.ReadFile(filepath.Join(h.Backup, "dkim.key"))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s: the copy is another, or none: %v, %v", when, err1, err2)
		}
	}
	k := h.add(dkim.RSA, "one")
	copied("made")
	h.activate(k)
	copied("activated")
	h.Backup = filepath.Join(h.Backup, "missing")
	_, err := h.Add(t.Context(), olga, dkim.RSA, "two")
	if letterlock.KeyOf(err) != "dkim-backup" || h.states()["two"] != dkim.New {
		t.Errorf("without the folder: %v, and the key is %q", err, h.states()["two"])
	}
}

func TestTheKeysAreForTheirOwnerAloneAndNeverPrinted(t *testing.T) {
	h := newHouse(t)
	k := h.add(dkim.RSA, "one")
	path := filepath.Join(h.files.Data, "dkim.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Fatalf("%v, %v", info, err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %d", k, k, k, k, []dkim.Key{k}); strings.Count(got, "rsa key one") != 5 || len(got) > 100 {
		t.Errorf("prints as %q", got)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := dkim.Open(h.files, h.db); err == nil || !strings.Contains(err.Error(), "may be read by others") {
		t.Errorf("readable for others: %v", err)
	}
}

func TestAFileThatIsDamagedIsAnErrorAndNotNoKey(t *testing.T) {
	h := newHouse(t)
	h.add(dkim.RSA, "one")
	path := filepath.Join(h.files.Data, "dkim.key")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut off":             string(good[:len(good)/2]),
		"no JSON":             "x",
		"another algorithm":   strings.Replace(string(good), `"rsa"`, `"ed25519"`, 1),
		"a selector of ours":  strings.Replace(string(good), `"one"`, `"o;d=evil.example"`, 1),
		"a secret that is no": strings.Replace(string(good), `"secret":"MIIE`, `"secret":"AAAA`, 1),
	} {
		if text == string(good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if err := h.files.PutDKIM([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := dkim.Open(h.files, h.db); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// TestAChangeThatCannotBeWrittenIsNone has a folder where the new file is to be made.
func TestAChangeThatCannotBeWrittenIsNone(t *testing.T) {
	h := newHouse(t)
	h.activate(h.add(dkim.RSA, "one"))
	two := h.add(dkim.RSA, "two")
	in := filepath.Join(h.files.Data, "dkim.key.next")
	if err := os.MkdirAll(filepath.Join(in, "way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Activate(t.Context(), olga, two.Selector, false); err == nil {
		t.Fatal("activated")
	}
	for range 2 {
		if got := h.selectors(); !slices.Equal(got, []string{"one"}) {
			t.Errorf("signed by %v", got)
		}
		h.open()
	}
	if err := os.RemoveAll(in); err != nil {
		t.Fatal(err)
	}
	h.activate(two)
}
