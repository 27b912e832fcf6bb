package seal

import (
	"bytes"
	"testing"
)

func TestPadme(t *testing.T) {
	for n, want := range map[int]int{
		0: 1024, 1: 1024, 1024: 1024,
		1025: 1088, 1088: 1088, 1089: 1152, // steps of 64 up to 2 KiB
		2047: 2048, 2048: 2048, 2049: 2176,
		10_000: 10_240, 65_535: 65_536, 65_536: 65_536, 65_537: 67_584,
		200_000: 200_704, 262_144: 262_144,
	} {
		if got := padme(n); got != want {
			t.Errorf("padme(%d) = %d, want %d", n, got, want)
		}
	}
	for n := 1; n <= MaxBody; n++ {
		p := padme(n)
		if p < n || padme(p) != p {
			t.Fatalf("padme(%d) = %d, and of that %d", n, p, padme(p))
		}
		if n > minPadded && (p-n)*100 >= n*12 {
			t.Fatalf("padme(%d) = %d adds 12%% or more", n, p)
		}
	}
}

func TestUnpadRefuses(t *testing.T) {
	good := pad([]byte("four"))
	if got, ok := unpad(good); !ok || string(got) != "four" {
		t.Fatalf("unpad(pad(four)) = %q, %v", got, ok)
	}
	with := func(i int, b byte) []byte {
		out := bytes.Clone(good)
		out[i] = b
		return out
	}
	long := pad(make([]byte, 2000))
	for name, padded := range map[string][]byte{
		"nothing":                     nil,
		"a prefix only":               good[:padPrefix],
		"one byte short":              good[:len(good)-1],
		"one byte long":               append(bytes.Clone(good), 0),
		"a length beyond the end":     with(0, 1),
		"a length of nearly 2^32":     append([]byte{255, 255, 255, 255}, good[4:]...),
		"last byte not zero":          with(len(good)-1, 1),
		"first padding byte not zero": with(padPrefix+4, 1),
		"padded one step too far":     append(pad(make([]byte, 1021)), make([]byte, 64)...),
		"length cut in a large one":   append([]byte{0, 0, 0, 9}, long[4:]...),
	} {
		if got, ok := unpad(padded); ok {
			t.Errorf("%s: got %d bytes, want refusal", name, len(got))
		}
	}
}

// FuzzPad: whatever is unpadded pads to the same bytes, and the other way round.
func FuzzPad(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("four"))
	f.Add(pad([]byte("four")))
	f.Add(pad(make([]byte, 1200)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, ok := unpad(pad(data)); !ok || !bytes.Equal(got, data) {
			t.Errorf("unpad(pad(%x)) = %x, %v", data, got, ok)
		}
		if got, ok := unpad(data); ok && !bytes.Equal(pad(got), data) {
			t.Errorf("%x is another padding of %x", data, got)
		}
	})
}
