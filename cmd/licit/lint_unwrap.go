package main

import (
	"encoding/json"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A wrapped document stands in what a command of the AWS CLI has printed.
type wrapped struct {
	start        int    // of the document, or of the string that holds it
	src          []byte // the document
	inString     bool
	kind         string
	resourceType string
}

// A wrapper is an output of the AWS CLI that holds a policy document.
type wrapper struct {
	pointer            string // to the document
	beside             string // pointer to what else the output has
	kind, resourceType string
}

// wrappers are tried in turn (AWS CLI Command Reference, “Output” of the commands).
var wrappers = []wrapper{
	{"/PolicyVersion/Document", "", "identity", ""},                        // iam get-policy-version
	{"/PolicyDocument", "/RoleName", "identity", "AWS::IAM::Role"},         // iam get-role-policy
	{"/PolicyDocument", "/UserName", "identity", "AWS::IAM::User"},         // iam get-user-policy
	{"/PolicyDocument", "/GroupName", "identity", "AWS::IAM::Group"},       // iam get-group-policy
	{"/Role/AssumeRolePolicyDocument", "", "trust", ""},                    // iam get-role
	{"/Policy/Content", "/Policy/PolicySummary", "", ""},                   // organizations describe-policy
	{"/Policy", "", "resource", ""},                                        // s3api get-bucket-policy, kms get-key-policy, lambda get-policy
	{"/Attributes/Policy", "", "resource", ""},                             // sqs get-queue-attributes, sns get-topic-attributes
	{"/ResourcePolicy", "/ARN", "resource", ""},                            // secretsmanager get-resource-policy
	{"/policyText", "/repositoryName", "resource", "AWS::ECR::Repository"}, // ecr get-repository-policy
	{"/InlinePolicy", "", "identity", permissionSetType},                   // sso-admin get-inline-policy-for-permission-set
}

// controlPolicyKinds are the types of describe-policy that are policy documents.
var controlPolicyKinds = map[string]string{"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}

// unwrap finds the document in an output of the AWS CLI.
func unwrap(src []byte) (wrapped, bool) {
	root, err := jsontree.Parse(src)
	if err != nil || root.Kind != jsontree.Object {
		return wrapped{}, false
	}
	if _, ok := root.Member("Statement"); ok {
		return wrapped{}, false
	}
	for _, w := range wrappers {
		node, ok := root.Lookup(w.pointer)
		if !ok {
			continue
		}
		if _, ok := root.Lookup(w.beside); w.beside != "" && !ok {
			continue
		}
		kind := w.kind
		if kind == "" {
			name, _ := root.Lookup(w.beside + "/Type")
			if name == nil || controlPolicyKinds[name.Text] == "" {
				continue
			}
			kind = controlPolicyKinds[name.Text]
		}
		out := wrapped{start: node.Start, kind: kind, resourceType: w.resourceType}
		switch node.Kind {
		case jsontree.Object:
			out.src = src[node.Start:node.End]
		case jsontree.String:
			out.src, out.inString = []byte(node.Text), true
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(out.src, &members) == nil && members["Statement"] != nil {
			return out, true
		}
	}
	return wrapped{}, false
}

// setKind takes the kind of the output, unless one was given.
func (t *target) setKind(w wrapped) {
	k, err := policy.ParseKind(w.kind)
	must(err)
	t.kinds, t.resourceType = []policy.Kind{k}, w.resourceType
}
