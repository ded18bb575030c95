package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
	"letterlock/internal/language"
)

// TestRecipientsReadInTheirLanguage walks from the gate to the end of access in each
// language but English, on a telephone: nothing scrolls sideways, axe-core finds nothing,
// and the page says which language it is in and from which side.
func TestRecipientsReadInTheirLanguage(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	staff := browser.Page(t)
	p.signIn(staff, "ada@contoso.example")
	for _, l := range []struct{ tag, dir, gate, code, revoked string }{
		{"de", "ltr", "hat Ihnen", "Geben Sie Ihren Einmalcode ein", "Die Nachricht wurde vom Absender widerrufen"},
		{"fr", "ltr", "vous a envoyé", "Saisissez votre code à usage unique", "Le message a été révoqué par l’expéditeur"},
		{"es", "ltr", "le ha enviado", "Escriba su código de un solo uso", "El remitente ha revocado el mensaje"},
		{"ar", "rtl", "أرسلت إليك", "أدخل رمزك لمرة واحدة", "ألغى المرسل هذه الرسالة"},
		{"ja", "ltr", "保護されたメッセージが届いています", "ワンタイムパスコードを入力してください", "このメッセージは送信者によって取り消されました"},
	} {
		mailbox := l.tag + "@languages.example"
		p.send("X-Letterlock-Expires: 2d\n"+strings.NewReplacer("journey-1", "language-"+l.tag, nora, mailbox).Replace(realMail), mailbox)
		page := browser.Page(t)
		page.SetViewport(360, 740)
		look := func(name string) {
			t.Helper()
			var lang, dir string
			page.Eval(`document.documentElement.lang`, &lang)
			page.Eval(`document.documentElement.dir`, &dir)
			if lang != l.tag || dir != l.dir {
				t.Errorf("%s: %s is in %q, %q", l.tag, name, lang, dir)
			}
			stop{name: "language-" + l.tag + "-" + name, page: page}.look(t, 360, false)
		}
		mailIn(t, p, page, mailbox, "has sent you a protected message")
		var link string
		page.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
		page.Goto(link)
		page.Click("button[value=" + l.tag + "]")
		if !strings.Contains(page.H1(), l.gate) {
			t.Errorf("%s: the gate says %q", l.tag, page.H1())
		}
		look("gate")
		page.Click(`form[action$="/passcode"] button`)
		wantPage(t, page, 200, l.code)
		look("passcode")
		page.Fill("#code", newestPasscode(t, p, mailbox))
		page.Click(`form[action$="/verify"] .button--primary`)
		look("read")
		var expires struct{ Ours, Readers string }
		page.Eval(`(t => ({ours: t.title, readers: t.textContent}))(document.querySelector("[data-zone] time"))`, &expires)
		if cut := strings.LastIndexByte(expires.Ours, ' '); cut < 0 || !strings.HasPrefix(expires.Readers, expires.Ours[:cut]) {
			t.Errorf("%s: it expires on %q, and in the reader's zone, which is the same, on %q", l.tag, expires.Ours, expires.Readers)
		}
		read := page.Path()
		page.Goto(p.site + "/messages")
		look("messages")
		page.Goto(p.site + read + "/reply")
		attachIn(t, page, l.tag)
		look("reply")
		staff.Goto(p.site + "/sent")
		staff.Click("a.item")
		staff.ClickText("Remove external access")
		staff.Click(".button--seal")
		page.Goto(p.site + read)
		wantPage(t, page, 410, l.revoked)
		page.ForgetProblems() // the browser complains of the status
		look("revoked")
	}
}

// TestStaffReadInGerman walks from the page for signing in to Compose and Security in German, on
// a telephone: nothing scrolls sideways, and axe-core finds nothing.
func TestStaffReadInGerman(t *testing.T) {
	t.Parallel()
	const pass = "correct horse battery"
	c := newConsole(t)
	c.serve()
	c.must(pass+"\n", "add", lena, "--name", "Lena Voss", "--password-file", "-")
	page := browsertest.New(t, browsertest.Light).Page(t)
	page.SetViewport(360, 740)
	look := func(name, heading string) {
		t.Helper()
		wantPage(t, page, 200, heading)
		stop{name: "staff-de-" + name, page: page}.look(t, 360, false)
	}
	page.Goto(c.site + "/sign-in?next=/compose")
	page.Click("button[value=de]")
	look("sign-in", "Anmelden bei Contoso")
	page.Fill("Adresse", lena)
	page.Fill("Kennwort", pass)
	page.ClickText("Anmelden")
	wantPage(t, page, 200, "Verfassen")
	page.Fill("An", "marta@quillfeather.example, office@contoso.example")
	page.ClickText("Hinzufügen zu: An")
	page.WaitText("kann zurückgenommen werden")
	page.Click("summary:has(+ dl)")
	look("compose", "Verfassen")
	page.Goto(c.site + "/account/security")
	look("security", "Sicherheit Ihres Kontos")
	page.ClickText("Authentifizierungs-App einrichten")
	look("app", "Authentifizierungs-App einrichten")
	page.Goto(c.site + "/sent")
	page.Click(".nav-toggle")
	look("menu", "Gesendet")
	page.Click("nav button[value=en]")
	wantPage(t, page, 200, "Sent")
}

// attachIn attaches a file to an answer: what the script says of it is in the language of
// the page, and a size is what the server says of it.
func attachIn(t *testing.T, page *browsertest.Page, tag string) {
	t.Helper()
	say, ok := language.Find(tag)
	if !ok {
		t.Fatalf("there are no texts in %s", tag)
	}
	page.Upload("#files", written(t, "signed.txt", []byte("signed")))
	page.WaitText(say.Text("upload.attached", "File", "signed.txt"))
	sizes := []int64{0, 1, 2, 3, 11, 100, 102, 999, 1000, 1500, 999_499, 999_500, 1_250_000, 9_949_999, 9_950_000, 150_000_000}
	told, err := json.Marshal(sizes)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	page.Eval(string(told)+`.map(wordsOf(document.getElementById("drop")).size)`, &got)
	for i, n := range sizes {
		if want := say.Size(n); got[i] != want {
			t.Errorf("%s: %d bytes are %q to the script, and %q to the server", tag, n, got[i], want)
		}
	}
}

// newestPasscode is the passcode in the newest mail of a mailbox, in whatever language.
func newestPasscode(t *testing.T, p *program, mailbox string) string {
	t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		items := firstItem.FindAllStringSubmatch(p.fetch(t, "/inbox/"+mailbox), -1)
		if len(items) < 2 {
			continue // the notification alone
		}
		if code := codeLine.FindString(p.fetch(t, items[0][1]+"/text")); code != "" {
			return strings.ReplaceAll(code, " ", "")
		}
	}
	t.Fatalf("no passcode came for %s", mailbox)
	return ""
}
