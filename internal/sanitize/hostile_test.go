package sanitize

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors are attacks on sanitisers, by what they try.
var vectors = []struct {
	name string
	mail string
}{
	{"script", `<script>alert(1)</script><ScRiPt src=//evil.example/x.js></sCrIpT ><script/x>alert(1)</script>`},
	{"event handlers", `<p onclick=alert(1) ONMOUSEOVER="alert(1)" on\x00load=alert(1)>x<img src=x onerror=alert(1)><body onload=alert(1)>`},
	{"slash for space", `<img/src="x"/onerror=alert(1)><svg/onload=alert(1)><a/href="javascript:alert(1)">x</a>`},
	{"script address", `<a href="javascript:alert(1)">a</a><a href="JaVaScRiPt:alert(1)">b</a><a href=" javascript:alert(1)">c</a>`},
	{"script address with entities and tabs", "<a href=\"java&#9;script:alert(1)\">a</a><a href=\"java\nscript:alert(1)\">b</a><a href=\"&#x6a;avascript&colon;alert(1)\">c</a><a href=\"\x01javascript:alert(1)\">d</a><a href='java&Tab;script&colon;alert(1)'>e</a>"},
	{"other schemes", `<a href="vbscript:x">a</a><a href="data:text/html,<script>alert(1)</script>">b</a><a href="file:///etc/passwd">c</a><a href="blob:x">d</a><a href="view-source:http://x.example">e</a><a href="tel:+1">f</a><a href="intent://x">g</a><a href="/read/x">h</a><a href="#x">i</a>`},
	{"data documents", `<a href="data:text/html;base64,PHNjcmlwdD4=">a</a><img src="data:text/html,<script>alert(1)</script>"><img src="data:image/svg+xml;base64,PHN2Zz4="><img src="data:image/png;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">`},
	{"frames", `<iframe src=//evil.example></iframe><iframe srcdoc="<script>alert(1)</script>"></iframe><frameset><frame src=x></frameset><object data=x><embed src=x><applet code=x>`},
	{"head", `<base href="//evil.example/"><meta http-equiv=refresh content="0;url=//evil.example"><link rel=stylesheet href=//evil.example><title><script>alert(1)</script></title>`},
	{"forms", `<form action=//evil.example><input name=a autofocus onfocus=alert(1)><button formaction="javascript:alert(1)">x</button><textarea></textarea><select><option>x</select><isindex action=x></form>`},
	{"ping and friends", `<a href="http://a.example" ping="//evil.example" download attributionsrc=x target=_top rel=opener>x</a>`},
	{"loading attributes", `<img srcset="//evil.example/a 1x" sizes=1 loading=lazy><link imagesrcset=x><table background="http://evil.example/b"><td background="//evil.example"><video poster=//evil.example src=x><audio src=x autoplay><source srcset=x><picture><source srcset="//e.example/x"><img src=x></picture><input type=image src=//evil.example>`},
	{"svg", `<svg><script>alert(1)</script><animate onbegin=alert(1)><a xlink:href="javascript:alert(1)"><text>x</text></a><use href="//evil.example#x"/><foreignObject><iframe src=x></foreignObject></svg>`},
	{"math", `<math><maction actiontype=statusline xlink:href="javascript:alert(1)">x</maction><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>`},
	{"mutation by svg style", `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`},
	{"mutation by math mtext", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`},
	{"mutation by form nesting", `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`},
	{"mutation by noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`},
	{"mutation by template", `<template><script>alert(1)</script><style></template><img src=x onerror=alert(1)></style>`},
	{"mutation by raw text", `<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp><noembed><p title="</noembed><img src=x onerror=alert(1)>"><noframes><p title="</noframes><img src=x onerror=alert(1)>">`},
	{"mutation by title in svg", `<svg><title><style><img src="</style><script>alert(1)</script>">`},
	{"mutation by textarea", `<textarea><p title="</textarea><img src=x onerror=alert(1)>">`},
	{"mutation by comment", `<!--><img src=x onerror=alert(1)>--><!-- --!><img src=x onerror=alert(1)>--><![CDATA[><img src=x onerror=alert(1)>]]><?xml <img src=x onerror=alert(1)>?><!doctype <img src=x onerror=alert(1)>>`},
	{"mutation by conditional comment", `<!--[if gte mso 9]><script>alert(1)</script><![endif]--><![if !mso]><script>alert(1)</script><![endif]>`},
	{"plaintext", `a<plaintext><script>alert(1)</script></plaintext>`},
	{"listing", "<listing>&lt;img src=x onerror=alert(1)&gt;</listing><pre>\n\n<b>x"},
	{"attribute breaking", `<p title='"><script>alert(1)</script>'>x</p><p title="&quot;&gt;&lt;script&gt;">x<img alt="<!--"><img alt="--><script>alert(1)</script>">`},
	{"unclosed tag", `<img src="x" onerror="alert(1)" <p <script>alert(1)`},
	{"closing our document", `</main></body></html><script>alert(1)</script></div></div></main><main id=x>`},
	{"clobbering", `<img id=body name=getElementById><a id=location name=cookie class=letterlock-host href=http://x.example>x</a><form id=x>`},
	{"our classes", `<p class=letterlock-hidden>x</p><span class="letterlock-host"> [bank.example]</span><div class="letterlock-paper">x</div>`},
	{"style element", `<style>@import url(//evil.example/x.css); p{background:url(//evil.example/i)} body{position:fixed} p:after{content:"x"} @font-face{font-family:x;src:url(//evil.example/f)} </style><p>x</p>`},
	{"style breaking", `<style>p{color:red}</style><script>alert(1)</script><style>p{font-family:"</style><img src=x onerror=alert(1)>"}</style><p>x`},
	{"style with nested rules", `<style>p{color:red;&:hover{background:url(//e.example)}} @media print{p{color:blue}} p{color:green}</style><p>x`},
	{"style expression", `<p style="width:expression(alert(1));behavior:url(x);-moz-binding:url(//evil.example#x)">x</p>`},
	{"style escapes", `<p style="b\61ckground:u\72l(//evil.example);color:r\65 d;width:\65xpression(alert(1));background:\75\72\6c(//evil.example)">x</p>`},
	{"style comments", `<p style="background:u/**/rl(//evil.example);col/**/or:red;/*">x</p><p style="color:red/*;*/;position:fixed">x`},
	{"style overlay", `<div style="position:fixed;top:0;left:0;width:100vw;height:100vh;z-index:9999;inset:0;transform:scale(9);margin:-100px;opacity:0;pointer-events:none;cursor:none">x</div>`},
	{"style functions", `<p style="width:calc(1px);color:var(--x);--x:url(//e.example);background-color:image(//e.example);list-style:url(//e.example);content:attr(x);filter:url(#x);mask:url(x);clip-path:url(x);cursor:url(x),auto;border-image:url(x) 1;color:env(x);background:image-set('//e.example' 1x)">x`},
	{"style quotes", `<p style='font-family:"a;position:fixed;b";color:red'>x</p><p style="font-family:'x&quot;;background:url(//e.example)">x`},
	{"premailer's own names", `<style>p{color:red}</style><p pr-el-id="99">x</p><p pr-el-id="0" data-premailer=ignore>y</p><style data-premailer=ignore>@import 'x'</style>`},
	{"selectors", `<style>:has(p) p, p:not(x), p[title^="x"], *, p::before, ~ p, > p, p >, p > > p, .1, # , p..x, body, html {color:red} {color:blue} } p{</style><p>x</p>`},
	{"nul and controls", "<scr\x00ipt>alert(1)</scr\x00ipt><img \x00src=x one\x00rror=alert(1)><p style=\"color\x00:red\">\x00x\x01"},
	{"invalid utf-8", "<p title=\"\xff\xfe\">\xc0\xbcscript\xc0\xbealert(1)<\xe2script>alert(1)</script>"},
	{"utf-7", `+ADw-script+AD4-alert(1)+ADw-/script+AD4-`},
	{"namespaces", `<html xmlns:x="urn:x"><x:script>alert(1)</x:script><o:p>x</o:p><?import namespace="t" implementation="#default#time2"><xml:namespace prefix="t"><t:set attributename="innerHTML" to="x">`},
	{"legacy", `<marquee onstart=alert(1)>x</marquee><bgsound src=x><layer src=x><ilayer src=x><blink>x</blink><keygen autofocus onfocus=alert(1)><menu><menuitem onclick=alert(1)>x<dialog open>x</dialog><details open ontoggle=alert(1)><summary>x`},
	{"modern", `<portal src=//evil.example></portal><fencedframe></fencedframe><slot><p slot=x is=x part=x exportparts=x nonce=x contenteditable autofocus tabindex=1 accesskey=x popover popovertarget=x inert hidden draggable=true itemprop=x>x</p><x-y>z</x-y>`},
	{"map", `<map name=x><area href="javascript:alert(1)" shape=default></map><img usemap=#x ismap src=x>`},
	{"user info", `<a href="https://bank.example@evil.example/">bank.example</a><a href="https://bank.example:pass@evil.example">x</a><a href="https://bank.example\@evil.example">x</a><a href="https:\\evil.example">x</a><a href="https:evil.example">x</a><a href="https:///evil.example">x</a><a href="//evil.example">x</a>`},
	{"hosts", `<a href="https://аррӏе.example">apple.example</a><a href="https://ｅvil.example">x</a><a href="https://xn--80ak6aa92e.example">x</a><a href="http://[::1]:80/">x</a><a href="http://ev%69l.example/">x</a><a href="http://%00evil.example/">x</a><a href="http://a b.example/">x</a>`},
	{"mail addresses", `<a href="mailto:a@b.example?subject=x&body=%0d%0aBcc:x">x</a><a href="mailto:">x</a><a href="mailto://x@y.example">x</a><a href="mailto:a@b.example%0aBcc:c@d.example">x</a>`},
	{"table rubbish", `<table><b>x<tr>y<td>z</table><a href=http://x.example><table><a href=http://y.example>z`},
	{"misnested", `<b><i><a href=http://x.example><p></b></i>x<table></a><td></b>`},
	{"skipped content counting", `</select></object></script><object><script>x</script></object>y<select>z</select><style/>w<title/>v`},
}

func TestNothingHarmfulPasses(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.name, func(t *testing.T) {
			sanitized(t, tt.mail, Options{Title: "x"})
			sanitized(t, "<p>before "+tt.mail+" after</p>", Options{})
			sanitized(t, "<table><tr><td>"+tt.mail+"</td></tr></table>", Options{NoCopy: true})
		})
	}
}

func TestNothingHarmfulPassesInTitleAndLanguage(t *testing.T) {
	for _, tt := range vectors {
		doc := sanitized(t, "x", Options{Title: tt.mail, Lang: tt.mail, NoCopy: true, PrintText: tt.mail})
		if !strings.Contains(string(doc.HTML), `<html lang="en">`) {
			t.Errorf("%s: language was taken from %.40q", tt.name, tt.mail)
		}
	}
}

func TestPlainTextIsNeverMarkup(t *testing.T) {
	for _, tt := range vectors {
		t.Run(tt.name, func(t *testing.T) {
			for _, s := range []string{tt.mail, "> " + tt.mail, "https://a.example/" + tt.mail} {
				checkDocument(t, Text(s, Options{Title: s}).HTML)
			}
		})
	}
}

func TestNothingHarmfulPassesFromTheCorpora(t *testing.T) {
	const corpora = "../../../shared/corpora"
	files, _ := filepath.Glob(filepath.Join(corpora, "xss/payloads/*.txt"))
	files = append(files, filepath.Join(corpora, "strings/blns.txt"))
	read := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		read++
		t.Run(filepath.Base(name), func(t *testing.T) {
			checkCorpus(t, string(data))
		})
	}
	if read == 0 {
		t.Skip("the shared corpora of attack strings are not here")
	}
}

// checkCorpus takes each line by itself and the whole list as one mail.
func checkCorpus(t *testing.T, data string) {
	t.Helper()
	for line := range strings.Lines(data) {
		sanitized(t, line, Options{})
		checkDocument(t, Text(line, Options{}).HTML)
		if t.Failed() {
			return
		}
	}
	sanitized(t, data, Options{Title: "all"})
	checkDocument(t, Text(data, Options{}).HTML)
}
