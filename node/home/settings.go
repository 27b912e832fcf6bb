package home

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"comity/node"
)

// Setting is the value of one key of comity.toml, and who gave it. A flag and an
// environment variable have the key's name: desk_listen is --desk-listen and
// COMITY_DESK_LISTEN.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"` // the file's name, of an environment variable or of a flag; "" for a default
}

// SettingError is a value that cannot be, of a flag or the environment.
type SettingError struct {
	From string // as in [Setting]
	Err  error
}

// Error says who gave the value.
func (e *SettingError) Error() string { return e.From + ": " + e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *SettingError) Unwrap() error { return e.Err }

// Flag returns the name of the flag that gives the setting with this key.
func Flag(key string) string { return strings.ReplaceAll(key, "_", "-") }

// Env returns the name of the environment variable that gives it.
func Env(key string) string { return "COMITY_" + strings.ToUpper(key) }

// Keys returns the keys of comity.toml, in their order there.
func Keys() []string {
	var names []string
	for field := range reflect.TypeFor[Config]().Fields() {
		names = append(names, field.Tag.Get("toml"))
	}
	return names
}

// apply sets what is given on top of the file, and checks every value again; of
// two values for a key the later one counts.
func (c *Config) apply(given []Setting) error {
	var first error // with the name of who gave it
	for _, s := range given {
		i := slices.Index(Keys(), s.Key)
		if i < 0 {
			return &SettingError{s.From, fmt.Errorf("there is no setting %q", s.Key)}
		}
		switch field := reflect.ValueOf(c).Elem().Field(i); field.Kind() {
		case reflect.Bool:
			on, err := strconv.ParseBool(s.Value)
			if err != nil {
				return &SettingError{s.From, fmt.Errorf("%q is neither true nor false", s.Value)}
			}
			field.SetBool(on)
		case reflect.Int:
			n, err := strconv.Atoi(s.Value)
			if err != nil {
				return &SettingError{s.From, fmt.Errorf("%.20q is not a number", s.Value)}
			}
			field.SetInt(int64(n))
		case reflect.Slice:
			list := strings.FieldsFunc(s.Value, func(r rune) bool { return r == ',' || r == ' ' })
			field.Set(reflect.ValueOf(list))
		default:
			field.SetString(s.Value)
		}
		if err := c.check(); err != nil && first == nil {
			first = &SettingError{s.From, err}
		}
	}
	if c.check() == nil { // one may need another that came later
		return nil
	}
	return first
}

// Check returns why a setting cannot have this value, nil if it can as far as a
// single one tells.
func Check(key, value string) error {
	c := Config{Bureau: "XA", Name: "Aldermoor", Address: "192.0.2.1:7101"}
	err := c.apply([]Setting{{Key: key, Value: value}})
	if s := new(SettingError); errors.As(err, &s) {
		return s.Err
	}
	return err
}

// Settings returns all settings, in the order of the file.
func (h *Home) Settings() []Setting {
	var out []Setting
	v := reflect.ValueOf(&h.config).Elem()
	for i, key := range Keys() {
		s := Setting{Key: key, Value: fmt.Sprint(v.Field(i).Interface())}
		if list, ok := v.Field(i).Interface().([]string); ok {
			s.Value = strings.Join(list, ",")
		}
		if !v.Field(i).IsZero() {
			s.From = fileConfig
		} else if d := h.config.otherwise(key); d != "" {
			s.Value = d
		}
		for _, g := range h.given {
			if g.Key == key {
				s.From = g.From
			}
		}
		out = append(out, s)
	}
	return out
}

// otherwise returns what counts for a setting that nobody gave, "" for nothing.
func (c *Config) otherwise(key string) string {
	switch key {
	case "listen":
		if !c.Replica {
			return c.Address
		}
	case "node":
		return c.Bureau
	case "profile":
		return "lan"
	case "log":
		return "info"
	case "key_days":
		return strconv.Itoa(node.DefaultKeyDays)
	}
	return ""
}
