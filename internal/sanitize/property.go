package sanitize

import (
	"maps"
	"strings"
	"unicode"
)

// properties are the CSS properties a body may use, with what their values must
// be. Nothing here can take content out of the flow, cover something else, load
// or animate. It is built once and only read.
var properties = allowedProperties()

func allowedProperties() map[string]func(string) bool {
	m := textProperties()
	maps.Copy(m, boxProperties())
	maps.Copy(m, borderProperties())
	return m
}

func textProperties() map[string]func(string) bool {
	return map[string]func(string) bool{
		"color":               colour,
		"background-color":    colour,
		"font":                fontShorthand,
		"font-family":         fontNames,
		"font-size":           either(length(0, 200, 400), words("xx-small x-small small medium large x-large xx-large smaller larger")),
		"font-style":          words("normal italic oblique"),
		"font-variant":        words("normal small-caps"),
		"font-weight":         words("normal bold bolder lighter 100 200 300 400 500 600 700 800 900"),
		"line-height":         either(length(0, 400, 400), words("normal")),
		"letter-spacing":      either(length(-5, 50, -1), words("normal")),
		"word-spacing":        either(length(-5, 50, -1), words("normal")),
		"text-align":          words("left right center justify start end"),
		"text-decoration":     list(4, either(words("none underline overline line-through solid double dotted dashed wavy"), colour)),
		"text-indent":         length(-200, 400, 50),
		"text-transform":      words("none uppercase lowercase capitalize"),
		"vertical-align":      either(length(-50, 50, 100), words("baseline top middle bottom sub super text-top text-bottom")),
		"direction":           words("ltr rtl"),
		"unicode-bidi":        words("normal embed isolate plaintext"),
		"white-space":         words("normal nowrap pre pre-wrap pre-line break-spaces"),
		"word-break":          words("normal break-all break-word keep-all"),
		"word-wrap":           words("normal break-word"),
		"overflow-wrap":       words("normal break-word anywhere"),
		"list-style-type":     words("none disc circle square decimal decimal-leading-zero lower-roman upper-roman lower-alpha upper-alpha lower-latin upper-latin lower-greek"),
		"list-style-position": words("inside outside"),
	}
}

func boxProperties() map[string]func(string) bool {
	size := either(length(0, 4000, 100), words("auto"))
	margin := either(length(0, 1000, 100), words("auto"))
	padding := length(0, 1000, 100)
	m := map[string]func(string) bool{
		"margin":            list(4, margin),
		"padding":           list(4, padding),
		"width":             size,
		"height":            size,
		"min-width":         size,
		"min-height":        size,
		"max-width":         either(size, words("none")),
		"max-height":        either(size, words("none")),
		"box-sizing":        words("border-box content-box"),
		"display":           words("none inline block inline-block list-item table inline-table table-row table-cell table-row-group table-header-group table-footer-group table-caption table-column table-column-group"),
		"float":             words("none left right"),
		"clear":             words("none left right both"),
		"overflow":          words("visible hidden auto"),
		"table-layout":      words("auto fixed"),
		"caption-side":      words("top bottom"),
		"empty-cells":       words("show hide"),
		"page-break-before": words("auto always avoid"),
		"page-break-after":  words("auto always avoid"),
		"page-break-inside": words("auto avoid"),
	}
	for _, side := range []string{"top", "right", "bottom", "left"} {
		m["margin-"+side] = margin
		m["padding-"+side] = padding
	}
	return m
}

func borderProperties() map[string]func(string) bool {
	width := either(length(0, 50, -1), words("thin medium thick"))
	style := words("none hidden dotted dashed solid double groove ridge inset outset")
	whole := list(3, either(width, style, colour))
	m := map[string]func(string) bool{
		"border":          whole,
		"border-width":    list(4, width),
		"border-style":    list(4, style),
		"border-color":    list(4, colour),
		"border-radius":   list(4, length(0, 500, 100)),
		"border-collapse": words("collapse separate"),
		"border-spacing":  list(2, length(0, 100, -1)),
	}
	for _, side := range []string{"top", "right", "bottom", "left"} {
		m["border-"+side] = whole
		m["border-"+side+"-width"] = width
		m["border-"+side+"-style"] = style
		m["border-"+side+"-color"] = colour
	}
	return m
}

func words(s string) func(string) bool {
	m := set(s + " inherit initial")
	return func(v string) bool { return m[v] }
}

func either(checks ...func(string) bool) func(string) bool {
	return func(v string) bool {
		for _, check := range checks {
			if check(v) {
				return true
			}
		}
		return false
	}
}

// list allows up to n values separated by spaces.
func list(n int, check func(string) bool) func(string) bool {
	return func(v string) bool {
		count := 0
		for f := range splitOutside(v, ' ') {
			if count++; count > n || !check(f) {
				return false
			}
		}
		return true
	}
}

// length allows lengths between lo and hi pixels and percentages between 0 and
// percent; none if that is negative.
func length(lo, hi, percent float64) func(string) bool {
	return func(v string) bool {
		n, isPercent, ok := pixels(v)
		if isPercent {
			return n >= 0 && n <= percent
		}
		return ok && n >= lo && n <= hi
	}
}

// colour allows names, hexadecimal and the functions of red, green, blue and of
// hue. The colours of the reader's system are refused: they change with the
// theme, and the mail was not made for that.
func colour(v string) bool {
	if hex, ok := strings.CutPrefix(v, "#"); ok {
		return (len(hex) == 3 || len(hex) == 4 || len(hex) == 6 || len(hex) == 8) && only(hex, "0123456789abcdef")
	}
	for _, f := range []string{"rgb(", "rgba(", "hsl(", "hsla("} {
		if args, ok := strings.CutPrefix(v, f); ok {
			args, ok = strings.CutSuffix(args, ")")
			return ok && len(args) < 60 && only(args, "0123456789.,%/ deg")
		}
	}
	return colourNames[v]
}

// fontNames allows a list of names without quotes.
func fontNames(v string) bool {
	return len(v) <= 200 && strings.IndexFunc(v, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ,-_.", r)
	}) < 0
}

// fontShorthand allows names, keywords and sizes within bounds.
func fontShorthand(v string) bool {
	size := length(0, 400, 400)
	for f := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ' ' || r == '/' || r == ',' }) {
		if _, _, ok := pixels(f); ok && !size(f) && !only(f, "0123456789") {
			return false
		}
		if !fontNames(strings.ReplaceAll(f, "%", "")) {
			return false
		}
	}
	return len(v) <= 200
}

func only(s, chars string) bool {
	return strings.Trim(s, chars) == ""
}

var colourNames = set(`
	aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
	cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod
	darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon
	darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray
	dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green
	greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon
	lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon
	lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen
	magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue
	mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy
	oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip
	peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown
	seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal
	thistle tomato turquoise violet wheat white whitesmoke yellow yellowgreen transparent currentcolor inherit
	initial`)
