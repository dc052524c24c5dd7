package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// A smallStack is an organization of random documents over the small alphabet, at every place
// that bears on its callers.
type smallStack struct {
	parts [8][]string // statements of each place; nil: there is none
}

// The places of a small stack.
const (
	anaInline = iota
	boInline
	devInline
	group
	boundary
	rootSCP
	accountSCP
	accountRCP
)

// realServices gives the alphabet's services names that RCPs reach, and one that they do not.
var realServices = strings.NewReplacer(`"a:`, `"s3:`, `"A:`, `"S3:`, `"b:`, `"sqs:`, `"ab:`, `"ec2:`)

func (m *maker) smallStack() (s smallStack) {
	for i := range s.parts {
		if i >= boundary && m.IntN(2) == 0 {
			continue
		}
		s.parts[i] = m.part(i)
	}
	if m.IntN(2) == 0 {
		s.parts[boInline] = s.parts[anaInline] // callers who differ only in who they are
	}
	if m.IntN(3) == 0 {
		s.parts[devInline] = s.parts[anaInline]
	}
	return s
}

func (m *maker) part(place int) []string {
	list := m.statements()
	for i, s := range list {
		if m.IntN(3) > 0 { // so that something is allowed after all
			list[i] = strings.Replace(s, `"Effect":"Deny"`, `"Effect":"Allow"`, 1)
		}
	}
	switch place {
	case boundary, rootSCP, accountSCP:
		if m.IntN(4) > 0 {
			list = append(list, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
		}
	case accountRCP:
		for i, s := range list {
			s = strings.NewReplacer(`"Effect":"Allow"`, `"Effect":"Deny"`, `{"Effect"`, `{"Principal":"*","Effect"`).Replace(s)
			if strings.Contains(s, `"NotAction"`) || strings.Contains(s, `"*:*"`) {
				s = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::a*"}`
			}
			list[i] = s
		}
	}
	return list
}

// change edits one place.
func (m *maker) changeStack(s smallStack) smallStack {
	i := m.IntN(len(s.parts))
	switch {
	case s.parts[i] == nil || i == accountRCP:
		s.parts[i] = m.part(i)
	case i >= boundary && m.IntN(3) == 0:
		s.parts[i] = nil
	default:
		s.parts[i] = m.change(s.parts[i])
	}
	return s
}

const smallAccount = "111122223333"

func smallPrincipal(resource string) policy.Principal {
	return policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::" + smallAccount + ":" + resource))
}

// environment compiles the stack; ok is false for documents that AWS refuses.
func (s *smallStack) environment(t *testing.T) (e *simulate.Environment, ok bool) {
	parsed := func(place int) *policy.Document {
		return document([]string{realServices.Replace(strings.Join(s.parts[place], ","))})
	}
	inline := func(place int) []org.InlinePolicy {
		return []org.InlinePolicy{{Name: "inline", Document: parsed(place)}}
	}
	arn := func(resource string) policy.ARN {
		return policy.MustParseARN("arn:aws:iam::" + smallAccount + ":" + resource)
	}
	account := org.Account{
		ID: smallAccount, Attached: []string{org.FullAWSAccess},
		Groups: []org.Group{{ARN: arn("group/g"), Inline: inline(group)}},
		Users: []org.User{
			{ARN: arn("user/ana"), Inline: inline(anaInline), Groups: []string{"g"}, Tags: map[string]string{"k": "a"}},
			{ARN: arn("user/b"), Inline: inline(boInline), Groups: []string{"g"}, Tags: map[string]string{"k": "b"}},
		},
		Roles: []org.Role{{ARN: arn("role/a"), Inline: inline(devInline),
			Trust: document([]string{`{"Effect":"Allow","Principal":{"AWS":"` + smallAccount + `"},"Action":"sts:AssumeRole"}`})}},
	}
	for _, bucket := range []string{"a", "b", "ab", "ba"} { // of others nobody knows the owner
		account.Resources = append(account.Resources, org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::" + bucket)})
	}
	spec := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess}, Accounts: []string{smallAccount, "444455556666"}}}
	if s.parts[boundary] != nil {
		account.Policies = append(account.Policies, org.ManagedPolicy{ARN: arn("policy/boundary"), Document: parsed(boundary)})
		for i := range account.Users {
			account.Users[i].Boundary = arn("policy/boundary")
		}
		account.Roles[0].Boundary = arn("policy/boundary")
	}
	control := func(place int, kind policy.Kind, attached *[]string) {
		if s.parts[place] == nil {
			return
		}
		id := fmt.Sprintf("p-%08d", place)
		spec.ControlPolicies = append(spec.ControlPolicies, org.ControlPolicy{ID: id, Name: id, Kind: kind, Document: parsed(place)})
		if kind == policy.ServiceControl {
			*attached = nil // instead of full access
		}
		*attached = append(*attached, id)
	}
	control(rootSCP, policy.ServiceControl, &spec.Root.Attached)
	control(accountSCP, policy.ServiceControl, &account.Attached)
	control(accountRCP, policy.ResourceControl, &account.Attached)
	spec.Accounts = []org.Account{account, {ID: "444455556666", Attached: []string{org.FullAWSAccess}}}
	o, err := org.New(spec)
	if err != nil {
		return nil, false
	}
	if e, err = simulate.Compile(o, simulate.WithStrictKeys()); err != nil {
		t.Fatal(err)
	}
	return e, true
}

// TestSmallStackProofsHold holds what is proved of whole environments, for one principal and
// between principals, against every request of a small world.
func TestSmallStackProofsHold(t *testing.T) {
	t.Parallel()
	var count [2][3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	ana := smallPrincipal("user/ana")
	for n := range uint64(*pairs) / 10 {
		m := newMaker(first + n)
		s := m.smallStack()
		changed := m.changeStack(s)
		before, ok := s.environment(t)
		if !ok {
			continue
		}
		after, ok := changed.environment(t)
		if !ok {
			continue
		}
		between := m.IntN(2)
		holds, lacks := after, before
		from, to := ana, []policy.Principal{ana}
		ask := func() (check.Result, error) { return check.NoGainedAccess(context.Background(), before, after, ana) }
		if between == 1 {
			holds, lacks = before, after
			if m.IntN(2) == 0 {
				lacks = before
			}
			to = pick(m, []policy.Principal{smallPrincipal("user/b")}, []policy.Principal{smallPrincipal("role/a")}, []policy.Principal{smallPrincipal("user/b"), smallPrincipal("role/a")})
			ask = func() (check.Result, error) {
				return check.NoLostAccess(context.Background(), holds, lacks, from, to...)
			}
		}
		r, err := ask()
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		count[between][r.Verdict]++
		if r.Verdict == check.Unknown && testing.Verbose() {
			t.Logf("seed %d: %s", first+n, r.Reason)
		}
		if r.Verdict != check.Pass {
			continue
		}
		for _, q := range m.requests() {
			q.Principal = from
			q.Action = policy.Action(strings.Trim(realServices.Replace(`"`+string(q.Action)+`"`), `"`))
			given := q.Keys
			q.Keys = simulate.Keys{}
			for key, values := range given.All() {
				if key != "aws:username" && key != "aws:PrincipalArn" {
					q.Keys = q.Keys.With(key, values...)
				}
			}
			tried++
			if !holds.Can(q).Allowed() {
				continue
			}
			allowed++
			if !slices.ContainsFunc(to, func(p policy.Principal) bool {
				other := q
				other.Principal = p
				d := lacks.Can(other)
				return d.Allowed() || d.Outcome == simulate.Indeterminate
			}) {
				t.Fatalf("seed %d: a wrong proof from %s to %v: %s on %s with %v\n%q\n%q", first+n, from, to, q.Action, q.Resource, q.Keys, s.parts, changed.parts)
			}
		}
	}
	t.Logf("of one principal: %d passed, %d failed, %d unknown; between principals: %d, %d, %d; %d requests held against the proofs, %d of them allowed",
		count[0][check.Pass], count[0][check.Fail], count[0][check.Unknown], count[1][check.Pass], count[1][check.Fail], count[1][check.Unknown], tried, allowed)
	if count[0][check.Pass] == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}
