package simulate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A question is a request that stands for the members of a group, for the actions of a
// class, and for the resources of a pattern.
type question struct {
	actions    []int // numbers in the catalog, the first is asked
	request    Request
	resource   string  // what the resource stands for
	sampled    bool    // the resource is a sample
	incomplete bool    // patterns overlap in more ways than there are samples
	missing    [2]bool // before, after: the caller or the resource does not exist
	touched    []*touch
}

// prepare reads what asking needs and comparing does not.
func (a *Affected) prepare() {
	if a.catalog != nil {
		return
	}
	a.catalog = newCatalog(a.docs.list, a.scope.Actions)
	var keys []string
	for _, d := range a.docs.list {
		for i := range d.statements {
			s := &d.statements[i]
			s.actions = a.catalog.matching(&s.Statement)
			a.docs.number(s)
			keys = append(keys, s.keys...)
		}
	}
	slices.Sort(keys)
	services := map[string]bool{}
	for _, e := range []*Environment{a.before, a.after} {
		for _, ep := range e.services {
			services[strings.ToLower(ep.service)] = true
		}
	}
	keys = slices.Compact(keys)
	a.asksForTags = slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, "resourcetag/") })
	a.catalog.classify(keys, services, a.before.facts, a.after.facts)
	a.wanted = a.catalog.full()
	memo := map[string]int{}
	for i := range a.listed {
		a.fit(&a.listed[i], memo)
	}
}

// fit finds the actions that can be about a listed resource, and about what is in it. Of
// a user or role they are, where it is the same on both sides and no condition asks for
// tags of resources, only those that trust policies speak of: what else may be done with
// it is asked with samples.
func (a *Affected) fit(t *target, memo map[string]int) {
	text := t.arn.String()
	key := text
	trustOnly := t.trust && t.touched.isZero() && !a.asksForTags
	if t.trust { // what follows the type is a name
		kind, _, _ := strings.Cut(t.arn.Resource(), "/")
		key = fmt.Sprintf("%s:%s %t", t.arn.Partition(), kind, trustOnly)
	}
	if n, ok := memo[key]; ok {
		t.kind, t.fits = n, a.kinds[n]
		return
	}
	types := slices.Collect(a.ref.ResourceTypesOf(text))
	if t.inside != "" {
		types = slices.AppendSeq(types, a.ref.ResourceTypesOf(t.inside+sampleText))
	}
	t.fits = a.catalog.empty()
	for i, info := range a.catalog.types {
		service := strings.ToLower(a.catalog.actions[i].Service())
		if trustOnly && service != "sts" {
			continue
		}
		if !info.IsValid() {
			if strings.EqualFold(service, t.arn.Service()) {
				t.fits.set(i)
			}
			continue
		}
		for r := range info.Resources() {
			if slices.Contains(types, r.Type) {
				t.fits.set(i)
				break
			}
		}
	}
	t.kind = len(a.kinds)
	memo[key] = t.kind
	a.kinds = append(a.kinds, t.fits)
}

// An asker asks for one group.
type asker struct {
	*Affected
	ctx     context.Context
	group   *group
	who     policy.Principal
	account string
	sampler *sampler
	base    []*statementInfo // of the caller's policies, of both sides
	allows  bitSet           // actions that identity policies may allow
	touched bitSet           // actions that differ because of the caller
	reaches []bool           // whether they can be about listed resources, by kind of these
	yield   func(question) error
	region  string // given by the scope, or ""
	memo    []sample
	cut     bool     // the last samples are not all that there should be
	gaps    []string // patterns to sample that no statement has
	outside *member  // who asks, if nobody lists the caller; then there is no group
}

// samplers keeps the samplers of a worker, by partition and account.
type samplers map[string]*sampler

func (m samplers) of(a *Affected, who policy.Principal) *sampler {
	key := who.ARN().Partition() + " " + who.AccountID()
	s, ok := m[key]
	if !ok {
		s = &sampler{partition: who.ARN().Partition(), account: who.AccountID(), region: sampleRegion, fits: &a.fits, memo: map[sampleKey]sample{}}
		m[key] = s
	}
	s.user = who.Name()
	s.texts = nil
	return s
}

// ask yields the questions for one group.
func (a *Affected) ask(ctx context.Context, g *group, memo samplers, yield func(question) error) error {
	who := g.members[0]
	k := asker{Affected: a, ctx: ctx, group: g, who: who, account: who.AccountID(), yield: yield, allows: a.catalog.empty(), touched: a.catalog.empty()}
	k.sampler = memo.of(a, who)
	k.sampler.known = a.variables(g)
	k.sampleRegion()
	k.readCaller()
	if err := k.unlisted(); err != nil {
		return err
	}
	for _, fits := range a.kinds {
		k.reaches = append(k.reaches, k.touched.meets(fits))
	}
	for i := range a.listed {
		if err := k.target(&a.listed[i]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// sampleRegion takes over the region of the scope.
func (k *asker) sampleRegion() {
	if val, ok := k.scope.Keys.k.Value(&requestedRegion); ok && val.State == engine.Known && len(val.Values) == 1 {
		k.region, k.sampler.region = val.Values[0], val.Values[0]
	}
}

// infos lists the statements of layers, each content once.
func (k *asker) infos(layers ...*layer) []*statementInfo {
	var out []*statementInfo
	for _, l := range layers {
		for _, att := range l.list {
			if att.document == nil {
				continue
			}
			info := k.docs.byPointer[att.document]
			for i := range info.statements {
				out = append(out, &info.statements[i])
			}
		}
	}
	return out
}

func levelLayers(levels []level) []*layer {
	out := make([]*layer, len(levels))
	for i := range levels {
		out[i] = &levels[i].layer
	}
	return out
}

// readCaller collects the statements that bear on the caller wherever it goes.
func (k *asker) readCaller() {
	all := k.catalog.full()
	for _, c := range k.group.callers {
		switch {
		case c == nil:
			continue
		case c.entry == nil: // the root user needs no policy
			k.allows.add(actionSet{many: all})
		default:
			identity := k.infos(&c.entry.identity)
			for _, s := range identity {
				if s.Effect == policy.Allow {
					k.allows.add(s.actions)
				}
			}
			if c.entry.identity.gap != "" {
				k.allows.add(actionSet{many: all})
			}
			k.base = append(k.base, identity...)
			k.base = append(k.base, k.infos(c.entry.boundary)...)
		}
		k.base = append(k.base, k.infos(levelLayers(c.account.scps)...)...)
	}
	for _, e := range []*Environment{k.before, k.after} {
		for _, ep := range e.services {
			k.base = append(k.base, k.infos(&ep.policy)...)
		}
	}
	k.base = distinct(k.base)
	k.group.touched.actions(k.touched, all)
	for _, c := range k.group.callers {
		if c == nil { // what needs no permission is gained, or lost, with the principal
			k.catalog.addPattern(k.allows, "sts:GetCallerIdentity")
			k.catalog.addPattern(k.allows, "sts:GetSessionToken")
		}
	}
}

func distinct(list []*statementInfo) []*statementInfo {
	seen := make(map[int]bool, len(list))
	return slices.DeleteFunc(list, func(s *statementInfo) bool {
		was := seen[s.content]
		seen[s.content] = true
		return was
	})
}

// candidates are the actions of the scope that differ because of the caller or because of
// the touch of a resource.
func (k *asker) candidates(t *touch) bitSet {
	out := slices.Clone(k.touched)
	t.actions(out, k.wanted)
	out.intersect(k.wanted)
	return out
}

// target asks about a resource that is listed.
func (k *asker) target(t *target) error {
	if t.touched.isZero() && !k.reaches[t.kind] {
		return nil
	}
	actions := k.candidates(&t.touched)
	actions.intersect(t.fits)
	if actions.isEmpty() {
		return nil
	}
	grants, delegated := k.grants(t)
	if !k.isForeign(t) {
		grants.add(actionSet{many: k.allows})
	} else {
		delegated.intersect(k.allows)
		grants.add(actionSet{many: delegated})
	}
	actions.intersect(grants)
	if actions.isEmpty() {
		return nil
	}
	statements := slices.Clone(k.base)
	for _, r := range t.entries {
		if r != nil {
			statements = append(statements, k.infos(&r.policy)...)
			statements = append(statements, k.infos(levelLayers(r.account.rcps)...)...)
		}
	}
	return k.about(t, actions, distinct(statements), []*touch{&k.group.touched, &t.touched})
}

// about asks the actions on a listed resource, and on what is in it.
func (k *asker) about(t *target, actions bitSet, statements []*statementInfo, touches []*touch) error {
	for _, class := range k.classes(actions, statements, fine) {
		info := k.catalog.types[class[0]]
		if !info.IsValid() || k.isType(info, t.arn.String()) {
			if k.inScope(t.arn) {
				if err := k.put(question{actions: class, resource: t.arn.String(), touched: touches}, t.arn, k.scope.Keys); err != nil {
					return err
				}
			}
		}
		if t.inside == "" || !info.IsValid() || !k.isType(info, t.inside+sampleText) {
			continue
		}
		for _, s := range k.within(t.inside, class[0], statements, touches) {
			if !k.inScope(s.arn) || k.before.resources[s.arn.String()] != nil || k.after.resources[s.arn.String()] != nil {
				continue
			}
			if err := k.put(question{actions: class, resource: s.label, sampled: !s.literal, incomplete: k.cut, touched: touches}, s.arn, k.scope.Keys); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *asker) isForeign(t *target) bool {
	for _, r := range t.entries {
		if r != nil && r.account.id == k.account {
			return false
		}
	}
	return true
}

func (k *asker) isType(info serviceref.ActionInfo, arn string) bool {
	for r := range info.Resources() {
		if k.sampler.isOf(arn, r.Type) {
			return true
		}
	}
	return false
}

// insideOf is what the ARNs of things in a resource begin with that are decided with the
// resource's own policy: objects in a bucket, indexes of a table, paths of a domain. It is ""
// for a resource that holds none.
func insideOf(a policy.ARN) string {
	inside := a.String() + "/"
	if bucket, object := bucketOf(a); bucket && !object {
		return inside
	}
	for _, inside := range []string{inside, inside + "index/"} {
		if in, err := policy.ParseARN(inside + sampleText); err == nil && covering(in) == a {
			return inside
		}
	}
	return ""
}

// within are samples of what is in a resource.
func (k *asker) within(inside string, action int, statements []*statementInfo, touches []*touch) []sample {
	base, err := policy.ParseARN(inside + sampleText)
	if err != nil {
		return nil
	}
	out := []sample{{arn: base, label: inside + "*"}}
	for _, s := range k.samples(action, statements, touches, inside+"*") {
		if strings.HasPrefix(s.arn.String(), inside) && s.arn != base {
			out = append(out, s)
		}
	}
	return out
}

// grants are the actions that the policy of a resource may allow to the caller by itself,
// and those that it may leave to the caller's account.
func (k *asker) grants(t *target) (direct, account bitSet) {
	direct, account = k.catalog.empty(), k.catalog.empty()
	all := actionSet{many: k.wanted}
	for _, r := range t.entries {
		switch {
		case r == nil: // a bucket that is not listed may be anybody's
			if bucket, _ := bucketOf(t.arn); bucket {
				account.add(all)
			}
			continue
		case r.policy.gap != "":
			direct.add(all)
			account.add(all)
		}
		for _, s := range k.infos(&r.policy) {
			if s.Effect != policy.Allow {
				continue
			}
			switch k.names(&s.Statement) {
			case engine.Direct:
				direct.add(s.actions)
				account.add(s.actions)
			case engine.Account:
				account.add(s.actions)
			}
		}
	}
	return direct, account
}

// names says how directly a statement may name the caller, and errs on the side of Direct.
func (k *asker) names(s *policy.Statement) engine.Level {
	if !s.NotPrincipal.IsZero() {
		return engine.Direct
	}
	out := engine.None
	for t, id := range s.Principal.All() {
		switch {
		case t == policy.CanonicalUserPrincipal:
			out = max(out, engine.Account)
		case t != policy.AWSPrincipal:
		case id == "*" || strings.ContainsAny(id, "*?"):
			return engine.Direct
		case id == k.account || strings.HasSuffix(id, "::"+k.account+":root"):
			if k.who.Kind() == policy.Root {
				return engine.Direct
			}
			out = max(out, engine.Account)
		case !strings.Contains(id, ":"+k.account+":"):
			// Of another account; an ID such as AIDA… may be the caller's.
			if !strings.HasPrefix(id, "arn:") && !policy.IsAccountID(id) {
				return engine.Direct
			}
		case strings.HasSuffix(id, "/"+k.who.Name()) || strings.Contains(id, "/"+k.who.Name()+"/"):
			return engine.Direct
		}
	}
	return out
}

// put yields a question, if anybody wants to go on.
func (k *asker) put(q question, resource policy.ARN, keys Keys) error {
	if err := k.ctx.Err(); err != nil {
		return err
	}
	q.request = Request{Principal: k.who, Action: k.catalog.actions[q.actions[0]], Resource: resource, Keys: keys}
	if k.outside != nil {
		all := Query{Action: q.request.Action, Resource: resource, Keys: keys}
		q.request = all.request(k.outside)
	}
	return k.yield(q)
}
