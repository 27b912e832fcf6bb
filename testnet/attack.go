//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"comity/node"
)

// Attack is something that a dishonest member tries. It has the keys of one
// bureau: its node's, its root's, its officers'.
type Attack struct {
	Name    string `json:"name"`
	Tries   string `json:"tries"`   // a sentence
	Promise string `json:"promise"` // what must hold
	Open    string `json:"open"`    // what nothing prevents, "" for nothing known
	Gap     string `json:"gap"`     // why the promise is known not to hold today, "" where it holds

	bureaus int  // 4 when zero: one may be dishonest
	alone   bool // it is about what this process uses up
	first   bool // the dishonest bureau is the first of the charter, which others ask first
	run     func(*stage) error
}

// AttackOptions says how an attack is run. The zero value is an attack on a
// consortium of its own, which is removed afterwards.
type AttackOptions struct {
	Dir string      // to keep the consortium in; a temporary folder when empty
	Off node.Guards // guards that no node has: the attack should succeed
	// Shared says that this process does other things meanwhile, so that its
	// memory and goroutines say nothing about the attack.
	Shared bool
}

// AttackResult says what an attack tried and what came of it.
type AttackResult struct {
	Attack
	Foe      string       `json:"foe"` // the dishonest bureau
	Tried    []string     `json:"tried"`
	Nodes    []AttackNode `json:"nodes"`    // the honest ones
	Evidence []string     `json:"evidence"` // files, in the folder of the consortium
	Measured []string     `json:"measured,omitempty"`
	Broken   []string     `json:"broken"` // promises that did not hold
	Held     bool         `json:"held"`
	Seconds  float64      `json:"seconds"`
	Dir      string       `json:"dir,omitempty"`
}

// AttackNode is what an honest node did.
type AttackNode struct {
	Bureau string   `json:"bureau"`
	Did    []string `json:"did"`
	Size   uint64   `json:"size"`
	Final  uint64   `json:"final"`
	Root   string   `json:"root"`
	Alarms []string `json:"alarms,omitempty"`
}

// ErrNoAttack is returned for a name that no attack has.
var ErrNoAttack = errors.New("no such attack")

// Attacks returns all attacks, in the order of the document FAULTS.md.
func Attacks() []Attack { return slices.Clone(attacks) }

// attackLimit bounds one attack with all that is checked after it.
const attackLimit = 2 * time.Minute

// RunAttack founds a consortium in this process, lets one bureau of it attack
// the others, and checks what the honest ones hold afterwards. An error means
// that it could not be found out; what did not hold is in Broken.
func RunAttack(ctx context.Context, name string, o AttackOptions) (*AttackResult, error) {
	i := slices.IndexFunc(attacks, func(a Attack) bool { return a.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("attack %q: %w", name, ErrNoAttack)
	}
	ctx, cancel := context.WithTimeout(ctx, attackLimit)
	defer cancel()
	began := time.Now()
	dir := o.Dir
	if dir == "" {
		tmp, err := os.MkdirTemp("", "comity-attack-")
		if err != nil {
			return nil, fmt.Errorf("attack %s: %w", name, err)
		}
		defer os.RemoveAll(tmp)
		dir = filepath.Join(tmp, "net")
	}
	s, err := openStage(ctx, dir, attacks[i], o)
	for try := 1; errors.Is(err, syscall.EADDRINUSE) && try < 3; try++ {
		// Between the choice of a port and its use another attack took it.
		if err = os.RemoveAll(dir); err == nil {
			s, err = openStage(ctx, dir, attacks[i], o)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("attack %s: prepare: %w", name, err)
	}
	defer s.close()
	if err := attacks[i].run(s); errors.Is(err, errStuck) {
		s.broke("%s", err)
	} else if err != nil {
		return nil, fmt.Errorf("attack %s: %w", name, err)
	}
	if err := s.finish(); err != nil {
		return nil, fmt.Errorf("attack %s: check: %w", name, err)
	}
	r := s.result
	r.Held, r.Seconds = len(r.Broken) == 0, time.Since(began).Seconds()
	if o.Dir != "" {
		r.Dir = dir
	}
	for i, path := range r.Evidence { // relative, since the folder may be gone
		if rel, err := filepath.Rel(dir, path); err == nil {
			r.Evidence[i] = filepath.ToSlash(rel)
		}
	}
	return r, s.close()
}

// brief makes one line of at most n bytes.
func brief(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > n {
		text = text[:n] + "..."
	}
	return text
}
