package letterlock

// A Change is what was changed of what keeps an account, as its holder is told by mail.
type Change string

const (
	PasswordSet     Change = "password"
	AppPasswordMade Change = "app-password"
	AppSetUp        Change = "app"
	AppRemoved      Change = "app-removed"
	PasskeyAdded    Change = "passkey"
	PasskeyRemoved  Change = "passkey-removed"
	CodesMade       Change = "codes"
)

// Changes are all of them, for the test that each has its own sentence.
var Changes = []Change{PasswordSet, AppPasswordMade, AppSetUp, AppRemoved, PasskeyAdded, PasskeyRemoved, CodesMade}
