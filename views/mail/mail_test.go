package mail

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"letterlock/internal/language"
)

var update = flag.Bool("update", false, "write the golden files anew")

var brand = Brand{Name: "Halden Law", HasLogo: true, Color: "#3b2a5c", OnColor: "#ffffff", DarkColor: "#c3b1ea", OnDark: "#1f1435"}

var (
	notification = Notification{
		Brand: brand, SenderName: "Ines Kaya", SenderAddr: "ines.kaya@halden.example",
		URL:  "https://mail.halden.example/m/Xr8Qk2vT0uJZ5mB7pYc3HdN9wLs4AeGf6KiRoEtVxUQ",
		Host: "mail.halden.example", Reference: "KX7-4QP-B7M-RTA", To: "marta@quillfeather.example",
		Expires:    "Friday 4 December 2026, 18:00 Central European Time (UTC+1)",
		Disclaimer: Said{"Halden Law protects messages that hold personal data.", true},
	}
	passcode = Passcode{
		Brand: brand, Code: "40718265", Reference: "B7M", Minutes: 10, Until: "11:28 CET",
		Host: "mail.halden.example", To: "marta@quillfeather.example",
	}
	failure = Failure{
		Brand: brand, Recipient: "office@rehm-notare.example", Subject: "Power of attorney",
		Sent: "Wednesday 18 November 2026, 10:42 CET", Reason: "550 5.1.1 mailbox does not exist",
		URL: "https://mail.halden.example/sent/abc", MessageID: "<7f3c91d2.4b1e@halden.example>",
	}
	news = News{
		Brand: brand, Subject: "Marta Lind asks for more time to read a protected message",
		Sentence: "Marta Lind asks for more time to read a message that has expired.",
		More:     "Nothing changes unless you approve it. If they gave a reason, it stands there.",
		About:    "Power of attorney, sent Wednesday 18 November 2026, 10:42 CET", Button: "Answer in your Sent folder",
		URL: "https://mail.halden.example/sent/abc", Foot: "You get this mail because you sent the message. Message-ID <7f3c91d2.4b1e@halden.example>",
	}
	account = Account{
		Brand: brand, Invited: true, URL: "https://mail.halden.example/password/Xr8Qk2vT0uJZ5mB7pYc3HdN9wLs4AeGf6KiRoEtVxUQ",
		Host: "mail.halden.example", Expires: "Friday 4 December 2026, 18:00 CET (UTC+01:00)", To: "ines.kaya@halden.example",
	}
)

// bodies is every mail of the program, by the name of its golden file.
func bodies(t *testing.T) map[string]string {
	t.Helper()
	text := func(c templ.Component) string {
		var b strings.Builder
		if err := c.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	plain := Notification{Brand: Brand{Name: "Contoso"}, SenderAddr: "ada@contoso.example", URL: "https://m.contoso.example/m/x", Host: "m.contoso.example", Reference: "AAA-BBB-CCC-DDD", To: "bob@b.example"}
	again := notification
	again.Again = true
	reset := account
	reset.Invited = false
	inline := failure
	inline.Inline = true
	all := map[string]string{
		"failure-inline.html": text(FailureHTML(inline)), "failure-inline.txt": FailureText(inline),
		"account.html": text(AccountHTML(account)), "account.txt": AccountText(account),
		"account-reset.html": text(AccountHTML(reset)), "account-reset.txt": AccountText(reset),
		"notification.html": text(NotificationHTML(notification)), "notification.txt": NotificationText(notification),
		"notification-plain.html": text(NotificationHTML(plain)), "notification-plain.txt": NotificationText(plain),
		"again.html": text(NotificationHTML(again)), "again.txt": NotificationText(again),
		"news.html": text(NewsHTML(news)), "news.txt": NewsText(news),
		"passcode.html": text(PasscodeHTML(passcode)), "passcode.txt": PasscodeText(passcode),
		"failure.html": text(FailureHTML(failure)), "failure.txt": FailureText(failure),
	}
	for _, tag := range []string{language.German, language.Arabic, language.Japanese} {
		n, p := in(t, tag)
		all["notification-"+tag+".html"], all["notification-"+tag+".txt"] = text(NotificationHTML(n)), NotificationText(n)
		all["passcode-"+tag+".html"], all["passcode-"+tag+".txt"] = text(PasscodeHTML(p)), PasscodeText(p)
	}
	german, _ := language.Find(language.German)
	a, f, n := account, failure, news
	a.Words, f.Words, n.Words = german, german, german
	a.Expires, f.Sent = "Freitag, 4. Dezember 2026, 18:00 CET (UTC+01:00)", "Mittwoch, 18. November 2026, 10:42 CET"
	n.Subject, n.Sentence = "Marta Lind hat Ihre geschützte Nachricht gelesen", "Marta Lind hat Ihre Nachricht gelesen."
	n.More, n.Button = german.Text("staffMail.release.more"), german.Text("staffMail.openInSent")
	n.About, n.Foot = "Vollmacht, gesendet am "+f.Sent, german.Text("staffMail.becauseYouSent", "ID", failure.MessageID)
	all["account-de.html"], all["account-de.txt"] = text(AccountHTML(a)), AccountText(a)
	all["failure-de.html"], all["failure-de.txt"] = text(FailureHTML(f)), FailureText(f)
	all["news-de.html"], all["news-de.txt"] = text(NewsHTML(n)), NewsText(n)
	return all
}

// in are the mails to recipients in a language.
func in(t *testing.T, tag string) (Notification, Passcode) {
	t.Helper()
	words, ok := language.Find(tag)
	if !ok {
		t.Fatalf("no language %q", tag)
	}
	n, p := notification, passcode
	n.Words, p.Words = words, words
	n.Expires = words.Weekday(time.Date(2026, 12, 4, 18, 0, 0, 0, time.FixedZone("CET", 3600))) + " (UTC+01:00)"
	n.Disclaimer = Said{}
	return n, p
}

// TestMailsAreWholeInEachLanguage puts values into every sentence that a recipient gets.
func TestMailsAreWholeInEachLanguage(t *testing.T) {
	for _, words := range language.All() {
		n, p := in(t, words.Tag())
		n.Owner = "Omar Said"
		mails := map[string][2]string{"passcode": {page(t, PasscodeHTML(p)), PasscodeText(p)}}
		values := map[string][]string{"passcode": {p.Reference, p.Until, p.Host, p.To, p.Brand.Name, words.Text("mail.passcode.unasked")}}
		for act, more := range map[Act][]string{"": nil, Replied: {n.Owner}, Forwarded: {n.Owner}} {
			n.Act = act
			mails["notification "+string(act)] = [2]string{page(t, NotificationHTML(n)), NotificationText(n)}
			values["notification "+string(act)] = append(more, n.SenderName, n.SenderAddr, n.Host, n.Host+"/check", n.Reference, n.To, n.Brand.Name, n.Expires, n.URL, words.Text("mail.read"))
			if s := n.Subject(); !strings.Contains(s, n.SenderName) || act != "" && !strings.Contains(s, n.Owner) || strings.Contains(s, n.SenderAddr) {
				t.Errorf("%s: subject %q", words.Tag(), s)
			}
		}
		for name, parts := range mails {
			for i, part := range []string{"HTML", "text"} {
				said := strings.NewReplacer("\u2068", "", "\u2069", "").Replace(parts[i])
				for _, value := range values[name] {
					// Lines end elsewhere in each language.
					if !strings.Contains(unbroken(said), unbroken(value)) {
						t.Errorf("%s, %s, %s: it does not say %q:\n%s", words.Tag(), name, part, value, said)
					}
				}
				if strings.Contains(said, "{{") {
					t.Errorf("%s, %s, %s: a placeholder was left:\n%s", words.Tag(), name, part, said)
				}
			}
			if !strings.Contains(parts[0], `<html lang="`+words.Tag()+`" dir="`+words.Direction()+`"`) {
				t.Errorf("%s, %s: the HTML does not say its language", words.Tag(), name)
			}
		}
	}
}

func page(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(html.UnescapeString(b.String()), "<wbr>", "")
}

// unbroken is a text without what lines are broken at.
func unbroken(s string) string { return strings.Join(strings.Fields(s), "") }

// A passcode whose halves a mail program shows in the wrong order opens nothing, and one
// with marks in it that nobody sees cannot be copied.
func TestAPasscodeStaysTheSameFromRightToLeft(t *testing.T) {
	_, p := in(t, language.Arabic)
	for name, text := range map[string]string{"HTML": page(t, PasscodeHTML(p)), "text": PasscodeText(p)} {
		if !strings.Contains(text, "40718265") {
			t.Errorf("the %s part has the passcode in pieces, or with marks:\n%s", name, text)
		}
	}
	n, _ := in(t, language.Arabic)
	if text := NotificationText(n); !strings.Contains(text, " "+n.Host+"\n") || !strings.Contains(text, " "+n.Host+"/check ") && !strings.Contains(text, " "+n.Host+"/check\n") {
		t.Errorf("what a mail program makes a link of has marks at its end:\n%s", text)
	}
}

func TestJapaneseLinesEndWhereTheyMay(t *testing.T) {
	got := wrap(strings.Repeat("あいう、", 20)+"（終わり）。", "")
	for line := range strings.Lines(got) {
		if first := []rune(line)[0]; columns(strings.TrimSpace(line)) > width+2 || strings.ContainsRune("、。）", first) || strings.HasSuffix(line, "（\n") {
			t.Errorf("a line %q", line)
		}
	}
	if strings.ReplaceAll(got, "\n", "") != strings.Repeat("あいう、", 20)+"（終わり）。" {
		t.Errorf("it lost something: %q", got)
	}
}

func TestMailsAreAsInTheGoldenFiles(t *testing.T) {
	for name, got := range bodies(t) {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from its golden file; look at it, then run with -update:\n%s", name, got)
		}
	}
}

func links(t *testing.T, text string) (urls, images []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			switch {
			case a.Key == "href":
				urls = append(urls, a.Val)
			case a.Key == "src" || a.Key == "background":
				images = append(images, a.Val)
			}
		}
	}
	return urls, images
}

func TestANotificationHasOneLinkAndNoRemoteImage(t *testing.T) {
	urls, images := links(t, bodies(t)["notification.html"])
	if !slices.Equal(urls, []string{notification.URL}) {
		t.Errorf("links %q, want only %q", urls, notification.URL)
	}
	if !slices.Equal(images, []string{"cid:" + LogoCID}) {
		t.Errorf("images %q, want only the inline logo", images)
	}
	if n := strings.Count(NotificationText(notification), "https://"); n != 1 {
		t.Errorf("%d links in the text part, want 1", n)
	}
	if _, images := links(t, bodies(t)["notification-plain.html"]); len(images) != 0 {
		t.Errorf("a brand without logo shows %q", images)
	}
}

func TestTheMailToSetAPasswordHasOneLink(t *testing.T) {
	for _, name := range []string{"account", "account-reset"} {
		all := bodies(t)
		urls, images := links(t, all[name+".html"])
		if !slices.Equal(urls, []string{account.URL}) || !slices.Equal(images, []string{"cid:" + LogoCID}) {
			t.Errorf("%s: links %q, images %q; want the link and the inline logo", name, urls, images)
		}
		if text := strings.Join(strings.Fields(all[name+".txt"]), " "); strings.Count(text, "://") != 1 || !strings.Contains(text, account.URL) || !strings.Contains(text, account.Expires) {
			t.Errorf("%s: the text part lacks the link or its end, or has more than one:\n%s", name, text)
		}
	}
}

func TestAPasscodeMailHasNoLink(t *testing.T) {
	all := bodies(t)
	if urls, _ := links(t, all["passcode.html"]); len(urls) != 0 {
		t.Errorf("links %q in a passcode mail", urls)
	}
	for _, name := range []string{"passcode.html", "passcode.txt"} {
		if strings.Contains(all[name], "://") && name == "passcode.txt" {
			t.Errorf("%s holds a URL", name)
		}
		if !strings.Contains(all[name], "4071 8265") || !strings.Contains(all[name], "B7M") {
			t.Errorf("%s lacks the passcode or its reference code", name)
		}
	}
}

func TestTextPartsHaveShortLines(t *testing.T) {
	for name, text := range bodies(t) {
		if !strings.HasSuffix(name, ".txt") {
			continue
		}
		for line := range strings.Lines(text) {
			if n := columns(strings.TrimRight(line, "\n")); n > 78 && !strings.Contains(line, "://") {
				t.Errorf("%s: a line of %d characters: %q", name, n, line)
			}
		}
	}
}

func TestOnlyColoursGetIntoStyle(t *testing.T) {
	tests := []struct{ in, want string }{
		{"#3b2a5c", "#3b2a5c"},
		{"#3B2A5C", "#3B2A5C"},
		{"", ownColor},
		{"red", ownColor},
		{"#fff", ownColor},
		{"#12345;", ownColor},
		{"#123456;background:url(https://x.example)", ownColor},
	}
	for _, tt := range tests {
		if got := (Brand{Color: tt.in}).color(); got != tt.want {
			t.Errorf("colour %q is written as %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestHostileNamesStayText(t *testing.T) {
	n := notification
	n.SenderName = `<script>alert(1)</script>`
	n.URL = "javascript:alert(1)"
	var b strings.Builder
	if err := NotificationHTML(n).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script") || strings.Contains(b.String(), "javascript:") {
		t.Error("a name or a URL became script")
	}
}

func TestAWrappedTextKeepsEveryWord(t *testing.T) {
	long := strings.Repeat("x", 200)
	text := "one two " + long + " three"
	got := wrap(text, "  ")
	if strings.Join(strings.Fields(got), " ") != text {
		t.Errorf("wrap lost words: %q", got)
	}
	if !strings.Contains(got, "\n  "+long+"\n") {
		t.Errorf("a long word has no line of its own: %q", got)
	}
}

// seen is the text of an HTML part without what no reader sees.
func seen(t *testing.T, text string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(strings.ReplaceAll(text, "<wbr>", "")))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "style" && strings.HasPrefix(a.Val, "display:none") {
				return
			}
		}
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data + " ")
		case n.Data == "head":
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return b.String()
}

// wordsOf are the different words of a text; what divides them is not compared.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \n\t\u00a0.,:;()<>؛،\u2068\u2069", r) }) {
		words[w] = true
	}
	return words
}

func TestBothPartsOfAMailSayTheSame(t *testing.T) {
	all := bodies(t)
	// Only a label for what the HTML part shows by its place, and the link, which is a button there.
	labels := []string{"reason", "message", "what", "the", "other", "side", "said"}
	free := map[string][]string{"failure": labels, "failure-inline": labels, "failure-de": {"grund", "nachricht", "was", "die", "andere", "seite", "gesagt", "hat", "am"}}
	for name, page := range all {
		kind, ok := strings.CutSuffix(name, ".html")
		if !ok || strings.HasSuffix(kind, "-"+language.Japanese) { // which has no blanks between words
			continue
		}
		inHTML, inText := wordsOf(seen(t, page)), wordsOf(all[kind+".txt"])
		urls, _ := links(t, page)
		for _, u := range urls {
			for w := range wordsOf(u) {
				inHTML[w] = true
			}
		}
		for w := range inHTML {
			if !inText[w] && !slices.Contains(free[kind], w) {
				t.Errorf("%s: only the HTML part says %q", kind, w)
			}
		}
		for w := range inText {
			if !inHTML[w] && w != "--" && !slices.Contains(free[kind], w) {
				t.Errorf("%s: only the text part says %q", kind, w)
			}
		}
	}
}

// Gmail shows no more than 102 KB of a mail, and no style element of more than 16 KB.
func TestGmailShowsMailsWhole(t *testing.T) {
	n := notification
	n.SenderName, n.Disclaimer.Text, n.Brand.Name = strings.Repeat("é&", 500), strings.Repeat("Words & more. ", 150), strings.Repeat("H&", 100)
	var b strings.Builder
	if err := NotificationHTML(n).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	all := bodies(t)
	all["notification with the longest names.html"] = b.String()
	for name, text := range all {
		if len(text) > 30<<10 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		for _, block := range regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(block[1], "url(") || strings.Contains(block[1], "@import") || strings.Contains(block[1], "[") ||
				strings.Count(block[1], "{") != strings.Count(block[1], "}") {
				t.Errorf("%s: Gmail would drop this block:\n%s", name, block[1])
			}
		}
	}
}

// TestOutlookFindsItsTables looks at what Word draws: it knows no greatest width, and
// pads cells alone.
func TestOutlookFindsItsTables(t *testing.T) {
	for name, text := range bodies(t) {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		open, end := strings.Count(text, "<!--[if mso]>"), strings.Count(text, "<![endif]-->")
		if open != 3 || end != 3 || !strings.Contains(text, `<!--[if mso]><table role="presentation" width="560"`) {
			t.Errorf("%s: %d comments for Outlook begin and %d end", name, open, end)
		}
		root, err := html.Parse(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Data == "table" && !slices.Contains(n.Attr, html.Attribute{Key: "role", Val: "presentation"}) {
				t.Errorf("%s: a table that is read out as one", name)
			}
			for _, a := range n.Attr {
				if a.Key == "style" && n.Data != "td" && n.Data != "a" && n.Data != "body" && n.Data != "span" && strings.Contains(a.Val, "padding:") {
					t.Errorf("%s: Word does not pad <%s style=%q>", name, n.Data, a.Val)
				}
				if a.Key == "class" && a.Val == "act" && !strings.Contains(attribute(n, "style"), "mso-padding-alt:") {
					t.Errorf("%s: in Word the button has no room", name)
				}
				if a.Key == "style" && strings.Contains(a.Val, "display:inline-block") && n.Data != "a" {
					t.Errorf("%s: Word knows no <%s style=%q>", name, n.Data, a.Val)
				}
			}
			if n.Data == "img" && (attribute(n, "width") == "" || attribute(n, "height") == "") {
				t.Errorf("%s: a picture without a size", name)
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// TestATextForAllLanguagesIsNotTurnedAround puts each text of the brand into an Arabic mail,
// in Arabic and in whichever language it is.
func TestATextForAllLanguagesIsNotTurnedAround(t *testing.T) {
	n, _ := in(t, language.Arabic)
	for _, text := range []*Said{&n.Introduction, &n.Button, &n.Email, &n.Disclaimer} {
		*text = Said{"Halden Law.", true}
		if got := page(t, NotificationHTML(n)); !strings.Contains(got, `<span lang="" dir="auto">Halden Law.</span>`) {
			t.Error("it has the direction of the mail")
		}
		text.AnyLanguage = false
		if got := page(t, NotificationHTML(n)); strings.Contains(got, `dir="auto"`) || !strings.Contains(got, "Halden Law.") {
			t.Error("in Arabic it has not the direction of the mail")
		}
		*text = Said{}
	}
}
