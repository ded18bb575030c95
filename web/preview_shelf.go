package web

import (
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// A page without script loads itself again every few seconds, with all of its
// previews: they are kept for as long as it takes to do that a few times. Whoever
// asks has been let in to the message already, and gets them under their lease, as
// if they were made anew.
const (
	previewLife = 45 * time.Second
	maxShelf    = 4 << 20 // bytes of all together
)

// A shelf keeps previews in memory for a moment. The zero value is ready.
type shelf struct {
	mu    sync.Mutex
	kept  map[shelfKey]preview
	bytes int
}

type shelfKey struct {
	message letterlock.ID
	part    int
}

type preview struct {
	data []byte
	kind string
}

func (s *shelf) find(k shelfKey) (preview, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.kept[k]
	return p, ok
}

// keep puts a preview on the shelf, if there is room.
func (s *shelf) keep(k shelfKey, p preview, life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.kept[k]; there || s.bytes+len(p.data) > maxShelf {
		return
	}
	if s.kept == nil {
		s.kept = map[shelfKey]preview{}
	}
	s.kept[k] = p
	s.bytes += len(p.data)
	time.AfterFunc(life, func() { s.drop(k) })
}

func (s *shelf) drop(k shelfKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= len(s.kept[k].data)
	delete(s.kept, k)
}
