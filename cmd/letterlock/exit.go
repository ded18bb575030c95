package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

// exits are the codes with which every command ends, for scripts. An error that
// has no code of ours, and a fault, end with 1; so does no error with 0.
var exits = map[letterlock.Code]int{
	letterlock.Internal:  1,
	letterlock.Invalid:   exitUsage, // what was typed can be put right
	letterlock.Denied:    3,
	letterlock.NotFound:  4,
	letterlock.Gone:      5,
	letterlock.TooLarge:  6,
	letterlock.Throttled: 7,
	letterlock.Busy:      8, // try again
}

const (
	exitUsage = 2 // the command line cannot be understood
	exitWaits = 9 // a second administrator has to approve it
)

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var unfit *audit.Fault
	if errors.As(err, &unfit) {
		return exitUnfit
	}
	if errors.Is(err, errWaits) {
		return exitWaits
	}
	if code, ok := exits[letterlock.CodeOf(err)]; ok {
		return code
	}
	return exits[letterlock.Internal]
}

// exit ends the program as the parser of the command line wants it to end, with
// our code for what it could not understand.
func exit(code int) {
	if code != 0 {
		code = exitUsage
	}
	os.Exit(code)
}

// hints are what to do about an error, by its key.
var hints = map[string]string{
	"accept-words":        "type them as they are shown by 'letterlock journal accept --help', between quotes",
	"account-disabled":    "enable it first, with 'letterlock account enable ADDRESS'",
	"account-exists":      "'letterlock account reset ADDRESS' mails its holder a new link, 'letterlock account roles' changes what they may do",
	"backup-broken":       "take another backup; 'letterlock backup verify' says which are good",
	"backup-file":         "name a file that 'letterlock backup' or 'letterlock keys export' has written",
	"backup-identity":     "name the file that age-keygen wrote, with a line AGE-SECRET-KEY-1...",
	"backup-keys":         "give with --keys the folder with the keys of the day of the backup",
	"backup-recipients":   "make one with age-keygen on another machine; give its line age1... with --recipient or in the settings as backup.recipients",
	"batch-everything":    "give at least one of --sender, --recipient, --subject, --message-id, --from, --until, --state and --identity",
	"batch-nothing":       "'letterlock trace' with the same conditions shows what they find",
	"batch-size":          "narrow the search, by dates for example, and revoke in parts",
	"brand-file":          "name a file that 'letterlock brand export' has written, or Get-OMEConfiguration | ConvertTo-Json in PowerShell",
	"no-brand":            "'letterlock brand list' shows all of them",
	"brand-import":        "nothing was changed; put that right in the file, and import it again",
	"ca-file":             "the file holds certificates of authorities in PEM, as your certificate authority gives them",
	"confirm":             "type it as it is shown, or give it with --confirm",
	"date":                "write it like 2026-11-20, '2026-11-20 14:00', or 7d for seven days ago",
	"dkim-alone":          "'letterlock dkim new' makes an RSA key; activate that one first",
	"dkim-dns":            "try again, or give --unchecked if you know that the record can be found from outside",
	"dkim-many":           "'letterlock dkim list' shows them, 'letterlock dkim retire SELECTOR' destroys one",
	"dkim-no-record":      "'letterlock dkim list' shows it; a DNS takes up to an hour to show what is new",
	"dkim-record":         "'letterlock dkim list' shows it; there must be no other TXT record at that name",
	"dkim-selector-taken": "'letterlock dkim list' shows all of them; without --selector the date makes one that is free",
	"dkim-backup":         "look at that folder ('letterlock check'); 'letterlock keys rotate' copies the keys again",
	"dkim-settles":        "'letterlock dkim list' says until when; --early retires it now, and that mail may end among spam",
	"dkim-signs":          "activate another one first; dkim.sign = false in the settings has mail leave unsigned",
	"expires":             "write it like --in 7d, --at 2026-12-24T18:00:00Z or --never",
	"folder-owner":        "run the command as that user, as in 'runuser -u letterlock -- letterlock ...'",
	"inline":              "'letterlock trace --details ID' shows who got it how",
	"journal":             "it is done, and not in the revocation journal yet; make room or put the journal back in its place, then do it again",
	"journal-lost":        "put the journal back as it was last, or its copy beside audit.checkpoint_file, and not one from a backup; if it is lost, see 'letterlock journal accept --help'",
	"last-administrator":  "give somebody else the role first, with 'letterlock account roles ADDRESS sender admin'",
	"message-id":          "'letterlock trace' finds it by sender, recipient, subject or date",
	"no-account":          "'letterlock account list' shows all of them",
	"no-answer":           "look at the log of the server, then try again",
	"no-dkim-key":         "'letterlock dkim list' shows all of them",
	"no-message":          "'letterlock trace' finds it by sender, recipient, subject or date",
	"not-operator":        "run the command as the user that the server runs as, or as root",
	"output":              "name a file that is not there yet, in a folder that is",
	"parameter":           "outside PowerShell put '$true', and a Message-ID, between single quotes",
	"password-file":       "write the password, and nothing else, into the one line of a file that only you can read",
	"readers":             "'letterlock keys list' shows whether it has happened",
	"recipient-key":       "'age-keygen' makes a pair: the recipient is for here, the identity for a safe place",
	"running":             "stop the server, as in 'systemctl stop letterlock', and start it again afterwards",
	"restore-folder":      "name a folder that is empty, or not there yet in one that is",
	"scope":               "an administrator gives out tokens, with 'letterlock token add ADDRESS --name NAME --scope SCOPE'",
	"second-person":       "somebody else has to type it, with 'letterlock bulk approve'",
	"token":               "an administrator gives out tokens, with 'letterlock token add ADDRESS --name NAME --scope SCOPE'",
	"token-file":          "write the token, and nothing else, into a file, and 'chmod 600' it; LETTERLOCK_TOKEN_FILE or --token-file names it",
	"url":                 "write it like https://mail.example.org",
}

// report writes what went wrong, and what to do about it.
func report(w io.Writer, err error) {
	err = alone(err)
	said := err.Error()
	// What the error of a server says is a sentence; its code and key are for
	// programs. Around any other stands where it happened, which people need.
	if e, ok := err.(*letterlock.Error); ok && e.Err != nil {
		said = e.Err.Error()
	}
	fmt.Fprintf(w, "letterlock: error: %s\n", plainLines(said))
	hint := hints[letterlock.KeyOf(err)]
	if wait := letterlock.RetryAfterOf(err); wait > 0 {
		hint = "try again in " + wait.Round(time.Second).String()
	}
	if hint != "" {
		fmt.Fprintf(w, "letterlock: hint: %s\n", hint)
	}
}

// alone returns the one error of a list that has no other. The parser makes such a
// list of what a command returns.
func alone(err error) error {
	if _, ours := err.(*letterlock.Error); ours {
		return err
	}
	if list, ok := err.(interface{ Unwrap() []error }); ok && len(list.Unwrap()) == 1 {
		return alone(list.Unwrap()[0])
	}
	return err
}
