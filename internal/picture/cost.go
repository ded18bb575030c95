package picture

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io"

	"letterlock/internal/letterlock"
)

// affordable reports whether a picture may be decoded: by its number of pixels and
// by the memory that they take.
func affordable(kind string, c image.Config) bool {
	if c.Width <= 0 || c.Height <= 0 || c.Width > maxPixels || c.Height > maxPixels {
		return false
	}
	pixels := int64(c.Width) * int64(c.Height)
	return pixels <= maxPixels && pixels*bytesEach(kind, c.ColorModel) <= maxCost
}

// bytesEach is how many bytes of memory a pixel takes while it is decoded, at most.
// What a progressive JPEG takes beyond that is the business of guard.
func bytesEach(kind string, m color.Model) int64 {
	switch {
	case kind == "image/webp":
		return 8 // with its transforms
	case m == color.RGBA64Model || m == color.NRGBA64Model:
		return 8
	case kind == "image/jpeg" && (m == color.CMYKModel || m == color.RGBAModel):
		return 8 // decoded, and then put together anew
	case kind == "image/png" && m == color.GrayModel:
		return 4 // if a shade of it is transparent, which is said later
	case kind == "image/png" && m == color.Gray16Model:
		return 8 // likewise
	case m == color.GrayModel:
		return 1
	case m == color.YCbCrModel:
		return 3
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// progressiveEach is the same for a progressive JPEG, whose numbers are all kept
// until the last of them has come; and for one of four colours, or of red, green and
// blue, which is put together anew after that.
const (
	progressiveEach = 15
	togetherEach    = 24
)

// guard stops the decoding of a progressive JPEG that is too large for it, and of a
// WebP without loss, which only the bytes before their pictures tell.
func guard(kind string, r io.Reader, c image.Config) io.Reader {
	if kind == "image/webp" {
		return &lossy{r: r}
	}
	each := int64(progressiveEach)
	if c.ColorModel == color.CMYKModel || c.ColorModel == color.RGBAModel {
		each = togetherEach
	}
	if kind != "image/jpeg" || int64(c.Width)*int64(c.Height)*each <= maxCost {
		return r
	}
	return &frames{r: r}
}

// A frames reads through to the frame header of a JPEG, and fails when that says
// progressive. It looks for the marker of each segment and goes by their lengths.
type frames struct {
	r     io.Reader
	state int   // bytes of a marker or a length that were seen
	skip  int64 // bytes of a segment that are left
	kind  byte
	size  int
	done  bool
}

func (f *frames) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	for _, b := range p[:n] {
		if f.done {
			break
		}
		if !f.step(b) {
			return 0, ErrNone
		}
	}
	return n, err
}

// step looks at one byte and reports whether to go on.
func (f *frames) step(b byte) bool {
	if f.skip > 0 {
		f.skip--
		return true
	}
	switch f.state {
	case 0: // before a marker; what stands between segments, decoders pass over
		if b == 0xff {
			f.state = 1
		}
	case 1:
		switch {
		case b == 0xff: // padding
		case b == 0x00 || b == 0x01 || b >= 0xd0 && b <= 0xd9: // nothing follows
			f.state = 0
		case b == 0xc0 || b == 0xc1 || b == 0xda: // not progressive
			f.done = true
		case b == 0xc2:
			return false
		default:
			f.kind, f.state = b, 2
		}
	case 2:
		f.size, f.state = int(b)<<8, 3
	case 3:
		f.size |= int(b)
		f.skip, f.state = int64(f.size-2), 0
	}
	return true
}

// An input reads a file for a decoder. It ends with its context, and keeps what
// went wrong with reading apart from what is wrong with the picture.
type input struct {
	ctx  context.Context
	r    io.Reader
	left int64 // bytes that may still come; 0: any number
	err  error
}

func (in *input) Read(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		in.err = &letterlock.Error{Code: letterlock.Busy, Err: err}
		return 0, in.err
	}
	n, err := in.r.Read(p)
	if in.left > 0 {
		if in.left -= int64(n); in.left <= 0 {
			return 0, ErrNone
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}

// blame says whose fault a failed decoding is: that of reading, or the picture's.
func (in *input) blame(err error) error {
	if in.err != nil {
		return in.err
	}
	return errors.Join(ErrNone, err)
}
