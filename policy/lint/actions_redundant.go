package lint

import (
	"github.com/licit-dev/licit/internal/ascii"

	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// redundant checks that no value of a list is covered by another one. Of two that cover
// each other the first stays.
func redundant(includes func(general, specific string) bool, elements ...string) func(c *checker, s *statement) {
	return func(c *checker, s *statement) {
		for _, e := range elements {
			n, ok := s.member(e)
			if !ok || n.Kind != jsontree.Array {
				continue
			}
			general := generalValues(n)
			for i := range n.Elements {
				v := &n.Elements[i]
				if v.Kind != jsontree.String {
					continue
				}
				if j := coveredBy(n, general, i, includes); j >= 0 {
					f := c.report(v, elementPath(s.path+"/"+e, i), "%q is covered by %q; remove it", clip(v.Text), clip(n.Elements[j].Text))
					f.Fix = removeElement(n, i)
				}
			}
		}
	}
}

// generalValues are the elements that can cover others: those with a wildcard, and the
// first of each text. On hostile lists only some of them.
func generalValues(n *jsontree.Node) (out []int) {
	const most = 100
	seen := make(map[string]int, len(n.Elements))
	repeated := make(map[int]bool)
	for i := range n.Elements {
		key := ascii.ToLower(n.Elements[i].Text)
		if first, ok := seen[key]; ok {
			repeated[first] = true
		} else {
			seen[key] = i
		}
	}
	for i := range n.Elements {
		if v := &n.Elements[i]; v.Kind == jsontree.String && len(out) < most && (repeated[i] || strings.ContainsAny(v.Text, "*?")) {
			out = append(out, i)
		}
	}
	return out
}

func coveredBy(n *jsontree.Node, general []int, i int, includes func(general, specific string) bool) int {
	specific := n.Elements[i].Text
	for _, j := range general {
		if i == j {
			continue
		}
		g := n.Elements[j].Text
		if mayInclude(g, specific) && includes(g, specific) && (j < i || !includes(specific, g)) {
			return j
		}
	}
	return -1
}

// mayInclude compares the plain text in front of the first wildcard, which rules most
// pairs out.
func mayInclude(general, specific string) bool {
	n := strings.IndexAny(general, "*?")
	if n < 0 {
		return ascii.Equal(general, specific)
	}
	return len(specific) >= n && ascii.Equal(general[:n], specific[:n])
}
