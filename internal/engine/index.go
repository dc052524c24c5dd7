package engine

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

type actionPattern struct {
	all     bool
	text    string // as written
	service string // in lower case; "" matches no action
	name    glob.Pattern
}

// compileActions implements R-ACT-1, R-ACT-2 and R-ACT-5: a value of nothing but stars is
// every action, one without a colon is none, and nothing is trimmed. In the name, * and ?
// are wildcards anywhere in every kind of policy (R-ACT-3), and no other character is
// (R-ACT-7; IAM User Guide, “IAM JSON policy elements: Action”).
func (c *Compiler) compileActions(list policy.Patterns) []actionPattern {
	key := ""
	if list.Len() <= fewNames {
		key = textOf(list)
		if out, ok := c.actions[key]; ok {
			return out
		}
	}
	out := make([]actionPattern, 0, list.Len())
	for text := range list.All() {
		service, name, ok := strings.Cut(text, ":")
		switch {
		case text == "*:*" || text != "" && strings.Trim(text, "*") == "":
			out = append(out, actionPattern{all: true})
		case ok:
			out = append(out, actionPattern{text: text, service: ascii.ToLower(service), name: glob.Compile(name, glob.Wildcards|glob.FoldASCII)})
		default:
			out = append(out, actionPattern{service: ""})
		}
	}
	if list.Len() <= fewNames {
		c.actions[key] = out
	}
	return out
}

// An index finds the statements that may match an action, so that a request looks at no
// others.
type index struct {
	services uint64 // a bit for each service that the index has something for; see View.serviceBit
	// entries are the actions that are named in full, each with all statements that match
	// it, and the services, each with the statements that may match its other actions.
	entries []indexEntry
	slots   []uint16    // hash table of 1 + number of an entry; nil for few entries
	others  []candidate // for services that no statement names
}

type indexEntry struct {
	hash       uint64
	text       string // service:name, or service
	candidates []candidate
}

// A candidate is a statement that may match an action, with what tells most of those that
// do not match the request: they need not be looked at.
type candidate struct {
	statement *statement
	names     *actionNames // nil: the action matches
	last      uint64       // the eight bytes before place lead of every ARN that the resource matches
	lead      uint16       // 0: nothing is known of the ARNs
	deny      bool
	index     int32
}

// actionNames are the names of a service's actions that a statement is about, or with not,
// those that it is not about.
type actionNames struct {
	not  bool
	list []namePattern
}

func newCandidate(statements []*statement, i int, names *actionNames) candidate {
	s := statements[i]
	c := candidate{statement: s, names: names, deny: s.deny, index: int32(i)}
	if lead := s.resource.lead(); len(lead) >= 8 {
		lead = lead[:min(len(lead), math.MaxUint16)]
		c.lead, c.last = uint16(len(lead)), load(lead[len(lead)-8:])
	}
	return c
}

// A namePattern is a pattern with its first letter, in lower case, or 0. Most names that
// do not match differ in the first letter already.
type namePattern struct {
	first byte
	glob.Pattern
}

func newNamePattern(p glob.Pattern) namePattern {
	out := namePattern{Pattern: p}
	if lead, _, _ := p.Lead(); lead != "" {
		out.first = lead[0]
	}
	return out
}

// namesOf are the names that a statement has of the actions of a service: those of the actions
// whose numbers are mine. Long lists have hardly their like.
func (c *Compiler) namesOf(service string, s *statement, actions []actionPattern, mine []named, inFull bool) *actionNames {
	var key namesKey
	few := len(actions) <= fewNames
	if few {
		key = namesKey{service, textOf(s.actions), inFull, s.notAction}
		if out, ok := c.names[key]; ok {
			return out
		}
	}
	out := &actionNames{not: s.notAction}
	for _, n := range mine {
		if a := &actions[n.action]; inFull || !a.name.IsLiteral() {
			out.list = append(out.list, newNamePattern(a.name))
		}
	}
	out.list = slices.Clip(out.list)
	if few {
		c.names[key] = out
	}
	return out
}

// matches reports whether the action is one of the candidate's (R-ACT-2, R-ACT-6).
func (c *candidate) matches(name string) bool {
	if c.names == nil {
		return true
	}
	var first byte
	if name != "" {
		first = ascii.Lower(name[0])
	}
	for i := range c.names.list {
		p := &c.names.list[i]
		if (p.first == 0 || p.first == first) && p.Match(name, nil) {
			return !c.names.not
		}
	}
	return c.names.not
}

const (
	fewEntries  = 4       // quicker to compare than to hash
	fewNames    = 8       // not worth entries of their own in a document of fewEntries statements
	mostEntries = 1 << 15 // that slots can number
	mostWork    = 1 << 20 // a document with more names than AWS stores is searched at every request
)

func (c *Compiler) newIndex(statements []*statement) index {
	var x index
	actions := make([][]actionPattern, len(statements))
	for i, s := range statements {
		actions[i] = c.compileActions(s.actions)
	}
	all := make([]bool, len(statements)) // of the statements whose lists have every action
	for i := range statements {
		all[i] = slices.ContainsFunc(actions[i], func(a actionPattern) bool { return a.all })
	}
	for _, s := range namedServices(actions) {
		x.add(c, s, statements, actions, all)
		x.services |= serviceBit(hashFold(s.name))
	}
	for i := range statements {
		if all[i] != statements[i].notAction {
			x.others = append(x.others, newCandidate(statements, i, nil))
			x.services = ^uint64(0)
		}
	}
	x.entries = slices.Clone(x.entries) // they may have grown beyond what they hold
	if len(x.entries) <= fewEntries || len(x.entries) >= mostEntries {
		return x
	}
	x.slots = make([]uint16, 1<<bits.Len(uint(2*len(x.entries))))
	for i := range x.entries {
		at := x.entries[i].hash & uint64(len(x.slots)-1)
		for x.slots[at] != 0 {
			at = (at + 1) & uint64(len(x.slots)-1)
		}
		x.slots[at] = uint16(i + 1)
	}
	return x
}

// A namedService is a service that the actions of a document name.
type namedService struct {
	name    string
	actions []string  // that are named in full, service included
	at      [][]int32 // for each of actions the statements that name it, in order
	of      []named   // its patterns, in order
}

// A named is an action of a list: the number of its statement, and its own in the list.
type named struct{ statement, action int32 }

func namedServices(actions [][]actionPattern) []*namedService {
	var out []*namedService
	services := map[string]*namedService{}
	most := 0
	for i := range actions {
		most += len(actions[i])
	}
	number := make(map[string]int, most) // of an action in its service
	once := make([]int32, 0, most)       // room for the statement of an action that one names
	var s *namedService
	for i := range actions {
		for j := range actions[i] {
			a := &actions[i][j]
			if a.service == "" {
				continue
			}
			if s == nil || s.name != a.service { // most stand beside their like
				if s = services[a.service]; s == nil {
					s = &namedService{name: a.service}
					services[a.service] = s
					out = append(out, s)
				}
			}
			s.of = append(s.of, named{int32(i), int32(j)})
			if !a.name.IsLiteral() {
				continue
			}
			folded := ascii.ToLower(a.text)
			n, known := number[folded]
			if !known {
				n = len(s.actions)
				number[folded] = n
				once = append(once, int32(i))
				s.actions, s.at = append(s.actions, a.text), append(s.at, once[len(once)-1:len(once):len(once)])
			} else if at := s.at[n]; at[len(at)-1] != int32(i) {
				s.at[n] = append(at, int32(i))
			}
		}
	}
	return out
}

// add makes the entries of one service.
func (x *index) add(shared *Compiler, s *namedService, statements []*statement, actions [][]actionPattern, all []bool) {
	inFull := s.actions
	if len(statements) <= fewEntries && len(inFull) <= fewNames || len(inFull)*(len(s.of)+len(statements)) > mostWork {
		inFull = nil
	}
	var others []candidate // for actions that are not named in full
	entries := make([][]candidate, len(inFull))
	rest := s.of
	for i := range statements {
		n := 0
		for n < len(rest) && rest[n].statement == int32(i) {
			n++
		}
		mine := rest[:n]
		rest = rest[n:]
		if n == 0 && !all[i] && !statements[i].notAction {
			continue
		}
		c, names := newCandidate(statements, i, nil), shared.namesOf(s.name, statements[i], actions[i], mine, inFull == nil)
		for n, action := range inFull {
			hit := all[i]
			if at := s.at[n]; len(at) > 0 && at[0] == c.index {
				hit, s.at[n] = true, at[1:]
			}
			for j := 0; j < len(names.list) && !hit; j++ {
				hit = names.list[j].Match(action[len(s.name)+1:], nil)
			}
			if hit != names.not {
				entries[n] = append(entries[n], c)
			}
		}
		switch {
		case all[i] && names.not:
		case all[i], names.not && names.list == nil:
			others = append(others, c)
		case names.list != nil:
			c.names = names
			others = append(others, c)
		}
	}
	x.entries = append(x.entries, indexEntry{hashFold(s.name), s.name, slices.Clone(others)})
	for n, action := range inFull {
		x.entries = append(x.entries, indexEntry{hashFold(action), action, slices.Clip(entries[n])})
	}
}

// lookup returns the statements that may match the action of the request, in order.
func (x *index) lookup(v *View) []candidate {
	if len(x.entries) == 0 {
		return x.others
	}
	if e := x.find(v.actionHash, v.action); e != nil {
		return e.candidates
	}
	if e := x.find(v.serviceHash, v.Service); e != nil {
		return e.candidates
	}
	return x.others
}

func (x *index) find(hash uint64, text string) *indexEntry {
	if x.slots == nil {
		for i := range x.entries {
			if e := &x.entries[i]; e.hash == hash && ascii.Equal(e.text, text) {
				return e
			}
		}
		return nil
	}
	mask := uint64(len(x.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		n := x.slots[at]
		if n == 0 {
			return nil
		}
		if e := &x.entries[n-1]; e.hash == hash && ascii.Equal(e.text, text) {
			return e
		}
	}
}

// serviceBit is the bit that stands for a service in a set of 64, where several share one.
func serviceBit(hash uint64) uint64 { return 1 << (hash >> 58) }
