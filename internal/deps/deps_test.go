package deps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of our own packages.
const module = "letterlock/"

// layers lists every package of ours, from the lowest layer to the highest. A
// package imports only from layers below its own, and within its own only where
// sideways says so. Some of the packages named here are still to come.
var layers = [][]string{
	0: {"internal/letterlock", "internal/config", "internal/certs", "internal/cputime", "internal/host", "internal/language", "internal/metrics", "internal/ratelimit", "internal/resolve", "internal/lane", "internal/live", "views", "static"},
	1: {"internal/eml", "internal/sanitize", "internal/seal", "internal/policy", "internal/rule", "internal/brand", "internal/api", "internal/audit", "internal/journal", "internal/table", "internal/picture", "internal/tnef", "internal/rtf", "internal/ical", "internal/dsn", "internal/dmarc", "internal/ome", "internal/passkey", "views/mail"},
	2: {"internal/store", "internal/notify", "internal/smtpout", "internal/oidc", "internal/vault", "internal/mx"},
	3: {"internal/access", "internal/intake", "internal/account", "internal/passcode", "internal/passphrase", "internal/release", "internal/outbox", "internal/track", "internal/inbox", "internal/session", "internal/auditlog", "internal/visit", "internal/once", "internal/upload", "internal/keys", "internal/backup", "internal/dkim", "internal/rulebook", "internal/brandbook", "internal/vouch", "internal/sso"},
	4: {"web", "internal/smtpd", "internal/control", "internal/apid"},
	5: {"internal/app", "internal/demo"},
	6: {"cmd/letterlock"},
}

// sideways says in which layers a package may import its neighbours. Use cases
// may not: two that must act together share a transaction of the store, or the
// edge calls both. Edges may not: they translate, each for itself.
var sideways = map[int]bool{0: true, 1: true, 2: true, 5: true}

// tests lists the packages for tests. They stand outside the layers, and only
// test files may import them. They stand alone, unless may says what they need.
var tests = []string{"internal/apitest", "internal/bench", "internal/browsertest", "internal/cutfs", "internal/deps", "internal/dist", "internal/mailtest", "internal/model", "internal/oidctest", "internal/passkeytest", "internal/seed", "internal/storetest", "internal/stress", "internal/stress/crashes", "internal/stress/cuts", "internal/stress/overload"}

// may lists packages of ours that may import only these of ours.
var may = map[string][]string{
	"views":              {"static", "internal/language"}, // a page shows its struct and nothing else: privacy, not taste
	"internal/seed":      {"internal/letterlock", "internal/store"},
	"internal/storetest": {"internal/store"},
	"internal/model":     {"internal/letterlock"}, // the words; whatever decides is the model's own
}

// never lists pairs: the first may not import the second, whatever the layers say.
var never = [][2]string{
	{"web", "internal/store"}, // what it cannot call it cannot break
}

// owners lists, for a library by the beginning of its path, the packages that
// alone may know it.
var owners = map[string][]string{
	"github.com/labstack/echo":       {"web"},
	"github.com/pquerna/otp":         {"internal/account"},
	"github.com/go-webauthn":         {"internal/passkey"},
	"modernc.org/sqlite":             {"internal/store"},
	"github.com/pressly/goose":       {"internal/store"},
	"github.com/chromedp":            {"internal/browsertest"},
	"github.com/emersion/go-smtp":    {"internal/smtpd", "internal/smtpout", "internal/mailtest"},
	"github.com/emersion/go-msgauth": {"internal/dkim"},
	"testing":                        {"internal/browsertest", "internal/mailtest", "internal/oidctest", "internal/passkeytest", "internal/storetest"},
	"github.com/coreos/go-oidc":      {"internal/oidc"},
	"golang.org/x/oauth2":            {"internal/oidc"},
	"github.com/prometheus":          {"internal/metrics"},
	"github.com/jhillyerd/enmime":    {}, // an oracle for tests
	"github.com/danielgtaylor/huma":  {"internal/apid"},
	"golang.org/x/image":             {"internal/picture", "internal/ome"},
	"github.com/miekg/dns":           {"internal/mx", "internal/resolve"},
	"blitiri.com.ar/go/spf":          {"internal/app"},
	"github.com/hanwen/go-fuse":      {"internal/cutfs"},
	"github.com/nicksnyder/go-i18n":  {"internal/language"},
	"pgregory.net/rapid":             {}, // it makes histories and properties up, in tests
}

// A node is a package and what its files, test files aside, import.
type node struct {
	ImportPath string
	Imports    []string
}

func TestImportsOnlyPointDown(t *testing.T) {
	graph := load(t)
	if len(graph) < 2 {
		t.Fatalf("go list knows %d packages: this test would prove nothing", len(graph))
	}
	for _, v := range violations(graph) {
		t.Error(v)
	}
}

// load asks the go command for our packages.
func load(t *testing.T) []node {
	t.Helper()
	// -e: what does not compile is for the compiler to say.
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var graph []node
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var n node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return graph
		} else if err != nil {
			t.Fatal(err)
		}
		graph = append(graph, n)
	}
}

// violations says what is wrong with the imports, one sentence for each.
func violations(graph []node) []string {
	var wrong []string
	for _, n := range graph {
		from := strings.TrimPrefix(n.ImportPath, module)
		if layerOf(from) < 0 && !slices.Contains(tests, from) {
			wrong = append(wrong, fmt.Sprintf("%s is in no layer: give it a place in internal/deps", from))
			continue
		}
		for _, path := range n.Imports {
			to, ours := strings.CutPrefix(path, module)
			reason := ""
			if ours {
				reason = refuse(from, to)
			} else {
				reason = refuseLibrary(from, path)
			}
			if reason != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", from, to, reason))
			}
		}
	}
	return wrong
}

// refuse says why one package of ours may not import another; "" if it may.
func refuse(from, to string) string {
	below, above := layerOf(to), layerOf(from)
	allowed, limited := may[from]
	switch {
	case slices.Contains(tests, to):
		return "only test files may"
	case slices.Contains(never, [2]string{from, to}):
		return "it must not reach that"
	case limited && !slices.Contains(allowed, to):
		return fmt.Sprintf("it may import only %s", strings.Join(allowed, " and "))
	case limited && slices.Contains(tests, from):
		return ""
	case slices.Contains(tests, from):
		return "a package for tests stands alone"
	case below < 0:
		return "that is in no layer"
	case below > above:
		return fmt.Sprintf("layer %d must not know layer %d", above, below)
	case below == above && !sideways[above]:
		return fmt.Sprintf("layer %d allows nothing sideways", above)
	}
	return ""
}

// refuseLibrary says why a package may not import one that is not ours.
func refuseLibrary(from, path string) string {
	for library, allowed := range owners {
		if (path == library || strings.HasPrefix(path, library+"/")) && !slices.Contains(allowed, from) {
			if len(allowed) == 0 {
				return "only test files may"
			}
			return fmt.Sprintf("only %s may", strings.Join(allowed, " and "))
		}
	}
	return ""
}

// layerOf returns the layer of a package of ours, -1 if it has none.
func layerOf(path string) int {
	return slices.IndexFunc(layers, func(layer []string) bool { return slices.Contains(layer, path) })
}

func TestViolationsAreFound(t *testing.T) {
	tests := []struct {
		name     string
		from, to string
		want     string // in the sentence; empty: allowed
	}{
		{name: "down", from: "letterlock/internal/intake", to: "letterlock/internal/store"},
		{name: "far down", from: "letterlock/cmd/letterlock", to: "letterlock/internal/letterlock"},
		{name: "up", from: "letterlock/internal/store", to: "letterlock/internal/access", want: "layer 2 must not know layer 3"},
		{name: "use case beside use case", from: "letterlock/internal/access", to: "letterlock/internal/track", want: "layer 3 allows nothing sideways"},
		{name: "edge beside edge", from: "letterlock/web", to: "letterlock/internal/smtpd", want: "layer 4 allows nothing sideways"},
		{name: "knowledge beside knowledge", from: "letterlock/internal/policy", to: "letterlock/internal/brand"},
		{name: "demo beside app", from: "letterlock/internal/demo", to: "letterlock/internal/app"},
		{name: "page and style sheet", from: "letterlock/views", to: "letterlock/static"},
		{name: "page and vocabulary", from: "letterlock/views", to: "letterlock/internal/letterlock", want: "only static and internal/language"},
		{name: "web and store", from: "letterlock/web", to: "letterlock/internal/store", want: "must not reach"},
		{name: "unknown package", from: "letterlock/internal/util", to: "fmt", want: "in no layer"},
		{name: "import of an unknown package", from: "letterlock/web", to: "letterlock/web/util", want: "in no layer"},
		{name: "browser in a program", from: "letterlock/web", to: "letterlock/internal/browsertest", want: "only test files"},
		{name: "browser that knows us", from: "letterlock/internal/browsertest", to: "letterlock/internal/letterlock", want: "stands alone"},
		{name: "Echo in web", from: "letterlock/web", to: "github.com/labstack/echo/v4/middleware"},
		{name: "Echo in app", from: "letterlock/internal/app", to: "github.com/labstack/echo/v4", want: "only web may"},
		{name: "SQLite in store", from: "letterlock/internal/store", to: "modernc.org/sqlite"},
		{name: "SQLite in track", from: "letterlock/internal/track", to: "modernc.org/sqlite/lib", want: "only internal/store may"},
		{name: "goose in app", from: "letterlock/internal/app", to: "github.com/pressly/goose/v3", want: "only internal/store may"},
		{name: "Prometheus in web", from: "letterlock/web", to: "github.com/prometheus/client_golang/prometheus", want: "only internal/metrics may"},
		{name: "metrics in store", from: "letterlock/internal/store", to: "letterlock/internal/metrics"},
		{name: "testing in a program", from: "letterlock/internal/inbox", to: "testing", want: "only internal/browsertest and internal/mailtest and internal/oidctest and internal/passkeytest and internal/storetest may"},
		{name: "an oracle in a program", from: "letterlock/internal/eml", to: "github.com/jhillyerd/enmime/v2", want: "only test files"},
		{name: "a name that only begins alike", from: "letterlock/internal/eml", to: "testingground"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations([]node{{tt.from, []string{tt.to}}})
			if tt.want == "" && len(got) > 0 {
				t.Errorf("%s importing %s is refused: %q", tt.from, tt.to, got)
			}
			if tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("%s importing %s: %q, want one sentence with %q", tt.from, tt.to, got, tt.want)
			}
		})
	}
}

func TestTheTableOfLayersInTheDocumentIsThatOfTheTest(t *testing.T) {
	document, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, layer := range layers {
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %d [^|]*\|(.*)\|$`, i)).FindSubmatch(document)
		if row == nil {
			t.Errorf("the table lacks layer %d", i)
			continue
		}
		var got []string
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllSubmatch(row[1], -1) {
			path := string(name[1])
			if !slices.Contains(layer, path) {
				path = "internal/" + path // which a row says of its first alone
			}
			got = append(got, path)
		}
		want := slices.Sorted(slices.Values(layer))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("layer %d of the table has %q, want %q", i, got, want)
		}
	}
}

func TestNoPackageIsInTwoLayers(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range slices.Concat(slices.Concat(layers...), tests) {
		if seen[path] {
			t.Errorf("%s has two places", path)
		}
		seen[path] = true
	}
}
