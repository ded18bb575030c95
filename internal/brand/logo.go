package brand

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // a format of logos
	"image/png"
	"strconv"
)

// Limits of a logo. The large ones keep a picture from using much memory when it
// is read; the small one is the size we keep, as it goes out with every notification.
const (
	maxLogoBytes = 512 << 10
	maxLogoSide  = 2000
	keptLogoSide = 256
)

// makeLogo returns the picture to show for the logo given in settings, or draws
// one. What it returns was encoded here: nothing of the file but its pixels is
// passed on, no comments, no place where it was taken, no second file behind it.
func makeLogo(raw []byte, p Palette) ([]byte, error) {
	if len(raw) == 0 {
		return encode(emblem(128, p))
	}
	m, err := readLogo(raw)
	if err != nil {
		return nil, err
	}
	return encode(shrink(m, keptLogoSide))
}

// readLogo decodes a picture after a look at its dimensions: a few bytes can
// claim to be a picture of any size.
func readLogo(raw []byte) (image.Image, error) {
	if len(raw) > maxLogoBytes {
		size, most := (len(raw)+1023)>>10, maxLogoBytes>>10
		return nil, Because("heavy", fmt.Sprintf("has %d KB; %d KB are allowed", size, most), "Size", strconv.Itoa(size), "Most", strconv.Itoa(most))
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(raw))
	// Other packages of the program may have registered other formats.
	if err != nil || (format != "png" && format != "jpeg") {
		return nil, Because("noPicture", "is not a PNG or JPEG picture")
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxLogoSide || c.Height > maxLogoSide {
		return nil, Because("large", fmt.Sprintf("measures %d by %d pixels; %d by %d are allowed", c.Width, c.Height, maxLogoSide, maxLogoSide),
			"Width", strconv.Itoa(c.Width), "Height", strconv.Itoa(c.Height), "Most", strconv.Itoa(maxLogoSide))
	}
	m, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, Because("damaged", "is a damaged "+format+" picture")
	}
	return m, nil
}

func encode(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	// The best compression takes four times the time, 30 ms of each start, for a twelfth less.
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("cannot be encoded: %w", err)
	}
	return b.Bytes(), nil
}

// shrink returns m fitted into a square of the given side, in proportion. A
// smaller picture keeps its size, and one of ours its pixels: a brand that is exported
// and imported is the same. Each pixel is the mean of those it stands for.
func shrink(m image.Image, side int) *image.NRGBA {
	if ours, is := m.(*image.NRGBA); is && max(ours.Rect.Dx(), ours.Rect.Dy()) <= side {
		return ours
	}
	from := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(from, from.Rect, m, m.Bounds().Min, draw.Src)
	fullW, fullH := from.Rect.Dx(), from.Rect.Dy()
	w, h := fullW, fullH
	if long := max(w, h); long > side {
		w, h = max(w*side/long, 1), max(h*side/long, 1)
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			to.Set(x, y, mean(from, image.Rect(x*fullW/w, y*fullH/h, (x+1)*fullW/w, (y+1)*fullH/h)))
		}
	}
	return to
}

// mean returns the mean colour of the pixels in r. They are summed as an RGBA
// picture holds them, multiplied by their opacity, or else transparent pixels
// would tint the edges.
func mean(m *image.RGBA, r image.Rectangle) color.RGBA {
	var s [4]int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.Pix[m.PixOffset(r.Min.X, y):m.PixOffset(r.Max.X, y)]
		for i, v := range row {
			s[i%4] += int(v)
		}
	}
	n := r.Dx() * r.Dy()
	return color.RGBA{R: uint8(s[0] / n), G: uint8(s[1] / n), B: uint8(s[2] / n), A: uint8(s[3] / n)}
}
