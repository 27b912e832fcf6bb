package follow

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"comity/node/client"
	"comity/node/wire"
)

// Follower keeps a copy up to date. It follows one source, and goes to the next
// when that one does not answer, is not to be believed, stalls, or shows an older
// state than another does. What it has by then stays.
type Follower struct {
	Options
	tempo  tempo
	spared map[int]time.Time // sources that lead, and when another was asked in their place; of Run's goroutine

	mu       sync.Mutex // guards all below
	at       int        // of the source that is followed
	liars    map[int]time.Time
	leave    context.CancelCauseFunc // ends the step that is under way, nil between steps
	total    uint64                  // entries that the step under way leads to, 0 for none
	heard    time.Time               // by clock
	answered time.Time               // the same by the machine's
	source   string
	problem  string
	alarm    string // stays until the follower is made anew: people must look
}

// tempo is how patient a follower is.
type tempo struct {
	poll     time.Duration // how long a source may wait for news
	first    time.Duration // pause after the first failure; it doubles
	last     time.Duration // up to this
	look     time.Duration // between two looks at how the source does, and what another one has
	gain     uint64        // entries that must come between two looks while a source gives some
	banned   time.Duration // for how long who lied is not asked, unless all did
	arriving time.Duration // how long the sources may take to say how far they are
	cutOff   time.Duration // without news the copy is not current any more
}

var defaultTempo = tempo{
	poll: wire.MaxWait * time.Second, first: 250 * time.Millisecond, last: 15 * time.Second,
	look: 30 * time.Second, gain: 64, banned: 10 * time.Minute, arriving: 10 * time.Second, cutOff: 24 * time.Hour,
}

// patience is how many failures in a row it takes to ask the next source.
const patience = 2

var (
	errStalls = errors.New("it gives next to nothing, and there are others")
	errLags   = errors.New("another source shows a longer ledger")
	errLeads  = errors.New("it leads, and there are others")
)

// longWay is how many entries are many to copy from a node that has to lead meanwhile.
const longWay = 4096

// Options says whom a follower follows, for which copy.
type Options struct {
	Copy    *Copy
	Sources []*client.Client // the first of which is asked first
	Origin  bool             // ask for checkpoints with the origin line of a node, to hand them on
	Clock   func() time.Time
	Logger  *slog.Logger
	Changed func()      // called each time that the copy has grown, from the goroutine of Run
	Failed  func(error) // told what is wrong with a source, or with the disk, from there too; may be nil

	// Current is told true once the copy has been, since the start, where the furthest
	// of the sources that answered was then, and false when nothing was heard for a day.
	// While it is not, the copy may be an old one, and hold what was purged. May be nil.
	Current func(bool)
}

// NewFollower returns a follower that has not begun.
func NewFollower(o Options) *Follower {
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Current == nil {
		o.Current = func(bool) {}
	}
	return &Follower{Options: o, tempo: defaultTempo, liars: make(map[int]time.Time), spared: make(map[int]time.Time)}
}

// Report says when a source was last heard, as POSIX seconds and 0 for never, which
// one was asked last, what is wrong with it, if anything, and whether people must look.
func (f *Follower) Report() (heard int64, source, problem, alarm string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.heard.IsZero() {
		heard = f.heard.Unix()
	}
	return heard, f.source, f.problem, f.alarm
}

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(ctx) })
	defer watching.Wait()
	pause, failures := f.tempo.first, 0
	for ctx.Err() == nil {
		at, c := f.choose()
		begun := time.Now()
		grown, err := f.step(ctx, at, c)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errLeads) {
			f.next(at)
			continue
		}
		f.note(at, c, err)
		switch {
		case err == nil && (grown || time.Since(begun) > f.tempo.first):
			pause, failures = f.tempo.first, 0
			continue
		case err == nil: // a source that answers at once and has nothing
			pause, failures = f.tempo.first, 0
		case errors.Is(err, errStalls), errors.Is(err, errLags):
			f.next(at)
			pause, failures = f.tempo.first, 0
			continue
		default:
			f.Failed(err)
			if failures++; failures >= patience || isLie(err) {
				f.next(at)
				failures = 0
			}
			pause = min(2*pause, f.tempo.last)
		}
		sleep(ctx, pause/2+rand.N(pause/2))
	}
}

// isLie tells errors that people must look at, and that are reason enough to follow
// another source.
func isLie(err error) bool {
	return errors.Is(err, ErrDishonest) || errors.Is(err, ErrFork) || errors.Is(err, ErrCut)
}

// choose returns the source to follow: the present one, unless it lied a short
// time ago and another did not.
func (f *Follower) choose() (int, *client.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range f.Sources {
		if lied, ok := f.liars[f.at]; !ok || time.Since(lied) > f.tempo.banned {
			break
		}
		f.at = (f.at + 1) % len(f.Sources)
	}
	return f.at, f.Sources[f.at]
}

// next leaves the source at a place.
func (f *Follower) next(at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = (at + 1) % len(f.Sources)
}

// step waits for news of a source and takes them over.
func (f *Follower) step(ctx context.Context, at int, c *client.Client) (grown bool, err error) {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	f.mu.Lock()
	f.leave = leave
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.leave, f.total = nil, 0
		if cause := context.Cause(ctx); errors.Is(cause, errStalls) || errors.Is(cause, errLags) {
			err = cause
		}
	}()
	before, err := f.Copy.Size()
	if err != nil {
		return false, err
	}
	final, _, _ := f.Copy.Final()
	wait := f.tempo.poll
	if final.Size == 0 {
		wait = 0
	}
	ask := c.Checkpoint
	if f.Origin {
		ask = c.OriginCheckpoint
	}
	note, err := ask(ctx, final.Size, wait)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if to, err := f.Copy.openNote(note); err == nil && to.Size >= before+longWay && f.spare(ctx, at, c) {
		return false, errLeads
	}
	last := before
	err = f.Copy.SyncTo(ctx, c, note, func(done, total uint64) {
		f.mu.Lock()
		f.total = total
		f.mu.Unlock()
		if done > last { // a long way: who was revoked in it is out at once
			last = done
			f.Changed()
		}
	})
	if g := f.Copy.Genesis(); err == nil && len(g.Epochs()) < len(f.Copy.Members().Epochs()) {
		_, err = f.Copy.renew(ctx, c, note) // the certificates, for those who come after us
	}
	after, sizeErr := f.Copy.Size()
	if err == nil {
		err = sizeErr
	}
	if after != before { // and the last checkpoint covers it
		f.Changed()
	}
	return after != before, err
}

// spare reports whether another source is to be asked for a long way, because this one
// leads. It is said of a source once in a while: where no other gives what is wanted,
// this one is asked after all.
func (f *Follower) spare(ctx context.Context, at int, c *client.Client) bool {
	if len(f.Sources) < 2 || time.Since(f.spared[at]) < f.tempo.banned {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, f.tempo.arriving)
	defer cancel()
	st, err := c.Status(ctx)
	if err != nil || st.State != "leader" {
		return false
	}
	f.spared[at] = time.Now()
	return true
}

// note keeps what came of a step for the report, and logs what is new in it.
func (f *Follower) note(at int, c *client.Client, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.source = c.String()
	if err == nil {
		if f.problem != "" {
			f.Logger.Info("following again", "node", f.source)
		}
		f.heard, f.answered, f.problem = f.Clock(), time.Now(), ""
		return
	}
	text := err.Error()
	if isLie(err) {
		f.liars[at] = time.Now()
		if f.alarm != text {
			f.Logger.Error("alarm", "node", f.source, "error", text)
		}
		f.alarm = text
	} else if f.problem != text {
		f.Logger.Warn("no news", "node", f.source, "error", text)
	}
	f.problem = text
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
