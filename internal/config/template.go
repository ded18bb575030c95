package config

import (
	_ "embed"
	"io"

	"github.com/BurntSushi/toml"
)

// Template is a file of settings to begin with: every setting with what it means,
// those with a default as a comment that says it.
//
//go:embed letterlock.toml
var Template string

// Write writes all settings as they are in effect, in the form of the file. There
// is no secret among them.
func (c Config) Write(w io.Writer) error {
	e := toml.NewEncoder(w)
	e.Indent = ""
	return e.Encode(c)
}
