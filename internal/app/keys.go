package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/host"
	"letterlock/internal/keys"
	"letterlock/internal/letterlock"
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

// RekeyMaster makes a new master key and encrypts the keyring under it, while no
// server runs. It returns where the one of before is.
func RekeyMaster(ctx context.Context, cfg config.Config, now func() time.Time) (former string, err error) {
	err = alone(cfg, func() error {
		if former, err = filesOf(cfg).Rekey(cfg.Keys.Backup); err != nil {
			return err
		}
		return note(ctx, cfg, now, letterlock.Entry{Action: "rekey master key"})
	})
	return former, err
}

// ImportKeys brings keys of a bundle back into the data folder, while no server
// runs, and returns the epochs that were missing.
func ImportKeys(ctx context.Context, cfg config.Config, now func() time.Time, b seal.Bundle, former string) (epochs []uint32, err error) {
	err = alone(cfg, func() error {
		if epochs, err = filesOf(cfg).Import(b, former); err != nil {
			return err
		}
		return note(ctx, cfg, now, letterlock.Entry{Action: "import keys", Target: fmt.Sprintf("epochs %v", epochs)})
	})
	return epochs, err
}

// alone does something while no server may use the data folder.
func alone(cfg config.Config, f func() error) error {
	lock, err := host.LockFolder(cfg.DataDir)
	if err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Key: "running", Err: fmt.Errorf("the server must be stopped for this: %w", err)}
	}
	return errors.Join(f(), lock.Release())
}

// note writes an entry of an operator into the audit log, if there is a database.
func note(ctx context.Context, cfg config.Config, now func() time.Time, e letterlock.Entry) error {
	there, err := store.Exists(cfg.DataDir)
	if err != nil || !there {
		return err
	}
	db, err := store.Open(ctx, cfg.DataDir, now)
	if err != nil {
		return err
	}
	e.Actor, e.Allowed = letterlock.Actor{Kind: letterlock.Operator, Name: "uid " + strconv.Itoa(os.Getuid())}, true
	return errors.Join(db.Write(ctx, func(tx *store.Tx) error { return tx.Audit(e) }), db.Close())
}
