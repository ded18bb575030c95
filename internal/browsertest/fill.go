package browsertest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// fieldNamed finds a form field by its label: exactly, or the only one whose
// label begins with it, because hints and marks follow in the same label.
const fieldNamed = `(wanted => {
	const clean = s => (s ?? "").replace(/\s+/g, " ").trim();
	const name = e => {
		const by = e.getAttribute("aria-labelledby");
		if (by) return clean(by.split(/\s+/).map(id => document.getElementById(id)?.innerText).join(" "));
		return clean(e.getAttribute("aria-label")) || clean([...e.labels ?? []].map(l => l.innerText).join(" "));
	};
	const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")];
	const exact = fields.filter(e => name(e) === wanted), begins = fields.filter(e => name(e).startsWith(wanted));
	return exact[0] ?? (begins.length === 1 ? begins[0] : null);
})`

// prepare makes a field ready for typing, or sets it where typing is no way to
// do it; it answers "type", "done", or what is wrong.
const prepare = `function (value) {
	if (this.matches(":disabled") || this.readOnly) return "it cannot be changed";
	const tell = () => { for (const kind of ["input", "change"]) this.dispatchEvent(new Event(kind, {bubbles: true})) };
	if (this instanceof HTMLSelectElement) {
		const option = [...this.options].find(o => o.label.trim() === value) ?? [...this.options].find(o => o.value === value);
		if (!option) return "it has no option " + value + " but " + [...this.options].map(o => o.label).join(", ");
		this.value = option.value;
		tell();
		return "done";
	}
	if (["checkbox", "radio", "file", "submit", "button"].includes(this.type)) return "it is not for text: use Click, ClickText or Upload";
	if (!["text", "email", "password", "search", "tel", "url", "number", "textarea"].includes(this.type)) {
		this.value = value;
		tell();
		return this.value === value ? "done" : "it does not take " + value;
	}
	this.focus();
	this.select();
	return "type";
}`

// Fill waits for a field, by label or CSS selector, and puts value in the place
// of what it held: typed into text fields, chosen by label or value in lists,
// set in fields for dates and the like.
func (p *Page) Fill(field, value string) {
	p.t.Helper()
	p.await(fmt.Sprintf("Fill(%q)", field), func(ctx context.Context) error {
		el, err := p.findField(ctx, field)
		if err != nil {
			return err
		}
		var verdict string
		if err := p.on(ctx, el, prepare, &verdict, value); err != nil {
			return err
		}
		switch verdict {
		case "done":
			return nil
		case "type":
			return p.enter(ctx, value)
		}
		return fmt.Errorf("%q: %s", field, verdict)
	})
}

// enter puts text in the place of the selected text of the focused field.
func (p *Page) enter(ctx context.Context, text string) error {
	if text == "" {
		return p.eval(ctx, `document.execCommand("delete")`, nil)
	}
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	return err
}

// Upload waits for a file field, by label or CSS selector, and gives it files,
// by path.
func (p *Page) Upload(field string, files ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("Upload(%q)", field), func(ctx context.Context) error {
		el, err := p.findField(ctx, field)
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: runtime.RemoteObjectID(el)})
		return err
	})
}

// Press types keys where the focus is; kb of chromedp has names for the special
// ones, such as kb.Enter and kb.Tab. It does not wait for what follows.
func (p *Page) Press(keys string) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.KeyEvent(keys)); err != nil {
		p.fatalf("Press(%q): %v", keys, err)
	}
}

// findField finds a form field by label, else by CSS selector.
func (p *Page) findField(ctx context.Context, field string) (element, error) {
	el, err := p.find(ctx, fieldNamed+"("+quote(oneBlank(field))+")")
	if err != nil || el != "" {
		return el, err
	}
	el, err = p.find(ctx, "document.querySelector("+quote(field)+")")
	if err != nil || el == "" { // a label is seldom a selector; that it is none says nothing
		return "", fmt.Errorf("no field has the label or selector %q", field)
	}
	return el, nil
}
