package cli

import (
	"fmt"
	"slices"
	"time"

	"comity/node/wire"
)

// examineOwn looks at what the own node says, and holds it against what others hold.
func (s *session) examineOwn(a nodeAnswer, all []nodeAnswer) (list []diagnosis) {
	if a.err != nil {
		return []diagnosis{bad("node", "is it running? journalctl -u comity-node says why not; else look at listen and the firewall", "%v", cause(a.err))}
	}
	st := a.status
	if st.Ready {
		list = append(list, good("node", "serves; FINAL: %s", finality(st)))
	} else {
		list = append(list, bad("node", "wait if it catches up; else its log says more", "not ready: %s", st.NotReady))
	}
	ahead := credible(a, all)
	switch {
	case st.Muted != "":
		list = append(list, bad("rollback", "find out which old copy was put back, or who had the keys, and tell the other bureaus", "the node does not cosign: %s", st.Muted))
	case st.Restored != "":
		list = append(list, bad("rollback", "leave it running: it cosigns again once it is past all that it may have signed", "the node's data was put back from a copy: %s", st.Restored))
	case st.Size < signedElsewhere(all):
		list = append(list, bad("rollback", "leave it running: it fetches what is missing and cosigns nothing before; if it stands still: comity node repair",
			"this node has cosigned %s, and its ledger has %s: its disk was put back from a copy, or some of it is lost", plural(signedElsewhere(all), "entry", "entries"), count(st.Size)))
	case st.Size < ahead:
		list = append(list, bad("rollback", "wait, and look again; if it stands still: comity node repair", "its ledger has %s, and %s are FINAL elsewhere", plural(st.Size, "entry", "entries"), count(ahead)))
	default:
		list = append(list, good("rollback", "it holds all that the others say is FINAL"))
	}
	for _, alarm := range st.Alarms {
		list = append(list, bad("alarm", "comity status has all of it", "%s", alarm))
	}
	list = append(list, examineKeyAges(st)...)
	for _, p := range st.Proposals {
		if !slices.Contains(p.For, st.Bureau) && !slices.Contains(p.Against, st.Bureau) {
			list = append(list, bad("proposal", fmt.Sprintf("comity vote P-%d, which shows it first", p.Index), "P-%d by %s, to %s %s, waits for the vote of %s", p.Index, p.By, p.Change, p.Code, st.Bureau))
		}
	}
	return append(list, s.examineDisk(st))
}

// credible returns how many entries are FINAL elsewhere, by what so many say that
// one of them at least is honest.
func credible(own nodeAnswer, all []nodeAnswer) uint64 {
	var sizes []uint64
	for _, b := range all {
		if b.err == nil && b.member.Code != own.member.Code {
			sizes = append(sizes, b.status.FinalSize)
		}
	}
	slices.Sort(sizes)
	if f := (len(all) - 1) / 3; f < len(sizes) {
		return sizes[len(sizes)-1-f]
	}
	return 0
}

// signedElsewhere returns up to where other nodes show that the own one cosigned.
func signedElsewhere(all []nodeAnswer) (size uint64) {
	for _, a := range all {
		size = max(size, a.signed)
	}
	return size
}

// examineDisk says how long the disk lasts.
func (s *session) examineDisk(st *wire.Status) diagnosis {
	if st.DiskFree >= 0 && st.DiskFree < diskLow || st.DiskDays >= 0 && st.DiskDays < diskSoon {
		return bad("disk", "make room now: a node whose disk is full stops", "%s", diskText(st))
	}
	return good("disk", "%s", diskText(st))
}

func (s *session) examinePeer(a nodeAnswer) diagnosis {
	what := "to " + a.member.Code
	if a.err != nil {
		return bad(what, "ask the operator of "+s.bureau(a.member.Code)+"; if theirs runs, look at the networks between", "%v", cause(a.err))
	}
	switch st := a.status; {
	case st.Muted != "":
		return bad(what, "tell every bureau", "its node does not cosign: %s", st.Muted)
	case !st.Ready:
		return bad(what, "its operator sees the same", "answers in %s and is not ready: %s", a.unsure.Round(100*time.Microsecond), st.NotReady)
	case st.Version != buildVersion().Version:
		return good(what, "answers in %s; it runs version %s, here it is %s", a.unsure.Round(100*time.Microsecond), st.Version, buildVersion().Version)
	default:
		return good(what, "answers in %s; %s", a.unsure.Round(100*time.Microsecond), plural(st.Size, "entry", "entries"))
	}
}
