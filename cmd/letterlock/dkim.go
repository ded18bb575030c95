package main

import (
	"context"
	"fmt"

	"letterlock/internal/api"
)

type dkimCommand struct {
	List     dkimList     `cmd:"" help:"Show the keys that mail is signed with, and the records that belong in the DNS."`
	New      dkimNew      `cmd:"" help:"Make a key, and print the record that it needs. It signs nothing yet."`
	Activate dkimActivate `cmd:"" help:"Sign with a key from now on, in place of the one that did. Its record must be in the DNS."`
	Retire   dkimRetire   `cmd:"" help:"Destroy a key that another one has replaced, or that never signed."`
}

type dkimList struct {
	here
	JSON bool `name:"json" help:"Print JSON."`
}

// Run shows the keys.
func (c *dkimList) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		all, err := d.DKIM(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, all)
		}
		signs := "Mail leaves signed by " + all.Domain + "."
		if !all.Signing {
			signs = "Mail leaves unsigned."
		}
		if err := d.say("%s", signs); err != nil || len(all.Keys) == 0 {
			return err
		}
		t := newTable(d.out, "SELECTOR", "ALGORITHM", "STATE", "MADE", "SIGNS SINCE", "REPLACED", "RECORD NEEDED UNTIL")
		for _, k := range all.Keys {
			t.row(k.Selector, k.Algorithm, k.State, d.when(k.Made), d.orDash(k.Activated), d.orDash(k.Replaced), d.orDash(k.Until))
		}
		if err := t.end(); err != nil {
			return err
		}
		for _, k := range all.Keys {
			if err := d.record(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// record prints the record of a key as files of zones write it. A text in one is at
// most 255 bytes long, and longer ones are put together from several.
func (d desk) record(k api.DKIMKey) error {
	if _, err := fmt.Fprintf(d.out, "\n%s. IN TXT (", k.Name); err != nil {
		return err
	}
	const most = 200
	for text := k.Record; text != ""; {
		piece := text[:min(most, len(text))]
		text = text[len(piece):]
		if _, err := fmt.Fprintf(d.out, "\n  %q", piece); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(d.out, " )")
	return err
}

type dkimNew struct {
	here
	Selector  string `name:"selector" placeholder:"NAME" help:"What the key is called in the DNS. Default: made of the date."`
	Algorithm string `name:"algorithm" enum:"rsa,ed25519" default:"rsa" help:"rsa, which everybody checks, or ed25519, to sign with beside it."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run makes a key.
func (c *dkimNew) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		k, err := d.AddDKIMKey(ctx, api.NewDKIMKey{Algorithm: c.Algorithm, Selector: c.Selector})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, k)
		}
		if err := d.say("Key %s is made, and signs nothing yet. Put this record into the DNS:", k.Selector); err != nil {
			return err
		}
		if err := d.record(k); err != nil {
			return err
		}
		return d.say("\nWhen it is there, 'letterlock dkim activate %s'.", k.Selector)
	})
}

type dkimActivate struct {
	here
	Selector  string `arg:"" help:"Which key."`
	Unchecked bool   `name:"unchecked" help:"Do not look into the DNS for its record first."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run makes a key sign.
func (c *dkimActivate) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		k, err := d.ActivateDKIMKey(ctx, c.Selector, api.ActivateDKIM{Unchecked: c.Unchecked})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, k)
		}
		all, err := d.DKIM(ctx)
		if err != nil {
			return err
		}
		if !all.Signing {
			return d.say("Key %s is active, but dkim.sign in the settings says that mail leaves unsigned.", k.Selector)
		}
		if err := d.say("Key %s signs whatever leaves from now on.", k.Selector); err != nil {
			return err
		}
		for _, old := range all.Keys {
			if old.Algorithm == k.Algorithm && old.State == "former" {
				if err := d.say("Leave the record of %s in the DNS until %s; then 'letterlock dkim retire %s'.", old.Selector, d.when(old.Until), old.Selector); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type dkimRetire struct {
	here
	Selector string `arg:"" help:"Which key."`
	Early    bool   `name:"early" help:"Even if mail that it has signed may still be on its way."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run destroys a key.
func (c *dkimRetire) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place(), func(d desk) error {
		k, err := d.RetireDKIMKey(ctx, c.Selector, api.RetireDKIM{Early: c.Early})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, k)
		}
		return d.say("Key %s is destroyed. Remove its record from the DNS: %s", k.Selector, k.Name)
	})
}
