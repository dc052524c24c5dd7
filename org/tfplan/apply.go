package tfplan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An Option says what a plan does not.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

type config struct{ account, region string }

// WithAccount names the account, by ID, of resources of which the plan does not say in which
// account they are.
func WithAccount(id string) Option { return option(func(c *config) { c.account = id }) }

// WithRegion names the Region of resources of which the plan does not say in which Region
// they are.
func WithRegion(name string) Option { return option(func(c *config) { c.region = name }) }

// An Outcome is what a plan would do.
type Outcome struct {
	// Before is the organization before the plan. Where the plan edits IAM Identity Center,
	// the roles are in it that the instance before the plan provisions.
	Before *org.Organization
	// Changes are what the plan does to Before, the roles of permission sets included.
	Changes []org.Change
	// After is Before with the changes.
	After *org.Organization
	// Instance is IAM Identity Center after the plan; nil if it is not known and the plan does
	// not touch it.
	Instance *identitycenter.Instance
	// Trails are the trails that the plan makes or changes, as they will be, by ARN. They decide
	// no request.
	Trails []cloudtrail.Trail
	// Documents are the policy documents that the plan writes and that are known as a whole, by
	// address.
	Documents []Document
	// Unknown are the gaps that the plan leaves, by subject. They are in After, or, where they
	// are about IAM Identity Center, in Instance.
	Unknown []org.Gap
	// Placeholders are what stands for names that AWS will choose, by address.
	Placeholders []Placeholder
	// Skipped is what the plan does and the changes don't have, by address.
	Skipped []Skipped
}

// A Placeholder stands for an ID or ARN that is known only after apply.
type Placeholder struct{ Address, Value string }

// A Skipped is a resource that a plan changes and [Plan.Apply] leaves out.
type Skipped struct {
	Address, Type string
	Reason        string // why it is left out
	Access        bool   // it may change who has access
}

// Apply computes what the plan does to an organization and to its instance of IAM Identity
// Center, which is nil if it is not known. Both must be as AWS has them before the plan is
// applied, such as the snapshot that was taken last. The error joins everything that is wrong:
// a document that AWS would refuse, an account that the organization does not have, a
// resource that does not say in which account it is, something that the plan creates and that
// is there already.
func (p *Plan) Apply(o *org.Organization, i *identitycenter.Instance, opts ...Option) (*Outcome, error) {
	e := &editor{
		plan: p, accounts: map[string]*account{}, providers: map[string][]string{}, regions: map[string]string{}, ids: map[string]string{}, wanted: map[policy.ARN]string{},
		nodes: map[string]*node{}, parents: map[string]string{}, out: &Outcome{Skipped: slices.Clone(p.deferred)},
	}
	for _, opt := range opts {
		opt.apply(&e.options)
	}
	e.begin(o, i)
	e.edit()
	if len(e.errs) > 0 {
		return nil, joined(e.errs)
	}
	if err := e.finish(); err != nil {
		return nil, e.addressed(err)
	}
	return e.out, nil
}

func joined(errs []error) error {
	slices.SortStableFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	errs = slices.CompactFunc(errs, func(a, b error) bool { return a.Error() == b.Error() })
	return errors.Join(errs...)
}

// An editor makes a plan's changes to plain data.
type editor struct {
	plan           *Plan
	options        config
	o              *org.Organization // before, with the policy types of after
	enabled        []org.Change      // what turns the organization before into o
	spec           org.Spec          // of o
	foundPartition string
	accounts       map[string]*account               // that are edited, by ID
	nodes          map[string]*node                  // root, OUs and accounts, by ID
	parents        map[string]string                 // of OUs and accounts, by ID
	control        []org.ControlPolicy               // after
	center         *center                           // nil: no instance
	providers      map[string][]string               // accounts by the key of a provider's configuration
	regions        map[string]string                 // likewise
	given          *string                           // the key of the configuration that the account given by the caller is for; nil: none yet
	ids            map[string]string                 // placeholders by address and attribute
	management     map[string]string                 // types of policies of the plan that are neither SCPs nor RCPs, by ID; nil: not yet looked for
	gone           map[policy.ARN]bool               // roles and users that the plan deletes
	wanted         map[policy.ARN]string             // managed policies that something is to have, with the address of it
	locks          map[string]*cloudtrail.ObjectLock // of buckets
	gaps           []org.Gap
	errs           []error
	out            *Outcome
}

func (e *editor) fail(in *instance, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("%s: %w", in.address, fmt.Errorf(format, args...)))
}

// unknown records a gap that the plan leaves in the organization.
func (e *editor) unknown(subject, what, reason string) {
	e.gaps = append(e.gaps, org.Gap{Subject: subject, What: what, Reason: reason})
}

func (e *editor) skip(in *instance, access bool, reason string) {
	reason = strings.TrimPrefix(reason, in.address+": ") // the address stands beside it
	e.out.Skipped = append(e.out.Skipped, Skipped{Address: in.address, Type: in.typ, Reason: reason, Access: access})
}

// A handler makes the changes of one type of resource.
type handler struct {
	rank   int // of put: what is referred to comes first
	link   bool
	put    func(e *editor, in *instance, v values)
	remove func(e *editor, in *instance, v values)
}

// creates, updates, deletes say what a plan does with a resource.
func (in *instance) creates() bool { return in.actions.Create() || in.actions.Replace() }
func (in *instance) updates() bool { return in.actions.Update() }
func (in *instance) deletes() bool { return in.actions.Delete() || in.actions.Replace() }

func (e *editor) edit() {
	var todo []*instance
	all := handlers()
	for _, in := range e.plan.instances {
		if c := in.config; c != nil && len(c.Provisioners) > 0 && (in.creates() || in.deletes()) {
			e.skip(in, true, "runs commands by a provisioner, which may do anything")
		}
		switch {
		case in.mode != tfjson.ManagedResourceMode || in.actions.NoOp() || in.actions.Read():
		case in.actions.Forget():
			// Terraform lets go of the resource; AWS keeps it as it is.
		case !(in.creates() || in.updates() || in.deletes()):
			e.skip(in, true, fmt.Sprintf("actions %v are not known", in.actions))
		case all[in.typ].put == nil:
			e.unhandled(in)
		default:
			todo = append(todo, in)
		}
	}
	e.races(todo)
	slices.SortStableFunc(todo, func(a, b *instance) int { return cmp.Compare(all[a.typ].rank, all[b.typ].rank) })
	for _, in := range slices.Backward(todo) {
		h := all[in.typ]
		if in.before.exists() && (in.deletes() || h.link && in.updates()) {
			h.remove(e, in, in.before)
		}
	}
	for _, in := range todo {
		if in.after.exists() && (in.creates() || in.updates()) {
			all[in.typ].put(e, in, in.after)
		}
	}
}

// link is the value of an attribute that names another resource, which may be one that the
// plan makes.
func (e *editor) link(v values, attr, want string) (string, bool) {
	s, st := v.text(attr)
	if st != unknown {
		return s, st == known
	}
	if v.secret(attr) {
		return "", false
	}
	return e.followed(v, v.of.expression(attr), want)
}

func (e *editor) followed(v values, x *tfjson.Expression, want string) (string, bool) {
	t, ok := e.plan.follow(v.of.scope(), x)
	if !ok {
		return "", false
	}
	attr := cmp.Or(t.attr, want)
	if !names(t.of.typ, attr, want) || !t.bare {
		return "", false
	}
	return e.value(t.of, attr)
}

// names reports whether an attribute is what another resource would name it by.
func names(typ, attr, want string) bool {
	switch want {
	case attr:
		return true
	case "name":
		return attr == "id" && typ != "aws_iam_policy"
	case "id":
		return attr == "roots[0].id"
	case "arn":
		switch typ {
		case "aws_iam_policy", "aws_sns_topic", "aws_secretsmanager_secret":
			return attr == "id"
		case "aws_s3_bucket":
			return attr == "id" || attr == "bucket"
		case "aws_sqs_queue":
			return attr == "id" || attr == "url"
		case "aws_kms_key":
			return attr == "id" || attr == "key_id"
		case "aws_ecr_repository":
			return attr == "id" || attr == "name"
		}
	}
	return false
}

// value is an attribute of a resource after the change, or what stands for it.
func (e *editor) value(in *instance, attr string) (string, bool) {
	v := in.after
	if !v.exists() {
		v = in.before
	}
	if s, st := v.text(attr); st == known {
		return s, true
	}
	if in.mode != tfjson.ManagedResourceMode {
		return "", false
	}
	return e.identify(in, attr)
}
