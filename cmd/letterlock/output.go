package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

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
	Output string `name:"output" short:"o" type:"path" placeholder:"FILE" help:"Write into this file, which must not be there yet. Default: standard output."`
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
	f, err := create(w.Output)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", w.Output, err), os.Remove(w.Output))
	}
	return d.say("%s is written.", w.Output)
}

// create makes a file that is not there yet, for its owner alone.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "output", Err: err}
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
