package brand

import (
	"image"
	"image/color"
)

// A point of the emblem, in units of which it is 32 wide and high.
type point struct{ x, y float64 }

// The emblem is a strip of paper that is folded once into an L, with a seal on
// the fold.
var (
	upright = []point{{6, 4}, {15, 4}, {15, 18}, {6, 27}}
	foot    = []point{{6, 27}, {15, 18}, {23, 18}, {27, 22.5}, {23, 27}}
	seal    = point{10.6, 22.4}
)

// emblem draws the logo of an organisation that has given none: the strip in the
// brand's colour on a white sheet with rounded corners, so that it shows on dark
// paper too.
func emblem(side int, p Palette) image.Image {
	const samples = 4 // each way; smooths the slanted edges
	paint := painter(p)
	fine := image.NewNRGBA(image.Rect(0, 0, side*samples, side*samples))
	unit := 32 / float64(side*samples)
	for y := range side * samples {
		for x := range side * samples {
			fine.SetNRGBA(x, y, paint(point{(float64(x) + 0.5) * unit, (float64(y) + 0.5) * unit}))
		}
	}
	return shrink(fine, side)
}

// painter returns the colour of every point of the emblem.
func painter(p Palette) func(point) color.NRGBA {
	body := p.Color.lab()
	flap := body.at(body.l + 0.24).vivid(0.8).color()
	wax := body.at(body.l - 0.12).color()
	return func(at point) color.NRGBA {
		switch {
		case !rounded(at, 3.5):
			return color.NRGBA{}
		case within(at, seal, 3.4):
			return opaque(wax)
		case within(at, seal, 4.6): // the ring that parts the seal from the strip
			return opaque(white)
		case inside(at, upright):
			return opaque(p.Color)
		case inside(at, foot):
			return opaque(flap)
		}
		return opaque(white)
	}
}

func opaque(c Color) color.NRGBA { return color.NRGBA{R: c.R, G: c.G, B: c.B, A: 0xff} }

// rounded reports whether p is on a sheet of 32 by 32 whose corners have radius r.
func rounded(p point, r float64) bool {
	nearest := point{min(max(p.x, r), 32-r), min(max(p.y, r), 32-r)}
	return within(p, nearest, r)
}

func within(p, centre point, r float64) bool {
	dx, dy := p.x-centre.x, p.y-centre.y
	return dx*dx+dy*dy <= r*r
}

// inside reports whether p is in the polygon: a line from it to the right
// crosses its edges an odd number of times.
func inside(p point, polygon []point) bool {
	in := false
	last := polygon[len(polygon)-1]
	for _, next := range polygon {
		if (last.y > p.y) != (next.y > p.y) &&
			p.x < last.x+(next.x-last.x)*(p.y-last.y)/(next.y-last.y) {
			in = !in
		}
		last = next
	}
	return in
}
