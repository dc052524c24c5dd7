package tfplan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"

	tfjson "github.com/hashicorp/terraform-json"
)

// MaxPlan is the size of the largest plan that [Read] takes, in bytes.
const MaxPlan = 256 << 20

// A Plan is a Terraform plan. It is immutable.
type Plan struct {
	raw       *tfjson.Plan
	instances []*instance          // by address
	byAddress map[string]*instance // managed and data resources, those of prior_state included
	deferred  []Skipped
	configs   map[*tfjson.ConfigModule]map[resourceName]*tfjson.ConfigResource
	secrets   secrets
	accounts  map[string]bool                 // account IDs that are marked sensitive
	marked    map[*tfjson.ConfigResource]bool // of which something is marked sensitive
	written   *written                        // nil: nobody gave the configuration
	following sync.Mutex
	origins   map[originKey]origin // found so far; under following
}

// An instance is one resource instance: of a plan's changes, or of its prior state.
type instance struct {
	plan     *Plan
	address  string
	path     []step // modules, outermost first
	mode     tfjson.ResourceMode
	typ      string
	name     string
	provider string // such as "registry.terraform.io/hashicorp/aws"
	key      string // as it stands in the address: "", `["a"]` or "[0]"

	actions       tfjson.Actions
	before, after values
	config        *tfjson.ConfigResource // nil: the plan does not have it
}

// A step is one part of an address: a name with an index, as it is written, or "".
type step struct{ name, key string }

func (s step) String() string { return s.name + s.key }

// Read reads a plan as terraform show -json prints it. The error says what is wrong and what
// would be right: no JSON, a truncated file, a state or some other file instead of a plan, a
// format that is not known, a plan that ended in an error. Which parts of the plan could
// not be planned is no error; see [Plan.IsComplete].
func Read(r io.Reader) (*Plan, error) {
	src, err := io.ReadAll(io.LimitReader(r, MaxPlan+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("tfplan: %w", err)
	case len(src) > MaxPlan:
		return nil, fmt.Errorf("tfplan: more than %d bytes; want the output of terraform show -json PLAN", MaxPlan)
	}
	if err := checkForm(src); err != nil {
		return nil, fmt.Errorf("tfplan: %w", err)
	}
	raw := new(tfjson.Plan)
	if err := json.Unmarshal(src, raw); err != nil {
		return nil, fmt.Errorf("tfplan: %w", err)
	}
	return newPlan(raw, nil)
}

func newPlan(raw *tfjson.Plan, w *written) (*Plan, error) {
	p := &Plan{
		raw: raw, written: w, byAddress: make(map[string]*instance), configs: make(map[*tfjson.ConfigModule]map[resourceName]*tfjson.ConfigResource),
		marked: make(map[*tfjson.ConfigResource]bool), origins: make(map[originKey]origin), accounts: make(map[string]bool),
	}
	if raw.Config != nil {
		p.declare(raw.Config.RootModule)
	}
	if err := p.index(); err != nil {
		return nil, fmt.Errorf("tfplan: %w", err)
	}
	p.findSecrets()
	return p, nil
}

// checkForm tells apart what people pass by mistake.
func checkForm(src []byte) error {
	var head struct {
		FormatVersion string          `json:"format_version"`
		Errored       bool            `json:"errored"`
		Values        json.RawMessage `json:"values"`
		Version       *int            `json:"version"`
		Changes       json.RawMessage `json:"resource_changes"`
		Planned       json.RawMessage `json:"planned_values"`
	}
	const want = "want the output of terraform show -json PLAN"
	if err := json.Unmarshal(src, &head); err != nil {
		var syntax *json.SyntaxError
		switch {
		case len(bytes.TrimSpace(src)) == 0:
			return errors.New("empty; " + want)
		case len(src) > 2 && src[0] == 'P' && src[1] == 'K':
			return errors.New("the binary plan file; " + want)
		case errors.As(err, &syntax):
			if int(syntax.Offset) >= len(src) {
				return fmt.Errorf("the file is cut off after %d bytes; %s", len(src), want)
			}
			line := 1 + strings.Count(string(src[:min(int(syntax.Offset), len(src))]), "\n")
			return fmt.Errorf("line %d: %w; %s", line, err, want)
		}
		return fmt.Errorf("%w; %s", err, want)
	}
	switch {
	case head.FormatVersion == "" && head.Version != nil:
		return errors.New("a state file; " + want)
	case head.FormatVersion == "":
		return errors.New("format_version is missing; " + want)
	case head.Planned == nil && head.Changes == nil && head.Values != nil:
		return errors.New("a state, not a plan; " + want)
	case head.Errored:
		return errors.New("planning ended in an error, so that the plan says only a part; correct the configuration, and plan again")
	}
	return nil
}

func (p *Plan) index() error {
	for _, c := range p.raw.ResourceChanges {
		if c == nil || c.Change == nil {
			return errors.New("resource_changes: an entry has no change")
		}
		in, err := p.instance(c)
		if err != nil {
			return err
		}
		if c.DeposedKey != "" { // what is left of an earlier replacement; nothing refers to it
			p.instances = append(p.instances, in)
			continue
		}
		if p.byAddress[in.address] != nil {
			return fmt.Errorf("resource_changes: %s stands there twice", in.address)
		}
		p.byAddress[in.address] = in
		p.instances = append(p.instances, in)
	}
	if s := p.raw.PriorState; s != nil && s.Values != nil && s.Values.RootModule != nil {
		if err := p.prior(s.Values.RootModule); err != nil {
			return err
		}
	}
	for _, d := range p.raw.DeferredChanges {
		if d == nil || d.ResourceChange == nil {
			return errors.New("deferred_changes: an entry has no change")
		}
		p.deferred = append(p.deferred, Skipped{
			Address: d.ResourceChange.Address, Type: d.ResourceChange.Type, Access: true,
			Reason: "deferred by Terraform: " + d.Reason,
		})
	}
	slices.SortStableFunc(p.instances, func(a, b *instance) int { return strings.Compare(a.address, b.address) })
	return nil
}

func (p *Plan) instance(c *tfjson.ResourceChange) (*instance, error) {
	in := &instance{plan: p, address: c.Address, mode: c.Mode, typ: c.Type, name: c.Name, provider: c.ProviderName, actions: c.Change.Actions}
	steps, err := splitAddress(c.Address)
	if err != nil {
		return nil, err
	}
	in.place(steps)
	in.config = p.configOf(in)
	var ok bool
	if in.before.known, ok = attributes(c.Change.Before); !ok {
		return nil, fmt.Errorf("%s: change.before is no object", c.Address)
	}
	if in.after.known, ok = attributes(c.Change.After); !ok {
		return nil, fmt.Errorf("%s: change.after is no object", c.Address)
	}
	in.before.sensitive, in.after.sensitive = c.Change.BeforeSensitive, c.Change.AfterSensitive
	in.after.unknown = c.Change.AfterUnknown
	in.before.of, in.after.of, in.after.planned = in, in, true
	return in, nil
}

// place takes the module path and the index from the parts of the address.
func (in *instance) place(steps []step) {
	for len(steps) > 1 && steps[0].name == "module" {
		in.path = append(in.path, steps[1])
		steps = steps[2:]
	}
	if len(steps) > 0 {
		in.key = steps[len(steps)-1].key
	}
}

// prior adds what only the state before the plan has: data resources that were read
// already.
func (p *Plan) prior(m *tfjson.StateModule) error {
	for _, r := range m.Resources {
		if r == nil || p.byAddress[r.Address] != nil {
			continue
		}
		steps, err := splitAddress(r.Address)
		if err != nil {
			return err
		}
		in := &instance{plan: p, address: r.Address, mode: r.Mode, typ: r.Type, name: r.Name, provider: r.ProviderName, actions: tfjson.Actions{tfjson.ActionNoop}}
		in.place(steps)
		in.config = p.configOf(in)
		in.after = values{known: r.AttributeValues, of: in}
		if len(r.SensitiveValues) > 0 {
			if err := json.Unmarshal(r.SensitiveValues, &in.after.sensitive); err != nil {
				return fmt.Errorf("%s: sensitive_values: %w", r.Address, err)
			}
		}
		in.before = in.after
		p.byAddress[in.address] = in
	}
	for _, c := range m.ChildModules {
		if c != nil {
			if err := p.prior(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// module is the configuration of a module; nil if the plan does not have it.
func (p *Plan) module(path []step) *tfjson.ConfigModule {
	if p.raw.Config == nil {
		return nil
	}
	m := p.raw.Config.RootModule
	for _, s := range path {
		if m == nil || m.ModuleCalls[s.name] == nil {
			return nil
		}
		m = m.ModuleCalls[s.name].Module
	}
	return m
}

func (p *Plan) configOf(in *instance) *tfjson.ConfigResource {
	m := p.module(in.path)
	if m == nil {
		return nil
	}
	return p.configs[m][resourceName{in.mode, in.typ, in.name}]
}

// declare takes the resources of a module and of those that it calls.
func (p *Plan) declare(m *tfjson.ConfigModule) {
	if m == nil {
		return
	}
	list := make(map[resourceName]*tfjson.ConfigResource, len(m.Resources))
	for _, r := range m.Resources {
		if r != nil {
			list[resourceName{r.Mode, r.Type, r.Name}] = r
		}
	}
	p.configs[m] = list
	for _, c := range m.ModuleCalls {
		if c != nil {
			p.declare(c.Module)
		}
	}
}

// A resourceName is what is unique in a module.
type resourceName struct {
	mode      tfjson.ResourceMode
	typ, name string
}

// IsComplete reports whether the plan says all that the configuration asks for. It does not
// where planning was limited to targets, or where Terraform deferred changes. A plan of Terraform
// before 1.8, which doesn't say, is taken for complete.
func (p *Plan) IsComplete() bool {
	return len(p.deferred) == 0 && (p.raw.Complete == nil || *p.raw.Complete)
}

// TerraformVersion is the version of Terraform that made the plan, such as "1.11.4".
func (p *Plan) TerraformVersion() string { return p.raw.TerraformVersion }

// splitAddress splits an address at its dots, which may stand in an index, too.
func splitAddress(address string) ([]step, error) {
	var out []step
	rest := address
	for {
		i := strings.IndexAny(rest, ".[")
		if i < 0 {
			i = len(rest)
		}
		s := step{name: rest[:i]}
		rest = rest[i:]
		if strings.HasPrefix(rest, "[") {
			end := closing(rest)
			if end < 0 {
				return nil, fmt.Errorf("%q is no address: a bracket is not closed", address)
			}
			s.key, rest = rest[:end], rest[end:]
		}
		if s.name == "" || strings.ContainsFunc(s.name, notIdentifier) {
			return nil, fmt.Errorf("%q is no address of a resource", address)
		}
		out = append(out, s)
		if rest == "" {
			return out, nil
		}
		if rest[0] != '.' {
			return nil, fmt.Errorf("%q is no address of a resource", address)
		}
		rest = rest[1:]
	}
}

// notIdentifier reports whether a character is in no name of Terraform's.
func notIdentifier(r rune) bool {
	return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// closing is where an index ends that begins s; -1 if it does not end.
func closing(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == ']':
			return i + 1
		}
	}
	return -1
}
