// Package config is what an operator decides: one struct, read from one file and
// the environment. Every field says its unit, its default and what its zero value
// means.
//
// A secret never stands in the settings, only the name of the file that holds it,
// so that settings can be shown, copied and kept under version control.
package config

import (
	"cmp"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
)

// A Config is everything that can be set. Its tags are the keys in the file; in
// the environment relay.address is LETTERLOCK_RELAY_ADDRESS.
type Config struct {
	// PublicURL is where people reach the portal: scheme, host and port, no path.
	// Without https it must be loopback. Required.
	PublicURL URL `toml:"public_url"`
	// DataDir holds the database, the keyring and the other keys. Required.
	DataDir string `toml:"data_dir"`
	// MasterKeyFile opens the keyring. It must not lie in DataDir, because a copy
	// of both opens every message. Required.
	MasterKeyFile string `toml:"master_key_file"`
	// TimeZone is the zone in which times are shown, like "Europe/Berlin". Empty:
	// the machine's.
	TimeZone Zone `toml:"time_zone"`

	Organization Organization `toml:"organization"`
	HTTP         HTTP         `toml:"http"`
	SMTP         SMTP         `toml:"smtp"`
	Relay        Relay        `toml:"relay"`
	DKIM         DKIM         `toml:"dkim"`
	DNS          DNS          `toml:"dns"`
	TLS          TLS          `toml:"tls"`
	Proxy        Proxy        `toml:"proxy"`
	Limits       Limits       `toml:"limits"`
	Revocation   Revocation   `toml:"revocation"`
	Recipients   Recipients   `toml:"recipients"`
	Portal       Portal       `toml:"portal"`
	Staff        Staff        `toml:"staff"`
	Accounts     Accounts     `toml:"accounts"`
	SSO          SSO          `toml:"sso"`
	SignIn       []SignIn     `toml:"signin"`
	Expiry       Expiry       `toml:"expiry"`
	Notices      Notices      `toml:"notices"`
	Privacy      Privacy      `toml:"privacy"`
	Keys         Keys         `toml:"keys"`
	Audit        Audit        `toml:"audit"`
	Backup       Backup       `toml:"backup"`
	API          API          `toml:"api"`
	Metrics      Metrics      `toml:"metrics"`
	Log          Log          `toml:"log"`
}

// An Organization is who uses this Letterlock.
type Organization struct {
	Name       string             `toml:"name"`       // shown everywhere. Required.
	Domains    []string           `toml:"domains"`    // its own, in A-labels and lower case. Required.
	Notify     letterlock.Address `toml:"notify"`     // from which notifications and passcodes are sent. Required.
	Admin      letterlock.Address `toml:"admin"`      // whom senders can ask for what only an administrator may do. Empty: nobody is named.
	Color      string             `toml:"colour"`     // of the default brand, #rrggbb. Empty: Letterlock's own.
	Logo       string             `toml:"logo"`       // file, PNG or JPEG, at most 512 KB. Empty: drawn from the colour.
	Disclaimer string             `toml:"disclaimer"` // at the foot of notifications, at most 1,000 characters. Empty: none.
	Privacy    string             `toml:"privacy"`    // URL of the privacy statement. Empty: none.
}

// HTTP is how the pages are served.
type HTTP struct {
	// Listen is where the pages are served. Default ":443". Required.
	Listen string `toml:"listen"`
	// Plain serves without TLS, for a proxy in front that speaks it. Default false.
	Plain bool `toml:"plain"`
	// Redirect is where plain http is answered with the way to https, and where the
	// ACME server's questions are. Default ":80". Empty: nowhere.
	Redirect string `toml:"redirect"`
}

// SMTP is how mail programs hand mail over. They sign in, under TLS; only from
// this machine itself may they do without. And it is how mail servers do, which do
// not sign in.
type SMTP struct {
	// Submission is where STARTTLS is used, RFC 6409. Default ":587". Empty: nowhere.
	Submission string `toml:"submission"`
	// Submissions is where TLS comes first, RFC 8314. Default ":465". Empty: nowhere.
	Submissions string `toml:"submissions"`
	// AppPasswordsOnly refuses the passwords of accounts to mail programs, which then need
	// an app password each. Default false: both are taken.
	AppPasswordsOnly bool `toml:"app_passwords_only"`
	// Gateway is where mail servers of GatewayNetworks hand over what comes back of
	// notifications, and mail on its way out of the organisation, which is protected or
	// passed on to the relay; they may use STARTTLS. Default empty: nowhere.
	Gateway string `toml:"gateway"`
	// GatewayNetworks are from where mail servers may connect to Gateway, this machine
	// only if it is listed. Required with it. Default none.
	GatewayNetworks []netip.Prefix `toml:"gateway_networks"`
	// GatewayProtection is the default of the gateway, for mail that neither a rule nor its
	// sender wants protected: "encrypt-only" and "do-not-forward" protect it; "none", the
	// default, and empty pass it on as it came.
	GatewayProtection string `toml:"gateway_protection"`
	// Name is what the server calls itself to mail programs and to the relay.
	// Empty: the host of PublicURL.
	Name string `toml:"name"`
}

// A Relay takes all mail that leaves. Its certificate is always verified.
type Relay struct {
	// Address is host and port, like "smtp.example.org:587". Required.
	Address string `toml:"address"`
	// Security is "starttls", the default, or "tls" from the first byte (port 465),
	// or "none", which is for a relay on this machine only.
	Security Security `toml:"security"`
	// User signs in with the password that PasswordFile holds. Empty: no sign-in.
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	// CAFile holds the certificates, PEM, of whom is trusted to vouch for the relay.
	// Empty: those that the machine trusts.
	CAFile string `toml:"ca_file"`
	// AssuresTLS declares that the relay keeps mail under TLS to the mailbox, so
	// that messages themselves may leave inline. Default false: outside the
	// organisation they do only if the relay offers REQUIRETLS (RFC 8689), which they
	// then demand of it; everybody else gets a link.
	AssuresTLS bool `toml:"assures_tls"`
	// Fallback are relays that are tried, in order, when this one fails. Default
	// none. They stand in the file only, and have no Fallback of their own.
	Fallback []Relay `toml:"fallback"`
}

// DKIM is whether mail that leaves is signed. The keys are made by 'letterlock dkim'.
type DKIM struct {
	// Sign signs whatever leaves with the domain of Organization.Notify, as soon as a
	// key is active. Default true. False: nothing is signed, the relay may do it.
	Sign bool `toml:"sign"`
}

// DNS is who is asked for MX records of recipients, and for what others find in the DNS
// about this installation: records of DKIM keys, and all that the doctor looks up.
type DNS struct {
	// Servers are recursive DNS servers, IP address and port, like "192.0.2.53:53". They
	// are tried in order. Default none: those that the machine asks.
	Servers []netip.AddrPort `toml:"servers"`
}

// TLS is where the certificate for the pages and for SMTP comes from: files, or ACME.
type TLS struct {
	// CertFile and KeyFile are PEM. They are read again when they change, and on
	// SIGHUP. Empty: see ACME.
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
	// ACME gets and renews a certificate by itself (RFC 8555), and agrees to the
	// terms of who issues it. Default false.
	ACME bool `toml:"acme"`
	// ACMEEmail is whom the issuer may write to. Empty: nobody.
	ACMEEmail letterlock.Address `toml:"acme_email"`
	// ACMEDirectory is the issuer. Empty: Let's Encrypt.
	ACMEDirectory string `toml:"acme_directory"`
	// ACMECAFile holds the certificates, PEM, of whom is trusted to vouch for the
	// issuer's own server. Empty: those that the machine trusts.
	ACMECAFile string `toml:"acme_ca_file"`
}

// Proxy says who stands in front.
type Proxy struct {
	// Trusted may say where a request came from, in X-Forwarded-For. Default
	// nobody: then the address of the connection counts.
	Trusted []netip.Prefix `toml:"trusted"`
}

// Limits bound what others can ask for.
type Limits struct {
	Message               Size `toml:"message"`                 // a mail as it comes in, encoded. Default 210 MiB, which holds 150 MB of files.
	Recipients            int  `toml:"recipients"`              // of a message. Default and maximum 100.
	Connections           int  `toml:"connections"`             // SMTP, in all. Default 200.
	ConnectionsPerIP      int  `toml:"connections_per_ip"`      // SMTP, of an IPv4 address or an IPv6 /64. Default 20.
	ConnectionsPerAccount int  `toml:"connections_per_account"` // SMTP. Default 20.
	OpenPages             int  `toml:"open_pages"`              // that are told of changes at once; others ask now and then. Default 10,000.
	DiskReserve           Size `toml:"disk_reserve"`            // free space under which no mail is accepted. Default 1 GiB. Zero: none.
}

// A Scope says how far senders may revoke.
type Scope string

const (
	SingleRecipient Scope = "single-recipient" // messages with one recipient, who got the link
	EveryLink       Scope = "every-link"       // each link recipient of any message
)

// Revocation is who may take access away.
type Revocation struct {
	// SenderScope is how far senders may revoke. Default "single-recipient".
	SenderScope Scope `toml:"sender_scope"`
	// SecondAdministratorAbove is how many messages one person may revoke at once;
	// more need the approval of another. 0: any number. Default 0.
	SecondAdministratorAbove int `toml:"second_administrator_above"`
	// Journal is the file that tells a restored backup what was revoked after it was
	// made. It must not lie in DataDir. Empty: revocations.jsonl in a folder beside
	// DataDir, of its name and "-journal".
	Journal string `toml:"journal"`
}

// JournalFile is the file of the revocation journal.
func (c Config) JournalFile() string {
	if c.Revocation.Journal != "" {
		return c.Revocation.Journal
	}
	return filepath.Join(filepath.Clean(c.DataDir)+"-journal", "revocations.jsonl")
}

// Accounts is what keeps the accounts of the organisation's own people.
type Accounts struct {
	// RequireSecondFactor are the roles whose holders have to set up a second factor
	// before any page opens: sender, auditor, revoker, admin. Default none.
	RequireSecondFactor []letterlock.Role `toml:"require_second_factor"`
}

// Recipients is what recipients get.
type Recipients struct {
	// Inline are the identity types that get the message itself, where the relay
	// assures TLS. Default organization, microsoft-365 and microsoft-account.
	Inline []letterlock.IdentityType `toml:"inline"`
	// InlineDomains get the message itself, too, whatever their type, where the relay
	// assures TLS; in A-labels and lower case. Default none.
	InlineDomains []string `toml:"inline_domains"`
	// LinkDomains get a link, whatever their type. Default none.
	LinkDomains []string `toml:"link_domains"`
	// LookUpMX finds out by MX records which domains are at Microsoft 365. Default true.
	// False: nobody's are, unless InlineDomains has them.
	LookUpMX bool `toml:"look_up_mx"`
	// DoNotForwardDownloads lets recipients save attachments of messages that are
	// not to be forwarded. Default true.
	DoNotForwardDownloads bool `toml:"do_not_forward_downloads"`
}

// Portal is what recipients find where they read.
type Portal struct {
	// Remember is how long a browser may be remembered, if its reader ticks that, so
	// that no passcode is asked for in it: from "1h" to "30d". Default "30d". Empty,
	// like "0": none is, those of before included.
	Remember Span `toml:"remember"`
	// Languages are those that recipients may read pages and mails in, of "en", "de",
	// "fr", "es", "ar" and "ja", each once; the first where nothing else is known.
	// Default all, in this order. Empty: English.
	Languages []string `toml:"languages"`
	// ReleaseCodes lets recipients whose passcode does not come ask the sender for a code,
	// who reads it to them by telephone. Default true. False: codes that are out do not
	// work either.
	ReleaseCodes bool `toml:"release_codes"`
}

// Staff is what the organisation's own people find on their pages.
type Staff struct {
	// Languages are those that pages, and mails to them, may be in, of "en" and "de", each
	// once; the first where nothing else is known. Default both, in this order. Empty: English.
	Languages []string `toml:"languages"`
}

// A SignIn is an OpenID provider that may vouch for the mailboxes of recipients, beside
// the passcode. Default none. They stand in the file only.
type SignIn struct {
	// Preset is "google", "yahoo" or "microsoft". Empty: another provider, which needs
	// ID, Name, Issuer and Domains.
	Preset string `toml:"preset"`
	// ID is short and stays the same: it is in the URL that is registered at the provider,
	// and in histories. 1 to 32 lower-case letters, digits and hyphens. Empty: Preset.
	ID string `toml:"id"`
	// Name is what the button calls it. Empty: that of the preset.
	Name string `toml:"name"`
	// Issuer is where the provider is, https. Empty: where the preset is.
	Issuer string `toml:"issuer"`
	// ClientID is what the provider calls this Letterlock, which shows it the secret that
	// ClientSecretFile holds. Both required.
	ClientID         string `toml:"client_id"`
	ClientSecretFile string `toml:"client_secret_file"`
	// Domains are those for whose addresses it is believed, in A-labels and lower case.
	// Empty, with a preset only: all for which the preset can be.
	Domains []string `toml:"domains"`
	// Tenants are Microsoft's tenants that are believed for the listed domains although
	// Microsoft does not say that they own them, by the tenant's id. Default none.
	Tenants map[string][]string `toml:"tenants"`
	// CAFile holds the certificates, PEM, of whom is trusted to vouch for the provider's
	// server. Empty: those that the machine trusts.
	CAFile string `toml:"ca_file"`
}

// Short is the name of a provider in URLs and histories.
func (s SignIn) Short() string { return cmp.Or(s.ID, s.Preset) }

// CallbackURL is where a provider sends browsers back to, as it is registered there.
func (c Config) CallbackURL(s SignIn) string {
	return c.PublicURL.Scheme + "://" + c.PublicURL.Host + "/portal/openid/" + s.Short()
}

// Expiry is how long messages can be read.
type Expiry struct {
	// Default is how long a message can be read whose sender has not said, and what
	// Compose proposes: from "1m" to "730d", or "0", for ever. Empty: for ever by
	// SMTP, and Compose proposes 14 days.
	Default Span `toml:"default"`
}

// Notices are what senders are told of their messages by mail, once each.
type Notices struct {
	// FirstRead is when a recipient reads for the first time. Default false: only
	// when it is asked for.
	FirstRead bool `toml:"first_read"`
	// OnRequest lets senders ask for that, in Compose or with
	// Disposition-Notification-To. Default true. False: as FirstRead says.
	OnRequest bool `toml:"on_request"`
	// UnreadAfter is how long after a message was sent its sender is told who has not
	// read it. Default empty, like "0": never.
	UnreadAfter Span `toml:"unread_after"`
	// Expiring is how long before a message expires its sender is told of it. Default
	// empty, like "0": never.
	Expiring Span `toml:"expiring"`
}

// Keys is when those that mail is encrypted under change, and where a copy is kept.
type Keys struct {
	// Rotate is how old an epoch of the keyring gets before the next one begins, and
	// what was deleted under it is destroyed for good: from "1h" to "30d". Default
	// "24h". Empty, like "0": only by hand.
	Rotate Span `toml:"rotate"`
	// Backup is a folder that gets a copy of each key of the keyring before the one
	// before it is destroyed. It is not in DataDir. Empty: none.
	Backup string `toml:"backup"`
	// KeepBackup is how long a copy stays there after its epoch was destroyed: as
	// long as backups of the data are kept. From "1h" to "730d". Default "30d".
	KeepBackup Span `toml:"keep_backup"`
}

// Audit is where the signed checkpoints of the audit log are kept.
type Audit struct {
	// CheckpointMinutes is how often the log is signed if something was added.
	// Default 5, from 1 to 1,440.
	CheckpointMinutes int `toml:"checkpoint_minutes"`
	// CheckpointFile gets every checkpoint. Empty: audit-checkpoints.jsonl in DataDir.
	// Where it is set, a copy of the revocation journal lies beside it.
	CheckpointFile string `toml:"checkpoint_file"`
	// Syslog is whom every checkpoint and every revocation is sent to: unix:///dev/log,
	// udp://host:514 or tcp://host:601. Empty: nobody.
	Syslog string `toml:"syslog"`
}

// Backup is who can open backups.
type Backup struct {
	// Recipients are age recipients, like "age1...", whose identities open a backup for
	// which nobody else is named. Default none.
	Recipients []string `toml:"recipients"`
}

// CheckpointFile is the file that gets every checkpoint of the audit log.
func (c Config) CheckpointFile() string {
	if c.Audit.CheckpointFile != "" {
		return c.Audit.CheckpointFile
	}
	return filepath.Join(c.DataDir, "audit-checkpoints.jsonl")
}

// JournalCopy is the file that gets every entry of the revocation journal, too, beside
// the checkpoints; empty: none does. In DataDir it would be lost when it is needed.
func (c Config) JournalCopy() string {
	if c.Audit.CheckpointFile == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(c.Audit.CheckpointFile), "revocation-journal-copy.jsonl")
}

// A ReaderIP says how much is kept of where a recipient comes from.
type ReaderIP string

const (
	FullIP    ReaderIP = "full"
	NetworkIP ReaderIP = "network" // a /24 of IPv4, a /48 of IPv6
	NoIP      ReaderIP = "none"
)

// Privacy is what is kept of people who read.
type Privacy struct {
	// ReaderIP is how much is kept, in histories and in the audit log, of where
	// recipients and visitors of links come from. Default "network".
	ReaderIP ReaderIP `toml:"reader_ip"`
}

// API is what programs with a token may ask for.
type API struct {
	// PerMinute is how many requests a token, and an address, may send in a minute; a
	// tenth of them at once. Default 600, at least 1.
	PerMinute int `toml:"requests_per_minute"`
}

// Metrics is where they can be read, by anybody who reaches it.
type Metrics struct {
	// Listen is where metrics and the reasons for not being ready are served.
	// Default "127.0.0.1:9464". Empty: nowhere.
	Listen string `toml:"listen"`
}

// Log is what is written to standard error.
type Log struct {
	Level  slog.Level `toml:"level"`  // "debug", "info", "warn" or "error". Default info.
	Format Format     `toml:"format"` // "text" or "json". Default text.
}

// Default returns a Config with every default set and nothing that is required.
func Default() Config {
	return Config{
		TimeZone: Zone{time.Local},
		HTTP:     HTTP{Listen: ":443", Redirect: ":80"},
		SMTP:     SMTP{Submission: ":587", Submissions: ":465", GatewayProtection: NoProtection},
		Relay:    Relay{Security: StartTLS},
		DKIM:     DKIM{Sign: true},
		Limits: Limits{
			Message: 210 << 20, Recipients: 100, Connections: 200, ConnectionsPerIP: 20, ConnectionsPerAccount: 20,
			OpenPages: 10_000, DiskReserve: 1 << 30,
		},
		Revocation: Revocation{SenderScope: SingleRecipient},
		Recipients: Recipients{
			Inline:                []letterlock.IdentityType{letterlock.Organization, letterlock.Microsoft365, letterlock.MicrosoftAccount},
			DoNotForwardDownloads: true, LookUpMX: true,
		},
		SSO:     SSO{Scopes: []string{"profile"}, SecondFactor: FactorHere, Password: PasswordAlso},
		Notices: Notices{OnRequest: true},
		Portal:  Portal{Remember: Span{Set: true, Span: longestRemembered}, ReleaseCodes: true, Languages: language.Tags()},
		Staff:   Staff{Languages: []string{language.English, language.German}},
		Keys: Keys{
			Rotate:     Span{Set: true, Span: letterlock.Span(24 * time.Hour)},
			KeepBackup: Span{Set: true, Span: longestEpoch},
		},
		Audit:   Audit{CheckpointMinutes: 5},
		Privacy: Privacy{ReaderIP: NetworkIP},
		API:     API{PerMinute: 600},
		Metrics: Metrics{Listen: "127.0.0.1:9464"},
		Log:     Log{Format: Text},
	}
}

// Relays are all relays, in the order in which they are tried.
func (c Config) Relays() []Relay { return append([]Relay{c.Relay}, c.Relay.Fallback...) }

// MailName is what the server calls itself in SMTP.
func (c Config) MailName() string {
	if c.SMTP.Name != "" {
		return c.SMTP.Name
	}
	return c.PublicURL.Hostname()
}

// AssuresTLS reports whether every relay keeps mail under TLS to the mailbox: which
// of them takes a mail is not known before it leaves.
func (c Config) AssuresTLS() bool {
	return !slices.ContainsFunc(c.Relays(), func(r Relay) bool { return !r.AssuresTLS })
}
