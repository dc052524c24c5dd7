package simulate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// The number of requests that one drawn world is asked: a world is dear, a request cheap.
var perWorld = flag.Int("requests", 20, "requests for each world that a property test draws")

// fromSpec turns the oracle's layers and request into the evaluator's.
func fromSpec(t fataler, l spec.Layers, r spec.Request, opts ...simulate.Option) (*simulate.Environment, simulate.Request) {
	env, err := simulate.CompileLayers(simulateLayers(l, r), opts...)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return env, simulateRequest(t, r, true)
}

func simulateLayers(l spec.Layers, r spec.Request) simulate.Layers {
	out := simulate.Layers{
		Identity: l.Identity, Boundary: l.Boundary, ServiceControl: l.SCPs, ResourceControl: l.RCPs,
		Resource: l.ResourcePolicy, ManagementAccount: l.ManagementAccount, ResourceAccount: r.ResourceAccount,
		ObjectOwner: r.ObjectOwner, CanonicalID: r.CanonicalID, BlockPublicAccess: l.BlockPublicAccess,
		AWSManagedKey: l.AWSManagedKey, BucketABAC: l.BucketABAC, WildcardOnly: r.WildcardOnly, GivenKeysOnly: true,
	}
	for _, e := range l.Endpoints {
		out.Endpoints = append(out.Endpoints, simulate.EndpointPolicy{Gateway: e.Gateway, Policy: e.Policy})
	}
	return out
}

func simulateRequest(t fataler, r spec.Request, structural bool) simulate.Request {
	out := simulate.Request{Principal: r.Principal, Action: r.Action, Keys: simulate.KeysFrom(r.Context).WithMultivalued(r.Multivalued...)}
	if r.Resource != "" && r.Resource != "*" {
		out.Resource = policy.MustParseARN(r.Resource)
	}
	s := simulate.SessionSpec{Policies: r.SessionPolicies, IssuingUser: r.IssuingUser}
	if structural {
		s.Role, s.PrincipalID = r.RoleARN, r.PrincipalID
	}
	session, err := simulate.NewSession(s)
	if err != nil {
		t.Fatalf("session: %v", err)
	}
	if structural || len(s.Policies) > 0 || s.IssuingUser.IsValid() {
		out.Session = session
	}
	return out
}

// describe prints a world and a request so that a failure can become a scenario.
func describe(l spec.Layers, r spec.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\ncontext %v multivalued %v\nresource account %q object owner %q canonical %q role %s issuer %s id %q\n",
		r.Principal, r.Action, r.Resource, r.Context, r.Multivalued, r.ResourceAccount, r.ObjectOwner, r.CanonicalID, r.RoleARN, r.IssuingUser, r.PrincipalID)
	show := func(name string, docs ...*policy.Document) {
		for _, d := range docs {
			if d != nil {
				text, _ := json.Marshal(d)
				fmt.Fprintf(&b, "%s %s\n", name, text)
			}
		}
	}
	show("identity", l.Identity...)
	show("boundary", l.Boundary...)
	show("session", l.Session...)
	show("session", r.SessionPolicies...)
	for i, docs := range l.SCPs {
		show(fmt.Sprintf("scp %d of %d", i, len(l.SCPs)), docs...)
	}
	for i, docs := range l.RCPs {
		show(fmt.Sprintf("rcp %d of %d", i, len(l.RCPs)), docs...)
	}
	show("resource", l.ResourcePolicy)
	for _, e := range l.Endpoints {
		show(fmt.Sprintf("endpoint gateway=%v", e.Gateway), e.Policy)
	}
	fmt.Fprintf(&b, "management %q block public access %v abac %v", l.ManagementAccount, l.BlockPublicAccess, l.BucketABAC)
	return b.String()
}

func outcome(o spec.Outcome) simulate.Outcome {
	switch o {
	case spec.Allowed:
		return simulate.Allowed
	case spec.ExplicitDeny:
		return simulate.ExplicitDeny
	}
	return simulate.ImplicitDeny
}

// Can is the oracle, layer by layer.
func TestCanIsSpec(t *testing.T) {
	rapid.Check(t, canIsSpec)
}

func canIsSpec(t *rapid.T) {
	l := gen.Layers(t)
	for range *perWorld {
		r := gen.Request(t)
		r2 := r
		lr := l
		lr.Session = r.SessionPolicies
		env, req := fromSpec(t, l, r, simulate.WithStrictKeys())
		want := outcome(spec.Decide(lr, r2))
		x := env.Explain(req)
		if got := env.Can(req); got.Outcome != want || x.Decision != got {
			t.Fatalf("got %v (explained %v) want %v\n%s\nrules %v", got, x.Decision, want, describe(l, r), x.Rules)
		}
		env.Unmerge()
		if got := env.Can(req); got != x.Decision {
			t.Fatalf("document by document %v, was %v\n%s", got, x.Decision, describe(l, r))
		}
	}
}

// referenceAsOf draws the service facts of a day: before RCPs, or before some services had
// them.
func referenceAsOf(t *rapid.T) *serviceref.Reference {
	day := rapid.SampledFrom([]string{"2024-11-12", "2024-11-13", "2025-06-20", "2026-01-31", "2026-06-01", serviceref.Embedded().Date()}).Draw(t, "as of")
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return serviceref.Embedded().AsOf(at)
}

// R-RCP-3: where the facts of a day do not tell whether RCPs reached a service, a decision
// that depends on it is indeterminate.
func TestUnknownReachOfRCPs(t *testing.T) {
	open := 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		l.Facts = referenceAsOf(t)
		for range *perWorld {
			r := gen.Request(t)
			if rapid.Bool().Draw(t, "of an uncertain service") {
				r.Action = rapid.SampledFrom([]policy.Action{"dynamodb:GetItem", "logs:CreateLogStream", "wafv2:GetWebACL"}).Draw(t, "action")
			}
			env, req := fromSpec(t, l, r, simulate.WithStrictKeys(), simulate.WithReference(l.Facts))
			lr := l
			lr.Session = r.SessionPolicies
			possible := spec.Possible(lr, r)
			x := env.Explain(req)
			got := env.Can(req)
			want := outcome(possible[0])
			if len(possible) == 2 && possible[0] != possible[1] {
				want = simulate.Indeterminate
				open++
				if len(x.Depends) == 0 || !got.CanBe(outcome(possible[0])) || !got.CanBe(outcome(possible[1])) {
					t.Fatalf("%v can be %v and depends on %v", got, x.Possible, x.Depends)
				}
			}
			if got.Outcome != want || x.Decision != got {
				t.Fatalf("got %v (explained %v) want %v on %s\n%s\nrules %v", got, x.Decision, want, l.Facts.Day(), describe(l, r), x.Rules)
			}
		}
	})
	if open == 0 {
		t.Error("nothing depended on the reach of RCPs")
	}
}

// Can is the oracle, in whole organizations.
func TestOrganizationIsSpec(t *testing.T) {
	rapid.Check(t, organizationIsSpec)
}

func organizationIsSpec(t *rapid.T) {
	s := gen.Organization(t)
	o, err := org.New(s)
	if err != nil {
		t.Fatalf("organization: %v", err)
	}
	env, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	apart, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	apart.Unmerge()
	for range *perWorld {
		r := gen.OrgRequest(t)
		req := simulateRequest(t, r, false)
		got := env.Can(req)
		x := env.Explain(req)
		if x.Decision != got {
			t.Fatalf("explained %v, decided %v", x.Decision, got)
		}
		if d := apart.Can(req); d != got {
			t.Fatalf("document by document %v, was %v", d, got)
		}
		if got.Outcome == simulate.Indeterminate && len(x.Depends) == 0 {
			t.Fatalf("%v depends on nothing", got)
		}
		want, err := spec.DecideOrg(s, r)
		if err != nil { // the oracle has no answer where something is not in the model
			if got.Outcome == simulate.Allowed && !strings.EqualFold(string(r.Action), "sts:GetCallerIdentity") && !strings.EqualFold(string(r.Action), "sts:GetSessionToken") {
				t.Fatalf("allowed, but the oracle says: %v", err)
			}
			continue
		}
		if got.Outcome == simulate.Indeterminate && got.CanBe(outcome(want)) && dependsOnCaller(x) {
			continue // the oracle takes a session or an ID that nobody named for none
		}
		if got.Outcome != outcome(want) {
			l, r2, _ := spec.FromOrg(s, r)
			t.Fatalf("got %v want %v\n%s\nrules %v", got, outcome(want), describe(l, r2), x.Rules)
		}
	}
}

// A decision that is certain is the strict decision for every value of the keys that were
// not given.
func TestCertainIsCertain(t *testing.T) {
	named, unnamed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		for range *perWorld / 2 {
			r := gen.Request(t)
			hidden := slices.Sorted(maps.Keys(r.Context))
			if len(hidden) == 0 {
				continue
			}
			key := rapid.SampledFrom(hidden).Draw(t, "hidden")
			open := r
			open.Context = map[string][]string{}
			for name, values := range r.Context {
				if name != key {
					open.Context[name] = values
				}
			}
			env, req := fromSpec(t, l, open, simulate.WithStrictKeys())
			req.Keys = req.Keys.WithUnknown(key)
			got := env.Can(req)
			lr := l
			lr.Session = r.SessionPolicies
			seen := map[simulate.Outcome]bool{}
			for _, values := range append(gen.Values(key), nil) {
				try := open
				try.Context = map[string][]string{key: values}
				for name, v := range open.Context {
					try.Context[name] = v
				}
				o := outcome(spec.Decide(lr, try))
				seen[o] = true
				if !got.CanBe(o) {
					t.Fatalf("%v, but %v with %s = %q\n%s", got, o, key, values, describe(l, open))
				}
			}
			if got.Outcome == simulate.Indeterminate {
				if len(seen) > 1 {
					named++
				} else {
					unnamed++
				}
				names := func(d simulate.Dependency) bool { return strings.EqualFold(d.Name, key) }
				if !slices.ContainsFunc(env.Explain(req).Depends, names) {
					t.Fatalf("indeterminate, but %s is not named\n%s", key, describe(l, open))
				}
			}
		}
	})
	t.Logf("indeterminate decisions: %d where the key decides, %d where it does not for the values tried", named, unnamed)
	if named == 0 {
		t.Error("no indeterminate decision was drawn")
	}
}

// Statement order and repetition do not matter; adding a Deny never adds access.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		if len(l.Identity) == 0 {
			l.Identity = []*policy.Document{gen.Document(t, policy.IdentityBased)}
		}
		deny := gen.Document(t, policy.IdentityBased)
		var denials []policy.Statement
		for _, s := range deny.Statements() {
			s.Effect = policy.Deny
			denials = append(denials, s)
		}
		reversed := l
		reversed.Identity = slices.Clone(l.Identity)
		var list []policy.Statement
		for _, s := range l.Identity[0].Statements() {
			list = append([]policy.Statement{s, s}, list...)
		}
		if l.Identity[0].Version() == policy.Version2012 {
			reversed.Identity[0] = policy.Must(policy.NewDocument(list...))
		}
		slices.Reverse(reversed.Identity)
		denied := l
		denied.Identity = append(slices.Clone(l.Identity), policy.Must(policy.NewDocument(denials...)))
		fewer := l
		fewer.SCPs = slices.Clone(l.SCPs)
		if len(fewer.SCPs) > 0 && len(fewer.SCPs[0]) > 0 {
			fewer.SCPs[0] = fewer.SCPs[0][1:]
		}
		for range *perWorld / 4 {
			r := gen.Request(t)
			env, req := fromSpec(t, l, r)
			d := env.Can(req)
			env2, _ := fromSpec(t, reversed, r)
			if got := env2.Can(req); got.Outcome != d.Outcome {
				t.Fatalf("reversed and repeated: %v, was %v\n%s", got, d, describe(l, r))
			}
			env3, _ := fromSpec(t, denied, r)
			if got := env3.Can(req); got.CanBe(simulate.Allowed) && !d.CanBe(simulate.Allowed) {
				t.Fatalf("a Deny added access: %v, was %v\n%s", got, d, describe(l, r))
			}
			if len(l.SCPs) > 0 && len(l.SCPs[0]) > 0 && onlyAllows(l.SCPs[0][0]) {
				env4, _ := fromSpec(t, fewer, r)
				if got := env4.Can(req); got.CanBe(simulate.Allowed) && !d.CanBe(simulate.Allowed) {
					t.Fatalf("detaching an SCP's Allow added access: %v, was %v\n%s", got, d, describe(l, r))
				}
			}
		}
	})
}

func dependsOnCaller(x *simulate.Explanation) bool {
	return slices.ContainsFunc(x.Depends, func(d simulate.Dependency) bool { return d.Kind == simulate.DependsOnCaller })
}

func onlyAllows(d *policy.Document) bool {
	for _, s := range d.Statements() {
		if s.Effect == policy.Deny {
			return false
		}
	}
	return true
}

func FuzzCanIsSpec(f *testing.F) { f.Fuzz(rapid.MakeFuzz(canIsSpec)) }

func FuzzOrganizationIsSpec(f *testing.F) { f.Fuzz(rapid.MakeFuzz(organizationIsSpec)) }

// fataler is what *rapid.T and *testing.T have in common.
type fataler interface {
	Fatalf(format string, args ...any)
}

// In an organization, keys that nobody gave are unknown: a certain decision stays what it
// is, whatever they turn out to be.
func TestUnknownKeysInOrganizations(t *testing.T) {
	open := []string{"aws:SourceIp", "aws:CurrentTime", "aws:RequestedRegion", "s3:prefix", "app:blob"}
	undecided := 0
	rapid.Check(t, func(t *rapid.T) {
		s := gen.Organization(t)
		o, err := org.New(s)
		if err != nil {
			t.Fatalf("organization: %v", err)
		}
		env, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		for range *perWorld {
			r := gen.OrgRequest(t)
			for _, key := range open {
				r.Context[key] = rapid.SampledFrom(gen.Values(key)).Draw(t, key)
			}
			if r.Context["aws:SourceVpce"] != nil {
				delete(r.Context, "aws:SourceIp") // never sent through an endpoint
			}
			hidden := r
			hidden.Context = map[string][]string{}
			for _, name := range slices.Sorted(maps.Keys(r.Context)) {
				values := r.Context[name]
				// The model derives the region of these; another one would contradict it.
				derived := name == "aws:RequestedRegion" && (strings.EqualFold(r.Action.Service(), "iam") || strings.Contains(r.Resource, "-1:"))
				if !slices.Contains(open, name) || derived || rapid.Bool().Draw(t, "given") {
					hidden.Context[name] = values
				}
			}
			// What is absent here is unknown there: say that it is absent.
			for _, key := range gen.Keys() {
				if _, ok := r.Context[key]; !ok && key != "aws:SourceIp" {
					hidden.Context[key] = nil
				}
			}
			want, err := spec.DecideOrg(s, complete(r, hidden))
			if err != nil {
				continue
			}
			got := env.Can(simulateRequest(t, hidden, false))
			if !got.CanBe(outcome(want)) {
				l, r2, _ := spec.FromOrg(s, r)
				t.Fatalf("%v, but %v when all is known\nhidden %v\n%s", got, outcome(want), hidden.Context, describe(l, r2))
			}
			if got.Outcome == simulate.Indeterminate {
				undecided++
			}
		}
	})
	if undecided == 0 {
		t.Error("no indeterminate decision was drawn")
	}
}

// complete is the request with all keys known, and absent what the hidden one says is
// absent.
func complete(r, hidden spec.Request) spec.Request {
	out := r
	out.Context = map[string][]string{}
	for name, values := range hidden.Context {
		out.Context[name] = values
	}
	for name, values := range r.Context {
		out.Context[name] = values
	}
	return out
}
