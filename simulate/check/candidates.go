package check

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A candidates makes requests of one cell.
type candidates struct {
	*question
	cell    *symbolic.Cell
	account string                     // of ARNs that may be of any
	actions map[string][]policy.Action // documented ones of the cell, by service
	fitting []string                   // ARNs of the cell made of the examples' patterns
	fitted  bool
}

func (q *question) candidates(cell *symbolic.Cell, account string) *candidates {
	return &candidates{question: q, cell: cell, account: account, actions: map[string][]policy.Action{}}
}

// all yields documented requests of the cell first, and then any.
func (c *candidates) all(yield func(candidate) bool) {
	var others []policy.Action // documented, on what AWS does not have
	tried := 0
	for a := range c.documented {
		for resource := range c.resourcesOf(a) {
			if tried++; !yield(candidate{action: string(a), resource: resource, documented: true}) {
				return
			}
		}
		if others = append(others, a); len(others) >= maxActions || tried >= maxTries/2 {
			break
		}
	}
	for _, a := range others {
		for resource := range c.withoutCollection(a) {
			if !yield(candidate{action: string(a), resource: resource}) {
				return
			}
		}
	}
	yield(candidate{action: c.cell.Action, resource: c.cell.Resource})
}

// documented yields documented actions of the cell: those that patterns of the examples name,
// first of the service that the cell has a witness of, then those that no pattern names.
func (c *candidates) documented(yield func(policy.Action) bool) {
	seen := map[policy.Action]bool{}
	once := func(a policy.Action) (more bool) {
		if seen[a] {
			return true
		}
		seen[a] = true
		return yield(a)
	}
	service, _, _ := strings.Cut(c.cell.Action, ":")
	if len(c.of(service)) > 0 && !c.named(service, true, once) {
		return
	}
	var services []string
	for s := range serviceref.Embedded().Services() {
		if len(c.of(s.Prefix)) > 0 {
			services = append(services, s.Prefix)
		}
	}
	if len(services) == 0 || !c.named(service, false, once) {
		return
	}
	// What no pattern names is in all services, so that a few actions of each will do.
	for _, s := range services {
		list := c.of(s)
		for _, a := range list[:min(3, len(list))] {
			if !once(a) {
				return
			}
		}
	}
}

// named yields the documented actions of the cell that patterns of the examples name: with same
// those of the service, otherwise of the others. False: no more are wanted.
func (c *candidates) named(service string, same bool, yield func(policy.Action) bool) (more bool) {
	for pattern := range c.actionPatterns() {
		prefix, name, _ := strings.Cut(pattern, ":")
		if ascii.Equal(prefix, service) != same {
			continue
		}
		list := c.of(prefix)
		if len(list) == 0 {
			continue
		}
		if !strings.ContainsAny(name, "*?") {
			i, ok := slices.BinarySearchFunc(list, name, func(a policy.Action, name string) int { return ascii.Compare(a.Name(), name) })
			if ok && !yield(list[i]) {
				return false
			}
			continue
		}
		p := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
		for _, a := range list {
			if p.Match(a.Name(), nil) && !yield(a) {
				return false
			}
		}
	}
	return true
}

// of are the documented actions of a service that are of the cell, by name.
func (c *candidates) of(prefix string) []policy.Action {
	prefix = lower(prefix)
	found, ok := c.actions[prefix]
	if !ok {
		if c.cell.MayHaveAction(prefix + ":") {
			of := documentedActions(prefix)
			for i := range c.cell.ActionsAmong(of.lower) {
				found = append(found, of.actions[i])
			}
		}
		c.actions[prefix] = found
	}
	return found
}

// A serviceActions lists the actions of a service.
type serviceActions struct {
	actions []policy.Action
	lower   *symbolic.Words
}

// allActions holds those of the services that were looked at.
var allActions sync.Map // prefix in lower case → *serviceActions

func documentedActions(prefix string) *serviceActions {
	if found, ok := allActions.Load(prefix); ok {
		return found.(*serviceActions)
	}
	out := &serviceActions{}
	var texts []string
	for a := range serviceref.Embedded().Actions(prefix + ":*") {
		out.actions, texts = append(out.actions, a), append(texts, lower(string(a)))
	}
	out.lower = symbolic.NewWords(texts)
	if len(texts) > 0 { // not what somebody made up
		allActions.Store(prefix, out)
	}
	return out
}

// withoutCollection yields the cell's resource. Where that is none and the action's service
// authorises it against an ARN all the same (R-RSC-5), other resources of the cell follow.
func (c *candidates) withoutCollection(a policy.Action) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(c.cell.Resource) || c.cell.Resource != "*" {
			return
		}
		if _, ok := serviceref.Embedded().Collection(a); !ok {
			return
		}
		for _, partition := range []string{"aws", "aws-cn"} {
			for _, service := range []string{a.Service(), "x"} {
				arn := "arn:" + partition + ":" + service + ":us-east-1:" + c.account + ":example"
				if c.cell.HasResource(arn) && !yield(arn) {
					return
				}
			}
		}
	}
}

// actionPatterns are those that a side names.
func (q *question) actionPatterns() func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, d := range q.examples {
			for _, s := range d.Statements() {
				for a := range s.Action.All() {
					if !onlyStars(a) && a != "*:*" && !yield(a) {
						return
					}
				}
				for a := range s.NotAction.All() {
					if !onlyStars(a) && a != "*:*" && !yield(a) {
						return
					}
				}
			}
		}
	}
}

// resourcesOf yields resources of the cell in a form that the action takes.
func (c *candidates) resourcesOf(a policy.Action) iter.Seq[string] {
	return func(yield func(string) bool) {
		ref, cell := serviceref.Embedded(), c.cell
		info, ok := ref.Action(a)
		if !ok {
			return
		}
		if info.WildcardOnly() {
			if cell.HasResource("*") || c.hasCollection(a) {
				yield("*")
			}
			return
		}
		var seen []string
		add := func(s string) (more bool) {
			if slices.Contains(seen, s) {
				return true
			}
			if arn, err := policy.ParseARN(s); err != nil || !info.Fits(arn) || !isComplete(arn, ref.ARNFormats(a)) {
				return true
			}
			seen = append(seen, s)
			return yield(s)
		}
		for _, s := range c.filledResources() {
			if !add(s) {
				return
			}
		}
		// What the cell has is found out faster than what the action takes.
		for format := range ref.ARNFormats(a) {
			if s := fillFormat(format, c.account); cell.HasResource(s) && !add(s) {
				return
			}
		}
		for _, s := range completed(cell.Resource, c.account) {
			if cell.HasResource(s) && !add(s) {
				return
			}
		}
		if len(slices.Collect(info.Resources())) == 0 && cell.HasResource("*") {
			yield("*")
		}
	}
}

// filledResources are ARNs of the cell made of the patterns of the examples, in the account where
// any would do.
func (c *candidates) filledResources() []string {
	if !c.fitted {
		c.fitted = true
		for _, s := range c.filledAll(c.account) {
			if c.cell.HasResource(s) {
				c.fitting = append(c.fitting, s)
			}
		}
	}
	return c.fitting
}

// filledAll are ARNs made of the patterns of the examples.
func (q *question) filledAll(account string) []string {
	if filled, ok := q.filled[account]; ok {
		return filled
	}
	var out []string
	seen := map[string]bool{}
	for _, d := range q.examples {
		for _, s := range d.Statements() {
			for p := range s.Resource.All() {
				for _, text := range []string{"example", ""} {
					if f := fill(p, account, text); !seen[f] {
						seen[f] = true
						out = append(out, f)
					}
				}
			}
		}
	}
	q.filled[account] = out
	return out
}

// completed are an ARN and what it is with the account, and with a region, where it has none.
func completed(arn, account string) []string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[4] != "" {
		return []string{arn}
	}
	parts[4] = account
	global := strings.Join(parts, ":")
	parts[3] = cmp.Or(parts[3], "us-east-1")
	return []string{strings.Join(parts, ":"), global, arn}
}

// isComplete reports whether the ARN has a region and an account where one of the formats has.
func isComplete(arn policy.ARN, formats iter.Seq[string]) bool {
	for format := range formats {
		parts := strings.SplitN(format, ":", 6)
		if len(parts) == 6 && (parts[3] == "") == (arn.Region() == "") && (parts[4] == "") == (arn.AccountID() == "") {
			return true
		}
	}
	return false
}

// fill makes an ARN of a pattern: the usual values where its first parts are wild, text for
// other stars.
func fill(pattern, account, text string) string {
	out := pattern
	if strings.ContainsAny(pattern, "*?") && strings.Count(pattern, ":") >= 5 {
		parts := strings.SplitN(pattern, ":", 6)
		for i, usual := range [...]string{"arn", "aws", "service", "us-east-1", account} {
			if parts[i] != "" && strings.Trim(parts[i], "*?") == "" {
				parts[i] = usual
			}
		}
		out = strings.Join(parts, ":")
	}
	for _, v := range [...]string{"${aws:username}", "${aws:PrincipalTag/team}", "*"} {
		out = strings.ReplaceAll(out, v, text)
	}
	return strings.ReplaceAll(out, "?", "x")
}

// fillFormat makes an ARN of a documented format such as arn:${Partition}:s3:::${BucketName}.
func fillFormat(format, account string) string {
	var b strings.Builder
	for format != "" {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		switch name {
		case "Partition":
			b.WriteString("aws")
		case "Region":
			b.WriteString("us-east-1")
		case "Account":
			b.WriteString(account)
		default:
			b.WriteString("example")
		}
		format = after
	}
	return strings.ReplaceAll(b.String(), "*", "example")
}

// hasCollection reports whether the cell has the ARN that a request for the action without a
// resource is authorised against (R-RSC-5).
func (c *candidates) hasCollection(a policy.Action) bool {
	collection, ok := serviceref.Embedded().Collection(a)
	if !ok {
		return false
	}
	arn := strings.ReplaceAll(collection, "${Partition}", "aws")
	arn = strings.ReplaceAll(strings.ReplaceAll(arn, "${Region}", ""), "${Account}", c.account)
	return c.cell.HasResource(arn)
}
