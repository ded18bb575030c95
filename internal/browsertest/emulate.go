package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// SetViewport sets the size of the window's inside, in CSS pixels.
func (p *Page) SetViewport(width, height int) {
	p.t.Helper()
	p.set("SetViewport", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: int64(height), DeviceScaleFactor: 1,
		})
		return err
	})
}

// Dark says whether the person prefers dark pages. It holds at once and for the
// pages to come. From then on the person also prefers reduced motion: colours on
// their way from one scheme to the other are no colours to judge.
func (p *Page) Dark(on bool) {
	p.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.set("Dark", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	})
}

// NoScript switches the scripts of the pages to come off, or on again.
func (p *Page) NoScript(on bool) {
	p.t.Helper()
	p.noScript = on
	p.set("NoScript", func(ctx context.Context) error { return p.disableScript(ctx, on) })
}

func (p *Page) disableScript(ctx context.Context, off bool) error {
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
	return err
}

// Screenshot writes the whole page, however long, to a PNG file and makes its
// folder if need be.
func (p *Page) Screenshot(file string) {
	p.t.Helper()
	p.set("Screenshot", func(ctx context.Context) error {
		size, err := chromedp.Call(ctx, page.GetLayoutMetrics, struct{}{})
		if err != nil {
			return err
		}
		beyond := true
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format:                page.CaptureScreenshotFormatPng,
			CaptureBeyondViewport: &beyond,
			Clip: &page.Viewport{
				Width: size.CSSContentSize.Width, Height: size.CSSContentSize.Height, Scale: 1,
			},
		})
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, shot.Data, 0o644)
	})
}

// pdfPage begins a page in a PDF file as Chromium writes it.
var pdfPage = regexp.MustCompile(`/Type /Page\b`)

// Sheets is how many sheets of paper the page takes when it is printed.
func (p *Page) Sheets() (n int) {
	p.t.Helper()
	p.set("Sheets", func(ctx context.Context) error {
		pdf, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{})
		if err == nil {
			n = len(pdfPage.FindAll(pdf.Data, -1))
		}
		return err
	})
	return n
}

// set does something that succeeds at once or not at all.
func (p *Page) set(what string, do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	if err := do(ctx); err != nil {
		p.fatalf("%s: %v", what, err)
	}
}
