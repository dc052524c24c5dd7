package check_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

func (m *maker) principal() string {
	aws := func() string {
		return pick(m, "*", "111122223333", "arn:aws:iam::111122223333:root", "444455556666",
			"arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/bo", "arn:aws:iam::111122223333:role/dev",
			"arn:aws:iam::444455556666:role/x/dev", "arn:aws:sts::111122223333:assumed-role/dev/s", "AIDA1", "AROA1",
			"arn:aws:sts::111122223333:federated-user/ana", "arn:aws-cn:iam::111122223333:root")
	}
	switch m.IntN(8) {
	case 0:
		return `"*"`
	case 1:
		return `{"Service":["s.amazonaws.com"],"AWS":` + fmt.Sprint(m.list(2, aws)) + "}"
	case 2:
		return `{"CanonicalUser":"c1"}`
	case 3:
		return `{"Federated":"accounts.google.com"}`
	}
	return `{"AWS":` + fmt.Sprint(m.list(3, aws)) + "}"
}

func (m *maker) resourceStatement(k policy.Kind) string {
	resource, action := fmt.Sprintf(`,%q:%v`, pick(m, "Resource", "Resource", "NotResource"), m.list(2, func() string {
		return pick(m, "*", "arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:kms:*:*:key/*", "arn:aws:iam::*:role/*", "arn:aws:s3:::a*", "arn:aws:kms:*:444455556666:key/*", "arn:aws:s3:*:111122223333:accesspoint/*")
	})), m.list(2, func() string {
		return pick(m, "*", "s3:*", "sts:*", "sts:AssumeRole", "kms:*", "s3:Get", "sts:AssumeRoleWithWebIdentity")
	})
	if k == policy.RoleTrust {
		resource = ""
	}
	return fmt.Sprintf(`{"Effect":%q,%q:%s,%q:%v%s%s}`, pick(m, "Allow", "Allow", "Deny"),
		pick(m, "Principal", "Principal", "Principal", "NotPrincipal"), m.principal(),
		pick(m, "Action", "Action", "NotAction"), action, resource, m.condition())
}

// A caller is what somebody's requests bring.
type caller struct {
	principal, role, issuer, id, canonical string
}

var callers = []caller{
	{principal: "*"},
	{principal: "s.amazonaws.com"}, {principal: "t.amazonaws.com"},
	{principal: "accounts.google.com"}, {principal: "cognito-identity.amazonaws.com"},
	{principal: "arn:aws:iam::111122223333:user/ana", id: "AIDA1"},
	{principal: "arn:aws:iam::111122223333:user/ana"}, {principal: "arn:aws:iam::111122223333:user/bo", canonical: "c1"},
	{principal: "arn:aws:iam::111122223333:user/new"}, {principal: "arn:aws:iam::777788889999:user/ana"},
	{principal: "arn:aws:iam::444455556666:user/ana"}, {principal: "arn:aws-cn:iam::111122223333:user/ana"},
	{principal: "arn:aws:sts::111122223333:assumed-role/dev/s", role: "arn:aws:iam::111122223333:role/dev", id: "AROA1"},
	{principal: "arn:aws:sts::111122223333:assumed-role/dev/s", role: "arn:aws:iam::111122223333:role/p/dev"},
	{principal: "arn:aws:sts::111122223333:assumed-role/dev/t", role: "arn:aws:iam::111122223333:role/dev"},
	{principal: "arn:aws:sts::444455556666:assumed-role/dev/t", role: "arn:aws:iam::444455556666:role/x/dev", canonical: "c1"},
	{principal: "arn:aws:sts::777788889999:assumed-role/o/t", role: "arn:aws:iam::777788889999:role/o"},
	{principal: "arn:aws:iam::111122223333:root"}, {principal: "arn:aws:iam::777788889999:root"}, {principal: "arn:aws:iam::444455556666:root", canonical: "c1"},
	{principal: "arn:aws:sts::111122223333:federated-user/ana", issuer: "arn:aws:iam::111122223333:user/bo"},
	{principal: "arn:aws:sts::111122223333:federated-user/x", issuer: "arn:aws:iam::111122223333:user/ana"},
}

func (m *maker) callerRequest() spec.Request {
	c := pick(m, callers...)
	var p policy.Principal
	switch {
	case strings.HasSuffix(c.principal, "google.com"), strings.HasPrefix(c.principal, "cognito"):
		p = policy.WebIdentityPrincipal(c.principal)
	default:
		var err error
		if p, err = policy.ParsePrincipal(c.principal); err != nil {
			panic(err)
		}
	}
	r := spec.Request{Principal: p, PrincipalID: c.id, CanonicalID: c.canonical, Context: map[string][]string{}}
	r.RoleARN, _ = policy.ParseARN(c.role)
	r.IssuingUser, _ = policy.ParseARN(c.issuer)
	r.ResourceAccount = pick(m, "111122223333", "111122223333", "444455556666", "777788889999", p.AccountID())
	if r.ResourceAccount == "" {
		r.ResourceAccount = "111122223333"
	}
	r.Action = pick(m, policy.Action("s3:Get"), "s3:Put", "kms:Decrypt", "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "iam:GetUser", "sts:GetCallerIdentity")
	r.Resource = pick(m, "arn:aws:s3:::a", "arn:aws:s3:::ab", "arn:aws:kms:us-east-1:111122223333:key/k", "arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/aws-reserved/r",
		"arn:aws:kms:us-east-1:444455556666:key/k", "arn:aws:iam::777788889999:role/r", "arn:aws:s3:us-east-1:444455556666:accesspoint/a", "")
	if arn, err := policy.ParseARN(r.Resource); err == nil && arn.AccountID() != "" {
		r.ResourceAccount = arn.AccountID()
	}
	// What AWS says of the caller, as the keys of the request.
	set := func(name, value string) {
		if value != "" {
			r.Context[name] = []string{value}
		}
	}
	switch p.Kind() {
	case policy.Anonymous:
		set("aws:PrincipalAccount", "anonymous")
		set("aws:userid", "anonymous")
		set("aws:PrincipalType", "Anonymous")
	case policy.Service:
		set("aws:PrincipalIsAWSService", "true")
		set("aws:PrincipalServiceName", p.Name())
	case policy.WebIdentity:
	default:
		set("aws:PrincipalIsAWSService", "false")
		set("aws:PrincipalAccount", p.AccountID())
		set("aws:PrincipalArn", p.ARN().String())
		set("aws:PrincipalArn", c.role)
		set("aws:PrincipalType", map[policy.PrincipalKind]string{policy.User: "User", policy.RoleSession: "AssumedRole", policy.Root: "Account", policy.FederatedUser: "FederatedUser"}[p.Kind()])
	}
	for _, name := range m.keys {
		if name != "aws:PrincipalArn" && name != "aws:username" && callersOwn[name].name == "" {
			r.Context[name] = pick(m, keyKinds[name].requests...)
		}
	}
	return r
}

// callersOwn are keys that only who calls decides, with what policies say of them.
var callersOwn = map[string]keyKind{
	"aws:PrincipalIsAWSService": {name: "aws:PrincipalIsAWSService", operators: []string{"Bool", "StringNotEquals"}, values: []string{"true", "false"}},
	"aws:PrincipalServiceName":  {name: "aws:PrincipalServiceName", operators: stringOperators, values: []string{"s.amazonaws.com", "t.amazonaws.com", "*.amazonaws.com", "x"}},
	"aws:PrincipalType":         {name: "aws:PrincipalType", operators: stringOperators, values: []string{"User", "AssumedRole", "Anonymous", "A*"}},
	"aws:PrincipalAccount":      {name: "aws:PrincipalAccount", operators: stringOperators, values: []string{"111122223333", "444455556666", "anonymous", "7777*"}},
}

// surroundings draws the other policies that bear on a caller.
func (m *maker) surroundings(p policy.Principal) spec.Layers {
	everything := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))
	part := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)))
	nothing := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[]}`)))
	draw := func() []*policy.Document {
		return pick(m, nil, []*policy.Document{everything}, []*policy.Document{part}, []*policy.Document{nothing})
	}
	l := spec.Layers{Identity: draw(), BucketABAC: true}
	if p.Kind() == policy.User || p.Kind() == policy.RoleSession {
		l.Boundary = draw()
	}
	if p.Kind() == policy.RoleSession || p.Kind() == policy.FederatedUser {
		l.Session = draw()
	}
	return l
}

// TestPrincipalProofsHold is [TestProofsHold] for policies that name principals: whatever
// else bears on the caller, a proof holds.
func TestPrincipalProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs) / 4 {
		m := newMaker(first + n)
		kind := pick(m, policy.ResourceBased, policy.ResourceBased, policy.RoleTrust, policy.VPCEndpoint)
		if m.IntN(2) == 0 {
			m.keys = []string{pick(m, "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:PrincipalType", "aws:PrincipalAccount"), m.keys[0]}
		}
		statements := make([]string, 1+m.IntN(3))
		for i := range statements {
			statements[i] = m.resourceStatement(kind)
		}
		updated := append([]string(nil), statements...)
		switch i := m.IntN(len(updated)); m.IntN(4) {
		case 0:
			updated = append(updated, m.resourceStatement(kind))
		case 1:
			updated[i] = m.resourceStatement(kind)
		case 2:
			updated[i] = strings.Replace(updated[i], "NotPrincipal", "Principal", 1)
		case 3:
			updated = append(updated[:i], updated[i+1:]...)
		}
		if m.IntN(2) == 0 {
			statements, updated = updated, statements
		}
		a, b := document(statements), document(updated)
		r, err := check.NoNewAccess(context.Background(), a, b, kind)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", first+n, err, a, b)
		}
		count[r.Verdict]++
		if r.Verdict == check.Unknown && testing.Verbose() {
			t.Logf("seed %d, %s: %s\n%s\n%s", first+n, kind, r.Reason, a, b)
		}
		if r.Verdict != check.Pass {
			continue
		}
		for range 400 {
			q := m.callerRequest()
			if kind == policy.RoleTrust && !strings.HasPrefix(q.Resource, "arn:aws:iam") {
				continue
			}
			l := m.surroundings(q.Principal)
			decide := func(d *policy.Document) bool {
				l := l
				switch {
				case kind == policy.VPCEndpoint:
					l.Endpoints = []spec.Endpoint{{Gateway: n%2 == 0, Policy: d}}
					l.ResourcePolicy = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)))
				case kind == policy.RoleTrust && !strings.HasPrefix(string(q.Action), "sts:"):
				default:
					l.ResourcePolicy = d
				}
				return spec.Decide(l, q) == spec.Allowed
			}
			tried++
			if !decide(b) {
				continue
			}
			allowed++
			if !decide(a) {
				t.Fatalf("seed %d: a wrong proof as %s:\n%s\n%s\n%+v\n%+v", first+n, kind, a, b, q, l)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], tried, allowed)
}

// TestCallersAgreeWithThemselves: the account of a caller is that of its ARN, only users have a name,
// and a counterexample is a request with the keys that its caller always has.
func TestCallersAgreeWithThemselves(t *testing.T) {
	allow := func(condition string) []string {
		return []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}`}
	}
	for _, test := range []struct {
		name, old, updated string
		want               check.Verdict
	}{
		{"ARNs of the account", `"StringEquals":{"aws:PrincipalAccount":"444455556666"}`, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}`, check.Pass},
		{"the account of ARNs", `"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::444455556666:*","arn:aws:sts::444455556666:*"]}`, `"StringEquals":{"aws:PrincipalAccount":"444455556666"}`, check.Pass},
		{"ARNs of another account", `"StringEquals":{"aws:PrincipalAccount":"444455556666"}`, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::555566667777:role/*"}`, check.Fail},
		{"users by their names", `"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:user/*"}`, `"Null":{"aws:username":"false"}`, check.Pass},
		{"names of users", `"Null":{"aws:username":"false"}`, `"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:user/*"}`, check.Pass},
		{"services are no users", `"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:user/*"}`, `"StringEquals":{"aws:PrincipalType":"User"}`, check.Pass},
	} {
		r := verdict(t, allow(test.old), allow(test.updated), policy.ResourceBased)
		if r.Verdict != test.want {
			t.Errorf("%s: got %s (%s), want %s", test.name, r.Verdict, r.Reason, test.want)
		}
	}
	r := verdict(t, allow(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}`), allow(`"Null":{"aws:username":"false"}`), policy.ResourceBased)
	if r.Verdict != check.Fail {
		t.Fatalf("got %s (%s), want fail", r.Verdict, r.Reason)
	}
	x := r.Counterexample.Request
	if arn := maps.Collect(x.Keys.All())["aws:PrincipalArn"]; len(arn) != 1 || arn[0] != x.Principal.String() || x.Principal.ARN().Partition() == "aws" {
		t.Errorf("got %s with %v, want a user of another partition", x.Principal, arn)
	}
}

// TestAttachedCallersAgreeWithThemselves is the same for documents that name no principals: whoever a
// counterexample shows has all keys of one caller.
func TestAttachedCallersAgreeWithThemselves(t *testing.T) {
	const other = `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}`
	for _, test := range []struct {
		name         string
		kind         policy.Kind
		old, updated string
		want         check.Verdict
		caller       string
	}{
		{"a role of another account", policy.IdentityBased, `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`, other, check.Fail, "arn:aws:sts::444455556666:assumed-role/example/ana"},
		{"a role of another account", policy.SessionPolicy, `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`, other, check.Fail, "arn:aws:sts::444455556666:assumed-role/example/ana"},
		{"a user by name", policy.PermissionsBoundary, `"StringEquals":{"aws:username":"bruno"}`, `"StringEquals":{"aws:username":["bruno","carla"]}`, check.Fail, "arn:aws:iam::111122223333:user/carla"},
		{"an account's root user", policy.ServiceControl, `"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}`, `"Null":{"aws:PrincipalArn":"false"}`, check.Fail, "arn:aws:iam::111122223333:root"},
		{"a federated user", policy.IdentityBased, `"StringEquals":{"aws:PrincipalType":"User"}`, `"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::*:federated-user/*"}`, check.Fail, "arn:aws:sts::111122223333:federated-user/example"},
		{"nobody", policy.ServiceControl, `"StringEquals":{"aws:PrincipalAccount":"444455556666"}`, other, check.Unknown, ""},
		{"nobody", policy.IdentityBased, `"StringEquals":{"aws:PrincipalType":"AssumedRole"}`, other, check.Unknown, ""},
		{"nobody without an ARN", policy.IdentityBased, `"Null":{"aws:PrincipalArn":"false"}`, `"Bool":{"aws:SecureTransport":"true"}`, check.Unknown, ""},
	} {
		allow := func(condition string) []string {
			return []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}`}
		}
		r := verdict(t, allow(test.old), allow(test.updated), test.kind)
		if r.Verdict != test.want {
			t.Errorf("%s, %s: got %s (%s), want %s", test.kind, test.name, r.Verdict, r.Reason, test.want)
			continue
		}
		if r.Verdict == check.Fail && r.Counterexample.Request.Principal.String() != test.caller {
			t.Errorf("%s, %s: got %s with %v, want %s", test.kind, test.name, r.Counterexample.Request.Principal, r.Counterexample.Request.Keys, test.caller)
		}
	}
	deny := func(condition string) []string {
		return []string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{` + condition + `}}`}
	}
	r := verdict(t, deny(`"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"}`),
		deny(`"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}`), policy.ResourceControl)
	if r.Verdict != check.Fail || r.Counterexample.Request.Principal.Kind() != policy.Service {
		t.Errorf("got %s %+v, want fail with a service", r.Verdict, r.Counterexample)
	}
}

// TestPartitionOfCondition: a condition may speak of a partition that no caller of the policy is of.
func TestPartitionOfCondition(t *testing.T) {
	allow := func(resource, condition string) []string {
		return []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"` + resource + `","Condition":{` + condition + `}}`}
	}
	const china = `"ArnLike":{"aws:PrincipalArn":"arn:aws-cn:*:*:*:*"}`
	for resource, want := range map[string]check.Verdict{"*": check.Fail, "arn:aws:s3:::logs/*": check.Fail, "arn:aws-cn:s3:::logs/*": check.Pass} {
		if r := verdict(t, allow(resource, china), allow(resource, ""), policy.ResourceBased); r.Verdict != want {
			t.Errorf("%s: got %s (%s), want %s", resource, r.Verdict, r.Reason, want)
		}
	}
}
