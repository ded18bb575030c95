package main

import (
	"errors"
	"io/fs"
	"os"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
)

// usual is where the package puts the settings.
const usual = "/etc/letterlock/letterlock.toml"

// settings says where the settings are; commands embed it.
type settings struct {
	Config *string `name:"config" short:"c" type:"path" env:"LETTERLOCK_CONFIG" placeholder:"FILE" help:"File of settings. Default: /etc/letterlock/letterlock.toml if it is there; otherwise the environment alone."`
}

// load reads the settings from the file and the environment.
func (s settings) load() (config.Config, error) {
	path := usual
	if s.Config != nil {
		path = *s.Config
	} else if _, err := os.Stat(usual); errors.Is(err, fs.ErrNotExist) {
		path = ""
	}
	cfg, err := config.Load(path, os.Environ())
	if err != nil {
		return cfg, &letterlock.Error{Code: letterlock.Invalid, Key: "settings", Err: err}
	}
	return cfg, nil
}
