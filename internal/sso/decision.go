package sso

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/store"
)

// A decision is about one answer of the provider, in one transaction.
type decision struct {
	s       *Service
	voucher oidc.Voucher
	key     string             // why it lets nobody in; empty: nothing speaks against it
	account letterlock.Address // who is to prove again who they are; empty: anybody signs in
	from    letterlock.Actor   // network and browser, for the audit log

	row       store.Account
	bound     bool   // row belonged to whoever signed in before
	known     bool   // row was there before
	given     string // the roles that were changed, as the audit log has them
	by        letterlock.Actor
	askFactor bool
}

// settle decides, and keeps what follows: the binding, the roles, and of a refusal the
// reason, in the audit log and for the browser.
func (d *decision) settle(tx *store.Tx, came []byte) error {
	if err := d.decide(tx); err != nil {
		return err
	}
	if d.key != "" {
		o := Outcome{Key: d.key, Email: d.voucher.Email}
		return errors.Join(d.audit(tx, "sign in by single sign-on", d.key, false),
			tx.PutPending(store.Pending{Hash: came, Kind: store.PendingCame, Sealed: d.s.sealed(came, o), Expires: tx.Now.Add(validity)}))
	}
	if d.waits() {
		return tx.EndPending(came)
	}
	return errors.Join(d.enter(tx), tx.EndPending(came))
}

// decide finds out who is let in, and as what. Of somebody who came in before it takes the
// roles that the provider has taken.
func (d *decision) decide(tx *store.Tx) error {
	for _, step := range []func(*store.Tx) error{d.find, d.allow, d.giveRoles, d.factor} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

// waits reports whether the account's own second factor is asked for before somebody signs
// in. Whoever proves again who they are has shown it already, in that session.
func (d *decision) waits() bool { return d.askFactor && d.account == "" }

// audit records what was done to the account, or refused, in the name of whoever signs in.
func (d *decision) audit(tx *store.Tx, action, reason string, allowed bool) error {
	e := letterlock.Entry{Actor: letterlock.Actor{IP: d.from.IP, Agent: d.from.Agent}, Action: action, Target: string(d.row.Mailbox.Address),
		Reason: reason, Allowed: allowed}
	if allowed {
		e.Actor.Kind, e.Actor.Address = letterlock.Staff, d.row.Mailbox.Address
	}
	if a, err := letterlock.ParseAddress(d.voucher.Email); e.Target == "" && err == nil {
		e.Target = string(a) // of whom it is only said
	}
	return tx.Audit(e)
}

// aboutAddress are the refusals that speak against an address, not against who it is.
var aboutAddress = []string{oidc.NoAddress, oidc.Unverified, oidc.Domain, oidc.EmailAlone}

// find finds the account of whoever has signed in at the provider: that to which they are
// bound, whatever their address is now, or else that of the address which they prove.
func (d *decision) find(tx *store.Tx) error {
	if d.key != "" && !slices.Contains(aboutAddress, d.key) {
		return nil
	}
	b, err := tx.StaffBinding(d.voucher.Issuer, d.voucher.Subject)
	if err == nil {
		d.bound, d.key = true, ""
		return d.read(tx, b.Account)
	}
	if !errors.Is(err, letterlock.NotFound) || d.key != "" {
		return ignore(err)
	}
	return d.read(tx, d.voucher.Address)
}

// ignore is no error where something is not there.
func ignore(err error) error {
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	return err
}

// read reads an account. One that is not there has an address all the same.
func (d *decision) read(tx *store.Tx, a letterlock.Address) (err error) {
	d.row, err = tx.Account(a)
	d.known = err == nil
	d.row.Mailbox.Address = a
	return ignore(err)
}

// allow refuses whoever may not come in by the provider.
func (d *decision) allow(tx *store.Tx) error {
	if d.key != "" {
		return nil
	}
	s, a := d.s.Settings, d.row.Mailbox.Address
	bindings, err := tx.StaffBindings(a)
	another := !d.bound && slices.ContainsFunc(bindings, func(b store.StaffBinding) bool { return b.Issuer == d.voucher.Issuer })
	switch {
	case !slices.Contains(s.Domains, a.Domain()), len(s.Addresses) > 0 && !slices.Contains(s.Addresses, a):
		d.key = NotAllowed
	case a == s.BreakGlass:
		d.key = BreakGlass
	case another:
		d.key = Bound
	case !d.known && (d.bound || !s.Create || d.account != ""):
		d.key = NoAccount
	case d.known && !d.row.Disabled.IsZero():
		d.key = Disabled
	case d.account != "" && d.account != a:
		d.key = Another
	}
	return err
}

// giveRoles has the account hold the roles that the provider's answer gives, and no others.
// One that is bound loses at once what is taken away there, whatever else speaks against
// the sign-in; but the last administrator stays one.
func (d *decision) giveRoles(tx *store.Tx) error {
	if d.key != "" || !d.s.GivesRoles() {
		return nil
	}
	roles := d.s.rolesOf(d.voucher.Profile)
	if len(roles) == 0 {
		d.key = NoRole
		if !d.bound {
			return nil
		}
	}
	why := ""
	if d.row.Administers() && !slices.Contains(roles, letterlock.Admin) {
		// The provider must not take from everybody what nobody could give back in the portal.
		others, err := tx.OthersAdminister(d.row.Mailbox.Address, d.s.Settings.BreakGlass)
		if err != nil {
			return err
		}
		if !others {
			roles, why = append(roles, letterlock.Admin), ": the last administrator stays one"
		}
	}
	if sameRoles(roles, d.row.Roles) {
		return nil
	}
	d.given = "by single sign-on: " + letterlock.SpellChange(d.row.Roles, roles) + why
	d.row.Roles = roles
	if !d.bound {
		return nil // enter keeps them
	}
	err := errors.Join(d.setRoles(tx), d.audit(tx, "set roles", d.given, true))
	if len(roles) == 0 {
		err = errors.Join(err, tx.EndSessions(letterlock.Staff, d.row.Mailbox.Address), tx.EndAllPending(d.row.Mailbox.Address))
	}
	return err
}

// setRoles keeps the roles of the account, for a restored backup, too, which gives it no
// more.
func (d *decision) setRoles(tx *store.Tx) error {
	return errors.Join(tx.PutAccount(d.row), tx.Journal(journal.OfRoles(d.row.Mailbox.Address, d.row.Roles)))
}

// rolesOf are the roles that a profile gives, in the order in which they are shown.
func (s *Service) rolesOf(p *oidc.Profile) (list []letterlock.Role) {
	if p == nil {
		return nil
	}
	for _, role := range []letterlock.Role{letterlock.Sender, letterlock.Auditor, letterlock.Revoker, letterlock.Admin} {
		if slices.ContainsFunc(p.Roles, func(value string) bool { return slices.Contains(s.Settings.Roles[value], role) }) {
			list = append(list, role)
		}
	}
	return list
}

func sameRoles(a, b []letterlock.Role) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// factor looks whether the provider has shown a second factor, and refuses who needs one
// and has none here either. Where we ask for it ourselves, they are led to set one up.
func (d *decision) factor(tx *store.Tx) error {
	if d.key != "" {
		return nil
	}
	s := d.s.Settings
	shown := s.ByProvider && s.shows(d.voucher.Profile)
	here, err := tx.Factors(d.row.Mailbox.Address)
	needs := slices.ContainsFunc(s.FactorRoles, func(r letterlock.Role) bool { return slices.Contains(d.row.Roles, r) })
	if s.ByProvider && needs && !shown && len(here) == 0 {
		d.key = NoFactor
	}
	d.askFactor = !shown && len(here) > 0
	d.by = letterlock.Actor{Kind: letterlock.Staff, Address: d.row.Mailbox.Address, Name: d.row.Mailbox.Name, Roles: d.row.Roles,
		Proof: letterlock.BySSO(d.account != "", shown), IP: d.from.IP, Agent: d.from.Agent}
	return err
}

// shows reports whether a token says that a second factor was shown.
func (s Settings) shows(p *oidc.Profile) bool {
	return p != nil && (slices.Contains(s.ACR, p.ACR) || slices.ContainsFunc(p.AMR, func(m string) bool { return slices.Contains(s.AMR, m) }))
}

// enter keeps whom an account belongs to, and makes it if it is new.
func (d *decision) enter(tx *store.Tx) error {
	if !d.known {
		d.row.Mailbox.Name = nameOf(d.voucher.Profile)
		d.by.Name = d.row.Mailbox.Name
	}
	var first error
	if !d.bound {
		switch {
		case !d.known:
			first = errors.Join(tx.PutAccount(d.row), d.audit(tx, "add account", letterlock.SpellRoles(d.row.Roles), true))
		case d.given != "":
			first = errors.Join(d.setRoles(tx), d.audit(tx, "set roles", d.given, true))
		}
		first = errors.Join(first, d.audit(tx, "bind account", d.s.Provider.Name, true))
	}
	return errors.Join(first,
		tx.BindStaff(store.StaffBinding{Issuer: d.voucher.Issuer, Subject: d.voucher.Subject, Account: d.row.Mailbox.Address}))
}

// nameOf is the name of a new account. It goes into the headers of mails.
func nameOf(p *oidc.Profile) string {
	if p == nil || len(p.Name) > 200 || strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return ""
	}
	return strings.TrimSpace(p.Name)
}
