package simulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An Affected says what has to be asked to find what a change of an organization changes
// for its users, roles and root users, and for callers from outside on resources whose
// policies and settings differ, without asking everything: only principals and
// resources whose policies, place in the tree, tags or gaps differ, and only actions that
// statements which differ are about. It is made by [Environment.Affected].
//
// It is an enumeration with samples and no proof. It asks about
//   - all known actions, and those that policies name literally;
//   - every resource that the organization lists, users, groups and roles among the
//     resources of IAM only where they have tags or a policy names them;
//   - for what it does not list, one sample for each resource pattern of the statements that
//     bear on the principal and the action, one for what a pattern that differs has in
//     common with another, and one that no pattern names: a resource of the principal's own
//     account, without tags and policy, in a region that is not said; so, too, for objects in
//     a bucket, indexes of a table and paths of a domain, and for gaps about policies of
//     resources that are not listed, where these gaps differ;
//   - outside of the organization, everybody whom the policy of a listed resource names before
//     or after, anonymous callers, and all others by kind, as [Environment.WhoCan] does, where
//     the policy or settings of the resource, the RCPs on it, or VPC endpoints differ.
//
// Condition keys that nobody gives are unknown, so that what a condition changes shows as
// [DeltaConditions]. What only the policy of a resource outside of the organization could
// allow is not asked, nor are sessions with policies or tags of their own. A scope that names
// principals, kinds or accounts leaves out callers from outside that it does not name.
type Affected struct {
	before, after *Environment
	scope         Scope
	ref           *serviceref.Reference
	docs          *library
	catalog       *catalog
	wanted        bitSet // the actions of the scope
	listed        []target
	groups        []group
	principals    int
	everything    string
	endpoints     touch
	names         nameIndex
	own           map[string]*touch // by account: of what it does not list
	accounts      map[accountPair]*touch
	fits          typeMemo
	kinds         []bitSet // the different sets of actions that fit listed resources
	asksForTags   bool     // a statement asks for tags of resources
	done          atomic.Int64
}

type accountPair struct{ before, after *accountEntry }

// A group is principals that are decided alike.
type group struct {
	members []policy.Principal // by ARN
	callers [2]*party          // before, after; nil where the principal is not
	touched touch
}

// A party is a principal in one of the environments.
type party struct {
	account *accountEntry
	entry   *principalEntry // nil for a root user
}

// A target is a resource that one of the organizations lists.
type target struct {
	arn     policy.ARN
	entries [2]*resourceEntry // before, after, as [Environment.speaksFor] says; nil where nothing does, on one side at most
	fits    bitSet
	kind    int // number of fits
	touched touch
	trust   bool   // a role: its policy speaks of sts actions only
	inside  string // as [insideOf] says
}

// Affected compares the organizations of two environments. s narrows it: only those
// principals, actions and resources, with those keys; in s.Resources a pattern also stands
// for what is not listed. The error joins a *[ScopeError] for each pattern that matches
// nothing in both.
func (e *Environment) Affected(after *Environment, s Scope) (*Affected, error) {
	if e.org == nil || after.org == nil {
		return nil, errors.New("simulate: an environment of bare layers has no organization to compare")
	}
	a := &Affected{
		before: e, after: after, scope: s, ref: serviceref.Embedded(), docs: newLibrary(),
		own: map[string]*touch{}, accounts: map[accountPair]*touch{},
	}
	principals, err := a.inScope()
	if err != nil {
		return nil, err
	}
	a.compareWorlds()
	a.compareResources()
	a.groupPrincipals(principals)
	return a, nil
}

// inScope lists the principals of both environments that the scope names, and checks it.
func (a *Affected) inScope() ([]policy.Principal, error) {
	b, c := newSelection(a.before, a.scope), newSelection(a.after, a.scope)
	var errs []error
	for _, err := range b.errs {
		problem, _ := errors.AsType[*ScopeError](err)
		if slices.ContainsFunc(c.errs, func(other error) bool {
			o, _ := errors.AsType[*ScopeError](other)
			return o.Field == problem.Field && o.Pattern == problem.Pattern
		}) {
			errs = append(errs, err)
		}
	}
	all := slices.Concat(b.principals, c.principals)
	slices.SortFunc(all, comparePrincipals)
	all = slices.DeleteFunc(slices.Compact(all), func(p policy.Principal) bool { return !isListedKind(p.Kind()) })
	return all, errors.Join(errs...)
}

// compareWorlds compares what bears on everybody.
func (a *Affected) compareWorlds() {
	b, c := a.before, a.after
	switch {
	case b.strict != c.strict:
		a.everything = "keys that are not given are absent on one side only"
	case b.org.ManagementAccount() != c.org.ManagementAccount():
		a.everything = "the management account differs"
	}
	a.endpoints = a.compareEndpoints()
}

// compareEndpoints compares the policies of VPC endpoints, one of which every request may
// come through.
func (a *Affected) compareEndpoints() (t touch) {
	list := func(e *Environment) map[string]*endpointEntry {
		out := map[string]*endpointEntry{}
		for _, ep := range e.endpoints {
			out[ep.id] = ep
		}
		return out
	}
	b, c := list(a.before), list(a.after)
	ids := slices.Collect(maps.Keys(b))
	for id := range c {
		if b[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		x, y := b[id], c[id]
		switch {
		case x == nil || y == nil || x.service != y.service || x.vpc != y.vpc,
			(len(x.policy.list) == 0) != (len(y.policy.list) == 0), isGateway(a.before, id) != isGateway(a.after, id):
			t.all("VPC endpoint " + id)
		default:
			t.add(a.docs.layer(&x.policy, &y.policy, "VPC endpoint "+id))
		}
	}
	return t
}

func isGateway(e *Environment, id string) bool {
	ep, _ := e.org.Endpoint(id)
	return ep.Gateway
}

// account compares what an account brings to its principals.
func (a *Affected) account(b, c *accountEntry) *touch {
	key := accountPair{b, c}
	if t, ok := a.accounts[key]; ok {
		return t
	}
	t := &touch{}
	if c.id != a.after.org.ManagementAccount() { // R-SCP-5; that it is the same on both sides is seen elsewhere
		t.add(a.docs.serviceControl(b.scps, c.scps))
	}
	if b.canonical != c.canonical {
		t.all("the canonical user ID of the account")
	}
	a.accounts[key] = t
	return t
}

// ownTouch compares what an account brings to resources that nobody lists.
func (a *Affected) ownTouch(id string) *touch {
	if t, ok := a.own[id]; ok {
		return t
	}
	t := &touch{}
	b, c := a.before.accounts[id], a.after.accounts[id]
	if b == nil || c == nil {
		t.all("account " + id)
	} else {
		a.compareOwners(t, b, c)
		if a.resourceGaps(a.before) != a.resourceGaps(a.after) {
			t.all("gaps")
		}
	}
	a.own[id] = t
	return t
}

// compareOwners compares what the owners of a resource bring to it.
func (a *Affected) compareOwners(t *touch, b, c *accountEntry) {
	t.add(a.docs.resourceControl(b.rcps, c.rcps))
	a.keys(t, changedKeys(b.target, c.target), nil)
}

// resourceGaps are the gaps that may be about resources which nobody lists.
func (a *Affected) resourceGaps(e *Environment) string {
	var out []string
	for _, g := range e.gaps {
		switch g.gap.What {
		case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapTags, org.GapKeyManager, org.GapControlPolicies:
		default:
			out = append(out, g.gap.Subject)
		}
	}
	return strings.Join(out, "\n")
}

// sharedLayers are the layers that bear on more than one principal: policies of resources
// and endpoints, SCPs and RCPs.
func (e *Environment) sharedLayers() []*layer {
	var out []*layer
	for _, r := range e.resources {
		out = append(out, &r.policy)
	}
	for _, ep := range e.endpoints {
		out = append(out, &ep.policy)
	}
	for _, acct := range e.accounts {
		out = append(out, levelLayers(acct.scps)...)
		out = append(out, levelLayers(acct.rcps)...)
	}
	return out
}

// keys adds the statements that ask for keys with other values: of the layers given, and
// of those that bear on more than one principal.
func (a *Affected) keys(t *touch, names []string, layers []*layer) {
	if len(names) == 0 {
		return
	}
	for side, e := range []*Environment{a.before, a.after} {
		var found []touched
		for _, l := range slices.Concat(layers, e.sharedLayers()) {
			for _, att := range l.list {
				if att.document == nil {
					continue
				}
				info := a.docs.info(att.document)
				for i := range info.statements {
					if info.statements[i].asksFor(names) {
						found = append(found, touched{&info.statements[i], att.statement(i), side == 1})
					}
				}
			}
		}
		slices.SortFunc(found, compareTouched) // layers come from maps
		seen := map[*statementInfo]bool{}
		for _, f := range found {
			if !seen[f.statementInfo] {
				seen[f.statementInfo] = true
				t.statements = append(t.statements, f)
			}
		}
	}
}

// compareResources lists the resources of both organizations with what differs.
func (a *Affected) compareResources() {
	var arns []policy.ARN
	for text := range a.before.resources {
		arns = append(arns, policy.MustParseARN(text))
	}
	for text := range a.after.resources {
		if a.before.resources[text] == nil {
			arns = append(arns, policy.MustParseARN(text))
		}
	}
	slices.SortFunc(arns, policy.ARN.Compare)
	wanted := a.scope.Resources
	for _, arn := range arns {
		t := target{arn: arn, entries: [2]*resourceEntry{a.before.speaksFor(arn), a.after.speaksFor(arn)}}
		if t.entries[0] == nil && t.entries[1] == nil {
			continue // an object in a bucket that neither lists is as one that is not listed
		}
		t.trust, t.inside = arn.Service() == "iam", insideOf(arn)
		if len(wanted) > 0 && !slices.ContainsFunc(wanted, func(p string) bool { return overlaps(p, arn.String()) }) {
			continue
		}
		t.touched = a.resource(&t)
		a.listed = append(a.listed, t)
	}
}

// overlaps reports whether a resource that the scope names, and one that is listed, have
// something to do with each other: the one matches the other, or is an object in it.
func overlaps(pattern, arn string) bool {
	p := glob.Compile(pattern, glob.Wildcards)
	return p.Match(arn, nil) || strings.HasPrefix(arn, "arn:aws") && strings.Contains(arn, ":s3:::") && (strings.HasPrefix(pattern, arn+"/") || p.Match(arn+"/"+sampleText, nil))
}

func (a *Affected) resource(t *target) (out touch) {
	b, c := t.entries[0], t.entries[1]
	switch {
	case b == nil:
		out.all(fmt.Sprintf("%s is new", t.arn))
		return out
	case c == nil:
		out.all(fmt.Sprintf("%s is gone", t.arn))
		return out
	case b.account.id != c.account.id:
		out.all(fmt.Sprintf("%s has another account", t.arn))
	case b.owner != c.owner || b.blockPublic != c.blockPublic || b.awsManaged != c.awsManaged || b.managerGap != c.managerGap || b.tags != c.tags:
		out.all(fmt.Sprintf("settings of %s", t.arn))
	}
	out.add(a.docs.layer(&b.policy, &c.policy, "policy of "+t.arn.String()))
	if b.blockPublic && len(out.statements) > 0 {
		out.all(fmt.Sprintf("whether the policy of %s is public", t.arn))
	}
	a.compareOwners(&out, b.account, c.account)
	names := changedKeys(b.keys, c.keys)
	names = append(names, changedKeys(b.objectKeys, c.objectKeys)...)
	if len(names) > 0 {
		a.keys(&out, names, a.identities())
	}
	return out
}

// identities are the identity layers of everybody.
func (a *Affected) identities() []*layer {
	var out []*layer
	for _, e := range []*Environment{a.before, a.after} {
		for _, p := range e.principals {
			out = append(out, &p.identity, p.boundary)
		}
	}
	return out
}

// principal compares what bears on one principal wherever it goes.
func (a *Affected) principal(p policy.Principal, b, c *party) (t touch) {
	switch {
	case b == nil:
		t.all(fmt.Sprintf("%s is new", p.Kind()))
		return t
	case c == nil:
		t.all(fmt.Sprintf("%s is gone", p.Kind()))
		return t
	}
	t.add(*a.account(b.account, c.account))
	names := changedKeys(b.account.keys, c.account.keys)
	if b.entry == nil {
		a.keys(&t, names, nil)
		return t
	}
	x, y := b.entry, c.entry
	t.add(a.docs.layer(&x.identity, &y.identity, "identity policies"))
	if x.hasBoundary != y.hasBoundary {
		t.all("permissions boundary")
	}
	t.add(a.docs.layer(x.boundary, y.boundary, "permissions boundary"))
	names = append(names, changedKeys(x.keys, y.keys)...)
	if x.tagGap != y.tagGap || x.tagSession != y.tagSession || x.federated != y.federated {
		names = append(names, "aws:principaltag/*", "aws:multifactorauthpresent", "aws:multifactorauthage")
	}
	if x.id != y.id {
		names = append(names, "aws:userid")
		if a.names.literal[strings.ToLower(x.id)] || a.names.literal[strings.ToLower(y.id)] || a.names.anyID && (x.id == "" || y.id == "") {
			t.all("unique ID") // a Principal element may name it
		}
	}
	if x.linked != y.linked {
		t.all("service-linked role")
	}
	a.keys(&t, names, []*layer{&x.identity, x.boundary, &y.identity, y.boundary})
	return t
}

func (e *Environment) party(p policy.Principal) *party {
	acct := e.accounts[p.AccountID()]
	if acct == nil {
		return nil
	}
	if p.Kind() == policy.Root {
		return &party{account: acct}
	}
	entry := e.principals[p.ARN().String()]
	if entry == nil {
		return nil
	}
	return &party{account: acct, entry: entry}
}

// isMissing reports whether a principal that is not listed does not exist: no gap says
// that it might.
func (e *Environment) isMissing(p policy.Principal) bool {
	return e.party(p) == nil && e.firstGap(org.GapUnlisted, p.ARN().String(), p.AccountID()) == ""
}

// groupPrincipals groups the principals that the change may reach.
func (a *Affected) groupPrincipals(list []policy.Principal) {
	elsewhere := a.everything != "" || !a.endpoints.isZero() || slices.ContainsFunc(a.listed, func(t target) bool { return !t.touched.isZero() })
	a.names = newNameIndex(a)
	byKey := map[string]int{}
	for _, p := range list {
		callers := [2]*party{a.before.party(p), a.after.party(p)}
		t := a.principal(p, callers[0], callers[1])
		if a.everything != "" {
			t.all(a.everything)
		}
		t.add(a.endpoints)
		if t.isZero() && !elsewhere && a.ownTouch(p.AccountID()).isZero() {
			continue
		}
		a.principals++
		key := a.groupKey(p, callers)
		n, ok := byKey[key]
		if !ok {
			n = len(a.groups)
			byKey[key] = n
			a.groups = append(a.groups, group{callers: callers, touched: t})
		}
		a.groups[n].members = append(a.groups[n].members, p)
	}
}

// groupKey is the same for principals that are decided alike: the same layers, tags and
// facts on both sides, and no policy that could tell them apart by name.
func (a *Affected) groupKey(p policy.Principal, callers [2]*party) string {
	b := make([]byte, 0, 256)
	b = append(b, p.AccountID()...)
	b = append(b, p.ARN().Partition()...)
	b = append(b, byte(p.Kind()))
	b = a.names.append(b, p, callers)
	for _, c := range callers {
		b = append(b, '\n')
		if c == nil || c.entry == nil {
			b = strconv.AppendBool(b, c == nil)
			continue
		}
		e := c.entry
		b = append(b, byte(e.hasBoundary))
		for _, fact := range []bool{e.linked, e.federated, e.tagSession, strings.Contains(e.arn, ":role/aws-reserved/")} {
			b = strconv.AppendBool(b, fact)
		}
		for _, l := range []*layer{&e.identity, e.boundary} {
			b = a.appendLayer(b, l)
		}
		b = append(append(b, e.tagGap...), 0)
		eachKey(e.keys, func(name string, values []string) {
			b = append(append(b, name...), 0)
			for _, v := range values {
				b = append(append(b, v...), 1)
			}
		})
	}
	return string(b)
}

// appendLayer adds what is in a layer, in whatever order.
func (a *Affected) appendLayer(b []byte, l *layer) []byte {
	b = append(append(b, l.gap...), 0)
	var buf [24]int
	ids := buf[:0]
	for _, att := range l.list {
		if att.document != nil {
			ids = append(ids, a.docs.info(att.document).id)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		b = strconv.AppendInt(append(b, ' '), int64(id), 36)
	}
	return append(b, 0)
}

// Groups yields the principals that may be affected, those that are decided alike
// together; groups and members by ARN.
func (a *Affected) Groups() iter.Seq[[]policy.Principal] {
	return func(yield func([]policy.Principal) bool) {
		for _, g := range a.groups {
			if !yield(slices.Clone(g.members)) {
				return
			}
		}
	}
}

// Progress says how many groups [Affected.Report] has asked for, of how many. It may be
// called while Report runs.
func (a *Affected) Progress() (done, total int) { return int(a.done.Load()), len(a.groups) }

var errStopped = errors.New("stopped")

// Requests yields what [Affected.Report] asks: for the first principal of each group, one
// request for each class of actions that statements cannot tell apart, and each resource;
// then the same for callers from outside.
func (a *Affected) Requests(ctx context.Context) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		a.prepare()
		memo := samplers{}
		for i := range a.groups {
			err := a.ask(ctx, &a.groups[i], memo, func(q question) error {
				if !yield(q.request) {
					return errStopped
				}
				return nil
			})
			if err != nil {
				return
			}
		}
		outsiders := a.outsiders()
		for i := range outsiders {
			err := a.askOutsider(ctx, &outsiders[i], samplers{}, func(q question) error {
				if !yield(q.request) {
					return errStopped
				}
				return nil
			})
			if err != nil {
				return
			}
		}
	}
}
