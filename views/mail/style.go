package mail

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Fonts of the HTML parts. Each client has one of them. No name is in quotation
// marks: inside an attribute they would be escaped twice.
const (
	sans = "-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
	mono = "ui-monospace,Menlo,Consolas,monospace"
)

// styleBlock is for clients that keep one: dark colours, narrow screens, and the Outlook
// that draws with Word. A mail is complete without it. Each has a block of its own,
// because Gmail drops a whole block for one rule that it does not know. It is not templ
// because templ puts no values into a style element; the only values here are colours
// that hexColor let pass.
func styleBlock(b Brand) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<style>
@media (max-width: 480px) {
  .pad { padding-left: 20px !important; padding-right: 20px !important; }
  .act, .act a { display: block !important; text-align: center !important; }
}
</style>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .desk { background-color: #0d1415 !important; }
  .sheet { background-color: #151d1f !important; border-color: `+b.dark()+` #2a3638 #2a3638 !important; }
  .ink { color: #e6eeec !important; }
  .ink2 { color: #b1bfbc !important; }
  .line { border-color: #2a3638 !important; }
  .act { background-color: `+b.dark()+` !important; }
  .act a { color: `+b.onDark()+` !important; border-color: `+b.dark()+` !important; }
  .ref { background-color: #1d2729 !important; color: #e6eeec !important; }
}
</style>
`+wordStyle)
		return err
	})
}

// wordStyle is read by Outlook on Windows alone. Word knows no lists of fonts that begin
// with one it has not, and would write in Times; and it has to be told that a pixel is
// one at every size of the screen.
const wordStyle = `<!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>
table { border-collapse: collapse; }
td, p, h1, h2, a, span, strong { font-family: "Segoe UI", Arial, sans-serif !important; }
.ref { font-family: Consolas, monospace !important; }
</style><![endif]-->`

// unpreviewed follows the preview: a list of mails would otherwise go on with what the
// mail begins with, which is the preview once more. It is blanks and joiners, for lists
// leave out blanks alone.
var unpreviewed = strings.Repeat("\u00a0\u200c", 80)

// breakable is a text that may break before the @ of an address.
func breakable(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, strings.ReplaceAll(templ.EscapeString(text), "@", "<wbr>@"))
		return err
	})
}

// css is a style attribute of our own making. Values in it are constants or
// colours that hexColor let pass, never anybody's text.
func css(style string) templ.SafeCSS { return templ.SafeCSS(style) }

func (b Brand) sheetStyle() templ.SafeCSS {
	return css("background-color:#ffffff;border:1px solid #d8dfdd;border-top:4px solid " + b.color() + ";")
}

func (b Brand) cellStyle() templ.SafeCSS {
	// Word pads no link, so it pads the cell instead.
	return css("background-color:" + b.color() + ";border-radius:4px;mso-padding-alt:13px 26px;")
}

func (b Brand) buttonStyle() templ.SafeCSS {
	return css("display:inline-block;padding:13px 26px;font:600 16px/1.25 " + sans + ";color:" + b.onColor() +
		";text-decoration:none;border:1px solid " + b.color() + ";border-radius:4px;")
}

// font is the style of a cell's text.
func font(weight, size, color, rest string) templ.SafeCSS {
	return css("margin:0;font:" + weight + " " + size + " " + sans + ";color:" + color + ";" + rest)
}

const (
	ink  = "#121f1e"
	ink2 = "#45544f"
)
