package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

type destroyCommand struct {
	place
	messageArgument
	Reason  string `name:"reason" placeholder:"TEXT" help:"Why, for the audit log."`
	Confirm string `name:"confirm" placeholder:"MESSAGE-ID" help:"The Message-ID once more, for scripts. Without it you are asked to type it."`
	DryRun  bool   `name:"dry-run" help:"Say what would happen, and change nothing."`
	JSON    bool   `name:"json" help:"Print JSON: the message as it is afterwards. Goes with --confirm or --dry-run."`
}

// Run destroys a message, once its Message-ID was typed again.
func (c *destroyCommand) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		m, err := d.Status(ctx, c.MessageID)
		if err != nil {
			return err
		}
		if c.DryRun && c.JSON {
			return printJSON(d.out, m)
		}
		if c.DryRun || c.Confirm == "" {
			if err := d.warn(m); err != nil {
				return err
			}
		}
		if c.DryRun {
			return d.say("Nothing is changed.")
		}
		typed := c.Confirm
		if typed == "" {
			if typed, err = o.typed(ctx, "Type the Message-ID to destroy it: "); err != nil {
				return err
			}
		}
		if bare(typed) != bare(m.MessageID) {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "confirm", Err: errors.New("that is not the Message-ID of this message; nothing is changed")}
		}
		m, err = d.Destroy(ctx, m.MessageID, api.Destroy{Reason: c.Reason, Confirm: m.MessageID})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(d.out, m)
		}
		return d.say("Destroyed: True")
	})
}

// warn says what destroying does to a message.
func (d desk) warn(m api.Message) error {
	return d.say("This destroys every key of the message, for everybody, its sender too, and its subject. Nobody can undo it.\n\n"+
		"  Message-ID  %s\n  Sender      %s\n  Subject     %s\n  Recipients  %d\n",
		plain(m.MessageID), plain(m.Sender), plain(m.Subject), len(m.Recipients))
}

// bare is a Message-ID without its angle brackets.
func bare(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
}

// maxTyped bounds what is read of an answer, in bytes.
const maxTyped = 4096

// typed asks for one line and returns it. Nothing typed, or nobody there, is "".
// Who ends the program meanwhile is heard at once.
func (o *operator) typed(ctx context.Context, question string) (string, error) {
	if _, err := io.WriteString(o.out, question); err != nil {
		return "", err
	}
	lines := make(chan string, 1) // nobody waits for it after ctx has ended
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(o.in, maxTyped)).ReadString('\n') // an error is the end of the line
		lines <- strings.TrimSpace(line)
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
