package inbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A folder keeps each mail in two files, 00000001.eml with the mail as it came
// and 00000001.json with its envelope. The second is written last and appears
// whole: a mail without it was never delivered. The empty folder keeps nothing.
type folder string

// An envelope is what a mail does not say about its own delivery.
type envelope struct {
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"`
}

// Names of files end in one of these.
const (
	mailFile     = ".eml"
	envelopeFile = ".json"
	unfinished   = ".json.tmp"
)

func (f folder) path(seq int64, ending string) string {
	return filepath.Join(string(f), fmt.Sprintf("%08d%s", seq, ending))
}

// save writes both files. They are not synced: a demo may lose its last mails
// when the power goes.
func (f folder) save(m Mail) error {
	if f == "" {
		return nil
	}
	e, err := json.Marshal(envelope{From: m.From, To: string(m.To), At: m.At})
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.path(m.Seq, mailFile), m.Raw, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(f.path(m.Seq, unfinished), e, 0o600); err != nil {
		return err
	}
	return os.Rename(f.path(m.Seq, unfinished), f.path(m.Seq, envelopeFile))
}

// remove removes the files of a mail, the envelope first: what is left when it
// is interrupted is no mail. Files that are gone already are no error.
func (f folder) remove(seq int64) error {
	if f == "" {
		return nil
	}
	for _, ending := range []string{envelopeFile, mailFile, unfinished} {
		if err := os.Remove(f.path(seq, ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// load returns the mails in the folder, oldest first, and removes what is left
// of mails that were never delivered. Files with other names are not touched.
func (f folder) load() ([]Mail, error) {
	if f == "" {
		return nil, nil
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	delivered := make(map[int64]bool)
	for _, e := range entries {
		if seq, ending, ok := f.parseName(e.Name()); ok {
			delivered[seq] = delivered[seq] || ending == envelopeFile
		}
	}
	var mails []Mail
	for seq, ok := range delivered {
		if !ok {
			if err := f.remove(seq); err != nil {
				return nil, err
			}
			continue
		}
		m, err := f.read(seq)
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	slices.SortFunc(mails, func(a, b Mail) int { return cmp.Compare(a.Seq, b.Seq) })
	return mails, nil
}

// parseName takes the name of a file apart, and reports whether it is one of ours.
func (f folder) parseName(name string) (seq int64, ending string, ok bool) {
	number, ending, _ := strings.Cut(name, ".")
	ending = "." + ending
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 || filepath.Base(f.path(seq, ending)) != name {
		return 0, "", false
	}
	return seq, ending, ending == mailFile || ending == envelopeFile || ending == unfinished
}

func (f folder) read(seq int64) (Mail, error) {
	b, err := os.ReadFile(f.path(seq, envelopeFile))
	if err != nil {
		return Mail{}, err
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return Mail{}, fmt.Errorf("envelope %d: %w", seq, err)
	}
	to, err := letterlock.ParseAddress(e.To)
	if err != nil {
		return Mail{}, fmt.Errorf("envelope %d: %w", seq, err)
	}
	raw, err := os.ReadFile(f.path(seq, mailFile))
	if err != nil {
		return Mail{}, err
	}
	return Mail{Seq: seq, From: e.From, To: to, At: e.At, Raw: raw}, nil
}
