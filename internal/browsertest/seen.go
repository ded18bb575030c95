package browsertest

import "sync"

// fingerprint lists what the page is made of, as far as a rule of axe-core could tell
// two pages apart: each element with its parent, its state, its colours and whether it
// says anything, how often there is each landmark, and in which order headings come.
// What words and addresses there are does not count.
const fingerprint = `(() => {
	const references = ["for", "headers", "list", "form", "popovertarget", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details"];
	const valued = ["role", "type", "tabindex", "scope", "autocomplete", "lang", "dir", "http-equiv"];
	const words = ["aria-label", "aria-description", "aria-valuetext"];
	const name = e => e ? e.localName + "." + (e.getAttribute("class") ?? "") : "";
	const attribute = ({name, value}) => {
		if (references.includes(name)) return name + (value.split(/\s+/).every(id => document.getElementById(id)) ? "" : "?");
		if (valued.includes(name) || name.startsWith("aria-") && !words.includes(name)) return name + "=" + value;
		return name + (value.trim() === "" ? "=" : "");
	};
	const kinds = new Set(), ids = new Set(), landmarks = {}, headings = [];
	for (const e of document.querySelectorAll("*")) {
		const shown = e.checkVisibility({visibilityProperty: true});
		let kind = name(e.parentElement) + ">" + name(e) + " " + [...e.attributes].map(attribute).sort().join(" ");
		if (e.id && ids.has(e.id)) kind += " twice";
		ids.add(e.id);
		if (e.textContent.trim() === "") kind += " empty";
		if (shown) {
			const style = getComputedStyle(e), box = e.getBoundingClientRect();
			kind += " " + style.color + " " + style.backgroundColor + " " + (style.backgroundImage !== "none");
			if (style.overflow !== "visible" && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)) kind += " scrolls";
			if (e.matches("a, button, input, select, textarea, summary, label") && (box.width < 24 || box.height < 24)) kind += " small";
			if (e.matches("main, nav, header, footer, aside, section, form, [role]")) {
				const n = landmarks[kind] = (landmarks[kind] ?? 0) + 1;
				if (n === 2) kind += " again";
			}
			if (/^h[1-6]$/.test(e.localName) && headings.at(-1) !== e.localName) headings.push(e.localName);
		} else kind += " hidden";
		kinds.add(kind);
	}
	return [...kinds, ...headings.map((h, i) => (headings[i - 1] ?? "") + " before " + h)];
})()`

// A Seen knows what pages looked at so far were made of. A test program whose pages
// share most of what they have need not have axe-core, which takes a second, look at all
// of it each time. The zero Seen has seen nothing. It may be used by parallel tests.
type Seen struct {
	mu    sync.Mutex
	known map[string]bool
}

// Anew reports whether the page as it is now shown has something that no page had for
// which Anew was called with the same way, such as a width, and keeps that in mind.
func (s *Seen) Anew(p *Page, way string) bool {
	p.t.Helper()
	var kinds []string
	p.Eval(fingerprint, &kinds)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]bool{}
	}
	before := len(s.known)
	for _, k := range kinds {
		s.known[way+" "+k] = true
	}
	return len(s.known) > before
}
