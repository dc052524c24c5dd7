package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

const (
	ownUser   = "arn:aws:iam::" + smallAccount + ":user/ana"
	ownRole   = "arn:aws:iam::" + smallAccount + ":role/dev"
	ownQueue  = "arn:aws:sqs:us-east-1:" + smallAccount + ":orders"
	farQueue  = "arn:aws:sqs:us-east-1:" + otherAccount + ":orders"
	ownKey    = "arn:aws:kms:us-east-1:" + smallAccount + ":key/11111111-2222-3333-4444-555555555555"
	anEnd     = "vpce-0a1b2c3d4e5f60718"
	mayDoAll  = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	forAna    = `{"Effect":"Allow","Principal":{"AWS":"` + ownUser + `"},"Action":"*","Resource":"*"}`
	forAll    = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	theirs    = `{"Effect":"Allow","Principal":{"AWS":"` + smallAccount + `"},"Action":"*","Resource":"*"}`
	denyRCP   = `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`
	oneRCP    = "p-11111111"
	otherRCPs = "p-22222222"
)

// two is an organization of the small account, with the user ana and the role dev who may do all, and the
// other one.
type two struct {
	org.Spec
	own, other org.Account
}

func newTwo() *two {
	inline := []org.InlinePolicy{{Name: "inline", Document: document([]string{mayDoAll})}}
	return &two{
		Spec: org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666", Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess}, Accounts: []string{smallAccount, otherAccount, "444455556666"}}},
		own: org.Account{ID: smallAccount, Attached: []string{org.FullAWSAccess},
			Users: []org.User{{ARN: policy.MustParseARN(ownUser), Inline: inline}},
			Roles: []org.Role{{ARN: policy.MustParseARN(ownRole), Inline: inline, Trust: document([]string{`{"Effect":"Allow","Principal":{"AWS":"` + smallAccount + `"},"Action":"sts:AssumeRole"}`})}}},
		other: org.Account{ID: otherAccount, Attached: []string{org.FullAWSAccess}},
	}
}

func (s *two) gap(subject, what string) org.Gap {
	g := org.Gap{Subject: subject, What: what, Reason: "denied"}
	s.Gaps = append(s.Gaps, g)
	return g
}

// control adds a control policy that is attached to an account; "": it is not known.
func (s *two) control(k policy.Kind, id, statement string, to *org.Account) {
	p := org.ControlPolicy{ID: id, Name: id, Kind: k}
	if statement == "" {
		s.gap(id, org.GapDocument)
	} else {
		p.Document = document([]string{statement})
	}
	s.ControlPolicies = append(s.ControlPolicies, p)
	to.Attached = append(to.Attached, id)
}

func resource(arn string, statements ...string) org.Resource {
	r := org.Resource{ARN: policy.MustParseARN(arn)}
	if len(statements) > 0 {
		r.Policy = document(statements)
	}
	return r
}

func (s *two) organization(t *testing.T) *org.Organization {
	t.Helper()
	spec := s.Spec
	spec.Accounts = []org.Account{s.own, s.other, {ID: "444455556666"}}
	o, err := org.New(spec)
	require.NoError(t, err)
	return o
}

func environmentOf(t *testing.T, o *org.Organization, changes ...org.Change) *simulate.Environment {
	t.Helper()
	o, err := o.Apply(changes...)
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

// What is not known in one environment, or otherwise than in the other, and what Block Public Access
// lets through when a policy grants less, is no proof that nobody gains anything.
func TestNoProofOfWhatIsNotKnown(t *testing.T) {
	managed := []policy.ARN{policy.MustParseARN("arn:aws:iam::" + smallAccount + ":policy/one"), policy.MustParseARN("arn:aws:iam::" + smallAccount + ":policy/two")}
	unknownPolicies := func(s *two) {
		for _, arn := range managed {
			s.own.Policies = append(s.own.Policies, org.ManagedPolicy{ARN: arn})
			s.gap(arn.String(), org.GapDocument)
		}
	}
	bucket := func(blocks bool, statements ...string) org.Resource {
		r := resource("arn:aws:s3:::logs", statements...)
		r.BlockPublicAccess = blocks
		return r
	}
	for name, test := range map[string]struct {
		action, on string
		change     func(*two) []org.Change
	}{
		"an RCP that is not known is detached": {"sqs:SendMessage", farQueue, func(s *two) []org.Change {
			s.other.Resources = []org.Resource{resource(farQueue, forAna)}
			s.control(policy.ResourceControl, oneRCP, "", &s.other)
			return []org.Change{org.DetachControlPolicy(oneRCP, otherAccount)}
		}},
		"an RCP that is not known is another": {"sqs:SendMessage", farQueue, func(s *two) []org.Change {
			s.other.Resources = []org.Resource{resource(farQueue, forAna)}
			s.control(policy.ResourceControl, oneRCP, "", &s.other)
			s.control(policy.ResourceControl, otherRCPs, "", &s.other)
			s.other.Attached = s.other.Attached[:2]
			return []org.Change{org.DetachControlPolicy(oneRCP, otherAccount), org.AttachControlPolicy(otherRCPs, otherAccount)}
		}},
		"what is attached to an account becomes known": {"sqs:SendMessage", farQueue, func(s *two) []org.Change {
			s.other.Resources = []org.Resource{resource(farQueue, forAna)}
			return []org.Change{org.MarkKnown(s.gap(otherAccount, org.GapControlPolicies))}
		}},
		"the second of two policies that are not known is detached": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			unknownPolicies(s)
			u := s.own.Users[0]
			s.own.Users[0].Attached, u.Attached = managed, managed[:1]
			return []org.Change{org.PutUser(u)}
		}},
		"a second policy that is not known is attached": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			unknownPolicies(s)
			s.own.Users[0].Inline = nil
			u := s.own.Users[0]
			s.own.Users[0].Attached, u.Attached = managed[:1], managed
			return []org.Change{org.PutUser(u)}
		}},
		"a group with a policy that is not known gets another": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			unknownPolicies(s)
			g := org.Group{ARN: policy.MustParseARN("arn:aws:iam::" + smallAccount + ":group/g"), Attached: managed[:1]}
			s.own.Users[0].Inline, s.own.Users[0].Groups = nil, []string{"g"}
			s.own.Groups = []org.Group{g}
			g.Attached = managed
			return []org.Change{org.PutGroup(g)}
		}},
		"the second of two SCPs that are not known is detached": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			s.control(policy.ServiceControl, oneRCP, "", &s.own)
			s.control(policy.ServiceControl, otherRCPs, "", &s.own)
			return []org.Change{org.DetachControlPolicy(otherRCPs, smallAccount)}
		}},
		"a gap of a queue that is not listed closes": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			return []org.Change{org.MarkKnown(s.gap(ownQueue, org.GapResourcePolicy))}
		}},
		"a gap of an account closes": {"sqs:SendMessage", ownQueue, func(s *two) []org.Change {
			return []org.Change{org.MarkKnown(s.gap(smallAccount, org.GapUnlisted))}
		}},
		"a gap of another account opens": {"sqs:SendMessage", farQueue, func(*two) []org.Change {
			return []org.Change{org.MarkUnknown(org.Gap{Subject: otherAccount, What: org.GapUnlisted, Reason: "denied"})}
		}},
		"AWS may manage the key after all": {"kms:Decrypt", ownKey, func(s *two) []org.Change {
			s.own.Resources = []org.Resource{resource(ownKey, theirs)}
			s.control(policy.ResourceControl, oneRCP, denyRCP, &s.own)
			return []org.Change{org.MarkUnknown(org.Gap{Subject: ownKey, What: org.GapKeyManager, Reason: "denied"})}
		}},
		"a key that RCPs reach is not listed any more": {"kms:Decrypt", ownKey, func(s *two) []org.Change {
			s.own.Resources = []org.Resource{resource(ownKey, forAll)}
			s.control(policy.ResourceControl, oneRCP, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`, &s.own)
			return []org.Change{org.Remove(policy.MustParseARN(ownKey))}
		}},
		"the user gains what an RCP denies, of a key that AWS may manage": {"kms:Decrypt", ownKey, func(s *two) []org.Change {
			s.own.Resources = []org.Resource{resource(ownKey, theirs)}
			s.control(policy.ResourceControl, oneRCP, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`, &s.own)
			s.gap(ownKey, org.GapKeyManager)
			u := s.own.Users[0]
			s.own.Users[0].Inline = []org.InlinePolicy{{Name: "inline", Document: document([]string{`{"Effect":"Allow","NotAction":"kms:Decrypt","Resource":"*"}`})}}
			return []org.Change{org.PutUser(u)}
		}},
		"a policy is no longer public": {"s3:GetObject", "arn:aws:s3:::logs/x", func(s *two) []org.Change {
			s.other.Resources = []org.Resource{bucket(true, forAll, forAna)}
			return []org.Change{org.PutResource(otherAccount, bucket(true, forAna))}
		}},
		"a bucket with a policy that is not known is not blocked": {"s3:GetObject", "arn:aws:s3:::logs/x", func(s *two) []org.Change {
			s.other.Resources = []org.Resource{bucket(true)}
			s.gap("arn:aws:s3:::logs", org.GapResourcePolicy)
			return []org.Change{org.PutResource(otherAccount, bucket(false))}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTwo()
			changes := test.change(s)
			o := s.organization(t)
			before, after := environmentOf(t, o), environmentOf(t, o, changes...)
			q := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN(ownUser)), Action: policy.Action(test.action), Resource: policy.MustParseARN(test.on)}
			require.NotEqual(t, simulate.Allowed, before.Can(q).Outcome)
			require.True(t, after.Can(q).Allowed() || after.Can(q).CanBe(simulate.Allowed))
			r, err := check.NoGainedAccess(t.Context(), before, after, q.Principal)
			require.NoError(t, err)
			require.Equal(t, check.Unknown, r.Verdict)
			r, err = check.NobodyGainsAccess(t.Context(), before, after, 10)
			require.NoError(t, err)
			require.Equal(t, check.Unknown, r.Verdict)
		})
	}
}

// What is the same in both environments, known or not, stands in the way of no proof.
func TestProofsBesideWhatIsNotKnown(t *testing.T) {
	for name, test := range map[string]func(*two) []org.Change{
		"an RCP is not known": func(s *two) []org.Change {
			s.other.Resources = []org.Resource{resource(farQueue, forAna)}
			s.control(policy.ResourceControl, oneRCP, "", &s.other)
			return nil
		},
		"a gap of a listed queue closes": func(s *two) []org.Change {
			s.other.Resources = []org.Resource{resource(farQueue)}
			s.own.Users[0].Inline, s.own.Roles[0].Inline = nil, nil
			s.control(policy.ServiceControl, oneRCP, `{"Effect":"Deny","Action":"*","Resource":"*"}`, &s.own)
			return []org.Change{org.MarkKnown(s.gap(farQueue, org.GapResourcePolicy))}
		},
		"a blocked bucket grants less": func(s *two) []org.Change {
			blocked := func(statements ...string) org.Resource {
				r := resource("arn:aws:s3:::logs", statements...)
				r.BlockPublicAccess = true
				return r
			}
			s.other.Resources = []org.Resource{blocked(forAna, theirs)}
			return []org.Change{org.PutResource(otherAccount, blocked(forAna))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTwo()
			changes := append(test(s), org.PutUser(org.User{ARN: policy.MustParseARN(ownUser)}))
			o := s.organization(t)
			r, err := check.NoGainedAccess(t.Context(), environmentOf(t, o), environmentOf(t, o, changes...), policy.PrincipalFromARN(policy.MustParseARN(ownUser)))
			require.NoError(t, err)
			require.Equal(t, check.Pass, r.Verdict, r.Reason)
		})
	}
}

// The policy of a VPC endpoint may let one principal through and not the other.
func TestNoLostAccessThroughEndpoints(t *testing.T) {
	for condition, want := range map[string]check.Verdict{
		`{"ArnEquals":{"aws:PrincipalArn":"` + ownUser + `"}}`:   check.Unknown,
		`{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`: check.Pass,
		`{"StringEquals":{"aws:ResourceOrgID":"o-a1b2c3d4e5"}}`:  check.Pass,
	} {
		s := newTwo()
		s.own.Endpoints = []org.Endpoint{{ID: anEnd, VPC: "vpc-0a1b2c3d4e5f60718", Service: "sqs",
			Policy: document([]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":` + condition + `}`})}}
		env := environmentOf(t, s.organization(t))
		r, err := check.NoLostAccess(t.Context(), env, env, policy.PrincipalFromARN(policy.MustParseARN(ownUser)), policy.PrincipalFromARN(policy.MustParseARN(ownRole)))
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict, "%s: %s", condition, r.Reason)
	}
}

// RCPs that are not known may deny one principal what another may do.
func TestNoLostAccessBeforeUnknownRCPs(t *testing.T) {
	s := newTwo()
	s.other.Resources = []org.Resource{resource(farQueue, theirs)}
	s.control(policy.ResourceControl, oneRCP, "", &s.other)
	env := environmentOf(t, s.organization(t))
	r, err := check.NoLostAccess(t.Context(), env, env, policy.PrincipalFromARN(policy.MustParseARN(ownUser)), policy.PrincipalFromARN(policy.MustParseARN(ownRole)))
	require.NoError(t, err)
	require.Equal(t, check.Unknown, r.Verdict)
}

// A guardrail is not proved of users and roles that a gap may hide, unless it excepts them.
func TestGuardedHiddenPrincipals(t *testing.T) {
	for _, test := range []struct {
		subject, what, except string
		want                  check.Verdict
	}{
		{otherAccount, org.GapUnlisted, "*:root", check.Unknown},
		{otherAccount, org.GapEverything, "*:root", check.Unknown},
		{"arn:aws:iam::" + otherAccount + ":role/*", org.GapUnlisted, "*:root", check.Unknown},
		{"arn:aws:iam::" + otherAccount + ":role/x", org.GapEverything, "*:root", check.Unknown},
		{"arn:aws:iam::" + otherAccount + ":role/x", org.GapEverything, "arn:aws:iam::*", check.Pass},
		{otherAccount, org.GapUnlisted, "arn:aws:iam::*", check.Pass},
		{"arn:aws:iam::" + otherAccount + ":group/*", org.GapUnlisted, "*:root", check.Pass},
		{"arn:aws:lambda:*", org.GapUnlisted, "*:root", check.Pass},
		{otherAccount, org.GapTags, "*:root", check.Pass},
	} {
		s := newTwo()
		s.own.Users, s.own.Roles = nil, nil
		s.gap(test.subject, test.what)
		r, err := check.Guarded(t.Context(), environmentOf(t, s.organization(t)), check.Guardrail{Accesses: []check.Access{{Actions: []string{"iam:CreateAccessKey"}}}, Except: []string{test.except, "*:root"}})
		require.NoError(t, err)
		require.Equal(t, test.want, r.Verdict, "%s of %s but for %s: %s", test.what, test.subject, test.except, r.Reason)
	}
}

// An RCP denies nothing for certain of a key that AWS may manage.
func TestGuardedKeysThatAWSMayManage(t *testing.T) {
	for _, policyOf := range []string{theirs, `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"*","Resource":"*"}`} {
		s := newTwo()
		s.own.Resources = []org.Resource{resource(ownKey, policyOf)}
		s.gap(ownKey, org.GapKeyManager)
		s.control(policy.ResourceControl, oneRCP, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`, &s.own)
		r, err := check.Guarded(t.Context(), environmentOf(t, s.organization(t)), check.Guardrail{Accesses: []check.Access{{Actions: []string{"kms:Decrypt"}, Resources: []string{ownKey}}}})
		require.NoError(t, err)
		require.Equal(t, check.Unknown, r.Verdict)
	}
}

// No statement is dead before SCPs that are not known.
func TestDeadAtWantsAllSCPs(t *testing.T) {
	for _, gap := range []org.Gap{{Subject: "r-ab12", What: org.GapControlPolicies}, {Subject: "r-ab12", What: org.GapEverything}, {Subject: oneRCP, What: org.GapDocument}} {
		s := newTwo()
		s.control(policy.ServiceControl, oneRCP, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, &s.own)
		s.Root.Attached, s.own.Attached = []string{oneRCP}, []string{org.FullAWSAccess}
		found, err := check.DeadAt(t.Context(), environmentOf(t, s.organization(t)), smallAccount)
		require.NoError(t, err)
		require.Empty(t, found)
		s.gap(gap.Subject, gap.What)
		_, err = check.DeadAt(t.Context(), environmentOf(t, s.organization(t)), smallAccount)
		require.ErrorContains(t, err, gap.Subject)
	}
}

// No bucket policy keeps the root user of the bucket's account from changing it (R-ROOT-5).
func TestGuardedRootUnlocksBuckets(t *testing.T) {
	for action, want := range map[string]check.Verdict{
		"s3:DeleteBucketPolicy": check.Fail, "s3:PutBucketPolicy": check.Fail, "s3:GetBucketPolicy": check.Fail, "s3:DeleteBucket": check.Pass, "s3:GetObject": check.Pass,
	} {
		s := newTwo()
		s.own.Resources = []org.Resource{resource("arn:aws:s3:::logs", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"]}`)}
		guarded := func() check.GuardrailResult {
			access := check.Access{Actions: []string{action}, Resources: []string{"arn:aws:s3:::logs", "arn:aws:s3:::logs/*"}}
			r, err := check.Guarded(t.Context(), environmentOf(t, s.organization(t)), check.Guardrail{Accesses: []check.Access{access}})
			require.NoError(t, err)
			return r
		}
		r := guarded()
		require.Equal(t, want, r.Verdict, "%s: %s", action, r.Reason)
		if want == check.Fail {
			require.Len(t, r.Breaches, 1)
			require.Equal(t, policy.Root, r.Breaches[0].Request.Principal.Kind())
			require.Equal(t, "arn:aws:s3:::logs", r.Breaches[0].Request.Resource.String())
		}
		s.control(policy.ResourceControl, oneRCP, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`, &s.own)
		require.Equal(t, check.Pass, guarded().Verdict, "an RCP does: %s", action)
	}
}

// Nor does root gain what it could do all the time, behind a bucket policy or without.
func TestRootGainsNoBucketPolicy(t *testing.T) {
	const bucket = "arn:aws:s3:::logs"
	deny := func(action string) org.Resource {
		return resource(bucket, `{"Effect":"Deny","Principal":"*","Action":"`+action+`","Resource":["`+bucket+`","`+bucket+`/*"],"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}}}`)
	}
	root := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::" + smallAccount + ":root"))
	for action, want := range map[string]check.Verdict{"s3:PutBucketPolicy": check.Pass, "s3:GetBucketPolicy": check.Pass, "s3:PutBucketAcl": check.Fail, "s3:*": check.Fail} {
		s := newTwo()
		s.own.Resources = []org.Resource{deny(action)}
		o := s.organization(t)
		after := resource(bucket)
		r, err := check.NoGainedAccess(t.Context(), environmentOf(t, o), environmentOf(t, o, org.PutResource(smallAccount, after)), root)
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict, "%s: %s", action, r.Reason)
		none := policy.Must(policy.NewDocument())
		r, err = check.NoNewAccess(t.Context(), deny(action).Policy, none, policy.ResourceBased)
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict, "%s: %s", action, r.Reason)
	}
}

// A policy that names the role may also name one of its sessions, in any order.
func TestNoProofOfSessionsOneByOne(t *testing.T) {
	role := `{"Effect":"Allow","Principal":{"AWS":"` + ownRole + `"},"Action":"sqs:*","Resource":"*"}`
	session := `{"Effect":"Deny","Principal":{"AWS":"arn:aws:sts::` + smallAccount + `:assumed-role/dev/ana"},"Action":"sqs:*","Resource":"*"}`
	for _, statements := range [][]string{{role, session}, {session, role}} {
		s := newTwo()
		s.own.Resources = []org.Resource{resource(ownQueue, statements...)}
		o := s.organization(t)
		r, err := check.NoGainedAccess(t.Context(), environmentOf(t, o), environmentOf(t, o, org.PutResource(smallAccount, resource(ownQueue, role))), policy.PrincipalFromARN(policy.MustParseARN(ownRole)))
		require.NoError(t, err)
		require.Equal(t, check.Unknown, r.Verdict)
		require.Contains(t, r.Reason, "sessions")
	}
}

// That nobody gains anything is not proved where a gap may hide users or roles.
func TestNobodyGainsBesideHiddenPrincipals(t *testing.T) {
	s := newTwo()
	o := s.organization(t)
	hidden := org.MarkUnknown(org.Gap{Subject: "arn:aws:iam::" + smallAccount + ":role/*", What: org.GapUnlisted, Reason: "denied"})
	o, err := o.Apply(hidden, org.PutControlPolicy(org.ControlPolicy{ID: oneRCP, Name: oneRCP, Kind: policy.ServiceControl,
		Document: document([]string{`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/hidden"}}}`})}), org.AttachControlPolicy(oneRCP, smallAccount))
	require.NoError(t, err)
	r, err := check.NobodyGainsAccess(t.Context(), environmentOf(t, o), environmentOf(t, o, org.DetachControlPolicy(oneRCP, smallAccount)), 10)
	require.NoError(t, err)
	require.Equal(t, check.Unknown, r.Verdict)
	require.Contains(t, r.Reason, "may be more users and roles")
}

// Tags of users that are not known are no one's choice: what only some tags would show is not found.
func TestUnknownTagsAreNotGuessed(t *testing.T) {
	user := policy.PrincipalFromARN(policy.MustParseARN(ownUser))
	type one struct {
		tags  map[string]string // nil: not known
		allow string            // the tag that the policy wants
	}
	a, b := map[string]string{"team": "a"}, map[string]string{"team": "b"}
	env := func(o one, more ...string) *simulate.Environment {
		s := userWith(append(more, `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"`+o.allow+`"}}}`)...)
		if s.own.Users[0].Tags = o.tags; o.tags == nil {
			s.gap(ownUser, org.GapTags)
		}
		return environmentOf(t, s.organization(t))
	}
	for _, tt := range []struct {
		name          string
		before, after one
		want          check.Verdict
	}{
		{"not known before and after", one{nil, "a"}, one{nil, "a"}, check.Pass},
		{"no longer known", one{a, "a"}, one{nil, "a"}, check.Unknown},
		{"no longer known, and were others", one{b, "a"}, one{nil, "a"}, check.Unknown},
		{"known now", one{nil, "a"}, one{a, "a"}, check.Unknown},
		{"not known, and the policy is another", one{nil, "a"}, one{nil, "b"}, check.Unknown},
		{"known, and the policy is another", one{b, "a"}, one{b, "b"}, check.Fail},
	} {
		r, err := check.NoGainedAccess(t.Context(), env(tt.before), env(tt.after), user)
		require.NoError(t, err)
		require.Equal(t, tt.want, r.Verdict, "%s: %s", tt.name, r.Reason)
		if tt.want == check.Unknown {
			require.Contains(t, r.Reason, "tags", tt.name)
		}
	}
	// What is gained whatever the tags are is found.
	r, err := check.NoGainedAccess(t.Context(), env(one{nil, "a"}), env(one{nil, "a"}, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`), user)
	require.NoError(t, err)
	require.Equal(t, check.Fail, r.Verdict, r.Reason)
	guarded, err := check.Guarded(t.Context(), env(one{nil, "a"}), check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:SendMessage"}}}, Except: []string{"arn:aws:iam::*:root"}})
	require.NoError(t, err)
	require.Equal(t, check.Unknown, guarded.Verdict)
}
