package simulate_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// What the model knows of condition keys, sessions and resources that nobody gave or
// listed: each is present, absent or unknown (evaluation §13), and only what is unknown
// makes a decision indeterminate.

func presenceSession(t *testing.T, s simulate.SessionSpec) *simulate.Session {
	t.Helper()
	out, err := simulate.NewSession(s)
	require.NoError(t, err)
	return out
}

func presenceRequest(who string, action policy.Action, resource string) simulate.Request {
	r := simulate.Request{Principal: parsePrincipal(who), Action: action}
	if resource != "*" {
		r.Resource = policy.MustParseARN(resource)
	}
	return r
}

// decides puts a request to Can and Explain, and wants these outcomes to be possible.
func decides(t *testing.T, env *simulate.Environment, r simulate.Request, possible ...simulate.Outcome) *simulate.Explanation {
	t.Helper()
	got, x := env.Can(r), env.Explain(r)
	require.Equal(t, got, x.Decision, "Explain decides otherwise")
	require.ElementsMatch(t, possible, x.Possible, "%s", got)
	if len(possible) == 1 {
		require.Equal(t, possible[0], got.Outcome)
		require.Empty(t, x.Depends)
	} else {
		require.Equal(t, simulate.Indeterminate, got.Outcome)
	}
	return x
}

// dependsOn wants the explanation to name exactly one thing.
func dependsOn(t *testing.T, x *simulate.Explanation, kind simulate.DependencyKind, name string) {
	t.Helper()
	require.Len(t, x.Depends, 1)
	require.Equal(t, kind, x.Depends[0].Kind)
	require.Equal(t, name, x.Depends[0].Name)
}

// oneAccount is an account without an organization.
func oneAccount(t *testing.T, a org.Account, opts ...simulate.Option) *simulate.Environment {
	t.Helper()
	o, err := org.New(org.Spec{Accounts: []org.Account{a}})
	require.NoError(t, err)
	env, err := simulate.Compile(o, opts...)
	require.NoError(t, err)
	return env
}

func allowsWhen(c policy.Conditions) *policy.Document { return everythingIf(policy.Allow, c) }

// TestFederatedUserWithoutSession: nobody said which user made the session and what
// policy it has, so that both are open; a session that has no policy may do nothing by
// identity policies (R-SES-2).
func TestFederatedUserWithoutSession(t *testing.T) {
	t.Parallel()
	env := oneAccount(t, org.Account{ID: homeAccount, Users: []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsAll)}}})
	ana := policy.MustParseARN(anaUser)
	for _, tt := range []struct {
		name     string
		session  *simulate.Session
		step     simulate.Outcome // of the session policies by themselves
		possible []simulate.Outcome
	}{
		{"no session", nil, simulate.Indeterminate, anyOutcome},
		{"a session without policy", presenceSession(t, simulate.SessionSpec{IssuingUser: ana}), simulate.ImplicitDeny, outcomeLacks},
		{"a session with a policy", presenceSession(t, simulate.SessionSpec{IssuingUser: ana, Policies: tableDocs(readsObjects)}), simulate.Allowed, outcomeAllowed},
		{"a session with another policy", presenceSession(t, simulate.SessionSpec{IssuingUser: ana, Policies: tableDocs(allowsNothing)}), simulate.ImplicitDeny, outcomeLacks},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := presenceRequest(federated, "s3:GetObject", "arn:aws:s3:::logs/a")
			r.Keys, r.Session = r.Keys.With("aws:ResourceAccount", homeAccount), tt.session
			x := decides(t, env, r, tt.possible...)
			var steps []simulate.Outcome
			for _, s := range x.Steps {
				if s.Stage == simulate.StageSessionPolicy {
					steps = append(steps, s.Outcome)
				}
			}
			require.Equal(t, []simulate.Outcome{tt.step}, steps)
		})
	}
}

// trustFor lets the account do the actions with a role.
func trustFor(actions ...string) *policy.Document {
	return oneStatement(policy.Statement{Effect: policy.Allow, Principal: awsEntries(homeAccount), Action: policy.List(actions...)})
}

// TestSessionTags: session tags override those of the role, and there are none if the
// trust policy does not let sts:TagSession in (R-STS-4).
func TestSessionTags(t *testing.T) {
	t.Parallel()
	red := allowsWhen(policy.When("StringEquals", "aws:PrincipalTag/team", "red"))
	untagged, tagged := map[string]string(nil), map[string]string{"team": "red"}
	denyTags, err := trustFor("sts:AssumeRole").Append(policy.Statement{Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("sts:TagSession")})
	require.NoError(t, err)
	notAction := oneStatement(policy.Statement{Effect: policy.Allow, Principal: awsEntries(homeAccount), NotAction: policy.List("sts:SetSourceIdentity")})
	for _, tt := range []struct {
		name           string
		trust          *policy.Document
		tags           map[string]string
		session        *simulate.SessionSpec
		strict, unsure simulate.Outcome // with absent, and with unknown keys
	}{
		{"cannot be tagged", trustFor("sts:AssumeRole"), untagged, nil, simulate.ImplicitDeny, simulate.ImplicitDeny},
		{"cannot be tagged, by a pattern", trustFor("sts:AssumeRole*"), untagged, nil, simulate.ImplicitDeny, simulate.ImplicitDeny},
		{"cannot be tagged, denied", denyTags, untagged, nil, simulate.ImplicitDeny, simulate.ImplicitDeny},
		{"cannot be tagged, the role is", trustFor("sts:AssumeRole"), tagged, nil, simulate.Allowed, simulate.Allowed},
		{"can be tagged", trustFor("sts:AssumeRole", "sts:TagSession"), untagged, nil, simulate.ImplicitDeny, simulate.Indeterminate},
		{"can be tagged, by a pattern", trustFor("sts:*"), untagged, nil, simulate.ImplicitDeny, simulate.Indeterminate},
		{"can be tagged, by NotAction", notAction, untagged, nil, simulate.ImplicitDeny, simulate.Indeterminate},
		{"can be tagged, the role is", trustFor("sts:AssumeRole", "sts:TagSession"), tagged, nil, simulate.Allowed, simulate.Indeterminate},
		{"no trust policy is known", nil, untagged, nil, simulate.ImplicitDeny, simulate.Indeterminate},
		{"a session without tags", trustFor("sts:*"), untagged, &simulate.SessionSpec{}, simulate.ImplicitDeny, simulate.ImplicitDeny},
		{"a session without tags, the role has", trustFor("sts:*"), tagged, &simulate.SessionSpec{}, simulate.Allowed, simulate.Allowed},
		{"a session with the tag", trustFor("sts:*"), untagged, &simulate.SessionSpec{Tags: tagged}, simulate.Allowed, simulate.Allowed},
		{"a session with the tag, and perhaps others", trustFor("sts:*"), untagged, &simulate.SessionSpec{Tags: tagged, OtherTags: true}, simulate.Allowed, simulate.Allowed},
		{"a session with tags that nobody gives", trustFor("sts:*"), untagged, &simulate.SessionSpec{Tags: map[string]string{"unit": "a"}, OtherTags: true}, simulate.ImplicitDeny, simulate.Indeterminate},
		{"a session with tags that nobody gives, the role has", trustFor("sts:*"), tagged, &simulate.SessionSpec{OtherTags: true}, simulate.Allowed, simulate.Indeterminate},
		{"a session that cannot have more tags", trustFor("sts:AssumeRole"), untagged, &simulate.SessionSpec{OtherTags: true}, simulate.ImplicitDeny, simulate.ImplicitDeny},
		{"a session with another tag", trustFor("sts:*"), tagged, &simulate.SessionSpec{Tags: map[string]string{"team": "blue"}}, simulate.ImplicitDeny, simulate.ImplicitDeny},
	} {
		account := org.Account{ID: homeAccount, Roles: []org.Role{{ARN: gapARN(appRole), Trust: tt.trust, Tags: tt.tags, Inline: gapInline(red)}}}
		for _, who := range []string{appSession, appRole} {
			t.Run(tt.name+"/"+who, func(t *testing.T) {
				r := presenceRequest(who, "sqs:SendMessage", homeQueue)
				if tt.session != nil {
					r.Session = presenceSession(t, *tt.session)
				}
				decides(t, oneAccount(t, account, simulate.WithStrictKeys()), r, tt.strict)
				env := oneAccount(t, account)
				if tt.unsure != simulate.Indeterminate {
					decides(t, env, r, tt.unsure)
					return
				}
				dependsOn(t, decides(t, env, r, mayLack...), simulate.DependsOnKey, "aws:PrincipalTag/team")
			})
		}
	}
}

// TestSessionTagsOfReservedRoles: what people of IAM Identity Center carry does not follow from
// the role, whatever its trust policy says.
func TestSessionTagsOfReservedRoles(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
	const session = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ana"
	all := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
	deny := policy.Statement{
		Effect: policy.Deny, Action: policy.List("iam:*"), Resource: policy.List("*"),
		Condition: policy.When("StringEquals", "aws:PrincipalTag/team", "contractors"),
	}
	for name, tags := range map[string]map[string]string{"untagged": nil, "tagged": {"team": "red"}} {
		t.Run(name, func(t *testing.T) {
			account := org.Account{ID: homeAccount, Roles: []org.Role{{
				ARN: gapARN(role), Trust: trustFor("sts:AssumeRole"), Tags: tags, Inline: gapInline(oneStatement(all, deny)),
			}}}
			env := oneAccount(t, account)
			for _, who := range []string{role, session} {
				r := presenceRequest(who, "iam:CreateUser", "arn:aws:iam::111122223333:user/bob")
				dependsOn(t, decides(t, env, r, simulate.Allowed, simulate.ExplicitDeny), simulate.DependsOnKey, "aws:PrincipalTag/team")
				r.Session = presenceSession(t, simulate.SessionSpec{Tags: map[string]string{"team": "red"}})
				decides(t, env, r, simulate.Allowed)
				r.Session = presenceSession(t, simulate.SessionSpec{Tags: map[string]string{"unit": "a"}, OtherTags: true})
				dependsOn(t, decides(t, env, r, simulate.Allowed, simulate.ExplicitDeny), simulate.DependsOnKey, "aws:PrincipalTag/team")
			}
		})
	}
}

// TestFederatedRolesHaveNoMFA: sessions of people who signed in elsewhere never carry
// aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge.
func TestFederatedRolesHaveNoMFA(t *testing.T) {
	t.Parallel()
	saml := policy.PrincipalList(policy.FederatedPrincipal, "arn:aws:iam::111122223333:saml-provider/corp")
	lets := func(p policy.Principals, action string) policy.Statement {
		return policy.Statement{Effect: policy.Allow, Principal: p, Action: policy.List(action)}
	}
	withSAML := lets(saml, "sts:AssumeRoleWithSAML")
	const sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
	for _, tt := range []struct {
		name, role string
		trust      *policy.Document
		mayHaveMFA bool
	}{
		{"Identity Center, by the path", sso, nil, false},
		{"Identity Center, trust policy known", sso, oneStatement(withSAML), false},
		{"another reserved path", "arn:aws:iam::111122223333:role/aws-reserved/other/Admin", nil, true},
		{"SAML only", appRole, oneStatement(withSAML), false},
		{"SAML and a Deny of users", appRole, oneStatement(withSAML, policy.Statement{Effect: policy.Deny, Principal: awsEntries(homeAccount), Action: policy.List("sts:*")}), false},
		{"SAML and users", appRole, oneStatement(withSAML, lets(awsEntries(homeAccount), "sts:AssumeRole")), true},
		{"SAML and everybody else", appRole, oneStatement(withSAML, policy.Statement{Effect: policy.Allow, NotPrincipal: awsEntries(stranger), Action: policy.List("sts:AssumeRole")}), true},
		{"users", appRole, trustFor("sts:AssumeRole"), true},
		{"trust policy not known", appRole, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for key, c := range map[string]policy.Conditions{
				"aws:MultiFactorAuthPresent": policy.When("Bool", "aws:MultiFactorAuthPresent", "true"),
				"aws:MultiFactorAuthAge":     policy.When("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
			} {
				env := oneAccount(t, org.Account{ID: homeAccount, Roles: []org.Role{{ARN: gapARN(tt.role), Trust: tt.trust, Inline: gapInline(allowsWhen(c))}}})
				r := presenceRequest(tt.role, "sqs:SendMessage", homeQueue)
				if tt.mayHaveMFA {
					dependsOn(t, decides(t, env, r, mayLack...), simulate.DependsOnKey, key)
				} else {
					decides(t, env, r, simulate.ImplicitDeny)
				}
				r.Keys = r.Keys.With("aws:MultiFactorAuthPresent", "true").With("aws:MultiFactorAuthAge", "60")
				decides(t, env, r, simulate.Allowed) // what is given counts
			}
		})
	}
}

// TestMFAKeysAreTied: aws:MultiFactorAuthAge is sent only where MFA was used, which
// aws:MultiFactorAuthPresent then says.
func TestMFAKeysAreTied(t *testing.T) {
	t.Parallel()
	recent := policy.When("NumericLessThan", "aws:MultiFactorAuthAge", "3600")
	used := policy.When("Bool", "aws:MultiFactorAuthPresent", "true")
	unused := policy.When("Bool", "aws:MultiFactorAuthPresent", "false")
	keys := func(name string, values ...string) simulate.Keys { return simulate.Keys{}.With(name, values...) }
	for _, tt := range []struct {
		name     string
		when     policy.Conditions
		keys     simulate.Keys
		possible []simulate.Outcome
		requires string
	}{
		{"nobody said", recent, simulate.Keys{}, mayLack, "NumericLessThan aws:MultiFactorAuthAge [3600]"},
		{"MFA", recent, keys("aws:MultiFactorAuthPresent", "true"), mayLack, "NumericLessThan aws:MultiFactorAuthAge [3600]"},
		{"no MFA", recent, keys("aws:MultiFactorAuthPresent", "false"), outcomeLacks, "never"},
		{"no key", recent, keys("aws:MultiFactorAuthPresent"), outcomeLacks, "never"},
		{"no MFA, but an age", recent, keys("aws:MultiFactorAuthPresent", "false").With("aws:MultiFactorAuthAge", "60"), outcomeAllowed, "always"},
		{"an age", used, keys("aws:MultiFactorAuthAge", "60"), outcomeAllowed, "always"},
		{"no age", used, keys("aws:MultiFactorAuthAge"), mayLack, "Bool aws:MultiFactorAuthPresent [true]"},
		{"an age and no MFA at once", recent.And("Bool", "aws:MultiFactorAuthPresent", "false"), simulate.Keys{}, mayLack, "never"},
		{
			"an age without the key, and another condition", policy.When("StringEquals", "aws:UserAgent", "x"),
			keys("aws:MultiFactorAuthAge", "60").With("aws:MultiFactorAuthPresent"), mayLack, "StringEquals aws:UserAgent [x]",
		},
		{"an age, if any, and no MFA", unused.And("NumericLessThanIfExists", "aws:MultiFactorAuthAge", "3600"), keys("aws:MultiFactorAuthPresent", "false"), outcomeAllowed, "always"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := oneAccount(t, org.Account{ID: homeAccount, Users: []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsWhen(tt.when))}}})
			r := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
			r.Keys = tt.keys
			decides(t, env, r, tt.possible...)
			require.Equal(t, tt.requires, env.Requires(r).String())
		})
	}

	// A remedy that sets one of them settles the other.
	for _, tt := range []struct {
		when         policy.Conditions
		given        simulate.Keys
		present, age []string
	}{
		{recent, keys("aws:MultiFactorAuthPresent", "false"), []string{"true"}, []string{"3599"}},
		{unused, keys("aws:MultiFactorAuthPresent", "true").With("aws:MultiFactorAuthAge", "60"), []string{"false"}, nil},
	} {
		env := oneAccount(t, org.Account{ID: homeAccount, Users: []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsWhen(tt.when))}}})
		r := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
		r.Keys = tt.given
		c := env.HowToAllow(r)
		require.NotEmpty(t, c.Remedies)
		require.Equal(t, simulate.SetKey, c.Remedies[0].Steps[0].Kind)
		got := maps.Collect(c.Remedies[0].Request.Keys.All())
		require.Equal(t, tt.present, got["aws:MultiFactorAuthPresent"])
		require.Equal(t, tt.age, got["aws:MultiFactorAuthAge"])
	}
}

// TestSourceIPThroughEndpoint: aws:SourceIp is not in a request that comes through a VPC
// endpoint.
func TestSourceIPThroughEndpoint(t *testing.T) {
	t.Parallel()
	through, internet := simulate.Keys{}.With("aws:SourceVpce", "vpce-1"), simulate.Keys{}.With("aws:SourceVpce")
	for _, tt := range []struct {
		name     string
		op       policy.Operator
		keys     simulate.Keys
		possible []simulate.Outcome
	}{
		{"through an endpoint", "IpAddress", through, outcomeLacks},
		{"through an endpoint, negated", "NotIpAddress", through, outcomeAllowed},
		{"over the internet", "IpAddress", internet, mayLack},
		{"over the internet, negated", "NotIpAddress", internet, mayLack},
		{"nobody says", "IpAddress", simulate.Keys{}, mayLack},
		{"given all the same", "IpAddress", through.With("aws:SourceIp", "203.0.113.7"), outcomeAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := oneAccount(t, org.Account{
				ID:        homeAccount,
				Users:     []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsWhen(policy.When(tt.op, "aws:SourceIp", "203.0.113.0/24")))}},
				Endpoints: []org.Endpoint{{ID: "vpce-1", Service: "sqs"}},
			})
			r := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
			r.Keys = tt.keys
			x := decides(t, env, r, tt.possible...)
			if len(tt.possible) > 1 {
				dependsOn(t, x, simulate.DependsOnKey, "aws:SourceIp")
			}
		})
	}
}

// TestPublicBySourceIP: an address block keeps a bucket policy from being public if it is
// no broader than /8 of IPv4 and /32 of IPv6 (R-SPC-4).
func TestPublicBySourceIP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		block, caller string
		public        bool
	}{
		{"2001::/16", "2001:db8::1", true},
		{"2001:db8::/31", "2001:db8::1", true},
		{"2001:db8::/32", "2001:db8::1", false},
		{"2001:db8::1", "2001:db8::1", false},
		{"8.0.0.0/7", "9.1.1.1", true},
		{"9.0.0.0/8", "9.1.1.1", false},
		{"::ffff:8.0.0.0/103", "9.1.1.1", true}, // /7 in IPv6 form
		{"::ffff:9.0.0.0/104", "9.1.1.1", false},
	} {
		t.Run(tt.block, func(t *testing.T) {
			t.Parallel()
			env, err := simulate.CompileLayers(simulate.Layers{
				Resource: oneStatement(policy.Statement{
					Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
					Condition: policy.When("IpAddress", "aws:SourceIp", tt.block),
				}),
				ResourceAccount: homeAccount, BlockPublicAccess: true,
			})
			require.NoError(t, err)
			r := presenceRequest("*", "s3:GetObject", "arn:aws:s3:::logs/a")
			r.Keys = r.Keys.With("aws:SourceIp", tt.caller)
			want := simulate.Allowed
			if tt.public {
				want = simulate.ExplicitDeny
			}
			x := decides(t, env, r, want)
			require.Equal(t, tt.public, x.Decision.Stage == simulate.StageBlockPublicAccess)
		})
	}
}

// TestMappedAddressBlocks: a block of IPv4 addresses in IPv6 form is the IPv4 block.
func TestMappedAddressBlocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		block, addr string
		want        simulate.Outcome
	}{
		{"::ffff:10.0.0.0/104", "10.255.255.255", simulate.Allowed},
		{"::ffff:10.0.0.0/104", "::ffff:10.1.1.1", simulate.Allowed},
		{"::ffff:10.0.0.0/104", "11.0.0.0", simulate.ImplicitDeny},
		{"::ffff:10.0.0.0/104", "9.255.255.255", simulate.ImplicitDeny},
		{"::ffff:10.0.0.0/103", "11.0.0.0", simulate.Allowed},
		{"::ffff:10.0.0.0/103", "12.0.0.0", simulate.ImplicitDeny},
		{"::ffff:10.0.0.4/127", "10.0.0.5", simulate.Allowed},
		{"::ffff:10.0.0.4/127", "10.0.0.6", simulate.ImplicitDeny},
		{"::ffff:0.0.0.0/96", "203.0.113.7", simulate.Allowed},
		{"::ffff:0.0.0.0/96", "2001:db8::1", simulate.ImplicitDeny},
	} {
		env, err := simulate.CompileCustom(allowsWhen(policy.When("IpAddress", "aws:SourceIp", tt.block)))
		require.NoError(t, err)
		r := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
		r.Keys = r.Keys.With("aws:SourceIp", tt.addr)
		require.Equal(t, tt.want, env.Can(r).Outcome, "%s in %s", tt.addr, tt.block)
	}
}

// TestRegionOfGlobalServices: IAM and its like answer in us-east-1, in the partition aws
// only; the partition is that of the resource, or the caller's if there is none.
func TestRegionOfGlobalServices(t *testing.T) {
	t.Parallel()
	inRegion := func(region string) *policy.Document {
		return allowsWhen(policy.When("StringEquals", "aws:RequestedRegion", region))
	}
	for _, tt := range []struct {
		partition string
		action    policy.Action
		resource  string // below arn:PARTITION:
		region    string
		possible  []simulate.Outcome
	}{
		{"aws", "iam:GetUser", "iam::111122223333:user/ana", "us-east-1", outcomeAllowed},
		{"aws", "iam:GetUser", "iam::111122223333:user/ana", "eu-west-1", outcomeLacks},
		{"aws", "iam:ListAccountAliases", "", "us-east-1", outcomeAllowed},
		{"aws", "route53:ListHostedZones", "", "us-east-1", outcomeAllowed},
		{"aws", "ec2:DescribeInstances", "", "us-east-1", mayLack},
		{"aws-cn", "iam:GetUser", "iam::111122223333:user/ana", "us-east-1", mayLack},
		{"aws-cn", "iam:GetUser", "iam::111122223333:user/ana", "cn-north-1", mayLack},
		{"aws-cn", "iam:ListAccountAliases", "", "us-east-1", mayLack},
		{"aws-us-gov", "iam:GetUser", "iam::111122223333:user/ana", "us-east-1", mayLack},
		{"aws-us-gov", "iam:ListAccountAliases", "", "us-east-1", mayLack},
		{"aws-cn", "sqs:SendMessage", "sqs:cn-north-1:111122223333:orders", "cn-north-1", outcomeAllowed},
	} {
		t.Run(tt.partition+" "+string(tt.action)+" "+tt.region, func(t *testing.T) {
			t.Parallel()
			ana := "arn:" + tt.partition + ":iam::111122223333:user/ana"
			env := oneAccount(t, org.Account{ID: homeAccount, Users: []org.User{{ARN: gapARN(ana), Inline: gapInline(inRegion(tt.region))}}})
			resource := "*"
			if tt.resource != "" {
				resource = "arn:" + tt.partition + ":" + tt.resource
			}
			x := decides(t, env, presenceRequest(ana, tt.action, resource), tt.possible...)
			if len(tt.possible) > 1 {
				dependsOn(t, x, simulate.DependsOnKey, "aws:RequestedRegion")
			}
		})
	}
}

// TestCanonicalIDOfLayers: a CanonicalUser entry names the caller's account (R-PRI-10).
func TestCanonicalIDOfLayers(t *testing.T) {
	t.Parallel()
	const canonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	lets := grantTo(policy.PrincipalList(policy.CanonicalUserPrincipal, canonical))
	for _, tt := range []struct {
		name, id       string
		identity       []*policy.Document
		owner          string
		strict, unsure []simulate.Outcome
	}{
		{"another account's object", canonical, tableDocs(allowsAll), awayAccount, outcomeAllowed, outcomeAllowed},
		{"the entry names somebody else", "not" + canonical, tableDocs(allowsAll), awayAccount, outcomeLacks, outcomeLacks},
		{"not known", "", tableDocs(allowsAll), awayAccount, outcomeLacks, mayLack},
		{"without an identity policy", canonical, nil, awayAccount, outcomeLacks, outcomeLacks},
		{"in the same account it grants nothing", canonical, nil, homeAccount, outcomeLacks, outcomeLacks},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := simulate.Layers{Identity: tt.identity, Resource: lets, ResourceAccount: tt.owner, CanonicalID: tt.id}
			r := presenceRequest(anaUser, "s3:GetObject", "arn:aws:s3:::logs/a")
			unsure, err := simulate.CompileLayers(l)
			require.NoError(t, err)
			decides(t, unsure, r, tt.unsure...)
			l.GivenKeysOnly = true // what is not given does not exist
			strict, err := simulate.CompileLayers(l, simulate.WithStrictKeys())
			require.NoError(t, err)
			decides(t, strict, r, tt.strict...)
		})
	}
}

// TestPrincipalIDOfSessions: a session says the unique ID of a role that the model knows
// without one.
func TestPrincipalIDOfSessions(t *testing.T) {
	t.Parallel()
	const id, other = "AROAEXAMPLEEXAMPLE1", "AROAEXAMPLEEXAMPLE2"
	byUserID := allowsWhen(policy.When("StringEquals", "aws:userid", id+":s1"))
	for _, tt := range []struct {
		name, known, said string
		possible          []simulate.Outcome
	}{
		{"said", "", id, outcomeAllowed},
		{"said, another", "", other, outcomeLacks},
		{"known", id, "", outcomeAllowed},
		{"known and said", id, id, outcomeAllowed},
		{"the model knows better", id, other, outcomeAllowed},
		{"the model knows better, another", other, id, outcomeLacks},
		{"neither", "", "", mayLack},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var session *simulate.Session
			if tt.said != "" {
				session = presenceSession(t, simulate.SessionSpec{PrincipalID: tt.said})
			}
			role := org.Role{ARN: gapARN(appRole), ID: tt.known, Trust: trustFor("sts:AssumeRole")}

			// As aws:userid of a condition.
			role.Inline = gapInline(byUserID)
			r := presenceRequest(appSession, "sqs:SendMessage", homeQueue)
			r.Session = session
			x := decides(t, oneAccount(t, org.Account{ID: homeAccount, Roles: []org.Role{role}}), r, tt.possible...)
			if len(tt.possible) > 1 {
				dependsOn(t, x, simulate.DependsOnKey, "aws:userid")
			}

			// As a principal (R-PRI-11).
			role.Inline = nil
			queue := org.Resource{ARN: gapARN(homeQueue), Policy: grantTo(awsEntries(id))}
			x = decides(t, oneAccount(t, org.Account{ID: homeAccount, Roles: []org.Role{role}, Resources: []org.Resource{queue}}), r, tt.possible...)
			if len(tt.possible) > 1 {
				dependsOn(t, x, simulate.DependsOnCaller, appSession)
			}
		})
	}
}

// TestMayNameTheCallerItself: a policy that names the account for certain, and perhaps the
// caller itself, allows perhaps without an identity policy; what decides it is named
// (R-GRT-2, R-GRT-5, R-PRI-11).
func TestMayNameTheCallerItself(t *testing.T) {
	t.Parallel()
	const id = "AIDAEXAMPLEEXAMPLE1"
	account := policy.Statement{Effect: policy.Allow, Principal: awsEntries(homeAccount), Action: policy.List("*"), Resource: policy.List("*")}
	itself := account
	itself.Principal = awsEntries(anaUser)
	itself.Condition = policy.When("StringEquals", "aws:SourceVpce", "vpce-1")
	for _, tt := range []struct {
		name   string
		policy *policy.Document
		kind   simulate.DependencyKind
		what   string
	}{
		{"one statement, a unique ID", grantTo(awsEntries(homeAccount, id)), simulate.DependsOnCaller, anaUser},
		{"two statements, a unique ID", oneStatement(account, grantTo(awsEntries(id)).Statement(0)), simulate.DependsOnCaller, anaUser},
		{"two statements, a key", oneStatement(account, itself), simulate.DependsOnKey, "aws:SourceVpce"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			queue := org.Resource{ARN: gapARN(homeQueue), Policy: tt.policy}
			home := org.Account{ID: homeAccount, Users: []org.User{{ARN: gapARN(anaUser)}}, Resources: []org.Resource{queue}}
			r := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
			dependsOn(t, decides(t, oneAccount(t, home), r, mayLack...), tt.kind, tt.what)

			// Who is allowed anyway depends on nothing.
			home.Users[0].Inline = gapInline(allowsAll)
			decides(t, oneAccount(t, home), r, outcomeAllowed...)
		})
	}
}

// TestAssumeRoleMayPassMore: a key that may be in the request may need its own permission
// (R-STS-4).
func TestAssumeRoleMayPassMore(t *testing.T) {
	t.Parallel()
	ana := policy.MustParseARN(anaUser)
	for _, tt := range []struct {
		name     string
		trust    []string
		keys     simulate.Keys
		possible []simulate.Outcome
	}{
		{"no tags", []string{"sts:AssumeRole"}, simulate.Keys{}, outcomeAllowed},
		{"tags", []string{"sts:AssumeRole"}, simulate.Keys{}.With("aws:RequestTag/team", "red"), outcomeLacks},
		{"tags, let in", []string{"sts:AssumeRole", "sts:TagSession"}, simulate.Keys{}.With("aws:RequestTag/team", "red"), outcomeAllowed},
		{"maybe tags", []string{"sts:AssumeRole"}, simulate.Keys{}.WithUnknown("aws:RequestTag/*"), mayLack},
		{"maybe one tag", []string{"sts:AssumeRole"}, simulate.Keys{}.WithUnknown("aws:RequestTag/team"), mayLack},
		{"maybe tag keys", []string{"sts:AssumeRole"}, simulate.Keys{}.WithUnknown("aws:TagKeys"), mayLack},
		{"maybe tags, let in", []string{"sts:AssumeRole", "sts:TagSession"}, simulate.Keys{}.WithUnknown("aws:RequestTag/*"), outcomeAllowed},
		{"maybe tags, not the role", []string{"sts:TagSession"}, simulate.Keys{}.WithUnknown("aws:RequestTag/*"), outcomeLacks},
		{"tags for certain beside a pattern", []string{"sts:AssumeRole"}, simulate.Keys{}.With("aws:RequestTag/team", "red").WithUnknown("aws:RequestTag/*"), outcomeLacks},
		{"one tag is absent, others are not known", []string{"sts:AssumeRole"}, simulate.Keys{}.With("aws:RequestTag/team").WithUnknown("aws:RequestTag/*"), mayLack},
		{"one tag is absent", []string{"sts:AssumeRole"}, simulate.Keys{}.With("aws:RequestTag/team"), outcomeAllowed},
		{"maybe a source identity", []string{"sts:AssumeRole"}, simulate.Keys{}.WithUnknown("sts:SourceIdentity"), mayLack},
		{"maybe a source identity, let in", []string{"sts:AssumeRole", "sts:SetSourceIdentity"}, simulate.Keys{}.WithUnknown("sts:SourceIdentity"), outcomeAllowed},
		{"maybe a context", []string{"sts:AssumeRole"}, simulate.Keys{}.WithUnknown("sts:RequestContext/*"), mayLack},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			trust := oneStatement(policy.Statement{Effect: policy.Allow, Principal: awsEntries(ana.String()), Action: policy.List(tt.trust...)})
			env := oneAccount(t, org.Account{ID: homeAccount, Users: []org.User{{ARN: ana}}, Roles: []org.Role{{ARN: gapARN(appRole), Trust: trust}}})
			r := presenceRequest(anaUser, "sts:AssumeRole", appRole)
			r.Keys = tt.keys
			decides(t, env, r, tt.possible...)
		})
	}
}

// TestNobodyElseTakesRoles: an identity policy alone never lets anybody assume anything,
// and a token's call is not one that a user can make (R-STS-1, R-STS-3).
func TestNobodyElseTakesRoles(t *testing.T) {
	t.Parallel()
	saml := oneStatement(
		policy.Statement{Effect: policy.Allow, Principal: awsEntries(anaUser, homeAccount), Action: policy.List("sts:*")},
		policy.Statement{Effect: policy.Allow, Principal: policy.PrincipalList(policy.FederatedPrincipal, "arn:aws:iam::111122223333:saml-provider/corp"), Action: policy.List("sts:AssumeRoleWithSAML")},
	)
	account := org.Account{
		ID:    homeAccount,
		Users: []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsAll)}, {ARN: gapARN(stranger)}},
		Roles: []org.Role{{ARN: gapARN(appRole), Trust: saml}, {ARN: gapARN(linkedRole)}},
	}
	for _, tt := range []struct {
		who      string
		action   policy.Action
		resource string
		want     simulate.Outcome
	}{
		{anaUser, "sts:AssumeRole", appRole, simulate.Allowed},
		{anaUser, "sts:AssumeRole", stranger, simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRole", anaUser, simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRole", "*", simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRole", linkedRole, simulate.ImplicitDeny}, // no trust policy
		{anaUser, "sts:AssumeRole", "arn:aws:iam::111122223333:role/unlisted", simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRole", homeQueue, simulate.ImplicitDeny},
		{homeRoot, "sts:AssumeRole", "*", simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRoleWithSAML", appRole, simulate.ImplicitDeny},
		{anaUser, "sts:assumerolewithsaml", appRole, simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRoleWithWebIdentity", appRole, simulate.ImplicitDeny},
		{anaUser, "sts:AssumeRoleWithSAML", "*", simulate.ImplicitDeny},
		{"arn:aws:iam::111122223333:saml-provider/corp", "sts:AssumeRoleWithSAML", appRole, simulate.Allowed},
		{anaUser, "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/bob", simulate.Allowed}, // R-STS-5
	} {
		t.Run(tt.who+" "+string(tt.action)+" "+tt.resource, func(t *testing.T) {
			r := presenceRequest(tt.who, tt.action, tt.resource)
			decides(t, oneAccount(t, account), r, tt.want)
			decides(t, oneAccount(t, account, simulate.WithStrictKeys()), r, tt.want)
		})
	}
}

// TestUnlistedResources: what the model does not list has no policy if its account is in
// the model, unless its kind always has one or something listed may speak for it.
func TestUnlistedResources(t *testing.T) {
	t.Parallel()
	const (
		elsewhere = "arn:aws:s3:::elsewhere/a"
		key       = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
		otherKey  = "arn:aws:kms:eu-west-1:111122223333:key/22222222-2222-2222-2222-222222222222"
		table     = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
		function  = "arn:aws:lambda:eu-west-1:111122223333:function:pay"
	)
	o, err := org.New(org.Spec{Accounts: []org.Account{
		{
			ID:    homeAccount,
			Users: []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsAll)}, {ARN: gapARN(nobody)}},
			Resources: []org.Resource{
				{ARN: gapARN(key), Policy: grantTo(awsEntries(homeAccount))},
				{ARN: gapARN(table), Policy: oneStatement(
					policy.Statement{Effect: policy.Allow, Principal: awsEntries(nobody), Action: policy.List("dynamodb:Query"), Resource: policy.List(table, table+"/index/*")},
					policy.Statement{Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("dynamodb:Scan"), Resource: policy.List(table + "/index/*")},
				)},
				{ARN: gapARN(function), Policy: grantTo(awsEntries(nobody))},
			},
			Endpoints: []org.Endpoint{{ID: "vpce-1", Service: "sqs"}},
		},
		{ID: awayAccount},
	}})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	owner := func(account string) simulate.Keys { return simulate.Keys{}.With("aws:ResourceAccount", account) }
	for _, tt := range []struct {
		name     string
		who      string
		action   policy.Action
		resource string
		keys     simulate.Keys
		possible []simulate.Outcome
		depends  string // ARN or endpoint
	}{
		{"bucket, nobody knows whose", anaUser, "s3:GetObject", elsewhere, simulate.Keys{}, anyOutcome, elsewhere},
		{"bucket of the caller's account", anaUser, "s3:GetObject", elsewhere, owner(homeAccount), outcomeAllowed, ""},
		{"bucket of the caller's account, nothing allows", nobody, "s3:GetObject", elsewhere, owner(homeAccount), outcomeLacks, ""},
		{"bucket of another account", anaUser, "s3:GetObject", elsewhere, owner(awayAccount), outcomeLacks, ""},
		{"bucket of an account outside", anaUser, "s3:GetObject", elsewhere, owner("123456789012"), anyOutcome, elsewhere},
		{"bucket of an account outside, nothing allows", nobody, "s3:GetObject", elsewhere, owner("123456789012"), denyOrLack, elsewhere},
		{"queue", anaUser, "sqs:SendMessage", homeQueue, simulate.Keys{}, outcomeAllowed, ""},
		{"queue of another account", anaUser, "sqs:SendMessage", awayQueue, simulate.Keys{}, outcomeLacks, ""},
		{"queue of an account outside", anaUser, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:orders", simulate.Keys{}, anyOutcome, "arn:aws:sqs:eu-west-1:123456789012:orders"},
		{"listed key", anaUser, "kms:Decrypt", key, simulate.Keys{}, outcomeAllowed, ""},
		{"key", anaUser, "kms:Decrypt", otherKey, simulate.Keys{}, anyOutcome, otherKey},
		{"key, nothing allows but its own policy may", nobody, "kms:Decrypt", otherKey, simulate.Keys{}, anyOutcome, otherKey},
		{"alias has no policy", anaUser, "kms:CreateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/x", simulate.Keys{}, outcomeAllowed, ""},
		{"access point", anaUser, "s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/x", simulate.Keys{}, mayDeny, "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/x"},
		{"endpoint", anaUser, "sqs:SendMessage", homeQueue, simulate.Keys{}.With("aws:SourceVpce", "vpce-9"), anyOutcome, "vpce-9"},
		{"endpoint, nothing is allowed", nobody, "sqs:SendMessage", homeQueue, simulate.Keys{}.With("aws:SourceVpce", "vpce-9"), denyOrLack, "vpce-9"},
		{"listed endpoint", anaUser, "sqs:SendMessage", homeQueue, simulate.Keys{}.With("aws:SourceVpce", "vpce-1"), outcomeAllowed, ""},
		{"index of a listed table", nobody, "dynamodb:Query", table + "/index/by-day", simulate.Keys{}, outcomeAllowed, ""},
		{"index of a listed table, denied", anaUser, "dynamodb:Scan", table + "/index/by-day", simulate.Keys{}, []simulate.Outcome{simulate.ExplicitDeny}, ""},
		{"index of a listed table, the policy says nothing", anaUser, "dynamodb:DescribeTable", table + "/index/by-day", simulate.Keys{}, outcomeAllowed, ""},
		{"index of another table", nobody, "dynamodb:Query", "arn:aws:dynamodb:eu-west-1:111122223333:table/other/index/by-day", simulate.Keys{}, outcomeLacks, ""},
		{"stream of a listed table", anaUser, "dynamodb:GetRecords", table + "/stream/2026-11-21T00:00:00.000", simulate.Keys{}, mayDeny, table + "/stream/2026-11-21T00:00:00.000"},
		{"alias of a listed function", anaUser, "lambda:InvokeFunction", function + ":prod", simulate.Keys{}, mayDeny, function + ":prod"},
		{"alias of a listed function, nothing else allows", nobody, "lambda:InvokeFunction", function + ":prod", simulate.Keys{}, anyOutcome, function + ":prod"},
		{"alias of another function", anaUser, "lambda:InvokeFunction", function + "out:prod", simulate.Keys{}, outcomeAllowed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := presenceRequest(tt.who, tt.action, tt.resource)
			r.Keys = tt.keys
			x := decides(t, env, r, tt.possible...)
			if tt.depends != "" {
				require.Contains(t, x.Depends, simulate.Dependency{Kind: simulate.DependsOnResource, Name: tt.depends})
			}
		})
	}
}

// TestKeysOfTheResourcesAccount: the requests of some actions lack aws:ResourceOrgID, so
// that a data perimeter does not certainly let them pass (R-RCP-3 names the services).
func TestKeysOfTheResourcesAccount(t *testing.T) {
	t.Parallel()
	const snapshot, orgID = "arn:aws:ec2:eu-west-1::snapshot/snap-1", "o-a1b2c3d4e5"
	perimeter := everythingIf(policy.Deny, policy.When("StringNotEquals", "aws:ResourceOrgID", orgID))
	o, err := org.New(org.Spec{
		ID: orgID, ManagementAccount: gapManagement,
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl},
			Attached: []string{org.FullAWSAccess, "p-perimeter"}, Accounts: []string{homeAccount, gapManagement},
		},
		ControlPolicies: []org.ControlPolicy{{ID: "p-perimeter", Kind: policy.ServiceControl, Document: perimeter}},
		Accounts: []org.Account{
			{
				ID: homeAccount, Attached: []string{org.FullAWSAccess},
				Users:     []org.User{{ARN: gapARN(anaUser), Inline: gapInline(allowsAll)}},
				Resources: []org.Resource{{ARN: gapARN(snapshot)}},
			},
			{ID: gapManagement, Attached: []string{org.FullAWSAccess}},
		},
	})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	for action, derived := range map[policy.Action]bool{
		"ec2:DeleteSnapshot": true, "ec2:CopySnapshot": false, "ebs:GetSnapshotBlock": false, "EBS:getsnapshotblock": false,
	} {
		r := presenceRequest(anaUser, action, snapshot)
		if derived {
			decides(t, env, r, simulate.Allowed)
		} else {
			dependsOn(t, decides(t, env, r, mayDeny...), simulate.DependsOnKey, "aws:ResourceOrgID")
		}
		r.Keys = r.Keys.With("aws:ResourceOrgID", orgID)
		decides(t, env, r, simulate.Allowed)
		r.Keys = r.Keys.With("aws:ResourceOrgID")
		decides(t, env, r, simulate.ExplicitDeny)
	}
}

// TestAWSManagedKey: RCPs do not reach the keys that AWS manages (R-RCP-2).
func TestAWSManagedKey(t *testing.T) {
	t.Parallel()
	const managed = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
	const own = "arn:aws:kms:eu-west-1:111122223333:key/22222222-2222-2222-2222-222222222222"
	s := gapWorld()
	s.ControlPolicies = []org.ControlPolicy{{ID: "p-keys", Kind: policy.ResourceControl, Document: gapDocument(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}`)}}
	s.Root.Attached = append(s.Root.Attached, "p-keys")
	s.Accounts[0].Resources = []org.Resource{
		{ARN: gapARN(managed), AWSManaged: true, Policy: grantTo(awsEntries(nobody))},
		{ARN: gapARN(own), Policy: grantTo(awsEntries(nobody))},
	}
	env := gapCompile(t, s)
	decides(t, env, presenceRequest(nobody, "kms:Decrypt", managed), simulate.Allowed)
	decides(t, env, presenceRequest(nobody, "kms:Decrypt", own), simulate.ExplicitDeny)
	decides(t, env, presenceRequest(nobody, "kms:Encrypt", own), simulate.Allowed)

	for awsManaged, want := range map[bool]simulate.Outcome{true: simulate.Allowed, false: simulate.ExplicitDeny} {
		layers, err := simulate.CompileLayers(simulate.Layers{
			Resource: grantTo(awsEntries(nobody)), ResourceControl: [][]*policy.Document{{everyoneDeny}}, AWSManagedKey: awsManaged,
		})
		require.NoError(t, err)
		decides(t, layers, presenceRequest(nobody, "kms:Decrypt", own), want)
	}
}

// TestUnreadableValuesAreNoted: a Deny whose condition cannot be read denies nothing, and
// the explanation says so (R-CND-14).
func TestUnreadableValuesAreNoted(t *testing.T) {
	t.Parallel()
	denies := func(sid string, op policy.Operator, key, value string) *policy.Document {
		return oneStatement(
			policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")},
			policy.Statement{SID: sid, Effect: policy.Deny, Action: policy.List("s3:*"), Resource: policy.List("*"), Condition: policy.When(op, key, value)},
		)
	}
	for _, tt := range []struct {
		doc      *policy.Document
		key, got string
		note     string
	}{
		{denies("Small", "NumericGreaterThan", "s3:max-keys", "ten"), "s3:max-keys", "20",
			`Small of identityPolicies[0]: NumericGreaterThan cannot read "ten" of s3:max-keys, so the condition does not hold because of it`},
		{denies("", "DateGreaterThan", "aws:CurrentTime", "tomorrow"), "aws:CurrentTime", "2026-11-21T00:00:00Z",
			`statement 2 of identityPolicies[0]: DateGreaterThan cannot read "tomorrow" of aws:CurrentTime, so the condition does not hold because of it`},
		{denies("Net", "IpAddress", "aws:SourceIp", "10.0.0.0/33"), "aws:SourceIp", "10.0.0.1",
			`Net of identityPolicies[0]: IpAddress cannot read "10.0.0.0/33" of aws:SourceIp, so the condition does not hold because of it`},
	} {
		env, err := simulate.CompileLayers(simulate.Layers{Identity: tableDocs(tt.doc), ResourceAccount: homeAccount})
		require.NoError(t, err)
		r := presenceRequest(anaUser, "s3:ListBucket", "arn:aws:s3:::logs")
		r.Keys = r.Keys.With(tt.key, tt.got)
		require.Equal(t, []string{tt.note}, decides(t, env, r, simulate.Allowed).Notes)

		// The statement is about other actions: nothing to say.
		other := presenceRequest(anaUser, "sqs:SendMessage", homeQueue)
		other.Keys = r.Keys
		require.Empty(t, decides(t, env, other, simulate.Allowed).Notes)
	}
}
