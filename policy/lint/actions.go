package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// actionRules are about action names (IAM User Guide, “IAM JSON policy elements: Action”;
// Service Authorization Reference).
var actionRules = []rule{
	{code: "INVALID_ACTION", typ: Error, kinds: anyKind, title: "The service has no such action.", check: invalidActions},
	{code: "INVALID_SERVICE_IN_ACTION", typ: Error, kinds: anyKind, title: "No service has this prefix.", check: invalidServices},
	{code: "ACTION_RENAMED", typ: Warning, kinds: anyKind, title: "AWS has other actions in place of this one.", check: renamedActions},
	{code: "UNSUPPORTED_ACTION_IN_POLICY", typ: Error, kinds: kindSet(policy.ResourceBased, policy.RoleTrust), title: "The policy is attached to a resource of another service.", check: foreignActions},
	{code: "REDUNDANT_ACTION", typ: Suggestion, kinds: anyKind, title: "Another action of the list covers this one.", check: perStatement(redundant(glob.ActionIncludes, "Action", "NotAction"))},
}

// actions yields the texts of Action and NotAction.
func (s *statement) actions() iter.Seq[value] {
	return func(yield func(value) bool) {
		for _, name := range []string{"Action", "NotAction"} {
			for _, v := range s.values(name) {
				if v.node.Kind == jsontree.String && !yield(v) {
					return
				}
			}
		}
	}
}

// actions yields the actions of all statements that are more than stars.
func (c *checker) actions() iter.Seq[value] {
	return func(yield func(value) bool) {
		for _, s := range c.statements() {
			for v := range s.actions() {
				if !glob.Everything(v.text) && v.text != "*:*" && !strings.Contains(v.text, "${") && !yield(v) {
					return
				}
			}
		}
	}
}

// knowsServices reports whether the reference has services: without, nothing is known to
// be wrong.
func (c *checker) knowsServices() bool {
	for range c.ref.Services() {
		return true
	}
	return false
}

// mostGuesses bounds the search for what was meant, which is slow, on hostile documents.
const mostGuesses = 100

func invalidActions(c *checker) {
	left := mostGuesses
	for v := range c.actions() {
		service, name, ok := strings.Cut(v.text, ":")
		if trimmed := strings.TrimSpace(v.text); trimmed != v.text {
			f := c.report(v.node, v.path, "%q begins or ends with white space; want %q", clip(v.text), clip(trimmed))
			if c.guessNarrows(v.path) {
				f.Fix = replace(v.node, quoted(trimmed))
			}
			continue
		}
		if !ok || service == "" || name == "" || strings.ContainsAny(v.text, " \t\r\n,") {
			c.report(v.node, v.path, "%q is no action; want service:Name, such as s3:GetObject, or \"*\"", clip(v.text))
			continue
		}
		if _, known := c.ref.Service(service); !known || c.exists(v.text) {
			continue
		}
		if left--; left < 0 {
			c.report(v.node, v.path, "%s has no action %q", service, clip(name))
			continue
		}
		hint, fix := c.meantAction(service, name)
		f := c.report(v.node, v.path, "%s has no action %q; %s", service, clip(name), hint)
		if fix != "" && c.guessNarrows(v.path) {
			f.Fix = replace(v.node, quoted(fix))
		}
	}
}

// exists reports whether a pattern matches an action at all.
func (c *checker) exists(pattern string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		_, ok := c.ref.Action(policy.Action(pattern))
		return ok
	}
	for range c.ref.Actions(pattern) {
		return true
	}
	return false
}

// meantAction says what would be right, and the right text if it is certain: an API
// operation that another action allows, an action of nearly the same name, or one of the
// same name in another service.
func (c *checker) meantAction(service, name string) (hint, fix string) {
	if isPattern(name) {
		return "no action matches, so it can go", ""
	}
	if _, ok := serviceref.Embedded().Action(policy.Action(service + ":" + name)); ok {
		return "the service data that was given lacks it, the built-in data of " + serviceref.Embedded().Date() + " has it", ""
	}
	if needs := c.actionsOfOperation(service, name); needs != "" {
		return "the operation of that name needs " + needs, ""
	}
	best := nearest(name, func(yield func(string) bool) {
		for a := range c.ref.Actions(service + ":*") {
			if !yield(a.Name()) {
				return
			}
		}
	}, 3)
	for i, n := range best.names {
		best.names[i] = service + ":" + n
	}
	if len(best.names) > 0 {
		fix, _ = best.certain()
		return best.question(""), fix
	}
	if only := c.servicesWith(name); len(only) == 1 {
		return fmt.Sprintf("did you mean %q?", only[0]), ""
	}
	return "want an action of the Service Authorization Reference as of " + c.ref.Date(), ""
}

// actionsOfOperation says which known actions an API operation of this name needs: all that
// are certain, or one of some. "" if none is known.
func (c *checker) actionsOfOperation(service, name string) string {
	var all, one, some []string
	for _, a := range c.ref.Event(serviceref.Event{Source: strings.ToLower(service) + ".amazonaws.com", Name: name}).Actions {
		if !c.exists(string(a.Action)) {
			continue
		}
		switch a.Certainty {
		case serviceref.Certain:
			all = append(all, string(a.Action))
		case serviceref.AnyOf:
			one = append(one, string(a.Action))
		case serviceref.Sometimes:
			some = append(some, string(a.Action))
		}
	}
	if len(one) > 0 {
		all = append(all, strings.Join(one, " or "))
	}
	if len(all) == 0 {
		return strings.Join(some, " or ")
	}
	needs := strings.Join(all, " and ")
	if len(some) > 0 {
		needs += ", and for some calls " + strings.Join(some, ", ")
	}
	return needs
}

// servicesWith are the actions of this name in all services that have it.
func (c *checker) servicesWith(name string) (out []string) {
	for s := range c.ref.Services() {
		if a, ok := c.ref.Action(policy.Action(s.Prefix + ":" + name)); ok {
			out = append(out, string(a.Action()))
		}
	}
	return out
}

// invalidServices: IAM takes no wildcard in the service prefix, either.
func invalidServices(c *checker) {
	known, left := c.knowsServices(), mostGuesses
	for v := range c.actions() {
		service, name, ok := strings.Cut(v.text, ":")
		if !ok || service == "" || strings.TrimSpace(v.text) != v.text {
			continue
		}
		if strings.ContainsAny(service, "*?") {
			c.report(v.node, v.path, `%q has a wildcard in the service prefix; want one service, such as "s3:*", or "*" for all`, clip(v.text))
			continue
		}
		if _, ok := c.ref.Service(service); ok || !known || slices.Contains(closed, strings.ToLower(service)) {
			continue
		}
		if left--; left < 0 {
			c.report(v.node, v.path, "no service has the prefix %q", clip(service))
			continue
		}
		hint, fix := c.meantService(service, name)
		f := c.report(v.node, v.path, "no service has the prefix %q; %s", clip(service), hint)
		if fix != "" && c.guessNarrows(v.path) {
			f.Fix = replace(v.node, quoted(fix))
		}
	}
}

// prefixes are names of services that people take for the prefix of their actions.
var prefixes = map[string]string{
	"apigw": "apigateway", "cloudwatchlogs": "logs", "cognito": "cognito-idp", "dynamo": "dynamodb", "efs": "elasticfilesystem",
	"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "emr": "elasticmapreduce", "eventbridge": "events",
	"msk": "kafka", "parameterstore": "ssm", "sfn": "states", "ssoadmin": "sso", "sso-admin": "sso", "stepfunctions": "states",
	"systemsmanager": "ssm", "vpc": "ec2", "waf-v2": "wafv2",
}

func (c *checker) meantService(service, name string) (hint, fix string) {
	if p, ok := prefixes[strings.ToLower(service)]; ok {
		if c.exists(p + ":" + name) {
			fix = p + ":" + name
		}
		return fmt.Sprintf("its actions begin with %s:", p), fix
	}
	best := c.nearestService(service)
	if len(best.names) > 0 {
		if p, ok := best.certain(); ok && c.exists(p+":"+name) {
			fix = p + ":" + name
		}
		return best.question(""), fix
	}
	if only := c.servicesWith(name); len(only) == 1 {
		return fmt.Sprintf("did you mean %q?", only[0]), ""
	}
	return "want a prefix of the Service Authorization Reference as of " + c.ref.Date(), ""
}

// renamed are the actions that AWS has retired in favour of others, as prefixes in lower
// case (AWS Billing User Guide, “Migrating access control for AWS Billing”: the prefix
// aws-portal and two actions of purchase-orders, since July 2023).
var renamed = []struct{ prefix, instead string }{
	{"aws-portal:", "the fine-grained actions of account, billing, consolidatedbilling, freetier, invoicing, payments and tax"},
	{"purchase-orders:viewpurchaseorders", "purchase-orders:GetPurchaseOrder and purchase-orders:ListPurchaseOrders"},
	{"purchase-orders:modifypurchaseorders", "purchase-orders:AddPurchaseOrder, DeletePurchaseOrder and UpdatePurchaseOrder"},
}

// closed are the prefixes of services that AWS has ended, and that its managed policies
// still have.
var closed = []string{
	"deepcomposer", "deeplens", "deepracer", "elastic-inference", "iot1click", "iotroborunner", "mobilehub",
	"sagemaker-groundtruth-synthetic", "zocalo",
}

func renamedActions(c *checker) {
	for v := range c.actions() {
		lower := strings.ToLower(v.text)
		for _, r := range renamed {
			if strings.HasPrefix(lower, r.prefix) {
				c.report(v.node, v.path, "%q is retired; want %s", clip(v.text), r.instead)
			}
		}
		if service, _, _ := strings.Cut(lower, ":"); slices.Contains(closed, service) {
			if _, known := c.ref.Service(service); !known {
				c.report(v.node, v.path, "%q is of a service that AWS has ended; remove it", clip(v.text))
			}
		}
	}
}

// resourceTypes are the services that policies on a resource of a type are about, named by
// the prefix of their actions, which is what their ARNs have, too.
var resourceTypes = map[string][]string{
	"AWS::ACMPCA::CertificateAuthority": {"acm-pca"},
	"AWS::ApiGateway::RestApi":          {"execute-api"},
	"AWS::Backup::BackupVault":          {"backup"},
	"AWS::CloudTrail::EventDataStore":   {"cloudtrail"},
	"AWS::CodeArtifact::Domain":         {"codeartifact"},
	"AWS::CodeArtifact::Repository":     {"codeartifact"},
	"AWS::DynamoDB::Stream":             {"dynamodb"},
	"AWS::DynamoDB::Table":              {"dynamodb"},
	"AWS::ECR::Repository":              {"ecr"},
	"AWS::EFS::FileSystem":              {"elasticfilesystem"},
	"AWS::Events::EventBus":             {"events"},
	"AWS::Glacier::Vault":               {"glacier"},
	"AWS::KMS::Key":                     {"kms"},
	"AWS::Kinesis::Stream":              {"kinesis"},
	"AWS::Kinesis::StreamConsumer":      {"kinesis"},
	"AWS::Lambda::Function":             {"lambda"},
	"AWS::Logs::ResourcePolicy":         {"logs"},
	"AWS::OpenSearchService::Domain":    {"es"},
	"AWS::S3::AccessPoint":              {"s3"},
	"AWS::S3::Bucket":                   {"s3"},
	"AWS::S3::MultiRegionAccessPoint":   {"s3"},
	"AWS::S3Express::DirectoryBucket":   {"s3express"},
	"AWS::S3ObjectLambda::AccessPoint":  {"s3-object-lambda"},
	"AWS::S3Outposts::Bucket":           {"s3-outposts"},
	"AWS::S3Tables::Table":              {"s3tables"},
	"AWS::S3Tables::TableBucket":        {"s3tables"},
	"AWS::SNS::Topic":                   {"sns"},
	"AWS::SQS::Queue":                   {"sqs"},
	"AWS::SecretsManager::Secret":       {"secretsmanager"},
}

// trustActions are those that a trust policy allows or denies (IAM User Guide, “Access
// Analyzer policy check reference”, “Passing session tags in AWS STS”, “Trusted identity
// propagation”).
var trustActions = []string{
	assumeRole, assumeWithSAML, assumeWithWeb, "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext",
}

// foreignActions: in a trust policy only sts has actions that count (IAM User Guide,
// “Troubleshoot IAM roles”).
func foreignActions(c *checker) {
	services, what := resourceTypes[c.resource], c.resource
	if c.kind == policy.RoleTrust {
		services, what = []string{"sts"}, "IAM role"
	}
	if len(services) == 0 {
		return
	}
	for v := range c.actions() {
		service, _, ok := strings.Cut(strings.ToLower(v.text), ":")
		if c.kind == policy.RoleTrust && service == "sts" && !slices.ContainsFunc(trustActions, func(a string) bool { return glob.ActionsMeet(v.text, a) }) {
			c.report(v.node, v.path, "%q is not done to an IAM role; want %s", clip(v.text), strings.Join(trustActions, ", "))
		}
		if ok && !isPattern(service) && !slices.Contains(services, service) {
			c.report(v.node, v.path, "%q never happens to an %s; want an action of %s", clip(v.text), what, strings.Join(services, " or "))
		}
	}
}
