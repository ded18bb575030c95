package main

import "context"

// signinCommand manages how recipients sign in.
type signinCommand struct {
	ForgetBrowsers forgetBrowsers `cmd:"" help:"Forget all browsers that are remembered for a recipient's address, and sign out whoever is signed in with it."`

	Forget forgetSignin `cmd:"" help:"Forget with which account at a provider a recipient has proved an address first, so that another one can."`
}

type forgetSignin struct {
	place
	Address  string `arg:"" help:"The recipient's address."`
	Provider string `name:"provider" placeholder:"ID" help:"Forget the account at this provider only. Default: at all."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run forgets the bindings.
func (c *forgetSignin) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		got, err := d.ForgetBindings(ctx, c.Address, c.Provider)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(d.out, got)
		case got.Forgotten == 0:
			return d.say("No account was bound to %s, so there was nothing to forget.", got.Address)
		}
		return d.say("Forgotten. The next account that a provider vouches for as %s can prove it; whoever was signed in with that address is signed out, and no browser is remembered for it.", got.Address)
	})
}

type forgetBrowsers struct {
	place
	Address string `arg:"" help:"The recipient's address."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Run forgets the browsers.
func (c *forgetBrowsers) Run(ctx context.Context, o *operator) error {
	return o.ask(ctx, c.place, func(d desk) error {
		got, err := d.ForgetBrowsers(ctx, c.Address)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(d.out, got)
		case got.Forgotten == 0:
			return d.say("No browser was remembered for %s. Whoever was signed in with that address is signed out.", got.Address)
		}
		return d.say("Forgotten: %d. The next link to %s asks for a passcode, and whoever was signed in with that address is signed out.", got.Forgotten, got.Address)
	})
}
