package follow

import (
	"context"
	"time"

	"comity/node/client"
	"comity/node/wire"
)

// watch looks from beside at how the source that is followed does, until ctx ends.
func (f *Follower) watch(ctx context.Context) {
	f.arrive(ctx)
	last, _ := f.Progress()
	ahead, other := uint64(0), 0 // what another source has shown, and who is asked next
	for sleep(ctx, f.tempo.look) {
		size, total := f.Progress()
		if len(f.Sources) > 1 && size >= last {
			switch gained := size - last; {
			case size < total && gained < f.tempo.gain:
				f.abandon(errStalls)
			case gained == 0 && size < ahead:
				f.abandon(errLags)
			}
		}
		last = size
		// A machine that slept comes here first, before it believes what it heard then.
		if f.silent(time.Now()) > f.tempo.cutOff {
			f.Current(false)
			f.Logger.Error("no source was heard for too long: what is here may be purged by now, and is not served", "limit", f.tempo.cutOff)
			f.arrive(ctx)
		}
		ahead, other = f.lookAt(ctx, other)
	}
}

// Progress returns how many entries the copy has, and on the way to how many it is,
// 0 for none.
func (f *Follower) Progress() (size, total uint64) {
	size, _ = f.Copy.Size() // what cannot be read shows in the next step
	f.mu.Lock()
	defer f.mu.Unlock()
	return size, f.total
}

// abandon ends the step that is under way.
func (f *Follower) abandon(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.leave != nil {
		f.leave(why)
	}
}

// silent returns for how long nothing was heard: by the clock that stands still
// while the machine sleeps or by the one that may be set, whichever says more.
func (f *Follower) silent(now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(now.Sub(f.answered), now.Round(0).Sub(f.answered.Round(0)))
}

// lookAt asks one of the other sources how long a ledger it can show; 0 where it
// shows none that is longer than the copy.
func (f *Follower) lookAt(ctx context.Context, i int) (size uint64, next int) {
	f.mu.Lock()
	at := f.at
	f.mu.Unlock()
	if i %= len(f.Sources); i == at {
		i = (i + 1) % len(f.Sources)
	}
	if i == at {
		return 0, i
	}
	size, _ = f.shows(ctx, f.Sources[i])
	return size, i + 1
}

// shows returns the size of a source's last FINAL checkpoint, verified, and whether
// it answered at all.
func (f *Follower) shows(ctx context.Context, c *client.Client) (size uint64, answered bool) {
	ctx, cancel := context.WithTimeout(ctx, f.tempo.arriving)
	defer cancel()
	note, err := c.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return 0, true
	}
	if err != nil {
		return 0, false
	}
	n, err := f.Copy.openNote(note)
	return n.Size, err == nil
}

// arrive asks all sources how far they are, until one answers, and waits until the
// copy is where the furthest is.
func (f *Follower) arrive(ctx context.Context) {
	goal, heard := uint64(0), false
	for pause := f.tempo.first; !heard; pause = min(2*pause, f.tempo.last) {
		type shown struct {
			size uint64
			ok   bool
		}
		answers := make(chan shown, len(f.Sources))
		for _, c := range f.Sources {
			go func() { // ends within tempo.arriving
				size, ok := f.shows(ctx, c)
				answers <- shown{size, ok}
			}()
		}
		for range f.Sources {
			a := <-answers
			goal, heard = max(goal, a.size), heard || a.ok
		}
		if !heard && !sleep(ctx, pause) {
			return
		}
	}
	for {
		if final, _, _ := f.Copy.Final(); final.Size >= goal {
			break
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return
		}
	}
	f.mu.Lock()
	f.answered = time.Now()
	f.mu.Unlock()
	f.Current(true)
}
