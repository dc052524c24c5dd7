package check

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Gained lists everything that a user, role, role session or root user can do in the environment
// after and could not do before; with the environments swapped, what it loses. For one that is
// not in the environment before, that is all that it can do; for one that is not in the
// environment after, nothing: both as [NoGainedAccess] takes them.
//
// The statements of the regions are those of the principal's identity policies, permissions
// boundary, SCPs and RCPs, without values that match nothing, and those of policies of listed resources
// that changed, written for the principal alone. Within may have Allows of the boundary and of
// SCPs, and what names the resource. A Deny for everybody is one of an RCP, and matches only
// requests for resources of the principal's account and of services that RCPs reach. A Statement
// of everything with a Principal stands for what policies of resources allow: a user, or a role, by
// name or with everybody; where a role has a boundary, by name, or everybody and single sessions.
// Such a region has an Example only on a listed resource.
//
// Certified says that this is proved, of all actions, resources and keys: all that the principal gains
// is in a region, on resources without a policy, on listed ones with theirs, and on all others,
// whatever their policies say, if they say the same in both environments. And all that is in a
// region is gained: on the one resource whose policy has its statements; or else, without a Principal
// in its Statement, on the resources of the principal's account that have no policy, or one that grants
// the account and denies nothing; with one, on those whose policy allows it so and denies nothing.
// What only the policy of a resource can open to the account (a key, a role that is assumed) is
// gained only where it does. Policies of VPC endpoints are beside the question; they must be the
// same in both environments. What [NoGainedAccess] must know, Certified must, too; where a boundary
// is new or gone, what that changes cannot be certified, since a resource policy may deny with
// NotPrincipal whoever has one. Errors are those of [NoGainedAccess].
func Gained(ctx context.Context, before, after *simulate.Environment, p policy.Principal) (Summary, error) {
	out, err := GainedByEach(ctx, before, after, []policy.Principal{p})
	if err != nil {
		return Summary{}, err
	}
	return out[0], nil
}

// GainedByEach is [Gained] for several principals: one Summary for each, in their order.
func GainedByEach(ctx context.Context, before, after *simulate.Environment, principals []policy.Principal, options ...Option) ([]Summary, error) {
	e, err := newEstate(before, after)
	if err != nil {
		return nil, err
	}
	settings := settingsOf(options)
	out := make([]Summary, len(principals))
	for i, p := range principals {
		settings.progress(i, len(principals))
		if err := ctx.Err(); err != nil {
			out[i].Reason = reason(err)
			continue
		}
		if out[i], err = e.gained(ctx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *estate) gained(ctx context.Context, p policy.Principal) (Summary, error) {
	subjects := []subject{{env: e.after, principal: p}, {env: e.before, principal: p}}
	if err := subjects[0].prepare(); err != nil {
		return Summary{}, err
	}
	if subjects[0].isNobody() {
		return Summary{Certified: true}, nil
	}
	if subjects[1].isNobody() {
		subjects = subjects[:1]
	}
	q, result, err := e.question(ctx, subjects)
	if q == nil {
		return Summary{Reason: result.Reason}, err
	}
	q.unlisted = true
	if q.differs != "" {
		return Summary{Reason: fmt.Sprintf("%s of %s is not the same, which a resource policy that is not known may ask for", q.differs, p)}, nil
	}
	if len(q.places(q.listed)) == 0 {
		return Summary{Certified: true}, nil
	}
	g := &gain{ctx: ctx, stackQuestion: q}
	summarizer, err := g.summarizer()
	if err != nil {
		return Summary{Reason: reason(err)}, nil
	}
	return summarizer.summary(g.certify, g.example), nil
}

// A gain is the question what one principal can do in one environment more than in another.
type gain struct {
	ctx context.Context
	*stackQuestion
	lists []sideStatements
	rcps  []int // lists that are of RCPs
	each  int   // what a proof costs
}

// gainLayers are the lists of one side: an Allow of each must match.
type gainLayers struct {
	identity []int // one
	boundary []int // one, or none
	levels   []int // of SCPs
	denies   []denial
}

// refusing are the lists that may refuse, those that do not allow everything.
func (g *gain) refusing(lists ...[]int) (out []int) {
	for _, l := range slices.Concat(lists...) {
		if !slices.ContainsFunc(g.lists[l].allow, allowsEverything) {
			out = append(out, l)
		}
	}
	return out
}

// add makes a list, and returns its number and its Denies.
func (g *gain) add(list sideStatements) (n int, denies []denial) {
	n = len(g.lists)
	g.lists = append(g.lists, list)
	for i := range list.deny {
		denies = append(denies, denial{n, i})
	}
	return n, denies
}

func (g *gain) layersOf(sub *subject) (out gainLayers) {
	l := &sub.base.Layers
	add := func(k policy.Kind, documents ...*policy.Document) []int {
		list := wordsOfLayer(k, documents)
		if k == policy.ResourceControl {
			list.allow = nil // every level has the full-access RCP
			g.rcps = append(g.rcps, len(g.lists))
		}
		n, denies := g.add(list)
		out.denies = append(out.denies, denies...)
		g.each += weightOf(documents...)
		return []int{n}
	}
	if sub.caller.kind == policy.Root {
		n, _ := g.add(sideStatements{allow: []policy.Statement{others}})
		out.identity = []int{n}
	} else {
		out.identity = add(policy.IdentityBased, l.Identity...)
		if len(l.Boundary) > 0 {
			out.boundary = add(policy.PermissionsBoundary, l.Boundary...)
		}
	}
	for _, level := range l.ServiceControl {
		out.levels = append(out.levels, add(policy.ServiceControl, level...)...)
	}
	add(policy.ResourceControl, slices.Concat(l.ResourceControl...)...)
	return out
}

// summarizer has a list for each layer of each side: of the side that allows, one Allow of each
// layer must match, or the policy of a resource stands in for the identity policies; the other side
// refuses where one of its layers does not allow, or one of its Denies matches.
func (g *gain) summarizer() (*summarizer, error) {
	s := &summarizer{ctx: g.ctx, compile: g.compile,
		beside: func(*policy.Statement) []grant { return nil }, isOthers: func(*policy.Statement) bool { return false }}
	is := g.layersOf(&g.subjects[0])
	grants := func(to policy.Principals) int {
		n, _ := g.add(sideStatements{allow: []policy.Statement{granting(to)}})
		return n
	}
	own := way{first: is.identity[0], more: g.refusing(is.boundary, is.levels), denies: is.denies}
	named := way{first: grants(g.name()), more: g.refusing(is.boundary, is.levels), denies: is.denies}
	everybody := way{first: grants(policy.Everyone()), more: g.refusing(is.levels), denies: is.denies}
	if g.subjects[0].caller.kind != policy.RoleSession { // R-GRT-2: no boundary bears on what names a user
		named.more = everybody.more
	}
	var was *gainLayers
	if len(g.subjects) == 1 {
		own.reasons, named.reasons, everybody.reasons = []refusal{{}}, []refusal{{}}, []refusal{{}}
	} else {
		layers := g.layersOf(&g.subjects[1])
		was = &layers
		levels := g.refusing(was.levels)
		byName := levels
		if g.subjects[0].caller.kind == policy.RoleSession {
			byName = g.refusing(was.boundary, was.levels)
		}
		for _, w := range []struct {
			*way
			lists []int
		}{{&own, g.refusing(was.identity, was.boundary, was.levels)}, {&named, byName}, {&everybody, levels}} {
			for _, l := range w.lists {
				w.reasons = append(w.reasons, refusal{lists: []int{l}})
			}
			w.reasons = append(w.reasons, g.gone(was.denies, is.denies, w.lists)...)
		}
	}
	s.ways = []way{own, named}
	if g.bounded() {
		s.ways = append(s.ways, everybody)
	}
	for _, r := range g.listed {
		ways, err := g.waysAt(r, &is, was)
		if err != nil {
			return nil, err
		}
		s.ways = append(s.ways, ways...)
	}
	s.lists, s.each = g.lists, g.each
	return s, nil
}

// gone are the Denies that the other side has alone, as reasons.
func (g *gain) gone(was, is []denial, given []int) (out []refusal) {
	held := map[string]bool{}
	for _, d := range is {
		held[textOf(g.lists[d.list].deny[d.deny])] = true
	}
	for _, d := range was {
		if !held[textOf(g.lists[d.list].deny[d.deny])] {
			out = append(out, refusal{deny: &d, given: given})
		}
	}
	return out
}

// bounded reports whether what names the principal may allow it less than what names everybody,
// or its session: the implicit denies of a boundary bear on what names a role (R-GRT-3).
func (g *gain) bounded() bool {
	return g.subjects[0].caller.kind == policy.RoleSession &&
		slices.ContainsFunc(g.subjects, func(s subject) bool { return len(s.base.Layers.Boundary) > 0 })
}

// name is how the policy of a resource names the principal: by its role.
func (g *gain) name() policy.Principals {
	arn := g.subjects[0].principal.ARN()
	if role := g.subjects[0].base.Role; role.IsValid() {
		arn = role
	}
	return policy.PrincipalList(policy.AWSPrincipal, arn.String())
}

// granting stands for what the policy of a resource allows those that it names.
func granting(to policy.Principals) policy.Statement {
	st := others
	st.Principal = to
	return st
}

func isGranting(st *policy.Statement) bool {
	return st.Effect == policy.Allow && !st.Principal.IsZero() && allowsEverything(*st)
}

// isOfRCP tells the Denies of RCPs, which are for everybody, from those of other layers.
func isOfRCP(st *policy.Statement) bool { return st.Effect == policy.Deny && isForEverybody(st) }

func isForEverybody(st *policy.Statement) bool {
	return slices.ContainsFunc(entries(st.Principal), func(e entry) bool { return e.id == "*" })
}

func allowsEverything(st policy.Statement) bool {
	everything := func(p policy.Patterns) bool { return slices.ContainsFunc(slices.Collect(p.All()), onlyStars) }
	return st.Condition.Len() == 0 && everything(st.Action) && everything(st.Resource)
}

// wordsOfLayer are the statements of documents of one kind, each once, as identity policies say
// the same.
func wordsOfLayer(k policy.Kind, documents []*policy.Document) (out sideStatements) {
	seen := map[string]bool{}
	for _, d := range documents {
		all := statementsOf(d)
		for _, st := range slices.Concat(all.allow, all.deny) {
			st, matches := asIdentity(k, st)
			if !matches || seen[textOf(st)] {
				continue
			}
			seen[textOf(st)] = true
			if st.Effect == policy.Deny {
				out.deny = append(out.deny, st)
			} else {
				out.allow = append(out.allow, st)
			}
		}
	}
	return out
}

// asIdentity leaves out resources that match nothing in policies of kind k, which an identity policy
// would complete (R-RSC-7). matches is false if nothing is left to match.
func asIdentity(k policy.Kind, st policy.Statement) (_ policy.Statement, matches bool) {
	complete := func(p policy.Patterns) []string {
		return slices.DeleteFunc(slices.Collect(p.All()), func(value string) bool {
			_, n := glob.SplitARN(value, mode(policy.Version2012))
			return !onlyStars(value) && n < 6 && !padding(k, value)
		})
	}
	if list := complete(st.Resource); !st.Resource.IsZero() && len(list) < st.Resource.Len() {
		if len(list) == 0 {
			return st, false
		}
		st.Resource = policy.List(list...)
	}
	if list := complete(st.NotResource); !st.NotResource.IsZero() && len(list) < st.NotResource.Len() {
		if st.NotResource = policy.List(list...); len(list) == 0 {
			st.NotResource, st.Resource = policy.Patterns{}, policy.List("*")
		}
	}
	return st, true
}

// textOf tells statements apart.
func textOf(st policy.Statement) string {
	st.SID = ""
	d, err := policy.NewDocument(st)
	if err != nil {
		return fmt.Sprint(st)
	}
	return d.String()
}

// compile has the lists, and then that of pieces, in front of the principal wherever it acts.
func (g *gain) compile(c *compiler, pieces *policy.Document) ([]stance, error) {
	var standings []simulate.Standing
	for _, sub := range g.subjects {
		standings = append(standings, sub.base)
	}
	facts := g.facts(standings, nil)
	c.isOwn = func(string) bool { return false }
	st := stance{levels: 1, require: facts.holds(c, 0)}
	reached, ours := c.problem.Free(), c.problem.Free().Is()
	byName, byAll := c.problem.Free().Is(), c.problem.Free().Is()
	grants := func(st policy.Statement) *symbolic.Formula {
		switch {
		case !isGranting(&st):
			return symbolic.True()
		case isForEverybody(&st):
			return byAll
		}
		return byName
	}
	for i, list := range append(slices.Clip(g.lists), sideStatements{}) {
		d := pieces
		if i < len(g.lists) {
			var err error
			if d, err = policy.NewDocument(withoutSIDs(slices.Concat(list.allow, list.deny))...); err != nil {
				return nil, err
			}
		}
		if slices.Contains(g.rcps, i) {
			if err := st.addRCP(c, d, reached, ours); err != nil {
				return nil, err
			}
		} else if err := st.add(c, d, grants); err != nil {
			return nil, err
		}
	}
	return []stance{st}, st.begin(c, g.subjects[0].caller.kind)
}

func withoutSIDs(list []policy.Statement) []policy.Statement {
	for i := range list {
		list[i].SID = ""
	}
	return list
}

// begin has the service rules for a kind of caller as what all requests have in common.
func (st *stance) begin(c *compiler, kind policy.PrincipalKind) error {
	b := newSide(c)
	b.serviceRules(kind)
	st.frame = everyLayer(nil, b.Denies)
	return b.err
}

// add compiles one more list, whose statements hold under formulas; nil: always.
func (st *stance) add(c *compiler, d *policy.Document, when func(policy.Statement) *symbolic.Formula) error {
	allows, denies, err := c.statements(d, policy.IdentityBased, when)
	st.sides = append(st.sides, everyLayer([][]symbolic.Statement{allows}, nil))
	st.denials = append(st.denials, slices.Collect(slices.Chunk(denies, 1)))
	return err
}

// addRCP compiles a list of RCPs, which are in force under a formula.
func (st *stance) addRCP(c *compiler, d *policy.Document, reached symbolic.Free, when *symbolic.Formula) error {
	b := newSide(c)
	b.resourceControl([][]*policy.Document{{d}}, reached)
	for i := range b.Denies {
		b.Denies[i].When = symbolic.And(b.Denies[i].When, when)
	}
	st.sides = append(st.sides, everyLayer([][]symbolic.Statement{{}}, nil))
	st.denials = append(st.denials, slices.Collect(slices.Chunk(b.Denies, 2)))
	return b.err
}

// The lists of a place that regions speak of.
const (
	wordsList = iota
	rcpsList
	namedList // what the resource's policy allows by name
	everyList // what it allows everybody, or the session
)

// wordsOf writes regions with the lists of a place.
func (g *gain) wordsOf(regions []Region) (words, error) {
	w, err := wordsOf(policy.IdentityBased, wordsList, regions, isOfRCP)
	for i := range w.regions {
		if st := &regions[i].Statement; isGranting(st) {
			by := namedList
			if isForEverybody(st) {
				by = everyList
			}
			w.regions[i].grants = append(w.regions[i].grants, grant{by, nil})
		}
	}
	return w, err
}

// standing is the stance of the principal at a place, with the words of regions.
func (g *gain) standing(c *compiler, p place, at *placement, holds *symbolic.Side, w words) (stance, error) {
	c.side = everySide
	ours := symbolic.True()
	if p.elsewhere || p.listed != nil && !g.reachesRCPs(p.listed) {
		ours = symbolic.False()
	}
	st := stance{levels: 1}
	if err := st.add(c, w.all, nil); err != nil {
		return st, err
	}
	if err := st.addRCP(c, w.apart, at.frees[0].reached, ours); err != nil {
		return st, err
	}
	direct, session := holds.Layers[at.direct], holds.Layers[at.session]
	byName := session
	if !g.bounded() { // all the same
		byName = slices.Concat(direct, session)
	}
	for _, list := range [][]symbolic.Statement{byName, direct} {
		st.sides = append(st.sides, everyLayer([][]symbolic.Statement{list}, nil))
	}
	return st, st.begin(c, g.subjects[0].caller.kind)
}

// reachesRCPs reports whether the RCPs of the principal's account are in force on a listed resource.
func (g *gain) reachesRCPs(r *listedResource) bool {
	sub := &g.subjects[0]
	return r.owner == sub.principal.AccountID() && len(sub.env.Standing(sub.request(r.action(), r.arn)).Layers.ResourceControl) > 0
}

// certify proves, from the words of the regions and the environments as they are, what [Gained]
// says, and leaves out what stands for resource policies if the rest has all of it.
func (g *gain) certify(regions []Region) ([]Region, error) {
	if own := slices.DeleteFunc(slices.Clone(regions), func(r Region) bool { return isGranting(&r.Statement) }); len(own) < len(regions) {
		if err := g.proves(own); !errors.Is(err, errUncertified) {
			return own, err
		}
	}
	return regions, g.proves(regions)
}

func (g *gain) proves(regions []Region) error {
	w, err := g.wordsOf(regions)
	if err != nil {
		return err
	}
	for _, p := range g.places(g.listed) {
		if err := g.proveAt(p, w, (*gainPlace).holdsAll); errors.Is(err, errUncertified) {
			return uncertifiedAt{g.placeText(p)}
		} else if err != nil {
			return err
		}
	}
	var of []*listedResource // nil: all resources of the account
	for i := range regions {
		if !slices.Contains(of, regions[i].at) {
			of = append(of, regions[i].at)
		}
	}
	for _, r := range of {
		p := place{owned: r == nil, listed: r}
		if err := g.proveAt(p, w, func(at *gainPlace) error { return at.holdsNothingElse(regions, r) }); errors.Is(err, errUncertified) {
			return uncertifiedAt{g.placeText(p)}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// uncertifiedAt says where the regions are not proved to be the difference.
type uncertifiedAt struct{ place string }

func (e uncertifiedAt) Error() string { return errUncertified.Error() + " on " + e.place }
func (e uncertifiedAt) Unwrap() error { return errUncertified }

func (g *gain) placeText(p place) string {
	switch {
	case p.listed != nil && p.listed.role:
		return p.listed.arn.String() + " when it is assumed"
	case p.listed != nil:
		return p.listed.arn.String()
	case p.unlisted:
		return "resources of the account that are not listed and may have a policy"
	case p.elsewhere:
		return "resources of other accounts, and those whose policies are not known"
	}
	if p.owned {
		return "all resources of the account"
	}
	return "resources of the account without a policy"
}

// A gainPlace is what the principal can do at a place, with the words of regions.
type gainPlace struct {
	c              *compiler
	after          *symbolic.Side
	before         []*symbolic.Side // none where nobody was
	words          stance
	regions        []requests
	where, ungated *symbolic.Side // the place, and what needs no grant to the account there
	free           stackFree
	bounded        bool
}

func (g *gain) proveAt(p place, w words, prove func(*gainPlace) error) error {
	one, of := g.placed(p)
	c := newCompiler(g.ctx.Err, nil)
	sides, require, err := one.sides(c)
	if err != nil {
		return err
	}
	at := &gainPlace{c: c, after: sides[0], before: sides[1:], regions: w.regions, free: of.frees[0], bounded: g.bounded()}
	if at.words, err = g.standing(c, p, of, sides[0], w); err != nil {
		return err
	}
	at.words.require = require
	where, ungated := newSide(c), newSide(c)
	where.Grant = everyLayer(nil, nil).Grant
	g.within(where, p)
	ungated.noAccountGrant()
	at.where, at.ungated = where.Side, everyLayer(ungated.Layers, nil)
	for _, err := range []error{where.err, ungated.err, c.lemmas(), c.problem.Settle()} {
		if err != nil {
			return err
		}
	}
	// A contradiction in what is said of the caller would prove anything.
	if _, ok, err := c.problem.Solve(require); err != nil {
		return err
	} else if !ok {
		return errContradiction
	}
	return prove(at)
}

// none proves that there is no request of a side that the others do not have.
func (at *gainPlace) none(require *symbolic.Formula, side *symbolic.Side, lacks ...*symbolic.Side) error {
	st := stance{require: symbolic.And(at.words.require, require)}
	found, err := st.any(at.c, side, lacks...)
	if err == nil && found {
		err = errUncertified
	}
	return err
}

// holdsAll proves that all of the difference is in the regions.
func (at *gainPlace) holdsAll() error {
	lacks := slices.Clone(at.before)
	for i := range at.regions {
		lacks = append(lacks, at.words.has(&at.regions[i]))
	}
	return at.none(symbolic.True(), at.after, lacks...)
}

// holdsNothingElse proves that all that is in the regions is of the difference: where the policy of the
// resource grants nothing, but for what needs that; where it grants the account; and where it
// grants the principal itself, in regions that are about that. Those of a listed resource are about
// nothing else.
func (at *gainPlace) holdsNothingElse(regions []Region, r *listedResource) error {
	free := at.free
	denied := symbolic.Not(free.denied.Is())
	itself := symbolic.Or(free.direct.Is(), free.session.Is())
	for i := range at.regions {
		if regions[i].at != r {
			continue
		}
		side, lacks := at.words.holds(&at.regions[i])
		if r != nil {
			if err := at.none(symbolic.True(), side, append(slices.Clip(lacks), at.where)...); err != nil {
				return err
			}
		}
		side = every(side, at.where)
		only := func(require *symbolic.Formula, side *symbolic.Side) error {
			if err := at.none(require, side, append(slices.Clip(lacks), at.after)...); err != nil {
				return err
			}
			for _, b := range at.before {
				if err := at.none(require, every(side, b), lacks...); err != nil {
					return err
				}
			}
			return nil
		}
		var err error
		if r != nil {
			err = only(symbolic.True(), side)
		} else if isGranting(&regions[i].Statement) {
			if !at.bounded || isForEverybody(&regions[i].Statement) {
				err = only(symbolic.And(denied, free.direct.Is()), side)
			}
			if err == nil && !isForEverybody(&regions[i].Statement) {
				err = only(symbolic.And(denied, free.session.Is(), symbolic.Not(free.direct.Is())), side)
			}
		} else if err = only(symbolic.And(denied, symbolic.Not(itself), free.account.Is()), side); err == nil {
			err = only(symbolic.And(denied, symbolic.Not(itself), symbolic.Not(free.account.Is())), every(side, at.ungated))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxExamplePlaces limits the listed resources on which an example of a region is looked for.
const maxExamplePlaces = 10

// example looks for a request of the region that both evaluators decide, and the environments.
func (g *gain) example(r *Region) *Counterexample {
	w, err := g.wordsOf([]Region{*r})
	if err != nil {
		return nil
	}
	var places []place
	if !isGranting(&r.Statement) {
		places = append(places, place{})
	}
	if r.at != nil {
		places = []place{{listed: r.at}}
	}
	for _, l := range g.listed[:min(len(g.listed), maxExamplePlaces)] {
		places = append(places, place{listed: l})
	}
	for _, p := range places {
		one, at := g.placed(p)
		sides := one.sides
		one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			list, require, err := sides(c)
			if err != nil {
				return nil, nil, err
			}
			st, err := g.standing(c, p, at, list[0], w)
			if err != nil {
				return nil, nil, err
			}
			side, lacks := st.holds(&w.regions[0])
			return slices.Concat([]*symbolic.Side{every(list[0], side)}, list[1:], lacks), require, nil
		}
		q := &question{ctx: g.ctx, cases: []*callerCase{one}, examples: append([]*policy.Document{w.all}, g.examples()...), confirmAlso: g.confirm, explain: g.explain}
		if found := q.answer().Counterexample; found != nil {
			return found
		}
	}
	return nil
}
