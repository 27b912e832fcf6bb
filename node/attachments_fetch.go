package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/blobs"
	"comity/node/wire"
)

// holdersLimit is how long one node may take to say whether it has a file.
const holdersLimit = 3 * time.Second

// holders asks all nodes for the last byte of a sealed file, which they give of a
// whole one only.
func (h *holdings) holders(ctx context.Context, address ledger.Hash, size uint64) *wire.AttachmentHolders {
	ctx, cancel := context.WithTimeout(ctx, holdersLimit)
	defer cancel()
	names := h.others()
	errs := make([]error, len(names))
	var asked sync.WaitGroup
	for i, name := range names {
		asked.Go(func() { _, errs[i] = h.giver.Attachment(ctx, name, address, int64(size), int64(size)-1) })
	}
	asked.Wait()
	out := &wire.AttachmentHolders{Held: []string{}}
	if h.held(address, size) {
		out.Held = append(out.Held, h.bureau)
	}
	for i, name := range names {
		bureau := bureauOf(name)
		switch code := wire.CodeOf(errs[i]); {
		case errs[i] == nil && !slices.Contains(out.Held, bureau):
			out.Held = append(out.Held, bureau)
		case errs[i] != nil && code != wire.NotFound && code != wire.Purged:
			out.Silent = append(out.Silent, bureau)
		}
	}
	return out
}

// bureauOf returns the bureau of a node's name, and any other name as it is.
func bureauOf(name string) string {
	if code := strings.ToUpper(name[:min(2, len(name))]); name == ledger.NodeName(code) {
		return code
	}
	return name
}

// fetching is a file on its way from other nodes.
type fetching struct {
	done chan struct{} // closed when it is here, or nobody has it
	err  error         // read after that
}

// fetch begins to get a file from the other nodes, unless that is under way.
func (h *holdings) fetch(address ledger.Hash, a *state.Attachment) *fetching {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.fetching[address]; f != nil {
		return f
	}
	f := &fetching{done: make(chan struct{}), err: errStopping}
	if h.closed {
		close(f.done)
		return f
	}
	origin := ""
	if n, err := state.ReadNotice(h.view, a.Notice); err == nil && n != nil {
		origin = n.Bureau
	}
	busy := h.pulling[origin] >= maxPullsEach
	if !busy {
		select {
		case h.pulls <- struct{}{}:
		default:
			busy = true
		}
	}
	if busy {
		f.err = &wire.Error{Code: wire.Busy, Message: "too many attachments are being fetched"}
		close(f.done)
		return f
	}
	h.fetching[address] = f
	h.pulling[origin]++
	h.wg.Go(func() { // ends with the context of the node, or when all were asked
		f.err = h.fetchAll(address, origin, a)
		h.mu.Lock()
		delete(h.fetching, address)
		h.pulling[origin]--
		h.mu.Unlock()
		<-h.pulls
		close(f.done)
	})
	return f
}

// fetchAll asks the node of the origin, then the others, one after the other. A
// transfer that is cut goes on with the next.
func (h *holdings) fetchAll(address ledger.Hash, origin string, a *state.Attachment) error {
	if free := diskFree(h.dir); free >= 0 && uint64(free) < minFree+a.Size {
		return &wire.Error{Code: wire.Busy, Message: "the disk of this node is nearly full: it fetches no attachment"}
	}
	names := h.others()
	if origin != "" && origin != h.bureau {
		names = append([]string{ledger.NodeName(origin)}, names...)
	}
	asked := make(map[string]bool)
	for _, name := range names {
		if asked[name] {
			continue
		}
		asked[name] = true
		err := h.fetchFrom(name, address, a.Size)
		switch {
		case err == nil:
			return nil
		case h.ctx.Err() != nil:
			return h.ctx.Err()
		case wire.CodeOf(err) == wire.Purged && h.gone(address):
			return errors.Join(err, h.folder.Drop(address))
		case errors.Is(err, blobs.ErrHash):
			h.alarm(fmt.Sprintf("the node %s gave other bytes for an attachment than the ledger names", name))
		}
		h.log.Info("attachment not fetched", "from", name, "address", fmt.Sprintf("%x", address[:4]), "error", err)
	}
	return &wire.Error{Code: wire.NotFound, Message: "no node that answers has the attachment"}
}

func (h *holdings) gone(address ledger.Hash) bool {
	_, err := h.look(address)
	return wire.CodeOf(err) == wire.Purged
}

// How long one node may take: a slow one keeps its place only so long, and the
// next continues where it stopped.
const (
	pullBase = time.Minute
	pullRate = 256 << 10 // bytes a second

	pullPiece = 15 * time.Second // one piece: a node that hangs holds a place only so long
)

// fetchFrom gets what is missing of a file from one node. If the beginning was
// another's and the whole is wrong, this one is asked for all of it.
func (h *holdings) fetchFrom(name string, address ledger.Hash, size uint64) error {
	ctx, cancel := context.WithTimeout(h.ctx, pullBase+time.Duration(size/pullRate)*time.Second)
	defer cancel()
	mixed := h.folder.Begun(address) > 0
	err := h.pull(ctx, name, address, int64(size))
	if errors.Is(err, blobs.ErrHash) && mixed {
		err = h.pull(ctx, name, address, int64(size))
	}
	return err
}

func (h *holdings) pull(ctx context.Context, name string, address ledger.Hash, size int64) error {
	for {
		if h.held(address, uint64(size)) {
			return nil
		}
		have := h.folder.Begun(address)
		if have >= size { // a lie about the size, or cut before its hash was looked at
			if err := h.folder.DropPart(address); err != nil {
				return err
			}
			have = 0
		}
		one, cancel := context.WithTimeout(ctx, pullPiece)
		piece, err := h.giver.Attachment(one, name, address, size, have)
		cancel()
		if err != nil {
			return err
		}
		if want := min(size-have, wire.MaxPiece); int64(len(piece)) != want {
			return fmt.Errorf("%d bytes where %d follow", len(piece), want)
		}
		if err := h.take(address, size, have, piece); err != nil {
			return err
		}
	}
}

// take writes a piece down, unless the file was purged meanwhile.
func (h *holdings) take(address ledger.Hash, size, from int64, piece []byte) error {
	h.gate.RLock()
	defer h.gate.RUnlock()
	if _, err := h.look(address); err != nil {
		return err
	}
	have, err := h.folder.Append(address, size, from, piece)
	if err == nil && have != from+int64(len(piece)) && have != size { // size: a client handed it over meanwhile
		err = fmt.Errorf("%d bytes are here where %d were to be: somebody else writes it too", have, from+int64(len(piece)))
	}
	return err
}
