package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "show how this bureau's node is doing",
		Description: "One screen in words. What it says is the node's own word; `comity verify` proves.\n" +
			"The exit code is 4 when there is an alarm, a faulty member or an overdue purge, or the node is mute: it\n" +
			"cosigns nothing. Else it is 1 when the node is not ready.\n\n" +
			"Example: comity status",
		Action: t.status,
	}
}

func (t *terminal) status(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	st, err := s.client.Status(c.Context)
	own, deskErr := s.askDesk(c.Context)
	if err != nil {
		if own != nil && !t.asJSON {
			s.tellDesk(own) // it may be all that an officer's machine reaches
		}
		return err
	}
	if t.asJSON {
		err = t.document(struct {
			*wire.Status
			Desk *wire.DeskStatus `json:"desk,omitempty"`
		}{st, own})
	} else if s.tellStatus(st); own != nil {
		s.tellDesk(own)
	}
	if err = errors.Join(err, deskErr); err != nil {
		return err
	}
	if own != nil && own.Alarm != "" {
		return errFindings
	}
	switch {
	case len(st.Alarms) > 0 || len(st.Faulty) > 0 || st.Muted != "" || slices.ContainsFunc(st.Purges, func(p wire.Purge) bool { return p.Overdue }):
		return errFindings
	case !st.Ready && st.Copies != nil:
		return hint(fmt.Errorf("the read replica of %s needs attention", st.Bureau), "its log says more")
	case !st.Ready:
		return hint(fmt.Errorf("the node of %s needs attention", st.Bureau), "its log says more; the other bureaus' operators see theirs")
	}
	return nil
}

// askDesk asks the desk that this home reads through, if any.
func (s *session) askDesk(ctx context.Context) (*wire.DeskStatus, error) {
	if s.remote == nil {
		return nil, nil
	}
	return s.remote.Status(ctx)
}

func (s *session) tellStatus(st *wire.Status) {
	state := s.paint(green, "ready")
	if !st.Ready {
		state = s.paint(red, "not ready") + ": " + visible(st.NotReady)
	}
	what := "Node of "
	if st.Copies != nil {
		what = "Read replica of "
	}
	s.put(what + visible(s.bureau(st.Bureau)) + ", " + state)
	s.say("  part      %s", s.part(st))
	s.say("  ledger    %s", st.Ledger)
	if st.Size == 0 {
		s.say("  entries   none yet")
	} else {
		s.say("  entries   %s, the last at %s", count(st.Size), clock(st.Time))
	}
	s.say("  FINAL     %s", finality(st))
	s.say("  cosigned  by %s; %d of %d needed", orNone(st.FinalBy), st.Quorum, votersOf(st))
	if silent := silentPeers(st); len(silent) > 0 {
		s.say("  silent    %s did not cosign the last FINAL checkpoint (or not yet)", strings.Join(silent, " "))
	}
	s.say("  disk      %s", diskText(st))
	if q := st.Quota; q != nil {
		s.say("  today     %s wrote %s", st.Bureau, spent(q))
	}
	s.tellKeyDates(st)
	s.tellProposals(st)
	s.say("  running   since %s, version %s", time.Unix(st.StartedAt, 0).UTC().Format(time.DateTime+"Z"), st.Version)
	if st.Muted != "" {
		s.put("  " + s.paint(red, "MUTE") + "      it serves and does not cosign: " + visible(st.Muted))
	}
	if st.Restored != "" {
		s.put("  " + s.paint(red, "RESTORED") + "  it neither votes nor cosigns before it is past all that it may have signed: " + visible(st.Restored))
	}
	for _, f := range st.Faulty {
		s.put("  " + s.paint(red, "FAULTY") + "    " + visible(fmt.Sprintf("%s cosigned another history of the first %s; since entry %s its cosignatures do not count",
			s.bureau(f.Bureau), plural(f.Size, "entry", "entries"), count(f.At))))
	}
	if st.Evidence > 0 {
		s.say("  evidence  %s in the folder evidence of the node's data; each proves itself: comity verify FILE", plural(st.Evidence, "file", "files"))
	}
	s.tellPurges(st)
	switch {
	case st.Muted != "":
		s.say("  do        find out who had the keys, or which old copy was put back, and tell the other bureaus; the node needs new keys: comity recover node")
	case len(st.Faulty) > 0:
		s.say("  do        tell every bureau, the faulty one too, and hand them the evidence; comity bundle create takes it along for an auditor")
	}
	if len(st.Alarms) == 0 {
		s.say("  alarms    none")
	}
	for _, a := range st.Alarms {
		s.put("  " + s.paint(red, "ALARM") + "     " + visible(a))
	}
}

// spent says what a bureau wrote today, and how much it may.
func spent(q *wire.Quota) string {
	of := func(limited bool, limit string) string {
		if limited {
			return " of " + limit
		}
		return ""
	}
	return fmt.Sprintf("%s%s entries and %s%s; counted anew at 00:00 UTC", count(uint64(q.SpentEntries)), of(q.Entries != 0, count(uint64(q.Entries))),
		size(int64(min(q.SpentBytes, math.MaxInt64))), of(q.Bytes != 0, size(int64(min(q.Bytes, math.MaxInt64)))))
}

// tellPurges says which purges are not done everywhere.
func (s *session) tellPurges(st *wire.Status) {
	if st.PurgesPending > 0 {
		s.say("  purging   %s: the Raft log of this node has not forgotten the bodies yet", plural(st.PurgesPending, "purge", "purges"))
	}
	for _, p := range st.Purges {
		word := "  purge     "
		if p.Overdue {
			word = "  " + s.paint(red, "OVERDUE") + "   "
		}
		s.put(word + visible(fmt.Sprintf("%.12s by %s, entry %s of %s: not acknowledged by %s", p.Target, p.Bureau, count(p.Index), clock(p.Time), strings.Join(p.Missing, " "))))
	}
	if more := st.PurgesOpen - len(st.Purges); more > 0 {
		s.say("  purge     and %s more that some node has not acknowledged", count(uint64(more)))
	}
}

// part says what the node is among the others.
func (s *session) part(st *wire.Status) string {
	switch {
	case st.Copies != nil && st.Copies.Heard == 0:
		return "copies and has no vote; no source was heard yet"
	case st.Copies != nil:
		return fmt.Sprintf("copies and has no vote; from the %s, heard %s ago", visible(st.Copies.Source), age(time.Duration(st.Clock-1000*st.Copies.Heard)*time.Millisecond))
	case st.State == "leader":
		return "leads: it orders what all bureaus submit"
	case st.Leader != "":
		return "follows the node of " + s.bureau(leaderBureau(st.Leader)) + ", which leads"
	}
	return "nobody leads: most nodes do not see each other, and nothing can be written"
}

// leaderBureau returns the bureau of a node by the node's name, "xc.comity/n1".
func leaderBureau(node string) string {
	bureau, _, _ := strings.Cut(node, ".")
	return strings.ToUpper(bureau)
}

func silentPeers(st *wire.Status) (codes []string) {
	if st.FinalSize == 0 {
		return nil
	}
	for _, p := range st.Peers {
		if p.Voter && !p.Cosigns {
			codes = append(codes, p.Bureau)
		}
	}
	return codes
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "nobody yet"
	}
	return strings.Join(list, " ")
}
