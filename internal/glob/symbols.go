package glob

import "slices"

// Symbols are a pattern without variables, as one symbol for each character and wildcard.
// Each run of wildcards is its question marks and then at most one star, so that equal
// patterns look equal.
type Symbols []rune

// Wildcards as symbols; patterns hold no negative runes.
const (
	AnyRun rune = -1 // any characters, or none
	AnyOne rune = -2 // any one character
)

// symbols takes a text apart that holds no variables.
func symbols(s string) Symbols { return normal([]rune(s), true) }

// normal orders runs of wildcards; wild says that * and ? in the text are wildcards.
func normal(text []rune, wild bool) Symbols {
	var out Symbols
	star := false
	flush := func() {
		if star {
			out, star = append(out, AnyRun), false
		}
	}
	for _, r := range text {
		switch {
		case r == AnyRun || wild && r == '*':
			star = true
		case r == AnyOne || wild && r == '?':
			out = append(out, AnyOne)
		default:
			flush()
			out = append(out, r)
		}
	}
	flush()
	return out
}

// Literal is the pattern that matches nothing but s.
func Literal(s string) Symbols { return Symbols([]rune(s)) }

// Symbols takes the pattern apart. value gives the text of a variable; one that it does not
// know becomes a star. A pattern that folds is in lower case.
func (p *Pattern) Symbols(value func(Variable) (text string, known bool)) Symbols {
	var out []rune
	for i, s := range p.segments {
		if i > 0 {
			out = append(out, AnyRun)
		}
		for _, a := range s.atoms {
			switch a.kind {
			case textAtom:
				out = append(out, []rune(a.text)...)
			case oneAtom:
				out = append(out, AnyOne)
			case varAtom:
				if text, known := value(p.vars[a.v]); known {
					out = append(out, []rune(text)...)
				} else {
					out = append(out, AnyRun)
				}
			}
		}
	}
	return normal(out, false)
}

// String writes the pattern as a document of version 2012-10-17 does.
func (s Symbols) String() string {
	out := make([]rune, 0, len(s))
	for i, r := range s {
		switch {
		case r == AnyRun:
			out = append(out, '*')
		case r == AnyOne:
			out = append(out, '?')
		case r == '*' || r == '?' || r == '$' && i+1 < len(s) && s[i+1] == '{':
			out = append(out, '$', '{', r, '}')
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// IsEverything reports whether the pattern is a star.
func (s Symbols) IsEverything() bool { return len(s) == 1 && s[0] == AnyRun }

// IsLiteral reports whether the pattern matches one text only.
func (s Symbols) IsLiteral() bool { return !slices.Contains(s, AnyRun) && !slices.Contains(s, AnyOne) }

// Fill is a text that matches the pattern: run in place of stars and one in place of
// question marks.
func (s Symbols) Fill(run func(i int) string, one rune) string {
	var out []rune
	n := 0
	for _, r := range s {
		switch r {
		case AnyRun:
			out = append(out, []rune(run(n))...)
			n++
		case AnyOne:
			out = append(out, one)
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// Includes reports whether every text that inner matches is matched by s, too. It matches
// inner as if it were a text: a star of inner is taken only by a star of s, its question
// mark by a question mark or a star. Every such match proves inclusion. It never
// backtracks over more than one star. For a literal it is exact.
func (s Symbols) Includes(inner Symbols) bool {
	o, i, star, mark := 0, 0, -1, 0
	for i < len(inner) {
		switch {
		case o < len(s) && s[o] == AnyRun:
			star, mark = o, i
			o++
		case o < len(s) && inner[i] != AnyRun && (s[o] == inner[i] || s[o] == AnyOne):
			o, i = o+1, i+1
		case star >= 0:
			mark++
			o, i = star+1, mark
		default:
			return false
		}
	}
	for o < len(s) && s[o] == AnyRun {
		o++
	}
	return o == len(s)
}

// meets reports whether some text matches both.
func (s Symbols) meets(t Symbols) bool {
	meet := make([]bool, len(t)+1) // meet[j]: the rest of s from i, and of t from j, meet
	for i := len(s); i >= 0; i-- {
		var diagonal bool // meet[i+1][j+1]
		for j := len(t); j >= 0; j-- {
			below := i < len(s) && meet[j] // meet[i+1][j]
			right := j < len(t) && meet[j+1]
			next := meetAt(s, t, i, j, diagonal, below, right)
			diagonal, meet[j] = meet[j], next
		}
	}
	return meet[0]
}

func meetAt(x, y Symbols, i, j int, diagonal, below, right bool) bool {
	switch {
	case i == len(x) && j == len(y):
		return true
	case i < len(x) && x[i] == AnyRun:
		return below || right
	case j < len(y) && y[j] == AnyRun:
		return below || right
	case i == len(x) || j == len(y):
		return false
	}
	return diagonal && (x[i] == y[j] || x[i] == AnyOne || y[j] == AnyOne)
}

// apart reports whether what stands before the first wildcards, or behind the last ones,
// rules out that any text matches both.
func (s Symbols) apart(t Symbols) bool {
	for i := range min(len(s), len(t)) {
		if s[i] < 0 || t[i] < 0 {
			break
		}
		if s[i] != t[i] {
			return true
		}
	}
	for i := range min(len(s), len(t)) {
		x, y := s[len(s)-1-i], t[len(t)-1-i]
		if x < 0 || y < 0 {
			break
		}
		if x != y {
			return true
		}
	}
	return false
}

// mostParts bounds the patterns that an intersection has.
const mostParts = 16

// Intersect lists patterns that together match exactly what both s and t do; none if
// nothing matches both. It reports false if that takes too many.
func (s Symbols) Intersect(t Symbols) ([]Symbols, bool) {
	switch {
	case s.apart(t):
		return nil, true
	case s.Includes(t):
		return []Symbols{t}, true
	case t.Includes(s):
		return []Symbols{s}, true
	case !s.meets(t):
		return nil, true
	}
	n := 0
	for n < len(s) && n < len(t) && s[n] == t[n] && s[n] >= 0 {
		n++
	}
	w := intersection{x: s[n:], y: t[n:], done: map[[2]int][]Symbols{}}
	list := w.from(0, 0)
	if w.failed {
		return nil, false
	}
	out := make([]Symbols, len(list))
	for i, tail := range list {
		out[i] = normal(slices.Concat(s[:n], tail), false)
	}
	slices.SortFunc(out, slices.Compare)
	return out, true
}

// An intersection walks through two patterns at once.
type intersection struct {
	x, y   Symbols
	done   map[[2]int][]Symbols
	failed bool
}

// from lists the patterns that match what the rests of both do.
func (w *intersection) from(i, j int) []Symbols {
	at := [2]int{i, j}
	if list, ok := w.done[at]; ok || w.failed {
		return list
	}
	list := w.step(i, j)
	if len(list) > mostParts || len(w.done) > 1<<14 {
		w.failed = true
	}
	w.done[at] = list
	return list
}

func (w *intersection) step(i, j int) []Symbols {
	x, y := w.x[i:], w.y[j:]
	var out []Symbols
	add := func(head rune, tails []Symbols) {
		for _, tail := range tails {
			p := normal(slices.Concat([]rune{head}, tail), false)
			if slices.ContainsFunc(out, func(o Symbols) bool { return o.Includes(p) }) {
				continue
			}
			out = append(slices.DeleteFunc(out, func(o Symbols) bool { return p.Includes(o) }), p)
		}
	}
	switch {
	case y.Includes(x):
		return []Symbols{x}
	case x.Includes(y):
		return []Symbols{y}
	case len(x) == 0 || len(y) == 0:
		return nil // the other one is not just a star
	case x[0] == AnyRun && y[0] == AnyRun:
		add(AnyRun, w.from(i+1, j))
		add(AnyRun, w.from(i, j+1))
	case x[0] == AnyRun: // it ends here, or takes one more
		out = slices.Clone(w.from(i+1, j))
		add(y[0], w.from(i, j+1))
	case y[0] == AnyRun:
		out = slices.Clone(w.from(i, j+1))
		add(x[0], w.from(i+1, j))
	case x[0] == AnyOne || x[0] == y[0]:
		add(y[0], w.from(i+1, j+1))
	case y[0] == AnyOne:
		add(x[0], w.from(i+1, j+1))
	}
	return out
}
