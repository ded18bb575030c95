package browsertest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axe is axe-core; testdata/README.md says which and whose.
//
//go:embed testdata/axe.min.js
var axe string

// runAxe has axe-core look at the document and returns what it found. Frames
// are left out: what stands in them is other people's mail.
const runAxe = `axe.run(document, {iframes: false, resultTypes: ["violations"]%s}).then(result => result.violations.map(v => ({
	Rule: v.id, Impact: v.impact ?? "", Help: v.help,
	Elements: v.nodes.map(n => n.target.join(" ") + "  " + n.html.slice(0, 200) + "  " + n.failureSummary.replace(/\s+/g, " ")),
})))`

// A Violation is a rule of accessibility that the page breaks.
type Violation struct {
	Rule     string // axe-core's name for it, such as "color-contrast"
	Impact   string // "minor" to "critical"
	Help     string // the rule in a sentence
	Elements []string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t\t%s", v.Rule, v.Impact, v.Help, strings.Join(v.Elements, "\n\t\t"))
}

// Rules are a part of those of axe-core.
type Rules string

const (
	AllRules   Rules = ""
	Colours    Rules = `, runOnly: {type: "rule", values: ["color-contrast"]}` // what dark and light change
	AllButThem Rules = `, rules: {"color-contrast": {enabled: false}}`         // what the width changes
)

// Axe returns the rules of axe-core that the page breaks as it is now shown:
// look at each page light and dark.
func (p *Page) Axe() []Violation {
	p.t.Helper()
	return p.AxeOf(AllRules)
}

// AxeOf is [Page.Axe] for some of the rules.
func (p *Page) AxeOf(rules Rules) []Violation {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	found, err := p.axe(ctx, rules)
	if err != nil {
		p.fatalf("Axe: %v", err)
	}
	return found
}

// CheckAxe marks the test as failed for each of [Page.Axe].
func (p *Page) CheckAxe() {
	p.t.Helper()
	for _, v := range p.Axe() {
		p.t.Errorf("accessibility at %s: %v", p.URL(), v)
	}
}

func (p *Page) axe(ctx context.Context, rules Rules) ([]Violation, error) {
	if p.noScript {
		// axe-core needs timers. The page's own scripts were not loaded, so
		// there are none to wake.
		if err := p.disableScript(ctx, false); err != nil {
			return nil, err
		}
		defer p.disableScript(ctx, true) // if this fails, so will the next command
	}
	tree, err := chromedp.Call(ctx, page.GetFrameTree, struct{}{})
	if err != nil {
		return nil, err
	}
	world, err := p.world(ctx, tree.FrameTree.Frame.ID)
	if err != nil {
		return nil, err
	}
	var loaded bool // for an earlier look at the same page
	if err := p.evalIn(ctx, world, `typeof axe === "object"`, &loaded); err != nil {
		return nil, err
	}
	if !loaded {
		if err := p.evalIn(ctx, world, axe+"\n;1", nil); err != nil {
			return nil, fmt.Errorf("loading axe-core: %w", err)
		}
	}
	var found []Violation
	err = p.evalIn(ctx, world, fmt.Sprintf(runAxe, rules), &found)
	return found, err
}
