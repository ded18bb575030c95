package brand

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestContrastIsThatOfTheStandard(t *testing.T) {
	tests := []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#777777", "#ffffff", 4.48},
		{"#767676", "#ffffff", 4.54},
		{"#ff0000", "#ffffff", 4.00},
		{"#0000ff", "#ffffff", 8.59},
		{"#0c5463", "#ffffff", 8.52},
	}
	for _, tt := range tests {
		a, b := mustColor(t, tt.a), mustColor(t, tt.b)
		if got := Contrast(a, b); math.Abs(got-tt.want) > 0.01 {
			t.Errorf("Contrast(%s, %s) = %.3f, want %.2f", a, b, got, tt.want)
		}
		if Contrast(a, b) != Contrast(b, a) {
			t.Errorf("Contrast(%s, %s) depends on the order", a, b)
		}
	}
}

func TestAColorSurvivesOKLab(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyColor().Draw(t, "colour")
		if got := c.lab().color(); got != c {
			t.Fatalf("%s comes back as %s", c, got)
		}
		if got, err := ParseColor(c.String()); err != nil || got != c {
			t.Fatalf("%s is parsed as %s, %v", c, got, err)
		}
	})
}

func TestEveryAcceptedColorCanBeReadInLightAndDark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyColor().Draw(t, "colour")
		light, dark, err := palettes(c.String())
		if err != nil {
			checkRefusal(t, c, err)
			return
		}
		if light.Color != c {
			t.Errorf("light colour is %s, want the organisation's own", light.Color)
		}
		for _, p := range []struct {
			name  string
			p     Palette
			sheet Color
			shape float64
		}{{"light", light, lightSheet, 3}, {"dark", dark, darkSheet, 4.5}} {
			atLeast(t, p.name+" words", Contrast(p.p.Color, p.p.OnColor), 4.5)
			atLeast(t, p.name+" words under the pointer", Contrast(p.p.Hover, p.p.OnColor), 4.5)
			atLeast(t, p.name+" button", Contrast(p.p.Color, p.sheet), p.shape)
			atLeast(t, p.name+" button under the pointer", Contrast(p.p.Hover, p.sheet), 3)
			if p.p.Hover == p.p.Color {
				t.Errorf("%s: hover is the colour itself", p.name)
			}
		}
	})
}

// checkRefusal checks that a refused colour is one that cannot be read, and that
// the reason names another that can.
func checkRefusal(t *rapid.T, c Color, err error) {
	if Contrast(c, lightSheet) >= 3 && max(Contrast(c, white), Contrast(c, nearBlack)) >= 4.5 {
		t.Errorf("%s is refused though it can be read: %v", c, err)
	}
	_, tail, _ := strings.Cut(err.Error(), "to 1; ")
	instead, _, _ := strings.Cut(tail, " ")
	if _, _, err := palettes(instead); err != nil {
		t.Errorf("%s is suggested instead of %s, and refused: %v", instead, c, err)
	}
}

func TestTheDarkSchemeKeepsTheHue(t *testing.T) {
	for _, s := range []string{"#0c5463", "#3b2a5c", "#b91c1c", "#166534", "#1d4ed8"} {
		light, dark, err := palettes(s)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := hue(light.Color), hue(dark.Color); math.Abs(math.Remainder(a-b, 2*math.Pi)) > 0.06 {
			t.Errorf("%s becomes %s: hue %.2f, want %.2f", s, dark.Color, b, a)
		}
	}
}

func hue(c Color) float64 {
	o := c.lab()
	return math.Atan2(o.b, o.a)
}

func atLeast(t *rapid.T, what string, got, want float64) {
	if got < want {
		t.Errorf("%s: contrast is %.2f, want at least %.1f", what, got, want)
	}
}

func anyColor() *rapid.Generator[Color] {
	return rapid.Custom(func(t *rapid.T) Color {
		return Color{
			R: rapid.Uint8().Draw(t, "r"),
			G: rapid.Uint8().Draw(t, "g"),
			B: rapid.Uint8().Draw(t, "b"),
		}
	})
}

func mustColor(t *testing.T, s string) Color {
	t.Helper()
	c, err := ParseColor(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
