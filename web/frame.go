package web

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"

	"letterlock/views"
)

// An extent is how much room a message's own document takes, before anybody can
// measure it: in lines, on a wide page and on a telephone.
type extent struct {
	wide, narrow float64
	anything     bool // there is text, or a picture
}

// Guesses that err to the tall side: too low leaves most of a letter out of sight
// where no script measures it, too high leaves paper.
const (
	wideLine    = 60 // characters
	narrowLine  = 38
	pictureSize = 12   // lines
	lineHeight  = 1.62 // rem
	framePadded = 1.5  // rem around the text
)

// frameHeights are the heights of the classes frame-1 and up in the style sheet,
// in rem.
var frameHeights = [views.FrameHeights]struct{ wide, narrow float64 }{
	{5, 7}, {8, 12}, {12, 19}, {17, 27}, {23, 35}, {31, 44}, {40, 54}, {50, 64}, {62, 80}, {78, 100}, {98, 126}, {125, 160},
}

// frameOf is the frame for a document of that size, high enough to show it.
func frameOf(size extent, url string) views.Frame {
	class := 1
	for _, h := range frameHeights[:len(frameHeights)-1] {
		if h.wide < rem(size.wide) || h.narrow < rem(size.narrow) {
			class++
			continue
		}
		break
	}
	return views.Frame{URL: url, Height: class}
}

func rem(lines float64) float64 { return lines*lineHeight + framePadded }

// blocks are the elements that begin a line, with how much of a line lies between
// one and the next.
var blocks = map[string]float64{
	"p": .7, "ul": .7, "ol": .7, "dl": .7, "pre": .7, "blockquote": .7, "table": .7, "hr": .7,
	"h1": 1.5, "h2": 1.5, "h3": 1, "h4": 1, "h5": 1, "h6": 1,
	"div": 0, "li": 0, "dt": 0, "dd": 0, "tr": 0, "main": 0, "section": 0, "article": 0, "center": 0,
}

// extentOf counts the lines of a document of ours. It stops where the highest
// frame ends.
func extentOf(doc []byte) extent {
	var m measure
	_, body, _ := bytes.Cut(doc, []byte("<body"))
	m.plain = bytes.Contains(doc[:len(doc)-len(body)], []byte(`class="letterlock-plain`))
	z := html.NewTokenizer(bytes.NewReader(append([]byte("<body"), body...)))
	most := frameHeights[len(frameHeights)-1].wide
	for m.size.wide < most {
		switch z.Next() {
		case html.ErrorToken:
			m.end(0)
			return m.size
		case html.TextToken:
			m.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			m.start(z.Token())
		case html.EndTagToken:
			m.close(z.Token().Data)
		}
	}
	return m.size
}

// A measure is an extent in the making.
type measure struct {
	size   extent
	column int    // characters of the line that has begun
	plain  bool   // line breaks of the text count
	hidden string // the element being left out
}

func (m *measure) start(t html.Token) {
	if m.hidden != "" {
		return
	}
	for _, a := range t.Attr {
		if a.Key == "class" && (a.Val == "letterlock-hidden" || a.Val == "letterlock-paper") {
			m.hidden = t.Data
			return
		}
	}
	if t.Data == "details" { // closed: only its summary is seen
		m.end(0)
		m.hidden = t.Data
		m.size.wide += 2
		m.size.narrow += 2
	} else if t.Data == "br" {
		m.newline()
	} else if t.Data == "img" {
		m.size.anything = true
		m.size.wide += pictureSize
		m.size.narrow += pictureSize
	} else if _, ok := blocks[t.Data]; ok {
		m.end(0)
	}
}

func (m *measure) close(name string) {
	if m.hidden != "" {
		if name == m.hidden {
			m.hidden = ""
		}
		return
	}
	if gap, ok := blocks[name]; ok {
		m.end(gap)
	}
}

func (m *measure) text(s string) {
	if m.hidden != "" {
		return
	}
	if strings.TrimSpace(s) != "" {
		m.size.anything = true
	} else if m.column == 0 {
		return // between blocks
	}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 && m.plain {
			m.newline()
		}
		for _, word := range strings.Fields(line) {
			for _, r := range word {
				m.column++
				if r >= 0x1100 { // of the scripts from here on most letters are twice as wide
					m.column++
				}
			}
			m.column++
		}
	}
}

func (m *measure) newline() {
	if m.column == 0 {
		m.size.wide++
		m.size.narrow++
		return
	}
	m.end(0)
}

// end ends a line, and leaves a gap after it.
func (m *measure) end(gap float64) {
	if m.column > 0 {
		m.size.wide += float64((m.column + wideLine - 1) / wideLine)
		m.size.narrow += float64((m.column + narrowLine - 1) / narrowLine)
	}
	m.column = 0
	if m.size.anything {
		m.size.wide += gap
		m.size.narrow += gap
	}
}
