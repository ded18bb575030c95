package browsertest

// provoke sets off each handler, and follows each address that is a script.
const provoke = `(() => {
	for (const frame of document.querySelectorAll("iframe")) {
		const page = frame.contentDocument;
		if (!page) continue;
		for (const el of page.querySelectorAll("*")) {
			for (const a of [...el.attributes]) {
				try {
					if (a.name.startsWith("on")) el.dispatchEvent(new Event(a.name.slice(2)));
					if (/^\s*javascript:/i.test(a.value) && el.click) el.click();
				} catch {}
			}
		}
	}
	return new Promise(done => setTimeout(() => done(true), 100));
})()`

// Provoke does in every frame that the page can reach into what a reader might, and
// more: it has whatever could run there run.
func (p *Page) Provoke() {
	p.t.Helper()
	var done bool
	p.Eval(provoke, &done)
}
