package sso

import (
	"encoding/json"

	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/store"
)

// waiting is what the provider has vouched for while the account's own second factor is
// asked for: whoever cannot show that must not have the account belong to them.
type waiting struct {
	Address letterlock.Address `json:"address"`
	Issuer  string             `json:"issuer"`
	Subject string             `json:"subject"`
	Roles   []string           `json:"roles"` // values of the claim
}

// stepPurpose seals them.
const stepPurpose = "sso step"

func (s *Service) kept(d decision) []byte {
	w := waiting{Address: d.voucher.Address, Issuer: d.voucher.Issuer, Subject: d.voucher.Subject}
	if d.voucher.Profile != nil {
		w.Roles = d.voucher.Profile.Roles
	}
	b, err := json.Marshal(w)
	if err != nil {
		panic("sso: internal error: " + err.Error()) // it is texts
	}
	return s.Pepper.Seal(stepPurpose, string(d.row.Mailbox.Address), b)
}

// Complete settles what [Service.Finish] has kept of a sign-in to an account, in the
// transaction that takes the account's second factor, and returns the proof that the session
// is to have. Denied, with one of [Keys]: it lets nobody in any more, which is in the audit
// log then.
func (s *Service) Complete(tx *store.Tx, by letterlock.Actor, keep []byte) (letterlock.Proof, error) {
	if s == nil {
		return "", &letterlock.Error{Code: letterlock.Denied, Key: NotAllowed}
	}
	b, err := s.Pepper.Open(stepPurpose, string(by.Address), keep)
	if err != nil {
		return "", err
	}
	var w waiting
	if err := json.Unmarshal(b, &w); err != nil {
		return "", err
	}
	d := decision{s: s, from: by, account: by.Address,
		voucher: oidc.Voucher{Address: w.Address, Issuer: w.Issuer, Subject: w.Subject, Profile: &oidc.Profile{Roles: w.Roles}}}
	for _, step := range []func(*store.Tx) error{d.find, d.allow, d.giveRolesAtFirst} {
		if err := step(tx); err != nil {
			return "", err
		}
	}
	if d.key != "" {
		if err := d.audit(tx, "sign in by single sign-on", d.key, false); err != nil {
			return "", err
		}
		return "", &letterlock.Error{Code: letterlock.Denied, Key: d.key}
	}
	return letterlock.BySSO(false, false), d.enter(tx)
}

// giveRolesAtFirst gives the roles of an account that is bound by this sign-in. One that was
// bound got them when the provider had answered, and another sign-in may have changed them.
func (d *decision) giveRolesAtFirst(tx *store.Tx) error {
	if d.bound {
		return nil
	}
	return d.giveRoles(tx)
}
