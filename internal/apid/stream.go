package apid

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

const (
	chunk     = 64 << 10         // bytes that are sent at a time
	chunkTime = 30 * time.Second // for a client to take them
)

// A stream gathers what is written and sends it a chunk at a time, each with a time
// of its own for the client to take it. So an answer may take any time, and a client
// that takes nothing ends it.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	held    []byte
	begun   bool // something has left
}

func newStream(w http.ResponseWriter) *stream {
	w.Header().Set("Cache-Control", "no-store")
	return &stream{w: w, control: http.NewResponseController(w)}
}

// is says what the answer is, and under which name a browser would keep it.
func (s *stream) is(contentType, file string) {
	s.w.Header().Set("Content-Type", contentType)
	s.w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
}

// forget takes back what was said of an answer that has not begun.
func (s *stream) forget() {
	s.w.Header().Del("Content-Type")
	s.w.Header().Del("Content-Disposition")
}

func (s *stream) Write(p []byte) (int, error) {
	s.held = append(s.held, p...)
	if len(s.held) < chunk {
		return len(p), nil
	}
	return len(p), s.flush()
}

func (s *stream) flush() error {
	s.begun = true
	_ = s.control.SetWriteDeadline(time.Now().Add(chunkTime)) // not every writer has deadlines
	_, err := s.w.Write(s.held)
	s.held = s.held[:0]
	return err
}

// A list writes values as one JSON array, a line for each.
type list struct {
	out io.Writer
	n   int
}

func (l *list) add(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	before := ",\n"
	if l.n == 0 {
		before = "[\n"
	}
	l.n++
	_, err = l.out.Write(append([]byte(before), b...))
	return err
}

func (l *list) end() error {
	end := "\n]\n"
	if l.n == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(l.out, end)
	return err
}
