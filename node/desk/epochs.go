package desk

import "comity/ledger"

// everMembers returns the members of all epochs that the replica has come to, each
// with the keys of one epoch, and once if these are the same in several.
func (d *Desk) everMembers() (list []*ledger.Member) {
	seen := make(map[string]bool)
	for _, e := range d.Members().Epochs() {
		for i := range e.Members {
			m := &e.Members[i]
			key := string(m.Root) + string(m.Node.TLS[:])
			if !seen[key] {
				seen[key] = true
				list = append(list, m)
			}
		}
	}
	return list
}
