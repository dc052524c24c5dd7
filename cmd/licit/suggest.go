package main

import (
	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
)

// unknownPrincipal says that the snapshot does not know the principal, and which it may
// have meant. The decision is made all the same, and mostly indeterminate.
func (a *app) unknownPrincipal(w *world, p policy.Principal) {
	if w.Org == nil || p.AccountID() == "" || w.Knows(p) {
		return
	}
	a.note("%s is not in %s%s", printable(p.String()), w.Name, didYouMean(wording.ClosestPrincipals(w.Org, p)))
	if _, ok := w.Org.Account(p.AccountID()); !ok {
		a.note("nor is its account %s%s", p.AccountID(), wording.AccountHint(w.Org, p.AccountID()))
	}
}
