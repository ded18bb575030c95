package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"letterlock/internal/api"
	"letterlock/internal/app"
	"letterlock/internal/keys"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"Show the epochs of the keyring, the newest first."`
	Rotate keysRotate `cmd:"" help:"Begin a new epoch, and destroy the old ones: with them goes for good what was revoked or destroyed."`
	Rekey  keysRekey  `cmd:"" name:"rekey-master" help:"Make a new master key and encrypt the keyring under it. The server must be stopped."`
	Export keysExport `cmd:"" help:"Write the keys of the data folder, encrypted, to be kept apart from backups of the data."`
	Import keysImport `cmd:"" help:"Bring back keys of an export that are missing. The server must be stopped."`
}

// here says which server answers: the one of these settings. Keys are never asked
// for over the network.
type here struct{ settings }

func (h here) place() place { return place{settings: h.settings} }

type keysList struct {
	here
	JSON bool `name:"json" help:"Print JSON."`
}

// Run shows the epochs.
func (c *keysList) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		k, err := d.Keys(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, k)
		}
		t := newTable(d.out, "EPOCH", "STATE", "MADE", "KEYS", "DESTROYED")
		for _, e := range k.Epochs {
			t.row(e.Number, e.State, d.orDash(e.Made), e.Keys, d.orDash(e.Destroyed))
		}
		return t.end()
	})
}

// orDash is a time, and nothing for none.
func (d desk) orDash(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return d.when(t)
}

type keysRotate struct {
	here
	JSON bool `name:"json" help:"Print JSON."`
}

const (
	// rotatePause is between two looks whether the readers of before have gone, and
	// rotateTries how many looks there are.
	rotatePause = time.Second
	rotateTries = 60
)

// Run rotates the keys, and says how far it is.
func (c *keysRotate) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		all, err := d.RotateKeys(ctx, api.Rotate{})
		for tries := 0; err == nil && all.WaitsFor != "" && tries < rotateTries; {
			if !c.JSON {
				if err := d.say("%s wrapped under epoch %d; old epochs wait for %s.", count(all.Rewrapped, "key"), all.Epoch, all.WaitsFor); err != nil {
					return err
				}
			}
			if all.WaitsFor == "readers" {
				tries++
				if err := rest(ctx, rotatePause); err != nil {
					return err
				}
			}
			var p api.Rotated
			p, err = d.RotateKeys(ctx, api.Rotate{Continue: true})
			p.Rewrapped, p.Ended = p.Rewrapped+all.Rewrapped, p.Ended+all.Ended
			all = p
		}
		switch {
		case err != nil:
			return err
		case all.WaitsFor != "":
			return &letterlock.Error{Code: letterlock.Busy, Key: "readers", Err: errors.New("everything is wrapped anew, and somebody is still reading what was before; the server destroys the old epoch when they have gone")}
		case c.JSON:
			return printJSON(d.out, all)
		}
		return d.say("Epoch %d: %s wrapped anew, %s destroyed.", all.Epoch, count(all.Rewrapped, "key"), count(all.Ended, "old epoch"))
	})
}

func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

type keysRekey struct{ settings }

// Run makes a new master key.
func (c *keysRekey) Run(ctx context.Context, o *operator) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := ownFolder(cfg.DataDir); err != nil {
		return err
	}
	former, err := app.RekeyMaster(ctx, cfg, time.Now)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s is the new master key. Put a copy of it in a safe place now.\n"+
		"%s is the one of before: exports of before want it. Destroy it when there are none any more.\n", cfg.MasterKeyFile, former)
	return err
}

type keysExport struct {
	here
	Recipient string `name:"recipient" short:"r" required:"" placeholder:"AGE-RECIPIENT" help:"Whom to encrypt to, as age-keygen prints it: age1..."`
	output
}

// Run writes the keys.
func (c *keysExport) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		if c.Output == "" && terminal(d.out) {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "output", Err: errors.New("an export of keys is no text: name a file with --output")}
		}
		from, err := d.ExportKeys(ctx, c.Recipient)
		return c.write(d, from, err)
	})
}

type keysImport struct {
	settings
	File     string `arg:"" type:"path" help:"The export."`
	Identity string `name:"identity" short:"i" required:"" type:"path" placeholder:"FILE" help:"File with the identity that opens it, as age-keygen writes it."`
	Former   string `name:"former-master-key" type:"path" placeholder:"FILE" help:"The master key of the time of the export, if it has been changed since."`
}

// Run brings back keys.
func (c *keysImport) Run(ctx context.Context, o *operator) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := ownFolder(cfg.DataDir); err != nil {
		return err
	}
	var b seal.Bundle
	err = opened(c.File, c.Identity, func(export io.Reader, ids []age.Identity) (err error) {
		if b, err = keys.Opened(export, ids); err != nil {
			err = &letterlock.Error{Code: letterlock.Invalid, Key: "export", Err: err}
		}
		return err
	})
	if err != nil {
		return err
	}
	epochs, err := app.ImportKeys(ctx, cfg, time.Now, b, c.Former)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.out, "%s brought back. The next rotation destroys those that are not needed.\n", count(len(epochs), "epoch"))
	return err
}
