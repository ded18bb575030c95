package web

import (
	"sync"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
)

// A look is what the page of a message needs to know of its text without showing
// any of it. Making the document only to measure it costs more than all the rest
// of the page, and a message never changes.
type look struct {
	extent     extent
	imagesLeft bool
}

// maxLooks bounds how many are kept.
const maxLooks = 10_000

// A lookBook keeps looks in memory. Whoever asks it has been let in to the
// message already: it answers for no access.
type lookBook struct {
	mu   sync.Mutex
	seen map[letterlock.ID]look
}

func (b *lookBook) find(id letterlock.ID) (look, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.seen[id]
	return v, ok
}

func (b *lookBook) keep(id letterlock.ID, v look) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen == nil || len(b.seen) >= maxLooks {
		b.seen = make(map[letterlock.ID]look)
	}
	b.seen[id] = v
}

func (s *Server) lookOf(l *access.Letter) (look, error) {
	if v, ok := s.looked.find(l.Message.ID); ok {
		return v, nil
	}
	doc, err := l.Document(l.Message.Subject, kept(l))
	if err != nil {
		return look{}, err
	}
	v := look{extent: extentOf(doc.HTML), imagesLeft: doc.RemoteImages > 0}
	s.looked.keep(l.Message.ID, v)
	return v, nil
}
