package check_test

import (
	"context"
	"fmt"
	"regexp"
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
	parts [11][]string // statements of each place; nil: there is none
	tags  [3]string    // k of ana, b and the role
	// hidden are statements of resource policies that no proof knows of: of a bucket and a queue of
	// the account, and of the other one.
	hidden [4][]string
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
	otherRCP // of the other account
	ownBucket
	trust
)

// realServices gives the alphabet's services names that RCPs reach, and one that they do not.
var realServices = strings.NewReplacer(`"a:`, `"s3:`, `"A:`, `"S3:`, `"b:`, `"sqs:`, `"ab:`, `"ec2:`)

func (m *maker) smallStack() (s smallStack) {
	for i := range s.tags {
		s.tags[i] = pick(m, "a", "b")
	}
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
	if m.IntN(4) == 0 { // callers who may do all, but for what is denied to them
		everything := []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}
		s.parts[anaInline], s.parts[boInline], s.parts[devInline] = everything, everything, everything
	}
	return s
}

// sessionKeys say where a role session is from; nothing is known of them.
var sessionKeys = []string{"ec2:RoleDelivery", "glue:RoleAssumedBy", "aws:ChatbotSourceArn", "aws:Ec2InstanceSourceVpc", "cognito-identity.amazonaws.com:sub", "oidc.example.com:sub"}

// ofPrincipal makes some of the conditions on k, and of its variables, those on a tag of the caller, or
// on where its session is from.
func (m *maker) ofPrincipal(list []string) []string {
	for i, s := range list {
		key := pick(m, append([]string{"k", "k", "aws:PrincipalTag/k", "aws:PrincipalTag/k"}, pick(m, sessionKeys...))...)
		list[i] = strings.NewReplacer(`{"k":`, `{"`+key+`":`, `${k`, `${`+key).Replace(s)
		if m.IntN(6) == 0 && !strings.Contains(list[i], "Condition") {
			list[i] = strings.TrimSuffix(list[i], `}`) + fmt.Sprintf(`,"Condition":{"Null":{%q:%q}}}`, pick(m, sessionKeys...), pick(m, "true", "false"))
		}
	}
	return list
}

// inSession gives a request of a role session keys that say where it is from.
func inSession(q simulate.Request, keys map[string]string) simulate.Request {
	if q.Principal.Kind() == policy.Role {
		for name, value := range keys {
			q.Keys = q.Keys.With(name, value)
		}
	}
	return q
}

// named are statements for callers of the small account, of them all or of each.
func (m *maker) named(list []string, resource string, principals ...string) []string {
	for i, s := range list {
		if m.IntN(2) == 0 {
			s = regexp.MustCompile(`"(Not)?Resource":("[^"]*"|\[[^]]*\])`).ReplaceAllString(s, `"Resource":`+fmt.Sprintf("%q", resource))
		}
		list[i] = strings.Replace(s, `{"Effect"`, `{"Principal":`+pick(m, principals...)+`,"Effect"`, 1)
	}
	return list
}

// Principals of resource policies.
const (
	theAccount = `{"AWS":"` + smallAccount + `"}`
	theUser    = `{"AWS":"arn:aws:iam::` + smallAccount + `:user/ana"}`
	theRole    = `{"AWS":"arn:aws:iam::` + smallAccount + `:role/a"}`
	both       = `{"AWS":["arn:aws:iam::` + smallAccount + `:user/ana","arn:aws:iam::` + smallAccount + `:role/a"]}`
)

func (m *maker) part(place int) []string {
	return m.ofPrincipal(m.plainPart(place))
}

func (m *maker) plainPart(place int) []string {
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
	case ownBucket:
		return m.named(list, "*", theAccount, theUser, theRole, both, `"*"`)
	case trust:
		for i := range list {
			list[i] = fmt.Sprintf(`{"Effect":"Allow","Action":"sts:AssumeRole"%s}`, m.condition())
		}
		return m.named(list, "", theAccount, theUser, theRole, both)
	case accountRCP, otherRCP:
		for i, s := range list {
			s = strings.NewReplacer(`"Effect":"Allow"`, `"Effect":"Deny"`, `{"Effect"`, `{"Principal":"*","Effect"`).Replace(s)
			if strings.Contains(s, `"NotAction"`) || strings.Contains(s, `"*:*"`) {
				s = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::a*"}`
			}
			if m.IntN(2) == 0 {
				s = fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":%q,"Resource":"*","Condition":{%q:{%s}}}`, pick(m, "s3:*", "sqs:*"), pick(m, "StringEquals", "StringNotEquals"),
					pick(m, `"aws:PrincipalArn":"arn:aws:iam::`+smallAccount+`:user/ana"`, `"aws:PrincipalTag/k":"a"`, `"aws:PrincipalArn":["arn:aws:iam::`+smallAccount+`:role/a","arn:aws:iam::`+smallAccount+`:user/b"]`))
			}
			list[i] = s
		}
	}
	return list
}

// change edits one place.
func (m *maker) changeStack(s smallStack) smallStack {
	if m.IntN(8) == 0 {
		i := m.IntN(len(s.tags))
		s.tags[i] = pick(m, "a", "b", "ab")
		return s
	}
	i := m.IntN(len(s.parts))
	if m.IntN(4) == 0 {
		i = pick(m, boundary, boundary, rootSCP, accountSCP)
	}
	switch {
	case s.parts[i] == nil || i == accountRCP || i == otherRCP || i == trust:
		s.parts[i] = m.part(i)
	case i >= boundary && m.IntN(3) == 0:
		s.parts[i] = nil
	default:
		s.parts[i] = m.change(s.parts[i])
	}
	return s
}

const smallAccount, otherAccount = "111122223333", "222233334444"

// hide draws policies that no proof knows of. What NoLostAccess says holds if they treat the accounts
// alike.
func (m *maker) hide(s *smallStack, alike bool) {
	for i := range s.hidden {
		list := []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}
		if alike {
			s.hidden[i] = m.named(list, "*", theAccount)
			continue
		}
		switch m.IntN(3) {
		case 0:
			list = append(list, m.statement())
		case 1:
			list[0] = strings.Replace(list[0], `}`, m.condition()+`}`, 1)
		}
		s.hidden[i] = m.ofPrincipal(m.named(list, "*", theAccount, theUser, theRole, both, `"*"`))
		if m.IntN(6) == 0 { // which denies whoever has a boundary
			s.hidden[i] = append(s.hidden[i], `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::`+smallAccount+`:user/ana","`+smallAccount+`"]},"Action":"*","Resource":"*"}`)
		}
	}
}

var hiddenARNs = [4]string{
	"arn:aws:s3:::b", "arn:aws:sqs:us-east-1:" + smallAccount + ":a", "arn:aws:s3:::ab", "arn:aws:sqs:us-east-1:" + otherAccount + ":a",
}

func smallPrincipal(resource string) policy.Principal {
	return policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::" + smallAccount + ":" + resource))
}

// environment compiles the stack, with or without what is hidden; ok is false for documents that AWS
// refuses.
func (s *smallStack) environment(t *testing.T, hidden bool) (e *simulate.Environment, ok bool) {
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
			{ARN: arn("user/ana"), Inline: inline(anaInline), Groups: []string{"g"}, Tags: map[string]string{"k": s.tags[0]}},
			{ARN: arn("user/b"), Inline: inline(boInline), Groups: []string{"g"}, Tags: map[string]string{"k": s.tags[1]}},
		},
		Roles: []org.Role{{ARN: arn("role/a"), Inline: inline(devInline), Tags: map[string]string{"k": s.tags[2]},
			Trust: document([]string{`{"Effect":"Allow","Principal":{"AWS":"` + smallAccount + `"},"Action":"sts:AssumeRole"}`})}},
	}
	other := org.Account{ID: otherAccount, Attached: []string{org.FullAWSAccess}}
	if s.parts[trust] != nil {
		account.Roles[0].Trust = parsed(trust)
	}
	for _, bucket := range []string{"a", "ba"} { // of others nobody knows the owner
		r := org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::" + bucket)}
		if bucket == "a" && s.parts[ownBucket] != nil {
			r.Policy = parsed(ownBucket)
		}
		account.Resources = append(account.Resources, r)
	}
	for i, statements := range s.hidden {
		if !hidden || statements == nil {
			continue
		}
		r := org.Resource{ARN: policy.MustParseARN(hiddenARNs[i]), Policy: document([]string{realServices.Replace(strings.Join(statements, ","))})}
		if of := &account.Resources; i < 2 {
			*of = append(*of, r)
		} else {
			other.Resources = append(other.Resources, r)
		}
	}
	spec := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess}, Accounts: []string{smallAccount, otherAccount, "444455556666"}}}
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
	control(otherRCP, policy.ResourceControl, &other.Attached)
	spec.Accounts = []org.Account{account, other, {ID: "444455556666", Attached: []string{org.FullAWSAccess}}}
	o, err := org.New(spec)
	if err != nil {
		return nil, false
	}
	if e, err = simulate.Compile(o, simulate.WithStrictKeys()); err != nil {
		t.Fatal(err)
	}
	return e, true
}

// stackRequests are those of the small world, and for what is hidden and the role.
func (m *maker) stackRequests() []simulate.Request {
	out := m.requests()
	for i, q := range out {
		switch m.IntN(6) {
		case 0:
			out[i].Resource = policy.MustParseARN(pick(m, hiddenARNs[:]...))
		case 1:
			if m.IntN(2) == 0 {
				out[i].Action, out[i].Resource = "sts:AssumeRole", policy.MustParseARN("arn:aws:iam::"+smallAccount+":role/a")
			} else if q.Resource.IsValid() {
				out[i].Resource = policy.MustParseARN("arn:aws:s3:::" + pick(m, "b/a", "ab/a", "a/a"))
			}
		}
	}
	return out
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
		between := m.IntN(2)
		m.hide(&s, between == 1)
		from := ana
		if between == 0 && m.IntN(3) == 0 {
			from = smallPrincipal("role/a")
		}
		changed := m.changeStack(s)
		if between == 0 && m.IntN(4) == 0 { // what an identity policy does not allow, a resource policy may
			s.parts[boundary] = m.statements()
			changed = s
			changed.parts[boundary] = append(slices.Clone(s.parts[boundary]), fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, m.action(),
				pick(m, "arn:aws:sqs:*:*:*", "arn:aws:s3:::b", "*", "arn:aws:*:*:*:a", "arn:*")))
		}
		before, ok := s.environment(t, false)
		if !ok {
			continue
		}
		after, ok := changed.environment(t, false)
		if !ok {
			continue
		}
		to := []policy.Principal{from}
		holding, lacking := changed, s
		ask := func() (check.Result, error) { return check.NoGainedAccess(context.Background(), before, after, from) }
		if between == 1 {
			holds, lacks := before, after
			holding, lacking = s, changed
			if m.IntN(2) == 0 {
				lacks, lacking = before, s
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
		holds, ok := holding.environment(t, true)
		if !ok {
			continue
		}
		lacks, ok := lacking.environment(t, true)
		if !ok {
			continue
		}
		for _, q := range m.stackRequests() {
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
			session := map[string]string{}
			for _, name := range sessionKeys {
				if m.IntN(3) == 0 {
					session[name] = pick(m, "a", "b", "1")
				}
			}
			q = inSession(q, session)
			if !holds.Can(q).Allowed() {
				continue
			}
			allowed++
			if !slices.ContainsFunc(to, func(p policy.Principal) bool {
				other := q
				other.Principal = p
				other = inSession(other, session)
				d := lacks.Can(other)
				return d.Allowed() || d.Outcome == simulate.Indeterminate
			}) {
				t.Fatalf("seed %d: a wrong proof from %s to %v: %s on %s with %v\n%q\n%q", first+n, from, to, q.Action, q.Resource, q.Keys, s, changed)
			}
		}
	}
	t.Logf("of one principal: %d passed, %d failed, %d unknown; between principals: %d, %d, %d; %d requests held against the proofs, %d of them allowed",
		count[0][check.Pass], count[0][check.Fail], count[0][check.Unknown], count[1][check.Pass], count[1][check.Fail], count[1][check.Unknown], tried, allowed)
	if count[0][check.Pass] == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}
