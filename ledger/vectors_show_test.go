package ledger_test

import (
	"crypto/sha256"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
)

// What a reader finds in each type, as the lines "shows" of the vectors.

func showStatement(s *ledger.Statement) []string {
	return []string{
		"id " + ledger.StatementID(s.Marshal()).String(),
		"class " + s.Class.String(),
		fmt.Sprintf("ledger %x", s.Ledger),
		"author " + s.Author.String(),
		fmt.Sprintf("seq %d", s.Seq),
		"prev " + s.Prev.String(),
		fmt.Sprintf("seen_size %d", s.SeenSize),
		fmt.Sprintf("seen_root %x", s.SeenRoot),
		fmt.Sprintf("created %d", s.Created),
		"target " + s.Target.String(),
		fmt.Sprintf("body_hash %x", s.BodyHash),
		fmt.Sprintf("body_len %d", s.BodyLen),
	}
}

func showPublish(p *ledger.Publish) []string {
	shows := []string{"kind " + p.Kind.String(), fmt.Sprintf("review_by %d", p.ReviewBy), "classification " + p.Classification.String(),
		"urgency " + p.Urgency.String(), fmt.Sprintf("size_class %d", p.SizeClass)}
	for _, a := range p.Attachments {
		shows = append(shows, fmt.Sprintf("attachment %x %d", a.Address, a.Size))
	}
	return shows
}

func showEnrol(e *ledger.Enrol) []string {
	return []string{"purpose " + e.Purpose.String(), "label " + e.Label, fmt.Sprintf("roles %04x", uint16(e.Roles)),
		fmt.Sprintf("compartment %d", e.Compartment), "key_id " + e.KeyID().String()}
}

func showRotate(r *ledger.Rotate) []string {
	return append([]string{"old " + r.Old.String()}, showEnrol(&r.New)...)
}

func showRevoke(r *ledger.Revoke) []string {
	return []string{"key " + r.Key.String(), fmt.Sprintf("suspect_from %d", r.SuspectFrom)}
}

func showSuspend(s *ledger.Suspend) []string { return []string{"by " + s.By.String()} }

func showLift(l *ledger.Lift) []string {
	return []string{"by " + l.By.String(), "outcome " + l.Outcome.String()}
}

func showExtend(e *ledger.Extend) []string { return []string{fmt.Sprintf("review_by %d", e.ReviewBy)} }

func showReview(r *ledger.Review) []string {
	return []string{"decision " + r.Decision.String(), "version " + r.Version.String()}
}

func showCircle(c *ledger.Circle) []string { return []string{"after " + c.After.String()} }

func showPurge(p *ledger.Purge) []string { return []string{"reason " + p.Reason.String()} }

func showCharter(c *ledger.Charter) []string {
	id := sha256.Sum256(c.Marshal())
	out := []string{fmt.Sprintf("ledger %x", id), "origin " + ledger.Origin(id), "name " + c.Name,
		fmt.Sprintf("created %d", c.Created), fmt.Sprintf("quorum %d", ledger.Quorum(len(c.Members)))}
	if c.Format != 0 {
		out = append(out, fmt.Sprintf("format %d", c.Format), fmt.Sprintf("quota %d entries %d bytes", c.Quota.Entries, c.Quota.Bytes))
	}
	for i := range c.Members {
		m := &c.Members[i]
		name := m.NodeName()
		out = append(out, fmt.Sprintf("member %s %q", m.Code, m.Name),
			"root "+keys.SigningID(m.Root).String(), "access "+m.Access.String(),
			fmt.Sprintf("node %s %s %s", name, m.Node.Address, m.Node.TLS),
			fmt.Sprintf("witness %s+%08x", name, ledger.TestingKeyHash(name, 4, m.Node.Witness.Ed25519)),
			fmt.Sprintf("witness %s+%08x", name, ledger.TestingKeyHash(name, 6, m.Node.Witness.MLDSA.Bytes())))
	}
	return out
}

func showCheckpoint(c *ledger.Checkpoint) []string {
	return []string{"origin " + c.Origin, fmt.Sprintf("size %d", c.Size), fmt.Sprintf("root %x", c.Root)}
}

func showCosignature(s *ledger.Cosignature) []string {
	return []string{"node " + s.Node, fmt.Sprintf("size %d", s.Size), fmt.Sprintf("root %x", s.Root), fmt.Sprintf("time %d", s.Time)}
}

func showCommand(c *ledger.Command) []string {
	if c.Evidence != nil {
		return append([]string{"command evidence"}, showCosignature(c.Evidence)...)
	}
	if c.Batch == nil {
		out := []string{"command cosignatures"}
		for _, s := range c.Cosignatures {
			out = append(out, showCosignature(s)...)
		}
		return out
	}
	out := []string{"command batch", fmt.Sprintf("time %d", c.Batch.Time)}
	for i := range c.Batch.Items {
		out = append(out, showItem(&c.Batch.Items[i])...)
	}
	return out
}

func showItem(it *ledger.Item) []string {
	return []string{"id " + it.Entry.ID.String(), fmt.Sprintf("body %d", len(it.Body))}
}
