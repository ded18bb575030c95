package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"letterlock/internal/letterlock"
)

// paint is a picture of one colour.
func paint(w, h int, c color.Color) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, c)
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webpOf is a lossy picture of 16 by 16 pixels.
func webpOf(t testing.TB) []byte {
	t.Helper()
	return decoded(t, "UklGRjgAAABXRUJQVlA4ICwAAACwAQCdASoQABAAAsBMJaACdLoABDAAAP7tzt+6DLOGm3/0JP9y/0T8AAAAAA==")
}

// lossless is a WebP without loss, of one pixel.
func lossless(t testing.TB) []byte {
	t.Helper()
	return decoded(t, "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
}

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// chunk is one of those that a WebP is made of.
func chunk(name string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	return append(append(b, data...), make([]byte, len(data)%2)...)
}

// glassy is a lossy WebP of which something shows through; how is the byte that says
// how that is stored.
func glassy(t testing.TB, how byte) []byte {
	t.Helper()
	body := slices.Concat([]byte("WEBP"), chunk("VP8X", []byte{0x10, 0, 0, 0, 15, 0, 0, 15, 0, 0}),
		chunk("ALPH", append([]byte{how}, make([]byte, 256)...)), webpOf(t)[12:])
	return chunk("RIFF", body)
}

func of(b []byte) func() io.Reader { return func() io.Reader { return bytes.NewReader(b) } }

var red, glass = color.NRGBA{200, 30, 20, 255}, color.NRGBA{200, 30, 20, 100}

func TestPreviewIsSmallAndOurs(t *testing.T) {
	tests := []struct {
		name, kind string
		data       []byte
		as         string
		size       image.Point
	}{
		{"wide PNG", "image/png", pngOf(t, paint(1600, 400, red)), "image/jpeg", image.Pt(320, 80)},
		{"high JPEG", "image/jpeg", jpegOf(t, paint(500, 1000, red)), "image/jpeg", image.Pt(160, 320)},
		{"small GIF", "image/gif", gifOf(t, paint(20, 10, red)), "image/jpeg", image.Pt(20, 10)},
		{"line", "image/png", pngOf(t, paint(5000, 1, red)), "image/jpeg", image.Pt(320, 1)},
		{"glass", "image/png", pngOf(t, paint(640, 640, glass)), "image/png", image.Pt(320, 320)},
		{"WebP", "image/webp", webpOf(t), "image/jpeg", image.Pt(16, 16)},
		{"WebP of which something shows through", "image/webp", glassy(t, 0), "image/png", image.Pt(16, 16)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hidden := []byte("taken at 52.1 N, 4.3 E<script>")
			got, as, err := NewMaker().Preview(t.Context(), "marta", tt.kind, of(append(bytes.Clone(tt.data), hidden...)))
			if err != nil {
				t.Fatal(err)
			}
			m, format, err := image.Decode(bytes.NewReader(got))
			if err != nil || "image/"+format != as || as != tt.as || m.Bounds().Size() != tt.size {
				t.Errorf("%s as %s, %v, %v; want %s of %v", format, as, m.Bounds(), err, tt.as, tt.size)
			}
			if bytes.Contains(got, hidden) || bytes.Contains(got, tt.data) {
				t.Error("bytes of the original are passed on")
			}
		})
	}
}

func TestColoursStayWhatTheyAre(t *testing.T) {
	got, _, err := NewMaker().Preview(t.Context(), "marta", "image/png", of(pngOf(t, paint(4000, 3000, red))))
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	r, g, b, _ := m.At(160, 120).RGBA()
	if r>>8 < 190 || g>>8 > 45 || b>>8 > 35 {
		t.Errorf("red has become %d %d %d", r>>8, g>>8, b>>8)
	}
}

// exif is a JPEG whose camera notes how it was held.
func exif(t testing.TB, m image.Image, order binary.AppendByteOrder, how uint16) []byte {
	t.Helper()
	tiff := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		tiff = []byte("II*\x00")
	}
	tiff = order.AppendUint16(order.AppendUint32(tiff, 8), 2)
	for _, e := range [][4]uint16{{0x010f, 2, 0, 0}, {0x0112, 3, 1, how}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[0]), e[1])
		tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, uint32(e[2])), e[3]), 0)
	}
	app := append([]byte("Exif\x00\x00"), tiff...)
	plain := jpegOf(t, m)
	out := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(app)+2))
	return append(append(out, app...), plain[2:]...)
}

func TestPhotographsStandUpright(t *testing.T) {
	// Red where its upper left corner is when the camera is held upright.
	for how, corner := range map[uint16]image.Point{
		0: {0, 0}, 1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}, 9: {0, 0},
	} {
		m := paint(160, 80, color.NRGBA{20, 30, 200, 255}).(*image.NRGBA)
		for i := range 40 * 20 {
			m.Set(i%40, i/40, red)
		}
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			got, _, err := NewMaker().Preview(t.Context(), "marta", "image/jpeg", of(exif(t, m, order, how)))
			if err != nil {
				t.Fatal(err)
			}
			small, err := jpeg.Decode(bytes.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			size := small.Bounds().Size()
			at := image.Pt(5+corner.X*(size.X-10), 5+corner.Y*(size.Y-10))
			r, _, b, _ := small.At(at.X, at.Y).RGBA()
			if r < b || (size.X < size.Y) != (how >= 5 && how <= 8) {
				t.Errorf("%v %d: %v, and no red at %v", order, how, size, at)
			}
		}
	}
}

func TestBrokenNotesOfACameraAreLeftOut(t *testing.T) {
	whole := exif(t, paint(8, 8, red), binary.BigEndian, 6)
	for n := range 60 { // through all of the note
		cut := bytes.Clone(whole)
		for i := 12; i < 12+n && i < 60; i++ {
			cut[i] = 0xff
		}
		turned(cut)
		turned(whole[:n])
	}
	if got := turned(whole); got != 6 {
		t.Errorf("the whole note says %d", got)
	}
}

// bomb is a PNG that says it is this large.
func bomb(t *testing.T, w, h uint32) []byte {
	t.Helper()
	b := pngOf(t, paint(1, 1, red))
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// progressive is the beginning of a progressive JPEG that says it is this large.
func progressive(w, h uint16, marker byte) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xc0, 0xff, marker, 0, 17, 8}
	b = binary.BigEndian.AppendUint16(b, h)
	b = binary.BigEndian.AppendUint16(b, w)
	return append(b, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)
}

// greys is a PNG of grey that says it is this large, and of which one shade is
// transparent.
func greys(t *testing.T, m image.Image, w, h uint32) []byte {
	t.Helper()
	b := pngOf(t, m)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	shade := []byte("tRNS\x00\x00")
	chunk := append([]byte{0, 0, 0, 2}, shade...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(shade))
	return slices.Concat(b[:33], chunk, b[33:])
}

// colours is a JPEG of these components that says it is this large, up to where its
// picture would begin.
func colours(w, h uint16, marker byte, components string) []byte {
	n := byte(len(components))
	b := []byte{0xff, 0xd8, 0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0, 0xff, marker, 0, 8 + 3*n, 8}
	b = binary.BigEndian.AppendUint16(b, h)
	b = binary.BigEndian.AppendUint16(b, w)
	b = append(b, n)
	for _, c := range []byte(components) {
		b = append(b, c, 0x11, 0)
	}
	b = append(b, 0xff, 0xda, 0, 6+2*n, n)
	for _, c := range []byte(components) {
		b = append(b, c, 0)
	}
	return append(b, 0, 63, 0)
}

func TestWhatWouldCostTooMuchIsNotDecoded(t *testing.T) {
	var before, after runtime.MemStats
	tests := []struct {
		name, kind string
		data       []byte
	}{
		{"many pixels", "image/png", bomb(t, 50_000, 50_000)},
		{"all in one line", "image/png", bomb(t, 1<<31-1, 1)},
		{"just too many", "image/png", bomb(t, 8000, 5001)},
		{"fewer that take more memory", "image/png", bomb(t, 8000, 5000)},
		{"shades of grey, one of which is transparent", "image/png", greys(t, image.NewGray(image.Rect(0, 0, 1, 1)), 7000, 5500)},
		{"finer shades", "image/png", greys(t, image.NewGray16(image.Rect(0, 0, 1, 1)), 5000, 4000)},
		{"four colours", "image/jpeg", colours(5000, 4000, 0xc0, "CMYK")},
		{"red, green and blue", "image/jpeg", colours(5000, 4000, 0xc0, "RGB")},
		{"progressive", "image/jpeg", progressive(6000, 6000, 0xc2)},
		{"WebP without loss", "image/webp", lossless(t)},
		{"WebP whose transparency is without loss", "image/webp", glassy(t, 1)},
		{"nothing", "image/png", nil},
		{"text", "image/png", []byte("hello")},
		{"cut off", "image/png", pngOf(t, paint(100, 100, red))[:60]},
		{"another kind than it says", "image/jpeg", pngOf(t, paint(10, 10, red))},
		{"SVG", "image/svg+xml", []byte("<svg onload='alert(1)'/>")},
		{"PDF", "application/pdf", []byte("%PDF-1.4")},
	}
	runtime.ReadMemStats(&before)
	for _, tt := range tests {
		if got, _, err := NewMaker().Preview(t.Context(), "marta", tt.kind, of(tt.data)); !errors.Is(err, ErrNone) || got != nil {
			t.Errorf("%s: %d bytes, %v; want ErrNone", tt.name, len(got), err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > underRace*20<<20 {
		t.Errorf("refusing took %d MB of memory", n>>20)
	}
	for _, m := range []color.Model{color.CMYKModel, color.RGBAModel} {
		if _, ok := guard("image/jpeg", nil, image.Config{ColorModel: m, Width: 3000, Height: 3000}).(*frames); !ok {
			t.Errorf("a progressive JPEG of 9 million pixels in %T is not stopped", m)
		}
	}
	// A baseline JPEG of the same size is looked at: this one then has no picture.
	f := &frames{r: bytes.NewReader(progressive(6000, 6000, 0xc0))}
	if _, err := io.ReadAll(f); err != nil || !f.done {
		t.Errorf("baseline: %v", err)
	}
}

func TestFileThatGoesOnForEverIsGivenUp(t *testing.T) {
	endless := func() io.Reader {
		return io.MultiReader(bytes.NewReader(pngOf(t, paint(10, 10, red))[:33]), zeros{})
	}
	if _, _, err := NewMaker().Preview(t.Context(), "marta", "image/png", endless); !errors.Is(err, ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
}

// zeros are chunks of nothing, without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestErrorsOfReadingAreNotThoseOfThePicture(t *testing.T) {
	gone := &letterlock.Error{Code: letterlock.Gone}
	data := pngOf(t, paint(300, 300, red))
	for _, n := range []int{0, 10, len(data) / 2} {
		open := func() io.Reader { return io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(gone)) }
		if _, _, err := NewMaker().Preview(t.Context(), "marta", "image/png", open); !errors.Is(err, letterlock.Gone) {
			t.Errorf("gone after %d bytes: %v", n, err)
		}
	}
}

func FuzzPreview(f *testing.F) {
	for kind, data := range map[string][]byte{
		"image/png": pngOf(f, paint(3, 3, glass)), "image/jpeg": jpegOf(&testing.T{}, paint(3, 3, red)),
		"image/gif": gifOf(f, paint(3, 3, red)), "image/webp": webpOf(&testing.T{}),
	} {
		f.Add(kind, data)
	}
	m := NewMaker()
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		got, as, err := m.Preview(t.Context(), "marta", kind, of(data))
		if err != nil {
			return
		}
		c, format, err := image.DecodeConfig(bytes.NewReader(got))
		if err != nil || "image/"+format != as || c.Width > side || c.Height > side {
			t.Errorf("%v %s as %s, %v", c, format, as, err)
		}
	})
}
