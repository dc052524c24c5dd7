package wording

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Knows reports whether the user, role or role session is in the organization. Principals
// of other kinds are, if their account is.
func (w *World) Knows(p policy.Principal) bool {
	o := w.Org
	acct, ok := o.Account(p.AccountID())
	if !ok {
		return false
	}
	switch p.Kind() {
	case policy.User:
		_, ok = o.User(p.ARN())
	case policy.Role:
		_, ok = o.Role(p.ARN())
	case policy.RoleSession:
		ok = slices.ContainsFunc(acct.Roles, func(r org.Role) bool { return LastSegment(r.ARN) == p.Name() })
	}
	return ok
}

// LastSegment is what stands behind the last slash of the resource: the name of a user or
// role without its path.
func LastSegment(a policy.ARN) string {
	r := a.Resource()
	return r[strings.LastIndexByte(r, '/')+1:]
}

// AccountHint lists the accounts that there are, if they are few.
func AccountHint(o *org.Organization, id string) string {
	var ids []string
	for a := range o.Accounts() {
		ids = append(ids, a.ID)
	}
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(levenshtein.Distance(id, a), levenshtein.Distance(id, b)) })
	if len(ids) > 0 && levenshtein.Distance(id, ids[0]) <= 2 {
		return DidYouMean(ids[:1])
	}
	if len(ids) > mostListed {
		return fmt.Sprintf("; it holds %d others", len(ids))
	}
	return "; it holds " + AndList(ids)
}

// ClosestPrincipals are up to three principals that may have been meant: of the same name
// elsewhere, or of a similar one. The closest comes first.
func ClosestPrincipals(o *org.Organization, p policy.Principal) []string {
	type candidate struct {
		text  string
		score int
	}
	var found []candidate
	consider := func(c policy.ARN) {
		name, given := LastSegment(c), p.Name()
		score := levenshtein.Distance(strings.ToLower(name), strings.ToLower(given))
		if score > max(1, len(given)/3) {
			return
		}
		text := c.String()
		if p.Kind() == policy.RoleSession {
			text = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", c.Partition(), c.AccountID(), name, p.SessionName())
		}
		if c.AccountID() != p.AccountID() {
			score += 2
		}
		if strings.HasPrefix(c.Resource(), "user/") != (p.Kind() == policy.User) {
			score++
		}
		found = append(found, candidate{text, score})
	}
	for a := range o.Accounts() {
		for i := range a.Roles {
			consider(a.Roles[i].ARN)
		}
		for i := range a.Users {
			if p.Kind() != policy.RoleSession {
				consider(a.Users[i].ARN)
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.text, b.text))
	})
	var out []string
	for _, c := range found[:min(3, len(found))] {
		out = append(out, c.text)
	}
	return out
}

// ClosestResources are up to three resources that may have been meant, the closest first.
func ClosestResources(o *org.Organization, a policy.ARN) []string {
	text := a.String()
	var found []string
	for acct := range o.Accounts() {
		for i := range acct.Resources {
			if s := acct.Resources[i].ARN.String(); levenshtein.Distance(s, text) <= max(1, len(a.Resource())/3) {
				found = append(found, s)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b string) int {
		return cmp.Compare(levenshtein.Distance(a, text), levenshtein.Distance(b, text))
	})
	return found[:min(3, len(found))]
}

// DidYouMean is "; did you mean a or b?", "" for none.
func DidYouMean(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "; did you mean " + OrList(list) + "?"
}
