package config_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

// write makes a file of settings and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "letterlock.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const small = `
public_url = "https://mail.contoso.example"
data_dir = "data"
master_key_file = "/etc/letterlock/master.key"
time_zone = "Europe/Berlin"
[organization]
name = "Contoso"
domains = ["contoso.example", "contoso.org"]
notify = "portal@contoso.example"
[relay]
address = "smtp.contoso.example:587"
[[relay.fallback]]
address = "backup.contoso.example:465"
security = "tls"
password_file = "secret"
[limits]
message = "20 MB"
[proxy]
trusted = ["127.0.0.1/32", "2001:db8::/32"]
[log]
level = "debug"
`

func TestLoadReadsTheFileAndTheEnvironmentOverIt(t *testing.T) {
	path := write(t, small)
	c, err := config.Load(path, []string{
		"PATH=/bin", "LETTERLOCK_ORGANIZATION_NAME=Fabrikam", "LETTERLOCK_RELAY_ASSURES_TLS=true", "LETTERLOCK_LIMITS_RECIPIENTS=7",
		"LETTERLOCK_ORGANIZATION_DOMAINS=a.example, b.example", "LETTERLOCK_LIMITS_DISK_RESERVE=2 GiB", "LETTERLOCK_HTTP_REDIRECT=",
		"LETTERLOCK_RECIPIENTS_INLINE=organization", "LETTERLOCK_CONFIG=/elsewhere", "LETTERLOCK_LOG_LEVEL=warn",
		"LETTERLOCK_DNS_SERVERS=192.0.2.53:53, [2001:db8::53]:5353", "LETTERLOCK_RECIPIENTS_LOOK_UP_MX=false", "LETTERLOCK_RECIPIENTS_LINK_DOMAINS=partner.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	for _, tt := range []struct {
		setting   string
		got, want any
	}{
		{"public_url", c.PublicURL.String(), "https://mail.contoso.example"},
		{"data_dir", c.DataDir, filepath.Join(dir, "data")},
		{"master_key_file", c.MasterKeyFile, "/etc/letterlock/master.key"},
		{"time_zone", c.TimeZone.String(), "Europe/Berlin"},
		{"organization.name", c.Organization.Name, "Fabrikam"},
		{"organization.domains", c.Organization.Domains, []string{"a.example", "b.example"}},
		{"relay.fallback", c.Relay.Fallback, []config.Relay{{Address: "backup.contoso.example:465", Security: config.ImplicitTLS, PasswordFile: filepath.Join(dir, "secret")}}},
		{"relay.security", c.Relay.Security, config.StartTLS},
		{"relay.assures_tls", c.Relay.AssuresTLS, true},
		{"every relay assures TLS", c.AssuresTLS(), false},
		{"limits.message", c.Limits.Message, config.Size(20_000_000)},
		{"limits.recipients", c.Limits.Recipients, 7},
		{"limits.disk_reserve", c.Limits.DiskReserve, config.Size(2 << 30)},
		{"limits.connections", c.Limits.Connections, 200},
		{"http.redirect", c.HTTP.Redirect, ""},
		{"proxy.trusted", c.Proxy.Trusted, prefixes("127.0.0.1/32", "2001:db8::/32")},
		{"recipients.inline", c.Recipients.Inline, []letterlock.IdentityType{letterlock.Organization}},
		{"recipients.look_up_mx", c.Recipients.LookUpMX, false},
		{"recipients.link_domains", c.Recipients.LinkDomains, []string{"partner.example"}},
		{"dns.servers", c.DNS.Servers, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[2001:db8::53]:5353")}},
		{"log.level", c.Log.Level, slog.LevelWarn},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s = %v, want %v", tt.setting, tt.got, tt.want)
		}
	}
}

func TestLoadRefusesWhatItDoesNotUnderstand(t *testing.T) {
	tests := []struct{ name, text, env, want string }{
		{"unknown key", "organisation = 1", "", "organisation: is no setting"},
		{"unknown section", "[relais]\naddress = 'x'", "", "relais.address: is no setting"},
		{"key in the wrong section", "[http]\nname = 'x'", "", "http.name: is no setting; did you mean "},
		{"unknown key in a list", "[[relay.fallback]]\nadress = 'x'", "", "relay.fallback.adress: is no setting"},
		{"no TOML", "public_url = https://x", "", "line 1: "},
		{"wrong type", "[limits]\nrecipients = 'many'", "", "recipients"},
		{"no size", "[limits]\nmessage = '150'", "", `"150" is no size`},
		{"no zone", "time_zone = 'Mars'", "", `"Mars" is no time zone`},
		{"no network", "[proxy]\ntrusted = ['10.0.0.1']", "", "10.0.0.1"},
		{"no level", "[log]\nlevel = 'loud'", "", "loud"},
		{"unknown variable", "", "LETTERLOCK_RELAY_ADRESS=x", "LETTERLOCK_RELAY_ADRESS: is no setting"},
		{"a list of tables as variable", "", "LETTERLOCK_RELAY_FALLBACK=x", "LETTERLOCK_RELAY_FALLBACK: is no setting"},
		{"variable that is no number", "", "LETTERLOCK_LIMITS_RECIPIENTS=x", `LETTERLOCK_LIMITS_RECIPIENTS: "x" is no whole number`},
		{"variable that is no truth", "", "LETTERLOCK_TLS_ACME=perhaps", `LETTERLOCK_TLS_ACME: "perhaps" is neither`},
		{"variable that is no URL", "", "LETTERLOCK_PUBLIC_URL=http://[", "LETTERLOCK_PUBLIC_URL: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(write(t, tt.text), []string{tt.env})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.toml"), nil); err == nil || !strings.Contains(err.Error(), "letterlock config init") {
		t.Errorf("a file that is not there: %v, want the way to one", err)
	}
}

func TestLoadWithoutAFileTakesTheEnvironmentAlone(t *testing.T) {
	c, err := config.Load("", []string{"LETTERLOCK_DATA_DIR=/data"})
	if err != nil || c.DataDir != "/data" {
		t.Errorf("Load = %q, %v", c.DataDir, err)
	}
}

// setting is a line of the template that is one, or would be without its #.
var setting = regexp.MustCompile(`(?m)^#?(\[\[?[a-z.]+\]\]?|[a-z_]+ = .*)$`)

func TestTemplateHasEverySettingWithItsDefault(t *testing.T) {
	all := strings.Join(setting.FindAllString(config.Template, -1), "\n")
	// The required settings are examples; the others stand there with their defaults.
	given, err := config.Load(write(t, config.Template), nil)
	if err != nil {
		t.Fatalf("the template: %v", err)
	}
	uncommented, err := config.Load(write(t, strings.ReplaceAll(strings.ReplaceAll(all, "#", ""), `colour = "0c`, `colour = "#0c`)), nil)
	if err != nil {
		t.Fatalf("the template without its comment signs: %v", err)
	}
	if len(uncommented.Relay.Fallback) != 1 {
		t.Fatalf("fallbacks of the template: %v", uncommented.Relay.Fallback)
	}
	uncommented.Relay.Fallback = nil
	if len(uncommented.SignIn) != 1 {
		t.Fatalf("providers of the template: %v", uncommented.SignIn)
	}
	uncommented.SignIn = nil
	if s := &uncommented.SSO; len(s.Domains)+len(s.Addresses)+len(s.Roles)+len(s.ACR)+len(s.AMR) == 0 {
		s.Domains, s.Addresses, s.Roles, s.ACR, s.AMR = nil, nil, nil, nil, nil
	}
	if len(uncommented.Proxy.Trusted) == 0 {
		uncommented.Proxy.Trusted = nil
	}
	if len(uncommented.SMTP.GatewayNetworks) == 0 {
		uncommented.SMTP.GatewayNetworks = nil
	}
	if len(uncommented.Backup.Recipients) == 0 {
		uncommented.Backup.Recipients = nil
	}
	if len(uncommented.DNS.Servers) == 0 {
		uncommented.DNS.Servers = nil
	}
	if len(uncommented.Accounts.RequireSecondFactor) == 0 {
		uncommented.Accounts.RequireSecondFactor = nil
	}
	if r := &uncommented.Recipients; len(r.InlineDomains)+len(r.LinkDomains) == 0 {
		r.InlineDomains, r.LinkDomains = nil, nil
	}
	if !reflect.DeepEqual(given, uncommented) {
		t.Errorf("the defaults in the template are not those of the program:\n%+v\n%+v", given, uncommented)
	}
	var b bytes.Buffer
	if err := given.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range setting.FindAllString(b.String(), -1) {
		key, _, _ := strings.Cut(line, " =")
		if !strings.Contains("\n"+strings.ReplaceAll(all, "#", ""), "\n"+key) {
			t.Errorf("the template does not have %s", key)
		}
	}
	for _, line := range strings.Split(config.Template, "\n") {
		if len(line) > 100 {
			t.Errorf("a line is too long for a terminal: %s", line)
		}
	}
}

func TestWrittenSettingsAreReadAgain(t *testing.T) {
	want, err := config.Load(write(t, small), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := want.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(write(t, b.String()), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read again:\n%+v\nwant\n%+v", got, want)
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]config.Size{"0 B": 0, "1 KiB": 1024, "150 MiB": 150 << 20, "3GB": 3e9, " 2 TiB ": 2 << 40, "1025 B": 1025} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", text, got, err, want)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != want {
			t.Errorf("%q is written as %q, which is %d, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "1", "-1 B", "1.5 GiB", "MiB", "9999999999 TiB", "1 mib"} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func TestMailNameIsTheHostUnlessItIsSet(t *testing.T) {
	c := valid(t)
	if got := c.MailName(); got != "mail.contoso.example" {
		t.Errorf("MailName = %q", got)
	}
	c.SMTP.Name = "smtp.contoso.example"
	if got := c.MailName(); got != "smtp.contoso.example" {
		t.Errorf("MailName = %q", got)
	}
}
