package orglint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A world is an organization, indexed for the rules, and what they have found.
type world struct {
	config
	o         *org.Organization
	spec      org.Spec
	documents []*entry
	byPointer map[*policy.Document]*entry
	nodes     []*node // the root, then OUs and accounts, each after its parent
	byID      map[string]*node
	control   map[string]*org.ControlPolicy
	roles     map[policy.ARN]*org.Role
	names     map[string][]policy.ARN // roles and users by account/type/name
	gaps      map[string][]org.Gap
	patterns  []gapPattern // gaps whose subject has a wildcard
	complete  bool         // no account may be missing from the tree
	rule      rule         // the one that runs
	findings  []Finding
}

// A node is a root, an OU or an account of the tree.
type node struct {
	id, name string
	parent   *node
	attached []string
	accounts []string // below it, or itself; all, whether listed or not
	known    bool     // an account that is only a gap is not
}

type gapPattern struct {
	org.Gap
	subject glob.Pattern
}

func newWorld(o *org.Organization, cfg config) *world {
	w := &world{
		config: cfg, o: o, spec: o.Spec(), byPointer: map[*policy.Document]*entry{}, byID: map[string]*node{},
		control: map[string]*org.ControlPolicy{}, roles: map[policy.ARN]*org.Role{},
		names: map[string][]policy.ARN{}, gaps: map[string][]org.Gap{},
	}
	w.documents = collect(&w.spec)
	for _, e := range w.documents {
		w.byPointer[e.doc] = e
	}
	for _, g := range w.spec.Gaps {
		if strings.HasPrefix(g.Subject, "arn:") && strings.Contains(g.Subject, "*") {
			w.patterns = append(w.patterns, gapPattern{g, glob.Compile(g.Subject, glob.Wildcards)})
		} else {
			w.gaps[g.Subject] = append(w.gaps[g.Subject], g)
		}
	}
	for i := range w.spec.ControlPolicies {
		w.control[w.spec.ControlPolicies[i].ID] = &w.spec.ControlPolicies[i]
	}
	w.indexAccounts()
	if r := &w.spec.Root; r.ID != "" {
		w.addNode(nil, r.ID, "Root", r.Attached, r.Accounts, r.OUs)
	}
	w.complete = !w.unknown(w.spec.ID) && !slices.ContainsFunc(w.nodes, func(n *node) bool { return !policy.IsAccountID(n.id) && w.unknown(n.id) })
	return w
}

func (w *world) indexAccounts() {
	for i := range w.spec.Accounts {
		a := &w.spec.Accounts[i]
		for j := range a.Roles {
			r := &a.Roles[j]
			w.roles[r.ARN] = r
			w.addName(r.ARN)
		}
		for j := range a.Users {
			w.addName(a.Users[j].ARN)
		}
	}
}

func (w *world) addName(a policy.ARN) {
	key := nameKey(a.AccountID(), a.Resource())
	w.names[key] = append(w.names[key], a)
}

// nameKey names a user or role without its path, which does not make it unique.
func nameKey(account, resource string) string {
	typ, _, _ := strings.Cut(resource, "/")
	return account + "/" + typ + "/" + strings.ToLower(resource[strings.LastIndexByte(resource, '/')+1:])
}

func (w *world) addNode(parent *node, id, name string, attached, accounts []string, ous []org.OU) *node {
	n := &node{id: id, name: name, parent: parent, attached: attached, known: true}
	w.nodes, w.byID[id] = append(w.nodes, n), n
	for _, account := range accounts {
		leaf := &node{id: account, parent: n, accounts: []string{account}}
		if a, ok := w.o.Account(account); ok {
			leaf.name, leaf.attached, leaf.known = a.Name, a.Attached, true
		}
		w.nodes, w.byID[account] = append(w.nodes, leaf), leaf
		n.accounts = append(n.accounts, account)
	}
	for i := range ous {
		u := &ous[i]
		n.accounts = append(n.accounts, w.addNode(n, u.ID, u.Name, u.Attached, u.Accounts, u.OUs).accounts...)
	}
	return n
}

// title is how messages name a node: its ID, and its name if it has one.
func (n *node) title() string {
	if n.name == "" || n.parent == nil {
		return n.id
	}
	return n.id + " (" + n.name + ")"
}

// titleOf is the title of an account.
func (w *world) titleOf(account string) string {
	if n := w.byID[account]; n != nil {
		return n.title()
	}
	return account
}

// unknown reports whether a gap says that something of the subject is not known: one of
// the things named, or everything.
func (w *world) unknown(subject string, whats ...string) bool {
	misses := func(g org.Gap) bool {
		switch g.What {
		case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapResourcePolicy, org.GapControlPolicies, org.GapTags, org.GapKeyManager:
			return slices.Contains(whats, g.What)
		}
		return true
	}
	return slices.ContainsFunc(w.gaps[subject], misses) || slices.ContainsFunc(w.patterns, func(p gapPattern) bool {
		return misses(p.Gap) && p.subject.Match(subject, nil)
	})
}

// isForeign reports whether an account is certainly not one of the organization.
func (w *world) isForeign(account string) bool {
	return w.spec.ID != "" && w.complete && w.byID[account] == nil && account != w.spec.ManagementAccount && !w.unknown(account)
}

// controlPolicies are the documents of one kind attached to a node, AWS's own included.
// complete is false if there may be others.
func (w *world) controlPolicies(n *node, k policy.Kind) (documents []org.ControlPolicy, complete bool) {
	complete = n.known && !w.unknown(n.id, org.GapControlPolicies)
	for _, id := range n.attached {
		p, ok := w.o.ControlPolicy(id)
		switch {
		case !ok || p.Kind == k && p.Document == nil:
			complete = false
		case p.Kind == k:
			documents = append(documents, p)
		}
	}
	return documents, complete
}

// attachments are the nodes to which a control policy is attached. complete is false if
// it may be attached elsewhere.
func (w *world) attachments(id string) (list []*node, complete bool) {
	complete = true
	for _, n := range w.nodes {
		if slices.Contains(n.attached, id) {
			list = append(list, n)
		}
		complete = complete && n.known && !w.unknown(n.id, org.GapControlPolicies)
	}
	return list, complete
}

// affected are the accounts that a control policy limits, sorted: all below the nodes but
// the management account.
func (w *world) affected(nodes []*node) []string {
	set := map[string]bool{}
	for _, n := range nodes {
		for _, a := range n.accounts {
			set[a] = true
		}
	}
	delete(set, w.spec.ManagementAccount)
	return slices.Sorted(maps.Keys(set))
}

// covers reports whether a pattern certainly matches everything that another one does.
func covers(pattern, other string) bool {
	if strings.Contains(pattern, "?") && strings.ContainsAny(other, "*?") {
		return strings.EqualFold(pattern, other)
	}
	p := glob.Compile(pattern, glob.Wildcards|glob.FoldASCII)
	return p.Match(other, nil)
}

// disjoint reports whether nothing certainly matches both patterns.
func disjoint(a, b string) bool {
	a, b = literal(a), literal(b)
	n := min(len(a), len(b))
	return !strings.EqualFold(a[:n], b[:n])
}

// literal is what stands before the first wildcard.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// count names accounts: one, or how many and the first.
func (w *world) count(accounts []string) string {
	switch len(accounts) {
	case 0:
		return "no account"
	case 1:
		return "account " + w.titleOf(accounts[0])
	}
	return fmt.Sprintf("%d accounts, such as %s", len(accounts), w.titleOf(accounts[0]))
}

// plural is a number of things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
