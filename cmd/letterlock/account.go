package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// accountCommand manages the people who send and administer.
type accountCommand struct {
	Add         addAccount     `cmd:"" help:"Add an account. Its holder is mailed a link to set a password, unless you give one by a file."`
	List        listAccounts   `cmd:"" help:"List all accounts."`
	Disable     disableAccount `cmd:"" help:"Keep the holder of an account out, at once. What they have sent stays as it is."`
	Enable      enableAccount  `cmd:"" help:"Let the holder of a disabled account in again."`
	Reset       resetAccount   `cmd:"" help:"Take an account's password away, end its sessions, and mail its holder a link to set another."`
	ResetFactor resetFactor    `cmd:"" name:"reset-factor" help:"Take away what an account has beside its password, end its sessions, and tell its holder by mail."`
	Unbind      unbindAccount  `cmd:"" help:"Forget who at the provider of single sign-on an account belongs to, end its sessions and remove its app passwords."`
	SignOut     signOutAccount `cmd:"" name:"sign-out" help:"End all sessions of an account and remove its app passwords. Its password stays, and so do the tokens of its programs."`
	Roles       accountRoles   `cmd:"" help:"Give an account these roles and no others."`
}

type addAccount struct {
	place
	Address      string   `arg:"" help:"Mail address, with which its holder signs in."`
	Name         string   `name:"name" placeholder:"NAME" help:"Name, as recipients see it."`
	Role         []string `name:"role" default:"sender" offer:"sender,auditor,revoker,admin" placeholder:"ROLE" help:"sender, auditor, revoker or admin; may be given several times. Default: ${default}."`
	PasswordFile string   `name:"password-file" type:"path" placeholder:"FILE" help:"Set the password that stands in this file, and mail nothing; '-' reads it from standard input."`
}

// Run adds the account.
func (c *addAccount) Run(ctx context.Context, o *operator) error {
	a := api.NewAccount{Address: c.Address, Name: c.Name, Roles: c.Role}
	if c.PasswordFile != "" {
		var err error
		if a.Password, err = readPassword(c.PasswordFile, o.in); err != nil {
			return err
		}
	}
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.AddAccount(ctx, a)
		if err != nil {
			return err
		}
		if m.LinkExpires.IsZero() && a.Password == "" {
			return d.say("%s is added. Nothing is mailed to them: they sign in by single sign-on.", m.Address)
		}
		if m.LinkExpires.IsZero() {
			return d.say("%s is added, with the password from the file.", m.Address)
		}
		return d.say("%s is added. A link to set a password is being mailed to them; it works until %s.%s", m.Address, d.when(m.LinkExpires), d.later())
	})
}

// maxPasswordFile is more than any password has, in bytes.
const maxPasswordFile = 4096

// readPassword reads the one line of a file. A password is never an argument:
// every user of the machine could read it there.
func readPassword(path string, in io.Reader) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", &letterlock.Error{Code: letterlock.Invalid, Key: "password-file", Err: err}
		}
		defer f.Close() // it is only read
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxPasswordFile))
	if err != nil {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "password-file", Err: err}
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "password-file", Err: errors.New("the password file is empty, or has more than one line")}
	}
	return line, nil
}

type listAccounts struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the accounts.
func (c *listAccounts) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		all, err := d.Accounts(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, api.Accounts{Accounts: all})
		}
		return d.table(all)
	})
}

func (d desk) table(all []api.Account) error {
	if len(all) == 0 {
		return d.say("There is no account yet. Add one with 'letterlock account add ADDRESS --name NAME --role sender --role admin'.")
	}
	t := newTable(d.out, "ADDRESS", "NAME", "ROLES", "PASSWORD", "STATE")
	for _, a := range all {
		password, state := "not set", "enabled"
		switch {
		case a.PasswordSet:
			password = "set"
		case !a.SSO.IsZero():
			password = "single sign-on"
		case !a.LinkExpires.IsZero():
			password = "link until " + d.when(a.LinkExpires)
		}
		if !a.Disabled.IsZero() {
			state = "disabled since " + d.when(a.Disabled)
		}
		t.row(a.Address, a.Name, strings.Join(a.Roles, " "), password, state)
	}
	return t.end()
}

type disableAccount struct {
	place
	Address string `arg:"" help:"Whose account."`
}

// Run disables the account.
func (c *disableAccount) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.DisableAccount(ctx, c.Address); err != nil {
			return err
		}
		return d.say("%s is disabled. Their sessions have ended; they can neither sign in nor send.", c.Address)
	})
}

type enableAccount struct {
	place
	Address string `arg:"" help:"Whose account."`
}

// Run enables the account.
func (c *enableAccount) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.EnableAccount(ctx, c.Address); err != nil {
			return err
		}
		return d.say("%s is enabled, with the password they had. If they had none, 'letterlock account reset' mails them a link.", c.Address)
	})
}

type resetAccount struct {
	place
	Address string `arg:"" help:"Whose password."`
}

// Run resets the password.
func (c *resetAccount) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.ResetPassword(ctx, c.Address)
		if err != nil {
			return err
		}
		return d.say("The password of %s no longer works, and their sessions have ended. A link to set another is being mailed to them; it works until %s.%s",
			m.Address, d.when(m.LinkExpires), d.later())
	})
}

type resetFactor struct {
	place
	Address string `arg:"" help:"Whose second factor."`
}

// Run resets the second factor.
func (c *resetFactor) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.ResetFactor(ctx, c.Address); err != nil {
			return err
		}
		return d.say("The second factor of %s is gone, and their sessions have ended. They sign in with their password, and are told by mail.%s", c.Address, d.later())
	})
}

type unbindAccount struct {
	place
	Address string `arg:"" help:"Whose account."`
}

// Run unbinds the account.
func (c *unbindAccount) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.UnbindAccount(ctx, c.Address); err != nil {
			return err
		}
		return d.say("%s belongs to nobody at the provider of single sign-on any more, their sessions have ended, and their app passwords are removed. It belongs to whoever next proves that address there.", c.Address)
	})
}

type signOutAccount struct {
	place
	Address string `arg:"" help:"Whose account."`
}

// Run signs the account out everywhere.
func (c *signOutAccount) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		if err := d.SignOutAccount(ctx, c.Address); err != nil {
			return err
		}
		return d.say("The sessions of %s have ended, and their app passwords are removed. They can sign in again; 'letterlock account disable' keeps them out.", c.Address)
	})
}

type accountRoles struct {
	place
	Address string   `arg:"" help:"Whose roles."`
	Roles   []string `arg:"" name:"role" offer:"sender,auditor,revoker,admin" help:"sender, auditor, revoker, admin."`
}

// Run sets the roles.
func (c *accountRoles) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		var roles []string
		for _, r := range strings.Split(strings.Join(c.Roles, ","), ",") { // as --role takes them, too
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
		if err := d.SetRoles(ctx, c.Address, roles); err != nil {
			return err
		}
		return d.say("%s has these roles now: %s.", c.Address, strings.Join(roles, ", "))
	})
}

func (d desk) say(format string, args ...any) error {
	_, err := fmt.Fprintf(d.out, format+"\n", args...)
	return err
}

// when is a moment in the zone of the settings.
func (d desk) when(t time.Time) string { return t.In(d.zone).Format("2006-01-02 15:04 MST") }

// later says when a mail leaves that was written while no server runs.
func (d desk) later() string {
	if d.served {
		return ""
	}
	return " No server runs now: the mail leaves once it does."
}
