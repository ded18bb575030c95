package upload

import (
	"context"
	"errors"
	"io"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// pieceSize is the length of all pieces but the last, before they are sealed.
const pieceSize = 64 << 10

// flushAt is how many pieces wait in memory for the next short transaction.
const flushAt = 16

// Append adds what body holds to an account's upload, which must be received bytes
// long already, and returns how long it is now: also with an error, for what came
// before a line broke is kept. The errors are those of Find and of body, and
//
//   - Invalid "offset": the upload is not that long, or two add to it at once;
//   - TooLarge "announced": there is more than was announced;
//   - Busy "disk": there is no room.
func (s *Service) Append(ctx context.Context, by letterlock.Actor, id letterlock.ID, received int64, body io.Reader) (int64, error) {
	u, err := s.find(ctx, by, id)
	if err != nil {
		return 0, err
	}
	if received != u.Received {
		return u.Received, errOffset
	}
	if err := s.room(); err != nil {
		return u.Received, err
	}
	a := &appending{s: s, u: u, kept: u.Received, at: u.Received, buffer: make([]byte, 0, pieceSize)}
	if err := a.takeUp(ctx); err != nil {
		return u.Received, err
	}
	cause := a.read(ctx, body)
	if cause != nil && !errors.Is(cause, errBody) {
		return a.kept, cause
	}
	// Who has gone away comes back for the rest, and must not begin before it.
	err = a.finish(context.WithoutCancel(ctx))
	if err == nil {
		err = cause
	}
	return a.kept, err
}

var (
	errOffset = &letterlock.Error{Code: letterlock.Invalid, Key: "offset"}
	errBody   = errors.New("the piece did not come whole")
)

// An appending is an upload that grows.
type appending struct {
	s      *Service
	u      opened
	kept   int64  // bytes that are on disk
	at     int64  // bytes that have arrived
	buffer []byte // of the last piece, in the clear
	waits  []sealedPiece
}

type sealedPiece struct {
	seq  int64
	data []byte
}

// takeUp opens the last piece, if there is room in it: what comes now belongs
// behind it. So there are never more pieces than the length of the file asks for,
// in however many crumbs it comes.
func (a *appending) takeUp(ctx context.Context) error {
	if a.at%pieceSize == 0 {
		return nil
	}
	piece, err := a.s.piece(ctx, a.u, a.at/pieceSize, a.at%pieceSize)
	a.buffer = append(a.buffer, piece...)
	return err
}

// read takes in the body. An error of the body is errBody.
func (a *appending) read(ctx context.Context, body io.Reader) error {
	for a.at < a.u.Size {
		room := min(int64(pieceSize-len(a.buffer)), a.u.Size-a.at)
		n, err := body.Read(a.buffer[len(a.buffer) : len(a.buffer)+int(room)])
		a.buffer = a.buffer[:len(a.buffer)+n]
		a.at += int64(n)
		if len(a.buffer) == pieceSize {
			if err := a.seal(ctx); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(errBody, err)
		}
	}
	switch n, err := io.ReadFull(body, make([]byte, 1)); {
	case n > 0:
		return &letterlock.Error{Code: letterlock.TooLarge, Key: "announced"}
	case !errors.Is(err, io.EOF):
		return errors.Join(errBody, err)
	}
	return nil
}

// seal closes the piece in the buffer and begins the next.
func (a *appending) seal(ctx context.Context) error {
	seq := (a.at - 1) / pieceSize
	a.waits = append(a.waits, sealedPiece{seq, a.u.key.SealPiece(a.u.ID, seq, a.u.Size, a.buffer)})
	a.buffer = a.buffer[:0]
	if len(a.waits) < flushAt {
		return nil
	}
	return a.flush(ctx)
}

// finish stores what has arrived, the beginning of a piece too.
func (a *appending) finish(ctx context.Context) error {
	if len(a.buffer) > 0 && a.at > a.kept {
		if err := a.seal(ctx); err != nil {
			return err
		}
	}
	return a.flush(ctx)
}

// flush stores the waiting pieces. A crash before leaves the upload as long as it
// was, a crash after as long as it is.
func (a *appending) flush(ctx context.Context) error {
	if len(a.waits) == 0 {
		return nil
	}
	to := a.at - int64(len(a.buffer))
	err := a.s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.GrowUpload(a.u.ID, a.u.account, a.kept, to); err != nil {
			return err
		}
		for _, p := range a.waits {
			if err := tx.PutUploadPiece(a.u.ID, p.seq, p.data); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, letterlock.NotFound) {
		return errOffset
	}
	if err == nil {
		a.kept, a.waits = to, a.waits[:0]
	}
	return err
}

// piece reads and opens one piece, which must be want bytes long.
func (s *Service) piece(ctx context.Context, u opened, seq, want int64) (text []byte, err error) {
	var data []byte
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { data, err = tx.UploadPiece(u.ID, u.account, seq); return err })
	if err != nil {
		return nil, err
	}
	if text, err = u.key.OpenPiece(u.ID, seq, u.Size, data); err == nil && int64(len(text)) != want {
		err = seal.ErrTampered
	}
	return text, err
}

// Open returns an account's upload with its bytes, or Invalid "upload" when it is
// not whole. They are read piece by piece, and end with ctx.
func (s *Service) Open(ctx context.Context, by letterlock.Actor, id letterlock.ID) (File, io.Reader, error) {
	u, err := s.find(ctx, by, id)
	if err != nil {
		return File{}, nil, err
	}
	if !u.Whole() {
		return File{}, nil, &letterlock.Error{Code: letterlock.Invalid, Key: "upload"}
	}
	return u.File, &reader{ctx: ctx, s: s, u: u}, nil
}

// A reader reads a whole upload from its beginning.
type reader struct {
	ctx  context.Context
	s    *Service
	u    opened
	at   int64
	rest []byte // of the piece that at lies in
}

func (r *reader) Read(p []byte) (int, error) {
	if r.at == r.u.Size {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		var err error
		if r.rest, err = r.s.piece(r.ctx, r.u, r.at/pieceSize, min(pieceSize, r.u.Size-r.at)); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest, r.at = r.rest[n:], r.at+int64(n)
	return n, nil
}
