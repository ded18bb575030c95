package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryWordCanBeCompleted(t *testing.T) {
	model := newParser(&operator{}).Model.Node
	tests := []struct {
		name, typed string // the last word is the one to complete
		want        []string
	}{
		{"a command", "acc", []string{"account"}},
		{"a command of a command", "account dis", []string{"disable"}},
		{"all of them", "account ", []string{"add", "list", "disable", "enable", "reset", "reset-factor", "unbind", "sign-out", "roles"}},
		{"a flag", "account add --na", []string{"--name"}},
		{"an end", "expire x --ne", []string{"--never"}},
		{"after a flag's value", "account --config /x add --na", []string{"--name"}},
		{"after a flag with its value", "account add --name=x --pass", []string{"--password-file"}},
		{"a file to restore from", "restore --from ", []string{files}},
		{"what there is of backups", "backup ver", []string{"verify"}},
		{"a choice", "completion ", []string{"bash", "zsh", "fish", "powershell"}},
		{"one choice", "completion f", []string{"fish"}},
		{"a role", "account add --role a", []string{"auditor", "admin"}},
		{"a role that bash took apart", "account add --role = a", []string{"auditor", "admin"}},
		{"another role", "account roles ada@contoso.example sender re", []string{"revoker"}},
		{"a file", "account list --config ", []string{files}},
		{"a file as an argument", "config init ", []string{files}},
		{"what nobody knows", "account disable ", nil},
		{"nonsense", "x y z", nil},
		{"both names of a command", "get-mess", []string{"Get-MessageTrace", "Get-MessageTraceV2"}},
		{"what a parameter can be", "Get-MessageTraceV2 -SubjectFilterType St", []string{"StartsWith"}},
		{"what people do not type", "compl", []string{"completion"}},
	}
	for _, tt := range tests {
		if got := complete(model, strings.Split(tt.typed, " ")); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q becomes %q, want %q", tt.name, tt.typed, got, tt.want)
		}
	}
	if got := complete(model, nil); len(got) < 5 || slices.Contains(got, "complete") {
		t.Errorf("nothing becomes %q, want all commands", got)
	}
}

func TestBashCompletesByAskingTheProgram(t *testing.T) {
	t.Parallel()
	// What bash does when Tab is pressed: it puts the words into variables and calls
	// the function that was registered.
	const press = `
source <("$1" completion bash)
[ "$(complete -p letterlock)" = "complete -F _letterlock letterlock" ] || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_letterlock
printf '%s\n' "${COMPREPLY[@]}"
`
	tests := []struct{ typed, want string }{
		{"account r", "reset reset-factor roles"},
		{"account add --role =", "sender auditor revoker admin"},
		{"account add --role = a", "auditor admin"},
		{"check --config completion.g", "completion.go"},
		{"nonsense ", ""},
	}
	for _, tt := range tests {
		args := append([]string{"-c", press, "bash", binary}, strings.Split(tt.typed, " ")...)
		out, err := exec.Command("bash", args...).CombinedOutput()
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != tt.want {
			t.Errorf("%q becomes %q, %v; want %q", tt.typed, got, err, tt.want)
		}
	}
}

// TestOtherShellsCompleteToo runs where these shells are installed.
func TestOtherShellsCompleteToo(t *testing.T) {
	scripts := map[string]struct {
		args   []string
		script string
	}{
		"fish": {[]string{"-c"}, `"$PROGRAM" completion fish | source; complete -C "letterlock $TYPED"`},
		"pwsh": {[]string{"-NoProfile", "-Command"}, `& $env:PROGRAM completion powershell | Out-String | Invoke-Expression
$line = "letterlock $env:TYPED"; (TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object { $_.CompletionText -replace '^\.[/\\]', '' }`},
		// compadd works inside the line editor alone: here it prints.
		"zsh": {[]string{"-f", "-c"}, `autoload -Uz compinit; compinit -u -D; source <("$PROGRAM" completion zsh)
[[ $_comps[letterlock] == _letterlock ]] || exit 1
compadd() { shift; print -l -- "$@" }
_files() { print -l *.go }
words=(letterlock "${(@s: :)TYPED}"); CURRENT=$#words; _letterlock`},
	}
	tests := []struct{ typed, want string }{
		{"account re", "reset"},
		{"account add --role a", "admin auditor"},
		{"get-omem", "Get-OMEMessageStatus"},
		{"completion ", "bash fish powershell zsh"},
		{"check --config completion.g", "completion.go"},
		{"nonsense x", ""},
	}
	for shell, how := range scripts {
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		for _, tt := range tests {
			cmd := exec.Command(shell, append(how.args, how.script)...)
			cmd.Env = append(os.Environ(), "PROGRAM="+binary, "TYPED="+tt.typed, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			got := strings.Fields(string(out))
			if shell == "zsh" && strings.HasPrefix(tt.typed, "check") {
				got = slices.DeleteFunc(got, func(w string) bool { return w != tt.want }) // it prints all files
			}
			slices.Sort(got)
			if err != nil || strings.Join(got, " ") != tt.want {
				t.Errorf("%s: %q becomes %q, %v; want %q", shell, tt.typed, out, err, tt.want)
			}
		}
	}
}
