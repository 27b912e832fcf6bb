package names

// align finds the assignment of the telling tokens of one name to those of the
// other that has the greatest sum of similarities.
func (c *comparison) align() {
	if c.sides[0].m > c.sides[1].m {
		c.few = 1
	}
	a, b := &c.sides[c.few], &c.sides[1-c.few]
	for i, t := range a.main[:a.m] {
		for j, u := range b.main[:b.m] {
			c.sim[i][j], c.how[i][j] = likeness(t, u)
		}
	}
	mates := assign(&c.sim, a.m, b.m)
	for i := range a.m {
		j := mates[i]
		c.pairs[c.n] = pair{i, j, c.sim[i][j], c.how[i][j]}
		a.mated[i], b.mated[j] = true, true
		c.n++
	}
}

// assign returns the column of each row in an assignment of greatest sum, for
// rows <= cols: the Hungarian method with potentials, O(rows * rows * cols).
func assign(sim *[maxTokens][maxTokens]float64, rows, cols int) (mates [maxTokens]int) {
	var u, v [maxTokens + 1]float64
	var owner [maxTokens + 1]int // row+1 that has the column
	var way [maxTokens + 1]int
	for i := 1; i <= rows; i++ {
		var best [maxTokens + 1]float64
		var seen [maxTokens + 1]bool
		for j := range best {
			best[j] = 1e9
		}
		owner[0] = i
		at := 0
		for {
			seen[at] = true
			row, next, delta := owner[at], 0, 1e9
			for j := 1; j <= cols; j++ {
				if seen[j] {
					continue
				}
				if cost := 1 - sim[row-1][j-1] - u[row] - v[j]; cost < best[j] {
					best[j], way[j] = cost, at
				}
				if best[j] < delta {
					delta, next = best[j], j
				}
			}
			for j := 0; j <= cols; j++ {
				if seen[j] {
					u[owner[j]] += delta
					v[j] -= delta
				} else {
					best[j] -= delta
				}
			}
			at = next
			if owner[at] == 0 {
				break
			}
		}
		for at != 0 {
			owner[at] = owner[way[at]]
			at = way[at]
		}
	}
	for j := 1; j <= cols; j++ {
		if owner[j] > 0 {
			mates[owner[j]-1] = j - 1
		}
	}
	return mates
}
