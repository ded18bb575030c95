package config_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/config"
)

// valid returns settings with which everything is in order.
func valid(t *testing.T) config.Config {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	c.PublicURL = parse(t, "https://mail.contoso.example")
	c.DataDir = filepath.Join(dir, "data")
	c.MasterKeyFile = filepath.Join(dir, "master.key")
	c.Organization = config.Organization{Name: "Contoso", Domains: []string{"contoso.example"}, Notify: "portal@contoso.example"}
	return c
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string // setting that is named; empty: valid
	}{
		{"nothing", func(*config.Config) {}, ""},
		{"no public URL", func(c *config.Config) { c.PublicURL = nil }, "public_url"},
		{"no data folder", func(c *config.Config) { c.DataDir = "" }, "data_dir"},
		{"no master key file", func(c *config.Config) { c.MasterKeyFile = "" }, "master_key_file"},
		{"no name", func(c *config.Config) { c.Organization.Name = "" }, "organization.name"},
		{"no domains", func(c *config.Config) { c.Organization.Domains = nil }, "organization.domains"},
		{"a domain in capitals", func(c *config.Config) { c.Organization.Domains = []string{"contoso.example", "Contoso.org"} }, "organization.domains"},
		{"a domain in Unicode", func(c *config.Config) { c.Organization.Domains = []string{"bücher.example"} }, "organization.domains"},
		{"an empty domain", func(c *config.Config) { c.Organization.Domains = []string{""} }, "organization.domains"},
		{"a domain with a dot before it", func(c *config.Config) { c.Organization.Domains = []string{".contoso.example"} }, "organization.domains"},
		{"an international domain", func(c *config.Config) { c.Organization.Domains = []string{"xn--bcher-kva.example"} }, ""},
		{"no sender of notifications", func(c *config.Config) { c.Organization.Notify = "" }, "organization.notify"},
		{"a sender that is no address", func(c *config.Config) { c.Organization.Notify = "portal" }, "organization.notify"},
		{"a sender with a line end", func(c *config.Config) { c.Organization.Notify = "portal@contoso.example\r\nBcc: x@y.example" }, "organization.notify"},
		{"an administrator who is no address", func(c *config.Config) { c.Organization.Admin = "grace" }, "organization.admin"},
		{"an administrator", func(c *config.Config) { c.Organization.Admin = "grace@contoso.example" }, ""},
		{"no size", func(c *config.Config) { c.MaxMessage = 0 }, "max_message"},
		{"negative size", func(c *config.Config) { c.MaxMessage = -1 }, "max_message"},
		{"no time zone", func(c *config.Config) { c.Location = nil }, "location"},
		{"another time zone", func(c *config.Config) { c.Location = time.UTC }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid(t)
			tt.change(&c)
			checkNamed(t, c.Validate(), tt.want)
		})
	}
}

// checkNamed requires an error of one line that names a setting, or none.
func checkNamed(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("Validate = %v, want no error", err)
	case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+": ") || strings.Contains(err.Error(), "\n")):
		t.Errorf("Validate = %v, want an error about %s alone", err, want)
	}
}

func TestPublicURLIsAnOriginAndSafe(t *testing.T) {
	tests := map[string]bool{
		"https://mail.contoso.example":      true,
		"https://mail.contoso.example/":     true,
		"https://mail.contoso.example:8443": true,
		"https://192.0.2.1":                 true,
		"http://localhost:8080":             true,
		"http://127.0.0.1:8080":             true,
		"http://[::1]:8080":                 true,
		"http://127.8.9.1":                  true,
		"http://mail.contoso.example":       false,
		"http://localhost.evil.example":     false,
		"http://127.0.0.1.evil.example":     false,
		"http://0.0.0.0:8080":               false,
		"ftp://localhost":                   false,
		"//mail.contoso.example":            false,
		"mail.contoso.example":              false,
		"https:mail.contoso.example":        false,
		"https://":                          false,
		"https://:8443":                     false,
		"https://mail.contoso.example/app":  false,
		"https://mail.contoso.example?x=1":  false,
		"https://mail.contoso.example?":     false,
		"https://mail.contoso.example/#x":   false,
		"https://ada@mail.contoso.example":  false,
		"https://ada:pw@localhost":          false,
	}
	for s, ok := range tests {
		c := valid(t)
		c.PublicURL = parse(t, s)
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("public URL %q: %v, want valid %v", s, err, ok)
		}
	}
}

func TestValidateSaysAllAtOnce(t *testing.T) {
	err := config.Config{}.Validate()
	if err == nil {
		t.Fatal("the zero Config is valid")
	}
	for _, want := range []string{"public_url", "data_dir", "master_key_file", "organization.name", "organization.domains",
		"organization.notify", "max_message"} {
		if !strings.Contains(err.Error(), want+": ") {
			t.Errorf("the zero Config: no word about %s in %q", want, err)
		}
	}
}

func TestMasterKeyInsideTheDataFolderIsRefusedHoweverItIsSpelled(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	for _, dir := range []string{"data/keys", "elsewhere", "data-keys"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link-to-data": "data", "link-to-keys": "data/keys", "data/out": "../elsewhere"} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		dir, file string
		ok        bool
	}{
		{"data", "master.key", true},
		{"data", "data-keys/master.key", true},
		{"data", "data/../master.key", true},
		{"data", "..master.key", true},
		{"data", "not-there/master.key", true},
		{"data/keys", "data/master.key", true},
		{"data", "data/master.key", false},
		{"data", "data/..master.key", false},
		{"data/", "./data//master.key", false},
		{"./data", "elsewhere/../data/keys/master.key", false},
		{"data", filepath.Join(root, "data", "master.key"), false},
		{filepath.Join(root, "data"), "data/keys/master.key", false},
		{"data", "data", false},
		{"data", "link-to-data/master.key", false},
		{"link-to-data", "data/master.key", false},
		{"data", "link-to-keys/master.key", false},
		{"data", "link-to-data/not-there/yet/master.key", false},
		{"not-there", "not-there/master.key", false},
		{".", "master.key", false},
		{"/", "master.key", false},
		// By this path the folder holds the file: a copy that follows links has both.
		{"data", "data/out/master.key", false},
	}
	for _, tt := range tests {
		c := valid(t)
		c.DataDir, c.MasterKeyFile = tt.dir, tt.file
		err := c.Validate()
		if (err == nil) != tt.ok || err != nil && !strings.HasPrefix(err.Error(), "master_key_file: ") {
			t.Errorf("data folder %q, master key file %q: %v, want valid %v", tt.dir, tt.file, err, tt.ok)
		}
	}
}

func TestLoopbackIsThisMachineOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.255.0.3": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "192.168.0.1": false, "localhost.": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "127.1": false, "2130706433": false,
	} {
		if got := config.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v, want %v", host, got, want)
		}
	}
}
