package tfplan

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/licit-dev/licit/policy"
)

// Terraform marks what a sensitive value goes into, but not what a provider makes of it: the
// JSON of data.aws_iam_policy_document is plain, and so is tags_all. What comes from there,
// however far away, is not shown.

// An origin says whether a value comes from something sensitive that Terraform does not mark.
type origin uint8

const (
	plainly  origin = iota // from nothing sensitive
	untold                 // the plan does not say
	secretly               // from something sensitive
)

// hides reports whether the value of an attribute must not be shown although Terraform does
// not mark it. Where the plan does not tell where it comes from, it is compared with what
// is marked.
func (v values) hides(name string, value any) bool {
	p := v.of.plan
	if !p.hasSecrets() || ofAWS[name] || value == nil {
		return false
	}
	from := untold
	if e := v.expression(name); e != nil {
		from = p.origin(v.of.scope(), e)
	}
	if v.nested && from == plainly {
		from = untold // dynamic blocks are not in the configuration of a plan
	}
	return from == secretly || from == untold && p.shows(value)
}

// ofAWS are attributes that say what AWS calls a resource, as the snapshot does.
var ofAWS = map[string]bool{"arn": true, "id": true, "key_id": true, "url": true, "user_id": true, "group_id": true, "account_id": true}

// expression is what the configuration gives an attribute, or the block that it stands in,
// or nil.
func (v values) expression(name string) *tfjson.Expression {
	if v.nested {
		return v.block
	}
	return v.of.expression(name)
}

func (p *Plan) hasSecrets() bool { return len(p.marked)+len(p.secrets.all) > 0 }

// origin follows all that an expression refers to.
func (p *Plan) origin(s scope, e *tfjson.Expression) origin {
	if !p.hasSecrets() {
		return plainly
	}
	p.following.Lock()
	defer p.following.Unlock()
	return p.follows(s, e)
}

func (p *Plan) follows(s scope, e *tfjson.Expression) origin {
	if e == nil || e.ExpressionData == nil {
		return plainly
	}
	key := originKey{pathText(s.path), e}
	if o, ok := p.origins[key]; ok {
		return o
	}
	p.origins[key] = plainly // while it is followed: a circle adds nothing
	out := plainly
	for _, block := range e.NestedBlocks {
		for _, inner := range block {
			out = max(out, p.follows(s, inner))
		}
	}
	refs, iterates := references(e.References)
	if iterates != "" {
		out = max(out, p.follows(scope{path: s.path}, s.forEach))
	}
	for _, r := range refs {
		out = max(out, p.originOf(s, r))
	}
	p.origins[key] = out
	return out
}

type originKey struct {
	path string
	of   *tfjson.Expression
}

func pathText(path []step) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteString(s.String() + "\x00")
	}
	return b.String()
}

func (p *Plan) originOf(s scope, ref string) origin {
	steps, err := splitAddress(ref)
	if err != nil {
		return untold
	}
	switch steps[0].name {
	case "path", "terraform", "self":
		return plainly
	case "var":
		if len(steps) < 2 || len(s.path) == 0 {
			return plainly
		}
		above, e := p.variable(s, steps[1].name)
		return p.follows(above, e)
	case "module":
		return p.originOfModule(s, steps)
	case "data":
		if len(steps) < 3 {
			return untold
		}
		return p.originOfData(s, steps[1].name, steps[2].name)
	case "local":
		return untold // the plan does not have locals
	}
	if len(steps) < 3 {
		return untold
	}
	return p.originOfManaged(s, steps)
}

func (p *Plan) originOfModule(s scope, steps []step) origin {
	if len(steps) < 2 {
		return untold
	}
	inner := scope{path: append(append([]step(nil), s.path...), steps[1])}
	m := p.module(inner.path)
	if m == nil {
		return untold
	}
	out := plainly
	for name, o := range m.Outputs {
		if o != nil && (len(steps) < 3 || steps[2].name == name) {
			out = max(out, p.follows(inner, o.Expression))
		}
	}
	return out
}

// originOfData takes all that a data source is asked with for what its answer is made of.
func (p *Plan) originOfData(s scope, typ, name string) origin {
	in := p.declared(s.path, resourceName{tfjson.DataResourceMode, typ, name})
	if in == nil {
		return untold
	}
	if p.marked[in] {
		return secretly
	}
	out := untold // by dynamic blocks
	for _, e := range in.Expressions {
		out = max(out, p.follows(scope{path: s.path, forEach: in.ForEachExpression}, e))
	}
	return out
}

// originOfManaged: what a resource is given, it gives back, marks included. What the provider
// makes of it is not told.
func (p *Plan) originOfManaged(s scope, steps []step) origin {
	if ofAWS[steps[2].name] {
		return plainly
	}
	in := p.declared(s.path, resourceName{tfjson.ManagedResourceMode, steps[0].name, steps[1].name})
	if in == nil || in.Expressions[steps[2].name] == nil {
		return untold
	}
	return p.follows(scope{path: s.path, forEach: in.ForEachExpression}, in.Expressions[steps[2].name])
}

func (p *Plan) declared(path []step, name resourceName) *tfjson.ConfigResource {
	m := p.module(path)
	if m == nil {
		return nil
	}
	return p.configs[m][name]
}

// hidesDefaultTags reports whether the tags that the provider adds must not be shown.
func (p *Plan) hidesDefaultTags(in *instance) bool {
	c := p.provider(in.providerKey())
	if c == nil {
		return false
	}
	s, e := p.providerScope(c), c.Expressions["default_tags"]
	return p.origin(s, e) == secretly || p.hasSensitiveVariable(s, e)
}

// hasSensitiveVariable reports whether a variable that is declared sensitive goes into an
// expression of a provider's configuration.
func (p *Plan) hasSensitiveVariable(s scope, e *tfjson.Expression) bool {
	if e == nil || e.ExpressionData == nil {
		return false
	}
	for _, block := range e.NestedBlocks {
		for _, inner := range block {
			if p.hasSensitiveVariable(s, inner) {
				return true
			}
		}
	}
	for _, r := range e.References {
		steps, err := splitAddress(r)
		if err != nil || len(steps) < 2 || steps[0].name != "var" {
			continue
		}
		if m := p.module(s.path); m != nil && m.Variables[steps[1].name] != nil && m.Variables[steps[1].name].Sensitive {
			return true
		}
		if above, given := p.variable(s, steps[1].name); given != nil && p.hasSensitiveVariable(above, given) {
			return true
		}
	}
	return false
}

// shortest is how long a sensitive text must be to be looked for in others.
const shortest = 4

// findSecrets collects what is marked sensitive.
func (p *Plan) findSecrets() {
	found := map[string]bool{}
	seen := func(in *instance) {
		was := collect(found, "", in.before.known, in.before.sensitive)
		is := collect(found, "", in.after.known, in.after.sensitive)
		if (was || is) && in.config != nil {
			p.marked[in.config] = true
		}
	}
	for _, in := range p.byAddress {
		seen(in)
	}
	for _, in := range p.instances { // those that are left of a replacement included
		seen(in)
	}
	if p.raw.Config != nil && p.raw.Config.RootModule != nil {
		for name, c := range p.raw.Config.RootModule.Variables {
			if v := p.raw.Variables[name]; c != nil && c.Sensitive && v != nil {
				collect(found, "", v.Value, true)
			}
		}
	}
	for text := range found {
		if policy.IsAccountID(text) {
			p.accounts[text] = true
		}
		p.secrets.add(text)
		if quoted, err := json.Marshal(text); err == nil { // as it stands in a document
			p.secrets.add(string(quoted[1 : len(quoted)-1]))
		}
	}
}

// shownAccounts are account IDs as an error may show them, those that are sensitive apart.
func (p *Plan) shownAccounts(ids ...string) string {
	list := slices.Clone(ids)
	for i, id := range list {
		if p.accounts[id] {
			list[i] = "(sensitive)"
		}
	}
	return strings.Join(list, ", ")
}

// Secrets are texts that are marked sensitive, none shorter than shortest.
type secrets struct {
	all     map[string]bool
	lengths map[string][]int // by how they begin
}

func (s *secrets) add(text string) {
	if s.all == nil {
		s.all, s.lengths = map[string]bool{}, map[string][]int{}
	}
	s.all[text] = true
	if begin := text[:shortest]; !slices.Contains(s.lengths[begin], len(text)) {
		s.lengths[begin] = append(s.lengths[begin], len(text))
	}
}

// in reports whether one of them is in a text.
func (s *secrets) in(text string) bool {
	for i := range len(text) - shortest + 1 {
		for _, n := range s.lengths[text[i:i+shortest]] {
			if i+n <= len(text) && s.all[text[i:i+n]] {
				return true
			}
		}
	}
	return false
}

// collect adds the texts that are marked. It reports whether something is marked.
func collect(to map[string]bool, name string, value, marks any) bool {
	switch m := marks.(type) {
	case bool:
		if m {
			collectAll(to, name, value)
		}
		return m
	case map[string]any:
		object, _ := value.(map[string]any)
		is := false
		for k, e := range m {
			is = collect(to, k, object[k], e) || is
		}
		return is
	case []any:
		is := false
		for i, e := range m {
			is = collect(to, name, element(value, i), e) || is
		}
		return is
	}
	return false
}

// Words are what a block that is marked as a whole has beside what is sensitive.
var words = map[string]bool{"type": true, "test": true, "variable": true, "effect": true}

func collectAll(to map[string]bool, name string, value any) {
	switch v := value.(type) {
	case string:
		if len(v) >= shortest && !words[name] {
			to[v] = true
		}
	case float64:
		if s := strconv.FormatFloat(v, 'f', -1, 64); len(s) >= shortest {
			to[s] = true
		}
	case []any:
		for _, e := range v {
			collectAll(to, name, e)
		}
	case map[string]any:
		for k, e := range v {
			collectAll(to, k, e)
		}
	}
}

// shows reports whether a text of the value has something in it that is marked elsewhere.
func (p *Plan) shows(value any) bool {
	switch v := value.(type) {
	case string:
		return p.secrets.in(v)
	case []any:
		for _, e := range v {
			if p.shows(e) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if p.shows(k) || p.shows(e) {
				return true
			}
		}
	}
	return false
}
