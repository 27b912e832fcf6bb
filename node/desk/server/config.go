package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/desk/readlog"
)

// Config is all that a desk needs to know. Open checks it once.
type Config struct {
	Bureau  string
	Desk    *desk.Desk   // the replica; the server unlocks it and does not close it
	Reads   *readlog.Log // not closed by the server either
	TLS     *keys.TLS    // the key that officers pin, and by which nodes know the desk
	Listen  string       // host:port
	Nodes   []*client.Client
	Version string

	// Identities are the reading keys: of all compartments, or of some.
	Identities map[seal.Compartment][]*keys.Identity

	// Reload returns the reading keys that are in the home now. It is asked when the
	// bureau has replaced one in the ledger; nil is for a desk that takes it when it is
	// started again.
	Reload func() (map[seal.Compartment][]*keys.Identity, error)

	// Grown is called, by one goroutine, after the replica has grown; may be nil.
	Grown func(context.Context)

	// RequirePurpose refuses to show more than a card to who does not say why.
	// Otherwise the case itself is recorded as the purpose.
	RequirePurpose bool

	Unusual readlog.Policy   // reads that are logged as unusual
	Clock   func() time.Time // time.Now when nil
	Logger  *slog.Logger     // discards when nil
}

func (c *Config) check() error {
	switch {
	case c.Desk == nil || c.Reads == nil || c.TLS == nil:
		return errors.New("desk: a replica, a read log and a TLS key are needed")
	case len(c.Nodes) == 0:
		return errors.New("desk: no node to follow")
	case len(c.Identities) == 0:
		return errors.New("desk: no reading key: it could open nothing")
	case c.Listen == "":
		return errors.New("desk: no address to listen on")
	}
	if _, ok := c.Desk.Members().Member(c.Bureau); !ok {
		return fmt.Errorf("desk: the charter names no bureau %q", c.Bureau)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
