package browsertest

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Later moves the clock that the page's scripts read, without their timers. It
// holds for the page that is shown, and adds to earlier moves.
func (p *Page) Later(d time.Duration) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`(() => { const before = Date.now; Date.now = () => before.call(Date) + %d })()`, d.Milliseconds()), nil)
}

// Freeze hides the tab and puts it to sleep, as a browser does with one that
// nobody has looked at for long, or wakes and shows it. Nothing runs in a
// sleeping tab.
func (p *Page) Freeze(on bool) {
	p.t.Helper()
	p.wants("Freeze")
	state := page.SetWebLifecycleStateStateActive
	if on {
		state = page.SetWebLifecycleStateStateFrozen
	}
	p.set("Freeze", func(ctx context.Context) error {
		// A tab that believes to be in front cannot be frozen.
		if err := p.front(ctx, !on); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
		return err
	})
}

// front makes the tab believe that it is the one in front, with the keyboard, or
// that it is not. Several tabs share one headless window system, where otherwise
// none is.
func (p *Page) front(ctx context.Context, on bool) error {
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: on})
	return err
}
