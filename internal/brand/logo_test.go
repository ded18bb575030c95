package brand

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func TestALogoComesOutAsASmallPNG(t *testing.T) {
	tests := []struct {
		name         string
		raw          []byte
		wantW, wantH int
	}{
		{"small PNG", pngOf(t, 40, 20), 40, 20},
		{"largest PNG", pngOf(t, 2000, 2000), 256, 256},
		{"broad JPEG", jpegOf(t, 1000, 100), 256, 25},
		{"hairline", pngOf(t, 2000, 1), 256, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBrand(t, Settings{Name: "X", Logo: tt.raw})
			m, err := png.Decode(bytes.NewReader(b.Logo))
			if err != nil {
				t.Fatalf("logo is not a PNG: %v", err)
			}
			if got := m.Bounds().Size(); got != image.Pt(tt.wantW, tt.wantH) {
				t.Errorf("size = %v, want %d by %d", got, tt.wantW, tt.wantH)
			}
			r, g, blue, a := m.At(0, 0).RGBA()
			if r>>8 < 190 || g>>8 > 60 || blue>>8 > 90 || a != 0xffff {
				t.Errorf("colour = %02x %02x %02x %02x, want about c81e46 ff", r>>8, g>>8, blue>>8, a>>8)
			}
		})
	}
}

func TestNothingButPixelsIsKeptOfALogo(t *testing.T) {
	const secret = "taken at 59.9N 10.7E"
	raw := append(pngOf(t, 16, 16), secret...)
	if !bytes.Contains(raw, []byte(secret)) {
		t.Fatal("the file does not hold the marker: this test would prove nothing")
	}
	if b := newBrand(t, Settings{Name: "X", Logo: raw}); bytes.Contains(b.Logo, []byte(secret)) {
		t.Error("what stood behind the picture is still in the logo")
	}
}

func TestLogosThatAreRefused(t *testing.T) {
	damaged := pngOf(t, 64, 64)
	tests := []struct {
		name string
		raw  []byte
		says string
	}{
		{"too many bytes", make([]byte, maxLogoBytes+1), "has 513 KB; 512 KB are allowed"},
		{"too broad", pngOf(t, 2001, 1), "measures 2001 by 1 pixels; 2000 by 2000 are allowed"},
		{"a bomb", bomb(1<<31-1, 1<<31-1), "is not a PNG or JPEG picture"},
		{"a smaller bomb", bomb(60_000, 60_000), "measures 60000 by 60000"},
		{"GIF", gifOf(t), "is not a PNG or JPEG picture"},
		{"cut off", damaged[:len(damaged)-30], "is a damaged png picture"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Settings{Name: "X", Logo: tt.raw})
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error = %v, want one that says %q", err, tt.says)
			}
		})
	}
}

func TestTransparentPixelsDoNotTintTheEdges(t *testing.T) {
	// Every other column is a transparent green that must not be seen.
	m := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	for y := range 512 {
		for x := range 512 {
			m.SetNRGBA(x, y, color.NRGBA{R: 0xff, A: 0xff})
			if x%2 == 0 {
				m.SetNRGBA(x, y, color.NRGBA{G: 0xff})
			}
		}
	}
	got := shrink(m, 256).NRGBAAt(100, 100)
	if got.R < 0xfd || got.G > 2 || got.A < 0x7e || got.A > 0x81 {
		t.Errorf("colour = %v, want half transparent red", got)
	}
}

func TestWithoutALogoAnEmblemInTheColorIsDrawn(t *testing.T) {
	b := newBrand(t, Settings{Name: "Contoso"})
	m, err := png.Decode(bytes.NewReader(b.Logo))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Bounds().Size(); got != image.Pt(128, 128) {
		t.Fatalf("size = %v, want 128 by 128", got)
	}
	at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA) }
	for _, tt := range []struct {
		name string
		x, y int
		want color.NRGBA
	}{
		{"corner", 0, 0, color.NRGBA{}},
		{"sheet", 96, 32, opaque(white)},
		{"strip", 40, 40, opaque(b.Color)},
	} {
		if got := at(tt.x, tt.y); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	smooth := false
	for x := range 20 {
		a := at(x, 1).A
		smooth = smooth || (a != 0 && a != 0xff)
	}
	if !smooth {
		t.Error("the rounded corner has no half transparent pixel, want it smoothed")
	}
}

func picture(w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.NRGBA{R: 0xc8, G: 0x1e, B: 0x46, A: 0xff}), image.Point{}, draw.Src)
	return m
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, picture(8, 8), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb returns the head of a PNG that claims to be of the given size.
func bomb(w, h uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	b := []byte("\x89PNG\r\n\x1a\n")
	b = binary.BigEndian.AppendUint32(b, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}
