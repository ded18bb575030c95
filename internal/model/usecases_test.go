package model_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/model"
)

// useCases is the product as its own edges call it.
type useCases struct{ *house }

// answerOf is what an error of the use cases says.
func answerOf(err error) model.Answer {
	var ended *access.Ended
	key := letterlock.KeyOf(err)
	switch {
	case err == nil:
		return model.Done
	case errors.As(err, &ended) && ended.State == letterlock.Revoked:
		return model.Revoked
	case errors.As(err, &ended) && ended.State == letterlock.Expired:
		return model.Expired
	case errors.Is(err, letterlock.NotFound):
		return model.NotAvailable
	case key == "different-address":
		return model.SentToAnother
	case errors.Is(err, letterlock.Throttled):
		return model.TooOften
	case errors.Is(err, letterlock.Denied), errors.Is(err, letterlock.Invalid), errors.Is(err, letterlock.Gone):
		return model.Answer(key)
	}
	return model.Answer(err.Error())
}

// check compares what was answered with what should have been.
func check(err error, want model.Answer) error {
	if got := answerOf(err); got != want {
		return fmt.Errorf("the product answers %q (%v), the model %q", got, err, want)
	}
	return nil
}

func (u useCases) actor(p model.Person) letterlock.Actor {
	by, err := u.app.Accounts.Actor(context.Background(), p.Address)
	if err != nil {
		panic(err) // the account is there in every house
	}
	return by
}

func readerOf(a letterlock.Address) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Reader, Address: a, Proof: letterlock.ByPasscode}
}

func (u useCases) reply(who letterlock.Address, id letterlock.ID, everybody bool, text string, want model.Answer) (letterlock.ID, error) {
	r, err := u.app.Intake.Reply(context.Background(), readerOf(who), id, intake.Writing{Text: text}, everybody)
	return r.ID, check(err, want)
}

func (u useCases) forward(who letterlock.Address, id letterlock.ID, to []letterlock.Address, text string, want model.Answer) (letterlock.ID, error) {
	l, err := u.app.Access.Open(context.Background(), readerOf(who), id)
	if err != nil {
		return "", check(err, want)
	}
	defer l.Close()
	var list []letterlock.Mailbox
	for _, a := range to {
		list = append(list, letterlock.Mailbox{Address: a})
	}
	r, err := u.app.Intake.Forward(context.Background(), readerOf(who), id, intake.Writing{Text: text}, list, l.Copy())
	return r.ID, check(err, want)
}

func (u useCases) revoke(by model.Person, id letterlock.ID, from []letterlock.Address, want model.Answer) error {
	return check(u.app.Access.Revoke(context.Background(), u.actor(by), id, "", from...), want)
}

func (u useCases) restore(by model.Person, id letterlock.ID, to []letterlock.Address, want model.Answer) error {
	return check(u.app.Access.Restore(context.Background(), u.actor(by), id, to...), want)
}

func (u useCases) destroy(by model.Person, id letterlock.ID, want model.Answer) error {
	return check(u.app.Access.Destroy(context.Background(), u.actor(by), id, ""), want)
}

func (u useCases) setExpiry(by model.Person, id letterlock.ID, end time.Time, want model.Answer) error {
	return check(u.app.Access.SetExpiry(context.Background(), u.actor(by), id, end), want)
}

func (u useCases) ask(who letterlock.Address, id letterlock.ID, want model.Answer) error {
	return check(u.app.Access.Ask(context.Background(), readerOf(who), id, ""), want)
}

func (u useCases) approve(by model.Person, _, request letterlock.ID, end time.Time, want model.Answer) error {
	return check(u.app.Access.Approve(context.Background(), u.actor(by), request, end), want)
}

func (u useCases) decline(by model.Person, _, request letterlock.ID, want model.Answer) error {
	return check(u.app.Access.Decline(context.Background(), u.actor(by), request), want)
}

// sees opens a message as a recipient, and sometimes reads it.
func (u useCases) sees(who letterlock.Address, id letterlock.ID, m *model.Message, want model.Answer, way int) (string, error) {
	open := u.app.Access.Open
	if u.reading(m, way) {
		open = u.app.Access.Read
	}
	l, err := open(context.Background(), readerOf(who), id)
	if err != nil || want != model.Content {
		if err == nil {
			l.Close()
		}
		return "", check(err, want)
	}
	defer l.Close()
	all, err := io.ReadAll(l.Copy())
	return string(all), err
}

func (useCases) reading(_ *model.Message, way int) bool { return way%allWays == 0 }

// senderSees reads a message as one of the staff.
func (u useCases) senderSees(p model.Person, id letterlock.ID, want model.Answer, _ int) (string, error) {
	l, err := u.app.Access.Open(context.Background(), u.actor(p), id)
	if errors.Is(err, letterlock.Denied) {
		err = &letterlock.Error{Code: letterlock.NotFound} // whoever sends nothing has nothing to open
	}
	if err != nil || want != model.Content {
		if err == nil {
			l.Close()
		}
		return "", check(err, want)
	}
	defer l.Close()
	all, err := io.ReadAll(io.NewSectionReader(l.Raw, 0, l.Message.Size))
	return string(all), err
}

// lists are what a recipient's list says, and what it shows of each message.
func (u useCases) list(who letterlock.Address) (string, error) {
	list, _, err := u.app.Track.Received(context.Background(), readerOf(who), "", "")
	text := ""
	for _, r := range list {
		if s := r.Recipient.State(r.Message, u.Now()); s == letterlock.Live || s == letterlock.Expired {
			text += r.Message.Subject + "\n"
		}
	}
	return text, err
}
