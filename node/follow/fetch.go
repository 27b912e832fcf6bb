package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/client"
	"comity/node/wire"
)

// chunkLimit bounds what is verified and committed as one step.
type chunkLimit struct{ records, bytes int }

var defaultChunk = chunkLimit{records: 4096, bytes: 16 << 20}

// chunk is a run of records from index from on.
type chunk struct {
	from    uint64
	records []*wire.Record
	bytes   int
	none    error // what follows is no entry: a lie, unless these say that from there on there is a later format
}

// fetch reads chunks from a node while the one before is being verified: at
// most three are in memory.
type fetch struct {
	client *client.Client
	limit  chunkLimit
	chunks chan *chunk
	cancel context.CancelFunc
	err    error // why chunks was closed; read after that
}

// startFetch begins to read the records [from, to). stop must be called.
func startFetch(ctx context.Context, c *client.Client, from, to uint64, limit chunkLimit) *fetch {
	ctx, cancel := context.WithCancel(ctx)
	f := &fetch{client: c, limit: limit, chunks: make(chan *chunk, 1), cancel: cancel}
	go func() {
		defer close(f.chunks)
		f.err = f.run(ctx, from, to)
	}()
	return f
}

// next returns the next chunk, or why there is none.
func (f *fetch) next() (*chunk, error) {
	c, ok := <-f.chunks
	if !ok {
		return nil, f.err
	}
	return c, nil
}

// stop ends the fetch and waits for its end.
func (f *fetch) stop() {
	f.cancel()
	for range f.chunks {
	}
}

func (f *fetch) run(ctx context.Context, from, to uint64) error {
	for from < to {
		c, err := f.chunk(ctx, from, to)
		if err != nil {
			return err
		}
		if c.none != nil && len(c.records) == 0 {
			return c.none
		}
		select {
		case f.chunks <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if c.none != nil {
			return c.none
		}
		from += uint64(len(c.records))
	}
	return nil
}

// chunkTime is how long a node may take for a chunk: what came by then is used.
const chunkTime = 15 * time.Second

// chunk reads one chunk of at least one record.
func (f *fetch) chunk(ctx context.Context, from, to uint64) (*chunk, error) {
	out := &chunk{from: from}
	late, cancel := context.WithTimeout(ctx, chunkTime)
	defer cancel()
	full := errors.New("full")
	for next := from; next < to && len(out.records) < f.limit.records; {
		room := min(to-next, uint64(f.limit.records-len(out.records)))
		after, err := f.client.Records(late, next, int(min(room, wire.MaxRecords)), func(r *wire.Record) error {
			out.records = append(out.records, r)
			out.bytes += len(r.Entry.Raw) + len(r.Body)
			if out.bytes >= f.limit.bytes {
				return full
			}
			return nil
		})
		switch {
		case err == full:
			return out, nil
		case errors.Is(err, ledger.ErrMalformed):
			out.none = &Dishonest{Node: f.client.String(), Reason: fmt.Sprintf("what it sends as entry %d is none", after)}
			return out, nil
		case err != nil && len(out.records) > 0 && late.Err() != nil && ctx.Err() == nil:
			return out, nil
		case err != nil:
			return nil, err
		case after == next:
			return nil, &Dishonest{Node: f.client.String(), Reason: fmt.Sprintf("it shows a checkpoint of %d entries and gives only %d", to, next)}
		}
		next = after
	}
	return out, nil
}
