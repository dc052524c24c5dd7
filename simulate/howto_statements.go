package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// except is the step that keeps a Deny statement from the caller.
func (t *turn) except(b Barrier) [][]RemedyStep {
	p := &b.Statement.Policy
	if p.Kind == policy.IdentityBased || p.Kind == policy.PermissionsBoundary {
		if arn, err := policy.ParseARN(p.ID); err == nil && awsManaged(arn) {
			return nil
		}
	}
	step := RemedyStep{Kind: ExceptDeny, Stage: b.Stage, Node: b.Node, NodeName: b.NodeName, Deny: b.Statement}
	if t.env.org != nil && (p.Kind != policy.SessionPolicy) {
		step.Target = p.ID
		if p.Holder != "" {
			step.Target = p.Holder
		}
	}
	if c := &t.search.caller; c.key != "" {
		step.Replacement = excepted(p.Document.Statement(b.Statement.Index), c)
		if _, err := p.Document.Replace(b.Statement.Index, step.Replacement); err != nil {
			step.Replacement = policy.Statement{}
		}
	}
	return [][]RemedyStep{{step}}
}

// excepted is the statement with a condition that excepts the caller: one more value of a
// condition that does so for others already, or one more condition.
func excepted(s policy.Statement, c *caller) policy.Statement {
	var out policy.Conditions
	done := false
	for o := range s.Condition.All() {
		values := slices.Collect(o.Values.All())
		if !done && strings.EqualFold(o.Key, c.key) && slices.ContainsFunc(exceptions, func(op policy.Operator) bool { return strings.EqualFold(string(op), string(o.Operator)) }) {
			values, done = append(values, literal(c.value)), true
		}
		out = out.And(o.Operator, o.Key, values...)
	}
	if !done {
		out = out.And(c.operator, c.key, literal(c.value))
	}
	s.Condition = out
	return s
}

// exceptions are operators under which a further value excepts somebody more.
var exceptions = []policy.Operator{
	"ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike",
	"ArnNotEqualsIfExists", "ArnNotLikeIfExists", "StringNotEqualsIfExists", "StringNotEqualsIgnoreCaseIfExists", "StringNotLikeIfExists",
}

// addAllow is the step that adds an Allow statement; nil if nobody can add one there.
func (t *turn) addAllow(x *Explanation, s *Step) *RemedyStep {
	c, o := &t.search.caller, t.env.org
	step := RemedyStep{Kind: AddAllow, Stage: s.Stage, Node: s.Node, NodeName: s.NodeName}
	var holder policy.ARN
	switch s.Stage {
	case StageIdentityPolicy:
		if o != nil && (!c.holder.IsValid() || isServiceLinked(c.holder.Resource())) {
			return nil
		}
		holder = c.holder
	case StageBoundary:
		if o != nil && (!c.boundary.IsValid() || awsManaged(c.boundary)) {
			return nil
		}
		holder = c.boundary
	case StageSessionPolicy:
		if x.Request.Session == nil {
			return nil
		}
	case StageResourcePolicy:
		if holder = t.resourceTarget(x.Request.Resource); !t.takesPolicy(x, holder) {
			return nil
		}
	case StageServiceControl, StageEndpointPolicy:
		if s.Node == "" {
			return nil
		}
	default:
		return nil
	}
	if o != nil && holder.IsValid() {
		step.Target = holder.String()
	}
	step.Statement = t.least(x, s.Stage)
	if step.Statement.Effect == 0 {
		return nil
	}
	return &step
}

// resourceTarget is the resource whose policy speaks for a: the bucket of an object.
func (t *turn) resourceTarget(a policy.ARN) policy.ARN {
	if _, object := bucketOf(a); object {
		text := a.String()
		bucket, _ := policy.ParseARN(text[:len(text)-len(a.Resource())+strings.IndexByte(a.Resource(), '/')])
		return bucket
	}
	if t.env.org != nil {
		if parent := covering(a); parent.IsValid() {
			if _, ok := t.env.org.Resource(a); !ok {
				return parent
			}
		}
	}
	return a
}

// policied lists, by service, how the resource part of the ARNs begins that may have a
// resource-based policy (IAM User Guide, “AWS services that work with IAM”).
var policied = map[string][]string{
	"acm-pca": {"certificate-authority/"}, "backup": {"backup-vault:"}, "codeartifact": {"domain/", "repository/"},
	"dynamodb": {"table/"}, "ecr": {"repository/"}, "elasticfilesystem": {"file-system/"}, "es": {"domain/"},
	"events": {"event-bus/"}, "execute-api": {""}, "glacier": {"vaults/"}, "glue": {""}, "kafka": {"cluster/"},
	"kinesis": {"stream/"}, "kms": {"key/"}, "lambda": {"function:", "layer:"}, "s3": {""}, "s3express": {"bucket/"},
	"s3tables": {"bucket/"}, "secretsmanager": {"secret:"}, "sns": {""}, "sqs": {""},
}

// takesPolicy reports whether the resource may have a policy that speaks about the action.
func (t *turn) takesPolicy(x *Explanation, target policy.ARN) bool {
	action := x.Request.Action
	if !target.IsValid() {
		return false
	}
	if target.Service() == "iam" {
		var listed bool
		if t.env.org != nil {
			_, listed = t.env.org.Role(target)
		} else {
			listed = strings.HasPrefix(target.Resource(), "role/")
		}
		return listed && strings.EqualFold(action.Service(), "sts") && !isServiceLinked(target.Resource())
	}
	if t.env.org != nil {
		if r, ok := t.env.org.Resource(target); ok && r.Policy != nil {
			return !r.AWSManaged
		} else if ok && r.AWSManaged {
			return false
		}
	} else if t.env.custom.Resource != nil {
		return true
	}
	info, known := serviceref.Embedded().Action(action)
	if known && info.WildcardOnly() {
		return false
	}
	return slices.ContainsFunc(policied[target.Service()], func(prefix string) bool { return strings.HasPrefix(target.Resource(), prefix) })
}

// least is the least statement that allows the request in a layer; its zero value if there
// is none.
func (t *turn) least(x *Explanation, stage Stage) policy.Statement {
	r := &x.Request
	s := policy.Statement{Effect: policy.Allow, Action: policy.List(string(r.Action)), Resource: policy.List("*")}
	info, known := serviceref.Embedded().Action(r.Action)
	if r.Resource.IsValid() && !(known && info.WildcardOnly() && !strings.EqualFold(r.Action.Service(), "sts")) {
		s.Resource = policy.List(literal(r.Resource.String()))
	}
	switch stage {
	case StageResourcePolicy:
		if s.Principal = t.search.caller.element(r.Principal); s.Principal.IsZero() {
			return policy.Statement{}
		}
		if target := t.resourceTarget(r.Resource); target.Service() == "iam" && t.env.org != nil {
			s.Resource = policy.Patterns{} // a trust policy has none
		} else if target.Service() == "kms" {
			s.Resource = policy.List("*") // this key (KMS Developer Guide, “Key policies in AWS KMS”)
		}
		if r.Principal.Kind() == policy.WebIdentity {
			var ok bool
			if s.Condition, ok = token(r.Keys); !ok {
				return policy.Statement{}
			}
		}
	case StageEndpointPolicy:
		s.Principal = policy.Everyone()
		if c := &t.search.caller; c.key == "aws:PrincipalArn" { // as R-SPC-8 wants it for gateway endpoints
			s.Condition = policy.When("ArnEquals", c.key, literal(c.value))
		}
	}
	return s
}

// token wants of a token what the request says of it: its audience, and from providers other
// than SAML its subject. A statement without them would let anybody in who has an account
// with the provider (IAM User Guide, “Create a role for OpenID Connect federation”).
func token(k Keys) (policy.Conditions, bool) {
	var c policy.Conditions
	var audience, subject bool
	for name, values := range k.All() {
		folded := strings.ToLower(name)
		aud, sub := strings.HasSuffix(folded, ":aud"), strings.HasSuffix(folded, ":sub")
		if !aud && !sub || len(values) != 1 {
			continue
		}
		audience, subject = audience || aud, subject || sub || folded == "saml:aud"
		c = c.And("StringEquals", name, literal(values[0]))
	}
	return c, audience && subject
}

// element names the caller in a Principal element: a session by its role.
func (c *caller) element(p policy.Principal) policy.Principals {
	switch p.Kind() {
	case policy.Anonymous:
		return policy.Everyone()
	case policy.Service:
		return policy.PrincipalList(policy.ServicePrincipalType, p.Name())
	case policy.WebIdentity:
		return policy.PrincipalList(policy.FederatedPrincipal, p.String())
	case policy.RoleSession:
		if c.role.IsValid() {
			return policy.PrincipalList(policy.AWSPrincipal, c.role.String())
		}
	}
	return policy.PrincipalList(policy.AWSPrincipal, p.ARN().String())
}

// literal writes a text so that a policy matches nothing else.
func literal(s string) string {
	return strings.NewReplacer("${", "${$}{", "*", "${*}", "?", "${?}").Replace(s)
}
