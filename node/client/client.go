package client

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"comity/crypto/keys"
	"comity/node/wire"
)

// Options says which node to talk to, and as whom.
type Options struct {
	Address string        // host:port of the node's one TLS port
	Node    keys.ID       // TLS key that the node must prove
	TLS     *keys.TLS     // our own key
	Bureau  string        // whose node it is, for sentences; may be empty
	Desk    bool          // it is the bureau's desk, not a node
	Replica bool          // it is a read replica
	Timeout time.Duration // for one call whose context has no deadline; 25 s when zero

	// Connections bounds the connections to the node; 24 when zero, which is
	// below what a node grants one key. HTTP/1.1
	// carries one call at a time on each, so it bounds the calls in flight too:
	// further ones wait.
	Connections int
}

// Client calls one node. It keeps its connections open between calls and may be
// used by several goroutines.
type Client struct {
	name      string // "node of XB at 127.0.0.1:7102"
	address   string
	timeout   time.Duration
	transport *http.Transport
	submitURL *url.URL
	submitTo  http.Header // read only, shared by all submissions
}

const (
	defaultTimeout     = 25 * time.Second // more than the 20 s after which a node gives up on a submission
	defaultConnections = 24
	dialTimeout        = 5 * time.Second
	idleTimeout        = 90 * time.Second // less than the two minutes after which nodes hang up
	maxAnswerHeader    = 16 << 10
	maxError           = 8 << 10
)

// New returns a client. It connects when it is first used.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Connections <= 0 {
		o.Connections = defaultConnections
	}
	name := "node"
	if o.Desk {
		name = "desk"
	}
	if o.Replica {
		name = "read replica"
	}
	if o.Bureau != "" {
		name += " of " + o.Bureau
	}
	name += " at " + o.Address
	c := &Client{name: name, address: o.Address, timeout: o.Timeout}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	c.transport = &http.Transport{
		Proxy:                  nil, // never: the environment must not choose who sees our calls
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig(o.TLS, o.Node),
		TLSHandshakeTimeout:    dialTimeout,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxConnsPerHost:        o.Connections,
		MaxIdleConns:           o.Connections,
		MaxIdleConnsPerHost:    o.Connections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		ReadBufferSize:         16 << 10,
		WriteBufferSize:        16 << 10,
	}
	c.submitURL = c.url(wire.PathEntries, "")
	c.submitTo = binaryHeader()
	return c
}

// Close ends the connections that are idle. Calls that are under way end as
// their contexts say.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Address returns the host:port of the node.
func (c *Client) Address() string { return c.address }

// String returns which node it is, as sentences name it: "node of XB at
// 127.0.0.1:7102".
func (c *Client) String() string { return c.name }

func (c *Client) url(path, query string) *url.URL {
	return &url.URL{Scheme: "https", Host: c.address, Path: path, RawQuery: query}
}

// tlsConfig pins the peer's key instead of asking an authority for it.
// VerifyConnection runs for resumed sessions as well.
func tlsConfig(own *keys.TLS, node keys.ID) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{wire.ProtocolHTTP},
		ServerName:         "comity",
		Certificates:       []tls.Certificate{own.Certificate()},
		InsecureSkipVerify: true, // no authority is asked: VerifyConnection compares the key itself
		ClientSessionCache: tls.NewLRUClientSessionCache(8),
		VerifyConnection: func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) == 0 || keys.TLSID(cs.PeerCertificates[0]) != node {
				return ErrWrongKey
			}
			return nil
		},
	}
}
