package main

import (
	"fmt"
	"slices"
	"strings"

	"letterlock/internal/letterlock"

	"github.com/alecthomas/kong"
)

// isCmdlet reports whether a command is one in AME's own words: its name is a verb
// and a noun, as PowerShell writes them.
func isCmdlet(n *kong.Node) bool {
	return n.Type == kong.CommandNode && strings.Contains(n.Name, "-") && n.Name != strings.ToLower(n.Name)
}

// cmdlet returns the command that a word names in AME's own words, however it is
// spelled in capitals and small letters; nil: none.
func cmdlet(model *kong.Node, word string) *kong.Node {
	for _, n := range model.Children {
		if isCmdlet(n) && isCalled(n, word) {
			return n
		}
	}
	return nil
}

// isCalled reports whether a word is a name of a cmdlet.
func isCalled(n *kong.Node, word string) bool {
	return strings.EqualFold(n.Name, word) || slices.ContainsFunc(n.Aliases, func(a string) bool { return strings.EqualFold(a, word) })
}

// translate turns a command line in AME's own words, as it is typed into
// PowerShell, into one that our parser understands. Others it leaves as they are.
func translate(model *kong.Node, args []string) ([]string, error) {
	if len(args) == 0 {
		return args, nil
	}
	c := cmdlet(model, args[0])
	if c == nil {
		return args, nil
	}
	out := []string{c.Name}
	for rest := args[1:]; len(rest) > 0; {
		word := rest[0]
		name, isParameter := parameterName(word)
		if strings.HasPrefix(word, "--") || !isParameter {
			var err error
			if rest, out, err = ours(c, rest, out); err != nil {
				return nil, err
			}
			continue
		}
		if name == "?" {
			return []string{c.Name, "--help"}, nil
		}
		typed, value, inline := strings.Cut(name, ":")
		f, err := parameter(c, typed)
		if err != nil {
			return nil, err
		}
		if inline && value != "" { // as in -Name:value
			rest = append([]string{value}, rest[1:]...)
		} else {
			rest = rest[1:]
		}
		if value, rest, err = parameterValue(c, f, rest, inline); err != nil {
			return nil, err
		}
		out = append(out, "--"+f.Name+"="+value)
	}
	return out, nil
}

// ours takes what is no parameter of PowerShell: a flag of ours, like --json, with
// its value.
func ours(c *kong.Node, rest, out []string) (left, taken []string, err error) {
	word := rest[0]
	f, inline := flagOf(c, word)
	if !strings.HasPrefix(word, "--") {
		return nil, nil, misused("%s takes no %q here; name what it is, as in -MessageId %[2]q", c.Name, word)
	}
	if f != nil && !inline && !f.IsBool() && len(rest) > 1 {
		return rest[2:], append(out, word, rest[1]), says(f, rest[1])
	}
	if _, value, _ := strings.Cut(word, "="); inline {
		err = says(f, value)
	}
	return rest[1:], append(out, word), err
}

// parameterName returns what stands after the dash of a parameter. PowerShell takes
// the dashes of a typesetter too, which come with text that is copied from a page.
func parameterName(word string) (string, bool) {
	for _, dash := range []string{"-", "–", "—", "―"} {
		if name, ok := strings.CutPrefix(word, dash); ok && name != "" {
			return name, name == "?" || name[0] >= 'A' && name[0] <= 'Z' || name[0] >= 'a' && name[0] <= 'z'
		}
	}
	return "", false
}

// parameter returns the one that is meant: by its name, or by a beginning that no
// other has.
func parameter(c *kong.Node, typed string) (*kong.Flag, error) {
	var names []string
	var found *kong.Flag
	var like []string
	for _, f := range c.Flags {
		if f.Name == strings.ToLower(f.Name) {
			continue // one of ours
		}
		if strings.EqualFold(f.Name, typed) {
			return f, nil
		}
		names = append(names, "-"+f.Name)
		if len(typed) <= len(f.Name) && strings.EqualFold(f.Name[:len(typed)], typed) {
			found, like = f, append(like, "-"+f.Name)
		}
	}
	switch len(like) {
	case 1:
		return found, nil
	case 0:
		if why := foreign(c.Name, typed); why != "" {
			return nil, misused("%s", why)
		}
		return nil, misused("%s knows no parameter -%s; it knows %s", c.Name, typed, strings.Join(names, ", "))
	}
	return nil, misused("-%s could be %s", typed, strings.Join(like, " or "))
}

// foreignParameters are those of AME that have no meaning here, with the reason: of one
// cmdlet, and of all.
var foreignParameters = map[string][]struct{ name, why string }{
	"Get-MessageTrace": {
		{"FromIP", "no message keeps the IP address that it came from; the audit log has that of whoever submitted it"},
		{"ToIP", "the relay chooses the IP address that mail goes to, and does not tell it"},
		{"ProbeTag", "Microsoft has reserved it for its own use"},
		{"Expression", "Microsoft has reserved it for its own use"},
	},
	"": {
		{"ErrorAction", "a command ends with its first error, and its exit code tells the kind"},
		{"ErrorVariable", "errors go to standard error"},
		{"WarningAction", "there are no warnings"},
		{"WarningVariable", "there are no warnings"},
		{"InformationAction", "there is nothing but the answer"},
		{"InformationVariable", "there is nothing but the answer"},
		{"ProgressAction", "no progress is shown"},
		{"OutVariable", "the answer goes to standard output, with --json for programs"},
		{"OutBuffer", "the answer goes to standard output, with --json for programs"},
		{"PipelineVariable", "the answer goes to standard output, with --json for programs"},
		{"Verbose", "there is nothing more to say"},
		{"Debug", "there is nothing more to say"},
	},
}

// foreign says why a parameter of AME, or one that every cmdlet has, is refused; empty:
// it is neither.
func foreign(command, typed string) string {
	for _, list := range [][]struct{ name, why string }{foreignParameters[command], foreignParameters[""]} {
		for _, p := range list {
			if strings.EqualFold(p.name, typed) {
				return "-" + p.name + " has no meaning here: " + p.why
			}
		}
	}
	return ""
}

// parameterValue takes the value of a parameter off what is left of the command
// line. Inline it stood in the word of the name.
func parameterValue(c *kong.Node, f *kong.Flag, rest []string, inline bool) (value string, left []string, err error) {
	absent := len(rest) == 0 || !inline && isParameter(c, rest[0])
	if f.IsBool() {
		return truth(f, rest, absent, inline)
	}
	if absent {
		return "", nil, misused("-%s needs a value", f.Name)
	}
	value, left = rest[0], rest[1:]
	// A list has blanks after its commas, and the shell has cut it there.
	for strings.HasSuffix(value, ",") && len(left) > 0 {
		value, left = value+left[0], left[1:]
	}
	return value, left, says(f, value)
}

// says refuses a value, or one of a list, that says nothing and is to narrow what is
// found. A variable that a script has not set would have a command find all there is.
func says(f *kong.Flag, value string) error {
	if !f.Tag.Has("narrows") {
		return nil
	}
	pieces := []string{value}
	if f.IsSlice() {
		pieces = strings.Split(value, ",")
	}
	if slices.ContainsFunc(pieces, func(s string) bool { return strings.TrimSpace(s) == "" }) {
		return misused("-%s is empty, or a part of its list is; leave that out, or give it a value", f.Name)
	}
	return nil
}

// isParameter reports whether a word is a parameter and not the value of one.
func isParameter(c *kong.Node, word string) bool {
	if strings.HasPrefix(word, "--") {
		return true
	}
	name, is := parameterName(word)
	if !is {
		return false
	}
	typed, _, _ := strings.Cut(name, ":")
	_, err := parameter(c, typed)
	return err == nil
}

// truths are what PowerShell takes for a truth, and what our parser does.
var truths = map[string]string{"$true": "true", "true": "true", "1": "true", "$false": "false", "false": "false", "0": "false"}

// truth takes the value of a truth. That a switch is there makes it true.
func truth(f *kong.Flag, rest []string, absent, inline bool) (value string, left []string, err error) {
	if !absent {
		if value, known := truths[strings.ToLower(rest[0])]; known {
			return value, rest[1:], nil
		}
	}
	if f.Tag.Has("switch") && !inline {
		return "true", rest, nil
	}
	return "", nil, misused("-%s takes $true or $false", f.Name)
}

// misused is for what PowerShell would not have understood either.
func misused(format string, args ...any) error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: "parameter", Err: fmt.Errorf(format, args...)}
}
