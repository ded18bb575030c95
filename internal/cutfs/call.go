package cutfs

import "syscall"

// A Kind is what a call does.
type Kind string

// The calls that change a disk or make it keep what was changed.
const (
	Write      Kind = "write"
	Truncate   Kind = "truncate"
	Sync       Kind = "sync"
	SyncFolder Kind = "sync folder"
	Create     Kind = "create"
	MakeFolder Kind = "make folder"
	Link       Kind = "link"
	Rename     Kind = "rename"
	Remove     Kind = "remove"
)

// A Call is one that a program has made and that was not done yet.
type Call struct {
	Kind Kind
	Name string // of the file, without its folder
}

// Refuse has every later call ask f, which returns 0 or the error that the program
// gets instead. f may use the disk, to cut its power for example.
func (d *Disk) Refuse(f func(Call) syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = f
}

// Off cuts the power: from now on every call fails and nothing changes.
func (d *Disk) Off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// do runs a call under the lock, unless it is refused.
func (d *Disk) do(kind Kind, name string, f func() syscall.Errno) syscall.Errno {
	d.mu.Lock()
	refuse := d.refuse
	d.mu.Unlock()
	if errno := refuse(Call{kind, name}); errno != 0 {
		return errno
	}
	return d.look(f)
}

// look runs f under the lock, while there is power.
func (d *Disk) look(f func() syscall.Errno) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return syscall.EIO
	}
	return f()
}

// room takes so many bytes of the disk, or gives them back.
func (d *Disk) room(more int64) syscall.Errno {
	if more > 0 && d.used+more > d.size {
		return syscall.ENOSPC
	}
	d.used += more
	return 0
}
