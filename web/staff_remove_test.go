package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// everyLink lets senders revoke each recipient.
func everyLink(o *Options) {
	o.Access.Rules.SenderScope = policy.EveryLink
	o.Intake.Rules.SenderScope = policy.EveryLink
}

func TestConfirmationSaysWhatCannotBeCalledBack(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	before := texts(b.get("/sent/" + string(id) + "/remove").body)
	if !strings.Contains(before, "Not read yet") || !strings.Contains(before, "Not downloaded: "+secretFile) {
		t.Errorf("before reading:\n%s", before)
	}
	r := w.browser()
	path := r.prove(marta)
	page := r.get(path)
	r.get(regexp.MustCompile(path + `/part/\d+`).FindString(page.body))
	w.clock.advance(47 * time.Minute)
	r.get(path)

	a := b.get("/sent/" + string(id) + "/remove")
	if a.status != 200 || a.heading() != "Remove external access?" {
		t.Fatalf("confirmation: %d %q", a.status, a.heading())
	}
	said := texts(a.body)
	for _, want := range []string{
		string(marta) + " can no longer read “" + secretSubject + "”, from the moment you confirm.",
		"Read today at 10:00 and 10:47", "Downloaded: " + secretFile + ", 10:00",
		"Copies cannot be called back. What was already saved, printed or photographed stays with " + string(marta) + ", the downloaded file included.",
		"Keep access",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the confirmation does not say %q:\n%s", want, said)
		}
	}
	if a := r.get(path); a.status != 200 {
		t.Errorf("looking at the confirmation changed access: %d", a.status)
	}
}

func TestRemoveAndRestoreExternalAccess(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	letter := "/sent/" + string(id)
	r := w.browser()
	path := r.prove(marta)
	r.get(path)
	b := w.browser().signIn(ada)
	w.clock.advance(52 * time.Minute)

	long := url.Values{"recipient": {string(marta)}, "reason": {strings.Repeat("é", 201)}}
	if a := b.post(letter+"/remove", long); a.status != 422 || !strings.Contains(a.body, "A reason may have 200 characters") || !strings.Contains(a.body, "ééé") {
		t.Errorf("long reason: %d", a.status)
	}
	if a := r.get(path); a.status != 200 {
		t.Fatalf("a refused form removed access: %d", a.status)
	}
	form := url.Values{"recipient": {string(marta)}, "reason": {" Wrong version "}}
	for range 2 {
		if a := b.post(letter+"/remove", form); a.status != http.StatusSeeOther || a.location() != letter {
			t.Errorf("remove: %d %s", a.status, a.location())
		}
	}
	said := texts(b.get(letter).body)
	for _, want := range []string{
		"External access has been removed by you, Ada Lovelace, today at 10:52 UTC. " + string(marta) + " can no longer read this message.",
		"Status Revoked Reason Wrong version", "Restore access", "Revoked 10:52, by you",
		string(marta) + " read the message before access was removed. What was seen cannot be called back.",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the revoked letter does not say %q:\n%s", want, said)
		}
	}
	if a := r.get(path); a.status != 410 || a.heading() != revoked || strings.Contains(a.body, "Wrong version") {
		t.Errorf("the recipient gets %d %q", a.status, a.heading())
	}
	if a := b.get(letter + "/remove"); a.status != http.StatusSeeOther {
		t.Errorf("confirmation after removal: %d, want 303", a.status)
	}
	if a := b.get(letter + "/body"); a.status != 200 || !strings.Contains(a.body, secretText) {
		t.Errorf("the sender's own copy: %d", a.status)
	}
	for range 2 {
		if a := b.post(letter+"/restore", nil); a.status != http.StatusSeeOther || a.location() != letter {
			t.Errorf("restore: %d %s", a.status, a.location())
		}
	}
	if a := r.get(path); a.status != 200 {
		t.Errorf("the recipient reads again: %d, want 200", a.status)
	}
	if said := texts(b.get(letter).body); !strings.Contains(said, "Restored 10:52, by you") || !strings.Contains(said, "You can take it back.") {
		t.Errorf("the restored letter:\n%s", said)
	}
}

func TestOneOfThreeIsRemoved(t *testing.T) {
	w := newWorld(t, everyLink)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas, carol)
	letter := "/sent/" + string(id)
	b := w.browser().signIn(ada)
	said := texts(b.get(letter).body)
	for _, want := range []string{"2 of 3 recipients can be taken back. carol@outlook.com received it inline; that copy stays. Remove external access for both",
		"It cannot be taken back: outlook.com has the message itself."} {
		if !strings.Contains(said, want) {
			t.Errorf("the letter does not say %q:\n%s", want, said)
		}
	}
	ask := texts(b.get(letter + "/remove?recipient=" + url.QueryEscape(string(marta))).body)
	for _, want := range []string{"carol@outlook.com received it inline; that copy stays.", "1 other recipient can still read it."} {
		if !strings.Contains(ask, want) {
			t.Errorf("the confirmation does not say %q:\n%s", want, ask)
		}
	}
	b.post(letter+"/remove", url.Values{"recipient": {string(marta)}})
	said = texts(b.get(letter).body)
	if !strings.Contains(said, "1 of 3 recipients can no longer read it. 1 can still be taken back.") || strings.Contains(said, "Status Revoked") {
		t.Errorf("after one:\n%s", said)
	}
	if list := texts(b.get("/sent").body); !strings.Contains(list, "1 of 3 revoked Unread 1 inline by you, 10:00") {
		t.Errorf("list after one:\n%s", list)
	}
	r := w.browser()
	if a := r.get(r.prove(jonas)); a.status != 200 {
		t.Errorf("the other recipient reads: %d, want 200", a.status)
	}
	b.post(letter+"/remove", nil)
	if said = texts(b.get(letter).body); !strings.Contains(said, "2 of 3 recipients can no longer read it; carol@outlook.com received it inline.") || !strings.Contains(said, "Never read it. Nothing of the message has left.") {
		t.Errorf("after both:\n%s", said)
	}
	if a := b.post(letter+"/restore?recipient="+url.QueryEscape(string(jonas)), nil); a.status != http.StatusSeeOther {
		t.Errorf("restoring one: %d", a.status)
	}
	if said = texts(b.get(letter).body); !strings.Contains(said, "1 of 3 recipients can no longer read it.") {
		t.Errorf("after restoring one:\n%s", said)
	}
	for _, who := range []string{string(carol), "stranger@riverside.example", "nonsense"} {
		if a := b.post(letter+"/remove", url.Values{"recipient": {who}}); a.status != 422 {
			t.Errorf("removing %s: %d, want 422", who, a.status)
		}
	}
}

// TestSomeOfSeveralAreChosenByBoxes has senders and administrators tick who loses access.
// Nobody ticked is a mistake and never everybody.
func TestSomeOfSeveralAreChosenByBoxes(t *testing.T) {
	const yuki = letterlock.Address("yuki@yahoo.co.jp")
	for _, tt := range []struct {
		name       string
		who        letterlock.Address
		page, path string
	}{
		{"sender", ada, "/sent/", "/remove"},
		{"administrator", rita, "/trace/", "/revoke"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, everyLink)
			id := w.send(ada, letterlock.EncryptOnly, marta, jonas, yuki, carol)
			path := tt.page + string(id) + tt.path
			b := w.browser().signIn(tt.who)
			ask := b.get(path)
			says(t, "the confirmation", ask, "Whoever you choose can no longer read", "All 3 recipients", "Only these", "stays with them")
			if !strings.Contains(ask.body, `value="all" checked`) || strings.Count(ask.body, `type="checkbox" name="recipient"`) != 3 || strings.Contains(ask.body, `type="hidden" name="recipient"`) {
				t.Error("all is not what is chosen first, or not each of the three has a box")
			}
			post := func(scope string, ticked ...string) answer {
				return b.post(path, url.Values{"scope": {scope}, "recipient": ticked, "reason": {"Wrong list"}})
			}
			revoked := func() (list []letterlock.Address) {
				d, err := w.server.Track.SentMessage(t.Context(), w.actors[ada], id)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range d.Recipients {
					if r.Revocation.Revoked() {
						list = append(list, r.Mailbox.Address)
					}
				}
				return list
			}
			for _, wrong := range []struct {
				answer
				want string
			}{
				{post("these"), "Tick who loses access, or choose all. Nothing was changed."},
				{post("nonsense"), "Tick who loses access, or choose all. Nothing was changed."},
				{post("all", string(jonas)), "Boxes are ticked, yet all recipients are chosen."},
			} {
				if wrong.status != 422 || !strings.Contains(wrong.body, "<title>Error: ") || !strings.Contains(wrong.body, `value="Wrong list"`) {
					t.Errorf("%q: status %d", wrong.want, wrong.status)
				}
				says(t, "the confirmation", wrong.answer, wrong.want)
			}
			long := b.post(path, url.Values{"scope": {"these"}, "recipient": {string(jonas)}, "reason": {strings.Repeat("é", 201)}})
			if long.status != 422 || !strings.Contains(long.body, `value="these" checked`) || strings.Count(long.body, `type="checkbox"`) != 3 || !strings.Contains(long.body, `value="`+string(jonas)+`" checked`) {
				t.Errorf("a long reason loses who was ticked: %d", long.status)
			}
			if list := revoked(); len(list) > 0 {
				t.Fatalf("refused forms revoked %v", list)
			}
			if a := post("these", string(marta), string(yuki)); a.status != http.StatusSeeOther {
				t.Fatalf("two of three: %d", a.status)
			}
			if list := revoked(); len(list) != 2 || slices.Contains(list, jonas) {
				t.Errorf("two were ticked, and revoked are %v", list)
			}
			if a := b.get(path); strings.Contains(a.body, `name="scope"`) || !strings.Contains(a.body, `type="hidden" name="recipient" value="`+string(jonas)+`"`) {
				t.Error("with one left there is a choice, or the one is not named")
			}
			b.post(strings.Replace(path, tt.path, "/restore", 1), nil)
			if a := post("all"); a.status != http.StatusSeeOther || len(revoked()) != 3 {
				t.Errorf("all: %d, revoked are %v", a.status, revoked())
			}
		})
	}
}

// TestWhatStaysWithSeveralIsSaidInGerman asks an administrator who reads German.
func TestWhatStaysWithSeveralIsSaidInGerman(t *testing.T) {
	w, b := inGerman(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas)
	says(t, "the confirmation", b.signIn(grace).get("/trace/"+string(id)+"/revoke"), "Was schon gespeichert, gedruckt oder fotografiert ist, bleibt bei ihnen.")
}

func TestSenderDoesNotRestoreWhatAnAdministratorRemoved(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], id, "lost device"); err != nil {
		t.Fatal(err)
	}
	b := w.browser().signIn(ada)
	page := b.get("/sent/" + string(id))
	said := texts(page.body)
	if !strings.Contains(said, "External access has been removed by Grace Hopper, an administrator, today at 10:00 UTC") || !strings.Contains(said, "Only an administrator can restore it.") {
		t.Errorf("the letter:\n%s", said)
	}
	if strings.Contains(page.body, "/restore") {
		t.Error("the letter offers to restore")
	}
	if a := b.post("/sent/"+string(id)+"/restore", nil); a.status != 403 {
		t.Errorf("restore: %d, want 403", a.status)
	}
	if list := texts(b.get("/sent").body); !strings.Contains(list, "Revoked by an administrator, 10:00") {
		t.Errorf("the list:\n%s", list)
	}
}

// TestAccessIsGivenBackToWhomTheFormNamesAlone has the recipient in the address of the
// form, and in what is posted.
func TestAccessIsGivenBackToWhomTheFormNamesAlone(t *testing.T) {
	w := newWorld(t, everyLink)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas)
	b := w.browser().signIn(ada)
	page := "/sent/" + string(id)
	for _, tt := range []struct {
		path string
		form url.Values
	}{{page + "/restore?recipient=" + string(marta), nil}, {page + "/restore", url.Values{"recipient": {string(marta)}}}} {
		if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
			t.Fatal(err)
		}
		if a := b.post(tt.path, tt.form); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", tt.path, a.status, texts(a.body))
		}
		d, err := w.server.Track.SentMessage(t.Context(), w.actors[ada], id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Recipients {
			if back := !r.Revocation.Revoked(); back != (r.Mailbox.Address == marta) {
				t.Errorf("%s %v: %s has access: %v", tt.path, tt.form, r.Mailbox.Address, back)
			}
		}
	}
}
