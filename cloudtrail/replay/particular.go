package replay

import (
	"net/url"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// needed is an action that a call may need.
type needed struct {
	serviceref.EventAction
	inferred bool
}

// copies reports whether a call reads one object of S3 and writes another.
func copies(t *Tuple) bool {
	return t.Source == "s3.amazonaws.com" && (t.Name == "CopyObject" || t.Name == "UploadPartCopy")
}

const copySource = "x-amz-copy-source"

// A header is one of S3 that sets what has a permission of its own (Amazon S3 User Guide,
// “Required permissions for Amazon S3 API operations”).
type header struct {
	parameter string
	action    policy.Action
}

var headers = []header{
	{"x-amz-acl", "s3:PutObjectAcl"}, {"x-amz-grant-full-control", "s3:PutObjectAcl"}, {"x-amz-grant-read", "s3:PutObjectAcl"},
	{"x-amz-grant-read-acp", "s3:PutObjectAcl"}, {"x-amz-grant-write-acp", "s3:PutObjectAcl"},
	{"x-amz-tagging", "s3:PutObjectTagging"}, {"x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold"},
	{"x-amz-object-lock-mode", "s3:PutObjectRetention"}, {"x-amz-object-lock-retain-until-date", "s3:PutObjectRetention"},
}

// isPresence reports whether of a parameter of S3 only that it is there matters.
func isPresence(name string) bool {
	return slices.ContainsFunc(headers, func(h header) bool { return h.parameter == name })
}

// needs are the actions of a call: those of its event, and what its parameters show besides.
// Of CopyObject a version in the source decides which action reads it.
func (c *calls) needs(t *Tuple, info serviceref.EventInfo) (out []needed) {
	has := func(name string) bool { _, ok := c.parameter(t, name); return ok }
	source, _ := c.parameter(t, copySource)
	writes := false
	for _, a := range info.Actions {
		switch {
		case a.Action == "iam:PassRole" && a.Certainty == serviceref.Sometimes:
			continue // where a parameter is a role, see passed
		case a.Action.Service() == "s3-outposts" && t.Source == "s3.amazonaws.com" && !has("outpostId") && !has("x-amz-outpost-id"):
			continue
		case copies(t) && source != "" && source != hidden && (a.Action == "s3:GetObject" || a.Action == "s3:GetObjectVersion"):
			if strings.Contains(source, "?versionId=") != (a.Action == "s3:GetObjectVersion") {
				continue
			}
			a.Certainty = serviceref.Certain
		}
		writes = writes || a.Action == "s3:PutObject"
		out = append(out, needed{a, false})
	}
	if !writes {
		return out
	}
	for _, h := range headers {
		if !has(h.parameter) {
			continue
		}
		at := slices.IndexFunc(out, func(n needed) bool { return n.Action == h.action })
		if at < 0 {
			at = len(out)
			out = append(out, needed{serviceref.EventAction{Action: h.action, Certainty: serviceref.Sometimes}, false})
		}
		out[at].inferred = out[at].Certainty == serviceref.Sometimes
	}
	return out
}

// particular finds the resources of calls that have two of one type, one for each action; ok
// is false for all others.
func (c *calls) particular(info serviceref.ActionInfo, t *Tuple, at place) (list []target, open, ok bool) {
	a := info.Action()
	switch {
	case copies(t) && strings.HasPrefix(string(a), "s3:Get"):
		if arn, ok := c.source(t, at); ok {
			return []target{{arn: arn, required: true}}, false, true
		}
		return nil, true, true
	case a == "kms:ReEncryptFrom", a == "kms:ReEncryptTo":
		this, other := "sourceKeyId", "destinationKeyId"
		if a == "kms:ReEncryptTo" {
			this, other = other, this
		}
		if arn, ok := c.key(t, this, other); ok {
			return []target{{arn: arn, required: true}}, false, true
		}
		return nil, true, true
	}
	return nil, false, false
}

// source is the object that a call copies from: bucket/key, URL-encoded, perhaps with a slash
// before and a version behind (Amazon S3 API Reference, “CopyObject”).
func (c *calls) source(t *Tuple, at place) (policy.ARN, bool) {
	text, _ := c.parameter(t, copySource)
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "/"), "?versionId=")
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	bucket, key, ok := strings.Cut(text, "/")
	if !ok || bucket == "" || key == "" || strings.Contains(bucket, ":") || strings.Contains(text, hidden) {
		return policy.ARN{}, false
	}
	arn, err := policy.ParseARN("arn:" + at.partition + ":s3:::" + text)
	return arn, err == nil
}

// key is one of the two keys of a call to re-encrypt, by the parameter that names it. The
// event lists both, in no order to rely on, and a parameter may be an ID or an alias.
func (c *calls) key(t *Tuple, this, other string) (policy.ARN, bool) {
	var keys []policy.ARN
	for line := range strings.SplitSeq(t.Resources, "\n") {
		if a, err := policy.ParseARN(line); err == nil && strings.HasPrefix(a.Resource(), "key/") {
			keys = append(keys, a)
		}
	}
	named := func(name string) (policy.ARN, bool) {
		text, ok := c.parameter(t, name)
		if !ok {
			return policy.ARN{}, false
		}
		if a, err := policy.ParseARN(text); err == nil && strings.HasPrefix(a.Resource(), "key/") {
			return a, true
		}
		at := slices.IndexFunc(keys, func(a policy.ARN) bool { return a.Resource() == "key/"+text })
		if at < 0 {
			return policy.ARN{}, false
		}
		return keys[at], true
	}
	if a, ok := named(this); ok {
		return a, true
	}
	switch b, ok := named(other); {
	case len(keys) == 1 && (!ok || keys[0] == b):
		return keys[0], true
	case len(keys) == 2 && ok && keys[0] == b:
		return keys[1], true
	case len(keys) == 2 && ok && keys[1] == b:
		return keys[0], true
	}
	return policy.ARN{}, false
}

// refine corrects the resources of calls whose parameters say more: a qualifier, an index,
// instances, the beginning of a secret's ARN.
func (c *calls) refine(info serviceref.ActionInfo, t *Tuple, at place, list []target) (out []target, open bool, pattern string) {
	a := info.Action()
	switch {
	case a.Service() == "lambda":
		return c.qualify(a, t, list)
	case a == "dynamodb:Query", a == "dynamodb:Scan":
		index, ok := c.parameter(t, "indexName")
		if !ok {
			break
		}
		if index == "" || index == hidden {
			return list, true, ""
		}
		for _, x := range list {
			if strings.Contains(x.arn.Resource(), "/index/") {
				continue
			}
			// Whether the table is asked about as well is not documented.
			x.maybe = true
			out = append(out, x)
			if arn, err := policy.ParseARN(x.arn.String() + "/index/" + index); err == nil {
				out = append(out, target{arn: arn, required: true})
			}
		}
		return out, false, ""
	case a == "ssm:SendCommand":
		return c.instances(t, at, list)
	case a.Service() == "secretsmanager":
		return c.secret(t, at, list)
	case a.Service() == "s3":
		return accessPoint(info, t, list)
	}
	return list, false, ""
}

// accessPoint finds calls through an access point, whose ARN the event then lists beside that of
// the bucket (Amazon S3 User Guide, “Monitoring and logging access points”). Policies name them by
// the one or the other, and which of the policies decide depends on what the bucket delegates, so
// that nothing about the bucket is certain. A bucket whose name is the alias of an access point
// is none (“Access point aliases”, “General purpose bucket naming rules”).
func accessPoint(info serviceref.ActionInfo, t *Tuple, list []target) (out []target, open bool, pattern string) {
	for line := range strings.SplitSeq(t.Resources, "\n") {
		if a, err := policy.ParseARN(line); err == nil && strings.HasPrefix(a.Resource(), "accesspoint/") {
			if pattern = line; !info.Fits(a) {
				pattern += "/object/*"
			}
		}
	}
	for _, x := range list {
		bucket, _, _ := strings.Cut(x.arn.Resource(), "/")
		switch {
		case x.arn.AccountID() == "" && slices.ContainsFunc(aliases, func(suffix string) bool { return strings.HasSuffix(bucket, suffix) }):
			open = true
			continue
		case x.arn.String() == pattern:
			continue
		}
		x.oneOf = x.oneOf || pattern != ""
		out = append(out, x)
	}
	return out, open || pattern != "", pattern
}

// aliases are how those of access points end, of Object Lambda and of several Regions included.
var aliases = []string{"-s3alias", "--ol-s3", ".mrap"}

// qualify makes the ARN of a version or alias of that of a function. A call that names one is
// authorised on it (AWS Lambda Developer Guide, “Identity-based IAM policies for Lambda”):
// that is documented of invocations; of other actions it is not known.
func (c *calls) qualify(a policy.Action, t *Tuple, list []target) (out []target, open bool, pattern string) {
	qualifier, _ := c.parameter(t, "qualifier")
	name, _ := c.parameter(t, "functionName")
	// NAME:QUALIFIER, ACCOUNT:function:NAME:QUALIFIER or the ARN of a function with it.
	parts := strings.Split(name, ":")
	if n := len(parts); qualifier == "" && (n == 2 || n == 4 || n == 8) {
		qualifier = parts[n-1]
	}
	if qualifier == "" {
		return list, false, ""
	}
	if a != "lambda:InvokeFunction" || qualifier == hidden {
		return nil, true, ""
	}
	for i, x := range list {
		if strings.Count(x.arn.Resource(), ":") != 1 {
			continue
		}
		arn, err := policy.ParseARN(x.arn.String() + ":" + qualifier)
		if err != nil {
			return nil, true, ""
		}
		list[i].arn = arn
	}
	return list, false, ""
}

// instances adds those that a command is sent to, by their IDs; targets may be any.
func (c *calls) instances(t *Tuple, at place, list []target) (out []target, open bool, pattern string) {
	_, open = c.parameter(t, "targets")
	var ids []string
	c.each(t, func(name string, value []byte) {
		if name == "instanceIds" {
			ids = texts(value, nil)
		}
	})
	if len(ids) == 0 || len(ids) > mostTargets {
		return list, true, ""
	}
	for _, id := range ids {
		form := ":ec2:" + at.region + ":" + at.account + ":instance/"
		if strings.HasPrefix(id, "mi-") {
			form = ":ssm:" + at.region + ":" + at.account + ":managed-instance/"
		}
		arn, err := policy.ParseARN("arn:" + at.partition + form + id)
		if err != nil || id == hidden {
			open = true
			continue
		}
		list = append(list, target{arn: arn, required: true})
	}
	return list, open, ""
}

// secret finds out which of a secret's ARNs are whole. Calls also take a name, or an ARN
// without the six random characters at its end (AWS Secrets Manager API Reference,
// “GetSecretValue”).
func (c *calls) secret(t *Tuple, at place, list []target) (out []target, open bool, pattern string) {
	id, ok := c.parameter(t, "secretId")
	if !ok || id == "" || id == hidden || strings.ContainsAny(id, "*?$") {
		return list, false, ""
	}
	if !strings.HasPrefix(id, "arn:") {
		if len(list) > 0 {
			return list, false, ""
		}
		return nil, true, "arn:" + at.partition + ":secretsmanager:" + at.region + ":" + at.account + ":secret:" + id + "-??????"
	}
	if t.Resources != "" || isWholeSecret(id) {
		return list, false, ""
	}
	return nil, true, id + "-??????"
}

// isWholeSecret reports whether an ARN ends as that of a secret does: in a hyphen and six
// letters and digits, not all of which are small letters, as those of a word are.
func isWholeSecret(arn string) bool {
	i := strings.LastIndexByte(arn, '-')
	if len(arn)-i != 7 {
		return false
	}
	random := false
	for _, b := range []byte(arn[i+1:]) {
		switch {
		case '0' <= b && b <= '9', 'A' <= b && b <= 'Z':
			random = true
		case b < 'a' || b > 'z':
			return false
		}
	}
	return random
}

// particularParameters are those that the functions of this file read, by action.
func particularParameters(a policy.Action) []string {
	switch {
	case a.Service() == "lambda":
		return []string{"qualifier", "functionName"}
	case a == "dynamodb:Query", a == "dynamodb:Scan":
		return []string{"indexName"}
	case a == "ssm:SendCommand":
		return []string{"instanceIds", "targets"}
	case a.Service() == "secretsmanager":
		return []string{"secretId"}
	case a == "kms:ReEncryptFrom", a == "kms:ReEncryptTo":
		return []string{"sourceKeyId", "destinationKeyId"}
	case a == "ec2:RunInstances":
		return []string{"launchTemplate"}
	}
	return nil
}

// owners are the parameters that say in which account a resource of a service is.
var owners = map[string]string{
	"sqs": "queueOwnerAWSAccountId", "ecr": "registryId", "glue": "catalogId", "lakeformation": "catalogId", "codeartifact": "domainOwner",
}

// owner is where the resources of a service that a call names without ARN are: in the account
// of the call, unless a parameter says otherwise. It reports false if it says nothing readable.
func (c *calls) owner(t *Tuple, service string, at place) (place, bool) {
	if id, ok := c.parameter(t, owners[service]); ok && owners[service] != "" {
		if !isAccount(id) {
			return at, false
		}
		at.account = id
	}
	if service != "sqs" {
		return at, true
	}
	text, ok := c.parameter(t, "queueUrl")
	if !ok {
		return at, true
	}
	// https://sqs.eu-west-1.amazonaws.com/111122223333/orders (Amazon SQS Developer Guide,
	// “Queue and message identifiers”).
	u, err := url.Parse(text)
	if err != nil {
		return at, false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 2 || !isAccount(parts[0]) {
		return at, false
	}
	at.account = parts[0]
	if labels := strings.Split(u.Hostname(), "."); len(labels) >= 4 && labels[0] == "sqs" && labels[2] == "amazonaws" {
		at.region = labels[1]
	}
	return at, true
}

func isAccount(id string) bool {
	return len(id) == 12 && strings.Trim(id, "0123456789") == ""
}

// isShared reports whether the resource that a call uses may be of another account than the
// call: subnets and the like that are shared (AWS RAM User Guide, “Shareable AWS resources”),
// unless the call is one about them, and documents that AWS owns.
func isShared(a policy.Action, arn policy.ARN) bool {
	kind, name, _ := strings.Cut(arn.Resource(), "/")
	switch arn.Service() {
	case "ssm":
		return kind == "document" && (strings.HasPrefix(name, "AWS") || strings.HasPrefix(name, "Amazon"))
	case "ec2":
		noun, ok := map[string]string{
			"subnet": "Subnet", "vpc": "Vpc", "security-group": "SecurityGroup", "prefix-list": "PrefixList", "placement-group": "PlacementGroup",
			"capacity-reservation": "CapacityReservation", "dedicated-host": "Host", "transit-gateway": "TransitGateway", "ipam-pool": "IpamPool",
		}[kind]
		return ok && arn.AccountID() != "" && !strings.Contains(a.Name(), noun)
	}
	return false
}
