package simulate

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An actionSet is a set of actions by their number in a catalog. Few actions are a list,
// many a bit set, so that ten thousand documents with a few actions each stay small.
type actionSet struct {
	few  []uint32
	many bitSet
}

// mostFew bounds the list of a small set.
const mostFew = 64

type bitSet []uint64

func (b bitSet) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }

func (b bitSet) set(i int) { b[i>>6] |= 1 << (i & 63) }

func (b bitSet) add(s actionSet) {
	for _, i := range s.few {
		b.set(int(i))
	}
	for w, word := range s.many {
		b[w] |= word
	}
}

func (b bitSet) intersect(o bitSet) {
	for w := range b {
		b[w] &= o[w]
	}
}

func (b bitSet) subtract(o bitSet) {
	for i := range b {
		b[i] &^= o[i]
	}
}

func (b bitSet) meets(o bitSet) bool {
	for w := range b {
		if b[w]&o[w] != 0 {
			return true
		}
	}
	return false
}

func (b bitSet) isEmpty() bool { return !slices.ContainsFunc(b, func(w uint64) bool { return w != 0 }) }

// each calls f for the members in order.
func (b bitSet) each(f func(i int)) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			f(w<<6 + bits.TrailingZeros64(word))
		}
	}
}

func (s actionSet) has(i int) bool {
	if s.many != nil {
		return s.many.has(i)
	}
	_, ok := slices.BinarySearch(s.few, uint32(i))
	return ok
}

// splits reports whether some of the actions are in the set, and some are not.
func (s actionSet) splits(of bitSet) bool {
	in, out := false, false
	if s.many == nil {
		n := 0
		for _, i := range s.few {
			if of.has(int(i)) {
				n++
			}
		}
		total := 0
		for _, word := range of {
			total += bits.OnesCount64(word)
		}
		return n > 0 && n < total
	}
	for w, word := range of {
		in, out = in || word&s.many[w] != 0, out || word&^s.many[w] != 0
	}
	return in && out
}

// A catalog numbers the known actions, and those that documents name literally though the
// reference does not know them.
type catalog struct {
	actions  []policy.Action
	names    []string // action names without the service
	services map[string][2]int
	fine     []int // actions of one class differ in nothing but what statements say of them
	coarse   []int // likewise, where all statements are about all resources
	types    []serviceref.ActionInfo
	memo     map[string]actionSet
}

// newCatalog holds the actions that the patterns of a scope name.
func newCatalog(docs []*docInfo, patterns []string) *catalog {
	ref := serviceref.Embedded()
	c := &catalog{services: map[string][2]int{}, memo: map[string]actionSet{}}
	wanted := func(policy.Action) bool { return true }
	if len(patterns) == 0 {
		c.actions = slices.Collect(ref.Actions("*"))
	} else {
		for _, pattern := range patterns {
			c.actions = slices.AppendSeq(c.actions, ref.Actions(pattern))
			if a, err := policy.ParseAction(pattern); err == nil {
				if _, known := ref.Action(a); !known {
					c.actions = append(c.actions, a)
				}
			}
		}
		wanted = func(a policy.Action) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { return namesAction(p, a) })
		}
	}
	seen := map[string]bool{}
	for _, d := range docs {
		for i := range d.statements {
			s := &d.statements[i]
			for _, list := range []policy.Patterns{s.Action, s.NotAction} {
				for text := range list.All() {
					a, err := policy.ParseAction(text)
					if _, known := ref.Action(a); err == nil && !known && !seen[strings.ToLower(text)] && wanted(a) {
						seen[strings.ToLower(text)] = true
						c.actions = append(c.actions, a)
					}
				}
			}
		}
	}
	slices.SortFunc(c.actions, compareActions)
	c.actions = slices.CompactFunc(c.actions, func(a, b policy.Action) bool { return strings.EqualFold(string(a), string(b)) })
	for i, a := range c.actions {
		service := strings.ToLower(a.Service())
		span, ok := c.services[service]
		if !ok {
			span[0] = i
		}
		span[1] = i + 1
		c.services[service] = span
		c.names = append(c.names, a.Name())
		info, _ := ref.Action(a)
		c.types = append(c.types, info)
	}
	return c
}

// classify puts the actions into classes, fine and coarse ones. Apart from statements, an
// evaluation looks at the service only for what is written here, at single actions of
// sts, iam and kms and those about bucket policies, and at keys that some requests only may have. The fine classes also
// tell resource types apart, the coarse ones only what their ARNs look like outside of the
// resource part.
func (c *catalog) classify(keys []string, endpoints map[string]bool, facts ...*serviceref.Reference) {
	fine, coarse := map[string]int{}, map[string]int{}
	number := func(m map[string]int, text string) int {
		n, ok := m[text]
		if !ok {
			n = len(m)
			m[text] = n
		}
		return n
	}
	shapes := map[serviceref.ResourceInfo]string{}
	var b strings.Builder
	for i, a := range c.actions {
		b.Reset()
		c.facts(&b, a, c.types[i], keys, endpoints)
		for _, f := range facts { // which may be those of different days
			supports, known := f.SupportsRCP(a.Service())
			fmt.Fprintf(&b, " %t %t", supports, known)
		}
		facts := b.String()
		types, shape := " unknown", " unknown"
		if info := c.types[i]; info.IsValid() {
			var list []string
			b.Reset()
			for r := range info.Resources() {
				b.WriteString(" " + r.Type.Service() + ":" + r.Type.Name())
				s, ok := shapes[r.Type]
				if !ok {
					s = shapeOf(r.Type)
					shapes[r.Type] = s
				}
				list = append(list, s)
			}
			slices.Sort(list)
			types, shape = b.String(), strings.Join(slices.Compact(list), " ")
		}
		c.fine = append(c.fine, number(fine, facts+types))
		c.coarse = append(c.coarse, number(coarse, facts+shape))
	}
}

// facts are what an evaluation may ask of an action besides its name.
func (c *catalog) facts(b *strings.Builder, a policy.Action, info serviceref.ActionInfo, keys []string, endpoints map[string]bool) {
	ref := serviceref.Embedded()
	service := strings.ToLower(a.Service())
	region, _ := ref.GlobalRegion(service)
	_, collection := ref.Collection(a)
	fmt.Fprintf(b, "%t %s", ref.MayLackResourceAccount(a), region)
	switch {
	case collection || service == "sts" || service == "iam" || service == "kms" || isBucketPolicyAction(service, a.Name()):
		b.WriteString(" " + string(a))
	case endpoints[service] || service == "s3":
		b.WriteString(" " + service)
	}
	if !info.IsValid() {
		return
	}
	for _, k := range keys {
		prefix, _, _ := strings.Cut(k, ":")
		if (prefix == "aws" || prefix == service) && info.HasKey(k) {
			b.WriteString(" +" + k)
		}
	}
}

// shapeOf is what an evaluation can see of the ARNs of a resource type where no pattern
// is about the resource part.
func shapeOf(t serviceref.ResourceInfo) string {
	var out []string
	for format := range t.ARNFormats() {
		parts := strings.SplitN(format, ":", 6)
		if len(parts) < 6 {
			return format
		}
		switch parts[2] {
		case "s3", "kms", "iam", "sts":
			return format
		}
		out = append(out, parts[1]+":"+parts[3]+":"+parts[4])
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

func (c *catalog) empty() bitSet { return make(bitSet, (len(c.actions)+63)/64) }

func (c *catalog) full() bitSet {
	b := c.empty()
	for i := range c.actions {
		b.set(i)
	}
	return b
}

// matching is the set of actions that an Action element names, or a NotAction element
// leaves (R-ACT-1, R-ACT-2, R-ACT-6).
func (c *catalog) matching(s *policy.Statement) actionSet {
	list := s.Action
	if !s.NotAction.IsZero() {
		list = s.NotAction
	}
	var key strings.Builder
	if !s.NotAction.IsZero() {
		key.WriteByte('!')
	}
	for text := range list.All() {
		key.WriteString(strings.ToLower(text) + "\n")
	}
	if out, ok := c.memo[key.String()]; ok {
		return out
	}
	in := c.empty()
	for text := range list.All() {
		c.addPattern(in, text)
	}
	if !s.NotAction.IsZero() {
		for i := range c.actions {
			in[i>>6] ^= 1 << (i & 63)
		}
	}
	out := actionSet{many: in}
	var few []uint32
	in.each(func(i int) {
		if len(few) <= mostFew {
			few = append(few, uint32(i))
		}
	})
	if len(few) <= mostFew {
		out = actionSet{few: few}
	}
	c.memo[key.String()] = out
	return out
}

// namesAction reports whether a pattern names the action (R-ACT-1, R-ACT-2).
func namesAction(pattern string, a policy.Action) bool {
	service, name, ok := strings.Cut(pattern, ":")
	switch {
	case pattern == "*:*" || pattern != "" && strings.Trim(pattern, "*") == "":
		return true
	case !ok || !strings.EqualFold(service, a.Service()):
		return false
	}
	p := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
	return p.Match(a.Name(), nil)
}

func (c *catalog) addPattern(in bitSet, text string) {
	service, name, ok := strings.Cut(text, ":")
	first, after := 0, 0
	switch {
	case text == "*:*" || text != "" && strings.Trim(text, "*") == "":
		first, after, name = 0, len(c.actions), "*"
	case ok:
		span := c.services[strings.ToLower(service)]
		first, after = span[0], span[1]
	}
	p := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
	for i := first; i < after; i++ {
		if p.Match(c.names[i], nil) {
			in.set(i)
		}
	}
}

// A detail says how much resource types matter for classes of actions.
type detail bool

const (
	coarse detail = false // only where a statement is about some resources
	fine   detail = true
)

// classes splits actions into those that no statement tells apart.
func (k *asker) classes(actions bitSet, statements []*statementInfo, detail detail) [][]int {
	var splitting []*statementInfo
	specific := k.catalog.empty() // actions of statements that are about some resources
	for _, s := range statements {
		if s.actions.splits(actions) {
			splitting = append(splitting, s)
		}
		if slices.ContainsFunc(slices.Collect(s.patterns().All()), func(p string) bool { return strings.Trim(p, "*") != "" }) {
			specific.add(s.actions)
		}
	}
	if detail == fine || len(k.scope.Resources) > 0 {
		specific = k.wanted
	}
	index := map[string]int{}
	var out [][]int
	key := make([]byte, 0, 64)
	actions.each(func(i int) {
		c := k.catalog.coarse[i]
		key = append(key[:0], 0)
		if specific.has(i) {
			key[0], c = 1, k.catalog.fine[i]
		}
		key = append(key, byte(c), byte(c>>8), byte(c>>16))
		var b, n byte
		for _, s := range splitting {
			b <<= 1
			if s.actions.has(i) {
				b |= 1
			}
			if n++; n == 8 {
				key, b, n = append(key, b), 0, 0
			}
		}
		key = append(key, b)
		at, ok := index[string(key)]
		if !ok {
			at = len(out)
			index[string(key)] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], i)
	})
	return out
}
