package home

import (
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"comity/crypto/keys"
	"comity/node"

	"github.com/BurntSushi/toml"
)

// Config is what comity.toml says. A key that is missing or empty has the
// default that is named here; an unknown key is refused.
type Config struct {
	Bureau  string `toml:"bureau"`  // code of two letters
	Name    string `toml:"name"`    // of the bureau, for people
	Address string `toml:"address"` // host:port under which the other bureaus reach the node; stands in the charter
	Listen  string `toml:"listen"`  // host:port that the node binds; default: address
	Admin   string `toml:"admin"`   // loopback host:port or unix:PATH of /livez, /readyz, /metrics; default: none. A relative PATH is in the home
	Node    string `toml:"node"`    // bureau code or host:port of the node that commands talk to, or host:port#key of a read replica; default: the own node
	Profile string `toml:"profile"` // lan or wan: how patient nodes are with each other; default: lan
	Log     string `toml:"log"`     // debug, info, warn or error; default: info

	// Tiles is the host:port at which the node serves the ledger as tlog-tiles
	// over plain HTTP, to all who reach it; default: none. Entries show in the
	// clear who wrote them and when. Other than loopback needs TilesPublic.
	Tiles       string `toml:"tiles"`
	TilesPublic bool   `toml:"tiles_public"`

	// KeyDays is the age in days at which commands and the node say that a key is to
	// be replaced; default: 365. Nothing ends by it.
	KeyDays int `toml:"key_days"`
	// Replica runs a read replica here in place of a node, and From is what it copies:
	// each the bureau code or the host:port of a node, or host:port#key of another
	// read replica. It binds Listen, which then has no default.
	Replica bool     `toml:"replica"`
	From    []string `toml:"from"`

	// Desk is the host:port of the bureau's desk, which reading commands ask in
	// place of keys in this home, and DeskKey the key that it must prove. DeskListen
	// is what the desk of this home binds; DeskPurpose is "required" where it shows
	// more than a card only to who says why.
	Desk        string `toml:"desk"`
	DeskKey     string `toml:"desk_key"`
	DeskListen  string `toml:"desk_listen"`
	DeskPurpose string `toml:"desk_purpose"`
}

var levels = map[string]slog.Level{
	"": slog.LevelInfo, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// maxKeyDays is a hundred years.
const maxKeyDays = 36500

// maxSocket is the longest path of a unix socket that every system takes.
const maxSocket = 103

// Level returns what the log setting means.
func (c *Config) Level() slog.Level { return levels[c.Log] }

// Marshal returns the text of comity.toml.
func (c *Config) Marshal() []byte {
	return fmt.Appendf(nil, `# A bureau's home. It holds no secret; the keys are in keys/ and officers/.
bureau  = %s
name    = %s
address = %s # where the other bureaus reach the node; as in the charter
listen  = %s # what the node binds; empty: the address
admin   = %s # unix:PATH or loopback host:port of /livez /readyz /metrics; empty: none
node    = %s # bureau, host:port, or host:port#key of a read replica that commands talk to; empty: the own node
profile = %s # lan or wan
log     = %s # debug, info, warn or error
key_days = %d # age at which a key is to be replaced; it warns and ends nothing; 0: 365
# Plain HTTP for other people's tools and caches, as c2sp.org/tlog-tiles; empty: none. Anyone who reaches it reads who
# wrote an entry and when; sealed bodies are not in it. Not on loopback only with tiles_public = true.
tiles        = %s # loopback host:port
tiles_public = %t
replica = %t # run a read replica, which copies and has no vote, in place of a node
from    = %s # what it copies: bureaus, addresses of nodes, or host:port#key of read replicas
# The desk is the process with the reading keys: comity desk --help.
desk         = %s # host:port of the desk that reading commands ask; empty: they use the keys here
desk_key     = %s # its key, as comity desk key prints it there
desk_listen  = %s # host:port at which the desk of this home serves officers
desk_purpose = %s # required: it shows more than a card only to who says why
`, quote(c.Bureau), quote(c.Name), quote(c.Address), quote(c.Listen), quote(c.Admin), quote(c.Node), quote(c.Profile), quote(c.Log), c.KeyDays,
		quote(c.Tiles), c.TilesPublic, c.Replica, quoteList(c.From), quote(c.Desk), quote(c.DeskKey), quote(c.DeskListen), quote(c.DeskPurpose))
}

// quote writes a TOML basic string. Values with control characters were refused.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func quoteList(list []string) string {
	var words []string
	for _, s := range list {
		words = append(words, quote(s))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// ParseConfig reads the text of comity.toml and checks every value.
func ParseConfig(data []byte) (*Config, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("the configuration is not UTF-8")
	}
	var c Config
	md, err := toml.Decode(string(data), &c)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	if unknown := md.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("the configuration has an unknown key %q; it knows %s", unknown[0], strings.Join(Keys(), ", "))
	}
	// Decode matches names in any case, and two spellings of one key would both
	// count as known.
	for _, key := range md.Keys() {
		if !slices.Contains(Keys(), key.String()) {
			return nil, fmt.Errorf("the configuration has an unknown key %q; it knows %s", key, strings.Join(Keys(), ", "))
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if len(c.From) == 0 {
		c.From = nil
	}
	return &c, nil
}

// check holds the rules on single values; it looks at nothing outside.
func (c *Config) check() error {
	if !isCode(c.Bureau) {
		return fmt.Errorf("bureau %.80q is not a code of two capital letters, such as XA", c.Bureau)
	}
	if c.Name == "" || len(c.Name) > 255 || strings.ContainsFunc(c.Name, unicode.IsControl) || !utf8.ValidString(c.Name) {
		return fmt.Errorf("name %.80q is not a name of 1 to 255 printable bytes", c.Name)
	}
	if err := checkAddress("address", c.Address); err != nil {
		return err
	}
	if len(c.Address) > 255 {
		return fmt.Errorf("address %.40q... is longer than 255 bytes", c.Address)
	}
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil || strings.ContainsFunc(c.Listen, unicode.IsControl) {
			return fmt.Errorf("listen %.80q is not a host:port", c.Listen)
		}
	}
	if c.Node != "" {
		if err := checkPlace("node", c.Node); err != nil {
			return err
		}
	}
	if len(c.From) > maxSources {
		return fmt.Errorf("from names %d sources; a read replica has at most %d", len(c.From), maxSources)
	}
	for _, from := range c.From {
		if err := checkPlace("from", from); err != nil {
			return err
		}
	}
	if _, err := node.ParseProfile(c.Profile); err != nil {
		return err
	}
	if _, ok := levels[c.Log]; !ok {
		return fmt.Errorf("log %q is not debug, info, warn or error", c.Log)
	}
	if c.KeyDays < 0 || c.KeyDays > maxKeyDays {
		return fmt.Errorf("key_days %d is not a number of days from 1 to %d", c.KeyDays, maxKeyDays)
	}
	if strings.ContainsFunc(c.Tiles, unicode.IsControl) {
		return fmt.Errorf("tiles %q holds control characters", c.Tiles)
	}
	if err := node.CheckTiles(c.Tiles, c.TilesPublic); err != nil {
		return err
	}
	if err := c.checkDesk(); err != nil {
		return err
	}
	return c.checkAdmin()
}

func (c *Config) checkDesk() error {
	if c.Desk != "" {
		if err := checkAddress("desk", c.Desk); err != nil {
			return err
		}
	}
	if c.DeskKey != "" {
		if _, err := keys.ParseID(c.DeskKey); err != nil {
			return fmt.Errorf("desk_key %.80q is not the id of a key: 64 hexadecimal digits, as comity desk key prints it", c.DeskKey)
		}
	}
	if c.DeskListen != "" {
		if _, port, err := net.SplitHostPort(c.DeskListen); err != nil || !isPort(port) || strings.ContainsFunc(c.DeskListen, unicode.IsControl) {
			return fmt.Errorf("desk_listen %q is not a host:port", c.DeskListen)
		}
	}
	if c.DeskPurpose != "" && c.DeskPurpose != "required" {
		return fmt.Errorf("desk_purpose %q is neither empty nor the word required", c.DeskPurpose)
	}
	return nil
}

func (c *Config) checkAdmin() error {
	if c.Admin == "" {
		return nil
	}
	if strings.ContainsFunc(c.Admin, unicode.IsControl) {
		return fmt.Errorf("admin %q holds control characters", c.Admin)
	}
	if path, ok := strings.CutPrefix(c.Admin, "unix:"); ok {
		if path == "" {
			return fmt.Errorf("admin %q names no path", c.Admin)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(c.Admin)
	if ip := net.ParseIP(host); err != nil || !isPort(port) || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("admin %.80q is not unix:PATH or a port on the loopback address, such as 127.0.0.1:7201", c.Admin)
	}
	return nil
}

// Admin returns where the node of this home answers what is not authenticated: a
// loopback host:port, or "unix:" and an absolute path; "" for nowhere.
func (h *Home) Admin() (string, error) { return h.config.adminIn(h.dir) }

// adminIn returns the admin setting with its path made absolute.
func (c *Config) adminIn(dir string) (string, error) {
	path, ok := strings.CutPrefix(c.Admin, "unix:")
	if !ok {
		return c.Admin, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if len(path) > maxSocket {
		return "", fmt.Errorf("admin: the path of the socket %s is longer than %d bytes; set admin to a shorter one", path, maxSocket)
	}
	return "unix:" + path, nil
}

// maxSources bounds the sources of a read replica.
const maxSources = 16

// checkPlace checks how a node or a read replica is named.
func checkPlace(key, value string) error {
	switch {
	case isCode(value):
		return nil
	case strings.Contains(value, "#"):
		return checkPinned(key, value)
	}
	return checkAddress(key, value)
}

func checkAddress(key, value string) error {
	host, port, err := net.SplitHostPort(value)
	if err != nil || host == "" || !isPort(port) || port == "0" || strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s %.80q is not a host:port, such as 192.0.2.7:7101", key, value)
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == s
}

func isCode(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
