package cutfs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// known is how long the kernel may believe what it knows of a name: every change
// comes through it.
const known = time.Hour

// Missing says why no disk can be mounted on this machine, or returns nil.
func Missing() error {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return fmt.Errorf("FUSE is missing: %w", err)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("FUSE is there, but only root can mount here, and this is user %d", os.Geteuid())
	}
	return nil
}

// A Mount is a disk that programs see as a folder.
//
// The program that mounts it must not map its files into memory: when it waited
// for a page, nobody would be there to bring it.
type Mount struct {
	Disk   *Disk
	server *fuse.Server
}

// Mount shows a disk in an empty folder of its own.
func (d *Disk) Mount(dir string) (*Mount, error) {
	if err := Missing(); err != nil {
		return nil, err
	}
	wait := known
	server, err := fs.Mount(dir, &node{disk: d, inode: d.root}, &fs.Options{
		EntryTimeout: &wait, AttrTimeout: &wait, NullPermissions: true,
		MountOptions: fuse.MountOptions{
			DirectMountStrict: true, DisableXAttrs: true, FsName: "cutfs", Name: "cutfs", MaxWrite: 1 << 20,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("mounting: %w", err)
	}
	return &Mount{d, server}, nil
}

// Unmount takes the disk away. Whoever had files open must have ended; somebody who only
// passes by, looking through all folders, is waited for, two seconds at most.
func (m *Mount) Unmount() (err error) {
	for range 20 {
		if err = m.server.Unmount(); !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
