// Command letterlock is an encrypted-mail portal and SMTP gateway with revocation.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"letterlock/internal/app"
	"letterlock/internal/demo"
	"letterlock/internal/host"

	"github.com/alecthomas/kong"
)

// commands is what can be typed.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve mail and pages with the settings of a file."`
	Check   checkCommand   `cmd:"" help:"Look at settings and machine, and say what is wrong or missing."`
	Doctor  doctorCommand  `cmd:"" help:"Look at everything check looks at, the database and the DNS too, send a test message the whole way within this machine, and say what to do."`
	Config  configCommand  `cmd:"" help:"Write or show settings."`
	Status  statusCommand  `cmd:"" help:"Say of a message whether it can be revoked, and whether it is; or, of no message, how the server and its keys are."`
	Revoke  revokeCommand  `cmd:"" help:"Remove the recipients' access to a message."`
	Restore restoreCommand `cmd:"" help:"Give back access that was removed; the links are the same. With --into, restore a backup."`
	Expire  expireCommand  `cmd:"" help:"Change until when the recipients can read a message."`
	Destroy destroyCommand `cmd:"" help:"Destroy every key of a message, for everybody, for ever."`
	Trace   traceCommand   `cmd:"" help:"Look for messages, or show the whole history of one."`
	Report  reportCommand  `cmd:"" help:"Count protected messages by day, or list them."`
	Bulk    bulkCommand    `cmd:"" help:"Revoke many messages at once, and undo that."`
	Audit   auditCommand   `cmd:"" help:"Show who did what, and export it for others to check."`
	Backup  backupCommand  `cmd:"" help:"Write an encrypted backup of the data while the server runs, and look whether one is good."`
	Journal journalCommand `cmd:"" help:"Go on without a revocation journal that is lost."`
	Keys    keysCommand    `cmd:"" help:"Show, rotate and back up the keys that mail is encrypted under."`
	DKIM    dkimCommand    `cmd:"" name:"dkim" help:"Manage the keys that leaving mail is signed with."`
	Token   tokenCommand   `cmd:"" help:"Manage the tokens of programs."`
	Signin  signinCommand  `cmd:"" help:"Manage how recipients sign in: at OpenID providers, and in browsers that are remembered."`
	Account accountCommand `cmd:"" help:"Manage the accounts of people who send and administer."`
	Brand   brandCommand   `cmd:"" help:"Show and delete brands, and carry them from one server to another."`
	Demo    demoCommand    `cmd:"" help:"Run a demonstration on this machine, with forty messages and an inbox of its own."`

	Classify classifyCommand `cmd:"" help:"Say what addresses are, what they would get of a message, and why."`

	cmdlets
	brandCmdlets
	Completion completionCommand `cmd:"" help:"Print what a shell needs to complete these commands: bash, zsh, fish or powershell."`
	Complete   completeCommand   `cmd:"" hidden:"" passthrough:"" help:"Print what the last word can become."`
	Version    versionCommand    `cmd:"" help:"Say which version this is."`
}

type demoCommand struct {
	HTTP    string `name:"http" default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where to serve the pages; loopback only, port 0 picks one. Default: ${default}."`
	SMTP    string `name:"smtp" default:"127.0.0.1:2525" placeholder:"ADDRESS" help:"Where to take mail; loopback only, port 0 picks one. Default: ${default}."`
	Data    string `name:"data" type:"path" placeholder:"FOLDER" help:"Keep the demo's data in this folder. Default: a temporary one, removed at the end."`
	Cert    string `name:"smtp-cert" type:"path" placeholder:"FILE" help:"Certificate for STARTTLS, PEM; with --smtp-key. Default: none, mail is taken in the clear."`
	Key     string `name:"smtp-key" type:"path" placeholder:"FILE" help:"Private key of the certificate, PEM."`
	Verbose bool   `name:"verbose" short:"v" help:"Log every request and delivery."`
}

// Run serves the demo until the program is told to stop.
func (c *demoCommand) Run(ctx context.Context) error {
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelDebug
	}
	return demo.Run(ctx, demo.Options{
		HTTP: c.HTTP, SMTP: c.SMTP, Data: c.Data, SMTPCert: c.Cert, SMTPKey: c.Key, Out: os.Stdout,
		Log: app.NewLogger(os.Stderr, "text", level),
	})
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := host.NoCoreDumps(); err != nil { // commands open keys, too
		report(os.Stderr, err)
		os.Exit(exitCode(err))
	}
	parser := newParser(&operator{in: os.Stdin, out: os.Stdout, errs: os.Stderr, open: openHere}, kong.BindTo(ctx, (*context.Context)(nil)))
	args, err := translate(parser.Model.Node, os.Args[1:])
	if err != nil {
		report(os.Stderr, err)
		os.Exit(exitCode(err))
	}
	k, err := parser.Parse(args)
	if err != nil {
		parser.Stdout = os.Stderr // how it is used is said of an error, and is no answer for a program
		parser.FatalIfErrorf(err)
	}
	if err := k.Run(); err != nil {
		report(os.Stderr, err)
		os.Exit(exitCode(err))
	}
}

// newParser returns what understands a command line.
func newParser(o *operator, options ...kong.Option) *kong.Kong {
	return kong.Must(&commands{}, append(options, kong.Name("letterlock"), kong.UsageOnError(), kong.Exit(exit), kong.Bind(o), kong.Vars{"accept": app.AcceptLost},
		kong.Description("Encrypted mail that its sender can take back."))...)
}
