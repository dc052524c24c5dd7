package simulate

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A programSets is what one program does to the actions of the universe.
type programSets struct {
	program *engine.Program
	// What statements without conditions give, for a request that names no resource ([0])
	// and for any resource ([1]).
	allow, deny [2]sparse
	full        [2]bool // all actions are allowed
	same        bool    // allow and deny are the same for both
	open        []openStatement
}

// An openStatement is one whose value depends on who asks.
type openStatement struct {
	index int
	deny  bool
	bits  sparse // may: the actions
	one   bool   // it may depend on more than the class of a principal
}

// matrixBuilder fills the rows of a matrix by algebra on sets of actions, so that a
// statement is looked at once for each principal and not once for each action.
type matrixBuilder struct {
	table    *actionTable
	env      *Environment
	keys     Keys
	asked    []policy.Principal // MatrixOptions.Principals
	anyKeys  Keys               // of a request whose resource may be anywhere
	programs []*programSets     // by number
	controls map[string]*controlState
	classes  []*[2]*controlState // of classes of principals, by number
	alike    map[*accountEntry]bool
	key      []byte
	fixed    [2]engine.View

	principals []policy.Principal // sorted
	number     map[policy.Principal]int
	rows       []row              // of principals
	states     [][2]*controlState // of principals
	// The principal at hand, and its worlds for each class of actions; see world.
	at       int
	worlds   [2][]world
	ready    [2][]bool
	interned map[uint64]uint32 // numbers of chunks by hash, or the next free one behind it
	seed     maphash.Seed
	chunks   []chunk

	frame        // the window at hand
	whole *frame // all words
	from  int    // the first word of the window
}

// A frame is the decision about all actions, or those of some words.
type frame struct {
	all, rcp, mayRCP      bitset // of the actionTable
	full, uncertain       triset // of the actionTable
	deny, allow           triset
	layerDeny, layerAllow triset
	docDeny, docAllow     triset
	identity, boundary    triset
	bits                  bitset // of the statement at hand
	stage                 [4]bitset
	somewhere             bitset
	cells                 [planes]bitset
}

// frames are frames of all words of the embedded universe, for further use.
var frames sync.Pool

func (t *actionTable) newFrame() *frame {
	f, _ := frames.Get().(*frame)
	if f == nil || len(f.bits) != t.words {
		f = &frame{}
		for _, own := range f.trisets() {
			*own = newTriset(t.words)
		}
		for _, own := range f.bitsets() {
			*own = make(bitset, t.words)
		}
	}
	f.all, f.rcp, f.mayRCP, f.full, f.uncertain = t.all, t.rcp, t.mayRCP, t.full, t.uncertain
	return f
}

// trisets and bitsets are those of the frame itself.
func (f *frame) trisets() []*triset {
	return []*triset{&f.deny, &f.allow, &f.layerDeny, &f.layerAllow, &f.docDeny, &f.docAllow, &f.identity, &f.boundary}
}

func (f *frame) bitsets() []*bitset {
	out := []*bitset{&f.bits, &f.somewhere}
	for i := range f.stage {
		out = append(out, &f.stage[i])
	}
	for i := range f.cells {
		out = append(out, &f.cells[i])
	}
	return out
}

// look makes the words from and before to the window.
func (b *matrixBuilder) look(from, to int) {
	if b.from == from && len(b.all) == to-from {
		return
	}
	b.frame, b.from = *b.whole, from
	f := &b.frame
	for _, t := range append(f.trisets(), &f.full, &f.uncertain) {
		*t = t.window(from, to)
	}
	for _, bits := range append(f.bitsets(), &f.all, &f.rcp, &f.mayRCP) {
		*bits = (*bits)[from:to]
	}
}

func newMatrixBuilder(e *Environment, o MatrixOptions) *matrixBuilder {
	t := e.actions()
	b := &matrixBuilder{
		table: t, env: e, keys: o.Keys, asked: slices.Clone(o.Principals), anyKeys: o.Keys.orUnknown("aws:RequestedRegion"),
		interned: map[uint64]uint32{}, seed: maphash.MakeSeed(), whole: t.newFrame(), programs: make([]*programSets, len(e.programs)),
		controls: map[string]*controlState{}, classes: make([]*[2]*controlState, e.classes), alike: map[*accountEntry]bool{},
		worlds: [2][]world{make([]world, len(t.classes)), make([]world, len(t.classes))},
		ready:  [2][]bool{make([]bool, len(t.classes)), make([]bool, len(t.classes))},
	}
	b.fixed[0].NoResource, b.fixed[1].AnyResource = true, true
	b.look(0, b.table.words)
	return b
}

// list sets the principals that the matrix is about: those of the matrix before it, nil for
// none, if they are the same.
func (b *matrixBuilder) list(before *Matrix) {
	list := slices.Clone(b.asked)
	if b.asked == nil {
		for _, m := range b.env.members() {
			list = append(list, m.principal)
		}
	}
	if before != nil && len(list) == len(before.principals) && !slices.ContainsFunc(list, func(p policy.Principal) bool { _, ok := before.number[p]; return !ok }) {
		b.principals, b.number = before.principals, before.number
	} else {
		slices.SortFunc(list, comparePrincipals)
		b.principals, b.number = slices.Compact(list), make(map[policy.Principal]int, len(list))
		for i, p := range b.principals {
			b.number[p] = i
		}
	}
	b.rows, b.states = make([]row, len(b.principals)), make([][2]*controlState, len(b.principals))
}

// sets is what the program does to all actions.
func (b *matrixBuilder) sets(a *attachment) *programSets {
	if s := b.programs[a.id]; s != nil {
		return s
	}
	if s, ok := b.env.sets.Load(a.program); ok {
		b.programs[a.id] = s.(*programSets)
		return b.programs[a.id]
	}
	defer b.look(b.from, b.from+len(b.all))
	b.look(0, b.table.words)
	s := &programSets{program: a.program}
	for k := range 2 {
		b.docAllow.clear()
		b.docDeny.clear()
		for i, statement := range a.document.Statements() {
			deny := statement.Effect == policy.Deny
			switch to := b.docAllow; {
			case !a.program.Fixed(i):
				if k == 0 {
					bits := triset{b.bits, b.bits}
					b.actions(statement)
					s.open = append(s.open, openStatement{i, deny, bits.sparse(), a.program.ReachOf(i) == engine.ToOne})
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
		s.full[k] = slices.Equal(b.docAllow.yes, b.table.all)
	}
	s.same = slices.Equal(s.allow[0], s.allow[1]) && slices.Equal(s.deny[0], s.deny[1])
	b.env.sets.Store(a.program, s)
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
			copy(out, b.table.all)
		case ok:
			r, _ := b.table.universe.service(prefix)
			switch {
			case name == "*":
				out.add(r.first, r.end)
			case !strings.ContainsAny(name, "*?"):
				if i, known := b.table.universe.index(policy.Action(text)); known {
					out.add(i, i+1)
				}
			default:
				pattern := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
				for i := r.first; i < r.end; i++ {
					if pattern.Match(b.table.universe.actions[i].Name(), nil) {
						out.add(i, i+1)
					}
				}
			}
		}
	}
	if not {
		for i := range out {
			out[i] = b.table.all[i] &^ out[i]
		}
	}
}

// layer evaluates a layer into layerAllow and layerDeny. It reports whether the layer
// allows all actions for certain, and whether it may deny any.
func (b *matrixBuilder) layer(l *layer, k int) (full, denies bool) {
	b.layerAllow.clear()
	b.layerDeny.clear()
	for _, a := range l.list {
		if a.program == nil {
			continue
		}
		s := b.sets(a)
		b.layerAllow.orSet(s.allow[k], b.from)
		b.layerDeny.orSet(s.deny[k], b.from)
		full, denies = full || s.full[k], denies || len(s.deny[k]) > 0
		for i := range s.open {
			b.open(s, &s.open[i], k)
			denies = denies || s.open[i].deny
		}
	}
	if l.gap != "" {
		b.layerAllow.or(b.all, maybe)
		b.layerDeny.or(b.all, maybe)
		denies = true
	}
	return full, denies
}

// open adds a statement with conditions, class by class.
func (b *matrixBuilder) open(s *programSets, o *openStatement, k int) {
	to := b.layerAllow
	if o.deny {
		to = b.layerDeny
	}
	for c := range b.table.classes {
		if !b.concerns(o, c) {
			continue
		}
		value := b.value(s, o, c, k)
		if value == no {
			continue
		}
		bits := b.table.classes[c].bits
		for _, word := range o.bits {
			i := word.at - b.from
			if w := word.may & bits[word.at]; w != 0 && uint(i) < uint(len(to.may)) {
				to.may[i] |= w
				if value == yes {
					to.yes[i] |= w
				}
			}
		}
	}
}

// concerns reports whether a statement is about some action of a class.
func (b *matrixBuilder) concerns(o *openStatement, class int) bool {
	bits := b.table.classes[class].bits
	for i := range o.bits {
		if o.bits[i].may&bits[o.bits[i].at] != 0 {
			return true
		}
	}
	return false
}

// value is what a statement gives to the actions of a class.
func (b *matrixBuilder) value(s *programSets, o *openStatement, class, k int) engine.Tri {
	return s.program.Holds(o.index, &b.world(k, class).view)
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
func (b *matrixBuilder) add(i int) error {
	if err := b.prepare(i); err != nil {
		return err
	}
	b.look(0, b.table.words)
	b.rows[i] = make(row, b.table.words/chunkWords)
	b.fill()
	return nil
}

// prepare makes a principal the one at hand.
func (b *matrixBuilder) prepare(i int) error {
	b.at = i
	for k := range b.ready {
		clear(b.ready[k])
	}
	p := b.principals[i]
	entry := b.env.principals[p.ARN().String()]
	known := entry != nil && entry.plain() && entry.kind == p.Kind()
	if known && b.classes[entry.number] != nil {
		b.states[i] = *b.classes[entry.number]
		return nil
	}
	w := b.world(0, 0)
	if w.unknownCaller != "" || w.account == nil || p.Kind() != policy.User && p.Kind() != policy.Role && p.Kind() != policy.Root {
		return fmt.Errorf("simulate: a matrix has users, roles and root users of the organization, and %s is none", p)
	}
	b.states[i] = [2]*controlState{b.control(w, 0), b.control(w, 1)}
	if known && b.sayAlike(w.account) {
		b.classes[entry.number] = &b.states[i]
	}
	return nil
}

// sayAlike reports whether SCPs and RCPs of the account say the same to all principals of a
// class.
func (b *matrixBuilder) sayAlike(account *accountEntry) bool {
	out, known := b.alike[account]
	if known {
		return out
	}
	out = true
	for _, levels := range [2][]level{account.scps, account.rcps} {
		for i := range levels {
			for _, a := range levels[i].list {
				out = out && (a.program == nil || !slices.ContainsFunc(b.sets(a).open, func(o openStatement) bool { return o.one }))
			}
		}
	}
	b.alike[account] = out
	return out
}

// world is the principal at hand with an action of the class, without a resource (k is 0)
// or with any (1).
func (b *matrixBuilder) world(k, class int) *world {
	w := &b.worlds[k][class]
	if b.ready[k][class] {
		return w
	}
	b.ready[k][class], *w = true, world{}
	r := Request{Principal: b.principals[b.at], Action: b.table.classes[class].sample, Keys: b.keys}
	if k == 1 && !b.table.classes[class].oneRegion {
		r.Keys = b.anyKeys
	}
	w.resolve(b.env, &r)
	if v := &w.view; k == 1 {
		v.NoResource, v.AnyResource, v.ResourceTags = false, true, engine.Unknown
		v.Resource[1] = r.Principal.ARN().Partition()
	}
	return w
}

// fill decides the words of the window, and puts them into the row of the principal.
func (b *matrixBuilder) fill() {
	b.decide(1)
	for i := range b.somewhere {
		b.somewhere[i] = b.allow.may[i] &^ b.deny.yes[i]
	}
	b.decide(0)
	b.store()
}

// decide is world.decide for all actions at once: of a request that names no resource
// (k is 0), or any resource (1).
func (b *matrixBuilder) decide(k int) {
	c, to := b.states[b.at][k], b.from+len(b.all)
	b.deny.set(c.deny.window(b.from, to))
	b.allow.set(c.allow.window(b.from, to))
	for i := range b.stage {
		copy(b.stage[i], c.stage[i][b.from:to])
	}
	w := b.world(0, 0)
	b.own(w, k)
	b.endpoints(w, k)
	b.grant()
}

// A controlState is what SCPs and RCPs leave.
type controlState struct {
	deny, allow triset
	stage       [4]bitset
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
			mask = make(bitset, b.table.words)
			if r, ok := b.table.universe.service(ep.service); ok {
				mask.add(r.first, r.end)
			}
			mask = mask[b.from : b.from+len(b.all)]
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
func (b *matrixBuilder) store() {
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
	r := b.rows[b.at]
	for first := 0; first < len(b.all); first += chunkWords {
		k := (b.from + first) / chunkWords
		var one chunk
		for plane := range c {
			copy(one[plane][:], c[plane][first:])
		}
		for _, i := range b.table.special {
			if i/chunkActions == k {
				one.set(i%chunkActions, b.specialCell(i, b.somewhere[i/64-b.from]>>(i%64)&1 == 1))
			}
		}
		r[k] = b.intern(&one)
	}
}

// specialCell asks Can for an action with rules of its own.
func (b *matrixBuilder) specialCell(i int, somewhere bool) Cell {
	d := b.env.Can(Request{Principal: b.principals[b.at], Action: b.table.universe.actions[i], Keys: b.keys})
	return Cell{
		Outcome: d.Outcome, Stage: d.Stage, Possible: d.Outcome == Indeterminate && d.CanBe(Allowed),
		Somewhere: d.CanBe(Allowed) || somewhere,
	}
}

func (b *matrixBuilder) intern(c *chunk) uint32 {
	for at := maphash.Comparable(b.seed, *c); ; at++ {
		n, ok := b.interned[at]
		switch {
		case !ok:
			n = uint32(len(b.chunks))
			b.chunks = append(b.chunks, *c)
			b.interned[at] = n
			return n
		case b.chunks[n] == *c:
			return n
		}
	}
}

func (b *matrixBuilder) matrix() *Matrix {
	frames.Put(b.whole)
	b.whole, b.frame, b.worlds, b.programs = nil, frame{}, [2][]world{}, nil
	return &Matrix{universe: b.table.universe, principals: b.principals, number: b.number, rows: b.rows, chunks: b.chunks, source: b}
}
