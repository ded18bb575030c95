package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

// auditVerify checks what has left the house. It ends with exitUnfit if something
// does not fit.
type auditVerify struct {
	Export      string   `arg:"" optional:"" type:"path" help:"The export of the audit log."`
	Checkpoints []string `name:"checkpoints" type:"path" placeholder:"FILE" help:"The checkpoints that belong to it; may be given several times, the oldest first."`
	Proof       string   `name:"proof" type:"path" placeholder:"FILE" help:"A proof of non-access. With an export, that is searched for anything against it."`
	PublicKey   string   `name:"public-key" required:"" type:"path" placeholder:"FILE" help:"The public key, PEM; several may stand in the file."`
	JSON        bool     `name:"json" help:"Print JSON."`
}

// exitUnfit is for a log or a proof that does not fit: it was changed.
const exitUnfit = 10

// A verdict is what the command has found.
type verdict struct {
	Fits   bool             `json:"fits"`
	Fault  string           `json:"fault,omitempty"` // the first thing that does not fit
	Log    *audit.Report    `json:"log,omitempty"`
	Proof  *audit.Statement `json:"proof,omitempty"`
	InLog  bool             `json:"proof_in_log"` // the export has the row that the proof was made of
	unsaid error
}

// Run checks what was given.
func (c *auditVerify) Run(o *operator) error {
	if c.Export == "" && c.Proof == "" || (c.Export == "") != (len(c.Checkpoints) == 0) {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "verify",
			Err: errors.New("give an export and its checkpoints, or a proof, or all of them")}
	}
	text, err := os.ReadFile(c.PublicKey)
	if err != nil {
		return unreadable(err)
	}
	keys, err := audit.ParseKeys(text)
	if err != nil {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "public-key", Err: fmt.Errorf("%s: %w", c.PublicKey, err)}
	}
	var v verdict
	err = c.check(keys, &v)
	var fault *audit.Fault
	if err != nil && !errors.As(err, &fault) {
		return unreadable(err)
	}
	if v.Fits = err == nil; !v.Fits {
		v.Fault = fault.Error()
	}
	if c.JSON {
		e := json.NewEncoder(o.out)
		e.SetIndent("", "  ")
		return errors.Join(err, e.Encode(v))
	}
	if err != nil {
		return err
	}
	return v.print(o.out)
}

// unreadable says of a file that was named and cannot be read that another can be named.
func unreadable(err error) error {
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "verify", Err: err}
	}
	return err
}

func (c *auditVerify) check(keys audit.Keys, v *verdict) error {
	if c.Proof != "" {
		text, err := readSmall(c.Proof)
		if err != nil {
			return err
		}
		s, err := audit.ParseStatement(text, keys)
		if err != nil {
			return err
		}
		v.Proof = &s
	}
	if c.Export == "" {
		return nil
	}
	export, err := os.Open(c.Export)
	if err != nil {
		return err
	}
	defer export.Close() // it is only read
	points, done, err := openAll(c.Checkpoints)
	if err != nil {
		return err
	}
	defer done()
	report, err := audit.Verify(export, points, keys, v.against)
	v.Log = &report
	return errors.Join(err, v.unsaid)
}

// against looks for what speaks against the proof, and keeps the first such row.
func (v *verdict) against(r audit.Row, hash audit.Hash) {
	if v.Proof == nil || v.unsaid != nil {
		return
	}
	v.unsaid = v.Proof.Check(r, hash)
	v.InLog = v.InLog || r.Seq == v.Proof.Audit.Seq
}

// maxProof is more than any proof has, in bytes.
const maxProof = 1 << 20

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it is only read
	return io.ReadAll(io.LimitReader(f, maxProof))
}

// openAll reads files one after the other.
func openAll(paths []string) (r io.Reader, done func(), err error) {
	var files []*os.File
	var readers []io.Reader
	done = func() {
		for _, f := range files {
			_ = f.Close() // it was only read
		}
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			done()
			return nil, nil, err
		}
		files, readers = append(files, f), append(readers, f)
	}
	return io.MultiReader(readers...), done, nil
}

const inUTC = "2006-01-02 15:04:05 UTC"

// print says in words what fits. What others wrote is quoted.
func (v verdict) print(w io.Writer) error {
	var err error
	say := func(format string, args ...any) {
		_, e := fmt.Fprintf(w, format+"\n", args...)
		err = errors.Join(err, e)
	}
	if l := v.Log; l != nil {
		say("The log fits its %d checkpoints: no row up to %d was changed, removed, added or moved since %s.",
			l.Checkpoints, l.Covered, l.CoveredAt.Format(inUTC))
		if after := l.Rows - l.Covered; after > 0 {
			say("%d more came after the last checkpoint. They fit behind the others, and nothing else vouches for them.", after)
		}
	}
	if v.Proof != nil {
		v.printProof(say)
	}
	return err
}

func (v verdict) printProof(say func(string, ...any)) {
	p := v.Proof
	say("The proof is genuine. %q (%q) states on %s:", p.Host, p.Organization, p.At.UTC().Format(inUTC))
	say("  %s", p.Says)
	say("  message %q from %q to %q, accepted %s", p.MessageID, p.Sender, p.Recipient, p.Accepted.UTC().Format(inUTC))
	say("  notified: %s; bounced: %s; mailbox proved: %s", when(p.Notified), when(p.Bounced), when(p.Proved))
	say("  visits to the link before any proof: %d by programs, %d by people, as far as can be told", p.Visits.Scanners, p.Visits.Persons)
	access := string(p.State)
	if p.Since != nil {
		access += " since " + when(p.Since)
	}
	say("  access: %s", access)
	switch {
	case v.InLog:
		say("The log has the row that the proof was made of, and nothing against it.")
	case v.Log != nil:
		say("The log ends before the proof was made, and has nothing against it.")
	}
}

func when(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(inUTC)
}
