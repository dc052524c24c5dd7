package tfplan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// An evaluator computes the expressions of a configuration that are literals, references, and
// templates, lists and objects of those, and what jsonencode makes of them. All others have no
// value.
type evaluator struct {
	plan *Plan
	left int                                            // how many expressions it may still look at
	of   func(in *instance, attr string) (string, bool) // an attribute of a resource; nil: none has a value, and what is sensitive has
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

// evaluate is the value of an expression after the change, of which nothing is sensitive.
func (e *editor) evaluate(s scope, x *tfjson.Expression) (cty.Value, bool) {
	ev := evaluator{plan: e.plan, left: maxEvaluated, of: e.exact}
	return ev.configured(s, x)
}

// exact is the very text of an attribute after the change, or what stands for it.
func (e *editor) exact(in *instance, attr string) (string, bool) {
	if !in.after.exists() {
		return "", false
	}
	for _, name := range []string{"name", "name_prefix", "path", "bucket", "bucket_prefix"} {
		if in.after.isUnknown(name) {
			return "", false // what stands for it has another name
		}
	}
	_, st := in.after.text(attr)
	switch {
	case in.mode == tfjson.ManagedResourceMode && attr == "arn" && st != absent:
		if arn, ok := e.identify(in, attr); ok {
			return arn, true // the provider may leave an old one in the plan
		}
	case st != known && (in.typ == "aws_sqs_queue" || in.typ == "aws_kms_key"):
		return "", false // the URL or ID, which identify has as an ARN
	}
	return e.value(in, attr)
}

// texts are the elements of an expression that is a list of texts.
func (e *editor) texts(s scope, x *tfjson.Expression) ([]string, bool) {
	v, ok := e.evaluate(s, x)
	if !ok || !isTexts(v) || !v.Type().IsTupleType() {
		return nil, false
	}
	out := []string{}
	for _, el := range v.AsValueSlice() {
		out = append(out, el.AsString())
	}
	return out, true
}

// text is the value of an expression that is a text.
func (e *editor) text(s scope, x *tfjson.Expression) (string, bool) {
	v, ok := e.evaluate(s, x)
	if !ok || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
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
	case *hclsyntax.ObjectConsExpr:
		return ev.object(s, e)
	case *hclsyntax.FunctionCallExpr:
		if e.Name != "jsonencode" || len(e.Args) != 1 || e.ExpandFinal {
			return cty.NilVal, false
		}
		v, ok := ev.expression(s, e.Args[0])
		if !ok {
			return cty.NilVal, false
		}
		src, err := ctyjson.Marshal(v, v.Type())
		return cty.StringVal(string(src)), err == nil && len(src) <= maxText
	}
	if ref, ok := bareReference(e, s.key); ok {
		return ev.reference(s, ref)
	}
	return cty.NilVal, false
}

func (ev *evaluator) object(s scope, e *hclsyntax.ObjectConsExpr) (cty.Value, bool) {
	out := map[string]cty.Value{}
	for _, item := range e.Items {
		k, diags := item.KeyExpr.Value(nil)
		ok := !diags.HasErrors() && k.IsKnown() && !k.IsNull()
		if key, isKey := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); !ok && isKey {
			k, ok = ev.expression(s, key.Wrapped)
		}
		v, isKnown := ev.expression(s, item.ValueExpr)
		if !ok || !isKnown || k.Type() != cty.String {
			return cty.NilVal, false
		}
		out[k.AsString()] = v
	}
	return cty.ObjectVal(out), true
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
	switch {
	case isOwnKey(ref, s.key) && ref == "each.key":
		key, err := strconv.Unquote(s.key[1 : len(s.key)-1])
		return cty.StringVal(key), err == nil && !strings.Contains(key, "{") // Terraform writes $${ for ${
	case strings.HasPrefix(ref, "var."):
		return ev.variable(s, ref[len("var."):])
	case strings.HasPrefix(ref, "local."):
		if x := ev.plan.written.locals[ev.plan.module(s.path)][ref[len("local."):]]; x != nil {
			return ev.expression(scope{path: s.path}, x)
		}
		return cty.NilVal, false
	}
	steps, err := splitAddress(ref)
	if err != nil || ev.of == nil {
		return cty.NilVal, false
	}
	if steps[0].name == "module" {
		if len(steps) != 3 || steps[2].key != "" {
			return cty.NilVal, false
		}
		inner := scope{path: append(slices.Clone(s.path), steps[1])}
		m := ev.plan.module(inner.path)
		if m == nil || m.Outputs[steps[2].name] == nil || m.Outputs[steps[2].name].Sensitive {
			return cty.NilVal, false
		}
		return ev.configured(inner, m.Outputs[steps[2].name].Expression)
	}
	t, ok := ev.plan.resource(s, steps)
	if !ok {
		return cty.NilVal, false
	}
	text, ok := ev.of(t.of, t.attr)
	return cty.StringVal(text), ok
}

func (ev *evaluator) variable(s scope, name string) (cty.Value, bool) {
	m := ev.plan.module(s.path)
	if m == nil || m.Variables[name] == nil || !ev.plan.written.texts[m][name] || ev.of != nil && m.Variables[name].Sensitive {
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
