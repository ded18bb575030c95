package main

import (
	"fmt"
	"runtime/debug"

	// A time zone can be set by name, and neither a container nor a small machine
	// needs to have the files that know it. Where they are, they come first.
	_ "time/tzdata"
)

// version is the release that this is, or that comes next. 'make dist' names its
// files by it.
const version = "0.1.0"

// commit is what 'make dist' built, put in by the linker. Empty: what the go
// command recorded, which depends on the folder and the tags of a clone and would
// make two builds of one commit differ.
var commit string

type versionCommand struct{}

// Run says which version this is and what it was built from.
func (versionCommand) Run() error {
	_, err := fmt.Println(describe(version, builtFrom()))
	return err
}

func describe(version, commit string) string {
	if commit == "" {
		return "letterlock " + version
	}
	return fmt.Sprintf("letterlock %s, commit %s", version, commit)
}

// builtFrom returns the commit of this program, with a mark if its files were not
// those of the commit; "" if nobody knows.
func builtFrom() string {
	if commit != "" {
		return commit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return recorded(info.Settings)
}

func recorded(settings []debug.BuildSetting) string {
	var of, mark string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			of = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			mark = " with changes"
		}
	}
	if of == "" {
		return ""
	}
	return of + mark
}
