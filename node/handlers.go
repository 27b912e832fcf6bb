package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// submitTimeout bounds how long a submission waits to be committed.
const submitTimeout = 20 * time.Second

// postEntry takes a statement: parse, rights, signature, then the batcher.
func (a *api) postEntry(req *http.Request, who caller) (*answer, error) {
	data, err := readBody(req)
	if err != nil {
		return nil, err
	}
	it, err := ledger.ParseItem(data)
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not a signed statement with its sealed body"}
	}
	if who.door != doorNone && it.Entry.Statement.Class != ledger.ClassEpoch {
		return nil, &wire.Error{Code: wire.Forbidden, Message: "a bureau that is no member yet makes the entry that admits it, and no other"}
	}
	ctx, cancel := context.WithTimeout(req.Context(), submitTimeout)
	defer cancel()
	start := time.Now()
	s, err := a.back.accept(ctx, it)
	if err != nil {
		return nil, err
	}
	a.metrics.submit.Observe(time.Since(start).Seconds())
	return &answer{json: s}, nil
}

// readBody reads the request's body, which the route bounds.
func readBody(req *http.Request) ([]byte, error) {
	if n := req.ContentLength; n > 0 && n <= wire.MaxForward {
		data := make([]byte, n)
		_, err := io.ReadFull(req.Body, data)
		return data, bodyError(err)
	}
	data, err := io.ReadAll(req.Body)
	return data, bodyError(err)
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return &wire.Error{Code: wire.Malformed, Message: "the request broke off"}
}

// entries streams records from an index on, bounded in count and bytes.
func (a *api) entries(req *http.Request, who caller) (*answer, error) {
	if who.use != state.UseNode { // nodes help one another to arrive
		if err := a.arrived(req.Context()); err != nil {
			return nil, err
		}
	}
	from, err := queryUint(req, "from", 0)
	if err != nil {
		return nil, err
	}
	limit, err := queryUint(req, "limit", wire.MaxRecords)
	if err != nil {
		return nil, err
	}
	head, err := state.ReadHead(a.store)
	if err != nil {
		return nil, err
	}
	leave, ok := a.limits.copies(who)
	if !ok {
		return nil, &wire.Error{Code: wire.Busy, Message: "this key reads too many runs of entries at a time"}
	}
	to := min(head.Size, from+min(limit, wire.MaxRecords))
	return &answer{stream: func(w io.Writer) error {
		defer leave()
		return a.stream(req.Context(), w, from, to, who.door == doorNone)
	}}, nil
}

// stream writes the records from, but not including, to, or fewer: as many as an
// answer takes, in bytes and in time, and at least one. Sealed bodies are for members.
func (a *api) stream(ctx context.Context, w io.Writer, from, to uint64, bodies bool) error {
	begun := time.Now()
	var buf []byte
	for i, sent := from, 0; i < to && sent < wire.MaxStream && (sent == 0 || time.Since(begun) < paceEnd); sent += len(buf) {
		buf = buf[:0]
		err := a.pace.read(ctx, func() error {
			for ; i < to && len(buf) < pacePiece && sent+len(buf) < wire.MaxStream; i++ {
				rec, err := a.record(i)
				if err != nil {
					return fmt.Errorf("entry %d: %w", i, err)
				}
				if !bodies {
					rec.Body, rec.Purged = nil, false
				}
				buf = rec.Append(buf)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("stream records", "error", err)
			a.damaged(err)
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the reader must not take a cut for an end
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

func (a *api) record(i uint64) (*wire.Record, error) {
	t, e, err := a.store.Entry(i)
	if err != nil {
		return nil, err
	}
	body, err := a.store.Body(i)
	if err != nil && !errors.Is(err, store.ErrPurged) {
		return nil, err
	}
	rec := &wire.Record{Time: t, Entry: e, Body: body, Purged: err != nil}
	if rec.Purged {
		rec.PurgedBy, err = a.purgedBy(i)
		return rec, err
	}
	return rec, nil
}

// index says where a statement is; with fresh=1 linearizably.
func (a *api) index(req *http.Request, _ caller) (*answer, error) {
	id, err := keys.ParseID(req.PathValue("id"))
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not the id of a statement"}
	}
	if err := a.freshIfAsked(req); err != nil {
		return nil, err
	}
	index, ok, err := state.ReadIndex(a.store, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &wire.Error{Code: wire.NotFound, Message: fmt.Sprintf("no entry has the statement %s", id.Short())}
	}
	f := a.final.Load()
	return &answer{json: &wire.Located{ID: id, Index: index, Final: f != nil && index < f.at.Size}}, nil
}

func (a *api) freshIfAsked(req *http.Request) error {
	if req.URL.Query().Get("fresh") != "1" {
		return nil
	}
	ctx, cancel := context.WithTimeout(req.Context(), submitTimeout)
	defer cancel()
	return a.back.fresh(ctx)
}

// receipt gives the proof that an entry is in the ledger.
func (a *api) receipt(req *http.Request, _ caller) (*answer, error) {
	index, err := strconv.ParseUint(req.PathValue("index"), 10, 62)
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not the index of an entry"}
	}
	ctx, cancel, err := waitContext(req)
	if err != nil {
		return nil, err
	}
	defer cancel()
	r, err := a.served.receipt(ctx, index)
	if err != nil {
		return nil, err
	}
	return &answer{text: r.Marshal()}, nil
}

// checkpoint gives the last FINAL checkpoint, if asked one above a size.
func (a *api) checkpoint(req *http.Request, _ caller) (*answer, error) {
	above, err := queryUint(req, "above", 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := waitContext(req)
	if err != nil {
		return nil, err
	}
	defer cancel()
	f, err := a.waitFinal(ctx, above)
	if err != nil {
		return nil, err
	}
	if req.URL.Query().Get("origin") == "1" {
		if note, err := f.signed(); err == nil {
			return &answer{text: note}, nil
		}
	}
	return &answer{text: f.note}, nil
}

// waitContext bounds a long poll by the wait that the request asks for.
func waitContext(req *http.Request) (context.Context, context.CancelFunc, error) {
	seconds, err := queryUint(req, "wait", 0)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), time.Duration(min(seconds, wire.MaxWait))*time.Second)
	return ctx, cancel, nil
}

// author gives the end of an author's chain; with fresh=1 linearizably.
func (a *api) author(req *http.Request, _ caller) (*answer, error) {
	id, err := keys.ParseID(req.PathValue("key"))
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not the id of a key"}
	}
	if err := a.freshIfAsked(req); err != nil {
		return nil, err
	}
	au, err := state.ReadAuthor(a.store, id)
	if err != nil {
		return nil, err
	}
	return &answer{json: &wire.Author{Key: id, Seq: au.Seq, Prev: au.Prev}}, nil
}

func (a *api) status(req *http.Request, _ caller) (*answer, error) {
	if err := a.freshIfAsked(req); err != nil {
		return nil, err
	}
	s, err := a.back.describe()
	if err != nil {
		return nil, err
	}
	return &answer{json: s}, nil
}

// charter gives the charter file with the certificates of all epochs that are FINAL.
func (a *api) charter(*http.Request, caller) (*answer, error) {
	g, err := a.back.charterFile()
	if err != nil {
		return nil, err
	}
	return &answer{bytes: g.Marshal()}, nil
}

// forward takes statements that another node's officers submitted there. It has a
// place before it is read, so that no node fills this one's memory.
func (a *api) forward(req *http.Request, who caller) (*answer, error) {
	m, ok := a.roster.now().Member(who.bureau)
	if !ok {
		return nil, errUnauthenticated
	}
	at, err := a.node.admitGroup(m.NodeName())
	if err != nil {
		return nil, err
	}
	defer a.node.gates.leave(at)
	data, err := readBody(req)
	if err != nil {
		return nil, err
	}
	items, err := wire.ParseItems(data)
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "these are not signed statements"}
	}
	ctx, cancel := context.WithTimeout(req.Context(), submitTimeout)
	defer cancel()
	out, err := a.node.forwardedBy(ctx, at, m.NodeName(), items)
	if err != nil {
		return nil, err
	}
	return &answer{json: out}, nil
}

// cosign takes cosignatures that another node has made.
func (a *api) cosign(req *http.Request, who caller) (*answer, error) {
	if !a.limits.mayCompare(who) {
		return nil, errTalksTooMuch
	}
	data, err := readBody(req)
	if err != nil {
		return nil, err
	}
	c, err := ledger.ParseCommand(data)
	if err != nil || len(c.Cosignatures) == 0 {
		return nil, &wire.Error{Code: wire.Malformed, Message: "these are not cosignatures"}
	}
	m, ok := a.roster.now().Member(who.bureau)
	if !ok {
		return nil, errUnauthenticated
	}
	for _, s := range c.Cosignatures {
		if s.Node != m.NodeName() { // others' would take the places of theirs in the queue
			return nil, &wire.Error{Code: wire.Forbidden, Message: "a node brings the leader its own cosignatures"}
		}
	}
	if err := a.node.cosigned(c.Cosignatures); err != nil {
		return nil, err
	}
	return &answer{json: struct{}{}}, nil
}

func (a *api) readIndex(*http.Request, caller) (*answer, error) {
	at, err := a.node.readIndex()
	if err != nil {
		return nil, err
	}
	return &answer{json: at}, nil
}

func queryUint(req *http.Request, name string, missing uint64) (uint64, error) {
	s := req.URL.Query().Get(name)
	if s == "" {
		return missing, nil
	}
	v, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return 0, &wire.Error{Code: wire.Malformed, Message: fmt.Sprintf("%s is not a number", name)}
	}
	return v, nil
}
