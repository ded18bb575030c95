package apid

import (
	"context"
	"net/http"

	"letterlock/internal/api"
	"letterlock/internal/dkim"
	"letterlock/internal/letterlock"
)

// dkim are operations on the keys that mail is signed with, for whoever sits at the
// machine.
func (s *server) dkim() {
	if s.DKIM == nil {
		return
	}
	op := func(o operation) operation {
		o.scope, o.role, o.keyless = letterlock.ScopeDestroy, letterlock.Admin, true
		return o
	}
	add(s, op(operation{id: "list-dkim", method: http.MethodGet, path: "/dkim", summary: "Say how mail is signed"}), s.listDKIM)
	add(s, op(operation{id: "add-dkim", method: http.MethodPost, path: "/dkim", summary: "Make a DKIM key", about: "It signs nothing yet."}), s.addDKIM)
	add(s, op(operation{id: "activate-dkim", method: http.MethodPost, path: "/dkim/{selector}/activate", summary: "Activate a DKIM key",
		about: "It signs whatever leaves from now on. Its record must be in the DNS."}), s.activateDKIM)
	add(s, op(operation{id: "retire-dkim", method: http.MethodPost, path: "/dkim/{selector}/retire", summary: "Retire a DKIM key",
		about: "It is destroyed. It must not be the one that signs."}), s.retireDKIM)
}

func (s *server) listDKIM(_ context.Context, by letterlock.Actor, _ *struct{}) (api.DKIM, error) {
	keys, err := s.DKIM.List(by)
	d := api.DKIM{Domain: s.DKIM.Domain, Keys: []api.DKIMKey{}}
	for _, k := range keys {
		d.Signing = d.Signing || k.State() == dkim.Active && !s.DKIM.Off
		d.Keys = append(d.Keys, s.dkimKey(k))
	}
	return d, err
}

func (s *server) dkimKey(k dkim.Key) api.DKIMKey {
	return api.DKIMKey{
		Selector: k.Selector, Algorithm: string(k.Algorithm), State: string(k.State()), Made: k.Made, Activated: k.Activated,
		Replaced: k.Replaced, Until: k.Until(), Name: k.Name(s.DKIM.Domain), Record: k.Record(),
	}
}

// oneDKIM is the answer about one key.
func (s *server) oneDKIM(k dkim.Key, err error) (api.DKIMKey, error) {
	if err != nil {
		return api.DKIMKey{}, err
	}
	return s.dkimKey(k), nil
}

func (s *server) addDKIM(ctx context.Context, by letterlock.Actor, in *struct{ Body api.NewDKIMKey }) (api.DKIMKey, error) {
	return s.oneDKIM(s.DKIM.Add(ctx, by, dkim.Algorithm(in.Body.Algorithm), in.Body.Selector))
}

func (s *server) activateDKIM(ctx context.Context, by letterlock.Actor, in *struct {
	Selector string `path:"selector" maxLength:"100"`
	Body     api.ActivateDKIM
}) (api.DKIMKey, error) {
	return s.oneDKIM(s.DKIM.Activate(ctx, by, in.Selector, in.Body.Unchecked))
}

func (s *server) retireDKIM(ctx context.Context, by letterlock.Actor, in *struct {
	Selector string `path:"selector" maxLength:"100"`
	Body     api.RetireDKIM
}) (api.DKIMKey, error) {
	return s.oneDKIM(s.DKIM.Retire(ctx, by, in.Selector, in.Body.Early))
}
