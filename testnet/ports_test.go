package testnet

import "testing"

// A node that is down for a while finds its port free again: neither this process
// nor another gives it to a consortium that is founded meanwhile.
func TestPortsAreGivenOnce(t *testing.T) {
	t.Parallel()
	var one, other claims // two processes
	t.Cleanup(one.release)
	t.Cleanup(other.release)
	given := make(map[string]bool)
	for range 4 * blockPorts {
		for _, c := range []*claims{&one, &other, &claimed} {
			l, err := c.take()
			if err != nil {
				t.Fatal(err)
			}
			if given[l.Addr().String()] {
				t.Fatalf("%s is given twice", l.Addr())
			}
			given[l.Addr().String()] = true
			if err := l.Close(); err != nil { // free again
				t.Fatal(err)
			}
		}
	}
}
