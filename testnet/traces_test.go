package testnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// run is how many bytes in a row count as a trace of a secret.
const run = 32

// traces finds secrets in files: every run of 32 bytes of each, at every offset.
type traces struct {
	windows map[[run]byte]string // of which secret
	hashes  [1 << 18]uint64      // one bit for each rolling hash of windows
}

// The rolling hash is that of Rabin and Karp, modulo 2^64.
const base = 0x9e3779b97f4a7c15

var leaving = func() uint64 { // base^run
	p := uint64(1)
	for range run {
		p *= base
	}
	return p
}()

func (x *traces) bit(h uint64) (word, bit uint64) {
	h ^= h >> 29
	h = h * 0xbf58476d1ce4e5b9 >> 40
	return h >> 6, 1 << (h & 63)
}

// rolling calls f with the hash of each window of data.
func rolling(data []byte, f func(at int, h uint64)) {
	var h uint64
	for i, b := range data {
		h = h*base + uint64(b) + 1
		if i >= run {
			h -= (uint64(data[i-run]) + 1) * leaving
		}
		if i >= run-1 {
			f(i+1-run, h)
		}
	}
}

func (x *traces) add(name string, secret []byte) {
	if x.windows == nil {
		x.windows = make(map[[run]byte]string)
	}
	rolling(secret, func(at int, h uint64) {
		x.windows[[run]byte(secret[at:])] = name
		word, bit := x.bit(h)
		x.hashes[word] |= bit
	})
}

// remove takes away what something that is no secret has in it as well.
func (x *traces) remove(open []byte) {
	rolling(open, func(at int, _ uint64) { delete(x.windows, [run]byte(open[at:])) })
}

// in returns which secrets have left a trace in data, and how many.
func (x *traces) in(data []byte) map[string]int {
	found := make(map[string]int)
	rolling(data, func(at int, h uint64) {
		if word, bit := x.bit(h); x.hashes[word]&bit != 0 {
			if name, ok := x.windows[[run]byte(data[at:])]; ok {
				found[name]++
			}
		}
	})
	return found
}

// under returns the traces in all files of a folder, and how many files it read.
func (x *traces) under(t *testing.T, dir string) (found []string, files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // a snapshot that was taken away meanwhile
			return nil
		}
		files++
		for secret, n := range x.in(data) {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, fmt.Sprintf("%s: %d runs of %s", rel, n, secret))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, files
}

func TestTraces(t *testing.T) {
	x := new(traces)
	secret := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	x.add("secret", secret)
	for _, tt := range []struct {
		data string
		want int
	}{
		{string(secret), 5},
		{"before" + string(secret[1:34]) + "behind", 2},
		{strings.Repeat("x", 1000) + string(secret[4:]), 1},
		{string(secret[:31]) + "-" + string(secret[31:]), 0},
		{string(secret[:16]), 0},
	} {
		if got := x.in([]byte(tt.data))["secret"]; got != tt.want {
			t.Errorf("%q: %d runs, want %d", tt.data, got, tt.want)
		}
	}
}
