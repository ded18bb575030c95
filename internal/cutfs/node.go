package cutfs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A node is a file or a folder as the kernel asks for it.
type node struct {
	fs.Inode
	disk  *Disk
	inode *inode
}

// What a node can be asked. The compiler checks it, because the library would take
// a method that is missing for a call that is not supported.
var _ interface {
	fs.NodeGetattrer
	fs.NodeSetattrer
	fs.NodeStatfser
	fs.NodeOpener
	fs.NodeReader
	fs.NodeWriter
	fs.NodeFsyncer
	fs.NodeLookuper
	fs.NodeReaddirer
	fs.NodeCreater
	fs.NodeMkdirer
	fs.NodeMknoder
	fs.NodeLinker
	fs.NodeRenamer
	fs.NodeUnlinker
	fs.NodeRmdirer
} = (*node)(nil)

// name returns one of the names of a node; "" for the topmost folder.
func (n *node) name() string {
	name, _ := n.Parent()
	return name
}

// tell fills in what the kernel wants to know of an inode.
func (n *inode) tell(a *fuse.Attr) {
	a.Ino, a.Mode, a.Nlink, a.Size = n.number, n.mode, uint32(max(n.links, 1)), uint64(len(n.data))
	a.SetTimes(&n.time, &n.time, &n.time)
}

// Getattr implements fs.NodeGetattrer.
func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.disk.look(func() syscall.Errno {
		n.inode.tell(&out.Attr)
		return 0
	})
}

// Setattr implements fs.NodeSetattrer. Modes and times are kept at once.
func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		if errno := n.truncate(int64(size)); errno != 0 {
			return errno
		}
	}
	return n.disk.look(func() syscall.Errno {
		if mode, ok := in.GetMode(); ok {
			n.inode.mode = n.inode.mode&syscall.S_IFMT | mode&0o7777
		}
		if t, ok := in.GetMTime(); ok {
			n.inode.time = t
		}
		n.inode.tell(&out.Attr)
		return 0
	})
}

func (n *node) truncate(size int64) syscall.Errno {
	return n.disk.do(Truncate, n.name(), func() syscall.Errno {
		if errno := n.disk.room(size - int64(len(n.inode.data))); errno != 0 {
			return errno
		}
		n.inode.truncate(size)
		return 0
	})
}

// Statfs implements fs.NodeStatfser.
func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	return n.disk.look(func() syscall.Errno {
		free := uint64(max(0, n.disk.size-n.disk.used)) / pageSize
		*out = fuse.StatfsOut{Blocks: uint64(n.disk.size) / pageSize, Bfree: free, Bavail: free, Bsize: pageSize, Frsize: pageSize, NameLen: 255}
		return 0
	})
}

// Open implements fs.NodeOpener. The kernel keeps its pages: what SQLite maps into
// memory is in them.
func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_TRUNC != 0 {
		if errno := n.truncate(0); errno != 0 {
			return nil, 0, errno
		}
	}
	return nil, fuse.FOPEN_KEEP_CACHE, n.disk.look(func() syscall.Errno { return 0 })
}

// Read implements fs.NodeReader.
func (n *node) Read(_ context.Context, _ fs.FileHandle, to []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	got := 0
	errno := n.disk.look(func() syscall.Errno {
		if data := n.inode.data; off < int64(len(data)) {
			got = copy(to, data[off:])
		}
		return 0
	})
	return fuse.ReadResultData(to[:got]), errno
}

// Write implements fs.NodeWriter.
func (n *node) Write(_ context.Context, _ fs.FileHandle, p []byte, off int64) (uint32, syscall.Errno) {
	errno := n.disk.do(Write, n.name(), func() syscall.Errno {
		if more := off + int64(len(p)) - int64(len(n.inode.data)); more > 0 {
			if errno := n.disk.room(more); errno != 0 {
				return errno
			}
		}
		n.inode.write(p, off)
		return 0
	})
	if errno != 0 {
		return 0, errno
	}
	return uint32(len(p)), 0
}

// Fsync implements fs.NodeFsyncer, for files and for folders.
func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	if n.inode.names != nil {
		return n.disk.do(SyncFolder, n.name(), func() syscall.Errno {
			n.disk.syncFolder(n.inode)
			return 0
		})
	}
	return n.disk.do(Sync, n.name(), func() syscall.Errno {
		n.inode.sync()
		return 0
	})
}

// child returns the node of an inode in this folder.
func (n *node) child(ctx context.Context, i *inode, out *fuse.EntryOut) *fs.Inode {
	i.tell(&out.Attr)
	out.SetEntryTimeout(known)
	out.SetAttrTimeout(known)
	return n.NewInode(ctx, &node{disk: n.disk, inode: i}, fs.StableAttr{Mode: i.mode & syscall.S_IFMT, Ino: i.number})
}

// Lookup implements fs.NodeLookuper.
func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (found *fs.Inode, errno syscall.Errno) {
	errno = n.disk.look(func() syscall.Errno {
		i := n.inode.names[name]
		if i == nil {
			return syscall.ENOENT
		}
		found = n.child(ctx, i, out)
		return 0
	})
	return found, errno
}

// Readdir implements fs.NodeReaddirer.
func (n *node) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	var list []fuse.DirEntry
	errno := n.disk.look(func() syscall.Errno {
		for _, name := range sorted(n.inode.names) {
			i := n.inode.names[name]
			list = append(list, fuse.DirEntry{Mode: i.mode, Name: name, Ino: i.number})
		}
		return 0
	})
	return fs.NewListDirStream(list), errno
}
