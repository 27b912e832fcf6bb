package node

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"comity/ledger/store"
	"comity/ledger/tiles"
	"comity/node/listen"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/time/rate"
)

// Bounds of the plain HTTP listener for tiles, over all who use it.
const (
	tilesConns   = 256
	tilesPerHost = 64
	tilesRate    = 1000 // requests a second
	tilesBurst   = 2000
)

// What caches may do. A full tile never changes. A partial one does not either,
// but nobody asks for it again once the log has grown.
const (
	cacheFull       = "max-age=31536000, immutable"
	cachePartial    = "max-age=300"
	cacheCheckpoint = "max-age=1"
)

// CheckTiles refuses an address for tiles that is not one, or that others could
// reach who were not meant to. An empty address is none.
func CheckTiles(addr string, public bool) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("tiles %q is not a host:port, such as 127.0.0.1:8080", addr)
	}
	if ip := net.ParseIP(host); !public && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("tiles %q is not on the loopback address: they show who wrote and when to all who reach them; if that is meant, set tiles_public = true", addr)
	}
	return nil
}

// tileCheckpoint gives the last FINAL checkpoint with this node's origin line.
func (a *api) tileCheckpoint(*http.Request, caller) (*answer, error) {
	f := a.final.Load()
	if f == nil {
		return nil, &wire.Error{Code: wire.NotFound, Message: "no checkpoint is FINAL yet"}
	}
	note, err := f.signed()
	if err != nil {
		return nil, err
	}
	return &answer{text: note, cache: cacheCheckpoint}, nil
}

var errNoTile = &wire.Error{Code: wire.NotFound, Message: "the tree under the last FINAL checkpoint has no such tile"}

// tile gives a tile or a bundle of entries under the last FINAL checkpoint.
// Partial ones of former checkpoints are part of it still, so that who has such
// a checkpoint can go on.
func (a *api) tile(req *http.Request, _ caller) (*answer, error) {
	t, err := tiles.ParsePath(strings.TrimPrefix(req.URL.Path, wire.PathTiles))
	if err != nil {
		return nil, &wire.Error{Code: wire.NotFound, Message: "this is not the path of a tile"}
	}
	if f := a.final.Load(); f == nil || !tiles.Within(t, f.at.Size) {
		return nil, errNoTile
	}
	ans := &answer{cache: cacheFull}
	if t.W < tiles.Width {
		ans.cache = cachePartial
	}
	if t.L == tiles.EntryLevel {
		ans.stream = func(w io.Writer) error { return a.bundle(w, t) }
		return ans, nil
	}
	ans.bytes, err = tlog.ReadTileData(t, a.store)
	if errors.Is(err, store.ErrNoEntry) {
		return nil, errNoTile // a restore is under way, and its checkpoint came first
	}
	return ans, err
}

// bundle writes the entries of a tile. Bodies are not in it.
func (a *api) bundle(w io.Writer, t tlog.Tile) error {
	var buf []byte
	for i := range uint64(t.W) {
		index := uint64(t.N)<<tiles.Height + i
		_, e, err := a.store.Entry(index)
		if err != nil {
			a.log.Error("bundle of entries", "index", index, "error", err)
			a.damaged(err)
			panic(http.ErrAbortHandler) // the reader must not take a cut for an end
		}
		buf = tiles.AppendEntry(buf[:0], e.Raw)
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// tilesHandler serves the tiles, and nothing else, to callers of whom nothing
// is known.
func (a *api) tilesHandler() http.Handler {
	bucket := rate.NewLimiter(tilesRate, tilesBurst)
	serve := func(handle func(*api, *http.Request, caller) (*answer, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("X-Content-Type-Options", "nosniff")
			ans, err := (*answer)(nil), error(errTilesBusy)
			if bucket.Allow() {
				ans, err = handle(a, req, caller{})
			}
			if err != nil {
				a.failTiles(w, req, err)
				return
			}
			a.metrics.requests.WithLabelValues("tiles", "ok").Inc()
			if ans.stream != nil && req.Method == http.MethodHead {
				ans.stream = func(io.Writer) error { return nil }
			}
			if err := write(w, ans); err != nil {
				a.log.Debug("answer", "path", req.URL.Path, "error", err)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+wire.PathTiles+tiles.CheckpointPath, serve((*api).tileCheckpoint)) // and HEAD
	mux.Handle("GET "+wire.PathTiles+"tile/{path...}", serve((*api).tile))
	return http.MaxBytesHandler(mux, 0)
}

var errTilesBusy = &wire.Error{Code: wire.Busy, Message: "too many requests"}

// failTiles turns an error into an answer for strangers.
func (a *api) failTiles(w http.ResponseWriter, req *http.Request, err error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		a.log.Error("tiles", "path", req.URL.Path, "error", err)
		a.damaged(err)
		e = &wire.Error{Code: wire.Internal, Message: "a fault of the node"}
	}
	a.metrics.requests.WithLabelValues("tiles", string(e.Code)).Inc()
	w.Header().Set("Cache-Control", "no-store") // what is not there now may be later
	http.Error(w, e.Message, e.Status())
}

// serveTiles starts the plain HTTP listener, if there is to be one. Tiles prove
// themselves, so it needs no TLS; a cache or a proxy may stand before it.
func (f *front) serveTiles(a *api, c frontConfig) error {
	if c.Tiles == "" {
		return nil
	}
	var err error
	if f.tilesAt, err = listenOn("tcp", c.Tiles); err != nil {
		return err
	}
	f.tiles = &http.Server{
		Handler:                      a.tilesHandler(),
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 time.Minute,
		IdleTimeout:                  30 * time.Second,
		MaxHeaderBytes:               8 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(a.log.With("part", "tiles").Handler(), slog.LevelDebug),
	}
	bounded := listen.Bounded(f.tilesAt, tilesConns, tilesPerHost)
	f.serving.Go(func() {
		if err := f.tiles.Serve(bounded); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("tiles are served no more", "address", f.tilesAt.Addr().String(), "error", err)
		}
	})
	a.log.Info("tiles are served to all who reach them", "address", f.TilesAddress(), "public", c.TilesPublic)
	return nil
}
