package spec_test

import (
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// §9, SCPs: each level missing, each denying, and who is exempt.
func TestSCPs(t *testing.T) {
	allow, nothing, deny := doc(t, allowAll), doc(t, allowNothing), doc(t, allowAll, denyAll)
	id := func(path ...[]*policy.Document) spec.Layers {
		return spec.Layers{Identity: docs(allow), SCPs: path, ManagementAccount: "999900001111"}
	}
	user := requester(t, "user", "sqs:SendMessage", queue)
	for _, tt := range []struct {
		name string
		path [][]*policy.Document
		want spec.Outcome
	}{
		{"no path", nil, spec.Allowed},
		{"all allow", [][]*policy.Document{{allow}, {allow}, {allow}}, spec.Allowed},
		{"root silent", [][]*policy.Document{{nothing}, {allow}, {allow}}, spec.ImplicitDeny},
		{"OU silent", [][]*policy.Document{{allow}, {nothing}, {allow}}, spec.ImplicitDeny},
		{"account silent", [][]*policy.Document{{allow}, {allow}, {nothing}}, spec.ImplicitDeny},
		{"one of two allows", [][]*policy.Document{{allow}, {nothing, allow}, {allow}}, spec.Allowed},
		{"empty level, R-SCP-3", [][]*policy.Document{{allow}, {}, {allow}}, spec.ImplicitDeny},
		{"one empty level", [][]*policy.Document{{}}, spec.ImplicitDeny},
		{"root denies", [][]*policy.Document{{deny}, {allow}, {allow}}, spec.ExplicitDeny},
		{"account denies", [][]*policy.Document{{allow}, {allow}, {deny}}, spec.ExplicitDeny},
		{"deny beats silence", [][]*policy.Document{{nothing}, {allow}, {deny}}, spec.ExplicitDeny},
	} {
		t.Run(tt.name, func(t *testing.T) { require_(t, tt.want, spec.Decide(id(tt.path...), user)) })
	}
	t.Run("never grants, R-SCP-7", func(t *testing.T) {
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{SCPs: [][]*policy.Document{{allow}}}, user))
	})
	t.Run("over a direct grant", func(t *testing.T) {
		l := spec.Layers{ResourcePolicy: grant(t, aws(ana)), SCPs: [][]*policy.Document{{nothing}}}
		require_(t, spec.ImplicitDeny, spec.Decide(l, user))
	})
	t.Run("management account, R-SCP-5", func(t *testing.T) {
		l := id([]*policy.Document{deny})
		l.ManagementAccount = home
		require_(t, spec.Allowed, spec.Decide(l, user))
		require_(t, spec.Allowed, spec.Decide(l, requester(t, "root", "sqs:SendMessage", queue)))
	})
	t.Run("member root, R-SCP-6", func(t *testing.T) {
		require_(t, spec.ExplicitDeny, spec.Decide(id([]*policy.Document{deny}), requester(t, "root", "sqs:SendMessage", queue)))
		require_(t, spec.ImplicitDeny, spec.Decide(id([]*policy.Document{nothing}), requester(t, "root", "sqs:SendMessage", queue)))
	})
	t.Run("service-linked role, R-SCP-5", func(t *testing.T) {
		const role = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
		require_(t, spec.Allowed, spec.Decide(id([]*policy.Document{deny}), ask(t, role, "sqs:SendMessage", queue)))
		r := ask(t, "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/s", "sqs:SendMessage", queue)
		require_(t, spec.ExplicitDeny, spec.Decide(id([]*policy.Document{deny}), r)) // path unknown
		r.RoleARN = policy.MustParseARN(role)
		require_(t, spec.Allowed, spec.Decide(id([]*policy.Document{deny}), r))
	})
	t.Run("callers without an account, R-LAY-3", func(t *testing.T) {
		l := id([]*policy.Document{deny})
		l.ResourcePolicy = grant(t, `"*"`)
		l.Boundary, l.Session, l.Identity = docs(deny), docs(deny), docs(deny)
		require_(t, spec.Allowed, spec.Decide(l, requester(t, "service", "sqs:SendMessage", queue)))
		require_(t, spec.Allowed, spec.Decide(l, requester(t, "anonymous", "sqs:SendMessage", queue)))
	})
}

// §9, RCPs.
func TestRCPs(t *testing.T) {
	deny := doc(t, withPrincipal("Deny", "Principal", `"*"`, ""))
	guard := doc(t, withPrincipal("Deny", "Principal", `"*"`, `{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`))
	base := func(path ...[]*policy.Document) spec.Layers {
		return spec.Layers{Identity: layer(t, allowing), ResourcePolicy: grant(t, `"*"`), RCPs: path, ManagementAccount: "999900001111"}
	}
	for _, tt := range []struct {
		name string
		path [][]*policy.Document
		want spec.Outcome
	}{
		{"no path", nil, spec.Allowed},
		{"empty levels, R-RCP-1", [][]*policy.Document{{}, {}}, spec.Allowed},
		{"deny at the root", [][]*policy.Document{{deny}, {}}, spec.ExplicitDeny},
		{"deny at the account", [][]*policy.Document{{}, {deny}}, spec.ExplicitDeny},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, who := range []string{"user", "session", "federated", "root", "service", "anonymous"} {
				require_(t, tt.want, spec.Decide(base(tt.path...), requester(t, who, "sqs:SendMessage", queue)))
			}
		})
	}
	denied := base([]*policy.Document{deny})
	t.Run("service guard, R-RCP-4", func(t *testing.T) {
		r := requester(t, "service", "sqs:SendMessage", queue)
		require_(t, spec.ExplicitDeny, spec.Decide(base([]*policy.Document{guard}), r))
		r.Context = map[string][]string{"aws:PrincipalIsAWSService": {"true"}}
		require_(t, spec.Allowed, spec.Decide(base([]*policy.Document{guard}), r))
	})
	t.Run("unsupported service, R-RCP-3", func(t *testing.T) {
		require_(t, spec.Allowed, spec.Decide(denied, requester(t, "user", "ec2:StartInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1")))
	})
	t.Run("management account's resources, R-RCP-2", func(t *testing.T) {
		l := denied
		l.ManagementAccount = home
		require_(t, spec.Allowed, spec.Decide(l, requester(t, "user", "sqs:SendMessage", queue)))
		l.ManagementAccount = other // the principal's account does not matter
		require_(t, spec.ExplicitDeny, spec.Decide(l, requester(t, "user", "sqs:SendMessage", queue)))
	})
	t.Run("service-linked roles, R-RCP-2", func(t *testing.T) {
		const role = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
		require_(t, spec.Allowed, spec.Decide(denied, ask(t, role, "sqs:SendMessage", queue)))
		require_(t, spec.Allowed, spec.Decide(denied, requester(t, "user", "sts:AssumeRole", role)))
		require_(t, spec.ExplicitDeny, spec.Decide(denied, requester(t, "user", "sts:AssumeRole", appRole)))
	})
	t.Run("kms:RetireGrant, R-RCP-2", func(t *testing.T) {
		require_(t, spec.Allowed, spec.Decide(denied, requester(t, "user", "kms:RetireGrant", key)))
		require_(t, spec.ExplicitDeny, spec.Decide(denied, requester(t, "user", "kms:Decrypt", key)))
	})
	t.Run("caller's account for wildcard-only, R-RCP-6", func(t *testing.T) {
		l := denied
		l.ManagementAccount = home
		r := requester(t, "user", "s3:ListAllMyBuckets", "*")
		r.WildcardOnly, r.ResourceAccount = true, "777788889999"
		require_(t, spec.Allowed, spec.Decide(l, r))
		l.ManagementAccount = other
		require_(t, spec.ExplicitDeny, spec.Decide(l, r))
	})
	t.Run("the Principal is not looked at, R-RCP-5", func(t *testing.T) {
		odd := doc(t, withPrincipal("Deny", "Principal", aws(otherRoot), ""))
		require_(t, spec.ExplicitDeny, spec.Decide(base([]*policy.Document{odd}), requester(t, "user", "sqs:SendMessage", queue)))
	})
}

// R-SPC-8.
func TestEndpoints(t *testing.T) {
	for _, tt := range []struct {
		who, effect, element, principal string
		iface, gateway                  bool // whether the statement matches
	}{
		{"user", "Allow", "Principal", `"*"`, true, true},
		{"user", "Allow", "Principal", `{"AWS":"*"}`, true, true},
		{"user", "Allow", "Principal", aws(ana), true, false},
		{"user", "Allow", "Principal", aws(home), true, false},
		{"user", "Allow", "Principal", aws(otherRoot), false, false},
		{"session", "Allow", "Principal", aws(appRole), true, false},
		{"root", "Allow", "Principal", aws(root), true, true},
		{"root", "Allow", "Principal", aws(home), true, true},
		{"root", "Allow", "Principal", aws(other), false, false},
		{"user", "Deny", "Principal", aws(ana), true, true},
		{"user", "Deny", "Principal", aws(home), true, true},
		{"user", "Deny", "NotPrincipal", aws(ana), false, false},
		{"user", "Deny", "NotPrincipal", aws(home), true, true},
		{"user", "Allow", "NotPrincipal", aws(ana), false, true}, // Choice at R-SPC-8
		{"user", "Allow", "NotPrincipal", aws(otherRoot), true, true},
	} {
		t.Run(tt.who+tt.effect+tt.element+tt.principal, func(t *testing.T) {
			r := requester(t, tt.who, "sqs:SendMessage", queue)
			statements := []string{withPrincipal(tt.effect, tt.element, tt.principal, "")}
			if tt.effect == "Deny" {
				statements = append(statements, withPrincipal("Allow", "Principal", `"*"`, ""))
			}
			for _, form := range []struct{ gateway, match bool }{{false, tt.iface}, {true, tt.gateway}} {
				l := spec.Layers{Identity: layer(t, allowing), Endpoints: []spec.Endpoint{{Gateway: form.gateway, Policy: doc(t, statements...)}}}
				want := outcome(form.match)
				if tt.effect == "Deny" {
					want = spec.Allowed
					if form.match {
						want = spec.ExplicitDeny
					}
				}
				require_(t, want, spec.Decide(l, r))
			}
		})
	}
	r := requester(t, "user", "sqs:SendMessage", queue)
	open, closed := spec.Endpoint{Policy: grant(t, `"*"`)}, spec.Endpoint{Policy: grant(t, aws(otherRoot))}
	for _, tt := range []struct {
		endpoints []spec.Endpoint
		want      bool
	}{
		{[]spec.Endpoint{{}}, true}, // the default policy
		{[]spec.Endpoint{open, {}}, true},
		{[]spec.Endpoint{open, closed}, false},               // each must allow
		{[]spec.Endpoint{{Policy: doc(t, allowAll)}}, false}, // no Principal matches nobody
	} {
		require_(t, outcome(tt.want), spec.Decide(spec.Layers{Identity: layer(t, allowing), Endpoints: tt.endpoints}, r))
	}
	t.Run("boundaries do not matter, Choice at R-NPR-2", func(t *testing.T) {
		d := doc(t, withPrincipal("Deny", "NotPrincipal", `"*"`, ""), withPrincipal("Allow", "Principal", `"*"`, ""))
		l := spec.Layers{Identity: layer(t, allowing), Boundary: layer(t, allowing), Endpoints: []spec.Endpoint{{Policy: d}}}
		require_(t, spec.Allowed, spec.Decide(l, r))
	})
}

// R-SPC-4.
func TestBlockPublicAccess(t *testing.T) {
	limited := func(condition string) *policy.Document {
		return doc(t, withPrincipal("Allow", "Principal", `"*"`, condition))
	}
	context := map[string][]string{
		"aws:PrincipalOrgID": {"o-1"}, "aws:PrincipalOrgPaths": {"o-1/r-1/"}, "aws:SourceIp": {"10.1.2.3"}, "aws:SourceVpce": {"vpce-1"},
		"aws:PrincipalArn": {"arn:aws:iam::444455556666:user/eve"}, "aws:PrincipalIsAWSService": {"false"}, "aws:username": {"vpce-1"}, "x:k": {"1"},
	}
	for _, tt := range []struct {
		name   string
		policy *policy.Document
		public bool
	}{
		{"everybody", limited(""), true},
		{"AWS *", grant(t, `{"AWS":["444455556666","*"]}`), true},
		{"NotPrincipal", doc(t, withPrincipal("Allow", "NotPrincipal", aws(root), "")), true},
		{"an account", grant(t, aws(other)), false},
		{"other key", limited(`{"StringEquals":{"x:k":"1"}}`), true},
		{"organization", limited(`{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`), false},
		{"organization, any case", limited(`{"stringlike":{"AWS:principalorgid":"o-1"}}`), false},
		{"organization, wildcard", limited(`{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`), true},
		{"one of the values open", limited(`{"StringLike":{"aws:PrincipalOrgID":["o-1","*"]}}`), true},
		{"IfExists", limited(`{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`), true},
		{"negated", limited(`{"StringNotEquals":{"aws:PrincipalOrgID":"o-2"}}`), true},
		{"ForAllValues", limited(`{"ForAllValues:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}`), true},
		{"ForAnyValue", limited(`{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}`), false},
		{"variable", limited(`{"StringEquals":{"aws:SourceVpce":"${aws:username}"}}`), true},
		{"endpoint", limited(`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`), false},
		{"network", limited(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false},
		{"broad network", limited(`{"IpAddress":{"aws:SourceIp":"8.0.0.0/6"}}`), true},
		{"principal of one account", limited(`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:*"}}`), false},
		{"principal of any account", limited(`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/eve"}}`), true},
		{"principal, not an ARN operator", limited(`{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:user/eve"}}`), true},
		{"not a service", limited(`{"Bool":{"aws:PrincipalIsAWSService":"false"}}`), true},
		{"one public statement is enough", doc(t, withPrincipal("Allow", "Principal", aws(other), ""), withPrincipal("Allow", "Principal", `"*"`, `{"StringEquals":{"x:k":"2"}}`)), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(t, "arn:aws:iam::444455556666:user/eve", "s3:GetObject", object)
			r.ResourceAccount, r.Context = home, context
			l := spec.Layers{Identity: layer(t, allowing), ResourcePolicy: tt.policy}
			require_(t, spec.Allowed, spec.Decide(l, r))
			l.BlockPublicAccess = true
			want := spec.Allowed
			if tt.public {
				want = spec.ExplicitDeny
			}
			require_(t, want, spec.Decide(l, r))
		})
	}
	l := spec.Layers{ResourcePolicy: grant(t, `"*"`), BlockPublicAccess: true}
	at := func(who, resource string) spec.Request {
		r := requester(t, who, "s3:GetObject", resource)
		r.ResourceAccount = home
		return r
	}
	require_(t, spec.ExplicitDeny, spec.Decide(l, at("anonymous", object)))
	require_(t, spec.Allowed, spec.Decide(l, at("service", object)))
	require_(t, spec.Allowed, spec.Decide(l, at("user", object)))
	require_(t, spec.Allowed, spec.Decide(l, at("anonymous", "arn:aws:s3:eu-west-1:111122223333:accesspoint/x/object/a"))) // standard buckets only
	// The rule comes after an Allowed result.
	require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: doc(t, `{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"*"}`), BlockPublicAccess: true}, at("anonymous", object)))
}

// R-SPC-10.
func TestObjectOwner(t *testing.T) {
	r := requester(t, "user", "s3:GetObject", object)
	l := spec.Layers{ResourcePolicy: grant(t, aws(ana))}
	r.ResourceAccount, r.ObjectOwner = home, home
	require_(t, spec.Allowed, spec.Decide(l, r))
	r.ObjectOwner = other
	require_(t, spec.ImplicitDeny, spec.Decide(l, r))
	require_(t, spec.ExplicitDeny, spec.Decide(spec.Layers{ResourcePolicy: doc(t, withPrincipal("Deny", "Principal", aws(ana), ""))}, r))
	r.Resource = "arn:aws:s3:::logs" // the bucket itself is no object
	require_(t, spec.Allowed, spec.Decide(l, r))
}

// R-ROOT-5.
func TestRootUnlocksBuckets(t *testing.T) {
	locked := spec.Layers{ResourcePolicy: doc(t, `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`)}
	const bucket, directory = "arn:aws:s3:::logs", "arn:aws:s3express:eu-west-1:" + home + ":bucket/logs--euw1-az1--x-s3"
	for _, tt := range []struct {
		who      string
		action   policy.Action
		resource string
		owner    string
		want     spec.Outcome
	}{
		{"root", "s3:GetBucketPolicy", bucket, home, spec.Allowed},
		{"root", "S3:putbucketpolicy", bucket, home, spec.Allowed},
		{"root", "s3:DeleteBucketPolicy", bucket, home, spec.Allowed},
		{"root", "s3express:DeleteBucketPolicy", directory, home, spec.Allowed},
		{"root", "s3:DeleteBucketPolicy", directory, home, spec.ExplicitDeny},
		{"root", "s3:GetBucketPolicyStatus", bucket, home, spec.ExplicitDeny},
		{"root", "s3:PutBucketPolicy", bucket + "/a", home, spec.ExplicitDeny},
		{"root", "s3:PutBucketPolicy", bucket, other, spec.ExplicitDeny},
		{"user", "s3:PutBucketPolicy", bucket, home, spec.ExplicitDeny},
	} {
		r := requester(t, tt.who, tt.action, tt.resource)
		r.ResourceAccount = tt.owner
		require_(t, tt.want, spec.Decide(locked, r))
	}
	r := requester(t, "root", "s3:PutBucketPolicy", bucket)
	r.ResourceAccount = home
	for _, l := range []spec.Layers{
		{SCPs: [][]*policy.Document{docs(doc(t, denyAll))}},
		{RCPs: [][]*policy.Document{docs(doc(t, withPrincipal("Deny", "Principal", `"*"`, "")))}},
		{Endpoints: []spec.Endpoint{{Policy: doc(t, withPrincipal("Deny", "Principal", `"*"`, ""))}}},
	} {
		l.ResourcePolicy = locked.ResourcePolicy
		require_(t, spec.ExplicitDeny, spec.Decide(l, r))
	}
}

// R-SPC-5.
func TestBucketABAC(t *testing.T) {
	for _, key := range []string{"aws:ResourceTag/team", "s3:BucketTag/team"} {
		d := doc(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"`+key+`":"x"}}}`)
		r := requester(t, "user", "s3:ListBucket", "arn:aws:s3:::logs")
		r.Context = map[string][]string{key: {"x"}}
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(d)}, r))
		require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(d), BucketABAC: true}, r))
		r.Resource = queue
		require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: docs(d)}, r))
	}
}

// R-SPC-1, R-SPC-2, R-SPC-6, R-SPC-7, R-SES-5, R-SES-6.
func TestSpecialCases(t *testing.T) {
	all := spec.Layers{Identity: layer(t, allowing), Session: layer(t, allowing)}
	deny := spec.Layers{Identity: docs(doc(t, denyAll)), SCPs: [][]*policy.Document{docs(doc(t, denyAll))}}
	for _, tt := range []struct {
		name, who string
		action    policy.Action
		resource  string
		layers    spec.Layers
		want      spec.Outcome
	}{
		{"whoami", "user", "sts:GetCallerIdentity", "*", deny, spec.Allowed},
		{"whoami, any case", "session", "STS:getcalleridentity", "*", deny, spec.Allowed},
		{"whoami, federated", "federated", "sts:GetCallerIdentity", "*", deny, spec.Allowed},
		{"whoami, service", "service", "sts:GetCallerIdentity", "*", deny, spec.Allowed},
		{"whoami, unsigned", "anonymous", "sts:GetCallerIdentity", "*", all, spec.ImplicitDeny},
		{"session token", "user", "sts:GetSessionToken", "*", deny, spec.Allowed},
		{"session token, root", "root", "sts:GetSessionToken", "*", deny, spec.Allowed},
		{"session token, session", "session", "sts:GetSessionToken", "*", all, spec.ImplicitDeny},
		{"session token, role", "role", "sts:GetSessionToken", "*", all, spec.ImplicitDeny},
		{"federation token, session", "session", "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/x", all, spec.ImplicitDeny},
		{"federation token, user", "user", "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/x", all, spec.Allowed},
		{"federation token, denied", "session", "sts:GetFederationToken", "*", deny, spec.ExplicitDeny},
		{"federated user and IAM", "federated", "iam:ListUsers", "*", all, spec.ImplicitDeny},
		{"federated user and STS", "federated", "sts:AssumeRole", appRole, all, spec.ImplicitDeny},
		{"federated user and SQS", "federated", "sqs:SendMessage", queue, all, spec.Allowed},
		{"managed policy", "user", "iam:DeletePolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", all, spec.ImplicitDeny},
		{"managed policy read", "user", "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", all, spec.Allowed},
		{"own policy", "user", "iam:DeletePolicy", "arn:aws:iam::111122223333:policy/x", all, spec.Allowed},
		{"SSO role", "user", "iam:PassRole", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/x", all, spec.ImplicitDeny},
		{"SSO role read", "user", "iam:GetRole", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/x", all, spec.Allowed},
		{"own role", "user", "iam:PassRole", appRole, all, spec.Allowed},
		{"service alias", "user", "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", all, spec.ImplicitDeny},
		{"own alias", "user", "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/x", all, spec.Allowed},
		{"service alias, denied", "user", "kms:UpdateAlias", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", deny, spec.ExplicitDeny},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require_(t, tt.want, spec.Decide(tt.layers, requester(t, tt.who, tt.action, tt.resource)))
		})
	}
}

// §1: absent and present but empty.
func TestEmptyLayers(t *testing.T) {
	empty := docs(doc(t))
	r := requester(t, "user", "sqs:SendMessage", queue)
	id := layer(t, allowing)
	require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: id, Boundary: []*policy.Document{}, Session: []*policy.Document{}}, r))
	require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: id, Boundary: empty}, r))
	require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: id, Session: empty}, r))
	require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: empty}, r))
	require_(t, spec.Allowed, spec.Decide(spec.Layers{Identity: id, Boundary: append(empty, id...)}, r)) // a union
	require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{}, r))
}
