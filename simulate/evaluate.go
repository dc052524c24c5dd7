package simulate

import (
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

const (
	no    = engine.No
	maybe = engine.Maybe
	yes   = engine.Yes
)

// Can decides the request. It has no error: what is malformed or not known makes the
// decision [Indeterminate], never [Allowed]. It does not block and, unless a policy asks
// for aws:userid, does not allocate.
//
// An AssumeRole request passes session tags, a source identity or a context assertion if
// their keys are given (aws:TagKeys, aws:RequestTag/…, sts:SourceIdentity,
// sts:RequestContextProviders); then sts:TagSession, sts:SetSourceIdentity or
// sts:SetContext on the same role must be allowed too.
func (e *Environment) Can(r Request) Decision {
	return e.decide(&r, nil)
}

// decide evaluates the request, and for AssumeRole also the actions that go with it.
func (e *Environment) decide(r *Request, t *tracer) Decision {
	// R-RES-5: what cannot be read is never Allowed (IAM User Guide, “Policy evaluation logic”).
	if !r.valid() {
		return Decision{Outcome: Indeterminate, possible: 1<<Allowed | 1<<ExplicitDeny | 1<<ImplicitDeny}
	}
	var w world
	w.resolve(e, r)
	w.view.Assume = t.assumptions()
	d := w.decide(t)
	if w.assumesRole() {
		return e.alongside(r, &w, d, t)
	}
	return d
}

// valid reports whether the request names a caller and one action.
func (r *Request) valid() bool {
	a := string(r.Action)
	colon := strings.IndexByte(a, ':')
	if !r.Principal.IsValid() || colon <= 0 || colon+1 >= len(a) {
		return false
	}
	for i := range len(a) {
		if c := a[i]; c <= '?' && noAction>>c&1 != 0 {
			return false
		}
	}
	return true
}

// noAction has a bit for each character that no action has: wildcards, white space, commas.
const noAction uint64 = 1<<'*' | 1<<'?' | 1<<' ' | 1<<'\t' | 1<<'\r' | 1<<'\n' | 1<<','

func (w *world) assumesRole() bool {
	const prefix = "assumerole"
	v := &w.view
	return w.service == stsService && len(v.Name) >= len(prefix) && strings.EqualFold(v.Name[:len(prefix)], prefix)
}

// alsoNeeded implements R-STS-4: session tags, a source identity and a context assertion
// need permissions of their own on the same role (IAM User Guide, “Pass session tags in
// AWS STS”, “Monitor and control actions taken with assumed roles”). A request passes
// them if their keys are given, and maybe if it is said that they may be present.
func (e *Environment) alsoNeeded(r *Request, w *world) []needed {
	if !w.assumesRole() || w.view.Given.Len() == 0 {
		return nil
	}
	given := &w.view.Given
	var out []needed
	also := func(passed engine.Tri, action policy.Action) {
		if passed != no {
			other := *r
			other.Action = action
			out = append(out, needed{other, passed})
		}
	}
	also(max(given.Has(&tagKeys), given.Has(&transitiveTags), given.HasPrefix("aws:RequestTag/")), "sts:TagSession")
	also(given.Has(&sourceIdentity), "sts:SetSourceIdentity")
	also(max(given.Has(&contextProvider), given.HasPrefix("sts:RequestContext/")), "sts:SetContext")
	return out
}

// A needed request must be allowed too, for certain or maybe.
type needed struct {
	request Request
	passed  engine.Tri
}

// alongside combines the decision with those of the other actions that are needed.
func (e *Environment) alongside(r *Request, w *world, d Decision, t *tracer) Decision {
	for _, other := range e.alsoNeeded(r, w) {
		t.rule("R-STS-4")
		var w2 world
		w2.resolve(e, &other.request)
		w2.view.Assume = t.assumptions()
		both := worst(d, w2.decide(nil))
		if other.passed == maybe && both.outcomes() != d.outcomes() {
			both = both.narrow(both.outcomes() | d.outcomes())
		}
		d = both
	}
	return d
}

// worst combines decisions that must all be allowed: an explicit deny of any beats an
// implicit one, which beats allowed.
func worst(a, b Decision) Decision {
	rank := [...]int{ImplicitDeny: 1, ExplicitDeny: 2, Allowed: 0}
	var possible uint8
	for x := range Indeterminate {
		for y := range Indeterminate {
			if a.CanBe(x) && b.CanBe(y) {
				o := x
				if rank[y] > rank[x] {
					o = y
				}
				possible |= 1 << o
			}
		}
	}
	out := a
	if b.Outcome == Indeterminate && a.Outcome == Allowed ||
		b.Outcome != Indeterminate && (a.Outcome == Indeterminate || rank[b.Outcome] > rank[a.Outcome]) {
		out = b
	}
	return out.narrow(possible)
}

// outcomes has a bit for each outcome that the decision may turn out to be.
func (d Decision) outcomes() uint8 {
	if d.Outcome == Indeterminate {
		return d.possible
	}
	return 1 << d.Outcome
}

// narrow sets the outcome by what it may be.
func (d Decision) narrow(possible uint8) Decision {
	d.possible = 0
	switch possible {
	case 1 << Allowed:
		d.Outcome = Allowed
	case 1 << ExplicitDeny:
		d.Outcome = ExplicitDeny
	case 1 << ImplicitDeny:
		d.Outcome = ImplicitDeny
	default:
		d.Outcome, d.possible = Indeterminate, possible
	}
	return d
}

// A result is what a layer says.
type result struct {
	allow, deny     engine.Tri
	allowAt, denyAt uint32 // 1 + statement number, 0: none
}

// absent is a layer that does not apply.
var absent = result{allow: yes}

// eval combines the documents of a layer: any Deny denies, else any Allow allows
// (R-LAY-1). It stops at a Deny that is certain.
func (l *layer) eval(v *engine.View) result {
	var r engine.Result
	if l.all != nil {
		l.all.Eval(v, 0, &r)
		r.AllowAt, r.DenyAt = l.number(r.AllowAt), l.number(r.DenyAt)
	} else {
		for _, a := range l.list {
			if a.program != nil {
				a.program.Eval(v, a.base, &r)
			}
		}
	}
	return l.result(&r)
}

// result adds what is not known of the layer.
func (l *layer) result(r *engine.Result) result {
	out := resultOf(r)
	if l.gap != "" && out.deny != yes {
		out.allow, out.deny = max(out.allow, maybe), max(out.deny, maybe)
	}
	return out
}

func resultOf(r *engine.Result) result {
	return result{allow: r.Allow, deny: r.Deny, allowAt: r.AllowAt, denyAt: r.DenyAt}
}

// A verdict gathers what the layers say about one request.
type verdict struct {
	deny        engine.Tri
	denyStage   Stage
	denyAt      uint32
	allow       engine.Tri // everything that is required allows
	lack        Stage      // the first stage that kept allow from Yes
	granted     Stage      // the stage of the Allow that grants
	grantedAt   uint32
	blockPublic bool
}

func (d *verdict) denies(s Stage, r result) bool {
	if r.deny > d.deny {
		d.deny, d.denyStage, d.denyAt = r.deny, s, r.denyAt
	}
	return d.deny == yes
}

func (d *verdict) needs(s Stage, allow engine.Tri) {
	if allow < d.allow {
		d.allow, d.lack = allow, s
	}
}

// decision implements R-RES-1: without a Deny, everything that is required must allow (IAM
// User Guide, “Policy evaluation logic”).
func (d *verdict) decision() Decision {
	var possible uint8
	if d.deny != no {
		possible |= 1 << ExplicitDeny
	}
	if d.deny != yes {
		if d.allow != no {
			if d.blockPublic {
				possible |= 1 << ExplicitDeny
			} else {
				possible |= 1 << Allowed
			}
		}
		if d.allow != yes {
			possible |= 1 << ImplicitDeny
		}
	}
	var out Decision
	switch {
	case d.deny != no:
		out.Stage, out.statement = d.denyStage, d.denyAt
	case d.allow != yes:
		out.Stage = d.lack
	case d.blockPublic:
		out.Stage = StageBlockPublicAccess
	default:
		out.Stage, out.statement = d.granted, d.grantedAt
	}
	return out.narrow(possible)
}

// decide is the procedure of evaluation §10 (IAM User Guide, “Policy evaluation logic”).
func (w *world) decide(t *tracer) Decision {
	if w.alwaysAllowed(t) {
		return Decision{Outcome: Allowed, Stage: StageServiceRule}
	}
	d := verdict{allow: yes}
	// R-ROOT-2: control, resource and endpoint policies bind the root user too.
	if w.serviceControl(&d, t) || w.resourceControl(&d, t) {
		return d.decision()
	}
	resource, levels := w.resourcePolicy(t)
	if d.denies(StageResourcePolicy, resource) {
		t.rule("R-RES-2")
		return d.decision()
	}
	identity, boundary, session := w.identityLayers(t)
	// R-BND-1: a Deny in the boundary denies whatever else grants (IAM User Guide, “Permissions
	// boundaries for IAM entities”). R-KMS-2: one in an identity policy does not wait for the
	// key policy to delegate (KMS Developer Guide, “Key policies in AWS KMS”).
	if d.denies(StageIdentityPolicy, identity) || d.denies(StageBoundary, boundary) ||
		d.denies(StageSessionPolicy, session) || w.endpointPolicies(&d, t) {
		t.rule("R-RES-2")
		return d.decision()
	}
	if w.serviceOwned(t) {
		d.needs(StageServiceRule, no)
	}
	w.grant(&d, resource, levels, identity, boundary, session, t)
	if d.allow != no && w.blockedAsPublic(t) {
		d.blockPublic = true
	}
	return d.decision()
}

// alwaysAllowed implements R-SPC-1 and R-SPC-2 (AWS STS API Reference, GetCallerIdentity
// and GetSessionToken: no permissions are required).
func (w *world) alwaysAllowed(t *tracer) bool {
	v := &w.view
	if w.service != stsService {
		return false
	}
	switch v.Caller.Kind {
	case policy.Anonymous, policy.WebIdentity:
		return false
	}
	if strings.EqualFold(v.Name, "GetCallerIdentity") {
		t.rule("R-SPC-1")
		return true
	}
	if strings.EqualFold(v.Name, "GetSessionToken") && (v.Caller.Kind == policy.User || v.Caller.Kind == policy.Root) {
		t.rule("R-SPC-2")
		return true
	}
	return false
}

// levelSet says for each match level whether a matching Allow of the resource policy has it.
type levelSet struct{ direct, session, account engine.Tri }

func (l levelSet) any() engine.Tri { return max(l.direct, l.session, l.account) }

// resourcePolicy evaluates the policy of the resource, and how it names the caller.
func (w *world) resourcePolicy(t *tracer) (result, levelSet) {
	var r engine.Result
	if w.unknownResource != "" || w.resource.gap != "" {
		r.Allow, r.Deny = maybe, maybe
		r.Levels[engine.Direct], r.Levels[engine.SessionRole], r.Levels[engine.Account] = maybe, maybe, maybe
	}
	if w.view.NoDenies = w.unlocksBucket(); w.view.NoDenies {
		if len(w.resource.list) > 0 {
			t.rule("R-ROOT-5")
		}
		r.Deny = no
	}
	for _, a := range w.resource.list {
		a.program.Eval(&w.view, a.base, &r)
	}
	w.view.NoDenies = false
	out := resultOf(&r)
	levels := levelSet{
		direct:  r.Levels[engine.Direct],
		session: max(r.Levels[engine.SessionRole], r.Levels[engine.SessionUser]),
		account: r.Levels[engine.Account],
	}
	if w.foreignObject() { // R-SPC-10
		t.rule("R-SPC-10")
		out.allow, out.allowAt, levels = no, 0, levelSet{}
	}
	return out, levels
}

// unlocksBucket implements R-ROOT-5: no bucket policy keeps the root user of the bucket's account
// from reading, replacing and deleting it, only SCPs, RCPs and endpoint policies do (Amazon S3 API
// Reference, DeleteBucketPolicy).
func (w *world) unlocksBucket() bool {
	v := &w.view
	if v.Caller.Kind != policy.Root || v.Caller.Account != w.owner || v.NoResource || !isBucketPolicyAction(v.Service, v.Name) {
		return false
	}
	if strings.EqualFold(v.Service, "s3") {
		return w.bucket && !strings.Contains(v.Resource[5], "/")
	}
	return v.Resource[2] == "s3express" && strings.HasPrefix(v.Resource[5], "bucket/")
}

// isBucketPolicyAction: those of R-ROOT-5.
func isBucketPolicyAction(service, name string) bool {
	return (strings.EqualFold(service, "s3") || strings.EqualFold(service, "s3express")) &&
		(strings.EqualFold(name, "GetBucketPolicy") || strings.EqualFold(name, "PutBucketPolicy") || strings.EqualFold(name, "DeleteBucketPolicy"))
}

func (w *world) foreignObject() bool {
	v := &w.view
	return w.target != nil && w.target.owner != "" && w.target.owner != w.owner &&
		!v.NoResource && v.Resource[2] == "s3" && strings.Contains(v.Resource[5], "/")
}

// identityLayers evaluates what IAM principals have besides SCPs (R-LAY-2, R-LAY-3).
func (w *world) identityLayers(t *tracer) (identity, boundary, session result) {
	v := &w.view
	identity, boundary, session = result{}, absent, absent
	switch {
	case v.Caller.Kind == policy.Root:
		// R-ROOT-3: in other accounts too (IAM User Guide, “Cross account resource access in IAM”).
		t.rule("R-ROOT-1")
		identity = absent
	case !w.hasIdentity:
		return result{}, absent, absent
	default:
		if w.own != nil {
			identity = *w.own
		} else {
			identity = w.identity.eval(v)
		}
		switch v.Caller.HasBoundary {
		case yes:
			boundary = w.boundary.eval(v)
		case maybe:
			boundary = result{allow: maybe, deny: maybe}
		}
		if w.unknownCaller != "" {
			identity = result{allow: maybe, deny: maybe}
			boundary = identity
		}
	}
	// R-SES-3: a role session without a policy is not limited. R-ROOT-4: the task policy of a
	// root session is its session policy (IAM User Guide, “Session policies”, “Perform a
	// privileged task on an AWS Organizations member account”).
	switch {
	case w.session != nil && len(w.session.programs) > 0:
		var r engine.Result
		for i := range w.session.programs {
			a := &w.session.programs[i]
			a.program.Eval(v, a.base, &r)
		}
		session = resultOf(&r)
	case v.Caller.Kind == policy.FederatedUser && w.session == nil && w.env.custom == nil:
		session.allow = maybe // nobody said whether the session has a policy
	case v.Caller.Kind == policy.FederatedUser:
		t.rule("R-SES-2")
		session.allow = no
	}
	return identity, boundary, session
}

// endpointPolicies implements R-SPC-8 (Amazon VPC documentation, “Control access to VPC
// endpoints using endpoint policies”). It reports whether a Deny is certain.
func (w *world) endpointPolicies(d *verdict, t *tracer) bool {
	e := w.env
	if e.custom != nil {
		for _, ep := range e.services {
			if w.endpoint(ep, yes, d, t) {
				return true
			}
		}
		return false
	}
	if w.unknownEndpoint() != "" {
		d.denies(StageEndpointPolicy, result{deny: maybe})
		d.needs(StageEndpointPolicy, maybe)
		return false
	}
	for _, ep := range e.services {
		if passes := w.passes(ep); passes != no && w.endpoint(ep, passes, d, t) {
			return true
		}
	}
	return false
}

// unknownEndpoint is the endpoint that the request says it comes through and that the
// model does not list, or "".
func (w *world) unknownEndpoint() string {
	if w.env.custom != nil || w.view.Given.Len() == 0 {
		return ""
	}
	if val := w.view.Key(&sourceVPCE); val.State == engine.Known && len(val.Values) == 1 && w.env.endpoints[val.Values[0]] == nil {
		return val.Values[0]
	}
	return ""
}

func (w *world) passesService(ep *endpointEntry) bool {
	return ep.service == "" || strings.EqualFold(ep.service, w.view.Service)
}

// passes reports whether the request comes through the endpoint: aws:SourceVpce says so.
func (w *world) passes(ep *endpointEntry) engine.Tri {
	if !w.passesService(ep) {
		return no
	}
	return w.comesThrough(ep)
}

// comesThrough is passes for an action of the endpoint's service.
func (w *world) comesThrough(ep *endpointEntry) engine.Tri {
	val := w.view.Key(&sourceVPCE)
	switch {
	case val.State == engine.Unknown, val.State == engine.Present:
		return maybe
	case val.State == engine.Known && len(val.Values) == 1 && val.Values[0] == ep.id:
		return yes
	}
	return no
}

// endpoint adds the policy of an endpoint that the request passes for certain, or maybe.
func (w *world) endpoint(ep *endpointEntry, passes engine.Tri, d *verdict, t *tracer) bool {
	if len(ep.policy.list) == 0 && ep.policy.gap == "" {
		return false // the default policy allows everything
	}
	r := ep.policy.eval(&w.view)
	if passes == maybe {
		r.allow, r.deny = max(r.allow, maybe), min(r.deny, maybe)
	}
	t.rule("R-SPC-8")
	d.needs(StageEndpointPolicy, r.allow)
	return d.denies(StageEndpointPolicy, r)
}
