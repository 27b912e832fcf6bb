// Package testnet runs a whole consortium on one machine, for exercises, tests
// and measurements: it founds n bureaus, and runs their nodes in this process
// or as processes of their own, on real disks and real TLS ports of the
// loopback address.
//
//	DIR/
//	  EXERCISE      says that everything here is synthetic; marks what Remove may remove
//	  XA/           the home of bureau XA, see package home
//	    node.log    what its node logged, JSON lines
//	    node.pid    of its process, while it runs as one
//	  XB/ ...
//
// It goes through the same doors as everybody: bureaus are enrolled, and
// statements submitted, over the nodes' API. It has no way around a rule, and
// it prints nothing. It is never for real cases: one machine holds all bureaus'
// keys, unlocked.
//
// Start reading at consortium.go; then local.go for nodes in this process,
// process.go for real ones, author.go for officers who submit.
package testnet
