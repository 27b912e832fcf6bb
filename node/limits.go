package node

import (
	"maps"
	"net/netip"
	"sync"

	"comity/crypto/keys"
	"comity/ledger/state"

	"golang.org/x/time/rate"
)

// limiter bounds what one client may ask of this node. There is one state per key
// that the ledger or an invitation knows, so the number of these is bounded too.
// Strangers make as many keys as they like: they are counted by host, and so many
// hosts at a time.
type limiter struct {
	mu     sync.Mutex // guards what follows, and the counts in it
	byID   map[keys.ID]*usage
	byHost map[string]*usage
}

type usage struct {
	bucket  *rate.Limiter
	talk    *rate.Limiter // of a node that hands round cosignatures
	roots   *rate.Limiter // of a node that says which roots it holds
	tries   *rate.Limiter // of tokens that open nothing
	running int
	conns   int
	reading int // runs of entries
}

// Limits of one client key. Other nodes forward for many, and have only nodeReads and
// those after it.
const (
	clientRate    = 1000 // requests a second
	clientBurst   = 2000
	clientRunning = 64 // requests at a time, long polls included
	clientConns   = 32 // TLS sessions
	nodeReads     = 16 // requests at a time of a node that reads
	clientCopies  = 4  // runs of entries at a time; who copies a ledger reads one, or verifies one and reads the next
	nodeConns     = 64
	talkRate      = 4 // a second: a node talks once
	talkBurst     = 16
	rootsRate     = 50 // a second: there are ten checkpoints
	rootsBurst    = 100
	triesRate     = 1 // a second: a token has 256 bits
	triesBurst    = 8
	strangerConns = 8 // TLS sessions of strangers of one host
	strangerHosts = 128
)

func newLimiter() *limiter {
	return &limiter{byID: make(map[keys.ID]*usage), byHost: make(map[string]*usage)}
}

// hostOf returns the host under which a stranger is counted: an IPv4 address, or the
// /64 of an IPv6 address, which is what one subscriber has.
func hostOf(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "elsewhere"
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			ip = p.Addr()
		}
	}
	return ip.String()
}

// usage returns what a caller uses; nil where too many hosts have strangers here.
// It must be called with mu held.
func (l *limiter) usage(c caller) *usage {
	if c.host != "" {
		return l.stranger(c.host)
	}
	u, ok := l.byID[c.id]
	if !ok {
		u = newUsage()
		l.byID[c.id] = u
	}
	return u
}

// stranger returns what the strangers of a host use. The hosts that use nothing at
// the moment are forgotten when there are too many. mu is held.
func (l *limiter) stranger(host string) *usage {
	u, ok := l.byHost[host]
	if ok {
		return u
	}
	if len(l.byHost) >= strangerHosts {
		maps.DeleteFunc(l.byHost, func(_ string, u *usage) bool { return u.conns == 0 && u.running == 0 && u.reading == 0 })
	}
	if len(l.byHost) >= strangerHosts {
		return nil
	}
	u = newUsage()
	l.byHost[host] = u
	return u
}

func newUsage() *usage {
	return &usage{bucket: rate.NewLimiter(clientRate, clientBurst), talk: rate.NewLimiter(talkRate, talkBurst),
		roots: rate.NewLimiter(rootsRate, rootsBurst), tries: rate.NewLimiter(triesRate, triesBurst)}
}

// enter counts a request in; the returned function counts it out. reads is for one
// that brings nothing.
func (l *limiter) enter(c caller, reads bool) (leave func(), ok bool) {
	if c.use == state.UseNode && !reads {
		return func() {}, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.usage(c)
	switch {
	case u == nil:
		return nil, false
	case c.use == state.UseNode:
		if u.running >= nodeReads {
			return nil, false
		}
	case u.running >= clientRunning || !u.bucket.Allow():
		return nil, false
	}
	u.running++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		u.running--
	}, true
}

// copies counts one who reads a run of entries in, nodes as well; the returned
// function counts it out.
func (l *limiter) copies(c caller) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.usage(c)
	if u == nil || u.reading >= clientCopies {
		return nil, false
	}
	u.reading++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		u.reading--
	}, true
}

// mayTalk counts one call by a node that brings, or asks for, cosignatures.
func (l *limiter) mayTalk(c caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usage(c).talk.Allow()
}

// mayCompare counts one call by a node that says which root it holds.
func (l *limiter) mayCompare(c caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usage(c).roots.Allow()
}

// mayTry counts one token that opens nothing.
func (l *limiter) mayTry(c caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.usage(c)
	return u != nil && u.tries.Allow()
}

// connect counts a TLS session in, and says whether there is room for it.
func (l *limiter) connect(c caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := clientConns
	switch {
	case c.use == state.UseNode:
		limit = nodeConns
	case c.host != "":
		limit = strangerConns
	}
	u := l.usage(c)
	if u == nil || u.conns >= limit {
		return false
	}
	u.conns++
	return true
}

func (l *limiter) disconnect(c caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usage(c).conns-- // it is there: what has sessions is not forgotten
}
