package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// outsiders are callers of none of the accounts of a small organization, which has 111122223333 and
// 222233334444.
var outsiders = []caller{
	{principal: "*"},
	{principal: "s.amazonaws.com"}, {principal: "t.amazonaws.com"},
	{principal: "accounts.google.com"}, {principal: "arn:aws:iam::111122223333:saml-provider/idp"},
	{principal: "arn:aws:iam::444455556666:user/ana", id: "AIDA1"}, {principal: "arn:aws:iam::777788889999:user/ana"},
	{principal: "arn:aws:iam::777788889999:user/a", canonical: "c1"},
	{principal: "arn:aws:sts::444455556666:assumed-role/dev/s", role: "arn:aws:iam::444455556666:role/x/dev", id: "AROA1"},
	{principal: "arn:aws:sts::777788889999:assumed-role/dev/t", role: "arn:aws:iam::777788889999:role/dev"},
	{principal: "arn:aws:sts::777788889999:assumed-role/linked/t", role: "arn:aws:iam::777788889999:role/aws-service-role/linked"},
	{principal: "arn:aws:iam::444455556666:root"}, {principal: "arn:aws:iam::777788889999:root"},
	{principal: "arn:aws:sts::777788889999:federated-user/x", issuer: "arn:aws:iam::777788889999:user/ana"},
}

// ofOutsiders are conditions about who calls.
func (m *maker) ofOutsiders() string {
	key := pick(m, "aws:PrincipalOrgID", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:userid", "aws:ResourceAccount", "aws:PrincipalTag/k",
		"aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:PrincipalOrgPaths", "aws:ResourceOrgID", "aws:PrincipalType")
	values := m.list(2, func() string {
		return pick(m, "o-a1b2c3d4e5", "o-other12345", "111122223333", "444455556666", "777788889999", "arn:aws:iam::444455556666:*", "arn:aws:iam::*:role/*", "s.amazonaws.com", "*",
			"AIDA1", "AROA1:*", "a", "true", "o-a1b2c3d4e5/*", "User")
	})
	op := pick(m, "StringEquals", "StringLike", "StringNotEquals", "StringNotLike")
	switch m.IntN(8) {
	case 0:
		op, values = "Null", any(fmt.Sprintf("%q", pick(m, "true", "false")))
	case 1, 2:
		op += "IfExists"
	case 3:
		op = "ForAnyValue:" + op
	}
	return fmt.Sprintf(`%q:{%q:%v}`, op, key, values)
}

// smallOutside is a resource with a random policy in an organization with a random RCP.
type smallOutside struct {
	resource policy.ARN
	policy   *policy.Document
	rcp      *policy.Document // nil: none
	block    bool
}

func (m *maker) smallOutside() (s smallOutside) {
	actions := pick(m, "*", "s3:*", "sqs:*", "s3:GetObject", "sqs:SendMessage")
	resource := pick(m, "arn:aws:s3:::a", "arn:aws:sqs:us-east-1:111122223333:a", "arn:aws:iam::111122223333:role/a")
	s.resource = policy.MustParseARN(resource)
	on := fmt.Sprintf(`,"Resource":%v`, m.list(2, func() string { return pick(m, "*", resource, resource+"/*", "arn:aws:s3:::*") }))
	if s.resource.Service() == "iam" {
		actions, on = pick(m, "sts:*", "sts:AssumeRole", "*", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"), ""
	}
	var list []string
	for range 1 + m.IntN(3) {
		who := pick(m, `"*"`, `{"AWS":"*"}`, `{"AWS":"444455556666"}`, `{"AWS":"arn:aws:iam::444455556666:user/ana"}`, `{"AWS":"arn:aws:iam::444455556666:role/x/dev"}`,
			`{"AWS":"arn:aws:sts::444455556666:assumed-role/dev/s"}`, `{"AWS":["111122223333","222233334444"]}`, `{"Service":"s.amazonaws.com"}`,
			`{"Federated":"accounts.google.com"}`, `{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"}`, `{"CanonicalUser":"c1"}`, `{"AWS":"AIDA1"}`)
		condition := ""
		switch m.IntN(4) {
		case 0:
			condition = m.condition()
		case 1, 2:
			condition = `,"Condition":{` + m.ofOutsiders() + `}`
		}
		list = append(list, fmt.Sprintf(`{"Effect":%q,%q:%s,"Action":%q%s%s}`, pick(m, "Allow", "Allow", "Deny"),
			pick(m, "Principal", "Principal", "Principal", "NotPrincipal"), who, actions, on, condition))
	}
	s.policy = document(list)
	if m.IntN(2) == 0 {
		s.rcp = document([]string{fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{%s}}`, pick(m, "s3:*", "sqs:*", "sts:*", "s3:GetObject"), m.ofOutsiders())})
	}
	if m.IntN(6) == 0 { // what only the RCP denies; it does not reach roles that may be service-linked
		who := pick(m, `{"AWS":"arn:aws:iam::444455556666:user/ana"}`, `{"AWS":"arn:aws:iam::444455556666:user/ana"}`, `{"AWS":["arn:aws:iam::444455556666:user/ana","AIDA1"]}`, `{"AWS":"arn:aws:iam::444455556666:role/x/dev"}`, `{"Federated":"accounts.google.com"}`)
		s.policy = document([]string{fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":%q%s}`, who, actions, on)})
		s.rcp = document([]string{fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{%s}}`, strings.Replace(s.resource.Service(), "iam", "sts", 1)+":*",
			pick(m, `"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}`, `"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}`,
				`"StringLike":{"aws:PrincipalType":["User","AssumedRole"]}`, m.ofOutsiders()))})
	}
	s.block = m.IntN(3) == 0
	return s
}

func (s *smallOutside) environment(t *testing.T) (*simulate.Environment, bool) {
	account := org.Account{ID: "111122223333", CanonicalID: "c0", Attached: []string{org.FullAWSAccess}}
	if s.resource.Service() == "iam" {
		account.Roles = []org.Role{{ARN: s.resource, Trust: s.policy}}
	} else {
		account.Resources = []org.Resource{{ARN: s.resource, Policy: s.policy, BlockPublicAccess: s.block && s.resource.Service() == "s3"}}
	}
	spec := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "222233334444",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess}, Accounts: []string{"111122223333", "222233334444"}}}
	if s.rcp != nil {
		spec.ControlPolicies = []org.ControlPolicy{{ID: "p-00000001", Name: "outside", Kind: policy.ResourceControl, Document: s.rcp}}
		account.Attached = append(account.Attached, "p-00000001")
	}
	spec.Accounts = []org.Account{account, {ID: "222233334444", CanonicalID: "c2", Attached: []string{org.FullAWSAccess}}}
	o, err := org.New(spec)
	if err != nil {
		return nil, false
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return env, true
}

// outsiderRequest draws what an outsider asks for, with the keys that AWS sets.
func (m *maker) outsiderRequest(s *smallOutside) (r spec.Request, name string) {
	c := pick(m, outsiders...)
	p, err := policy.ParsePrincipal(c.principal)
	if strings.HasSuffix(c.principal, "google.com") || strings.Contains(c.principal, ":saml-provider/") {
		p, err = policy.WebIdentityPrincipal(c.principal), nil
	}
	if err != nil {
		panic(err)
	}
	r = spec.Request{Principal: p, PrincipalID: c.id, CanonicalID: c.canonical, ResourceAccount: "111122223333", Context: map[string][]string{}}
	r.RoleARN, _ = policy.ParseARN(c.role)
	r.IssuingUser, _ = policy.ParseARN(c.issuer)
	r.Resource = s.resource.String()
	if s.resource.Service() == "s3" && m.IntN(2) == 0 {
		r.Resource += "/x"
	}
	r.Action = pick(m, policy.Action("s3:GetObject"), "s3:ListBucket", "sqs:SendMessage")
	if s.resource.Service() == "iam" {
		r.Action = pick(m, policy.Action("sts:AssumeRole"), "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession")
	}
	set := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			r.Context[name] = values
		}
	}
	for _, key := range m.keys {
		if key != "aws:PrincipalArn" && key != "aws:username" {
			r.Context[key] = pick(m, keyKinds[key].requests...)
		}
	}
	set("aws:ResourceAccount", "111122223333")
	set("aws:ResourceOrgID", "o-a1b2c3d4e5")
	name = c.principal
	switch p.Kind() {
	case policy.Anonymous:
		set("aws:PrincipalAccount", "anonymous")
		set("aws:userid", "anonymous")
		set("aws:PrincipalType", "Anonymous")
	case policy.Service:
		set("aws:PrincipalIsAWSService", "true")
		set("aws:PrincipalServiceName", p.Name())
		set("aws:SourceAccount", pick(m, "", "111122223333", "444455556666"))
	case policy.WebIdentity:
	default:
		name = p.ARN().String()
		if c.role != "" {
			name = c.role
		}
		set("aws:PrincipalIsAWSService", "false")
		set("aws:PrincipalAccount", p.AccountID())
		set("aws:PrincipalArn", name)
		set("aws:PrincipalType", map[policy.PrincipalKind]string{policy.User: "User", policy.RoleSession: "AssumedRole", policy.Root: "Account", policy.FederatedUser: "FederatedUser"}[p.Kind()])
		if m.IntN(2) == 0 {
			set("aws:PrincipalOrgID", "o-other12345")
			set("aws:PrincipalOrgPaths", "o-other12345/r-1234/")
			r.Multivalued = append(r.Multivalued, "aws:PrincipalOrgPaths")
		}
		set("aws:PrincipalTag/k", pick(m, "", "a", "b"))
		if c.id != "" {
			set("aws:userid", map[bool]string{true: c.id + ":s", false: c.id}[p.Kind() == policy.RoleSession])
		}
		if p.Kind() == policy.User {
			set("aws:username", p.Name())
		}
	}
	return r, name
}

// TestOutsiderProofsHold holds guardrails that are proved against requests of everybody outside of a
// small organization, decided by the oracle.
func TestOutsiderProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	everything := []*policy.Document{document([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`})}
	insiders := []string{"arn:aws:iam::111122223333:*", "arn:aws:iam::222233334444:*"}
	for n := range uint64(*pairs) / 8 {
		m := newMaker(first + n)
		s := m.smallOutside()
		env, ok := s.environment(t)
		if !ok {
			continue
		}
		except := append(slices.Clone(insiders), pick(m, nil, nil, []string{"*.amazonaws.com"}, []string{"*"}, []string{"arn:aws:iam::444455556666:*"}, []string{"accounts.*", "s.*"})...)
		access := check.Access{Actions: []string{pick(m, "s3:*", "sqs:*", "sts:*", "*")}, Resources: []string{s.resource.String(), s.resource.String() + "/*"}}
		r, err := check.Guarded(context.Background(), env, check.Guardrail{Accesses: []check.Access{access}, Except: except})
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		count[r.Verdict]++
		if r.Verdict == check.Unknown && testing.Verbose() {
			t.Logf("seed %d: %s\n%s\n%s\nexcept %v", first+n, r.Reason, s.policy, s.rcp, except)
		}
		spared := func(name string) bool {
			return slices.ContainsFunc(except, func(p string) bool { g := glob.Compile(p, glob.Wildcards); return g.Match(name, nil) })
		}
		if x := r.Counterexample; x != nil {
			p := x.Request.Principal
			if p.AccountID() == "111122223333" || spared(p.String()) || p.Kind() != policy.RoleSession && p.ARN().IsValid() && spared(p.ARN().String()) {
				t.Errorf("seed %d: got the counterexample of %s, which is spared", first+n, p)
			}
		}
		if r.Verdict != check.Pass {
			continue
		}
		for range 600 {
			q, name := m.outsiderRequest(&s)
			if spared(name) || access.Actions[0] != "*" && access.Actions[0] != q.Action.Service()+":*" {
				continue
			}
			l := spec.Layers{ResourcePolicy: s.policy, BlockPublicAccess: s.block && s.resource.Service() == "s3", BucketABAC: true}
			if q.Principal.AccountID() != "" {
				l.Identity = everything
			}
			if q.Principal.Kind() == policy.FederatedUser {
				l.Session = everything
			}
			if s.rcp != nil {
				l.RCPs = [][]*policy.Document{{s.rcp}}
			}
			tried++
			if s.resource.Service() == "iam" && !strings.HasPrefix(string(q.Action), "sts:") {
				continue
			}
			if spec.Decide(l, q) == spec.Allowed {
				t.Fatalf("seed %d: a wrong proof: %+v is allowed by\n%s\nwith the RCP\n%s\nexcept %v", first+n, q, s.policy, s.rcp, except)
			}
			l.RCPs = nil
			if spec.Decide(l, q) == spec.Allowed {
				allowed++ // the RCP is what denies it
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them denied by the RCP alone", count[check.Pass], count[check.Fail], count[check.Unknown], tried, allowed)
	if count[check.Pass] == 0 || count[check.Fail] == 0 || tried == 0 {
		t.Error("nothing was held against a proof")
	}
}
