package config

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// prefix begins the names of all our environment variables.
const prefix = "LETTERLOCK_"

// elsewhere are variables with our prefix that are no settings.
var elsewhere = []string{"CONFIG", "URL", "TOKEN_FILE", "CA_FILE", "STRESS", "BENCH_FULL"}

// Load reads the settings: defaults, over them the file, over that the
// environment, a list of NAME=value as os.Environ returns it. Without a path there
// is only the environment. What is unknown is an error: a misspelt setting must
// not be taken for its default. Names of files are read from the folder of the
// settings.
//
// It does not say whether the settings make sense, see Config.Validate.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	var errs []error
	if path != "" {
		errs = append(errs, c.readFile(path))
	}
	// All at once: who repairs a file wants to know everything that is wrong.
	errs = append(errs, c.readEnvironment(environ))
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}
	c.anchor(filepath.Dir(path))
	return c, nil
}

func (c *Config) readFile(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist; 'letterlock config init' writes one", path)
	case err != nil:
		return err
	}
	meta, err := toml.Decode(string(text), c)
	if err != nil {
		return fmt.Errorf("%s: %w", path, where(err))
	}
	var errs []error
	for _, key := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("%s: %s: is no setting%s", path, key, hint(key)))
	}
	return errors.Join(errs...)
}

// where says in which line a file cannot be read.
func where(err error) error {
	var e toml.ParseError
	if errors.As(err, &e) {
		return fmt.Errorf("line %d: %s", e.Position.Line, e.Message)
	}
	return err
}

// hint says where a key may belong that was written into another section.
func hint(key toml.Key) string {
	name := key[len(key)-1]
	var like []string
	for known := range settings(reflect.TypeFor[Config](), "") {
		if known == name || strings.HasSuffix(known, "."+name) {
			like = append(like, known)
		}
	}
	if like == nil {
		return ""
	}
	slices.Sort(like)
	return "; did you mean " + strings.Join(like, " or ") + "?"
}

// settings are all keys of a struct with the path to each field, in no order.
// Lists of structs, and what has names of its own in it, are left out: they have no name
// in the environment.
func settings(t reflect.Type, path string) map[string][]int {
	all := make(map[string][]int)
	for i := range t.NumField() {
		f := t.Field(i)
		key := path + f.Tag.Get("toml")
		switch {
		case f.Type.Kind() == reflect.Map:
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && !unmarshals(f.Type.Elem()):
		case f.Type.Kind() == reflect.Struct && !unmarshals(f.Type):
			for k, index := range settings(f.Type, key+".") {
				all[k] = append([]int{i}, index...)
			}
		default:
			all[key] = []int{i}
		}
	}
	return all
}

func unmarshals(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// variable is the name of a setting in the environment.
func variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (c *Config) readEnvironment(environ []string) error {
	fields := make(map[string][]int)
	for key, index := range settings(reflect.TypeFor[Config](), "") {
		fields[variable(key)] = index
	}
	var errs []error
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		short, ours := strings.CutPrefix(name, prefix)
		if !ours || slices.Contains(elsewhere, short) {
			continue
		}
		index, known := fields[name]
		if !known {
			errs = append(errs, fmt.Errorf("environment: %s: is no setting", name))
			continue
		}
		if err := set(reflect.ValueOf(c).Elem().FieldByIndex(index), value); err != nil {
			errs = append(errs, fmt.Errorf("environment: %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// set gives a field the value that a text spells. The items of a list stand
// between commas.
func set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		v.SetInt(int64(n))
	case reflect.Slice:
		return setList(v, text)
	default:
		panic("config: internal error: no way to set a " + v.Type().String())
	}
	return nil
}

func setList(v reflect.Value, text string) error {
	list := reflect.MakeSlice(v.Type(), 0, 0)
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		if err := set(one, item); err != nil {
			return err
		}
		list = reflect.Append(list, one)
	}
	v.Set(list)
	return nil
}

// files are the settings that name a file or a folder.
func (c *Config) files() []*string {
	list := []*string{
		&c.DataDir, &c.MasterKeyFile, &c.Organization.Logo, &c.TLS.CertFile, &c.TLS.KeyFile, &c.TLS.ACMECAFile,
		&c.Relay.PasswordFile, &c.Relay.CAFile, &c.SSO.ClientSecretFile, &c.SSO.CAFile, &c.Audit.CheckpointFile, &c.Keys.Backup, &c.Revocation.Journal,
	}
	for i := range c.Relay.Fallback {
		list = append(list, &c.Relay.Fallback[i].PasswordFile, &c.Relay.Fallback[i].CAFile)
	}
	for i := range c.SignIn {
		list = append(list, &c.SignIn[i].ClientSecretFile, &c.SignIn[i].CAFile)
	}
	return list
}

// anchor makes the names of files independent of where the program was started.
func (c *Config) anchor(dir string) {
	for _, f := range c.files() {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(dir, *f)
		}
	}
}
