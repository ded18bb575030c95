package eml

import "strings"

// shown says which parts a reader sees as the mail itself.
type shown struct {
	text, html int          // -1: none
	hidden     map[int]bool // alternatives to what is shown
}

// Text returns the part of plain text to show, if there is one.
func (ix *Index) Text() (Part, bool) { return ix.at(ix.TextPart()) }

// HTML returns the part of HTML to show, if there is one. There is at most one:
// a mail in which one part opens what another closes is an attack.
func (ix *Index) HTML() (Part, bool) { return ix.at(ix.HTMLPart()) }

// TextPart returns the index of the part that Text returns, or -1.
func (ix *Index) TextPart() int { return ix.choose().text }

// HTMLPart returns the index of the part that HTML returns, or -1.
func (ix *Index) HTMLPart() int { return ix.choose().html }

func (ix *Index) at(part int) (Part, bool) {
	if part < 0 {
		return Part{}, false
	}
	return ix.Parts[part], true
}

func (ix *Index) choose() shown {
	s := shown{hidden: map[int]bool{}}
	s.text, s.html = ix.body(0, s.hidden)
	return s
}

// body returns the text and the HTML to show of a part, or -1 for none.
func (ix *Index) body(part int, hidden map[int]bool) (text, html int) {
	p := &ix.Parts[part]
	switch {
	case p.Disposition == "attachment":
	case p.Type == "text/plain":
		return part, -1
	case p.Type == "text/html":
		return -1, part
	case p.Type == "multipart/alternative":
		return ix.alternative(part, hidden)
	case p.Type == "multipart/related":
		if root := ix.root(part); root >= 0 {
			return ix.body(root, hidden)
		}
	case p.multipart():
		return ix.first(part, hidden)
	}
	return -1, -1
}

// alternative takes the first plain text and the last, richest HTML.
func (ix *Index) alternative(part int, hidden map[int]bool) (text, html int) {
	text, html = -1, -1
	in := ix.children(part)
	for _, i := range in {
		t, h := ix.body(i, hidden)
		if t >= 0 && (text < 0 || ix.Parts[text].blank()) {
			text = t
		}
		if h >= 0 && (html < 0 || !ix.Parts[h].blank()) {
			html = h
		}
	}
	if text < 0 && html < 0 {
		return text, html
	}
	for _, i := range in {
		// What people get as files, such as an invitation, is not hidden by the
		// words about it.
		p := &ix.Parts[i]
		if p.Disposition != "attachment" && p.Name == "" && strings.HasPrefix(p.Type, "text/") && p.Type != "text/calendar" {
			hidden[i] = true
		}
	}
	return text, html
}

// first takes the first part that has anything to read; those after it are not
// joined to it and stay attachments.
func (ix *Index) first(part int, hidden map[int]bool) (text, html int) {
	text, html = -1, -1
	for _, i := range ix.children(part) {
		t, h := ix.body(i, hidden)
		if t < 0 && h < 0 {
			continue
		}
		if t >= 0 && !ix.Parts[t].blank() || h >= 0 && !ix.Parts[h].blank() {
			return t, h
		}
		if text < 0 && html < 0 {
			text, html = t, h
		}
	}
	return text, html
}

// blank reports whether a text is nothing but a line end, which some programs
// leave between and after attachments.
func (p *Part) blank() bool { return p.Size <= 2 && (p.Type == "text/plain" || p.Type == "text/html") }

// root returns the main part of a multipart/related.
func (ix *Index) root(part int) int {
	in := ix.children(part)
	if len(in) == 0 {
		return -1
	}
	for _, i := range in {
		if id := ix.Parts[part].Root; id != "" && ix.Parts[i].ContentID == id {
			return i
		}
	}
	return in[0]
}

// Attachments returns the indexes of everything that the reader does not see as
// the body or as an image in it. A message inside the mail is one attachment,
// whatever is in it.
func (ix *Index) Attachments() []int {
	s := ix.choose()
	var list []int
	for i := 0; i < len(ix.Parts); i++ {
		p := &ix.Parts[i]
		switch {
		case p.multipart(), p.blank() && p.Name == "" && p.Disposition != "attachment":
		case i == s.text || i == s.html || s.hidden[i] || p.Disposition != "attachment" && ix.inline(i, s.html):
		default:
			list = append(list, i)
		}
		if p.message() {
			for i+1 < len(ix.Parts) && ix.Parts[i+1].Depth > p.Depth {
				i++
			}
		}
	}
	return list
}

// Inline returns the images that the HTML may show by their content-id. One
// that is sent as an attachment too is in both lists, so that it is not lost if
// the HTML does not show it.
func (ix *Index) Inline() map[string]int {
	html := ix.HTMLPart()
	images := map[string]int{}
	for i := range ix.Parts {
		if id := ix.Parts[i].ContentID; ix.inline(i, html) {
			if _, taken := images[id]; !taken {
				images[id] = i
			}
		}
	}
	return images
}

// inline reports whether a part is an image that stands beside html, or beside
// something html is in, in a multipart/related.
func (ix *Index) inline(part, html int) bool {
	p := &ix.Parts[part]
	if html < 0 || p.ContentID == "" || !strings.HasPrefix(p.Type, "image/") || p.Parent < 0 || ix.Parts[p.Parent].Type != "multipart/related" {
		return false
	}
	for i := html; i >= 0; i = ix.Parts[i].Parent {
		if i == p.Parent {
			return true
		}
	}
	return false
}

// nameAttachments gives every attachment a name to be saved by.
func (ix *Index) nameAttachments() {
	for _, i := range ix.Attachments() {
		if p := &ix.Parts[i]; p.Name == "" {
			p.Name = defaultName(p.Type)
			if p.Type == "application/octet-stream" && p.Parent >= 0 && ix.Parts[p.Parent].Type == "multipart/encrypted" {
				p.Name = "encrypted.asc" // RFC 3156 section 4
			}
		}
	}
}
