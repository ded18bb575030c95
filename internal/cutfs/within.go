package cutfs

import (
	"errors"
	"os"
)

// Within shows a disk in a folder for as long as f runs. The error is that of [Missing],
// of mounting, or of f.
func (d *Disk) Within(f func(dir string) error) (err error) {
	if err := Missing(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cutfs-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	m, err := d.Mount(dir)
	if err != nil {
		return err
	}
	return errors.Join(f(dir), m.Unmount())
}
