package check

import (
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// wordsOfLayer are the statements of documents of one kind, each once, as identity policies say
// the same.
func wordsOfLayer(k policy.Kind, documents []*policy.Document) (out sideStatements) {
	seen := map[string]bool{}
	for _, d := range documents {
		all := statementsOf(d)
		for _, st := range slices.Concat(all.allow, all.deny) {
			st, matches := asIdentity(k, st)
			if !matches || seen[textOf(st)] {
				continue
			}
			seen[textOf(st)] = true
			if st.Effect == policy.Deny {
				out.deny = append(out.deny, st)
			} else {
				out.allow = append(out.allow, st)
			}
		}
	}
	return out
}

// asIdentity leaves out resources that match nothing in policies of kind k, which an identity policy
// would complete (R-RSC-7). matches is false if nothing is left to match.
func asIdentity(k policy.Kind, st policy.Statement) (_ policy.Statement, matches bool) {
	complete := func(p policy.Patterns) []string {
		return slices.DeleteFunc(slices.Collect(p.All()), func(value string) bool {
			_, n := glob.SplitARN(value, mode(policy.Version2012))
			return !onlyStars(value) && n < 6 && !padding(k, value)
		})
	}
	if list := complete(st.Resource); !st.Resource.IsZero() && len(list) < st.Resource.Len() {
		if len(list) == 0 {
			return st, false
		}
		st.Resource = policy.List(list...)
	}
	if list := complete(st.NotResource); !st.NotResource.IsZero() && len(list) < st.NotResource.Len() {
		if st.NotResource = policy.List(list...); len(list) == 0 {
			st.NotResource, st.Resource = policy.Patterns{}, policy.List("*")
		}
	}
	return st, true
}

// textOf tells statements apart.
func textOf(st policy.Statement) string {
	st.SID = ""
	d, err := policy.NewDocument(st)
	if err != nil {
		return fmt.Sprint(st)
	}
	return d.String()
}
