package check

import (
	"cmp"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// pack divides the statements among as few documents as it can, the largest first. Where
// they are too many, Sids go.
func (m *minimizer) pack() []*policy.Document {
	documents := m.divide(m.statements)
	if m.fits(documents) || !slices.ContainsFunc(m.statements, func(w working) bool { return w.SID != "" }) {
		return documents
	}
	bare := slices.Clone(m.statements)
	for i := range bare {
		bare[i].SID = ""
	}
	if smaller := m.divide(bare); m.fits(smaller) {
		m.steps = append(m.steps, "all Sids: dropped, to save room")
		return smaller
	}
	return documents
}

// divide packs first fit, and keeps the order of statements within a document.
func (m *minimizer) divide(statements []working) []*policy.Document {
	frame := m.sizeOf(nil)
	type part struct {
		working
		size, at int
	}
	var parts []part
	for at, s := range statements {
		for _, piece := range m.pieces(s, m.space.Size) {
			parts = append(parts, part{piece, m.sizeOf([]working{piece}) - frame, at})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.size, a.size) })
	type bin struct {
		parts []part
		size  int
	}
	var bins []bin
	for _, p := range parts {
		n := slices.IndexFunc(bins, func(b bin) bool { return b.size+p.size+1 <= m.space.Size })
		if n < 0 {
			n = len(bins)
			bins = append(bins, bin{size: frame - 1})
		}
		bins[n].parts, bins[n].size = append(bins[n].parts, p), bins[n].size+p.size+1
	}
	for i := range bins {
		slices.SortStableFunc(bins[i].parts, func(a, b part) int { return cmp.Compare(a.at, b.at) })
	}
	slices.SortStableFunc(bins, func(a, b bin) int { return cmp.Compare(a.parts[0].at, b.parts[0].at) })
	var out []*policy.Document
	for _, b := range bins {
		list := make([]working, len(b.parts))
		for i, p := range b.parts {
			list[i] = p.working
		}
		d, err := compactDocument(list)
		if err != nil {
			return m.current // what could be written as a whole
		}
		out = append(out, d)
	}
	if out == nil {
		return m.current // no statement at all
	}
	return out
}

func (m *minimizer) sizeOf(statements []working) int {
	d, err := compactDocument(statements)
	if err != nil {
		return 0
	}
	return d.Size(m.kind)
}

// pieces halves the longest list of a statement until each piece fits.
func (m *minimizer) pieces(w working, limit int) []working {
	if m.sizeOf([]working{w}) <= limit {
		return []working{w}
	}
	longest := actionList
	if s := &w.Statement; len(resourceList.get(s)) > len(actionList.get(s)) {
		longest = resourceList
	}
	values := longest.get(&w.Statement)
	if len(values) < 2 {
		return []working{w}
	}
	first, second := w, w
	longest.set(&first.Statement, values[:len(values)/2])
	longest.set(&second.Statement, values[len(values)/2:])
	second.SID = ""
	return append(m.pieces(first, limit), m.pieces(second, limit)...)
}
