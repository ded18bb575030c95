package main

import (
	"context"
	"errors"
	"strings"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

// cmdlets are the commands in AME's own words. Their parameters are those of
// PowerShell; translate makes flags of them.
type cmdlets struct {
	GetStatus     getStatus     `cmd:"" name:"Get-OMEMessageStatus" help:"As 'status', in the words of AME: Get-OMEMessageStatus -MessageId '<id>'."`
	SetRevocation setRevocation `cmd:"" name:"Set-OMEMessageRevocation" help:"As 'revoke' and 'restore', in the words of AME: Set-OMEMessageRevocation -Revoke '$$true' -MessageId '<id>'."`
	GetTrace      getTrace      `cmd:"" name:"Get-MessageTrace" aliases:"Get-MessageTraceV2" help:"As 'trace', in the words of AME: Get-MessageTrace -SenderAddress ada@example.org -StartDate 11/20/2026."`
}

type getStatus struct {
	place
	MessageID string `name:"MessageId" placeholder:"ID" help:"Message-ID, with or without its angle brackets."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run says whether a message can be revoked, and whether it is.
func (c *getStatus) Run(ctx context.Context, o *operator) error {
	if c.MessageID == "" {
		return misused("-MessageId is missing")
	}
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.Status(ctx, c.MessageID)
		if err != nil {
			return err
		}
		return d.object(m, c.JSON)
	})
}

// object prints a message as PowerShell prints an object: a property to a line.
func (d desk) object(m api.Message, asJSON bool) error {
	if asJSON {
		return printJSON(d.out, m)
	}
	return d.say("\nMessageId   : %s\nSubject     : %s\nIsRevocable : %s\nRevoked     : %s\n",
		plain(m.MessageID), plain(m.Subject), truthOf(m.IsRevocable), truthOf(m.Revoked))
}

type setRevocation struct {
	place
	MessageID string `name:"MessageId" placeholder:"ID" help:"Message-ID, with or without its angle brackets."`
	Revoke    *bool  `name:"Revoke" help:"$$true revokes, $$false gives access back."`
	Confirm   bool   `name:"Confirm" switch:"" help:"Ask first."`
	WhatIf    bool   `name:"WhatIf" switch:"" help:"Say what would happen, and change nothing."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run revokes a message, or restores access to it.
func (c *setRevocation) Run(ctx context.Context, o *operator) error {
	if c.MessageID == "" {
		return misused("-MessageId is missing")
	}
	if c.Revoke == nil {
		return misused("-Revoke is missing, with $true or $false")
	}
	return o.ask(ctx, c.place, func(d desk) error {
		change := func(dry bool) (api.Message, error) {
			if *c.Revoke {
				return d.Client.Revoke(ctx, c.MessageID, api.Revoke{}, dry)
			}
			return d.Client.Restore(ctx, c.MessageID, api.Restore{}, dry)
		}
		if c.WhatIf {
			m, err := change(true)
			if err != nil {
				return err
			}
			return d.say("What if: %s on %s. Revoked would be %s.", c.does(), plain(m.MessageID), truthOf(m.Revoked))
		}
		if c.Confirm {
			answer, err := o.typed(ctx, "Confirm: "+c.does()+" on "+plain(c.MessageID)+"?\n[Y] Yes  [N] No (default is \"N\"): ")
			if err != nil {
				return err
			}
			if a := strings.ToLower(answer); a != "y" && a != "yes" {
				return errors.Join(d.say("Nothing is changed."), &letterlock.Error{Code: letterlock.Invalid, Key: "no", Err: errors.New("it was not confirmed")})
			}
		}
		m, err := change(false)
		if err != nil {
			return err
		}
		return d.object(m, c.JSON)
	})
}

func (c *setRevocation) does() string {
	if *c.Revoke {
		return "removing access"
	}
	return "restoring access"
}
