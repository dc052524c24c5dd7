package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// changed is an organization with one drawn edit.
func changed(t *rapid.T, s org.Spec) org.Spec {
	a := &s.Accounts[rapid.IntRange(0, len(s.Accounts)-1).Draw(t, "account")]
	inline := func(list []org.InlinePolicy) []org.InlinePolicy {
		list = slices.Clone(list)
		if len(list) > 0 && rapid.Bool().Draw(t, "drop") {
			return list[1:]
		}
		return append(list, org.InlinePolicy{Name: "new", Document: gen.Document(t, policy.IdentityBased)})
	}
	switch rapid.IntRange(0, 6).Draw(t, "edit") {
	case 0:
		if len(a.Users) > 0 {
			a.Users[0].Inline = inline(a.Users[0].Inline)
		}
	case 1:
		if len(a.Roles) > 0 {
			a.Roles[0].Inline = inline(a.Roles[0].Inline)
		}
	case 2:
		for i := range a.Users {
			a.Users[i].Boundary = policy.ARN{}
		}
		for i := range a.Roles {
			a.Roles[i].Boundary = policy.ARN{}
		}
	case 3:
		if len(s.ControlPolicies) > 0 {
			p := &s.ControlPolicies[rapid.IntRange(0, len(s.ControlPolicies)-1).Draw(t, "control policy")]
			if p.Kind != 0 && p.Document != nil {
				p.Document = gen.Document(t, p.Kind)
			}
		}
	case 4:
		if len(a.Resources) > 0 {
			r := &a.Resources[rapid.IntRange(0, len(a.Resources)-1).Draw(t, "resource")]
			r.Policy = gen.Document(t, policy.ResourceBased)
		}
	case 5:
		if len(a.Roles) > 0 {
			a.Roles[rapid.IntRange(0, len(a.Roles)-1).Draw(t, "role")].Trust = gen.Document(t, policy.RoleTrust)
		}
	case 6:
		if len(a.Users) > 0 {
			a.Users[0].Tags = map[string]string{"team": rapid.SampledFrom([]string{"a", "dev"}).Draw(t, "tag")}
		}
	}
	return s
}

// changedOrganization is one organization and what a change made of it, or the other way round.
func changedOrganization(t *rapid.T) (before, after *org.Organization) {
	before, err := org.New(gen.Organization(t))
	if err != nil {
		t.Skip(err)
	}
	if after, err = org.New(changed(t, before.Spec())); err != nil {
		t.Skip(err)
	}
	if rapid.Bool().Draw(t, "back") {
		return after, before
	}
	return before, after
}

// somebody is a user or role of the organization.
func somebody(t *rapid.T, o *org.Organization) policy.Principal {
	var list []policy.Principal
	for a := range o.Accounts() {
		for _, u := range a.Users {
			list = append(list, policy.PrincipalFromARN(u.ARN))
		}
		for _, r := range a.Roles {
			list = append(list, policy.PrincipalFromARN(r.ARN))
		}
	}
	if len(list) == 0 {
		t.Skip("nobody")
	}
	return rapid.SampledFrom(list).Draw(t, "principal")
}

// TestStackProofsHold: what no principal gains by a change of an organization, no request shows;
// and what a principal keeps with another one, neither.
func TestStackProofsHold(t *testing.T) {
	var count [3]int
	asked, allowed := 0, 0
	reasons := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		before, after := changedOrganization(t)
		was, is := compiled(t, before), compiled(t, after)
		var principals []policy.Principal
		for a := range before.Accounts() {
			for _, u := range a.Users {
				principals = append(principals, policy.PrincipalFromARN(u.ARN))
			}
			for _, r := range a.Roles {
				principals = append(principals, policy.PrincipalFromARN(r.ARN))
				if s, err := policy.ParseARN("arn:" + r.ARN.Partition() + ":sts::" + a.ID + ":assumed-role/" + policy.PrincipalFromARN(r.ARN).Name() + "/s"); err == nil {
					principals = append(principals, policy.PrincipalFromARN(s))
				}
			}
		}
		if len(principals) == 0 {
			t.Skip("nobody")
		}
		p := rapid.SampledFrom(principals).Draw(t, "principal")
		to := rapid.SampledFrom(principals).Draw(t, "other principal")
		same := rapid.IntRange(0, 3).Draw(t, "same") > 0
		var r check.Result
		var err error
		if same {
			r, err = check.NoGainedAccess(context.Background(), was, is, p)
		} else {
			r, err = check.NoLostAccess(context.Background(), was, is, p, to)
		}
		if err != nil {
			t.Fatal(err)
		}
		count[r.Verdict]++
		if r.Verdict == check.Unknown {
			reasons[fmt.Sprint(same, " ", r.Reason)]++
		}
		if r.Verdict != check.Pass {
			return
		}
		for range 40 {
			q := gen.OrgRequest(t)
			keys := map[string][]string{}
			for name, values := range q.Context {
				low := strings.ToLower(name)
				own := strings.HasPrefix(low, "aws:principal") || strings.HasPrefix(low, "aws:user") && low != "aws:useragent" || strings.HasPrefix(low, "aws:multi") ||
					strings.HasPrefix(low, "saml:") || low == "aws:tokenissuetime" || low == "aws:sourceidentity" || low == "aws:federatedprovider" || low == "kms:calleraccount" || low == "aws:assumedroot"
				if own && same { // what nobody knows of the caller, a request may say
					bare := simulate.Request{Principal: p, Action: q.Action}
					_, then := was.KeyRange(bare, name)
					_, now := is.KeyRange(bare, name)
					own = then != simulate.KeyUnknown || now != simulate.KeyUnknown
				}
				if !own && low != "aws:sourcevpce" && low != "aws:resourceaccount" {
					keys[name] = values
				}
			}
			request := simulate.Request{Principal: p, Action: q.Action, Keys: simulate.KeysFrom(keys).WithMultivalued(q.Multivalued...)}
			if q.Resource != "" && q.Resource != "*" {
				request.Resource = policy.MustParseARN(q.Resource)
			}
			if len(keys) != len(keysOf(request.Keys)) {
				continue
			}
			if name := strings.ToLower(string(q.Action)); !same && (name == "sts:getsessiontoken" || name == "sts:getfederationtoken" || strings.HasPrefix(name, "sts:assumerole")) {
				continue
			}
			asked++
			holds, lacks := is, was
			other := request
			if !same {
				holds, lacks = was, is
				other.Principal = to
			}
			if !holds.Can(request).Allowed() {
				continue
			}
			allowed++
			if d := lacks.Can(other); !d.Allowed() && d.Outcome != simulate.Indeterminate {
				show := func(e *simulate.Environment, r simulate.Request) {
					at := e.Standing(r)
					t.Logf("%+v", at)
				}
				show(holds, request)
				show(lacks, other)
				t.Fatalf("a wrong proof: %s can %s on %s with %v, and %s is %s", p, request.Action, request.Resource, keys, other.Principal, d)
			}
		}
	})
	for reason, n := range reasons {
		t.Logf("%d unknown: %s", n, reason)
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], asked, allowed)
}

func keysOf(k simulate.Keys) (out []string) {
	for name := range k.All() {
		out = append(out, name)
	}
	return out
}

func compiled(t *rapid.T, o *org.Organization) *simulate.Environment {
	e, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	return e
}
