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
	v.Guides = []Link{{"Google", "/sign-in-providers/set-up/google"}, {"Another provider", "/sign-in-providers/set-up/other"}}
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
	wrong.List[0].Steps = []ProviderStep{{Name: "What it says of itself", State: State{Kind: StateWell}}, {Name: "Redirect URI", Says: "Not told without signing in."}}
	wrong.List[1].Steps = []ProviderStep{{Name: "Client and secret", State: State{Kind: StateWrong}, Says: "The provider does not take them. Compare client_id, and what is in the file of the secret."}}
	wrong.List[1].State, wrong.List[1].Problem = State{Kind: StateWrong}, "Riverside does not answer right now."
	all["providers-wrong"] = SignInProvidersPage(wrong)
	guide := ProviderGuide{Page: p, Heading: "Set up another provider", Where: []string{"Make a web application.", "Its scopes are openid and email."},
		Callback: "https://mail.halden.example/portal/openid/riverside", URL: "/sign-in-providers/set-up/other", LookURL: "/sign-in-providers",
		Fields:  []GuideField{{"id", "Short name", "Small letters", "riverside", false}, {"domains", "Domains", "One a line.", "riverside.example", true}, {"client_id", "Client ID", "It is no secret.", "letterlock", false}},
		Command: "sudo install -m 0600 -o letterlock /dev/stdin /etc/letterlock/riverside.secret"}
	all["provider-guide"] = ProviderGuidePage(guide)
	made := guide
	made.About, made.There = "So that your own people sign in where they do anyway.", &wrong.List[1]
	made.Block = "[[signin]]\nid = \"riverside\"\nname = \"Riverside\"\nissuer = \"https://login.riverside.example/realms/staff\"\nclient_id = \"letterlock\"\ndomains = [\"riverside.example\"]\n"
	all["provider-guide-made"] = ProviderGuidePage(made)
	astray := guide
	for _, f := range guide.Fields {
		astray.Errors = append(astray.Errors, FieldError{Field: f.Name, Text: "Use small letters"})
	}
	astray.Wrong = []Link{{"Short name: Use small letters", "#id"}, {"Domains: Use small letters", "#domains"}, {"Client ID: Use small letters", "#client_id"}}
	all["provider-guide-wrong"] = ProviderGuidePage(astray)
	refused := v
	refused.Tried = "Riverside is not believed here for bob@gmail.com. A recipient would be told so, and offered the passcode."
	all["providers-refused"] = SignInProvidersPage(refused)
}
