package check

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// maxTries limits the requests that are decided to find one that shows a difference.
const maxTries = 200

// maxLooked limits the documented actions that are looked for in a class.
const maxLooked = 5000

// maxActions limits the documented actions of a class whose resources are tried.
const maxActions = 50

// A candidate is a request that may be a counterexample.
type candidate struct {
	action, resource string // "*": no resource
	keys             []contextKey
	documented       bool
}

type contextKey struct {
	side   int // that has the key for itself, or everySide
	name   string
	values []string
	many   bool
}

const everySide = -1

// realise makes a counterexample of a cell: with an action and a resource that AWS documents
// if there are such, with as few keys as will do. nil: no request shows the difference.
func (q *question) realise(c *compiler, one *callerCase, cell *symbolic.Cell) *Counterexample {
	worlds := one.worlds(c, &cell.Model)
	if !worlds[0].caller.Principal.IsValid() {
		return nil
	}
	if !one.fixed {
		defer func() {
			for _, w := range worlds {
				delete(q.envs, w)
			}
		}()
	}
	var keys []contextKey
	for name, values := range cell.Model.Keys {
		if spelled, ok := c.spelled[name]; ok {
			keys = append(keys, contextKey{sideOf(name), spelled, values, slices.Contains(cell.Model.Many, name)})
		}
	}
	slices.SortFunc(keys, func(a, b contextKey) int { return cmp.Or(strings.Compare(a.name, b.name), a.side-b.side) })
	tries := 0
	shown := func(x candidate) bool {
		tries++
		return tries <= maxTries && q.shown(worlds, x)
	}
	for x := range q.candidates(cell, cmp.Or(worlds[0].caller.ResourceAccount, exampleAccount)) {
		if one.owned && !worlds[0].owns(x.resource) {
			continue
		}
		x.keys = keys
		if one.agrees {
			x.keys = agreeing(keys, x.resource)
		}
		if !shown(x) || !byOracle(worlds, x) {
			if tries >= maxTries {
				break
			}
			continue
		}
		short := x
		for i := len(x.keys) - 1; i >= 0; i-- {
			less := short
			less.keys = slices.Delete(slices.Clone(short.keys), i, i+1)
			if shown(less) {
				short = less
			}
		}
		if len(short.keys) < len(x.keys) && byOracle(worlds, short) {
			x = short
		}
		return q.counterexample(worlds, x)
	}
	return nil
}

// owns reports whether the world's resources, which are in the caller's account or in others, may
// have the ARN.
func (w *world) owns(resource string) bool {
	arn, err := policy.ParseARN(resource)
	if err != nil || !policy.IsAccountID(arn.AccountID()) {
		return true
	}
	account := w.caller.Principal.AccountID()
	return (arn.AccountID() == account) == (w.caller.ResourceAccount == account)
}

// candidates yields documented requests of the cell first, and then any. Where an ARN may be of
// any account, it is of the one given.
func (q *question) candidates(cell *symbolic.Cell, account string) func(func(candidate) bool) {
	return func(yield func(candidate) bool) {
		ref := serviceref.Embedded()
		seen, looked, tried := map[policy.Action]bool{}, 0, 0
		var others []policy.Action // documented, on what AWS does not have
		try := func(a policy.Action) bool {
			if looked++; seen[a] || looked > maxLooked || tried >= maxTries/2 || len(seen) >= maxActions || !cell.HasAction(lower(string(a))) {
				return true
			}
			seen[a] = true
			for resource := range q.resourcesOf(cell, a, account) {
				if tried++; !yield(candidate{action: string(a), resource: resource, documented: true}) {
					return false
				}
			}
			others = append(others, a)
			return true
		}
		service, _, _ := strings.Cut(cell.Action, ":")
		for _, near := range []bool{true, false} {
			for pattern := range q.actionPatterns() {
				prefix, _, _ := strings.Cut(lower(pattern), ":")
				if (prefix == service) != near {
					continue
				}
				for a := range ref.Actions(pattern) {
					if !try(a) {
						return
					}
				}
			}
		}
		// What no pattern names is in all services, so that a few actions of each will do.
		for s := range ref.Services() {
			n := 0
			for a := range ref.Actions(s.Prefix + ":*") {
				if n++; n > 3 {
					break
				}
				if !try(a) {
					return
				}
			}
		}
		for _, a := range others {
			for resource := range withoutCollection(cell, a, account) {
				if !yield(candidate{action: string(a), resource: resource}) {
					return
				}
			}
		}
		yield(candidate{action: cell.Action, resource: cell.Resource})
	}
}

// withoutCollection yields the cell's resource. Where that is none and the action's service
// authorises it against an ARN all the same (R-RSC-5), other resources of the cell follow.
func withoutCollection(cell *symbolic.Cell, a policy.Action, account string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(cell.Resource) || cell.Resource != "*" {
			return
		}
		if _, ok := serviceref.Embedded().Collection(a); !ok {
			return
		}
		for _, partition := range []string{"aws", "aws-cn"} {
			for _, service := range []string{a.Service(), "x"} {
				arn := "arn:" + partition + ":" + service + ":us-east-1:" + account + ":example"
				if cell.HasResource(arn) && !yield(arn) {
					return
				}
			}
		}
	}
}

// actionPatterns are those that a side names: a documented action of a cell matches one.
func (q *question) actionPatterns() func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, d := range q.examples {
			for _, s := range d.Statements() {
				for a := range s.Action.All() {
					if !onlyStars(a) && a != "*:*" && !yield(a) {
						return
					}
				}
				for a := range s.NotAction.All() {
					if !onlyStars(a) && a != "*:*" && !yield(a) {
						return
					}
				}
			}
		}
	}
}

// resourcesOf yields resources of the cell in a form that the action takes.
func (q *question) resourcesOf(cell *symbolic.Cell, a policy.Action, account string) iter.Seq[string] {
	return func(yield func(string) bool) {
		info, ok := serviceref.Embedded().Action(a)
		if !ok {
			return
		}
		if info.WildcardOnly() {
			if cell.HasResource("*") {
				yield("*")
			}
			return
		}
		var seen []string
		// What the cell has is found out faster than what the action takes.
		add := func(s string) (more bool) {
			if !cell.HasResource(s) || slices.Contains(seen, s) {
				return true
			}
			if arn, err := policy.ParseARN(s); err != nil || !info.Fits(arn) || !isComplete(arn, serviceref.Embedded().ARNFormats(a)) {
				return true
			}
			seen = append(seen, s)
			return yield(s)
		}
		for _, s := range q.filledResources(account) {
			if !add(s) {
				return
			}
		}
		for format := range serviceref.Embedded().ARNFormats(a) {
			if !add(fillFormat(format, account)) {
				return
			}
		}
		for _, s := range completed(cell.Resource, account) {
			if !add(s) {
				return
			}
		}
		if len(slices.Collect(info.Resources())) == 0 && cell.HasResource("*") {
			yield("*")
		}
	}
}

// filledResources are ARNs made of the patterns of the examples, in the account where any would
// do.
func (q *question) filledResources(account string) []string {
	if filled, ok := q.filled[account]; ok {
		return filled
	}
	var out []string
	seen := map[string]bool{}
	for _, d := range q.examples {
		for _, s := range d.Statements() {
			for p := range s.Resource.All() {
				for _, text := range []string{"example", ""} {
					if f := fill(p, account, text); !seen[f] {
						seen[f] = true
						out = append(out, f)
					}
				}
			}
		}
	}
	q.filled[account] = out
	return out
}

// completed are an ARN and what it is with the account, and with a region, where it has none.
func completed(arn, account string) []string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[4] != "" {
		return []string{arn}
	}
	parts[4] = account
	global := strings.Join(parts, ":")
	parts[3] = cmp.Or(parts[3], "us-east-1")
	return []string{strings.Join(parts, ":"), global, arn}
}

// isComplete reports whether the ARN has a region and an account where one of the formats has.
func isComplete(arn policy.ARN, formats iter.Seq[string]) bool {
	for format := range formats {
		parts := strings.SplitN(format, ":", 6)
		if len(parts) == 6 && (parts[3] == "") == (arn.Region() == "") && (parts[4] == "") == (arn.AccountID() == "") {
			return true
		}
	}
	return false
}

// fill makes an ARN of a pattern: the usual values where its first parts are wild, text for
// other stars.
func fill(pattern, account, text string) string {
	parts := strings.SplitN(pattern, ":", 6)
	for i, usual := range []string{"arn", "aws", "service", "us-east-1", account} {
		if len(parts) == 6 && strings.ContainsAny(parts[i], "*?") && strings.Trim(parts[i], "*?") == "" {
			parts[i] = usual
		}
	}
	out := strings.Join(parts, ":")
	for _, v := range []string{"${aws:username}", "${aws:PrincipalTag/team}"} {
		out = strings.ReplaceAll(out, v, text)
	}
	return strings.NewReplacer("*", text, "?", "x").Replace(out)
}

// fillFormat makes an ARN of a documented format such as arn:${Partition}:s3:::${BucketName}.
func fillFormat(format, account string) string {
	var b strings.Builder
	for format != "" {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		switch name {
		case "Partition":
			b.WriteString("aws")
		case "Region":
			b.WriteString("us-east-1")
		case "Account":
			b.WriteString(account)
		default:
			b.WriteString("example")
		}
		format = after
	}
	return strings.ReplaceAll(b.String(), "*", "example")
}

// byOracle has the candidate decided by the oracle on all sides, which takes long.
func byOracle(worlds []*world, x candidate) bool {
	for i, w := range worlds {
		r := w.caller
		r.Action = policy.Action(x.action)
		if r.Resource = x.resource; r.Resource == "*" {
			r.Resource = ""
		}
		r.Context, r.Multivalued = x.context(w, i)
		if spec.Decide(w.layers, r) == spec.Allowed != (i == 0) {
			return false
		}
	}
	return true
}

// shown has the candidate decided by the engine on all sides.
func (q *question) shown(worlds []*world, x candidate) bool {
	var requests []simulate.Request
	for i, w := range worlds {
		request, ok := q.request(w, x, i)
		if !ok {
			return false
		}
		env, err := q.environment(w)
		if err != nil {
			return false
		}
		d := env.Can(request)
		if d.Allowed() != (i == 0) || d.Outcome == simulate.Indeterminate {
			return false
		}
		requests = append(requests, request)
	}
	return q.confirmAlso == nil || q.confirmAlso(worlds, requests)
}

// context is what a side's request has: the facts of its caller, and the candidate's keys.
func (x *candidate) context(w *world, side int) (keys map[string][]string, many []string) {
	keys, many = maps.Clone(w.caller.Context), slices.Clone(w.caller.Multivalued)
	if keys == nil {
		keys = map[string][]string{}
	}
	for _, k := range x.keys {
		if k.side != everySide && k.side != side {
			continue
		}
		keys[k.name] = k.values
		if k.many {
			many = append(many, k.name)
		}
	}
	return keys, many
}

// request is the candidate as users ask it.
func (q *question) request(w *world, x candidate, side int) (simulate.Request, bool) {
	r := simulate.Request{Principal: w.caller.Principal, Action: policy.Action(x.action)}
	session := simulate.SessionSpec{Role: w.caller.RoleARN, IssuingUser: w.caller.IssuingUser, PrincipalID: w.caller.PrincipalID, Policies: w.layers.Session}
	if session.Role.IsValid() || session.IssuingUser.IsValid() || session.PrincipalID != "" || session.Policies != nil {
		s, err := simulate.NewSession(session)
		if err != nil {
			return r, false
		}
		r.Session = s
	}
	if x.resource != "*" {
		arn, err := policy.ParseARN(x.resource)
		if err != nil {
			return r, false
		}
		r.Resource = arn
	}
	keys, many := x.context(w, side)
	r.Keys = simulate.KeysFrom(keys).WithMultivalued(many...)
	return r, true
}

// environment is a world for the engine, in which only given keys count.
func (q *question) environment(w *world) (*simulate.Environment, error) {
	if env, ok := q.envs[w]; ok {
		return env, nil
	}
	l := w.layers
	layers := simulate.Layers{
		Identity: l.Identity, Boundary: l.Boundary, ServiceControl: l.SCPs, ResourceControl: l.RCPs,
		Resource: l.ResourcePolicy, ManagementAccount: l.ManagementAccount, BucketABAC: l.BucketABAC,
		BlockPublicAccess: l.BlockPublicAccess, AWSManagedKey: l.AWSManagedKey,
		ResourceAccount: w.caller.ResourceAccount, ObjectOwner: w.caller.ObjectOwner, CanonicalID: w.caller.CanonicalID, GivenKeysOnly: true,
	}
	for _, e := range l.Endpoints {
		layers.Endpoints = append(layers.Endpoints, simulate.EndpointPolicy{Gateway: e.Gateway, Policy: e.Policy})
	}
	env, err := w.alone.environment(func() (*simulate.Environment, error) {
		return simulate.CompileLayers(layers, simulate.WithStrictKeys())
	})
	if err == nil {
		q.envs[w] = env
	}
	return env, err
}

func (q *question) counterexample(worlds []*world, x candidate) *Counterexample {
	out := &Counterexample{Documented: x.documented, assumed: slices.ContainsFunc(worlds, func(w *world) bool { return w.assumed })}
	explain := q.explain
	if explain == nil {
		explain = func(i int, r simulate.Request) (simulate.Request, *simulate.Explanation) {
			return r, q.envs[worlds[i]].Explain(r)
		}
	}
	request, _ := q.request(worlds[0], x, 0)
	out.Request, out.Allowed = explain(0, request)
	if len(worlds) > 1 {
		refused, _ := q.request(worlds[1], x, 1)
		_, out.Refused = explain(1, refused)
	}
	return out
}
