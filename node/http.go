package node

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"comity/ledger/store"
	"comity/node/wire"
)

// api serves a node or a read replica over HTTP. It decides who may ask, bounds
// what is read, and turns errors into answers; the handlers are in handlers.go.
type api struct {
	*served
	back    backend
	node    *replica // nil for a read replica, which offers nodes' routes to nobody
	limits  *limiter
	metrics *metrics
}

// apiOf returns the API of a node.
func apiOf(r *replica) *api {
	return &api{served: &r.served, back: r, node: r, limits: newLimiter(), metrics: newMetrics(r)}
}

// answer is what a handler returns: a JSON value, or text, or bytes, or a
// function that streams bytes.
type answer struct {
	json   any
	text   []byte
	bytes  []byte
	stream func(io.Writer) error
	cache  string // Cache-Control; not for caches when empty
}

const (
	typeJSON   = "application/json"
	typeBinary = "application/octet-stream"
	typeText   = "text/plain; charset=utf-8"
)

// handler returns the API's handler. Paths and methods that no route names are
// answered with 404 and 405.
func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	allowed := make(map[string][]route)
	var order []string
	for _, rt := range routes {
		if a.node == nil && rt.may&(mayRead|maySubmit) == 0 {
			continue
		}
		if allowed[rt.pattern] == nil {
			order = append(order, rt.pattern)
		}
		allowed[rt.pattern] = append(allowed[rt.pattern], rt)
	}
	for _, pattern := range order {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
			for _, rt := range allowed[pattern] {
				if rt.method == req.Method {
					a.serve(w, req, rt)
					return
				}
			}
			a.serve(w, req, nowhere(wire.MethodNotAllow, "this path is not used with "+req.Method))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		a.serve(w, req, nowhere(wire.NotFound, "there is nothing at this path"))
	})
	return mux
}

// nowhere is the route of what no route names. It counts against the limits of
// the caller like any other.
func nowhere(code wire.Code, message string) route {
	return route{may: mayNode | mayRead | mayJoin | mayVerify | mayLeave, handle: func(*api, *http.Request, caller) (*answer, error) {
		return nil, &wire.Error{Code: code, Message: message}
	}}
}

// serve runs one request through identity, rights, limits and handler.
func (a *api) serve(w http.ResponseWriter, req *http.Request, rt route) {
	defer a.recover(w, req)
	who, err := a.identify(req.TLS, req.RemoteAddr)
	if err != nil {
		a.fail(w, req, who, err)
		return
	}
	if !rt.may.allows(who) {
		a.fail(w, req, who, &wire.Error{Code: wire.Forbidden, Message: "the roles of this key do not allow it"})
		return
	}
	leave, ok := a.limits.enter(who, rt.method == http.MethodGet)
	if !ok {
		a.fail(w, req, who, &wire.Error{Code: wire.Busy, Message: "too many requests by this key"})
		return
	}
	defer leave()
	if req.ContentLength > rt.body { // before we wait for it, here or in net/http after the answer
		w.Header().Set("Connection", "close")
		a.fail(w, req, who, &http.MaxBytesError{Limit: rt.body})
		return
	}
	req.Body = http.MaxBytesReader(w, req.Body, rt.body)
	ans, err := rt.handle(a, req, who)
	if err != nil {
		a.fail(w, req, who, err)
		return
	}
	a.metrics.requests.WithLabelValues(rt.pattern, "ok").Inc()
	if err := write(w, ans); err != nil {
		a.log.Debug("answer", "path", req.URL.Path, "error", err)
	}
}

func write(w http.ResponseWriter, ans *answer) error {
	h := w.Header()
	h.Set("Cache-Control", cmp.Or(ans.cache, "no-store"))
	switch {
	case ans.stream != nil:
		h.Set("Content-Type", typeBinary)
		return ans.stream(w)
	case ans.json != nil:
		data, err := json.Marshal(ans.json)
		if err != nil {
			return err
		}
		h.Set("Content-Type", typeJSON)
		h.Set("Content-Length", strconv.Itoa(len(data)))
		_, err = w.Write(data)
		return err
	case ans.bytes != nil:
		h.Set("Content-Type", typeBinary)
		h.Set("Content-Length", strconv.Itoa(len(ans.bytes)))
		_, err := w.Write(ans.bytes)
		return err
	default:
		h.Set("Content-Type", typeText)
		h.Set("Content-Length", strconv.Itoa(len(ans.text)))
		_, err := w.Write(ans.text)
		return err
	}
}

// fail is the one place where errors become answers. What is not an error of
// the API is a fault of this node: the caller gets a request id, the log the
// rest.
func (a *api) fail(w http.ResponseWriter, req *http.Request, who caller, err error) {
	var e *wire.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		e = &wire.Error{Code: wire.TooLarge, Message: "the request is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	case errors.Is(err, store.ErrClosed):
		e = errStopping
	case !errors.As(err, &e):
		a.log.Error("request", "path", req.URL.Path, "error", err)
		e = &wire.Error{Code: wire.Internal, Message: "a fault of the node; its log has it under this request id"}
		a.damaged(err)
		select {
		case <-a.done:
			e = errStopping // another node can answer
		default:
		}
	}
	out := *e
	out.RequestID = rand.Text()[:16]
	level := slog.LevelInfo
	if e.Code == wire.Internal {
		level = slog.LevelError
	}
	a.log.Log(req.Context(), level, "refused", "request_id", out.RequestID, "method", req.Method, "path", req.URL.Path,
		"bureau", who.bureau, "key", who.id.Short(), "code", string(e.Code))
	label := string(e.Code)
	if e.Status() == http.StatusInternalServerError {
		label = string(wire.Internal) // a leader's answer may carry any code: labels stay few
	}
	a.metrics.requests.WithLabelValues("refused", label).Inc()
	data, _ := json.Marshal(&out)
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(e.Status())
	_, _ = w.Write(data)
}

// recover answers 500 for a request whose handler panicked; the node goes on.
// Apply is not reached from here: a panic there stops the process.
func (a *api) recover(w http.ResponseWriter, req *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		a.log.Error("panic in handler", "path", req.URL.Path, "panic", p, "stack", string(debug.Stack()))
		a.fail(w, req, caller{}, &wire.Error{Code: wire.Internal, Message: "a fault of the node"})
	}
}
