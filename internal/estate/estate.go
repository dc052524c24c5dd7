// Package estate has the organizations of the benchmarks: large ones that it makes, the same
// for the same seed, in shapes that companies have; one with long policies of AWS; and those
// of recorded workloads.
//
// It does not cover the grammar of policies; internal/gen does.
package estate

import (
	"fmt"
	"math/rand/v2"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Options are the numbers of an estate. The zero Options is 10,000 principals in 20 accounts
// with 500 policies.
type Options struct {
	Principals int // users and roles together, half of each
	Accounts   int
	Policies   int // customer managed policies, each in every account that attaches it
	Seed       uint64
}

// Bucket is the resource whose policy allows by tag, account and organization.
const Bucket = "arn:aws:s3:::shared-data"

// OrganizationID is the ID of every estate.
const OrganizationID = "o-a1b2c3d4e5"

var services = []struct {
	name    string
	actions []string
	format  string
}{
	{"s3", []string{"GetObject", "PutObject", "ListBucket", "Get*", "DeleteObject"}, "arn:aws:s3:::%s/*"},
	{"ec2", []string{"Describe*", "StartInstances", "StopInstances", "RunInstances"}, "arn:aws:ec2:*:*:instance/%s"},
	{"sqs", []string{"SendMessage", "ReceiveMessage", "DeleteMessage", "Get*"}, "arn:aws:sqs:*:*:%s"},
	{"dynamodb", []string{"GetItem", "PutItem", "Query", "Batch*"}, "arn:aws:dynamodb:*:*:table/%s"},
	{"lambda", []string{"InvokeFunction", "GetFunction", "List*"}, "arn:aws:lambda:*:*:function:%s"},
	{"kms", []string{"Decrypt", "GenerateDataKey", "Describe*"}, "arn:aws:kms:*:*:key/%s"},
	{"sns", []string{"Publish", "Subscribe"}, "arn:aws:sns:*:*:%s"},
	{"logs", []string{"PutLogEvents", "CreateLogStream", "FilterLogEvents"}, "arn:aws:logs:*:*:log-group:%s:*"},
	{"iam", []string{"GetRole", "PassRole", "List*"}, "arn:aws:iam::*:role/%s"},
	{"secretsmanager", []string{"GetSecretValue", "DescribeSecret"}, "arn:aws:secretsmanager:*:*:secret:%s"},
	{"ecr", []string{"BatchGetImage", "GetDownloadUrlForLayer", "PutImage"}, "arn:aws:ecr:*:*:repository/%s"},
	{"cloudwatch", []string{"PutMetricData", "Get*"}, "*"},
}

// New makes an estate: four levels of OUs with SCPs, shared managed policies of five
// statements, an inline policy of two for each principal, a boundary for every third.
func New(o Options) org.Spec {
	if o == (Options{}) {
		o = Options{Principals: 10_000, Accounts: 20, Policies: 500, Seed: 1}
	}
	m := maker{r: rand.New(rand.NewPCG(o.Seed, 0))}
	managed := make([]*policy.Document, o.Policies)
	for i := range managed {
		managed[i] = m.document(5)
	}
	boundary := limits()
	s := org.Spec{ID: OrganizationID, Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}}}
	m.tree(&s, o.Accounts)
	for i := range o.Accounts {
		s.Accounts = append(s.Accounts, org.Account{ID: accountID(i), Attached: []string{org.FullAWSAccess}})
	}
	s.ManagementAccount = s.Accounts[0].ID
	for i := range o.Principals {
		m.principal(&s.Accounts[i%o.Accounts], i/2, i%2 == 0, managed, boundary)
	}
	last := &s.Accounts[o.Accounts-1]
	last.Resources = append(last.Resources, org.Resource{ARN: policy.MustParseARN(Bucket), Policy: m.bucketPolicy(s.Accounts)})
	return s
}

// limits is a permissions boundary.
func limits() *policy.Document {
	return policy.Must(policy.NewDocument(
		policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")},
		policy.Statement{SID: "NoUsers", Effect: policy.Deny, Action: policy.List("iam:CreateUser", "iam:CreateAccessKey"), Resource: policy.List("*")},
	))
}

// regions is the SCP that most accounts are below.
func regions(names ...string) org.ControlPolicy {
	return org.ControlPolicy{ID: "p-regions01", Name: "regions", Kind: policy.ServiceControl, Document: policy.Must(policy.NewDocument(policy.Statement{
		SID: "Regions", Effect: policy.Deny, NotAction: policy.List("iam:*", "sts:*", "organizations:*", "support:*"), Resource: policy.List("*"),
		Condition: policy.When("StringNotEquals", "aws:RequestedRegion", names...),
	}))}
}

// LogsProtected is a change of an estate: the SCP of the root denies actions of one service
// more, which some principals could take.
func LogsProtected() org.Change {
	return org.PutControlPolicy(org.ControlPolicy{ID: "p-leave0001", Name: "stay", Kind: policy.ServiceControl, Document: policy.Must(policy.NewDocument(
		policy.Statement{SID: "Leave", Effect: policy.Deny, Action: policy.List("organizations:LeaveOrganization"), Resource: policy.List("*")},
		policy.Statement{SID: "Logs", Effect: policy.Deny, Action: policy.List("logs:Delete*", "logs:Put*"), Resource: policy.List("*")},
	))})
}

// MoreRegions is a change of an estate: its SCP lets one more region through.
func MoreRegions() org.Change {
	return org.PutControlPolicy(regions("eu-west-1", "eu-west-3", "eu-central-1"))
}

func accountID(i int) string { return fmt.Sprintf("%012d", 100000000001+7919*i) }

type maker struct{ r *rand.Rand }

func (m *maker) document(statements int) *policy.Document {
	var list []policy.Statement
	for i := range statements {
		service := services[m.r.IntN(len(services))]
		resource := service.format
		if resource != "*" {
			resource = fmt.Sprintf(resource, fmt.Sprintf("app-%d", m.r.IntN(200)))
			if m.r.IntN(4) == 0 {
				resource = "*"
			}
		}
		s := policy.Statement{SID: fmt.Sprintf("S%d", i), Effect: policy.Allow, Resource: policy.List(resource)}
		var actions []string
		for range 1 + m.r.IntN(3) {
			actions = append(actions, service.name+":"+service.actions[m.r.IntN(len(service.actions))])
		}
		s.Action = policy.List(actions...)
		if m.r.IntN(10) == 0 {
			s.Effect = policy.Deny
		}
		list = append(list, s)
	}
	return policy.Must(policy.NewDocument(list...))
}

func (m *maker) tree(s *org.Spec, accounts int) {
	scp := func(id, name string, list ...policy.Statement) {
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Name: name, Kind: policy.ServiceControl, Document: policy.Must(policy.NewDocument(list...))})
	}
	deny := func(sid string, c policy.Conditions, actions ...string) policy.Statement {
		return policy.Statement{SID: sid, Effect: policy.Deny, Action: policy.List(actions...), Resource: policy.List("*"), Condition: c}
	}
	scp("p-leave0001", "stay", deny("Leave", policy.Conditions{}, "organizations:LeaveOrganization"))
	s.ControlPolicies = append(s.ControlPolicies, regions("eu-west-1", "eu-west-3"))
	scp("p-trails001", "trails", deny("Trails", policy.Conditions{}, "cloudtrail:StopLogging", "cloudtrail:DeleteTrail"))
	full := func(more ...string) []string { return append([]string{org.FullAWSAccess}, more...) }
	s.Root.Attached = full("p-leave0001")
	s.Root.OUs = []org.OU{
		{ID: "ou-ab12-11111111", Name: "Workloads", Attached: full("p-regions01"), OUs: []org.OU{
			{ID: "ou-ab12-22222222", Name: "Production", Attached: full("p-trails001")},
			{ID: "ou-ab12-33333333", Name: "Development", Attached: full()},
		}},
		{ID: "ou-ab12-44444444", Name: "Security", Attached: full(), OUs: []org.OU{{ID: "ou-ab12-55555555", Name: "Audit", Attached: full("p-trails001")}}},
	}
	leaves := []*org.OU{&s.Root.OUs[0].OUs[0], &s.Root.OUs[0].OUs[1], &s.Root.OUs[1].OUs[0]}
	s.Root.Accounts = []string{accountID(0)}
	for i := 1; i < accounts; i++ {
		ou := leaves[i%len(leaves)]
		ou.Accounts = append(ou.Accounts, accountID(i))
	}
}

func (m *maker) principal(a *org.Account, n int, user bool, managed []*policy.Document, boundary *policy.Document) {
	attach := func(name string, d *policy.Document) policy.ARN {
		arn := policy.MustParseARN("arn:aws:iam::" + a.ID + ":policy/" + name)
		for i := range a.Policies {
			if a.Policies[i].ARN == arn {
				return arn
			}
		}
		a.Policies = append(a.Policies, org.ManagedPolicy{ARN: arn, Document: d})
		return arn
	}
	var attached []policy.ARN
	for range 3 {
		i := m.r.IntN(len(managed))
		arn := attach(fmt.Sprintf("shared-%d", i), managed[i])
		if len(attached) == 0 || attached[0] != arn && attached[len(attached)-1] != arn {
			attached = append(attached, arn)
		}
	}
	inline := []org.InlinePolicy{{Name: "own", Document: m.document(2)}}
	tags := map[string]string{"team": fmt.Sprintf("team-%d", m.r.IntN(20))}
	var limit policy.ARN
	if m.r.IntN(3) == 0 {
		limit = attach("boundary", boundary)
	}
	if user {
		arn := policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:user/user-%d", a.ID, n))
		a.Users = append(a.Users, org.User{ARN: arn, Attached: attached, Inline: inline, Boundary: limit, Tags: tags})
		return
	}
	arn := policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:role/role-%d", a.ID, n))
	trust := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), Action: policy.List("sts:AssumeRole"),
	}))
	a.Roles = append(a.Roles, org.Role{ARN: arn, Trust: trust, Attached: attached, Inline: inline, Boundary: limit, Tags: tags})
}

func (m *maker) bucketPolicy(accounts []org.Account) *policy.Document {
	objects := policy.List(Bucket + "/*")
	return policy.Must(policy.NewDocument(
		policy.Statement{
			SID: "Team", Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:GetObject"), Resource: objects,
			Condition: policy.When("StringEquals", "aws:PrincipalTag/team", "team-7").And("StringEquals", "aws:PrincipalOrgID", OrganizationID),
		},
		policy.Statement{
			SID: "Accounts", Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, accounts[1].ID), Action: policy.List("s3:Get*"), Resource: objects,
		},
		policy.Statement{
			SID: "Outside", Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("s3:*"), Resource: policy.List(Bucket, Bucket+"/*"),
			Condition: policy.When("StringNotEquals", "aws:PrincipalOrgID", OrganizationID).And("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
		},
	))
}
