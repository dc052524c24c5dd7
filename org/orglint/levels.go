package orglint

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// levelRules are about the SCPs of several levels together.
var levelRules = []rule{{
	code: "SCP_OVERRIDE_IMPOSSIBLE", typ: lint.Warning, kinds: scpKind,
	title: "An Allow of an SCP looks as if it should lift a Deny, or what a higher level does not allow.",
	check: checkOverrides,
}}

// checkOverrides reports actions that an SCP allows in vain at every place where it is
// attached. An action is possible only if every level allows it and none denies it
// (Organizations User Guide, “SCP evaluation”).
func checkOverrides(w *world) {
	if !w.o.PolicyTypeEnabled(policy.ServiceControl) {
		return
	}
	for i := range w.spec.ControlPolicies {
		p := &w.spec.ControlPolicies[i]
		e := w.byPointer[p.Document]
		nodes, complete := w.attachments(p.ID)
		nodes = slices.DeleteFunc(nodes, func(n *node) bool { return len(w.affected([]*node{n})) == 0 })
		if e == nil || p.Kind != policy.ServiceControl || isManaged(p.ID) || !complete || len(nodes) == 0 {
			continue
		}
		for j, s := range p.Document.Statements() {
			if s.Effect != policy.Allow {
				continue
			}
			for k := range s.Action.Len() {
				if why := w.vain(nodes, s.Action.At(k)); why != "" {
					w.reportAt(e, policy.ServiceControl, p.ID, at(j, "Action", strconv.Itoa(k)), "this Allow of %s has no effect: %s", s.Action.At(k), why)
				}
			}
		}
	}
}

// vain says why an action pattern is possible at none of the nodes, "" if it may be.
func (w *world) vain(nodes []*node, action string) (why string) {
	for _, n := range nodes {
		reason := ""
		for level := n; level != nil && reason == ""; level = level.parent {
			reason = w.stops(level, n, action)
		}
		if reason == "" {
			return ""
		}
		if why == "" {
			why = reason
		}
	}
	return why
}

// stops says why a level lets no request for the actions of a pattern pass; "" if it may.
func (w *world) stops(level, from *node, action string) string {
	scps, complete := w.controlPolicies(level, policy.ServiceControl)
	for _, p := range scps {
		for i, s := range p.Document.Statements() {
			if deniesAll(s, action) {
				return fmt.Sprintf("%s of %s, attached to %s, denies it, and no Allow lifts a Deny; exempt the callers or accounts in a condition of the Deny, or attach it elsewhere", at(i), policyTitle(&p), level.title())
			}
		}
	}
	if list := allows(scps); complete && level != from && len(list) > 0 && !slices.ContainsFunc(list, func(a allowance) bool { return mayAllow(a.statement, action) }) {
		return fmt.Sprintf("no SCP attached to %s allows it, and every level must; add it there", level.title())
	}
	return ""
}

// deniesAll reports whether the statement denies all actions of the pattern to everybody.
func deniesAll(s policy.Statement, action string) bool {
	if s.Effect != policy.Deny || !s.Condition.IsZero() || !slices.Contains(slices.Collect(s.Resource.All()), "*") {
		return false
	}
	return deniesAction(s, action)
}

// deniesAction reports whether the statement names all actions of the pattern.
func deniesAction(s policy.Statement, action string) bool {
	if !s.NotAction.IsZero() {
		return !slices.ContainsFunc(slices.Collect(s.NotAction.All()), func(p string) bool { return !disjoint(p, action) })
	}
	return slices.ContainsFunc(slices.Collect(s.Action.All()), func(p string) bool { return covers(p, action) })
}

// mayAllow reports whether the statement may allow some action of the pattern.
func mayAllow(s policy.Statement, action string) bool {
	if !s.NotAction.IsZero() {
		return !slices.ContainsFunc(slices.Collect(s.NotAction.All()), func(p string) bool { return covers(p, action) })
	}
	return slices.ContainsFunc(slices.Collect(s.Action.All()), func(p string) bool { return !disjoint(p, action) })
}
