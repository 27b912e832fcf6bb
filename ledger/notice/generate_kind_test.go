package notice

import (
	"bytes"
	"testing"

	"comity/ledger"
)

// TestGeneratorOfEveryKind: what it makes can be sent, differs, and is the same
// for the same seed.
func TestGeneratorOfEveryKind(t *testing.T) {
	g, again := NewGenerator(5, testDay), NewGenerator(5, testDay)
	for _, k := range kinds() {
		seen := map[string]bool{}
		for range 20 {
			n := g.NextOf(k)
			if err := n.Validate(testDay); err != nil {
				t.Fatalf("%s %s: %v", k, n.Reference, err)
			}
			data, err := n.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			same, err := again.NextOf(k).Marshal()
			if err != nil || !bytes.Equal(data, same) {
				t.Fatalf("%s: the second run differs (%v)", k, err)
			}
			seen[n.Reference] = true
		}
		if len(seen) != 20 {
			t.Errorf("%s: %d references of 20", k, len(seen))
		}
	}
	if n := g.NextOf(ledger.KindUndisclosed); n != nil {
		t.Errorf("got %+v", n)
	}
}
