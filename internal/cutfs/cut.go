package cutfs

import (
	"math/rand/v2"
	"syscall"
)

// How says what a cut leaves of what was not synced.
type How string

// The ways of a cut.
const (
	Lost  How = "lost"  // nothing
	Torn  How = "torn"  // any of it, page by page and sector by sector; names up to some moment
	Whole How = "whole" // all of it, as when a program is killed
)

// Cut cuts the power and returns the disk as the next start finds it. The same
// seed leaves the same.
func (d *Disk) Cut(how How, seed uint64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	s := &survivor{how: how, rand: rand.New(rand.NewPCG(seed, 0)), old: map[*inode]*inode{},
		disk: &Disk{next: d.next, size: d.size, refuse: func(Call) syscall.Errno { return 0 }}}
	// The disk that lost its power is done with; its kept names become those that
	// remain.
	for _, c := range d.changes[:s.some(len(d.changes))] {
		c.keep()
	}
	s.disk.root = s.folder(d.root)
	return s.disk
}

// A survivor copies what remains to a new disk.
type survivor struct {
	how  How
	rand *rand.Rand
	disk *Disk
	old  map[*inode]*inode // the copy of each
}

// some returns how many of n things in order remain.
func (s *survivor) some(n int) int {
	switch s.how {
	case Lost:
		return 0
	case Whole:
		return n
	}
	return s.rand.IntN(n + 1)
}

func (s *survivor) folder(n *inode) *inode {
	f := &inode{number: n.number, mode: n.mode, time: n.time, links: 1, names: map[string]*inode{}, kept: map[string]*inode{}}
	for _, name := range sorted(n.kept) {
		old := n.kept[name]
		now := s.old[old]
		switch {
		case now != nil:
			now.links++
		case old.names != nil:
			now = s.folder(old)
		default:
			now = s.file(old)
		}
		s.old[old] = now
		f.names[name], f.kept[name] = now, now
	}
	return f
}

func (s *survivor) file(n *inode) *inode {
	f := &inode{number: n.number, mode: n.mode, time: n.time, links: 1, was: map[int64][]byte{}}
	f.data = append(make([]byte, 0, len(n.data)), n.data...)
	f.grow(n.keptSize)
	for _, page := range sortedPages(n.was) {
		s.page(f.data, page, n.was[page])
	}
	f.data = f.data[:s.sizeOf(n)]
	f.sync()
	s.disk.used += int64(len(f.data))
	return f
}

// sizeOf returns how long a file is after the cut. Its length is written apart from
// what is in it, so it may be any that the file went through.
func (s *survivor) sizeOf(n *inode) int64 {
	now := int64(len(n.data))
	switch s.how {
	case Lost:
		return n.keptSize
	case Whole:
		return now
	}
	pages := (now - n.keptSize) / pageSize // fewer than none where it became shorter
	switch s.rand.IntN(3) {
	case 0:
		return n.keptSize
	case 1:
		return now
	}
	if pages >= 0 {
		return n.keptSize + pageSize*s.rand.Int64N(pages+1)
	}
	return now + pageSize*s.rand.Int64N(1-pages)
}

// page gives a page back what the disk had of it, or some of that.
func (s *survivor) page(data []byte, page int64, was []byte) {
	from := page * pageSize
	now := data[min(from, int64(len(data))):min(from+pageSize, int64(len(data)))]
	old := make([]byte, len(now))
	copy(old, was)
	switch s.how {
	case Lost:
		copy(now, old)
		return
	case Whole:
		return
	}
	switch s.rand.IntN(3) {
	case 0:
		copy(now, old)
	case 1:
		for at := 0; at < len(now); at += sectorSize {
			if end := min(at+sectorSize, len(now)); s.rand.IntN(2) == 0 {
				copy(now[at:end], old[at:end])
			}
		}
	}
}
