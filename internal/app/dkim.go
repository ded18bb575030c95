package app

import (
	"context"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/dkim"
	"letterlock/internal/letterlock"
	"letterlock/internal/resolve"
	"letterlock/internal/store"
)

// dnsTry is how long a DNS server may take to answer, where a person waits for it: twice
// of it must be less than lookUpWithin.
const dnsTry = 2 * time.Second

// openDKIM opens what mail that leaves is signed with.
func openDKIM(cfg config.Config, db *store.DB) (*dkim.Service, error) {
	s, err := dkim.Open(filesOf(cfg), db)
	if err != nil {
		return nil, err
	}
	s.Domain, s.Off, s.Lookup = cfg.Organization.Notify.Domain(), !cfg.DKIM.Sign, resolve.New(cfg.DNS.Servers, dnsTry).LookupTXT
	s.Backup = cfg.Keys.Backup
	return s, nil
}

// dkim looks whether mail will be signed, and whether receivers can check that.
func (c *checkup) dkim(ctx context.Context) {
	keys, err := dkim.Read(filesOf(c.cfg))
	if err != nil {
		c.fails("dkim", err, "")
		return
	}
	if !c.cfg.DKIM.Sign {
		c.say(Fine, "dkim", "mail leaves unsigned, as dkim.sign says; the relay may sign it")
		return
	}
	for _, k := range keys {
		if k.State() == dkim.Active {
			c.signs = true
			c.published(ctx, k)
		}
	}
	if !c.signs {
		c.say(Warn, "dkim", "mail leaves unsigned, and unless the relay signs it ends among spam: 'letterlock dkim new' makes a key, 'letterlock dkim activate' begins to sign")
	}
}

// published looks into the DNS for the record of a key that signs.
func (c *checkup) published(ctx context.Context, k dkim.Key) {
	domain := c.cfg.Organization.Notify.Domain()
	err := dkim.Published(ctx, c.resolver.LookupTXT, domain, k)
	about := "dkim " + k.Selector
	switch letterlock.KeyOf(err) {
	case "":
		c.say(Fine, about, "mail is signed in the name of %s, and the DNS has the record of the key", domain)
	case "dkim-dns":
		c.say(Warn, about, "the DNS does not say whether there is a record at %s", k.Name(domain))
	case "dkim-no-record":
		c.say(Wrong, about, "mail is signed, and nobody can check it: there is no record at %s; 'letterlock dkim list' shows it", k.Name(domain))
	default:
		c.say(Wrong, about, "mail is signed, and nobody can check it: the record at %s is another, or not the only one; 'letterlock dkim list' shows the right one", k.Name(domain))
	}
}
