package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// tokenCommand manages what programs show to act in somebody's name.
type tokenCommand struct {
	Add  addToken   `cmd:"" help:"Make a token for a program, and print it: it is shown this once."`
	List listTokens `cmd:"" help:"List all tokens; none of them shows its secret."`
	End  endToken   `cmd:"" help:"Make sure that a token works no more, at once."`
}

type addToken struct {
	place
	Address string   `arg:"" help:"In whose name the program acts: the address of an account."`
	Name    string   `name:"name" required:"" placeholder:"NAME" help:"What the token is for."`
	Scope   []string `name:"scope" required:"" offer:"trace,report,audit,revoke,destroy,accounts,brands" placeholder:"SCOPE" help:"trace, report, audit, revoke, destroy, accounts or brands; may be given several times. A token never may more than its account."`
	Days    int      `name:"days" default:"90" placeholder:"COUNT" help:"How long it works, 1 to 400 days. Default: ${default}."`
	Output  string   `name:"output" short:"o" type:"path" placeholder:"FILE" help:"Write the token into this file, which must not be there yet and only you can read, and do not print it."`
}

// Run makes the token.
func (c *addToken) Run(ctx context.Context, o *operator) error {
	if c.Days < 1 || c.Days > 400 {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "usage", Err: errors.New("--days is 1 to 400")}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		// Before the token is made: one that cannot be kept would be lost.
		var file *os.File
		if c.Output != "" {
			var err error
			if file, err = create(c.Output); err != nil {
				return err
			}
		}
		t, err := d.AddToken(ctx, api.NewToken{Account: c.Address, Name: c.Name, Scopes: c.Scope, Expires: time.Now().AddDate(0, 0, c.Days)})
		if file == nil {
			if err != nil {
				return err
			}
			return d.say("%s\n\nThis is the token, and it is shown this once. It works until %s; 'letterlock token end %s' ends it before.", t.Secret, d.when(t.Expires), t.ID)
		}
		if err == nil {
			_, err = fmt.Fprintln(file, t.Secret)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return alone(errors.Join(err, os.Remove(c.Output)))
		}
		return d.say("The token is in %s. It works until %s; 'letterlock token end %s' ends it before.", c.Output, d.when(t.Expires), t.ID)
	})
}

type listTokens struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the tokens.
func (c *listTokens) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		all, err := d.Tokens(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, api.Tokens{Tokens: all})
		}
		if len(all) == 0 {
			return d.say("There is no token yet. Make one with 'letterlock token add ADDRESS --name NAME --scope trace'.")
		}
		t := newTable(d.out, "ID", "ACCOUNT", "NAME", "SCOPES", "EXPIRES", "LAST USED", "STATE")
		for _, k := range all {
			t.row(k.ID, k.Account, k.Name, strings.Join(k.Scopes, " "), d.when(k.Expires), d.orNever(k.Used), tokenState(k, time.Now()))
		}
		return t.end()
	})
}

func tokenState(t api.Token, now time.Time) string {
	switch {
	case !t.Ended.IsZero():
		return "ended"
	case !now.Before(t.Expires):
		return "expired"
	}
	return "works"
}

type endToken struct {
	place
	ID string `arg:"" help:"Which one, as 'letterlock token list' shows it."`
}

// Run ends the token.
func (c *endToken) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.EndToken(ctx, c.ID); err != nil {
			return err
		}
		return d.say("The token works no more.")
	})
}
