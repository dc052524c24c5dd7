package org_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func TestSpecIsCanonical(t *testing.T) {
	o := mustNew(t, sample())
	got := o.Spec()
	require.Equal(t, []string{prod, dev, mgmt}, []string{got.Accounts[0].ID, got.Accounts[1].ID, got.Accounts[2].ID})
	require.Equal(t, []policy.Kind{policy.ServiceControl, policy.ResourceControl}, got.Root.PolicyTypes)
	require.Equal(t, []string{org.FullAWSAccess, org.RCPFullAWSAccess}, got.Root.Attached)
	require.Equal(t, workload, got.Root.OUs[0].ID)
	require.Equal(t, []string{org.FullAWSAccess, "p-regions", "p-secret"}, got.Root.OUs[0].Attached)
	require.Equal(t, "p-perimeter", got.ControlPolicies[0].ID)
	require.Equal(t, "ec2", got.Accounts[0].Users[0].Inline[0].Name)
	require.Equal(t, "arn:aws:iam::444455556666:*", got.Gaps[0].Subject)

	again := mustNew(t, got)
	require.True(t, again.Equal(o))
	require.Empty(t, specDiff(got, again.Spec()), "the same order and the same documents")
}

func TestDocumentsKeepTheirIdentity(t *testing.T) {
	o := mustNew(t, sample())
	o, err := o.Apply(org.RemoveEndpoint("vpce-0a"))
	require.NoError(t, err)
	u, _ := o.User(ana)
	m, _ := o.ManagedPolicy(readARN)
	require.Same(t, readLogs, u.Inline[1].Document)
	require.Same(t, readLogs, m.Document)
	require.Same(t, readLogs, o.Spec().Accounts[0].Policies[0].Document)
}

func TestImmutable(t *testing.T) {
	in := sample()
	o := mustNew(t, in)
	want := mustNew(t, sample())
	scribble(&in)
	require.True(t, o.Equal(want), "New keeps nothing of its argument")
	out := o.Spec()
	scribble(&out)
	require.True(t, o.Equal(want), "Spec is a copy")
	for a := range o.Accounts() {
		scribble(&org.Spec{Accounts: []org.Account{a}})
	}
	a, _ := o.Account(prod)
	scribble(&org.Spec{Accounts: []org.Account{a}})
	u, _ := o.User(ana)
	u.Tags["team"], u.Attached[0], u.Groups[0], u.Inline[0] = "", ec2Full, "", org.InlinePolicy{}
	g, _ := o.Group(admins)
	g.Attached[0], g.Inline[0] = readARN, org.InlinePolicy{}
	r, _ := o.Role(app)
	r.Attached[0], r.Inline[0], r.Tags["app"] = ec2Full, org.InlinePolicy{}, ""
	b, _ := o.Resource(bucket)
	b.Tags["data"] = ""
	o.Path(prod)[0] = ""
	require.True(t, o.Equal(want), "accessors return copies")
}

func TestChangesAreImmutable(t *testing.T) {
	o := mustNew(t, sample())
	u, _ := o.User(ana)
	a, _ := o.Account(dev)
	ou := org.OU{ID: "ou-new", Attached: []string{org.FullAWSAccess}}
	changes := []org.Change{org.PutUser(u), org.PutAccount("", a), org.PutOU(sandbox, ou)}
	want, err := o.Apply(changes...)
	require.NoError(t, err)
	before := o.Spec()
	u.Tags["team"], u.Groups[0] = "x", "x"
	scribble(&org.Spec{Accounts: []org.Account{a}})
	ou.Attached[0] = "p-x"
	got, err := o.Apply(changes...)
	require.NoError(t, err)
	require.True(t, got.Equal(want))
	require.Empty(t, specDiff(before, o.Spec()), "Apply leaves the organization alone")
}

// scribble overwrites everything that is reached through a slice or map.
func scribble(s *org.Spec) {
	clear(s.Root.PolicyTypes)
	clear(s.Root.Attached)
	clear(s.Root.Accounts)
	for i := range s.Root.OUs {
		clear(s.Root.OUs[i].Attached)
		clear(s.Root.OUs[i].Accounts)
		clear(s.Root.OUs[i].OUs)
	}
	clear(s.Root.OUs)
	clear(s.ControlPolicies)
	for _, a := range s.Accounts {
		clear(a.Attached)
		for _, u := range a.Users {
			clear(u.Groups)
			clear(u.Attached)
			clear(u.Inline)
			clear(u.Tags)
		}
		clear(a.Users)
		for _, g := range a.Groups {
			clear(g.Attached)
			clear(g.Inline)
		}
		clear(a.Groups)
		for _, r := range a.Roles {
			clear(r.Attached)
			clear(r.Inline)
			clear(r.Tags)
		}
		clear(a.Roles)
		clear(a.Policies)
		for _, r := range a.Resources {
			clear(r.Tags)
		}
		clear(a.Resources)
		clear(a.Endpoints)
		clear(a.Tags)
	}
	clear(s.Accounts)
	clear(s.Gaps)
}

func TestLookups(t *testing.T) {
	o := mustNew(t, sample())
	require.Equal(t, "o-a1b2c3d4e5", o.ID())
	require.Equal(t, mgmt, o.ManagementAccount())

	var names []string
	for a := range o.Accounts() {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"production", "development", "management"}, names)

	for a, want := range map[policy.ARN]string{ana: prod, admins: prod, app: prod, readARN: prod, ec2Full: prod, bucket: prod, queue: dev, devRole: dev} {
		got, ok := o.ResourceAccount(a)
		require.True(t, ok, a)
		require.Equal(t, want, got, a)
	}
	_, ok := o.User(app)
	require.False(t, ok, "a role is not a user")
	_, ok = o.Resource(arn("arn:aws:s3:::other"))
	require.False(t, ok)
	_, ok = o.ResourceAccount(policy.ARN{})
	require.False(t, ok)
	e, ok := o.Endpoint("vpce-0a")
	require.True(t, ok)
	require.Equal(t, "vpc-1", e.VPC)
	id, ok := o.EndpointAccount("vpce-0a")
	require.True(t, ok)
	require.Equal(t, prod, id)
	c, ok := o.ControlPolicy("p-regions")
	require.True(t, ok)
	require.Same(t, regions, c.Document)
	c, ok = o.ControlPolicy(org.RCPFullAWSAccess)
	require.True(t, ok, "built in")
	require.Equal(t, policy.ResourceControl, c.Kind)
	require.NoError(t, c.Document.CheckKind(c.Kind))
	_, ok = o.ControlPolicy("p-secret")
	require.False(t, ok)
	require.Len(t, slices.Collect(o.Gaps()), 2)
}

func TestZeroOrganizationIsEmpty(t *testing.T) {
	var o org.Organization
	require.Empty(t, slices.Collect(o.Accounts()))
	require.Nil(t, o.Path("r-ab12"))
	_, ok := o.Account(prod)
	require.False(t, ok)
	require.True(t, o.Equal(mustNew(t, org.Spec{})))
}

func TestEqual(t *testing.T) {
	o := mustNew(t, sample())
	var none *org.Organization
	require.False(t, o.Equal(none))
	require.True(t, none.Equal(nil))
	spaced := sample()
	spaced.ControlPolicies[0].Document = policy.Must(policy.Parse(regions.Indent()))
	require.True(t, o.Equal(mustNew(t, spaced)), "white space does not matter")
	for name, edit := range map[string]func(s *org.Spec){
		"organization":   func(s *org.Spec) { s.ID = "o-other" },
		"OU name":        func(s *org.Spec) { s.Root.OUs[1].OUs[0].Name = "x" },
		"tree":           func(s *org.Spec) { s.Root.Accounts, s.Root.OUs[0].Accounts = []string{mgmt, dev}, nil },
		"document":       func(s *org.Spec) { s.Accounts[1].Users[0].Inline[0].Document = fullEC2 },
		"trust":          func(s *org.Spec) { s.Accounts[2].Roles[0].Trust = trustEC2 },
		"tag":            func(s *org.Spec) { s.Accounts[1].Tags["stage"] = "test" },
		"boundary":       func(s *org.Spec) { s.Accounts[1].Users[0].Boundary = policy.ARN{} },
		"resource":       func(s *org.Spec) { s.Accounts[2].Resources[0].Policy = bucketPolicy },
		"abac":           func(s *org.Spec) { s.Accounts[1].Resources[0].ABAC = false },
		"endpoint":       func(s *org.Spec) { s.Accounts[1].Endpoints[0].Gateway = false },
		"group":          func(s *org.Spec) { s.Accounts[1].Groups[0].Attached = nil },
		"managed policy": func(s *org.Spec) { s.Accounts[1].Policies[1].Document = fullEC2 },
		"gap":            func(s *org.Spec) { s.Gaps[1].Reason = "x" },
	} {
		s := sample()
		edit(&s)
		require.False(t, o.Equal(mustNew(t, s)), name)
	}
}

func TestConcurrentReads(t *testing.T) {
	o := mustNew(t, sample())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				for a := range o.Accounts() {
					for range o.Inherited(a.ID, policy.ServiceControl) {
					}
				}
				o.User(ana)
				o.Spec()
				if _, err := o.Apply(org.DetachControlPolicy("p-regions", workload)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestPathAndNames(t *testing.T) {
	o := mustNew(t, sample())
	require.Equal(t, []string{"r-ab12", workload, "ou-ab12-33333333", prod}, o.Path(prod))
	require.Equal(t, []string{"r-ab12", workload}, o.Path(workload))
	require.Equal(t, []string{"r-ab12"}, o.Path("r-ab12"))
	require.Equal(t, []string{"r-ab12", mgmt}, o.Path(mgmt))
	require.Nil(t, o.Path("123456789012"))
	require.Equal(t, "Production", o.NodeName("ou-ab12-33333333"))
	require.Equal(t, "production", o.NodeName(prod))
	require.Equal(t, "Root", o.NodeName("r-ab12"))
	require.Empty(t, o.NodeName("ou-none"))

	alone, err := org.Standalone(org.Account{ID: prod, Name: "alone"})
	require.NoError(t, err)
	require.Nil(t, alone.Path(prod))
	require.Equal(t, "alone", alone.NodeName(prod))
	require.False(t, alone.PolicyTypeEnabled(policy.ServiceControl))
}

func TestInherited(t *testing.T) {
	type row struct {
		Node, Policy string
		Kind         policy.Kind
		Known        bool
	}
	inherited := func(o *org.Organization, id string, k policy.Kind) (out []row) {
		for node, p := range o.Inherited(id, k) {
			out = append(out, row{node, p.ID, p.Kind, p.Document != nil})
		}
		return out
	}
	o := mustNew(t, sample())
	want := []row{
		{"r-ab12", org.FullAWSAccess, policy.ServiceControl, true},
		{workload, org.FullAWSAccess, policy.ServiceControl, true},
		{workload, "p-regions", policy.ServiceControl, true},
		{workload, "p-secret", 0, false}, // a gap: may be of either kind
		{"ou-ab12-33333333", org.FullAWSAccess, policy.ServiceControl, true},
		{prod, org.FullAWSAccess, policy.ServiceControl, true},
	}
	require.Empty(t, cmp.Diff(want, inherited(o, prod, policy.ServiceControl)))
	want = []row{
		{"r-ab12", org.RCPFullAWSAccess, policy.ResourceControl, true},
		{workload, "p-secret", 0, false},
		{prod, "p-perimeter", policy.ResourceControl, true},
	}
	require.Empty(t, cmp.Diff(want, inherited(o, prod, policy.ResourceControl)))
	require.Empty(t, inherited(o, "no-such", policy.ServiceControl))
	require.Empty(t, inherited(o, prod, policy.IdentityBased))
	for range o.Inherited(prod, policy.ServiceControl) {
		break
	}

	o, err := o.Apply(org.DisablePolicyType(policy.ResourceControl))
	require.NoError(t, err)
	require.Equal(t, row{workload, "p-secret", policy.ServiceControl, false}, inherited(o, prod, policy.ServiceControl)[3], "only one kind is left")
	require.Empty(t, inherited(o, prod, policy.ResourceControl))
}

func TestAccountsKnownOnlyByAGap(t *testing.T) {
	s := sample()
	s.Accounts = s.Accounts[:2]
	s.Gaps = append(s.Gaps, org.Gap{Subject: dev, What: org.GapEverything})
	o := mustNew(t, s)
	require.Equal(t, []string{"r-ab12", sandbox, dev}, o.Path(dev))
	_, ok := o.Account(dev)
	require.False(t, ok)
}
