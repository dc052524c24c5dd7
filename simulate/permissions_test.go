package simulate_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A row speaks about a request if its actions and its resource match.
func speaks(p simulate.Permission, a policy.Action, resource policy.ARN) bool {
	if !slices.ContainsFunc(p.Actions, func(pattern string) bool { return glob.ActionIncludes(pattern, string(a)) }) {
		return false
	}
	switch {
	case p.Resource == "*":
		return true
	case !resource.IsValid() || p.Resource == "":
		return !resource.IsValid() && p.Resource == ""
	}
	parts, n := glob.SplitARN(p.Resource, glob.Variables)
	got, _ := glob.SplitARN(resource.String(), 0)
	for i := range parts {
		if n < 6 || !symbols(parts[i]).Includes(glob.Literal(got[i])) {
			return false
		}
	}
	return true
}

func symbols(text string) glob.Symbols {
	p := glob.Compile(text, glob.Wildcards|glob.Variables)
	return p.Symbols(func(v glob.Variable) (string, bool) { return v.Key, strings.ContainsAny(v.Key, "*?$") })
}

// narrowest are the rows that speak about a request, without those that a row below them
// is an exception to.
func narrowest(rows []simulate.Permission, a policy.Action, resource policy.ARN) []simulate.Permission {
	var out []simulate.Permission
	for i, p := range rows {
		if !speaks(p, a, resource) {
			continue
		}
		excepted := false
		for _, q := range rows[i+1:] {
			if q.Depth <= p.Depth {
				break
			}
			excepted = excepted || speaks(q, a, resource)
		}
		if !excepted {
			out = append(out, p)
		}
	}
	return out
}

// asksFor reports whether the action can be asked of the resource.
func asksFor(a policy.Action, resource policy.ARN) bool {
	info, known := serviceref.Embedded().Action(a)
	if !known {
		return true
	}
	if !resource.IsValid() {
		required := false
		for t := range info.Resources() {
			required = required || t.Required
		}
		return !required && !strings.EqualFold(a.Service(), "sts")
	}
	for t := range info.Resources() {
		if t.Type.Takes(resource.String()) {
			return true
		}
	}
	return false
}

// supposed is the request as rows suppose it, and then as they see it if they do not know
// which of several resources it is about: without the region, and without the tags.
func supposed(o *org.Organization, r simulate.Request) []simulate.Request {
	given := func(name string) bool {
		for key := range r.Keys.All() {
			if strings.EqualFold(key, name) {
				return true
			}
		}
		return false
	}
	one := r
	text, _, _ := strings.Cut(r.Resource.Resource(), "/")
	if a := r.Resource; a.IsValid() && a.AccountID() == "" && !given("aws:ResourceAccount") {
		bucket, _ := policy.ParseARN("arn:" + a.Partition() + ":" + a.Service() + ":::" + text)
		if _, listed := o.Resource(bucket); !listed {
			one.Keys = one.Keys.With("aws:ResourceAccount", r.Principal.AccountID())
		}
	}
	out := []simulate.Request{one}
	for _, name := range []string{"aws:RequestedRegion", "aws:ResourceTag/team"} {
		if !given(name) && r.Resource.IsValid() {
			one.Keys = one.Keys.WithUnknown(name)
		}
		out = append(out, one)
	}
	return out
}

// belowListed reports whether the resource lies below one of the organization that is no
// bucket: what it is nobody knows.
func belowListed(o *org.Organization, a policy.ARN) bool {
	if a.Service() == "s3" || !a.IsValid() {
		return false
	}
	for i, c := range a.String() {
		if c == '/' || c == ':' {
			parent, err := policy.ParseARN(a.String()[:i])
			if err != nil {
				continue
			}
			_, resource := o.Resource(parent)
			_, role := o.Role(parent)
			_, user := o.User(parent)
			if resource || role || user {
				return true
			}
		}
	}
	return false
}

// foreign reports whether the resource is one that another account lists.
func foreign(o *org.Organization, r simulate.Request) bool {
	for a := range o.Accounts() {
		for _, listed := range a.Resources {
			if a.ID != r.Principal.AccountID() && (listed.ARN == r.Resource || strings.HasPrefix(r.Resource.String(), listed.ARN.String()+"/")) {
				return true
			}
		}
	}
	return false
}

// drawn are the actions of package gen, and some more with several resource types.
var drawn = []string{
	"s3:*Object", "s3:ListBucket", "s3:ListAllMyBuckets", "sqs:SendMessage", "kms:Decrypt", "kms:RetireGrant", "kms:*Alias",
	"iam:GetRole", "iam:PassRole", "iam:DeleteRole", "iam:CreatePolicyVersion", "sts:*", "ec2:DescribeInstances", "sns:ListTopics",
	"s3:TagResource", "s3:*BucketPolicy", "s3express:*BucketPolicy", "dynamodb:GetItem", "cloudformation:DescribeStacks",
}

// What a row says is what the evaluator says of every resource of which it speaks, and
// whatever is allowed has a row.
func TestPermissionsAreCan(t *testing.T) {
	covered, exceptions, instances := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		o, err := org.New(gen.Organization(t))
		if err != nil {
			t.Fatalf("organization: %v", err)
		}
		var opts []simulate.Option
		if rapid.Bool().Draw(t, "strict") {
			opts = append(opts, simulate.WithStrictKeys())
		}
		env, err := simulate.Compile(o, opts...)
		if err != nil {
			t.Fatal(err)
		}
		base := simulateRequest(t, gen.OrgRequest(t), false)
		rows, err := env.EffectivePermissions(context.Background(), simulate.PermissionQuery{Principal: base.Principal, Keys: base.Keys, Session: base.Session, Actions: drawn})
		if err != nil {
			if _, ok := err.(*simulate.UnknownPrincipalError); ok {
				return
			}
			t.Fatal(err)
		}
		check := func(r simulate.Request, instance bool) {
			asked := supposed(o, r)
			d := env.Can(asked[0])
			found := narrowest(rows, r.Action, r.Resource)
			certain := false
			for _, p := range found {
				certain = certain || len(p.Requires.Allowed)+len(p.Requires.Possible) > 0
			}
			if d.Allowed() && !certain {
				t.Fatalf("%v %v on %v is %v, but no row says so: %v\nof %v", r.Principal, r.Action, r.Resource, d, found, rows)
			}
			if d.Allowed() {
				covered++
			}
			if !instance || belowListed(o, r.Resource) || foreign(o, r) {
				return
			}
			var got []string
			for _, r := range asked {
				got = append(got, env.Requires(r).String())
			}
			for _, p := range found {
				want := p.Requires.String()
				if p.Depth > 0 {
					exceptions++
				}
				instances++
				if !slices.Contains(got, want) {
					t.Fatalf("%v %v on %v: %v says %q, the evaluator one of %q\nof %v", r.Principal, r.Action, r.Resource, p.Resource, want, got, rows)
				}
			}
		}
		for range *perWorld {
			a, resource := gen.Target(t)
			r := base
			r.Action, r.Resource = a, policy.ARN{}
			if resource != "*" {
				r.Resource = policy.MustParseARN(resource)
			}
			if asksFor(r.Action, r.Resource) {
				check(r, false)
			}
		}
		for _, p := range rows {
			r := base
			r.Action = rapid.SampledFrom(slices.Collect(serviceref.Embedded().Actions(rapid.SampledFrom(p.Actions).Draw(t, "pattern")))).Draw(t, "action")
			texts, ok := instanceOf(t, p.Resource, r.Action, r.Principal.AccountID())
			if !ok {
				continue
			}
			if r.Resource, err = policy.ParseARN(texts); err == nil && asksFor(r.Action, r.Resource) {
				check(r, true)
			}
		}
	})
	t.Logf("%d allowed requests have rows, %d instances of rows, %d of exceptions", covered, instances, exceptions)
	require.NotZero(t, covered)
	require.NotZero(t, exceptions)
}

// instanceOf draws a resource that matches a row's pattern and a format of the action.
func instanceOf(t *rapid.T, pattern string, a policy.Action, account string) (string, bool) {
	var formats []string
	for f := range serviceref.Embedded().ARNFormats(a) {
		formats = append(formats, f)
	}
	if len(formats) == 0 || pattern == "" {
		return "", false
	}
	format, _ := glob.SplitARN(rapid.SampledFrom(formats).Draw(t, "format"), glob.Variables)
	parts, _ := glob.SplitARN(pattern, glob.Variables)
	out := make([]string, 6)
	for i := range format {
		f := glob.Compile(format[i], glob.Variables)
		list := []glob.Symbols{f.Symbols(func(glob.Variable) (string, bool) { return "", false })}
		if pattern != "*" {
			list, _ = symbols(parts[i]).Intersect(list[0])
		}
		if len(list) == 0 {
			return "", false
		}
		s := rapid.SampledFrom(list).Draw(t, "part")
		out[i] = s.Fill(func(int) string {
			switch i {
			case 1:
				return "aws"
			case 3:
				return rapid.SampledFrom([]string{"eu-west-1", "us-east-1"}).Draw(t, "region")
			case 4:
				return account
			}
			return rapid.SampledFrom([]string{"a", "ana", "logs", "x/y", "orders", "1", "app", "aws"}).Draw(t, "text")
		}, 'x')
		if out[i] == "" && format[i] != "" { // no ARN of the format
			return "", false
		}
	}
	// No access point is without region and account.
	return strings.Join(out, ":"), out[2] != "s3" || out[4] != "" || !strings.HasPrefix(out[5], "accesspoint/")
}

// Whatever a principal of the sample is allowed on what the sample lists has a row.
func TestPermissionsOfSample(t *testing.T) {
	env := fintech(t)
	o := env.Organization()
	ctx := context.Background()
	var resources []policy.ARN
	for a := range o.Accounts() {
		for _, r := range a.Resources {
			if r.Policy != nil {
				resources = append(resources, r.ARN)
			}
		}
		for _, r := range a.Roles {
			if strings.HasSuffix(r.ARN.Resource(), "/DeploymentRole") {
				resources = append(resources, r.ARN)
			}
		}
	}
	resources = append(resources, policy.ARN{})
	allowed := 0
	for _, text := range []string{
		"arn:aws:iam::111122223333:role/app/payments-api", "arn:aws:iam::111122223333:role/deploy/DeploymentRole",
		"arn:aws:iam::666677778888:role/ci/github-deploy", "arn:aws:iam::777788889999:role/break-glass/BreakGlassAdministrator",
		"arn:aws:iam::444455556666:user/ana",
	} {
		p := parsePrincipal(text)
		rows, err := env.EffectivePermissions(ctx, simulate.PermissionQuery{Principal: p})
		require.NoError(t, err)
		for _, resource := range resources {
			answers, err := env.WhichActions(ctx, simulate.Request{Principal: p, Resource: resource})
			require.NoError(t, err)
			for _, x := range answers {
				if !x.Decision.Allowed() {
					continue
				}
				allowed++
				found := narrowest(rows, x.Request.Action, resource)
				if !slices.ContainsFunc(found, func(p simulate.Permission) bool { return len(p.Requires.Allowed)+len(p.Requires.Possible) > 0 }) {
					t.Errorf("%v may %v on %v, and no row says so: %v", p, x.Request.Action, resource, found)
				}
			}
		}
	}
	require.Greater(t, allowed, 1000)
}

func TestPermissionQuery(t *testing.T) {
	env := fintech(t)
	api := parsePrincipal("arn:aws:iam::111122223333:role/app/payments-api")
	ask := func(q simulate.PermissionQuery) []simulate.Permission {
		q.Principal = api
		rows, err := env.EffectivePermissions(context.Background(), q)
		require.NoError(t, err)
		return rows
	}
	actions := func(rows []simulate.Permission) (out []string) {
		for _, p := range rows {
			out = append(out, p.Actions...)
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, []string{"s3:GetObject", "s3:PutObject"}, actions(ask(simulate.PermissionQuery{Actions: []string{"s3:*"}})))
	require.Equal(t, []string{"s3:GetObject"}, actions(ask(simulate.PermissionQuery{Actions: []string{"s3:*"}, Levels: []serviceref.Level{serviceref.LevelRead}})))
	require.Equal(t, []string{"sqs:GetQueueAttributes", "sqs:SendMessage"}, actions(ask(simulate.PermissionQuery{Actions: []string{"sqs:*", "s3:*"}, Resources: []string{"arn:aws:sqs:*:*:*"}})))
	rows := ask(simulate.PermissionQuery{Actions: []string{"s3:*"}, Keys: simulate.Keys{}.With("aws:RequestedRegion", "eu-west-1")})
	require.Equal(t, "always", rows[0].Requires.String())
	require.Equal(t, "arn:aws:s3:::exemplia-settlements/*", rows[0].Resource)
	require.Equal(t, "WriteSettlements", rows[0].Grants[0].SID)
	require.Empty(t, ask(simulate.PermissionQuery{Actions: []string{"s3:*"}, Keys: simulate.Keys{}.With("aws:RequestedRegion", "us-east-1")}))

	for _, tt := range []struct {
		q    simulate.PermissionQuery
		want string
	}{
		{simulate.PermissionQuery{}, `principal "": no principal; want the ARN of a user, role, session or root user`},
		{simulate.PermissionQuery{Principal: parsePrincipal("*")}, `principal "*": has no account; want a user, role, session or root user`},
		{simulate.PermissionQuery{Principal: parsePrincipal("arn:aws:iam::111122223333:role/nobody")}, `principal "arn:aws:iam::111122223333:role/nobody": not in the organization`},
		{simulate.PermissionQuery{Principal: api, Actions: []string{"s3:Nothing"}}, `action "s3:Nothing": matches no action that is known as of 2026-09-26, or that a policy names`},
		{simulate.PermissionQuery{Principal: api, Resources: []string{"logs"}}, `resource "logs": want "*", or an ARN or pattern with six parts such as arn:aws:s3:::logs/*`},
	} {
		_, err := env.EffectivePermissions(context.Background(), tt.q)
		require.EqualError(t, err, tt.want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := env.EffectivePermissions(ctx, simulate.PermissionQuery{Principal: api})
	require.ErrorIs(t, err, context.Canceled)
}

// Patterns that overlap are decided where they do.
func TestPermissionsOverlap(t *testing.T) {
	doc := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["s3:GetObject", "acme:Do"], "Resource": "arn:aws:s3:::logs/*"},
		{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:home-${aws:username}"},
		{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*.key"}]}`)))
	boundary := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::*/public*", "arn:aws:sqs:*:*:*"]}]}`)))
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{doc}, Boundary: []*policy.Document{boundary}})
	require.NoError(t, err)
	rows, err := env.EffectivePermissions(context.Background(), simulate.PermissionQuery{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana")})
	require.NoError(t, err)
	var got []string
	for _, p := range rows {
		got = append(got, strings.Repeat(" ", p.Depth)+strings.Join(p.Actions, " ")+" on "+p.Resource+": "+p.Requires.String())
	}
	require.Equal(t, []string{
		"sts:GetCallerIdentity sts:GetSessionToken on *: always",
		"acme:Do s3:GetObject on arn:aws:s3:::logs/*/public*: always",
		" s3:GetObject on arn:aws:s3:::logs/*/public*.key: never",
		"acme:Do s3:GetObject on arn:aws:s3:::logs/public*: always",
		" s3:GetObject on arn:aws:s3:::logs/public*.key: never",
		"sqs:SendMessage on arn:aws:sqs:eu-west-1:111122223333:home-ana: always",
	}, got)
}

// BenchmarkEffectivePermissions is the whole permissions of a role with ten managed policies
// of AWS under two SCPs and a boundary.
func BenchmarkEffectivePermissions(b *testing.B) {
	l := simulate.Layers{}
	for _, name := range []string{"ReadOnlyAccess", "SecurityAudit", "AmazonS3FullAccess", "AmazonEC2FullAccess", "AmazonSQSFullAccess", "AmazonDynamoDBFullAccess", "AWSLambda_FullAccess", "CloudWatchFullAccess", "IAMReadOnlyAccess", "AmazonRDSFullAccess"} {
		d, ok := serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/" + name))
		if !ok {
			b.Fatal(name)
		}
		l.Identity = append(l.Identity, d.Document())
	}
	parse := func(text string) *policy.Document { return policy.Must(policy.Parse([]byte(text))) }
	full := parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	regions := parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}}}`)
	l.Boundary = []*policy.Document{parse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "ec2:*", "sqs:*", "lambda:*", "iam:Get*", "*:*"], "Resource": "*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}]}`)}
	l.ServiceControl = [][]*policy.Document{{full}, {full, regions}}
	env, err := simulate.CompileLayers(l)
	require.NoError(b, err)
	q := simulate.PermissionQuery{Principal: parsePrincipal("arn:aws:iam::111122223333:role/app")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := env.EffectivePermissions(context.Background(), q); err != nil {
			b.Fatal(err)
		}
	}
}
