package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on stderr how far a long step is, if a person is looking. It
// returns what to call with each advance, and what to call at the end, which
// leaves nothing on the screen. It shows nothing in a pipe.
func (t *terminal) progress(what string) (advance func(done, total uint64), end func()) {
	return t.bar(what, 40, decor.CountersNoUnit("%d of %d entries"))
}

// transferred is progress in bytes.
func (t *terminal) transferred(what string) (advance func(done, total uint64), end func()) {
	return t.bar(what, 40, decor.CountersKibiByte("% .1f of % .1f"))
}

// rate is progress for work of an even pace: it shows how fast it goes, and how
// long it will take.
func (t *terminal) rate(what string) (advance func(done, total uint64), end func()) {
	began := time.Now()
	return t.bar(what, 60, decor.Any(func(s decor.Statistics) string {
		return pace(uint64(s.Current), uint64(s.Total), time.Since(began))
	}))
}

// bar is progress with the figures that follow it. It begins with the first
// advance that leaves something to do: what is done at once flashes no bar.
func (t *terminal) bar(what string, width int, figures decor.Decorator) (advance func(done, total uint64), end func()) {
	if !isTerminal(t.stderr) {
		return func(uint64, uint64) {}, func() {}
	}
	var mu sync.Mutex // guards what follows
	var p *mpb.Progress
	var bar *mpb.Bar
	advance = func(done, total uint64) {
		mu.Lock()
		defer mu.Unlock()
		if bar == nil {
			if done >= total {
				return
			}
			p = mpb.New(mpb.WithOutput(t.stderr), mpb.WithWidth(width))
			bar = p.AddBar(0,
				mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Name(visible(what)+" ")),
				mpb.AppendDecorators(figures),
			)
		}
		bar.SetTotal(int64(total), false)
		bar.SetCurrent(int64(done))
	}
	end = func() {
		mu.Lock()
		defer mu.Unlock()
		if bar != nil {
			bar.Abort(true)
			p.Wait()
		}
	}
	return advance, end
}

// pace says how far a work is: "12,000 of 1,284,000 entries, 31,000/s, 41 s left".
func pace(done, total uint64, took time.Duration) string {
	text := fmt.Sprintf("%s of %s", count(done), plural(total, "entry", "entries"))
	if took < time.Second || done == 0 {
		return text
	}
	speed := float64(done) / took.Seconds()
	text += fmt.Sprintf(", %s/s", count(uint64(speed)))
	if done >= total {
		return text
	}
	left := time.Duration(float64(total-done) / speed * float64(time.Second))
	switch {
	case left < 2*time.Minute:
		return text + fmt.Sprintf(", %d s left", int(left.Seconds()+1))
	case left < 2*time.Hour:
		return text + fmt.Sprintf(", %d min left", int(left.Minutes()+0.5))
	}
	return text + fmt.Sprintf(", %.1f h left", left.Hours())
}
