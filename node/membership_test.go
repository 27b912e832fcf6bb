package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// bureau returns a bureau that is, was or will be a member.
func (c *cluster) bureau(code string) *ledgertest.Bureau {
	return c.nodes[ledger.NodeName(code)].bureau
}

// put submits through whoever leads, as entry base.
func (c *cluster) put(it ledger.Item) ledger.ID {
	c.t.Helper()
	if at := c.submit(c.leader(), it); at != c.base {
		c.t.Fatalf("%s is entry %d, want %d", it.Entry.Statement.Class, at, c.base)
	}
	c.base++
	return it.Entry.ID
}

// decide brings a change about: the first voter proposes, the others vote, and who
// has to makes the epoch.
func (c *cluster) decide(p ledger.Propose) {
	c.t.Helper()
	now := c.leader().roster.applied()
	var voters []*ledgertest.Bureau
	for i := range now.Members {
		if m := &now.Members[i]; m.Voter {
			voters = append(voters, c.bureau(m.Code))
		}
	}
	id := c.put(voters[0].Propose(c.t, p))
	for _, b := range voters[1:p.Needed(now.Epoch)] {
		c.put(b.Vote(c.t, id, true))
	}
	author := voters[0]
	if p.Change == ledger.ChangeAdmit {
		author = c.bureau(p.Code)
	}
	final, err := c.leader().waitFinal(c.t.Context(), c.base-1)
	if err != nil {
		c.t.Fatal(err)
	}
	c.put(author.Enact(c.t, id, now.Number+1, final.at.Size, final.at.Root))
}

// configured waits until the Raft configuration of every running node is this.
func (c *cluster) configured(text string) {
	c.t.Helper()
	c.configuredOf(text, "")
}

// configuredOf leaves one node out.
func (c *cluster) configuredOf(text, but string) {
	c.t.Helper()
	want := suffrages(servers(text))
	for range 600 {
		same := true
		for name := range c.nodes {
			if r := c.replica(name); r != nil && name != but {
				got := suffrages(r.raft.GetConfiguration().Configuration())
				same = same && len(got) == len(want)
				for id, s := range want {
					same = same && got[id] == s
				}
			}
		}
		if same {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	for name := range c.nodes {
		if r := c.replica(name); r != nil {
			ok, why := r.ready()
			c.t.Logf("%s: %v, term %d, applied %d, alarms %q, ready %t %s", name, r.raft.GetConfiguration().Configuration().Servers, r.raft.CurrentTerm(), r.store.Applied(), r.alarms, ok, why)
		}
	}
	c.t.Fatalf("no configuration %s after a minute", text)
}

// signers waits until a fresh entry is FINAL with the cosignatures of all these bureaus.
func (c *cluster) signers(codes ...string) {
	c.t.Helper()
	c.put(c.bureau("XA").Officer.Publish(c.t, ledger.KindYellow, fmt.Appendf(nil, "entry %d", c.base)))
	c.agree(c.base)
	want := make([]string, len(codes))
	for i, code := range codes {
		want[i] = ledger.NodeName(code)
	}
	var got []string
	for range 100 {
		final, err := state.ReadFinal(c.leader().store)
		if err != nil {
			c.t.Fatal(err)
		}
		got = nil
		for _, s := range final.Cosigs {
			got = append(got, s.Node)
		}
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("entry %d is cosigned by %v, want %v", c.base-1, got, want)
}

// takeFile gives the present charter file to nodes that start from now on.
func (c *cluster) takeFile() {
	c.t.Helper()
	r := c.leader()
	file, err := r.charterFile()
	if err == nil && file.Latest().Number != r.roster.applied().Number {
		err = fmt.Errorf("it ends with epoch %d, and the ledger with %d", file.Latest().Number, r.roster.applied().Number)
	}
	if err == nil {
		c.file, err = ledger.ParseGenesis(file.Marshal())
	}
	if err != nil {
		c.t.Fatalf("charter file: %v", err)
	}
}

// left waits until the node of a bureau has stopped because the bureau left.
func (c *cluster) left(code string) {
	c.t.Helper()
	r := c.replica(ledger.NodeName(code))
	select {
	case <-r.done:
	case <-time.After(2 * time.Minute):
		c.t.Fatalf("the node of %s goes on", code)
	}
	if !errors.Is(r.err, ErrLeft) {
		c.t.Errorf("the node of %s stopped for %v", code, r.err)
	}
}

func membersBubble(t *testing.T, n int, test func(t *testing.T, c *cluster), newcomers ...string) {
	synctest.Test(t, func(t *testing.T) { test(t, newCluster(t, n, newcomers...)) })
}

// A fourth bureau joins three, catches up, gets a vote, and then one of the
// founders goes.
func TestReplicaMembersComeAndGo(t *testing.T) {
	membersBubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		xf := c.bureau("XF")

		c.decide(xf.Admission(t))
		c.configured("xa+ xb+ xc+ xf-")
		c.agree(c.base)
		c.takeFile()
		c.start(xf.Node())
		c.signers("XA", "XB", "XC")

		c.decide(ledger.Propose{Change: ledger.ChangePromote, Code: "XF"})
		c.configured("xa+ xb+ xc+ xf+")
		c.signers("XA", "XB", "XC", "XF")
		if got := c.replica(xf.Node()).roster.now().Epoch.Quorum(); got != 3 {
			t.Errorf("quorum %d of four", got)
		}

		c.decide(ledger.Propose{Change: ledger.ChangeRemove, Code: "XC"})
		c.left("XC")
		c.stop(ledger.NodeName("XC"))
		c.configured("xa+ xb+ xf+")
		c.signers("XA", "XB", "XF")
		if r := c.leader(); r.raft.State() != raft.Leader {
			t.Error("nobody leads")
		}
	}, "XF")
}

// Whoever is down while the bureaus decide finds its way when it is back: one node
// after the other, over each step, and all of them together at the end.
func TestReplicaMembersOverRestarts(t *testing.T) {
	for _, down := range []string{"XA", "XB", "XC"} {
		t.Run(down, func(t *testing.T) {
			membersBubble(t, 3, func(t *testing.T, c *cluster) {
				c.enrol()
				c.agree(c.base)
				xf, away := c.bureau("XF"), ledger.NodeName(down)
				// A quorum of three is two: the ledger goes on without one of them.
				without := func(step func()) {
					t.Helper()
					c.stop(away)
					step()
					c.start(away)
					c.agree(c.base)
				}
				without(func() {
					c.decide(xf.Admission(t))
					c.configured("xa+ xb+ xc+ xf-")
					c.agree(c.base)
					c.takeFile()
				})
				c.start(xf.Node())
				c.agree(c.base)
				without(func() {
					c.decide(ledger.Propose{Change: ledger.ChangePromote, Code: "XF"})
					c.configured("xa+ xb+ xc+ xf+")
					c.agree(c.base)
				})
				// The newcomer as well, before its vote is taken and after.
				c.stop(xf.Node())
				c.start(xf.Node())
				c.signers("XA", "XB", "XC", "XF")
				without(func() {
					c.decide(ledger.Propose{Change: ledger.ChangeDemote, Code: "XF"})
					c.configured("xa+ xb+ xc+ xf-")
					c.agree(c.base)
				})
				c.signers("XA", "XB", "XC")
				c.stop(xf.Node()) // it hears of its removal when it comes back
				without(func() {
					c.decide(ledger.Propose{Change: ledger.ChangeRemove, Code: "XF"})
					c.configured("xa+ xb+ xc+")
					c.agree(c.base)
				})
				for name := range c.nodes {
					c.stop(name)
				}
				for _, b := range c.c.Bureaus {
					c.start(b.Node())
				}
				c.configured("xa+ xb+ xc+")
				c.signers("XA", "XB", "XC")
				c.start(xf.Node())
				c.left("XF")
			}, "XF")
		})
	}
}

// A dishonest leader changes Raft's members as it likes. No other node stores that,
// so it is never committed, and the ledger goes on under another leader. A node
// without the guard believes it at once, which shows that the test sees.
func TestReplicaLeaderMakesUpMembers(t *testing.T) {
	for name, change := range map[string]func(r *raft.Raft, victim, stranger raft.ServerID) raft.Future{
		"it takes a vote":     func(r *raft.Raft, victim, _ raft.ServerID) raft.Future { return r.DemoteVoter(victim, 0, 0) },
		"it removes a member": func(r *raft.Raft, victim, _ raft.ServerID) raft.Future { return r.RemoveServer(victim, 0, 0) },
		"it adds a stranger": func(r *raft.Raft, _, stranger raft.ServerID) raft.Future {
			return r.AddNonvoter(stranger, raft.ServerAddress(stranger), 0, 0)
		},
		"it gives a stranger a vote": func(r *raft.Raft, _, stranger raft.ServerID) raft.Future {
			return r.AddVoter(stranger, raft.ServerAddress(stranger), 0, 0)
		},
	} {
		for _, guarded := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, guarded=%t", name, guarded), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := &cluster{trusting: !guarded}
					c.found(t, 4, "XF")
					c.enrol()
					c.agree(c.base)
					liar := c.leader()
					victim := c.other(liar.name)
					want := suffrages(servers("xa+ xb+ xc+ xd+"))
					change(liar.raft, raft.ServerID(victim), raft.ServerID(ledger.NodeName("XF")))
					believed := make(map[string]bool)
					for range 200 { // the honest part of this node takes it back in time
						time.Sleep(10 * time.Millisecond)
						for name := range c.nodes {
							if r := c.replica(name); r != nil && r != liar && !maps.Equal(suffrages(r.raft.GetConfiguration().Configuration()), want) {
								believed[name] = true
							}
						}
					}
					if guarded && len(believed) > 0 || !guarded && len(believed) == 0 {
						t.Errorf("believed by %v", believed)
					}
					if guarded {
						c.isolate(liar.name, true) // or it gives way half a minute later
						c.configuredOf("xa+ xb+ xc+ xd+", liar.name)
						c.put(c.bureau("XA").Officer.Publish(t, ledger.KindYellow, []byte("the ledger goes on")))
						c.isolate(liar.name, false)
						c.configured("xa+ xb+ xc+ xd+")
						c.agree(c.base)
					}
				})
			})
		}
	}
}

// A newcomer whose node comes so late that the others' logs do not reach back any
// more starts from a snapshot, and so does one that missed epochs after its charter
// file was made.
func TestReplicaMemberJoinsBySnapshot(t *testing.T) {
	membersBubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		xf := c.bureau("XF")
		c.decide(xf.Admission(t))
		c.configured("xa+ xb+ xc+ xd+ xf-")
		c.agree(c.base)
		c.takeFile()
		c.decide(ledger.Propose{Change: ledger.ChangeDemote, Code: "XD"})
		c.configured("xa+ xb+ xc+ xd- xf-")
		for i := range minTrailing + 50 {
			c.submit(c.leader(), c.bureau("XA").Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "%d", i)))
			c.base++
		}
		c.agree(c.base)
		for name := range c.nodes {
			if r := c.replica(name); r != nil {
				if err := r.raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
				if first, err := c.nodes[name].logs.FirstIndex(); err != nil || first == 1 {
					t.Fatalf("the log of %s begins at %d (%v)", name, first, err)
				}
			}
		}
		c.start(xf.Node())
		c.agree(c.base)
		c.configured("xa+ xb+ xc+ xd- xf-")
		c.decide(ledger.Propose{Change: ledger.ChangePromote, Code: "XF"})
		c.configured("xa+ xb+ xc+ xd- xf+")
		c.signers("XA", "XB", "XC", "XF")
	}, "XF")
}

// bent is a way to the others on which one of them says of itself what change makes
// of what another node does.
type bent struct {
	peers
	who, as string
	change  func(*wire.Status)
}

func (b *bent) Status(ctx context.Context, name string) (*wire.Status, error) {
	if name != b.who {
		return b.peers.Status(ctx, name)
	}
	s, err := b.peers.Status(ctx, b.as)
	if err == nil {
		b.change(s)
	}
	return s, err
}

// A newcomer gets its vote for what it has stored, and not for what it says: neither
// does one that names the others' numbers as its own, nor one that has another root.
func TestReplicaNewcomerBoasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var astray atomic.Bool
		xf := ledger.NodeName("XF")
		c := &cluster{peersOf: func(name string, p peers) peers {
			return &bent{p, xf, name, func(s *wire.Status) {
				if astray.Load() {
					s.Root = strings.Repeat("00", 32)
				}
			}}
		}}
		c.found(t, 3, "XF")
		c.enrol()
		c.agree(c.base)
		c.decide(c.bureau("XF").Admission(t))
		c.configured("xa+ xb+ xc+ xf-")
		c.agree(c.base)
		c.takeFile()
		c.decide(ledger.Propose{Change: ledger.ChangePromote, Code: "XF"})
		time.Sleep(10 * steadyFor)
		c.configured("xa+ xb+ xc+ xf-") // it does not even run
		if all := electorates(c.leader().roster, c.leader()); len(all) != 1 || len(all[0]) != 3 {
			t.Errorf("who elects while it has no vote: %v", all)
		}
		astray.Store(true)
		c.start(xf)
		c.agree(c.base)
		time.Sleep(10 * steadyFor)
		c.configured("xa+ xb+ xc+ xf-")
		astray.Store(false)
		c.configured("xa+ xb+ xc+ xf+")
	})
}

// A bureau whose node was lost with its keys gets another by a decision of the
// others. The lost one, should it come back, hears of it and stops.
func TestReplicaMemberGetsANewNode(t *testing.T) {
	membersBubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		name := ledger.NodeName("XB")
		lost, next := c.nodes[name], c.c.Newcomer(t, "XB")
		c.stop(name)
		c.decide(lost.bureau.NewNode(t, next))
		c.agree(c.base)
		c.takeFile()

		c.start(name) // with its old keys, and the charter of the founders
		c.left("XB")
		c.stop(name)

		c.forget(name)
		lost.bureau.TLS, lost.bureau.Witness, c.renewed = next.TLS, next.Witness, name
		c.start(name)
		c.votesAgain(name)
		c.signers("XA", "XB", "XC", "XD")
	}, "XF")
}

func testLogger(name string) *slog.Logger {
	if os.Getenv("NODE_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("self", name)
}
