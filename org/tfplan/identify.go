package tfplan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// placeholder is what stands for something that AWS will choose. The same address always
// gives the same.
func (e *editor) placeholder(in *instance, what, format string, args ...any) string {
	key := in.address + "\x00" + what
	if s, ok := e.ids[key]; ok {
		return s
	}
	s := fmt.Sprintf(format, args...)
	e.ids[key] = s
	e.out.Placeholders = append(e.out.Placeholders, Placeholder{in.address, s})
	return s
}

// digits are n hexadecimal digits that belong to the address, after zeros.
func digits(in *instance, n int) string {
	sum := sha256.Sum256([]byte(in.address))
	tail := hex.EncodeToString(sum[:])[:min(n, 8)]
	return strings.Repeat("0", n-len(tail)) + tail
}

// named is the name of a resource, or what stands for one that is not known: Terraform
// makes the names that nobody chooses of 26 digits.
func (e *editor) named(in *instance, v values, attr, prefix string) string {
	if s, st := v.text(attr); st == known {
		return s
	}
	start := v.plain(prefix)
	if start == "" {
		start = "terraform-"
	}
	return e.placeholder(in, attr, "%s%s", start, digits(in, 26))
}

// identify is an attribute that AWS will choose, or that follows from others.
func (e *editor) identify(in *instance, attr string) (string, bool) {
	v := in.after
	switch in.typ {
	case "aws_iam_role", "aws_iam_user", "aws_iam_group":
		switch attr {
		case "name", "id":
			return e.named(in, v, "name", "name_prefix"), true
		case "arn":
			return e.arn(in, v)
		}
	case "aws_iam_policy":
		switch attr {
		case "name":
			return e.named(in, v, "name", "name_prefix"), true
		case "arn", "id":
			return e.arn(in, v)
		}
	case "aws_s3_bucket":
		switch attr {
		case "id", "bucket":
			return e.named(in, v, "bucket", "bucket_prefix"), true
		case "arn":
			return e.arn(in, v)
		}
	case "aws_sqs_queue", "aws_sns_topic", "aws_secretsmanager_secret":
		if attr == "arn" || attr == "id" || attr == "url" {
			return e.arn(in, v)
		}
	case "aws_kms_key":
		if attr == "arn" || attr == "id" || attr == "key_id" {
			return e.arn(in, v)
		}
	case "aws_ecr_repository":
		switch attr {
		case "name", "id":
			return v.plain("name"), v.plain("name") != ""
		case "arn":
			return e.arn(in, v)
		}
	case "aws_organizations_organization":
		if attr == "roots[0].id" {
			return e.spec.Root.ID, e.spec.Root.ID != ""
		}
	case "aws_organizations_organizational_unit":
		if attr == "id" {
			return e.placeholder(in, attr, "ou-%s-%s", strings.TrimPrefix(e.spec.Root.ID, "r-"), digits(in, 8)), true
		}
	case "aws_organizations_policy":
		if attr == "id" {
			return e.placeholder(in, attr, "p-%s", digits(in, 8)), true
		}
	case "aws_organizations_account":
		if attr == "id" {
			return e.newAccountID(in), true
		}
	case "aws_ssoadmin_permission_set":
		if a, err := policy.ParseARN(v.plain("instance_arn")); err == nil && attr == "arn" {
			return e.placeholder(in, attr, "arn:%s:sso:::permissionSet/%s/ps-%s", a.Partition(), strings.TrimPrefix(a.Resource(), "instance/"), digits(in, 16)), true
		}
	case "aws_identitystore_user", "aws_identitystore_group":
		if attr == "user_id" || attr == "group_id" {
			return e.placeholder(in, attr, "00000000-0000-0000-0000-%s", digits(in, 12)), true
		}
	}
	return "", false
}

// newAccountID stands for the ID of an account that the plan makes: digits that belong to its
// address, and that no account has.
func (e *editor) newAccountID(in *instance) string {
	if s, ok := e.ids[in.address+"\x00id"]; ok {
		return s
	}
	sum := sha256.Sum256([]byte(in.address))
	for n := uint32(sum[0])<<8 | uint32(sum[1]); ; n++ {
		id := fmt.Sprintf("%012d", n%100_000)
		if _, taken := e.parents[id]; !taken && !e.isGap(id) {
			e.parents[id] = ""
			return e.placeholder(in, "id", "%s", id)
		}
	}
}

// arn is the ARN of a resource: its own, or the one that follows from its names.
func (e *editor) arn(in *instance, v values) (string, bool) {
	renamed := v.planned && in.updates() && (in.typ == "aws_iam_user" || in.typ == "aws_iam_group") &&
		(v.plain("name") != in.before.plain("name") || v.plain("path") != in.before.plain("path"))
	if renamed { // the provider leaves the old ARN in the plan
		kind := strings.TrimPrefix(in.typ, "aws_iam_")
		return strings.TrimSuffix(in.before.plain("arn"), kind+in.before.plain("path")+in.before.plain("name")) + kind + v.plain("path") + v.plain("name"), true
	}
	if s := v.plain("arn"); s != "" {
		return s, true
	}
	if s := in.before.plain("arn"); s != "" && !in.deletes() {
		return s, true
	}
	partition := e.partition(in)
	if in.typ == "aws_s3_bucket" {
		return "arn:" + partition + ":s3:::" + e.named(in, v, "bucket", "bucket_prefix"), true
	}
	account, err := e.account(in)
	if err != nil {
		e.errs = append(e.errs, err)
		return "", false
	}
	if kind, ok := strings.CutPrefix(in.typ, "aws_iam_"); ok {
		path := v.plain("path")
		if path == "" {
			path = "/"
		}
		return "arn:" + partition + ":iam::" + account + ":" + kind + path + e.named(in, v, "name", "name_prefix"), true
	}
	region := e.region(in)
	if region == "" {
		e.fail(in, "the plan does not say in which Region it is; want the Region to be given, or to stand in the provider's configuration")
		return "", false
	}
	at := func(service, resource string) string {
		return "arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + resource
	}
	switch in.typ {
	case "aws_sqs_queue":
		name := e.named(in, v, "name", "name_prefix")
		if fifo, _ := v.flag("fifo_queue"); fifo && !strings.HasSuffix(name, ".fifo") {
			name += ".fifo"
		}
		return at("sqs", name), true
	case "aws_sns_topic":
		name := e.named(in, v, "name", "name_prefix")
		if fifo, _ := v.flag("fifo_topic"); fifo && !strings.HasSuffix(name, ".fifo") {
			name += ".fifo"
		}
		return at("sns", name), true
	case "aws_secretsmanager_secret": // Secrets Manager adds six characters of its own
		return e.placeholder(in, "arn", "%s-%s", at("secretsmanager", "secret:"+e.named(in, v, "name", "name_prefix")), digits(in, 6)), true
	case "aws_ecr_repository":
		return at("ecr", "repository/"+v.plain("name")), v.plain("name") != ""
	case "aws_kms_key":
		return e.placeholder(in, "arn", "%s", at("kms", "key/00000000-0000-0000-0000-"+digits(in, 12))), true
	}
	return "", false
}
