package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/links"
	"comity/ledger/query"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/desk/remote"

	"github.com/urfave/cli/v2"
)

// purposeFlag is that of commands that hand out what was opened of a notice.
func purposeFlag() cli.Flag {
	return &cli.StringFlag{Name: "purpose", Usage: "why you read it, for the read log: `TEXT` of one line (default: for the case itself)"}
}

// reader is what reading commands ask for cases: the replica here, opened with the
// keys here, or the bureau's desk. Either gives what the roles of the officer allow,
// and records what is more than a card before it gives it. No command asks a replica
// itself: TestOneDoor.
type reader interface {
	Cases(context.Context, desk.Filter) ([]*desk.Case, error)
	Case(ctx context.Context, name string) (*desk.Case, error)
	Open(ctx context.Context, name string, how readlog.How, purpose string) (*desk.Case, error)
	OpenFiles(ctx context.Context, name, purpose string) (*desk.Case, error)
	Search(ctx context.Context, q *query.Query, withEnded bool, limit int, purpose string) (*desk.Findings, error)
	Links(ctx context.Context, name string, limits links.Limits, purpose string) (*links.Graph, error)
	Inbox(ctx context.Context, asOf uint64, words bool, limit int, purpose string) ([]desk.Waiting, int, error)
}

var (
	_ reader = (*desk.Reader)(nil)
	_ reader = (*remote.Desk)(nil)
)

// reader returns whom this session asks.
func (s *session) reader() reader {
	if s.remote != nil {
		return s.remote
	}
	return s.ownReader()
}

// ownReader is the officer as one who reads the replica here. What the keys in this
// home open is shown as the roles allow that the ledger knows of the officer's key;
// who can read the key files can do without this program, and no role stops that.
// Where no officer is named, all is shown that the keys here open, and recorded
// under the key of the machine.
func (s *session) ownReader() *desk.Reader {
	r := &desk.Reader{Desk: s.desk, Bureau: s.home.Bureau(), Key: s.access.ID(), Label: s.label, Roles: everyRole, Record: s.recordReads}
	if s.label != "" {
		r.Roles = s.enrolledRoles()
	}
	return r
}

const everyRole = ledger.RoleInvestigator | ledger.RoleDesk | ledger.RoleProtection | ledger.RoleSupervisor

// enrolledRoles returns the roles of the officer's access key in the ledger, as far
// as the replica here knows it: none, once it is revoked.
func (s *session) enrolledRoles() ledger.Roles {
	k, err := s.desk.Key(s.access.ID())
	tell := func(format string, args ...any) {
		if !s.toldRoles {
			s.note(format, args...)
		}
		s.toldRoles = true
	}
	switch {
	case err != nil:
		tell("the roles of %s are not known: %s", s.label, err)
	case k == nil:
		tell("the ledger does not know the access key of %s as far as it is here, so nothing is opened for it; an operator enrols it: comity enrol", s.label)
	case k.RevokedAt != 0:
		tell("the access key of %s was revoked at entry %s: nothing is opened for it", s.label, count(k.RevokedAt-1))
	default:
		return k.Roles
	}
	return 0
}

// openCase returns the case that a person means, with all that the officer may read
// of it. It is recorded.
func (s *session) openCase(ctx context.Context, name string, how readlog.How, purpose string) (*desk.Case, error) {
	if err := checkPurpose(purpose); err != nil {
		return nil, err
	}
	return s.named(name)(s.reader().Open(ctx, name, how, purpose))
}

// working returns the case that a person means, with all that the keys here open, for
// what is computed of it and shown to nobody: see recordRead.
func (s *session) working(ctx context.Context, name string) (*desk.Case, error) {
	return s.named(name)(s.ownReader().Working(ctx, name))
}

// recordRead records that the officer is about to be given what is open of each case,
// beyond its card. What cannot be recorded must not be given.
func (s *session) recordRead(how readlog.How, purpose string, cases ...*desk.Case) error {
	if s.remote != nil {
		return nil // the desk has recorded it
	}
	return s.ownReader().Give(how, purpose, cases...)
}

// onItsWay is how long what is FINAL at one bureau may need to another. Who acts
// on what a colleague there has just sent, and said so by telephone, waits for it.
const onItsWay = 2 * time.Second

// find returns the case that a person means, with no more of it than its card.
func (s *session) find(ctx context.Context, name string) (*desk.Case, error) {
	k, err := s.reader().Case(ctx, name)
	for start := time.Now(); errors.Is(err, desk.ErrNoCase) && s.acting != nil && s.syncErr == nil && time.Since(start) < onItsWay; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(onItsWay / 8):
		}
		if err := s.desk.Sync(ctx, s.client, nil); err != nil {
			return nil, fmt.Errorf("look for %s: %w", name, err)
		}
		k, err = s.reader().Case(ctx, name)
	}
	return s.named(name)(k, err)
}

// ownKeysOnly refuses a command that needs the reading keys in this home, where
// it reads through the desk: it would find nothing, and say so as if that were so.
func (s *session) ownKeysOnly(verb string) error {
	if s.remote == nil {
		return nil
	}
	return hint(fmt.Errorf("%s does not work through the desk yet: it needs the reading keys, which are with the %s", verb, s.remote),
		"with keys in this home: --desk %s", ownKeys)
}

// named turns what a name stands for instead of one case into a sentence.
func (s *session) named(name string) func(*desk.Case, error) (*desk.Case, error) {
	return func(k *desk.Case, err error) (*desk.Case, error) {
		var several *desk.Ambiguous
		switch {
		case errors.Is(err, desk.ErrNoCase) && s.syncErr != nil:
			size, _ := s.desk.Size()
			return nil, hint(fmt.Errorf("no notice %s is in the %s that are read so far, and there may be more", name, plural(size, "entry", "entries")),
				"the same command again: it reads on from there; comity status tells whether the node answers")
		case errors.Is(err, desk.ErrNoCase):
			return nil, hint(fmt.Errorf("there is no notice %s, or it is not for %s", name, s.home.Bureau()), "what you may open: comity notice list; what another bureau has just sent may be on its way")
		case errors.As(err, &several):
			return nil, hint(err, "name it by more digits of its id")
		}
		return k, err
	}
}

func checkPurpose(purpose string) error {
	if purpose == "" {
		return nil
	}
	if err := readlog.CheckPurpose(purpose); err != nil {
		return usagef("--purpose: %s", err)
	}
	return nil
}

// recordReads writes into the read log of this home who is about to be given what.
// What cannot be recorded must not be shown.
func (s *session) recordReads(purpose string, reads []readlog.Read) (err error) {
	if err := checkPurpose(purpose); err != nil {
		return err
	}
	l, err := readlog.Open(s.home.ReadLog(), readlog.Origin{Ledger: s.genesis.Ledger, Bureau: s.home.Bureau()}, time.Now())
	if err != nil {
		return hint(err, "nothing is shown that cannot be recorded; see: comity readlog verify")
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for len(reads) > 0 {
		n := min(len(reads), readlog.MaxReads)
		if _, err := l.Append(time.Now(), reads[:n]...); err != nil {
			return hint(err, "nothing is shown that cannot be recorded; see: comity readlog verify")
		}
		reads = reads[n:]
	}
	return nil
}
