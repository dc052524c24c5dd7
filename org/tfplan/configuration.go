package tfplan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
)

// WithConfiguration returns the plan together with the configuration that it was made of, as
// the file has it that terraform plan -out writes: fsys is that file, which is a zip archive.
// The file of another plan is an error, as far as the plan tells when it was made. What [Read] reads says what an expression refers to, and not what
// it makes of it: the attributes aws_iam_policy.a.arn and replace(aws_iam_policy.a.arn, "a", "b") look
// the same, and so do a block that nobody writes and a dynamic one of which nothing is known.
// With the configuration they are told apart; without it, what is made of other resources is
// unknown unless its value stands in the plan.
func (p *Plan) WithConfiguration(fsys fs.FS) (*Plan, error) {
	if err := p.checkFile(fsys); err != nil {
		return nil, fmt.Errorf("tfplan: the plan file: %w", err)
	}
	fsys, err := fs.Sub(fsys, "tfconfig")
	if err != nil {
		return nil, fmt.Errorf("tfplan: %w", err)
	}
	src, err := readSource(fsys, "modules.json")
	if err != nil {
		return nil, fmt.Errorf("tfplan: the configuration: %w; want the file that terraform plan -out wrote", err)
	}
	var modules []struct{ Key string }
	if err := json.Unmarshal(src, &modules); err != nil {
		return nil, fmt.Errorf("tfplan: the configuration: modules.json: %w", err)
	}
	w := &written{
		sources: map[*tfjson.Expression]hclsyntax.Expression{}, dynamic: map[*tfjson.ConfigResource]map[string]bool{},
		texts: map[*tfjson.ConfigModule]map[string]bool{}, locals: map[*tfjson.ConfigModule]map[string]hclsyntax.Expression{}, providers: p.providersOf(),
	}
	for _, m := range modules {
		module := p.moduleByKey(m.Key)
		if module == nil {
			return nil, fmt.Errorf("tfplan: the configuration: the plan does not have its module %q; want the plan file that the plan was printed from", m.Key)
		}
		if err := w.module(module, fsys, "m-"+m.Key); err != nil {
			return nil, fmt.Errorf("tfplan: the configuration: %w", err)
		}
	}
	return newPlan(p.raw, w)
}

// checkFile tells the file of another plan by the time of the plan, which stands in both: what
// another configuration says of an expression proves nothing.
func (p *Plan) checkFile(fsys fs.FS) error {
	if p.raw.Timestamp == "" {
		return nil // of Terraform before 1.5
	}
	f, err := fsys.Open("tfplan")
	if err != nil {
		return fmt.Errorf("%w; want the file that terraform plan -out wrote", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxPlan))
	if err != nil {
		return err
	}
	if !bytes.Contains(src, []byte(p.raw.Timestamp)) {
		return fmt.Errorf("it is of another plan than the one of %s; want the file that the plan was printed from", p.raw.Timestamp)
	}
	return nil
}

// moduleByKey finds a module by the names of its calls, with dots between.
func (p *Plan) moduleByKey(key string) *tfjson.ConfigModule {
	var at []step
	for name := range strings.SplitSeq(key, ".") {
		if name != "" {
			at = append(at, step{name: name})
		}
	}
	return p.module(at)
}

// written is what the configuration of a plan tells besides.
type written struct {
	sources   map[*tfjson.Expression]hclsyntax.Expression // how expressions are written
	dynamic   map[*tfjson.ConfigResource]map[string]bool  // the types of dynamic blocks, of resources that are told
	texts     map[*tfjson.ConfigModule]map[string]bool    // the variables that have texts as they are given
	locals    map[*tfjson.ConfigModule]map[string]hclsyntax.Expression
	providers map[*tfjson.ConfigModule][]*tfjson.ProviderConfig
}

// A blockKey says what a block of a module configures.
type blockKey struct{ kind, typ, name string }

func (w *written) module(m *tfjson.ConfigModule, fsys fs.FS, dir string) error {
	files, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	blocks := map[blockKey]*hclsyntax.Body{}
	locals := map[string]hclsyntax.Expression{}
	for _, file := range files {
		name := path.Join(dir, file.Name())
		if !strings.HasSuffix(name, ".tf") {
			if strings.HasSuffix(name, ".tf.json") {
				return nil // what it overrides is not told
			}
			continue
		}
		if base := path.Base(name); base == "override.tf" || strings.HasSuffix(base, "_override.tf") {
			return nil
		}
		src, err := readSource(fsys, name)
		if err != nil {
			return err
		}
		if tooDeep(src, name) {
			return fmt.Errorf("%s: expressions nest too deeply", name)
		}
		f, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			return diags
		}
		body, ok := f.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		for _, b := range body.Blocks {
			switch {
			case b.Type == "locals":
				for name, a := range b.Body.Attributes {
					locals[name] = a.Expr
				}
			case len(b.Labels) == 2:
				blocks[blockKey{b.Type, b.Labels[0], b.Labels[1]}] = b.Body
			case b.Type == "provider" && len(b.Labels) == 1:
				blocks[blockKey{b.Type, b.Labels[0], alias(b.Body)}] = b.Body
			case len(b.Labels) == 1:
				blocks[blockKey{b.Type, "", b.Labels[0]}] = b.Body
			}
		}
	}
	for _, r := range m.Resources {
		if r == nil {
			continue
		}
		kind := "resource"
		if r.Mode == tfjson.DataResourceMode {
			kind = "data"
		}
		if body := blocks[blockKey{kind, r.Type, r.Name}]; body != nil {
			w.dynamic[r] = dynamics(body)
			w.body(r.Expressions, body)
			w.attribute(r.ForEachExpression, body, "for_each")
		}
	}
	for name, c := range m.ModuleCalls {
		if body := blocks[blockKey{"module", "", name}]; body != nil && c != nil {
			w.body(c.Expressions, body)
			w.attribute(c.ForEachExpression, body, "for_each")
		}
	}
	for _, c := range w.providers[m] {
		if body := blocks[blockKey{"provider", c.Name, c.Alias}]; body != nil {
			w.body(c.Expressions, body)
		}
	}
	w.texts[m], w.locals[m] = map[string]bool{}, locals
	for name := range m.Variables {
		if body := blocks[blockKey{"variable", "", name}]; body != nil {
			w.texts[m][name] = ofTexts(body.Attributes["type"])
		}
	}
	for name, o := range m.Outputs {
		if body := blocks[blockKey{"output", "", name}]; body != nil && o != nil {
			w.attribute(o.Expression, body, "value")
		}
	}
	return nil
}

// readSource reads a file of a bounded size.
func readSource(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(src) > maxSource {
		err = fmt.Errorf("%s: more than %d bytes", name, maxSource)
	}
	return src, err
}

// tooDeep reports whether a file would have the parser, which is recursive, run out of stack.
func tooDeep(src []byte, name string) bool {
	const most, mostBranches = 1000, 50_000
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // what is wrong the parser says
	depth, run, branches := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp, hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote:
			depth = max(depth-1, 0)
		case hclsyntax.TokenQuestion, hclsyntax.TokenTemplateControl:
			branches++
		}
		run++
		if t.Type != hclsyntax.TokenBang && t.Type != hclsyntax.TokenMinus {
			run = 0
		}
		if depth > most || run > most || branches > mostBranches {
			return true
		}
	}
	return false
}

// maxSource is the size of the largest file of a configuration, in bytes.
const maxSource = 16 << 20

// dynamics are the types of the dynamic blocks of a body.
func dynamics(body *hclsyntax.Body) map[string]bool {
	out := map[string]bool{}
	for _, b := range body.Blocks {
		if b.Type == "dynamic" && len(b.Labels) == 1 {
			out[b.Labels[0]] = true
		}
	}
	return out
}

func (w *written) body(expressions map[string]*tfjson.Expression, body *hclsyntax.Body) {
	for name, e := range expressions {
		if e == nil || e.ExpressionData == nil {
			continue
		}
		if len(e.NestedBlocks) == 0 {
			w.attribute(e, body, name)
			continue
		}
		var blocks []*hclsyntax.Body
		for _, b := range body.Blocks {
			if b.Type == name {
				blocks = append(blocks, b.Body)
			}
		}
		if len(blocks) != len(e.NestedBlocks) || dynamics(body)[name] {
			continue
		}
		for i, inner := range e.NestedBlocks {
			w.body(inner, blocks[i])
		}
	}
}

func (w *written) attribute(e *tfjson.Expression, body *hclsyntax.Body, name string) {
	a := body.Attributes[name]
	if e == nil || e.ExpressionData == nil || a == nil {
		return
	}
	refers := a.Expr.Variables()
	if len(refers) == 0 && len(e.References) > 0 {
		return // of another configuration
	}
	for _, t := range refers {
		if text, ok := traversal(t); ok && !slices.Contains(e.References, text) {
			return
		}
	}
	w.sources[e] = a.Expr
}

// bareReference is the text of an expression that is a reference and nothing else. An index
// that is each.key or count.index is that of the instance, whose key is given as it stands in
// its address.
func bareReference(e hclsyntax.Expression, key string) (string, bool) {
	switch e := e.(type) {
	case *hclsyntax.TemplateWrapExpr: // "${a.b}"
		return bareReference(e.Wrapped, key)
	case *hclsyntax.ParenthesesExpr:
		return bareReference(e.Expression, key)
	case *hclsyntax.ScopeTraversalExpr:
		return traversal(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr: // a.b[each.key].c
		of, ok := bareReference(e.Source, key)
		rest, isPlain := traversal(e.Traversal)
		return of + rest, ok && isPlain
	case *hclsyntax.IndexExpr:
		of, ok := bareReference(e.Collection, key)
		by, isReference := bareReference(e.Key, "")
		return of + key, ok && isReference && isOwnKey(by, key)
	}
	return "", false
}

// isOwnKey reports whether a reference is to the key of an instance.
func isOwnKey(ref, key string) bool {
	switch ref {
	case "each.key":
		return strings.HasPrefix(key, `["`)
	case "count.index":
		return key != "" && !strings.HasPrefix(key, `["`)
	}
	return false
}

func traversal(list hcl.Traversal) (string, bool) {
	var b strings.Builder
	for _, part := range list {
		switch part := part.(type) {
		case hcl.TraverseRoot:
			b.WriteString(part.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + part.Name)
		case hcl.TraverseIndex:
			if key := part.Key; key.Type() == cty.String {
				b.WriteString("[" + strconv.Quote(key.AsString()) + "]")
			} else if key.Type() == cty.Number {
				b.WriteString("[" + key.AsBigFloat().Text('f', -1) + "]")
			} else {
				return "", false
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// bareText is the text of an expression that is known to be a reference and nothing else.
func (p *Plan) bareText(s scope, e *tfjson.Expression) (string, bool) {
	source := p.source(e)
	if source == nil {
		return "", false
	}
	return bareReference(source, s.key)
}

// source is how an expression is written; nil if that is not known.
func (p *Plan) source(e *tfjson.Expression) hclsyntax.Expression {
	if p.written == nil {
		return nil
	}
	return p.written.sources[e]
}

// providersOf are the configurations of providers, by the module that they stand in.
func (p *Plan) providersOf() map[*tfjson.ConfigModule][]*tfjson.ProviderConfig {
	out := map[*tfjson.ConfigModule][]*tfjson.ProviderConfig{}
	if p.raw.Config == nil {
		return out
	}
	for _, c := range p.raw.Config.ProviderConfigs {
		if c == nil {
			continue
		}
		if m := p.module(p.providerScope(c).path); m != nil {
			out[m] = append(out[m], c)
		}
	}
	return out
}

// alias is the alias of the configuration of a provider, or "".
func alias(body *hclsyntax.Body) string {
	a := body.Attributes["alias"]
	if a == nil {
		return ""
	}
	if v, diags := a.Expr.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return v.AsString()
	}
	return ""
}

// mayBeDynamic reports whether a resource may have dynamic blocks of a type.
func (in *instance) mayBeDynamic(block string) bool {
	if in.plan.written == nil || in.config == nil {
		return true
	}
	types, ok := in.plan.written.dynamic[in.config]
	return !ok || types[block]
}
