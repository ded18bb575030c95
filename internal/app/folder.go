package app

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/control"
	"letterlock/internal/host"
)

const (
	// folderPatience is how long a server waits for whoever has its data folder. A
	// command has it where no server runs, for an export minutes; whoever starts
	// servers takes one for dead that does not start within a minute and a half.
	folderPatience = time.Minute
	// folderLook is how long it is until the next look whether the folder is free.
	folderLook = 100 * time.Millisecond
)

// takeFolder takes a data folder for this process. It waits for a command that has it,
// and not for a server, which would never leave it.
func takeFolder(ctx context.Context, dir string, o Options) (*host.Lock, error) {
	lock, err := host.LockFolder(dir)
	if o.Patience == 0 || !errors.Is(err, host.ErrInUse) || served(ctx, dir) {
		return lock, err
	}
	o.Log.Warn("waiting until the data folder is free", "why", err.Error(), "at_most", o.Patience)
	look := time.NewTicker(folderLook)
	defer look.Stop()
	for end := time.After(o.Patience); ; {
		select {
		case <-look.C:
		case <-end:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if lock, err = host.LockFolder(dir); !errors.Is(err, host.ErrInUse) || served(ctx, dir) {
			return lock, err
		}
	}
}

// served reports whether a server answers for a data folder.
func served(ctx context.Context, dir string) bool {
	_, err := control.Dial(ctx, dir)
	return err == nil
}
