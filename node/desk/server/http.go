package server

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"comity/ledger/notice"
	"comity/ledger/store"
	"comity/node/wire"
)

// api serves a desk over HTTP. It decides who may ask, bounds what is read, and
// turns errors into answers; the handlers are in handlers.go.
type api struct {
	*Server
	limits *limiter
}

// handler returns the API's handler. Paths and methods that no route names are
// answered with 404 and 405.
func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, req *http.Request) {
			if req.Method != rt.method {
				a.serve(w, req, nowhere(wire.MethodNotAllow, "this path is not used with this method"))
				return
			}
			a.serve(w, req, rt)
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
	return route{may: everybody, handle: func(*api, *http.Request, caller) (any, error) {
		return nil, &wire.Error{Code: code, Message: message}
	}}
}

// ticket is a request as the log knows it.
type ticket struct {
	id  string
	log *slog.Logger
}

// serve runs one request through identity, rights, limits and handler, and logs
// the decision.
func (a *api) serve(w http.ResponseWriter, req *http.Request, rt route) {
	in := &ticket{id: rand.Text()[:16]}
	in.log = a.log.With("request_id", in.id, "method", req.Method, "route", rt.pattern)
	defer a.recover(w, in)
	who, err := a.identify(req.TLS)
	in.log = in.log.With("label", who.label, "key", who.id.Short(), "roles", int(who.roles))
	if err != nil {
		a.fail(w, in, err)
		return
	}
	if rt.may&who.roles == 0 {
		a.fail(w, in, &wire.Error{Code: wire.Forbidden, Message: "the roles of this key do not allow it"})
		return
	}
	leave, ok := a.limits.enter(who.id, rt.pattern == wire.PathDeskCheck)
	if !ok {
		a.fail(w, in, &wire.Error{Code: wire.Busy, Message: "too many requests by this key, or by all"})
		return
	}
	defer leave()
	if req.ContentLength > rt.body { // before we wait for it, here or in net/http after the answer
		w.Header().Set("Connection", "close")
		a.fail(w, in, &http.MaxBytesError{Limit: rt.body})
		return
	}
	req.Body = http.MaxBytesReader(w, req.Body, rt.body)
	ans, err := rt.handle(a, req, who)
	if err != nil {
		a.fail(w, in, err)
		return
	}
	data, raw := ans.([]byte)
	kind := "application/octet-stream"
	if !raw {
		kind = "application/json"
		data, err = json.Marshal(ans)
	}
	if err == nil && len(data) > wire.MaxDeskAnswer {
		err = &wire.Error{Code: wire.TooLarge, Message: "the answer is larger than " + strconv.Itoa(wire.MaxDeskAnswer) + " bytes: ask for fewer"}
	}
	if err != nil {
		a.fail(w, in, err)
		return
	}
	in.log.Info("allowed")
	a.write(w, http.StatusOK, kind, data)
}

func (a *api) write(w http.ResponseWriter, status int, kind string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		a.log.Debug("answer", "error", err)
	}
}

// fail is the one place where errors become answers. What is not an error of
// the API is a fault of this desk: the caller gets a request id, the log the
// rest. The message of an error may name a case, so the log has its code alone.
func (a *api) fail(w http.ResponseWriter, in *ticket, err error) {
	var e *wire.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		e = &wire.Error{Code: wire.TooLarge, Message: "the request is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	case errors.Is(err, store.ErrClosed):
		e = &wire.Error{Code: wire.Stopping, Message: "the desk is shutting down"}
	case !errors.As(err, &e):
		in.log.Error("request", "error", err)
		e = &wire.Error{Code: wire.Internal, Message: "a fault of the desk; its log says more"}
	}
	out := *e
	out.RequestID = in.id
	level := slog.LevelInfo
	if e.Code == wire.Internal {
		level = slog.LevelError
	}
	in.log.Log(a.ctx, level, "refused", "code", string(e.Code))
	data, _ := json.Marshal(&out)
	a.write(w, e.Status(), "application/json", data)
}

// recover answers 500 for a request whose handler panicked; the desk goes on.
func (a *api) recover(w http.ResponseWriter, in *ticket) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		// A panic's value may hold what was opened: the stack says where it was.
		in.log.Error("panic in handler", "stack", string(debug.Stack()))
		a.fail(w, in, &wire.Error{Code: wire.Internal, Message: "a fault of the desk"})
	}
}

// question decodes the body of a request, strictly.
func question(req *http.Request, into any) error {
	data, err := io.ReadAll(req.Body) // bounded by serve
	if err != nil {
		return err
	}
	if err := notice.DecodeStrict(data, into); err != nil {
		return &wire.Error{Code: wire.Malformed, Message: "the question is not one of this version of the API"}
	}
	return nil
}
