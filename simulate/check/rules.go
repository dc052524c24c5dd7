package check

import (
	"sync"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// A serviceRule is what no policy decides: requests for the actions, in lower case, on the
// resources; nil: on all.
type serviceRule struct{ actions, resources []string }

// serviceRulesOf are the rules for a kind of caller: what AWS always allows (R-SPC-1, R-SPC-2),
// what it never does (R-SPC-6, R-SPC-7), and what is closed to a kind of session (R-SES-5,
// R-SES-6, R-STS-3).
func serviceRulesOf(kind policy.PrincipalKind) []serviceRule {
	list := []serviceRule{
		{[]string{
			"iam:createpolicy", "iam:createpolicyversion", "iam:deletepolicy", "iam:deletepolicyversion",
			"iam:setdefaultpolicyversion", "iam:tagpolicy", "iam:untagpolicy",
		}, []string{"*:*:iam:*:aws:policy/*"}},
		{[]string{
			"iam:attachrolepolicy", "iam:createrole", "iam:createservicelinkedrole", "iam:deleterole",
			"iam:deleterolepermissionsboundary", "iam:deleterolepolicy", "iam:deleteservicelinkedrole",
			"iam:detachrolepolicy", "iam:passrole", "iam:putrolepermissionsboundary", "iam:putrolepolicy",
			"iam:tagrole", "iam:untagrole", "iam:updateassumerolepolicy", "iam:updaterole", "iam:updateroledescription",
		}, []string{"*:*:iam:*:*:role/aws-reserved/*"}},
		{[]string{"kms:createalias", "kms:deletealias", "kms:updatealias"}, []string{"*:*:kms:*:*:alias/aws/*"}},
	}
	add := func(actions ...string) { list = append(list, serviceRule{actions: actions}) }
	if kind != policy.Anonymous && kind != policy.WebIdentity {
		add("sts:getcalleridentity")
	}
	if kind == policy.User || kind == policy.Root {
		add("sts:getsessiontoken")
	}
	switch kind {
	case policy.Anonymous:
		add("iam:*", "sts:*", "kms:*")
	case policy.Root:
		add("sts:assumerole", "sts:assumeroot")
	case policy.FederatedUser:
		add("iam:*", "sts:*")
	case policy.RoleSession:
		add("sts:getsessiontoken", "sts:getfederationtoken")
	}
	if isIAM(kind) {
		add("sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
	}
	return list
}

// ruleStatements holds the Denies of each kind of caller: they are the same in every question.
var ruleStatements sync.Map // policy.PrincipalKind → []symbolic.Statement

// serviceRules denies, on both sides, what no policy decides for such a caller.
func (b *sideBuilder) serviceRules(kind policy.PrincipalKind) {
	denies, ok := ruleStatements.Load(kind)
	if !ok {
		list, err := ruleDenies(kind)
		if err != nil {
			b.fail(err)
			return
		}
		denies, _ = ruleStatements.LoadOrStore(kind, list)
	}
	b.Denies = append(b.Denies, denies.([]symbolic.Statement)...)
}

// ruleDenies compiles the rules of a kind: one automaton for actions and one for resources.
func ruleDenies(kind policy.PrincipalKind) ([]symbolic.Statement, error) {
	var actions, resources [][]symbolic.Pattern
	rules := serviceRulesOf(kind)
	at := make([]int, len(rules))
	for i, r := range rules {
		actions = append(actions, rulePatterns(symbolic.ActionText, r.actions))
		if at[i] = len(resources); r.resources != nil {
			resources = append(resources, rulePatterns(symbolic.ResourceText, r.resources))
		}
	}
	of, err := symbolic.Build(symbolic.NewMeter(nil), symbolic.ActionText, actions)
	if err != nil {
		return nil, err
	}
	on, err := symbolic.Build(symbolic.NewMeter(nil), symbolic.ResourceText, resources)
	if err != nil {
		return nil, err
	}
	out := make([]symbolic.Statement, len(rules))
	for i, r := range rules {
		out[i].Action = symbolic.Member{Of: of, Element: i}
		if r.resources != nil {
			out[i].Resource = []symbolic.Guarded{{Member: symbolic.Member{Of: on, Element: at[i]}}}
		}
	}
	return out, nil
}

func rulePatterns(u symbolic.Universe, globs []string) []symbolic.Pattern {
	var out []symbolic.Pattern
	for _, g := range globs {
		p := symbolic.Glob(g, false)
		if u == symbolic.ResourceText { // matched part by part
			arn, _ := (&compiler{}).arnPattern(policy.Version2008, g, false)
			p = arn.relaxed
		}
		out = append(out, p)
	}
	return out
}

// ruleLists holds the automata of the first lists that rules name: most are written in this
// package, and some speak of accounts.
var ruleLists struct {
	sync.Mutex
	of map[string]*symbolic.Automaton
}

const maxRuleLists = 256

// member is a list of globs that a rule names.
func member(u symbolic.Universe, globs []string) (symbolic.Member, error) {
	key := glue(append([]string{string(rune(u))}, globs...)...)
	ruleLists.Lock()
	defer ruleLists.Unlock()
	if of := ruleLists.of[key]; of != nil {
		return symbolic.Member{Of: of}, nil
	}
	built, err := symbolic.Build(symbolic.NewMeter(nil), u, [][]symbolic.Pattern{rulePatterns(u, globs)})
	if err != nil {
		return symbolic.Member{}, err
	}
	if ruleLists.of == nil {
		ruleLists.of = map[string]*symbolic.Automaton{}
	}
	if len(ruleLists.of) < maxRuleLists {
		ruleLists.of[key] = built
	}
	return symbolic.Member{Of: built}, nil
}
