package node

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// Version is the version of the program, as the status shows it.
const Version = "0.1.0"

// Format is the newest format of entries that this program knows.
const Format = ledger.Format

// ready says whether the node can serve, and if not, why.
func (r *replica) ready() (bool, string) {
	if err := r.failed(); err != nil {
		return false, err.Error()
	}
	if why := r.leaving.Load(); why != nil {
		return false, *why
	}
	if r.abstain.active() {
		return false, r.abstain.progress(r.report().size)
	}
	if _, leader := r.raft.LeaderWithID(); leader == "" {
		return false, "no majority of the bureaus' nodes is reachable"
	}
	if size := r.fsm.fetching.Load(); size > 0 {
		return false, fmt.Sprintf("fetching entries from the other nodes, up to entry %d", size)
	}
	if behind, ok := r.clockIsBehind(); ok {
		return false, fmt.Sprintf("its clock is %s behind the leader's, or the leader's ahead: it takes no entries", behind.Round(time.Second))
	}
	if r.gossip.stands() {
		return false, "its ledger stands still while the other bureaus cosign a longer one: if a restart does not help, 'comity node repair'"
	}
	if !r.current.Load() {
		return false, "catching up for the first time since it started, or since it was cut off"
	}
	if applied, commit := r.raft.AppliedIndex(), r.raft.CommitIndex(); applied+readyLag < commit {
		return false, fmt.Sprintf("catching up: %d commands behind", commit-applied)
	}
	return true, ""
}

// readyLag is how many commands a ready node may be behind.
const readyLag = 64

// describe returns the status of the node.
func (r *replica) describe() (*wire.Status, error) {
	head, err := state.ReadHead(r.store)
	if err != nil {
		return nil, err
	}
	_, leader := r.raft.LeaderWithID()
	ledgerID, now := r.cfg.Genesis.Ledger, r.roster.now()
	s := &wire.Status{
		Version: Version, Format: r.cfg.program.Knows, Has: now.Format, Bureau: r.cfg.Bureau, Node: r.name, Ledger: hex.EncodeToString(ledgerID[:]),
		State: r.state(), Leader: string(leader), Size: head.Size, Root: hex.EncodeToString(head.Root[:]), Time: head.Time,
		Quorum: now.policy.Quorum, Epoch: now.Number, Applied: r.store.Applied(),
		RaftTerm: r.raft.CurrentTerm(), RaftCommit: r.raft.CommitIndex(), StartedAt: r.started,
		Clock: r.cfg.Clock().UnixMilli(),
	}
	own := r.report()
	s.RaftLast, s.RaftLastTerm, s.Abstains, s.Servers = own.end.index, own.end.term, own.abstains, actsBy(r).tell()
	s.Ready, s.NotReady = r.ready()
	if err := r.describeFinal(s); err != nil {
		return nil, err
	}
	s.Muted, s.Restored, s.Evidence = r.gossip.witness.silence(), r.gossip.witness.returning(), r.proofs.count()
	if err := r.describePurges(s); err != nil {
		return nil, err
	}
	if err := r.keyring.describe(s); err != nil {
		return nil, err
	}
	if err := r.describeQuota(s); err != nil {
		return nil, err
	}
	if err := r.describeProposals(s, now.Epoch); err != nil {
		return nil, err
	}
	s.DiskBytes, s.DiskFree = diskUse(r.cfg.Dir)
	if s.DiskDays, err = r.diskDays(s.DiskBytes, s.DiskFree); err != nil {
		return nil, err
	}
	s.Alarms = r.raised()
	return s, nil
}

// describeQuota says what the bureau of this node has written today, where the
// charter limits that.
func (r *replica) describeQuota(s *wire.Status) error {
	q := r.cfg.Genesis.Charter.Quota
	if q == (ledger.Quota{}) {
		return nil
	}
	spent, err := state.ReadSpent(r.store, r.cfg.Bureau, r.nowMS(s.Time))
	if err != nil {
		return err
	}
	s.Quota = &wire.Quota{Entries: q.Entries, Bytes: q.Bytes, Day: spent.Day, SpentEntries: spent.Entries, SpentBytes: spent.Bytes}
	return nil
}

// nowMS is the later of a ledger time, which stands still while nobody writes, and
// this node's clock.
func (v *served) nowMS(ledgerTime uint64) uint64 {
	return max(ledgerTime, uint64(max(v.clock().UnixMilli(), 0)))
}

// describeFinal says who cosigned the last FINAL checkpoint, and who is faulty.
func (v *served) describeFinal(s *wire.Status) error {
	f := v.final.Load()
	if f != nil {
		s.FinalSize = f.at.Size
		var err error
		if s.FinalTime, err = v.timeOf(f.at.Size); err != nil {
			return err
		}
		p := v.roster.policy(f.at.Size)
		for _, c := range f.at.Cosigs {
			s.FinalBy = append(s.FinalBy, p.Bureau[c.Node])
		}
		slices.Sort(s.FinalBy)
	}
	now := v.roster.now()
	for i := range now.Members {
		m := &now.Members[i]
		s.Peers = append(s.Peers, wire.Peer{Bureau: m.Code, Name: m.Name, Address: m.Node.Address, Cosigns: f != nil && f.at.By(m.NodeName()), Voter: m.Voter})
	}
	faults, err := v.machine.Faults(v.store)
	if err != nil {
		return err
	}
	for _, f := range faults {
		s.Faulty = append(s.Faulty, wire.Faulty{Bureau: v.roster.policy(f.Proof.Size).Bureau[f.Proof.Node], Node: f.Proof.Node, Size: f.Proof.Size, At: f.At})
	}
	return nil
}

// describePurges says which purges are not done everywhere.
func (r *replica) describePurges(s *wire.Status) (err error) {
	if s.PurgesPending, err = r.purger.pending(); err != nil {
		return err
	}
	return r.describeOpenPurges(s)
}

// describeOpenPurges says which purges some node has not acknowledged.
func (v *served) describeOpenPurges(s *wire.Status) error {
	open, err := v.purges.waiting()
	if err != nil {
		return err
	}
	s.PurgesOpen = len(open)
	now := v.nowMS(s.Time)
	for _, u := range open[:min(len(open), wire.MaxPurges)] {
		p := wire.Purge{Index: u.Index, Target: u.Target.String(), Bureau: u.Bureau, Time: u.Time, Overdue: len(u.Overdue(now)) > 0}
		for i := range u.Nodes {
			if u.Nodes[i].Entry == 0 {
				p.Missing = append(p.Missing, u.Nodes[i].Bureau)
			}
		}
		s.Purges = append(s.Purges, p)
	}
	return nil
}

// describeProposals says what waits for votes.
func (r *replica) describeProposals(s *wire.Status, e *ledger.Epoch) error {
	open, err := state.ReadProposals(r.store)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(p *state.Proposal) bool { // nobody can carry it out any more
		_, err := e.After(p.Change, e.From+1)
		return err != nil
	})
	s.ProposalsOpen = len(open)
	for _, p := range open[:min(len(open), wire.MaxProposals)] {
		line := wire.Proposal{ID: p.ID.String(), Index: p.Index, By: p.Bureau, Change: p.Change.Change.String(), Code: p.Change.About(), Needed: p.Change.Needed(e), Until: p.Until()}
		yes, no := p.Count(e)
		for _, v := range yes {
			line.For = append(line.For, v.Bureau)
		}
		for _, v := range no {
			line.Against = append(line.Against, v.Bureau)
		}
		s.Proposals = append(s.Proposals, line)
	}
	return nil
}

func (r *replica) state() string {
	switch r.raft.State() {
	case raft.Leader:
		return "leader"
	case raft.Follower:
		return "follower"
	case raft.Candidate:
		return "candidate"
	}
	return "stopped"
}
