package cli

import (
	"context"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/desk/remote"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// openAtDesk makes ready to check at the bureau's desk. A report is sealed, signed
// and kept here all the same, by a replica that opens nothing.
func (k *border) openAtDesk(c *cli.Context) error {
	if c.Bool("fresh") {
		return hint(usagef("--fresh is for a check on this machine: the desk follows its node all the time"), "how fresh it is: comity desk status")
	}
	if err := k.readCases(c.Context); err != nil || k.officer == nil {
		return err
	}
	if err := k.openDesk(c.Context); err != nil {
		return err
	}
	size, err := k.desk.Size()
	if err == nil && size == 0 {
		k.sync(c.Context)
	}
	return err
}

// ask answers checks, each in its place. fresh is when the desk last heard that there
// is nothing newer; a check on this machine leaves that to who follows the node.
func (k *border) ask(ctx context.Context, subjects []*asked) (out []remote.Checked, fresh time.Time, err error) {
	if k.remote == nil {
		r := k.ownReader()
		for _, s := range subjects {
			a, err := r.Check(ctx, &s.Subject, time.Now())
			out = append(out, remote.Checked{Answer: a, Err: err})
		}
		return out, fresh, nil
	}
	list := make([]wire.CheckSubject, len(subjects))
	for i, s := range subjects {
		q := s.question
		list[i] = wire.CheckSubject{MRZ: q.MRZ, Doc: q.Doc, Country: q.Country, Name: q.Name, Born: q.DOB}
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	return k.remote.Check(limited, list)
}

// checkLimit bounds how long an officer waits for the desk.
const checkLimit = 5 * time.Second

// knows gets the notice that a report is about into the replica here, which may be
// behind the desk.
func (k *border) knows(ctx context.Context, id ledger.ID) error {
	n, err := k.desk.Notice(id)
	if err != nil || n != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	if err := k.desk.Sync(limited, k.client, nil); err != nil {
		return fmt.Errorf("the replica here does not have the notice yet: %w", err)
	}
	return nil
}
