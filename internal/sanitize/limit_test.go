package sanitize

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"letterlock/internal/cputime"
)

// patience is what one hostile body may take of a processor. They take a tenth of
// it; the bound is there to catch time that grows faster than the input.
const patience = 4 * time.Second * slower

// distinct returns n formatting elements that a parser cannot take for each other.
func distinct(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<b title=%d>", i)
	}
	return b.String()
}

func fill(size int, s string) string { return strings.Repeat(s, size/len(s)) }

func TestHugeBodiesTakeLittleTime(t *testing.T) {
	const full = maxHTML - 20_000
	manyAttrs := "<body " + fill(full/2, "a%d=1 ") + ">"
	tests := []struct {
		name      string
		mail      string
		truncated bool
	}{
		{"a million nodes", fill(5<<20, "<p>x"), true},
		{"5 MB of text", fill(5<<20, "lorem ipsum "), true},
		{"2 MB of text", fill(full, "lorem ipsum "), false},
		{"200,000 nested tags", strings.Repeat("<div>", 200_000), true},
		{"200,000 nested formatting tags", strings.Repeat("<b>", 200_000), true},
		{"a little too deep", strings.Repeat("<div>", maxDepth+1) + "x", true},
		{"deep", strings.Repeat("<div>", maxDepth-5) + "x", false},
		{"deep tables", strings.Repeat("<table><tr><td>", 60_000), true},
		{"formatting opened again", "<p>" + distinct(150) + fill(600_000, "<p>x"), true},
		{"formatting in raw text", "<svg><style>" + distinct(400) + "</style></svg>" + fill(100_000, "<p>x"), false},
		{"many attributes", manyAttrs + fill(full/2, "<body b>"), true},
		{"many bodies", fill(full, "<body title=x>"), true},
		{"end tags", fill(full, "</p></b></td>"), true},
		{"angle brackets", fill(full, "<"), false},
		{"ampersands", fill(full, "&amp"), false},
		{"comments", fill(full, "<!-- "), false},
		{"comment ends", fill(full, "--!><!--->"), false},
		{"one attribute", `<p title="` + fill(full, "&lt;") + `">`, false},
		{"unclosed attribute", fill(full, `<p title="`), false},
		{"links", fill(400_000, `<a href=http://a.example>b.example</a> `), false},
		{"nested links", strings.Repeat(`<a href=http://a.example><table><td>b.example`, 30) + fill(full/2, "b.example "), false},
		{"styles", fill(full, `<i style=color:red>x</i>`), false},
		{"long styles", fill(full, `<p style="`+fill(7000, "color:red;")+`">x</p>`), false},
		{"style quotes", `<p style="` + fill(full, "'") + `">`, false},
		{"style parentheses", `<p style="` + fill(full, "rgb(") + `">`, false},
		{"images", fill(full, `<img src="data:image/png;base64,iVBORw0KGgo=">`), false},
		{"data addresses", fill(full, "data:image/png;base64,"), false},
		{"entities in text", fill(full, "&#x41;&notanentity;"), false},
		{"headings", strings.Repeat("<h1>", 150) + fill(full/4, "x "), false},
		{"list rubbish", "<ul>" + fill(full/10, "x<b></b>"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var doc Document
			var err error
			if took := cputime.Of(func() { doc, err = HTML(tt.mail, Options{}) }); took > patience {
				t.Errorf("took %v", took)
			} else {
				t.Logf("took %v, %d bytes from %d", took, len(doc.HTML), len(tt.mail))
			}
			if err != nil || doc.Truncated != tt.truncated {
				t.Errorf("Truncated = %v, %v, want %v", doc.Truncated, err, tt.truncated)
			}
			if len(doc.HTML) > 40<<20 {
				t.Errorf("%d bytes of output", len(doc.HTML))
			}
		})
	}
}

func TestHugeStyleSheetsTakeLittleTime(t *testing.T) {
	const half = maxHTML/2 - 10_000
	nested := strings.Repeat("<div class=a>", 150) + strings.Repeat("<p class=a>x</p>", 5000)
	tests := []struct {
		name  string
		sheet string
		body  string
	}{
		{"many rules", fill(half, ".a{color:red}"), nested},
		{"many selectors", fill(half, "p,div,") + "p{color:red}", nested},
		{"many declarations", "p{" + fill(half, "color:red;") + "}", nested},
		{"many wide rules", fill(half, "p{"+fill(5000, "color:red;")+"}"), nested},
		{"long descents", fill(half, ".b .a .a .a .a p{color:red}"), nested},
		{"descents", fill(half, "div .a{color:red}"), nested},
		{"open braces", fill(half, "p{"), nested},
		{"at rules", fill(half, "@x "), nested},
		{"quotes", fill(half, `p{"`), nested},
		{"comments", fill(half, "/*"), nested},
		{"comments closed", fill(half, "/**/"), nested},
		{"many sheets", "p{color:red}" + fill(half, "</style><style>p{color:red}"), nested},
		{"many hits", "p{color:red;margin:1px}", strings.Repeat("<p>", 190_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var doc Document
			var err error
			took := cputime.Of(func() { doc, err = HTML("<style>"+tt.sheet+"</style>"+tt.body, Options{}) })
			t.Logf("took %v, %d bytes, truncated %v", took, len(doc.HTML), doc.Truncated)
			if err != nil || took > patience {
				t.Errorf("took %v, error %v", took, err)
			}
			checkDocument(t, doc.HTML)
		})
	}
}

func TestHugePlainTextTakesLittleTime(t *testing.T) {
	for _, s := range []string{
		"x", " ", "\n", ">", "> ", ">\n\n", "a\n> b\n", "(", ")", ").", "http://", "https://a.example ", "www.a.b", "@", "a@b.example ", "<", "\u202e", "http://a.example/(((",
	} {
		t.Run(fmt.Sprintf("%q", s), func(t *testing.T) {
			var doc Document
			if took := cputime.Of(func() { doc = Text(fill(maxText+1000, s), Options{}) }); took > patience {
				t.Errorf("took %v", took)
			}
			if !doc.Truncated {
				t.Error("more than 2 MB of text are not marked as cut")
			}
		})
	}
}

func TestToTextTakesLinearTime(t *testing.T) {
	for _, s := range []string{"<p>x", "<blockquote>", "<ul><li>", "<a href=http://a.example>x", "<pre>\n", "<", "&", "<br>", "<ol>", "<img alt=x>", "</ul>", "<blockquote><br>x"} {
		t.Run(s, func(t *testing.T) {
			var out string
			if took := cputime.Of(func() { out = ToText(fill(3<<20, s)) }); took > patience {
				t.Errorf("took %v for %d bytes of output", took, len(out))
			}
		})
	}
}

// The guard must never think less of a document than a parser makes of it:
// random heaps of tags look for a way around its reasoning.
func TestGuardBoundsWhatAParserMakes(t *testing.T) {
	names := strings.Fields("b b i font font a a nobr p p div span h1 li ul table table tr td td th tbody caption blockquote pre br dd ruby rt hr center")
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		b.WriteString("<p>" + distinct(r.IntN(60)))
		for i := range 50 + r.IntN(250) {
			name := names[r.IntN(len(names))]
			switch r.IntN(4) {
			case 0, 1:
				fmt.Fprintf(&b, "<%s title=%d>", name, i)
			case 2:
				b.WriteString("</" + name + ">")
			default:
				b.WriteString("x")
			}
		}
		p, ok := prune(b.String())
		if !ok {
			t.Fatalf("a small body is refused: %s", b.String())
		}
		g, _ := count(p.html)
		root, ok := parse(p.html)
		if !ok {
			continue // nested too deep, which is refused
		}
		nodes := 0
		for range root.Descendants() {
			nodes++
		}
		// A tag or a text makes one node and a cell at most a row and a body
		// around it; all others are formatting opened again.
		if most := g.tags + strings.Count(p.html, ">x") + 2*strings.Count(p.html, "<t") + 10 + g.cost; nodes > most {
			t.Fatalf("%d nodes, and the guard said at most %d: %s", nodes, most, p.html)
		}
	}
}

func TestOrdinaryOldMarkupIsNotTakenForAnAttack(t *testing.T) {
	cell := `<tr><td bgcolor=white><font face=Arial size=2><b>Item <a name=x>one</a></td><td><font color=red>12<br><i>net</i></td></tr>`
	mail := `<html><body><font face=Arial><p>Dear all<p>` + strings.Repeat("<table>"+strings.Repeat(cell, 20)+"</table><p>and", 10) + `</font></body></html>`
	if doc := sanitized(t, mail, Options{}); doc.Truncated {
		t.Error("a mail with unclosed font elements in its tables fell back to text")
	}
}
