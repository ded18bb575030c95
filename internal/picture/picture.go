// Package picture makes small pictures of large ones that strangers made.
//
// What it returns is always drawn and written anew: of the bytes that came, nothing
// is passed on, neither what a picture says about where it was taken nor what else
// may hide in its file. What a picture would cost is looked up in its head before
// any of it is decoded, and few are decoded at once.
package picture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"letterlock/internal/letterlock"
)

// Limits of what is looked at.
const (
	MaxBytes  = 20_000_000  // of the file
	maxPixels = 40_000_000  // of the picture
	maxCost   = 150_000_000 // bytes of memory that decoding it takes, about
	side      = 320         // of what is made, at most
)

// Bounds of the work.
const (
	atOnce      = 1 // the largest takes 150 MB of memory
	waiting     = 64
	waitingEach = 24 // of one reader, which is as many as a page shows
	within      = 10 * time.Second
)

// ErrNone says that there is no picture, or none that is looked at. Why not is
// nobody's concern: the file can be had all the same.
var ErrNone = errors.New("picture: not a picture that can be shown")

// A Maker makes previews, few at a time. It is safe for concurrent use.
type Maker struct {
	line   line
	within time.Duration
}

// NewMaker returns a maker that is ready.
func NewMaker() *Maker {
	return &Maker{line: line{waits: map[string][]chan struct{}{}}, within: within}
}

// kinds are the media types that are looked at, with how they are decoded. A file
// is decoded as what it is labelled and as nothing else.
var kinds = map[string]struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/gif":  {gif.DecodeConfig, gif.Decode}, // of many frames the first
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// Known reports whether a file of that media type and size may be a picture that
// can be shown.
func Known(kind string, size int64) bool {
	_, ok := kinds[kind]
	return ok && size > 0 && size <= MaxBytes
}

// Preview returns a small picture of the file that open reads from its beginning,
// as PNG or JPEG, with its media type. Open is called twice. Who asks waits in turn
// with others, whoever of them asks for more. The errors are those of reading, and
//
//   - ErrNone: it is no picture, or too large a one;
//   - Busy: too many others are being made, or it took too long.
func (m *Maker) Preview(ctx context.Context, who, kind string, open func() io.Reader) (data []byte, as string, err error) {
	if _, ok := kinds[kind]; !ok {
		return nil, "", ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, m.within)
	defer cancel()
	if err := m.line.enter(ctx, who); err != nil {
		return nil, "", err
	}
	defer m.line.leave()
	return preview(ctx, kind, open)
}

// preview turns a panic of a decoder into ErrNone: it has met what its authors did
// not think of.
func preview(ctx context.Context, kind string, open func() io.Reader) (data []byte, as string, err error) {
	defer func() {
		if p := recover(); p != nil {
			data, as, err = nil, "", errors.Join(ErrNone, fmt.Errorf("panic: %v", p))
		}
	}()
	k := kinds[kind]
	in := &input{ctx: ctx, r: open()}
	head, err := io.ReadAll(io.LimitReader(in, headBytes))
	if err != nil {
		return nil, "", in.blame(err)
	}
	config, err := k.config(io.MultiReader(bytes.NewReader(head), in))
	if err != nil {
		return nil, "", in.blame(err)
	}
	if !affordable(kind, config) {
		return nil, "", ErrNone
	}
	in = &input{ctx: ctx, r: open(), left: MaxBytes}
	large, err := k.decode(bufio.NewReaderSize(guard(kind, in, config), 64<<10))
	if err != nil {
		return nil, "", in.blame(err)
	}
	if ctx.Err() != nil {
		return nil, "", &letterlock.Error{Code: letterlock.Busy, Err: ctx.Err()}
	}
	return encode(upright(shrink(large), turned(head)))
}

// shrink draws a picture anew, no larger than a preview. A very large one is
// thinned out first: to weigh each of its pixels would take long and show no more.
func shrink(large image.Image) *image.NRGBA {
	if thin := fit(large.Bounds(), 4*side); thin != large.Bounds().Size() {
		rough := image.NewNRGBA(image.Rectangle{Max: thin})
		draw.NearestNeighbor.Scale(rough, rough.Bounds(), large, large.Bounds(), draw.Src, nil)
		large = rough
	}
	small := image.NewNRGBA(image.Rectangle{Max: fit(large.Bounds(), side)})
	draw.BiLinear.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	return small
}

// fit is how large a picture is that is drawn no larger than most by most.
func fit(b image.Rectangle, most int) image.Point {
	w, h := b.Dx(), b.Dy()
	if w <= most && h <= most {
		return image.Pt(w, h)
	}
	if w >= h {
		return image.Pt(most, max(1, h*most/w))
	}
	return image.Pt(max(1, w*most/h), most)
}

// encode writes a picture: as PNG where something shows through, else as JPEG.
func encode(small *image.NRGBA) (data []byte, as string, err error) {
	var b bytes.Buffer
	if small.Opaque() {
		err = jpeg.Encode(&b, small, &jpeg.Options{Quality: 82})
		return b.Bytes(), "image/jpeg", err
	}
	err = png.Encode(&b, small)
	return b.Bytes(), "image/png", err
}
