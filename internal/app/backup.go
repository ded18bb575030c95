package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"filippo.io/age"

	"letterlock/internal/api"
	"letterlock/internal/backup"
	"letterlock/internal/config"
	"letterlock/internal/control"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// backupTime is how long a chunk of a backup may take to be taken.
const backupTime = time.Minute

// backup answers the operator with a backup, as it is made. One that goes wrong in
// its middle is cut off, and cannot be read as a whole one either.
func (a *App) backup(w http.ResponseWriter, r *http.Request) {
	by, _, err := control.Who(r)
	if err != nil {
		api.ProblemOf(err).Write(w)
		return
	}
	write, err := a.Backups.Begin(r.Context(), by, r.URL.Query()["recipient"])
	if err != nil {
		a.log.Warn("a backup was not begun", "err", err)
		api.ProblemOf(err).Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	to := &patient{w: w, control: http.NewResponseController(w)}
	to.extend()
	w.WriteHeader(http.StatusOK)
	_ = to.control.Flush() // whoever asks waits for a beginning, and copying may take minutes
	begun := time.Now()
	if err := write(to); err != nil {
		a.log.Error("a backup failed", "err", err)
		panic(http.ErrAbortHandler)
	}
	a.log.Info("a backup was made", "bytes", to.n, "took", time.Since(begun).Round(time.Millisecond))
}

// A patient gives the client time anew with each chunk that it takes.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
	n       int64
}

func (p *patient) extend() {
	_ = p.control.SetWriteDeadline(time.Now().Add(backupTime)) // not every writer has deadlines
}

func (p *patient) Write(b []byte) (int, error) {
	p.extend()
	n, err := p.w.Write(b)
	p.n += int64(n)
	return n, err
}

// checkRecipients says what is wrong with those of the settings. A word that is wrong
// would be found on the night of the first backup.
func checkRecipients(b config.Backup) error {
	if len(b.Recipients) == 0 {
		return nil
	}
	_, err := backup.ParseRecipients(b.Recipients)
	var e *letterlock.Error
	if errors.As(err, &e) {
		return fmt.Errorf("backup.recipients: %w", e.Err)
	}
	return err
}

// backups says who can open them.
func (c *checkup) backups() {
	if len(c.cfg.Backup.Recipients) == 0 {
		c.say(Fine, "backup.recipients", "nobody: 'letterlock backup' wants --recipient")
		return
	}
	c.fails("backup.recipients", checkRecipients(c.cfg.Backup), fmt.Sprintf("%d can open backups", len(c.cfg.Backup.Recipients)))
}

// VerifyBackup restores a backup into a folder of its own inside in, and looks at it
// with the keys in the folder keys and the master key of the settings. It changes
// nothing of the installation.
func VerifyBackup(ctx context.Context, cfg config.Config, in, keys string, from io.Reader, ids []age.Identity) (backup.Report, error) {
	files := seal.Files{Master: cfg.MasterKeyFile, Data: keys}
	k, _, err := files.Start(true) // as where there is a database: nothing is made
	if err != nil {
		return backup.Report{}, err
	}
	if k.Audit, err = files.Signer(true); err != nil {
		return backup.Report{}, err
	}
	return backup.Verify(ctx, in, int64(cfg.Limits.DiskReserve), from, ids, k)
}
