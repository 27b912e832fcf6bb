package cli

import (
	"context"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/desk/server"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

// renewWhileRunning has the desk give the bureau's circles other keys as soon as a
// member has left the ledger, signed by the officer whom the command line names.
func (s *session) renewWhileRunning(c *cli.Context, cfg *server.Config) error {
	label := c.String("circles")
	if label == "" {
		return nil
	}
	officer, err := s.home.Officer(label, s.passphrase)
	if err != nil {
		return err
	}
	if officer.Roles&foundsCircles == 0 {
		return usagef("--circles %s: it takes an investigator or a supervisor", label)
	}
	if s.client, err = s.home.Client(officer.TLS); err != nil {
		return err
	}
	tried := make(map[ledger.ID]uint64) // the epochs of which a next one was sent
	var failed time.Time
	cfg.Grown = func(ctx context.Context) {
		if time.Since(failed) < renewPause {
			return
		}
		list, err := s.desk.ToRenew(s.home.Bureau())
		if err == nil && len(list) > 0 {
			err = s.nothingParked(officer)
		}
		for _, k := range list {
			if err == nil && tried[k.ID] <= k.Index {
				err = s.renewQuietly(ctx, cfg, officer, k)
				tried[k.ID] = k.Index + 1
			}
		}
		if err != nil && ctx.Err() == nil {
			clear(tried)
			failed = time.Now()
			cfg.Logger.Warn("circles that need other keys have none yet", "error", err)
		}
	}
	return nil
}

// renewQuietly is [session.renewCircle] for a process that has a log: it names no
// circle, and is not told when the entry is FINAL but by following.
func (s *session) renewQuietly(ctx context.Context, cfg *server.Config, officer *home.Officer, k *desk.Circle) error {
	it, sub, err := s.renewCircle(ctx, officer, k, s.client.Submit)
	if err != nil {
		return fmt.Errorf("circle %s: %w", k.ID.Short(), err)
	}
	if sub != nil {
		cfg.Logger.Info("a circle got other keys, because a member left the ledger", "circle", k.ID.Short(), "entry", sub.Index, "ended", len(it.Body) == 0)
	}
	return nil
}
