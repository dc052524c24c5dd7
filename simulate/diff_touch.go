package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A docInfo is a document as the comparison sees it. Documents of the same text are one.
type docInfo struct {
	id         int
	statements []statementInfo
}

// A statementInfo is one statement, compared by its content without its Sid.
type statementInfo struct {
	policy.Statement
	version policy.Version
	content int       // the same number for the same content; -1: not numbered yet
	actions actionSet // filled when the catalog is made
	keys    []string  // condition keys and policy variables in it, in lower case
}

// patterns are the values of Resource and NotResource.
func (s *statementInfo) patterns() policy.Patterns {
	if !s.NotResource.IsZero() {
		return s.NotResource
	}
	return s.Resource
}

// A library knows each document of both organizations once.
type library struct {
	byPointer map[*policy.Document]*docInfo
	byText    map[string]*docInfo
	list      []*docInfo
	contents  map[string]int
}

func newLibrary() *library {
	return &library{byPointer: map[*policy.Document]*docInfo{}, byText: map[string]*docInfo{}, contents: map[string]int{}}
}

func (l *library) info(d *policy.Document) *docInfo {
	if out, ok := l.byPointer[d]; ok {
		return out
	}
	text := d.String()
	out, ok := l.byText[text]
	if !ok {
		out = &docInfo{id: len(l.list), statements: make([]statementInfo, d.Len())}
		for i, s := range d.Statements() {
			out.statements[i] = statementInfo{Statement: s, version: d.Version(), content: -1, keys: keysOf(&s)}
		}
		l.byText[text] = out
		l.list = append(l.list, out)
	}
	l.byPointer[d] = out
	return out
}

// number numbers a statement by what it says.
func (l *library) number(s *statementInfo) {
	if s.content >= 0 {
		return
	}
	var b strings.Builder
	list := func(name string, p policy.Patterns) {
		if p.IsZero() {
			return
		}
		values := slices.Sorted(p.All())
		fmt.Fprintf(&b, "%s%q", name, slices.Compact(values))
	}
	principals := func(name string, p policy.Principals) {
		if p.IsZero() {
			return
		}
		var values []string
		for t, id := range p.All() {
			values = append(values, string(t)+" "+id)
		}
		slices.Sort(values)
		fmt.Fprintf(&b, "%s%q", name, values)
	}
	fmt.Fprintf(&b, "%s %s", s.version, s.Effect)
	principals("P", s.Principal)
	principals("!P", s.NotPrincipal)
	list("A", s.Action)
	list("!A", s.NotAction)
	list("R", s.Resource)
	list("!R", s.NotResource)
	var conditions []string
	for c := range s.Condition.All() {
		conditions = append(conditions, fmt.Sprintf("%s %s %q", c.Operator, strings.ToLower(c.Key), slices.Sorted(c.Values.All())))
	}
	slices.Sort(conditions)
	fmt.Fprintf(&b, "C%q", conditions)
	n, ok := l.contents[b.String()]
	if !ok {
		n = len(l.contents)
		l.contents[b.String()] = n
	}
	s.content = n
}

// keysOf lists the condition keys that a statement asks for, in conditions and in policy
// variables.
func keysOf(s *policy.Statement) []string {
	var out []string
	variables := func(text string) {
		for {
			_, rest, ok := strings.Cut(text, "${")
			if !ok {
				return
			}
			name, after, closed := strings.Cut(rest, "}")
			if !closed {
				return
			}
			name, _, _ = strings.Cut(name, ",")
			out = append(out, strings.ToLower(strings.TrimSpace(name)))
			text = after
		}
	}
	for _, list := range []policy.Patterns{s.Resource, s.NotResource} {
		for text := range list.All() {
			variables(text)
		}
	}
	for c := range s.Condition.All() {
		out = append(out, strings.ToLower(c.Key))
		for v := range c.Values.All() {
			variables(v)
		}
	}
	return out
}

// A touch is what of a layer, or of several, a change makes different.
type touch struct {
	everything string // why any action may be decided differently; "" if not
	statements []touched
}

// A touched statement is one that only one side has, or that asks for a key that has
// another value.
type touched struct {
	*statementInfo
	ref   StatementRef
	after bool // it stands in the organization after the change
}

func (t *touch) isZero() bool { return t.everything == "" && len(t.statements) == 0 }

func (t *touch) all(why string) {
	if t.everything == "" {
		t.everything = why
	}
}

func (t *touch) add(o touch) {
	t.all(o.everything)
	t.statements = append(t.statements, o.statements...)
}

// actions adds the actions that are touched.
func (t *touch) actions(to bitSet, all bitSet) {
	if t.everything != "" {
		copy(to, all)
		return
	}
	for _, s := range t.statements {
		to.add(s.actions)
	}
}

// A place is a statement where it is attached.
type place struct {
	*statementInfo
	ref StatementRef
}

// places lists the statements of a layer.
func (l *library) places(layer *layer) []place {
	var out []place
	for _, a := range layer.list {
		if a.document == nil {
			continue
		}
		info := l.info(a.document)
		for i := range info.statements {
			l.number(&info.statements[i])
			out = append(out, place{&info.statements[i], StatementRef{Policy: a.ref(), Index: i, SID: a.document.Statement(i).SID}})
		}
	}
	return out
}

// layer compares two layers whose documents work together: order and repetition of
// statements do not matter.
func (l *library) layer(before, after *layer, what string) (t touch) {
	if sameAttachments(before, after) {
		return t
	}
	if before.gap != after.gap {
		t.all(what + ": " + gapChange(before.gap, after.gap))
	}
	t.statements = difference(l.places(before), l.places(after))
	return t
}

func gapChange(before, after string) string {
	if after == "" {
		return before + " is known now"
	}
	return after + " is not known any more"
}

// sameAttachments is quick, and may be wrong only when it says no.
func sameAttachments(before, after *layer) bool {
	return before.gap == after.gap && slices.EqualFunc(before.list, after.list, func(a, b *attachment) bool {
		return a.document == b.document
	})
}

func difference(before, after []place) []touched {
	var out []touched
	has := func(list []place, content int) bool {
		return slices.ContainsFunc(list, func(p place) bool { return p.content == content })
	}
	for _, p := range before {
		if !has(after, p.content) {
			out = append(out, touched{p.statementInfo, p.ref, false})
		}
	}
	for _, p := range after {
		if !has(before, p.content) {
			out = append(out, touched{p.statementInfo, p.ref, true})
		}
	}
	return out
}

// serviceControl compares SCPs level by level. Levels of the same content cancel out
// wherever they are; of the rest, one that only one side has is compared with a level that
// allows everything, which is as good as none.
func (l *library) serviceControl(before, after []level) (t touch) {
	left := slices.Clone(after)
	var alone []level
	for i := range before {
		j := slices.IndexFunc(left, func(o level) bool { return l.sameLevel(&before[i].layer, &o.layer) })
		if j < 0 {
			alone = append(alone, before[i])
			continue
		}
		left = slices.Delete(left, j, j+1)
	}
	for i := range max(len(alone), len(left)) {
		b, a := &openLevel, &openLevel
		if i < len(alone) {
			b = &alone[i].layer
		}
		if i < len(left) {
			a = &left[i].layer
		}
		t.add(l.layer(b, a, "SCPs"))
	}
	return t
}

func (l *library) sameLevel(a, b *layer) bool {
	if sameAttachments(a, b) {
		return true
	}
	return a.gap == b.gap && len(difference(l.places(a), l.places(b))) == 0
}

// openLevel allows everything, as a level with nothing but FullAWSAccess does.
var openLevel = layer{list: []*attachment{{
	kind: policy.ServiceControl, of: "p-FullAWSAccess", name: "FullAWSAccess",
	document: policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")})),
}}}

// resourceControl compares RCPs: only their Deny statements limit anything, at whichever
// level (R-RCP-1).
func (l *library) resourceControl(before, after []level) (t touch) {
	denies := func(levels []level) (out []place, gap string) {
		for i := range levels {
			for _, p := range l.places(&levels[i].layer) {
				if p.Effect == policy.Deny {
					out = append(out, p)
				}
			}
			if gap == "" {
				gap = levels[i].gap
			}
		}
		return out, gap
	}
	b, gapBefore := denies(before)
	a, gapAfter := denies(after)
	if gapBefore != gapAfter {
		t.all("RCPs: " + gapChange(gapBefore, gapAfter))
	}
	t.statements = difference(b, a)
	return t
}

// changedKeys are the names, in lower case, of the keys that two sets do not share.
func changedKeys(before, after engine.Keys) []string {
	if sameKeys(before, after) {
		return nil
	}
	read := func(k engine.Keys) map[string]string {
		out := map[string]string{}
		eachKey(k, func(name string, values []string) { out[strings.ToLower(name)] = fmt.Sprintf("%q", values) })
		return out
	}
	b, a := read(before), read(after)
	var out []string
	for name, values := range b {
		if a[name] != values {
			out = append(out, name)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// sameKeys is quick, and may be wrong only when it says no.
func sameKeys(before, after engine.Keys) bool {
	if before.Len() != after.Len() {
		return false
	}
	if before == after || before.Len() == 0 {
		return true
	}
	type entry struct {
		name   string
		values []string
	}
	var buf [16]entry
	list, i, same := buf[:0], 0, true
	eachKey(before, func(name string, values []string) { list = append(list, entry{name, values}) })
	eachKey(after, func(name string, values []string) {
		same = same && i < len(list) && list[i].name == name && slices.Equal(list[i].values, values)
		i++
	})
	return same && i == len(list)
}

// eachKey calls f for each key of a principal or resource; one that is unknown, because its
// name is there in two spellings, has no values (R-CTX-3).
func eachKey(k engine.Keys, f func(name string, values []string)) {
	k.Each(f)
	k.EachUnknown(func(name string) { f(name, nil) })
}

// asksFor reports whether the statement asks for one of the keys. One that ends in * names
// all that begin so.
func (s *statementInfo) asksFor(keys []string) bool {
	return slices.ContainsFunc(s.keys, func(key string) bool {
		return slices.ContainsFunc(keys, func(k string) bool {
			if head, ok := strings.CutSuffix(k, "*"); ok {
				return strings.HasPrefix(key, head)
			}
			return key == k
		})
	})
}

// compareTouched orders statements by where they stand.
func compareTouched(a, b touched) int {
	x, y := a.ref.Policy, b.ref.Policy
	return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Holder, y.Holder), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Node, y.Node), cmp.Compare(a.ref.Index, b.ref.Index))
}
