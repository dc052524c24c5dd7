package shrink

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// A service is the actions of one service: those wanted, which are the rows of the cover,
// and the others, which no pattern may name.
type service struct {
	prefix string
	how    Mode
	rows   []name
	others []string // lower case, sorted
	tails  []string // all suffixes of the others, sorted
	given  []string // patterns without the prefix

	columns map[string]*column // by what they name
	byText  map[string]*[]int  // rows by pattern, in lower case
	texts   map[string]string  // patterns as spelt by their first row
}

type name struct{ lower, spelt string }

// A column is a set of rows, and the patterns that name just these.
type column struct {
	rows  bitset
	size  int
	texts []string
	plain bool // prefixes, single actions and given patterns: those of the simplest cover
}

func newService(f Facts, prefix string, given []string, wanted set, how Mode) *service {
	s := &service{prefix: prefix, how: how, columns: map[string]*column{}, byText: map[string]*[]int{}, texts: map[string]string{}}
	for a := range f.Actions(prefix + ":*") {
		if lower := strings.ToLower(a.Name()); wanted.has(a) {
			s.rows = append(s.rows, name{lower, a.Name()})
		} else {
			s.others = append(s.others, lower)
		}
	}
	slices.Sort(s.others)
	for _, p := range given {
		if own, rest, ok := strings.Cut(p, ":"); ok && strings.EqualFold(own, prefix) && strings.ContainsAny(rest, "*?") {
			s.given = append(s.given, rest)
		}
	}
	return s
}

// fewest lists the patterns, and whether fewer would not do.
func (s *service) fewest() (patterns []string, proven bool) {
	switch {
	case len(s.others) == 0:
		return []string{s.prefix + ":*"}, true
	case len(s.rows) == 1:
		return []string{s.prefix + ":" + s.rows[0].spelt}, true
	}
	s.generate()
	if s.how == AtWords {
		s.dropCut()
	}
	var columns []*column
	for _, c := range s.columns {
		columns = append(columns, c)
	}
	slices.SortFunc(columns, func(a, b *column) int {
		return cmp.Or(cmp.Compare(b.size, a.size), slices.Compare(a.rows, b.rows))
	})
	chosen, proven := newCover(len(s.rows), columns).solve()
	for _, text := range s.spell(columns, chosen) {
		patterns = append(patterns, s.prefix+":"+text)
	}
	return patterns, proven
}

// generate finds the columns: single actions, what was given, and of all patterns
// beginning*, *end, beginning*end and *middle* that name no other action those that cannot
// be cut shorter. Which these are is a matter of the pattern alone, so each row that one
// names finds it.
func (s *service) generate() {
	for _, o := range s.others {
		for i := range o {
			s.tails = append(s.tails, o[i:])
		}
	}
	slices.Sort(s.tails)
	for row, n := range s.rows {
		s.ends(row, n)
		s.middles(row, n)
	}
	for text, rows := range s.byText {
		s.column(*rows, s.texts[text], strings.IndexByte(text, '*') == len(text)-1 && text != "*")
	}
	for row, n := range s.rows {
		s.column([]int{row}, n.spelt, true)
	}
	for _, g := range s.given {
		p := glob.Compile(g, glob.Wildcards|glob.FoldASCII)
		var rows []int
		for row, n := range s.rows {
			if p.Match(n.lower, nil) {
				rows = append(rows, row)
			}
		}
		s.column(rows, g, true)
	}
}

// dropCut drops the patterns that cut words, unless they were given.
func (s *service) dropCut() {
	for key, c := range s.columns {
		c.texts = slices.DeleteFunc(c.texts, func(t string) bool {
			return !slices.Contains(s.given, t) && s.cuts(s.atWords(t, c), c) > 0
		})
		if len(c.texts) == 0 {
			delete(s.columns, key)
		}
	}
}

func (s *service) found(row int, lower, spelt string) {
	rows := s.byText[lower]
	if rows == nil {
		rows = new([]int)
		s.byText[lower], s.texts[lower] = rows, spelt
	}
	*rows = append(*rows, row)
}

func (s *service) column(rows []int, text string, plain bool) {
	set := newBits(len(s.rows))
	for _, r := range rows {
		set.add(r)
	}
	if len(rows) == 1 {
		text = s.rows[rows[0]].spelt
	}
	key := set.key()
	c := s.columns[key]
	if c == nil {
		c = &column{rows: set, size: len(rows)}
		s.columns[key] = c
	}
	c.plain = c.plain || plain
	if !slices.Contains(c.texts, text) {
		c.texts = append(c.texts, text)
	}
}

// ends finds the patterns with one star: for each beginning the shortest end without which
// another action would be named.
func (s *service) ends(row int, n name) {
	need := make([]int, len(n.lower)+1)
	for _, o := range s.others {
		begins, ends := common(n.lower, o), commonEnd(n.lower, o)
		for i := range begins + 1 {
			need[i] = max(need[i], min(ends, len(o)-i)+1)
		}
	}
	for i, k := range need {
		if i+k <= len(n.lower) && (i == 0 || need[i-1] > k) {
			end := len(n.lower) - k
			s.found(row, n.lower[:i]+"*"+n.lower[end:], n.spelt[:i]+"*"+n.spelt[end:])
		}
	}
}

// middles finds the patterns with a star at each end.
func (s *service) middles(row int, n name) {
	last := len(n.lower) + 1
	for i := len(n.lower) - 1; i >= 0; i-- {
		tail := n.lower[i:]
		at, _ := slices.BinarySearch(s.tails, tail)
		known := 0 // the longest part that others have
		for _, j := range [2]int{at - 1, at} {
			if j >= 0 && j < len(s.tails) {
				known = max(known, common(tail, s.tails[j]))
			}
		}
		if end := i + known + 1; end <= len(n.lower) && end < last {
			if lower := "*" + n.lower[i:end] + "*"; s.byText[lower] == nil || !slices.Contains(*s.byText[lower], row) {
				s.found(row, lower, "*"+n.spelt[i:end]+"*")
			}
			last = end
		}
	}
}

func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func commonEnd(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[len(a)-1-i] != b[len(b)-1-i] {
			return i
		}
	}
	return n
}

// spell chooses the pattern of each column of a cover, of those that name what no other
// column does: one that is cut between words, with few stars, and the shortest.
func (s *service) spell(columns []*column, chosen []int) []string {
	times := make([]int, len(s.rows))
	for _, c := range chosen {
		for r := range s.rows {
			if columns[c].rows.has(r) {
				times[r]++
			}
		}
	}
	var out []string
	for _, c := range chosen {
		own := newBits(len(s.rows))
		for r := range s.rows {
			if columns[c].rows.has(r) && times[r] == 1 {
				own.add(r)
			}
		}
		best, text, bad := columns[c], "", 0
		for _, other := range columns {
			if !own.within(other.rows) {
				continue
			}
			for _, t := range other.texts {
				t = s.atWords(t, other)
				cuts := s.cuts(t, other)
				if text == "" || cmp.Or(cmp.Compare(cuts, bad), cmp.Compare(strings.Count(t, "*"), strings.Count(text, "*")), cmp.Compare(len(t), len(text)), cmp.Compare(t, text)) < 0 {
					best, text, bad = other, t, cuts
				}
			}
		}
		for r := range s.rows {
			if columns[c].rows.has(r) {
				times[r]--
			}
			if best.rows.has(r) {
				times[r]++
			}
		}
		out = append(out, text)
	}
	return out
}

// atWords lengthens the fixed text of a pattern up to the words of one of its actions, if
// it names the same then.
func (s *service) atWords(text string, c *column) string {
	if c.size == 1 || strings.ContainsRune(text, '?') || strings.Count(text, "*") > 2 || strings.Trim(text, "*") == "" {
		return text
	}
	at := 0
	for !c.rows.has(at) {
		at++
	}
	spelt := s.rows[at].spelt
	lower := s.rows[at].lower
	head, tail, _ := strings.Cut(text, "*")
	var tries []string
	if middle, ok := strings.CutSuffix(tail, "*"); ok && head == "" {
		i := strings.Index(lower, strings.ToLower(middle))
		j := i + len(middle)
		from, to := wordBefore(spelt, i), wordAfter(spelt, j)
		tries = []string{"*" + spelt[from:to] + "*", "*" + spelt[from:j] + "*", "*" + spelt[i:to] + "*"}
	} else {
		i, j := len(head), len(spelt)-len(tail)
		from, to := i, j
		if i > 0 {
			from = wordAfter(spelt, i)
		}
		if tail != "" {
			to = wordBefore(spelt, j)
		}
		for _, try := range [][2]int{{from, to}, {from, j}, {i, to}} {
			if try[0] <= try[1] {
				tries = append(tries, spelt[:try[0]]+"*"+spelt[try[1]:])
			}
		}
	}
	for _, try := range tries {
		if s.names(try, c) {
			return try
		}
	}
	return text
}

// cuts counts where a pattern cuts words of its actions.
func (s *service) cuts(text string, c *column) int {
	if c.size == 1 {
		return 0
	}
	n := 0
	head, _, _ := strings.Cut(text, "*")
	tail := text[strings.LastIndexByte(text, '*')+1:]
	middle := strings.Trim(text, "*")
	for r, row := range s.rows {
		if !c.rows.has(r) {
			continue
		}
		bad := 0
		if !betweenWords(row.spelt, len(head)) {
			bad++
		}
		if !betweenWords(row.spelt, len(row.spelt)-len(tail)) {
			bad++
		}
		if head == "" && tail == "" {
			i := max(0, strings.Index(row.lower, strings.ToLower(middle)))
			if !betweenWords(row.spelt, i) {
				bad++
			}
			if !betweenWords(row.spelt, i+len(middle)) {
				bad++
			}
		}
		n = max(n, bad)
	}
	return n
}

// names reports whether a pattern names all rows of the column.
func (s *service) names(text string, c *column) bool {
	p := glob.Compile(text, glob.Wildcards|glob.FoldASCII)
	for r, n := range s.rows {
		if c.rows.has(r) && !p.Match(n.lower, nil) {
			return false
		}
	}
	return true
}

// wordBefore is the start of the word that i is in, or i where a word starts.
func wordBefore(spelt string, i int) int {
	for !betweenWords(spelt, i) {
		i--
	}
	return i
}

// wordAfter is the end of the word before i, or i where a word ends.
func wordAfter(spelt string, i int) int {
	for !betweenWords(spelt, i) {
		i++
	}
	return i
}

func betweenWords(s string, i int) bool {
	return i == 0 || i == len(s) || upper(s[i]) && !upper(s[i-1])
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
