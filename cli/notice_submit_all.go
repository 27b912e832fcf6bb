package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

// noticeFile is one of several notices that one command sends.
type noticeFile struct {
	path string
	*notice.Notice
}

// name is what people call it in a sentence on what is wrong with it.
func (f noticeFile) name() string { return fmt.Sprintf("%s (%s)", f.Reference, inputName(f.path)) }

// submitAll sends several notices of one author in their order, or keeps them all for
// a second officer. Nothing is sent before all are known to be right.
func (t *terminal) submitAll(c *cli.Context, paths []string) error {
	if len(c.StringSlice("attach")) > 0 {
		return usagef("--attach: of which of the %d notices would it be? submit that one by itself", len(paths))
	}
	files, err := t.readNotices(paths, c.Bool("again"))
	if err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	if err := s.resolveAll(files); err != nil {
		return err
	}
	if !c.Bool("again") {
		if err := s.knowsAll(c.Context, by.Author.ID()); err != nil {
			return err
		}
		if files, err = s.unsent(c.Context, files); err != nil || len(files) == 0 {
			return err
		}
	}
	list, needs, err := s.composeAll(c, by, files)
	if err != nil {
		return err
	}
	if waits := needs > 0 || c.Bool("for-approval"); waits && len(by.Others) == 0 {
		if needs > 0 && needs < len(list) {
			s.note("%d of %d need a second officer; all wait together. Submit by themselves those that need none", needs, len(list))
		}
		name := list[0].name
		if len(list) > 1 {
			name = plural(len(list), "notice", "notices")
		}
		err = s.park(c, name, list)
	} else {
		err = s.sendAll(c, list, nothingKept)
	}
	if err != nil {
		return err
	}
	for i, f := range files {
		s.removeKept(f.path)
		if err := s.warnSuperseded(c, list[i].item, notice.CirclesOf(f.Readers, f.Victim)); err != nil {
			return err
		}
	}
	return nil
}

// readNotices reads and checks all files, and tells of each that is not right why.
func (t *terminal) readNotices(paths []string, again bool) (files []noticeFile, err error) {
	const most = 20 // are told
	bad := 0
	first := make(map[string]string) // the path of a reference
	for _, path := range paths {
		n, err := t.readNotice(path)
		if err == nil && !again && first[n.Reference] != "" {
			err = fmt.Errorf("%s: it has the same reference as %s: %s", inputName(path), inputName(first[n.Reference]), n.Reference)
		}
		if err != nil {
			if bad++; bad == most || t.asJSON {
				return nil, errors.Join(err)
			}
			t.finish(err)
			continue
		}
		first[n.Reference] = path
		files = append(files, noticeFile{path, n})
	}
	if bad > 0 {
		return nil, fmt.Errorf("nothing was sent: %d of %d files are not right", bad, len(paths))
	}
	return files, nil
}

// resolveAll replaces the circles among readers, and tells once what there is to tell
// of them.
func (s *session) resolveAll(files []noticeFile) error {
	var named, circles notice.Readers
	for i, f := range files {
		of := notice.CirclesOf(f.Readers, f.Victim)
		n, err := s.desk.ResolveNotice(f.Notice)
		if err != nil {
			return s.composing(f.name(), err)
		}
		files[i].Notice = n
		named, circles = append(named, of...), append(circles, notice.CirclesOf(n.Readers, n.Victim)...)
	}
	s.tellLeft(once(named))
	if err := s.tellCircles(once(circles)); err != nil {
		return err
	}
	for _, f := range files {
		s.tellUnreviewable(f.Notice)
	}
	return nil
}

// once returns readers in order, each once.
func once(list notice.Readers) notice.Readers {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// composeAll composes new notices one behind the other in the author's chain, and
// returns how many of them need a second officer who is not here.
func (s *session) composeAll(c *cli.Context, by desk.Officers, files []noticeFile) (list []outgoing, needs int, err error) {
	end, err := s.desk.Chain(c.Context, s.client, by.Author.ID())
	if err != nil {
		return nil, 0, err
	}
	by.Chain = &end
	for _, f := range files {
		it, waits, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) { return s.desk.Publish(c.Context, s.client, by, f.Notice) })
		if err != nil {
			return nil, 0, s.composing(f.name(), err)
		}
		if waits {
			needs++
		}
		list = append(list, outgoing{f.Reference, it})
	}
	return list, needs, nil
}

// knowsAll returns when the replica has all that an author has sent: what is committed
// and not FINAL yet is not in it, and would be sent twice.
func (s *session) knowsAll(ctx context.Context, author keys.ID) error {
	limited, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	for {
		end, err := s.desk.Chain(limited, s.client, author)
		if err != nil {
			return err
		}
		ours, err := s.desk.Author(author)
		if err != nil || ours.Seq >= end.Seq {
			return err
		}
		if !pause(limited, 100*time.Millisecond) {
			return hint(fmt.Errorf("nothing was sent: of what %s sent %s not FINAL yet, and these may be among that", s.label, plural(end.Seq-ours.Seq, "statement is", "statements are")),
				"run it again in a minute; --again sends all of them whatever was sent")
		}
		if err := s.desk.Sync(limited, s.client, nil); err != nil && limited.Err() == nil {
			return fmt.Errorf("nothing was sent: see what was sent before: %w", err)
		}
	}
}

// unsent returns the notices whose reference no notice of this bureau has, nor a draft.
// One that says the same was sent by a command that was cut off, and is passed over;
// another is refused. What the keys here do not open of it is not compared.
func (s *session) unsent(ctx context.Context, files []noticeFile) (rest []noticeFile, err error) {
	waiting := s.publishDrafts()
	references := make([]string, len(files))
	for i, f := range files {
		references[i] = f.Reference
	}
	sent, err := s.referred(ctx, references...)
	if err != nil {
		return nil, err
	}
	var told []string
	var before []*written
	for _, f := range files {
		k, d := sent[f.Reference], waiting[strings.ToLower(f.Reference)]
		var same bool
		switch {
		case k == nil && d == nil:
			rest = append(rest, f)
			continue
		case k == nil:
			same, err = s.ownReader().DraftSays(d.Item, f.Notice)
		case s.remote != nil:
			k, err = s.remote.Case(ctx, k.ID.String())
		default:
			k, err = s.working(ctx, k.ID.String())
		}
		if err != nil {
			return nil, err
		}
		if k != nil {
			same = k.View != nil && k.View.Says(f.Notice)
		}
		if !same {
			return nil, s.inUse(f.name(), k, d)
		}
		w := &written{Name: f.Reference, State: "waiting", Known: true}
		if k == nil {
			w.ID = d.ID()
			told = append(told, fmt.Sprintf("%s  waits already, draft %.8s", f.Reference, w.ID))
		} else {
			w.ID, w.Index, w.State = k.ID, k.Index, "FINAL"
			told = append(told, fmt.Sprintf("%s  was sent before, as entry %s, id %.12s", f.Reference, count(w.Index), w.ID))
		}
		before = append(before, w)
	}
	return rest, s.tellBefore(before, told, len(rest))
}

func (s *session) tellBefore(before []*written, told []string, rest int) error {
	if s.asJSON {
		if rest == 0 {
			return s.document(before)
		}
		return nil // in the document of what is sent now: see sendAll
	}
	for _, line := range told {
		s.say("%s", line)
	}
	if rest == 0 {
		s.note("nothing to do: all %d are sent, or wait", len(before))
	}
	return nil
}
