package tfplan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"github.com/licit-dev/licit/policy"
)

var isRegion = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d+$`)

// account is the ID of the account that a resource is in: what its own ARN says; else what
// data.aws_caller_identity or ARNs of IAM resources of the same provider say; else what the
// provider is configured with; else what the caller said. It never guesses.
func (e *editor) account(in *instance) (string, error) {
	for _, v := range []values{in.before, in.after} {
		if a, err := policy.ParseARN(v.plain("arn")); err == nil && policy.IsAccountID(a.AccountID()) {
			return a.AccountID(), nil
		}
	}
	ids := e.providerAccounts(in)
	switch {
	case len(ids) > 1:
		return "", fmt.Errorf("%s: its provider seems to be in several accounts: %s; want a plan of which each provider is in one", in.address, in.plan.shownAccounts(ids...))
	case len(ids) == 1:
		return ids[0], nil
	case e.options.account != "":
		return e.optionAccount(in)
	}
	return "", fmt.Errorf("%s: the plan does not say in which account it is; want the account to be given, a data source aws_caller_identity of its provider, or its allowed_account_ids, which only the plan file (--plan-file) tells if they are made of variables", in.address)
}

// optionAccount is the account that the caller gave, which is that of one configuration of the
// provider: another one may well be for another account.
func (e *editor) optionAccount(in *instance) (string, error) {
	key := in.providerKey()
	if e.given == nil {
		e.given = &key
	}
	if *e.given != key || key == "" && in.plan.configurations(in.provider) > 1 {
		return "", fmt.Errorf("%s: the plan does not say in which account it is, and the account that was given is taken for resources of another configuration of the provider; want allowed_account_ids or a data source aws_caller_identity of each", in.address)
	}
	return e.options.account, nil
}

// providerAccounts are the accounts that the plan tells of the provider of a resource.
func (e *editor) providerAccounts(in *instance) []string {
	key := in.providerKey()
	if key == "" {
		return nil
	}
	ids, ok := e.providers[key]
	if ok {
		return ids
	}
	add := func(id string) {
		if policy.IsAccountID(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, other := range e.plan.byAddress {
		if other.providerKey() != key {
			continue
		}
		switch {
		case other.mode == tfjson.DataResourceMode && other.typ == "aws_caller_identity":
			add(other.after.plain("account_id"))
		case other.mode == tfjson.ManagedResourceMode && strings.HasPrefix(other.typ, "aws_iam_"):
			if a, err := policy.ParseARN(other.before.plain("arn")); err == nil {
				add(a.AccountID())
			}
		}
	}
	if len(ids) == 0 {
		e.configuredAccounts(key, add)
	}
	slices.Sort(ids)
	e.providers[key] = ids
	return ids
}

func (e *editor) configuredAccounts(key string, add func(string)) {
	c := e.plan.provider(key)
	if c == nil {
		return
	}
	s := e.plan.providerScope(c)
	if ids, ok := e.plan.constant(s, c.Expressions["allowed_account_ids"]); ok && isTexts(ids) && ids.Type().IsTupleType() && ids.LengthInt() == 1 {
		add(ids.Index(cty.Zero).AsString())
	}
	if roles := c.Expressions["assume_role"]; roles != nil && roles.ExpressionData != nil && len(roles.NestedBlocks) == 1 {
		if role, ok := e.plan.constant(s, roles.NestedBlocks[0]["role_arn"]); ok && role.Type() == cty.String {
			if a, err := policy.ParseARN(role.AsString()); err == nil && a.Service() == "iam" {
				add(a.AccountID())
			}
		}
	}
}

// configurations is how many configurations of a provider there are.
func (p *Plan) configurations(provider string) (n int) {
	if p.raw.Config == nil {
		return 0
	}
	for _, c := range p.raw.Config.ProviderConfigs {
		if c != nil && c.FullName == provider {
			n++
		}
	}
	return n
}

// providerKey is the key of the provider's configuration; "" if it is not known. What is not
// in the configuration any more has the only configuration that its provider has.
func (in *instance) providerKey() string {
	if in.config != nil {
		return in.config.ProviderConfigKey
	}
	if in.plan.raw.Config == nil {
		return ""
	}
	found := ""
	for key, c := range in.plan.raw.Config.ProviderConfigs {
		if c == nil || c.FullName != in.provider {
			continue
		}
		if found != "" {
			return ""
		}
		found = key
	}
	return found
}

func (p *Plan) provider(key string) *tfjson.ProviderConfig {
	if p.raw.Config == nil {
		return nil
	}
	return p.raw.Config.ProviderConfigs[key]
}

// providerScope is the module that configures a provider. Modules that do cannot be
// repeated, so that they have no index.
func (p *Plan) providerScope(c *tfjson.ProviderConfig) scope {
	var s scope
	steps, err := splitAddress(c.ModuleAddress)
	for err == nil && len(steps) > 1 {
		s.path, steps = append(s.path, steps[1]), steps[2:]
	}
	return s
}

// hasDefaultTags reports whether the provider may add tags to those of the resource.
func (p *Plan) hasDefaultTags(in *instance) bool {
	c := p.provider(in.providerKey())
	if c == nil {
		return true
	}
	_, ok := c.Expressions["default_tags"]
	return ok
}

// region is the Region of a resource: what it says itself, or its provider's; "" if the plan
// does not say.
func (e *editor) region(in *instance) string {
	for _, v := range []values{in.after, in.before} {
		if a, err := policy.ParseARN(v.plain("arn")); err == nil && a.Region() != "" {
			return a.Region()
		}
		if r := v.plain("region"); r != "" {
			return r
		}
	}
	key := in.providerKey()
	if key == "" {
		return e.options.region
	}
	r, ok := e.regions[key]
	if !ok {
		r = e.providerRegion(key)
		e.regions[key] = r
	}
	return cmp.Or(r, e.options.region)
}

// providerRegion is the Region that the plan tells of a provider, or "".
func (e *editor) providerRegion(key string) string {
	for _, other := range e.plan.byAddress {
		if other.providerKey() == key && other.mode == tfjson.DataResourceMode && other.typ == "aws_region" && other.expression("name") == nil && other.expression("region") == nil {
			if r := cmp.Or(other.after.plain("region"), other.after.plain("name")); r != "" {
				return r
			}
		}
	}
	c := e.plan.provider(key)
	if c == nil {
		return ""
	}
	region, ok := e.plan.constant(e.plan.providerScope(c), c.Expressions["region"])
	if !ok || region.Type() != cty.String || !isRegion.MatchString(region.AsString()) {
		return ""
	}
	return region.AsString()
}

// partitions are how the Regions of the other partitions begin.
var partitions = []struct{ regions, name string }{
	{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"eusc-", "aws-eusc"},
	{"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
}

// partition is the partition of the organization: all its accounts are in one.
func (e *editor) partition(in *instance) string {
	for _, v := range []values{in.after, in.before} {
		if a, err := policy.ParseARN(v.plain("arn")); err == nil {
			return a.Partition()
		}
	}
	if e.foundPartition != "" {
		return e.foundPartition
	}
	r := e.region(in)
	for _, p := range partitions {
		if strings.HasPrefix(r, p.regions) {
			return p.name
		}
	}
	return "aws"
}
