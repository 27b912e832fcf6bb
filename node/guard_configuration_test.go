package node

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"

	"github.com/hashicorp/raft"
)

// servers reads "xa+ xb+ xc-": who is in a Raft configuration, and whether with a vote.
func servers(text string) (c raft.Configuration) {
	for name := range strings.FieldsSeq(text) {
		node, suffrage := ledger.NodeName(name[:2]), raft.Voter
		if name[2] == '-' {
			suffrage = raft.Nonvoter
		}
		c.Servers = append(c.Servers, raft.Server{Suffrage: suffrage, ID: raft.ServerID(node), Address: raft.ServerAddress(node)})
	}
	return c
}

// testMembership returns a membership whose epochs are described in the same way.
func testMembership(t testing.TB, epochs ...string) *ledger.Membership {
	t.Helper()
	c := ledgertest.NewGenesis(t, 8).Genesis
	epoch := func(n int, text string) *ledger.Epoch {
		e := &ledger.Epoch{Number: uint32(n), From: 10 * uint64(n)}
		for name := range strings.FieldsSeq(text) {
			m, ok := c.Charter.Member(strings.ToUpper(name[:2]))
			if !ok {
				t.Fatalf("no bureau %s", name)
			}
			member := *m
			member.Voter = name[2] == '+'
			e.Members = append(e.Members, member)
		}
		return e
	}
	m := ledger.NewMembership(c.Ledger, &ledger.Charter{Members: epoch(0, epochs[0]).Members})
	for i, text := range epochs[1:] {
		m = m.Next(epoch(i+1, text))
	}
	return m
}

// Which step may follow which configuration, when the bureaus decided on xa, xb and
// xc as voters and xd and xe as members that do not vote.
func TestConfigurationFollows(t *testing.T) {
	m := newMembers(testMembership(t, "xa+ xb+ xc+ xd- xe-"))
	for _, tt := range []struct {
		before, after string
		good          bool
	}{
		{"xa+ xb+ xc+", "xa+ xb+ xc+ xd-", true},
		{"xa+ xb+ xc+ xd-", "xa+ xb+ xc+ xd- xe-", true},
		{"xa+ xb+ xc-", "xa+ xb+ xc+", true}, // promoted
		{"xa+ xb+ xc+ xd+", "xa+ xb+ xc+ xd-", true},
		{"xa+ xb+ xc+ xf+", "xa+ xb+ xc+ xf-", true}, // who left loses the vote first
		{"xa+ xb+ xc+ xf-", "xa+ xb+ xc+", true},
		{"xa+ xb+ xc+ xf+", "xa+ xb+ xc+ xf+", true},
		{"xa+ xb+ xc+ xf+", "xa+ xb+ xc+ xf+ xd-", true}, // it may be still there
		{"xa+ xb+ xc+", "xa+ xb+ xc+", true},

		{"xa+ xb+ xc+", "xa+", false},
		{"xa+ xb+ xc+", "xa+ xb+", false},
		{"xa+ xb+ xc+", "xa+ xb+ xc-", false},
		{"xa+ xb+ xc+", "xa+ xb+ xc+ xd+", false},     // a newcomer is no voter at once
		{"xa+ xb+ xc+ xd-", "xa+ xb+ xc+ xd+", false}, // nobody decided that it votes
		{"xa+ xb+ xc+", "xa+ xb+ xc+ xf-", false},     // who is no member
		{"xa+ xb+ xc+", "xa+ xb+ xc+ xf+", false},
		{"xa+ xb+ xc+ xf-", "xa+ xb+ xc+ xf+", false},
		{"xa+ xb+ xc+ xf+", "xa+ xb+ xc+", false}, // with its vote
		{"xa+ xb+ xc+ xd-", "xa+ xb+ xc+", false}, // a member
		{"xa+ xb+ xc+", "xa+ xb+ xc+ xd- xe-", false},
		{"xa+ xb+ xc+ xf+ xg+", "xa+ xb+ xc+ xf- xg-", false},
		{"xa+ xb+ xf-", "xa+ xb+ xc-", false},
	} {
		err := m.follows(servers(tt.before), servers(tt.after))
		if (err == nil) != tt.good || err != nil && !errors.Is(err, errUndecided) {
			t.Errorf("%s -> %s: %v, want accepted %t", tt.before, tt.after, err, tt.good)
		}
	}
}

// Which configuration a snapshot may bring, after xd joined and got a vote, and xa
// left.
func TestConfigurationReachable(t *testing.T) {
	m := testMembership(t, "xa+ xb+ xc+", "xa+ xb+ xc+ xd-", "xa+ xb+ xc+ xd+", "xb+ xc+ xd+")
	for text, good := range map[string]bool{
		"xa+ xb+ xc+": true, "xa+ xb+ xc+ xd-": true, "xa+ xb+ xc+ xd+": true, "xa- xb+ xc+ xd+": true, "xb+ xc+ xd+": true,
		"xb+ xc+": true, // it was before xd joined, and xa leaves: not to be told from what is decided
		"xb+":     false, "xb+ xc-": false, "xb- xc+ xd+": false, "xd+": false, "xb+ xc+ xd+ xe-": false, "xb+ xc+ xe+": false,
	} {
		if err := reachable(servers(text), m); (err == nil) != good {
			t.Errorf("%s: %v, want accepted %t", text, err, good)
		}
	}
	if err := reachable(servers("xa+ xb+"), testMembership(t, "xa+ xb+ xc+")); err == nil {
		t.Error("a founder is missing: accepted")
	}
	if err := reachable(servers("xa+ xb+ xc+ xd+"), testMembership(t, "xa+ xb+ xc+", "xa+ xb+ xc+ xd-")); err == nil {
		t.Error("a member that never had a vote has one: accepted")
	}
}

// The largest configuration that there can be fits what carries it.
func TestConfigurationFits(t *testing.T) {
	var c raft.Configuration
	for i := range ledger.MaxMembers {
		name := ledger.NodeName(fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26))
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(name)})
	}
	if n := len(raft.EncodeConfiguration(c)); n > maxConfiguration {
		t.Errorf("%d bytes, and %d are carried", n, maxConfiguration)
	}
}
