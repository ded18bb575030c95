package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"letterlock/internal/language"
)

func TestFilesAreTheLastFieldOfCompose(t *testing.T) {
	fields := 0
	last := ""
	for _, n := range parse(t, render(t)["compose-wrong"]) {
		if name, ok := attr(n, "name"); ok && slices.Contains([]string{"input", "select", "textarea"}, n.Data) {
			fields++
			last = name
		}
	}
	if last != "files" || fields < 12 {
		t.Errorf("last of %d fields is %q, want files", fields, last)
	}
}

func TestEnterNeverRemovesARecipient(t *testing.T) {
	for _, n := range parse(t, render(t)["compose"]) {
		if kind, _ := attr(n, "type"); n.Data != "button" || kind == "button" || !inside(n, func(p *html.Node) bool {
			action, _ := attr(p, "action")
			return action == "/compose"
		}) {
			continue
		}
		if do, _ := attr(n, "value"); do != "add" {
			t.Errorf("first button of the form is %q: the Enter key would press it", do)
		}
		return
	}
	t.Fatal("no button in the form")
}

func TestErrorsStandAtTheirFieldsAndInTheTitle(t *testing.T) {
	pages := render(t)
	for name, id := range map[string]string{"compose-wrong": "to-error", "sign-in-wrong": "sign-in-error", "set-password-wrong": "password-error", "sent-confirm-error": "reason-error"} {
		page := pages[name]
		if !strings.Contains(page, "<title>Error: ") {
			t.Errorf("%s: title does not begin with Error", name)
		}
		if !strings.Contains(page, `id="`+id+`"`) || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("%s: no reason %s at its field", name, id)
		}
		if strings.Count(page, " autofocus") != 1 {
			t.Errorf("%s: %d fields take the cursor, want 1", name, strings.Count(page, " autofocus"))
		}
	}
	if !strings.Contains(pages["compose-wrong"], `href="#expiry-date"`) {
		t.Error("three errors are not listed above the form")
	}
}

func TestSwappedRecipientsMatchThePage(t *testing.T) {
	var b strings.Builder
	v := Compose{Page: staffPage(language.Words{}), SummaryLead: "All can be taken back,", Summary: "by you.", Rules: []string{"“Partners”: Do not forward"}}
	if err := ComposeRecipients(v).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`id="recipients"`, `id="rules-note"`, "“Partners”: Do not forward", `id="send-summary"`, `hx-swap-oob="true"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the answer lacks %s", want)
		}
	}
	if page := render(t)["compose"]; strings.Contains(page, "hx-swap-oob") || !strings.Contains(page, `id="send-summary"`) || !strings.Contains(page, `id="rules-note"`) {
		t.Error("the page's own summary, or what the rules ask, is missing, or marked as a swap")
	}
}
