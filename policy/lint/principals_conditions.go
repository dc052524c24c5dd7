package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

var principalConditionRules = []rule{
	{
		code: "COND_CONTRADICTS_PRINCIPAL", typ: Warning, kinds: kindSet(policy.ResourceBased, policy.RoleTrust),
		title: "No principal of the statement has what a condition asks of the caller.",
		check: eachCondition(checkPrincipalCondition),
	},
}

func checkPrincipalCondition(s *statement, e *conditionEntry) {
	list := s.principals()
	if !e.needsKey() || e.parts.Quantifier != policy.NoQuantifier || negated(e.parts) || len(e.values()) == 0 || len(list) == 0 {
		return
	}
	if !slices.ContainsFunc(list, func(p principalValue) bool { return !e.excludes(p) }) {
		s.c.reportName(e.keyNode, e.path, "%s never has this value for %s, so the statement matches nobody; change the condition or the principal", e.key, clip(list[0].text))
	}
}

// excludes reports whether the principal never has a value of its own key that satisfies
// the condition (IAM User Guide, “AWS global condition context keys”, “Properties of the
// principal”).
func (e *conditionEntry) excludes(p principalValue) bool {
	if p.element != "Principal" {
		return false
	}
	if p.typ == "Service" && !strings.ContainsAny(p.text, "*?$") {
		return e.is("aws:PrincipalArn")
	}
	own, ok := ownValues(p)
	if !ok || !e.compares("String") && !e.compares("Arn") {
		return false
	}
	switch {
	case e.is("aws:PrincipalArn"):
		return !e.mayEqual(own.arn)
	case e.is("aws:PrincipalAccount"):
		return !e.mayEqual(own.account)
	case e.is("aws:PrincipalType"):
		return !slices.ContainsFunc(own.types, e.mayEqual)
	case e.is("aws:username"):
		return own.username == "" || !e.mayEqual(own.username)
	}
	return false
}

// A callerValues is what keys about the caller are for a principal; arn and username may
// be patterns.
type callerValues struct {
	arn, account, username string
	types                  []string
}

func ownValues(p principalValue) (own callerValues, ok bool) {
	if p.typ != "AWS" {
		return own, false
	}
	if policy.IsAccountID(p.text) {
		return callerValues{"arn:*:*::" + p.text + ":*", p.text, "*", []string{"Account", "User", "AssumedRole", "FederatedUser"}}, true
	}
	a, err := policy.ParseARN(p.text)
	if err != nil || isPattern(p.text) || !policy.IsAccountID(a.AccountID()) {
		return own, false
	}
	own.arn, own.account = p.text, a.AccountID()
	kind, name, _ := strings.Cut(a.Resource(), "/")
	switch a.Service() + ":" + kind {
	case "iam:root":
		return ownValues(principalValue{value: value{text: own.account}, typ: "AWS"})
	case "iam:user":
		own.types, own.username = []string{"User"}, name[strings.LastIndexByte(name, '/')+1:]
	case "iam:role":
		own.types = []string{"AssumedRole"}
	case "sts:assumed-role": // its role may have a path
		role, _, _ := strings.Cut(name, "/")
		own.types, own.arn = []string{"AssumedRole"}, "arn:"+a.Partition()+":iam::"+own.account+":role/*"+role
	case "sts:federated-user":
		own.types = []string{"FederatedUser"}
	default:
		return own, false
	}
	return own, true
}

// mayEqual reports whether a positive condition may hold for a text, or for one that a
// pattern matches.
func (e *conditionEntry) mayEqual(pattern string) bool {
	return slices.ContainsFunc(e.values(), func(v value) bool {
		text := v.text
		switch {
		case strings.Contains(text, "${"):
			return true
		case e.compares("Arn"):
			if _, n := glob.SplitARN(text, 0); n < 6 {
				return false
			}
			return glob.ResourcesMeet(text, pattern)
		case strings.Contains(e.parts.Base, "IgnoreCase"):
			return glob.Meet(strings.ToLower(text), strings.ToLower(pattern))
		case e.like():
			return glob.Meet(text, pattern)
		}
		return glob.Includes(pattern, text) || strings.ContainsAny(text, "*?")
	})
}
