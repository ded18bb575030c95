package cutfs

import (
	"sync"
	"syscall"
	"time"
)

// pageSize is what is kept or lost in one piece, except where a page is torn
// between sectors.
const (
	pageSize   = 4096
	sectorSize = 512
)

// A Disk holds files and folders. It is safe for concurrent use.
type Disk struct {
	mu      sync.Mutex
	root    *inode
	changes []change // of names, in order, that are not kept yet
	next    uint64   // number of the next inode
	used    int64    // bytes in files that have a name or are open
	size    int64    // how many bytes fit
	off     bool
	refuse  func(Call) syscall.Errno
}

// An inode is a file or a folder.
type inode struct {
	number uint64
	mode   uint32
	links  int
	time   time.Time

	// Of a file: what programs see, and what of it the disk would not have.
	data     []byte
	was      map[int64][]byte // the pages on the disk, where they may differ; nil: none there
	keptSize int64

	// Of a folder; nil in a file. What programs see, and what is on the disk.
	names, kept map[string]*inode
}

// A change of names that happens as a whole or not at all.
type change []entry

// An entry says what a name in a folder stands for from now on; nil: nothing.
type entry struct {
	folder *inode
	name   string
	to     *inode
}

// Plenty is the size of a disk on which room is not what is tested.
const Plenty = 1 << 40

// New returns an empty disk of size bytes.
func New(size int64) *Disk {
	d := &Disk{size: size, refuse: func(Call) syscall.Errno { return 0 }}
	d.root = d.make(syscall.S_IFDIR | 0o700)
	return d
}

// make makes an inode without a name.
func (d *Disk) make(mode uint32) *inode {
	d.next++
	n := &inode{number: d.next, mode: mode, time: time.Now()}
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		n.names, n.kept = map[string]*inode{}, map[string]*inode{}
	} else {
		n.was = map[int64][]byte{}
	}
	return n
}

// Resize changes how many bytes fit on the disk. What is there stays.
func (d *Disk) Resize(size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size = size
}

// Used returns how many bytes are on the disk.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used
}

// save keeps what the disk has of a page, before it is changed for the first time
// since it was synced.
func (n *inode) save(page int64) {
	if _, ok := n.was[page]; ok {
		return
	}
	from, to := page*pageSize, min((page+1)*pageSize, int64(len(n.data)))
	if from >= to {
		n.was[page] = nil
		return
	}
	n.was[page] = append([]byte(nil), n.data[from:to]...)
}

// write changes bytes of a file, and makes it longer where they go beyond its end.
func (n *inode) write(p []byte, off int64) {
	end := off + int64(len(p))
	for page := min(off, int64(len(n.data))) / pageSize; page*pageSize < end; page++ {
		n.save(page)
	}
	n.grow(end)
	copy(n.data[off:], p)
	n.time = time.Now()
}

// grow makes a file at least so long.
func (n *inode) grow(size int64) {
	if more := size - int64(len(n.data)); more > 0 {
		n.data = append(n.data, make([]byte, more)...)
	}
}

// truncate makes a file exactly so long.
func (n *inode) truncate(size int64) {
	old := int64(len(n.data))
	for page := min(size, old) / pageSize; page*pageSize < max(size, old); page++ {
		n.save(page)
	}
	n.data = n.data[:min(size, old)]
	n.grow(size)
	n.time = time.Now()
}

// sync keeps all of a file.
func (n *inode) sync() {
	clear(n.was)
	n.keptSize = int64(len(n.data))
}

// apply makes a change visible, and remembers that the disk does not know it.
func (d *Disk) apply(c change) {
	for _, e := range c {
		if e.to != nil {
			e.to.links++
		}
		if old := e.folder.names[e.name]; old != nil {
			d.drop(old)
		}
		set(e.folder.names, e)
		e.folder.time = time.Now()
	}
	d.changes = append(d.changes, c)
}

// drop takes a name from an inode.
func (d *Disk) drop(n *inode) {
	if n.links--; n.links == 0 {
		d.used -= int64(len(n.data))
	}
}

func set(names map[string]*inode, e entry) {
	if e.to == nil {
		delete(names, e.name)
	} else {
		names[e.name] = e.to
	}
}

// syncFolder keeps every change that has to do with a folder.
func (d *Disk) syncFolder(n *inode) {
	var left []change
	for _, c := range d.changes {
		if !c.concerns(n) {
			left = append(left, c)
			continue
		}
		c.keep()
	}
	d.changes = left
}

func (c change) concerns(folder *inode) bool {
	for _, e := range c {
		if e.folder == folder {
			return true
		}
	}
	return false
}

func (c change) keep() {
	for _, e := range c {
		set(e.folder.kept, e)
	}
}
