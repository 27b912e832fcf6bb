package cli

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"comity/node/home"

	"github.com/urfave/cli/v2"
)

// settingUsage says what the flags mean that are keys of comity.toml.
var settingUsage = map[string]string{
	"listen":       "`HOST:PORT` that the node binds",
	"admin":        "loopback `HOST:PORT` or unix:PATH of /livez /readyz /metrics",
	"tiles":        "`HOST:PORT` of the ledger's tiles over plain HTTP",
	"tiles_public": "let tiles be at an address that is not loopback",
	"replica":      "run a read replica: it copies the ledger and has no vote",
	"from":         "`SOURCES` of a read replica, with commas between them: bureaus, addresses of nodes, or HOST:PORT#KEY of read replicas",
	"profile":      "`PROFILE` of the network between the nodes: lan or wan",
	"log":          "`LEVEL` of what is logged: debug, info, warn or error",
	"desk_listen":  "`HOST:PORT` to serve officers at",
	"desk_purpose": "`required`: show more than a card only to who says why",
}

// settingFlags returns the flags for keys of comity.toml. A command that has them
// opens its home with the same keys.
func settingFlags(keys ...string) []cli.Flag {
	var flags []cli.Flag
	for _, key := range keys {
		usage := settingUsage[key] + " (default: " + key + " of comity.toml)"
		if isSwitch(key) {
			flags = append(flags, &cli.BoolFlag{Name: home.Flag(key), Usage: usage})
		} else {
			flags = append(flags, &cli.StringFlag{Name: home.Flag(key), Usage: usage})
		}
	}
	return flags
}

// isSwitch reports whether a key of comity.toml is true or false.
func isSwitch(key string) bool { return key == "tiles_public" || key == "replica" }

// givenSettings returns the settings that count more than comity.toml: those of the
// environment, and of the flags for keys, which count more still.
func givenSettings(c *cli.Context, keys ...string) []home.Setting {
	var out []home.Setting
	for _, key := range home.Keys() {
		if key == "desk" {
			continue // --desk says more than the key does
		}
		if value := os.Getenv(home.Env(key)); value != "" { // one that is empty says nothing: it must not end a protection
			out = append(out, home.Setting{Key: key, Value: value, From: home.Env(key)})
		}
	}
	for _, key := range append(keys, "node") {
		flag := home.Flag(key)
		if !c.IsSet(flag) {
			continue
		}
		value := c.String(flag)
		if isSwitch(key) {
			value = strconv.FormatBool(c.Bool(flag))
		}
		out = append(out, home.Setting{Key: key, Value: value, From: "--" + flag})
	}
	return append(out, givenDesk(c)...)
}

// ownKeys is the value of --desk that asks for the keys of this home.
const ownKeys = "none"

// givenDesk takes --desk, or COMITY_DESK, apart.
func givenDesk(c *cli.Context) []home.Setting {
	value, from := c.String("desk"), "--desk"
	if value == "" {
		return nil
	}
	if os.Getenv(home.Env("desk")) == value {
		from = home.Env("desk")
	}
	if value == ownKeys {
		return []home.Setting{{Key: "desk", From: from}}
	}
	address, key, ok := strings.Cut(value, "#")
	out := []home.Setting{{Key: "desk", Value: address, From: from}}
	if ok {
		out = append(out, home.Setting{Key: "desk_key", Value: key, From: from})
	}
	return out
}

// otherVariables are those that comity reads beside the settings.
var otherVariables = []string{"COMITY_DIR", "COMITY_OFFICER", "COMITY_PASSPHRASE_FILE"}

// strangeVariables returns the variables in the environment that look like ours
// and mean nothing: a setting that is misspelt there would have no effect.
func strangeVariables() (names []string) {
	known := slices.Clone(otherVariables)
	for _, key := range home.Keys() {
		known = append(known, home.Env(key))
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "COMITY_") && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
