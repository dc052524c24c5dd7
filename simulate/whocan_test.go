package simulate_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// WhoCan is Can for every principal, and whoever may be allowed is among its callers.
func TestWhoCanIsCan(t *testing.T) {
	members, outside := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		o, err := org.New(gen.Organization(t))
		if err != nil {
			t.Fatalf("organization: %v", err)
		}
		env, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		var principals []policy.Principal
		for a := range o.Accounts() {
			for _, u := range a.Users {
				principals = append(principals, policy.PrincipalFromARN(u.ARN))
			}
			for _, r := range a.Roles {
				principals = append(principals, policy.PrincipalFromARN(r.ARN))
			}
			principals = append(principals, parsePrincipal("arn:aws:iam::"+a.ID+":root"))
		}
		for range *perWorld / 4 {
			r := simulateRequest(t, gen.OrgRequest(t), false)
			r.Session = nil
			callers, err := env.WhoCan(context.Background(), simulate.Query{Action: r.Action, Resource: r.Resource, Keys: r.Keys})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range principals {
				ask := r
				ask.Principal = p
				d := env.Can(ask)
				i := slices.IndexFunc(callers, func(c simulate.Caller) bool { return c.Principal == p })
				if d.Denied() != (i < 0) || i >= 0 && callers[i].Decision != d {
					t.Fatalf("%v %v of %v: %v, but who can: %v", p, r.Action, r.Resource, d, callers)
				}
				if i >= 0 {
					members++
				}
			}
			_, member := o.Account(r.Principal.AccountID())
			unknown := member && slices.ContainsFunc(env.Explain(r).Depends, func(d simulate.Dependency) bool { return d.Kind == simulate.DependsOnCaller })
			if d := env.Can(r); !d.Denied() && !unknown && !slices.Contains(principals, r.Principal) {
				outside++
				if !slices.ContainsFunc(callers, func(c simulate.Caller) bool { return stands(o, c, r.Principal) && c.Decision.CanBe(simulate.Allowed) }) {
					role, _ := o.Role(r.Resource)
					res, _ := o.Resource(r.Resource)
					t.Fatalf("%v %v of %v is %v, but who can: %v\n%v\n%v\n%v %v", r.Principal, r.Action, r.Resource, d, callers, role.Trust, res.Policy, slices.Collect(o.Gaps()), env.Requires(r))
				}
			}
		}
	})
	t.Logf("%d members, %d others", members, outside)
	require.NotZero(t, members)
	require.NotZero(t, outside)
}

// stands reports whether the answer covers the principal.
func stands(o *org.Organization, c simulate.Caller, p policy.Principal) bool {
	_, member := o.Account(p.AccountID())
	switch {
	case c.Principal == p:
		return true
	case p.AccountID() != "" && c.Principal.AccountID() == p.AccountID() && c.Principal.Kind() == policy.Root:
		return true
	case member:
		return c.Principal.AccountID() == p.AccountID() && c.Principal.Name() == p.Name() // the role of a session
	case p.AccountID() != "":
		return c.Type == simulate.CallerExternal && !c.Principal.IsValid()
	}
	return !c.Principal.IsValid() && (c.Type == simulate.CallerService && p.Kind() == policy.Service || c.Type == simulate.CallerFederated && p.Kind() == policy.WebIdentity)
}

// Principals of other accounts are not of the organization, so that they do not meet a
// condition which asks for it; they may be of another one that a policy names.
func TestWhoCanOutside(t *testing.T) {
	for _, test := range []struct {
		organizations string
		want          string // of the external caller; "": none
	}{
		{`"o-a1b2c3d4e5"`, ""},
		{`["o-a1b2c3d4e5", "o-partner0000"]`, "perhaps StringEquals aws:PrincipalOrgID [o-a1b2c3d4e5 o-partner0000]"},
	} {
		s := exampleOrganization().Spec()
		s.Accounts[0].Resources = append(s.Accounts[0].Resources, org.Resource{
			ARN: policy.MustParseARN("arn:aws:s3:::logs"),
			Policy: policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*",
			  "Condition": {"StringEquals": {"aws:PrincipalOrgID": ` + test.organizations + `}}}}`))),
		})
		o, err := org.New(s)
		require.NoError(t, err)
		env, err := simulate.Compile(o)
		require.NoError(t, err)
		callers, err := env.WhoCan(context.Background(), simulate.Query{
			Action: "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::logs/a"), Types: []simulate.CallerType{simulate.CallerExternal},
		})
		require.NoError(t, err)
		got := ""
		for _, c := range callers {
			got = c.Requires.String()
		}
		require.Equal(t, test.want, got, test.organizations)
	}
}

// Whom a Deny spares by NotPrincipal is a caller like one whom an Allow names.
func TestWhoCanNotPrincipal(t *testing.T) {
	const (
		session = "arn:aws:sts::111122223333:assumed-role/app/backup"
		partner = "arn:aws:iam::444455556666:user/partner"
		service = "logs.amazonaws.com"
	)
	spared := policy.Statement{
		Effect: policy.Deny, Action: policy.List("s3:*"), Resource: policy.List("*"),
		NotPrincipal: awsEntries(session, appRole, homeRoot, partner, "arn:aws:iam::444455556666:root").And(policy.ServicePrincipalType, service),
	}
	all := policy.Statement{Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*")}
	o, err := org.Standalone(org.Account{
		ID:        homeAccount,
		Roles:     []org.Role{{ARN: policy.MustParseARN(appRole), Trust: oneStatement(policy.Statement{Effect: policy.Allow, Principal: awsEntries(homeAccount), Action: policy.List("sts:AssumeRole")})}},
		Resources: []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: oneStatement(all, spared)}},
	})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	r := simulate.Request{Action: "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::logs/a")}
	callers, err := env.WhoCan(context.Background(), simulate.Query{Action: r.Action, Resource: r.Resource})
	require.NoError(t, err)
	for name, typ := range map[string]simulate.CallerType{session: simulate.CallerRole, partner: simulate.CallerExternal, service: simulate.CallerService} {
		r.Principal = parsePrincipal(name)
		i := slices.IndexFunc(callers, func(c simulate.Caller) bool { return c.Principal == r.Principal })
		require.GreaterOrEqual(t, i, 0, "%s is not among %v", name, callers)
		require.Equal(t, typ, callers[i].Type, name)
		require.Equal(t, env.Can(r), callers[i].Decision, name)
		require.False(t, callers[i].Decision.Denied(), name)
	}
	require.False(t, slices.ContainsFunc(callers, func(c simulate.Caller) bool { return c.Type == simulate.CallerAnonymous }), "%v", callers)
}
