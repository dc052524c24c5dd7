package check

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// readers read values as the engine does, so that a proof and a decision cannot differ in it.
var readers = &symbolic.Readers{Number: engine.Number, Date: engine.Date, Address: engine.Address, Content: engine.Content}

// A compiler writes policy documents as statements of one symbolic problem.
type compiler struct {
	problem *symbolic.Problem
	stop    func() error
	// bound are the values of variables that are given, by folded key; a nil text is null.
	bound map[string]*string
	// facts are the same of keys whose values are known anyway, without a choice.
	facts map[string]*string
	// side is the number of the side that is compiled, or everySide. Keys that isOwn names are
	// each side's own.
	side      int
	isOwn     func(folded string) bool
	spelled   map[string]string // a spelling of each folded key
	free      map[string]symbolic.Free
	templates []*template
	lists     map[string]*symbolic.Automaton
	used      map[*symbolic.Automaton]bool
	values    []string // plain texts that conditions name, in their order
	named     map[string]bool
}

func newCompiler(stop func() error, bound map[string]*string) *compiler {
	if bound == nil {
		bound = map[string]*string{}
	}
	return &compiler{stop: stop, problem: symbolic.NewProblem(readers, symbolic.NewMeter(stop)), used: map[*symbolic.Automaton]bool{}, bound: maps.Clone(bound), side: everySide, named: map[string]bool{},
		spelled: map[string]string{}, facts: map[string]*string{}, free: map[string]symbolic.Free{}, lists: map[string]*symbolic.Automaton{}}
}

// statements compiles a document as kind k. who is the formula under which the statement's
// principals include the caller; nil for kinds without principals.
func (c *compiler) statements(d *policy.Document, k policy.Kind, who func(policy.Statement) *symbolic.Formula) (allows, denies []symbolic.Statement, err error) {
	meter := c.problem.Meter()
	prepared, err := prepare(meter, d)
	if err == nil {
		err = c.use(prepared.of)
	}
	if err != nil {
		return nil, nil, err
	}
	for i, s := range d.Statements() {
		if err := meter.Work(weight(&s)); err != nil {
			return nil, nil, err
		}
		out := symbolic.Statement{Action: prepared.actions[i], NotAction: !s.NotAction.IsZero()}
		out.NotResource = !s.NotResource.IsZero()
		list := s.Resource
		if out.NotResource {
			list = s.NotResource
		}
		if out.Resource, err = c.resources(prepared, k, d.Version(), list); err != nil {
			return nil, nil, err
		}
		out.When = c.conditions(d.Version(), s.Condition)
		if who != nil {
			out.When = symbolic.And(who(s), out.When)
		}
		if s.Effect == policy.Deny {
			denies = append(denies, out)
		} else {
			allows = append(allows, out)
		}
	}
	return allows, denies, nil
}

// actionPattern implements R-ACT-1 to R-ACT-7 for a value in lower case.
func actionPattern(value string) (p symbolic.Pattern, everything, ok bool) {
	if onlyStars(value) || value == "*:*" {
		return nil, true, true
	}
	service, name, ok := strings.Cut(value, ":")
	if !ok {
		return nil, false, false
	}
	p = append(symbolic.Glob(service, true), symbolic.Token{Kind: symbolic.Literal, Rune: ':'})
	return append(p, symbolic.Glob(name, false)...), false, true
}

func onlyStars(s string) bool { return s != "" && strings.Trim(s, "*") == "" }

// mode says what a document's texts may contain (R-DOC-3).
func mode(v policy.Version) glob.Mode {
	if v == policy.Version2012 {
		return glob.Wildcards | glob.Variables
	}
	return glob.Wildcards
}

// resources compiles a Resource or NotResource list. Entries with variables match where a
// free variable is true; the plain ones are one element of one automaton. Equal lists have
// one automaton, which the document keeps.
func (c *compiler) resources(of *prepared, k policy.Kind, v policy.Version, list policy.Patterns) ([]symbolic.Guarded, error) {
	if list.IsZero() {
		return nil, nil
	}
	plain, variables := true, mode(v)&glob.Variables != 0
	for value := range list.All() {
		if onlyStars(value) {
			return []symbolic.Guarded{{}}, nil
		}
		plain = plain && !(variables && strings.Contains(value, "${"))
	}
	key := glue(append(slices.Collect(list.All()), string(v), k.String())...)
	if plain {
		if found := cmp.Or(c.lists[key], of.list(key)); found != nil {
			c.lists[key] = found
			return []symbolic.Guarded{{Member: symbolic.Member{Of: found}}}, c.use(found)
		}
	}
	elements := [][]symbolic.Pattern{nil}
	var guards []*symbolic.Formula
	for value := range list.All() {
		p, ok := c.arnPattern(v, value, padding(k, value))
		switch {
		case !ok:
		case len(p.variables) == 0:
			elements[0] = append(elements[0], p.relaxed)
		default:
			// R-VAR-5: a null variable and the entry matches nothing.
			t := c.template("resource", "", "", p, v, value, func(c *compiler) (pattern, bool) { return c.arnPattern(v, value, true) })
			elements, guards = append(elements, []symbolic.Pattern{p.relaxed}), append(guards, t)
		}
	}
	if !plain {
		// What variables stand for is another for each question, and for each side.
		key = glue(key, fmt.Sprint(elements))
	}
	found := c.lists[key]
	if found == nil {
		var err error
		if found, err = symbolic.Build(c.problem.Meter(), symbolic.ResourceText, elements); err != nil {
			return nil, err
		}
		c.lists[key] = found
		if plain {
			of.lists.Store(key, found)
		}
	}
	out := []symbolic.Guarded{{Member: symbolic.Member{Of: found}}}
	for i, guard := range guards {
		out = append(out, symbolic.Guarded{Member: symbolic.Member{Of: found, Element: i + 1}, If: guard})
	}
	return out, c.use(found)
}

// build makes the automaton of one list of resources.
func (c *compiler) build(list []symbolic.Pattern) (*symbolic.Automaton, error) {
	of, err := symbolic.Build(c.problem.Meter(), symbolic.ResourceText, [][]symbolic.Pattern{list})
	if err == nil {
		err = c.use(of)
	}
	return of, err
}

// use counts what an automaton takes, once for the question; nil: nothing.
func (c *compiler) use(a *symbolic.Automaton) error {
	if a == nil || c.used[a] {
		return nil
	}
	c.used[a] = true
	return c.problem.Meter().Use(a)
}

// padding implements R-RSC-7: whether a short ARN is padded with * parts.
func padding(k policy.Kind, value string) bool {
	switch k {
	case policy.IdentityBased, policy.PermissionsBoundary:
		return true
	case policy.ResourceBased, policy.VPCEndpoint:
		return strings.Contains(value, "*")
	case policy.ServiceControl:
		return strings.HasSuffix(value, "*")
	}
	return false
}

// A pattern is a policy's text with a run in place of each variable.
type pattern struct {
	relaxed   symbolic.Pattern
	variables []glob.Variable // those that are not bound
}

// arnPattern compiles a pattern of ARNs, which is matched part by part. ok is false for one
// that nothing matches.
func (c *compiler) arnPattern(v policy.Version, value string, pad bool) (p pattern, ok bool) {
	parts, n := glob.SplitARN(value, mode(v))
	if n < 6 && !pad {
		return pattern{}, false
	}
	for i := range parts {
		part := parts[i]
		if i >= n {
			part = "*"
		}
		if i > 0 {
			p.relaxed = append(p.relaxed, exactly(':'))
		}
		if !c.part(&p, part, mode(v), i < 5, exactly) {
			return pattern{}, false
		}
	}
	return p, true
}

// textPattern compiles a pattern of whole texts; each makes the tokens of its characters.
func (c *compiler) textPattern(value string, m glob.Mode, each func(rune) symbolic.Token) (p pattern, ok bool) {
	return p, c.part(&p, value, m, false, each)
}

func exactly(r rune) symbolic.Token { return symbolic.Token{Kind: symbolic.Literal, Rune: r} }

// part adds a piece of a pattern. ok is false if nothing can match it: a variable is null, or
// holds a colon where a part of an ARN stands.
func (c *compiler) part(p *pattern, text string, m glob.Mode, inPart bool, each func(rune) symbolic.Token) (ok bool) {
	run, one := symbolic.Run, symbolic.One
	if inPart {
		run, one = symbolic.RunInPart, symbolic.OneInPart
	}
	compiled := glob.Compile(text, m)
	ok = true
	known := func(v glob.Variable) (string, bool) {
		value, bound := c.bound[c.owned(fold(v.Key))]
		if fact, known := c.facts[c.owned(fold(v.Key))]; known {
			value, bound = fact, true
		}
		if bound && c.problem != nil {
			c.key(v.Key) // the value is a key of the request, too
		}
		switch {
		case !bound:
			p.variables = append(p.variables, v)
			return "", false
		case value != nil:
			return *value, true
		case !v.HasDefault:
			ok = false
		}
		return v.Default, true
	}
	for _, r := range compiled.Symbols(known) {
		switch r {
		case glob.AnyRun:
			p.relaxed = append(p.relaxed, symbolic.Token{Kind: run})
		case glob.AnyOne:
			p.relaxed = append(p.relaxed, symbolic.Token{Kind: one})
		default:
			ok = ok && !(inPart && r == ':')
			p.relaxed = append(p.relaxed, each(r))
		}
	}
	return ok
}

// fold makes names of condition keys equal that differ only in case (R-CND-3).
func fold(s string) string {
	if isASCII := !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }); isASCII {
		// ASCII letters have two characters beyond ASCII in their orbits: fold to upper
		// case, the least.
		return strings.ToUpper(s)
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(symbolic.Fold(r).Rune)
	}
	return b.String()
}

// key is the problem's variable for a condition key.
func (c *compiler) key(name string) symbolic.Key {
	folded := c.owned(fold(name))
	if _, ok := c.spelled[folded]; !ok {
		c.spelled[folded] = name
	}
	arity, typ := symbolic.Either, symbolic.Untyped
	if info, ok := serviceref.Embedded().Key(name); ok {
		switch {
		case !info.Multivalued:
			arity = symbolic.Single
		case !info.Plain:
			arity = symbolic.Multiple
		}
		switch info.Type {
		case serviceref.Bool:
			typ = symbolic.Boolean
		case serviceref.Numeric:
			typ = symbolic.Number
		case serviceref.Date:
			typ = symbolic.Date
		case serviceref.IPAddress:
			typ = symbolic.Address
		}
	}
	key := c.problem.Key(folded, arity, typ)
	if typ == symbolic.Boolean {
		key.Like("true", "false")
	}
	return key
}

// conditions is the formula of a Condition element, the AND of R-CND-1.
func (c *compiler) conditions(v policy.Version, list policy.Conditions) *symbolic.Formula {
	var all []*symbolic.Formula
	for condition := range list.All() {
		all = append(all, c.condition(v, condition))
	}
	return symbolic.And(all...)
}

// condition is one operator with one key; see the table in R-CND-5 to R-CND-12.
func (c *compiler) condition(v policy.Version, condition policy.Condition) *symbolic.Formula {
	key := c.key(condition.Key)
	op, ok := condition.Operator.Parts()
	if !ok {
		return c.opaque(v, condition)
	}
	if op.Base == "Null" {
		return null(key, condition.Values)
	}
	if op.Quantifier != policy.NoQuantifier && mayBeSeveral(condition.Key) {
		key.Several()
	}
	negated := strings.Contains(op.Base, "Not")
	passes, templates, ok := c.passing(v, op.Base, key, condition)
	if !ok {
		return c.opaque(v, condition)
	}
	if op.Quantifier != policy.NoQuantifier && len(templates) > 0 {
		o := c.opaque(v, condition)
		if op.Quantifier == policy.ForAllValues {
			return symbolic.Or(key.Absent(), o)
		}
		return symbolic.And(key.Present(), o)
	}
	switch op.Quantifier {
	case policy.ForAllValues:
		return key.Only(passes)
	case policy.ForAnyValue:
		return key.Some(passes)
	}
	// R-CND-7: without a set operator nothing matches a multivalued key.
	holds := key.One(passes)
	if negated {
		all := []*symbolic.Formula{holds}
		for _, t := range templates {
			all = append(all, symbolic.Not(t))
		}
		holds = symbolic.And(all...)
	} else {
		holds = symbolic.Or(append([]*symbolic.Formula{holds}, templates...)...)
	}
	if op.IfExists || negated {
		return symbolic.Or(key.Absent(), holds)
	}
	return holds
}

// mayBeSeveral reports whether a key that a set operator tests may have several values whatever its
// documented type says: that of some keys of services is of one value where their guides have
// examples with several, such as cloudformation:ImportResourceTypes (CloudFormation User Guide,
// “Example IAM identity-based policies”). Global keys are documented one by one, and a tag has one value.
func mayBeSeveral(key string) bool {
	return !strings.HasPrefix(fold(key), "AWS:") && !strings.Contains(key, "/")
}

// null implements R-CND-12.
func null(key symbolic.Key, values policy.Patterns) *symbolic.Formula {
	holds := symbolic.False()
	for value := range values.All() {
		switch {
		case ascii.Equal(value, "true"):
			holds = symbolic.Or(holds, key.Absent())
		case ascii.Equal(value, "false"):
			holds = symbolic.Or(holds, key.Present())
		}
	}
	return holds
}

// opaque is a test that is not understood: a free variable, the same for the same text. It
// is right for both sides of a comparison, and never dropped.
func (c *compiler) opaque(v policy.Version, condition policy.Condition) *symbolic.Formula {
	parts := append([]string{"condition", string(v), string(condition.Operator), fold(condition.Key)}, slices.Collect(condition.Values.All())...)
	key := glue(parts...)
	own := c.owned(fold(condition.Key)) != fold(condition.Key)
	for value := range condition.Values.All() {
		pattern := glob.Compile(value, mode(v))
		own = own || c.anyOwned(pattern.Variables())
	}
	if own {
		key = c.mark(key)
	}
	f, ok := c.free[key]
	if !ok {
		f = c.problem.Free()
		c.free[key] = f
	}
	return f.Is()
}

// passing is the set of values that pass a test, as R-CND-10 says: those that one of the
// policy's values matches, or for a negated operator those that differ from all. templates
// are the policy's values with variables; each of them is true where it matches. ok is
// false for values beyond what is modelled.
func (c *compiler) passing(v policy.Version, base string, key symbolic.Key, condition policy.Condition) (set *symbolic.Values, templates []*symbolic.Formula, ok bool) {
	positive, negated := strings.Replace(base, "Not", "", 1), strings.Contains(base, "Not")
	set = &symbolic.Values{Complement: negated}
	variables := mode(v) &^ glob.Wildcards
	typeError := false
	text := func(value string, m glob.Mode, each func(rune) symbolic.Token) {
		p, ok := c.textPattern(value, m, each)
		switch {
		case !ok: // R-VAR-6: a null variable differs from everything
		case len(p.variables) == 0:
			set.Patterns = append(set.Patterns, p.relaxed)
			if !strings.ContainsAny(value, "*?$") && !c.named[value] {
				c.named[value] = true
				c.values = append(c.values, value)
			}
		default:
			again := func(c *compiler) (pattern, bool) { return c.textPattern(value, m, each) }
			templates = append(templates, c.keyTemplate(key, positive, p, v, value, again))
		}
	}
	for value := range condition.Values.All() {
		if strings.HasSuffix(positive, "Like") || strings.HasPrefix(positive, "Arn") {
			key.Like(fill(value, exampleAccount, "example"), fill(value, strangerAccount, "example"))
		}
		switch positive {
		case "StringEquals":
			text(value, variables, exactly)
		case "StringEqualsIgnoreCase":
			text(value, variables, symbolic.Fold)
		case "StringLike":
			text(value, mode(v), exactly)
		case "Bool": // R-OPS-9
			if p, ok := c.textPattern(value, variables, symbolic.FoldASCII); ok && len(p.variables) > 0 {
				templates = append(templates, c.keyTemplate(key, positive, p, v, value, nil))
			} else if ok && isBool(p.relaxed) {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "ArnEquals", "ArnLike": // R-OPS-7, R-OPS-8
			set.Form = arnForm
			if _, n := glob.SplitARN(value, mode(v)); n < 6 {
				typeError = true
			} else if p, ok := c.arnPattern(v, value, false); ok && len(p.variables) > 0 {
				again := func(c *compiler) (pattern, bool) { return c.arnPattern(v, value, false) }
				templates = append(templates, c.keyTemplate(key, "Arn", p, v, value, again))
			} else if ok {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "IpAddress": // R-OPS-6
			set.Family = symbolic.Addresses
			if network, ok := engine.Network(value); ok {
				set.Networks = append(set.Networks, network)
			} else {
				typeError = true
			}
		case "BinaryEquals": // R-OPS-10
			set.Family = symbolic.Binary
			set.Contents = append(set.Contents, value)
		default:
			bound, read, known := (*big.Rat)(nil), false, true
			relation := ""
			if strings.HasPrefix(positive, "Date") {
				set.Family, relation = symbolic.Dates, positive[len("Date"):]
				bound, read = engine.Date(value)
			} else {
				set.Family, relation = symbolic.Numbers, strings.TrimPrefix(positive, "Numeric")
				bound, read = engine.Number(value)
				known = !read || bound != nil
			}
			switch {
			case !known:
				return nil, nil, false
			case !read:
				typeError = true
			default:
				set.Ranges = append(set.Ranges, ranged(relation, bound))
			}
		}
	}
	if condition.Values.Len() == 0 && negated {
		return &symbolic.Values{Complement: true}, nil, true // nothing to differ from
	}
	if negated && typeError {
		return &symbolic.Values{}, nil, true // R-CND-14
	}
	return set, templates, true
}

// arnForm matches what can be compared as an ARN: six parts.
var arnForm = []symbolic.Pattern{slices.Concat(
	symbolic.Glob("*:*:*:*:*:", true), symbolic.Glob("*", false))}

func isBool(p symbolic.Pattern) bool {
	return slices.Equal(p, symbolic.TextASCII("true")) || slices.Equal(p, symbolic.TextASCII("false"))
}

func ranged(relation string, bound *big.Rat) symbolic.Range {
	switch relation {
	case "LessThan":
		return symbolic.Range{To: bound, Below: true}
	case "LessThanEquals":
		return symbolic.Range{To: bound}
	case "GreaterThan":
		return symbolic.Range{From: bound, AboveFrom: true}
	case "GreaterThanEquals":
		return symbolic.Range{From: bound}
	}
	return symbolic.Range{From: bound, To: bound}
}
