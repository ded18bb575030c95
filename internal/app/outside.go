package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"letterlock/internal/host"
)

// outside looks at what must outlive the data folder: the revocation journal, and the
// copies of the keyring.
func (c *checkup) outside() {
	c.journalFile()
	if c.cfg.Keys.Backup != "" {
		c.keyBackup(c.cfg.Keys.Backup)
	}
}

// journalFile looks at the revocation journal, or at where it will be.
func (c *checkup) journalFile() {
	const about = "revocation.journal"
	path := c.cfg.JournalFile()
	folder := filepath.Dir(path)
	_, err := os.Lstat(path)
	there := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // whether it is missed is known to the server: it refuses to start
	}
	if err == nil {
		err = writable(existing(folder))
	}
	switch {
	case err != nil:
		c.fails(about, err, "")
	case !there:
		c.say(Fine, about, "%s will be made by the first start; %s", path, c.elsewhere(folder))
	default:
		c.say(Fine, about, "%s; %s", path, c.elsewhere(folder))
	}
}

// elsewhere says whether a folder outlives the disk of the data.
func (c *checkup) elsewhere(folder string) string {
	same, err := host.SameDisk(existing(folder), existing(c.cfg.DataDir))
	switch {
	case err != nil:
		return fmt.Sprintf("on which disk is not known: %v", err)
	case same:
		return "it is on the disk of the data, and another one is better: if that disk is lost, a restored backup cannot be told what was revoked since"
	}
	return "on another disk than the data"
}

// keyBackup looks at the folder of the copies. It is not made by us: one that is
// missing may be a disk that is not mounted.
func (c *checkup) keyBackup(dir string) {
	const about = "keys.backup"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.say(Wrong, about, "there is no folder %s: make it, or mount its disk; until then no old key is destroyed", dir)
		return
	case err == nil && !info.IsDir():
		c.say(Wrong, about, "%s is not a folder", dir)
		return
	case err == nil && info.Mode().Perm()&0o077 != 0:
		c.say(Wrong, about, "others may look into %s: set its mode to 0700", dir)
		return
	}
	if err == nil {
		err = writable(dir)
	}
	if err != nil {
		c.fails(about, err, "")
		return
	}
	same, err := host.SameDisk(dir, existing(c.cfg.DataDir))
	switch {
	case err != nil:
		c.fails(about, err, "")
	case same:
		c.say(Warn, about, "%s is on the disk of the data: if that disk is lost, the copies of the keys are lost with it", dir)
	default:
		c.say(Fine, about, "%s, on another disk than the data", dir)
	}
}
