package sanitize

import (
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	pngBytes  = "\x89PNG\r\n\x1a\nrest of a picture"
	jpegBytes = "\xff\xd8\xff\xe0rest of a picture"
	gifBytes  = "GIF89arest of a picture"
	webpBytes = "RIFF\x00\x00\x00\x00WEBPrest of a picture"
)

func TestOrdinaryMailLooksAsItsSenderMeant(t *testing.T) {
	images := func(cid string) ([]byte, bool) { return []byte(pngBytes), cid == "logo@halden.example" }
	for _, name := range []string{"outlook", "newsletter"} {
		mail, err := os.ReadFile(filepath.Join("testdata", name+".in.html"))
		if err != nil {
			t.Fatal(err)
		}
		doc := sanitized(t, string(mail), Options{Title: "Third draft", Lang: "en", Images: images})
		golden(t, name+".html", doc.HTML)
		golden(t, name+".txt", []byte(ToText(string(mail))+"\n"))
	}
}

func TestPlainMailLooksAsItsSenderMeant(t *testing.T) {
	mail, err := os.ReadFile("testdata/plain.in.txt")
	if err != nil {
		t.Fatal(err)
	}
	doc := Text(string(mail), Options{Title: "Re: Third draft", Lang: "sv", NoCopy: true})
	checkDocument(t, doc.HTML)
	golden(t, "plain.html", doc.HTML)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; -update writes it\ngot:\n%s", file, got)
	}
}

func TestLinksLeadWhereTheySay(t *testing.T) {
	const attrs = ` target="_blank" rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"`
	tests := []struct {
		name, mail, want string
	}{
		{"words", `<a href="https://a.example/x?y=1&z=2#f">here</a>`, `<a href="https://a.example/x?y=1&amp;z=2#f"` + attrs + ` title="a.example">here</a>`},
		{"its own host", `<a href="https://a.example/x">https://www.a.example/x/index.html</a>`, `<a href="https://a.example/x"` + attrs + ` title="a.example">https://www.a.example/x/index.html</a>`},
		{"another host", `<a href="https://evil.example/">www.bank.example</a>`, `>www.bank.example</a><span class="letterlock-host"> [evil.example]</span>`},
		{"another host in parts", `<a href="https://evil.example/"><b>bank</b>.<i>example</i></a>`, `</i></a><span class="letterlock-host"> [evil.example]</span>`},
		{"another host in a sentence", `<a href="https://evil.example/">Sign in (bank.example) now</a>`, `<span class="letterlock-host"> [evil.example]</span>`},
		{"another host with invisible characters", "<a href='https://evil.example/'>bank\u200b.exa\u00admple</a>", ` [evil.example]</span>`},
		{"another host in full width", `<a href='https://evil.example/'>ｂａｎｋ．ｅｘａｍｐｌｅ</a>`, ` [evil.example]</span>`},
		{"another address", `<a href="mailto:eve@evil.example">help@bank.example</a>`, ` [eve@evil.example]</span>`},
		{"its own address", `<a href="mailto:help@bank.example?subject=Hi%20you">help@bank.example</a>`, `title="help@bank.example">help@bank.example</a>`},
		{"user info", `<a href="https://bank.example@evil.example/">bank.example</a>`, `<a href="https://evil.example/"` + attrs + ` title="evil.example">bank.example</a><span class="letterlock-host"> [evil.example]</span>`},
		{"international host", `<a href="https://bücher.example/">bücher.example</a>`, `<a href="https://xn--bcher-kva.example/"` + attrs + ` title="xn--bcher-kva.example">bücher.example</a>`},
		{"look-alike", `<a href="https://аррle.example/">apple.example</a>`, ` [xn--le-6kc8da.example]</span>`},
		{"no text", `<a href="https://a.example/"><img src=http://a.example/i></a>`, `title="a.example">[a.example]</a>`},
		{"script", `<a href="javascript:alert(1)">here</a>`, `<span>here</span>`},
		{"spaces and percent", `<a href=" https://a.example/a b%zz ">x</a>`, `href="https://a.example/a%20b%25zz"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := sanitized(t, tt.mail, Options{})
			if got := bodyOf(doc.HTML); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if strings.Contains(tt.name, "own") && strings.Contains(string(doc.HTML), "[") && strings.Contains(bodyOf(doc.HTML), hostClass) {
				t.Errorf("an honest link is marked: %s", bodyOf(doc.HTML))
			}
		})
	}
}

func TestOnlyPicturesOfTheMailAreShown(t *testing.T) {
	images := map[string]string{"p": pngBytes, "j": jpegBytes, "g": gifBytes, "w": webpBytes, "svg": "<svg onload=alert(1)>", "a b@c": pngBytes, "empty": ""}
	lookup := func(cid string) ([]byte, bool) { b, ok := images[cid]; return []byte(b), ok }
	data := func(kind, b string) string {
		return "data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString([]byte(b))
	}
	tests := []struct {
		name, src, want string
	}{
		{"png", "cid:p", data("png", pngBytes)},
		{"jpeg", "CID:j", data("jpeg", jpegBytes)},
		{"gif", "cid:&lt;g&gt;", data("gif", gifBytes)},
		{"webp", "cid:w", data("webp", webpBytes)},
		{"escaped id", "cid:a%20b@c", data("png", pngBytes)},
		{"svg by its bytes", "cid:svg", ""},
		{"nothing", "cid:empty", ""},
		{"unknown id", "cid:x", ""},
		{"data", data("png", pngBytes), data("png", pngBytes)},
		{"data of another type than said", data("png", gifBytes), data("gif", gifBytes)},
		{"data of svg", data("svg+xml", "<svg>"), ""},
		{"data of svg called png", data("png", "<svg>"), ""},
		{"data in capitals", strings.Replace(data("png", pngBytes), "data:image/png", "DATA:IMAGE/PNG", 1), data("png", pngBytes)},
		{"data in lines", strings.Replace(data("png", pngBytes), ",iVBOR", ",iVB\r\nOR", 1), data("png", pngBytes)},
		{"data never taken out", "cid:letterlock-inline-7", ""},
		{"remote", "https://a.example/i.png", ""},
		{"relative", "i.png", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := sanitized(t, `<p><img src="`+tt.src+`" alt="picture"></p>`, Options{Images: lookup})
			want := `<p><span>picture</span></p>`
			if tt.want != "" {
				want = `<p><img src="` + strings.ReplaceAll(tt.want, "+", "+") + `" alt="picture"></p>`
			}
			got := strings.NewReplacer("&#43;", "+", `"/>`, `">`).Replace(bodyOf(doc.HTML))
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestRemotePicturesAreCountedAndLeftOut(t *testing.T) {
	tests := []struct {
		name, mail string
		want       int
	}{
		{"none", `<img src=cid:x><a href=http://a.example>x</a>`, 0},
		{"http", `<img src="http://a.example/i">`, 1},
		{"protocol-relative", `<img src=" //a.example/i">`, 1},
		{"reverse solidus", `<img src="\\a.example\i">`, 1},
		{"source set too", `<img src="http://a.example/i" srcset="http://a.example/i2 2x">`, 1},
		{"source set alone", `<img srcset="http://a.example/i2 2x">`, 1},
		{"background", `<table background="http://a.example/i"><tr><td background=https://a.example/j>x</table>`, 2},
		{"style", `<p style="background:#fff url('http://a.example/i') no-repeat">x</p>`, 1},
		{"style sheet", `<style>p{background:url(//a.example/i)}</style><style>@import url("https://a.example/c"); @font-face{src:url(https://a.example/f)}</style><p>x</p>`, 1},
		{"other elements", `<video poster=http://a.example/i></video><input type=image src=http://a.example/j><picture><source srcset="https://a.example/k"></picture>`, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := sanitized(t, tt.mail, Options{})
			if doc.RemoteImages != tt.want {
				t.Errorf("RemoteImages = %d, want %d", doc.RemoteImages, tt.want)
			}
			if strings.Contains(strings.ReplaceAll(bodyOf(doc.HTML), `href="http://a.example"`, ""), "//a.example") {
				t.Errorf("an address is left: %s", bodyOf(doc.HTML))
			}
		})
	}
}

func TestPicturesHaveALimitOfTheirOwn(t *testing.T) {
	big := []byte(pngBytes + strings.Repeat("x", 3<<20))
	doc := sanitized(t, strings.Repeat("<img src=cid:x alt=big>", 5), Options{Images: func(string) ([]byte, bool) { return big, true }})
	if got := strings.Count(string(doc.HTML), "<img"); got != 3 || doc.Truncated {
		t.Errorf("%d pictures of 3 MB are shown (Truncated %v), want 3", got, doc.Truncated)
	}
	pasted := `<p>look</p><img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(big) + `">`
	if doc := sanitized(t, pasted, Options{}); doc.Truncated || !strings.Contains(string(doc.HTML), "<img") {
		t.Error("a pasted picture counts as markup")
	}
}

func TestStyleSheetsAreMovedIntoTheElements(t *testing.T) {
	tests := []struct {
		name, mail, want string
	}{
		{"class", `<style>.a{color:red}</style><p class=a>x</p>`, `<p style="color: red">x</p>`},
		{"attribute wins", `<style>p{color:red;margin:0}</style><p style="color:blue">x</p>`, `<p style="margin: 0; color: blue">x</p>`},
		{"important", `<style>p{color:red !important} p.a{color:blue}</style><p class=a>x</p>`, `<p style="color: red">x</p>`},
		{"descendant and child", `<style>#t td > b{color:red}</style><table id=t><tr><td><b>x</b></table>`, `<b style="color: red">x</b>`},
		{"body", `<style>body{background:#EEE}</style><body>x</body>`, `<div style="background-color: #eee">x`},
		{"link", `<style>a:link{color:#0563C1}</style><a href=http://a.example>x</a>`, `style="color: #0563c1"`},
		{"comment wrapper", `<style><!-- p{color:red} --></style><p>x</p>`, `<p style="color: red">x</p>`},
		{"media rules dropped", `<style>@media screen{p{color:blue}} p{color:red}</style><p>x</p>`, `<p style="color: red">x</p>`},
		{"broken sheet", `<style>p{color:red</style><p>x</p>`, `<p style="color: red">x</p>`},
		{"two sheets", `<style>p{color:red}</style><style>p{margin:1px}</style><p>x</p>`, `<p style="color: red; margin: 1px">x</p>`},
		{"allowed properties only", `<p style="position:absolute;COLOR:Red;width:99999px;width:50%;margin:-3px;text-indent:-18pt;font-family:'Segoe UI',Arial">x</p>`,
			`<p style="color: red; width: 50%; text-indent: -18pt; font-family: segoe ui,arial">x</p>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := bodyOf(sanitized(t, tt.mail, Options{}).HTML); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestColouredMailStaysOnALightSheet(t *testing.T) {
	tests := []struct {
		name, mail string
		light      bool
	}{
		{"no colours", `<p style="font-family:Arial"><b>x</b></p>`, false},
		{"text colour", `<p style="color:#1f497d">x</p>`, true},
		{"background", `<table bgcolor=white><tr><td>x</table>`, true},
		{"font", `<font color=red>x</font>`, true},
		{"style sheet", `<style>p{background:white}</style><p>x</p>`, true},
		{"style sheet of others", `<style>.other{background:white}</style><p>x</p>`, false},
		{"body", `<body bgcolor=white style="background-color:#eee">x`, true},
		{"transparent", `<p style="background:transparent;color:inherit">x</p>`, false},
		{"colour of the system", `<p style="color:windowtext">x</p>`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := string(sanitized(t, tt.mail, Options{}).HTML)
			if got := strings.Contains(doc, `class="letterlock-authored"`) && strings.Contains(doc, `content="light"`); got != tt.light {
				t.Errorf("light = %v, want %v: %s", got, tt.light, bodyOf([]byte(doc)))
			}
		})
	}
}

func TestDocumentsCanBeReadAloud(t *testing.T) {
	tests := []struct {
		name, mail, want, not string
	}{
		{"title as heading", `<p>x</p>`, `<h1 class="letterlock-hidden">A &amp; B</h1>`, ""},
		{"own heading", `<h1>Hello</h1>`, `<h1>Hello</h1>`, "letterlock-hidden\">A"},
		{"empty heading", `<h2> </h2>`, `<div> </div>`, "<h2"},
		{"picture without description", `<img src="data:image/gif;base64,R0lGODlh">`, `alt=""`, ""},
		{"item without list", `<li>x</li>`, `<div>x</div>`, "<li"},
		{"list in list", `<ul><ul><li>x</li></ul></ul>`, `<ul><li style="list-style-type: none"><ul><li>x</li></ul></li></ul>`, ""},
		{"landmarks", `<main><nav>x</nav></main>`, `<div><div>x</div></div>`, "<nav"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(sanitized(t, tt.mail, Options{Title: "A & B"}).HTML)
			if !strings.Contains(got, tt.want) || tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("got %s\nwant %s, not %s", bodyOf([]byte(got)), tt.want, tt.not)
			}
		})
	}
}

func TestForbiddenCopiesShowASentenceOnPaper(t *testing.T) {
	doc := string(sanitized(t, "<p>secret</p>", Options{NoCopy: true, PrintText: "Nicht <drucken>"}).HTML)
	for _, want := range []string{"user-select: none", "@media print", "Nicht &lt;drucken&gt;"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if doc := string(sanitized(t, "<p>x</p>", Options{}).HTML); strings.Contains(doc, "user-select") || strings.Contains(doc, "letterlock-paper") {
		t.Error("a message that may be copied forbids it")
	}
}
