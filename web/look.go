package web

import (
	"sync"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
)

// A look is what the page of a message needs to know of a text without showing
// any of it. Making the document only to measure it costs more than all the rest
// of the page, and a message never changes.
type look struct {
	extent     extent
	imagesLeft int
	remarks    []access.Remark
}

// A lookKey names one way of showing one mail of a message.
type lookKey struct {
	message letterlock.ID
	part    int // access.WholeMail: the message's own
	plain   bool
}

// maxLooks bounds how many are kept.
const maxLooks = 10_000

// A lookBook keeps looks in memory. Whoever asks it has been let in to the
// message already: it answers for no access.
type lookBook struct {
	mu   sync.Mutex
	seen map[lookKey]look
}

func (b *lookBook) find(k lookKey) (look, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.seen[k]
	return v, ok
}

func (b *lookBook) keep(k lookKey, v look) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen == nil || len(b.seen) >= maxLooks {
		b.seen = make(map[lookKey]look)
	}
	b.seen[k] = v
}

func (s *Server) lookOf(l *access.Letter, m *access.Mail, plain bool) (look, error) {
	key := lookKey{l.Message.ID, m.Part, plain}
	if v, ok := s.looked.find(key); ok {
		return v, nil
	}
	doc, err := m.Document(access.Showing{Plain: plain})
	if err != nil {
		return look{}, err
	}
	v := look{extent: extentOf(doc.HTML), imagesLeft: doc.RemoteImages}
	if v.remarks, err = m.Remarks(); err != nil {
		return look{}, err
	}
	s.looked.keep(key, v)
	return v, nil
}
