package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/config"
	"letterlock/internal/metrics"
)

type serveCommand struct{ settings }

// Run serves until the program is told to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := ownFolder(cfg.DataDir); err != nil {
		return err
	}
	return app.Serve(ctx, cfg, app.Options{
		Now: time.Now, Log: app.NewLogger(os.Stderr, string(cfg.Log.Format), cfg.Log.Level),
		Version: version,
		Metrics: metrics.New(metrics.Options{Version: version, Commit: builtFrom()}),
	}, os.Stdout)
}

type checkCommand struct {
	settings
	JSON bool `name:"json" help:"Print JSON."`
}

// errWrong ends the program when something that was looked at does not work.
var errWrong = errors.New("with these settings the server does not work; see above")

// Run looks at everything and says what is wrong.
func (c *checkCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	return printFound(app.Check(ctx, cfg, time.Now()), c.JSON)
}

type doctorCommand struct {
	settings
	JSON bool `name:"json" help:"Print JSON."`
}

// Run looks further than check, and says what to do.
func (c *doctorCommand) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	return printFound(app.Doctor(ctx, cfg, app.DoctorOptions{Now: time.Now}), c.JSON)
}

// printFound prints what was found. If something does not work the command fails.
func printFound(found []app.Finding, asJSON bool) (err error) {
	if asJSON {
		err = printJSON(os.Stdout, found)
	} else {
		err = printFindings(os.Stdout, found)
	}
	for _, f := range found {
		if f.Level == app.Wrong {
			return errors.Join(errWrong, err)
		}
	}
	return err
}

// printFindings prints a line for each, and under it what to do.
func printFindings(w io.Writer, found []app.Finding) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Level, f.About, plain(f.Says))
		if f.Do != "" {
			fmt.Fprintf(table, "\t\tdo: %s\n", plain(f.Do))
		}
	}
	return table.Flush()
}

type configCommand struct {
	Init initCommand `cmd:"" help:"Write a file of settings to begin with, with what each one means."`
	Show showCommand `cmd:"" help:"Print all settings as they are in effect, the environment included."`
}

type initCommand struct {
	File string `arg:"" optional:"" type:"path" default:"letterlock.toml" help:"Where to; '-' prints it. Default: ${default}."`
}

// Run writes the file, and never over another.
func (c *initCommand) Run() error {
	if c.File == "-" {
		_, err := io.WriteString(os.Stdout, config.Template)
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // no secret is in it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and was not changed", c.File)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, config.Template)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Printf("%s is written. Change what is yours, then: letterlock check --config %[1]s\n", c.File)
	return err
}

type showCommand struct{ settings }

// Run prints the settings in the form of the file.
func (c *showCommand) Run() error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	return cfg.Write(os.Stdout)
}
