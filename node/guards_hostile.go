//go:build hostile

package node

import (
	"net/http"
	"sync/atomic"
)

// Guards names guards that a node of the hostile build does without, so that a
// test can show that an attack succeeds where its guard is missing. The zero
// value is a node with all its guards.
type Guards struct {
	Filter     bool // what looks at AppendEntries and InstallSnapshot before Raft does
	Signatures bool // whatever is signed verifies
	Elections  bool // who leads has shown signed votes of a majority
	Log        bool // entries that were applied are not deleted or overwritten
	Snapshots  bool // a manifest is checked against what this node knows
	Witness    bool // cosignatures are compared with the own log, also from node to node
}

// seams is what the hostile build does to a node of its own.
type seams struct {
	off     Guards
	handler func(http.Handler) http.Handler
	silent  *atomic.Bool
}

// SwitchOff opens the node without these guards.
func (c *Config) SwitchOff(g Guards) { c.seams.off = g }

// Serve lets wrap stand between the node's API and those who call it: a node
// that lies.
func (c *Config) Serve(wrap func(http.Handler) http.Handler) { c.seams.handler = wrap }

// Quiet opens a node that cosigns nothing while silent is true: what the rest costs.
func (c *Config) Quiet(silent *atomic.Bool) { c.seams.silent = silent }

func (s seams) quiet() bool         { return s.silent != nil && s.silent.Load() }
func (s seams) filterOff() bool     { return s.off.Filter }
func (s seams) signaturesOff() bool { return s.off.Signatures }
func (s seams) electionsOff() bool  { return s.off.Elections }
func (s seams) logOff() bool        { return s.off.Log }
func (s seams) snapshotsOff() bool  { return s.off.Snapshots }
func (s seams) witnessOff() bool    { return s.off.Witness }

func (s seams) serve(h http.Handler) http.Handler {
	if s.handler != nil {
		return s.handler(h)
	}
	return h
}
