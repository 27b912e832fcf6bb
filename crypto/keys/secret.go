package keys

import (
	"fmt"
	"io"
	"log/slog"
)

// Private keys do not print themselves: a log line with a key in it is a key
// that is lost. Whatever the verb, fmt shows what the methods below print, and
// so does slog, also for a value that was copied out of its pointer. Where fmt
// reaches a key without calling methods, in an unexported field of some other
// struct, it finds functions and prints their addresses.

// hidden is a secret kept in a closure, into which reflection does not see.
type hidden[T any] func() T

func hide[T any](secret T) hidden[T] { return func() T { return secret } }

// Format prints the kind and the short identifier of the key, for every verb.
func (s Signer) Format(f fmt.State, _ rune) { io.WriteString(f, "signing key "+s.id.Short()) }

// Format prints the kind and the short identifier of the key, for every verb.
func (i Identity) Format(f fmt.State, _ rune) { io.WriteString(f, "sealing key "+i.pub.id.Short()) }

// Format prints the kind and the short identifier of the key, for every verb.
func (t TLS) Format(f fmt.State, _ rune) { io.WriteString(f, "TLS key "+t.id.Short()) }

// Format prints the kind of the keys and the short identifier of the Ed25519
// one, for every verb.
func (w Witness) Format(f fmt.State, _ rune) {
	io.WriteString(f, "cosigning keys "+SigningID(w.pub.Ed25519).Short())
}

// LogValue returns what fmt prints.
func (s Signer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// LogValue returns what fmt prints.
func (i Identity) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(i)) }

// LogValue returns what fmt prints.
func (t TLS) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// LogValue returns what fmt prints.
func (w Witness) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(w)) }
