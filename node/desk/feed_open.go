package desk

import (
	"slices"

	"comity/ledger/notice"
)

// openNewest opens the current version of a notice for the index, and where that
// is sealed to others finds the reference of the newest one that is open, "" if
// none is. It opens no more than that: a notice that is amended a thousand times
// is not opened a thousand times for each.
func (d *Desk) openNewest(k *docket, t *touched, ids identities) (current *notice.View, former string) {
	version := func(i int, grants []uint64) *notice.View {
		one := *k
		one.versions, one.grants = k.versions[i:i+1], grants
		return d.openNotice(&one, ids).shown[0].view
	}
	fresh := func(list []uint64) int { // how many of them were there before
		n, _ := slices.BinarySearch(list, t.firstFresh())
		return n
	}
	newest := len(k.versions) - 1
	if known := t.before; known != nil && !known.Opened {
		// Nothing was open: only what is new can open something.
		for i := newest; i >= 0; i-- {
			grants := k.grants[fresh(k.grants):]
			if i >= fresh(k.versions) {
				grants = k.grants
			} else if len(grants) == 0 {
				break
			}
			if v := version(i, grants); v != nil && i == newest {
				return v, ""
			} else if v != nil {
				return nil, v.Reference
			}
		}
		return nil, ""
	}
	for i := newest; i >= 0; i-- {
		if v := version(i, k.grants); v != nil && i == newest {
			return v, ""
		} else if v != nil {
			return nil, v.Reference
		}
	}
	return nil, ""
}

// firstFresh returns the first entry of this step on the notice.
func (t *touched) firstFresh() uint64 { return t.events[t.fresh] }
