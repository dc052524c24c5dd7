package orglint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// lintDocuments adds what package lint says of each document, without its guesses about
// what the organization knows.
func (w *world) lintDocuments() {
	type key struct {
		src, resourceType string
		kind              policy.Kind
	}
	cache := map[key][]lint.Finding{}
	for _, e := range w.documents {
		type once struct {
			code, path, message string
			offset              int
		}
		seen := map[once]bool{}
		for _, k := range e.Kinds {
			opts := []lint.Option{lint.WithReference(w.ref), lint.WithDate(w.date)}
			id := key{src: e.source().src, kind: k}
			if (k == policy.ResourceBased || k == policy.IdentityBased) && e.ResourceType != "" {
				id.resourceType = e.ResourceType
				opts = append(opts, lint.WithResourceType(e.ResourceType))
			}
			list, ok := cache[id]
			if !ok {
				list = lint.Source("", []byte(id.src), k, opts...)
				cache[id] = list
			}
			for _, f := range list {
				o := once{f.Code, f.Path, f.Message, f.Position.Offset}
				if !seen[o] {
					seen[o] = true
					w.addLint(e, k, f)
				}
			}
		}
	}
}

// addLint adds a finding of package lint, with its place in the file.
func (w *world) addLint(e *entry, k policy.Kind, lf lint.Finding) {
	f := Finding{Finding: lf, Subject: e.Subjects[0], Kind: k, Document: e.doc}
	t := e.source()
	f.File, f.Position, f.End = e.doc.File(), t.position(lf.Position.Offset), t.position(lf.End.Offset)
	switch f.Code {
	case "TRUST_EXTERNALID_MISSING":
		n, _ := t.value(f.Path)
		id, _ := accountOf(n.Text)
		if w.byID[id] != nil || w.isForeign(id) || (principal{e: e, account: id}).own() {
			return // whose account it is, is known: another rule reports it, or it is the role's own
		}
	case "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA":
		if k == policy.IdentityBased && !slices.ContainsFunc(e.uses, func(u use) bool { return u.kind == k && !u.inline }) {
			return // the quota is one of managed policies
		}
	case "SCP_EXEMPTION_HIJACKABLE":
		if !w.refineExemption(e, &f) {
			return
		}
	case "SCP_MFA_BLOCKS_FEDERATED":
		w.refineMFA(e, &f)
	}
	w.findings = append(w.findings, f)
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
	var in exempted
	checked := 0
	for _, account := range w.affected(nodes) {
		if !covers(parts[4], account) {
			continue
		}
		checked++
		role := strings.Join([]string{parts[0], parts[1], parts[2], parts[3], account, parts[5]}, ":")
		a, err := policy.ParseARN(role)
		literal := err == nil && !strings.ContainsAny(role, "*?")
		if literal && w.isWide(a) {
			in.wide = append(in.wide, account)
		}
		creation, known := w.guards(account, "iam:CreateRole", role)
		trust, _ := w.guards(account, "iam:UpdateAssumeRolePolicy", role)
		switch {
		case creation && trust:
			continue
		case !known:
			return true
		}
		in.open = append(in.open, account)
		if literal && w.missing(a) {
			in.absent = append(in.absent, account)
		}
	}
	if checked > 0 {
		f.Message = in.message(w, parts[5])
	}
	return f.Message != ""
}

// An exempted is a role that an SCP exempts by name, in the accounts that the SCP limits.
type exempted struct {
	open   []string // accounts in which others can create it or change its trust policy
	absent []string // those of them in which it does not exist
	wide   []string // accounts in which its trust policy lets many in
}

// message is "" if nobody can misuse the role.
func (e exempted) message(w *world, role string) string {
	var says []string
	if len(e.open) > 0 {
		says = append(says, fmt.Sprintf("whoever can create %s, or change its trust policy, escapes this Deny in %s", role, w.count(e.open)))
	}
	if len(e.absent) > 0 {
		says = append(says, "no such role exists in "+w.count(e.absent))
	}
	if len(e.wide) > 0 {
		says = append(says, fmt.Sprintf("the trust policy of %s lets everybody in, or a whole other account, in %s; narrow it", role, w.count(e.wide)))
	}
	if len(e.open) > 0 {
		says = append(says, "deny iam:CreateRole and iam:UpdateAssumeRolePolicy on it there, or name the accounts that have it")
	}
	return strings.Join(says, "; ")
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
