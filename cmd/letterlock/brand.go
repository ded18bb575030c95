package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"letterlock/internal/api"
	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
	"letterlock/internal/ome"
)

type brandCommand struct {
	List   brandList   `cmd:"" help:"List the brands, and what each says itself."`
	Show   brandShow   `cmd:"" help:"Show everything of a brand."`
	Export brandExport `cmd:"" help:"Write brands, with everything of them, as 'brand import' takes them on another server."`
	Import brandImport `cmd:"" help:"Save the brands of an export, all or none; or what Get-OMEConfiguration | ConvertTo-Json has written."`
	Delete brandDelete `cmd:"" help:"Delete a brand. Messages and rules that name it have the default brand from then on."`
}

type brandList struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the brands.
func (c *brandList) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		all, err := d.Brands(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, api.BrandRows{Brands: all})
		}
		t := newTable(d.out, "NAME", "SENDER NAME", "SAYS ITSELF", "SENDERS", "MESSAGES")
		for _, b := range all {
			t.row(b.Name, b.SenderName, orNothing(strings.Join(b.Own, " ")), orNothing(strings.Join(b.Senders, " ")), strconv.Itoa(b.Messages))
		}
		return t.end()
	})
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type brandShow struct {
	place
	Name string `arg:"" help:"Which brand; default is the one that the others inherit from."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run shows a brand, a field to a line.
func (c *brandShow) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		b, err := d.Brand(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, b)
		}
		t := newTable(d.out, "FIELD", "FROM", "VALUE")
		for _, f := range brand.AllFields() {
			from := "itself"
			value, own := b.Fields[string(f)]
			if !own {
				from, value = "inherited", b.Inherits[string(f)]
			}
			if _, tag := f.Cut(); tag != "" && value == "" {
				continue
			}
			if f == brand.Logo {
				value = fmt.Sprintf("a picture of %d bytes", len(value)/4*3)
			}
			t.row(string(f), from, orNothing(strings.ReplaceAll(value, "\n", " / ")))
		}
		return t.end()
	})
}

type brandExport struct {
	place
	output
	Names []string `arg:"" optional:"" help:"Which brands. Default: all."`
}

// Run writes an export.
func (c *brandExport) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		book, err := d.ExportBrands(ctx, c.Names)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := printJSON(&b, book); err != nil {
			return err
		}
		return c.write(d, io.NopCloser(&b), nil)
	})
}

type brandImport struct {
	place
	File   string `arg:"" type:"path" help:"File that 'brand export' has written, or ConvertTo-Json; '-' is standard input."`
	DryRun bool   `name:"dry-run" help:"Say what would happen, and change nothing."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run saves the brands of a file.
func (c *brandImport) Run(ctx context.Context, o *operator) error {
	document, err := readDocument(c.File, o.in)
	if err != nil {
		return err
	}
	return o.ask(ctx, c.place, func(d desk) error {
		book, notes, err := d.bookOf(ctx, document)
		if err != nil {
			return err
		}
		done, err := d.ImportBrands(ctx, book, false, c.DryRun)
		if err != nil {
			return err
		}
		if c.JSON {
			notes.tell(os.Stderr)
			return printJSON(d.out, api.ImportedBrands{Brands: done})
		}
		notes.tell(d.out)
		return d.imported(done, c.DryRun)
	})
}

// notes are what a document says that no brand of ours can.
type notes []string

func (n notes) tell(w io.Writer) {
	for _, line := range n {
		fmt.Fprintln(w, plain(line))
	}
}

func (d desk) imported(done []api.ImportedBrand, dry bool) error {
	for _, b := range done {
		text := "is " + b.Was
		switch {
		case b.Was == "same":
			text = "is the same already"
		case dry:
			text = "would be " + b.Was
		}
		if len(b.Fixed) > 0 {
			text += "; it says itself here what it inherited there: " + strings.Join(b.Fixed, ", ")
		}
		if err := d.say("Brand %s %s.", plain(b.Name), text); err != nil {
			return err
		}
	}
	if dry {
		return d.say("Nothing is changed.")
	}
	return nil
}

// maxDocument is more than a server takes, in bytes: a list of bytes is four times as
// long as what it is sent as.
const maxDocument = 64 << 20

func readDocument(path string, in io.Reader) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "brand-file", Err: err}
		}
		defer f.Close() // it is only read
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = errors.New("the document of brands has more than 64 MiB")
	}
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "brand-file", Err: err}
	}
	return b, nil
}

// bookOf reads a document of ours, or one of AME's.
func (d desk) bookOf(ctx context.Context, document []byte) (api.BrandBook, notes, error) {
	var ours map[string]json.RawMessage
	if err := json.Unmarshal(document, &ours); err == nil && ours["brands"] != nil {
		in := json.NewDecoder(bytes.NewReader(document))
		in.DisallowUnknownFields()
		var book api.BrandBook
		if err := in.Decode(&book); err != nil {
			return book, nil, &letterlock.Error{Code: letterlock.Invalid, Key: "brand-file", Err: fmt.Errorf("the document of brands: %w", err)}
		}
		return book, nil, nil
	}
	list, err := ome.Read(document)
	if err != nil {
		return api.BrandBook{}, nil, err
	}
	var book api.BrandBook
	var said notes
	for _, c := range list {
		b, more, err := d.brandOver(ctx, c)
		if err != nil {
			return book, nil, err
		}
		said, book.Brands = append(said, more...), append(book.Brands, b)
	}
	return book, said, nil
}

// brandOver is a brand as it is here, if it is, with what a configuration of AME's says.
func (d desk) brandOver(ctx context.Context, c ome.Configuration) (api.Brand, notes, error) {
	id, renamed, err := c.ID()
	if err != nil {
		return api.Brand{}, nil, err
	}
	b, err := d.Brand(ctx, id)
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		return api.Brand{}, nil, err
	}
	b.Name, b.Inherits = id, nil
	fields, left, err := c.Over(b.Fields)
	if err != nil {
		return api.Brand{}, nil, err
	}
	b.Fields = fields
	var said notes
	if renamed != "" {
		said = append(said, renamed)
	}
	for _, line := range left {
		said = append(said, id+": "+line)
	}
	return b, said, nil
}

type brandDelete struct {
	place
	Name string `arg:"" help:"Which brand; not the default one."`
}

// Run deletes a brand.
func (c *brandDelete) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.DeleteBrand(ctx, c.Name); err != nil {
			return err
		}
		return d.say("Brand %s is deleted. What named it has the default brand.", plain(c.Name))
	})
}
