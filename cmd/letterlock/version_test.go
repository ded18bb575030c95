package main

import (
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionNamesTheCommit(t *testing.T) {
	tests := []struct {
		name     string
		settings []debug.BuildSetting
		want     string
	}{
		{name: "no clone", want: "letterlock 1.2.3"},
		{name: "commit", settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}, want: "letterlock 1.2.3, commit abc"},
		{name: "commit and more", settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}, want: "letterlock 1.2.3, commit abc with changes"},
		{name: "changes of nothing", settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}}, want: "letterlock 1.2.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := describe("1.2.3", recorded(tt.settings)); got != tt.want {
				t.Errorf("describe = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestVersionIsPrinted(t *testing.T) {
	out, err := exec.Command(binary, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "letterlock "+version {
		t.Errorf("letterlock version prints %q, want %q: the tests build it without a commit", got, "letterlock "+version)
	}
}
