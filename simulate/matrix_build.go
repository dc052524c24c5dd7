package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A bitset has a bit for each action of a universe.
type bitset []uint64

func (b bitset) add(first, end int) {
	for i := first; i < end; {
		n := min(end, i|63+1) - i
		b[i/64] |= (^uint64(0) >> (64 - n)) << (i % 64)
		i += n
	}
}

// A triset says for each action Yes, Maybe or No: may holds what yes holds, and the Maybes.
type triset struct{ yes, may bitset }

func newTriset(words int) triset { return triset{make(bitset, words), make(bitset, words)} }

func (t triset) set(o triset) { copy(t.yes, o.yes); copy(t.may, o.may) }

func (t triset) clone() triset { return triset{slices.Clone(t.yes), slices.Clone(t.may)} }

func (t triset) clear() { clear(t.yes); clear(t.may) }

// or adds what has the value to some actions, or all for nil.
func (t triset) or(bits bitset, value engine.Tri) {
	if value == no {
		return
	}
	for i, w := range bits {
		t.may[i] |= w
	}
	if value == yes {
		for i, w := range bits {
			t.yes[i] |= w
		}
	}
}

// A sparse is a triset of few actions: the words that hold any.
type sparse []sparseWord

type sparseWord struct {
	at       int
	yes, may uint64
}

func (t triset) sparse() sparse {
	var out sparse
	for i, w := range t.may {
		if w != 0 {
			out = append(out, sparseWord{i, t.yes[i], w})
		}
	}
	return out
}

func (t triset) orSet(o sparse) {
	for _, w := range o {
		t.yes[w.at] |= w.yes
		t.may[w.at] |= w.may
	}
}

// A programSets is what one program does to the actions of the universe.
type programSets struct {
	program *engine.Program
	// What statements without conditions give, for a request that names no resource ([0])
	// and for any resource ([1]).
	allow, deny [2]sparse
	open        []openStatement
}

// An openStatement is one whose value depends on who asks.
type openStatement struct {
	index int
	deny  bool
	bits  sparse // may: the actions
}

// matrixBuilder fills the rows of a matrix by algebra on sets of actions, so that a
// statement is looked at once for each principal and not once for each action.
type matrixBuilder struct {
	env      *Environment
	keys     Keys
	anyKeys  Keys // of a request whose resource may be anywhere
	universe *universe
	words    int
	all      bitset
	bits     bitset // of the statement at hand
	rcp      bitset // actions of services that RCPs reach
	special  []int  // actions with rules of their own, which Can decides
	classes  []actionClass
	programs map[*engine.Program]*programSets
	worlds   [2][]world // of the principal at hand, one for each class, without a resource and for any
	controls map[string]*controlState
	key      []byte

	rows     map[policy.Principal]row
	interned map[chunk]uint32
	chunks   []chunk

	// The decision at hand.
	deny, allow            triset
	layerDeny, layerAllow  triset
	docDeny, docAllow      triset
	identity, boundary     triset
	stage                  [4]bitset
	somewhere              bitset
	fixed                  [2]engine.View
	cells                  [planes]bitset
	empty, full, uncertain triset
}

// An actionClass is actions for which the conditions of a statement come out alike.
type actionClass struct {
	sample    policy.Action
	oneRegion bool // no resource of the service has another region than the service
	bits      bitset
}

func newMatrixBuilder(e *Environment, keys Keys) *matrixBuilder {
	u := embeddedUniverse()
	b := &matrixBuilder{
		env: e, keys: keys, anyKeys: keys.orUnknown("aws:RequestedRegion"), universe: u, words: (len(u.actions) + chunkActions - 1) / chunkActions * chunkWords,
		programs: map[*engine.Program]*programSets{}, rows: map[policy.Principal]row{}, interned: map[chunk]uint32{},
		controls: map[string]*controlState{},
	}
	b.all, b.bits = make(bitset, b.words), make(bitset, b.words)
	b.all.add(0, len(u.actions))
	b.fixed[0].NoResource, b.fixed[1].AnyResource = true, true
	for _, t := range []*triset{&b.deny, &b.allow, &b.layerDeny, &b.layerAllow, &b.docDeny, &b.docAllow, &b.identity, &b.boundary, &b.empty, &b.full, &b.uncertain} {
		*t = newTriset(b.words)
	}
	b.full.or(b.all, yes)
	b.uncertain.or(b.all, maybe)
	for i := range b.stage {
		b.stage[i] = make(bitset, b.words)
	}
	for i := range b.cells {
		b.cells[i] = make(bitset, b.words)
	}
	b.somewhere = make(bitset, b.words)
	b.classify()
	b.worlds = [2][]world{make([]world, len(b.classes)), make([]world, len(b.classes))}
	return b
}

// classify puts actions with the same service rules together: a condition of a statement
// may come out differently for actions that AWS sends other keys with.
func (b *matrixBuilder) classify() {
	facts := serviceref.Embedded()
	b.rcp = make(bitset, b.words)
	at := map[string]int{}
	for _, s := range b.universe.services {
		if facts.SupportsRCP(s.prefix) {
			b.rcp.add(s.first, s.end)
		}
		region, global := facts.GlobalRegion(s.prefix)
		oneRegion := global && !slices.ContainsFunc(slices.Collect(facts.ResourceTypes(s.prefix)), hasRegion)
		own := ownRulesOf(s.prefix)
		apart := own != 0
		for _, ep := range b.env.endpoints { // which VPC a request comes from depends on the endpoint's service
			apart = apart || strings.EqualFold(ep.service, s.prefix)
		}
		for i := s.first; i < s.end; i++ {
			action := b.universe.actions[i]
			if _, collection := facts.Collection(action); collection || own == stsService || action == "kms:RetireGrant" {
				b.special = append(b.special, i)
			}
			if action == "kms:RetireGrant" { // R-RCP-3: exempt
				b.rcp[i/64] &^= 1 << (i % 64)
			}
			key := fmt.Sprint(region, oneRegion, own, facts.MayLackResourceAccount(action))
			if apart {
				key += s.prefix
			}
			k, ok := at[key]
			if !ok {
				k = len(b.classes)
				at[key] = k
				b.classes = append(b.classes, actionClass{action, oneRegion, make(bitset, b.words)})
			}
			b.classes[k].bits.add(i, i+1)
		}
	}
}

func hasRegion(t serviceref.ResourceInfo) bool {
	for format := range t.ARNFormats() {
		if parts := strings.SplitN(format, ":", 6); len(parts) < 6 || parts[3] != "" {
			return true
		}
	}
	return false
}

// sets is what the program does to all actions.
func (b *matrixBuilder) sets(a *attachment) *programSets {
	if s := b.programs[a.program]; s != nil {
		return s
	}
	s := &programSets{program: a.program}
	for k := range 2 {
		b.docAllow.clear()
		b.docDeny.clear()
		for i, statement := range a.ref.Document.Statements() {
			deny := statement.Effect == policy.Deny
			switch to := b.docAllow; {
			case !a.program.Fixed(i):
				if k == 0 {
					bits := triset{b.bits, b.bits}
					b.actions(statement)
					s.open = append(s.open, openStatement{i, deny, bits.sparse()})
				}
			default:
				if deny {
					to = b.docDeny
				}
				b.actions(statement)
				to.or(b.bits, a.program.Holds(i, &b.fixed[k]))
			}
		}
		s.allow[k], s.deny[k] = b.docAllow.sparse(), b.docDeny.sparse()
	}
	b.programs[a.program] = s
	return s
}

// actions sets bits to what a statement is about (R-ACT-1 to R-ACT-7).
func (b *matrixBuilder) actions(s policy.Statement) {
	list, not := s.Action, false
	if !s.NotAction.IsZero() {
		list, not = s.NotAction, true
	}
	out := b.bits
	clear(out)
	for text := range list.All() {
		prefix, name, ok := strings.Cut(text, ":")
		switch {
		case text == "*:*" || text != "" && strings.Trim(text, "*") == "":
			copy(out, b.all)
		case ok:
			r, _ := b.universe.service(prefix)
			switch {
			case name == "*":
				out.add(r.first, r.end)
			case !strings.ContainsAny(name, "*?"):
				if i, known := b.universe.index(policy.Action(text)); known {
					out.add(i, i+1)
				}
			default:
				pattern := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
				for i := r.first; i < r.end; i++ {
					if pattern.Match(b.universe.actions[i].Name(), nil) {
						out.add(i, i+1)
					}
				}
			}
		}
	}
	if not {
		for i := range out {
			out[i] = b.all[i] &^ out[i]
		}
	}
}

// layer evaluates a layer into layerAllow and layerDeny.
func (b *matrixBuilder) layer(l *layer, k int) {
	b.layerAllow.clear()
	b.layerDeny.clear()
	for _, a := range l.list {
		if a.program == nil {
			continue
		}
		s := b.sets(a)
		b.layerAllow.orSet(s.allow[k])
		b.layerDeny.orSet(s.deny[k])
		for i := range s.open {
			b.open(s, &s.open[i], k)
		}
	}
	if l.gap != "" {
		b.layerAllow.or(b.all, maybe)
		b.layerDeny.or(b.all, maybe)
	}
}

// open adds a statement with conditions, class by class.
func (b *matrixBuilder) open(s *programSets, o *openStatement, k int) {
	to := b.layerAllow
	if o.deny {
		to = b.layerDeny
	}
	for c := range b.classes {
		value := b.value(s, o, c, k)
		if value == no {
			continue
		}
		bits := b.classes[c].bits
		for _, word := range o.bits {
			if w := word.may & bits[word.at]; w != 0 {
				to.may[word.at] |= w
				if value == yes {
					to.yes[word.at] |= w
				}
			}
		}
	}
}

// value is what a statement gives to the actions of a class.
func (b *matrixBuilder) value(s *programSets, o *openStatement, class, k int) engine.Tri {
	return s.program.Holds(o.index, &b.worlds[k][class].view)
}

// denies and needs are those of a verdict, for all actions at once.
func (b *matrixBuilder) denies(s Stage, t triset, mask bitset) {
	for i := range b.deny.may {
		yes, may := t.yes[i]&mask[i], t.may[i]&mask[i]
		more := yes&^b.deny.yes[i] | may&^b.deny.may[i]
		b.deny.yes[i] |= yes
		b.deny.may[i] |= may
		b.setStage(i, more, s)
	}
}

func (b *matrixBuilder) needs(s Stage, t triset) {
	for i := range b.allow.may {
		b.lower(i, t.yes[i], t.may[i], ^uint64(0), s)
	}
}

// lower restricts what is allowed to what one word of a layer allows, of the actions in
// mask, and notes the stage where no Deny has had its say.
func (b *matrixBuilder) lower(i int, yes, may, mask uint64, s Stage) {
	less := (b.allow.yes[i]&^yes | b.allow.may[i]&^may) & mask
	b.allow.yes[i] &= yes | ^mask
	b.allow.may[i] &= may | ^mask
	b.setStage(i, less&^b.deny.may[i], s)
}

func (b *matrixBuilder) setStage(i int, bits uint64, s Stage) {
	if bits == 0 {
		return
	}
	for k := range b.stage {
		b.stage[k][i] &^= bits
		if s>>k&1 == 1 {
			b.stage[k][i] |= bits
		}
	}
}

// add fills the row of one principal.
func (b *matrixBuilder) add(p policy.Principal) error {
	if _, ok := b.rows[p]; ok {
		return nil
	}
	for i := range b.classes {
		r := Request{Principal: p, Action: b.classes[i].sample, Keys: b.keys}
		b.worlds[0][i] = world{}
		b.worlds[0][i].resolve(b.env, &r)
		if !b.classes[i].oneRegion {
			r.Keys = b.anyKeys
		}
		b.worlds[1][i] = world{}
		b.worlds[1][i].resolve(b.env, &r)
		v := &b.worlds[1][i].view
		v.NoResource, v.AnyResource, v.ResourceTags = false, true, engine.Unknown
		v.Resource[1] = p.ARN().Partition()
	}
	w := &b.worlds[0][0]
	if w.unknownCaller != "" || w.account == nil || p.Kind() != policy.User && p.Kind() != policy.Role && p.Kind() != policy.Root {
		return fmt.Errorf("simulate: a matrix has users, roles and root users of the organization, and %s is none", p)
	}
	b.decide(w, 1)
	for i := range b.somewhere {
		b.somewhere[i] = b.allow.may[i] &^ b.deny.yes[i]
	}
	b.decide(w, 0)
	b.store(p)
	return nil
}

// decide is world.decide for all actions at once: of a request that names no resource
// (k is 0), or any resource (1).
func (b *matrixBuilder) decide(w *world, k int) {
	b.control(w, k)
	b.own(w, k)
	b.endpoints(w, k)
	b.grant()
}

// A controlState is what SCPs and RCPs leave.
type controlState struct {
	deny, allow triset
	stage       [4]bitset
}

// control starts the decision with SCPs and RCPs. They say the same to all principals of an
// account for whom their conditions come out alike.
func (b *matrixBuilder) control(w *world, k int) {
	linked := w.serviceLinked()
	scps, rcps := w.scps, w.rcps
	if w.isManagement(w.view.Caller.Account) || linked {
		scps = nil
	}
	if w.isManagement(w.owner) || linked {
		rcps = nil
	}
	b.key = fmt.Appendf(b.key[:0], "%s %d %t ", w.account.id, k, linked)
	b.conditions(scps, k)
	b.conditions(rcps, k)
	c, ok := b.controls[string(b.key)]
	if !ok {
		b.start()
		for i := range scps {
			b.layer(&scps[i].layer, k)
			b.denies(StageServiceControl, b.layerDeny, b.all)
			b.needs(StageServiceControl, b.layerAllow)
		}
		for i := range rcps {
			b.layer(&rcps[i].layer, k)
			b.denies(StageResourceControl, b.layerDeny, b.rcp)
		}
		c = &controlState{deny: b.deny.clone(), allow: b.allow.clone()}
		for i := range b.stage {
			c.stage[i] = slices.Clone(b.stage[i])
		}
		b.controls[string(b.key)] = c
		return
	}
	b.deny.set(c.deny)
	b.allow.set(c.allow)
	for i := range b.stage {
		copy(b.stage[i], c.stage[i])
	}
}

// start is the decision before any policy.
func (b *matrixBuilder) start() {
	b.deny.clear()
	b.allow.set(b.full)
	for i := range b.stage {
		clear(b.stage[i])
	}
}

// conditions adds to the key how the statements with conditions come out.
func (b *matrixBuilder) conditions(levels []level, k int) {
	for i := range levels {
		for _, a := range levels[i].list {
			if a.program == nil {
				continue
			}
			s := b.sets(a)
			for j := range s.open {
				for c := range b.classes {
					b.key = append(b.key, byte('0'+b.value(s, &s.open[j], c, k)))
				}
			}
		}
	}
}

// own evaluates identity policies and boundary, and adds their Deny.
func (b *matrixBuilder) own(w *world, k int) {
	b.boundary.set(b.full)
	if w.view.Caller.Kind == policy.Root {
		b.identity.set(b.full)
		return
	}
	b.layer(w.identity, k)
	b.identity.set(b.layerAllow)
	b.denies(StageIdentityPolicy, b.layerDeny, b.all)
	switch w.view.Caller.HasBoundary {
	case yes:
		b.layer(w.boundary, k)
		b.boundary.set(b.layerAllow)
		b.denies(StageBoundary, b.layerDeny, b.all)
	case maybe:
		b.boundary.set(b.uncertain)
		b.denies(StageBoundary, b.uncertain, b.all)
	}
}

func (b *matrixBuilder) endpoints(w *world, k int) {
	if w.unknownEndpoint() != "" {
		b.denies(StageEndpointPolicy, b.uncertain, b.all)
		b.needs(StageEndpointPolicy, b.uncertain)
		return
	}
	for _, ep := range b.env.services {
		if len(ep.policy.list) == 0 && ep.policy.gap == "" {
			continue
		}
		passes := w.comesThrough(ep)
		if passes == no {
			continue
		}
		b.layer(&ep.policy, k)
		mask := b.all
		if ep.service != "" {
			mask = make(bitset, b.words)
			if r, ok := b.universe.service(ep.service); ok {
				mask.add(r.first, r.end)
			}
		}
		if passes == maybe {
			b.layerAllow.or(b.all, maybe)
			clear(b.layerDeny.yes)
		}
		for i := range mask {
			b.lower(i, b.layerAllow.yes[i], b.layerAllow.may[i], mask[i], StageEndpointPolicy)
		}
		b.denies(StageEndpointPolicy, b.layerDeny, mask)
	}
}

// grant is the grant test for a resource of the caller's own account without a policy.
func (b *matrixBuilder) grant() {
	id, bo := b.identity, b.boundary
	for i := range b.all {
		yes, may := id.yes[i]&bo.yes[i], id.may[i]&bo.may[i]
		sameIdentity := ^((id.yes[i] ^ yes) | (id.may[i] ^ may))
		less := (b.allow.yes[i]&^yes | b.allow.may[i]&^may) &^ b.deny.may[i]
		b.allow.yes[i] &= yes
		b.allow.may[i] &= may
		b.setStage(i, less&sameIdentity, StageIdentityPolicy)
		b.setStage(i, less&^sameIdentity, StageBoundary)
		b.setStage(i, b.allow.yes[i]&^b.deny.may[i], StageIdentityPolicy)
	}
}

// store turns the decision into the row of the principal.
func (b *matrixBuilder) store(p policy.Principal) {
	c := &b.cells
	for i := range b.all {
		c[planeAllowed][i] = b.allow.yes[i] &^ b.deny.may[i]
		c[planeDenied][i] = b.deny.yes[i]
		c[planePossible][i] = b.allow.may[i] &^ b.deny.yes[i] &^ c[planeAllowed][i]
		c[planeOpen][i] = (b.deny.may[i] | b.allow.may[i]) &^ b.deny.yes[i] &^ c[planeAllowed][i]
		c[planeSomewhere][i] = b.somewhere[i]
		for k := range b.stage {
			c[planeStage+k][i] = b.stage[k][i] & b.all[i]
		}
	}
	r := make(row, b.words/chunkWords)
	for k := range r {
		var one chunk
		for plane := range c {
			copy(one[plane][:], c[plane][k*chunkWords:])
		}
		for _, i := range b.special {
			if i/chunkActions == k {
				one.set(i%chunkActions, b.specialCell(p, i))
			}
		}
		r[k] = b.intern(&one)
	}
	b.rows[p] = r
}

// specialCell asks Can for an action with rules of its own.
func (b *matrixBuilder) specialCell(p policy.Principal, i int) Cell {
	d := b.env.Can(Request{Principal: p, Action: b.universe.actions[i], Keys: b.keys})
	return Cell{
		Outcome: d.Outcome, Stage: d.Stage, Possible: d.Outcome == Indeterminate && d.CanBe(Allowed),
		Somewhere: d.CanBe(Allowed) || b.somewhere[i/64]>>(i%64)&1 == 1,
	}
}

func (b *matrixBuilder) intern(c *chunk) uint32 {
	n, ok := b.interned[*c]
	if !ok {
		n = uint32(len(b.chunks))
		b.chunks = append(b.chunks, *c)
		b.interned[*c] = n
	}
	return n
}

func (b *matrixBuilder) matrix() *Matrix {
	m := &Matrix{universe: b.universe, rows: b.rows, chunks: b.chunks}
	for p := range b.rows {
		m.principals = append(m.principals, p)
	}
	slices.SortFunc(m.principals, comparePrincipals)
	return m
}
