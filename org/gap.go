package org

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

func compareGaps(a, b Gap) int {
	return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason))
}

// gaps answers whether a missing thing is known to be missing.
type gaps struct {
	exact    map[string][]Gap
	patterns []Gap
}

func indexGaps(list []Gap) gaps {
	g := gaps{exact: make(map[string][]Gap)}
	for _, gap := range list {
		if isPattern(gap.Subject) {
			g.patterns = append(g.patterns, gap)
		} else {
			g.exact[gap.Subject] = append(g.exact[gap.Subject], gap)
		}
	}
	return g
}

// isPattern reports whether * is a wildcard in the subject: it is in ARNs only.
func isPattern(subject string) bool {
	return strings.HasPrefix(subject, "arn:") && strings.Contains(subject, "*")
}

// excuses reports whether a gap says that the subject, or its document, is not known. A
// gap of another part of the subject, such as its tags, does not: decisions would then
// take the missing thing for absent.
func (g gaps) excuses(subject string) bool {
	return slices.ContainsFunc(g.exact[subject], missesDocument) ||
		slices.ContainsFunc(g.patterns, func(gap Gap) bool {
			return missesDocument(gap) && matches(gap.Subject, subject)
		})
}

// excusesGroup is excuses for a group of which only the name is known, not the path.
func (g gaps) excusesGroup(account, name string) bool {
	isGroup := func(gap Gap) bool {
		a, err := policy.ParseARN(gap.Subject)
		if err != nil || !missesPolicies(gap) {
			return false
		}
		plain := "arn:" + a.Partition() + ":iam::" + account + ":group/" + name
		return matches(gap.Subject, plain) ||
			a.Service() == "iam" && a.AccountID() == account &&
				strings.HasPrefix(a.Resource(), "group/") && strings.HasSuffix(a.Resource(), "/"+name)
	}
	for _, list := range g.exact {
		if slices.ContainsFunc(list, isGroup) {
			return true
		}
	}
	return slices.ContainsFunc(g.patterns, isGroup)
}

func missesDocument(g Gap) bool {
	switch g.What {
	case GapIdentityPolicies, GapBoundary, GapResourcePolicy, GapControlPolicies, GapTags, GapKeyManager:
		return false
	}
	return true
}

func missesPolicies(g Gap) bool { return g.What == GapIdentityPolicies || missesDocument(g) }

// matches reports whether text matches pattern, in which * stands for any text.
func matches(pattern, text string) bool {
	head, rest, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for {
		part, more, ok := strings.Cut(rest, "*")
		if !ok {
			return strings.HasSuffix(text, rest)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], more
	}
}
