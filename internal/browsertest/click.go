package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// grace is how long a click on a link or submit button may take to cause a
// request before we believe that a script of the page has kept it from doing so.
const grace = 3 * time.Second

// clickRoles are the roles of what [Page.ClickText] clicks.
var clickRoles = []string{"link", "button", "menuitem", "tab", "option", "checkbox", "radio", "switch", "DisclosureTriangle"}

// aim brings an element into view and says where to click it, why one cannot,
// and whether a click leads to another page if no script prevents that.
const aim = `function () {
	const where = e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.className ? "." + e.className : "");
	if (!this.isConnected || !this.checkVisibility({visibilityProperty: true})) return {problem: "it is hidden"};
	if (this.matches(":disabled")) return {problem: "it is disabled"};
	this.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const box = [...this.getClientRects()].find(r => r.width > 0 && r.height > 0);
	if (!box) return {problem: "it has no size"};
	const x = box.left + box.width / 2, y = box.top + box.height / 2;
	const top = document.elementFromPoint(x, y);
	if (!top || !(this.contains(top) || top.contains(this) || top.closest("label")?.control === this))
		return {problem: "it is covered by " + (top ? where(top) : "nothing that is in view")};
	const bare = u => u.split("#")[0];
	const leads = () => {
		const link = this.closest("a[href]");
		if (link) return /^https?:$/.test(link.protocol) && link.target !== "_blank" &&
			!(link.href.includes("#") && bare(link.href) === bare(location.href));
		const button = this.closest("button, input");
		if (!button || !["submit", "image"].includes(button.type)) return false;
		const form = button.closest("form") || button.form;
		return !!form && form.getAttribute("method") !== "dialog" && form.getAttribute("target") !== "_blank" &&
			(button.formNoValidate || form.hasAttribute("novalidate") || !form.querySelector(":invalid"));
	};
	return {x, y, leads: leads(), problem: ""};
}`

// Click waits for the first element that the CSS selector matches, clicks it
// with the mouse, and waits until what that set off has arrived: the next page,
// the answer to a script's request, or the start of a download. Whatever else a
// script does afterwards is to be waited for.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.click("Click("+selector+")", func(ctx context.Context) (element, error) { return p.must(ctx, selector) })
}

// ClickText clicks the link, button or other control whose accessible name is
// name, or, when none is, the only one whose name contains it. The name is what
// a screen reader says: the visible text unless a label replaces it.
func (p *Page) ClickText(name string) {
	p.t.Helper()
	p.click(fmt.Sprintf("ClickText(%q)", name), func(ctx context.Context) (element, error) { return p.named(ctx, name) })
}

// spot is what aim answers.
type spot struct {
	X, Y    float64
	Leads   bool
	Problem string
}

// click finds an element, clicks it and waits for what follows.
func (p *Page) click(what string, find func(context.Context) (element, error)) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	at, err := p.reach(ctx, find)
	if err != nil {
		p.fatalf("%s: %v", what, err)
	}
	before := p.track.activityCount()
	if err := p.press(ctx, at); err != nil {
		p.fatalf("%s: %v", what, err)
	}
	p.follow(ctx, what, at.Leads, before)
}

// reach waits until an element can be reached with the mouse, and says where.
func (p *Page) reach(ctx context.Context, find func(context.Context) (element, error)) (at spot, err error) {
	err = p.until(ctx, func() error {
		el, err := find(ctx)
		if err != nil {
			return err
		}
		if err := p.on(ctx, el, aim, &at); err != nil {
			return err
		}
		if at.Problem != "" {
			return errors.New(at.Problem)
		}
		return nil
	})
	return at, err
}

// press clicks with the left button of the mouse.
func (p *Page) press(ctx context.Context, at spot) error {
	for _, step := range []input.DispatchMouseEventParams{
		{Type: input.DispatchMouseEventTypeMouseMoved},
		{Type: input.DispatchMouseEventTypeMousePressed, Button: input.MouseButtonLeft, ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseReleased, Button: input.MouseButtonLeft, ClickCount: 1},
	} {
		step.X, step.Y = at.X, at.Y
		if _, err := chromedp.Call(ctx, input.DispatchMouseEvent, step); err != nil {
			return err
		}
	}
	return nil
}

// follow waits for what a click has set off. A form is sent by a task of its
// own some time after the click, so a click that leads somewhere must first be
// seen to cause something; only where scripts run may it cause nothing.
func (p *Page) follow(ctx context.Context, what string, leads bool, before int) {
	p.t.Helper()
	if leads {
		begun, cancel := ctx, context.CancelFunc(func() {})
		if !p.noScript {
			begun, cancel = context.WithTimeout(ctx, grace)
		}
		err := p.track.wait(begun, func(s *state) bool { return s.activity > before })
		cancel()
		if err != nil && p.noScript {
			p.fatalf("%s: the click led nowhere", what)
		}
	} else {
		p.flush() // a request that the click's own script sent is known after this
	}
	p.settle(ctx, "%s", what)
}

// A control is something to click and how a screen reader names it.
type control struct {
	name string
	node cdp.BackendNodeID
}

// named finds the control of a name.
func (p *Page) named(ctx context.Context, name string) (element, error) {
	controls, err := p.controls(ctx)
	if err != nil {
		return "", err
	}
	wanted := oneBlank(name)
	matches := only(controls, func(c control) bool { return c.name == wanted })
	if len(matches) == 0 {
		matches = only(controls, func(c control) bool { return strings.Contains(c.name, wanted) })
	}
	if len(matches) != 1 {
		return "", fmt.Errorf("%d controls have this name; the page has %q", len(matches), names(controls))
	}
	resolved, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: matches[0].node})
	if err != nil {
		return "", err
	}
	return element(resolved.Object.ObjectID), nil
}

// controls lists what can be clicked, as the accessibility tree has it.
func (p *Page) controls(ctx context.Context) ([]control, error) {
	root, err := p.find(ctx, "document")
	if err != nil {
		return nil, err
	}
	tree, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: runtime.RemoteObjectID(root)})
	if err != nil {
		return nil, err
	}
	var found []control
	for _, node := range tree.Nodes {
		if !node.Ignored && slices.Contains(clickRoles, word(node.Role)) {
			found = append(found, control{oneBlank(word(node.Name)), node.BackendDOMNodeID})
		}
	}
	return found, nil
}

// word reads a value of the accessibility tree that is text.
func word(v *accessibility.Value) string {
	var text string
	if v == nil || json.Unmarshal(v.Value, &text) != nil {
		return "" // not text: then it is no name and no role
	}
	return text
}

func only(controls []control, want func(control) bool) []control {
	return slices.DeleteFunc(slices.Clone(controls), func(c control) bool { return !want(c) })
}

func names(controls []control) []string {
	var all []string
	for _, c := range controls {
		all = append(all, c.name)
	}
	return all
}
