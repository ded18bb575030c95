package brand

import (
	"fmt"
	"strconv"
)

// A Palette is the brand's colours in one scheme: of a button, of the button
// under the pointer, and of the words on both.
type Palette struct {
	Color   Color
	Hover   Color
	OnColor Color
}

// What the brand's colours lie on, as in the product's style sheet.
var (
	lightSheet = Color{0xff, 0xff, 0xff}
	darkSheet  = Color{0x15, 0x1d, 0x1f}
)

// What words on the brand's colour are written in, whichever reads better.
// This black is a little blacker than the ink of the pages: with that ink, a
// broad range of middling colours would carry neither readably.
var (
	white     = Color{0xff, 0xff, 0xff}
	nearBlack = Color{0x07, 0x0b, 0x0b}
)

// Contrast ratios. WCAG 2.2, 1.4.3 and 1.4.11.
const (
	minText  = 4.5 // words on their ground
	minShape = 3.0 // a button on the sheet, recognisable without its words
	inDark   = 7.0 // what the dark scheme aims for: lighter than it must be, as the other colours of that scheme
)

// palettes returns the two schemes of the colour that s writes, or says what is
// wrong with it. The colour of the light scheme is the organisation's own and
// never altered; the dark scheme has the same hue as light as it needs to be.
func palettes(s string) (light, dark Palette, err error) {
	if s == "" {
		s = DefaultColor
	}
	c, err := ParseColor(s)
	if err != nil {
		return Palette{}, Palette{}, err
	}
	if err := check(c); err != nil {
		return Palette{}, Palette{}, err
	}
	on := onColor(c)
	light = Palette{Color: c, Hover: hover(c, on, lightSheet, darker), OnColor: on}
	if shade := c.lab(); shade.l < 0.25 { // nearly black: nobody would see it get darker
		light.Hover = shade.at(shade.l + 0.2).color()
	}
	return light, darkPalette(c), nil
}

// check says why c cannot be the colour of a button on light paper, and names
// the nearest shade that can.
func check(c Color) error {
	if got := Contrast(c, lightSheet); got < minShape {
		return pale("light", "is too light for a button on white paper: its contrast is %s to 1 and must be %s to 1; %s would do", c, decimal(got, 1), decimal(minShape, -1))
	}
	if got := Contrast(c, onColor(c)); got < minText {
		return pale("between", "can be read neither with white nor with black words on it: the contrast is %s to 1 and must be %s to 1; %s would do", c, decimal(got, 2), decimal(minText, -1))
	}
	return nil
}

// pale is the reason against a colour with too little contrast.
func pale(key, text string, c Color, ratio, least string) *Reason {
	would := nearest(c).String()
	return Because(key, c.String()+" "+fmt.Sprintf(text, ratio, least, would), "Colour", c.String(), "Ratio", ratio, "Least", least, "Would", would)
}

// decimal writes a number with so many digits behind its point; -1: as many as it needs.
func decimal(n float64, digits int) string { return strconv.FormatFloat(n, 'f', digits, 64) }

// fits reports whether c can be the colour of a button on light paper.
func fits(c Color) bool {
	return Contrast(c, lightSheet) >= minShape && Contrast(c, onColor(c)) >= minText
}

// nearest returns the lightest shade of c that fits and is no lighter than c.
func nearest(c Color) Color {
	shade := c.lab()
	for l := shade.l; l > 0; l -= 0.005 {
		if d := shade.at(l).color(); fits(d) {
			return d
		}
	}
	return Color{}
}

// onColor returns the colour of words on c.
func onColor(c Color) Color {
	if Contrast(c, white) >= minText || Contrast(c, white) >= Contrast(c, nearBlack) {
		return white
	}
	return nearBlack
}

// Ways to go from a colour.
const (
	darker  = -1.0
	lighter = +1.0
)

// hover returns the colour of a button under the pointer: a step away from c,
// the preferred way where both are possible. The step is as large as the
// contrasts with the words and with the sheet allow.
func hover(c, on, sheet Color, preferred float64) Color {
	shade := c.lab()
	for step := 0.08; step > 0.03; step -= 0.01 {
		for _, way := range []float64{preferred, -preferred} {
			h := shade.at(shade.l + way*step).color()
			if Contrast(h, on) >= minText && Contrast(h, sheet) >= minShape {
				return h
			}
		}
	}
	return c // never for a colour that fits: there is a step one way or the other
}

// darkPalette returns the colours of the dark scheme: light buttons with words
// in a very dark shade of the same hue.
func darkPalette(c Color) Palette {
	shade := c.lab()
	light := lighten(shade, func(c Color) bool { return Contrast(c, darkSheet) >= inDark })
	words := shade
	if most := 0.06; words.chroma() > most {
		words = words.vivid(most / words.chroma())
	}
	on := words.at(0.22).color()
	return Palette{Color: light, Hover: hover(light, on, darkSheet, lighter), OnColor: on}
}

// lighten returns the first shade that satisfies ok, going lighter from where it is.
func lighten(shade lab, ok func(Color) bool) Color {
	for l := shade.l; l < 1; l += 0.005 {
		if c := shade.at(l).color(); ok(c) {
			return c
		}
	}
	return white
}

// properties returns the palette as declarations of the style sheet.
func (p Palette) properties() string {
	return fmt.Sprintf("--brand: %s; --brand-hover: %s; --on-brand: %s;", p.Color, p.Hover, p.OnColor)
}

// A Ground is what stands on what.
type Ground int

// Those that a brand is checked for.
const (
	WordsOnColour Ground = iota
	ColourOnWhite
	WordsInDark
	ColourOnDark
)

// A Figure is a contrast of a brand and what it must be at least.
type Figure struct {
	What  Ground
	Ratio float64
	Least float64
}

// Contrasts returns the contrasts that a brand was checked for, those of the light
// scheme first.
func (b *Brand) Contrasts() []Figure {
	return []Figure{
		{WordsOnColour, Contrast(b.Color, b.OnColor), minText},
		{ColourOnWhite, Contrast(b.Color, lightSheet), minShape},
		{WordsInDark, Contrast(b.Dark.Color, b.Dark.OnColor), minText},
		{ColourOnDark, Contrast(b.Dark.Color, darkSheet), minText},
	}
}
