//go:build !hostile

package node

import "net/http"

// seams is where the hostile build, which only tests and exercises run, lays
// hands on a node of its own (guards_hostile.go). In this build it is empty and
// all its methods are constants: there is nothing that a setting could switch.
type seams struct{}

func (seams) filterOff() bool     { return false }
func (seams) signaturesOff() bool { return false }
func (seams) electionsOff() bool  { return false }
func (seams) logOff() bool        { return false }
func (seams) snapshotsOff() bool  { return false }
func (seams) witnessOff() bool    { return false }
func (seams) quiet() bool         { return false }

func (seams) serve(h http.Handler) http.Handler { return h }
