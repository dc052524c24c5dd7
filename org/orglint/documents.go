package orglint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Document is a policy document with all the places where it is attached.
type Document struct {
	Document *policy.Document
	Kinds    []policy.Kind // what it is attached as, each once, in their order
	// ResourceType is what a resource policy is attached to, as CloudFormation names it:
	// "AWS::S3::Bucket"; "AWS::SSO::PermissionSet" for the inline policy of a permission set.
	// It is empty for other kinds, for types without a known name, and if resources of
	// several types share the document.
	ResourceType string
	// Subjects are what the document is attached to, or embedded in: the ARN of a managed
	// policy, user, group, role or resource, or the ID of a control policy or endpoint.
	Subjects []string
}

// A use is one place where a document is attached.
type use struct {
	kind         policy.Kind
	subject      string
	account      string // "" for control policies
	resourceType string
	inline       bool
}

// An entry is a document with its uses.
type entry struct {
	Document
	doc  *policy.Document // Document.Document
	uses []use
	text *text // nil until asked for
}

// Documents lists the documents of an organization, each once, by file and place in it;
// those without a file come first, in the order of [org.Spec]. Documents of AWS are left out:
// its managed policies, FullAWSAccess and RCPFullAWSAccess. A managed policy that is a
// boundary is checked as one, and as an identity policy if it is attached, too, or not a
// boundary.
func Documents(o *org.Organization) []Document {
	spec := o.Spec()
	var out []Document
	for _, e := range collect(&spec) {
		out = append(out, e.Document)
	}
	return out
}

// A collector gathers documents.
type collector struct {
	list []*entry
	byID map[*policy.Document]*entry
}

func collect(spec *org.Spec) []*entry {
	c := &collector{byID: map[*policy.Document]*entry{}}
	for _, p := range spec.ControlPolicies {
		if p.ID != org.FullAWSAccess && p.ID != org.RCPFullAWSAccess {
			c.add(p.Document, use{kind: p.Kind, subject: p.ID})
		}
	}
	attached, boundaries := map[policy.ARN]bool{}, map[policy.ARN]bool{}
	for i := range spec.Accounts {
		c.account(&spec.Accounts[i], attached, boundaries)
	}
	for i := range spec.Accounts {
		a := &spec.Accounts[i]
		for _, p := range a.Policies {
			if p.ARN.AccountID() == "aws" {
				continue
			}
			if boundaries[p.ARN] {
				c.add(p.Document, use{kind: policy.PermissionsBoundary, subject: p.ARN.String(), account: a.ID})
			}
			if attached[p.ARN] || !boundaries[p.ARN] {
				c.add(p.Document, use{kind: policy.IdentityBased, subject: p.ARN.String(), account: a.ID})
			}
		}
	}
	c.finish()
	return c.list
}

// account adds what one account holds, apart from its managed policies.
func (c *collector) account(a *org.Account, attached, boundaries map[policy.ARN]bool) {
	holder := func(arn policy.ARN, inline []org.InlinePolicy, managed []policy.ARN, boundary policy.ARN) {
		for _, p := range inline {
			u := use{kind: policy.IdentityBased, subject: arn.String(), account: a.ID, inline: true}
			if strings.HasPrefix(arn.Resource(), "role/aws-reserved/sso.amazonaws.com/") {
				u.resourceType = "AWS::SSO::PermissionSet" // its quota is not that of a role
			}
			c.add(p.Document, u)
		}
		for _, m := range managed {
			attached[m] = true
		}
		boundaries[boundary] = true
	}
	for i := range a.Users {
		u := &a.Users[i]
		holder(u.ARN, u.Inline, u.Attached, u.Boundary)
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		holder(g.ARN, g.Inline, g.Attached, policy.ARN{})
	}
	for i := range a.Roles {
		r := &a.Roles[i]
		c.add(r.Trust, use{kind: policy.RoleTrust, subject: r.ARN.String(), account: a.ID})
		holder(r.ARN, r.Inline, r.Attached, r.Boundary)
	}
	for i := range a.Resources {
		r := &a.Resources[i]
		c.add(r.Policy, use{kind: policy.ResourceBased, subject: r.ARN.String(), account: a.ID, resourceType: resourceType(r.ARN)})
	}
	for i := range a.Endpoints {
		c.add(a.Endpoints[i].Policy, use{kind: policy.VPCEndpoint, subject: a.Endpoints[i].ID, account: a.ID})
	}
}

func (c *collector) add(d *policy.Document, u use) {
	if d == nil {
		return
	}
	e := c.byID[d]
	if e == nil {
		e = &entry{Document: Document{Document: d}, doc: d}
		c.byID[d] = e
		c.list = append(c.list, e)
	}
	e.uses = append(e.uses, u)
}

// finish sums up the uses and sorts.
func (c *collector) finish() {
	starts := make(map[*policy.Document]int, len(c.list))
	for _, e := range c.list {
		types := map[string]bool{}
		for _, u := range e.uses {
			e.Kinds = append(e.Kinds, u.kind)
			if !slices.Contains(e.Subjects[max(0, len(e.Subjects)-1):], u.subject) {
				e.Subjects = append(e.Subjects, u.subject)
			}
			if u.kind == policy.ResourceBased || u.inline {
				types[u.resourceType] = true
				e.ResourceType = u.resourceType
			}
		}
		slices.Sort(e.Kinds)
		e.Kinds = slices.Compact(e.Kinds)
		if len(types) > 1 {
			e.ResourceType = ""
		}
		starts[e.doc] = e.source().start.Offset
	}
	slices.SortStableFunc(c.list, func(a, b *entry) int {
		fa, fb := a.doc.File(), b.doc.File()
		if fa == "" && fb == "" {
			return 0
		}
		return cmp.Or(cmp.Compare(fa, fb), cmp.Compare(starts[a.doc], starts[b.doc]))
	})
}

// resourceType is what CloudFormation calls a resource with a policy; "" for others.
func resourceType(a policy.ARN) string {
	kind, _, _ := strings.Cut(a.Resource(), ":")
	kind, _, _ = strings.Cut(kind, "/")
	switch a.Service() {
	case "s3":
		return "AWS::S3::Bucket"
	case "sqs":
		return "AWS::SQS::Queue"
	case "sns":
		return "AWS::SNS::Topic"
	case "secretsmanager":
		return "AWS::SecretsManager::Secret"
	}
	switch a.Service() + ":" + kind {
	case "kms:key":
		return "AWS::KMS::Key"
	case "lambda:function":
		return "AWS::Lambda::Function"
	case "dynamodb:table":
		return "AWS::DynamoDB::Table"
	case "ecr:repository":
		return "AWS::ECR::Repository"
	}
	return ""
}
