package orglint_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/simulate"
)

const member, management, stranger = "111122223333", "999900001111", "222233334444"

var (
	someActions   = []policy.Action{"s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:CreateRole"}
	somePatterns  = []string{"*", "iam:*", "s3:*", "s3:Get*", "s3:GetObject", "S3:getobject", "s3:?etObject", "ec2:*", "s3:*Object", "ec2:RunInstances", "iam:CreateRole"}
	someResources = []string{"*", "*", "*", "arn:aws:s3:::logs/*", "arn:aws:iam::*:role/App"}
	someControls  = []string{"p-a000", "p-b000", "p-c000", "p-d000"}
	allowService  = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`)))
	allowAll      = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`)))
)

func drawStatement(t *rapid.T) policy.Statement {
	s := policy.Statement{Effect: policy.Allow, Resource: policy.List(rapid.SampledFrom(someResources).Draw(t, "resource"))}
	if rapid.Bool().Draw(t, "deny") {
		s.Effect = policy.Deny
	}
	list := policy.List(rapid.SliceOfN(rapid.SampledFrom(somePatterns), 1, 2).Draw(t, "actions")...)
	if rapid.IntRange(0, 3).Draw(t, "not") == 0 {
		s.NotAction = list
	} else {
		s.Action = list
	}
	switch rapid.IntRange(0, 5).Draw(t, "condition") {
	case 0:
		s.Condition = policy.When("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/aws-service-role/*")
	case 1:
		s.Condition = policy.When("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/App")
	case 2:
		s.Condition = policy.When("StringNotEquals", "aws:PrincipalAccount", member)
	case 3:
		s.Condition = policy.When("StringEquals", "aws:RequestedRegion", "eu-west-1")
	}
	return s
}

// drawTree is an organization of an OU with one account besides the management account,
// whose user and role may do everything, and SCPs at all levels.
func drawTree(t *rapid.T) *org.Organization {
	attached := func(name string) []string {
		list := rapid.SliceOfNDistinct(rapid.SampledFrom(someControls), 0, 2, rapid.ID).Draw(t, name)
		if rapid.Bool().Draw(t, name+" full") {
			list = append(list, org.FullAWSAccess)
		}
		return list
	}
	trusted := rapid.SampledFrom([]string{stranger, management, member, "arn:aws:iam::111122223333:role/Gone", "arn:aws:iam::222233334444:role/Gone"}).Draw(t, "trusted")
	trust, err := policy.NewDocument(policy.Statement{Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, trusted), Action: policy.List("sts:AssumeRole")})
	require.NoError(t, err)
	all := []org.InlinePolicy{{Name: "all", Document: allowAll}}
	s := org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: management,
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: attached("root"), Accounts: []string{management},
			OUs: []org.OU{{ID: "ou-ab12-11111111", Attached: attached("OU"), Accounts: []string{member}}},
		},
		Accounts: []org.Account{
			{
				ID: member, Attached: attached("account"),
				Users: []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: all}},
				Roles: []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/App"), Trust: trust, Inline: all}},
			},
			{ID: management, Attached: attached("management")},
		},
	}
	for _, id := range someControls {
		d, err := policy.NewDocument(rapid.SliceOfN(rapid.Custom(drawStatement), 1, 3).Draw(t, id)...)
		require.NoError(t, err)
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Kind: policy.ServiceControl, Document: d})
	}
	o, err := org.New(s)
	require.NoError(t, err)
	return o
}

// outcomes are the decisions of the member account's principals.
func outcomes(t *rapid.T, o *org.Organization) (out []simulate.Outcome) {
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	for _, caller := range []string{"arn:aws:iam::111122223333:user/ana", "arn:aws:sts::111122223333:assumed-role/App/s"} {
		principal, err := policy.ParsePrincipal(caller)
		require.NoError(t, err)
		for _, a := range someActions {
			for _, resource := range []string{"arn:aws:s3:::logs/a", "arn:aws:s3:::orders/a"} {
				for _, region := range []string{"eu-west-1", "us-east-1"} {
					out = append(out, env.Can(simulate.Request{
						Principal: principal, Action: a, Resource: policy.MustParseARN(resource),
						Keys: simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {region}}),
					}).Outcome)
				}
			}
		}
	}
	return out
}

// What is said to have no effect can be taken away without changing a decision, and where
// nothing is said to be possible, nothing is.
func TestFindingsAgreeWithDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawTree(t)
		before := outcomes(t, o)
		for _, f := range orglint.Organization(o) {
			switch f.Code {
			case "SCP_NO_ALLOW_AT_LEVEL", "SCP_LAST_DETACH":
				require.False(t, slices.ContainsFunc(before, func(d simulate.Outcome) bool { return d == simulate.Allowed }), "%v", f)
			case "SCP_OVERRIDE_IMPOSSIBLE":
				if i, j, ok := actionAt(f.Path); ok {
					require.Equal(t, before, outcomes(t, without(t, o, f, i, j)), "%v", f)
				}
			case "SCP_SLR_ASSUMPTION":
				i, _ := strconv.Atoi(strings.Split(f.Path, "/")[2])
				require.Equal(t, before, outcomes(t, without(t, o, f, i, -1)), "%v", f)
			case "CONTROL_POLICY_UNATTACHED":
				next, err := o.Apply(org.RemoveControlPolicy(f.Subject))
				require.NoError(t, err)
				require.Equal(t, before, outcomes(t, next), "%v", f)
			}
		}
	})
}

// An exempt role of which this package says less than package lint, nothing, cannot be made
// or changed by others.
func TestExemptionsThatAreProtected(t *testing.T) {
	const code = "SCP_EXEMPTION_HIJACKABLE"
	dropped := 0
	exempts := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/App"}}}]}`)))
	rapid.Check(t, func(t *rapid.T) {
		o, err := drawTree(t).Apply(
			org.PutControlPolicy(org.ControlPolicy{ID: "p-e000", Kind: policy.ServiceControl, Document: exempts}),
			org.AttachControlPolicy("p-e000", member))
		require.NoError(t, err)
		reported := map[string]bool{}
		for _, f := range orglint.Organization(o) {
			reported[f.Code+f.Subject+f.Path] = true
		}
		for id, p := range o.Inherited(member, policy.ServiceControl) {
			for _, f := range lint.Document(p.Document, policy.ServiceControl) {
				if f.Code != code || reported[code+p.ID+f.Path] {
					continue
				}
				dropped++
				env, err := simulate.Compile(o)
				require.NoError(t, err)
				for _, a := range []policy.Action{"iam:CreateRole", "iam:UpdateAssumeRolePolicy"} {
					d := env.Can(simulate.Request{
						Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
						Action:    a, Resource: policy.MustParseARN("arn:aws:iam::111122223333:role/App"),
					})
					require.True(t, d.Denied(), "%s at %s: %v: %s is %v", p.ID, id, f, a, d)
				}
			}
		}
	})
	require.NotZero(t, dropped)
}

// actionAt reads "/Statement/1/Action/0", or "/Statement/1/Action".
func actionAt(path string) (statement, action int, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 4 || parts[3] != "Action" {
		return 0, 0, false
	}
	statement, _ = strconv.Atoi(parts[2])
	if len(parts) > 4 {
		action, _ = strconv.Atoi(parts[4])
	}
	return statement, action, true
}

// without is the organization without an action of a statement of the control policy that a
// finding is about, or without the statement. A policy left empty denies nothing that is
// asked for.
func without(t *rapid.T, o *org.Organization, f orglint.Finding, statement, action int) *org.Organization {
	p, ok := o.ControlPolicy(f.Subject)
	require.True(t, ok)
	var list []policy.Statement
	for i, s := range p.Document.Statements() {
		if i == statement {
			actions := slices.Collect(s.Action.All())
			if action < 0 || len(actions) < 2 {
				continue
			}
			s.Action = policy.List(slices.Delete(actions, action, action+1)...)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		list = append(list, policy.Statement{Effect: policy.Deny, Action: policy.List("sqs:SendMessage"), Resource: policy.List("*")})
	}
	var err error
	p.Document, err = policy.NewDocument(list...)
	require.NoError(t, err)
	next, err := o.Apply(org.PutControlPolicy(p))
	require.NoError(t, err)
	return next
}

// What is found in spite of a gap holds whatever the gap hides.
func TestFindingsHoldWithoutGaps(t *testing.T) {
	own := map[string]bool{}
	for _, c := range orglint.Codes() {
		own[c.Code] = true
	}
	key := func(f orglint.Finding) string { return f.Code + " " + f.Subject + " " + f.Path } // numbers in messages may differ
	rapid.Check(t, func(t *rapid.T) {
		s := drawTree(t).Spec()
		whole, gap := s, org.Gap{}
		extra := func(before []string) []string {
			more := rapid.SampledFrom(append([]string{org.FullAWSAccess}, someControls...)).Draw(t, "hidden")
			if slices.Contains(before, more) {
				return before
			}
			return append(slices.Clip(before), more)
		}
		ou := slices.Clone(s.Root.OUs)
		accounts := slices.Clone(s.Accounts)
		whole.Root.OUs, whole.Accounts = ou, accounts
		gone := org.Role{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/Gone"), Trust: allowService}
		switch rapid.IntRange(0, 6).Draw(t, "gap") {
		case 0:
			gap = org.Gap{Subject: s.Root.ID, What: org.GapControlPolicies}
			whole.Root.Attached = extra(s.Root.Attached)
		case 1:
			gap = org.Gap{Subject: ou[0].ID, What: org.GapControlPolicies}
			ou[0].Attached = extra(ou[0].Attached)
		case 2:
			gap = org.Gap{Subject: member, What: org.GapControlPolicies}
			accounts[0].Attached = extra(accounts[0].Attached)
		case 3:
			gap = org.Gap{Subject: ou[0].ID}
			ou[0].Accounts = append(slices.Clip(ou[0].Accounts), stranger)
			whole.Accounts = append(accounts, org.Account{ID: stranger, Attached: []string{org.FullAWSAccess}})
		case 4:
			gap = org.Gap{Subject: member, What: org.GapEverything}
			accounts[0].Roles = append(slices.Clip(accounts[0].Roles), gone)
		case 5:
			gap = org.Gap{Subject: "arn:aws:iam::111122223333:role/*"}
			accounts[0].Roles = append(slices.Clip(accounts[0].Roles), gone)
		case 6:
			id := rapid.SampledFrom(someControls).Draw(t, "policy")
			gap = org.Gap{Subject: id, What: org.GapDocument}
			s.ControlPolicies = slices.DeleteFunc(slices.Clone(s.ControlPolicies), func(p org.ControlPolicy) bool { return p.ID == id })
		}
		s.Gaps = []org.Gap{gap}
		gapped, err := org.New(s)
		require.NoError(t, err)
		complete, err := org.New(whole)
		require.NoError(t, err)
		known := map[string]bool{}
		for _, f := range orglint.Organization(complete) {
			known[key(f)] = true
		}
		for _, f := range orglint.Organization(gapped) {
			if own[f.Code] {
				require.True(t, known[key(f)], "%v: %v", gap, f)
			}
		}
	})
}
