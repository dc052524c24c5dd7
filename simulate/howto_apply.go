package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A situation is an environment and a request in which steps are made one by one.
type situation struct {
	base    *Environment
	request Request
	org     *org.Organization // after the changes; nil: none yet, or bare layers
	changes []org.Change
	layers  *Layers // changed; nil: not yet, or an organization
}

// take makes the steps and compiles what they lead to; false if one cannot be made.
func (s *situation) take(steps []RemedyStep) (*Environment, bool) {
	s.org = s.base.org
	steps = slices.Clone(steps)
	// Statements that go come last, from the end, so that the others keep their numbers.
	slices.SortStableFunc(steps, func(a, b RemedyStep) int {
		return a.removes() - b.removes()
	})
	for i := range steps {
		if !s.step(&steps[i]) {
			return nil, false
		}
	}
	var env *Environment
	var err error
	switch {
	case s.layers != nil:
		l := *s.layers
		env, err = CompileLayers(l)
		if err == nil {
			env.strict = s.base.strict
		}
	case len(s.changes) > 0:
		env, err = s.base.Apply(s.changes...)
	default:
		env = s.base
	}
	return env, err == nil
}

func (s *RemedyStep) removes() int {
	if s.Kind == ExceptDeny && s.Replacement.Effect == 0 {
		return 1<<30 - s.Deny.Index
	}
	return 0
}

func (s *situation) step(step *RemedyStep) bool {
	switch step.Kind {
	case SetKey:
		s.request.Keys = s.request.Keys.set(step.Key, step.Values)
		return true
	case AddAllow:
		return s.add(step)
	case ExceptDeny:
		return s.edit(&step.Deny.Policy, func(d *policy.Document) (*policy.Document, error) {
			if step.Replacement.Effect == 0 {
				return d.Remove(step.Deny.Index), nil
			}
			return d.Replace(step.Deny.Index, step.Replacement)
		})
	}
	return s.unblock(step)
}

// change makes a change of the organization.
func (s *situation) change(changes ...org.Change) bool {
	o, err := s.org.Apply(changes...)
	if err != nil {
		return false
	}
	s.org, s.changes = o, append(s.changes, changes...)
	return true
}

// own are layers that may be changed.
func (s *situation) own() *Layers {
	if s.layers == nil {
		l := *s.base.custom
		l.Identity, l.Boundary, l.Endpoints = slices.Clone(l.Identity), slices.Clone(l.Boundary), slices.Clone(l.Endpoints)
		levels := func(list [][]*policy.Document) [][]*policy.Document {
			out := slices.Clone(list)
			for i := range out {
				out[i] = slices.Clone(out[i])
			}
			return out
		}
		l.ServiceControl, l.ResourceControl = levels(l.ServiceControl), levels(l.ResourceControl)
		s.layers = &l
	}
	return s.layers
}

// appended is the document with the statement at its end; a new one if there is none.
func appended(d *policy.Document, st policy.Statement) (*policy.Document, error) {
	if d == nil {
		return policy.NewDocument(st)
	}
	return d.Append(st)
}

// add gives a layer an Allow statement.
func (s *situation) add(step *RemedyStep) bool {
	switch {
	case step.Stage == StageSessionPolicy:
		return s.addSession(step)
	case s.org == nil:
		return s.addLayer(step)
	}
	arn, _ := policy.ParseARN(step.Target)
	switch step.Stage {
	case StageIdentityPolicy:
		return s.addInline(arn, step.Statement)
	case StageBoundary:
		p, _ := s.org.ManagedPolicy(arn)
		d, err := appended(p.Document, step.Statement)
		return err == nil && s.change(org.PutManagedPolicy(arn.AccountID(), org.ManagedPolicy{ARN: arn, Document: d}))
	case StageResourcePolicy:
		if role, ok := s.org.Role(arn); ok {
			d, err := appended(role.Trust, step.Statement)
			role.Trust = d
			return err == nil && s.change(org.PutRole(role))
		}
		resource, ok := s.org.Resource(arn)
		account, _ := s.org.ResourceAccount(arn)
		if !ok {
			resource, account = org.Resource{ARN: arn}, arn.AccountID()
		}
		d, err := appended(resource.Policy, step.Statement)
		resource.Policy = d
		return err == nil && s.change(org.PutResource(account, resource))
	case StageServiceControl:
		return s.addControlPolicy(step)
	case StageEndpointPolicy:
		ep, _ := s.org.Endpoint(step.Node)
		account, ok := s.org.EndpointAccount(step.Node)
		d, err := appended(ep.Policy, step.Statement)
		ep.Policy = d
		return ok && err == nil && s.change(org.PutEndpoint(account, ep))
	}
	return false
}

// remedyName is the name of policies that did not exist.
const remedyName = "HowToAllow"

func (s *situation) addInline(arn policy.ARN, st policy.Statement) bool {
	inline := func(list []org.InlinePolicy) ([]org.InlinePolicy, bool) {
		i := slices.IndexFunc(list, func(p org.InlinePolicy) bool { return p.Name == remedyName })
		if i < 0 {
			d, err := policy.NewDocument(st)
			return append(slices.Clone(list), org.InlinePolicy{Name: remedyName, Document: d}), err == nil
		}
		list = slices.Clone(list)
		d, err := list[i].Document.Append(st)
		list[i].Document = d
		return list, err == nil
	}
	if role, ok := s.org.Role(arn); ok {
		role.Inline, ok = inline(role.Inline)
		return ok && s.change(org.PutRole(role))
	}
	user, ok := s.org.User(arn)
	if !ok {
		return false
	}
	user.Inline, ok = inline(user.Inline)
	return ok && s.change(org.PutUser(user))
}

// addControlPolicy attaches an SCP of its own to the node, so that no other node changes.
func (s *situation) addControlPolicy(step *RemedyStep) bool {
	d, err := policy.NewDocument(step.Statement)
	if err != nil {
		return false
	}
	for n := 1; ; n++ {
		id := fmt.Sprintf("p-howtoallow%d", n)
		if _, ok := s.org.ControlPolicy(id); !ok {
			p := org.ControlPolicy{ID: id, Name: fmt.Sprintf("%s%d", remedyName, n), Kind: policy.ServiceControl, Document: d}
			return s.change(org.PutControlPolicy(p), org.AttachControlPolicy(id, step.Node))
		}
	}
}

func (s *situation) addLayer(step *RemedyStep) bool {
	l := s.own()
	d, err := policy.NewDocument(step.Statement)
	if err != nil {
		return false
	}
	var i int
	switch step.Stage {
	case StageIdentityPolicy:
		l.Identity = append(l.Identity, d)
	case StageBoundary:
		l.Boundary = append(l.Boundary, d)
	case StageResourcePolicy:
		l.Resource, err = appended(l.Resource, step.Statement)
	case StageServiceControl:
		if n, _ := fmt.Sscanf(step.Node, "scps[%d]", &i); n != 1 {
			return false
		}
		l.ServiceControl[i] = append(l.ServiceControl[i], d)
	case StageEndpointPolicy:
		if n, _ := fmt.Sscanf(step.Node, "endpointPolicies[%d]", &i); n != 1 {
			return false
		}
		l.Endpoints[i].Policy, err = appended(l.Endpoints[i].Policy, step.Statement)
	default:
		return false
	}
	return err == nil
}

func (s *situation) addSession(step *RemedyStep) bool {
	spec := SessionSpec{OtherTags: true}
	if s.request.Session != nil {
		spec = s.request.Session.Spec()
	}
	d, err := policy.NewDocument(step.Statement)
	if err != nil {
		return false
	}
	spec.Policies = append(spec.Policies, d)
	s.request.Session, err = NewSession(spec)
	return err == nil
}

// edit replaces a document where it is attached.
func (s *situation) edit(p *PolicyRef, f func(*policy.Document) (*policy.Document, error)) bool {
	var err error
	edit := func(d **policy.Document) bool {
		if *d == nil {
			return false
		}
		*d, err = f(*d)
		return err == nil
	}
	var i, j int
	indexed := func(format string, into ...any) bool {
		n, _ := fmt.Sscanf(p.Name, format, into...)
		return n == len(into)
	}
	if p.Kind == policy.SessionPolicy {
		if s.request.Session == nil || !indexed("sessionPolicies[%d]", &i) {
			return false
		}
		spec := s.request.Session.Spec()
		if !edit(&spec.Policies[i]) {
			return false
		}
		s.request.Session, err = NewSession(spec)
		return err == nil
	}
	if s.org != nil {
		return s.editIn(p, edit)
	}
	l := s.own()
	switch p.Kind {
	case policy.IdentityBased:
		return indexed("identityPolicies[%d]", &i) && edit(&l.Identity[i])
	case policy.PermissionsBoundary:
		return indexed("boundary[%d]", &i) && edit(&l.Boundary[i])
	case policy.ResourceBased:
		return edit(&l.Resource)
	case policy.ServiceControl:
		return indexed("scps[%d][%d]", &i, &j) && edit(&l.ServiceControl[i][j])
	case policy.ResourceControl:
		return indexed("rcps[%d][%d]", &i, &j) && edit(&l.ResourceControl[i][j])
	case policy.VPCEndpoint:
		return indexed("endpointPolicies[%d]", &i) && edit(&l.Endpoints[i].Policy)
	}
	return false
}

// editIn is edit for organizations. What AWS manages cannot be edited.
func (s *situation) editIn(p *PolicyRef, edit func(**policy.Document) bool) bool {
	o := s.org
	if p.Kind == policy.ServiceControl || p.Kind == policy.ResourceControl {
		c, _ := o.ControlPolicy(p.ID)
		return edit(&c.Document) && s.change(org.PutControlPolicy(c))
	}
	if p.Holder != "" {
		arn, _ := policy.ParseARN(p.Holder)
		return s.editInline(arn, p.Name, edit)
	}
	if p.Kind == policy.VPCEndpoint {
		ep, _ := o.Endpoint(p.ID)
		account, _ := o.EndpointAccount(p.ID)
		return edit(&ep.Policy) && s.change(org.PutEndpoint(account, ep))
	}
	arn, _ := policy.ParseARN(p.ID)
	switch p.Kind {
	case policy.IdentityBased, policy.PermissionsBoundary:
		m, _ := o.ManagedPolicy(arn)
		return !awsManaged(arn) && edit(&m.Document) && s.change(org.PutManagedPolicy(arn.AccountID(), m))
	case policy.RoleTrust:
		role, _ := o.Role(arn)
		return edit(&role.Trust) && s.change(org.PutRole(role))
	case policy.ResourceBased:
		r, _ := o.Resource(arn)
		account, _ := o.ResourceAccount(arn)
		return edit(&r.Policy) && s.change(org.PutResource(account, r))
	}
	return false
}

func (s *situation) editInline(arn policy.ARN, name string, edit func(**policy.Document) bool) bool {
	in := func(list []org.InlinePolicy) bool {
		i := slices.IndexFunc(list, func(p org.InlinePolicy) bool { return p.Name == name })
		return i >= 0 && edit(&list[i].Document)
	}
	if role, ok := s.org.Role(arn); ok {
		return in(role.Inline) && s.change(org.PutRole(role))
	}
	if user, ok := s.org.User(arn); ok {
		return in(user.Inline) && s.change(org.PutUser(user))
	}
	group, _ := s.org.Group(arn)
	return in(group.Inline) && s.change(org.PutGroup(group))
}

// unblock turns off RestrictPublicBuckets, of the bucket and of its account.
func (s *situation) unblock(step *RemedyStep) bool {
	if s.org == nil {
		l := s.own()
		was := l.BlockPublicAccess
		l.BlockPublicAccess = false
		return was
	}
	arn, _ := policy.ParseARN(step.Target)
	bucket, ok := s.org.Resource(arn)
	id, _ := s.org.ResourceAccount(arn)
	if !ok {
		return false
	}
	account, _ := s.org.Account(id)
	blocked := bucket.BlockPublicAccess
	if blocked {
		bucket.BlockPublicAccess = false
		if !s.change(org.PutResource(id, bucket)) {
			return false
		}
	}
	if !account.BlockPublicAccess {
		return blocked
	}
	account, _ = s.org.Account(id) // as it is now
	account.BlockPublicAccess = false
	parent := ""
	if path := s.org.Path(id); len(path) > 1 {
		parent = path[len(path)-2]
	}
	return s.change(org.PutAccount(parent, account))
}

func awsManaged(arn policy.ARN) bool { return arn.AccountID() == "aws" }

// set is With for what a caller can bring about: values that exclude or imply each other
// come together (IAM User Guide, “AWS global condition context keys”).
func (k Keys) set(key string, values []string) Keys {
	given := map[string][]string{}
	for name, v := range k.All() {
		given[strings.ToLower(name)] = v
	}
	drop := func(names ...string) {
		for _, name := range names {
			if len(given[strings.ToLower(name)]) > 0 {
				k = k.With(name)
			}
		}
	}
	folded := strings.ToLower(key)
	if len(values) > 0 {
		switch folded {
		case "aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip":
			drop("aws:SourceIp") // not sent through an endpoint
		case "aws:sourceip":
			drop("aws:SourceVpce", "aws:SourceVpc", "aws:VpcSourceIp")
		case "aws:multifactorauthage":
			k = k.With("aws:MultiFactorAuthPresent", "true")
		}
	}
	if len(values) == 0 && folded == "aws:sourcevpce" {
		drop("aws:SourceVpc", "aws:VpcSourceIp")
	}
	if folded == "aws:multifactorauthpresent" && !isTrue(values) {
		k = k.With("aws:MultiFactorAuthAge") // which is not sent where MFA was not used
	}
	k = k.With(key, values...)
	if tag, ok := strings.CutPrefix(folded, "aws:requesttag/"); ok {
		tag = key[len(key)-len(tag):]
		tags := slices.DeleteFunc(slices.Clone(given["aws:tagkeys"]), func(t string) bool { return strings.EqualFold(t, tag) })
		if len(values) > 0 {
			tags = append(tags, tag)
		}
		k = k.With("aws:TagKeys", tags...)
	}
	return k
}
