package names

import "slices"

// maxKeys bounds what Keys returns.
const maxKeys = 64

// Keys returns the keys under which an index files the name, and under which it
// looks for a name like it, most telling first. A key that very many names have
// may be left out by the index.
func Keys(n Name) []string {
	var skels []string
	for i := range n.tokens {
		t := &n.tokens[i]
		if t.role == part && t.skel != "" && !slices.Contains(skels, t.skel) {
			skels = append(skels, t.skel)
		}
	}
	out := make([]string, 0, 16)
	for i, a := range skels {
		for _, b := range skels[i+1:] {
			out = append(out, min(a, b)+"+"+max(a, b))
		}
	}
	for _, a := range skels {
		if len(a) > 2 || len(skels) == 1 {
			out = append(out, a)
		}
	}
	return out[:min(len(out), maxKeys)]
}
