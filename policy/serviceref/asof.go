package serviceref

import (
	"slices"
	"time"

	"github.com/licit-dev/licit/internal/ascii"
)

// Days on which rules changed.
const (
	rcpLaunch       = "2024-11-13" // AWS What's New: resource control policies, for five services
	scpFullLanguage = "2025-09-19" // AWS What's New: full IAM policy language in SCPs
	scpLargeLimit   = "2026-05-15" // AWS What's New: 10,240 characters, and ten SCPs to a target instead of five
)

// rcpSince has, sorted by service, the first days of which a source says that RCPs reach the
// service: the launch; and the days of reports on what AWS announced before, since the pages of
// AWS themselves were not seen (ECR and OpenSearch Serverless in June 2025, Cognito and CloudWatch
// Logs in January 2026, DynamoDB in February 2026).
var rcpSince = []struct{ service, day string }{
	{"aoss", "2025-06-20"},
	{"cognito-identity", "2026-01-22"},
	{"cognito-idp", "2026-01-22"},
	{"dynamodb", "2026-02-15"},
	{"ecr", "2025-06-20"},
	{"kms", rcpLaunch},
	{"logs", "2026-01-22"},
	{"s3", rcpLaunch},
	{"secretsmanager", rcpLaunch},
	{"sqs", rcpLaunch},
	{"sts", rcpLaunch},
}

// AsOf returns the facts as they were on a day, as far as they have dates: the services
// that support RCPs, and what AWS accepts as an SCP. Services, actions and keys are always
// those of [Reference.Date], and after it so is what RCPs reach.
func (r *Reference) AsOf(day time.Time) *Reference {
	return &Reference{head: r.head, body: r.body, asOf: day.Format(time.DateOnly)}
}

// Day is the day that the facts are asked for, such as "2026-06-01": that of
// [Reference.AsOf], else [Reference.Date].
func (r *Reference) Day() string {
	if r.asOf != "" {
		return r.asOf
	}
	return r.Date()
}

// SCPLimit is the largest size of an SCP, as [policy.Document.Size] counts: 10,240
// characters, and 5,120 before 2026-05-15 (Organizations User Guide, “Quotas”).
func (r *Reference) SCPLimit() int {
	if r.before(scpLargeLimit) {
		return 5120
	}
	return 10240
}

// SCPFullLanguage reports whether SCPs have the full policy language, as they do since
// 2025-09-19: Allow with Resource and Condition, NotResource, NotAction with Allow, and
// wildcards anywhere in action names (Organizations User Guide, “SCP syntax”).
func (r *Reference) SCPFullLanguage() bool { return !r.before(scpFullLanguage) }

// SupportsRCP reports whether resource control policies apply to the resources of a
// service, named by its prefix such as "s3" in any case. For a service that they certainly do
// not reach the layer is skipped (Organizations User Guide, “List of AWS services that support
// RCPs”). known is false where [Reference.AsOf] asks for a day between the launch of RCPs and
// the first day of which a source says that they reach the service: they may have, or not.
func (r *Reference) SupportsRCP(service string) (supports, known bool) {
	if _, ok := slices.BinarySearchFunc(r.head().RCP, service, ascii.Compare); !ok || r.before(rcpLaunch) {
		return false, true
	}
	day, ok := r.RCPSince(service)
	if !ok {
		day = r.Date()
	}
	reached := !r.before(day)
	return reached, reached
}

// RCPSince is the first day of which a source says that the service, named in any case,
// supports RCPs. It is exact for the services with which RCPs began, and for others the day of a
// report: they may have supported RCPs some days before. known is false for a service that
// does not support RCPs, and for one whose day no source has.
func (r *Reference) RCPSince(service string) (day string, known bool) {
	if _, ok := slices.BinarySearchFunc(r.head().RCP, service, ascii.Compare); !ok {
		return "", false
	}
	i, ok := slices.BinarySearchFunc(rcpSince, service, func(s struct{ service, day string }, name string) int {
		return ascii.Compare(s.service, name)
	})
	if !ok {
		return "", false
	}
	return rcpSince[i].day, true
}

func (r *Reference) before(day string) bool { return r.asOf != "" && r.asOf < day }

type region struct{ service, region string }

// regionTable is sorted by service. The AWS Fault Isolation Boundaries whitepaper, “Global
// services”, names the region of iam, organizations, account, route53, cloudfront, shield,
// waf, globalaccelerator, networkmanager and route53-recovery-…; the endpoint tables of AWS's
// SDK for Go v1.55.8 have the same for all of these but route53-recovery-readiness, and that
// of ce, budgets, cur, route53domains and savingsplans.
var regionTable = []region{
	{"account", "us-east-1"},
	{"budgets", "us-east-1"},
	{"ce", "us-east-1"},
	{"cloudfront", "us-east-1"},
	{"cur", "us-east-1"},
	{"globalaccelerator", "us-west-2"},
	{"iam", "us-east-1"},
	{"networkmanager", "us-west-2"},
	{"organizations", "us-east-1"},
	{"route53", "us-east-1"},
	{"route53-recovery-control-config", "us-west-2"},
	{"route53-recovery-readiness", "us-west-2"},
	{"route53domains", "us-east-1"},
	{"savingsplans", "us-east-1"},
	{"shield", "us-east-1"},
	{"waf", "us-east-1"},
}

// GlobalRegion returns the region that calls to a global service, named by its prefix in
// any case, carry in the partition aws: the value of aws:RequestedRegion whatever region
// the client is in, such as us-east-1 for iam. ok is false for services with endpoints in
// several regions, and for those whose region AWS does not document.
func (r *Reference) GlobalRegion(service string) (value string, ok bool) {
	i, ok := slices.BinarySearchFunc(regionTable, service, func(g region, name string) int {
		return ascii.Compare(g.service, name)
	})
	if !ok {
		return "", false
	}
	return regionTable[i].region, true
}
