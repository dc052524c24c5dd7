package simulate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func drawEnvironment(t *rapid.T, opts ...simulate.Option) *simulate.Environment {
	o, err := org.New(gen.Organization(t))
	if err != nil {
		t.Fatalf("organization: %v", err)
	}
	env, err := simulate.Compile(o, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func drawRequests(t *rapid.T) []simulate.Request {
	var out []simulate.Request
	for range *perWorld {
		out = append(out, simulateRequest(t, gen.OrgRequest(t), false))
	}
	return out
}

// Diff is what Can and Requires say on both sides: nothing for the same environment, and
// the reverse the other way round.
func TestDiffLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawEnvironment(t), drawEnvironment(t)
		requests := drawRequests(t)
		diff := func(before, after *simulate.Environment) []simulate.Delta {
			out, err := simulate.Diff(context.Background(), before, after, slices.Values(requests))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if same := diff(a, a); len(same) > 0 {
			t.Fatalf("differs from itself: %v", same[0])
		}
		there, back := diff(a, b), diff(b, a)
		if len(there) != len(back) {
			t.Fatalf("%d there, %d back", len(there), len(back))
		}
		opposite := map[simulate.DeltaKind]simulate.DeltaKind{simulate.DeltaGained: simulate.DeltaLost, simulate.DeltaLost: simulate.DeltaGained}
		total := 0
		for _, all := range requests {
			requests = []simulate.Request{all}
			before, after := a.Can(all), b.Can(all)
			one, reverse := diff(a, b), diff(b, a)
			total += len(one)
			sure := before.Outcome != simulate.Indeterminate || after.Outcome != simulate.Indeterminate
			switch {
			case len(one) == 0 && before.Outcome != after.Outcome, len(one) != len(reverse), len(one) == 1 && sure && before.Outcome == after.Outcome:
				t.Fatalf("%v: %v, %v: %d differences, %d back", all, before, after, len(one), len(reverse))
			case len(one) == 0:
				continue
			}
			d, e := one[0], reverse[0]
			if d.Before != before || d.After != after || e.Before != after || e.After != before {
				t.Fatalf("%v: got %v, %v want %v, %v", all, d.Before, d.After, before, after)
			}
			if want, ok := opposite[d.Kind()]; ok && e.Kind() != want || !ok && e.Kind() != d.Kind() {
				t.Fatalf("%v there, %v back", d.Kind(), e.Kind())
			}
		}
		if total != len(there) {
			t.Fatalf("%d differences together, %d one by one", len(there), total)
		}
	})
}

// scopeOfGen are the actions of generated policies and requests, with some that nothing names.
var scopeOfGen = simulate.Scope{Actions: []string{"s3:*Object", "s3:ListBucket", "sqs:*", "kms:*crypt", "kms:Desc*", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:PassRole", "ec2:DescribeInstances"}}

// In random organizations, too, the affected scope finds what a full enumeration finds,
// and each row is what Can says of its example.
func TestAffectedLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var opts []simulate.Option
		if rapid.Bool().Draw(t, "strict") {
			opts = append(opts, simulate.WithStrictKeys())
		}
		before, after := drawEnvironment(t, opts...), drawEnvironment(t, opts...)
		if rapid.Bool().Draw(t, "one layer") {
			after = oneLayer(t, before, after, opts)
		}
		checkAffected(t, before, after)
	})
}

// What the facts of an organization change beside its policies is found, too: tags, owners,
// settings, IDs, endpoints, gaps, and where things are.
func TestAffectedFacts(t *testing.T) {
	found := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var opts []simulate.Option
		if rapid.Bool().Draw(t, "strict") {
			opts = append(opts, simulate.WithStrictKeys())
		}
		world := gen.Organization(t)
		if rapid.IntRange(0, 3).Draw(t, "open") > 0 {
			openToFacts(t, &world)
		}
		before := compiled(t, world, opts)
		for range 2 {
			fact := rapid.SampledFrom(facts).Draw(t, "fact")
			s := before.Organization().Spec()
			oneFact(t, &s, fact)
			after := compiled(t, s, opts)
			if rapid.Bool().Draw(t, "back") {
				found[fact] += checkAffected(t, after, before)
			} else {
				found[fact] += checkAffected(t, before, after)
			}
		}
	})
	t.Logf("differences by fact: %v", found)
	require.NotEmpty(t, found)
}

// openToFacts makes an organization in which access hangs on facts rather than on what is
// drawn: few control policies, and statements that ask for tags, IDs, owners and places.
func openToFacts(t *rapid.T, s *org.Spec) {
	full := func(attached []string) []string {
		return slices.DeleteFunc(attached, func(id string) bool { return id != org.FullAWSAccess && id != "p-rcp" })
	}
	s.Root.Attached = full(s.Root.Attached)
	s.Root.OUs[0].Attached = full(s.Root.OUs[0].Attached)
	s.Root.OUs[0].OUs[0].Attached = full(s.Root.OUs[0].OUs[0].Attached)
	statement := func(p policy.Principals) policy.Statement {
		return policy.Statement{Effect: policy.Allow, Principal: p, Action: policy.List("*"), Resource: policy.List("*")}
	}
	when := func(st policy.Statement, key string, values ...string) policy.Statement {
		st.Condition = policy.When("StringEquals", key, values...)
		return st
	}
	everyone, none := statement(policy.Everyone()), statement(policy.Principals{})
	for i := range s.ControlPolicies {
		if c := &s.ControlPolicies[i]; c.Kind == policy.ResourceControl {
			deny := everyone
			deny.Effect, deny.Action = policy.Deny, policy.List("kms:*", "s3:*")
			c.Document = policy.Must(policy.NewDocument(when(deny, "aws:ResourceTag/team", "data")))
		}
	}
	granting := []policy.Statement{
		everyone,
		when(everyone, "aws:ResourceTag/team", "ana"),
		when(everyone, "s3:BucketTag/team", "data"),
		when(everyone, "aws:PrincipalTag/team", "ana"),
		when(everyone, "aws:ResourceAccount", gen.Home),
		when(everyone, "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-1/ou-a/ou-b/"),
		when(everyone, "aws:SourceVpc", "vpc-1"),
		statement(policy.PrincipalList(policy.AWSPrincipal, "AROAAPP", "AIDAANA")),
		statement(policy.PrincipalList(policy.AWSPrincipal, gen.Home, gen.Audit)),
		statement(policy.PrincipalList(policy.CanonicalUserPrincipal, "canon-home")),
	}
	owned := []policy.Statement{
		none,
		when(none, "aws:ResourceTag/team", "ana"),
		when(none, "s3:BucketTag/team", "data"),
		when(none, "aws:PrincipalTag/team", "ana"),
		when(none, "aws:ResourceOrgPaths", "o-a1b2c3d4e5/r-1/ou-a/ou-b/"),
		when(none, "aws:ResourceAccount", gen.Other),
	}
	document := func(name string, of []policy.Statement) *policy.Document {
		list := rapid.SliceOfNDistinct(rapid.IntRange(0, len(of)-1), 1, 2, rapid.ID[int]).Draw(t, name)
		var out []policy.Statement
		for _, n := range list {
			out = append(out, of[n])
		}
		return policy.Must(policy.NewDocument(out...))
	}
	for i := range s.Accounts {
		a := &s.Accounts[i]
		a.Attached = full(a.Attached)
		for j := range a.Resources {
			if r := &a.Resources[j]; r.Policy != nil {
				r.Policy = document("grants", granting)
			}
		}
		for j := range a.Roles {
			a.Roles[j].Boundary, a.Roles[j].Attached = policy.ARN{}, nil
			a.Roles[j].Inline = []org.InlinePolicy{{Name: "own", Document: document("of a role", owned)}}
		}
	}
}

// checkAffected asks all that both organizations list, and wants a row for each difference
// and none that is not so. It returns the number of differences.
func checkAffected(t *rapid.T, before, after *simulate.Environment) (n int) {
	a, err := before.Affected(after, scopeOfGen)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	x := newRowIndex(r.Rows)
	for _, env := range []*simulate.Environment{before, after} {
		for d := range simulate.Deltas(context.Background(), before, after, env.Requests(scopeOfGen)) {
			if !changesAccess(before, after, d) {
				continue
			}
			if n++; !x.covers(d) {
				t.Fatalf("%s %s %s: %s, before %s (%s), after %s (%s)", d.Request.Principal, d.Request.Action, d.Request.Resource, d.Kind(), d.Before, d.BeforeRequires, d.After, d.AfterRequires)
			}
		}
	}
	for _, row := range r.Rows {
		checkRow(t, before, after, &row)
	}
	for who, requests := range simulate.OutsideRequests(before, after, outsideActions) {
		for d := range simulate.Deltas(context.Background(), before, after, slices.Values(requests)) {
			if !changesAccess(before, after, d) {
				continue
			}
			if n++; !coversOutside(r.Rows, who, d.Request) {
				t.Fatalf("%s %v %s %s: %s, before %s (%s), after %s (%s)", who.Type, who.Principal, d.Request.Action, d.Request.Resource, d.Kind(), d.Before, d.BeforeRequires, d.After, d.AfterRequires)
			}
		}
	}
	return n
}

// changesAccess leaves out what a resource that is not there seems to gain or lose: it
// allows nothing, but Can does not know it.
func changesAccess(before, after *simulate.Environment, d simulate.Delta) bool {
	return d.Kind() != simulate.DeltaNone &&
		(d.Kind() != simulate.DeltaGained || lists(after, d.Request.Resource)) &&
		(d.Kind() != simulate.DeltaLost || lists(before, d.Request.Resource))
}

// lists reports whether the organization lists a resource, or the bucket of an object.
func lists(env *simulate.Environment, arn policy.ARN) bool {
	if arn.Service() == "iam" || !arn.IsValid() {
		return true
	}
	text := arn.String()
	if arn.Service() == "s3" {
		text, _, _ = strings.Cut(text, "/")
	}
	_, ok := env.Organization().Resource(policy.MustParseARN(text))
	return ok
}

var outsideActions = []policy.Action{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole"}

func coversOutside(rows []simulate.Row, who simulate.Outsider, r simulate.Request) bool {
	return slices.ContainsFunc(rows, func(row simulate.Row) bool {
		return slices.Contains(row.Outside, who) && slices.Contains(row.Actions, r.Action) && slices.ContainsFunc(row.Resources, func(label string) bool {
			p := glob.Compile(label, glob.Wildcards)
			return p.Match(r.Resource.String(), nil)
		})
	})
}

// oneLayer takes one part of another organization over into the first.
func oneLayer(t *rapid.T, env, other *simulate.Environment, opts []simulate.Option) *simulate.Environment {
	s, o := env.Organization().Spec(), other.Organization().Spec()
	switch rapid.SampledFrom([]string{"scp", "role", "user", "resource", "policy", "endpoints", "none"}).Draw(t, "layer") {
	case "scp":
		if len(s.ControlPolicies) > 0 && len(o.ControlPolicies) > 0 && s.ControlPolicies[0].Kind == o.ControlPolicies[0].Kind {
			s.ControlPolicies[0].Document = o.ControlPolicies[0].Document
		}
	case "role":
		s.Accounts[0].Roles[0] = o.Accounts[0].Roles[0]
	case "user":
		s.Accounts[0].Users[0] = o.Accounts[0].Users[0]
	case "resource":
		s.Accounts[0].Resources[0] = o.Accounts[0].Resources[0]
	case "policy":
		s.Accounts[0].Policies[0] = o.Accounts[0].Policies[0]
	case "endpoints":
		s.Accounts[0].Endpoints = o.Accounts[0].Endpoints
	}
	return compiled(t, s, opts)
}

func compiled(t *rapid.T, s org.Spec, opts []simulate.Option) *simulate.Environment {
	changed, err := org.New(s)
	if err != nil {
		t.Fatal(err)
	}
	out, err := simulate.Compile(changed, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// facts are what [oneFact] changes.
var facts = []string{
	"tags", "abac", "aws managed", "block public access", "account blocks", "canonical ID", "owner", "no owner",
	"other account", "not listed", "endpoint", "gap", "unit", "attached", "ID", "tags of a role",
}

// oneFact changes one fact that no policy holds.
func oneFact(t *rapid.T, s *org.Spec, fact string) {
	account := &s.Accounts[rapid.IntRange(0, 1).Draw(t, "account")]
	at := rapid.IntRange(0, len(account.Resources)-1).Draw(t, "resource")
	resource := &account.Resources[at]
	switch fact {
	case "tags":
		resource.Tags = map[string]string{"team": rapid.SampledFrom([]string{"ana", "data", "Data", ""}).Draw(t, "tag")}
	case "abac":
		resource.ABAC = !resource.ABAC
	case "aws managed":
		resource.AWSManaged = !resource.AWSManaged && resource.ARN.Service() == "kms"
	case "block public access":
		resource.BlockPublicAccess = !resource.BlockPublicAccess
	case "account blocks":
		account.BlockPublicAccess = !account.BlockPublicAccess
	case "canonical ID":
		account.CanonicalID = rapid.SampledFrom([]string{"", "canon-home", "canon-new"}).Draw(t, "canonical ID")
		for i := range s.Accounts {
			if other := &s.Accounts[i]; other != account && other.CanonicalID == account.CanonicalID {
				other.CanonicalID = ""
			}
		}
	case "owner":
		object := org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::" + rapid.SampledFrom([]string{"logs", "orders"}).Draw(t, "bucket") + "/a")}
		object.Owner = rapid.SampledFrom([]string{"", gen.Home, gen.Other, gen.Management}).Draw(t, "owner")
		for i := range s.Accounts {
			s.Accounts[i].Resources = slices.DeleteFunc(s.Accounts[i].Resources, func(r org.Resource) bool { return r.ARN == object.ARN })
		}
		account.Resources = append(account.Resources, object)
	case "no owner":
		s.Accounts[0].Resources = slices.DeleteFunc(s.Accounts[0].Resources, func(r org.Resource) bool { return r.Owner != "" })
	case "other account":
		if resource.ARN.AccountID() == "" {
			moved := *resource
			account.Resources = slices.Delete(account.Resources, at, at+1)
			to := &s.Accounts[rapid.IntRange(0, 2).Draw(t, "to")]
			to.Resources = append(to.Resources, moved)
		}
	case "not listed":
		account.Resources = slices.Delete(account.Resources, at, at+1)
	case "endpoint":
		for i := range s.Accounts[0].Endpoints {
			e := &s.Accounts[0].Endpoints[i]
			switch rapid.IntRange(0, 3).Draw(t, "of the endpoint") {
			case 0:
				e.VPC = "vpc-2"
			case 1:
				e.Service = rapid.SampledFrom([]string{"", "s3", "sqs"}).Draw(t, "endpoint service")
			case 2:
				e.Gateway = !e.Gateway
			default:
				e.Policy = nil
			}
		}
	case "gap":
		var subjects []string
		for i := range s.Accounts {
			a := &s.Accounts[i]
			subjects = append(subjects, a.ID)
			for _, r := range a.Resources {
				subjects = append(subjects, r.ARN.String())
			}
			for _, r := range a.Roles {
				subjects = append(subjects, r.ARN.String())
			}
			for _, u := range a.Users {
				subjects = append(subjects, u.ARN.String())
			}
			for _, p := range a.Policies {
				subjects = append(subjects, p.ARN.String())
			}
			for _, e := range a.Endpoints {
				subjects = append(subjects, e.ID)
			}
		}
		for _, p := range s.ControlPolicies {
			subjects = append(subjects, p.ID)
		}
		subjects = append(subjects, "ou-a", "ou-b", "r-1")
		s.Gaps = append(s.Gaps, org.Gap{
			Subject: rapid.SampledFrom(subjects).Draw(t, "subject"),
			What: rapid.SampledFrom([]string{
				org.GapEverything, org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapResourcePolicy, org.GapControlPolicies, org.GapTags, org.GapKeyManager, org.GapUnlisted,
			}).Draw(t, "what"),
		})
	case "unit":
		inner := s.Root.OUs[0].OUs[0]
		s.Root.OUs[0].OUs = nil
		s.Root.OUs = append(s.Root.OUs, inner)
	case "attached":
		account.Attached = nil
	case "ID":
		account.Roles[0].ID = rapid.SampledFrom([]string{"", "AROANEW", "AROAAPP"}).Draw(t, "role ID")
		if len(account.Users) > 0 {
			account.Users[0].ID = rapid.SampledFrom([]string{"", "AIDANEW", "AIDAANA"}).Draw(t, "user ID")
		}
	case "tags of a role":
		account.Roles[0].Tags = map[string]string{"team": rapid.SampledFrom([]string{"ana", "data", "Data", ""}).Draw(t, "role tag")}
	}
}

func checkRow(t *rapid.T, before, after *simulate.Environment, row *simulate.Row) {
	for i, env := range []*simulate.Environment{before, after} {
		want, got := env.Can(row.Example), []simulate.Decision{row.Before, row.After}[i]
		if len(row.Outside) > 0 && !lists(env, row.Example.Resource) && got.Outcome == simulate.ImplicitDeny {
			continue // it is not there
		}
		if got != want {
			t.Fatalf("%v, %s: got %v want %v", row.Example, []string{"before", "after"}[i], got, want)
		}
	}
	for _, p := range row.Principals {
		if p.AccountID() != row.Example.Principal.AccountID() {
			continue // a sample is of the caller's own account
		}
		r := row.Example
		r.Principal = p
		if b, a := before.Can(r), after.Can(r); b.Outcome != row.Before.Outcome || a.Outcome != row.After.Outcome {
			t.Fatalf("%v: got %v, %v for %s of the row, %v, %v for its first", r.Action, b, a, p, row.Before, row.After)
		}
	}
	with := func(k simulate.Keys) simulate.Request {
		r := row.Example
		for name, values := range k.All() {
			r.Keys = r.Keys.With(name, values...)
		}
		return r
	}
	for _, k := range row.Gained {
		if r := with(k); !before.Can(r).Denied() || !after.Can(r).Allowed() {
			t.Fatalf("%v: not gained", r)
		}
	}
	for _, k := range row.Lost {
		if r := with(k); !before.Can(r).Allowed() || !after.Can(r).Denied() {
			t.Fatalf("%v: not lost", r)
		}
	}
}

func TestDiffStops(t *testing.T) {
	env := fintech(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := simulate.Diff(ctx, env, env, env.Requests(simulate.Scope{}))
	require.ErrorIs(t, err, context.Canceled)
	after, err := env.Apply(widened(t, env))
	require.NoError(t, err)
	a, err := env.Affected(after, simulate.Scope{})
	require.NoError(t, err)
	_, err = a.Report(ctx)
	require.ErrorIs(t, err, context.Canceled)
	n := 0
	for range env.Requests(simulate.Scope{}) {
		if n++; n == 10 {
			break
		}
	}
	require.Equal(t, 10, n)
}

func TestScope(t *testing.T) {
	env := fintech(t)
	s := simulate.Scope{
		Principals: []string{"arn:aws:iam::111122223333:role/app/*", "ec2.amazonaws.com"}, Kinds: []policy.PrincipalKind{policy.Role, policy.Service},
		Actions: []string{"s3:GetObject", "s3:ListBucket", "S3:Getbucket*", "sqs:SendMessage", "new:Action"}, Resources: []string{"arn:aws:s3:::exemplia-*", "arn:aws:s3:::exemplia-settlements/a"},
	}
	n, err := env.Count(s)
	require.NoError(t, err)
	list := slices.Collect(env.Requests(s))
	require.Len(t, list, n)
	again := slices.Collect(env.Requests(s))
	require.Equal(t, list, again, "the order is fixed")
	for _, r := range list {
		require.NotEqual(t, policy.Action("sqs:SendMessage"), r.Action, "no resource fits")
		if r.Action == "s3:GetObject" {
			require.Equal(t, "arn:aws:s3:::exemplia-settlements/a", r.Resource.String())
		}
	}
	_, err = env.Count(simulate.Scope{Principals: []string{"arn:aws:iam::111122223333:role/app/payments-apl"}, Accounts: []string{"111122223334"}, Actions: []string{"s3:GetObjct", "s3x:*"}, Resources: []string{"arn:aws:sns:*nothing"}})
	require.EqualError(t, err, `no account matches "111122223334"; did you mean "111122223333"?
no principal matches "arn:aws:iam::111122223333:role/app/payments-apl"; did you mean "arn:aws:iam::111122223333:role/app/payments-api"?
no action matches "s3:GetObjct"; did you mean "s3:GetObject"?
no action matches "s3x:*"; did you mean "s3:*"?
no resource matches "arn:aws:sns:*nothing"`)
	_, err = env.Affected(env, simulate.Scope{Actions: []string{"s3:GetObjct"}})
	scope, ok := errors.AsType[*simulate.ScopeError](err)
	require.True(t, ok, err)
	require.Equal(t, "s3:GetObjct", scope.Pattern)
}
