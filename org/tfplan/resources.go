package tfplan

import (
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// cloudFormation are the types of resources with a policy.
var cloudFormation = map[string]string{
	"aws_s3_bucket":             "AWS::S3::Bucket",
	"aws_sqs_queue":             "AWS::SQS::Queue",
	"aws_sns_topic":             "AWS::SNS::Topic",
	"aws_kms_key":               "AWS::KMS::Key",
	"aws_secretsmanager_secret": "AWS::SecretsManager::Secret",
	"aws_ecr_repository":        "AWS::ECR::Repository",
}

func (e *editor) putResource(in *instance, v values) {
	arn, a := e.entity(in, v)
	if a == nil {
		return
	}
	r := a.resources[arn]
	if r != nil && in.creates() {
		e.exists(in, arn)
		return
	}
	if r == nil {
		r = &org.Resource{ARN: arn}
		a.resources[arn] = r
		// AWS blocks public access to all new buckets (Amazon S3 User Guide, “Blocking public
		// access to your Amazon S3 storage”).
		r.BlockPublicAccess = in.creates() && in.typ == "aws_s3_bucket"
		if in.updates() {
			e.unknown(arn.String(), org.GapResourcePolicy, in.address+": the plan updates it, and the organization did not have it")
		}
	}
	r.Tags = e.tags(v, arn)
	if in.typ == "aws_s3_bucket" && changesACL(in) {
		e.skip(in, true, "its access control list may give access, and is not modelled")
	}
	switch {
	case v.gives("policy"):
		e.resourcePolicy(v, r, in.typ)
	case in.creates():
		e.defaultPolicy(in, r, a.ID)
	case marked(member(v.unknown, "policy")):
		e.unknown(arn.String(), org.GapResourcePolicy, v.unknownReason("policy"))
	}
}

// changesACL reports whether the access control list of a bucket becomes another, or is, from
// the beginning, more than one that leaves all to the owner.
func changesACL(in *instance) bool {
	for _, attr := range []string{"acl", "grant"} {
		is, was := in.after.known[attr], in.before.known[attr]
		mark := marked(member(in.after.unknown, attr))
		switch {
		case mark && in.expression(attr) != nil:
			return true
		case !mark && grantsIn(is, attr, true) && (in.creates() || !reflect.DeepEqual(is, was)):
			return true
		case !mark && in.updates() && grantsIn(was, attr, true) && !reflect.DeepEqual(is, was):
			return true
		}
	}
	return false
}

func (e *editor) resourcePolicy(v values, r *org.Resource, typ string) {
	t := e.document(v, "policy", policy.ResourceBased, cloudFormation[typ])
	r.Policy = t.document
	if t.unknown != "" {
		e.unknown(r.ARN.String(), org.GapResourcePolicy, t.unknown)
	}
	if t.unknown != "" || t.document == nil {
		return
	}
	e.gaps = slices.DeleteFunc(e.gaps, func(g org.Gap) bool { // the default is no more
		return g.Subject == r.ARN.String() && strings.HasSuffix(g.Reason, defaultTopicPolicy)
	})
}

const defaultTopicPolicy = ": a new topic has a default policy of AWS, which is not modelled"

// defaultPolicy is the policy that AWS gives a new resource: a key lets its account's
// policies decide (AWS KMS Developer Guide, “Default key policy”); a topic has one that is not
// modelled; others have none.
func (e *editor) defaultPolicy(in *instance, r *org.Resource, account string) {
	switch in.typ {
	case "aws_kms_key":
		r.Policy = policy.Must(policy.NewDocument(policy.Statement{
			SID: "Enable IAM User Permissions", Effect: policy.Allow,
			Principal: policy.PrincipalList(policy.AWSPrincipal, "arn:"+e.partition(in)+":iam::"+account+":root"),
			Action:    policy.List("kms:*"), Resource: policy.List("*"),
		}))
	case "aws_sns_topic":
		e.unknown(r.ARN.String(), org.GapResourcePolicy, in.address+defaultTopicPolicy)
	}
}

func (e *editor) removeResource(in *instance, v values) {
	if arn, a := e.entity(in, v); a != nil {
		delete(a.resources, arn)
	}
}

// owners are the attributes that say whose policy it is.
var owners = map[string]struct{ attr, typ string }{
	"aws_s3_bucket_policy":              {"bucket", "aws_s3_bucket"},
	"aws_s3_bucket_public_access_block": {"bucket", "aws_s3_bucket"},
	"aws_sqs_queue_policy":              {"queue_url", "aws_sqs_queue"},
	"aws_sns_topic_policy":              {"arn", "aws_sns_topic"},
	"aws_kms_key_policy":                {"key_id", "aws_kms_key"},
	"aws_secretsmanager_secret_policy":  {"secret_arn", "aws_secretsmanager_secret"},
	"aws_ecr_repository_policy":         {"repository", "aws_ecr_repository"},
}

// owner is the resource that a policy is of.
func (e *editor) owner(v values) *org.Resource {
	in := v.of
	by := owners[in.typ]
	name, ok := e.link(v, by.attr, "arn")
	if !ok || e.isElsewhere(v, by.attr) {
		e.skip(in, true, v.unknownReason(by.attr))
		if t, ok := e.plan.follow(in.scope(), in.expression(by.attr)); ok && v.planned && t.of.typ == by.typ { // very likely this one
			if arn, ok := e.value(t.of, "arn"); ok {
				e.unknown(arn, org.GapResourcePolicy, v.unknownReason(by.attr))
			}
		}
		return nil
	}
	arn, err := policy.ParseARN(e.resourceARN(in, name))
	if err != nil {
		e.fail(in, "%s %s names no resource", by.attr, name)
		return nil
	}
	id := arn.AccountID()
	if known, ok := e.o.ResourceAccount(arn); id == "" && ok {
		id = known
	}
	if id == "" {
		// A bucket belongs to the account of who makes it, whoever writes its policy.
		of := in
		if t, ok := e.plan.follow(in.scope(), in.expression(by.attr)); ok && t.of.typ == by.typ && t.of.mode == tfjson.ManagedResourceMode {
			if its, ok := e.value(t.of, "arn"); ok && its == arn.String() {
				of = t.of
			}
		}
		if id, err = e.account(of); err != nil {
			e.errs = append(e.errs, err)
			return nil
		}
	}
	a := e.edited(in, id)
	if a == nil {
		return nil
	}
	r := a.resources[arn]
	if r == nil && v.planned {
		r = &org.Resource{ARN: arn}
		a.resources[arn] = r
		e.unknown(arn.String(), org.GapTags, in.address+": the organization did not have the resource")
		if by.typ == "aws_s3_bucket" { // whether it blocks public access is not known either
			e.unknown(arn.String(), org.GapResourcePolicy, in.address+": the organization did not have the bucket")
		}
	}
	return r
}

// isElsewhere reports whether a key is named by the ID of one that another configuration of the
// provider makes: the same ID in another account or Region is another key, or none.
func (e *editor) isElsewhere(v values, attr string) bool {
	if _, st := v.text(attr); st == known || owners[v.of.typ].typ != "aws_kms_key" {
		return false
	}
	t, ok := e.plan.follow(v.of.scope(), v.of.expression(attr))
	return ok && t.attr != "arn" && t.of.providerKey() != v.of.providerKey()
}

// resourceARN makes an ARN of what names a resource: a name, a URL, an ID or the ARN.
func (e *editor) resourceARN(in *instance, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	switch owners[in.typ].typ {
	case "aws_s3_bucket":
		return "arn:" + e.partition(in) + ":s3:::" + name
	case "aws_sqs_queue": // https://sqs.eu-west-3.amazonaws.com/111122223333/orders
		host, path, _ := strings.Cut(strings.TrimPrefix(name, "https://"), "/")
		account, queue, ok := strings.Cut(path, "/")
		part := strings.Split(host, ".")
		if ok && len(part) > 2 && part[0] == "sqs" {
			return "arn:" + e.partition(in) + ":sqs:" + part[1] + ":" + account + ":" + queue
		}
		return ""
	}
	account, err := e.account(in)
	region := e.region(in)
	if err != nil || region == "" {
		return ""
	}
	if owners[in.typ].typ == "aws_kms_key" {
		return "arn:" + e.partition(in) + ":kms:" + region + ":" + account + ":key/" + name
	}
	return "arn:" + e.partition(in) + ":ecr:" + region + ":" + account + ":repository/" + name
}

func (e *editor) putResourcePolicy(in *instance, v values) {
	if r := e.owner(v); r != nil {
		e.resourcePolicy(v, r, owners[in.typ].typ)
	}
}

func (e *editor) removeResourcePolicy(in *instance, v values) {
	r := e.owner(v)
	if r == nil {
		return
	}
	r.Policy = nil
	switch in.typ {
	case "aws_kms_key_policy": // the key has its default policy then
		e.defaultPolicy(&instance{plan: in.plan, address: in.address, typ: "aws_kms_key", config: in.config, before: in.before}, r, r.ARN.AccountID())
	case "aws_sns_topic_policy":
		e.unknown(r.ARN.String(), org.GapResourcePolicy, in.address+": the topic has a default policy of AWS then, which is not modelled")
	}
}

func (e *editor) putPublicAccess(_ *instance, v values) {
	r := e.owner(v)
	if r == nil {
		return
	}
	on, st := v.flag("restrict_public_buckets")
	if st == unknown {
		e.unknown(r.ARN.String(), org.GapResourcePolicy, v.unknownReason("restrict_public_buckets"))
		return
	}
	r.BlockPublicAccess = on
}

func (e *editor) removePublicAccess(_ *instance, v values) {
	if r := e.owner(v); r != nil {
		r.BlockPublicAccess = false
	}
}

func (e *editor) putAccountPublicAccess(in *instance, v values) {
	on, st := v.flag("restrict_public_buckets")
	if a := e.settingsOf(in, v); a != nil {
		if st == unknown {
			e.unknown(a.ID, org.GapResourcePolicy, v.unknownReason("restrict_public_buckets"))
			return
		}
		a.BlockPublicAccess, a.settings = on, true
	}
}

func (e *editor) removeAccountPublicAccess(in *instance, v values) {
	if a := e.settingsOf(in, v); a != nil {
		a.BlockPublicAccess, a.settings = false, true
	}
}

func (e *editor) settingsOf(in *instance, v values) *account {
	id := v.plain("account_id")
	if id == "" {
		var err error
		if id, err = e.account(in); err != nil {
			e.errs = append(e.errs, err)
			return nil
		}
	}
	return e.edited(in, id)
}
