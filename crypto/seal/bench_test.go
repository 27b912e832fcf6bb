package seal

import (
	"fmt"
	"testing"
)

// The cost is that of the grants: one encapsulation each to seal, one
// decapsulation for each key and grant to open.
func BenchmarkSeal(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		readers := recipients(newIdentities(b, n)...)
		b.Run(fmt.Sprintf("readers=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Seal(ctx, []Part{{Card, make([]byte, 4<<10), readers}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		ids := newIdentities(b, n)
		body := mustParse(b, mustSeal(b, ctx, Part{Card, make([]byte, 4<<10), recipients(ids...)}))
		b.Run(fmt.Sprintf("readers=%d", n), func(b *testing.B) {
			for b.Loop() {
				if opened, err := body.Open(ctx, forAll(ids[0])); err != nil || len(opened) != 1 {
					b.Fatal(opened, err)
				}
			}
		})
	}
}

// What every node does with every body before it stores it.
func BenchmarkParse(b *testing.B) {
	body := mustSeal(b, ctx, Part{Card, make([]byte, 4<<10), recipients(newIdentities(b, 64)...)})
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
