package brand

import (
	"fmt"
	"math"
	"strconv"
)

// A Color is a colour of a screen, in sRGB.
type Color struct{ R, G, B uint8 }

// ParseColor returns the colour that s writes as #rrggbb. Nothing else is
// accepted, no names and no short forms: what it returns goes into a style sheet.
func ParseColor(s string) (Color, error) {
	if len(s) != 7 || s[0] != '#' {
		return Color{}, errColor
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return Color{}, errColor
	}
	return Color{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n)}, nil
}

var errColor = Because("noColour", "is not a colour written as # and six digits, such as "+DefaultColor, "Such", DefaultColor)

// String returns the colour as #rrggbb.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Contrast returns the contrast ratio of two colours, from 1 to 21.
// WCAG 2.2, "contrast ratio".
func Contrast(a, b Color) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance returns the relative luminance, from 0 to 1. WCAG 2.2.
func (c Color) luminance() float64 {
	r, g, b := c.linear()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// linear returns the amounts of light, from 0 to 1.
func (c Color) linear() (r, g, b float64) {
	return toLinear(c.R), toLinear(c.G), toLinear(c.B)
}

func toLinear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

func fromLinear(v float64) uint8 {
	v = min(max(v, 0), 1)
	s := 12.92 * v
	if v > 0.0031308 {
		s = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(s * 255))
}

// A lab is a colour in OKLab, where an equal step looks equally large whatever
// the hue, so that a lighter petrol is still petrol. The matrices are those that
// B. Ottosson published with the colour space in 2020.
type lab struct{ l, a, b float64 }

func (c Color) lab() lab {
	r, g, b := c.linear()
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return lab{
		l: 0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		a: 1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		b: 0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

// linear returns the amounts of light, which lie outside 0 to 1 for colours
// that no screen can show.
func (c lab) linear() (r, g, b float64) {
	l := cube(c.l + 0.3963377774*c.a + 0.2158037573*c.b)
	m := cube(c.l - 0.1055613458*c.a - 0.0638541728*c.b)
	s := cube(c.l - 0.0894841775*c.a - 1.2914855480*c.b)
	return +4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s
}

func cube(v float64) float64 { return v * v * v }

// color returns the nearest colour that a screen can show: of the same lightness
// and hue, and less vivid where it must be.
func (c lab) color() Color {
	low, high := 0.0, 1.0
	if c.shown() {
		low = 1
	}
	for range 12 { // finer than the 8 bits of the result
		if low == 1 {
			break
		}
		if mid := (low + high) / 2; c.vivid(mid).shown() {
			low = mid
		} else {
			high = mid
		}
	}
	r, g, b := c.vivid(low).linear()
	return Color{R: fromLinear(r), G: fromLinear(g), B: fromLinear(b)}
}

// shown reports whether a screen can show the colour.
func (c lab) shown() bool {
	const slack = 1e-4 // less than one step of 8 bits
	r, g, b := c.linear()
	return min(r, g, b) >= -slack && max(r, g, b) <= 1+slack
}

// vivid returns the colour with its vividness multiplied by f.
func (c lab) vivid(f float64) lab { return lab{l: c.l, a: c.a * f, b: c.b * f} }

// at returns the colour with another lightness, from 0 to 1.
func (c lab) at(lightness float64) lab {
	return lab{l: min(max(lightness, 0), 1), a: c.a, b: c.b}
}

// chroma returns how vivid the colour is; 0 is grey.
func (c lab) chroma() float64 { return math.Hypot(c.a, c.b) }
