package views

import (
	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// providerSamples are the pages about signing in with an OpenID provider.
func providerSamples(w language.Words, all map[string]templ.Component) {
	offered := Providers{URL: "/m/token/openid", Remember: "30 days", List: []Provider{{"google", "Google"}, {"yahoo", "Yahoo"}, {"microsoft", "Microsoft"}, {"riverside", "Riverside <Staff>"}}}
	gate := Gate{Page: portalPage(w), To: toWhom, Reference: "KX7-4QP-B7M-RTA", AskURL: "/m/token/passcode", Valid: "10 minutes", Providers: offered}
	all["gate-providers"] = GatePage(gate)
	gate.Again = "You have proved bob@gmail.com at Google. This message was sent to m••••@quillfeather.example. Sign in with a one-time passcode instead."
	all["gate-provider-refused"] = GatePage(gate)
	all["leaving"] = LeavingPage(Leaving{Page: portalPage(w), Name: "Google", URL: "https://accounts.google.com/o/oauth2/v2/auth?state=x&nonce=y", BackURL: "/m/token"})
	all["sign-in-elsewhere"] = EndPage(End{Page: portalPage(w), Kind: EndSignInElsewhere})
	all["too-many-tries-providers"] = EndPage(End{Page: portalPage(w), Kind: EndTooManyTries, Wait: "4 minutes, at 11:36 CET",
		Next: Link{Text: "Ask for a new passcode", URL: "/m/token"}, Providers: offered})

	p := staffPage(w)
	p.Account.Auditor, p.Account.Admin = true, true
	all["providers-none"] = SignInProvidersPage(SignInProviders{Page: p, URL: "/sign-in-providers", Browsers: ForgetAddress{URL: "/sign-in-providers/forget-browsers"}})
	v := SignInProviders{Page: p, URL: "/sign-in-providers", Accounts: ForgetAddress{URL: "/sign-in-providers/forget"}, Browsers: ForgetAddress{URL: "/sign-in-providers/forget-browsers"}, List: []ProviderSetUp{
		{Name: "Google", ID: "google", Issuer: "https://accounts.google.com", Client: "1234.apps.googleusercontent.com", Callback: "https://mail.halden.example/portal/openid/google",
			Believed: "gmail.com, googlemail.com, and domains that Google hosts for whoever signs in", TryURL: "/sign-in-providers/google/try"},
		{Name: "Riverside", ID: "riverside", Issuer: "https://login.riverside.example", Client: "letterlock", Callback: "https://mail.halden.example/portal/openid/riverside",
			Believed: "riverside.example", TryURL: "/sign-in-providers/riverside/try"},
	}}
	all["providers"] = SignInProvidersPage(v)
	tried := v
	tried.Tried, tried.Believed = "Google vouches for bob@gmail.com, and is believed: whoever signs in there like this can read what was sent to that address.", true
	tried.Accounts.Done = "No account was bound to bob@gmail.com, so there was nothing to forget."
	all["providers-tried"] = SignInProvidersPage(tried)
	wrong := v
	wrong.Looked, wrong.Problem = true, "Riverside does not answer right now."
	wrong.Accounts.Address, wrong.Accounts.Error = "bob", "Type a whole mail address"
	wrong.Browsers.Done = "Forgotten: 2 browsers that were remembered for marta.lind@quillfeather.example. Whoever was signed in with that address is signed out."
	wrong.List = []ProviderSetUp{wrong.List[0], wrong.List[1]}
	wrong.List[0].State = State{Kind: StateWell}
	wrong.List[1].State, wrong.List[1].Problem = State{Kind: StateWrong}, "Riverside does not answer right now."
	all["providers-wrong"] = SignInProvidersPage(wrong)
	refused := v
	refused.Tried = "Riverside is not believed here for bob@gmail.com. A recipient would be told so, and offered the passcode."
	all["providers-refused"] = SignInProvidersPage(refused)
}
