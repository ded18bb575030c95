package keys

import (
	"context"

	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// copyKeys copies the keys to their backup, if there is one. Without that an epoch
// would end of which nobody has the successor but this disk.
func (s *Service) copyKeys() error {
	if s.Backup == "" {
		return nil
	}
	return s.Files.CopyKeys(s.Backup)
}

// sweepBackup destroys the copies of epochs that ended long enough ago. An epoch
// that the database does not know stays: nobody says when it ended.
func (s *Service) sweepBackup(ctx context.Context) error {
	if s.Backup == "" {
		return nil
	}
	copies, err := seal.CopiedEpochs(s.Backup)
	if err != nil {
		return err
	}
	over := map[uint32]bool{}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.Epochs(maxEpochs)
		for _, e := range known {
			over[e.Number] = !e.Destroyed.IsZero() && tx.Now.Sub(e.Destroyed) >= s.Keep
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, number := range copies {
		if over[number] {
			if err := seal.EndCopy(s.Backup, number); err != nil {
				return err
			}
			s.Log.Info("destroyed the copy of an epoch's key", "epoch", number)
		}
	}
	return nil
}
