package host

import (
	"bytes"
	"io"
	"os"
)

// LastLine returns the last whole line of a file without its end, and where the next
// one begins, in bytes; nil where there is none, or it has more than most bytes. What
// stands behind the last end of a line does not count: a crash cut it off.
func LastLine(f *os.File, most int64) (line []byte, end int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	from := max(0, info.Size()-2*most)
	tail, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil {
		return nil, 0, err
	}
	whole := bytes.LastIndexByte(tail, '\n')
	if whole < 0 {
		return nil, 0, nil
	}
	begin := bytes.LastIndexByte(tail[:whole], '\n') + 1
	if begin == 0 && from > 0 || int64(whole-begin) > most {
		return nil, 0, nil
	}
	return tail[begin:whole], from + int64(whole) + 1, nil
}
