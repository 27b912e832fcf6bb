package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/desk"
	"comity/node/wire"
)

// purgeScene is a consortium as processes, with the desks of two bureaus, and a
// notice of which all is to go.
type purgeScene struct {
	*Consortium
	t       *testing.T
	ctx     context.Context
	author  *Author
	desks   map[string]*desk.Desk
	dirs    map[string]string
	sent    []*Sent           // all of it
	kept    *Sent             // a notice that stays
	named   ledger.Attachment // what stands of it in the clear
	secrets *traces
}

// epochKeys adds the keys of a node's Raft log: who has one, and the free pages of
// the log, has what was purged.
func (p *purgeScene) epochKeys(code string) {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.homes[code].NodeDir(), "epochs"))
	if err != nil {
		p.t.Fatal(err)
	}
	for at := 0; at < len(data); at += 512 {
		if key := data[at+5 : at+37]; len(bytes.Trim(key, "\x00")) > 0 {
			p.secrets.add(fmt.Sprintf("an epoch key of %s from before the purge", code), key)
		}
	}
}

func (p *purgeScene) sync(code string) *desk.Desk {
	p.t.Helper()
	cl, err := p.Operator(code)
	if err == nil {
		err = p.desks[code].Sync(p.ctx, cl, nil)
	}
	if err != nil {
		p.t.Fatalf("desk of %s: %v", code, err)
	}
	return p.desks[code]
}

// openDesk opens a desk of a bureau in a new folder.
func (p *purgeScene) openDesk(code string) {
	p.t.Helper()
	dir := p.t.TempDir()
	d, err := desk.Open(dir, p.Genesis())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { d.Close() })
	ids, err := p.homes[code].Identities(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	d.Unlock(ids)
	p.desks[code], p.dirs[code] = d, dir
}

// submit sends what an officer of XA composes at the desk, and waits until it is
// FINAL where so many nodes run.
func (p *purgeScene) submit(compose func(*desk.Desk, desk.Officers) (ledger.Item, error)) *Sent {
	p.t.Helper()
	d := p.sync("XA")
	sent, err := p.author.submitComposed(p.ctx, func(a *Author, chain *state.Author) (ledger.Item, error) {
		return compose(d, desk.Officers{Author: a.Signer, Created: time.Now(), Chain: chain})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return sent
}

func (p *purgeScene) receipt(s *Sent) {
	p.t.Helper()
	if _, by, err := p.author.Receipt(p.ctx, s); err != nil || len(by) < 4 {
		p.t.Fatalf("receipt of entry %d: %v, by %v", s.Index, err, by)
	}
}

// play publishes, amends and shares a notice, and another one that stays.
func (p *purgeScene) play() {
	p.t.Helper()
	text := func(n int) *notice.Notice { // to chosen readers, which nobody has to review first
		d := Sample("XA", n, notice.Readers{"XA", "XB"}, time.Now())
		d.Kind, d.Colour = ledger.KindDiffusion, d.Kind
		return d
	}
	publish := func(n *notice.Notice) *Sent {
		s := p.submit(func(d *desk.Desk, by desk.Officers) (ledger.Item, error) { return d.Publish(p.ctx, nil, by, n) })
		p.receipt(s)
		return s
	}
	with := text(1)
	p.attach(with)
	first := publish(with)
	id := first.Item.Entry.ID
	amended := p.submit(func(d *desk.Desk, by desk.Officers) (ledger.Item, error) {
		again := text(3)
		again.Attachments = with.Attachments
		return d.Amend(p.ctx, nil, by, id, again)
	})
	p.receipt(amended)
	p.kept = publish(text(2))
	grant := p.submit(func(d *desk.Desk, by desk.Officers) (ledger.Item, error) {
		return d.Grant(p.ctx, nil, by, id, seal.Body, []string{"XC"})
	})
	p.receipt(grant)
	p.sent = []*Sent{first, amended, grant}
	for _, s := range p.sent {
		p.secrets.add(fmt.Sprintf("the %s", s.Item.Entry.Statement.Class), s.Item.Body)
	}
	p.secrets.remove(p.kept.Item.Body) // what all sealed bodies have in common
}

// attach seals a file for a notice and hands it to the node of XA. The sealed file
// and the open one are among the secrets.
func (p *purgeScene) attach(n *notice.Notice) {
	p.t.Helper()
	d := p.sync("XA")
	plain := make([]byte, 4000)
	rand.Read(plain)
	a, err := d.Attach(desk.Officers{Author: p.author.Signer}, seal.Body, "ferry.jpg", bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		p.t.Fatal(err)
	}
	n.Attachments = []notice.Attachment{a}
	if p.named, err = a.Public(); err != nil {
		p.t.Fatal(err)
	}
	sealed, err := d.Files().Read(p.named.Address, 0, int(p.named.Size))
	if err != nil {
		p.t.Fatal(err)
	}
	p.secrets.add("the attachment, sealed", sealed)
	p.secrets.add("the attachment", plain)
	public := n.Publish()
	public.SizeClass = 1
	cl, err := p.Operator("XA")
	if err == nil {
		err = desk.SendFiles(p.ctx, cl, d.Files(), &ledger.Statement{Class: ledger.ClassPublish, Public: public.Marshal()}, func(_, _ uint64) {})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// spread has all nodes fetch the file, and the desk of XB, which does not open it.
func (p *purgeScene) spread() {
	p.t.Helper()
	for _, code := range p.Bureaus() {
		cl, err := p.Operator(code)
		var st *wire.AttachmentState
		if err == nil {
			st, err = cl.AttachmentState(p.ctx, p.named.Address, 20*time.Second)
		}
		if err != nil || !st.Held {
			p.t.Fatalf("%s has not fetched the attachment: %+v, %v", code, st, err)
		}
	}
	d := p.sync("XB")
	k, err := d.Case(p.ctx, p.sent[0].Item.Entry.ID.String())
	if err != nil || len(k.View.Attachments) != 1 {
		p.t.Fatalf("the desk of XB sees %+v, %v", k, err)
	}
	f, err := desk.Fetchable(p.Genesis(), k.View, k.View.Attachments[0])
	cl, _ := p.Operator("XB")
	if err == nil {
		err = f.Fetch(p.ctx, cl, d.Files(), func(_ bool, _, _ uint64) {})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// look wants traces of each of the secrets in a folder, or none at all.
func (p *purgeScene) look(what, dir string, secrets int) {
	p.t.Helper()
	found, files := p.secrets.under(p.t, dir)
	switch {
	case secrets == 0 && len(found) > 0:
		p.t.Errorf("%s still has %q", what, found)
	case len(found) < secrets:
		p.t.Errorf("%s has %q in %d files: the test does not see what is there", what, found, files)
	}
}

// looks looks at nodes, in all their files.
func (p *purgeScene) looks(secrets int, codes ...string) {
	p.t.Helper()
	for _, code := range codes {
		p.look("the node of "+code, p.homes[code].NodeDir(), secrets)
	}
}

// acked waits until the ledger has acknowledgements of the one purge from so many
// nodes, as the desk of XA sees it, and returns who is missing.
func (p *purgeScene) acked(purge ledger.ID, want int) []string {
	p.t.Helper()
	for {
		u, err := state.ReadPurge(p.sync("XA").View(), purge)
		if err != nil {
			p.t.Fatal(err)
		}
		if u != nil && len(u.Nodes)-len(u.Missing()) >= want {
			return u.Missing()
		}
		if err := rest(p.ctx, fmt.Errorf("%d acknowledgements: %+v", want, u)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// never asks a node for a body until it is ready, and wants it to give none.
func (p *purgeScene) never(code string) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	cl, err := p.Operator(code)
	if err != nil {
		p.t.Fatal(err)
	}
	wg.Go(func() {
		for asked := 0; ctx.Err() == nil || asked == 0; asked++ {
			if piece, err := cl.Attachment(p.ctx, p.named.Address, int64(p.named.Size), 0); err == nil {
				p.t.Errorf("%s gave %d bytes of an attachment that is purged", code, len(piece))
			} else if rest(p.ctx, err) != nil {
				return
			}
		}
	})
	wg.Go(func() {
		for asked := 0; ctx.Err() == nil || asked == 0; asked++ {
			_, err := cl.Records(p.ctx, p.sent[0].Index, 1, func(r *wire.Record) error {
				if !r.Purged {
					p.t.Errorf("%s gave a body that is purged", code)
				}
				return nil
			})
			if err != nil && rest(p.ctx, err) != nil {
				return
			}
		}
	})
	if err := p.WaitReady(p.ctx, code); err != nil {
		p.t.Error(err)
	}
}

// upProcesses founds a consortium whose nodes run as processes, and enrols all keys.
func upProcesses(ctx context.Context, t testing.TB, o Options) *Consortium {
	t.Helper()
	c := found(t, o)
	c.Exe = build(t)
	enrolProcesses(ctx, t, c)
	return c
}

// enrolProcesses starts the processes of a consortium, and has all enrolled. They
// are ended with the test, which shows their last words if it fails.
func enrolProcesses(ctx context.Context, t testing.TB, c *Consortium) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Down(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, code := range c.Bureaus() {
				t.Logf("%s: last words: %s", code, lastLine(c.LogPath(code)))
			}
		}
	})
	if err := c.Up(ctx); err != nil {
		t.Fatal(err)
	}
	n, err := c.Enrol(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.WaitEqual(ctx, uint64(n)); err != nil {
		t.Fatal(err)
	}
}

// newPurgeScene starts five processes and opens the desks of XA and XB.
func newPurgeScene(ctx context.Context, t *testing.T) *purgeScene {
	t.Helper()
	c := upProcesses(ctx, t, Options{})
	p := &purgeScene{Consortium: c, t: t, ctx: ctx, desks: make(map[string]*desk.Desk), dirs: make(map[string]string), secrets: new(traces)}
	p.openDesk("XA")
	p.openDesk("XB")
	p.author = authorsOf(t, c, "case-1")[0]
	return p
}

// TestNetPurge purges a notice on five processes: one does not run meanwhile, and
// one comes back with an old copy of its disk. In the end no file of any node, or
// of a desk, has 32 bytes in a row of what was purged, and all receipts verify.
func TestNetPurge(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs processes")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := newPurgeScene(ctx, t)
	p.play()
	if _, _, err := p.WaitEqual(ctx, p.sent[2].Index+1); err != nil {
		t.Fatal(err)
	}
	p.sync("XA")
	p.sync("XB")
	p.spread()
	p.looks(4, p.Bureaus()...)
	p.lookAtDesks(4)
	for _, code := range p.Bureaus() {
		p.epochKeys(code)
	}

	// XD is away, and XE's disk is copied, as they are before the purge.
	if err := errors.Join(p.Halt(ctx, "XD"), p.Halt(ctx, "XE")); err != nil {
		t.Fatal(err)
	}
	nodeE, old := p.homes["XE"].NodeDir(), filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(nodeE)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Launch("XE"), p.WaitReady(ctx, "XE")); err != nil {
		t.Fatal(err)
	}
	purge := p.purge()
	if missing := p.acked(purge.Item.Entry.ID, 4); len(missing) != 1 || missing[0] != "xd.comity/n1" {
		t.Errorf("%q are missing, want the node of XD", missing)
	}
	p.looks(0, "XA", "XB", "XC", "XE")
	p.look("the desk of XA", p.dirs["XA"], 0)
	if st := p.status("XA"); len(st.Purges) != 1 || len(st.Purges[0].Missing) != 1 || st.Purges[0].Missing[0] != "XD" || st.PurgesPending != 0 {
		t.Errorf("status: %+v", st.Purges)
	}

	// XE's old disk comes back, with all that was purged.
	if err := errors.Join(p.Halt(ctx, "XE"), os.RemoveAll(nodeE), os.CopyFS(nodeE, os.DirFS(old)), os.RemoveAll(old), private(nodeE)); err != nil {
		t.Fatal(err)
	}
	p.looks(4, "XE")
	for _, code := range []string{"XE", "XD"} {
		if err := p.Launch(code); err != nil {
			t.Fatal(err)
		}
		p.never(code)
	}
	p.acked(purge.Item.Entry.ID, 5)
	for p.status("XE").PurgesPending > 0 { // it had acknowledged before its disk was put back
		if err := rest(ctx, errors.New("XE has not purged its log")); err != nil {
			t.Fatal(err)
		}
	}
	p.nothingLeft(purge)
}

// purge withdraws the notice and purges it, with two signatures.
func (p *purgeScene) purge() *Sent {
	p.t.Helper()
	sup, err := p.homes["XA"].Officer("sup-1", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	id := p.sent[0].Item.Entry.ID
	p.receipt(p.submit(func(d *desk.Desk, by desk.Officers) (ledger.Item, error) { return d.Withdraw(p.ctx, nil, by, id) }))
	s := &ledger.Statement{Class: ledger.ClassPurge, Target: id, Public: (&ledger.Purge{Reason: ledger.ReasonOver}).Marshal()}
	sent, err := p.author.Submit(p.ctx, s, nil, sup.Signer)
	if err != nil {
		p.t.Fatal(err)
	}
	return sent
}

// nothingLeft looks everywhere, and wants receipts of all entries, also of those
// whose bodies are gone.
func (p *purgeScene) nothingLeft(purge *Sent) {
	p.t.Helper()
	p.looks(0, p.Bureaus()...)
	p.sync("XB")
	p.openDesk("XC") // a desk that never had it
	p.sync("XC")
	p.lookAtDesks(0)
	p.look("the consortium", p.Dir(), 0)
	for _, s := range append(p.sent, p.kept, purge) {
		p.receipt(s)
	}
	for code, d := range p.desks {
		for _, s := range p.sent {
			if _, err := d.Body(s.Index); !errors.Is(err, store.ErrPurged) {
				p.t.Errorf("desk of %s, body %d: %v, want ErrPurged", code, s.Index, err)
			}
		}
		if body, err := d.Body(p.kept.Index); err != nil || !bytes.Equal(body, p.kept.Item.Body) {
			p.t.Errorf("desk of %s, the notice that stays: %v", code, err)
		}
	}
}

func (p *purgeScene) lookAtDesks(secrets int) {
	p.t.Helper()
	for code, dir := range p.dirs {
		p.look("the desk of "+code, dir, secrets)
	}
}

func (p *purgeScene) status(code string) *wire.Status {
	p.t.Helper()
	cl, err := p.Operator(code)
	if err != nil {
		p.t.Fatal(err)
	}
	st, err := cl.Status(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	return st
}

// private takes from a copy the modes that os.CopyFS gives it.
func private(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
}
