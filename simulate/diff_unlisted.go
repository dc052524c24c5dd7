package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// unlisted asks about resources of the caller's account that nobody lists, and actions
// without resources.
func (k *asker) unlisted() error {
	own := k.ownTouch(k.account)
	actions := k.candidates(own)
	allowed := slices.Clone(actions)
	allowed.intersect(k.allows)
	if err := k.unlistedOf(allowed, own, false); err != nil {
		return err
	}
	before, after := k.before.policyGaps(k.account), k.after.policyGaps(k.account)
	for _, subject := range slices.Concat(before, after) {
		if slices.Contains(before, subject) != slices.Contains(after, subject) {
			k.gaps = append(k.gaps, subject)
		}
	}
	if len(k.gaps) == 0 {
		return nil
	}
	actions.subtract(k.allows)
	err := k.unlistedOf(actions, own, true)
	k.gaps = nil
	return err
}

// policyGaps are the gaps about policies of resources of the account that nobody lists: the
// ARN patterns of resources, and "*" for the account.
func (e *Environment) policyGaps(account string) []string {
	var out []string
	for i := range e.gaps {
		subject := e.gaps[i].gap.Subject
		switch what := e.gaps[i].gap.What; {
		case what == org.GapDocument || what == org.GapIdentityPolicies || what == org.GapBoundary || what == org.GapTags || what == org.GapKeyManager || what == org.GapControlPolicies:
		case e.gaps[i].glob.Match(account, nil):
			out = append(out, "*")
		case strings.HasPrefix(subject, "arn:") && !strings.Contains(subject, ":iam:") && e.resources[subject] == nil:
			out = append(out, subject)
		}
	}
	return out
}

// unlistedOf asks about some of the actions: those that only a policy which nobody knows can
// allow on what a gap that came or went is about, the others on everything.
func (k *asker) unlistedOf(actions bitSet, own *touch, onGaps bool) error {
	if actions.isEmpty() {
		return nil
	}
	statements := slices.Clone(k.base)
	for _, e := range []*Environment{k.before, k.after} {
		if acct := e.accounts[k.account]; acct != nil {
			statements = append(statements, k.infos(levelLayers(acct.rcps)...)...)
		}
	}
	statements = distinct(statements)
	touches := []*touch{&k.group.touched, own}
	for _, class := range k.classes(actions, statements, coarse) {
		info := k.catalog.types[class[0]]
		if info.IsValid() && info.WildcardOnly() {
			if onGaps || len(k.scope.Resources) > 0 && !slices.Contains(k.scope.Resources, "*") {
				continue
			}
			if err := k.put(question{actions: class, resource: "*", touched: touches}, policy.ARN{}, k.scope.Keys); err != nil {
				return err
			}
			continue
		}
		for _, s := range k.samples(class[0], statements, touches, "") {
			if k.isListed(s.arn) && s.arn.Service() != "iam" || !k.inScope(s.arn) || onGaps && !k.hasGap(s.arn) {
				continue
			}
			if err := k.put(question{actions: class, resource: s.label, sampled: !s.literal, incomplete: k.cut, touched: touches}, s.arn, k.sampleKeys(s)); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasGap reports whether nobody knows the policy of a resource of the caller's account.
func (k *asker) hasGap(arn policy.ARN) bool {
	return arn.IsValid() && slices.ContainsFunc([]*Environment{k.before, k.after}, func(e *Environment) bool {
		return e.firstGap(org.GapResourcePolicy, arn.String(), k.account) != "" || e.firstGap(org.GapUnlisted, arn.String(), k.account) != ""
	})
}

func (k *asker) isListed(arn policy.ARN) bool {
	return k.before.speaksFor(arn) != nil || k.after.speaksFor(arn) != nil
}

// inScope reports whether a sample is of a resource that the scope names.
func (k *asker) inScope(arn policy.ARN) bool {
	return len(k.scope.Resources) == 0 || slices.ContainsFunc(k.scope.Resources, func(text string) bool {
		p := glob.Compile(text, glob.Wildcards)
		return p.Match(arn.String(), nil)
	})
}

// sampleKeys adds what is said of a sample: it belongs to the caller's account, and is in
// any region if its pattern leaves that open.
func (k *asker) sampleKeys(s sample) Keys {
	keys := k.scope.Keys
	if s.arn.AccountID() == "" && k.scope.Keys.k.Has(&resourceAccount) == engine.No && !k.isListed(s.arn) {
		keys = keys.With("aws:ResourceAccount", k.account)
	}
	if s.openRegion && k.region == "" {
		keys = keys.WithUnknown("aws:RequestedRegion")
	}
	return keys
}

// samples are the resources to ask an action on: one for each pattern of the statements
// that are about the action and for what it has in common with one that differs, one that
// no pattern names, and those that the scope names. within is a pattern more, if not "".
func (k *asker) samples(action int, statements []*statementInfo, touches []*touch, within string) []sample {
	patterns := []string{"*"}
	for _, s := range statements {
		if s.actions.has(action) {
			for text := range s.patterns().All() {
				if strings.Trim(text, "*") != "" && !slices.Contains(patterns, text) {
					patterns = append(patterns, text)
				}
			}
		}
	}
	for _, text := range slices.Concat(k.scope.Resources, k.gaps) {
		if !slices.Contains(patterns, text) {
			patterns = append(patterns, text)
		}
	}
	var crossings []string
	crossings, k.cut = k.crossings(action, patterns, touches, within)
	patterns = append(patterns, crossings...)
	out := k.memo[:0]
	info := k.catalog.types[action]
	add := func(s sample) {
		if !slices.ContainsFunc(out, func(o sample) bool { return o.arn == s.arn }) {
			out = append(out, s)
		}
	}
	for _, pattern := range patterns {
		if !info.IsValid() { // an action that is not known: what the pattern says
			if pattern == "*" {
				out = append(out, sample{label: "*"})
				continue
			}
			for s := range k.sampler.of(pattern, "arn:${Partition}:${Service}:${Region}:${Account}:${Resource}", serviceref.ResourceInfo{}) {
				add(s)
			}
			continue
		}
		for r := range info.Resources() {
			for format := range r.Type.ARNFormats() {
				for s := range k.sampler.of(pattern, format, r.Type) {
					if pattern == "*" && (k.before.hasPolicy(s.arn) || k.after.hasPolicy(s.arn)) {
						s.label = anyOf(format) // it has a policy that nobody knows, unlike all others
					}
					add(s)
				}
			}
		}
	}
	k.memo = out
	return out
}

// anyOf is the pattern of all ARNs of a format.
func anyOf(format string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(format, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteByte('*')
		_, format, _ = strings.Cut(rest, "}")
	}
}
