package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"comity/crypto/keys"
	"comity/ledger"

	"github.com/hashicorp/raft"
	"golang.org/x/time/rate"
)

// elections says whom this node believes to lead. hashicorp/raft believes every
// member that names a term at least as high as its own: with one message, and
// without an election, a member could give other entries to each node and let
// them count as committed. Here who leads a term shows signed votes of a majority
// first, once to each node; what it sends before that does not reach raft.
//
// A majority, and not a quorum of checkpoints, so that a ledger goes on with half
// of its bureaus down. A voter that signs twice in a term can thus let two nodes
// lead it; both their proofs name the voter. What a leader that was elected may
// still do is for the other guards.
type elections struct {
	ledger ledger.Hash
	name   raft.ServerID // of this node
	key    *keys.Witness
	voters func() []electorate // any of them elects; that of the Raft configuration is the last
	alarm  func(string)
	asking func() // told of a leader whom others may have elected; nil for nobody

	mu        sync.Mutex // guards what follows
	given     vote       // the last vote that this node signed
	standing  uint64     // the newest term in which a vote for this node came in
	collected []ballot   // the votes of standing
	leader    vote       // whom this node believes, and since which term
	proof     []ballot   // of leader
	handOver  vote       // the next term, and who may ask for it over the leader's head
	shows     map[raft.ServerID]*rate.Limiter
}

// How often a node may show votes, each of which is a signature to verify: it does so
// once in a term, or some times at once.
const (
	showRate  = 20 // a second
	showBurst = 50
)

// electorate is who elects by majority, this node included. There may be several: a
// node that was away hears a leader that those who vote by its own Raft configuration
// would not have elected. See [electorates].
type electorate map[raft.ServerID]voter

// elects reports whether a majority of them is among these.
func (v electorate) elects(seen map[raft.ServerID]bool) bool {
	n := 0
	for id := range v {
		if seen[id] {
			n++
		}
	}
	return n > len(v)/2
}

// voter is a member as elections know it.
type voter struct {
	key  ed25519.PublicKey // its Ed25519 cosigning key
	addr raft.ServerAddress
}

// vote is a node in a term.
type vote struct {
	term uint64
	node raft.ServerID
}

// errUnelected is the refusal of a node that has not shown that it leads.
var errUnelected = errors.New("it has not shown that it was elected")

// newElections returns the elections in which voters says who votes.
func newElections(id ledger.Hash, name string, key *keys.Witness, voters func() []electorate, alarm func(string)) *elections {
	return &elections{ledger: id, name: raft.ServerID(name), key: key, voters: voters, alarm: alarm}
}

// electors returns all who may vote.
func (e *elections) electors() electorate {
	all := make(electorate)
	for _, some := range e.voters() {
		maps.Copy(all, some)
	}
	return all
}

func (e *elections) strange() {
	if e.asking != nil {
		e.asking()
	}
}

// elect reports whether these voters elect.
func (e *elections) elect(seen map[raft.ServerID]bool) bool {
	return slices.ContainsFunc(e.voters(), func(v electorate) bool { return v.elects(seen) })
}

// sign signs the vote that raft has just given, and made durable. It gives no
// second one in a term, whatever raft says.
func (e *elections) sign(term uint64, candidate raft.ServerID) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := (vote{term, candidate}); e.given != v {
		if e.given.term >= term {
			return nil, fmt.Errorf("vote in term %d for %s after that in term %d for %s", term, candidate, e.given.term, e.given.node)
		}
		e.given = v
	}
	sig, err := e.key.SignEd25519(ballotMessage(e.ledger, term, e.name, candidate))
	if err != nil {
		return nil, fmt.Errorf("sign a vote: %w", err)
	}
	return sig, nil
}

// collect keeps the vote of another node for this one. A vote that is not signed
// is none.
func (e *elections) collect(term uint64, voter raft.ServerID, sig []byte) error {
	if !e.verify(term, voter, e.name, sig) {
		return fmt.Errorf("the vote of %s in term %d is not signed", voter, term)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if term < e.standing {
		return nil // too late to matter
	}
	if term > e.standing {
		e.standing, e.collected = term, nil
	}
	if !slices.ContainsFunc(e.collected, func(b ballot) bool { return b.voter == voter }) {
		e.collected = append(e.collected, ballot{voter, sig})
	}
	return e.won()
}

// won notes that this node leads, once a majority has voted for it. mu is held.
func (e *elections) won() error {
	seen := map[raft.ServerID]bool{e.name: true}
	for _, b := range e.collected {
		seen[b.voter] = true
	}
	if e.standing < e.leader.term || !e.elect(seen) {
		return nil
	}
	if self := (vote{e.standing, e.name}); e.standing > e.leader.term || e.leader == self {
		e.leader, e.proof = self, slices.Clone(e.collected)
		return nil
	}
	delete(seen, e.name)
	return e.both(e.name, seen)
}

// both refuses a second leader of the term that the present one leads. mu is held.
func (e *elections) both(second raft.ServerID, seen map[raft.ServerID]bool) error {
	names := e.twice(seen)
	for _, name := range names { // one text for each: liars cannot fill the status with pairs
		e.alarm(name + " voted twice in one term, for which two nodes show a majority of the votes")
	}
	return fmt.Errorf("%s leads term %d already, and %s voted for %s too: %w", e.leader.node, e.leader.term, strings.Join(names, " "), second, errUnelected)
}

// credentials returns the votes that show this node as the leader of a term, nil
// if it has none. A vote counts no more when its node has got another key.
func (e *elections) credentials(term uint64) []ballot {
	e.mu.Lock()
	list := slices.Clone(e.collected)
	if term != e.standing {
		list = nil
	}
	e.mu.Unlock()
	known := e.electors()
	return slices.DeleteFunc(list, func(b ballot) bool {
		v, ok := known[b.voter]
		return !ok || !ed25519.Verify(v.key, ballotMessage(e.ledger, term, b.voter, e.name), b.signature)
	})
}

// stands reports whether the votes by which this node leads a term are a majority
// of those who vote now. They were of those who voted then; a node that hears of
// this leader only now could not tell.
func (e *elections) stands(term uint64) bool {
	seen := map[raft.ServerID]bool{e.name: true}
	for _, b := range e.credentials(term) {
		seen[b.voter] = true
	}
	all := e.voters()
	return all[len(all)-1].elects(seen)
}

func (e *elections) verify(term uint64, by, candidate raft.ServerID, sig []byte) bool {
	v, ok := e.electors()[by]
	return ok && ed25519.Verify(v.key, ballotMessage(e.ledger, term, by, candidate), sig)
}

// elected checks the votes that a node shows, and from then on believes it. The
// node's own vote needs no signature: TLS has proved who speaks.
func (e *elections) elected(peer raft.ServerID, term uint64, ballots []ballot) error {
	known := e.electors()
	if _, ok := known[peer]; !ok {
		e.strange()
		return fmt.Errorf("%s does not vote, as far as this node knows: %w", peer, errUnelected)
	}
	seen := map[raft.ServerID]bool{peer: true}
	for _, b := range ballots {
		seen[b.voter] = true
	}
	if !e.elect(seen) { // before anything that costs
		e.strange()
		return fmt.Errorf("%d votes in term %d are no majority: %w", len(seen), term, errUnelected)
	}
	switch believed, err := e.judged(peer, term); {
	case err != nil:
		return err
	case believed:
		return nil
	}
	seen = map[raft.ServerID]bool{peer: true}
	for _, b := range ballots {
		if _, ok := known[b.voter]; !ok {
			continue // somebody of whom this node has not heard yet; it does not count
		}
		if seen[b.voter] || !e.verify(term, b.voter, peer, b.signature) {
			e.strange() // or the voter has another key than this node knows
			e.alarm(fmt.Sprintf("%s showed votes for itself that were not given", peer))
			return fmt.Errorf("the vote of %q in term %d is not good: %w", b.voter, term, errUnelected)
		}
		seen[b.voter] = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case term < e.leader.term:
		return fmt.Errorf("term %d is over, %s leads term %d: %w", term, e.leader.node, e.leader.term, errUnelected)
	case term == e.leader.term && peer != e.leader.node:
		return e.both(peer, seen)
	}
	e.leader, e.proof = vote{term, peer}, ballots
	return nil
}

// judged reports whether this node believes already that peer leads a term. A term that
// is over, and one who shows votes all the time, are refused.
func (e *elections) judged(peer raft.ServerID, term uint64) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if (e.leader == vote{term, peer}) {
		return true, nil
	}
	if term < e.leader.term {
		return false, fmt.Errorf("term %d is over, %s leads term %d: %w", term, e.leader.node, e.leader.term, errUnelected)
	}
	often := e.shows[peer]
	if often == nil {
		if e.shows == nil {
			e.shows = make(map[raft.ServerID]*rate.Limiter) // of those who vote
		}
		often = rate.NewLimiter(showRate, showBurst)
		e.shows[peer] = often
	}
	if !often.Allow() {
		return false, fmt.Errorf("%s shows votes too often: %w", peer, errUnelected)
	}
	return false, nil
}

// twice names the voters of seen that also elected the present leader. mu is held.
func (e *elections) twice(seen map[raft.ServerID]bool) (names []string) {
	if seen[e.leader.node] {
		names = append(names, string(e.leader.node))
	}
	for _, b := range e.proof {
		if seen[b.voter] {
			names = append(names, string(b.voter))
		}
	}
	slices.Sort(names)
	return names
}

// leads reports whether peer has shown that it leads this term.
func (e *elections) leads(peer raft.ServerID, term uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leader == vote{term, peer}
}

// believed reports whether this node believes that peer leads, in whatever term.
func (e *elections) believed(peer raft.ServerID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leader.node == peer
}

// handsOver notes to whom the leader hands over; this node, too, if it is the
// leader, whose own vote may be needed.
func (e *elections) handsOver(peer raft.ServerID, term uint64, to raft.ServerID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if (e.leader != vote{term, peer}) {
		return errUnelected
	}
	e.handOver = vote{term + 1, to}
	return nil
}

// mayTakeOver reports whether the leader has handed this term to the candidate.
func (e *elections) mayTakeOver(candidate raft.ServerID, term uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.handOver == vote{term, candidate}
}

// check is asked about every request before raft sees it. It may take the power
// out of one.
func (e *elections) check(peer raft.ServerID, req *request, now uint64) error {
	switch r := req.command.(type) {
	case *raft.AppendEntriesRequest, *raft.InstallSnapshotRequest:
		// The leader of an earlier term has heard that it is over.
		if req.term >= now && !e.leads(peer, req.term) {
			return errUnelected
		}
	case *raft.TimeoutNowRequest:
		if !e.leads(peer, now) {
			return errUnelected
		}
	case *raft.RequestVoteRequest:
		if r.LeadershipTransfer && !e.mayTakeOver(peer, r.Term) {
			r.LeadershipTransfer = false // then it is judged as any other
		}
	case *electedRequest:
		return e.elected(peer, r.Term, r.Ballots)
	case *handOverRequest:
		return e.handsOver(peer, r.Term, r.To)
	}
	return nil
}

// ours reports whether a request is for elections alone and not for raft.
func (r *request) ours() bool {
	switch r.command.(type) {
	case *electedRequest, *handOverRequest:
		return true
	}
	return false
}

// electorates returns who may elect a leader: those with a vote in this node's Raft
// configuration, the last; before it those in one that this node has not got yet, and
// most of its voters say that they act by. Who has no configuration takes the newest
// epoch that it knows. What was decided and nobody acts by elects nobody: where two
// removals are decided, few of those who stay would be a majority then, and the rest
// one of those who still vote.
func electorates(known *roster, r *replica) []electorate {
	present := actsBy(r)
	if len(present) == 0 {
		return []electorate{known.now().electors}
	}
	var all []electorate
	for _, c := range r.stands.ahead(present) {
		all = append(all, known.electorate(c))
	}
	return append(all, known.electorate(present))
}

// electorate returns who votes by a Raft configuration.
func (r *roster) electorate(c suffrage) electorate {
	now, out := r.now(), make(electorate)
	for _, id := range c.voters() {
		v, ok := now.electors[id]
		if !ok {
			m := r.node(string(id))
			if m == nil {
				continue // of an epoch that this node does not know
			}
			v = voter{m.Node.Witness.Ed25519, raft.ServerAddress(id)}
		}
		out[id] = v
	}
	return out
}
