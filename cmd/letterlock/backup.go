package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"filippo.io/age"

	"letterlock/internal/app"
	"letterlock/internal/backup"
	"letterlock/internal/letterlock"
)

// backupCommand makes backups of the data, and looks whether they are good.
type backupCommand struct {
	Make   backupMake   `cmd:"" default:"withargs" help:"Write a backup of the data, encrypted, while the server runs or not."`
	Verify backupVerify `cmd:"" help:"Restore a backup into a folder that is removed again, look at all of it, and open messages with the keys of this machine."`
}

type backupMake struct {
	settings
	To        string   `name:"to" aliases:"output" short:"o" type:"path" required:"" placeholder:"FILE" help:"Where to; a file that is not there yet."`
	Recipient []string `name:"recipient" sep:"none" placeholder:"AGE1" help:"Who can open it: an age recipient, like age1...; may be given several times. Default: backup.recipients of the settings."`
}

// Run writes a backup. The file has its name once it is whole and on the disk.
func (c *backupMake) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, place{settings: c.settings}, func(d desk) error {
		if _, err := os.Lstat(c.To); err == nil {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "output", Err: fmt.Errorf("%s is there already", c.To)}
		}
		from, err := d.Backup(ctx, c.Recipient)
		if err != nil {
			return err
		}
		defer from.Close() // it was read to its end, or failed
		n, err := keep(c.To, from)
		if err != nil {
			return err
		}
		return d.say("%s is written, %d bytes. Keys and the revocation journal are not in it: keep them apart.", c.To, n)
	})
}

type backupVerify struct {
	settings
	File     string `arg:"" type:"path" help:"The backup."`
	Identity string `name:"identity" short:"i" type:"path" required:"" placeholder:"FILE" help:"File with the age identity that opens it."`
	In       string `name:"in" type:"path" placeholder:"FOLDER" help:"Where the folder is made into which it is restored; subjects and addresses lie there in the clear meanwhile. Default: the data folder."`
	Keys     string `name:"keys" type:"path" placeholder:"FOLDER" help:"Folder with the keyring, pepper.key and audit.key of the day of the backup. Default: the data folder."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run looks at a backup.
func (c *backupVerify) Run(ctx context.Context, o *operator) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := ownFolder(cfg.DataDir); err != nil {
		return err
	}
	in, keys := c.In, c.Keys
	if in == "" {
		in = cfg.DataDir
	}
	if keys == "" {
		keys = cfg.DataDir
	}
	var r backup.Report
	err = opened(c.File, c.Identity, func(from io.Reader, ids []age.Identity) (err error) {
		r, err = app.VerifyBackup(ctx, cfg, in, keys, from, ids)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(o.out, r)
	}
	return printReport(o.out, r)
}

// opened opens a backup, or an export of keys, and the identity for it.
func opened(file, identity string, f func(io.Reader, []age.Identity) error) error {
	secret, err := os.Open(identity)
	if err != nil {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "backup-identity", Err: err}
	}
	ids, err := backup.ParseIdentities(secret)
	if err := errors.Join(err, secret.Close()); err != nil {
		return alone(err)
	}
	from, err := os.Open(file)
	if err != nil {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "backup-file", Err: err}
	}
	defer from.Close() // it was only read
	return f(from, ids)
}

func printReport(w io.Writer, r backup.Report) error {
	t := newTable(w, "LOOKED AT", "FOUND")
	f := r.Manifest.Facts
	t.row("backup", fmt.Sprintf("whole, made %s by %s, signed with the audit key %s of this installation", r.Manifest.Made.Format("2006-01-02 15:04 MST"), r.Manifest.Host, r.Manifest.Key))
	t.row("database", fmt.Sprintf("sound, schema %d, %s, %d destroyed, %s of whom %d revoked", f.Schema, count(int(f.Messages), "message"), f.Destroyed, count(int(f.Recipients), "recipient"), f.Revoked))
	t.row("audit log", fmt.Sprintf("%s, and the chain fits", count(int(r.Rows), "row")))
	t.row("keys", fmt.Sprintf("%s opened to the last byte; it needs the keys of epoch %s", count(r.Opened, "message"), numbers(f.Epochs)))
	t.row("journal", fmt.Sprintf("the backup ends at entry %d; a start does what came after it", f.Journal))
	return t.end()
}

// numbers are numbers between commas.
func numbers(list []int64) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, ", ")
}

// restoreFolder makes a data folder of a backup.
func (c *restoreCommand) restoreFolder(ctx context.Context, o *operator) error {
	if c.From == "" || c.Identity == "" || c.MessageID != "" || len(c.Recipient) > 0 || c.Reason != "" || c.DryRun || c.URL != "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("--into restores a backup: it goes with --from and --identity, and with nothing about a message")}
	}
	var m backup.Manifest
	err := opened(c.From, c.Identity, func(from io.Reader, ids []age.Identity) (err error) {
		m, err = backup.Restore(ctx, c.Into, from, ids)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(o.out, m)
	}
	_, err = fmt.Fprintf(o.out, restored, c.Into, count(int(m.Facts.Messages), "message"), m.Made.Format("2006-01-02 15:04 MST"), m.Key, numbers(m.Facts.Epochs))
	return err
}

const restored = `%[1]s holds the database of the backup: %s, as they were at %s, signed with audit key %s.
Nobody is signed in any more.

Next:
  1. Put the keys there: keyring (with epoch %s), pepper.key and audit.key, from their own backup;
     'letterlock keys import' brings them back from an export, once the master key is there.
  2. Put the master key and the settings where they were; data_dir is %[1]s.
  3. Put the revocation journal where it was, the newest there is. Without it no server starts.
  4. Give all of it to the user that the server runs as, and start. What was revoked or destroyed
     since the backup is done again before anybody is served, and what was taken away is taken away
     again: accounts, roles, passwords, second factors, app passwords, tokens, passphrases of messages.
     The log and 'replay journal' in the audit log say what.
  5. Look at 'letterlock account list': whoever has another password since the backup needs a link to set
     one ('letterlock account reset'), and whoever has another second factor a reset of that
     ('letterlock account reset-factor'). What was given since is lost: accounts, roles, tokens.
`
