package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// at is a moment of the transcripts.
func at(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }

// offer is a message whose subject would turn the terminal red, if it could.
var offer = api.Message{
	ID: "abcdefghijklmnopqrstuvwxya", MessageID: "<offer-1@contoso.example>", Date: at(9, 42), Sender: "ada@contoso.example", SenderName: "Ada Lindqvist",
	Subject: "Offer \x1b[31m\u202etfard", Protection: "encrypt-only", EncryptionMethod: "policy", DecidedBy: "rule money", Via: "submission", Size: 4096,
	Attachments: 1, Expires: at(9, 42).AddDate(0, 1, 0), State: "live", IsRevocable: true,
	Recipients: []api.Recipient{
		{Address: "nora.vale@gmail.com", Name: "Nora\tVale", Field: "to", IdentityType: "google", Experience: "link", State: "live", FirstRead: at(10, 1), LastRead: at(10, 5), Notified: at(9, 42)},
		{Address: "carol@outlook.com", Field: "cc", IdentityType: "microsoft-account", Experience: "inline", State: "inline", Notified: at(9, 43)},
	},
}

// A canned is a server whose every answer was written before.
type canned map[string]any

func (c canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + strings.TrimPrefix(r.URL.Path, api.Prefix)
	if r.URL.RawQuery != "" {
		what += "?" + r.URL.RawQuery
	}
	answer, known := c[what]
	if r.Header.Get("Authorization") != "Bearer llt_known" {
		answer, known = &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}, true
	}
	if !known {
		answer = fmt.Errorf("nothing is written for %s", what)
	}
	switch a := answer.(type) {
	case error:
		p := api.ProblemOf(a)
		if !known {
			p.Detail = a.Error()
		}
		p.Write(w)
	case string:
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, a)
	case nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(a); err != nil {
			panic(err)
		}
	}
}

// TestTranscripts types commands, and compares what they print with what is in
// testdata. A line that begins with "$ " is a command, one with "< " what is typed
// while it runs.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	s := httptest.NewServer(answers())
	defer s.Close()
	env := []string{"LETTERLOCK_URL=" + s.URL, "LETTERLOCK_TOKEN_FILE=" + fileWith(t, "llt_known\n", 0o600), "TZ=UTC"}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := transcript(t, string(want), env)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("%s: got\n%s", file, got)
			}
		})
	}
}

// transcript types the commands of a transcript again.
func transcript(t *testing.T, script string, env []string) string {
	t.Helper()
	var out strings.Builder
	var typed []string
	run := func() {
		if len(typed) == 0 {
			return
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-c", typed[0])
		cmd.Env = append([]string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH")}, env...)
		cmd.Stdin = strings.NewReader(strings.Join(typed[1:], "\n"))
		var o bytes.Buffer
		cmd.Stdout, cmd.Stderr = &o, &o
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		out.Write(o.Bytes())
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			fmt.Fprintf(&out, "[ended with %d]\n", code)
		}
		typed = nil
	}
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "$ "):
			run()
			typed = []string{line[2:]}
		case strings.HasPrefix(line, "< ") && len(typed) > 0:
			typed = append(typed, line[2:])
		case strings.HasPrefix(line, "# "):
			run()
		default:
			continue
		}
		fmt.Fprintln(&out, line)
	}
	run()
	return out.String()
}
