package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/raft"
)

// The file that makes a node abstain lies beside its witness state:
//
//	u32 CRC32C of the rest || "comity abstains v1\n" || "l" (the log is lost) or "v" (votes as well)
//
// One that is damaged says the worse.
const (
	abstainName   = "abstain"
	abstainHeader = "comity abstains v1\n"
)

// settleAfter is how many election timeouts a node that forgot its votes waits: a
// candidate counts them for at most two.
const settleAfter = 4

func writeAbstain(path string, lost loss) error {
	return replaceSynced(path, withSumBefore(append([]byte(abstainHeader), byte(lost))))
}

// readAbstain returns what the node has forgotten, 0 for nothing.
func readAbstain(path string) (loss, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read what this node has forgotten: %w", err)
	}
	if bytes.Equal(data, withSumBefore(append([]byte(abstainHeader), byte(lostLog)))) {
		return lostLog, nil
	}
	return lostVotes, nil
}

// openAbstention returns the abstention of this node, nil for one that votes.
// fresh says that it has no Raft state at all.
func openAbstention(path string, fresh bool, others int, settling time.Duration, stable raft.StableStore) (*abstention, error) {
	lost, err := readAbstain(path)
	if err != nil || others == 0 {
		return nil, err
	}
	if fresh && lost != lostVotes {
		if err := writeAbstain(path, lostVotes); err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		lost = lostVotes
	}
	if lost == 0 {
		return nil, nil
	}
	return &abstention{path: path, lost: lost, others: others, dropped: others / 3, asked: time.Now(), settling: settling, stable: stable,
		heard: make(map[string]report)}, nil
}

// The keys under which raft keeps its term and its vote.
var (
	keyTerm     = []byte("CurrentTerm")
	keyVoteTerm = []byte("LastVoteTerm")
	keyVoteFor  = []byte("LastVoteCand")
)

// countVote makes raft give no vote in a term. Raft may give one in a later term
// meanwhile, which stands, or is lost.
func countVote(stable raft.StableStore, term uint64) error {
	voted, err := stableUint64(stable, keyVoteTerm)
	if err != nil || voted >= term {
		return err
	}
	if err := stable.Set(keyVoteFor, []byte(nobody)); err != nil {
		return err
	}
	err = stable.SetUint64(keyVoteTerm, term)
	if errors.Is(err, errVoteBack) { // raft gave a later one just now
		return nil
	}
	return err
}

// nobody is the name of no node.
const nobody = "nobody knows"

// stableUint64 returns a value of raft's, 0 if there is none.
func stableUint64(stable raft.StableStore, key []byte) (uint64, error) {
	v, err := stable.GetUint64(key)
	if err != nil && err.Error() == "not found" { // as raft itself knows it
		return 0, nil
	}
	return v, err
}
