package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// headBytes is how much of a JPEG is looked through for how its camera was held:
// the first segments, of 64 KiB at most each.
const headBytes = 128 << 10

// turned is how a camera was held, as Exif numbers it: 1 is upright. It is 1 for
// whatever does not say, or says it in a way that is not understood.
func turned(head []byte) int {
	if !bytes.HasPrefix(head, []byte{0xff, 0xd8}) {
		return 1
	}
	for rest := head[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		kind, size := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if kind == 0xda || size < 2 || len(rest) < 2+size {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00")); kind == 0xe1 && ok {
			return orientation(tiff)
		}
		rest = rest[2+size:]
	}
	return 1
}

// orientation looks for the tag of that name in the first directory of a TIFF
// header.
func orientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	count := int64(order.Uint16(tiff[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(tiff)) {
			return 1
		}
		const tag, short = 0x0112, 3
		if order.Uint16(tiff[entry:]) == tag && order.Uint16(tiff[entry+2:]) == short {
			if v := int(order.Uint16(tiff[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// upright draws a small picture as it was seen. From 5 on width and height change
// places.
func upright(m *image.NRGBA, how int) *image.NRGBA {
	if how <= 1 || how > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if how >= 5 {
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [...]image.Point{
				2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
			}[how]
			out.SetNRGBA(to.X, to.Y, m.NRGBAAt(x, y))
		}
	}
	return out
}
