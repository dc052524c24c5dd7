package tfplan

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
)

// An evaluator computes the expressions of a configuration that are literals, references to
// variables, and templates and lists of those. All others have no value.
type evaluator struct {
	plan *Plan
	left int // how many expressions it may still look at
}

// maxEvaluated is how many expressions one value may be made of, and maxText the bytes of a
// text.
const maxEvaluated, maxText = 10_000, 1 << 20

// constant is the value of an expression that says nothing of resources. What is made of a
// variable is known with the configuration only.
func (p *Plan) constant(s scope, e *tfjson.Expression) (cty.Value, bool) {
	ev := evaluator{plan: p, left: maxEvaluated}
	return ev.configured(s, e)
}

// configured is what the configuration gives an attribute.
func (ev *evaluator) configured(s scope, e *tfjson.Expression) (cty.Value, bool) {
	switch {
	case e == nil || e.ExpressionData == nil:
		return cty.NilVal, false
	case len(e.References) == 0 && e.ConstantValue != nil:
		return plainValue(e.ConstantValue)
	}
	source := ev.plan.source(e)
	if source == nil {
		return cty.NilVal, false
	}
	return ev.expression(s, source)
}

// plainValue is a value of JSON that is a text, a flag, or a list of texts.
func plainValue(v any) (cty.Value, bool) {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v), true
	case bool:
		return cty.BoolVal(v), true
	case []any:
		if texts := stringsOf(v); len(texts) == len(v) {
			return textList(texts), true
		}
	}
	return cty.NilVal, false
}

func textList(texts []string) cty.Value {
	list := make([]cty.Value, len(texts))
	for i, s := range texts {
		list[i] = cty.StringVal(s)
	}
	return cty.TupleVal(list)
}

func (ev *evaluator) expression(s scope, e hclsyntax.Expression) (cty.Value, bool) {
	if ev.left--; ev.left < 0 {
		return cty.NilVal, false
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return e.Val, e.Val.IsWhollyKnown() && !e.Val.IsNull()
	case *hclsyntax.ParenthesesExpr:
		return ev.expression(s, e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return ev.expression(s, e.Wrapped)
	case *hclsyntax.TemplateExpr:
		return ev.template(s, e)
	case *hclsyntax.TupleConsExpr:
		list := make([]cty.Value, 0, len(e.Exprs))
		for _, x := range e.Exprs {
			v, ok := ev.expression(s, x)
			if !ok {
				return cty.NilVal, false
			}
			list = append(list, v)
		}
		return cty.TupleVal(list), true
	}
	if ref, ok := bareReference(e, s.key); ok {
		return ev.reference(s, ref)
	}
	return cty.NilVal, false
}

func (ev *evaluator) template(s scope, e *hclsyntax.TemplateExpr) (cty.Value, bool) {
	var b strings.Builder
	for _, part := range e.Parts {
		v, ok := ev.expression(s, part)
		if !ok {
			return cty.NilVal, false
		}
		if v.Type() != cty.String || b.Len()+len(v.AsString()) > maxText {
			return cty.NilVal, false
		}
		b.WriteString(v.AsString())
	}
	return cty.StringVal(b.String()), true
}

func (ev *evaluator) reference(s scope, ref string) (cty.Value, bool) {
	name, ok := strings.CutPrefix(ref, "var.")
	if !ok {
		return cty.NilVal, false
	}
	m := ev.plan.module(s.path)
	if m == nil || m.Variables[name] == nil || !ev.plan.written.texts[m][name] {
		return cty.NilVal, false
	}
	if len(s.path) > 0 {
		above, e := ev.plan.variable(s, name)
		v, ok := ev.configured(above, e)
		return v, ok && isTexts(v)
	}
	v := ev.plan.raw.Variables[name]
	if v == nil {
		return cty.NilVal, false
	}
	value, ok := plainValue(v.Value)
	return value, ok && isTexts(value)
}

// isTexts reports whether a value is a text, or a list of texts: these a variable does not
// convert whose type is that of texts.
func isTexts(v cty.Value) bool {
	if v.Type() == cty.String {
		return true
	}
	if !v.Type().IsTupleType() {
		return false
	}
	for _, t := range v.Type().TupleElementTypes() {
		if t != cty.String {
			return false
		}
	}
	return true
}

// ofTexts reports whether a variable of this type has its texts as they are given.
func ofTexts(typ *hclsyntax.Attribute) bool {
	if typ == nil {
		return true
	}
	switch hcl.ExprAsKeyword(typ.Expr) {
	case "string", "any":
		return true
	}
	call, ok := typ.Expr.(*hclsyntax.FunctionCallExpr)
	return ok && (call.Name == "list" || call.Name == "set") && len(call.Args) == 1 && hcl.ExprAsKeyword(call.Args[0]) == "string"
}
