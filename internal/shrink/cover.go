package shrink

import "slices"

// A cover asks for the fewest columns that have all rows.
type cover struct {
	columns []*column
	of      []bitset // row: the columns that have it
	left    bitset   // rows that are not covered yet
	useful  bitset   // columns that are not out of the question
	chosen  []int    // by reduction

	steps int // of the search, that are left
	best  []int
}

// maxSteps bounds the search, in looks at a row.
const maxSteps = 400_000

func newCover(rows int, columns []*column) *cover {
	c := &cover{columns: columns, of: make([]bitset, rows), left: newBits(rows), useful: newBits(len(columns)), steps: maxSteps}
	for r := range c.of {
		c.of[r] = newBits(len(columns))
		c.left.add(r)
	}
	for i, col := range columns {
		c.useful.add(i)
		col.rows.each(func(r int) bool { c.of[r].add(i); return true })
	}
	return c
}

// solve returns a cover, and whether it is proven that there is none with fewer columns.
func (c *cover) solve() (chosen []int, proven bool) {
	all := slices.Clone(c.left)
	plain := newBits(len(c.columns))
	for i, col := range c.columns {
		if col.plain {
			plain.add(i)
		}
	}
	simple := c.greedy(all, plain)
	c.reduce()
	c.best = c.greedy(c.left, c.useful)
	if len(simple) < len(c.chosen)+len(c.best) {
		// Only the number counts for the search; what it does not better is replaced below.
		c.best = make([]int, len(simple)-len(c.chosen))
		for i := range c.best {
			c.best[i] = -1
		}
	}
	proven = c.search(c.left, nil)
	if slices.Contains(c.best, -1) {
		return simple, proven
	}
	return slices.Concat(c.chosen, c.best), proven
}

// reduce chooses columns that alone have a row, and drops columns that another one makes
// needless, and rows that are covered whenever another one is.
func (c *cover) reduce() {
	for changed := true; changed; {
		changed = c.dropColumns()
		changed = c.dropRows() || changed
		c.left.each(func(r int) bool {
			only := c.only(r)
			if only < 0 || !c.left.has(r) {
				return true
			}
			c.chosen = append(c.chosen, only)
			c.useful.remove(only)
			c.left = c.left.minus(c.columns[only].rows)
			changed = true
			return false
		})
	}
}

// only is the only column that has the row, or -1.
func (c *cover) only(row int) int {
	found := -1
	c.of[row].each(func(i int) bool {
		if !c.useful.has(i) {
			return true
		}
		if found >= 0 {
			found = -1
			return false
		}
		found = i
		return true
	})
	return found
}

func (c *cover) dropColumns() (changed bool) {
	c.useful.each(func(i int) bool {
		rows := c.columns[i].rows
		if !rows.meets(c.left) {
			c.useful.remove(i)
			return true
		}
		// One that has all of them has the first.
		first := -1
		rows.each(func(r int) bool {
			if c.left.has(r) {
				first = r
			}
			return first < 0
		})
		c.of[first].each(func(j int) bool {
			if j == i || !c.useful.has(j) || !rows.withinOf(c.columns[j].rows, c.left) {
				return true
			}
			if c.columns[j].rows.withinOf(rows, c.left) && j > i {
				return true // the same: the first stays
			}
			c.useful.remove(i)
			changed = true
			return false
		})
		return true
	})
	return changed
}

func (c *cover) dropRows() (changed bool) {
	c.left.each(func(r int) bool {
		c.left.each(func(o int) bool {
			if o == r || !c.left.has(r) || !c.left.has(o) || !c.of[r].withinOf(c.of[o], c.useful) {
				return true
			}
			c.left.remove(o)
			changed = true
			return true
		})
		return true
	})
	return changed
}

// greedy takes the column that has most of what is left, again and again, and at the end
// drops what the others make needless.
func (c *cover) greedy(left, useful bitset) []int {
	all, left := left, slices.Clone(left)
	var out []int
	for !left.empty() {
		best, most := -1, 0
		useful.each(func(i int) bool {
			if c.columns[i].size > most {
				if n := c.columns[i].rows.shared(left); n > most {
					best, most = i, n
				}
			}
			return true
		})
		out = append(out, best)
		left = left.minus(c.columns[best].rows)
	}
	for i := len(out) - 1; i >= 0; i-- {
		rest := slices.Clone(all)
		for j, o := range out {
			if j != i {
				rest = rest.minus(c.columns[o].rows)
			}
		}
		if rest.empty() {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// search looks for a cover with fewer columns than the best, and reports whether it has
// seen all.
func (c *cover) search(left bitset, chosen []int) bool {
	if left.empty() {
		if len(chosen) < len(c.best) {
			c.best = slices.Clone(chosen)
		}
		return true
	}
	bound, row := c.bound(left)
	if len(chosen)+bound >= len(c.best) {
		return true
	}
	if c.steps < 0 {
		return false
	}
	var try []int
	c.of[row].each(func(i int) bool {
		if c.useful.has(i) {
			try = append(try, i)
		}
		return true
	})
	slices.SortStableFunc(try, func(a, b int) int {
		return c.columns[b].rows.shared(left) - c.columns[a].rows.shared(left)
	})
	done := true
	for _, i := range try {
		done = c.search(left.minus(c.columns[i].rows), append(chosen, i)) && done
	}
	return done
}

// bound counts rows no two of which are in one column: each needs its own. It also returns
// the row that is in the fewest columns.
func (c *cover) bound(left bitset) (n, row int) {
	type weighed struct{ row, columns int }
	var rows []weighed
	left.each(func(r int) bool {
		rows = append(rows, weighed{r, c.of[r].shared(c.useful)})
		return true
	})
	c.steps -= len(rows)
	slices.SortStableFunc(rows, func(a, b weighed) int { return a.columns - b.columns })
	taken := newBits(len(c.columns))
	for _, r := range rows {
		free := true
		for i, w := range c.of[r.row] {
			if w&c.useful[i]&taken[i] != 0 {
				free = false
				break
			}
		}
		if !free {
			continue
		}
		n++
		for i, w := range c.of[r.row] {
			taken[i] |= w & c.useful[i]
		}
	}
	return n, rows[0].row
}
