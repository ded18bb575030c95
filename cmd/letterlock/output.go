package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"letterlock/internal/host"
	"letterlock/internal/letterlock"
)

// forSheets is what stands for a hidden character in CSV, forPrograms in JSON.
func forSheets(rune) string     { return "\ufffd" }
func forPrograms(r rune) string { return escaped(string(r)) }

// copy returns what prints a server's stream, with something in the place of every
// hidden character that the form has no use for.
func (d desk) copy(instead func(rune) string) func(io.ReadCloser, error) error {
	return func(from io.ReadCloser, err error) error {
		if err != nil {
			return err
		}
		defer from.Close() // it was read to its end, or failed
		to := bufio.NewWriter(d.out)
		for in := bufio.NewReader(from); ; {
			r, _, err := in.ReadRune()
			switch {
			case errors.Is(err, io.EOF):
				return to.Flush()
			case err != nil:
				return errors.Join(err, to.Flush())
			case r != '\n' && r != '\r' && hidden(r):
				to.WriteString(instead(r)) // the writer keeps its first error for Flush
			default:
				to.WriteRune(r)
			}
		}
	}
}

// output is where an export goes that others check byte by byte.
type output struct {
	Output string `name:"output" aliases:"to" short:"o" type:"path" placeholder:"FILE" help:"Write into this file, which must not be there yet. Default: standard output."`
}

// write writes what a server streams, as it comes; only a terminal gets it without
// orders. A file that is not complete does not stay.
func (w output) write(d desk, from io.ReadCloser, err error) error {
	switch {
	case err != nil:
		return err
	case w.Output == "" && terminal(d.out):
		return d.copy(forPrograms)(from, nil)
	}
	defer from.Close() // it was read to its end, or failed
	if w.Output == "" {
		_, err := io.Copy(d.out, from)
		return err
	}
	if _, err := keep(w.Output, from); err != nil {
		return err
	}
	return d.say("%s is written.", w.Output)
}

// keep writes a file, for its owner alone, that has its name only when it is whole and
// on the disk. It returns how many bytes it has.
func keep(path string, from io.Reader) (n int64, err error) {
	half, err := os.CreateTemp(filepath.Dir(path), ".letterlock-*") // mode 0600
	if err != nil {
		return 0, noOutput(err)
	}
	defer os.Remove(half.Name()) // whatever happens; its other name stays
	n, err = io.Copy(half, from)
	if err := errors.Join(err, half.Sync(), half.Close()); err != nil {
		return n, fmt.Errorf("writing %s: %w", path, err)
	}
	if err := name(half.Name(), path); err != nil {
		return n, noOutput(err)
	}
	return n, host.Sync(filepath.Dir(path))
}

// name gives a file another name, which must not be taken. Shared folders and sticks
// may know no second name of a file: there it is looked whether the name is taken.
func name(half, path string) error {
	err := os.Link(half, path)
	if err == nil {
		return nil
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EEXIST}
	}
	return os.Rename(half, path)
}

func noOutput(err error) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: "output", Err: err}
}

// create makes a file that is not there yet, for its owner alone.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, noOutput(err)
	}
	return f, nil
}

// terminal reports whether somebody looks at what is written.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
