package simulate

import (
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A world is everything that bears on one request. It lives on the stack of Can.
type world struct {
	env     *Environment
	view    engine.View
	service ownRules

	account  *accountEntry   // the principal's, nil if it has none or is not in the model
	who      *principalEntry // users, roles and their sessions in the model
	identity *layer
	boundary *layer
	session  *Session
	scps     []level
	rcps     []level
	control  *verdict // what the SCPs leave, if that is known already
	rcpReach rcpReach
	own      *result // what the identity policies say, if that is known already

	target   *resourceEntry
	resource *layer
	owner    string // account that owns the resource

	// What is not in the model, "" if it is.
	unknownCaller, unknownResource string
	resourceGap                    bool // a gap says so
	hasIdentity                    bool // the principal has identity-based policies at all
	bucket                         bool // the resource is a general purpose bucket or an object in one
}

var noLayer layer

// ownRules says whether the service of an action is one that has rules of its own.
type ownRules uint8

const (
	otherService ownRules = iota
	iamService
	stsService
	kmsService
)

func ownRulesOf(service string) ownRules {
	switch {
	case len(service) != 3:
	case strings.EqualFold(service, "iam"):
		return iamService
	case strings.EqualFold(service, "sts"):
		return stsService
	case strings.EqualFold(service, "kms"):
		return kmsService
	}
	return otherService
}

// resolve finds everything that bears on the request.
func (w *world) resolve(e *Environment, r *Request) {
	w.env = e
	v := &w.view
	v.SetAction(r.Action)
	w.service = ownRulesOf(v.Service)
	v.Given = r.Keys.k
	v.Derive = e.derive
	v.OpenFacts = e.custom == nil || e.derive
	w.session = r.Session
	w.identity, w.boundary, w.resource = &noLayer, &noLayer, &noLayer
	w.caller(r)
	if e.layers != nil {
		w.customCaller()
	} else {
		w.find(r)
	}
	if r.Session != nil {
		v.Session = r.Session.tags
	}
	// R-CTX-1: with strict keys, what is neither given nor derived is absent.
	if !e.strict {
		w.presence() // before the resource, which may depend on the region
	}
	w.resourceOf(r)
	if e.derive && len(e.endpoints) > 0 && v.Given.Len() > 0 {
		if val := v.Key(&sourceVPCE); val.State == engine.Known && len(val.Values) == 1 {
			if ep := e.endpoints[val.Values[0]]; ep != nil && w.passesService(ep) {
				v.VPC = ep.vpc
			}
		}
	}
}

// callerOf is what the principal's own text says.
func callerOf(p policy.Principal) engine.Caller {
	arn := p.ARN()
	c := engine.Caller{Kind: p.Kind(), ARN: arn.String(), Partition: arn.Partition(), Account: p.AccountID(), Name: p.Name()}
	switch c.Kind {
	case policy.Role:
		c.Role, c.RoleName = c.ARN, c.Name
	case policy.RoleSession:
		c.RoleName, c.SessionName = c.Name, p.SessionName()
	}
	return c
}

// caller fills in the principal: users and roles of the model stand ready.
func (w *world) caller(r *Request) {
	c, kind := &w.view.Caller, r.Principal.Kind()
	if kind == policy.User || kind == policy.Role {
		if p := w.env.principals[r.Principal.ARN().String()]; p != nil && p.plain() {
			w.who = p
		}
	}
	if w.who != nil {
		w.who.fill(c)
	} else {
		*c = callerOf(r.Principal)
	}
	if s := r.Session; s != nil {
		if kind == policy.RoleSession && s.spec.Role.IsValid() {
			c.Role = s.spec.Role.String()
		}
		if s.spec.IssuingUser.IsValid() {
			c.IssuingUser = s.spec.IssuingUser.String()
		}
		c.ID = s.spec.PrincipalID
	}
	switch kind {
	case policy.User, policy.Role, policy.RoleSession, policy.FederatedUser:
		w.hasIdentity = true
	}
}

// serviceLinked reports whether the caller is a service-linked role, which SCPs and RCPs
// leave alone (R-SPC-9; Organizations User Guide, “Service control policies (SCPs)”,
// “Resource control policies (RCPs)”).
func (w *world) serviceLinked() bool {
	if w.env.custom == nil && w.who != nil {
		return w.who.linked
	}
	_, path, ok := strings.Cut(w.view.Caller.Role, ":role/")
	return ok && strings.HasPrefix(path, "aws-service-role/")
}

// find looks the principal up in the organization.
func (w *world) find(r *Request) {
	e, c := w.env, &w.view.Caller
	if c.Account == "" {
		return
	}
	p := w.who
	var acct *accountEntry
	if p != nil {
		acct = p.account
	} else if acct = e.accounts[c.Account]; acct == nil {
		w.unknownCaller = c.ARN
		return
	}
	// R-SCP-4: the SCPs of the caller's account, whoever owns the resource (Organizations User
	// Guide, “SCP evaluation”).
	w.account, w.scps, c.Canonical = acct, acct.scps, acct.canonical
	w.view.Principal = acct.keys
	switch c.Kind {
	case policy.Root:
		return
	case policy.RoleSession:
		p = e.roles[roleKey{c.Partition, c.Account, c.RoleName}]
	case policy.FederatedUser:
		if r.Session != nil {
			p = e.principals[r.Session.spec.IssuingUser.String()]
		}
	}
	if p == nil || p.account != acct {
		w.unknownCaller = c.ARN
		return
	}
	w.who = p
	w.identity, w.boundary, c.HasBoundary = &p.identity, p.boundary, p.hasBoundary
	w.view.Principal = p.keys
	if c.Kind == policy.RoleSession {
		c.Role = p.arn
	}
	if c.Kind != policy.FederatedUser && p.id != "" {
		c.ID = p.id
	}
}

// resourceOf finds the resource and its owner (R-RSC-11), and the policy that speaks for it.
func (w *world) resourceOf(r *Request) {
	e, v := w.env, &w.view
	v.SetResource(r.Resource)
	w.owner = v.Caller.Account
	if v.NoResource {
		w.collection(r.Action)
	}
	if a := v.Resource[4]; policy.IsAccountID(a) {
		w.owner = a
	}
	slash := -1 // in the resource of an S3 ARN
	if r.Resource.IsValid() && v.Resource[2] == "s3" && v.Resource[3] == "" && v.Resource[4] == "" {
		w.bucket, slash = true, strings.IndexByte(v.Resource[5], '/')
	}
	if e.layers != nil {
		w.customResource()
		// In bare layers the setting says whether the keys that are given count (R-SPC-5).
		v.NoBucketTags = w.bucket && !e.custom.BucketABAC
		return
	}
	var res *resourceEntry
	known := false
	if slash >= 0 {
		res, known = e.object(r.Resource.String(), slash-len(v.Resource[5]))
	} else if r.Resource.IsValid() {
		res, known = e.resource(r.Resource)
	}
	switch {
	case !known:
		w.unlisted(r)
	case v.Resource[2] == "iam" && !w.trusts():
		// A trust policy speaks about assuming the role, not about managing it.
		v.Target, w.owner, w.rcps = res.keys, res.account.id, res.account.rcps
		v.ResourceTags = res.tags
	default:
		w.target, w.resource, w.owner, w.rcps = res, &res.policy, res.account.id, res.account.rcps
		v.Target, v.ResourceTags = res.keys, res.tags
		if slash >= 0 {
			v.Target = res.objectKeys
		}
	}
}

// unlisted settles what is known of a resource that the model does not list. A resource of
// an account in the model has no policy, unless a gap or its kind says otherwise. One
// whose ARN names no account, such as a bucket, may belong to anybody; the caller can say
// to whom with aws:ResourceAccount.
func (w *world) unlisted(r *Request) {
	e, v := w.env, &w.view
	if !r.Resource.IsValid() {
		if acct := e.accounts[w.owner]; acct != nil {
			v.Target, w.rcps = acct.target, acct.rcps
		}
		return
	}
	v.ResourceTags = engine.Unknown
	// R-SPC-3: the ARN of a bucket does not name its owner.
	if v.Resource[4] == "" {
		w.owner = ""
		if val, ok := v.Given.Value(&resourceAccount); ok && val.State == engine.Known && len(val.Values) == 1 {
			w.owner = val.Values[0]
		}
	}
	acct, ok := e.accounts[w.owner]
	if !ok {
		w.unknownResource = r.Resource.String()
		v.Owner = w.owner
		return
	}
	v.Target, w.rcps = acct.target, acct.rcps
	gap := e.firstGap(org.GapResourcePolicy, r.Resource.String(), w.owner)
	if gap == "" {
		gap = e.firstGap(org.GapUnlisted, r.Resource.String(), w.owner)
	}
	if gap != "" {
		w.unknownResource, w.resourceGap = gap, true
	} else if e.hasPolicy(r.Resource) || v.Caller.Partition != "" && v.Caller.Partition != v.Resource[1] {
		w.unknownResource = r.Resource.String()
	}
}

// hasPolicy reports whether a resource that is not listed has, or lies below something
// that has, a resource policy all the same: every KMS key has one, an S3 access point
// stands before a bucket's, and a listed resource may speak for what lies below it.
func (e *Environment) hasPolicy(a policy.ARN) bool {
	text, resource := a.String(), a.Resource()
	switch {
	case a.Service() == "kms" && strings.HasPrefix(resource, "key/"),
		a.Service() == "s3" && strings.HasPrefix(resource, "accesspoint/"):
		return true
	}
	for i := len(text) - 1; i > len(text)-len(resource); i-- {
		if (text[i] == '/' || text[i] == ':') && e.resources[text[:i]] != nil {
			return true
		}
	}
	return false
}

// resource finds what the ARN names.
func (e *Environment) resource(a policy.ARN) (*resourceEntry, bool) {
	own, ok := e.resources[a.String()]
	if !ok {
		if parent := covering(a); parent.IsValid() {
			own, ok = e.resources[parent.String()]
		}
	}
	return own, ok
}

// object finds the bucket of an S3 object, whose policy speaks for it, and who owns the
// object itself. The bucket's ARN ends at end, counted from the end of the object's. An
// object whose bucket is not listed is not known, listed or not.
func (e *Environment) object(arn string, end int) (*resourceEntry, bool) {
	bucket, found := e.buckets[arn[:len(arn)+end]]
	if !found || !e.hasObjects {
		return bucket, found
	}
	own, ok := e.resources[arn]
	if !ok || own.owner == "" {
		return bucket, true
	}
	object := *bucket
	object.owner = own.owner
	return &object, true
}

// speaksFor is what requests about the ARN are decided with: the entry of the resource
// itself, of the bucket for an object in it, or of what covers the resource; nil if nothing
// of that is listed.
func (e *Environment) speaksFor(a policy.ARN) *resourceEntry {
	var out *resourceEntry
	if _, object := bucketOf(a); object {
		out, _ = e.object(a.String(), strings.IndexByte(a.Resource(), '/')-len(a.Resource()))
	} else {
		out, _ = e.resource(a)
	}
	return out
}

// covering is the resource whose policy AWS documents to cover a: the table of a DynamoDB
// index, and the domain of an OpenSearch path (Amazon DynamoDB Developer Guide,
// “Resource-based policies”; Amazon OpenSearch Service, “Resource-based policies”).
func covering(a policy.ARN) policy.ARN {
	typ, rest, _ := strings.Cut(a.Resource(), "/")
	name, sub, ok := strings.Cut(rest, "/")
	if !ok || !(a.Service() == "dynamodb" && typ == "table" && strings.HasPrefix(sub, "index/") || a.Service() == "es" && typ == "domain") {
		return policy.ARN{}
	}
	text := a.String()
	parent, err := policy.ParseARN(text[:len(text)-len(a.Resource())] + typ + "/" + name)
	if err != nil {
		return policy.ARN{}
	}
	return parent
}

// bucketOf reports whether the ARN is of a general purpose S3 bucket or an object in one,
// and whether of an object.
func bucketOf(a policy.ARN) (bucket, object bool) {
	if a.Service() != "s3" || a.Region() != "" || a.AccountID() != "" {
		return false, false
	}
	return true, strings.Contains(a.Resource(), "/")
}

// collection implements R-RSC-5: the resource that some list actions are authorised on.
func (w *world) collection(a policy.Action) {
	pattern, ok := serviceref.Embedded().Collection(a)
	if !ok {
		return
	}
	v := &w.view
	rest := pattern
	for i := range 5 {
		v.Resource[i], rest, _ = strings.Cut(rest, ":")
	}
	v.Resource[5] = rest
	v.NoResource = false
	if v.Resource[1] = v.Caller.Partition; v.Resource[1] == "" {
		v.Resource[1] = "aws"
	}
	if v.Resource[4] != "" {
		v.Resource[4] = v.Caller.Account
	}
	if v.Resource[3] == "" {
		return
	}
	v.Resource[3] = ""
	switch region := v.Key(&requestedRegion); region.State {
	case engine.Known:
		if len(region.Values) == 1 {
			v.Resource[3] = region.Values[0]
		}
	case engine.Unknown, engine.Present:
		v.UnknownRegion = true
	}
}

// trusts reports whether the action is one that a trust policy speaks about (R-STS-1).
func (w *world) trusts() bool {
	if w.service != stsService {
		return false
	}
	name := w.view.Name
	return w.assumesRole() || strings.EqualFold(name, "TagSession") || strings.EqualFold(name, "SetSourceIdentity") || strings.EqualFold(name, "SetContext")
}

// presence sets what a key that is neither given nor derived is (R-CTX-4).
func (w *world) presence() {
	v := &w.view
	v.Classes = &kindClasses[v.Caller.Kind]
	if p := w.who; p != nil && (v.Caller.Kind == policy.Role || v.Caller.Kind == policy.RoleSession) {
		more := p.tagSession && (w.session == nil || w.session.spec.OtherTags)
		tags := p.tagGap != "" || more
		switch {
		case p.federated && tags:
			v.Classes = &federatedTagged
		case p.federated:
			v.Classes = &federatedUntagged
		case !tags:
			v.Classes = &roleUntagged
		}
		// Session tags override the role's own.
		if more && w.session != nil {
			v.Session = w.session.open
		} else if more {
			v.Session = unknownTags
		}
	} else if p != nil && v.Caller.Kind == policy.User && p.tagGap == "" {
		v.Classes = &userUntagged
	}
	v.ForwardAccess, v.SourceIP = engine.Absent, engine.Unknown
	if v.Derive && v.Given.Len() == 0 {
		return // nobody says that a service calls on the principal's behalf
	}
	if via := v.Key(&viaAWSService); via.State != engine.Known || len(via.Values) != 1 || !strings.EqualFold(via.Values[0], "false") {
		v.ForwardAccess = engine.Unknown
	}
	if v.Key(&sourceVPCE).State == engine.Known {
		v.SourceIP = engine.Absent // the key is not sent through an endpoint (§13)
	}
	// The age is sent only where MFA was used, which the other key then says (IAM User Guide,
	// “AWS global condition context keys”, aws:MultiFactorAuthAge).
	if mfa, ok := v.Given.Value(&mfaPresent); ok {
		v.NoMFA = mfa.State == engine.Absent || mfa.State == engine.Known && !isTrue(mfa.Values)
	} else if age, ok := v.Given.Value(&mfaAge); ok && age.State == engine.Known {
		v.Principal = v.Principal.With("aws:MultiFactorAuthPresent", "true")
	}
}

// isTrue reports whether values are those of a boolean key that is true.
func isTrue(values []string) bool { return len(values) == 1 && strings.EqualFold(values[0], "true") }

var (
	requestedRegion = engine.NewKeyRef("aws:RequestedRegion")
	viaAWSService   = engine.NewKeyRef("aws:ViaAWSService")
	sourceVPCE      = engine.NewKeyRef("aws:SourceVpce")
	sourceIdentity  = engine.NewKeyRef("sts:SourceIdentity")
	tagKeys         = engine.NewKeyRef("aws:TagKeys")
	transitiveTags  = engine.NewKeyRef("sts:TransitiveTagKeys")
	resourceAccount = engine.NewKeyRef("aws:ResourceAccount")
	mfaPresent      = engine.NewKeyRef("aws:MultiFactorAuthPresent")
	mfaAge          = engine.NewKeyRef("aws:MultiFactorAuthAge")
	contextProvider = engine.NewKeyRef("sts:RequestContextProviders")
)

var unknownTags = engine.Keys{}.WithUnknown("aws:PrincipalTag/*")

type classes = [engine.NumClasses]engine.State

// kindClasses says for each kind of principal what a key of a class is when nobody gave
// it (IAM User Guide, “AWS global condition context keys”, availability of each key).
var kindClasses = func() (out [policy.WebIdentity + 1]classes) {
	set := func(s engine.State, c engine.Class, kinds ...policy.PrincipalKind) {
		for _, k := range kinds {
			out[k][c] = s
		}
	}
	all := []policy.PrincipalKind{policy.Anonymous, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser, policy.Service, policy.WebIdentity}
	set(engine.Unknown, engine.ClassOther, all...)
	set(engine.Present, engine.ClassAlways, all...)
	set(engine.Unknown, engine.ClassResourceAccount, all...)
	set(engine.Present, engine.ClassPrincipalARN, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Present, engine.ClassPrincipalAccount, policy.Anonymous, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Present, engine.ClassIsAWSService, policy.Service, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Present, engine.ClassUserID, policy.Anonymous, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Unknown, engine.ClassUserID, policy.WebIdentity)
	set(engine.Present, engine.ClassUsername, policy.User)
	set(engine.Unknown, engine.ClassPrincipalTag, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Unknown, engine.ClassPrincipalOrg, policy.Root, policy.User, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Present, engine.ClassServiceName, policy.Service)
	set(engine.Unknown, engine.ClassServiceSource, policy.Service)
	set(engine.Unknown, engine.ClassMFA, policy.Root, policy.User, policy.RoleSession, policy.Role)
	set(engine.Unknown, engine.ClassMFAAge, policy.Root, policy.User, policy.RoleSession, policy.Role)
	set(engine.Unknown, engine.ClassTokenIssueTime, policy.User)
	set(engine.Present, engine.ClassTokenIssueTime, policy.RoleSession, policy.Role, policy.FederatedUser)
	set(engine.Unknown, engine.ClassRoleSession, policy.RoleSession, policy.Role)
	set(engine.Unknown, engine.ClassFederated, policy.RoleSession, policy.Role, policy.WebIdentity)
	set(engine.Unknown, engine.ClassAssumedRoot, policy.Root)
	return out
}()

func without(c classes, absent ...engine.Class) classes {
	for _, class := range absent {
		c[class] = engine.Absent
	}
	return c
}

// The variants of kindClasses for principals about which the model knows more.
var (
	userUntagged      = without(kindClasses[policy.User], engine.ClassPrincipalTag)
	roleUntagged      = without(kindClasses[policy.Role], engine.ClassPrincipalTag)
	federatedTagged   = without(kindClasses[policy.Role], engine.ClassMFA, engine.ClassMFAAge)
	federatedUntagged = without(roleUntagged, engine.ClassMFA, engine.ClassMFAAge)
)
