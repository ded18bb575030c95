package sanitize

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// A layer is the look of an open element, as far as it says whether its text is seen.
type layer struct {
	name       string
	kind       kind
	inline     bool // a block that is shown within the line
	gone       bool // nothing within it is shown, whatever that says
	invisible  bool // as is the next, until an element within it says otherwise
	tiny       bool
	fore, back tint
	apart      bool // it may be shown apart from the text around it
}

func (l *layer) is(k kind) bool { return l.kind&k != 0 }

func (l *layer) hidden() bool {
	return l.gone || l.invisible || l.tiny || l.fore.clear || l.fore.known && l.back.known && l.fore.near(l.back)
}

// A tint is a colour; it is not known where it has a name that few use, or is a picture.
type tint struct {
	known   bool
	clear   bool
	r, g, b int
}

var (
	black = tint{known: true}
	white = tint{known: true, r: 255, g: 255, b: 255}
)

// near reports whether nobody tells one colour from the other.
func (t tint) near(u tint) bool {
	const most = 16
	far := func(a, b int) bool { return a-b > most || b-a > most }
	return !far(t.r, u.r) && !far(t.g, u.g) && !far(t.b, u.b)
}

// with is the look of an element within l.
func (l *layer) with(el string, attrs map[string]string, s *sheet) layer {
	next := *l
	next.name, next.kind = el, kinds[el]
	if _, has := attrs["hidden"]; has || el == "template" || el == "datalist" {
		next.gone = true
	}
	if c := attrs["bgcolor"]; c != "" {
		next.back = tintOf(strings.ToLower(c))
	}
	if attrs["background"] != "" {
		next.back = tint{}
	}
	if c := attrs["color"]; c != "" && el == "font" {
		next.fore = tintOf(strings.ToLower(c))
	}
	box := box{}
	for _, css := range s.of(el, attrs) {
		box.wear(&next, css)
	}
	box.wear(&next, looks(attrs["style"]))
	next.gone, next.inline = next.gone || box.hides(), box.inline
	next.apart = box.apart || next.is(apart) || next.hidden() != l.hidden()
	return next
}

// A look is a declaration of a style that can hide text, or set it apart.
type look struct{ property, value string }

// looks reads the block of a rule or a style attribute.
func looks(css string) (list []look) {
	if css == "" || len(css) > maxStyle {
		return nil
	}
	for part := range splitOutside(withoutComments(css), ';') {
		property, value, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.Join(strings.Fields(value), " "))
		value, _, _ = strings.Cut(value, "!")
		if property = strings.ToLower(strings.TrimSpace(property)); telling[property] {
			list = append(list, look{property, strings.TrimSpace(value)})
		}
	}
	return list
}

// telling are the properties that can hide text, or set it apart.
var telling = set("display visibility opacity font-size font color background background-color text-indent position float " +
	"left right top bottom overflow overflow-x overflow-y height width max-height max-width clip clip-path transform mso-hide")

// A box is what the styles of one element say of its place and size.
type box struct {
	apart, inline, away, placed, flat, clips, gone bool
}

func (b *box) hides() bool { return b.gone || b.placed && b.away || b.flat && b.clips }

// wear puts declarations on a layer.
func (b *box) wear(l *layer, css []look) {
	for _, d := range css {
		switch v := d.value; d.property {
		case "display":
			b.gone = b.gone || v == "none"
			b.inline = v == "inline" || v == "contents"
			b.apart = b.apart || v != "inline" && v != "none" && v != "contents"
		case "visibility":
			l.invisible = v == "hidden" || v == "collapse"
		case "font-size":
			l.resize(v)
		case "font":
			for f := range strings.FieldsSeq(v) {
				size, _, _ := strings.Cut(f, "/")
				if n, _, ok := pixels(size); ok && (n < 100 || n != float64(int(n/100))*100) { // 100 to 900 is the weight
					l.resize(size)
				}
			}
		case "color":
			l.fore = tintOf(v)
		case "background", "background-color":
			l.back = backOf(v, l.back)
		default:
			b.place(d.property, v)
		}
	}
}

// resize has a layer have letters of a size; one that goes by the size around it leaves
// tiny letters tiny.
func (l *layer) resize(v string) {
	n, percent, ok := pixels(v)
	switch relative := percent || strings.HasSuffix(v, "em") && !strings.HasSuffix(v, "rem") || strings.HasSuffix(v, "ex"); {
	case percent:
		l.tiny = l.tiny || n < 10
	case relative:
		l.tiny = l.tiny || ok && n < 2
	case v == "inherit", v == "smaller", v == "larger":
	default:
		l.tiny = ok && n <= 2
	}
}

func (b *box) place(property, v string) {
	n, percent, measured := pixels(v)
	switch property {
	case "opacity":
		b.gone = b.gone || measured && (n < 0.1 || percent && n < 10)
	case "mso-hide":
		b.gone = b.gone || v == "all"
	case "clip", "clip-path":
		b.gone = b.gone || v != "auto" && v != "none"
	case "transform":
		b.gone = b.gone || strings.Contains(v, "scale(0")
		b.apart = true
	case "position":
		b.placed = b.placed || v != "static"
		b.apart = b.apart || v != "static"
	case "float":
		b.apart = b.apart || v != "none"
	case "overflow", "overflow-x", "overflow-y":
		b.clips = b.clips || v != "visible"
	case "height", "width", "max-height", "max-width":
		b.flat = b.flat || measured && n <= 2
	case "text-indent":
		b.gone = b.gone || (measured || percent) && n <= -100
	default: // left, right, top, bottom
		b.away = b.away || (measured || percent) && (n <= -100 || n >= 5000)
	}
}

// tintOf reads a colour.
func tintOf(v string) tint {
	if v == "transparent" {
		return tint{clear: true}
	}
	if hex, ok := basicColours[v]; ok {
		v = hex
	}
	if hex, ok := strings.CutPrefix(v, "#"); ok {
		return hexTint(hex)
	}
	_, args, ok := strings.Cut(strings.TrimSuffix(v, ")"), "(")
	if !ok || !strings.HasPrefix(v, "rgb") {
		if len(v) == 6 && only(v, "0123456789abcdef") { // as bgcolor=ffffff
			return hexTint(v)
		}
		return tint{}
	}
	var n []float64
	for f := range strings.FieldsFuncSeq(args, func(r rune) bool { return r == ',' || r == '/' || r == ' ' }) {
		digits, percent := strings.CutSuffix(f, "%")
		x, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return tint{}
		}
		if percent && len(n) < 3 {
			x *= 2.55
		}
		n = append(n, x)
	}
	if len(n) < 3 {
		return tint{}
	}
	return tint{known: true, clear: len(n) > 3 && n[3] < 0.1, r: int(n[0]), g: int(n[1]), b: int(n[2])}
}

// hexTint reads three, four, six or eight digits; the last of four and eight say how much
// shines through.
func hexTint(hex string) tint {
	if len(hex) == 3 || len(hex) == 4 {
		var twice strings.Builder
		for i := range len(hex) {
			twice.WriteString(hex[i:i+1] + hex[i:i+1])
		}
		hex = twice.String()
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil || len(hex) != 6 && len(hex) != 8 {
		return tint{}
	}
	t := tint{known: true}
	if len(hex) == 8 {
		t.clear = n&0xff < 0x1a
		n >>= 8
	}
	t.r, t.g, t.b = int(n>>16), int(n>>8&0xff), int(n&0xff)
	return t
}

// backOf is the colour behind a text; what is clear shows the one around it.
func backOf(v string, around tint) tint {
	if v == "none" || v == "inherit" {
		return around
	}
	for f := range splitOutside(v, ' ') {
		if t := tintOf(f); t.clear {
			return around
		} else if t.known {
			return t
		}
	}
	return tint{}
}

// basicColours are the names that HTML began with.
var basicColours = map[string]string{
	"black": "#000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#fff", "maroon": "#800000", "red": "#f00", "purple": "#800080",
	"fuchsia": "#f0f", "green": "#008000", "lime": "#0f0", "olive": "#808000", "yellow": "#ff0", "navy": "#000080", "blue": "#00f", "teal": "#008080", "aqua": "#0ff",
	"snow": "#fffafa", "ivory": "#fffff0", "ghostwhite": "#f8f8ff", "floralwhite": "#fffaf0", "whitesmoke": "#f5f5f5", "windowtext": "#000", "window": "#fff",
}

// A sheet is what the style sheets of a body say that can hide text, by the elements
// that it is about. Only the last part of a selector is looked at: what it is within
// would need a tree, and a reading more than is needed does no harm.
type sheet struct {
	about map[string][]dress // by a name, .class or #id that the element must have
	steps int                // of matching so far
}

// A dress is a rule of a style sheet.
type dress struct {
	needs []string // all names, .classes and #ids that the element must have
	css   []look
}

// sheetOf reads the style sheets of a body.
func sheetOf(body string) *sheet {
	s := &sheet{about: make(map[string][]dress)}
	if !containsFold(body, "<style") {
		return s
	}
	var all strings.Builder
	z := html.NewTokenizer(strings.NewReader(body))
	for style := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			s.read(all.String())
			return s
		case html.TextToken:
			if style {
				all.Write(z.Raw())
				all.WriteByte('\n')
			}
			style = false
		case html.StartTagToken:
			name, _ := z.TagName()
			style = string(name) == "style"
		default:
			style = false
		}
	}
}

func containsFold(s, lower string) bool {
	for i := 0; i+len(lower) <= len(s); i++ {
		j := strings.IndexByte(s[i:], lower[0])
		if j < 0 || i+j+len(lower) > len(s) {
			return false
		}
		if i += j; strings.EqualFold(s[i:i+len(lower)], lower) {
			return true
		}
	}
	return false
}

func (s *sheet) read(css string) {
	read := 0
	for prelude, block := range rules(withoutComments(css)) {
		list := looks(block)
		if len(list) == 0 {
			continue
		}
		for selector := range strings.SplitSeq(prelude, ",") {
			if read++; read > maxSelectors {
				return
			}
			parts := strings.FieldsFunc(selector, func(r rune) bool { return isSpace(r) || strings.ContainsRune(">+~", r) })
			if len(parts) == 0 || len(selector) > 200 {
				continue
			}
			last := parts[len(parts)-1]
			if name, rest := cutName(last); name != "" {
				last = strings.ToLower(name) + rest
			}
			if needs := compoundParts.FindAllString(last, -1); len(needs) > 0 && compound.MatchString(last) {
				key := needs[len(needs)-1]
				s.about[key] = append(s.about[key], dress{needs: needs, css: list})
			}
		}
	}
}

// cutName splits a selector before its first class or id.
func cutName(s string) (name, rest string) {
	if i := strings.IndexAny(s, ".#"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// of returns what the sheet says of an element.
func (s *sheet) of(el string, attrs map[string]string) (list [][]look) {
	if len(s.about) == 0 {
		return nil
	}
	has, names := map[string]bool{el: true}, []string{el} // what counts more comes later
	for class := range strings.FieldsSeq(attrs["class"]) {
		if !has["."+class] {
			has["."+class], names = true, append(names, "."+class)
		}
	}
	if id := attrs["id"]; id != "" {
		has["#"+id], names = true, append(names, "#"+id)
	}
	for _, name := range names {
		for _, d := range s.about[name] {
			if s.steps++; s.steps > maxMatching {
				return list
			}
			if all(has, d.needs) {
				list = append(list, d.css)
			}
		}
	}
	return list
}

func all(has map[string]bool, needs []string) bool {
	for _, n := range needs {
		if !has[n] {
			return false
		}
	}
	return true
}
