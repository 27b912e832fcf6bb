package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/index"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/follow"
)

// maxJudged bounds the answers to one notice that are opened to see whether one
// is still to come. Where there are more, it is looked at each time.
const maxJudged = 64

// asks reports whether a reply is of those by which an answer is still to come,
// or has come. An ack by the origin itself takes note of what others took out.
func asks(r *Reply, origin string) bool {
	return r.Type != notice.Message && (r.Type != notice.Ack || r.Bureau == origin)
}

// answer opens the replies of a step, and says what the answers to the notices
// that they are about add up to.
func (d *Desk) answer(ctx context.Context, ix *index.Index, last, u *index.Update, replies []uint64, own string) error {
	ids := d.opener.keys()
	opened, about := make([]*Reply, len(replies)), make([]*state.Notice, len(replies))
	err := follow.Parallel(ctx, len(replies), func(i int) { opened[i], about[i] = d.answers(replies[i], ids) })
	if err != nil {
		return err
	}
	at := make(map[uint64]int) // of a notice in u.Answered
	known := make(map[uint64]*Reply)
	var order []*state.Notice
	for i, r := range opened {
		if r == nil {
			continue
		}
		n := about[i].Index
		known[r.Index] = r
		u.Replies = append(u.Replies, index.Reply{Entry: r.Index, Notice: n, Asks: asks(r, about[i].Bureau)})
		j, ok := at[n]
		if !ok {
			j = len(u.Answered)
			at[n], order = j, append(order, about[i])
			u.Answered = append(u.Answered, index.Answered{Notice: n})
		}
		if r.Type != notice.Ack || r.Bureau != own {
			continue
		}
		f := notice.Filed{ID: r.ID.String(), Index: r.Index, Time: r.Time, Bureau: r.Bureau, Reply: r.Reply}
		if notice.NewThread(about[i].Bureau, anyUrgency, []notice.Filed{f}, 0).Posts[0].Void == "" {
			u.Answered[j].Acked = r.Index
		}
	}
	for j := range u.Answered {
		if u.Answered[j].Pending, err = d.pending(ctx, ix, last, u, order[j], known, own); err != nil {
			return err
		}
	}
	return nil
}

// answers returns a reply and the notice that it answers, nil if the keys do not
// open it or that is none of this ledger.
func (d *Desk) answers(i uint64, ids identities) (*Reply, *state.Notice) {
	r := d.openReply(i, ids)
	if r == nil {
		return nil, nil
	}
	id, err := keys.ParseID(r.Notice)
	if err != nil {
		return nil, nil
	}
	about, err := d.Notice(ledger.ID(id))
	if err != nil || about == nil || about.Index > i {
		return nil, nil
	}
	if r.Time, _, err = d.store.Entry(i); err != nil {
		return nil, nil
	}
	return r, about
}

// pending reports whether an answer to a notice is still to come, as of a step
// and what is in the index already. known are the replies of the step.
func (d *Desk) pending(ctx context.Context, ix *index.Index, last, u *index.Update, about *state.Notice, known map[uint64]*Reply, own string) (bool, error) {
	if about.Purged != 0 {
		return true, nil // the answer itself, until it is purged as well
	}
	list, err := ix.Asking(about.Index, maxJudged+1)
	if err != nil {
		return false, err
	}
	for _, step := range []*index.Update{last, u} {
		if step == nil {
			continue
		}
		for _, r := range step.Replies {
			if r.Notice == about.Index && r.Asks && !slices.Contains(list, r.Entry) && len(list) <= maxJudged {
				list = append(list, r.Entry)
			}
		}
	}
	if len(list) > maxJudged {
		return true, nil
	}
	slices.Sort(list)
	var old []uint64
	for _, i := range list {
		if known[i] == nil {
			old = append(old, i)
		}
	}
	opened, err := d.openReplies(ctx, old)
	if err != nil {
		return false, err
	}
	filed := make([]notice.Filed, 0, len(list))
	add := func(r *Reply) error {
		ms, _, err := d.store.Entry(r.Index)
		if err != nil {
			return fmt.Errorf("read entry %d: %w", r.Index, err)
		}
		filed = append(filed, notice.Filed{ID: r.ID.String(), Index: r.Index, Time: ms, Bureau: r.Bureau, Reply: r.Reply})
		return nil
	}
	for _, i := range list {
		if r := known[i]; r != nil {
			err = add(r)
		} else if j := slices.Index(old, i); opened[j] != nil {
			err = add(opened[j])
		}
		if err != nil {
			return false, err
		}
	}
	slices.SortFunc(filed, func(a, b notice.Filed) int { return cmp.Compare(a.Index, b.Index) })
	return isPending(notice.NewThread(about.Bureau, anyUrgency, filed, 0), own), nil
}

// anyUrgency is for threads of which no deadline is asked for.
func anyUrgency(uint64) ledger.Urgency { return 0 }

// isPending reports whether anybody is still to answer, or this bureau to say what
// came of a hit or to take note of an export. It depends on no time.
func isPending(t *notice.Thread, own string) bool {
	for _, h := range t.Hits {
		if h.Open() || h.State == notice.HitConfirmed && (own == "" || h.Bureau == own) {
			return true
		}
	}
	for _, e := range t.Exports {
		if e.Bureau != t.Origin && e.Index >= t.Acked[t.Origin] && (own == "" || t.Origin == own) {
			return true
		}
	}
	return slices.ContainsFunc(t.Consents, (*notice.ConsentLine).Open) ||
		slices.ContainsFunc(t.Requests, func(r *notice.RequestLine) bool { return r.Open() || r.Decision == nil })
}

// ownBureau returns the bureau whose keys these are, "" if the ledger does not
// know it.
func (d *Desk) ownBureau(ids identities) (string, error) {
	for _, c := range compartmentsOf(ids) {
		for _, id := range ids[c] {
			k, err := d.Key(id.Recipient().ID())
			if err != nil || k != nil {
				if k == nil {
					return "", err
				}
				return k.Bureau, nil
			}
		}
	}
	return "", nil
}
