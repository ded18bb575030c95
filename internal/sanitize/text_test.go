package sanitize

import (
	"strings"
	"testing"
)

func TestPlainTextKeepsItsForm(t *testing.T) {
	tests := []struct {
		name, plain, want string
	}{
		{"lines and spaces", "a\r\n  b\rc", "<div>a\n  b\nc</div>"},
		{"markup", `<b>"x" & 'y'`, `<div>&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;</div>`},
		{"quotes", "a\n> b\n>> c\n> > d\ne", "<div>a</div><blockquote><div>b</div><blockquote><div>c\nd</div></blockquote></blockquote><div>e</div>"},
		{"quotes too deep", strings.Repeat(">", 12) + "a", strings.Repeat("<blockquote>", 8) + "<div>&gt;&gt;&gt;&gt;a</div>" + strings.Repeat("</blockquote>", 8)},
		{"a long quote", "a\n" + strings.Repeat("> b\n", 9) + "c", `<div>a</div><details class="letterlock-quoted"><summary>Quoted text, 9 lines</summary><blockquote><div>` +
			strings.Repeat("b\n", 8) + `b</div></blockquote></details><div>c</div>`},
		{"nothing but a long quote", "\n" + strings.Repeat("> b\n", 9), "<div></div><blockquote><div>" + strings.Repeat("b\n", 8) + "b</div></blockquote>"},
		{"signature", "a\n-- \nb", `<div>a</div><div class="letterlock-signature">b</div>`},
		{"nothing", "", "<div></div>"},
		{"nul and bad bytes", "a\x00\xffb", "<div>a\uFFFD\uFFFDb</div>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := Text(tt.plain, Options{})
			checkDocument(t, doc.HTML)
			if got := bodyOf(doc.HTML); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestColumnsStayUnderEachOther(t *testing.T) {
	for text, want := range map[string]bool{
		"Item     EUR\nx        120\nTotal    120\n": true, "one gap   here\nand no other": false, "   indented\n   lines\n   only": false, "> a    1\n> b    2\n> c    3": true,
	} {
		if got := strings.Contains(string(Text(text, Options{}).HTML), `letterlock-plain letterlock-columns"`); got != want {
			t.Errorf("%q in letters of one width: %t", text, got)
		}
	}
}

func TestAddressesInPlainTextBecomeLinks(t *testing.T) {
	tests := []struct {
		name, plain, href, rest string
	}{
		{"http", "see http://a.example/x?a=1&b=2 now", "http://a.example/x?a=1&amp;b=2", " now"},
		{"end of a sentence", "see https://a.example/x.", "https://a.example/x", "."},
		{"in brackets", "(https://a.example/x), and", "https://a.example/x", "), and"},
		{"with brackets", "https://a.example/x_(y)", "https://a.example/x_(y)", ""},
		{"in angle brackets", "<https://a.example/>", "https://a.example/", "&gt;"},
		{"capitals", "HTTPS://A.example", "https://a.example", ""},
		{"www", "www.a.example", "https://www.a.example", ""},
		{"mail address", "write to ines@halden.example!", "mailto:ines@halden.example", "!"},
		{"international", "https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC", ""},
		{"hidden direction", "https://a.example/\u202egpj.exe", "https://a.example/", "\u202egpj.exe"},
		{"script", "javascript:alert(1)", "", ""},
		{"user info only", "https://bank.example@evil.example/", "https://evil.example/", `<span class="letterlock-host"> [evil.example]</span>`},
		{"version number", "version 1.2@3", "", ""},
		{"not an address", "http:// https://", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := Text(tt.plain, Options{})
			checkDocument(t, doc.HTML)
			got := bodyOf(doc.HTML)
			if tt.href == "" {
				if strings.Contains(got, "<a") {
					t.Errorf("a link in %s", got)
				}
				return
			}
			if !strings.Contains(got, `<a href="`+tt.href+`"`) || !strings.Contains(got, "</a>"+tt.rest) {
				t.Errorf("got %s\nwant a link to %s, then %q", got, tt.href, tt.rest)
			}
		})
	}
}

func TestHTMLReadsAsPlainText(t *testing.T) {
	tests := []struct {
		name, html, want string
	}{
		{"paragraphs", "<p>a\n  b</p><p>c<br>d</p>", "a b\n\nc\nd"},
		{"nothing unseen", "<title>t</title><style>p{}</style><script>x</script><!-- c --><p>a", "a"},
		{"head", "<html><head><title>t</title></head><body>a</body></html>", "a"},
		{"list", "<ul><li>a</li><li>b<ol><li>c</li><li>d</li></ol></li></ul>", "- a\n- b\n  1. c\n  2. d"},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"quote", "a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n> > d\n\ne"},
		{"link", `<a href="https://a.example/x">here</a> <a href="https://a.example">https://a.example</a>`, "here <https://a.example/x> https://a.example"},
		{"script link", `<a href="javascript:x">here</a>`, "here"},
		{"preformatted", "<pre>a\n  b\n</pre>c", "a\n  b\n\nc"},
		{"picture", `a<img alt="logo" src=x>b`, "a [logo] b"},
		{"entities", "&lt;b&gt; &amp;amp; &nbsp;x", "<b> &amp; \u00a0x"},
		{"words across elements", "a<b>b</b> <i>c</i>d", "ab cd"},
		{"noscript", "<noscript>a<br>b</noscript>", "a\nb"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ToText(tt.html); got != tt.want {
				t.Errorf("ToText(%q)\ngot  %q\nwant %q", tt.html, got, tt.want)
			}
		})
	}
}
