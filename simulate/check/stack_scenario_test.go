package check_test

import (
	"context"
	"testing"
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func parsed(t *testing.T, statement string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statement + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func inline(t *testing.T, statement string) []org.InlinePolicy {
	return []org.InlinePolicy{{Name: "p", Document: parsed(t, statement)}}
}

const (
	anaARN    = "arn:aws:iam::111122223333:user/ana"
	devARN    = "arn:aws:iam::111122223333:role/dev"
	otherARN  = "arn:aws:iam::444455556666:role/other"
	ordersARN = "arn:aws:sqs:eu-west-1:111122223333:orders"
	logsARN   = "arn:aws:s3:::logs"
	allow     = `{"Effect":"Allow","Action":"*","Resource":"*"}`
)

func user(t *testing.T, statement string) org.User {
	return org.User{ARN: policy.MustParseARN(anaARN), ID: "AIDAANA", Inline: inline(t, statement), Tags: map[string]string{"team": "a"}}
}

func role(t *testing.T, arn, statement string) org.Role {
	return org.Role{ARN: policy.MustParseARN(arn), Inline: inline(t, statement),
		Trust: parsed(t, `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)}
}

// company has ana and the role dev in one account, another role in a second one.
func company(t *testing.T) *simulate.Environment {
	t.Helper()
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "999988887777",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess},
			OUs: []org.OU{
				{ID: "ou-ab12-11111111", Name: "guarded", Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess, "p-guard001", "p-rguard01"}, Accounts: []string{"111122223333"}},
				{ID: "ou-ab12-22222222", Name: "free", Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess}, Accounts: []string{"444455556666"}},
			}, Accounts: []string{"999988887777"}},
		ControlPolicies: []org.ControlPolicy{
			{ID: "p-guard001", Name: "guard", Kind: policy.ServiceControl, Document: parsed(t, `{"Effect":"Deny","Action":"sqs:PurgeQueue","Resource":"*"}`)},
			{ID: "p-rguard01", Name: "rguard", Kind: policy.ResourceControl, Document: parsed(t, `{"Effect":"Deny","Principal":"*","Action":"sqs:AddPermission","Resource":"*"}`)},
		},
		Accounts: []org.Account{
			{ID: "999988887777", Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess}},
			{ID: "111122223333", Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess},
				Policies: []org.ManagedPolicy{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:policy/limit"), Document: parsed(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)}},
				Users:    []org.User{user(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)},
				Roles:    []org.Role{role(t, devARN, `{"Effect":"Allow","Action":["sqs:*","sts:AssumeRole"],"Resource":"*","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/stage":"test"}}}`)},
				Resources: []org.Resource{
					{ARN: policy.MustParseARN(ordersARN), Tags: map[string]string{"stage": "prod"}},
					{ARN: policy.MustParseARN(logsARN)},
				}},
			{ID: "444455556666", Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess},
				Roles: []org.Role{role(t, otherARN, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// changedCompany is the company after first, and after change besides.
func changedCompany(t *testing.T, first, change []org.Change) (before, after *simulate.Environment) {
	t.Helper()
	before, err := company(t).Apply(first...)
	if err != nil {
		t.Fatal(err)
	}
	if after, err = before.Apply(change...); err != nil {
		t.Fatal(err)
	}
	return before, after
}

func TestGained(t *testing.T) {
	bucket := func(statement string, block bool) org.Change {
		return org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: parsed(t, statement), BlockPublicAccess: block})
	}
	readByOther := `{"Effect":"Allow","Principal":{"AWS":"` + otherARN + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	public := `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	bounded := func(b bool) org.Change {
		u := user(t, allow)
		if b {
			u.Boundary = policy.MustParseARN("arn:aws:iam::111122223333:policy/limit")
		}
		return org.PutUser(u)
	}
	queue := func(stage string) org.Change {
		return org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(ordersARN), Tags: map[string]string{"stage": stage}})
	}
	tagged := func(team string) org.Change {
		u := user(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"b"}}}`)
		u.Tags = map[string]string{"team": team}
		return org.PutUser(u)
	}
	trusting := func(principal string) org.Change {
		r := role(t, devARN, allow)
		r.Trust = parsed(t, `{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:AssumeRole"}`)
		return org.PutRole(r)
	}
	for name, test := range map[string]struct {
		first, change []org.Change
		who           string
		there, back   check.Verdict // of the change, and of taking it back
	}{
		"nothing":                       {who: anaARN, there: check.Pass, back: check.Pass},
		"an identity policy grows":      {change: []org.Change{org.PutUser(user(t, allow))}, who: anaARN, there: check.Fail, back: check.Pass},
		"somebody else's grows":         {change: []org.Change{org.PutUser(user(t, allow))}, who: devARN, there: check.Pass, back: check.Pass},
		"an SCP goes":                   {change: []org.Change{org.DetachControlPolicy("p-guard001", "ou-ab12-11111111")}, who: anaARN, there: check.Fail, back: check.Pass},
		"an RCP goes":                   {change: []org.Change{org.DetachControlPolicy("p-rguard01", "ou-ab12-11111111")}, who: anaARN, there: check.Fail, back: check.Pass},
		"an account moves":              {change: []org.Change{org.MoveAccount("111122223333", "ou-ab12-22222222")}, who: anaARN, there: check.Fail, back: check.Unknown},
		"SCPs are off":                  {change: []org.Change{org.DisablePolicyType(policy.ServiceControl)}, who: anaARN, there: check.Fail, back: check.Pass},
		"a boundary goes":               {first: []org.Change{bounded(true)}, change: []org.Change{bounded(false)}, who: anaARN, there: check.Fail, back: check.Pass},
		"a tag of the principal":        {first: []org.Change{tagged("a")}, change: []org.Change{tagged("b")}, who: anaARN, there: check.Fail, back: check.Unknown},
		"a tag of the resource":         {change: []org.Change{queue("test")}, who: devARN, there: check.Fail, back: check.Pass},
		"a tag that nobody asks for":    {change: []org.Change{queue("test")}, who: anaARN, there: check.Pass, back: check.Pass},
		"a trust policy names ana":      {first: []org.Change{trusting(`{"Service":"ec2.amazonaws.com"}`)}, change: []org.Change{trusting(`{"AWS":"` + anaARN + `"}`)}, who: anaARN, there: check.Fail, back: check.Pass},
		"a trust policy of the account": {first: []org.Change{trusting(`{"Service":"ec2.amazonaws.com"}`)}, change: []org.Change{trusting(`{"AWS":"111122223333"}`)}, who: anaARN, there: check.Pass, back: check.Pass},
		"the account may assume":        {first: []org.Change{trusting(`{"Service":"ec2.amazonaws.com"}`)}, change: []org.Change{trusting(`{"AWS":"111122223333"}`)}, who: devARN, there: check.Fail, back: check.Pass},
		"a bucket policy names a role":  {change: []org.Change{bucket(readByOther, false)}, who: otherARN, there: check.Fail, back: check.Pass},
		"a bucket opens":                {first: []org.Change{bucket(public, true)}, change: []org.Change{bucket(public, false)}, who: otherARN, there: check.Unknown, back: check.Pass},
		"its own account sees no block": {first: []org.Change{bucket(public, true)}, change: []org.Change{bucket(public, false)}, who: anaARN, there: check.Pass, back: check.Pass},
		"a gap":                         {change: []org.Change{org.MarkUnknown(org.Gap{Subject: anaARN, What: org.GapIdentityPolicies, Reason: "denied"})}, who: anaARN, there: check.Unknown, back: check.Unknown},
		"a gap in a bucket's policy":    {first: []org.Change{bucket(readByOther, false)}, change: []org.Change{org.MarkUnknown(org.Gap{Subject: logsARN, What: org.GapResourcePolicy, Reason: "denied"})}, who: otherARN, there: check.Pass, back: check.Unknown},
		"a gap in another's":            {change: []org.Change{org.MarkUnknown(org.Gap{Subject: devARN, What: org.GapIdentityPolicies, Reason: "denied"})}, who: anaARN, there: check.Pass, back: check.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := changedCompany(t, test.first, test.change)
			who := policy.PrincipalFromARN(policy.MustParseARN(test.who))
			for _, at := range []struct {
				what          string
				before, after *simulate.Environment
				want          check.Verdict
			}{{"the change", before, after, test.there}, {"taking it back", after, before, test.back}} {
				r, err := check.NoGainedAccess(context.Background(), at.before, at.after, who)
				if err != nil {
					t.Fatal(err)
				}
				everybody, err := check.NobodyGainsAccess(context.Background(), at.before, at.after, 10)
				if err != nil {
					t.Fatal(err)
				}
				if r.Verdict == check.Fail && everybody.Verdict != check.Fail || everybody.Verdict == check.Pass && r.Verdict != check.Pass {
					t.Errorf("%s: %s for one, %s for everybody", at.what, r.Verdict, everybody.Verdict)
				}
				if r.Verdict != at.want {
					t.Errorf("%s: %s %s, want %s", at.what, r.Verdict, r.Reason, at.want)
					if x := r.Counterexample; x != nil {
						t.Logf("%s on %s: %s, was %s", x.Request.Action, x.Request.Resource, x.Allowed.Decision, x.Refused.Decision)
					}
				}
			}
		})
	}
}

// TestLost: ana's access in the roles of permission sets.
func TestLost(t *testing.T) {
	ana := policy.PrincipalFromARN(policy.MustParseARN(anaARN))
	dev := policy.PrincipalFromARN(policy.MustParseARN(devARN))
	home := func(name string) string {
		return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/` + name + `/*"}`
	}
	when := func(condition string) string {
		return `{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":` + condition + `}`
	}
	for name, test := range map[string]struct {
		user, role string
		more       []org.Change
		want       check.Verdict
	}{
		"the same":                     {user: allow, role: allow, want: check.Pass},
		"more":                         {user: when(`{}`), role: allow, want: check.Pass},
		"less":                         {user: allow, role: when(`{}`), want: check.Fail},
		"MFA no more":                  {user: when(`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), role: when(`{}`), want: check.Pass},
		"MFA all at once":              {user: when(`{}`), role: when(`{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), want: check.Fail},
		"the name in a policy":         {user: home("ana"), role: home("${aws:username}"), want: check.Fail},
		"the name written out":         {user: home("${aws:username}"), role: home("ana"), want: check.Pass},
		"another's home":               {user: home("${aws:username}"), role: home("bo"), want: check.Fail},
		"a tag that the user has":      {user: when(`{"StringEquals":{"aws:PrincipalTag/team":"a"}}`), role: when(`{}`), want: check.Pass},
		"a tag that the user lacks":    {user: when(`{"StringEquals":{"aws:PrincipalTag/team":"b"}}`), role: home("x"), want: check.Pass},
		"a tag that the role lacks":    {user: when(`{}`), role: when(`{"StringEquals":{"aws:PrincipalTag/team":"a"}}`), want: check.Fail},
		"the caller's own ARN":         {user: when(`{"ArnEquals":{"aws:PrincipalArn":"` + anaARN + `"}}`), role: when(`{"ArnEquals":{"aws:PrincipalArn":"` + devARN + `"}}`), want: check.Pass},
		"the network stays":            {user: when(`{"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}}`), role: when(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), want: check.Pass},
		"the network shrinks":          {user: when(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), role: when(`{"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}}`), want: check.Fail},
		"a Deny of the user's":         {user: allow + `,{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`, role: `{"Effect":"Allow","NotAction":"sqs:*","Resource":"*"}`, want: check.Pass},
		"a Deny of the role's":         {user: allow, role: allow + `,{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}`, want: check.Fail},
		"a bucket that names the user": {user: home("x"), role: home("x"), want: check.Fail, more: []org.Change{org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: parsed(t, `{"Effect":"Allow","Principal":{"AWS":"`+anaARN+`"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}`)})}},
		"a bucket that names both":     {user: home("x"), role: home("x"), want: check.Pass, more: []org.Change{org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: parsed(t, `{"Effect":"Allow","Principal":{"AWS":["`+anaARN+`","`+devARN+`"]},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}`)})}},
	} {
		t.Run(name, func(t *testing.T) {
			env, err := company(t).Apply(append([]org.Change{org.PutUser(user(t, test.user)), org.PutRole(role(t, devARN, test.role))}, test.more...)...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := check.NoLostAccess(context.Background(), env, env, ana, dev)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != test.want {
				t.Errorf("%s %s, want %s", r.Verdict, r.Reason, test.want)
				if x := r.Counterexample; x != nil {
					t.Logf("%s on %s with %v: %s, and %s", x.Request.Action, x.Request.Resource, x.Request.Keys, x.Allowed.Decision, x.Refused.Decision)
				}
			}
		})
	}
}

// TestUnknownAlike: what is not known of a principal is the same on both sides of a change, and
// not in two snapshots.
func TestUnknownAlike(t *testing.T) {
	unknown := org.MarkUnknown(org.Gap{Subject: anaARN, What: org.GapIdentityPolicies, Reason: "denied"})
	before, err := company(t).Apply(unknown)
	if err != nil {
		t.Fatal(err)
	}
	more := org.PutControlPolicy(org.ControlPolicy{ID: "p-guard001", Name: "guard", Kind: policy.ServiceControl, Document: parsed(t, `{"Effect":"Deny","Action":["sqs:PurgeQueue","s3:*"],"Resource":"*"}`)})
	after, err := before.Apply(more)
	if err != nil {
		t.Fatal(err)
	}
	other, err := company(t).Apply(unknown, more)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		after *simulate.Environment
		want  check.Verdict
	}{"one snapshot": {after, check.Pass}, "two snapshots": {other, check.Unknown}} {
		r, err := check.NobodyGainsAccess(context.Background(), before, test.after, 10)
		if err != nil || r.Verdict != test.want {
			t.Errorf("%s: %s %s %v, want %s", name, r.Verdict, r.Reason, err, test.want)
		}
		if back, err := check.NobodyGainsAccess(context.Background(), test.after, before, 0); err != nil || back.Verdict == check.Pass {
			t.Errorf("%s: taking the SCP back is %s %v", name, back.Verdict, err)
		}
	}
}

// TestOtherFacts: which services RCPs reach decides, so that proofs about other facts are none.
func TestOtherFacts(t *testing.T) {
	env, err := simulate.Compile(company(t).Organization(), simulate.WithReference(serviceref.Embedded().AsOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))))
	if err != nil {
		t.Fatal(err)
	}
	r, err := check.NobodyGainsAccess(context.Background(), env, env, 10)
	if err != nil || r.Verdict != check.Unknown {
		t.Errorf("%s %s %v, want unknown", r.Verdict, r.Reason, err)
	}
}

// TestBlockedForStrangers: Block Public Access denies a role of another account what the
// bucket's own account keeps.
func TestBlockedForStrangers(t *testing.T) {
	public := parsed(t, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`)
	env, err := company(t).Apply(
		org.PutResource("111122223333", org.Resource{ARN: policy.MustParseARN(logsARN), Policy: public, BlockPublicAccess: true}),
		org.PutUser(user(t, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := check.NoLostAccess(context.Background(), env, env, policy.PrincipalFromARN(policy.MustParseARN(anaARN)), policy.PrincipalFromARN(policy.MustParseARN(otherARN)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict == check.Pass {
		t.Error("pass, and the bucket's policy is public and blocked")
	}
}

// TestNewcomers: what a user can do that is not in the environment before, it gains; where somebody may
// be there that nobody knows of, nothing is known.
func TestNewcomers(t *testing.T) {
	o := company(t).Organization()
	newcomer := policy.MustParseARN("arn:aws:iam::111122223333:user/zoe")
	for name, test := range map[string]struct {
		statements string
		gap        bool
		want       check.Verdict
	}{
		"may do something":        {statements: `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`, want: check.Fail},
		"may do nothing":          {statements: `{"Effect":"Deny","Action":"*","Resource":"*"}`, want: check.Pass},
		"what policies may grant": {statements: `{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`, want: check.Unknown},
		"who was perhaps there":   {statements: `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`, gap: true, want: check.Unknown},
	} {
		old := o
		var err error
		if test.gap {
			if old, err = o.Apply(org.MarkUnknown(org.Gap{Subject: "111122223333", What: org.GapUnlisted, Reason: "denied"})); err != nil {
				t.Fatal(err)
			}
		}
		with, err := old.Apply(org.PutUser(org.User{ARN: newcomer, Inline: []org.InlinePolicy{{Name: "inline", Document: parsed(t, test.statements)}}}))
		if err != nil {
			t.Fatal(err)
		}
		var envs [2]*simulate.Environment
		for i, o := range []*org.Organization{old, with} {
			if envs[i], err = simulate.Compile(o); err != nil {
				t.Fatal(err)
			}
		}
		r, err := check.NoGainedAccess(context.Background(), envs[0], envs[1], policy.PrincipalFromARN(newcomer))
		if err != nil || r.Verdict != test.want {
			t.Errorf("%s: %s %s %v, want %s", name, r.Verdict, r.Reason, err, test.want)
		}
	}
}
