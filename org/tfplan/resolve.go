package tfplan

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// A target is an attribute of another resource.
type target struct {
	of   *instance
	attr string // such as "arn" or "roots[0].id"; "": the plan doesn't say which
	bare bool   // what leads there are references and nothing else, as far as the configuration is known
}

// A scope is where an expression stands: in a module, for one instance of a resource or a
// module, whose index each.key, each.value and count.index are about.
type scope struct {
	path    []step
	key     string
	forEach *tfjson.Expression
}

func (in *instance) scope() scope {
	s := scope{path: in.path, key: in.key}
	if in.config != nil {
		s.forEach = in.config.ForEachExpression
	}
	return s
}

// expression is what the configuration gives an attribute; nil if there is none.
func (in *instance) expression(attr string) *tfjson.Expression {
	if in.config == nil {
		return nil
	}
	return in.config.Expressions[attr]
}

// follow finds the one attribute that an expression refers to, through variables and outputs
// of modules. Terraform's JSON lists what an expression refers to, not what it does with it;
// whether it is that very value is said only as far as the configuration is known. An
// expression that refers to several things leads nowhere.
func (p *Plan) follow(s scope, e *tfjson.Expression) (target, bool) {
	const deepest = 32
	bare := true
	for range deepest {
		if e == nil || e.ExpressionData == nil {
			return target{}, false
		}
		refs, iterates := references(e.References)
		text, isBare := p.bareText(s, e)
		if bare = bare && isBare; isBare && !strings.HasPrefix(text, "each.") && text != "count.index" {
			refs, iterates = []string{text}, ""
		}
		if len(refs) == 0 && iterates != "" && s.forEach != nil && s.forEach.ExpressionData != nil {
			// each.value.arn of for_each = aws_iam_policy.p
			attr, ok := strings.CutPrefix(iterates, "each.value.")
			over, _ := references(s.forEach.References)
			if !ok || len(over) != 1 {
				return target{}, false
			}
			refs = []string{over[0] + s.key + "." + attr}
			_, isBare := p.bareText(scope{path: s.path}, s.forEach)
			bare = bare && isBare
		} else if iterates != "" {
			return target{}, false // an element of something
		}
		if len(refs) != 1 {
			return target{}, false
		}
		steps, err := splitAddress(refs[0])
		if err != nil {
			return target{}, false
		}
		switch {
		case steps[0].name == "var" && len(steps) == 2:
			if s, e = p.variable(s, steps[1].name); e == nil {
				return target{}, false
			}
		case steps[0].name == "module" && len(steps) == 3:
			call := steps[1]
			inner := scope{path: append(slices.Clone(s.path), call)}
			m := p.module(inner.path)
			if m == nil || m.Outputs[steps[2].name] == nil {
				return target{}, false
			}
			s, e = inner, m.Outputs[steps[2].name].Expression
		default:
			t, ok := p.resource(s, steps)
			t.bare = bare
			return t, ok
		}
	}
	return target{}, false
}

// variable is what the call of a module gives one of its variables.
func (p *Plan) variable(s scope, name string) (scope, *tfjson.Expression) {
	if len(s.path) == 0 {
		return s, nil
	}
	last := s.path[len(s.path)-1]
	above := scope{path: s.path[:len(s.path)-1], key: last.key}
	m := p.module(above.path)
	if m == nil || m.ModuleCalls[last.name] == nil {
		return above, nil
	}
	call := m.ModuleCalls[last.name]
	above.forEach = call.ForEachExpression
	return above, call.Expressions[name]
}

func (p *Plan) resource(s scope, steps []step) (target, bool) {
	var b strings.Builder
	for _, m := range s.path {
		b.WriteString("module." + m.String() + ".")
	}
	if steps[0].name == "data" {
		b.WriteString("data.")
		steps = steps[1:]
	}
	if len(steps) < 2 {
		return target{}, false
	}
	b.WriteString(steps[0].name + "." + steps[1].String())
	var rest []string
	for _, s := range steps[2:] {
		rest = append(rest, s.String())
	}
	attr := strings.Join(rest, ".")
	if in := p.byAddress[b.String()]; in != nil {
		return target{of: in, attr: attr}, attr != ""
	}
	// Of p[each.key].arn the plan says p and each.key only, as it does of p["${each.key}-b"].arn;
	// only the configuration tells the two apart.
	return target{}, false
}

// references drops what other references begin with, and takes out what a for_each or count
// is about: the longest of those.
func references(list []string) (refs []string, iterates string) {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	for _, r := range list {
		if strings.HasPrefix(r, "each.") || r == "count.index" {
			if len(r) > len(iterates) {
				iterates = r
			}
			continue
		}
		longer := func(other string) bool {
			return len(other) > len(r) && strings.HasPrefix(other, r) && (other[len(r)] == '.' || other[len(r)] == '[')
		}
		if !slices.ContainsFunc(list, longer) {
			refs = append(refs, r)
		}
	}
	return refs, iterates
}

// dependsOn says for people what an attribute that is not known depends on.
func (v values) dependsOn(attr string) string {
	e := v.of.expression(attr)
	if e == nil || e.ExpressionData == nil {
		return ""
	}
	refs, _ := references(e.References)
	return strings.Join(refs, ", ")
}
