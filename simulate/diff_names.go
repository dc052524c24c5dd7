package simulate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A nameIndex knows what policies say about the names of principals.
type nameIndex struct {
	docs    *library
	literal map[string]bool
	globs   []glob.Pattern
	byName  map[*docInfo]bool // documents with a variable that stands for the name
	anyName bool              // a policy that bears on everybody has one
	anyID   bool              // a Principal element has a unique ID: whose ID nobody knows may be meant
}

// namingKeys are the keys that name a principal, and not what it has in common with others.
var namingKeys = []string{"aws:principalarn", "aws:username", "aws:userid", "aws:sourcearn", "aws:sourceidentity"}

func newNameIndex(a *Affected) nameIndex {
	n := nameIndex{docs: a.docs, literal: map[string]bool{}, byName: map[*docInfo]bool{}}
	seen := map[string]bool{}
	value := func(text string) {
		switch {
		case seen[text]:
		case strings.ContainsAny(text, "*?"):
			n.globs = append(n.globs, glob.Compile(text, glob.Wildcards|glob.FoldASCII))
		default:
			n.literal[strings.ToLower(text)] = true
		}
		seen[text] = true
	}
	shared := map[*docInfo]bool{}
	read := func(l *layer, everybody bool) {
		for _, att := range l.list {
			if att.document != nil {
				info := a.docs.info(att.document)
				shared[info] = shared[info] || everybody
			}
		}
	}
	for _, e := range []*Environment{a.before, a.after} {
		for _, p := range e.principals {
			read(&p.identity, false)
			read(p.boundary, false)
		}
		for _, l := range e.sharedLayers() {
			read(l, true)
		}
	}
	for _, info := range a.docs.list {
		for i := range info.statements {
			if n.statement(&info.statements[i], value) {
				n.byName[info] = true
				n.anyName = n.anyName || shared[info]
			}
		}
	}
	return n
}

// statement collects the names in a statement and reports whether it has a variable that
// stands for one.
func (n *nameIndex) statement(s *statementInfo, value func(string)) (variable bool) {
	for _, list := range []policy.Principals{s.Principal, s.NotPrincipal} {
		for t, id := range list.All() {
			if t == policy.AWSPrincipal {
				value(id)
				n.anyID = n.anyID || id != "*" && !strings.HasPrefix(id, "arn:") && !policy.IsAccountID(id)
			}
		}
	}
	named := 0
	for c := range s.Condition.All() {
		if slices.Contains(namingKeys, strings.ToLower(c.Key)) {
			named++
			for v := range c.Values.All() {
				value(v)
			}
		}
	}
	for _, k := range s.keys {
		if slices.Contains(namingKeys, k) {
			named--
		}
	}
	return named < 0
}

// append adds what tells the principal from others by name.
func (n *nameIndex) append(b []byte, p policy.Principal, callers [2]*party) []byte {
	names := [4]string{p.ARN().String(), p.Name()}
	byName := n.anyName
	for i, c := range callers {
		if c == nil || c.entry == nil {
			continue
		}
		names[2+i] = c.entry.id
		if n.anyID && c.entry.id == "" {
			b = append(b, '?', byte('0'+i))
		}
		byName = byName || n.inLayer(&c.entry.identity) || n.inLayer(c.entry.boundary)
	}
	if byName || slices.ContainsFunc(names[:], func(s string) bool { return s != "" && n.literal[strings.ToLower(s)] }) {
		return append(append(b, '\n'), names[0]...)
	}
	for i := range n.globs {
		for j, name := range names {
			if name != "" && n.globs[i].Match(name, nil) {
				b = append(strconv.AppendInt(append(b, ' '), int64(i), 36), byte('a'+j))
			}
		}
	}
	return append(b, '\n')
}

func (n *nameIndex) inLayer(l *layer) bool {
	return len(n.byName) > 0 && slices.ContainsFunc(l.list, func(att *attachment) bool {
		return att.document != nil && n.byName[n.docs.info(att.document)]
	})
}
