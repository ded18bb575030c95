package brand

import (
	"bytes"
	"image/png"
	"testing"
)

func FuzzLogo(f *testing.F) {
	f.Add(bomb(1, 1))
	f.Add(bomb(2000, 2000))
	f.Add([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"))
	f.Add([]byte("GIF89a"))
	p, _, err := palettes(DefaultColor)
	if err != nil {
		f.Fatal(err)
	}
	drawn, err := makeLogo(nil, p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(drawn)
	f.Fuzz(func(t *testing.T, raw []byte) {
		logo, err := makeLogo(raw, p)
		if err != nil {
			return
		}
		c, err := png.DecodeConfig(bytes.NewReader(logo))
		if err != nil || c.Width > keptLogoSide || c.Height > keptLogoSide {
			t.Errorf("logo is %d by %d, %v", c.Width, c.Height, err)
		}
	})
}
