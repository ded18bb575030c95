// Package sanitize turns the bodies of mail that somebody else wrote into
// documents that are safe to show.
//
// The order is fixed. The mail is reduced to plain elements token by token, so
// that no parser ever sees foreign content, raw text or a shape that costs more
// than linear time; then it is parsed, its style sheets are moved into the
// elements, images of the mail become data: URIs and links tell where they lead;
// the allow-list sanitiser comes last and nothing edits its output. Our own head
// and foot are only put around it.
//
// Nobody should trust a sanitiser alone: every document made here is meant to be
// served under [CSP], in a frame with the same sandbox, where even a document
// that was not sanitised could run and load nothing.
package sanitize

// CSP is the Content-Security-Policy to serve a [Document] under, wherever it is
// shown: in a frame, as a page of its own, for printing. It allows no script, no
// request of any kind, no form and no base address. Inline style is allowed,
// because mail has no other; allow-same-origin lets the page around the frame
// measure it and gives nothing to the document, which cannot run anything;
// allow-popups lets links open, outside the sandbox.
const CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"

// Limits on one body. Beyond them HTML is shown as its text.
const (
	maxHTML     = 2 << 20  // bytes, without the images inlined as data: URIs
	maxText     = 2 << 20  // bytes of plain text shown
	maxRead     = 8 << 20  // bytes of HTML read for its text
	maxRendered = 6 << 20  // bytes once well formed: a parser adds end tags and repeats elements
	maxDepth    = 200      // levels of elements
	maxImages   = 200      // images shown in one document
	maxPixels   = 10 << 20 // bytes of all images shown
)

// Options say how a body is shown.
type Options struct {
	Title     string                                  // of the document; escaped here
	Lang      string                                  // of the mail, a BCP 47 tag; empty means English
	Images    func(cid string) (data []byte, ok bool) // inline images of the mail by Content-ID, without angle brackets; nil means none
	NoCopy    bool                                    // do-not-forward: no selection, and paper shows one sentence instead
	PrintText string                                  // that sentence; empty means an English one
}

// A Document is a whole HTML document, to be served under [CSP].
type Document struct {
	HTML         []byte
	RemoteImages int  // pictures the mail wanted to fetch and that were left out
	Truncated    bool // the body was over a limit: shown as text, cut, or both
}

// HTML makes a document of an HTML body. A body that is too large, too deep or
// shaped to cost too much time is shown as its text with Truncated set; that is
// not an error. The error is kept for failures of ours: there are none today.
func HTML(mail string, o Options) (Document, error) {
	shelf := newShelf(o.Images)
	body, ok := shelf.takeData(mail)
	if !ok || len(body) > maxHTML {
		return asText(mail, o), nil
	}
	p, ok := prune(body)
	if !ok {
		return asText(mail, o), nil
	}
	root, ok := parse(p.html)
	if !ok {
		return asText(mail, o), nil
	}
	root = inline(root, p.sheet)
	d := dresser{shelf: shelf}
	d.dress(root)
	loose, ok := render(root)
	if !ok || !affordable(loose) {
		return asText(mail, o), nil
	}
	f := frame{Options: o, authored: d.coloured, heading: d.heading}
	return Document{HTML: f.around(shown(mail, policy.Sanitize(loose))), RemoteImages: p.remote}, nil
}

// asText shows HTML that is over a limit.
func asText(mail string, o Options) Document {
	doc := Text(ToText(mail), o)
	doc.Truncated = true
	return doc
}
