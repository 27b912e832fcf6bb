package cli

import (
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on stderr how far a long step is, if a person is looking. It
// returns what to call with each advance, and what to call at the end, which
// leaves nothing on the screen. It shows nothing in a pipe.
func (t *terminal) progress(what string) (advance func(done, total uint64), end func()) {
	if !isTerminal(t.stderr) {
		return func(uint64, uint64) {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(t.stderr), mpb.WithWidth(40))
	bar := p.AddBar(0,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(visible(what)+" ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d of %d entries")),
	)
	advance = func(done, total uint64) {
		bar.SetTotal(int64(total), false)
		bar.SetCurrent(int64(done))
	}
	end = func() {
		bar.Abort(true)
		p.Wait()
	}
	return advance, end
}
