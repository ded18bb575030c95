package cutfs

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

func sorted(names map[string]*inode) []string { return slices.Sorted(maps.Keys(names)) }

func sortedPages(pages map[int64][]byte) []int64 { return slices.Sorted(maps.Keys(pages)) }

// Load returns a disk of size bytes with what is in a folder, all of it kept.
// Sockets and the like are left out.
func Load(from string, size int64) (*Disk, error) {
	d := New(size)
	return d, d.load(d.root, from)
}

func (d *Disk) load(to *inode, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		path := filepath.Join(from, e.Name())
		mode := uint32(info.Mode().Perm())
		switch {
		case info.IsDir():
			n := d.make(syscall.S_IFDIR | mode)
			d.put(to, e.Name(), n)
			if err := d.load(n, path); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			n := d.make(syscall.S_IFREG | mode)
			if n.data, err = os.ReadFile(path); err != nil {
				return err
			}
			n.sync()
			d.used += int64(len(n.data))
			d.put(to, e.Name(), n)
		}
	}
	return nil
}

// put gives an inode a name that is kept.
func (d *Disk) put(folder *inode, name string, n *inode) {
	n.links = 1
	folder.names[name], folder.kept[name] = n, n
}

// Save writes what programs see of the disk into a folder of another one, sockets
// and the like left out.
func (d *Disk) Save(to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return save(d.root, to)
}

func save(folder *inode, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(to, os.FileMode(folder.mode&0o777)); err != nil {
		return err
	}
	for name, n := range folder.names {
		path := filepath.Join(to, name)
		var err error
		switch n.mode & syscall.S_IFMT {
		case syscall.S_IFDIR:
			err = save(n, path)
		case syscall.S_IFREG:
			err = os.WriteFile(path, n.data, os.FileMode(n.mode&0o777))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Copy returns another disk with what programs see of this one, all of it kept.
func (d *Disk) Copy() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := New(d.size)
	c.copy(c.root, d.root)
	return c
}

func (d *Disk) copy(to, from *inode) {
	to.mode = from.mode
	for _, name := range sorted(from.names) {
		old := from.names[name]
		n := d.make(old.mode)
		n.data = append([]byte(nil), old.data...)
		if n.names != nil {
			d.copy(n, old)
		} else {
			n.sync()
			d.used += int64(len(n.data))
		}
		d.put(to, name, n)
	}
}
