// Package gen draws random policies, layers, organizations and requests for property
// tests.
//
// Most of what it draws is valid and drawn from a small vocabulary, so that statements
// match often and layers disagree often; a share of it is hostile: texts that parse but
// mean nothing, odd variables, numbers that are none. Everything follows from the
// rapid.T that is given, so failures shrink and replay.
//
// It is for tests only.
package gen

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/policy"
)

// The accounts of the generated world.
const (
	Home  = "111122223333"
	Other = "444455556666"
)

func pick(t *rapid.T, label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(t, label)
}

func chance(t *rapid.T, label string, percent int) bool {
	return rapid.IntRange(0, 99).Draw(t, label) < percent
}

// Actions that requests ask for and policies speak about.
var actions = []string{
	"s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "kms:Decrypt", "kms:RetireGrant",
	"iam:GetRole", "iam:PassRole", "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity",
	"ec2:DescribeInstances", "s3:ListAllMyBuckets", "sns:ListTopics", "sts:GetCallerIdentity", "sts:GetSessionToken",
	"s3:PutBucketPolicy", "s3express:GetBucketPolicy",
}

// resources are grouped by the service of the action.
var resources = map[string][]string{
	"s3":        {"arn:aws:s3:::logs", "arn:aws:s3:::logs/a", "arn:aws:s3:::logs/ana/x", "arn:aws:s3:::orders/a"},
	"sqs":       {"arn:aws:sqs:eu-west-1:111122223333:orders", "arn:aws:sqs:us-east-1:444455556666:orders"},
	"kms":       {"arn:aws:kms:eu-west-1:111122223333:key/k1", "arn:aws:kms:eu-west-1:444455556666:key/k2", "arn:aws:kms:eu-west-1:111122223333:alias/a"},
	"iam":       {"arn:aws:iam::111122223333:role/app", "arn:aws:iam::444455556666:role/audit", "arn:aws:iam::111122223333:role/aws-reserved/x", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
	"sts":       {"arn:aws:iam::111122223333:role/app", "arn:aws:iam::444455556666:role/audit", "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/linked"},
	"s3express": {"arn:aws:s3express:eu-west-1:111122223333:bucket/logs--euw1-az1--x-s3"},
	"ec2":       {"*"}, "sns": {"*", "arn:aws:sns:eu-west-1:111122223333:t"},
}

// Users, roles and sessions of the generated world.
const (
	Ana        = "arn:aws:iam::111122223333:user/ana"
	Bruno      = "arn:aws:iam::444455556666:user/team/bruno"
	App        = "arn:aws:iam::111122223333:role/app"
	Deep       = "arn:aws:iam::111122223333:role/team/deep"
	Audit      = "arn:aws:iam::444455556666:role/audit"
	Linked     = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/linked"
	AppS1      = "arn:aws:sts::111122223333:assumed-role/app/s1"
	DeepS1     = "arn:aws:sts::111122223333:assumed-role/deep/s1"
	LinkedS1   = "arn:aws:sts::111122223333:assumed-role/linked/s1"
	AuditS1    = "arn:aws:sts::444455556666:assumed-role/audit/s1"
	RootHome   = "arn:aws:iam::111122223333:root"
	RootOther  = "arn:aws:iam::444455556666:root"
	Federated  = "arn:aws:sts::111122223333:federated-user/fed"
	SAML       = "arn:aws:iam::111122223333:saml-provider/idp"
	Management = "999999999999"
)

// callers are those who may ask.
var callers = []string{Ana, Bruno, App, Deep, Audit, AppS1, DeepS1, LinkedS1, AuditS1, RootHome, RootOther, Federated, SAML, "s3.amazonaws.com", "*"}

// A key of the generated vocabulary and values that it may have.
type key struct {
	name   string
	family string
	values []string
}

var keys = []key{
	{"aws:PrincipalTag/team", "string", []string{"ana", "data", "Data", "", "*"}},
	{"aws:ResourceTag/team", "string", []string{"ana", "data", "ops"}},
	{"aws:username", "string", []string{"ana", "bruno", "data"}},
	{"aws:PrincipalArn", "arn", []string{Ana, App, Deep, Audit}},
	{"aws:SourceIp", "ip", []string{"10.0.0.1", "203.0.113.7", "2001:db8::1", "::ffff:10.0.0.1", "x"}},
	{"aws:SecureTransport", "bool", []string{"true", "false", "True", "maybe"}},
	{"aws:MultiFactorAuthPresent", "bool", []string{"true", "false"}},
	{"aws:MultiFactorAuthAge", "numeric", []string{"5", "5.0", "10", "abc", "-1", "1e1"}},
	{"aws:CurrentTime", "date", []string{"2026-03-01T12:00:00Z", "1772366400", "2026-03-01", "soon", "2026"}},
	{"aws:RequestedRegion", "string", []string{"eu-west-1", "us-east-1"}},
	{"aws:TagKeys", "string", []string{"team", "env", "Team"}},
	{"aws:PrincipalOrgPaths", "string", []string{"o-a/r-1/ou-1/", "o-a/r-1/ou-2/"}},
	{"aws:PrincipalOrgID", "string", []string{"o-a1b2c3d4e5", "o-other"}},
	{"s3:prefix", "string", []string{"", "a", "ana/"}},
	{"app:blob", "binary", []string{"QQ==", "QUI=", "%%"}},
	{"sts:SourceIdentity", "string", []string{"ana", "bruno"}},
	{"aws:RequestTag/team", "string", []string{"ana", "data"}},
}

var operatorsOf = map[string][]string{
	"string":  {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
	"arn":     {"ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike"},
	"ip":      {"IpAddress", "NotIpAddress"},
	"bool":    {"Bool"},
	"numeric": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
	"date":    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	"binary":  {"BinaryEquals"},
}

var policyValues = map[string][]string{
	"string":  {"ana", "data", "d*", "?na", "*", "", "${aws:username}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'data'}", "${*}", "eu-west-1", "us-east-1", "team", "o-a1b2c3d4e5", "o-a/r-1/ou-1/"},
	"arn":     {Ana, App, "arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:user/${aws:username}", "*", "arn:*:iam::*:*", "arn:aws:iam:*"},
	"ip":      {"10.0.0.0/8", "10.1.2.3/8", "203.0.113.7", "2001:db8::/32", "0.0.0.0/0", "::ffff:10.0.0.0/104", "ten"},
	"bool":    {"true", "false", "TRUE", "x", "${aws:SecureTransport}"},
	"numeric": {"5", "5.00", "+10", "1e1", "x", "-1", "0.5"},
	"date":    {"2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "1772366400", "2026-03", "2026", "tomorrow", "2026-03-01T12:00:00.5Z"},
	"binary":  {"QQ==", "QUI=", "%%"},
}

// hostile texts parse as patterns and values, and mean little.
var hostile = []string{"${", "${}", "${aws:username", "${a,'b'}", "${aws:username, b}", "${aws:username,'x'}", "$", "**", "a\nb", "é", "arn", "arn:", "arn*", "arn:aws:s3", "arn:aws:s3:::", ":::::", "arn:aws:s3:::${aws:username}/*", "${s3:prefix}"}

// Document draws a document that CheckKind accepts for kind k.
func Document(t *rapid.T, k policy.Kind) *policy.Document {
	return document(t, k, rapid.IntRange(1, 3).Draw(t, "statements"))
}

func document(t *rapid.T, k policy.Kind, n int) *policy.Document {
	for {
		statements := make([]policy.Statement, n)
		for i := range statements {
			statements[i] = statement(t, k)
		}
		d, err := policy.NewDocument(statements...)
		if err != nil {
			t.Fatalf("generated document: %v", err)
		}
		if chance(t, "old version", 10) {
			d, err = policy.Parse([]byte(strings.Replace(d.String(), "2012-10-17", "2008-10-17", 1)))
			if err != nil {
				t.Fatalf("generated document: %v", err)
			}
		}
		if d.CheckKind(k) == nil {
			return d
		}
		if k == policy.SessionPolicy { // a short ARN: draw again
			continue
		}
		t.Fatalf("generated document: %v", d.CheckKind(k))
	}
}

func statement(t *rapid.T, k policy.Kind) policy.Statement {
	s := policy.Statement{Effect: policy.Allow}
	if chance(t, "deny", 35) {
		s.Effect = policy.Deny
	}
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return actionPattern(t, k) }), 1, 3).Draw(t, "actions")
	if chance(t, "not action", 12) {
		s.NotAction = policy.List(list...)
	} else {
		s.Action = policy.List(list...)
	}
	if k != policy.RoleTrust && !chance(t, "no resource", 4) {
		list := rapid.SliceOfN(rapid.Custom(resourcePattern), 1, 3).Draw(t, "resources")
		if chance(t, "not resource", 12) {
			s.NotResource = policy.List(list...)
		} else {
			s.Resource = policy.List(list...)
		}
	}
	if k.HasPrincipal() {
		p := principals(t, k)
		switch {
		case k != policy.ResourceControl && chance(t, "not principal", 15):
			s.NotPrincipal = p
		default:
			s.Principal = p
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		s.Condition = addCondition(t, s.Condition)
	}
	return s
}

func actionPattern(t *rapid.T, k policy.Kind) string {
	a := pick(t, "action", actions...)
	if k == policy.RoleTrust && chance(t, "trust action", 80) {
		a = pick(t, "action", "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity", "sts:*")
	}
	service, name, _ := strings.Cut(a, ":")
	switch rapid.IntRange(0, 11).Draw(t, "action form") {
	case 0, 1, 2:
		return "*"
	case 3, 4:
		return service + ":*"
	case 5:
		return service + ":" + name[:min(3, len(name))] + "*"
	case 6:
		return strings.ToUpper(service) + ":?" + strings.ToLower(name[1:])
	case 7:
		return pick(t, "odd action", "s3", "s3:", "s3: ", "*:*", "**", "s3:*object", "S3:GET*", " s3:GetObject")
	}
	return a
}

func resourcePattern(t *rapid.T) string {
	service := pick(t, "service", "s3", "sqs", "kms", "iam", "sts")
	r := pick(t, "resource", resources[service]...)
	switch rapid.IntRange(0, 9).Draw(t, "resource form") {
	case 0, 1, 2:
		return "*"
	case 3:
		return r[:strings.LastIndexByte(r, ':')+1] + "*"
	case 4:
		return "arn:aws:s3:::logs/${aws:username}/*"
	case 5:
		return "arn:aws:*:*:111122223333:*"
	case 6:
		return pick(t, "odd resource", hostile...)
	}
	return r
}

func principals(t *rapid.T, k policy.Kind) policy.Principals {
	if chance(t, "everyone", 30) {
		return policy.Everyone()
	}
	n := rapid.IntRange(1, 3).Draw(t, "principals")
	var aws, service, federated, canonical []string
	for range n {
		switch rapid.IntRange(0, 12).Draw(t, "principal form") {
		case 0:
			service = append(service, pick(t, "service", "s3.amazonaws.com", "ec2.amazonaws.com", "*"))
		case 1:
			federated = append(federated, pick(t, "provider", SAML, "cognito-identity.amazonaws.com"))
		case 2:
			canonical = append(canonical, pick(t, "canonical", "canon-home", "canon-other"))
		case 3:
			aws = append(aws, pick(t, "odd principal", "*", "AIDAANA", "AROAAPP", "arn:aws:iam::111122223333:user/*", "arn:aws-cn:iam::111122223333:root"))
		case 4, 5:
			aws = append(aws, pick(t, "account", Home, Other, RootHome, RootOther))
		default:
			aws = append(aws, pick(t, "identity", Ana, Bruno, App, Deep, Audit, AppS1, DeepS1, AuditS1, Federated))
		}
	}
	var out policy.Principals
	for _, g := range []struct {
		typ policy.PrincipalType
		ids []string
	}{{policy.AWSPrincipal, aws}, {policy.ServicePrincipalType, service}, {policy.FederatedPrincipal, federated}, {policy.CanonicalUserPrincipal, canonical}} {
		if len(g.ids) > 0 {
			out = out.And(g.typ, g.ids...)
		}
	}
	return out
}

func addCondition(t *rapid.T, c policy.Conditions) policy.Conditions {
	k := rapid.SampledFrom(keys).Draw(t, "key")
	op := pick(t, "operator", operatorsOf[k.family]...)
	values := append(append([]string{}, k.values...), policyValues[k.family]...)
	switch rapid.IntRange(0, 19).Draw(t, "condition form") {
	case 0, 1:
		op, values = "Null", []string{"true", "false", "True"}
	case 2:
		values = hostile
	case 3: // an operator of another family
		family := pick(t, "family", "string", "arn", "ip", "bool", "numeric", "date", "binary")
		op = pick(t, "operator", operatorsOf[family]...)
	}
	if chance(t, "if exists", 20) {
		op += "IfExists"
	}
	switch rapid.IntRange(0, 5).Draw(t, "quantifier") {
	case 0:
		op = "ForAllValues:" + op
	case 1:
		op = "ForAnyValue:" + op
	}
	name := k.name
	if chance(t, "case", 10) {
		name = strings.ToUpper(name)
	}
	for old := range c.All() {
		if string(old.Operator) == op && old.Key == name {
			return c // one member of a JSON object cannot stand twice
		}
	}
	list := rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, "values")
	return c.And(policy.Operator(op), name, list...)
}

// Context draws keys and values of a request; absent ones are left out.
func Context(t *rapid.T) map[string][]string {
	out := map[string][]string{}
	for _, k := range keys {
		switch rapid.IntRange(0, 9).Draw(t, k.name) {
		case 0, 1, 2, 3:
		case 4:
			out[k.name] = rapid.SliceOfN(rapid.SampledFrom(k.values), 0, 3).Draw(t, "values")
		default:
			out[k.name] = []string{rapid.SampledFrom(k.values).Draw(t, "value")}
		}
	}
	return out
}

// Target draws an action and a resource that go together more often than not.
func Target(t *rapid.T) (policy.Action, string) {
	a := pick(t, "action", actions...)
	service, _, _ := strings.Cut(a, ":")
	if chance(t, "case", 10) {
		a = strings.ToUpper(a)
	}
	if chance(t, "no resource", 10) {
		return policy.Action(a), "*"
	}
	if chance(t, "other service", 5) {
		service = "s3"
	}
	return policy.Action(a), pick(t, "resource", resources[service]...)
}

// Caller draws a requesting principal.
func Caller(t *rapid.T) policy.Principal {
	text := pick(t, "principal", callers...)
	p, err := policy.ParsePrincipal(text)
	if err != nil {
		panic(fmt.Sprintf("gen: %v", err))
	}
	return p
}

// Values lists sets of values to try for a key of the vocabulary.
func Values(name string) [][]string {
	var out [][]string
	for _, k := range keys {
		if k.name != name {
			continue
		}
		for _, v := range append(append([]string{}, k.values...), "something else") {
			out = append(out, []string{v})
		}
		out = append(out, k.values[:2])
	}
	return out
}

// Keys lists the names of the vocabulary.
func Keys() []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return out
}
