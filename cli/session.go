package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/desk/remote"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// session is a bureau's home in use by one command: its charter, the node it
// talks to and the desk's replica.
type session struct {
	*terminal
	home    *home.Home
	genesis *ledger.Genesis
	label   string // of the officer, as chosen or as the only one; may be ""
	acting  *home.Officer
	access  *keys.TLS // by which the node, the desk and the read log know who asks
	client  *client.Client
	desk    *desk.Desk
	remote  *remote.Desk // the bureau's desk, if this home reads through one

	deskClient *client.Client // of remote
	remoteSize uint64         // entries that remote had when this session began
	remoteTime uint64         // ledger time of the last of them
	remoteKeys []string       // compartments whose keys remote holds
	toldRoles  bool           // why the officer is shown nothing
	along      bool           // desk is that of another process, see openShared
	syncErr    error          // why the replica could not be brought up to date
}

// syncLimit bounds how long a reading command waits for news.
const syncLimit = 10 * time.Second

// deskLimit bounds how long it waits for another command to finish reading.
const deskLimit = 30 * time.Second

// openHome opens the home that the command line names.
func (t *terminal) openHome(c *cli.Context, keys ...string) (*home.Home, error) {
	dir, err := homeDir(c)
	if err != nil {
		return nil, err
	}
	t.homeDir = dir
	h, err := home.Open(dir, givenSettings(c, keys...)...)
	if s := new(home.SettingError); errors.As(err, &s) {
		return nil, usagef("%v", s)
	}
	if err != nil {
		return nil, err
	}
	if h.RootFile = c.String("root"); h.RootFile == "" && c.IsSet("root") {
		return nil, usagef("%s: --root names no file", verb(c))
	}
	return h, nil
}

// rootFlag is of every command that needs the bureau's root key, which is not to
// be kept where nodes and officers work.
func rootFlag() cli.Flag {
	return &cli.StringFlag{Name: "root", Usage: "`FILE` of the bureau's root key, which is kept offline (default: keys/root in its folder)"}
}

// open starts a session. Close it.
func (t *terminal) open(c *cli.Context) (*session, error) {
	h, err := t.openHome(c)
	if err != nil {
		return nil, err
	}
	g, err := h.Genesis()
	if err != nil {
		return nil, err
	}
	s := &session{terminal: t, home: h, genesis: g, label: c.String("officer")}
	labels := h.Officers()
	if s.label == "" && len(labels) == 1 {
		s.label = labels[0]
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	if err := s.connectDesk(c); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// connect makes the client of the node. The session talks as the officer who
// acts, else as the operator, else as the first officer here: reading needs no
// choice and no passphrase.
func (s *session) connect() (err error) {
	labels := s.home.Officers()
	if s.label != "" {
		if !slices.Contains(labels, s.label) {
			return s.noOfficer(s.label)
		}
		s.access, err = s.home.Access(s.label)
	} else if s.access, err = s.home.Operator(); errors.Is(err, fs.ErrNotExist) && len(labels) > 0 {
		s.access, err = s.home.Access(labels[0])
	}
	if err != nil {
		return err
	}
	s.client, err = s.home.Client(s.access)
	return err
}

// noOfficer is the error of a label that nobody here has.
func (s *session) noOfficer(label string) error {
	return hint(fmt.Errorf("there is no officer %s in the home of %s", label, s.home.Bureau()), "here are %s", strings.Join(s.home.Officers(), ", "))
}

// close releases what the session holds.
func (s *session) close() {
	s.closeDesk()
	if s.client != nil {
		s.client.Close()
	}
	if s.deskClient != nil {
		s.deskClient.Close()
	}
}

// officer returns the officer who acts. Who signs is never guessed.
func (s *session) officer() (*home.Officer, error) {
	if s.label == "" {
		labels := s.home.Officers()
		if len(labels) == 0 {
			return nil, fmt.Errorf("there is no officer in the home of %s", s.home.Bureau())
		}
		return nil, s.whichOfficer()
	}
	var err error
	if s.acting == nil {
		s.acting, err = s.home.Officer(s.label, s.passphrase)
	}
	return s.acting, err
}

// whichOfficer is the error of a command that does not say who acts, where there
// are several.
func (s *session) whichOfficer() error {
	return hint(usagef("say as which officer of %s you act", s.home.Bureau()),
		"--officer LABEL or COMITY_OFFICER; here are %s", strings.Join(s.home.Officers(), ", "))
}

// read opens the replica, brings it up to date if the node answers, and
// unlocks it with the bureau's reading keys.
func (s *session) read(ctx context.Context) error {
	if err := s.openDesk(ctx); err != nil {
		return err
	}
	s.sync(ctx)
	if size, err := s.desk.Size(); err == nil && size == 0 && s.syncErr != nil {
		return hint(fmt.Errorf("the replica of %s is empty, and the ledger cannot be read: %w", s.home.Bureau(), s.syncErr), "%s", s.adviceFor(s.syncErr))
	}
	ids, err := s.home.Identities(s.passphrase)
	if err != nil {
		return err
	}
	s.desk.Unlock(ids)
	return ctx.Err()
}

// openDesk opens the replica. One command at a time has it: others wait.
func (s *session) openDesk(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, deskLimit)
	defer cancel()
	for told := false; ; told = true {
		if s.desk, err = desk.Open(s.home.DeskDir(), s.genesis); !errors.Is(err, store.ErrLocked) {
			return err
		}
		if !told {
			s.note("another command is reading the replica; waiting for it")
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// openShared opens the replica for a command that looks for no case in it. Where
// another process has it, such as the desk of this home, the command reads along: what
// has to be locked is only who writes.
func (s *session) openShared(ctx context.Context) (err error) {
	if s.desk, err = desk.Open(s.home.DeskDir(), s.genesis); !errors.Is(err, store.ErrLocked) {
		s.along = false
		return err
	}
	if s.desk, err = desk.OpenRead(s.home.DeskDir(), s.genesis); err != nil {
		return s.openDesk(ctx) // it is being made
	}
	s.along = true
	return nil
}

// follow waits until the process that has the replica has read what the node has, and
// follows the node itself once that process has ended.
func (s *session) follow(ctx context.Context, progress func(done, total uint64)) error {
	note, err := s.client.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return nil
	}
	if err != nil {
		return err
	}
	for {
		// The note may be of an epoch that is not here yet.
		target, _, known := s.desk.Members().Open(note)
		if size, err := s.desk.Size(); err != nil || known == nil && size >= target.Size {
			return err
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("the process that has the replica of %s does not go on", s.home.Bureau())
		}
		was := s.desk
		if err := s.openShared(ctx); err != nil {
			s.desk, s.along = was, true // as far as it goes
			return err
		}
		was.Close()
		if !s.along {
			return s.desk.Sync(ctx, s.client, progress)
		}
	}
}

// closeDesk lets other commands have the replica.
func (s *session) closeDesk() {
	if s.desk != nil {
		s.desk.Close()
		s.desk = nil
	}
}

// sync brings the replica up to date. When that fails the replica is still
// good, only old: the person is told how old.
func (s *session) sync(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	advance, end := s.progress("reading the ledger")
	catchUp := s.desk.Sync
	if s.along {
		catchUp = func(ctx context.Context, _ *client.Client, advance func(done, total uint64)) error {
			return s.follow(ctx, advance)
		}
	}
	err := catchUp(limited, s.client, advance)
	end()
	if err == nil {
		s.renewCharter(limited)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	if inner := errors.Unwrap(err); inner != nil && !s.along {
		err = inner // the desk says as well that it was reading
	}
	s.syncErr = err
	final, _, at := s.desk.Final()
	if final.Size == 0 {
		s.note("the ledger could not be read to its end: %s", err)
		return
	}
	s.note("no news: %s", err)
	if errors.Is(err, client.ErrWrongKey) {
		s.note("hint: %s", s.adviceFor(err))
	}
	s.note("answering from the replica: as of %s, entry %s (%s old)", at.UTC().Format(time.DateTime+"Z"), count(final.Size), age(time.Since(at)))
}

// newerCharter brings the charter file up to date with the one that the node gives,
// whose certificates were verified: what asks other nodes has to know their keys of
// today.
func (s *session) newerCharter(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	g, err := s.client.Charter(ctx)
	if err != nil || g.Ledger != s.genesis.Ledger || len(g.Epochs()) <= len(s.genesis.Epochs()) {
		return // whoever asks a node next tells what is wrong
	}
	if _, err := s.home.Update(g); err != nil {
		s.note("the charter file was not brought up to date: %s", err)
		return
	}
	s.genesis = g
}

// age writes a duration as people say it.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return plural(max(0, int(d.Seconds())), "second", "seconds")
	case d < 2*time.Hour:
		return plural(int(d.Minutes()), "minute", "minutes")
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour", "hours")
	}
	return plural(int(d.Hours()/24), "day", "days")
}

// bureau writes a code with its name: "XA (Aldermoor)".
func (s *session) bureau(code string) string { return bureauText(s.genesis, code) }

func bureauText(g *ledger.Genesis, code string) string {
	epochs := g.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- { // one that left had a name
		if m, ok := epochs[i].Member(code); ok {
			return code + " (" + m.Name + ")"
		}
	}
	return code
}
