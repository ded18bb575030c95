package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const omar = letterlock.Address("omar@oakfield.example")

// answerOf is the form of an answer.
func answerOf(text, to string, files ...[2]string) filled {
	f := filled{fields: [][2]string{{"form", "x"}, {"text", text}}, files: files}
	if to != "" {
		f.fields = append(f.fields, [2]string{"to", to})
	}
	return f
}

// toTwo has Ada send a message to Marta and Jonas, with a hidden copy for Omar.
func toTwo(w *world) letterlock.ID {
	raw := strings.Replace(mail(ada, marta, jonas), "Subject:", "Bcc: "+string(omar)+"\r\nSubject:", 1)
	return w.submit(ada, intakeTo(marta, jonas, omar), raw)
}

func TestAReplyFromThePortalReachesTheSender(t *testing.T) {
	w := newWorld(t)
	toTwo(w)
	b := w.browser()
	path := b.prove(marta)
	page := b.get(path)
	for _, link := range []string{path + "/reply", path + "/reply-all", path + "/forward"} {
		if !strings.Contains(page.body, `href="`+link+`"`) {
			t.Errorf("the page has no link to %s", link)
		}
	}
	form := b.get(path + "/reply")
	if form.status != 200 || form.heading() != "Reply" || !strings.Contains(texts(form.body), string(ada)) || strings.Contains(texts(form.body), string(jonas)) {
		t.Errorf("the form: %d %q\n%s", form.status, form.heading(), texts(form.body))
	}
	if strings.Contains(form.body, secretSubject) {
		t.Error("the form shows the subject, and would go on showing it when access has ended")
	}
	a := answerOf("Agreed, with one change.", "", [2]string{"signed.pdf", "%PDF-1.4"}).post(b, path+"/reply")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), path+"?sent=") {
		t.Fatalf("sending: %d to %q\n%s", a.status, a.location(), texts(a.body))
	}
	if done := b.get(a.location()); !strings.Contains(texts(done.body), "Your reply was sent to Ada Lovelace.") {
		t.Errorf("the page afterwards says:\n%s", texts(done.body))
	}
	if done := b.get(path + "?sent=" + string(letterlock.NewID())); strings.Contains(texts(done.body), "was sent") {
		t.Error("an address that anybody can type says that something was sent")
	}
	w.deliver()
	mails := w.box.Mails(ada)
	if len(mails) != 1 || !strings.Contains(mails[0].Text(), "Agreed, with one change.") || !strings.Contains(mails[0].Text(), "> "+secretText) {
		t.Fatalf("Ada's mailbox holds %d mails: %+v", len(mails), mails)
	}
}

func TestAnAnswerSentTwiceIsOneMail(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	first := answerOf("Agreed", "").post(b, path+"/reply")
	second := answerOf("Agreed", "").post(b, path+"/reply")
	w.deliver()
	if first.location() != second.location() || len(w.box.Mails(ada)) != 1 {
		t.Errorf("sent to %q and %q, and %d mails arrived, want one", first.location(), second.location(), len(w.box.Mails(ada)))
	}
}

func TestFormsOfAnswersSayWhatIsWrong(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Intake.Vault.Limits.Size = o.MaxUpload })
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	tests := []struct {
		name, path string
		form       filled
		status     int
		want       string
	}{
		{"nothing", "/reply", answerOf("", ""), 422, "Write something, or attach a file"},
		{"nobody", "/forward", answerOf("For you", ""), 422, "Say to whom the message is to go"},
		{"no address", "/forward", answerOf("For you", "omar"), 422, "“omar” is not a mail address"},
		{"too many", "/forward", answerOf("For you", "a@x.example,b@x.example,c@x.example,d@x.example,e@x.example,f@x.example,g@x.example,h@x.example,i@x.example,j@x.example,k@x.example"), 422, "A copy may go to 10 addresses; these are 11"},
		{"large", "/reply", answerOf("For you", "", [2]string{"big", strings.Repeat("x", 1<<20)}), 413, ""},
	}
	for _, tt := range tests {
		a := tt.form.post(b, path+tt.path)
		if a.status != tt.status || !strings.Contains(texts(a.body), tt.want) {
			t.Errorf("%s: %d, want %d and %q:\n%s", tt.name, a.status, tt.status, tt.want, texts(a.body))
		}
		if a.status == 422 && tt.form.fields[1][1] != "" && !strings.Contains(a.body, ">"+tt.form.fields[1][1]+"</textarea>") {
			t.Errorf("%s: what was written is lost", tt.name)
		}
	}
	if n := len(w.box.Mails(ada)); n != 0 {
		t.Errorf("%d mails arrived all the same", n)
	}
}

func TestForwardedCopiesGoWithTheOriginal(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	if a := answerOf("For you", string(omar)).post(b, path+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	if s := w.box.Mails(omar)[0].Subject(); s != string(marta)+" has forwarded you a protected message from Ada Lovelace" {
		t.Errorf("Omar is told %q", s)
	}
	other := w.browser()
	copied := other.prove(omar)
	page := other.get(copied)
	if strings.Contains(texts(page.body), "has not checked who wrote it") {
		t.Error("the page doubts a copy that we have made")
	}
	if page.status != 200 || !strings.Contains(texts(page.body), string(marta)+" has forwarded you this message from Ada Lovelace") {
		t.Errorf("the copy: %d\n%s", page.status, texts(page.body))
	}
	if list := texts(other.get("/messages").body); !strings.Contains(list, string(marta)) || strings.Contains(list, "Ada Lovelace") {
		t.Errorf("the list of Omar's messages does not say who wrote the copy:\n%s", list)
	}
	if a := other.get(path); a.status != 403 {
		t.Errorf("the original for Omar: %d, want 403", a.status)
	}
	if a := w.browser().signIn(ada).post("/sent/"+string(id)+"/remove", nil); a.status != http.StatusSeeOther {
		t.Fatalf("removing access: %d", a.status)
	}
	for _, of := range []string{copied, copied + "/body", copied + "/reply", copied + "/forward"} {
		if a := other.get(of); a.status != 410 || a.heading() != "The message has been revoked by the sender" {
			t.Errorf("GET %s afterwards: %d %q", of, a.status, a.heading())
		}
	}
}

func TestWhatThePageHidesEveryRouteRefuses(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.DoNotForward, marta)
	b := w.browser()
	path := b.prove(marta)
	page := b.get(path)
	if strings.Contains(page.body, "/forward") || !strings.Contains(page.body, path+"/reply") || !strings.Contains(texts(page.body), "No program can keep a screen from being photographed.") {
		t.Errorf("the page offers to forward, or no reply, or promises too much:\n%s", texts(page.body))
	}
	if a := b.get(path + "/forward"); a.status != 403 || !strings.Contains(texts(a.body), "does not allow this message to be forwarded") {
		t.Errorf("GET: %d\n%s", a.status, texts(a.body))
	}
	for _, to := range []string{string(omar), "omar", ""} {
		if a := answerOf("For you", to).post(b, path+"/forward"); a.status != 403 {
			t.Errorf("POST to %q: %d, want 403", to, a.status)
		}
	}
	refused := false
	err := w.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		for _, e := range list {
			refused = refused || e.Action == "forward" && !e.Allowed && e.Reason == "do-not-forward"
		}
		return err
	})
	if err != nil || !refused {
		t.Errorf("the refusal is not in the audit log; %v", err)
	}
	answerOf("Agreed", "").post(b, path+"/reply")
	w.deliver()
	if text := w.box.Mails(ada)[0].Text(); strings.Contains(text, secretText) {
		t.Errorf("the reply quotes what must not be copied:\n%s", text)
	}
}

func TestAnAnswerToWhatHasEndedGivesItsWordsBack(t *testing.T) {
	ends := map[string]struct {
		end     func(w *world, id letterlock.ID)
		heading string
	}{
		"revoked": {func(w *world, id letterlock.ID) {
			w.browser().signIn(ada).post("/sent/"+string(id)+"/remove", nil)
		}, "The message has been revoked by the sender"},
		"expired": {func(w *world, _ letterlock.ID) { w.clock.advance(10 * time.Minute) }, "The message has expired"},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(10 * time.Minute)}, mail(ada, marta))
			b := w.browser()
			path := b.prove(marta)
			tt.end(w, id)
			for _, kind := range []string{"/reply", "/reply-all", "/forward"} {
				a := answerOf("My <long> reply", string(omar)).post(b, path+kind)
				if a.status != 410 || a.heading() != tt.heading || !strings.Contains(a.body, ">My &lt;long&gt; reply</textarea>") {
					t.Errorf("%s: %d %q, want the words back:\n%s", kind, a.status, a.heading(), a.body)
				}
			}
			w.deliver()
			if len(w.box.Mails(ada)) != 0 || len(w.box.Mails(omar)) != 0 {
				t.Error("something was sent all the same")
			}
		})
	}
}

func TestAnswersFromOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.header.Set("Origin", "https://evil.example")
	for _, kind := range []string{"/reply", "/reply-all", "/forward"} {
		if a := answerOf("Agreed", string(omar)).post(b, path+kind); a.status != 403 {
			t.Errorf("%s: %d, want 403", kind, a.status)
		}
	}
}

func TestTheQuoteGoesWithAccessToTheOriginal(t *testing.T) {
	w := newWorld(t)
	id := toTwo(w)
	b := w.browser()
	path := b.prove(marta)
	if a := answerOf("Agreed", "").post(b, path+"/reply-all"); a.status != http.StatusSeeOther {
		t.Fatalf("replying: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	other := w.browser()
	reply := other.prove(jonas)
	quote := `src="/read/` + string(id) + `/body"`
	live := reply + "/live?quote=" + string(id)
	if page := other.get(reply); !strings.Contains(page.body, quote) || !strings.Contains(page.body, `data-live-url="`+live+`"`) ||
		!strings.Contains(texts(page.body), string(marta)+" has replied to a message from Ada Lovelace") {
		t.Fatalf("the reply does not show what it answers:\n%s", page.body)
	}
	if a := other.get(live); a.status != 204 {
		t.Errorf("the open page asks: %d, want 204", a.status)
	}
	grace := w.actors[grace]
	if err := w.server.Access.Revoke(t.Context(), grace, id, "", jonas); err != nil {
		t.Fatal(err)
	}
	if a := other.get(live); a.status != 410 {
		t.Errorf("the open page asks: %d, want 410", a.status)
	}
	page := other.get(reply)
	if page.status != 200 || strings.Contains(page.body, quote) || strings.Contains(page.body, "?quote=") || !strings.Contains(texts(page.body), "access has been removed") {
		t.Errorf("after the original was revoked: %d\n%s", page.status, texts(page.body))
	}
	if body := other.get(reply + "/message.eml"); strings.Contains(body.body, secretText) {
		t.Error("the reply itself holds the original")
	}
}

func TestTenForwardsAndThenTheTime(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	for range 10 {
		f := answerOf("For you", string(omar))
		f.fields[0][1] = string(letterlock.NewID())
		if a := f.post(b, path+"/forward"); a.status != http.StatusSeeOther {
			t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
		}
	}
	if a := b.get(path + "/forward"); a.status != 429 || a.heading() != "This message was forwarded often enough" || a.header.Get("Retry-After") == "" {
		t.Errorf("GET: %d %q", a.status, a.heading())
	}
	a := answerOf("My words", string(omar)).post(b, path+"/forward")
	if a.status != 429 || !strings.Contains(texts(a.body), "forwarded 10 times within a day") || !strings.Contains(a.body, "My words</textarea>") {
		t.Errorf("POST: %d\n%s", a.status, texts(a.body))
	}
	var made []time.Time
	err := w.db.Read(t.Context(), func(tx *store.Tx) (err error) { made, err = tx.Forwards(id, w.clock.Now().Add(-time.Hour)); return err })
	if err != nil || len(made) != 10 {
		t.Errorf("%d copies, %v; want 10", len(made), err)
	}
}

func TestPlainFormsAnswerToo(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	if a := b.post(path+"/reply", url.Values{"text": {"Agreed"}}); a.status != http.StatusSeeOther {
		t.Errorf("a plain form: %d\n%s", a.status, texts(a.body))
	}
}
