package server

import (
	"sync"

	"comity/crypto/keys"

	"golang.org/x/time/rate"
)

// Limits of one access key, and of all together.
const (
	callerRate    = 50 // requests a second
	callerBurst   = 100
	callerBrisk   = 1000 // checks at a border, which take a fraction of a millisecond
	callerRunning = 8    // at a time
	callerConns   = 16
	allRunning    = 128
	allConns      = 1024

	// Connections that have not proven a key yet.
	strangers        = 256
	strangersPerHost = 64
)

// limiter bounds what one key may ask. There is one state per key that the
// ledger knows as one of the bureau's, so their number is bounded too.
type limiter struct {
	rate rate.Limit // of one key; not changed while it is used

	mu      sync.Mutex // guards all below
	byID    map[keys.ID]*usage
	running int
	conns   int
}

type usage struct {
	bucket  *rate.Limiter
	brisk   *rate.Limiter
	running int
	conns   int
}

func newLimiter() *limiter { return &limiter{rate: callerRate, byID: make(map[keys.ID]*usage)} }

// usage must be called with mu held.
func (l *limiter) usage(id keys.ID) *usage {
	u, ok := l.byID[id]
	if !ok {
		u = &usage{bucket: rate.NewLimiter(l.rate, callerBurst), brisk: rate.NewLimiter(callerBrisk, callerBrisk)}
		l.byID[id] = u
	}
	return u
}

// enter counts a request in, of a brisk route or of another; the returned function
// counts it out.
func (l *limiter) enter(id keys.ID, brisk bool) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.usage(id)
	bucket := u.bucket
	if brisk {
		bucket = u.brisk
	}
	if l.running >= allRunning || u.running >= callerRunning || !bucket.Allow() {
		return nil, false
	}
	u.running, l.running = u.running+1, l.running+1
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		u.running, l.running = u.running-1, l.running-1
	}, true
}

// connect counts a TLS session in, and says whether there is room for it.
func (l *limiter) connect(id keys.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.usage(id)
	if l.conns >= allConns || u.conns >= callerConns {
		return false
	}
	u.conns, l.conns = u.conns+1, l.conns+1
	return true
}

func (l *limiter) disconnect(id keys.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usage(id).conns--
	l.conns--
}
