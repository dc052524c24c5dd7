package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An Environment is a compiled world in which requests are decided. It is immutable and
// safe for concurrent use.
type Environment struct {
	org      *org.Organization // nil for CompileLayers
	facts    *serviceref.Reference
	strict   bool
	derive   bool
	custom   *Layers // CompileLayers: the layers of every request
	refs     []*attachment
	size     uint32                     // number of statements
	programs []*engine.Program          // by number; there is no program 0
	mentions []uint64                   // their services
	merged   map[string]*engine.Program // by the numbers of the programs
	room     int                        // that is left for merged programs; see [engine.Program.Size]
	classes  int                        // number of classes of principals
	// While the environment is built.
	alike    *interner
	number   map[programKey]uint32 // of programs
	compiler *engine.Compiler

	accounts   map[string]*accountEntry
	principals map[string]*principalEntry // users and roles, by ARN
	roles      map[roleKey]*principalEntry
	resources  map[string]*resourceEntry // by ARN
	buckets    map[string]*resourceEntry // by ARN, for the objects in them
	hasObjects bool                      // some S3 object is listed by itself
	endpoints  map[string]*endpointEntry
	services   []*endpointEntry // those with a policy, by ID
	gaps       []gapPattern

	members func() []member     // principals of the organization, sorted
	actions func() *actionTable // for matrices
	sets    *sync.Map           // programs to what they say to actions; for matrices

	layers *principalEntry // CompileLayers
	target *resourceEntry  // CompileLayers
}

type programKey struct {
	kind    policy.Kind
	gateway bool
	source  string
}

type roleKey struct{ partition, account, name string }

type accountEntry struct {
	id, canonical string
	blockPublic   bool
	scps, rcps    []level
	keys          engine.Keys // what a principal of the account derives from it
	target        engine.Keys // what a resource of the account derives from it
	inOrg         bool
}

type level struct {
	layer
	node, name string
}

type principalEntry struct {
	*principalClass
	arn, name string
	id        string
	identity  layer
}

type resourceEntry struct {
	account     *accountEntry
	policy      layer // at most one document
	keys        engine.Keys
	objectKeys  engine.Keys  // of objects in a bucket; none for any other resource
	tags        engine.State // of tags that are not listed
	awsManaged  bool         // an AWS managed KMS key
	managerGap  string       // the gap that says that this is not known, or ""
	blockPublic bool
	owner       string // S3 object owner, if not the bucket's
	linked      bool   // a service-linked role
}

type endpointEntry struct {
	id, vpc, service string
	policy           layer
}

type gapPattern struct {
	glob glob.Pattern
	gap  org.Gap
}

// An Option says how [Compile] and [CompileLayers] treat what is not known.
type Option interface{ apply(*Environment) }

type option func(*Environment)

func (o option) apply(e *Environment) { o(e) }

// WithStrictKeys takes every condition key that is neither given nor derived to be absent
// from the request, as AWS's own policy simulator does. Without it such a key is unknown
// where AWS could send it, and a decision that depends on it is [Indeterminate].
func WithStrictKeys() Option { return option(func(e *Environment) { e.strict = true }) }

// Compile makes the environment of an organization. Each distinct document is compiled
// once, however often it is attached. The error says which document could not be in force
// where it is attached; an [org.Organization] has been checked for that already.
func Compile(o *org.Organization, opts ...Option) (*Environment, error) {
	e := newEnvironment(opts)
	e.derive = true
	e.build(o)
	return e, nil
}

func newEnvironment(opts []Option) *Environment {
	e := &Environment{
		facts: serviceref.Embedded(), sets: &sync.Map{}, room: roomForMerged,
		programs: make([]*engine.Program, 1), mentions: make([]uint64, 1), number: map[programKey]uint32{}, merged: map[string]*engine.Program{},
		compiler: engine.NewCompiler(),
	}
	for _, o := range opts {
		o.apply(e)
	}
	return e
}

// Reference is what is known of AWS's services in the environment: [serviceref.Embedded], or what
// [WithReference] says.
func (e *Environment) Reference() *serviceref.Reference { return e.facts }

// Organization is the world that was compiled; nil for [CompileLayers].
func (e *Environment) Organization() *org.Organization { return e.org }

// Apply returns the environment after the changes; e stays as it is. Documents that did
// not change are not compiled again. The error is that of [org.Organization.Apply].
func (e *Environment) Apply(changes ...org.Change) (*Environment, error) {
	if e.org == nil {
		return nil, fmt.Errorf("simulate: an environment of bare layers has no organization to change")
	}
	o, err := e.org.Apply(changes...)
	if err != nil {
		return nil, err
	}
	return e.with(o), nil
}

// with compiles another organization in the same way, but nothing twice.
func (e *Environment) with(o *org.Organization) *Environment {
	out := &Environment{
		facts: e.facts, strict: e.strict, derive: e.derive, room: e.room, sets: e.sets,
		programs: slices.Clip(e.programs), mentions: slices.Clip(e.mentions), number: e.numbers(), merged: maps.Clone(e.merged),
		compiler: engine.NewCompiler(),
	}
	out.build(o)
	return out
}

// compile returns the number of the document's program.
func (e *Environment) compile(d *policy.Document, k policy.Kind, o engine.Options) uint32 {
	key := programKey{k, o.Gateway, d.String()}
	n, ok := e.number[key]
	if !ok {
		n = uint32(len(e.programs))
		p := e.compiler.Compile(d, k, o)
		e.programs, e.mentions = append(e.programs, p), append(e.mentions, p.Services())
		e.number[key] = n
	}
	return n
}

// numbers are the numbers of the programs by what they were made of.
func (e *Environment) numbers() map[programKey]uint32 {
	out := make(map[programKey]uint32, len(e.programs))
	for _, a := range e.refs {
		out[programKey{a.kind, a.gateway, a.document.String()}] = a.id
	}
	return out
}

// attach numbers the statements of a document at one place.
func (e *Environment) attach(ref PolicyRef, o engine.Options) *attachment {
	a := &attachment{base: e.size, document: ref.Document, name: ref.Name, of: ref.ID, kind: ref.Kind, gateway: o.Gateway}
	if ref.Holder != "" {
		a.of, a.inline = ref.Holder, true
	}
	if ref.Node != "" {
		a.node = &[2]string{ref.Node, ref.NodeName}
	}
	if ref.Document != nil {
		a.id = e.compile(ref.Document, ref.Kind, o)
		a.program = e.programs[a.id]
		e.size += uint32(a.program.Len())
		e.refs = append(e.refs, a)
	}
	return a
}

// Statement returns the statement that decided. There is none when nothing matched, and
// for session policies it is known only to [Environment.Explain].
func (e *Environment) Statement(d Decision) (StatementRef, bool) {
	if d.statement == 0 || d.Stage == StageSessionPolicy {
		return StatementRef{}, false
	}
	n := d.statement - 1
	i, ok := slices.BinarySearchFunc(e.refs, n, func(a *attachment, n uint32) int {
		switch {
		case a.base+uint32(a.program.Len()) <= n:
			return -1
		case a.base > n:
			return 1
		}
		return 0
	})
	if !ok {
		return StatementRef{}, false
	}
	return e.refs[i].statement(int(n - e.refs[i].base)), true
}

func (a *attachment) statement(i int) StatementRef {
	return StatementRef{Policy: a.ref(), Index: i, SID: a.program.SID(i)}
}

// build indexes an organization.
func (e *Environment) build(o *org.Organization) {
	e.org = o
	e.alike = newInterner()
	e.members = sync.OnceValue(e.listMembers)
	e.actions = sync.OnceValue(e.newActionTable)
	e.accounts = map[string]*accountEntry{}
	e.principals = map[string]*principalEntry{}
	e.roles = map[roleKey]*principalEntry{}
	e.resources = map[string]*resourceEntry{}
	e.buckets = map[string]*resourceEntry{}
	e.endpoints = map[string]*endpointEntry{}
	for g := range o.Gaps() {
		e.gaps = append(e.gaps, gapPattern{glob.Compile(g.Subject, glob.Wildcards), g})
	}
	managed := map[policy.ARN]*attachment{}
	control := map[string]*attachment{}
	var accounts []org.Account
	for a := range o.Accounts() {
		accounts = append(accounts, a)
		for _, p := range a.Policies {
			if _, ok := managed[p.ARN]; !ok {
				managed[p.ARN] = e.attach(PolicyRef{Kind: policy.IdentityBased, Name: lastSegment(p.ARN.Resource()), ID: p.ARN.String(), Document: p.Document}, engine.Options{})
			}
		}
	}
	for p := range o.EmbeddedPolicies() {
		managed[p.ARN] = e.attach(PolicyRef{Kind: policy.IdentityBased, Name: lastSegment(p.ARN.Resource()), ID: p.ARN.String(), Document: p.Document}, engine.Options{})
	}
	for i := range accounts {
		e.addAccount(&accounts[i], managed, control)
	}
	slices.SortFunc(e.services, func(a, b *endpointEntry) int { return strings.Compare(a.id, b.id) })
	e.classes, e.alike, e.compiler, e.number, e.refs = len(e.alike.classes), nil, nil, nil, slices.Clone(e.refs)
}

func (e *Environment) addAccount(a *org.Account, managed map[policy.ARN]*attachment, control map[string]*attachment) {
	acct := &accountEntry{
		id: shared(a.ID), canonical: a.CanonicalID, blockPublic: a.BlockPublicAccess,
	}
	e.accounts[a.ID] = acct
	path := e.org.Path(a.ID)
	acct.inOrg = len(path) > 0 && e.org.ID() != ""
	orgPath := ""
	keys := engine.Keys{}
	if acct.inOrg {
		orgPath = e.org.ID() + "/" + strings.Join(path[:len(path)-1], "/") + "/"
		keys = keys.With("aws:PrincipalOrgID", e.org.ID()).With("aws:PrincipalOrgPaths", orgPath).WithMultivalued("aws:PrincipalOrgPaths")
	}
	acct.keys, acct.target = keys, targetKeys(acct, e.org.ID(), orgPath)
	acct.scps = e.levels(path, policy.ServiceControl, control)
	acct.rcps = e.levels(path, policy.ResourceControl, control)
	for i := range a.Users {
		e.addUser(acct, a, &a.Users[i], managed)
	}
	for i := range a.Roles {
		e.addRole(acct, &a.Roles[i], managed)
	}
	for i := range a.Resources {
		e.addResource(acct, &a.Resources[i])
	}
	for _, ep := range a.Endpoints {
		entry := &endpointEntry{id: ep.ID, vpc: ep.VPC, service: ep.Service}
		entry.policy.gap = e.gap(ep.ID, org.GapResourcePolicy)
		if ep.Policy != nil {
			ref := PolicyRef{Kind: policy.VPCEndpoint, Name: ep.ID, ID: ep.ID, Document: ep.Policy}
			entry.policy.list = []*attachment{e.attach(ref, engine.Options{Gateway: ep.Gateway})}
		}
		e.endpoints[ep.ID] = entry
		if ep.Policy != nil || entry.policy.gap != "" {
			e.services = append(e.services, entry)
		}
	}
}

func targetKeys(acct *accountEntry, orgID, orgPath string) engine.Keys {
	keys := engine.Keys{}.With("aws:ResourceAccount", acct.id)
	if acct.inOrg {
		keys = keys.With("aws:ResourceOrgID", orgID).With("aws:ResourceOrgPaths", orgPath).WithMultivalued("aws:ResourceOrgPaths")
	}
	return keys
}

// levels collects the control policies of kind k from the root to the account. The result
// is nil where the layer does not apply: no organization, or the type is not enabled.
func (e *Environment) levels(path []string, k policy.Kind, control map[string]*attachment) []level {
	if len(path) == 0 || !e.org.PolicyTypeEnabled(k) {
		return nil
	}
	out := make([]level, len(path))
	at := map[string]int{}
	for i, node := range path {
		out[i] = level{node: node, name: e.org.NodeName(node)}
		out[i].gap = e.gap(node, org.GapControlPolicies)
		at[node] = i
	}
	for node, p := range e.org.Inherited(path[len(path)-1], k) {
		l := &out[at[node]]
		key := node + " " + p.ID
		a, ok := control[key]
		if !ok {
			a = e.attach(PolicyRef{Kind: k, Name: p.Name, ID: p.ID, Node: node, NodeName: l.name, Document: p.Document}, engine.Options{})
			control[key] = a
		}
		l.list = append(l.list, a)
		if gap := e.gap(p.ID, org.GapDocument); gap != "" {
			l.missing(gap)
		} else if p.Document == nil {
			l.missing(p.ID)
		}
	}
	for i := range out {
		e.merge(&out[i].layer)
	}
	return out
}

func (e *Environment) addUser(acct *accountEntry, a *org.Account, u *org.User, managed map[policy.ARN]*attachment) {
	p := acct.principal(u.ARN, u.ID)
	e.fill(p, u.ARN, u.Attached, u.Inline, u.Boundary, u.Tags, managed)
	p.principalClass = e.alike.class(p.principalClass)
	// R-PRI-13: a group is no principal; its policies are its members' (IAM User Guide, “IAM
	// JSON policy elements: Principal”).
	for _, name := range u.Groups {
		i := slices.IndexFunc(a.Groups, func(g org.Group) bool { return lastSegment(g.ARN.Resource()) == name })
		if i < 0 {
			group := strings.Replace(u.ARN.String(), ":user/", ":group/", 1)
			group = group[:strings.Index(group, ":group/")+len(":group/")] + name
			p.identity.missing(cmp.Or(e.gap(group, org.GapIdentityPolicies), group))
			continue
		}
		g := &a.Groups[i]
		e.addPolicies(&p.identity, g.ARN, g.Attached, g.Inline, managed)
		if gap := e.gap(g.ARN.String(), org.GapIdentityPolicies); gap != "" {
			p.identity.missing(gap)
		}
	}
	e.merge(&p.identity)
	e.principals[u.ARN.String()] = p
	e.resources[u.ARN.String()] = e.alike.user(acct, e.alike.withTags(acct.target, "aws:ResourceTag/", u.Tags), p.tagGap != "")
}

func (e *Environment) addRole(acct *accountEntry, r *org.Role, managed map[policy.ARN]*attachment) {
	p := acct.principal(r.ARN, r.ID)
	path := r.ARN.Resource()
	p.linked = isServiceLinked(path)
	unknownTrust := e.firstGap(org.GapResourcePolicy, r.ARN.String(), acct.id) != ""
	reserved := strings.HasPrefix(path, "role/aws-reserved/sso.amazonaws.com/")
	p.federated = reserved || !unknownTrust && onlyFederated(r.Trust)
	// R-STS-4: without sts:TagSession in the trust policy no session has tags. IAM Identity
	// Center keeps the trust policies of its roles, and its sessions have the attributes of people.
	p.tagSession = reserved || r.Trust == nil || unknownTrust || e.programs[e.compile(r.Trust, policy.RoleTrust, engine.Options{})].NamesAction("sts:TagSession")
	e.fill(p, r.ARN, r.Attached, r.Inline, r.Boundary, r.Tags, managed)
	p.principalClass = e.alike.class(p.principalClass)
	e.merge(&p.identity)
	e.principals[r.ARN.String()] = p
	e.roles[roleKey{r.ARN.Partition(), acct.id, lastSegment(path)}] = p

	entry := &resourceEntry{account: acct, linked: p.linked, keys: e.alike.withTags(acct.target, "aws:ResourceTag/", r.Tags)}
	if p.tagGap != "" {
		entry.tags = engine.Unknown
	}
	entry.policy.gap = e.firstGap(org.GapResourcePolicy, r.ARN.String(), acct.id)
	if r.Trust != nil {
		ref := PolicyRef{Kind: policy.RoleTrust, Name: r.ARN.String(), ID: r.ARN.String(), Document: r.Trust}
		entry.policy.list = []*attachment{e.attach(ref, engine.Options{})}
	}
	e.resources[r.ARN.String()] = entry
}

func (e *Environment) addResource(acct *accountEntry, r *org.Resource) {
	entry := &resourceEntry{account: acct, blockPublic: r.BlockPublicAccess || acct.blockPublic, owner: r.Owner, awsManaged: r.AWSManaged}
	if r.ARN.Service() == "kms" {
		entry.managerGap = e.firstGap(org.GapKeyManager, r.ARN.String(), acct.id)
	}
	entry.objectKeys = acct.target
	bucket, object := bucketOf(r.ARN)
	e.hasObjects = e.hasObjects || object
	if bucket && !object {
		e.buckets[r.ARN.String()] = entry
	}
	// R-SPC-5: tags of general purpose buckets are in the context only with ABAC.
	if !bucket || r.ABAC {
		if bucket {
			entry.objectKeys = e.alike.withTags(acct.target, "s3:BucketTag/", r.Tags)
		}
		entry.keys = e.alike.withTags(entry.objectKeys, "aws:ResourceTag/", r.Tags)
		if e.firstGap(org.GapTags, r.ARN.String(), acct.id) != "" {
			entry.tags = engine.Unknown
		}
	} else {
		entry.keys = entry.objectKeys
		if e.firstGap(org.GapTags, r.ARN.String(), acct.id) != "" {
			entry.tags = engine.Unknown // ABAC may be on
		}
	}
	entry.policy.gap = e.firstGap(org.GapResourcePolicy, r.ARN.String(), acct.id)
	if r.Policy != nil {
		ref := PolicyRef{Kind: policy.ResourceBased, Name: r.ARN.String(), ID: r.ARN.String(), Document: r.Policy}
		entry.policy.list = []*attachment{e.attach(ref, engine.Options{})}
	}
	e.resources[r.ARN.String()] = entry
}

// fill sets what users and roles have in common.
func (e *Environment) fill(p *principalEntry, arn policy.ARN, attached []policy.ARN, inline []org.InlinePolicy, boundary policy.ARN, tags map[string]string, managed map[policy.ARN]*attachment) {
	text := arn.String()
	p.identity.gap = e.firstGap(org.GapIdentityPolicies, text, p.account.id)
	e.addPolicies(&p.identity, arn, attached, inline, managed)
	gap := e.firstGap(org.GapBoundary, text, p.account.id)
	p.boundary = &noLayer
	switch {
	case gap != "": // whatever the model still holds of it
		p.hasBoundary = engine.Maybe
		p.boundary = &layer{gap: gap}
	case boundary.IsValid():
		p.hasBoundary = engine.Yes
		p.boundary = e.boundaryOf(boundary, managed)
	}
	p.tagGap = e.firstGap(org.GapTags, text, p.account.id)
	p.keys = e.alike.withTags(p.account.keys, "aws:PrincipalTag/", tags)
}

func (e *Environment) addPolicies(l *layer, holder policy.ARN, attached []policy.ARN, inline []org.InlinePolicy, managed map[policy.ARN]*attachment) {
	for _, arn := range attached {
		gap := e.gap(arn.String(), org.GapDocument)
		if gap != "" {
			l.missing(gap) // whatever the model still holds of it
		}
		a, ok := managed[arn]
		if !ok || a.document == nil {
			l.missing(arn.String())
			continue
		}
		l.list = append(l.list, a)
	}
	for _, p := range inline {
		ref := PolicyRef{Kind: policy.IdentityBased, Name: p.Name, Holder: holder.String(), Document: p.Document}
		l.list = append(l.list, e.attach(ref, engine.Options{}))
	}
}

// boundaryOf is the layer of a managed policy as a permissions boundary.
func (e *Environment) boundaryOf(arn policy.ARN, managed map[policy.ARN]*attachment) *layer {
	l, ok := e.alike.boundaries[arn]
	if ok {
		return l
	}
	l = &layer{}
	e.alike.boundaries[arn] = l
	if gap := e.gap(arn.String(), org.GapDocument); gap != "" {
		l.missing(gap)
	}
	if a, ok := managed[arn]; ok && a.document != nil {
		ref := a.ref()
		ref.Kind = policy.PermissionsBoundary
		l.list = []*attachment{e.attach(ref, engine.Options{})}
	} else {
		l.missing(arn.String())
	}
	return l
}

// gap returns the subject of a gap that is about what of the subject, or "".
func (e *Environment) gap(subject, what string) string {
	for i := range e.gaps {
		g := &e.gaps[i]
		if !g.glob.Match(subject, nil) {
			continue
		}
		switch g.gap.What {
		case what:
			return g.gap.Subject
		case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapResourcePolicy, org.GapControlPolicies, org.GapTags, org.GapKeyManager, org.GapUnlisted:
		default: // everything, and whatever else an adapter calls it
			return g.gap.Subject
		}
	}
	return ""
}

func (e *Environment) firstGap(what string, subjects ...string) string {
	for _, s := range subjects {
		if g := e.gap(s, what); g != "" {
			return g
		}
	}
	return ""
}

func isServiceLinked(resource string) bool {
	return strings.HasPrefix(resource, "role/aws-service-role/")
}

// onlyFederated reports whether a trust policy lets in nobody but federated people, whose
// sessions never carry MFA keys.
func onlyFederated(d *policy.Document) bool {
	if d == nil {
		return false
	}
	for _, s := range d.Statements() {
		if s.Effect != policy.Allow {
			continue
		}
		if s.Principal.IsZero() {
			return false
		}
		for t := range s.Principal.All() {
			if t != policy.FederatedPrincipal {
				return false
			}
		}
	}
	return true
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
