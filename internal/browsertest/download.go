package browsertest

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/browser"
)

// Download does something that makes the browser keep a file, such as a click,
// and returns the file's name as the server proposed it, without folders, and
// its content. It fails when no file comes; to show that none comes, click and
// look at the page.
func (p *Page) Download(do func()) (name string, content []byte) {
	p.t.Helper()
	before := len(p.track.allDownloads())
	do()
	ctx, cancel := p.deadline()
	defer cancel()
	if err := p.track.wait(ctx, func(s *state) bool { return len(s.downloads) > before }); err != nil {
		p.fatalf("Download: no file came within %v", p.patience)
	}
	ended := func(s *state) bool {
		got := s.downloads[before].state
		return got != "" && got != browser.DownloadProgressStateInProgress
	}
	if err := p.track.wait(ctx, ended); err != nil {
		p.fatalf("Download: the file was not complete after %v", p.patience)
	}
	got := p.track.allDownloads()[before]
	if got.state != browser.DownloadProgressStateCompleted {
		p.fatalf("Download: %s broke off", got.name)
	}
	content, err := os.ReadFile(filepath.Join(p.downloads, got.guid))
	if err != nil {
		p.fatalf("Download: %v", err)
	}
	return got.name, content
}
