package cutfs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (made *fs.Inode, _ fs.FileHandle, flags uint32, errno syscall.Errno) {
	made, errno = n.add(ctx, Create, name, syscall.S_IFREG|mode&0o7777, out)
	return made, nil, fuse.FOPEN_KEEP_CACHE, errno
}

// Mkdir implements fs.NodeMkdirer.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.add(ctx, MakeFolder, name, syscall.S_IFDIR|mode&0o7777, out)
}

func (n *node) add(ctx context.Context, kind Kind, name string, mode uint32, out *fuse.EntryOut) (made *fs.Inode, errno syscall.Errno) {
	errno = n.disk.do(kind, name, func() syscall.Errno {
		if n.inode.names[name] != nil {
			return syscall.EEXIST
		}
		i := n.disk.make(mode)
		n.disk.apply(change{{n.inode, name, i}})
		made = n.child(ctx, i, out)
		return 0
	})
	return made, errno
}

// Link implements fs.NodeLinker.
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (made *fs.Inode, errno syscall.Errno) {
	i := target.(*node).inode
	errno = n.disk.do(Link, name, func() syscall.Errno {
		if n.inode.names[name] != nil {
			return syscall.EEXIST
		}
		n.disk.apply(change{{n.inode, name, i}})
		made = n.child(ctx, i, out)
		return 0
	})
	return made, errno
}

// Rename implements fs.NodeRenamer. What had the new name loses it in the same
// moment.
func (n *node) Rename(_ context.Context, name string, folder fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	to := folder.(*node).inode
	return n.disk.do(Rename, newName, func() syscall.Errno {
		i, old := n.inode.names[name], to.names[newName]
		switch {
		case i == nil:
			return syscall.ENOENT
		case flags&^unix.RENAME_NOREPLACE != 0:
			return syscall.EINVAL
		case old != nil && flags&unix.RENAME_NOREPLACE != 0:
			return syscall.EEXIST
		case old == i:
			return 0
		case old != nil && len(old.names) > 0:
			return syscall.ENOTEMPTY
		}
		n.disk.apply(change{{to, newName, i}, {n.inode, name, nil}})
		return 0
	})
}

// Unlink implements fs.NodeUnlinker.
func (n *node) Unlink(_ context.Context, name string) syscall.Errno { return n.remove(name) }

// Rmdir implements fs.NodeRmdirer.
func (n *node) Rmdir(_ context.Context, name string) syscall.Errno { return n.remove(name) }

func (n *node) remove(name string) syscall.Errno {
	return n.disk.do(Remove, name, func() syscall.Errno {
		switch i := n.inode.names[name]; {
		case i == nil:
			return syscall.ENOENT
		case len(i.names) > 0:
			return syscall.ENOTEMPTY
		}
		n.disk.apply(change{{n.inode, name, nil}})
		return 0
	})
}

// Mknod implements fs.NodeMknoder: sockets are made so. What is in them is no
// matter of a disk.
func (n *node) Mknod(ctx context.Context, name string, mode, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.add(ctx, Create, name, mode, out)
}
