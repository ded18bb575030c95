package apid

import (
	"context"
	"net/http"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

func (s *server) bindings() {
	add(s, operation{
		id: "forget-bindings", method: http.MethodPost, path: "/mailboxes/{address}/forget-bindings", scope: letterlock.ScopeAccounts, role: letterlock.Admin,
		summary: "Forget with which accounts a recipient's address was proved",
		about:   "The next account that a provider vouches for as that address can prove it. Whoever was signed in with the address is signed out, and no browser is remembered for it.",
	}, s.forgetBindings)
	add(s, operation{
		id: "forget-browsers", method: http.MethodPost, path: "/mailboxes/{address}/forget-browsers", scope: letterlock.ScopeAccounts, role: letterlock.Admin,
		summary: "Forget the browsers that are remembered for a recipient's address",
		about:   "The next link to that address asks for a passcode in each of them. Whoever is signed in with the address is signed out.",
	}, s.forgetBrowsers)
}

func (s *server) forgetBrowsers(ctx context.Context, by letterlock.Actor, in *struct {
	Address string `path:"address" maxLength:"320"`
}) (api.ForgottenBrowsers, error) {
	a, err := letterlock.ParseAddress(in.Address)
	if err != nil {
		return api.ForgottenBrowsers{}, err
	}
	n, err := s.Browsers.ForgetOf(ctx, by, a)
	return api.ForgottenBrowsers{Address: string(a), Forgotten: n}, err
}

func (s *server) forgetBindings(ctx context.Context, by letterlock.Actor, in *struct {
	Address  string `path:"address" maxLength:"320"`
	Provider string `query:"provider" maxLength:"64" doc:"At this one only, by its id; absent: at all."`
}) (api.ForgottenBindings, error) {
	a, err := letterlock.ParseAddress(in.Address)
	if err != nil {
		return api.ForgottenBindings{}, err
	}
	n, err := s.Vouch.Forget(ctx, by, a, in.Provider)
	return api.ForgottenBindings{Address: string(a), Forgotten: int(n)}, err
}
