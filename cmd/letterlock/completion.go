package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell needs to complete our commands.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"bash, zsh, fish or powershell."`
}

// scripts have a shell ask the program itself: what can be typed is known in one
// place, and is right after an upgrade too.
var scripts = map[string]string{
	"bash": `# Completion of letterlock in bash. For one session: source <(letterlock completion bash)
_letterlock() {
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	if [ "${COMPREPLY[0]}" = ":files" ]; then
		COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
		compopt -o filenames 2>/dev/null
	fi
}
complete -F _letterlock letterlock
`,
	"zsh": `#compdef letterlock
# Completion of letterlock in zsh. For one session: source <(letterlock completion zsh)
_letterlock() {
	local -a found
	found=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ "${found[1]}" == ":files" ]]; then
		_files
	elif [[ -n "${found[1]}" ]]; then
		compadd -- "${found[@]}"
	fi
}
if [[ "${funcstack[1]}" == "_letterlock" ]]; then
	_letterlock "$@"
else
	compdef _letterlock letterlock
fi
`,
	"fish": `# Completion of letterlock in fish. For one session: letterlock completion fish | source
function __letterlock_complete
	set -l typed (commandline -opc) (commandline -ct)
	set -l found ($typed[1] complete -- $typed[2..-1] 2>/dev/null)
	if test "$found[1]" = ":files"
		__fish_complete_path (commandline -ct)
	else
		printf '%s\n' $found
	end
end
complete -c letterlock -f -a '(__letterlock_complete)'
`,
	// PowerShell itself offers files where nothing is printed. Before version 7.3 it gives
	// no program an empty word: an equals sign stands for it.
	"powershell": `# Completion of letterlock in PowerShell. For one session: letterlock completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName letterlock -ScriptBlock {
	param($word, $ast, $cursor)
	$typed = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -le $cursor } | ForEach-Object { $_.Extent.Text })
	$program = $typed[0]
	$typed = @($typed | Select-Object -Skip 1)
	if ($word -eq '') { $typed += '=' }
	& $program complete '--' $typed 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
		[System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
	}
}
`,
}

// Run prints the script.
func (c *completionCommand) Run(o *operator) error {
	_, err := io.WriteString(o.out, scripts[c.Shell])
	return err
}

// completeCommand is what the scripts ask. People do not see it.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:"all" help:"What is typed so far, after the name of the program; the last word is the one to complete."`
}

// files is what a shell completes by itself.
const files = ":files"

// Run prints what the last word can become, one to a line.
func (c *completeCommand) Run(k *kong.Context, o *operator) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, word := range complete(k.Model.Node, words) {
		if _, err := fmt.Fprintln(o.out, word); err != nil {
			return err
		}
	}
	return nil
}

// complete returns what the last of the words can become. Words that make no sense
// are passed over: whoever types may be about to correct them.
func complete(node *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last := len(words) - 1
	if words[last] == "=" { // which bash takes for a word of its own
		words = append(slices.Clone(words[:last]), "")
	}
	var value *kong.Value // that the next word is
	taken := 0            // of the node's positionals
	for _, w := range words[:last] {
		flag, inline := flagOf(node, w)
		switch {
		case value != nil && w != "=":
			value = nil
		case flag != nil && !inline && !flag.IsBool():
			value = flag.Value
		case strings.HasPrefix(w, "-") || w == "=":
		default:
			if child := childOf(node, w); child != nil {
				node, taken = child, 0
			} else {
				taken++
			}
		}
	}
	return begin(words[last], candidates(node, value, taken, words[last]))
}

// candidates are what can stand where the last word is, whatever it begins with.
func candidates(node *kong.Node, value *kong.Value, taken int, last string) []string {
	if value != nil {
		return values(value)
	}
	if strings.HasPrefix(last, "-") {
		return flagNames(node)
	}
	if len(node.Children) > 0 && taken == 0 {
		return childNames(node)
	}
	if n := len(node.Positional); n > 0 {
		if taken < n {
			return values(node.Positional[taken])
		}
		if p := node.Positional[n-1]; p.IsCumulative() {
			return values(p)
		}
	}
	return nil
}

// values are those that a flag or an argument can have, as far as they are known.
func values(v *kong.Value) []string {
	if offer := v.Tag.Get("offer"); offer != "" {
		return strings.Split(offer, ",")
	}
	if v.Tag.Type == "path" || v.Tag.Type == "existingfile" {
		return []string{files}
	}
	return slices.DeleteFunc(v.EnumSlice(), func(s string) bool { return s == "" })
}

func flagNames(node *kong.Node) []string {
	dash := "--"
	if isCmdlet(node) {
		dash = "-"
	}
	var names []string
	for n := node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if f.Hidden {
				continue
			}
			if f.Name == strings.ToLower(f.Name) {
				names = append(names, "--"+f.Name)
			} else {
				names = append(names, dash+f.Name)
			}
		}
	}
	return names
}

func childNames(node *kong.Node) []string {
	var names []string
	for _, c := range node.Children {
		if !c.Hidden {
			names = append(append(names, c.Name), c.Aliases...)
		}
	}
	return names
}

func childOf(node *kong.Node, word string) *kong.Node {
	for _, c := range node.Children {
		if c.Name == word || isCmdlet(c) && isCalled(c, word) {
			return c
		}
	}
	return nil
}

// flagOf returns the flag that a word names, if any, and whether its value stands
// in the same word.
func flagOf(node *kong.Node, word string) (flag *kong.Flag, inline bool) {
	dashes := len(word) - len(strings.TrimLeft(word, "-"))
	if dashes == 0 || dashes > 2 {
		return nil, false
	}
	end := strings.IndexAny(word, "=:")
	name := word[dashes:]
	if end > 0 {
		name = word[dashes:end]
	}
	for n := node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if dashes == 2 && f.Name == name || dashes == 1 && f.Short != 0 && string(f.Short) == name ||
				isCmdlet(n) && strings.EqualFold(f.Name, name) {
				return f, end > 0
			}
		}
	}
	return nil, false
}

// begin keeps the words that begin like what is typed. What the shell is to
// complete stays: the shell looks at its beginning itself.
func begin(typed string, words []string) []string {
	fold := strings.HasPrefix(typed, "-") || len(typed) > 3 // a cmdlet or its parameter
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		if w == files || strings.HasPrefix(w, typed) {
			return false
		}
		return !(fold && len(w) >= len(typed) && strings.EqualFold(w[:len(typed)], typed))
	})
}
