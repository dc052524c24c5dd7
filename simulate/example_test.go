package simulate_test

import (
	"fmt"
	"slices"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

var readLogs = policy.Must(policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "ReadLogs",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::logs/*",
    "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
  }]
}`)))

func parsePrincipal(s string) policy.Principal {
	p, err := policy.ParsePrincipal(s)
	if err != nil {
		panic(err)
	}
	return p
}

// exampleOrganization has one account below an OU that allows nothing outside Europe.
func exampleOrganization() *org.Organization {
	regions := policy.Must(policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "OnlyEurope", "Effect": "Deny", "Action": "*", "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}
  }]
}`)))
	all := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}`)))
	o, err := org.New(org.Spec{
		ID:                "o-a1b2c3d4e5",
		ManagementAccount: "444455556666",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess},
			Accounts: []string{"444455556666"},
			OUs:      []org.OU{{ID: "ou-ab12-11111111", Name: "Workloads", Attached: []string{org.FullAWSAccess, "p-regions"}, Accounts: []string{"111122223333"}}},
		},
		ControlPolicies: []org.ControlPolicy{{ID: "p-regions", Name: "regions", Kind: policy.ServiceControl, Document: regions}},
		Accounts: []org.Account{
			{ID: "444455556666", Attached: []string{org.FullAWSAccess}},
			{ID: "111122223333", Name: "shop", Attached: []string{org.FullAWSAccess}, Roles: []org.Role{{
				ARN:    policy.MustParseARN("arn:aws:iam::111122223333:role/orders"),
				Inline: []org.InlinePolicy{{Name: "queues", Document: all}},
			}}},
		},
	})
	if err != nil {
		panic(err)
	}
	return o
}

func ExampleCompile() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		d := env.Can(simulate.Request{
			Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
			Action:    "sqs:SendMessage",
			Resource:  policy.MustParseARN("arn:aws:sqs:" + region + ":111122223333:orders"),
		})
		fmt.Println(region, d)
	}
	// Output:
	// eu-west-1 allowed (identityPolicy)
	// us-east-1 explicitDeny (serviceControl)
}

func ExampleCompileCustom() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	}
	fmt.Println(env.Can(r))
	r.Keys = r.Keys.With("aws:SourceIp", "203.0.113.7")
	fmt.Println(env.Can(r))
	// Output:
	// indeterminate (identityPolicy)
	// allowed (identityPolicy)
}

func ExampleCompileLayers() {
	boundary := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}`)))
	env, err := simulate.CompileLayers(simulate.Layers{
		Identity: []*policy.Document{readLogs},
		Boundary: []*policy.Document{boundary},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
		Keys:      simulate.Keys{}.With("aws:SourceIp", "203.0.113.7"),
	}))
	// Output: implicitDeny (boundary)
}

func ExampleWithStrictKeys() {
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{readLogs}}, simulate.WithStrictKeys())
	if err != nil {
		panic(err)
	}
	fmt.Println(env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	}))
	// Output: implicitDeny (identityPolicy)
}

func ExampleWithReference() {
	facts, err := serviceref.Read([]byte(`{"schema": "sar-facts/1", "asOf": "2027-01-02",
		"services": {"demo": {"name": "Demo", "rcp": true, "actions": {"Run": {"level": "Write"}}}}}`))
	if err != nil {
		panic(err)
	}
	allow := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "demo:*", "Resource": "*"}}`)))
	deny := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "demo:*", "Resource": "*"}}`)))
	layers := simulate.Layers{Identity: []*policy.Document{allow}, ResourceControl: [][]*policy.Document{{deny}}}
	r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: "demo:Run"}
	for _, facts := range []*serviceref.Reference{serviceref.Embedded(), facts} {
		env, err := simulate.CompileLayers(layers, simulate.WithReference(facts))
		if err != nil {
			panic(err)
		}
		fmt.Println(env.Can(r))
	}
	// Output:
	// allowed (identityPolicy)
	// explicitDeny (resourceControl)
}

func ExampleEnvironment_Can() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	d := env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:DeleteObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	})
	fmt.Println(d.Outcome, d.Allowed(), d.Denied())
	// Output: implicitDeny false true
}

func ExampleEnvironment_Explain() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	x := env.Explain(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:us-east-1:111122223333:orders"),
	})
	fmt.Println(x.Decision)
	for _, s := range x.Steps {
		if s.Skipped != "" {
			fmt.Printf("%s: %s\n", s.Stage, s.Skipped)
			continue
		}
		fmt.Printf("%s %s: %s\n", s.Stage, s.NodeName, s.Outcome)
	}
	// Output:
	// explicitDeny (serviceControl)
	// serviceControl Root: allowed
	// serviceControl Workloads: explicitDeny
	// serviceControl shop: allowed
	// resourceControl: no RCPs: no organization, or RCPs are not enabled
	// resourcePolicy: the resource has no policy
	// identityPolicy : allowed
}

func ExampleStep_Trials() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	x := env.Explain(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:us-east-1:111122223333:orders"),
	})
	for _, t := range x.Steps[1].Trials() {
		fmt.Println(t.Effect, "of", t.Statement.Policy.Name, "matches:", t.Match)
	}
	// Output:
	// Allow of FullAWSAccess matches: yes
	// Deny of regions matches: yes
}

func ExampleEnvironment_Statement() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	d := env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:us-east-1:111122223333:orders"),
	})
	s, _ := env.Statement(d)
	fmt.Printf("%s of %s at %s, line %d\n", s.SID, s.Policy.Name, s.Policy.NodeName, s.Position().Line)
	// Output: OnlyEurope of regions at Workloads, line 3
}

func ExampleEnvironment_Apply() {
	before, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	after, err := before.Apply(org.DetachControlPolicy("p-regions", "ou-ab12-11111111"))
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:us-east-1:111122223333:orders"),
	}
	fmt.Println(before.Can(r).Outcome, "→", after.Can(r).Outcome)
	// Output: explicitDeny → allowed
}

func ExampleKeysFrom() {
	keys := simulate.KeysFrom(map[string][]string{
		"aws:SourceIp": {"203.0.113.7"},
		"aws:TagKeys":  {"team", "cost"},
	})
	for name, values := range keys.All() {
		fmt.Println(name, values)
	}
	// Output:
	// aws:SourceIp [203.0.113.7]
	// aws:TagKeys [team cost]
}

func ExampleKeys_WithUnknown() {
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{readLogs}}, simulate.WithStrictKeys())
	if err != nil {
		panic(err)
	}
	x := env.Explain(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
		Keys:      simulate.Keys{}.WithUnknown("aws:Source*"),
	})
	fmt.Println(x.Decision.Outcome, x.Possible)
	for _, d := range x.Depends {
		fmt.Println(d.Kind, d.Name)
	}
	// Output:
	// indeterminate [allowed implicitDeny]
	// key aws:SourceIp
}

func ExampleNewSession() {
	only := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("*"),
	}))
	session, err := simulate.NewSession(simulate.SessionSpec{Policies: []*policy.Document{only}})
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	fmt.Println(env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:sts::111122223333:assumed-role/orders/ana"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders"),
		Session:   session,
	}))
	// Output: implicitDeny (sessionPolicy)
}

func ExampleParseOutcome() {
	o, err := simulate.ParseOutcome("explicitDeny")
	fmt.Println(o, err)
	_, err = simulate.ParseOutcome("denied")
	fmt.Println(err)
	// Output:
	// explicitDeny <nil>
	// outcome "denied": want allowed, explicitDeny, implicitDeny or indeterminate
}

func ExampleEnvironment_Organization() {
	before, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	after, err := before.Apply(org.MoveAccount("111122223333", "r-ab12"))
	if err != nil {
		panic(err)
	}
	fmt.Println(before.Organization().Path("111122223333"))
	fmt.Println(after.Organization().Path("111122223333"))
	// Output:
	// [r-ab12 ou-ab12-11111111 111122223333]
	// [r-ab12 111122223333]
}

// The key is missing from the request, so the statement may or may not match. It allows,
// so the answer cannot be an explicit deny.
func ExampleDecision_CanBe() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	d := env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	})
	fmt.Println(d.Outcome, d.CanBe(simulate.Allowed), d.CanBe(simulate.ImplicitDeny), d.CanBe(simulate.ExplicitDeny))
	// Output: indeterminate true true false
}

func ExampleDecision_Allowed() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	}
	for _, ip := range []string{"203.0.113.7", "198.51.100.7"} {
		r.Keys = r.Keys.With("aws:SourceIp", ip)
		fmt.Println(ip, env.Can(r).Allowed())
	}
	// Output:
	// 203.0.113.7 true
	// 198.51.100.7 false
}

// An indeterminate decision is neither allowed nor denied.
func ExampleDecision_Denied() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
	}
	for _, action := range []policy.Action{"s3:GetObject", "s3:PutObject"} {
		r.Action = action
		d := env.Can(r)
		fmt.Println(action, d.Outcome, d.Allowed(), d.Denied())
	}
	// Output:
	// s3:GetObject indeterminate false false
	// s3:PutObject implicitDeny false true
}

func ExampleStatementRef_Position() {
	env, err := simulate.CompileCustom(readLogs)
	if err != nil {
		panic(err)
	}
	s, _ := env.Statement(env.Can(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "s3:GetObject",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs/app.log"),
		Keys:      simulate.Keys{}.With("aws:SourceIp", "203.0.113.7"),
	}))
	fmt.Println(s.SID, s.Position())
	// Output: ReadLogs 3:17
}

func ExampleKeys_With() {
	keys := simulate.Keys{}.With("aws:SourceIp", "203.0.113.7")
	more := keys.With("aws:TagKeys", "team", "cost").With("aws:sourceip") // without a value: absent
	for name, values := range keys.All() {
		fmt.Println(name, values)
	}
	for name, values := range more.All() {
		fmt.Println(name, values)
	}
	// Output:
	// aws:SourceIp [203.0.113.7]
	// aws:TagKeys [team cost]
}

func ExampleKeys_All() {
	keys := simulate.Keys{}.With("aws:TagKeys", "team", "cost").With("aws:SourceIp", "203.0.113.7")
	for name, values := range keys.All() {
		fmt.Println(name, values)
	}
	// Output:
	// aws:TagKeys [team cost]
	// aws:SourceIp [203.0.113.7]
}

// A token lists how its holder signed in. One entry does not make the key single-valued:
// a condition without ForAllValues or ForAnyValue does not match it.
func ExampleKeys_WithMultivalued() {
	trust := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
  "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"},
  "Condition": {"StringEquals": {"login.example.com:amr": "authenticated"}}}}`)))
	env, err := simulate.CompileLayers(simulate.Layers{Resource: trust})
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: policy.WebIdentityPrincipal("arn:aws:iam::111122223333:oidc-provider/login.example.com"),
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  policy.MustParseARN("arn:aws:iam::111122223333:role/orders"),
		Keys:      simulate.Keys{}.With("login.example.com:amr", "authenticated"),
	}
	fmt.Println(env.Can(r).Outcome)
	r.Keys = r.Keys.WithMultivalued("login.example.com:amr")
	fmt.Println(env.Can(r).Outcome)
	// Output:
	// allowed
	// implicitDeny
}

func ExampleEnvironment_Requires() {
	doc := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
	  {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
	  {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]}`)))
	env, _ := simulate.CompileCustom(doc)
	r := simulate.Request{
		Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
		Action:    "s3:CreateBucket",
		Resource:  policy.MustParseARN("arn:aws:s3:::logs"),
	}
	fmt.Println(env.Requires(r))
	r.Keys = r.Keys.With("aws:RequestedRegion", "eu-west-1")
	fmt.Println(env.Requires(r))
	r.Keys = r.Keys.With("aws:SourceIp", "203.0.113.7")
	fmt.Println(env.Requires(r))
	// Output:
	// IpAddress aws:SourceIp [203.0.113.0/24] and not StringNotEquals aws:RequestedRegion [eu-west-1]
	// IpAddress aws:SourceIp [203.0.113.0/24]
	// always
}

func ExampleAlternative_Conditions() {
	doc := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
	  {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
	  {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]}`)))
	env, _ := simulate.CompileCustom(doc)
	r := env.Requires(simulate.Request{
		Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
		Action:    "ec2:DescribeInstances",
	})
	c, ok := r.Allowed[0].Conditions()
	for one := range c.All() {
		fmt.Println(one.Operator, one.Key, slices.Collect(one.Values.All()), ok)
	}
	// Output:
	// StringEquals aws:RequestedRegion [eu-west-1] true
}

func ExampleRequirement_String() {
	fmt.Println(simulate.Requirement{})
	fmt.Println(simulate.Requirement{Allowed: []simulate.Alternative{{}}})
	// Output:
	// never
	// always
}

func ExampleAlternative_String() {
	fmt.Println(simulate.Alternative{
		{Condition: policy.Condition{Operator: "Bool", Key: "aws:MultiFactorAuthPresent", Values: policy.List("true")}, Holds: true},
		{Condition: policy.Condition{Operator: "Null", Key: "aws:SourceVpce", Values: policy.List("true")}},
	})
	// Output:
	// Bool aws:MultiFactorAuthPresent [true] and not Null aws:SourceVpce [true]
}

func ExampleTest_String() {
	fmt.Println(simulate.Test{Condition: policy.Condition{Operator: "Bool", Key: "aws:SecureTransport", Values: policy.List("false")}})
	// Output:
	// not Bool aws:SecureTransport [false]
}
