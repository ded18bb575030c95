package browsertest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// visible is a function of an element: whether a person could see it.
const visible = `function () { return this.checkVisibility({visibilityProperty: true}) && this.getClientRects().length > 0 }`

// H1 waits for the page's first h1 and returns its text.
func (p *Page) H1() string {
	p.t.Helper()
	return p.Text("h1")
}

// Text waits for the first element that the CSS selector matches and returns
// its text as shown, so without what is hidden, and trimmed.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	var text string
	p.look(selector, "function () { return this.innerText ?? this.textContent }", &text)
	return strings.TrimSpace(text)
}

// Value waits for a form field, by label or CSS selector, and returns what it holds.
func (p *Page) Value(field string) string {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	var text string
	err := p.until(ctx, func() error {
		el, err := p.findField(ctx, field)
		if err != nil {
			return err
		}
		return p.on(ctx, el, "function () { return this.value }", &text)
	})
	if err != nil {
		p.fatalf("Value(%q): %v", field, err)
	}
	return text
}

// Attr waits for an element and returns its attribute, "" if it has none.
func (p *Page) Attr(selector, name string) string {
	p.t.Helper()
	var value string
	p.look(selector, `function (name) { return this.getAttribute(name) ?? "" }`, &value, name)
	return value
}

// Count returns how many elements the CSS selector matches now, without waiting.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	var n int
	p.Eval("document.querySelectorAll("+quote(selector)+").length", &n)
	return n
}

// HTML returns the page's present markup.
func (p *Page) HTML() string {
	p.t.Helper()
	var html string
	p.Eval("document.documentElement.outerHTML", &html)
	return html
}

// WaitFor waits until the CSS selector matches an element that can be seen.
func (p *Page) WaitFor(selector string) {
	p.t.Helper()
	p.await("WaitFor("+selector+")", func(ctx context.Context) error {
		el, err := p.must(ctx, selector)
		if err != nil {
			return err
		}
		var seen bool
		if err := p.on(ctx, el, visible, &seen); err != nil || seen {
			return err
		}
		return fmt.Errorf("%s is hidden", selector)
	})
}

// WaitText waits until the page shows text somewhere; white space counts as one
// blank. Frames are not searched.
func (p *Page) WaitText(text string) {
	p.t.Helper()
	p.await(fmt.Sprintf("WaitText(%q)", text), func(ctx context.Context) error {
		var shown string
		if err := p.eval(ctx, "document.body.innerText", &shown); err != nil {
			return err
		}
		if !strings.Contains(oneBlank(shown), oneBlank(text)) {
			return errors.New("the page does not show it")
		}
		return nil
	})
}

// WaitHeading waits until a page that has come whole has the h1: the page that is
// shown may be on its way to another.
func (p *Page) WaitHeading(text string) {
	p.t.Helper()
	p.await(fmt.Sprintf("WaitHeading(%q)", text), func(ctx context.Context) error {
		var h1 string
		if err := p.eval(ctx, `document.readyState === "complete" ? document.querySelector("h1")?.textContent.trim() ?? "" : ""`, &h1); err != nil {
			return err
		}
		if h1 != text {
			return fmt.Errorf("the page is headed %q", h1)
		}
		return nil
	})
}

// WaitGone waits until the CSS selector matches nothing that can be seen.
func (p *Page) WaitGone(selector string) {
	p.t.Helper()
	p.await("WaitGone("+selector+")", func(ctx context.Context) error {
		var n int
		count := fmt.Sprintf("[...document.querySelectorAll(%s)].filter(e => (%s).call(e)).length", quote(selector), visible)
		if err := p.eval(ctx, count, &n); err != nil || n == 0 {
			return err
		}
		return fmt.Errorf("%d still shown", n)
	})
}

// FrameText waits for an iframe, by CSS selector, and returns the text shown in
// it. Neither the frame's sandbox nor its policy hides it.
func (p *Page) FrameText(selector string) string {
	p.t.Helper()
	var text string
	p.FrameEval(selector, "document.body.innerText", &text)
	return strings.TrimSpace(text)
}

// FrameEval is [Page.Eval] inside an iframe, in a world apart from its own
// scripts.
func (p *Page) FrameEval(selector, expression string, out any) {
	p.t.Helper()
	p.await("FrameEval("+selector+")", func(ctx context.Context) error {
		el, err := p.must(ctx, selector)
		if err != nil {
			return err
		}
		described, err := chromedp.Call(ctx, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: runtime.RemoteObjectID(el)})
		if err != nil {
			return err
		}
		if described.Node.FrameID == "" {
			return fmt.Errorf("%s is no frame", selector)
		}
		world, err := p.world(ctx, described.Node.FrameID)
		if err != nil {
			return err
		}
		return p.evalIn(ctx, world, expression, out)
	})
}

// world makes a place in a frame where scripts of the test meet nobody else's.
func (p *Page) world(ctx context.Context, frame cdp.FrameID) (runtime.ExecutionContextID, error) {
	made, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame, WorldName: "browsertest"})
	return made.ExecutionContextID, err
}

// look waits for an element and calls a function of it.
func (p *Page) look(selector, function string, out any, args ...any) {
	p.t.Helper()
	p.await("looking for "+selector, func(ctx context.Context) error {
		el, err := p.must(ctx, selector)
		if err != nil {
			return err
		}
		return p.on(ctx, el, function, out, args...)
	})
}

// must finds the first element that a CSS selector matches.
func (p *Page) must(ctx context.Context, selector string) (element, error) {
	el, err := p.find(ctx, "document.querySelector("+quote(selector)+")")
	if err == nil && el == "" {
		err = fmt.Errorf("nothing matches %s", selector)
	}
	return el, err
}

// await repeats try until it succeeds, and fails the test if it never does.
func (p *Page) await(what string, try func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	if err := p.until(ctx, func() error { return try(ctx) }); err != nil {
		p.fatalf("%s: %v", what, err)
	}
}

// oneBlank makes every run of white space one blank.
func oneBlank(s string) string { return strings.Join(strings.Fields(s), " ") }
