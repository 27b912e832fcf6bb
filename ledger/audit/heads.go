package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/bundle"
)

// head is a note of the file.
type head struct {
	ledger.Checkpoint
	by   []ledger.Cosigner
	no   int    // in the file, from 0 on
	err  error  // why it is not FINAL
	more uint64 // that are not for the same reason, and are not kept
	ok   bool   // FINAL, and of this history
}

// bureaus returns who cosigned, in order of code.
func (hd *head) bureaus() []string {
	var out []string
	for _, c := range hd.by {
		out = append(out, c.Bureau)
	}
	slices.Sort(out)
	return out
}

// clocks returns the earliest and the latest time at which somebody cosigned.
func (hd *head) clocks() (first, last time.Time) {
	if len(hd.by) == 0 {
		return
	}
	times := make([]uint64, len(hd.by))
	for i, c := range hd.by {
		times[i] = c.Time
	}
	return time.Unix(int64(slices.Min(times)), 0).UTC(), time.Unix(int64(slices.Max(times)), 0).UTC()
}

// reached returns a time, in POSIX seconds, that had come when the head was
// cosigned, even if as many bureaus lie about it as a ledger of so many members
// bears: one more says that it was this late.
func (hd *head) reached(members int) uint64 {
	times := make([]uint64, len(hd.by))
	for i, c := range hd.by {
		times[i] = c.Time
	}
	slices.Sort(times)
	return times[len(times)-1-(members-1)/3]
}

// headList is the notes of a file. What costs nothing to write is one head in it,
// however often it stands in the file.
type headList struct {
	all  []*head
	read int // from the file
}

// readHeads reads and verifies the notes, some at a time on all cores.
func readHeads(ctx context.Context, r *bundle.Reader, p *ledger.Membership, count int) (headList, error) {
	var list headList
	bad := make(map[string]*head) // by reason
	for {
		var notes [][]byte
		var err error
		for len(notes) < 4*count && err == nil {
			var n []byte
			if n, err = r.NextNote(); err == nil {
				notes = append(notes, n)
			}
		}
		batch := make([]*head, len(notes))
		if err := parallel(ctx, count, len(notes), func(i int) {
			c, by, err := p.Cosigners(notes[i])
			batch[i] = &head{Checkpoint: c, by: by, err: err}
		}); err != nil {
			return list, err
		}
		for _, hd := range batch {
			hd.no = list.read
			list.read++
			if hd.err != nil && len(hd.by) == 0 {
				if same := bad[hd.err.Error()]; same != nil {
					same.more++
					continue
				}
				bad[hd.err.Error()] = hd
			}
			list.all = append(list.all, hd)
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return list, err
		}
	}
}

// truth says which of the two trees the heads are of.
type truth int

const (
	neither truth = iota
	listed        // the hashes that the file lists
	entries       // those that its entries have
)

// verdict of the heads on the history.
type headed struct {
	truth truth
	final *head // the last one that is FINAL and of this history; nil for none
}

// heads holds every note against the trees. whole says that the file has no more.
func (h *history) heads(list headList, whole bool) (headed, error) {
	var out headed
	var before uint64 // size of the one before
	var covered uint64
	parts := false
	for _, hd := range list.all {
		h.checked[qHeads] += 1 + hd.more
		f := Failure{Do: askFile}
		if hd.err != nil {
			f.What = h.notFinal(hd, list.read)
			h.fail(qHeads, "head "+hd.err.Error(), f)
			h.again(qHeads, "head "+hd.err.Error(), hd.more)
			continue
		}
		name := fmt.Sprintf("the head over %s entries", number(hd.Size))
		key := ""
		switch {
		case hd.no > 0 && hd.Size <= before:
			f.What, key = fmt.Sprintf("%s stands behind the one over %s: heads ascend", name, number(before)), "order"
		case hd.Size > h.size:
			f.What = fmt.Sprintf("%s covers more than the %s of the file: the rest was taken away", name, number(h.size))
		}
		before = max(before, hd.Size)
		if f.What != "" {
			h.fail(qHeads, key, f)
			continue
		}
		is, root, err := h.compare(hd)
		if err != nil {
			return out, err
		}
		if is == neither {
			f.What = fmt.Sprintf("this is not the history that %s cosigned at %s entries (root %s cosigned, %s in the file)",
				codes(hd.bureaus()), number(hd.Size), digest(hd.Root), digest(root))
			if hd.Size > covered {
				f.What += fmt.Sprintf(": they part somewhere in entries %s to %s", number(covered), number(hd.Size-1))
			}
			h.fail(qHeads, "parts", f)
			parts = true
			continue
		}
		hd.ok = true
		covered = hd.Size
		out.truth, out.final = is, hd
	}
	if (covered != h.size || list.read == 0) && !parts && whole {
		f := Failure{What: "the file has no head: nobody vouches for its entries", Do: askFile}
		if covered > 0 {
			f.What = fmt.Sprintf("nobody vouches for entries %s to %s: no FINAL head of this history covers them", number(covered), number(h.size-1))
		}
		h.fail(qHeads, "", f)
	}
	h.differences(out)
	return out, nil
}

// compare returns which tree the head is of, and the root that the file has.
func (h *history) compare(hd *head) (truth, ledger.Hash, error) {
	root, err := h.listed.root(hd.Size)
	if err != nil || root == hd.Root {
		return listed, root, err
	}
	if h.entries != h.listed {
		other, err := h.entries.root(hd.Size)
		if err != nil || other == hd.Root {
			return entries, other, err
		}
	}
	return neither, root, nil
}

// notFinal says why a note is not a FINAL head of this ledger.
func (h *history) notFinal(hd *head, n int) string {
	if errors.Is(hd.err, ledger.ErrQuorum) {
		by := "nobody"
		if len(hd.by) > 0 {
			by = codes(hd.bureaus()) + " only"
		}
		if hd.Origin == "" {
			return fmt.Sprintf("head %d of %d has no cosignature of a bureau of this ledger", hd.no+1, n)
		}
		return fmt.Sprintf("the head over %s entries is cosigned by %s, and %d of %d are needed", number(hd.Size), by, h.members.PolicyAt(hd.Size).Quorum, h.members.PolicyAt(hd.Size).Voters())
	}
	return fmt.Sprintf("head %d of %d is not good: %s", hd.no+1, n, strings.TrimPrefix(hd.err.Error(), "checkpoint: "))
}

// differences names the entries that differ from what the file lists. They were
// counted when they were found.
func (h *history) differences(by headed) {
	h.settle()
	at := make(map[[32]byte]uint64) // what is listed where
	for _, m := range h.moved {
		at[m.listed] = m.index
	}
	for _, m := range h.moved {
		f := Failure{Entry: &m.index, Bureau: m.bureau, Do: "Do not act on it. " + askEntry(m.bureau)}
		is := by.truth
		if by.final == nil || m.index >= by.final.Size {
			is = neither
		}
		switch is {
		case listed:
			f.What = m.text(at, fmt.Sprintf("(digest %s in the file, %s in the history that %s cosigned)",
				digest(m.leaf), digest(m.listed), codes(by.final.bureaus())))
		case entries:
			f.Do = askFile
			f.What = fmt.Sprintf("the list of hashes in the file is wrong here (%s listed); the entry (%s) is the one that %s cosigned",
				digest(m.listed), digest(m.leaf), codes(by.final.bureaus()))
			if m.also == "" && m.body == "" {
				h.list("list", f)
				continue
			}
			for _, also := range []string{m.also, m.body} {
				if also != "" {
					f.What += "; " + also
				}
			}
		default:
			digests := fmt.Sprintf("(digest %s in the file, %s in its list of hashes, and no head says which is right)", digest(m.leaf), digest(m.listed))
			if m.also == "" && m.shift == 0 {
				f.What = "the entry is not the one that the file's own list names here " + digests
				h.list("neither", f)
				continue
			}
			f.What = m.text(at, digests)
		}
		h.nameMain(qSequence, "", f)
	}
}

// list names the first of the entries that differ from the list in one way, and
// says how many differ in all.
func (h *history) list(key string, f Failure) {
	if h.differ > 1 && h.groups[key] == nil {
		f.What += fmt.Sprintf("; %s entries in all differ from the list", number(h.differ))
	}
	if h.groups[key] == nil {
		h.nameMain(qSequence, key, f)
	}
}

// text says how the entry differs, given both digests in brackets.
func (m *mismatch) text(at map[[32]byte]uint64, digests string) string {
	also := ""
	if m.also != "" {
		also = ": " + m.also
	}
	other, known := at[m.leaf]
	if m.shift != 0 {
		other, known = uint64(int64(m.index)-int64(m.shift)), true
	}
	switch {
	case m.malformed:
		return "what stands here is no entry " + digests
	case m.run > 1 && m.shift < 0:
		return fmt.Sprintf("an entry is missing here %s: from here on, %s entries stand one place too early", digests, number(m.run))
	case m.run > 1:
		return fmt.Sprintf("an entry was put in before this one %s: from here on, %s entries stand one place too late", digests, number(m.run))
	case known:
		return fmt.Sprintf("what stands here is entry %s of that history %s%s", number(other), digests, also)
	case also != "":
		return fmt.Sprintf("the entry was changed after it was cosigned %s%s", digests, also)
	}
	return fmt.Sprintf("another entry of %s stands in the place of the one that was cosigned %s", m.signer, digests)
}
