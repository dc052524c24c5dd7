package simulate

import (
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A knownAction is an action with the forms of its resources.
type knownAction struct {
	name  policy.Action
	info  serviceref.ActionInfo // not valid: the service reference does not know it
	index int                   // in the catalogue, or -1
	kinds *kinds
}

// kinds are the resource types that an action can be asked of.
type kinds struct {
	id       int
	formats  []format
	required bool // one of them is
}

// A format is an ARN format of a resource type.
type format struct {
	text  string
	span  span
	typ   serviceref.ResourceInfo
	class string // formats of one class are decided alike
}

type catalogue struct {
	actions []knownAction
	index   map[string]int // by lower-case name
}

// knownActions are all actions of the service reference, sorted.
var knownActions = sync.OnceValue(func() *catalogue {
	facts := serviceref.Embedded()
	c := &catalogue{index: map[string]int{}}
	seen := map[string]*kinds{}
	for a := range facts.Actions("*") {
		info, _ := facts.Action(a)
		var key strings.Builder
		k := &kinds{id: len(seen)}
		for t := range info.Resources() {
			k.required = k.required || t.Required
			for f := range t.Type.ARNFormats() {
				k.formats = append(k.formats, newFormat(f, t.Type))
				key.WriteString(f + " " + t.Type.Name() + "\n")
			}
		}
		if k.required {
			key.WriteString("required")
		}
		if old, ok := seen[key.String()]; ok {
			k = old
		} else {
			seen[key.String()] = k
		}
		c.index[strings.ToLower(string(a))] = len(c.actions)
		c.actions = append(c.actions, knownAction{a, info, len(c.actions), k})
	}
	return c
})

func newFormat(text string, t serviceref.ResourceInfo) format {
	parts, _ := glob.SplitARN(text, glob.Variables)
	f := format{text: text, typ: t}
	for i, part := range parts {
		p := glob.Compile(part, glob.Variables)
		f.span.parts[i] = p.Symbols(func(glob.Variable) (string, bool) { return "", false })
	}
	head := ""
	switch service := parts[2]; {
	// The evaluation tells keys from aliases, buckets from access points, roles from others.
	case service == "kms", service == "iam", service == "s3" && parts[4] != "":
		head = parts[5][:max(0, strings.IndexAny(parts[5]+"/", "/:$"))]
	}
	f.class = strings.Join([]string{parts[2], map[bool]string{true: "global"}[parts[3] == ""], map[bool]string{true: "nobody's"}[parts[4] == ""], head}, " ")
	return f
}

// A survey is the work on one PermissionQuery.
type survey struct {
	env                *Environment
	query              PermissionQuery
	base               world // of a request without resource
	account, partition string
	wanted             []span
	statements         []reach
	gaps               []span // subjects of gaps about resource policies
	listed             map[string][]*listedResource
	open               bool // any action may be allowed
	memo               map[string][]permissionRow
	sets               map[string]patternBits // by the texts of an Action element
}

// A reach is a statement that may bear on a request of the principal.
type reach struct {
	at    *attachment
	index int
	src   policy.Statement
	role  role
	spans []span      // of its Resource or NotResource
	known patternBits // by index in the catalogue: the actions that it is about
	owner *listedResource
}

// A role is what the layer of a statement does with its Allow.
type role uint8

const (
	grants   role = iota // identity and resource policies
	limits               // boundary, session policies, SCPs
	onlyDeny             // RCPs, endpoint policies
)

// A listedResource is a resource of the organization with what may have a policy below it.
type listedResource struct {
	arn        policy.ARN
	entry      *resourceEntry
	own        bool   // of the principal's account
	statements []int  // of its policy
	objects    []span // a bucket's, which the bucket policy does not reach if others own them (R-SPC-10)
}

// collect gathers the statements of all layers.
func (s *survey) collect() {
	e, w := s.env, &s.base
	s.open = w.view.Caller.Kind == policy.Root
	if !s.open {
		s.layer(w.identity, grants, nil)
		s.open = w.identity.gap != ""
	}
	if w.view.Caller.HasBoundary != no {
		s.layer(w.boundary, limits, nil)
	}
	for i := range s.serviceControl() {
		s.layer(&w.scps[i].layer, limits, nil)
	}
	if w.session != nil {
		for i := range w.session.programs {
			s.attachment(&w.session.programs[i], limits, nil)
		}
	}
	seen := map[*attachment]bool{}
	for _, levels := range s.resourceControl() {
		for i := range levels {
			for _, a := range levels[i].list {
				if !seen[a] {
					seen[a] = true
					s.attachment(a, onlyDeny, nil)
				}
			}
		}
	}
	for _, ep := range e.services {
		s.layer(&ep.policy, onlyDeny, nil)
	}
	if e.target != nil {
		s.layer(&e.target.policy, grants, nil)
	}
	s.list()
	for _, g := range e.gaps {
		switch g.gap.What {
		case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapControlPolicies, org.GapTags, org.GapKeyManager:
			continue
		case org.GapUnlisted: // rows are about resources without a policy of their own, and listed ones
			continue
		}
		s.open = true // a resource policy that is not known may allow everything
		if strings.HasPrefix(g.gap.Subject, "arn:") {
			s.gaps = append(s.gaps, s.spanOf(g.gap.Subject, policy.Version2008))
		}
	}
}

// serviceControl are the SCPs of the principal; none if they leave it alone (R-SCP-5).
func (s *survey) serviceControl() []level {
	if w := &s.base; !w.isManagement(w.view.Caller.Account) && !w.serviceLinked() {
		return w.scps
	}
	return nil
}

// resourceControl are the RCPs of all accounts.
func (s *survey) resourceControl() [][]level {
	if s.env.target != nil {
		return [][]level{s.env.target.account.rcps}
	}
	var out [][]level
	for _, id := range sortedKeysOf(s.env.accounts) {
		out = append(out, s.env.accounts[id].rcps)
	}
	return out
}

func sortedKeysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (s *survey) layer(l *layer, r role, owner *listedResource) {
	for _, a := range l.list {
		s.attachment(a, r, owner)
	}
}

func (s *survey) attachment(a *attachment, r role, owner *listedResource) {
	if a.program == nil {
		return
	}
	doc := a.document
	for i, src := range doc.Statements() {
		if r == onlyDeny && src.Effect == policy.Allow && a.kind == policy.ResourceControl {
			continue // the full-access RCP is attached everywhere
		}
		st := reach{at: a, index: i, src: src, role: r, owner: owner, known: s.matchingActions(src)}
		list := src.Resource
		if !src.NotResource.IsZero() {
			list = src.NotResource
		}
		if list.IsZero() {
			st.spans = append(st.spans, span{all: true})
		}
		for text := range list.All() {
			st.spans = append(st.spans, s.spanOf(text, doc.Version()))
		}
		if owner != nil {
			owner.statements = append(owner.statements, len(s.statements))
		}
		s.statements = append(s.statements, st)
	}
}

// bits are a set of numbers.
type patternBits []uint64

func (b patternBits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// matchingActions is the set of the catalogue's actions that the statement is about.
func (s *survey) matchingActions(src policy.Statement) patternBits {
	c := knownActions()
	list, not := src.Action, !src.NotAction.IsZero()
	if not {
		list = src.NotAction
	}
	key := strings.Join(slices.Collect(list.All()), "\x00") + map[bool]string{true: "\x00not"}[not]
	if out, ok := s.sets[key]; ok {
		return out
	}
	out := make(patternBits, len(c.actions)/64+1)
	for text := range list.All() {
		for a := range serviceref.Embedded().Actions(text) {
			i := c.index[strings.ToLower(string(a))]
			out[i/64] |= 1 << (i % 64)
		}
	}
	if not {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	s.sets[key] = out
	return out
}

// about reports whether the statement is about the action.
func (r *reach) about(a *knownAction) bool {
	if a.index >= 0 {
		return r.known.has(a.index)
	}
	list, not := r.src.Action, !r.src.NotAction.IsZero()
	if not {
		list = r.src.NotAction
	}
	for text := range list.All() {
		if globAction(text, a.name) {
			return !not
		}
	}
	return not
}

// globAction reports whether a value of an Action element names the action.
func globAction(pattern string, a policy.Action) bool { return glob.ActionIncludes(pattern, string(a)) }

// allows reports whether the action may be allowed on some resource.
func (s *survey) allows(a *knownAction) bool {
	if s.open || strings.EqualFold(a.name.Service(), "sts") { // some need no permission
		return true
	}
	for i := range s.statements {
		r := &s.statements[i]
		if r.role == grants && r.src.Effect == policy.Allow && r.about(a) {
			return true
		}
	}
	return false
}

// unlistedActions are actions that an Allow statement names and the reference does not
// know, sorted.
func (s *survey) unlistedActions(c *catalogue) []*knownAction {
	found := map[string]*knownAction{}
	for i := range s.statements {
		r := &s.statements[i]
		if r.role != grants || r.src.Effect != policy.Allow {
			continue
		}
		for text := range r.src.Action.All() {
			a, err := policy.ParseAction(text)
			key := strings.ToLower(text)
			if _, known := c.index[key]; err == nil && !known && found[key] == nil {
				found[key] = &knownAction{name: a, index: -1, kinds: &kinds{id: -1}}
			}
		}
	}
	var out []*knownAction
	for _, key := range sortedKeysOf(found) {
		out = append(out, found[key])
	}
	return out
}

// list indexes the resources of the organization by the service of their ARN.
func (s *survey) list() {
	var objects []policy.ARN
	s.listed = map[string][]*listedResource{}
	if s.env.org == nil {
		return
	}
	for _, a := range s.env.listed() {
		entry := s.env.resources[a.String()]
		if entry == nil {
			continue // a group or a managed policy
		}
		l := &listedResource{arn: a, entry: entry, own: entry.account.id == s.account}
		if _, object := bucketOf(a); object {
			objects = append(objects, a) // its bucket speaks for it
			continue
		}
		s.layer(&l.entry.policy, grants, l)
		s.listed[a.Service()] = append(s.listed[a.Service()], l)
	}
	for _, a := range objects {
		bucket, _, _ := strings.Cut(a.String(), "/")
		i := slices.IndexFunc(s.listed["s3"], func(l *listedResource) bool { return l.arn.String() == bucket })
		if i >= 0 && s.env.resources[a.String()].owner != "" {
			s.listed["s3"][i].objects = append(s.listed["s3"][i].objects, literalSpan(a.String()))
		}
	}
}

// listedSpans are the listed resource, if it may be decided otherwise than one of its
// account that is not listed, and what lies below it.
func (s *survey) listedSpans(l *listedResource, a *knownAction) []span {
	bears := s.bears(l, a)
	var out []span
	if bears {
		out = append(append(out, literalSpan(l.arn.String())), l.objects...)
	}
	if _, bucket := bucketOf(l.arn); l.arn.Service() == "iam" || !bears && (bucket || !l.own) {
		return out
	}
	self := literalSpan(l.arn.String())
	for t := range serviceref.Embedded().ResourceTypesOf(l.arn.String()) {
		for short := range t.ARNFormats() {
			for i := range a.kinds.formats {
				tail, ok := strings.CutPrefix(a.kinds.formats[i].text, short)
				if !ok || tail == "" || tail[0] != '/' && tail[0] != ':' {
					continue
				}
				long := a.kinds.formats[i].span.parts[5]
				child := self
				n := len(long) - len(newFormat("arn:a:b:c:d:"+tail, t).span.parts[5])
				child.parts[5] = slices.Concat(self.parts[5], long[n:])
				out = append(out, child)
			}
		}
	}
	if bears && l.arn.Service() == "es" { // whose paths have no format
		out = append(out, below(l.arn, "/"))
	}
	return out
}

// bears reports whether the listed resource may be decided otherwise than one of its
// account that is not listed.
func (s *survey) bears(l *listedResource, a *knownAction) bool {
	trusts := strings.EqualFold(a.name.Service(), "sts")
	switch {
	case l.arn.Service() == "iam" && !trusts:
		return s.env.strict && l.tagged()
	case l.entry.policy.gap != "", l.arn.Service() == "kms", s.env.strict && l.tagged():
		return true
	}
	return slices.ContainsFunc(l.statements, func(i int) bool { return s.statements[i].about(a) })
}

func (l *listedResource) tagged() bool {
	n := 0
	eachKey(l.entry.keys, func(name string, _ []string) {
		if strings.HasPrefix(strings.ToLower(name), "aws:resourcetag/") {
			n++
		}
	})
	return n > 0
}
