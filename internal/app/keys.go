package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/keys"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// filesOf says where the keys are.
func filesOf(cfg config.Config) seal.Files {
	return seal.Files{Master: cfg.MasterKeyFile, Data: cfg.DataDir}
}

func keysOf(db *store.DB, cfg config.Config, ring *seal.Keyring, log *slog.Logger) *keys.Service {
	return &keys.Service{DB: db, Ring: ring, Files: filesOf(cfg), Every: time.Duration(cfg.Keys.Rotate.Span),
		Backup: cfg.Keys.Backup, Keep: time.Duration(cfg.Keys.KeepBackup.Span), Log: log}
}

// lostKeys says which keys are missing that something in the database needs. It is
// no reason not to start: everything else can be read.
func (a *App) lostKeys(ctx context.Context) error {
	missing, err := a.Keys.Missing(ctx)
	for _, number := range missing {
		a.log.Error("a key of the keyring is missing, and messages that are wrapped under it cannot be opened: "+
			"bring it back from its backup with 'letterlock keys import'", "file", fmt.Sprintf("epoch-%d.key", number))
	}
	return err
}
