package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An actionTable is what an environment knows of the actions of a universe. It is
// immutable but for the programs that it remembers.
type actionTable struct {
	universe        *universe
	words           int
	all             bitset
	full, uncertain triset
	rcp, mayRCP     bitset // actions of services that RCPs reach, or may reach
	special         []int  // actions with rules of their own, which Can decides
	collections     []int  // those of them that have a resource of their own
	classes         []actionClass
}

// An actionClass is actions for which the conditions of a statement come out alike.
type actionClass struct {
	sample    policy.Action
	oneRegion bool // no resource of the service has another region than the service
	bits      bitset
}

// newActionTable puts actions with the same service rules together: a condition of a
// statement may come out differently for actions that AWS sends other keys with.
func (e *Environment) newActionTable() *actionTable {
	u := embeddedUniverse()
	t := &actionTable{universe: u, words: (len(u.actions) + chunkActions - 1) / chunkActions * chunkWords}
	t.all, t.rcp, t.mayRCP = make(bitset, t.words), make(bitset, t.words), make(bitset, t.words)
	t.full, t.uncertain = newTriset(t.words), newTriset(t.words)
	t.all.add(0, len(u.actions))
	t.full.or(t.all, yes)
	t.uncertain.or(t.all, maybe)
	facts := serviceref.Embedded()
	at := map[string]int{}
	for _, s := range u.services {
		switch supports, known := e.facts.SupportsRCP(s.prefix); {
		case supports:
			t.rcp.add(s.first, s.end)
		case !known:
			t.mayRCP.add(s.first, s.end)
		}
		region, global := facts.GlobalRegion(s.prefix)
		oneRegion := global && !slices.ContainsFunc(slices.Collect(facts.ResourceTypes(s.prefix)), hasRegion)
		own := ownRulesOf(s.prefix)
		apart := own != 0
		for _, ep := range e.endpoints { // which VPC a request comes from depends on the endpoint's service
			apart = apart || strings.EqualFold(ep.service, s.prefix)
		}
		for i := s.first; i < s.end; i++ {
			action := u.actions[i]
			_, collection := facts.Collection(action)
			if collection {
				t.collections = append(t.collections, i)
			}
			if collection || own == stsService || action == "kms:RetireGrant" {
				t.special = append(t.special, i)
			}
			if action == "kms:RetireGrant" { // R-RCP-3: exempt
				t.rcp[i/64] &^= 1 << (i % 64)
				t.mayRCP[i/64] &^= 1 << (i % 64)
			}
			key := fmt.Sprint(region, oneRegion, own, facts.MayLackResourceAccount(action))
			if apart {
				key += s.prefix
			}
			k, ok := at[key]
			if !ok {
				k = len(t.classes)
				at[key] = k
				t.classes = append(t.classes, actionClass{action, oneRegion, make(bitset, t.words)})
			}
			t.classes[k].bits.add(i, i+1)
		}
	}
	return t
}

func hasRegion(t serviceref.ResourceInfo) bool {
	for format := range t.ARNFormats() {
		if parts := strings.SplitN(format, ":", 6); len(parts) < 6 || parts[3] != "" {
			return true
		}
	}
	return false
}
