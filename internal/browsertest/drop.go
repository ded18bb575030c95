package browsertest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Drag waits for the first element that the CSS selector matches and drags files, by
// path, over it, as from a folder on the desktop. The function that it returns lets go
// of them there, and waits as [Page.Click] does.
func (p *Page) Drag(selector string, files ...string) (drop func()) {
	p.t.Helper()
	what := fmt.Sprintf("Drag(%s)", selector)
	ctx, cancel := p.deadline()
	defer cancel()
	at, err := p.reach(ctx, func(ctx context.Context) (element, error) { return p.must(ctx, selector) })
	if err != nil {
		p.fatalf("%s: %v", what, err)
	}
	if err := at.drag(ctx, files, input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver); err != nil {
		p.fatalf("%s: %v", what, err)
	}
	return func() {
		p.t.Helper()
		ctx, cancel := p.deadline()
		defer cancel()
		if err := at.drag(ctx, files, input.DispatchDragEventTypeDrop); err != nil {
			p.fatalf("%s: %v", what, err)
		}
		p.flush() // a request that a script sent for it is known after this
		p.settle(ctx, "%s", what)
	}
}

// drag has files do each of the steps at a spot.
func (s spot) drag(ctx context.Context, files []string, steps ...input.DispatchDragEventType) error {
	const copied = 1
	for _, step := range steps {
		_, err := chromedp.Call(ctx, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: step, X: s.X, Y: s.Y,
			Data: &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: copied},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
