package simulate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// specRequest is the oracle's request with the keys and session policies of another.
func specRequest(r spec.Request, changed simulate.Request, steps []simulate.RemedyStep) spec.Request {
	out := r
	out.Context = map[string][]string{}
	maps.Copy(out.Context, maps.Collect(changed.Keys.All()))
	absent := slices.Sorted(maps.Keys(r.Context)) // what is absent now is no longer derived
	for _, s := range steps {
		if s.Kind == simulate.SetKey {
			absent = append(absent, s.Key)
		}
	}
	for _, name := range absent {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(out.Context)), func(n string) bool { return strings.EqualFold(n, name) }) {
			out.Context[name] = nil
		}
	}
	if changed.Session != nil {
		out.SessionPolicies = changed.Session.Spec().Policies
	}
	return out
}

// without are the subsets of the steps that lack one.
func without(steps []simulate.RemedyStep) [][]simulate.RemedyStep {
	var out [][]simulate.RemedyStep
	for i := range steps {
		out = append(out, slices.Delete(slices.Clone(steps), i, i+1))
	}
	return out
}

var allowEverything = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)))

func hasIdentityPolicies(p policy.Principal) bool {
	switch p.Kind() {
	case policy.User, policy.Role, policy.RoleSession, policy.FederatedUser:
		return true
	}
	return false
}

// The oracle allows each remedy, and not without one of its steps; it agrees on whether
// an identity policy could allow the request.
func TestRemediesInLayers(t *testing.T) {
	kinds := map[simulate.RemedyKind]int{}
	none := 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		for range max(1, *perWorld/10) {
			r := gen.Request(t)
			// A key that is not there cannot say that it is multivalued.
			r.Multivalued = slices.DeleteFunc(r.Multivalued, func(name string) bool { return len(r.Context[name]) == 0 })
			env, req := fromSpec(t, l, r, simulate.WithStrictKeys())
			decide := func(changed simulate.Request, layers *simulate.Layers, steps []simulate.RemedyStep) spec.Outcome {
				lr := l
				if layers != nil {
					lr = specLayers(l, layers)
				}
				r2 := specRequest(r, changed, steps)
				lr.Session = r2.SessionPolicies
				return spec.Decide(lr, r2)
			}
			c := env.HowToAllow(req)
			if c.Explanation.Decision != env.Can(req) {
				t.Fatalf("explained %v", c.Explanation.Decision)
			}
			if c.Explanation.Decision.Allowed() {
				if len(c.Remedies)+len(c.Barriers) > 0 {
					t.Fatalf("allowed, but %v", c)
				}
				continue
			}
			if len(c.Remedies) == 0 {
				none++
			}
			for _, remedy := range c.Remedies {
				sendable(t, remedy)
				if got := decide(remedy.Request, remedy.Layers, remedy.Steps); got != spec.Allowed {
					t.Fatalf("%v with %v\n%s", got, remedy, describe(l, r))
				}
				for _, fewer := range without(remedy.Steps) {
					changed, _, layers, ok := simulate.Take(env, req, fewer)
					if ok && decide(changed, layers, fewer) == spec.Allowed {
						t.Fatalf("allowed by %v, so not needed: %v\n%s", fewer, remedy, describe(l, r))
					}
				}
				for _, s := range remedy.Steps {
					kinds[s.Kind]++
				}
			}
			lr := l
			lr.Session = r.SessionPolicies
			if hasIdentityPolicies(r.Principal) {
				lr.Identity = append(slices.Clone(l.Identity), allowEverything)
			}
			if could := spec.Decide(lr, r) == spec.Allowed; could != (len(c.Barriers) == 0) {
				t.Fatalf("an identity policy that allows everything: allowed %v, barriers %+v\n%s", could, c.Barriers, describe(l, r))
			}
		}
	})
	t.Logf("steps by kind %v, requests without a remedy %d", kinds, none)
	for k := simulate.SetKey; k <= simulate.ExceptDeny; k++ {
		require.NotZero(t, kinds[k], k)
	}
}

// As TestRemediesInLayers, with the changes made in the organization.
func TestRemediesInOrganizations(t *testing.T) {
	stages := map[simulate.Stage]int{}
	rapid.Check(t, func(t *rapid.T) {
		s := gen.Organization(t)
		o, err := org.New(s)
		if err != nil {
			t.Fatalf("organization: %v", err)
		}
		env, err := simulate.Compile(o, simulate.WithStrictKeys())
		if err != nil {
			t.Fatal(err)
		}
		for range max(1, *perWorld/10) {
			r := gen.OrgRequest(t)
			req := simulateRequest(t, r, false)
			_, err := spec.DecideOrg(s, r)
			c := env.HowToAllow(req)
			if err != nil {
				continue // the oracle has no answer where something is not in the model
			}
			decide := func(changed simulate.Request, changes []org.Change, steps []simulate.RemedyStep) spec.Outcome {
				o2, err := o.Apply(changes...)
				if err != nil {
					t.Fatalf("%+v: %v", steps, err)
				}
				got, err := spec.DecideOrg(o2.Spec(), specRequest(r, changed, steps))
				if err != nil {
					t.Fatalf("%+v: %v", steps, err)
				}
				return got
			}
			for _, remedy := range c.Remedies {
				sendable(t, remedy)
				if got := decide(remedy.Request, remedy.Changes, remedy.Steps); got != spec.Allowed {
					l, r2, _ := spec.FromOrg(s, r)
					t.Fatalf("%v with %v\n%s", got, remedy, describe(l, r2))
				}
				for _, fewer := range without(remedy.Steps) {
					changed, changes, _, ok := simulate.Take(env, req, fewer)
					if ok && decide(changed, changes, fewer) == spec.Allowed {
						after, err := env.Apply(changes...)
						if err == nil && after.Can(changed).Outcome == simulate.Indeterminate && dependsOnCaller(after.Explain(changed)) {
							continue // the oracle takes a session or an ID that nobody named for none
						}
						l, r2, _ := spec.FromOrg(s, r)
						t.Fatalf("allowed by %v, so not needed: %v\n%s", fewer, remedy, describe(l, r2))
					}
				}
				for _, step := range remedy.Steps {
					if step.Kind != simulate.SetKey {
						stages[step.Stage]++
					}
				}
			}
			if c.Explanation.Decision.Outcome == simulate.Indeterminate {
				continue
			}
			l, r2, err := spec.FromOrg(s, r)
			if err != nil {
				t.Fatal(err)
			}
			if hasIdentityPolicies(r.Principal) {
				l.Identity = append(slices.Clone(l.Identity), allowEverything)
			}
			if could := spec.Decide(l, r2) == spec.Allowed; could != (len(c.Barriers) == 0) {
				t.Fatalf("an identity policy that allows everything: allowed %v, barriers %+v\n%s", could, c.Barriers, describe(l, r2))
			}
		}
	})
	t.Logf("steps by layer %v", stages)
	for _, stage := range []simulate.Stage{simulate.StageIdentityPolicy, simulate.StageResourcePolicy, simulate.StageBoundary, simulate.StageSessionPolicy, simulate.StageServiceControl, simulate.StageResourceControl} {
		require.NotZero(t, stages[stage], stage)
	}
}

// Where keys are not known, the oracle allows each remedy for all values that they may
// turn out to have.
func TestRemediesOfUnknownKeys(t *testing.T) {
	keys := 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		for range max(1, *perWorld/10) {
			r := gen.Request(t)
			r.Multivalued = nil
			partial := r
			partial.Context = map[string][]string{}
			var unknown []string
			for _, name := range slices.Sorted(maps.Keys(r.Context)) {
				if rapid.Bool().Draw(t, "hide") {
					unknown = append(unknown, name)
				} else {
					partial.Context[name] = r.Context[name]
				}
			}
			env, req := fromSpec(t, l, partial, simulate.WithStrictKeys())
			req.Keys = req.Keys.WithUnknown(unknown...)
			for _, remedy := range env.HowToAllow(req).Remedies {
				sendable(t, remedy)
				settled := map[string]bool{}
				for _, s := range remedy.Steps {
					if s.Kind == simulate.SetKey {
						keys++
						settled[strings.ToLower(s.Key)] = true
						if strings.HasPrefix(strings.ToLower(s.Key), "aws:requesttag/") {
							settled["aws:tagkeys"] = true
						}
					}
				}
				lr := l
				if remedy.Layers != nil {
					lr = specLayers(l, remedy.Layers)
				}
				for range 3 {
					full := specRequest(partial, remedy.Request, remedy.Steps)
					for _, name := range unknown {
						values := rapid.SampledFrom(append(gen.Values(name), nil)).Draw(t, name)
						if info, _ := serviceref.Embedded().Key(name); len(values) > 1 && !info.Multivalued {
							values = values[:1]
						}
						if !settled[strings.ToLower(name)] && values != nil {
							full.Context[name] = values
						}
					}
					if !maySend(full.Context, unknown) {
						continue
					}
					lr.Session = full.SessionPolicies
					if got := spec.Decide(lr, full); got != spec.Allowed {
						t.Fatalf("%v with %v\nhidden %v, now %v\n%s", got, remedy, unknown, full.Context, describe(l, partial))
					}
				}
			}
		}
	})
	require.NotZero(t, keys)
}

// mfaKeys are tied: the age is sent only where MFA was used (IAM User Guide, “AWS global
// condition context keys”).
var mfaKeys = []string{"aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent"}

// maySend reports whether AWS may send the keys, as far as one of the MFA keys was drawn.
func maySend(context map[string][]string, drawn []string) bool {
	if !slices.ContainsFunc(mfaKeys, func(k string) bool { return slices.Contains(drawn, k) }) {
		return true
	}
	values := [2][]string{}
	for i, k := range mfaKeys {
		for name, v := range context {
			if strings.EqualFold(name, k) {
				values[i] = v
			}
		}
	}
	return len(values[0]) == 0 || len(values[1]) == 1 && strings.EqualFold(values[1][0], "true")
}

// sendable wants a remedy that sets one of the MFA keys to leave a request that AWS may send.
func sendable(t *rapid.T, remedy simulate.Remedy) {
	var set []string
	for _, s := range remedy.Steps {
		if i := slices.IndexFunc(mfaKeys, func(k string) bool { return s.Kind == simulate.SetKey && strings.EqualFold(k, s.Key) }); i >= 0 {
			set = append(set, mfaKeys[i])
		}
	}
	if context := maps.Collect(remedy.Request.Keys.All()); !maySend(context, set) {
		t.Fatalf("%v leads to %v, which nobody can send", remedy, context)
	}
}

// specLayers are the oracle's layers with those that a remedy changes.
func specLayers(l spec.Layers, changed *simulate.Layers) spec.Layers {
	l.Identity, l.Boundary, l.SCPs, l.RCPs = changed.Identity, changed.Boundary, changed.ServiceControl, changed.ResourceControl
	l.ResourcePolicy, l.BlockPublicAccess = changed.Resource, changed.BlockPublicAccess
	l.Endpoints = nil
	for _, e := range changed.Endpoints {
		l.Endpoints = append(l.Endpoints, spec.Endpoint{Gateway: e.Gateway, Policy: e.Policy})
	}
	return l
}
