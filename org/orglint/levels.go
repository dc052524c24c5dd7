package orglint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/org"
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
				return fmt.Sprintf("statement %d of %s, attached to %s, denies it, and no Allow lifts a Deny; exempt the callers or accounts in a condition of the Deny, or attach it elsewhere", i+1, policyTitle(&p), level.title())
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

// guards reports whether the SCPs of an account keep everybody but exempt callers from
// doing an action to a role. known is false if some of the SCPs are not known.
func (w *world) guards(account, action, role string) (guarded, known bool) {
	known = true
	for level := w.byID[account]; level != nil; level = level.parent {
		scps, complete := w.controlPolicies(level, policy.ServiceControl)
		known = known && complete
		for _, p := range scps {
			for _, s := range p.Document.Statements() {
				if s.Effect == policy.Deny && deniesAction(s, action) && onlyExempts(s, account) && reaches(s, role) {
					return true, known
				}
			}
		}
	}
	return false, known
}

// onlyExempts reports whether all conditions of a Deny spare some principals of an account,
// and not any of them. What spares an account or the organization spares all.
func onlyExempts(s policy.Statement, account string) bool {
	for c := range s.Condition.All() {
		if !isNegated(c) || !isKey(c, "aws:PrincipalArn", "aws:PrincipalTag/", "aws:userid") {
			return false
		}
		for v := range c.Values.All() {
			for _, anybody := range []string{"arn:aws:iam::" + account + ":user/-", "arn:aws:iam::" + account + ":role/-", "AROA:-", "-"} {
				if covers(v, anybody) {
					return false
				}
			}
		}
	}
	return true
}

func reaches(s policy.Statement, role string) bool {
	return slices.ContainsFunc(slices.Collect(s.Resource.All()), func(p string) bool { return covers(p, role) })
}

// refineExemption says of a role that an SCP exempts by name in which accounts it can be
// hijacked, or lets many in. keep is false if it does in none.
func (w *world) refineExemption(e *entry, f *Finding) (keep bool) {
	n, _ := e.source().value(f.Path)
	parts := strings.SplitN(n.Text, ":", 6)
	nodes, complete := w.attachmentsOf(e)
	if len(parts) < 6 || !complete {
		return true
	}
	var open, absent, wide []string
	checked := 0
	for _, account := range w.affected(nodes) {
		if !covers(parts[4], account) {
			continue
		}
		checked++
		role := strings.Join([]string{parts[0], parts[1], parts[2], parts[3], account, parts[5]}, ":")
		if a, err := policy.ParseARN(role); err == nil && w.isWide(a) {
			wide = append(wide, account)
		}
		creation, known := w.guards(account, "iam:CreateRole", role)
		trust, _ := w.guards(account, "iam:UpdateAssumeRolePolicy", role)
		switch {
		case creation && trust:
			continue
		case !known:
			return true
		}
		open = append(open, account)
		if a, err := policy.ParseARN(role); err == nil && !strings.ContainsAny(role, "*?") && w.missing(a) {
			absent = append(absent, account)
		}
	}
	if checked == 0 {
		return true
	}
	if len(open) == 0 && len(wide) == 0 {
		return false
	}
	var says []string
	if len(open) > 0 {
		says = append(says, fmt.Sprintf("whoever can create %s, or change its trust policy, escapes this Deny in %s", parts[5], w.count(open)))
	}
	if len(absent) > 0 {
		says = append(says, "no such role exists in "+w.count(absent))
	}
	if len(wide) > 0 {
		says = append(says, fmt.Sprintf("the trust policy of %s lets everybody in, or a whole other account, in %s; narrow it", parts[5], w.count(wide)))
	}
	if len(open) > 0 {
		says = append(says, "deny iam:CreateRole and iam:UpdateAssumeRolePolicy on it there, or name the accounts that have it")
	}
	f.Message = strings.Join(says, "; ")
	return true
}

// isWide reports whether a role exists that everybody may assume, or whomever another
// account lets.
func (w *world) isWide(a policy.ARN) bool {
	r := w.roles[a]
	if r == nil || r.Trust == nil {
		return false
	}
	for _, s := range r.Trust.Statements() {
		if s.Effect != policy.Allow || has(s, trustConditions...) || !mayAllow(s, "sts:AssumeRole") {
			continue
		}
		for typ, text := range s.Principal.All() {
			id, whole := accountOf(text)
			if typ == policy.AWSPrincipal && (text == "*" || whole && id != a.AccountID()) {
				return true
			}
		}
	}
	return false
}

// attachmentsOf are the nodes to which the control policies with a document are attached.
func (w *world) attachmentsOf(e *entry) (nodes []*node, complete bool) {
	complete = true
	for _, id := range e.Subjects {
		list, all := w.attachments(id)
		nodes, complete = append(nodes, list...), complete && all
	}
	return nodes, complete
}

// refineMFA names the federated roles that an SCP about MFA denies.
func (w *world) refineMFA(e *entry, f *Finding) {
	nodes, _ := w.attachmentsOf(e)
	var roles []string
	for _, id := range w.affected(nodes) {
		a := w.account(id)
		if a == nil {
			continue
		}
		for i := range a.Roles {
			if isFederated(&a.Roles[i]) {
				roles = append(roles, a.Roles[i].ARN.String())
			}
		}
	}
	if len(roles) > 0 {
		what := "the sessions of " + roles[0]
		if len(roles) > 1 {
			what = fmt.Sprintf("the sessions of %d roles, such as %s", len(roles), roles[0])
		}
		f.Message = "this denies " + what + ", which have no MFA key that is true because an identity provider signs their callers in; limit it to IAM users, with aws:PrincipalArn like arn:aws:iam::*:user/*, and enforce MFA at the identity provider"
	}
}

// isFederated reports whether callers reach the role through an identity provider only.
func isFederated(r *org.Role) bool {
	if r.Trust == nil {
		return false
	}
	federated := false
	for _, s := range r.Trust.Statements() {
		for typ := range s.Principal.All() {
			if s.Effect == policy.Allow && typ != policy.FederatedPrincipal {
				return false
			}
			federated = federated || s.Effect == policy.Allow
		}
	}
	return federated
}

// count names accounts: one, or how many and the first.
func (w *world) count(accounts []string) string {
	switch len(accounts) {
	case 0:
		return "no account"
	case 1:
		return "account " + w.titleOf(accounts[0])
	}
	return fmt.Sprintf("%d accounts, such as %s", len(accounts), w.titleOf(accounts[0]))
}
