package testnet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/node"
	"comity/node/client"
	"comity/node/home"
)

// Consortium is a set of bureaus on this machine. Its methods may be called by
// several goroutines.
type Consortium struct {
	// Exe is the program that processes run; empty is this one. Set it before
	// the first use.
	Exe string

	clock   func() time.Time
	dir     string
	genesis *ledger.Genesis
	codes   []string
	homes   map[string]*home.Home
	alter   func(bureau string, cfg *node.Config) // changes a node before it is opened; nil but in attacks

	mu      sync.Mutex
	nodes   map[string]*local                               // guarded by mu; nodes in this process
	procs   map[string]*process                             // guarded by mu; processes that this one started
	clients map[string]*client.Client                       // guarded by mu; each bureau's operator at the own node
	sealing map[string]map[seal.Compartment]*keys.Recipient // guarded by mu; public sealing keys
}

const (
	fileMarker = "EXERCISE"
	markerText = "Synthetic data. One machine holds the keys of all these bureaus, unlocked.\nNever put a real case here.\n"
)

// ErrNone is returned by [Load] for a folder in which there is no consortium.
var ErrNone = errors.New("no consortium")

// Is reports whether a consortium is in dir.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileMarker))
	return err == nil
}

// Load opens the consortium in dir, and resumes it: processes that run are
// found by their pid files.
func Load(dir string) (*Consortium, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("load consortium: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, fileMarker)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load consortium: %w in %s; found one first", ErrNone, dir)
	} else if err != nil {
		return nil, fmt.Errorf("load consortium: %w", err)
	}
	c := &Consortium{dir: dir, homes: make(map[string]*home.Home),
		nodes: make(map[string]*local), procs: make(map[string]*process), clients: make(map[string]*client.Client), sealing: make(map[string]map[seal.Compartment]*keys.Recipient)}
	half := func(why string) (*Consortium, error) {
		return nil, fmt.Errorf("load consortium: %s is damaged: %s; remove it and found it again", dir, why)
	}
	for _, b := range bureaus {
		h, err := home.Open(filepath.Join(dir, b.code))
		if errors.Is(err, home.ErrNoHome) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("load consortium: %w", err)
		}
		g, err := h.Genesis()
		if errors.Is(err, home.ErrNoCharter) {
			return half(b.code + " has no charter")
		}
		if err != nil {
			return nil, fmt.Errorf("load consortium: %w", err)
		}
		if c.genesis == nil {
			c.genesis = g
		}
		if g.Ledger != c.genesis.Ledger {
			return half(fmt.Sprintf("%s and %s belong to two ledgers", c.codes[0], b.code))
		}
		c.homes[b.code], c.codes = h, append(c.codes, b.code)
	}
	if c.genesis == nil {
		return half("no bureau's home is in it")
	}
	for _, m := range c.genesis.Charter.Members {
		if c.homes[m.Code] == nil {
			return half("the home of " + m.Code + " is missing")
		}
	}
	return c, nil
}

// Remove removes a consortium whose nodes have been stopped. It removes nothing
// but what Found made.
func Remove(dir string) error {
	c, err := Load(dir)
	if errors.Is(err, ErrNone) {
		return fmt.Errorf("remove consortium: %w", err)
	}
	if c != nil {
		for _, code := range c.codes {
			if p, ok := c.pid(code); ok {
				return fmt.Errorf("remove consortium: the node of %s still runs as process %d; stop it first", code, p.pid)
			}
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove consortium: %w", err)
	}
	return nil
}

// Dir returns the folder, an absolute path.
func (c *Consortium) Dir() string { return c.dir }

// SetClock sets the clock of nodes that will run in this process, and of what
// is signed here; nil is the machine's. Processes always have the machine's.
// Call it before any node runs.
func (c *Consortium) SetClock(clock func() time.Time) {
	c.clock = clock
	for _, h := range c.homes {
		h.Clock = clock
	}
}

// Genesis returns the charter.
func (c *Consortium) Genesis() *ledger.Genesis { return c.genesis }

// Bureaus returns the codes of the bureaus, ascending.
func (c *Consortium) Bureaus() []string { return slices.Clone(c.codes) }

// Home returns the home of a bureau.
func (c *Consortium) Home(bureau string) (*home.Home, error) {
	h, ok := c.homes[bureau]
	if !ok {
		return nil, fmt.Errorf("there is no bureau %s; there are %s", bureau, strings.Join(c.codes, ", "))
	}
	return h, nil
}

// Homes returns the homes of the bureaus, in the order of their codes.
func (c *Consortium) Homes() []*home.Home {
	var homes []*home.Home
	for _, code := range c.codes {
		homes = append(homes, c.homes[code])
	}
	return homes
}

// Operator returns a client of a bureau's node with its operator's key. It is
// shared; the caller does not close it.
func (c *Consortium) Operator(bureau string) (*client.Client, error) {
	h, err := c.Home(bureau)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cl := c.clients[bureau]; cl != nil {
		return cl, nil
	}
	var t *keys.TLS
	if t, err = h.Operator(); err != nil {
		return nil, err
	}
	cl, err := h.ClientOf(bureau, t)
	if err != nil {
		return nil, err
	}
	c.clients[bureau] = cl
	return cl, nil
}

// Enrol has every bureau enrol its officers and sealing keys at its own node,
// and returns how many keys were new to the ledger. It can be called again.
func (c *Consortium) Enrol(ctx context.Context) (int, error) {
	var (
		wg   sync.WaitGroup
		n    = make([]int, len(c.codes))
		errs = make([]error, len(c.codes))
	)
	for i, code := range c.codes {
		wg.Go(func() {
			var cl *client.Client
			if cl, errs[i] = c.Operator(code); errs[i] == nil {
				n[i], errs[i] = c.homes[code].Enrol(ctx, cl, nil)
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("%s: %w", code, errs[i])
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, k := range n {
		sum += k
	}
	return sum, errors.Join(errs...)
}

// Close stops the nodes that run in this process and closes the clients.
// Processes go on.
func (c *Consortium) Close() error {
	err := c.StopAll()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cl := range c.clients {
		cl.Close()
	}
	clear(c.clients)
	return err
}
