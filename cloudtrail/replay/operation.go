package replay

import (
	"bytes"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A call is an API operation in CloudTrail's words.
type call struct{ source, name string }

// An operation is what is known of a call before looking at one.
type operation struct {
	source     string
	parameters map[string]bool // names of members of requestParameters that matter
	arns       bool            // so do members that are ARNs
	roles      bool            // so do those of roles
	all        bool
}

func (o *operation) any() bool { return o.all || o.arns || o.roles || len(o.parameters) > 0 }

func (o *operation) keeps(name string, value []byte) bool {
	return o.all || o.parameters[name] || (o.arns || o.roles && isRoleName(name)) && bytes.HasPrefix(value, []byte(`"arn:`)) || o.roles && hasRoles(name, value)
}

// hasRoles reports whether a list or object has a role that may be passed.
func hasRoles(name string, value []byte) (found bool) {
	if (value[0] == '[' || value[0] == '{') && bytes.Contains(value, []byte(":role/")) {
		roles(name, value, func(policy.ARN) { found = true })
	}
	return found
}

// roles calls visit for the role that a parameter is the ARN of, or those that are in a list or
// object under a name that says role.
func roles(name string, value []byte, visit func(policy.ARN)) {
	switch value[0] {
	case '"':
		a, err := policy.ParseARN(text(value))
		if err == nil && a.Service() == "iam" && strings.HasPrefix(a.Resource(), "role/") {
			visit(a)
		}
	case '[':
		elements(value, func(e []byte) {
			if e[0] != '"' || isRoleName(name) {
				roles(name, e, visit)
			}
		})
	case '{':
		members(value, func(n string, v []byte) {
			if v[0] != '"' || isRoleName(n) {
				roles(n, v, visit)
			}
		})
	}
}

func isRoleName(parameter string) bool { return strings.Contains(strings.ToLower(parameter), "role") }

func (r *Reducer) operation(source, name string) *operation {
	if o, ok := r.operations[call{source, name}]; ok {
		return o
	}
	o := newOperation(r.ref, r.s, source, name)
	r.operations[call{strings.Clone(source), strings.Clone(name)}] = o
	return o
}

// newOperation finds the parameters that actions, resources and condition keys of a call
// come from.
func newOperation(ref *serviceref.Reference, s *Selection, source, name string) *operation {
	o := &operation{source: strings.Clone(source), parameters: map[string]bool{}, all: s.all}
	asked := func(p string) bool { o.parameters[p] = true; return false }
	for _, a := range ref.Event(serviceref.Event{Source: source, Name: name, HasParameter: asked}).Actions {
		o.action(ref, s, a.Action)
	}
	return o
}

// action adds the parameters that matter for one action.
func (o *operation) action(ref *serviceref.Reference, s *Selection, a policy.Action) {
	for _, p := range keyParameters(a) {
		if s.has(p.key) {
			o.parameters[p.parameter] = true
		}
	}
	if strings.EqualFold(string(a), "sts:AssumeRole") {
		// Whether a session is tagged decides which actions the call needs.
		o.parameters["tags"], o.parameters["sourceIdentity"] = true, true
	}
	if s.tells(a.Service()) || a == "ssm:SendCommand" && s.tells("ec2") {
		for _, p := range particularParameters(a) {
			o.parameters[p] = true
		}
	}
	switch {
	case a == "s3:PutObject":
		for _, h := range headers {
			o.parameters[h.parameter] = true
		}
		o.parameters[copySource] = true
	case a.Service() == "s3-outposts":
		o.parameters["outpostId"], o.parameters["x-amz-outpost-id"] = true, true
	}
	info, ok := ref.Action(a)
	if !ok {
		o.arns = true
		return
	}
	if s.has("aws:requesttag", "aws:tagkeys") && takesTags(info) {
		for _, p := range tagParameters {
			o.parameters[p] = true
		}
	}
	o.arns = o.arns || !info.WildcardOnly() || passesRole(info)
	o.roles = o.roles || mayPassRole(info, "role") || passesRole(info)
	for f := range ref.ARNFormats(a) {
		if !s.tells(serviceOf(f)) {
			continue
		}
		if p := owners[serviceOf(f)]; p != "" {
			o.parameters[p] = true
		}
		for _, v := range variables(f) {
			for _, p := range sources(serviceOf(f), v) {
				o.parameters[p] = true
			}
			if strings.HasSuffix(v, "WithPath") {
				o.parameters["path"] = true
			}
		}
	}
}

// passesRole reports whether a call of the action may hand a role to a service, for which
// the caller needs iam:PassRole (IAM User Guide, “Granting a user permissions to pass a role
// to an AWS service”). CloudTrail has no event for it.
func passesRole(info serviceref.ActionInfo) bool {
	dependents, known := info.Dependents()
	for d := range dependents {
		if d == "iam:PassRole" {
			return true
		}
	}
	return !known && info.Level() == serviceref.LevelWrite
}

// mayPassRole reports whether a parameter of a call is a role that it hands to a service, by its
// name: the Service Authorization Reference does not list iam:PassRole of all actions that need it.
// Calls of STS and IAM are about the role.
func mayPassRole(info serviceref.ActionInfo, parameter string) bool {
	service := info.Action().Service()
	return info.Level() == serviceref.LevelWrite && service != "sts" && service != "iam" && isRoleName(parameter)
}

func takesTags(info serviceref.ActionInfo) bool {
	return info.HasKey("aws:TagKeys")
}

// keyParameter is a condition key that a parameter of the call has the value of.
type keyParameter struct {
	key, parameter string // the key in lower case
	always         bool   // the parameter is there whenever the key is
}

// keyParameters are the keys of an action that come from parameters which CloudTrail logs
// as they are (Service Authorization Reference, and the API references of the services).
func keyParameters(a policy.Action) []keyParameter {
	switch strings.ToLower(a.Service()) {
	case "s3":
		return s3Parameters
	case "ec2":
		if strings.EqualFold(a.Name(), "RunInstances") {
			return []keyParameter{{instanceType, "instanceType", false}}
		}
	case "sts":
		return stsParameters
	}
	return nil
}

var (
	s3Parameters = []keyParameter{
		{"s3:prefix", "prefix", true}, {"s3:delimiter", "delimiter", true}, {"s3:max-keys", "max-keys", true},
		{"s3:versionid", "versionId", true}, {"s3:x-amz-acl", "x-amz-acl", true},
		{"s3:x-amz-server-side-encryption", "x-amz-server-side-encryption", true},
		{"s3:x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-aws-kms-key-id", false},
		{"s3:x-amz-storage-class", "x-amz-storage-class", true}, {"s3:x-amz-copy-source", "x-amz-copy-source", true},
	}
	stsParameters = []keyParameter{
		{"sts:externalid", "externalId", true}, {"sts:rolesessionname", "roleSessionName", true}, {"sts:sourceidentity", "sourceIdentity", true},
	}
	tagParameters = []string{"tags", "Tags", "tagSet", "tagSpecificationSet", "tagSpecification"}
)
