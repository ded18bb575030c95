package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"letterlock/internal/host"
)

// Files says where the keys of an installation are.
type Files struct {
	Master string // file of the master key; outside the data folder and its backup
	Data   string // the data folder, which exists; keyring and pepper are in it
	// Step is told before each step of a change of the keyring; nil: nobody is. Tests
	// end the process there.
	Step func(name string)
}

// Keys are the keys of an installation, opened.
type Keys struct {
	Ring   *Keyring
	Pepper Pepper
	Audit  Signer // see Files.Signer; Start does not know whether it must be there
}

func (f Files) ring() string   { return filepath.Join(f.Data, "keyring") }
func (f Files) pepper() string { return filepath.Join(f.Data, "pepper.key") }
func (f Files) audit() string  { return filepath.Join(f.Data, "audit.key") }

// mark is there from the beginning of a first start until Started.
func (f Files) mark() string { return filepath.Join(f.Data, "first-start") }

// Start opens the keys of an installation, or makes them on its first start.
// database says whether its database exists.
//
// A start is the first if there is no database and no key in the data folder. On any
// other, a key that is missing was lost, and a new one in its place would lock
// away for good what the old one still opens: then nothing is made, and the error
// says what to restore. After a first start that was cut short, the next one is
// the first again; what the cut one made is used.
func (f Files) Start(database bool) (k Keys, first bool, err error) {
	begun, err := f.begun(database)
	if err != nil {
		return Keys{}, false, err
	}
	if database {
		k, err = f.open() // the keys were all there before the database was
		return k, begun, err
	}
	k, err = f.create()
	return k, true, err
}

// Look says what Start would say, and makes nothing.
func (f Files) Look(database bool) (first bool, err error) {
	begun, err := f.begun(database)
	if err != nil {
		return false, err
	}
	if database {
		_, err = f.open()
		return begun, err
	}
	if _, err := readSecret(f.Master); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("master key: %w", err)
	}
	return true, nil
}

// begun reports whether a first start was begun and not ended. It refuses to take
// a start for the first one when only the database is missing.
func (f Files) begun(database bool) (bool, error) {
	begun, err := exists(f.mark())
	if err != nil || begun || database {
		return begun, err
	}
	found, err := f.anything()
	if err == nil && found {
		err = fmt.Errorf("the database is missing from %s, but the keys of an installation are there: "+
			"restore the database from its backup, or move keyring, pepper.key and audit.key away to begin anew", f.Data)
	}
	return false, err
}

// Started ends a first start. It is called when the database has been made; until
// then a database that is missing is one that was never there.
func (f Files) Started() error {
	if err := os.Remove(f.mark()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return host.Sync(f.Data)
}

// anything reports whether there is a key of an installation in the data folder.
func (f Files) anything() (bool, error) {
	epochs, err := epochFiles(f.ring())
	if err != nil {
		return false, fmt.Errorf("keyring: %w", err)
	}
	pepper, err1 := exists(f.pepper())
	audit, err2 := exists(f.audit())
	return len(epochs) > 0 || pepper || audit, errors.Join(err1, err2)
}

// open opens keys that must all be there.
func (f Files) open() (Keys, error) {
	if err := f.halfRekeyed(); err != nil {
		return Keys{}, err
	}
	master, err := readSecret(f.Master)
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, fmt.Errorf("the master key file %s is missing: restore it from where you keep its copy; "+
			"no other opens the mail of this installation", f.Master)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("master key: %w", err)
	}
	ring, err := openKeyring(f.ring(), Master{master})
	if err != nil {
		return Keys{}, fmt.Errorf("keyring: %w", err)
	}
	if ring.current == 0 {
		return Keys{}, fmt.Errorf("there is no key in the keyring %s: restore it from its backup; "+
			"without it no mail of this installation can be opened", f.ring())
	}
	pepper, err := readSecret(f.pepper())
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, fmt.Errorf("the file %s is missing: restore it from its backup; "+
			"without it no link that was sent leads to its message", f.pepper())
	}
	if err != nil {
		return Keys{}, fmt.Errorf("pepper: %w", err)
	}
	return Keys{Ring: ring, Pepper: Pepper{pepper}}, nil
}

// create makes the keys that are missing on a first start, in an order in which
// none that is there can depend on one that is not. A master key that the
// operator made is used.
func (f Files) create() (Keys, error) {
	if err := f.begin(); err != nil {
		return Keys{}, fmt.Errorf("beginning the first start: %w", err)
	}
	epochs, err := epochFiles(f.ring())
	if err != nil {
		return Keys{}, fmt.Errorf("keyring: %w", err)
	}
	if len(epochs) == 0 {
		if err := f.createRing(); err != nil {
			return Keys{}, err
		}
	}
	if _, err := createSecret(f.pepper()); err != nil && !errors.Is(err, fs.ErrExist) {
		return Keys{}, fmt.Errorf("pepper: %w", err)
	}
	return f.open() // as every other start does: what it cannot read is no use
}

// begin leaves the mark of a first start, durably.
func (f Files) begin() error {
	m, err := os.OpenFile(f.mark(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(m.Close(), host.Sync(f.Data))
}

// createRing makes the first epoch key, and before it the master key that it is
// encrypted under.
func (f Files) createRing() error {
	if err := host.MakeFolder(filepath.Dir(f.Master)); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	master, err := readSecret(f.Master)
	if errors.Is(err, fs.ErrNotExist) {
		master, err = createSecret(f.Master)
	}
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := host.MakeFolder(f.ring()); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if _, err := createEpoch(f.ring(), 1, Master{master}); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}
